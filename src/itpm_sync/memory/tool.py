"""A vendor's system in memory: a small state machine with whatever capabilities it is given.

In: edits by people (`edit_as`, `create_as`, …) and changes by the connector. Out: records, history, a recycle bin.
`on_call` runs before and after each call, so that a test can edit, fail or kill between any two of them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from itpm_sync.connector import Account, Capabilities, Change, Edit, Operation, Record
from itpm_sync.errors import Gone, Refused, Stale, Unavailable
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
