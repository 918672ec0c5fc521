"""The reference connector: the port over a `MemoryTool`, one call a method, nothing hidden.

In: settings that hold the tool. Out: what every connector hands over.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
from itpm_sync.errors import Gone, Refused, Stale, Unavailable
from itpm_sync.kit.wall import denied
from itpm_sync.memory.tool import PARENT, MemoryTool, Row


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

    def _call(self, name: str, *containers: str) -> None:
        self.tool.calls.append(name)
        self.tool.on_call(name, "before")
        for container in containers:
            if container in self.tool.down:
                raise Unavailable(f"{container} in {self.name} does not answer.")

    def _done(self, name: str) -> None:
        self.tool.on_call(name, "after")

    async def check(self) -> Sequence[Finding]:
        return [Finding(ok=True, says=f"{self.name} is in memory.")]

    async def describe(self, container: str) -> ContainerInfo:
        if container not in self.tool.containers:
            raise Gone(f"There is no container {container} in {self.name}.", mend="Correct its name.")
        options = self.tool.options
        names = sorted({name for row in self.tool.rows.values() for name in row.values} | options.keys())
        names = [name for name in names if name != self.tool.lost.get(container)]
        called = self.tool.title_of
        fields = [
            NativeField(name, called(name, container), "any", options=dict(options.get(name, {})))
            for name in names
        ]
        return ContainerInfo(
            container,
            self.tool.titles.get(container, container),
            fields,
            self.tool.containers[container],
            limits=self.tool.limits,
            edited=self.tool.saved,
        )

    async def pull(self, container: str, cursor: str | None, *, full: bool = False) -> AsyncIterator[Page]:
        """All records in one page, each time: the simplest thing that is right."""
        self._call("pull", container)
        if container not in self.tool.containers:
            raise Gone(f"There is no container {container} in {self.name}.")
        page = Page(self.tool.listing(container), cursor=None, last=True, complete=True)
        self._done("pull")
        yield page

    async def read(self, container: str, native_ids: Sequence[str]) -> Sequence[Sighting]:
        self._call("read", container)
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
        return [self._carried_out(change, container) for change in changes]

    def _carried_out(self, change: Change, container: str) -> Outcome:
        """One change, and what became of it. Raises Denied in `mode: read`: here is all the transport there is."""
        if self.tools.reads_only:
            raise denied(self.name, f"A change of {container}")
        name = f"apply {change.operation}"
        self._call(name, container)
        before = self.tool.rows.get(change.native_id or "")
        stood = dict(before.values) if before is not None else {}
        try:
            row = self.tool.write(change, container)
        except Stale as error:
            return Outcome(change.intent, Status.STALE, error=error)
        except Gone as error:
            return Outcome(change.intent, Status.REFUSED, error=error)
        except Refused as error:
            return Outcome(change.intent, Status.REFUSED, refused={PARENT: error.message}, error=error)
        self._done(name)
        return self._outcome(change, row, stood)

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
        self._call("find", *containers)
        found: dict[str, list[tuple[str, Record]]] = {}
        shown = [(place, record) for place in containers for record in self.tool.listing(place)]
        binned = [(row.container, self.tool.record(row)) for row in self.tool.bin.values()]
        for place, record in [*shown, *binned]:
            if record.key in keys and place in containers and record.key is not None:
                found.setdefault(record.key, []).append((place, record))
        self._done("find")
        return Found(found, certain=(self.tools.clock.now() - since).total_seconds() >= self.horizon)

    async def history(
        self, container: str, native_ids: Sequence[str], since: datetime
    ) -> Mapping[str, Sequence[Edit]]:
        if not self.capabilities.history:
            return await super().history(container, native_ids, since)
        self._call("history", container)
        rows = [self.tool.rows[native] for native in native_ids if native in self.tool.rows]
        found = {row.native_id: [edit for edit in row.history if edit.at >= since] for row in rows}
        self._done("history")
        return found

    async def people(self, mails: Sequence[str]) -> Mapping[str, Sequence[Account]]:
        return {mail: [one for one in self.tool.accounts.values() if one.mail == mail] for mail in mails}
