"""The port's promises, kept by this connector over its emulated account."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from itpm_sync.connector import Connector
from itpm_sync.emulation import Fault, Harm, When
from itpm_sync.emulation.server import serve
from itpm_sync.kit.secret import Secret
from itpm_sync.testing.clocks import ManualClock
from itpm_sync.testing.conformance import ConnectorConformance, Harness
from itpm_sync.testing.emulated import faithful, specs, tools_on
from itpm_sync_smartsheet.connector import SmartsheetConnector
from itpm_sync_smartsheet.emulator import SmartsheetEmulator
from itpm_sync_smartsheet.settings import SmartsheetSettings

from .conftest import BOT, TOKEN, plan

WRITES = "POST|PUT|DELETE"


class Account(Harness):
    """An account with two sheets, and people typing in the first."""

    def __init__(self, emulator: SmartsheetEmulator, base: str, clock: ManualClock) -> None:
        self.emulator, self.clock, self._base = emulator, clock, base
        sheet, other = emulator.world.sheets.values()
        self.container, self.other_container = str(sheet.id), str(other.id)
        self.title = str(sheet.titled("Task").id)
        self.connector = self._connector(TOKEN)

    def make_as(self, person: str, title: str) -> str:
        return self.emulator.edit_as(f"{person}@example.org", container=self.container, Task=title)

    def rename_as(self, person: str, native_id: str, title: str) -> None:
        self.emulator.edit_as(f"{person}@example.org", native_id, Task=title)

    def delete_as(self, person: str, native_id: str) -> None:
        self.emulator.edit_as(f"{person}@example.org", native_id, delete=True)

    def wrong_credentials(self) -> Connector:
        return self._connector("wrong")

    def lose_next_answer(self) -> None:
        self.emulator.faults.add(Fault(r".*/rows", WRITES, When.AFTER, Harm.DROP))

    def web_page_next(self) -> None:
        self.emulator.faults.add(Fault(".*", harm=Harm.HTML, times=-1))

    def _connector(self, token: str) -> SmartsheetConnector:
        said = {**self.emulator.connection(self._base), "token": Secret(token)}
        return SmartsheetConnector("sheets", SmartsheetSettings(**said), tools_on(self.clock))


class TestConformance(ConnectorConformance):
    @pytest.fixture
    def harness(self) -> Iterator[Harness]:
        clock = ManualClock()
        emulator = SmartsheetEmulator(clock=clock, specs=specs())
        emulator.seed({"tokens": {TOKEN: BOT}, "sheets": [plan(), plan("Other", rows=[])]})
        with faithful(emulator), serve(emulator) as base:
            yield Account(emulator, base, clock)
