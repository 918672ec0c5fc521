"""The suite that every connector inherits, on the emulated site, whose search lags behind."""

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
from itpm_sync_jira.connector import JiraConnector
from itpm_sync_jira.emulator import JiraEmulator
from itpm_sync_jira.settings import JiraSettings

LAG = 30.0


class JiraHarness(Harness):
    """A project on an emulated site."""

    container = "NET"
    other_container = "OPS"
    title = "summary"

    def __init__(self, site: JiraEmulator, base: str, clock: ManualClock) -> None:
        self.site, self.base, self.clock = site, base, clock
        self.connector = self._connector()

    def _connector(self, **more: object) -> JiraConnector:
        settings = JiraSettings(**{**self.site.connection(self.base), **more})
        return JiraConnector("jira", settings, tools_on(self.clock))

    def make_as(self, person: str, title: str) -> str:
        return self.site.edit_as(f"{person}@example.org", None, project="NET", summary=title)

    def rename_as(self, person: str, native_id: str, title: str) -> None:
        self.site.edit_as(f"{person}@example.org", native_id, summary=title)

    def delete_as(self, person: str, native_id: str) -> None:
        self.site.edit_as(f"{person}@example.org", native_id, delete=True)

    def wrong_credentials(self) -> Connector:
        return self._connector(token=Secret("a-token-that-expired"))

    def lose_next_answer(self) -> None:
        self.site.faults.add(Fault(r".*/issue(/.*)?", "POST|PUT|DELETE", When.AFTER, Harm.DROP))

    def web_page_next(self) -> None:
        self.site.faults.add(Fault(".*", harm=Harm.HTML, times=-1))


class TestConformance(ConnectorConformance):
    """Nothing of it may break Atlassian's API description."""

    @pytest.fixture
    def harness(self) -> Iterator[Harness]:
        clock = ManualClock()
        site = JiraEmulator(clock=clock, specs=specs())
        site.seed(
            {
                "people": [{"mail": "ann@example.org"}, {"mail": "bea@example.org"}],
                "projects": [{"key": "NET"}, {"key": "OPS"}],
                "index_lag": LAG,
            }
        )
        with faithful(site), serve(site) as base:
            yield JiraHarness(site, base, clock)
