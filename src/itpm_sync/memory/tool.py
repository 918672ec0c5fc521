"""A vendor's system in memory: a small state machine with whatever capabilities it is given.

In: edits by people (`edit_as`, `create_as`, …) and changes by the connector. Out: records, history, a recycle bin.
`on_call` runs before and after each call, so that a test can edit, fail or kill between any two of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from itpm_sync.connector import Account, Capabilities, Change, Edit, Operation, Record
from itpm_sync.errors import Gone, Refused, Stale
from itpm_sync.ports import Clock

OnCall = Callable[[str, str], None]
"""(call, phase): phase is `before` or `after`; may edit the tool, or raise what the call is to fail with."""

PARENT = "parent"
"""The native value that names the record above; the tool keeps its forest whole, as vendors' tools do."""


def copied(values: Mapping[str, Any]) -> dict[str, Any]:
    """JSON values of their own: nobody who holds them changes the tool."""
    return {name: _copied(value) for name, value in values.items()}


def _copied(value: Any) -> Any:
    if isinstance(value, list):
        return [_copied(one) for one in value]
    return copied(value) if isinstance(value, dict) else value


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
        self.titles: dict[str, str] = {}
        """What people call a container, where that is not its name."""
        self.options: dict[str, dict[str, str]] = {}
        """Native name -> native id and name of each option it has."""
        self.lost: dict[str, str] = {}
        """By container: a field that somebody took out of it: neither described nor shown."""
        self.renamed: dict[str, str] = {}
        """By container: a field that is called otherwise there than by its native name."""
        self.limits: dict[str, int] = {}
        """What a container takes at most, as it is declared; nothing enforces it."""
        self.saved: datetime | None = None
        """When the whole was last saved, where it is such a tool."""
        self.cascades = False
        """Whether deleting a record takes those under it along; if not, they fall to the top."""
        self.down: set[str] = set()
        """Containers that do not answer."""
        self.on_call: OnCall = lambda _call, _phase: None
        self.calls: list[str] = []
        self.created: list[tuple[str, str | None]] = []
        """(native id, key) of every record ever made by the connector."""
        self._lagging: dict[str, tuple[datetime, list[Record]]] = {}
        self._count = 0

    # ── people ──

    def create_as(self, person: str, container: str = "main", /, **values: Any) -> str:
        """A person makes a record. Returns its native id."""
        return self._make(container, dict(values), person, None).native_id

    def edit_as(self, person: str, native_id: str, /, **values: Any) -> None:
        """A person edits values; None clears one."""
        self._change(self.rows[native_id], values, person, None)

    def delete_as(self, person: str, native_id: str, /) -> None:
        """A person deletes a record; it lies in the bin if there is one."""
        for child in [row for row in self.rows.values() if row.values.get(PARENT) == native_id]:
            if self.cascades:
                self.delete_as(person, child.native_id)
            else:
                self._change(child, {PARENT: None}, person, None)
        row = self.rows.pop(native_id)
        if self.capabilities.bin:
            self.bin[native_id] = row

    def restore_as(self, person: str, native_id: str, /) -> None:
        """A person takes a record back from the bin; to the top where what it lay under is no more."""
        row = self.bin.pop(native_id)
        self.rows[native_id] = row
        lost = self.unfit(row.native_id, row.container, row.values)
        self._change(row, {PARENT: None} if lost else {}, person, None)

    def move_as(self, person: str, native_id: str, container: str, /) -> str:
        """A person moves a record, with all under it, to another container. Returns its id: new in some tools."""
        moved = self._family(native_id)
        ids = {row.native_id: row.native_id for row in moved}
        if not self.capabilities.moves_keep_id:
            ids = {row.native_id: self._id() for row in moved}
        for row in moved:
            del self.rows[row.native_id]
            row.native_id, row.container = ids[row.native_id], container
            self.rows[row.native_id] = row
        for row in moved:
            above = row.values.get(PARENT)
            self._change(row, {PARENT: ids.get(above)} if above else {}, person, None)
        return ids[native_id]

    def copy_as(self, person: str, native_id: str, /) -> str:
        """A person copies a record, our key with it. Returns the copy's id."""
        row = self.rows[native_id]
        return self._make(row.container, copied(row.values), person, row.key).native_id

    def hide(self, native_id: str, *, hidden: bool = True) -> None:
        """Take the record from our sight (a security level), or give it back."""
        self.rows[native_id].hidden = hidden

    def lag(self, container: str, seconds: float) -> None:
        """For so long, lists and searches of the container answer from now; direct reads do not lag."""
        until = self.clock.now() + timedelta(seconds=seconds)
        self._lagging[container] = (until, self.listing(container))

    # ── the tool's own ──

    def listing(self, container: str) -> list[Record]:
        """What a list of the container shows now."""
        until, shown = self._lagging.get(container, (None, []))
        if until is not None and self.clock.now() < until:
            return shown
        return [
            self.record(row) for row in self.rows.values() if row.container == container and not row.hidden
        ]

    def unfit(self, native_id: str | None, container: str, values: Mapping[str, Any]) -> str:
        """Why a record cannot lie where these values put it; "" it can."""
        above, at = values.get(PARENT), values.get(PARENT)
        if above is not None and (above not in self.rows or self.rows[above].container != container):
            return f"There is no record {above} in {container} to lie under."
        while at is not None and at in self.rows:
            if at == native_id:
                return f"{native_id} would lie under itself."
            at = self.rows[at].values.get(PARENT)
        return ""

    def _family(self, native_id: str) -> list[Row]:
        """A record and all under it, each after the one it lies under."""
        children = [row.native_id for row in self.rows.values() if row.values.get(PARENT) == native_id]
        below = [row for child in children for row in self._family(child)]
        return [self.rows[native_id], *below]

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
        row.values.update(copied(values))
        row.revision, row.at, row.by = self._count, now, by
        if values:
            row.history.append(Edit(now, by, ours, before, dict(values)))

    def title_of(self, name: str, container: str) -> str:
        """What people call a field in a container."""
        return f"{name} (new)" if self.renamed.get(container) == name else name

    def record(self, row: Row) -> Record:
        """A row as the connector hands it over."""
        times, lost = self.capabilities.edit_times, self.lost.get(row.container)
        return Record(
            row.native_id,
            f"{row.revision:010d}",
            copied({name: value for name, value in row.values.items() if name != lost}),
            row.computed - {lost} if lost else row.computed,
            row.key if self.capabilities.keys else None,
            name=str(row.values.get("title") or row.native_id),
            edited_at=row.at if times else None,
            edited_by=row.by,
        )

    def write(self, change: Change, container: str) -> Row:
        """Carry out one change. Raises Gone, Stale, Refused."""
        known = self.rows.get(change.native_id or "")
        misplaced = self.unfit(change.native_id, known.container if known else container, change.values)
        if misplaced and change.operation is not Operation.DELETE:
            raise Refused(misplaced)
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
