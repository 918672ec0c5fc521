"""The in-memory tool and its connector: the reference for connector authors, and the world of tests and simulator.

In: edits by people (`edit_as`, `create_as`, …) and calls by the connector. Out: records, outcomes, history. A tool is
a small state machine with whatever capabilities it is given; `on_call` runs before and after each call, so that a
test can edit, fail or kill between any two of them.
"""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar

from itpm_sync.connector import (
    Account,
    Capabilities,
    Change,
    Connector,
    ContainerInfo,
    Edit,
    Finding,
    Found,
    NativeField,
    Operation,
    Outcome,
    Page,
    Presence,
    Record,
    Sighting,
    Status,
    Tools,
)
from itpm_sync.errors import Gone, Refused, Stale
from itpm_sync.ports import Clock

OnCall = Callable[[str, str], None]
"""(call, phase): phase is `before` or `after`; may edit the tool, or raise what the call is to fail with."""


@dataclass(slots=True)
class Row:
    """One record as the tool keeps it."""

    native_id: str
    container: str
    values: dict[str, Any]
    revision: int
    at: datetime
    by: str
    key: str | None = None
    computed: frozenset[str] = frozenset()
    hidden: bool = False
    history: list[Edit] = field(default_factory=list)


class MemoryTool:
    """One vendor's system, in memory. Ids and revisions count up; nothing here is random."""

    def __init__(
        self, clock: Clock, capabilities: Capabilities, containers: Sequence[str] = ("main",)
    ) -> None:
        self.clock, self.capabilities = clock, capabilities
        self.containers = {name: name for name in containers}
        self.rows: dict[str, Row] = {}
        self.bin: dict[str, Row] = {}
        self.accounts: dict[str, Account] = {}
        self.refuses: dict[str, str] = {}
        """Native name -> why the tool does not take it."""
        self.on_call: OnCall = lambda _call, _phase: None
        self.calls: list[str] = []
        self.created: list[tuple[str, str | None]] = []
        """(native id, key) of every record ever made by the connector."""
        self._count = 0

    # ── people ──

    def create_as(self, person: str, container: str = "main", /, **values: Any) -> str:
        """A person makes a record. Returns its native id."""
        return self._make(container, dict(values), person, None).native_id

    def edit_as(self, person: str, native_id: str, /, **values: Any) -> None:
        """A person edits values; None clears one."""
        self._change(self.rows[native_id], values, person, None)

    def delete_as(self, _person: str, native_id: str, /) -> None:
        """A person deletes a record; it lies in the bin if there is one."""
        row = self.rows.pop(native_id)
        if self.capabilities.bin:
            self.bin[native_id] = row

    def restore_as(self, person: str, native_id: str, /) -> None:
        """A person takes a record back from the bin."""
        row = self.bin.pop(native_id)
        self.rows[native_id] = row
        self._change(row, {}, person, None)

    def move_as(self, person: str, native_id: str, container: str, /) -> str:
        """A person moves a record to another container. Returns its id there: a new one in some tools."""
        row = self.rows[native_id]
        if not self.capabilities.moves_keep_id:
            del self.rows[native_id]
            row.native_id = self._id()
            self.rows[row.native_id] = row
        row.container = container
        self._change(row, {}, person, None)
        return row.native_id

    def copy_as(self, person: str, native_id: str, /) -> str:
        """A person copies a record, our key with it. Returns the copy's id."""
        row = self.rows[native_id]
        return self._make(row.container, copy.deepcopy(row.values), person, row.key).native_id

    def hide(self, native_id: str, *, hidden: bool = True) -> None:
        """Take the record from our sight (a security level), or give it back."""
        self.rows[native_id].hidden = hidden

    # ── the tool's own ──

    def _id(self) -> str:
        self._count += 1
        return f"{self._count:06d}"

    def _make(self, container: str, values: dict[str, Any], by: str, key: str | None) -> Row:
        row = Row(self._id(), container, values, 0, self.clock.now(), by, key)
        self.rows[row.native_id] = row
        self._change(row, {}, by, None)
        return row

    def _change(self, row: Row, values: Mapping[str, Any], by: str, ours: str | None) -> None:
        self._count += 1
        now = self.clock.now()
        before = {name: row.values.get(name) for name in values}
        row.values.update(copy.deepcopy(dict(values)))
        row.revision, row.at, row.by = self._count, now, by
        if values:
            row.history.append(Edit(now, by, ours, before, dict(values)))

    def record(self, row: Row) -> Record:
        """A row as the connector hands it over."""
        times = self.capabilities.edit_times
        return Record(
            row.native_id,
            f"{row.revision:010d}",
            copy.deepcopy(row.values),
            row.computed,
            row.key if self.capabilities.keys else None,
            name=str(row.values.get("title") or row.native_id),
            edited_at=row.at if times else None,
            edited_by=row.by,
        )

    def write(self, change: Change, container: str) -> Row:
        """Carry out one change. Raises Gone, Stale, Refused."""
        if change.operation is Operation.CREATE:
            values = {name: value for name, value in change.values.items() if name != "under"}
            row = self._make(container, values, "itpm-sync", change.key if self.capabilities.keys else None)
            self.created.append((row.native_id, change.key))
            return row
        if change.native_id not in self.rows or self.rows[change.native_id].hidden:
            raise Gone(f"There is no record {change.native_id}.")
        row = self.rows[change.native_id]
        expected = change.expected.revision if change.expected else None
        if self.capabilities.conditional and expected != f"{row.revision:010d}":
            raise Stale(f"{change.native_id} was changed meanwhile.")
        if change.operation is Operation.DELETE:
            self.delete_as("itpm-sync", row.native_id)
            return row
        taken = {name: value for name, value in change.values.items() if name not in self.refuses}
        self._change(row, taken, "itpm-sync", change.intent if self.capabilities.history else None)
        if self.capabilities.keys:
            row.key = change.key
        return row


