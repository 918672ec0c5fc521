"""The wire below the SDK: one pool of connections, a last look at the host, and caps on what comes back.

In: requests of the SDK's adapter. Out: whole answers, unpacked under caps (F16). No retries, no redirects, no proxies
from the environment: the kit repeats, and a redirect is an answer like any other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Final
from urllib.parse import urlsplit

import httpx

from itpm_sync.errors import NotTheVendor
from itpm_sync.kit.answer import Call
from itpm_sync.kit.caps import ACCEPTED, Caps, check_encoding, collect_async
from itpm_sync.kit.wall import READS, Question, Wall, asks

from .credentials import origin_of

CONNECTIONS = 8
USER_AGENT = "NONISV|itpm-sync|itpm-sync/0.1"
"""SharePoint throttles callers that do not say who they are first. Source: "Avoid getting throttled or blocked"."""
CURRENT: ContextVar[Call] = ContextVar("itpm_m365_call")
"""The call that is on its way in this task, for the messages of the caps."""


def _only_reads(body: bytes) -> bool:
    """Whether a $batch holds nothing but reads."""
    try:
        requests = json.loads(body)["requests"]
        return all(str(request["method"]).upper() in READS for request in requests)
    except (ValueError, LookupError, TypeError, RecursionError):
        return False


QUESTIONS: Final[Mapping[str, Question]] = {"/$batch": _only_reads, "/directoryObjects/getByIds": asks}
"""The POSTs that only ask: what may be sent in `mode: read`."""


class GuardedTransport(httpx.AsyncBaseTransport):
    """Sends only to the one origin of the connection, and reads answers under caps."""

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        base_url: str,
        caps: Caps | None = None,
        now: Callable[[], float] | None = None,
        wall: Wall | None = None,
    ) -> None:
        self._inner, self._origin, self._caps, self._now = inner, origin_of(base_url), caps or Caps(), now
        self._wall = wall

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises NotTheVendor before anything is sent to another host, or beyond a cap; httpx's own errors.

        Denied for a write of a connection that is only read.
        """
        if origin_of(str(request.url)) != self._origin:
            raise NotTheVendor("A request to another host was stopped; no token is ever sent there.")
        if self._wall is not None:
            self._wall.check(request.method, str(request.url), await request.aread(), request.headers)
        call = CURRENT.get(Call(what="Microsoft Graph", url=str(request.url), reads=request.method == "GET"))
        response = await self._inner.handle_async_request(request)
        try:
            check_encoding(response.headers.get("content-encoding"), call)
            body = await collect_async(
                response.aiter_bytes(),
                call,
                caps=self._caps,
                wire=lambda: response.num_bytes_downloaded,
                now=self._now,
            )
        finally:
            await response.aclose()
        unpacked = ("content-encoding", "content-length", "transfer-encoding")
        headers = [
            (name, value) for name, value in response.headers.multi_items() if name.lower() not in unpacked
        ]
        return httpx.Response(response.status_code, headers=headers, content=body, request=request)

    async def aclose(self) -> None:
        await self._inner.aclose()


def guarded(
    base_url: str,
    inner: httpx.AsyncBaseTransport | None = None,
    now: Callable[[], float] | None = None,
    *,
    reads_only: bool = False,
) -> GuardedTransport:
    """The wire of one connection. `inner` is another network, for tests; `now` tells seconds."""
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    wire = inner or httpx.AsyncHTTPTransport(http2=True, limits=limits, retries=0, trust_env=False)
    wall = Wall(urlsplit(base_url).netloc, base_url, QUESTIONS) if reads_only else None
    return GuardedTransport(wire, base_url, now=now, wall=wall)


def http_client(wire: GuardedTransport, base_url: str, timeout: float) -> httpx.AsyncClient:
    """The client that the SDK's adapter uses. `timeout` is in seconds. The wire is to be closed by its maker."""
    return httpx.AsyncClient(
        transport=wire,
        base_url=base_url,
        timeout=httpx.Timeout(timeout, connect=min(30.0, timeout)),
        headers={"user-agent": USER_AGENT, "accept-encoding": ACCEPTED},
        follow_redirects=False,
        trust_env=False,
    )
