"""`mode: read`, in the transport: no request that writes leaves it, whoever sends it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import requests

from itpm_sync.connector import Capabilities, Change, Operation, Tools
from itpm_sync.errors import Denied, UnknownOutcome
from itpm_sync.kit.limiter import NoLimit
from itpm_sync.kit.session import harden
from itpm_sync.kit.wall import ReadOnlyFiles, Wall, asks
from itpm_sync.memory import MemoryConnector, MemorySettings, MemoryTool
from itpm_sync.ports import LocalFiles
from itpm_sync.registry.guarded import GuardedConnector
from itpm_sync.simulator.bench import drive
from itpm_sync.testing.clocks import ManualClock, MiddleRandom

BASE = "https://example.org/rest/api/3"
WALL = Wall("jira", BASE, {"/search/jql": asks, "/batch": lambda body: body == b"only questions"})


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "post", "MERGE", "PURGE", ""])
@pytest.mark.parametrize("path", ["/issue", "/search/jql/..", "/search/jql/x", "/search", "/batch"])
def test_whatever_writes_is_refused_with_the_connection_and_the_mend(method: str, path: str) -> None:
    with pytest.raises(Denied, match="the connection jira is in `mode: read`") as refused:
        WALL.check(method, BASE + path, b"{}")
    assert "mode: read" in refused.value.mend


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "get"])
def test_what_reads_goes_through(method: str) -> None:
    WALL.check(method, f"{BASE}/issue/10001?expand=names", None)


def test_a_post_that_its_connector_names_as_a_question_goes_through() -> None:
    WALL.check("POST", f"{BASE}/search/jql", b"{}")
    WALL.check("POST", f"{BASE}/search/jql?x=1", "{}")
    WALL.check("POST", f"{BASE}/batch", b"only questions")


def test_a_question_under_another_base_is_none() -> None:
    with pytest.raises(Denied):
        WALL.check("POST", "https://example.org/rest/api/2/search/jql", b"{}")


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "x-method-override", "X-HTTP-Method"])
def test_a_get_that_asks_to_be_another_method_is_a_write(header: str) -> None:
    with pytest.raises(Denied):
        WALL.check("GET", f"{BASE}/issue/1", None, {header: "DELETE"})


class Sent(requests.adapters.BaseAdapter):
    """A network that keeps what reaches it."""

    def __init__(self) -> None:
        super().__init__()
        self.methods: list[str | None] = []

    def send(self, request: requests.PreparedRequest, *_: object, **__: object) -> requests.Response:
        self.methods.append(request.method)
        answer = requests.Response()
        answer.status_code, answer.request, answer.url = 200, request, request.url or ""
        return answer

    def close(self) -> None:
        return None


def test_an_sdk_that_uses_the_session_by_itself_cannot_write_either() -> None:
    session, sent = requests.Session(), Sent()
    harden(session, WALL)
    session.mount("https://", sent)  # also what is mounted later lies behind the wall
    session.get(f"{BASE}/issue/1")
    session.post(f"{BASE}/search/jql", json={})
    for write in (session.post, session.put, session.patch, session.delete):
        with pytest.raises(Denied):
            write(f"{BASE}/issue/1", json={})
    assert sent.methods == ["GET", "POST"]


def test_without_a_wall_the_session_writes() -> None:
    session, sent = requests.Session(), Sent()
    harden(session)
    session.mount("https://", sent)
    session.delete(f"{BASE}/issue/1")
    assert sent.methods == ["DELETE"]


def test_files_are_read_and_not_written(tmp_path: Path) -> None:
    files = ReadOnlyFiles("plans", LocalFiles())
    plan = tmp_path / "rollout.xml"
    plan.write_bytes(b"<Project/>")
    assert files.read(plan) == b"<Project/>"
    with pytest.raises(Denied, match=r"rollout\.xml was not sent: the connection plans"):
        files.write(plan, b"<Other/>")
    assert plan.read_bytes() == b"<Project/>"


def guarded(*, reads_only: bool) -> tuple[GuardedConnector, MemoryTool]:
    clock = ManualClock()
    tool = MemoryTool(clock, Capabilities())
    tools = Tools(clock, MiddleRandom(), NoLimit(), LocalFiles(), reads_only=reads_only)
    return GuardedConnector(MemoryConnector("a", MemorySettings(tool), tools)), tool


def test_a_connection_in_read_mode_is_given_no_changes() -> None:
    change = Change("n-1", Operation.CREATE, None, "i-1", {"title": "Rack"})
    connector, tool = guarded(reads_only=True)
    with pytest.raises(Denied) as refused:
        drive(connector.apply("main", [change]))
    assert not isinstance(refused.value, UnknownOutcome)  # nothing was sent: nothing to look up
    assert tool.rows == {} and tool.calls == []
    connector, tool = guarded(reads_only=False)
    asyncio.run(connector.apply("main", [change]))
    assert len(tool.rows) == 1
