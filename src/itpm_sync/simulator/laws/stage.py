"""What the laws look at: whatever a story is played on.

In: a `World` of the simulator, or a scene of the kills. Out: `Stage`, the four things that both have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from itpm_sync.simulator.bench import Bench
from itpm_sync.simulator.ghosts import Ghosts
from itpm_sync.simulator.tools import SimTool, Watch


class Stage(Protocol):
    """Tools under watch, the engine over them, and who had read what."""

    bench: Bench
    ghosts: Ghosts
    watch: Watch

    @property
    def tools(self) -> Mapping[str, SimTool]: ...
