"""Answers of a service that has turned hostile, over real sockets: bounded, refused in words, and no token leaves."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
import time
import zlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from itpm_sync.connector import Connector, Tools
from itpm_sync.errors import ItpmError, NotTheVendor
from itpm_sync.kit.answer import Call
from itpm_sync.kit.caps import parse_json
from itpm_sync.kit.limiter import NoLimit
from itpm_sync.kit.secret import Secret
from itpm_sync.ports import LocalFiles
from itpm_sync.registry import Catalogue, GuardedConnector
from itpm_sync.testing.clocks import ManualClock, MiddleRandom
from itpm_sync.testing.four_tools import CONTAINERS, JIRA, KINDS, PLANNER, SHEETS

TOKEN = "CANARY-4f81c2"
TOOLS = (JIRA, SHEETS, PLANNER)


@dataclass
class Service:
    """Answers every request with what `answer` sends, and remembers what it was asked."""

    answer: Callable[[socket.socket], None]
    asked: list[bytes] = field(default_factory=list)
    sent: int = 0
    port: int = 0

    @contextmanager
    def serving(self) -> Iterator[Service]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
            threading.Thread(target=self._serve, args=(listener,), daemon=True).start()
            yield self
            listener.shutdown(socket.SHUT_RDWR)

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    self.asked.append(connection.recv(1 << 16))
                    self.answer(connection)
                except OSError:
                    continue


def head(status: str = "200 OK", **headers: str) -> bytes:
    named = {"Content-Type": "application/json", "Connection": "close"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode()


def settings(tool: str, base: str) -> Any:
    """Settings that reach `base` with the canary."""
    said: dict[str, dict[str, Any]] = {
        JIRA: {"base_url": base, "email": "bot@example.org", "token": Secret(TOKEN), "timeout": 5},
        SHEETS: {"base_url": base, "token": Secret(TOKEN), "timeout": 5},
        PLANNER: {
            "base_url": f"{base}/v1.0",
            "credential": "token",
            "secret": Secret(TOKEN),
            "timeout": 5,
            "details": "batch",
        },
    }
    return Catalogue().settings_model(KINDS[tool]).model_validate(said[tool])


def connector(tool: str, base: str, clock: ManualClock | None = None) -> Connector:
    tools = Tools(clock or ManualClock(), MiddleRandom(), NoLimit(), LocalFiles())
    return GuardedConnector(Catalogue().connector(KINDS[tool])(tool, settings(tool, base), tools))


def asked(
    tool: str,
    base: str,
    what: Callable[[Connector], Awaitable[Any]] | None = None,
    clock: ManualClock | None = None,
) -> ItpmError:
    """The error that describing the tool's container (or `what`) ends in."""

    async def whole() -> ItpmError:
        made = connector(tool, base, clock)
        try:
            await made.open()
            await (what(made) if what else made.describe(CONTAINERS[tool]))
        except ItpmError as error:
            return error
        finally:
            await made.close()
        raise AssertionError("no error")

    error = asyncio.run(whole())
    assert TOKEN not in str(error) and TOKEN not in repr(error)
    return error


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_a_redirect_takes_no_token_along(tool: str, status: str) -> None:
    with Service(lambda connection: connection.sendall(head() + b"{}")).serving() as thief:
        target = f"http://127.0.0.1:{thief.port}/steal"
        with Service(
            lambda connection: connection.sendall(head(status, Location=target))
        ).serving() as service:
            error = asked(tool, f"http://127.0.0.1:{service.port}")
    assert isinstance(error, NotTheVendor) and "no token is ever sent" in error.message
    assert thief.asked == []
    assert service.asked


def _endless(connection: socket.socket, service: Service) -> None:
    connection.sendall(head(Transfer_Encoding="chunked"))
    part = b"[" + b'"x",' * (1 << 16)
    while True:
        connection.sendall(b"%x\r\n%b\r\n" % (len(part), part))
        service.sent += len(part)


