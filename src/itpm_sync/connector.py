"""The port that a connector implements, and the words it speaks.

In: a connection's settings and the tools of `Tools`. Out: records, outcomes, readings. Everything a connector hands
over is plain JSON values by native name; it knows nothing of fields, mappings or other tools. A module that declares
a connector imports no vendor library: those are imported when `open` is called.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

from itpm_sync.errors import ItpmError, Unsupported
from itpm_sync.model import ProjectFacts
from itpm_sync.ports import Clock, Files, Limiter, Random


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a connector can do. What is not declared must refuse; the conformance suite tests it both ways."""

    creates: bool = True
    updates: bool = True
    deletes: bool = True
    keys: bool = True
    """A record can carry our key, written in the same call that creates it."""
    conditional: bool = False
    """Writes are refused (Stale) where the record is no longer at the revision given."""
    history: bool = False
    """The tool keeps who changed which value when, and marks our writes."""
    edit_times: bool = False
    """Records say when they were last edited; `newest` may use it."""
    ordered: bool = True
    """Revisions of one record sort as text, older first. If not, a revision only tells same from different."""
    bin: bool = False
    """Deleted records lie in a recycle bin that can be read."""
    by_hand: bool = False
    """It takes changes by hand only: they are offered, never written (the owner of an .mpp)."""
    moves_keep_id: bool = True
    """A record moved to another container keeps its native id."""
    tells_hidden: bool = False
    """A direct read tells gone from hidden."""
    tells_people: bool = False
    """Whoever is assigned a record is told of it (a mail, a notice), also when we assign them."""
    batch: int = 50
    """The most changes of one call."""


@dataclass(frozen=True, slots=True)
class Record:
    """One remote thing as pulled. Values are plain JSON by native name, dates as ISO text."""

    native_id: str
    revision: str
    values: Mapping[str, Any]
    computed: frozenset[str] = frozenset()
    """Native names whose value the tool computed (a parent row, an auto-scheduled task, a formula)."""
    key: str | None = None
    """Our key as found on it: the item's id."""
    name: str = ""
    """How people call it (`NET-12 Install rack`), for messages."""
    url: str = ""
    edited_at: datetime | None = None
    """When it was last edited in its tool, aware; only where capabilities say edit_times."""
    edited_by: str | None = None
    position: int = field(default=0, compare=False)
    """Its place in the list it was pulled with, first 0; set by `pull`. New records are made in this order."""

    def completed(self, before: Record | None, told: Iterable[str]) -> Record:
        """This record with what `before` said under native names that are neither in it nor among those `told` of,
        computed as it was: absent is not empty.
        """
        if before is None or before.values.keys() <= self.values.keys():
            return self
        here = {*self.values, *told}
        kept = {name: value for name, value in before.values.items() if name not in here}
        if not kept:
            return self
        computed = self.computed | (before.computed & kept.keys())
        return replace(self, values={**kept, **self.values}, computed=computed)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a pull. The last one of a pull has `last` set and carries the cursor to store."""

    records: Sequence[Record]
    cursor: str | None = None
    last: bool = False
    complete: bool = False
    """On the last page: the whole container was listed, nothing is missing from the pages of this pull."""
    skipped: Sequence[tuple[str, str]] = ()
    """(native id, reason) of records that could not be read; they are left out, named, and never taken for gone."""
    listed: frozenset[str] | None = None
    """On a last page where an incremental pull also swept the ids: every native id that is there."""


class Presence(StrEnum):
    """What a direct read of one id says."""

    PRESENT = "present"
    GONE = "gone"
    HIDDEN = "hidden"
    GONE_OR_HIDDEN = "gone or hidden"
    MOVED = "moved"
    BINNED = "binned"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Sighting:
    """A direct read of one record: whether it is there, and as what."""

    native_id: str
    presence: Presence
    record: Record | None = None
    container: str | None = None
    """Where it is now, if it moved to another container of this connection."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search for our keys says. `certain` False: within the consistency horizon, absence means nothing."""

    records: Mapping[str, Sequence[tuple[str, Record]]]
    """By key: (container, record) of each record that carries it."""
    certain: bool


