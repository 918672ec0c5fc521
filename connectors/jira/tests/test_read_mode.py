"""A Jira connection in `mode: read`: every question is answered, no write reaches the site."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from itpm_sync.connector import Presence
from itpm_sync.errors import Denied
from itpm_sync.testing.emulated import tools_on
from itpm_sync_jira.client import Client
from itpm_sync_jira.connector import JiraConnector

from .conftest import Jira, asked

WRITES = [
    ("POST", "/issue", {"fields": {}}),
    ("POST", "/issue/bulk", {"issueUpdates": []}),
    ("POST", "/bulk/issues/fields", {}),
    ("POST", "/search", {"jql": "project = NET"}),
    ("PUT", "/issue/10001", {"fields": {}}),
    ("DELETE", "/issue/10001", None),
]


def test_everything_that_only_asks_works(jira: Jira, make: Callable[..., str]) -> None:
    number = make()

    async def story(connector: JiraConnector) -> None:
        connector.tools = replace(connector.tools, reads_only=True)
        assert all(finding.ok for finding in await connector.check())
        await connector.describe("NET")
        pages = [page async for page in connector.pull("NET", None)]
        assert [record.native_id for page in pages for record in page.records] == [number]
        (sighting,) = await connector.read("NET", [number])
        assert sighting.presence is Presence.PRESENT
        since = jira.clock.now() - timedelta(days=1)
        await connector.history("NET", [number], since)
        await connector.find(["NET"], ["item-1"], since)

    jira.run(story)
    posts = {call for call in asked(jira.site) if call.startswith("POST")}
    assert posts and all(any(path in call for path in ("search/jql", "bulkfetch")) for call in posts)


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_no_write_reaches_the_site(jira: Jira, method: str, path: str, body: Any) -> None:
    async def write() -> None:
        client = Client(jira.settings(), replace(tools_on(jira.clock), reads_only=True))
        try:
            await client.send(method, "something", path, body, scope="x")
        finally:
            await client.close()

    with pytest.raises(Denied, match="mode: read"):
        asyncio.run(write())
    assert asked(jira.site) == []