@pytest.mark.parametrize("tool", TOOLS)
def test_a_body_without_end_is_given_up(tool: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cap is 256 MB and more; here it is made small, so that the test is quick."""
    _small_caps(monkeypatch, 1 << 20)
    service = Service(lambda connection: _endless(connection, service))
    with service.serving():
        error = asked(tool, f"http://127.0.0.1:{service.port}")
    assert isinstance(error, NotTheVendor) and "more than 1 MB" in error.message
    assert service.sent < 64 << 20


def _small_caps(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    from itpm_sync.kit import caps

    real = caps.Meter.__init__

    def small(self: Any, call: Any, given: Any, now: Any = None) -> None:
        real(self, call, caps.Caps(most, given.most_ratio, given.most_depth, given.most_seconds), now)

    monkeypatch.setattr(caps.Meter, "__init__", small)


@pytest.mark.parametrize("tool", TOOLS)
def test_a_body_that_trickles_in_for_ever_is_given_up(tool: str) -> None:
    clock = ManualClock()

    def trickle(connection: socket.socket) -> None:
        connection.sendall(head(Transfer_Encoding="chunked"))
        for _ in range(200):
            clock.move(seconds=30)
            connection.sendall(b"1\r\n \r\n")
            time.sleep(0.001)

    with Service(trickle).serving() as service:
        error = asked(tool, f"http://127.0.0.1:{service.port}", clock=clock)
    assert isinstance(error, NotTheVendor) and "does not come to its end" in error.message


def _packed(data: bytes, encoding: str) -> bytes:
    for layer in encoding.split(", "):
        data = gzip.compress(data) if layer == "gzip" else zlib.compress(data)
    return data


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip", "deflate, gzip, deflate"])
def test_a_bomb_is_not_unpacked(tool: str, encoding: str) -> None:
    data = _packed(b'["' + b"x" * 60_000_000 + b'"]', encoding)

    def send(connection: socket.socket) -> None:
        connection.sendall(head(Content_Encoding=encoding, Content_Length=str(len(data))) + data)

    with Service(send).serving() as service:
        began = time.monotonic()
        error = asked(tool, f"http://127.0.0.1:{service.port}")
    assert isinstance(error, NotTheVendor)
    assert "unpacks to a multiple" in error.message or "packed in a way" in error.message
    assert time.monotonic() - began < 5


_BODIES: dict[str, tuple[str, bytes, str]] = {
    "deep": ("200 OK", b"[" * 500_000, "application/json"),
    "deep refusal": ("400 Bad Request", b'{"errors": ' + b"[" * 300_000, "application/json"),
    "web page": ("200 OK", b"<html>" + TOKEN.encode(), "text/html"),
    "web page called JSON": ("200 OK", b"<html>" + TOKEN.encode(), "application/json"),
    "nothing": ("200 OK", b"", "application/json"),
    "no number": ("200 OK", b'{"a": NaN}', "application/json"),
    "no text": ("200 OK", b'{"a": "\xff\xfe"}', "application/json"),
    "null": ("200 OK", b"null", "application/json"),
    "list": ("200 OK", b"[]", "application/json"),
    "number": ("200 OK", b"7", "application/json"),
    "odd object": ("200 OK", b'{"value": 7, "columns": 7, "rows": {}, "responses": 3}', "application/json"),
    "nulls": ("200 OK", b'{"id": null, "value": [null], "columns": [null]}', "application/json"),
    "octets": ("200 OK", b"{}", "application/octet-stream"),
    "gone in HTML": ("404 Not Found", b"<html>", "text/html"),
    "impossible": ("999 Odd", b"{}", "application/json"),
    "forged": ("403 No", b'{"errorMessages": ["a\\r\\nb \\u001b[31m ' + TOKEN.encode() + b'"]}', "application/json"),
}  # fmt: skip


@pytest.mark.parametrize("tool", TOOLS)
def test_an_answer_of_any_form_is_an_error_with_words(tool: str) -> None:
    for name, (status, body, kind) in _BODIES.items():

        def send(connection: socket.socket, given: tuple[str, bytes, str] = (status, body, kind)) -> None:
            status, body, kind = given
            connection.sendall(head(status, Content_Type=kind, Content_Length=str(len(body))) + body)

        with Service(send).serving() as service:
            error = asked(tool, f"http://127.0.0.1:{service.port}")
        assert error.message and error.message.isprintable(), name


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize(
    "after", ["99999999999999999999", "-5", "NaN", "1e999", "Fri, 31 Dec 9999 23:59:59 GMT", "\u00b2"]
)
def test_a_wait_without_end_is_not_waited_for(tool: str, after: str) -> None:
    clock = ManualClock()
    began = clock.monotonic()

    def send(connection: socket.socket) -> None:
        connection.sendall(
            head("429 Too Many", Retry_After=after.encode().decode("latin-1"), Content_Length="2") + b"{}"
        )

    with Service(send).serving() as service:
        asked(tool, f"http://127.0.0.1:{service.port}", clock=clock)
    assert clock.monotonic() - began <= 900 + 4 * 60
    assert len(service.asked) <= 8


def test_ten_times_the_rows_take_about_ten_times_as_long_to_read() -> None:
    row = b'{"id":"%d","fields":{"summary":"Task {[%d]}","labels":["a","b"],"x":{"y":[1,2,{"z":"\\"["}]}}},'

    def cost(count: int) -> float:
        body = b"[" + b"".join(row % (n, n) for n in range(count)) + b"{}]"
        began = time.process_time()
        assert len(parse_json(body, Call("rows", "https://x.test", reads=True))) == count + 1
        return time.process_time() - began

    assert cost(100_000) < 50 * cost(10_000), (
        "not a hundred times: every character is looked at a bounded number of times"
    )


@pytest.mark.parametrize(
    "native", ["..", ".", "../../users", "a/../../b", "x?y=1#z", "%2e%2e", "a\r\nX: y", "\u202e"]
)
@pytest.mark.parametrize("tool", [JIRA, PLANNER])
def test_an_id_leads_nowhere_else(tool: str, native: str) -> None:
    """A record's id is one segment of an address, whatever it holds."""
    with Service(
        lambda connection: connection.sendall(head(Content_Length="2") + b"{}")
    ).serving() as service:
        try:
            asked(tool, f"http://127.0.0.1:{service.port}", lambda made: made.describe(native))
        except AssertionError:
            pass
    for request in service.asked:
        line = request.split(b"\r\n", 1)[0].decode()
        path = line.split(" ")[1].split("?")[0]
        assert ".." not in path.split("/") and "/users" not in path.removeprefix("/v1.0/users"), line
        assert b"\r\nX: y" not in request


_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@pytest.mark.parametrize("tool", TOOLS)
def test_no_proxy_of_the_environment_sees_a_call(tool: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Service(lambda connection: connection.sendall(head() + b"{}")).serving() as proxy:
        for name in _PROXIES:
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("no_proxy", "")
        with Service(lambda connection: connection.sendall(head("403 No") + b"{}")).serving() as service:
            asked(tool, f"http://127.0.0.1:{service.port}")
        assert service.asked and proxy.asked == []


def test_no_proxy_of_the_environment_sees_the_request_for_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        Service(lambda connection: connection.sendall(head() + b"{}")).serving() as proxy,
        Service(lambda connection: connection.sendall(head("400 No") + b"{}")).serving() as identity,
    ):
        for name in _PROXIES:
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("no_proxy", "")
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{identity.port}/token")
        monkeypatch.setenv("IDENTITY_HEADER", "header")
        model = Catalogue().settings_model("m365")
        tools = Tools(ManualClock(), MiddleRandom(), NoLimit(), LocalFiles())

        async def whole() -> None:
            made = Catalogue().connector("m365")("work", model(), tools)
            await made.open()
            try:
                with pytest.raises(ItpmError):
                    await made.describe(CONTAINERS[PLANNER])
            finally:
                await made.close()

        asyncio.run(whole())
        assert identity.asked and proxy.asked == []