class Operation(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to do to one record."""

    intent: str
    """The durable intent's id; outcomes are told by it, histories marked with it where the tool can."""
    operation: Operation
    native_id: str | None
    """None for a creation."""
    key: str
    """Our key, to be carried by the record where it can."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Native values to write, as lenses put them; a creation also has what `creation` of the container needs."""
    expected: Record | None = None
    """The record as last read, with its revision."""


class Status(StrEnum):
    APPLIED = "applied"
    PARTLY = "partly"
    REFUSED = "refused"
    STALE = "stale"
    UNKNOWN = "unknown"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one change."""

    intent: str
    status: Status
    record: Record | None = None
    """The record as the write's own answer (or a read right after it) tells it; None where nothing was said."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """By native name: why that value was not taken (PARTLY and REFUSED)."""
    error: ItpmError | None = None
    replaced: Mapping[str, Any] | None = None
    """Native values that our write replaced though `expected` did not show them (read from the tool's history)."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change in a tool's own history."""

    at: datetime
    by: str
    ours: str | None
    """The intent's id where the entry is marked as our write, `itpm-sync` where only that is known, else None."""
    before: Mapping[str, Any]
    after: Mapping[str, Any]


class Room:
    """Names of `ContainerInfo.limits` that say how much a container takes. Every other name is that of a native text
    value, `text` any of them: the most UTF-16 units it holds.
    """

    RECORDS = "records"
    ACTIVE = "active records"
    """Records that are not done."""
    CELLS = "cells"
    CELLS_EACH = "cells a record"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class NativeField:
    """A field as the tool describes it. `name` is the native name (an id where it has one), `title` what people see."""

    name: str
    title: str
    type: str
    writable: bool = True
    options: Mapping[str, str] = field(default_factory=dict)
    """Native id -> name of each option, status or category."""


@dataclass(frozen=True, slots=True)
class ContainerInfo:
    """A container as the tool describes it; mappings are compiled against it."""

    container: str
    title: str
    fields: Sequence[NativeField]
    fingerprint: str
    """Changes when the container is no longer the one it was (another sheet under the name, another project GUID)."""
    url: str = ""
    by_hand: bool = False
    """This container takes changes by hand though the connector could write others (an .mpp in a folder)."""
    keys: bool = True
    """Whether its records have a place for our key, where the connector's can (every text field may be in use)."""
    limits: Mapping[str, int] = field(default_factory=dict)
    """What it takes at most, by the names of `Room` and by native name."""
    facts: ProjectFacts | None = None
    """What the container says of the project itself (a plan file's manager, calendar, status date)."""
    edited: datetime | None = None
    """When the container says it was last edited as a whole, where its records do not tell (a plan file's last
    saving). Without a zone: civil time of the project's zone."""


@dataclass(frozen=True, slots=True)
class Account:
    """A person as a tool knows them."""

    account: str
    mail: str | None
    name: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `itpm-sync check`: fine, or what to mend."""

    ok: bool
    says: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a connection is handed; it reaches nothing else of the outside but its own tool."""

    clock: Clock
    random: Random
    limiter: Limiter
    files: Files
    reads_only: bool = False
    """The connection is in `mode: read`: its transport sends nothing that writes (see `kit.wall`)."""


class Connector(ABC):
    """One configured account of one vendor's system. Made by `registry`, used in one event loop.

    Every method that calls the tool raises the errors of `errors` only. Reads may be repeated by the connector's own
    retries; a write whose outcome is unknown is never repeated, it is reported as UNKNOWN.
    """

    kind: ClassVar[str]
    """The connector's name: folder, entry point, mapping file, configuration section and package suffix."""
    summary: ClassVar[str] = ""
    """One line for `itpm-sync connectors list`."""
    capabilities: ClassVar[Capabilities]
    settings: ClassVar[str]
    """`module:Class` of the pydantic model of its settings; loaded when wanted."""
    emulator: ClassVar[str | None] = None
    """`module:Class` of its emulator (an `emulation.Emulator`), for demo, conformance suite and `emulate`."""
    publisher: ClassVar[str | None] = None
    """`module:Class` of its Publisher, made with the same settings and tools."""
    reader: ClassVar[str | None] = None
    """`module:Class` of its FileReader, made without arguments; `report` finds the connector through it."""

    def __init__(self, name: str, settings: Any, tools: Tools) -> None:
        self.name = name
        """The connection's name: what owners, `tool:id` and messages call it."""
        self.options = settings
        self.tools = tools

    @property
    def horizon(self) -> float:
        """Seconds after which a record we made is surely found by its key (Jira's search: 900)."""
        return float(getattr(self.options, "horizon", 0.0))

    async def open(self) -> None:
        """Connect and authenticate lazily: import vendor libraries, make sessions. Raises Denied, Unavailable."""

    async def close(self) -> None:
        """Let go of sessions, threads and processes. Never raises."""

    @abstractmethod
    async def check(self) -> Sequence[Finding]:
        """Whether credentials, permissions and settings will do; never raises for what it can name."""

    @abstractmethod
    async def describe(self, container: str) -> ContainerInfo:
        """Fields, limits and fingerprint. Raises Gone, Denied, Unavailable, Unreadable."""

    @abstractmethod
    def pull(self, container: str, cursor: str | None, *, full: bool = False) -> AsyncIterator[Page]:
        """Pages of records changed after `cursor`, or of all of them (None, or `full`).

        An error leaves the pull without a last page: what came before is good, nothing is complete.
        """

    @abstractmethod
    async def read(self, container: str, native_ids: Sequence[str]) -> Sequence[Sighting]:
        """Direct reads, one sighting an id, in the vendor's largest batches; never answered from a lagging index."""

    @abstractmethod
    async def apply(self, container: str, changes: Sequence[Change]) -> Sequence[Outcome]:
        """Carry out changes, one outcome each, whatever happens to the others. Raises only before the first effect."""

    async def find(self, containers: Sequence[str], keys: Sequence[str], since: datetime) -> Found:
        """Records that carry our keys, in these containers and their bin, made since `since`."""
        raise Unsupported(f"{self.kind} records carry no key.")

    async def history(
        self, container: str, native_ids: Sequence[str], since: datetime
    ) -> Mapping[str, Sequence[Edit]]:
        """Edits by native id, oldest first. A record without an entry was not edited since."""
        raise Unsupported(f"{self.kind} keeps no history.")

    async def people(self, mails: Sequence[str]) -> Mapping[str, Sequence[Account]]:
        """By mail: the accounts that carry it. None or several is for the engine to report, never to guess."""
        return {}

    def created_values(self, container: str, *, kind: str, under: str | None) -> dict[str, Any]:
        """The native values a new record of this canonical kind needs beside its fields.

        `under` is what the project's configuration says: a parent record, a bucket, an issue type.
        """
        return {"under": under} if under else {}


@dataclass(frozen=True, slots=True)
class FileContent:
    """A plan file read without any account, for `report`."""

    info: ContainerInfo
    records: Sequence[Record]
    warnings: Sequence[str] = ()
    saved: datetime | None = None
    """When the file says it was last saved, aware (plan files name no zone: the project's is taken)."""


class FileReader(ABC):
    """The optional port of a connector that reads files. Used as a context: it may hold a worker process."""

    @abstractmethod
    def accepts(self, path: Path, head: bytes) -> bool:
        """Whether these first bytes are of a kind it reads; a reason to refuse is `read`'s to give."""

    @abstractmethod
    def read(self, path: Path) -> FileContent:
        """The file's records. Raises Unreadable with one line that names the file and the mend."""

    def close(self) -> None:
        """End the worker."""
