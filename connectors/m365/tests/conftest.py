"""What the tests of this connector share: an emulated tenant, a connection to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from itpm_sync.connector import Tools
from itpm_sync.emulation import Answer, Call
from itpm_sync.emulation.server import serve
from itpm_sync.testing.clocks import ManualClock
from itpm_sync.testing.emulated import faithful, specs
from itpm_sync_m365.connector import M365Connector
from itpm_sync_m365.emulator import TOKEN, M365Emulator
from itpm_sync_m365.pages import SharePointPublisher
from itpm_sync_m365.settings import M365Settings

PLAN, OTHER_PLAN = "PlanOfTheNetworkRefresh00001", "PlanOfSomethingElse000000002"
ANN, BEN = "ann@example.org", "ben@example.org"
SITE = "https://contoso.example/sites/pmo"
SEED = {
    "people": [
        {"name": "Ann Ames", "mail": ANN},
        {"name": "Ben Bolt", "mail": BEN, "aliases": ["benjamin@example.org"]},
        {"name": "Cas Cole", "mail": "cas@example.org"},
    ],
    "groups": [{"name": "PMO", "members": [ANN, BEN]}],
    "plans": [
        {
            "id": PLAN,
            "title": "Network refresh",
            "group": "PMO",
            "categories": {"category1": "Cabling", "category2": "Power"},
            "buckets": ["To do", "Later"],
            "tasks": [
                {
                    "title": "Order racks",
                    "bucket": "To do",
                    "start": "2026-03-02",
                    "due": "2026-03-06",
                    "percent": 50,
                    "assignees": [ANN],
                    "labels": ["Cabling"],
                    "description": "Two racks a site",
                },
                {"title": "Survey site A", "bucket": "Later"},
            ],
        },
        {"id": OTHER_PLAN, "title": "Something else", "group": "PMO", "buckets": ["Only"]},
    ],
    "sites": [{"host": "contoso.example", "path": "sites/pmo", "title": "PMO"}],
}


@pytest.fixture
def emulator(clock: ManualClock) -> Iterator[M365Emulator]:
    """A seeded tenant; at the end nothing was sent or answered against Graph's metadata."""
    made = M365Emulator(clock=clock, specs=specs())
    made.seed(SEED)
    with faithful(made):
        yield made


class Tenant:
    """The emulated tenant, asked without a socket."""

    def __init__(self, emulator: M365Emulator) -> None:
        self.emulator = emulator

    def ask(self, method: str, path: str, body: Any = None, *, token: str = TOKEN, **headers: str) -> Answer:
        """One request below /v1.0. Header names with _ for -; a body is sent as JSON, bytes as they are."""
        path, _, query = path.partition("?")
        pairs = tuple(tuple(pair.split("=", 1)) for pair in query.split("&") if pair)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None and not isinstance(body, bytes):
            sent.setdefault("content-type", "application/json")
            body = json.dumps(body).encode()
        sent["authorization"] = f"Bearer {token}"
        return self.emulator.handle(
            Call(
                method,
                f"/v1.0{path}",
                query=pairs,  # type: ignore[arg-type]
                headers=sent,
                body=body or b"",
                base="http://127.0.0.1:1",
                raw_path=f"/v1.0{path}",
            )
        )

    def code(self, answer: Answer) -> tuple[int, str]:
        body: Any = answer.body
        return answer.status, body["error"]["code"]

    def task(self, title: str = "Order racks") -> dict[str, Any]:
        """A task as Graph shows it, by title."""
        rows: Any = self.ask("GET", f"/planner/plans/{PLAN}/tasks").body
        return next(row for row in rows["value"] if row["title"] == title)

    def details(self, task_id: str) -> dict[str, Any]:
        body: Any = self.ask("GET", f"/planner/tasks/{task_id}/details").body
        return dict(body)

    def user(self, mail: str) -> str:
        return next(u["id"] for u in self.emulator.state["users"].values() if u["mail"] == mail)


@pytest.fixture
def tenant(emulator: M365Emulator) -> Tenant:
    return Tenant(emulator)


Settings = Callable[..., M365Settings]


@pytest.fixture
def settings(emulator: M365Emulator) -> Settings:
    """Settings of a connection to the emulator."""

    def make(base: str, **more: Any) -> M365Settings:
        given = {**emulator.connection(base), "site": SITE, "horizon": 5.0}
        return M365Settings.model_validate({**given, **more})

    return make


@pytest.fixture
def connect(emulator: M365Emulator, tools: Tools, settings: Settings) -> Callable[..., Any]:
    """`async with connect(...) as connector` on a served emulator; keywords are settings."""

    @asynccontextmanager
    async def opened(**more: Any) -> AsyncIterator[M365Connector]:
        with serve(emulator) as base:
            connector = M365Connector("planner", settings(base, **more), tools)
            await connector.open()
            try:
                yield connector
            finally:
                await connector.close()

    return opened


@pytest.fixture
def publishing(emulator: M365Emulator, tools: Tools, settings: Settings) -> Callable[..., Any]:
    """`async with publishing(...) as publisher` on a served emulator."""

    @asynccontextmanager
    async def opened(**more: Any) -> AsyncIterator[SharePointPublisher]:
        with serve(emulator) as base:
            publisher = SharePointPublisher(settings(base, **more), tools)
            await publisher.open()
            try:
                yield publisher
            finally:
                await publisher.close()

    return opened


@pytest.fixture
def run() -> Callable[[Awaitable[Any]], Any]:
    """Run one coroutine to its end."""

    def runner(work: Awaitable[Any]) -> Any:
        async def whole() -> Any:
            return await work

        return asyncio.run(whole())

    return runner


@pytest.fixture
def on(connect: Any, run: Any) -> Any:
    """Run `work(connector)` on an open connection."""

    def runner(work: Any, **more: Any) -> Any:
        async def whole() -> Any:
            async with connect(**more) as connector:
                return await work(connector)

        return run(whole())

    return runner
