"""One Graph request and one Graph answer, without a server.

In: what a server or a `$batch` body holds. Out: `Call`, `Answer`, and `GraphRefusal` with Graph's error shape.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One request to Graph. `path` is raw (still percent-encoded) and has neither version nor leading slash."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: Any = None
    """Parsed JSON, or bytes for an upload, or None."""
    base: str = "https://graph.microsoft.com/v1.0"
    """Where links in answers point to, with the version, without a trailing slash."""
    actor: str = ""
    """The Entra object id of the person who acts; empty is the application."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. A body of None is an empty body."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class GraphRefusal(Exception):
    """Graph says no. Becomes `{"error": {"code", "message", "innerError"}}` with its status."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def answer(self, now: str) -> Answer:
        inner = {"date": now.removesuffix("Z"), "request-id": "00000000-0000-0000-0000-000000000000"}
        error = {"code": self.code, "message": self.message, "innerError": inner}
        return Answer(self.status, {"error": error}, self.headers)


def bad(message: str, code: str = "BadRequest") -> GraphRefusal:
    """400, the refusal of most malformed requests."""
    return GraphRefusal(400, code, message)


def not_found(message: str = "The requested item is not found.") -> GraphRefusal:
    return GraphRefusal(404, "NotFound", message)


def require_json(call: Call) -> Json:
    """The body as a JSON object, sent as `application/json`; else 400 or 415."""
    kind = call.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise GraphRefusal(415, "UnsupportedMediaType", "The request body must be application/json.")
    if not isinstance(call.body, dict):
        raise bad("A non-empty request body of the type JSON object was expected.")
    return call.body


def allow_query(call: Call, *names: str) -> None:
    """Refuse every query option that this resource does not take."""
    for name in call.query:
        if name not in names:
            raise bad(f"The query option '{name}' is not supported on this resource.")


def selected(entity: Json, query: Mapping[str, str]) -> Json:
    """The entity cut to `$select`; annotations and the id's etag stay, as in Graph."""
    if "$select" not in query:
        return entity
    wanted = {name.strip() for name in query["$select"].split(",")}
    return {name: value for name, value in entity.items() if name in wanted or name.startswith("@")}


_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,7})?)?(Z|[+-]\d\d:\d\d)")


def is_instant(value: object) -> bool:
    """Whether it is an Edm.DateTimeOffset: a date and time *with* an offset or `Z`."""
    return isinstance(value, str) and _INSTANT.fullmatch(value) is not None
