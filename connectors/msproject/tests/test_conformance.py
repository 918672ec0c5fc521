"""The suite that every connector inherits, on a folder of plans and a person at Microsoft Project."""

from __future__ import annotations

from pathlib import Path

import pytest

from itpm_sync.testing.clocks import ManualClock
from itpm_sync.testing.conformance import ConnectorConformance, Harness
from itpm_sync.testing.emulated import tools_on
from itpm_sync_msproject.connector import MsProjectConnector
from itpm_sync_msproject.emulator import MsProjectEmulator
from itpm_sync_msproject.settings import MsProjectSettings


class PlanHarness(Harness):
    """Two plans in a folder."""

    container = "rollout.xml"
    other_container = "site/other.xml"
    title = "Name"

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.emulator = MsProjectEmulator(folder=folder, clock=self.clock)
        self.emulator.seed(
            {"plans": {name: {"title": name} for name in (self.container, self.other_container)}}
        )
        options = MsProjectSettings.model_validate(self.emulator.connection(""))
        self.connector = MsProjectConnector("plan", options, tools_on(self.clock))

    def make_as(self, person: str, title: str) -> str:
        return self.emulator.edit_as(f"{person}@example.org", container=self.container, Name=title)

    def rename_as(self, person: str, native_id: str, title: str) -> None:
        self.emulator.edit_as(f"{person}@example.org", native_id, Name=title)

    def delete_as(self, person: str, native_id: str) -> None:
        self.emulator.edit_as(f"{person}@example.org", native_id, delete=True)


class TestConformance(ConnectorConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Harness:
        return PlanHarness(tmp_path / "plans")
