"""A Microsoft 365 connection in `mode: read`: what asks is sent, a batch only if all in it asks; no write is."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from itpm_sync.connector import Tools
from itpm_sync.errors import Denied, ItpmError
from itpm_sync.kit.secret import Secret
from itpm_sync_m365.client import GraphClient
from itpm_sync_m365.settings import M365Settings
from itpm_sync_m365.wire import Ask, Reply

READ = Ask("GET", "/planner/plans/p/tasks", "tasks of plan p")
WHO = Ask("POST", "/directoryObjects/getByIds", "people", body={"ids": ["x"]}, reads=True)
TASK = "Planner task t"
WRITES = [
    Ask("POST", "/planner/tasks", TASK, body={"title": "x"}),
    Ask("PATCH", "/planner/tasks/t", TASK, body={"title": "x"}, etag='W/"1"'),
    Ask("DELETE", "/planner/tasks/t", TASK, etag='W/"1"'),
    Ask(
        "PUT", "/drives/d/root:/a.png:/content", "a picture", content=b"png", reads=True
    ),  # it may be repeated
    Ask("POST", "/sites/s/pages", "a page", body={}),
]


class Token:
    async def get(self, claims: str | None) -> tuple[Secret, float]:
        return Secret("t0ken"), datetime(2030, 1, 1, tzinfo=UTC).timestamp()

    async def close(self) -> None:
        return None


@pytest.fixture
def asked(tools: Tools, run: Any) -> Any:
    """Send requests, one by one or as a batch, over a wire in `mode: read`: what came, and what reached Graph."""

    def go(*asks: Ask, batch: bool = False) -> tuple[list[Any], list[httpx.Request]]:
        sent: list[httpx.Request] = []

        def answer(request: httpx.Request) -> httpx.Response:
            sent.append(request)
            inner = json.loads(request.content)["requests"] if batch else []
            told = {"responses": [{"id": one["id"], "status": 200, "body": {}} for one in inner]}
            return httpx.Response(200, headers={"content-type": "application/json"}, json=told)

        async def work() -> list[Any]:
            only_reads = replace(tools, reads_only=True)
            wire = httpx.MockTransport(answer)
            client = GraphClient(M365Settings(), only_reads, source=Token(), wire=wire)
            try:
                return list(await client.batch(asks)) if batch else [await client.send(each) for each in asks]
            except ItpmError as error:
                return [error]
            finally:
                await client.close()

        return run(work()), sent

    return go


def test_questions_are_sent_also_those_that_are_posts(asked: Any) -> None:
    came, sent = asked(READ, WHO)
    assert [type(each) for each in came] == [Reply, Reply]
    assert [request.method for request in sent] == ["GET", "POST"]


@pytest.mark.parametrize("ask", WRITES, ids=lambda ask: f"{ask.method} {ask.path}")
def test_a_write_is_not_sent(asked: Any, ask: Ask) -> None:
    came, sent = asked(ask)
    assert sent == []
    assert isinstance(came[0], Denied) and "mode: read" in came[0].message


def test_a_batch_of_reads_is_sent(asked: Any) -> None:
    came, sent = asked(READ, READ, batch=True)
    assert len(sent) == 1 and all(isinstance(each, Reply) for each in came)


def test_a_batch_with_one_write_in_it_is_not_sent(asked: Any) -> None:
    came, sent = asked(READ, WRITES[1], READ, batch=True)
    assert sent == []
    assert all(isinstance(each, Denied) for each in came)
