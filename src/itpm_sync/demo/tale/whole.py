"""The whole project, in the order of the plan, then what only other tools tell of.

In: nothing. Out: pieces; titles are unique.
"""

from __future__ import annotations

from itertools import chain

from itpm_sync.demo.tale.around_sites import phase_after, phase_before
from itpm_sync.demo.tale.at_sites import at_sites
from itpm_sync.demo.tale.pieces import Piece
from itpm_sync.demo.tale.registers import only_jira, only_planner, only_sites, only_vendors


def whole() -> tuple[Piece, ...]:
    """Every piece."""
    planned = chain(phase_before(), at_sites(), phase_after())
    return tuple(chain(planned, only_jira(), only_vendors(), only_sites(), only_planner()))
