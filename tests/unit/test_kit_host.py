"""A whole call, as the kit's README shows it, to a host that respx plays; and sessions of `requests`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest
import requests
import respx

from itpm_sync.errors import NotTheVendor, Retry, Unavailable, UnknownOutcome
from itpm_sync.kit.answer import Answer, Call, classify
from itpm_sync.kit.caps import Caps, parse_json
from itpm_sync.kit.host import Host
from itpm_sync.kit.session import exchange, harden
from itpm_sync.kit.trouble import by_recovery
from itpm_sync.testing.clocks import ManualClock
from itpm_sync.testing.emulated import tools_on

URL = "https://api.example.org/plans/7"
READ, WRITE = Call("Plan 7", URL, reads=True), Call("Plan 7", URL, reads=False)


class Caller:
    """One connection, on a clock that waiting moves."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.host = Host("api.example.org", tools_on(self.clock))

    def ask(self, call: Call) -> Any:
        async def once() -> Any:
            async with httpx.AsyncClient() as client:
                with by_recovery(call):
                    got = await client.request("GET" if call.reads else "PUT", call.url)
            answer = Answer(got.status_code, got.headers, got.content)
            if (problem := classify(call, answer, now=self.clock.now())) is not None:
                raise problem
            return parse_json(answer.body, call)

        return asyncio.run(self.host.call(once, scope="plans"))


@respx.mock
def test_a_busy_host_is_waited_for_as_long_as_it_asks() -> None:
    busy = httpx.Response(429, headers={"retry-after": "7"})
    route = respx.get(URL).mock(
        side_effect=[busy, httpx.ConnectError("refused"), httpx.Response(200, json={"a": 1})]
    )
    caller = Caller()
    assert caller.ask(READ) == {"a": 1}
    assert route.call_count == 3
    assert caller.clock.monotonic() >= 7


@respx.mock
def test_a_write_whose_answer_was_lost_is_sent_once() -> None:
    route = respx.put(URL).mock(side_effect=httpx.ReadTimeout("after the effect"))
    with pytest.raises(UnknownOutcome, match="Plan 7"):
        Caller().ask(WRITE)
    assert route.call_count == 1


@respx.mock
def test_a_sick_host_is_left_alone() -> None:
    route = respx.get(URL).mock(return_value=httpx.Response(500))
    caller = Caller()
    for _ in range(3):
        with pytest.raises((Retry, Unavailable)):
            caller.ask(READ)
    sent = route.call_count
    with pytest.raises(Unavailable):
        caller.ask(READ)
    assert route.call_count == sent


@respx.mock
def test_what_is_not_the_wires_passes_as_it_is() -> None:
    respx.get(URL).mock(side_effect=KeyError("a mistake of ours"))
    with pytest.raises(KeyError):
        Caller().ask(READ)


class _Elsewhere(BaseHTTPRequestHandler):
    """Sends every request on to another path, with a body of 2 MB."""

    seen: list[str]

    def do_GET(self) -> None:  # the standard library's name
        self.seen.append(self.path)
        self.send_response_only(302)
        self.send_header("Location", "/elsewhere")
        self.send_header("Date", "Mon, 04 May 2026 09:00:00 GMT")
        self.end_headers()
        self.wfile.write(b"x" * (2 << 20))

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    handler = type("Handler", (_Elsewhere,), {"seen": []})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/plan", handler.seen
        server.shutdown()


def test_a_session_follows_no_redirect_and_knows_no_proxy(
    elsewhere: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, seen = elsewhere
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with requests.Session() as session:
        harden(session)
        prepared = session.prepare_request(requests.Request("GET", url))
        answer = exchange(session, prepared, READ, timeout=5.0, caps=Caps())
        assert (answer.status, answer.header("location"), seen) == (302, "/elsewhere", ["/plan"])
        assert answer.date is not None and answer.date.isoformat() == "2026-05-04T09:00:00+00:00"
        with pytest.raises(NotTheVendor, match="more than 1 MB"):
            exchange(session, prepared, READ, timeout=5.0, caps=Caps(most_bytes=1 << 20))