@dataclass(frozen=True, slots=True)
class MemorySettings:
    """Settings of a memory connection: the tool itself, and how long its search may lag, in seconds."""

    tool: MemoryTool
    horizon: float = 0.0


class MemoryConnector(Connector):
    """The reference connector: the port over a `MemoryTool`, one call a method, nothing hidden."""

    kind: ClassVar[str] = "memory"
    summary: ClassVar[str] = "A tool in memory: the reference for connector authors"
    capabilities: Capabilities  # type: ignore[misc]  # each tool has its own
    settings: ClassVar[str] = "itpm_sync.memory:MemorySettings"

    def __init__(self, name: str, settings: MemorySettings, tools: Tools) -> None:
        super().__init__(name, settings, tools)
        self.tool = settings.tool
        self.capabilities = settings.tool.capabilities

    def _call(self, name: str) -> None:
        self.tool.calls.append(name)
        self.tool.on_call(name, "before")

    def _done(self, name: str) -> None:
        self.tool.on_call(name, "after")

    async def check(self) -> Sequence[Finding]:
        return [Finding(ok=True, says=f"{self.name} is in memory.")]

    async def describe(self, container: str) -> ContainerInfo:
        if container not in self.tool.containers:
            raise Gone(f"There is no container {container} in {self.name}.", mend="Correct its name.")
        names = sorted({name for row in self.tool.rows.values() for name in row.values})
        fields = [NativeField(name, name, "any") for name in names]
        return ContainerInfo(container, container, fields, self.tool.containers[container])

    async def pull(self, container: str, cursor: str | None, *, full: bool = False) -> AsyncIterator[Page]:
        """All records in one page, each time: the simplest thing that is right."""
        self._call("pull")
        if container not in self.tool.containers:
            raise Gone(f"There is no container {container} in {self.name}.")
        rows = [row for row in self.tool.rows.values() if row.container == container and not row.hidden]
        page = Page([self.tool.record(row) for row in rows], cursor=None, last=True, complete=True)
        self._done("pull")
        yield page

    async def read(self, container: str, native_ids: Sequence[str]) -> Sequence[Sighting]:
        self._call("read")
        sightings = [self._sighting(container, native) for native in native_ids]
        self._done("read")
        return sightings

    def _sighting(self, container: str, native: str) -> Sighting:
        row = self.tool.rows.get(native)
        if row is None and native in self.tool.bin:
            return Sighting(native, Presence.BINNED)
        if row is None:
            return Sighting(
                native, Presence.GONE if self.capabilities.tells_hidden else Presence.GONE_OR_HIDDEN
            )
        if row.hidden:
            return Sighting(
                native, Presence.HIDDEN if self.capabilities.tells_hidden else Presence.GONE_OR_HIDDEN
            )
        presence = Presence.PRESENT if row.container == container else Presence.MOVED
        return Sighting(native, presence, self.tool.record(row), row.container)

    async def apply(self, container: str, changes: Sequence[Change]) -> Sequence[Outcome]:
        outcomes = []
        for change in changes:
            name = f"apply {change.operation}"
            self._call(name)
            before = self.tool.rows.get(change.native_id or "")
            stood = dict(before.values) if before is not None else {}
            try:
                row = self.tool.write(change, container)
            except Stale as error:
                outcomes.append(Outcome(change.intent, Status.STALE, error=error))
                continue
            except (Gone, Refused) as error:
                outcomes.append(Outcome(change.intent, Status.REFUSED, error=error))
                continue
            self._done(name)
            outcomes.append(self._outcome(change, row, stood))
        return outcomes

    def _outcome(self, change: Change, row: Row, stood: Mapping[str, Any]) -> Outcome:
        refused = {name: why for name, why in self.tool.refuses.items() if name in change.values}
        expected = change.expected.values if change.expected else {}
        replaced = {name: stood.get(name) for name in change.values if stood.get(name) != expected.get(name)}
        outcome = Outcome(
            change.intent, Status.PARTLY if refused else Status.APPLIED, self.tool.record(row), refused
        )
        if change.operation is Operation.UPDATE and self.capabilities.history and replaced:
            return replace(outcome, replaced=replaced)
        return outcome

    async def find(self, containers: Sequence[str], keys: Sequence[str], since: datetime) -> Found:
        if not self.capabilities.keys:
            return await super().find(containers, keys, since)
        self._call("find")
        found: dict[str, list[tuple[str, Record]]] = {}
        for row in [*self.tool.rows.values(), *self.tool.bin.values()]:
            if row.key in keys and row.container in containers and row.key is not None:
                found.setdefault(row.key, []).append((row.container, self.tool.record(row)))
        self._done("find")
        return Found(found, certain=(self.tools.clock.now() - since).total_seconds() >= self.horizon)

    async def history(
        self, container: str, native_ids: Sequence[str], since: datetime
    ) -> Mapping[str, Sequence[Edit]]:
        if not self.capabilities.history:
            return await super().history(container, native_ids, since)
        self._call("history")
        rows = [self.tool.rows[native] for native in native_ids if native in self.tool.rows]
        found = {row.native_id: [edit for edit in row.history if edit.at >= since] for row in rows}
        self._done("history")
        return found

    async def people(self, mails: Sequence[str]) -> Mapping[str, Sequence[Account]]:
        return {mail: [one for one in self.tool.accounts.values() if one.mail == mail] for mail in mails}
