"""The reference connector keeps what the port promises, with each set of capabilities."""

from __future__ import annotations

import pytest

from itpm_sync.connector import Capabilities
from itpm_sync.memory import MemoryConnector, MemorySettings, MemoryTool
from itpm_sync.testing.clocks import ManualClock
from itpm_sync.testing.conformance import ConnectorConformance, Harness
from itpm_sync.testing.emulated import tools_on

ABLE = {
    "all": Capabilities(history=True, edit_times=True, bin=True, tells_hidden=True),
    "conditional": Capabilities(conditional=True, ordered=False),
    "little": Capabilities(keys=False, moves_keep_id=False),
}


class MemoryHarness(Harness):
    container = "main"
    title = "title"

    def __init__(self, able: Capabilities) -> None:
        self.clock = ManualClock()
        self.tool = MemoryTool(self.clock, able)
        self.connector = MemoryConnector("memory", MemorySettings(self.tool, 60.0), tools_on(self.clock))

    def make_as(self, person: str, title: str) -> str:
        return self.tool.create_as(person, "main", title=title)

    def rename_as(self, person: str, native_id: str, title: str) -> None:
        self.tool.edit_as(person, native_id, title=title)

    def delete_as(self, person: str, native_id: str) -> None:
        self.tool.delete_as(person, native_id)


class TestMemory(ConnectorConformance):
    @pytest.fixture(params=sorted(ABLE))
    def harness(self, request: pytest.FixtureRequest) -> Harness:
        return MemoryHarness(ABLE[request.param])
