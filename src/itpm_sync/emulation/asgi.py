"""From ASGI to an emulator and back, with the faults that only a connection can have.

In: an emulator. Out: its Starlette application. Resetting a connection needs the socket below, which `server.py`
leaves in the scope; without it (an in-process client) a dropped connection is an exception in the caller.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from email.utils import format_datetime
from typing import Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from itpm_sync.ports import Clock

from .calls import Answer, Call
from .faults import Fault, Harm, When

BODY_LIMIT = 64 * 1024 * 1024
_NO_CONTENT = frozenset({204, 304})


class Served(Protocol):
    """What answers: an `Emulator`."""

    @property
    def clock(self) -> Clock: ...

    def serve_one(self, call: Call) -> tuple[Answer, Fault | None]: ...


def application(emulator: Served) -> Starlette:
    """The emulator as an ASGI application that answers every path."""
    app = Starlette()
    app.mount("/", _Endpoint(emulator))
    return app


class _Endpoint:
    """One ASGI endpoint for every path: emulators have their own router, by method and template."""

    def __init__(self, emulator: Served) -> None:
        self._emulator = emulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        call = await read(scope, receive)
        answer, fault = self._emulator.serve_one(call)
        harm = fault.harm if fault is not None else None
        if fault is not None and harm is Harm.DELAY:
            if await _hung_up(receive, fault.delay):
                return
            harm = Harm.DROP if fault.when is When.BEFORE else None
        if harm is not Harm.DROP:
            now = self._emulator.clock.now()
            await reply(answer, send, head=call.method == "HEAD", cut=harm is Harm.CUT, now=now)
        if harm in (Harm.DROP, Harm.CUT):
            await _abort(scope)


async def read(scope: Scope, receive: Receive) -> Call:
    """The request as the emulator's word for it. Raises ValueError where the body is beyond all reason."""
    request = Request(scope, receive)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise ValueError("the request's body is too long for an emulator")
    raw = scope.get("raw_path") or scope["path"].encode()
    return Call(
        method=request.method,
        path=scope["path"],
        query=tuple(request.query_params.multi_items()),
        headers={key.lower(): value for key, value in request.headers.items()},
        body=bytes(body),
        base=str(request.base_url).rstrip("/"),
        raw_path=raw.decode("latin-1").partition("?")[0],
    )


async def reply(answer: Answer, send: Send, *, head: bool, cut: bool, now: datetime) -> None:
    """Send it. `cut` announces the whole length and sends half; `now` is what the Date header says."""
    content = b"" if answer.status in _NO_CONTENT else answer.content()
    headers = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in answer.headers.items()]
    if answer.media_type and not any(key == b"content-type" for key, _ in headers):
        headers.append((b"content-type", answer.media_type.encode()))
    headers.append((b"date", format_datetime(now, usegmt=True).encode()))
    if answer.status not in _NO_CONTENT:
        headers.append((b"content-length", str(len(content)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    sent = b"" if head else content[: len(content) // 2] if cut else content
    await send({"type": "http.response.body", "body": sent, "more_body": cut})


async def _hung_up(receive: Receive, seconds: float) -> bool:
    """Wait `seconds`, or until the caller hangs up; true where it did."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True


async def _abort(scope: Scope) -> None:
    reset = scope.get("extensions", {}).get("itpm.reset")
    if reset is None:
        raise ConnectionResetError("the emulator was told to drop this connection")
    reset()
    for _ in range(2):  # until the server has seen it, and takes the unfinished answer for what it is
        await asyncio.sleep(0)
