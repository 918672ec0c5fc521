"""One account's HTTP calls: the SDK's session and authentication, our own retries, limits, time-outs and parsing.

In: paths below the base address, queries, JSON bodies. Out: JSON values, or the errors of `errors`. The SDK's typed
rows are not used (they cost time and memory, keep old values on None, and cannot clear a cell), and neither are its
retries (they repeat an addition whose outcome is unknown). Blocking calls run in worker threads.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from itpm_sync.connector import Tools
from itpm_sync.errors import Misconfigured, NotTheVendor, UnknownOutcome
from itpm_sync.kit.answer import Answer, Call
from itpm_sync.kit.caps import Caps, parse_json
from itpm_sync.kit.host import Host
from itpm_sync.kit.secret import Secret, on_the_wire, scrub
from itpm_sync.kit.session import exchange, harden
from itpm_sync.kit.threads import Threads
from itpm_sync.kit.trouble import by_recovery
from itpm_sync.kit.wall import Wall

from .answers import judge
from .settings import SmartsheetSettings

AGENT: Final = "itpm-sync"
HISTORY_COST: Final = 10.0
"""A call of cell history counts as ten."""
_WORKERS: Final = 4
_CAPS: Final = Caps(most_bytes=512 << 20)


class Client:
    """The calls of one connection. `open` before use; safe for concurrent tasks of one event loop."""

    def __init__(self, settings: SmartsheetSettings, tools: Tools) -> None:
        self._settings = settings
        self._tools = tools
        self._host = Host(urlsplit(settings.base).netloc, tools)
        self._threads = Threads(_WORKERS, name="smartsheet")
        self._locks: dict[str, asyncio.Lock] = {}
        self._opening = asyncio.Lock()
        self._sdk: Any = None
        self._again: frozenset[int] = frozenset()
        self.skew = 0.0
        """Seconds that Smartsheet's clock is ahead of ours, by the last answer's Date."""

    async def open(self) -> None:
        """Import the SDK and make its session; nothing is called. Raises Misconfigured where there is no token."""
        async with self._opening:
            if self._sdk is None:
                self._sdk = await self._threads.run(self._make)

    async def close(self) -> None:
        """Let go of session and threads."""
        sdk, self._sdk = self._sdk, None
        if sdk is not None:
            sdk._session.close()
        self._threads.close()

    def writing(self, sheet: str) -> asyncio.Lock:
        """Held while writing to a sheet: Smartsheet takes one write at a time (4004)."""
        return self._locks.setdefault(sheet, asyncio.Lock())

    async def get(
        self, what: str, path: str, query: Mapping[str, str | int] | None = None, *, cost: float = 1.0
    ) -> dict[str, Any]:
        """A JSON object. `what` names the thing in messages. Raises the errors of `errors`."""
        if cost > 1.0:
            await self._tools.limiter.acquire("", cost - 1.0)
        return await self._call(
            Call(what=what, url=self._settings.base + path, reads=True), "GET", path, query
        )

    async def send(
        self,
        method: str,
        what: str,
        path: str,
        body: object = None,
        query: Mapping[str, str | int] | None = None,
        *,
        sheet: str = "",
    ) -> dict[str, Any]:
        """A write's own answer. Repeated only where it was surely not processed; raises UnknownOutcome in doubt."""
        call = Call(
            what=what, url=self._settings.base + path, reads=False, scope=f"sheet/{sheet}" if sheet else ""
        )
        return await self._call(call, method, path, query, body)

    async def _call(
        self,
        call: Call,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None,
        body: object = None,
    ) -> dict[str, Any]:
        await self.open()

        async def once() -> dict[str, Any]:
            with by_recovery(call):
                answer = await self._threads.run(self._exchange, call, method, path, dict(query or {}), body)
            now = self._tools.clock.now()
            if answer.date is not None:
                self.skew = (answer.date - now).total_seconds()
            problem = judge(call, answer, now=now, again=self._again, clean=self._clean)
            if problem is not None:
                raise problem
            return _object(call, parse_json(answer.body, call, caps=_CAPS))

        return await self._host.call(once)

    def _clean(self, text: str) -> str:
        token = self._settings.token
        return scrub(text, [token] if isinstance(token, Secret) else [])

    def _wall(self) -> Wall | None:
        """Every question of ours is a GET: no POST is let through in `mode: read`."""
        base = self._settings.base
        return Wall(urlsplit(base).netloc, base, {}) if self._tools.reads_only else None

    # ── in a worker thread ──

    def _make(self) -> Any:
        import smartsheet
        from smartsheet.smartsheet import OperationErrorResult

        class Once(smartsheet.AbstractUserCalcBackoff):  # type: ignore[misc]
            """The SDK never repeats anything by itself."""

            def calc_backoff(self, *_: object) -> float:
                return -1.0

        token = self._settings.token
        if not isinstance(token, Secret):
            raise Misconfigured(
                f"The Smartsheet token {token} was not fetched.", mend="Point `token` at the secret."
            )
        sdk = smartsheet.Smartsheet(
            access_token=on_the_wire(token, "Smartsheet"),
            max_connections=_WORKERS,
            user_agent=AGENT,
            max_retry_time=Once(),
            api_base=self._settings.base,
        )
        sdk.with_change_agent(AGENT)
        harden(sdk._session, self._wall())
        lookup = OperationErrorResult.error_lookup
        self._again = frozenset(code for code, entry in lookup.items() if entry["should_retry"])
        return sdk

    def _exchange(self, call: Call, method: str, path: str, query: dict[str, Any], body: object) -> Answer:
        from smartsheet import fresh_operation

        operation = fresh_operation(method)
        operation.update(method=method, path=path, query_params=query)
        if body is not None:
            operation["form_data"] = json.dumps(body, separators=(",", ":")).encode()
            operation["header_params"] = {"Content-Type": "application/json"}
        prepared = self._sdk.prepare_request(operation)
        return exchange(
            self._sdk._session,
            prepared,
            call,
            timeout=self._settings.timeout,
            caps=_CAPS,
            now=self._tools.clock.monotonic,
        )


def _object(call: Call, value: object) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    if call.reads:
        raise NotTheVendor(f"{call.what}: the answer is not what Smartsheet gives.", mend="Check the proxy.")
    raise UnknownOutcome(
        f"{call.what}: the answer is not what Smartsheet gives; the change is read back first."
    )
