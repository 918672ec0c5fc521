"""What the Jira tests share: an emulated site, raw HTTP to it."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import httpx
import pytest

from itpm_sync.connector import Change, Operation, Outcome, Page, Record
from itpm_sync.emulation import Call
from itpm_sync.emulation.server import serve
from itpm_sync.kit.secret import Secret
from itpm_sync.testing.clocks import ManualClock
from itpm_sync.testing.emulated import faithful, specs, tools_on
from itpm_sync_jira import wire
from itpm_sync_jira.connector import JiraConnector
from itpm_sync_jira.emulator import JiraEmulator
from itpm_sync_jira.settings import JiraSettings
from itpm_sync_jira.shape import Shape, shape_of

T = TypeVar("T")

ANN, BOB, DAN = "ann@example.org", "bob@example.org", "dan@example.org"
SITE = {
    "people": [
        {"mail": ANN, "name": "Ann Example"},
        {"mail": BOB, "name": "Bob Example", "hidden_mail": True},
        {"mail": DAN, "name": "Dan Example", "active": False},
    ],
    "projects": [{"key": "NET", "name": "Network refresh"}, {"key": "OPS", "name": "Operations"}],
}


@pytest.fixture
def site(clock: ManualClock, unchecked: list[str]) -> Iterator[JiraEmulator]:
    """A site with two projects and three people; nothing may break Atlassian's API description on it."""
    emulator = JiraEmulator(clock=clock, specs=specs())
    emulator.seed(SITE)
    with faithful(emulator, unchecked):
        yield emulator


@pytest.fixture
def base(site: JiraEmulator) -> Iterator[str]:
    with serve(site) as url:
        yield url


@pytest.fixture
def web(site: JiraEmulator, base: str) -> Iterator[httpx.Client]:
    """Raw HTTP as the service account, for what the connector itself would never send."""
    with httpx.Client(base_url=f"{base}/rest/api/3", auth=site.credentials, timeout=5) as client:
        yield client


@pytest.fixture
def make(site: JiraEmulator) -> Callable[..., str]:
    """Create an issue as Ann, and give its id."""

    def create(summary: str = "Install rack", project: str = "NET", **fields: Any) -> str:
        return site.edit_as(ANN, None, project=project, summary=summary, **fields)

    return create


class Jira:
    """A connector on the emulated site; `run` is one story in one event loop, from opening to closing."""

    def __init__(self, site: JiraEmulator, base: str, clock: ManualClock) -> None:
        self.site, self.base, self.clock = site, base, clock
        self.more: dict[str, Any] = {}

    def settings(self) -> JiraSettings:
        mail, token = self.site.credentials
        given: dict[str, Any] = {"email": mail, "token": Secret(token), "horizon": 60.0, "overlap": 0.0}
        return JiraSettings(base_url=self.base, **{**given, **self.more})

    def run(self, story: Callable[[JiraConnector], Awaitable[T]]) -> T:
        async def whole() -> T:
            connector = JiraConnector("jira", self.settings(), tools_on(self.clock))
            try:
                return await story(connector)
            finally:
                await connector.close()

        return asyncio.run(whole())

    # ── the usual stories ──

    def pulled(self, cursor: str | None = None, *, full: bool = False, container: str = "NET") -> list[Page]:
        async def story(connector: JiraConnector) -> list[Page]:
            return [page async for page in connector.pull(container, cursor, full=full)]

        return self.run(story)

    def records(self) -> dict[str, Record]:
        return {record.native_id: record for page in self.pulled() for record in page.records}

    def apply(self, *changes: Change, container: str = "NET") -> Sequence[Outcome]:
        return self.run(lambda connector: connector.apply(container, list(changes)))

    def update(self, number: str, values: Mapping[str, Any], *, expected: Record | None = None) -> Outcome:
        return self.apply(update(number, values, expected or self.records()[number]))[0]


def update(number: str, values: Mapping[str, Any], expected: Record | None, intent: str = "int-1") -> Change:
    key = (expected.key if expected else None) or "item-1"
    return Change(intent, Operation.UPDATE, number, key, values, expected)


