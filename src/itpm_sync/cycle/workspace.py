"""What a cycle works in, and what it reports: words only.

In: nothing. Out: `Workspace` (handed in by the command line, the daemon, the demo, the simulator) and `RunReport`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from itpm_sync.connector import Connector
from itpm_sync.ledger import Ledger
from itpm_sync.plan import BrakeKind, Plan, Warning
from itpm_sync.ports import Clock, Ids
from itpm_sync.publisher import Publisher
from itpm_sync.push import Carried
from itpm_sync.status.limits import Limits
from itpm_sync.translate import Project

Progress = Callable[[str], None]


def silent(_says: str) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """Everything that runs of any project need. The connections are made, not necessarily open."""

    ledger: Ledger
    connections: Mapping[str, Connector]
    projects: Mapping[str, Project]
    clock: Clock
    ids: Ids
    holder: str
    """Who holds leases: host, process and a random part, so that two laptops never look alike."""
    lease_seconds: float = 300.0
    doubt: bool = False
    """Whether a run that looked at few items looks at all of them too, and stops where the plans differ."""
    gone: Callable[[str], bool] | None = None
    """Whether a holder surely is no more (its process died on this machine)."""
    publishers: Mapping[str, Mapping[str, Publisher]] = field(default_factory=dict)
    """By project: the places its pages are put, by name. `publish_live` and `publish_frozen` use them."""
    limits: Mapping[str, Limits] = field(default_factory=dict)
    """By project: the limits of its status page; the defaults where a project is not named."""


@dataclass(frozen=True, slots=True, repr=False)
class RunReport:
    """One run of one project, when it is over."""

    run: str
    plan: Plan
    carried: tuple[Carried, ...] = ()
    stopped: bool = False
    """Nothing was decided or written: a brake holds the whole project."""
    warnings: tuple[Warning, ...] = ()
    """The plan's, and those of pulling: containers and records that were left out."""
    document: Mapping[str, object] = field(default_factory=dict)
    """As `--json` prints it."""

    def __repr__(self) -> str:
        # short: asyncio writes what a task gave into a message that nobody sees, at the end of every `asyncio.run`
        return f"<run {self.run}: {len(self.plan.actions)} actions, {len(self.carried)} carried out>"

    @property
    def paused(self) -> bool:
        """Whether a person's pause holds anything of it."""
        return any(brake.kind is BrakeKind.PAUSED for brake in self.plan.brakes)

    @property
    def failed(self) -> bool:
        """Whether any action failed or was refused in this run."""
        return any(one.outcome in ("failed", "refused", "partly") for one in self.carried)
