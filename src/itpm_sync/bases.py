"""What is remembered of each field and each tie: agreed, seen, reading, at.

In: nothing. Out: the words that the ledger keeps and `reconcile` decides from. One base a replica, never one an item:
a tool that a cut-short run left behind is judged by what *it* was last told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import Any

from itpm_sync.codec import digest
from itpm_sync.connector import Presence, Record
from itpm_sync.model import Value

NEVER = 0
"""The `at` of a field that this tool was never brought to; agreed versions begin at 1."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a field is held to be. `version` rises by one with each change of the value."""

    value: Value
    version: int
    origin: str | None = None
    """The connection whose edit it was; None where a person set it here (a resolution)."""
    actor: str | None = None
    edited: datetime | None = None
    """The origin's own time of edit, aware."""


class Tie(StrEnum):
    """The state of a replica."""

    UNTIED = "untied"
    """A record known, not tied to an item yet."""
    TIED = "tied"
    OUT_OF_SCOPE = "out of scope"
    """Its container no longer takes the item: neither written nor deleted, its edits still heard."""
    HIDDEN = "hidden"
    """There, but not for us: skipped both ways, base kept, nothing deleted."""
    TOMBSTONE = "tombstone"
    """Deleted there: nothing is created there again; the same id seen again revives it."""


class Life(StrEnum):
    """The state of an item."""

    LIVE = "live"
    DELETED = "deleted"
    """A person deleted one of its records, and the others were marked so (or deleted, under `propagate`)."""


@dataclass(frozen=True, slots=True)
class Absence:
    """A record that a complete listing did not show, and what direct reads said of it."""

    presence: Presence
    first: datetime
    """When a direct read first said so."""
    confirmed: bool = False
    """Read again, one horizon or more after the first, with every container of the connection listed completely."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A version of a field that was offered to a tool that takes changes by hand."""

    version: int
    form: Value
    """In that tool's form, as offered."""
    since: datetime


@dataclass(frozen=True, slots=True)
class Replica:
    """The tie between an item and its record in one container."""

    id: str
    connection: str
    container: str
    native_id: str
    item: str | None
    tie: Tie
    seen: Record | None = None
    """The record as last read *and decided*."""
    reading: Record | None = None
    """The latest pulled and not yet decided; None where it equals seen."""
    at: Mapping[str, int] = field(default_factory=dict)
    """By field: the agreed version this tool was last brought to."""
    offers: Mapping[str, tuple[Offer, ...]] = field(default_factory=dict)
    """By field: what was offered since its last changed reading."""
    undecided: frozenset[str] = frozenset()
    """Fields whose value in `seen` was never decided (it could not be translated, or a crash hides who wrote it):
    what stands there counts as an edit though it equals seen."""
    absence: Absence | None = None
    ours: bool = False
    """Deleted by us, not by a person (a propagated deletion)."""

    @property
    def current(self) -> Record | None:
        """What stands in the tool as far as we know."""
        return self.reading or self.seen

    def knows_newer(self, record: Record, *, ordered: bool) -> bool:
        """Whether a record as read is an older one than what is known, decided or not: a copy of a database that lags
        (F23). `ordered`: the tool's revisions sort.
        """
        return ordered and self.current is not None and record.revision < self.current.revision

    @property
    def left(self) -> bool:
        """Whether it surely is not where it was: read directly twice, and nobody hid it. What it was under may go."""
        surely = (Presence.GONE, Presence.BINNED, Presence.MOVED)
        return self.absence is not None and self.absence.confirmed and self.absence.presence in surely

    @property
    def waits(self) -> bool:
        """Whether there is something to decide, or will be when it is seen again. That a deleted record is not there is
        decided.
        """
        away = self.absence is not None and self.tie is not Tie.TOMBSTONE
        return bool(self.reading or self.undecided or away or self.tie is Tie.HIDDEN)


_ITEM_ID = re.compile(r"i-[0-9a-f]{24}")


def item_ids(project: str, connection: str, native_id: str, *, most: int | None = None) -> Iterator[str]:
    """The ids an item has that was first seen on this record, the likeliest first: the same in every run."""
    numbers = count() if most is None else range(most)
    return (f"i-{digest([project, connection, native_id, n])[:24]}" for n in numbers)


