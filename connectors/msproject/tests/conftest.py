"""A plan as a person would have made it, written by the connector's own emulator, and what opens connectors on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from itpm_sync.connector import Tools
from itpm_sync.testing.clocks import ManualClock
from itpm_sync_msproject.connector import MsProjectConnector
from itpm_sync_msproject.emulator import MsProjectEmulator
from itpm_sync_msproject.settings import MsProjectSettings
from itpm_sync_msproject.worker import PlanWorker, WorkerLimits

ROLLOUT: dict[str, Any] = {
    "title": "Netzerneuerung Süd – 网络更新",
    "guid": "6F9619FF-8B86-D011-B42D-00CF4FC964FF",
    "manager": "Jürgen Weiß",
    "currency": "EUR",
    "start": "2026-03-02T08:00:00",
    "status_date": "2026-03-13T17:00:00",
    "saved": "2026-03-13T16:00:00",
    "aliases": {"Text5": "Site", "Text6": "Labels", "Text7": "Status"},
    "resources": [
        {"name": "Ann Meier", "mail": "ann@example.org"},
        {"name": "李雷", "mail": "lei@example.org"},
        {"name": "Ohne Mail"},
    ],
    "tasks": [
        {"name": "Standort Köln"},
        {
            "name": "Verkabelung prüfen",
            "level": 2,
            "Start": "2026-03-02",
            "Finish": "2026-03-06",
            "people": ["ann@example.org"],
            "baseline": ("2026-03-02", "2026-03-05"),
            "Work": 2400,
            "Text5": "Köln",
            "Notes": "Zeile 1\nZeile 2 <&> „quoted“",
        },
        {
            "name": "安装交换机",
            "level": 2,
            "Start": "2026-03-09",
            "Finish": "2026-03-13",
            "after": ["Verkabelung prüfen"],
            "people": ["lei@example.org", "Ohne Mail"],
            "Work": 4800,
        },
        {
            "name": "Abnahme",
            "level": 2,
            "milestone": True,
            "Start": "2026-03-13",
            "Finish": "2026-03-13",
            "after": [{"name": "安装交换机", "type": "FF", "lag": 480}],
        },
        {"name": "Manuell geplant", "manual": True, "Start": "2026-03-16T10:00:00", "Finish": "2026-03-17"},
        {"name": "Frei", "Start": "2026-03-04", "Finish": "2026-03-05", "Priority": 700},
    ],
}


@pytest.fixture
def emulator(tmp_path: Path, clock: ManualClock) -> MsProjectEmulator:
    made = MsProjectEmulator(folder=tmp_path / "plans", clock=clock)
    made.seed({"plans": {"rollout.xml": ROLLOUT}})
    return made


@pytest.fixture
def rollout(emulator: MsProjectEmulator) -> bytes:
    return (emulator.folder / "rollout.xml").read_bytes()


@pytest.fixture
def connect(emulator: MsProjectEmulator, tools: Tools) -> Callable[..., MsProjectConnector]:
    def made(**settings: Any) -> MsProjectConnector:
        options = MsProjectSettings.model_validate({**emulator.connection(""), **settings})
        return MsProjectConnector("plan", options, tools)

    return made


@pytest.fixture
def connector(connect: Callable[..., MsProjectConnector]) -> MsProjectConnector:
    return connect()


@pytest.fixture(scope="session")
def worker() -> Iterator[PlanWorker]:
    """One worker process for all tests that do not care which Java it has."""
    with PlanWorker(WorkerLimits()) as made:
        yield made
