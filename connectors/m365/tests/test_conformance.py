"""The suite that every connector inherits, over the emulated tenant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from itpm_sync.connector import Connector
from itpm_sync.emulation import Fault, Harm, When
from itpm_sync.emulation.server import serve
from itpm_sync.kit.secret import Secret
from itpm_sync.testing.clocks import ManualClock
from itpm_sync.testing.conformance import ConnectorConformance, Harness
from itpm_sync.testing.emulated import faithful, specs, tools_on
from itpm_sync_m365.connector import M365Connector
from itpm_sync_m365.emulator import M365Emulator
from itpm_sync_m365.settings import M365Settings

SEED = {
    "people": [{"name": name.title(), "mail": f"{name}@example.org"} for name in ("ann", "bea")],
    "plans": [
        {"id": "PlanOfTheNetworkRefresh00001", "title": "Network refresh", "buckets": ["To do"]},
        {"id": "PlanOfSomethingElse000000002", "title": "Something else"},
    ],
}
BATCH = r"/v1.0/\$batch"


class PlannerHarness(Harness):
    """A plan, and people in Planner's own window."""

    container = "PlanOfTheNetworkRefresh00001"
    other_container = "PlanOfSomethingElse000000002"
    title = "title"

    def __init__(self, emulator: M365Emulator, base: str, clock: ManualClock) -> None:
        self.emulator, self.base, self.clock = emulator, base, clock
        self.tools = tools_on(clock)
        self.connector = self._connector()

    def _connector(self, **more: Any) -> M365Connector:
        given = {**self.emulator.connection(self.base), "horizon": 5.0, **more}
        return M365Connector("planner", M365Settings.model_validate(given), self.tools)

    def make_as(self, person: str, title: str) -> str:
        return self.emulator.edit_as(f"{person}@example.org", plan=self.container, title=title)

    def rename_as(self, person: str, native_id: str, title: str) -> None:
        self.emulator.edit_as(f"{person}@example.org", native_id, title=title)

    def delete_as(self, person: str, native_id: str) -> None:
        self.emulator.edit_as(f"{person}@example.org", native_id, delete=True)

    def wrong_credentials(self) -> Connector:
        return self._connector(secret=Secret("another-token"))

    def lose_next_answer(self) -> None:
        self.emulator.faults.add(Fault(BATCH, "POST", When.AFTER, Harm.DROP))

    def web_page_next(self) -> None:
        self.emulator.faults.add(Fault("/v1.0/.*", harm=Harm.HTML, times=-1))


class TestConformance(ConnectorConformance):
    @pytest.fixture
    def harness(self) -> Iterator[Harness]:
        clock = ManualClock()
        emulator = M365Emulator(clock=clock, specs=specs())
        emulator.seed(SEED)
        with faithful(emulator), serve(emulator) as base:
            yield PlannerHarness(emulator, base, clock)
