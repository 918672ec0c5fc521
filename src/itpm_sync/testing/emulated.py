"""The pytest plugin for connectors on their emulated vendors: what a connection is made with, and that nobody broke
the vendor's description.

In: an emulator. Out: the fixtures `clock`, `tools` and `unchecked`; `faithful`, which fails at the end for every
violation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from itpm_sync.connector import Tools
from itpm_sync.emulation import Emulator
from itpm_sync.kit.limiter import NoLimit
from itpm_sync.ports import Clock, LocalFiles
from itpm_sync.testing.checkout import shared_folder
from itpm_sync.testing.clocks import ManualClock, MiddleRandom

E = TypeVar("E", bound=Emulator)


def specs() -> Path | None:
    """Where the vendors' API descriptions lie, or None where they are absent."""
    shared = shared_folder()
    return shared / "specs" if shared else None


def tools_on(clock: Clock) -> Tools:
    """What a connection is handed: no chance, no limit, this machine's files."""
    return Tools(clock=clock, random=MiddleRandom(), limiter=NoLimit(), files=LocalFiles())


@contextmanager
def faithful(emulator: E, unchecked: Sequence[str] = ()) -> Iterator[E]:
    """At the end nothing may have broken the vendor's API description, and no fault may be left unmet.

    `unchecked`: parts of the text of violations that are meant.
    """
    yield emulator
    left = [wrong for wrong in emulator.violations if not any(part in wrong for part in unchecked)]
    assert left == [], "the vendor's API description was broken"
    assert emulator.faults.waiting == [], "a fault was never met"


@pytest.fixture
def clock() -> ManualClock:
    """A Monday morning; waiting moves it."""
    return ManualClock(datetime(2026, 5, 4, 9, 0, tzinfo=UTC))


@pytest.fixture
def tools(clock: ManualClock) -> Tools:
    """What a connection is handed, on `clock`."""
    return tools_on(clock)


@pytest.fixture
def unchecked() -> list[str]:
    """Violations of the API description that a test provokes on purpose; it appends a part of their text."""
    return []
