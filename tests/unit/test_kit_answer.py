"""Answers and troubles become errors by recovery: the table of classes A, B and C."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest
import requests
import urllib3

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
from itpm_sync.kit.answer import Answer, Call, Expect, Outage, classify
from itpm_sync.kit.caps import Caps, collect, parse_json
from itpm_sync.kit.retry_after import retry_after
from itpm_sync.kit.trouble import Trouble, classify_trouble, trouble_of

NOW = datetime(2026, 3, 8, 12, 0, tzinfo=UTC)
URL = "https://jira.example.org/rest/api/3/issue/1"
READ = Call(what="Jira issue NET-1", url=URL, reads=True, scope="issue")
WRITE = Call(what="Jira issue NET-1", url=URL, reads=False, scope="issue")
JSON = {"Content-Type": "application/json;charset=UTF-8"}
HTML = {"content-type": "text/html"}
PAGE = b"<html><title>Sign in</title>"


def error(
    call: Call, status: int, headers: dict[str, str] = JSON, body: bytes = b'{"x":1}'
) -> ItpmError | None:
    return classify(call, Answer(status, headers, body), now=NOW)


@pytest.mark.parametrize(
    ("status", "read", "write"),
    [
        (200, None, None),
        (204, None, None),
        (304, None, None),
        (400, Refused, Refused),
        (401, Denied, Denied),
        (403, Denied, Denied),
        (404, Gone, Gone),
        (409, Refused, Refused),
        (410, Gone, Gone),
        (412, Stale, Stale),
        (422, Refused, Refused),
        (423, Unavailable, Unavailable),
        (429, Retry, Retry),
        (408, Outage, UnknownOutcome),
        (500, Outage, UnknownOutcome),
        (502, Outage, UnknownOutcome),
        (503, Outage, UnknownOutcome),
        (504, Outage, UnknownOutcome),
        (599, Outage, UnknownOutcome),
        (700, NotTheVendor, NotTheVendor),
    ],
)
def test_statuses(status: int, read: type[ItpmError] | None, write: type[ItpmError] | None) -> None:
    body = b"" if status == 204 else b'{"x":1}'
    for call, kind in ((READ, read), (WRITE, write)):
        found = error(call, status, body=body)
        assert type(found) is (kind or type(None))
        if found is not None:
            assert "NET-1" in str(found)


def test_a_409_of_a_conditional_write_is_a_newer_revision() -> None:
    call = Call(what="Planner task", url=URL, reads=False, conditional=True)
    assert isinstance(error(call, 409), Stale)


def test_busy_with_retry_after_was_not_processed_and_keeps_its_scope() -> None:
    found = classify(WRITE, Answer(503, {**JSON, "retry-after": "7"}), now=NOW)
    assert isinstance(found, Retry) and (found.after, found.scope) == (7.0, "issue")
    found = classify(WRITE, Answer(429, {"Retry-After": "7"}), now=NOW, scope="issue/1")
    assert isinstance(found, Retry) and not isinstance(found, Outage) and found.scope == "issue/1"
    assert isinstance(classify(READ, Answer(429, {"Retry-After": "1847"}), now=NOW), Unavailable)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("5", 5.0),
        ("1.5", 1.5),
        ("0", 1.0),
        ("-3", 1.0),
        ("1000000000", 3600.0),
        ("9" * 400, None),
        ("soon", None),
        ("Sun, 08 Mar 2026 12:01:00 GMT", 60.0),
        ("Sun, 08 Mar 2026 12:01:00 -0000", 60.0),
        ("Sun, 08 Mar 2020 12:01:00 GMT", 1.0),
        ("Sun, 08 Mar 9999 12:01:00 GMT", 3600.0),
        ("Sun, 99 Mar 2026 12:01:00 GMT", None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, now=NOW) == seconds


@pytest.mark.parametrize(
    ("headers", "body"),
    [(HTML, PAGE), (JSON, PAGE), ({}, b"{}"), (JSON, b""), ({"Content-Type": "text/plain"}, b"ok")],
)
def test_what_is_not_json_is_an_outage_never_data(headers: dict[str, str], body: bytes) -> None:
    assert isinstance(error(READ, 200, headers, body), NotTheVendor)
    assert isinstance(error(WRITE, 200, headers, body), UnknownOutcome)  # it may have been done: read back


def test_a_proxys_page_never_makes_an_item_look_deleted() -> None:
    assert isinstance(error(READ, 404, HTML, PAGE), NotTheVendor)
    assert isinstance(error(READ, 410, {}, PAGE), NotTheVendor)
    assert isinstance(error(READ, 404, JSON, b'{"errorMessages":["gone"]}'), Gone)


def test_redirects_are_never_followed() -> None:
    away = error(READ, 302, {"Location": "https://evil.test/x"}, b"")
    assert isinstance(away, NotTheVendor) and "evil.test" in str(away)
    assert isinstance(
        error(READ, 301, {"Location": "http://jira.example.org/x"}, b""), NotTheVendor
    )  # no TLS there
    assert isinstance(error(READ, 301, {"Location": "/elsewhere"}, b""), Refused)


def test_files_may_be_of_any_kind() -> None:
    call = Call(what="plan.mpp", url=URL, reads=True, expect=Expect.BYTES)
    assert error(call, 200, HTML, PAGE) is None
    assert isinstance(error(call, 404, HTML, PAGE), Gone)


def test_the_vendors_words_are_shown_on_one_line_and_short() -> None:
    found = classify(READ, Answer(400, JSON), now=NOW, detail="bad\r\n\x1b[31mfield " + "x" * 5000)
    text = str(found)
    assert "bad [31mfield" in text and "\n" not in text and "\x1b" not in text and len(text) < 500


def raised_by(make: Callable[[], object]) -> BaseException:
    with pytest.raises((requests.RequestException, httpx.HTTPError)) as caught:
        make()
    return caught.value


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def test_a_refused_connection_was_not_sent_with_either_library() -> None:
    url = f"http://127.0.0.1:{closed_port()}/"
    for get in (lambda: requests.get(url, timeout=5), lambda: httpx.get(url, timeout=5)):
        assert trouble_of(raised_by(get)) is Trouble.NOT_SENT


@pytest.mark.parametrize(
    ("exception", "trouble"),
    [
        (requests.ConnectTimeout(), Trouble.NOT_SENT),
        (requests.ReadTimeout(), Trouble.LOST),
        (
            requests.ConnectionError(urllib3.exceptions.ProtocolError("aborted", ConnectionResetError())),
            Trouble.LOST,
        ),
        (requests.exceptions.SSLError(ssl.SSLCertVerificationError()), Trouble.NO_TLS),
        (requests.ConnectionError(socket.gaierror(-2, "unknown")), Trouble.NO_HOST),
        (requests.exceptions.ChunkedEncodingError(), Trouble.LOST),
        (
            requests.exceptions.SSLError(ssl.SSLEOFError(8, "EOF occurred in violation of protocol")),
            Trouble.LOST,
        ),
        (httpx.ConnectTimeout("x"), Trouble.NOT_SENT),
        (httpx.PoolTimeout("x"), Trouble.NOT_SENT),
        (httpx.ReadTimeout("x"), Trouble.LOST),
        (httpx.WriteError("x"), Trouble.LOST),
        (httpx.RemoteProtocolError("x"), Trouble.LOST),
        (TimeoutError(), Trouble.LOST),
        (ConnectionResetError(), Trouble.LOST),
        (KeyError("not the wire's"), None),
    ],
)
def test_troubles(exception: BaseException, trouble: Trouble | None) -> None:
    assert trouble_of(exception) is trouble


def test_troubles_become_errors_by_what_may_have_happened() -> None:
    assert isinstance(classify_trouble(WRITE, Trouble.NOT_SENT), Retry)
    assert isinstance(classify_trouble(WRITE, Trouble.LOST), UnknownOutcome)
    assert isinstance(classify_trouble(READ, Trouble.LOST), Retry)
    assert isinstance(classify_trouble(READ, Trouble.NO_HOST), Unavailable)
    assert isinstance(classify_trouble(READ, Trouble.NO_TLS), Unavailable)


def test_json_is_read_under_caps() -> None:
    assert parse_json(b'{"a": "[[[{\\"", "b": [1]}', READ, caps=Caps(most_depth=2)) == {
        "a": '[[[{"',
        "b": [1],
    }
    with pytest.raises(NotTheVendor, match="deep"):
        parse_json(b'{"a": "]", "b": [[1]]}', READ, caps=Caps(most_depth=2))
    number = b"[" + b"1" * 5000 + b"]"
    for bad in (b'{"a": 1', b"[" * 1_000_000, b'{"a": NaN}', b"\xff\xfe", b'["\\', number, b'"' * 99):
        with pytest.raises(NotTheVendor):
            parse_json(bad, READ)
        with pytest.raises(UnknownOutcome):
            parse_json(bad, WRITE)
    for deep in (b"[" * 100 + b"]" * 100, b"[" * 100, b'{"a":' * 65 + b"1" + b"}" * 65):
        with pytest.raises(NotTheVendor, match="deep"):
            parse_json(deep, READ)


@pytest.mark.parametrize(
    "cut", [b'{"data": [{"id": 1}, {"id": ', b'{"data": ["]"', b'[{"a": [1]}, {"a": ["[', b"[]]"]
)
def test_json_that_was_cut_off_is_not_called_deep(cut: bytes) -> None:
    with pytest.raises(NotTheVendor, match="cannot be read to its end"):
        parse_json(cut, READ)


def test_bodies_are_read_under_caps() -> None:
    assert collect([b"ab", b"c"], READ) == b"abc"
    with pytest.raises(NotTheVendor):
        collect((b"x" * (1 << 20) for _ in range(10**9)), READ, caps=Caps(most_bytes=4 << 20))
    with pytest.raises(UnknownOutcome):  # a gzip bomb: 1 kB on the wire
        collect((b"x" * (1 << 20) for _ in range(10**9)), WRITE, wire=lambda: 1000)
