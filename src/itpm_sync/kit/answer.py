"""An HTTP answer, judged by how to recover from it.

In: what was asked (`Call`) and what came back (`Answer`). Out: None where the answer may be used, else an exception
of `itpm_sync.errors` for the caller to raise. Rules: classes A, B and C of the fault catalogue, F01-F16, F30-F33.

A read (`reads=True`) may be repeated after anything that is not final. A write may not: a PUT sent twice could
undo what a person typed in between, so every doubtful write is an `UnknownOutcome`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from typing import Final
from urllib.parse import urljoin, urlsplit

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
from itpm_sync.kit.retry_after import SUSPEND_BEYOND, retry_after

_DETAIL: Final = 300  # characters of the vendor's own words that go into a message


class Expect(Enum):
    """What a good answer's body is."""

    JSON = auto()
    NOTHING = auto()
    """No body needed (204); a JSON body does no harm, HTML does."""
    BYTES = auto()
    """A file: any content type."""


class Outage(Retry):
    """A `Retry` that speaks of the host's health; the circuit breaker counts it, a quota's 429 it does not."""


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked, in words a PMO analyst understands."""

    what: str
    """The thing, for messages: `Jira issue NET-12`."""
    url: str
    """The whole address that was called."""
    reads: bool
    """True where repeating it can do no harm: GET, and a POST that only searches."""
    expect: Expect = Expect.JSON
    conditional: bool = False
    """An If-Match was sent: then a 409 is a newer revision (Planner)."""
    scope: str = ""
    """What must wait on a 429 that names nothing itself; "" is the whole connection."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `headers` in any case; of the body a start of some 512 bytes is enough."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    def header(self, name: str) -> str | None:
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), None)

    @property
    def date(self) -> datetime | None:
        """What the system's own clock said, with its zone; None where it did not say."""
        try:
            there = parsedate_to_datetime(self.header("date") or "")
        except (TypeError, ValueError):
            return None
        return there if there.tzinfo is not None else None


def classify(
    call: Call, answer: Answer, *, now: datetime, detail: str = "", scope: str | None = None
) -> ItpmError | None:
    """The error that this answer is, or None.

    `detail` is the vendor's own message, taken from the body by the connector and scrubbed by it; `scope` overrides
    the call's where the vendor says which part must wait.
    """
    status = answer.status
    if 200 <= status < 300:
        return _good(call, answer)
    if 300 <= status < 400:
        return None if status == 304 else _redirect(call, answer)
    said = _said(detail)
    if status in (429, 503):
        return _throttled(call, answer, now=now, said=said, scope=call.scope if scope is None else scope)
    if 500 <= status < 600 or status == 408:
        return doubtful(call, f"answered {status}{said}")
    if 400 <= status < 500:
        return _client(call, answer, said)
    return NotTheVendor(f"{call.what}: an answer with the impossible status {status} came back.", mend=_PROXY)


_PROXY: Final = "Check the address of the connection, the proxy and the network sign-in."


def doubtful(call: Call, happened: str) -> ItpmError:
    """Class B: a read may be repeated, of a write nobody knows whether it was done."""
    if call.reads:
        return Outage(f"{call.what}: the system {happened}.", scope=call.scope)
    return UnknownOutcome(
        f"{call.what}: the system {happened}; whether the change was made is read back first."
    )


def _good(call: Call, answer: Answer) -> ItpmError | None:
    if call.expect is Expect.BYTES:
        return None
    if not answer.body.strip():
        if call.expect is Expect.NOTHING or answer.status in (202, 204, 205):
            return None
        return _not_the_vendor(call, "an empty answer")
    return None if is_json(answer) else _not_the_vendor(call, f"{_kind(answer)} with status {answer.status}")


def _not_the_vendor(call: Call, came: str) -> ItpmError:
    # F14 for reads. A write may have been done and only its answer replaced on the way back: F02, read first.
    if call.reads:
        return NotTheVendor(f"{call.what}: {came} came back instead of data.", mend=_PROXY)
    return UnknownOutcome(
        f"{call.what}: {came} came back instead of data; the change is read back first. {_PROXY}"
    )


def _redirect(call: Call, answer: Answer) -> ItpmError:
    target = answer.header("location") or ""
    asked, to = urlsplit(call.url), urlsplit(urljoin(call.url, target))
    if (asked.scheme, asked.netloc.lower()) != (to.scheme, to.netloc.lower()):
        host = to.hostname or "nowhere"
        return NotTheVendor(
            f"{call.what}: {asked.hostname} sends us on to {host}, where no token is ever sent.", mend=_PROXY
        )
    return Refused(
        f"{call.what}: moved to another address on {asked.hostname}.", mend="Correct the base address."
    )


def _throttled(call: Call, answer: Answer, *, now: datetime, said: str, scope: str) -> ItpmError:
    after = retry_after(answer.header("retry-after"), now=now)
    if after is not None and after > SUSPEND_BEYOND:
        return Unavailable(
            f"{call.what}: the system asks us to wait {after / 60:.0f} minutes{said}.",
            after=after,
            scope=scope,
            mend="Its containers sit this run out; the next run tries again.",
        )
    if answer.status == 429:
        return Retry(f"{call.what}: too many calls for the moment{said}.", after=after, scope=scope)
    if after is None:  # 503 that does not say "refused before processing": class B
        return doubtful(call, f"answered 503{said}")
    return Outage(f"{call.what}: the system is busy or under maintenance{said}.", after=after, scope=scope)


def _client(call: Call, answer: Answer, said: str) -> ItpmError:
    status = answer.status
    if status == 401:
        return Denied(
            f"{call.what}: the credential is not accepted{said}.", mend="Renew the token (has it expired?)."
        )
    if status == 403:
        return Denied(
            f"{call.what}: no permission{said}.", mend="Give the service account access, or leave it out."
        )
    if status in (404, 410):
        # A proxy's 404 page must never make an item look deleted.
        if call.expect is not Expect.BYTES and answer.body.strip() and not is_json(answer):
            return _not_the_vendor(call, f"{_kind(answer)} with status {status}")
        return Gone(f"{call.what}: not found there{said}.")
    if status == 412 or (status == 409 and call.conditional):
        return Stale(f"{call.what}: somebody changed it meanwhile{said}.")
    if status == 423:
        return Unavailable(
            f"{call.what}: locked, somebody has it open{said}.", mend="Close it there; we try again."
        )
    if status == 425:
        return Retry(f"{call.what}: too early{said}.", scope=call.scope)
    return Refused(f"{call.what}: refused with {status}{said}.")


def is_json(answer: Answer) -> bool:
    """By the content type, and by the first character: a login page labelled JSON is none."""
    kind = (answer.header("content-type") or "").split(";")[0].strip().lower()
    start = answer.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return (kind == "application/json" or kind.endswith("+json") or kind == "text/json") and start not in (
        b"<",
        b"",
    )


def _kind(answer: Answer) -> str:
    kind = (answer.header("content-type") or "").split(";")[0].strip().lower()
    if answer.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<" or "html" in kind:
        return "a web page (HTML)"
    return f"an answer of the kind {_plain(kind, 60)}" if kind else "an answer of no stated kind"


def _said(detail: str) -> str:
    text = _plain(detail, _DETAIL)
    return f' ("{text}")' if text else ""


def _plain(text: str, limit: int) -> str:
    """One line without control characters, so that a hostile answer cannot forge a log line (F74)."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
