"""What the Smartsheet tests share: an emulated account, raw HTTP to it, a connector."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx
import pytest

from itpm_sync.connector import Change, Operation, Page, Record, Tools
from itpm_sync.emulation.server import serve
from itpm_sync.kit.secret import Secret
from itpm_sync.testing.clocks import ManualClock
from itpm_sync.testing.emulated import faithful, specs
from itpm_sync_smartsheet.connector import SmartsheetConnector
from itpm_sync_smartsheet.emulated.world import Sheet
from itpm_sync_smartsheet.emulator import SmartsheetEmulator
from itpm_sync_smartsheet.settings import SmartsheetSettings

T = TypeVar("T")

ANN, BOT, EVE = "ann@example.org", "bot@example.org", "eve@example.org"
TOKEN = "canary-7Zq-token-that-must-not-show"
KEY = "itpm-sync ID"
COLUMNS = [
    {"title": "Task", "primary": True},
    {"title": "Status", "type": "PICKLIST", "options": ["Not started", "In progress", "Complete"]},
    {"title": "Due", "type": "DATE"},
    {"title": "% Complete"},
    {"title": "Done", "type": "CHECKBOX"},
    {"title": "Owner", "type": "CONTACT_LIST"},
]
MULTI = [
    {"title": "Team", "type": "MULTI_CONTACT_LIST"},
    {"title": "Tags", "type": "MULTI_PICKLIST", "options": ["cabling", "core", "wifi"]},
]


def plan(name: str = "Plan", **more: Any) -> dict[str, Any]:
    """A sheet's seed: two tasks under a heading, one beside it."""
    return {
        "name": name,
        "owner": BOT,
        "access": {ANN: "EDITOR"},
        "columns": COLUMNS,
        "rows": [
            {"Task": "Site A", "children": [{"Task": "Survey", "Status": "Complete"}, {"Task": "Install"}]},
            {"Task": "Handover", "Due": "2026-06-30"},
        ],
        **more,
    }


@pytest.fixture
def account(clock: ManualClock, unchecked: list[str]) -> Iterator[SmartsheetEmulator]:
    """An account with one sheet; nothing may break Smartsheet's API description on it, no fault may stay unused."""
    emulator = SmartsheetEmulator(clock=clock, specs=specs())
    emulator.seed(
        {
            "people": {ANN: "Ann Alder", BOT: "Sync Account"},
            "tokens": {TOKEN: BOT, "ann": ANN},
            "sheets": [plan()],
        }
    )
    clock.move(60)
    with faithful(emulator, unchecked):
        yield emulator


@pytest.fixture
def sheet(account: SmartsheetEmulator) -> Sheet:
    return account.world.sheet_named("Plan")


@pytest.fixture
def base(account: SmartsheetEmulator) -> Iterator[str]:
    with serve(account) as url:
        yield url


@pytest.fixture
def web(base: str) -> Iterator[httpx.Client]:
    """Raw HTTP with the account's token, for what the connector itself would never send."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=f"{base}/2.0", headers=headers, timeout=5) as client:
        yield client


Open = Callable[..., Any]


@pytest.fixture
def opened(base: str, tools: Tools) -> Open:
    """An async context with a connector on the account; settings by name."""

    @asynccontextmanager
    async def make(**settings: Any) -> AsyncIterator[SmartsheetConnector]:
        given = {"token": Secret(TOKEN), "base_url": base, "timeout": 5.0, **settings}
        connector = SmartsheetConnector("sheets", SmartsheetSettings(**given), tools)
        try:
            yield connector
        finally:
            await connector.close()

    return make


@pytest.fixture
def run(opened: Open) -> Callable[..., Any]:
    """Do something with an open connector and give its result."""

    def go(work: Callable[[SmartsheetConnector], Awaitable[T]], **settings: Any) -> T:
        async def whole() -> T:
            async with opened(**settings) as connector:
                return await work(connector)

        return asyncio.run(whole())

    return go


async def pulled(connector: SmartsheetConnector, sheet: Sheet, cursor: str | None = None) -> list[Page]:
    return [page async for page in connector.pull(str(sheet.id), cursor)]


async def by_title(connector: SmartsheetConnector, sheet: Sheet) -> dict[str, Record]:
    """The rows by what stands in their primary column."""
    title = str(sheet.titled("Task").id)
    return {r.values.get(title, ""): r for page in await pulled(connector, sheet) for r in page.records}


def col(sheet: Sheet, title: str) -> str:
    """A column's native name."""
    return str(sheet.titled(title).id)


def values(sheet: Sheet, **by: Any) -> dict[str, Any]:
    """Native values by column title (`pct` is % Complete); `parent` and `under` go by their own names."""
    special = {"parent": "parent", "under": "under"}
    names = {"pct": "% Complete"}
    return {special.get(name) or col(sheet, names.get(name, name)): v for name, v in by.items()}


def create(key: str, sheet: Sheet, **by: Any) -> Change:
    return Change(f"intent-{key}", Operation.CREATE, None, key, values(sheet, **by))


def update(record: Record, sheet: Sheet, key: str = "", **by: Any) -> Change:
    return Change(
        f"intent-{record.native_id}",
        Operation.UPDATE,
        record.native_id,
        key,
        values(sheet, **by),
        expected=record,
    )


def delete(record: Record) -> Change:
    return Change(f"intent-{record.native_id}", Operation.DELETE, record.native_id, "", expected=record)
