"""The words of an emulator: one request as received, one answer as given, one route between them.

In: nothing. Out: frozen words that a vendor's emulator handles without knowing of ASGI, sockets or faults.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

_ANY = "[^/]+"


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it arrived. `path` is percent-decoded; header names are in lower case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    params: Mapping[str, str] = field(default_factory=dict)
    """What the route's `{names}` matched."""
    person: str = ""
    """Who calls, as `Emulator.authenticate` found; empty before that."""
    base: str = ""
    """The address the caller used, without a path, as in `http://127.0.0.1:8123`."""
    raw_path: str = ""
    """The path before decoding, so that an encoded slash stays inside its segment; empty: `path` holds none."""

    def one(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        return next((value for key, value in self.query if key == name), default)

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a repeated query parameter."""
        return tuple(value for key, value in self.query if key == name)

    def flag(self, name: str) -> bool:
        """A boolean query parameter; absent is false."""
        return self.one(name).lower() == "true"

    def json(self) -> object:
        """The body as JSON, or None where there is none. Raises ValueError where it is not JSON."""
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. A `body` of bytes goes out as it is, None as nothing, anything else as JSON."""

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, separators=(",", ":")).encode("ascii")

    @property
    def media_type(self) -> str:
        """The content type, empty where there is no content."""
        given = next((v for k, v in self.headers.items() if k.lower() == "content-type"), "")
        return given or ("application/json" if self.body is not None else "")


Handler = Callable[[Call], Answer]


class Refusal(Exception):
    """Raised by a handler, at any depth, to give this answer instead of its own."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"answered {answer.status}")
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Received:
    """One line of `Emulator.requests`: what came, and which status went back (0 = the connection was dropped)."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: bytes
    status: int

    def json(self) -> object:
        """The body as JSON, or None where there was none."""
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path template (`/rest/api/3/issue/{id}`) with its handler.

    A name ending in `:path` also matches slashes. Earlier routes win, so fixed paths come before patterns.
    """

    method: str
    template: str
    handler: Handler
    writes: bool | None = None
    """Whether the state is saved after it; None: every method but GET and HEAD. A search by POST says False."""

    @property
    def saves(self) -> bool:
        return self.method not in ("GET", "HEAD") if self.writes is None else self.writes


class Router:
    """Finds the route of a call; the patterns are compiled once."""

    def __init__(self, routes: list[Route]) -> None:
        self._routes = [(pattern(route.template), route) for route in routes]

    def find(self, method: str, raw_path: str) -> tuple[Route, dict[str, str]] | None:
        for compiled, route in self._routes:
            if route.method == method and (match := compiled.fullmatch(raw_path)):
                return route, {name: unquote(value) for name, value in match.groupdict().items()}
        return None

    def methods(self, raw_path: str) -> list[str]:
        """What the path would answer to; empty where nothing lives there."""
        return sorted({route.method for compiled, route in self._routes if compiled.fullmatch(raw_path)})


def pattern(template: str) -> re.Pattern[str]:
    """The regular expression of a path template. Raw (still percent-encoded) paths are matched against it."""
    parts = re.split(r"\{([A-Za-z_][A-Za-z0-9_]*)(:path)?\}", template)
    made = [re.escape(parts[0])]
    for name, deep, literal in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        made.append(f"(?P<{name}>{'.+' if deep else _ANY}){re.escape(literal)}")
    return re.compile("".join(made))
