"""What went wrong on the wire, when no answer came.

In: an exception of requests, urllib3, httpx or the standard library (told apart by their names: none is imported
here). Out: a `Trouble`, and from it an error by recovery. Fault catalogue: F01-F03, F14.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from typing import Final

from itpm_sync.errors import ItpmError, Retry, Unavailable
from itpm_sync.kit.answer import Call, Outage, doubtful


class Trouble(Enum):
    """How far the request got."""

    NOT_SENT = auto()
    """Connection refused or not made in time: nothing was processed."""
    NO_HOST = auto()
    """The name does not resolve."""
    NO_TLS = auto()
    """The certificate or the handshake fails."""
    LOST = auto()
    """Sent, perhaps in part; no whole answer came back (time-out, reset, cut body)."""


_NOT_SENT: Final = frozenset(
    {
        "NewConnectionError",
        "ConnectTimeout",
        "ConnectTimeoutError",
        "ConnectError",
        "PoolTimeout",
        "EmptyPoolError",
    }
)
_NO_HOST: Final = frozenset({"NameResolutionError", "LocationParseError", "LocationValueError", "InvalidURL"})
_NO_TLS: Final = frozenset({"SSLError", "CertificateError"})
_LOST: Final = frozenset(
    {
        "ReadTimeout",
        "ReadTimeoutError",
        "ReadError",
        "WriteError",
        "WriteTimeout",
        "CloseError",
        "ProtocolError",
        "RemoteProtocolError",
        "LocalProtocolError",
        "ChunkedEncodingError",
        "ContentDecodingError",
        "DecodeError",
        "DecodingError",
        "IncompleteRead",
        "RemoteDisconnected",
        "BadStatusLine",
        "ConnectionError",
        "Timeout",
        "TimeoutException",
    }
)


def trouble_of(error: BaseException) -> Trouble | None:
    """What the exception says, or None where it is not the wire's. Looks through causes and wrapped reasons.

    The most certain statement wins: a `ConnectionError` around a refused connection is "not sent".
    """
    found = {trouble for link in _chain(error) if (trouble := _one(link)) is not None}
    for trouble in (Trouble.NO_HOST, Trouble.NO_TLS, Trouble.NOT_SENT, Trouble.LOST):
        if trouble in found:
            return trouble
    return None


@contextmanager
def by_recovery(call: Call) -> Iterator[None]:
    """Around an exchange: what a library raises becomes the error of `itpm_sync.errors` that the call failed with.

    Passes on what is one already, and what is not the wire's.
    """
    try:
        yield
    except ItpmError:
        raise
    except Exception as error:
        trouble = trouble_of(error)
        if trouble is None:
            raise
        raise classify_trouble(call, trouble) from None  # the library's text may hold the request, with a key


def classify_trouble(call: Call, trouble: Trouble) -> ItpmError:
    """The error to raise for a call that got no answer."""
    if trouble is Trouble.NO_HOST:
        return Unavailable(
            f"{call.what}: the host's name is not found.", mend="Check the address and the network."
        )
    if trouble is Trouble.NO_TLS:
        return Unavailable(
            f"{call.what}: no trustworthy connection (TLS) to the host.",
            mend="Check the address, the proxy and its certificate; certificates are never left unchecked.",
        )
    if trouble is Trouble.NOT_SENT:
        refused: Retry = Outage(f"{call.what}: the host does not take the connection.", scope=call.scope)
        return refused
    return doubtful(call, "gave no whole answer (time-out or connection lost)")


def _one(error: BaseException) -> Trouble | None:
    if isinstance(error, socket.gaierror):
        return Trouble.NO_HOST
    if isinstance(error, ssl.SSLCertVerificationError):
        return Trouble.NO_TLS
    if isinstance(error, ConnectionRefusedError):
        return Trouble.NOT_SENT
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & _NO_HOST:
        return Trouble.NO_HOST
    if names & _NO_TLS:
        return Trouble.NO_TLS if not _is_late_tls(error) else Trouble.LOST
    if names & _NOT_SENT:
        return Trouble.NOT_SENT
    if names & _LOST or isinstance(error, TimeoutError | ConnectionError):
        return Trouble.LOST
    return None


def _is_late_tls(error: BaseException) -> bool:
    """A TLS connection that broke off after the handshake: the request may have been read."""
    return isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError) or "EOF occurred" in str(error)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException] = [error]
    while waiting and len(seen) < 32:
        link = waiting.pop()
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        inner = [link.__cause__, link.__context__, getattr(link, "reason", None), *link.args]
        waiting.extend(one for one in inner if isinstance(one, BaseException))
