"""A run's plan: what would be done and why, as data a person can read. Also the decisions it rests on.

In: nothing. Out: actions, offers, warnings, brakes, and the decision of each item. `plan` prints it, `sync` carries
it out; nothing in it has been done yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from itpm_sync.bases import Agreed, Conflict, Life, Offer, Refusal, Side, Tie
from itpm_sync.codec import digest, encode
from itpm_sync.connector import Operation
from itpm_sync.model import Value

KEY = "key"
"""The pseudo-field under which a record is given our key."""


@dataclass(frozen=True, slots=True)
class FieldWrite:
    """One field to write: what stands there, and what it shall be, both in the tool's form."""

    name: str
    old: Value
    new: Value
    version: int
    """The agreed version it is brought to."""
    reason: str = ""
    natives: Mapping[str, tuple[Any, Any]] | None = None
    """By native name: what stands there, and what is put there as it is, whatever the lens would say (an undo)."""


@dataclass(frozen=True, slots=True)
class Action:
    """One call's worth of work on one record."""

    operation: Operation
    item: str
    connection: str
    container: str
    native_id: str | None
    """None for a creation."""
    title: str
    """The item's title, for people."""
    writes: tuple[FieldWrite, ...] = ()
    reason: str = ""
    depth: int = 0
    """Levels below the top: parents are created first, deleted last."""

    @property
    def identity(self) -> str:
        """The same work has the same identity in every run: an approval names actions by it."""
        return digest(
            [
                self.operation,
                self.item,
                self.connection,
                self.container,
                self.native_id,
                sorted(_told(w) for w in self.writes) if self.operation is Operation.UPDATE else [],
            ]
        )


def _told(write: FieldWrite) -> list[Any]:
    """A write as its action's identity names it."""
    if write.natives is None:
        return [write.name, encode(write.new)]
    return [write.name, encode(write.new), {native: new for native, (_, new) in write.natives.items()}]


@dataclass(frozen=True, slots=True)
class OfferedField:
    """A change that waits for a person to type it (the owner of an .mpp)."""

    item: str
    connection: str
    container: str
    native_id: str
    title: str
    name: str
    old: Value
    new: Value
    version: int
    since: datetime


class Grade(StrEnum):
    """How a warning bears on the exit code."""

    NOTE = "note"
    LEFT_OUT = "left out"  # exit 5


@dataclass(frozen=True, slots=True)
class Warning:
    """Something a person should know: what, where, and the mend."""

    grade: Grade
    says: str
    connection: str = ""
    container: str = ""
    item: str = ""
    field: str = ""
    mend: str = ""


class BrakeKind(StrEnum):
    FIRST_SYNC = "first sync"
    EMPTIED = "emptied container"
    DELETIONS = "deletions"
    CHANGES = "changes"
    CONFIGURATION = "changed configuration"
    PAUSED = "paused"
    """A person paused it: decided, and not written. It is lifted by `resume`, never by an approval."""
    CONTAINER = "another container"
    """The container is not the one it was, or is an older copy of it."""
    STRANGERS = "unknown records"
    """It lists records, and none of those it had."""
    GROWTH = "suddenly large"
    NOTICES = "notices"
    """More people would be told of assignments than the limit."""
    LEDGER = "another ledger"
    """The tools show what this ledger did not do: it was lost, or restored from a backup."""


@dataclass(frozen=True, slots=True)
class Brake:
    """A stop before the first write. An empty `connection` suspends the whole project, else that container."""

    kind: BrakeKind
    says: str
    mend: str
    connection: str = ""
    container: str = ""


@dataclass(frozen=True, slots=True)
class Loser:
    """A value that did not become the agreed one, kept in full: who, where, when, and what won."""

    field: str
    side: Side
    why: str
    covered_by: str | None = None
    """The connection whose finer value covered it, where it was dropped and not lost."""


@dataclass(frozen=True, slots=True)
class ReplicaChange:
    """What one decision changes in one replica. None leaves a part as it is."""

    replica: str
    accept: bool = True
    """seen := reading."""
    tie: Tie | None = None
    at: Mapping[str, int] | None = None
    offers: Mapping[str, tuple[Offer, ...]] | None = None
    undecided: frozenset[str] | None = None
    item: str | None = None
    """Set where the replica becomes tied to this item (pairing, a new item, a move)."""
    drop: str | None = None
    """The id of another replica row that this one takes over from (a record that moved and got a new id)."""
    kept: Mapping[str, Any] = field(default_factory=dict)
    """Native values that the reading lacks and is taken to say: of fields that its container has lost (F34)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Everything one run decides about one item: committed in one transaction, before any write."""

    item: str
    agreed: Mapping[str, Agreed] = field(default_factory=dict)
    """Only the fields whose agreed value, origin or version changed."""
    replicas: tuple[ReplicaChange, ...] = ()
    opened: tuple[Conflict, ...] = ()
    updated: tuple[Conflict, ...] = ()
    closed: tuple[str, ...] = ()
    losers: tuple[Loser, ...] = ()
    new: bool = False
    """The item itself is made by this decision."""
    made: datetime | None = None
    life: Life | None = None
    note: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """By field: why the agreed value moved."""


@dataclass(frozen=True, slots=True)
class PairProposal:
    """An untied record that may be an item: waits for a person (`pair accept` or `pair refuse`)."""

    id: str
    connection: str
    container: str
    native_id: str
    title: str
    candidates: tuple[str, ...]
    """Item ids, the likeliest first; empty for a match that only says: somebody look."""
    why: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that carries the skip label: its item is left alone in every tool."""

    item: str | None
    """None where it is no item yet."""
    connection: str
    container: str
    native_id: str
    title: str


@dataclass(frozen=True, slots=True)
class Plan:
    """One run's plan for one project."""

    project: str
    decisions: tuple[Decision, ...] = ()
    actions: tuple[Action, ...] = ()
    offers: tuple[OfferedField, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    """Every conflict that is open after the decisions."""
    proposals: tuple[PairProposal, ...] = ()
    warnings: tuple[Warning, ...] = ()
    brakes: tuple[Brake, ...] = ()
    held: tuple[Action, ...] = ()
    """What would also be done if the braked containers were let go: what an approval of this plan covers besides.
    Also what a person's pause keeps from being written.
    """
    skipped: tuple[Skipped, ...] = ()
    """Records that carry the skip label."""
    refusals: tuple[Refusal, ...] = ()
    """Items that are quarantined from deciding: a record of theirs could not be translated."""
    over: tuple[tuple[str, str, str, str], ...] = ()
    """(item, connection, container, field) of refusals that are over: what was refused stands there by now."""
    later: bool = False
    """Something waits for nothing but time: the next run may find more to do though nothing changed."""
