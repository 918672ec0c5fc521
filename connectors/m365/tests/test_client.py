"""The client: what each failure of the wire is called, and that the token goes nowhere else."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from itpm_sync.connector import Tools
from itpm_sync.errors import (
    Denied,
    Gone,
    ItpmError,
    NotTheVendor,
    Refused,
    Retry,
    Stale,
    Unavailable,
    UnknownOutcome,
)
from itpm_sync.kit.secret import Secret
from itpm_sync_m365.client import GraphClient
from itpm_sync_m365.settings import M365Settings
from itpm_sync_m365.wire import Ask, Reply

READ = Ask("GET", "/planner/plans/p/tasks", "tasks of plan p", scope="planner")
WRITE = Ask("PATCH", "/planner/tasks/t", "Planner task t", body={"title": "x"}, etag='W/"1"', scope="planner")
CREATE = Ask("POST", "/planner/tasks", "Planner task t", body={"title": "x"}, scope="planner")
JSON = {"content-type": "application/json"}
Handler = Callable[[httpx.Request], httpx.Response]


class Tokens:
    """Gives one token after another."""

    def __init__(self, *tokens: str) -> None:
        self.left = list(tokens)
        self.asked = 0

    async def get(self, claims: str | None) -> tuple[Secret, float]:
        self.asked += 1
        text = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        return Secret(text), datetime(2030, 1, 1, tzinfo=UTC).timestamp()

    async def close(self) -> None:
        return None


class Wire:
    """A network that answers from a list, the last answer for ever, and keeps what was sent."""

    def __init__(self, *answers: httpx.Response | Exception | Handler) -> None:
        self.answers = list(answers)
        self.sent: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)


def ok(body: Any, status: int = 200, **headers: str) -> Handler:
    """A fresh JSON answer each time."""
    return lambda _: httpx.Response(status, headers={**JSON, **headers}, content=json.dumps(body))


def error(status: int, code: str = "Some", message: str = "text", **headers: str) -> Handler:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return ok({"error": {"code": code, "message": message}}, status, **sent)


@pytest.fixture
def call(tools: Tools, run: Any) -> Any:
    """Send one request over a wire and give what comes: a reply, or the error."""

    def send(wire: Wire, ask: Ask = READ, tokens: Tokens | None = None, **settings: Any) -> Any:
        async def work() -> Any:
            client = GraphClient(
                M365Settings(**settings),
                tools,
                source=tokens or Tokens("t0ken-one"),
                wire=httpx.MockTransport(wire),
            )
            try:
                return await client.send(ask)
            except ItpmError as problem:
                return problem
            finally:
                await client.close()

        return run(work())

    return send


def test_a_request_goes_to_graph_with_token_and_etag(call: Any) -> None:
    wire = Wire(ok({"id": "t"}))
    assert call(wire, WRITE) == Reply(200, {"id": "t"})
    sent = wire.sent[0]
    assert str(sent.url) == "https://graph.microsoft.com/v1.0/planner/tasks/t"
    assert sent.headers["authorization"] == "Bearer t0ken-one"
    assert sent.headers["user-agent"].startswith("NONISV|itpm-sync|")
    assert (sent.headers["if-match"], json.loads(sent.content)) == ('W/"1"', {"title": "x"})


@pytest.mark.parametrize(
    ("ask", "answer", "kind", "times"),
    [
        (READ, error(400), Refused, 1),
        (READ, error(401), Denied, 1),
        (READ, error(403), Denied, 1),
        (READ, error(404), Gone, 1),
        (READ, error(410), Gone, 1),
        (READ, error(500), Retry, 4),
        (READ, error(504), Retry, 4),
        (READ, error(503), Retry, 4),
        (WRITE, error(409), Stale, 1),
        (WRITE, error(412), Stale, 1),
        (CREATE, error(409), Refused, 1),
        (WRITE, error(423), Unavailable, 1),
        (CREATE, error(500), UnknownOutcome, 1),
        (CREATE, error(502), UnknownOutcome, 1),
        (CREATE, error(503), UnknownOutcome, 1),
        (CREATE, error(504), UnknownOutcome, 1),
        (WRITE, error(504), UnknownOutcome, 1),
        (CREATE, error(503, retry_after="1"), Retry, 4),
        (CREATE, error(429, retry_after="1"), Retry, 4),
        (CREATE, error(429), Retry, 4),
        (READ, error(429, retry_after="1200"), Unavailable, 1),
        (READ, httpx.ConnectError("refused"), Retry, 4),
        (CREATE, httpx.ConnectError("refused"), Retry, 4),
        (READ, httpx.ReadTimeout("late"), Retry, 4),
        (CREATE, httpx.ReadTimeout("late"), UnknownOutcome, 1),
        (CREATE, httpx.RemoteProtocolError("gone"), UnknownOutcome, 1),
    ],
)
def test_each_failure_has_its_class(
    call: Any, ask: Ask, answer: Any, kind: type[ItpmError], times: int
) -> None:
    wire = Wire(answer)
    problem = call(wire, ask)
    assert type(problem) is kind or (kind is Retry and isinstance(problem, Retry))
    assert len(wire.sent) == times
    assert ask.what in str(problem)


@pytest.mark.parametrize(
    "content",
    [b"<html>Sign in</html>", b'{"value": [', b"[" * 5000, b"", b"\xff\xfe", b'{"value": NaN}'],
)
def test_what_is_no_whole_json_is_not_the_vendor(call: Any, content: bytes) -> None:
    def page(_: httpx.Request) -> httpx.Response:
        kind = "text/html" if content.startswith(b"<") else "application/json"
        return httpx.Response(200, headers={"content-type": kind}, content=content)

    assert isinstance(call(Wire(page), READ), NotTheVendor)
    assert isinstance(call(Wire(page), CREATE), UnknownOutcome)


def test_a_404_that_is_a_web_page_makes_nothing_look_deleted(call: Any) -> None:
    page = httpx.Response(404, headers={"content-type": "text/html"}, content=b"<html>Proxy</html>")
    assert isinstance(call(Wire(page)), NotTheVendor)


def test_an_answer_that_unpacks_without_end_is_stopped(call: Any) -> None:
    bomb = gzip.compress(b" " * (8 << 20))

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200, headers={**JSON, "content-encoding": "gzip"}, stream=httpx.ByteStream(bomb)
        )

    assert isinstance(call(Wire(answer)), NotTheVendor)


def test_a_packed_answer_is_read(call: Any) -> None:
    packed = gzip.compress(b'{"id": "t"}')

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200, headers={**JSON, "content-encoding": "gzip"}, stream=httpx.ByteStream(packed)
        )

    assert call(Wire(answer)).body == {"id": "t"}


def test_a_limit_is_no_lack_of_permission(call: Any) -> None:
    problem = call(Wire(error(403, "MaximumActiveTasksInProject")), CREATE)
    assert isinstance(problem, Refused)
    assert "unfinished tasks" in str(problem)


def test_the_wait_is_as_long_as_graph_asks(call: Any, clock: Any) -> None:
    reply = call(Wire(error(429, retry_after="7"), ok({"id": "t"})), CREATE)
    assert reply.body == {"id": "t"}
    assert len(clock.slept) == 1
    assert clock.slept[0] >= 7


@pytest.mark.parametrize(
    "location", ["https://evil.example.org/x", "https://graph.microsoft.com/v1.0/other", "/v1.0/other"]
)
def test_a_redirect_is_never_followed(call: Any, location: str) -> None:
    wire = Wire(httpx.Response(302, headers={"location": location}))
    assert isinstance(call(wire), NotTheVendor | Refused)
    assert len(wire.sent) == 1


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example.org/v1.0/planner/plans/p/tasks?page=2",
        "http://graph.microsoft.com/v1.0/planner/plans/p/tasks?page=2",
        "https://graph.microsoft.com:8443/v1.0/planner/plans/p/tasks?page=2",
        "https://graph.microsoft.com@evil.example.org/v1.0/planner",
        "https://x:y@graph.microsoft.com/v1.0/planner",
        "https://graph.microsoft.com.evil.example.org/v1.0/planner",
        "https://graph.microsoft.com/beta/planner",
        "//evil.example.org/v1.0/planner",
        "file:///etc/passwd",
    ],
)
def test_a_next_link_to_elsewhere_is_not_followed(tools: Tools, run: Any, link: str) -> None:
    wire = Wire(ok({"value": [{"id": "1"}], "@odata.nextLink": link}), ok({"value": []}))

    async def work() -> None:
        client = GraphClient(M365Settings(), tools, source=Tokens("t"), wire=httpx.MockTransport(wire))
        try:
            await client.listing(READ)
        finally:
            await client.close()

    with pytest.raises(NotTheVendor):
        run(work())
    assert len(wire.sent) == 1


def test_a_next_link_of_graph_is_followed_to_the_end(tools: Tools, run: Any) -> None:
    after = "https://graph.microsoft.com/v1.0/planner/plans/p/tasks?$skiptoken=1"
    wire = Wire(ok({"value": [{"id": "1"}], "@odata.nextLink": after}), ok({"value": [{"id": "2"}]}))

    async def work() -> list[str]:
        client = GraphClient(M365Settings(), tools, source=Tokens("t"), wire=httpx.MockTransport(wire))
        try:
            return [row["id"] for row in await client.listing(READ)]
        finally:
            await client.close()

    assert run(work()) == ["1", "2"]
    assert str(wire.sent[1].url).endswith("skiptoken=1")


def test_a_listing_without_end_is_given_up(tools: Tools, run: Any) -> None:
    wire = Wire(ok({"value": [{"id": "1"}], "@odata.nextLink": "https://graph.microsoft.com/v1.0/x"}))

    async def work() -> None:
        client = GraphClient(M365Settings(), tools, source=Tokens("t"), wire=httpx.MockTransport(wire))
        try:
            await client.listing(READ)
        finally:
            await client.close()

    with pytest.raises(NotTheVendor, match="again and again"):
        run(work())


def test_a_token_that_ended_is_renewed_once_and_the_call_repeated(call: Any) -> None:
    def judge(request: httpx.Request) -> httpx.Response:
        good = request.headers["authorization"] == "Bearer second-token"
        return (ok({"id": "t"}) if good else error(401))(request)

    tokens = Tokens("first-token", "second-token")
    assert call(Wire(judge), CREATE, tokens).body == {"id": "t"}
    assert tokens.asked == 2


def test_a_token_refused_for_good_is_denied_after_one_renewal(call: Any) -> None:
    wire, tokens = Wire(error(401)), Tokens("only-token")
    assert isinstance(call(wire, CREATE, tokens), Denied)
    assert (len(wire.sent), tokens.asked) == (1, 2)


def test_the_token_is_in_no_message(call: Any) -> None:
    wire = Wire(error(400, "Bad", "you sent Bearer t0ken-one and t0ken-one"))
    problem = call(wire)
    assert "t0ken-one" not in str(problem) + repr(problem)


def test_a_hostile_message_stays_on_one_line(call: Any) -> None:
    problem = call(Wire(error(400, "Bad", "x\nERROR forged\x1b[31m" + "y" * 5000)))
    assert "\n" not in problem.message
    assert "\x1b" not in problem.message
    assert len(problem.message) < 500


def inner(each: str, status: int, body: Any = None, **headers: str) -> dict[str, Any]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"id": each, "status": status, "headers": sent, "body": body or {"id": each}}


def batched(tools: Tools, run: Any, wire: Wire, *asks: Ask) -> Any:
    async def work() -> Any:
        client = GraphClient(M365Settings(), tools, source=Tokens("t"), wire=httpx.MockTransport(wire))
        try:
            return await client.batch(asks)
        finally:
            await client.close()

    return run(work())


def test_only_what_was_throttled_in_a_batch_is_sent_again(tools: Tools, run: Any, clock: Any) -> None:
    error_body = {"error": {"code": "TooManyRequests", "message": "slow"}}
    first = ok({"responses": [inner("1", 429, error_body, Retry_After="9"), inner("0", 200)]})
    wire = Wire(first, ok({"responses": [inner("0", 200, {"id": "second"})]}))
    results = batched(tools, run, wire, READ, CREATE)
    assert [result.body["id"] for result in results] == ["0", "second"]
    again = json.loads(wire.sent[1].content)["requests"]
    assert [(each["method"], each["url"]) for each in again] == [("POST", "/planner/tasks")]
    assert sum(clock.slept) >= 9


def test_an_answer_that_is_missing_in_a_batch_is_unknown_for_a_write(tools: Tools, run: Any) -> None:
    results = batched(tools, run, Wire(ok({"responses": [inner("0", 201)]})), CREATE, CREATE)
    assert isinstance(results[0], Reply)
    assert isinstance(results[1], UnknownOutcome)


def test_a_batch_of_writes_that_got_lost_is_not_repeated(tools: Tools, run: Any) -> None:
    wire = Wire(httpx.ReadTimeout("late"))
    results = batched(tools, run, wire, CREATE, WRITE)
    assert [type(result) for result in results] == [UnknownOutcome, UnknownOutcome]
    assert len(wire.sent) == 1


def test_a_batch_holds_twenty(tools: Tools, run: Any) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)["requests"]
        return ok({"responses": [inner(each["id"], 200, {"id": each["url"]}) for each in asked]})(request)

    wire = Wire(answer)
    asks = [Ask("GET", f"/planner/tasks/{number}", "task") for number in range(45)]
    results = batched(tools, run, wire, *asks)
    assert [result.body["id"] for result in results] == [ask.path for ask in asks]
    assert len(wire.sent) == 3


def test_a_sick_host_is_left_alone_after_a_while(tools: Tools, run: Any) -> None:
    wire = Wire(error(500))

    async def work() -> list[type]:
        client = GraphClient(M365Settings(), tools, source=Tokens("t"), wire=httpx.MockTransport(wire))
        kinds: list[type] = []
        for _ in range(8):
            try:
                await client.send(CREATE)
            except ItpmError as problem:
                kinds.append(type(problem))
        await client.close()
        return kinds

    assert run(work())[-1] is Unavailable
    assert len(wire.sent) == 5
