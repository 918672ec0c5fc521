"""The words the ledger speaks beside those of `bases` and `plan`.

In: nothing. Out: leases, runs, container states, settlements, history entries, claims. All times aware, in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from itpm_sync.bases import Conflict, ItemBase, Refusal, Replica
from itpm_sync.codec import Json
from itpm_sync.errors import Refused
from itpm_sync.plan import Loser, PairProposal


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write one project's part of the ledger. A newer lease has a higher `fence`."""

    project: str
    holder: str
    fence: int
    expires: datetime
    rest: str | None = None
    """What the run before left, if it came to rest and nobody held the lease since."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A person's brake: nothing is written in its project (None: in any) and connection (None: in any)."""

    id: str
    project: str | None
    connection: str | None
    reason: str
    actor: str | None
    since: datetime
    lifted: datetime | None = None
    lifted_by: str | None = None

    @property
    def place(self) -> str:
        """What is paused, for messages."""
        if self.project is None:
            return f"The connection {self.connection}" if self.connection else "Everything"
        whole = f"The project {self.project}"
        return f"{whole}, in {self.connection}," if self.connection else whole

    @property
    def says(self) -> str:
        """What, since when, by whom and why."""
        who = f" by {self.actor}" if self.actor else ""
        return f"{self.place} is paused since {self.since:%Y-%m-%d %H:%M} UTC{who}: {self.reason}"

    @property
    def mend(self) -> str:
        """How it goes on."""
        words = [self.project or "", f"--connection {self.connection}" if self.connection else ""]
        return f"`{' '.join(['itpm-sync resume', *filter(None, words)])}` lets it go on."


class RunKind(StrEnum):
    """What a run was for."""

    PLAN = "plan"
    SYNC = "sync"
    RESOLVE = "resolve"
    PAIR = "pair"
    REDACT = "redact"
    UNDO = "undo"
    DRIFT = "drift"


class RunStatus(StrEnum):
    """How a run ended. The least serious first."""

    RUNNING = "running"
    DONE = "done"
    CONFLICTS = "done with open conflicts"
    LEFT_OUT = "done, something left out"
    STOPPED = "stopped by a brake"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    """Killed: the next run found it unfinished."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one project."""

    id: str
    project: str
    kind: RunKind
    holder: str
    started: datetime
    finished: datetime | None
    status: RunStatus
    summary: Json
    approved_by: str | None
    """The run that carried out this one's plan."""


@dataclass(frozen=True, slots=True)
class ContainerState:
    """What is remembered of one container of a project."""

    connection: str
    container: str
    cursor: str | None = None
    fingerprint: str | None = None
    """Of the container itself: which sheet, which project GUID."""
    base: str | None = None
    """Fingerprint of the mapping and scope it was last read with."""
    last_complete: datetime | None = None
    """When it was last listed whole."""
    last_read: datetime | None = None
    last_edit: datetime | None = None
    """The newest time of edit of its records, where its tool tells one."""
    document: Json = field(default_factory=dict)
    """Whatever else is kept: title, address, limits, facts."""
    known: int = 0
    """How many of its records are tied, tombstones left out. Counted on loading, not stored."""


@dataclass(frozen=True, slots=True)
class StoredLoser:
    """A loser as the ledger keeps it. `loser` is None once its value was redacted."""

    seq: int
    run: str
    item: str
    field: str
    at: datetime
    loser: Loser | None


class PairState(StrEnum):
    """What became of a proposal."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class StoredPair:
    """A proposal with what was decided on it."""

    proposal: PairProposal
    state: PairState
    item: str | None = None
    """The item it was accepted for."""
    actor: str | None = None
    decided: datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is refused: an item's field in one container. `field` is "" for the whole record."""

    item: str
    connection: str
    container: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of one intent, and everything that follows from it. Stored in one transaction."""

    intent: str
    outcome: str
    """A connector.Status, or what recovery found (`not applied`, `found`, …)."""
    replica: Replica | None = None
    """As it is now; for a creation the new tie."""
    item: ItemBase | None = None
    losers: tuple[Loser, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    """Opened, or, where the id is known, with sides changed."""
    closed: tuple[str, ...] = ()
    """Conflicts that closed with it."""
    refusals: tuple[Refusal, ...] = ()
    cleared: tuple[Place, ...] = ()
    """Refusals that are over."""
    reason: str = ""
    actor: str | None = None
    """Whose edit was carried."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a project's history, its values put back in place of their digests.

    A redacted value reads `{"redacted": DIGEST}`. Values are encoded as `codec.encode` does.
    """

    seq: int
    at: datetime
    run: str
    item: str | None
    phase: str
    document: Json


@dataclass(frozen=True, slots=True)
class Publication:
    """A numbered, frozen copy of a project's pages."""

    number: int
    at: datetime
    title: str
    document: Json


@dataclass(frozen=True, slots=True)
class LivePage:
    """What was last put at a fixed address."""

    publisher: str
    name: str
    digest: str
    url: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """A record that a project holds already."""

    connection: str
    native_id: str
    project: str
    replica: str
    item: str | None


class Claimed(Refused):
    """A record that another project (or another replica) holds was claimed again. Nothing was stored."""

    def __init__(self, message: str, *, claims: tuple[Claim, ...], mend: str = "") -> None:
        super().__init__(message, mend=mend)
        self.claims = claims
