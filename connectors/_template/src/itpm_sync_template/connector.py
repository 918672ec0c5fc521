"""The Template connector: what it is called, what it can do, and the port over a folder of JSON files.

In: settings and tools. Out: records and outcomes. Replace `store.py` by the vendor's calls; keep this file a
declaration that imports no vendor library (load those in `open`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from itpm_sync.connector import (
    Capabilities,
    Change,
    Connector,
    ContainerInfo,
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
from itpm_sync.errors import Gone, Stale

from .settings import TemplateSettings
from .store import Store


class TemplateConnector(Connector):
    """One account of the tool. Declare only what it does: what is not declared must refuse."""

    kind: ClassVar[str] = "template"
    summary: ClassVar[str] = "Template: records in JSON files, to begin a connector from"
    capabilities: ClassVar[Capabilities] = Capabilities(conditional=True, tells_hidden=True)
    settings: ClassVar[str] = "itpm_sync_template.settings:TemplateSettings"

    def __init__(self, name: str, settings: Any, tools: Tools) -> None:
        super().__init__(name, settings, tools)
        self._settings: TemplateSettings = settings

    def _store(self, container: str) -> Store:
        return Store(self.tools.files, Path(self._settings.folder) / f"{Path(container).name}.json")

    async def check(self) -> Sequence[Finding]:
        there = self._settings.folder.is_dir()
        says = f"The folder {self._settings.folder.name} {'is there' if there else 'is missing'}."
        return [Finding(there, says, mend="" if there else "Make it, or correct `folder:`.")]

    async def describe(self, container: str) -> ContainerInfo:
        store = self._store(container)
        names = sorted({"title", *(name for row in store.rows.values() for name in row.values)})
        return ContainerInfo(container, container, [NativeField(n, n, "any") for n in names], container)

    async def pull(self, container: str, cursor: str | None, *, full: bool = False) -> AsyncIterator[Page]:
        store = self._store(container)
        yield Page([store.record(native) for native in store.rows], last=True, complete=True)

    async def read(self, container: str, native_ids: Sequence[str]) -> Sequence[Sighting]:
        store = self._store(container)
        return [
            Sighting(native, Presence.PRESENT, store.record(native), container)
            if native in store.rows
            else Sighting(native, Presence.GONE)
            for native in native_ids
        ]

    async def apply(self, container: str, changes: Sequence[Change]) -> Sequence[Outcome]:
        store = self._store(container)
        outcomes = []
        for change in changes:
            try:
                native = store.carry_out(change)
            except Stale as error:
                outcomes.append(Outcome(change.intent, Status.STALE, error=error))
                continue
            except Gone as error:
                outcomes.append(Outcome(change.intent, Status.REFUSED, error=error))
                continue
            record = None if change.operation is Operation.DELETE else store.record(native)
            outcomes.append(Outcome(change.intent, Status.APPLIED, record))
        store.save()
        return outcomes

    async def find(self, containers: Sequence[str], keys: Sequence[str], since: datetime) -> Found:
        found: dict[str, list[tuple[str, Record]]] = {}
        for container in containers:
            store = self._store(container)
            for native, row in store.rows.items():
                if row.key is not None and row.key in keys:
                    found.setdefault(row.key, []).append((container, store.record(native)))
        return Found(found, certain=(self.tools.clock.now() - since).total_seconds() >= self.horizon)
