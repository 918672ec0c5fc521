"""Calls to Microsoft Graph through the SDK's own request adapter, with raw JSON bodies.

In: `Ask`s. Out: `Reply`s, or the errors of `itpm_sync.errors`. The typed models of the SDK are not used: they lose
nulls, write `due_date_time`, know neither publishing nor patching of pages, and their batches ignore order. Its retry
handler is left out, as it repeats POSTs. Every link is checked against the connection's one origin before it is
followed.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from kiota_abstractions.method import Method
from kiota_abstractions.native_response_handler import NativeResponseHandler
from kiota_abstractions.request_information import RequestInformation
from kiota_http.middleware.options import ResponseHandlerOption
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph_core import GraphClientFactory
from msgraph_core.middleware import GraphTelemetryHandler

from itpm_sync.connector import Tools
from itpm_sync.errors import ItpmError, NotTheVendor, Retry, Unavailable, UnknownOutcome
from itpm_sync.kit.answer import Answer, Call, classify
from itpm_sync.kit.caps import parse_json
from itpm_sync.kit.host import Host
from itpm_sync.kit.paging import PageOf, walk
from itpm_sync.kit.retry import POLICIES
from itpm_sync.kit.retry_after import SUSPEND_BEYOND
from itpm_sync.kit.secret import scrub
from itpm_sync.kit.trouble import by_recovery

from .credentials import Tokens, TokenSource, origin_of, source_of
from .settings import M365Settings
from .transport import CURRENT, guarded, http_client
from .wire import Ask, Json, Reply, error_of, refine

if TYPE_CHECKING:
    import httpx

BATCH = 20
"""Requests of one $batch. Source: json-batching in the Graph reference."""
_SAFE = "/:,!$()'*@-._~"
_QUERY = "/:,!$()'*@-._~="


class _Spent(Retry):
    """A whole batch that was refused for now, and tried again as often as it may be."""


class GraphClient:
    """One application in one tenant. Used in one event loop."""

    def __init__(
        self,
        settings: M365Settings,
        tools: Tools,
        *,
        source: TokenSource | None = None,
        wire: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`source` and `wire` are another way to a token and another network, for tests."""
        self._base = settings.base_url
        self._host = Host(urlsplit(settings.base_url).hostname or "", tools)
        self._tools = tools
        self._tokens = Tokens(source or source_of(settings), settings.base_url, tools.clock)
        self._wire = guarded(settings.base_url, wire, tools.clock.monotonic, reads_only=tools.reads_only)
        self._http = http_client(self._wire, settings.base_url, settings.timeout)
        client = GraphClientFactory.create_with_custom_middleware(
            [GraphTelemetryHandler()], client=self._http
        )
        self._adapter = GraphRequestAdapter(self._tokens, client=client)
        self._adapter.base_url = settings.base_url

    async def close(self) -> None:
        """Let go of connections and the credential."""
        await self._http.aclose()
        await self._wire.aclose()  # the SDK's own transport around it does not pass the closing on
        await self._tokens.close()

    # ── one request ──

    async def send(self, ask: Ask) -> Reply:
        """The answer. Repeats what was refused before it was processed, and reads; never a doubtful write.

        Raises the errors of `itpm_sync.errors`.
        """
        url = self._address(ask)
        call = ask.call(url)

        async def once() -> Reply:
            return self._judged(call, await self._exchange(call, ask, url))

        return await self._host.call(once, scope=ask.scope)

    async def _exchange(self, call: Call, ask: Ask, url: str) -> Answer:
        """Send once; once more where the token was refused and another one can be had (F28)."""
        answer = await self._once(call, ask, url)
        if answer.status == 401 and await self._tokens.renew(self._tokens.current):
            answer = await self._once(call, ask, url)
        return answer

    async def _once(self, call: Call, ask: Ask, url: str) -> Answer:
        request = RequestInformation()
        request.http_method = Method(ask.method)
        request.url = url
        for name, value in ask.headers().items():
            request.headers.add(name, value)
        if ask.body is not None:
            request.content = json.dumps(ask.body, ensure_ascii=False).encode("utf-8", "replace")
        elif ask.content is not None:
            request.content = ask.content
        request.add_request_options([ResponseHandlerOption(NativeResponseHandler())])
        token = CURRENT.set(call)
        try:
            with by_recovery(call):
                response: Any = await self._adapter.send_primitive_async(request, "bytes", {})
        finally:
            CURRENT.reset(token)
        return Answer(response.status_code, dict(response.headers), response.content)

    def _judged(self, call: Call, answer: Answer) -> Reply:
        secrets = [token] if (token := self._tokens.current) else []
        code, message = error_of(answer) if answer.status >= 400 else ("", "")
        detail = scrub(f"{code}: {message}" if code else "", secrets)
        problem = classify(call, answer, now=self._tools.clock.now(), detail=detail)
        if problem is not None:
            raise refine(call, answer, problem)
        body = parse_json(answer.body, call) if answer.body.strip() else {}
        return Reply(answer.status, body if isinstance(body, dict) else {"value": body})

    def _address(self, ask: Ask) -> str:
        """The whole address. Raises NotTheVendor for a link that leaves Graph (F15)."""
        if ask.path.startswith("/"):
            query = "&".join(f"{name}={quote(value, safe=_QUERY)}" for name, value in ask.query.items())
            return f"{self._base}{quote(ask.path, safe=_SAFE + '%')}" + (f"?{query}" if query else "")
        if origin_of(ask.path) != origin_of(self._base) or not ask.path.startswith(f"{self._base}/"):
            host = urlsplit(ask.path).hostname or "nowhere"
            raise NotTheVendor(
                f"{ask.what}: the next page is said to be on {host[:100]}, where no token is ever sent.",
                mend="Check the address of the connection and the proxy.",
            )
        return ask.path

    # ── listings ──

    async def pages(self, ask: Ask) -> AsyncIterator[list[Json]]:
        """The pages of a listing, each row once. Raises NotTheVendor where it does not end or is none."""

        async def fetch(link: str | None) -> PageOf[Json]:
            if link is not None and link.startswith("/"):  # Graph's links are whole; this one names no host
                raise NotTheVendor(f"{ask.what}: the link to the next page is none of Microsoft Graph's.")
            following = Ask("GET", link, ask.what, scope=ask.scope) if link else ask
            body = (await self.send(following)).body
            rows = body.get("value")
            if not isinstance(rows, list) or not all(isinstance(row, dict) and row.get("id") for row in rows):
                raise NotTheVendor(f"{ask.what}: the answer is not a list of Microsoft Graph.")
            after = body.get("@odata.nextLink")
            return PageOf(rows, str(after) if after else None)

        async for page in walk(fetch, lambda row: str(row["id"]), what=ask.what):
            yield list(page.rows)

    async def listing(self, ask: Ask) -> list[Json]:
        """All rows of a listing."""
        return [row async for page in self.pages(ask) for row in page]

    # ── many requests ──

    async def batch(self, asks: Sequence[Ask]) -> list[Reply | ItpmError]:
        """Each one's reply or error, in the order asked; twenty a call, those refused for now once more (F12)."""
        results: list[Reply | ItpmError] = []
        for start in range(0, len(asks), BATCH):
            results += await self._batch(asks[start : start + BATCH])
        return results

    async def _batch(self, asks: Sequence[Ask]) -> list[Reply | ItpmError]:
        results, waited = await self._batch_once(asks), 0.0
        for attempt in range(1, POLICIES[Retry].tries):
            again = [place for place, result in enumerate(results) if isinstance(result, Retry)]
            if not again or any(isinstance(results[place], _Spent) for place in again):
                break
            wait = self._wait([results[place] for place in again], attempt)
            waited += wait
            self._tools.limiter.pause(asks[again[0]].scope, wait)
            if waited > SUSPEND_BEYOND:
                break
            try:
                self._tools.limiter.spend(wait)
            except Unavailable:  # what was answered is answered; the rest is told as refused for now
                break
            await self._tools.clock.sleep(wait)
            fresh = await self._batch_once([asks[place] for place in again])
            for place, result in zip(again, fresh, strict=True):
                results[place] = result
        return results

    def _wait(self, refused: Sequence[Reply | ItpmError], attempt: int) -> float:
        """Seconds: as long as the inner answers ask; no less than a growing, scattered time."""
        asked = max((each.after or 0.0 for each in refused if isinstance(each, Retry)), default=0.0)
        return asked + self._tools.random.uniform(0.0, min(30.0, 2.0**attempt) if not asked else 1.0)

    async def _batch_once(self, asks: Sequence[Ask]) -> list[Reply | ItpmError]:
        outer = Ask(
            "POST",
            "/$batch",
            f"{len(asks)} requests to Microsoft Graph, {asks[0].what} first",
            body={"requests": [_inner(str(place), ask) for place, ask in enumerate(asks)]},
            reads=all(ask.is_read for ask in asks),
            scope=asks[0].scope,
        )
        try:
            responses = (await self.send(outer)).body.get("responses")
        except Retry as error:  # tried again as often as it may be
            return [_Spent(error.message, after=error.after, scope=error.scope, mend=error.mend)] * len(asks)
        except ItpmError as error:
            return [error] * len(asks)
        by_id = (
            {str(r.get("id")): r for r in responses if isinstance(r, dict)}
            if isinstance(responses, list)
            else {}
        )
        return [self._inner_result(ask, by_id.get(str(place))) for place, ask in enumerate(asks)]

    def _inner_result(self, ask: Ask, response: Json | None) -> Reply | ItpmError:
        call = ask.call(self._address(ask))
        if response is None or not isinstance(response.get("status"), int):
            lost = f"{ask.what}: the batch came back without an answer to it."
            return NotTheVendor(lost) if ask.is_read else UnknownOutcome(lost)
        body = response.get("body")
        headers = {str(n): str(v) for n, v in (response.get("headers") or {}).items()}
        kept = {name: value for name, value in headers.items() if name.lower() != "content-type"}
        kind = "application/json" if isinstance(body, dict) else headers.get("Content-Type", "text/plain")
        content = json.dumps(body).encode() if isinstance(body, dict) else str(body or "").encode()
        try:
            return self._judged(call, Answer(response["status"], {**kept, "content-type": kind}, content))
        except ItpmError as error:
            return error


def _inner(place: str, ask: Ask) -> Json:
    query = "&".join(f"{name}={quote(value, safe=_QUERY)}" for name, value in ask.query.items())
    url = quote(ask.path, safe=_SAFE + "%") + (f"?{query}" if query else "")
    made: Json = {"id": place, "method": ask.method, "url": url}
    if ask.body is not None:
        made["body"] = ask.body
    headers = {name: value for name, value in ask.headers().items() if name != "accept"}
    names = {"content-type": "Content-Type", "if-match": "If-Match", "prefer": "Prefer"}
    if headers:
        made["headers"] = {names[name]: value for name, value in headers.items()}
    return made