def is_item_id(key: str | None) -> bool:
    """Whether a key is one of itpm-sync's, of whichever project."""
    return key is not None and _ITEM_ID.fullmatch(key) is not None


def replica_id(connection: str, native_id: str) -> str:
    """The same record has the same replica id in every run."""
    return f"r-{digest([connection, native_id])[:24]}"


@dataclass(frozen=True, slots=True)
class Side:
    """One value of a conflict. `tool` is its connection, or None for a value that a person set here."""

    tool: str | None
    value: Value
    """The agreed value it would become (lifted)."""
    form: Value
    """As its own tool holds it."""
    version: int
    """The agreed version its author knew; the agreed value's own side has its own version."""
    agreed: bool = False
    """Whether this side is the agreed value."""
    actor: str | None = None
    edited: datetime | None = None
    lawful: bool = True
    """False: no lawful agreed value has this form (a row that contradicts itself); it can only be put back."""
    item: str | None = None
    """The item whose field it would set, where that is not the conflict's own (an edge of a parent cycle)."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two or more edits of one field that did not know of each other, held until a person or an edit settles it."""

    id: str
    item: str
    field: str
    sides: tuple[Side, ...]
    opened: datetime
    reason: str = ""
    also: tuple[str, ...] = ()
    """Other items whose same field is held with it (the edges of a parent cycle)."""


LIFE = "lifecycle"
"""The field name under which a deletion that meets an edit is asked about."""


@dataclass(frozen=True, slots=True)
class ItemBase:
    """An item as the ledger keeps it."""

    id: str
    agreed: Mapping[str, Agreed] = field(default_factory=dict)
    life: Life = Life.LIVE
    note: str = ""
    """Shown where the item is listed: who deleted it where."""
    made: datetime | None = None
    """When its first record was decided; creation elsewhere may wait a horizon from then."""

    def value(self, name: str) -> Value:
        """The agreed value of a field; None where nothing is agreed."""
        agreed = self.agreed.get(name)
        return agreed.value if agreed else None


@dataclass(frozen=True, slots=True)
class Intent:
    """An action made durable before its effect. One a record and call; closed when its outcome is known."""

    id: str
    run: str
    operation: str
    """A connector.Operation."""
    item: str
    connection: str
    container: str
    replica: str | None
    """None for a creation, until its outcome ties one."""
    native_id: str | None
    key: str
    """What the record carries: the item's id."""
    old: Mapping[str, Value]
    new: Mapping[str, Value]
    """By field, in the tool's form."""
    versions: Mapping[str, int]
    """By field: the agreed version it brings the tool to."""
    expected_revision: str | None = None
    made: datetime | None = None
    called: datetime | None = None
    """When the call went out (set just before it); None: surely not sent."""
    was: Mapping[str, int] = field(default_factory=dict)
    """By field: the agreed version the tool was at before. The same as in `versions`: only its form changed."""
    natives: Mapping[str, Mapping[str, tuple[Any, ...]]] = field(default_factory=dict)
    """By field and native name: the value that stood there, and the one sent (only the first where none was sent:
    the tool sets that one itself). What an undo puts back."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A write, creation or item that fails for good: left out until it changes or its next try is due."""

    item: str
    connection: str
    container: str
    field: str
    """"" for the whole record."""
    version: int
    """The agreed version that was refused; a newer one is tried at once."""
    reason: str
    attempts: int
    next_try: datetime


UNREAD = -1
"""The version of a refusal of what could not even be read: it forbids no write, and is over once it can be."""

_FIRST_WAIT, _LONGEST_WAIT = timedelta(hours=1), timedelta(hours=24)


def next_try(now: datetime, attempts: int) -> datetime:
    """An hour after the first refusal, then twice as long each time, a day at most."""
    return now + min(_FIRST_WAIT * int(2 ** min(attempts, 10)), _LONGEST_WAIT)


def edition(agreed: Mapping[str, Agreed], names: Iterable[str]) -> int:
    """Rises with every agreed version of these fields: what a refusal of a whole record was a refusal of."""
    return sum(agreed[name].version for name in names if name in agreed)
