"""A Smartsheet connection in `mode: read`: every question is answered, no write reaches the account."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from itpm_sync.connector import Tools
from itpm_sync.errors import Denied
from itpm_sync.kit.secret import Secret
from itpm_sync_smartsheet.client import Client
from itpm_sync_smartsheet.connector import SmartsheetConnector
from itpm_sync_smartsheet.emulated.world import Sheet
from itpm_sync_smartsheet.emulator import SmartsheetEmulator
from itpm_sync_smartsheet.settings import SmartsheetSettings

from .conftest import TOKEN, by_title


def settings(base: str) -> SmartsheetSettings:
    return SmartsheetSettings(token=Secret(TOKEN), base_url=base, timeout=5.0)


def test_everything_that_only_asks_works(
    account: SmartsheetEmulator, base: str, sheet: Sheet, tools: Tools
) -> None:
    async def story() -> None:
        connector = SmartsheetConnector("sheets", settings(base), replace(tools, reads_only=True))
        try:
            assert all(finding.ok for finding in await connector.check())
            await connector.describe(str(sheet.id))
            found = await by_title(connector, sheet)
            assert {"Survey", "Install", "Handover"} <= set(found)
            ids = [record.native_id for record in found.values()]
            assert len(await connector.read(str(sheet.id), ids)) == len(ids)
            await connector.people(["ann@example.org"])
        finally:
            await connector.close()

    asyncio.run(story())
    assert {request.method for request in account.requests} == {"GET"}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_no_write_reaches_the_account(
    account: SmartsheetEmulator, base: str, sheet: Sheet, tools: Tools, method: str
) -> None:
    async def write() -> None:
        client = Client(settings(base), replace(tools, reads_only=True))
        try:
            await client.send(method, "rows", f"/sheets/{sheet.id}/rows", [], sheet=str(sheet.id))
        finally:
            await client.close()

    with pytest.raises(Denied, match="mode: read"):
        asyncio.run(write())
    assert account.requests == []