def new(values: Mapping[str, Any], key: str = "item-1", intent: str = "") -> Change:
    return Change(intent or f"int-{key}", Operation.CREATE, None, key, {"issuetype": "Task", **values})


def asked(site: JiraEmulator) -> list[str]:
    """Method and path of every request so far, below the API's root."""
    return [f"{request.method} {request.path.removeprefix('/rest/api/3')}" for request in site.requests]


class Desk:
    """An emulated site called in process: one project, a task, others to point at."""

    def __init__(self) -> None:
        self.site = JiraEmulator(clock=ManualClock(), specs=specs())
        fields = [
            {"name": "Site", "type": "option", "options": ["North", "South"]},
            {"name": "Skills", "type": "options", "options": ["fibre", "wifi", "power"]},
            {"name": "Vendor", "type": "text"},
            {"name": "Units", "type": "number"},
            {"name": "Response", "type": "paragraph"},
            {"name": "Sponsor", "type": "person"},
            {"name": "Tags", "type": "labels"},
            {"name": "Promised date", "type": "date"},
            {"name": "Need by", "type": "date"},
            {"name": "Gate", "type": "text"},
            {"name": "Probability", "type": "number"},
            {"name": "Impact", "type": "number"},
            {"name": "RAG", "type": "option", "options": ["Green", "Amber", "Red", "Grey"]},
            {"name": "RAG reason", "type": "text"},
        ]
        self.site.seed(SITE | {"fields": fields})
        self.epics = [
            self.site.edit_as(ANN, None, project="NET", type="Epic", summary=f"Site {n}") for n in range(3)
        ]
        self.number = self.site.edit_as(ANN, None, project="NET", summary="Install rack")
        self.shape = self._shape()
        self.ids = {one.title: one.id for one in self.shape.fields.values()}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        login = base64.b64encode(":".join(self.site.credentials).encode()).decode()
        headers = {"authorization": f"Basic {login}", "content-type": "application/json"}
        content = json.dumps(body).encode() if body is not None else b""
        answer = self.site.handle(Call(method, f"/rest/api/3{path}", (), headers, content))
        assert self.site.violations == []
        return answer

    def _shape(self) -> Shape:
        def get(path: str) -> Any:
            return self.call("GET", path).body

        project = get("/project/NET")
        screens = [
            e
            for t in project["issueTypes"]
            for e in get(f"/issue/createmeta/NET/issuetypes/{t['id']}")["fields"]
        ]
        return shape_of(
            project, screens, get("/field"), get("/project/NET/statuses"), get("/priority"), "Blocks"
        )

    def write(self, values: Mapping[str, Any]) -> Record:
        """As the connector does: an edit, then links, then a transition."""
        wanted = wire.wanted_of(self.shape, values)
        assert wanted.refused == {}
        if wanted.fields:
            answer = self.call("PUT", f"/issue/{self.number}", wire.edit_body(wanted.fields))
            assert answer.status == 204, answer.body
        if wanted.predecessors is not None:
            self._link(wanted.predecessors)
        if wanted.status is not None:
            offered = self.call("GET", f"/issue/{self.number}/transitions").body["transitions"]
            taken = next(one["id"] for one in offered if one["to"]["id"] == wanted.status)
            self.call("POST", f"/issue/{self.number}/transitions", {"transition": {"id": taken}})
        return self.read()

    def _link(self, wanted: frozenset[str]) -> None:
        there = wire.predecessors(self.shape, self.site.shown(self.number)["issuelinks"])
        for number in there.keys() - wanted:
            self.call("DELETE", f"/issueLink/{there[number]}")
        for number in wanted - there.keys():
            ends = {"inwardIssue": {"id": number}, "outwardIssue": {"id": self.number}}
            assert self.call("POST", "/issueLink", {"type": {"name": "Blocks"}, **ends}).status == 201

    def read(self) -> Record:
        context = wire.Context(self.shape, "https://site.example", "itpm-sync")
        answer = self.call("GET", f"/issue/{self.number}")
        return wire.record_of(context, json.loads(answer.content()))


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk()


@pytest.fixture
def jira(site: JiraEmulator, base: str, clock: ManualClock) -> Jira:
    return Jira(site, base, clock)
