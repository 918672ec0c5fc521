"""One account's HTTP calls: the `jira` library's session and authentication; our retries, limits, time-outs, parsing.

In: paths below the configured base address, queries, JSON bodies. Out: JSON values, or the errors of `errors`. Not used
of the library: its retries (they repeat a creation whose outcome is unknown), its objects (slow), the `self` addresses
that Jira names (they may lead to another host). Blocking calls run in worker threads.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlsplit

from itpm_sync.connector import Tools
from itpm_sync.errors import Denied, ItpmError, Misconfigured, NotTheVendor
from itpm_sync.kit.answer import Answer, Call, Expect, classify, is_json
from itpm_sync.kit.caps import Caps, parse_json
from itpm_sync.kit.host import Host
from itpm_sync.kit.secret import Secret, on_the_wire, scrub_json
from itpm_sync.kit.session import CONNECT, exchange, harden
from itpm_sync.kit.text import one_line
from itpm_sync.kit.threads import Threads
from itpm_sync.kit.trouble import by_recovery
from itpm_sync.kit.wall import Wall, asks

from .settings import JiraSettings

API: Final = "/rest/api/3"
QUESTIONS: Final = ("/search/jql", "/issue/bulkfetch", "/changelog/bulkfetch")
"""The POSTs that only ask: what may be sent in `mode: read`."""
_CAPS: Final = Caps(most_bytes=256 << 20)
_ERROR_BYTES: Final = 1 << 20
_ERROR_TEXT: Final = 4096
Query = Mapping[str, str | int | bool | Iterable[str]]


class FieldRefusal(ItpmError):
    """Jira's own words of a refusal, by field; the cause of the error of `errors` that is raised."""

    def __init__(
        self, fields: Mapping[str, str], messages: tuple[str, ...], told: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__("; ".join([*messages, *(f"{name}: {says}" for name, says in fields.items())]))
        self.fields = dict(fields)
        self.messages = messages
        self.told = told or {}
        """The whole body, for answers that tell of several elements."""


class Client:
    """The calls of one connection. `open` before use; safe for concurrent tasks of one event loop."""

    def __init__(self, settings: JiraSettings, tools: Tools) -> None:
        self._settings = settings
        self._tools = tools
        self._host = Host(urlsplit(settings.base_url).netloc, tools)
        self._threads = Threads(settings.parallel, name="jira")
        self._opening = asyncio.Lock()
        self._session: Any = None
        self.server_time: datetime | None = None
        """What Jira's clock said in its last answer; its own times are compared with nothing else."""

    async def open(self) -> None:
        """Import the library and make its session; nothing is called. Raises Misconfigured without a token."""
        async with self._opening:
            if self._session is None:
                self._session = await self._threads.run(self._make)

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()
        self._threads.close()

    async def get(self, what: str, path: str, query: Query | None = None, *, scope: str = "") -> Any:
        """A JSON value. `path` is below `/rest/api/3`; `what` names the thing in messages."""
        return await self._call(self._asked(what, path, scope or "GET", reads=True), "GET", path, query)

    async def ask(self, what: str, path: str, body: object, *, scope: str) -> Any:
        """A POST that only reads (search, bulk fetch): repeated like a GET."""
        return await self._call(self._asked(what, path, scope, reads=True), "POST", path, None, body)

    async def send(
        self,
        method: str,
        what: str,
        path: str,
        body: object = None,
        query: Query | None = None,
        *,
        scope: str,
        nothing: bool = False,
    ) -> Any:
        """A write. Repeated only where it was surely not processed; raises UnknownOutcome in doubt.

        `nothing`: an empty answer is right (204). A refusal's cause is a FieldRefusal where Jira named fields.
        """
        expect = Expect.NOTHING if nothing else Expect.JSON
        call = self._asked(what, path, scope, reads=False, expect=expect)
        return await self._call(call, method, path, query, body)

    def _asked(self, what: str, path: str, scope: str, *, reads: bool, expect: Expect = Expect.JSON) -> Call:
        return Call(what, self._settings.base_url + API + path, reads=reads, expect=expect, scope=scope)

    async def _call(
        self, call: Call, method: str, path: str, query: Query | None, body: object = None
    ) -> Any:
        await self.open()

        async def once() -> Any:
            with by_recovery(call):
                answer = await self._threads.run(self._exchange, call, method, query, body)
            self.server_time = answer.date or self.server_time
            if (problem := self._judged(call, answer)) is not None:
                raise problem from self._refusal(answer)
            told = parse_json(answer.body, call, caps=_CAPS) if answer.body.strip() else None
            # of a write's answer, refusals of single elements are shown and kept
            return told if call.reads else scrub_json(told, self._secrets())

        return await self._host.call(once, scope=call.scope)

    def _judged(self, call: Call, answer: Answer) -> ItpmError | None:
        if "AUTHENTICATED_FAILED" in (answer.header("x-seraph-loginreason") or ""):
            # Jira may answer as to a stranger (200 with nothing, 404): that must never look like deleted issues.
            return Denied(
                f"{call.what}: Jira does not accept the account or its API token.",
                mend="Renew the token (it lives a year at most) and check the account's mail address.",
            )
        reason = answer.header("ratelimit-reason") or ""
        scope = "" if "quota" in reason else call.scope
        if "burst" in reason:
            scope = call.scope.partition("/")[0]
        return classify(call, answer, now=self._tools.clock.now(), detail=self._detail(answer), scope=scope)

    def _detail(self, answer: Answer) -> str:
        told = self._refusal(answer)
        return told.message if told is not None else ""

    def _refusal(self, answer: Answer) -> FieldRefusal | None:
        """What Jira itself says is wrong, if it does; without our token, should it stand there."""
        if answer.status < 400 or len(answer.body) > _ERROR_BYTES or not is_json(answer):
            return None
        try:
            told = parse_json(answer.body, Call("Jira", self._settings.base_url, reads=True), caps=_CAPS)
        except ItpmError:
            return None
        return refusal_of(scrub_json(told, self._secrets()))

    def _secrets(self) -> list[Secret]:
        token = self._settings.token
        return [token] if isinstance(token, Secret) else []

    def _wall(self) -> Wall | None:
        if not self._tools.reads_only:
            return None
        base = self._settings.base_url
        return Wall(urlsplit(base).netloc, base, {API + path: asks for path in QUESTIONS})

    # ── in a worker thread ──

    def _make(self) -> Any:
        from jira import JIRA

        token, settings = self._settings.token, self._settings
        if not isinstance(token, Secret):
            raise Misconfigured(
                f"The Jira token {token} was not fetched.", mend="Point `token` at the secret."
            )
        login: dict[str, Any] = (
            {"basic_auth": (settings.email, on_the_wire(token, "Jira"))}
            if settings.email
            else {"token_auth": on_the_wire(token, "Jira")}
        )
        library = JIRA(
            server=settings.base_url,
            options={"rest_api_version": "3", "check_update": False},
            get_server_info=False,
            max_retries=0,
            timeout=(min(CONNECT, settings.timeout), settings.timeout),
            logging=False,
            **login,
        )
        harden(library._session, self._wall())
        return library._session

    def _exchange(self, call: Call, method: str, query: Query | None, body: object) -> Answer:
        from requests import Request

        request = Request(method, call.url, params=_params(query))
        if body is not None:
            request.data = json.dumps(body, separators=(",", ":")).encode()
            request.headers = {"Content-Type": "application/json"}
        # The session's own `request` repeats calls and stumbles over error bodies of an unknown form; prepared by it,
        # a request has the same authentication and headers.
        prepared = self._session.prepare_request(request)
        return exchange(
            self._session,
            prepared,
            call,
            timeout=self._settings.timeout,
            caps=_CAPS,
            now=self._tools.clock.monotonic,
        )


def segment(text: str) -> str:
    """A text as one part of a path; nothing in it can lead elsewhere. Raises NotTheVendor for what is no name."""
    if text in ("", ".", ".."):  # a path of its own, which a library or a proxy would walk
        raise NotTheVendor(f"{text!r} is no name of anything in Jira.")
    return quote(text, safe="")


def _params(query: Query | None) -> list[tuple[str, str]]:
    params: list[tuple[str, str]] = []
    for name, value in (query or {}).items():
        if isinstance(value, bool):
            params.append((name, "true" if value else "false"))
        elif isinstance(value, str | int):
            params.append((name, str(value)))
        else:
            params.extend((name, each) for each in value)
    return params


def refusal_of(told: object) -> FieldRefusal | None:
    """Jira's error collection as an exception; None where the answer is no object."""
    if not isinstance(told, Mapping):
        return None
    errors, messages = told.get("errors"), told.get("errorMessages")
    fields = {str(k): _line(v) for k, v in errors.items()} if isinstance(errors, Mapping) else {}
    listed = [_line(one) for one in messages] if isinstance(messages, list) else []
    if not listed and isinstance(told.get("message"), str):
        listed = [_line(told["message"])]
    return FieldRefusal(fields, tuple(listed), told)


def _line(said: object) -> str:
    return one_line(str(said)[:_ERROR_TEXT])
