"""The Template connector keeps what the port promises."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from itpm_sync_template.connector import TemplateConnector
from itpm_sync_template.settings import TemplateSettings

from itpm_sync.connector import Change, Operation
from itpm_sync.testing.clocks import ManualClock
from itpm_sync.testing.conformance import ConnectorConformance, Harness
from itpm_sync.testing.emulated import tools_on


class TemplateHarness(Harness):
    container = "plan"
    title = "title"

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        (folder / "plan.json").write_text(json.dumps({"count": 0, "rows": {}}), encoding="utf-8")
        self.connector = TemplateConnector("template", TemplateSettings(folder=folder), tools_on(self.clock))

    def _do(self, change: Change) -> str:
        store = self.connector._store("plan")
        native = store.carry_out(change)
        if change.operation is Operation.CREATE:
            store.rows[native].key = None
        store.save()
        return native

    def make_as(self, person: str, title: str) -> str:
        return self._do(Change("", Operation.CREATE, None, "", {"title": title}))

    def rename_as(self, person: str, native_id: str, title: str) -> None:
        self._do(Change("", Operation.UPDATE, native_id, "", {"title": title}))

    def delete_as(self, person: str, native_id: str) -> None:
        self._do(Change("", Operation.DELETE, native_id, ""))


class TestConformance(ConnectorConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Harness:
        return TemplateHarness(tmp_path)
