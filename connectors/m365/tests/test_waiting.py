"""Waits that Graph asks for within a batch count for the run's budget; what was answered stays answered (F12, F06)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx

from itpm_sync.connector import Tools
from itpm_sync.errors import Retry, Unavailable
from itpm_sync.kit.limiter import LocalLimiter, Rate
from itpm_sync.kit.secret import Secret
from itpm_sync.testing.clocks import ManualClock
from itpm_sync_m365.client import GraphClient
from itpm_sync_m365.settings import M365Settings
from itpm_sync_m365.wire import Ask, Reply


class Token:
    async def get(self, claims: str | None) -> tuple[Secret, float]:
        return Secret("t0ken"), datetime(2030, 1, 1, tzinfo=UTC).timestamp()

    async def close(self) -> None:
        return None


def batched(tools: Tools, run: Any, clock: ManualClock, *, budget: float) -> tuple[list[Any], int]:
    """A write that is done and one that is always throttled for ten minutes, in one batch; then another call."""
    sent = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal sent
        sent += 1
        told = []
        for one in json.loads(request.content)["requests"]:
            busy = one["url"].endswith("busy")
            headers = {"Retry-After": "600"} if busy else {}
            told.append({"id": one["id"], "status": 429 if busy else 200, "headers": headers, "body": {}})
        return httpx.Response(200, headers={"content-type": "application/json"}, json={"responses": told})

    async def work() -> list[Any]:
        limited = replace(tools, limiter=LocalLimiter(clock, Rate(1000, 1000), budget=budget))
        client = GraphClient(M365Settings(), limited, source=Token(), wire=httpx.MockTransport(answer))
        try:
            asks = [Ask("PATCH", f"/planner/tasks/{name}", name, body={}) for name in ("fine", "busy")]
            found: list[Any] = await client.batch(asks)
            return [*found, *await client.batch(asks[:1])]
        finally:
            await client.close()

    return run(work()), sent


def test_beyond_the_budget_a_batch_waits_no_longer_and_keeps_what_was_done(
    tools: Tools, run: Any, clock: ManualClock
) -> None:
    (fine, busy, after), sent = batched(tools, run, clock, budget=300)
    assert isinstance(fine, Reply) and isinstance(busy, Retry)
    assert isinstance(after, Unavailable)
    assert (sent, clock.slept) == (1, [])


def test_within_the_budget_the_throttled_one_is_tried_again(
    tools: Tools, run: Any, clock: ManualClock
) -> None:
    (fine, busy, after), sent = batched(tools, run, clock, budget=700)
    assert isinstance(fine, Reply) and isinstance(busy, Retry)
    assert isinstance(after, Unavailable)
    assert sent == 2 and 600 <= sum(clock.slept) < 700
