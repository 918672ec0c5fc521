"""The part of JQL that the emulator understands, refused like the real one where it does not.

In: a query's text. Out: a test of one issue and an order. What is outside the subset is a 400, never ignored.
Dates: epoch milliseconds, or "yyyy-MM-dd HH:mm" read in the caller's profile time zone, to the minute.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from .refusals import bad
from .world import Json, World

Test = Callable[[Json], bool]
_TOKEN = re.compile(
    r"""\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(!=|>=|<=|!~|[=<>~(),])|(cf\[\d+\]|[\w.\-@]+))""",
    re.DOTALL,
)
_CLOCKED = re.compile(r"(\d{4})[-/](\d{2})[-/](\d{2})(?: (\d{2}):(\d{2}))?")
ORDERS_LIMIT = 7


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query."""

    test: Test
    order: tuple[tuple[str, bool], ...]
    """(field, descending)."""


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    quoted: bool = False

    def word(self) -> str:
        return "" if self.quoted else self.text.lower()


def parse(world: World, text: str, zone: str, caller: str) -> Query:
    """Raises Refusal (400) where Jira would, an unbounded query included."""
    return _Parser(world, _tokens(text), zone, caller).query()


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            raise bad(f"Error in the JQL Query: The character '{text[at]}' is a reserved JQL character.")
        double, single, sign, word = match.groups()
        quoted = double if double is not None else single
        if quoted is not None:
            tokens.append(_Token(re.sub(r"\\(.)", r"\1", quoted), quoted=True))
        else:
            tokens.append(_Token(sign or word))
        at = match.end()
    return tokens


class _Parser:
    """Recursive descent: or, and, not, parentheses, clauses; then the order."""

    def __init__(self, world: World, tokens: list[_Token], zone: str, caller: str) -> None:
        self.world, self.tokens, self.zone, self.caller, self.at = world, tokens, zone, caller, 0

    def query(self) -> Query:
        if not self.tokens or self._peek() == "order":
            raise bad(
                "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
            )
        test = self._or()
        order = self._order() if self._peek() == "order" else ()
        if self.at < len(self.tokens):
            raise self._error()
        return Query(test, order)

    def _peek(self) -> str:
        return self.tokens[self.at].word() if self.at < len(self.tokens) else ""

    def _next(self) -> _Token:
        if self.at >= len(self.tokens):
            raise bad("Error in the JQL Query: Expecting a value but found the end of the query.")
        self.at += 1
        return self.tokens[self.at - 1]

    def _take(self, word: str) -> bool:
        if self._peek() == word:
            self.at += 1
            return True
        return False

    def _error(self) -> Exception:
        found = self.tokens[min(self.at, len(self.tokens) - 1)].text
        return bad(f"Error in the JQL Query: Unexpected '{found}'.")

    def _or(self) -> Test:
        tests = [self._and()]
        while self._take("or"):
            tests.append(self._and())
        return lambda issue: any(test(issue) for test in tests)

    def _and(self) -> Test:
        tests = [self._not()]
        while self._take("and"):
            tests.append(self._not())
        return lambda issue: all(test(issue) for test in tests)

    def _not(self) -> Test:
        if self._take("not"):
            test = self._not()
            return lambda issue: not test(issue)
        if self._take("("):
            inner = self._or()
            if not self._take(")"):
                raise self._error()
            return inner
        return self._clause()

    def _clause(self) -> Test:
        name = self._next()
        field = _FIELDS.get(name.text.lower())
        if field is None:
            raise bad(f"Field '{name.text}' does not exist or you do not have permission to view it.")
        if self._peek() in ("is", "in", "not"):
            return self._words(name.text, field)
        sign = self._next().text
        if sign not in ("=", "!=", ">", ">=", "<", "<="):
            raise bad(f"The operator '{sign}' is not supported by the '{name.text}' field.")
        wanted = self._value(name.text, field)
        return lambda issue: _compare(field.read(self.world, issue), sign, wanted)

    def _words(self, name: str, field: _Field) -> Test:
        if self._take("is"):
            negative = self._take("not")
            if not (self._take("empty") or self._take("null")):
                raise self._error()
            return lambda issue: (not field.read(self.world, issue)) is not negative
        negative = self._take("not")
        if not self._take("in") or not self._take("("):
            raise self._error()
        wanted = [self._value(name, field)]
        while self._take(","):
            wanted.append(self._value(name, field))
        if not self._take(")"):
            raise self._error()
        return lambda issue: (
            any(_compare(field.read(self.world, issue), "=", one) for one in wanted) is not negative
        )

    def _value(self, name: str, field: _Field) -> Any:
        token = self._next()
        if token.word() == "currentuser":
            if not (self._take("(") and self._take(")")):
                raise self._error()
            return self.caller
        if field.date:
            return self._date(name, token.text)
        return field.resolve(self.world, token.text)

    def _date(self, name: str, text: str) -> int:
        if re.fullmatch(r"-?\d+", text):
            return int(text)
        match = _CLOCKED.fullmatch(text)
        if match is None:
            raise bad(
                f"Date value '{text}' for field '{name}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
                "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
            )
        year, month, day, hour, minute = (int(part or 0) for part in match.groups())
        at = datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(self.zone))
        return int(at.timestamp() * 1000)

    def _order(self) -> tuple[tuple[str, bool], ...]:
        self._take("order")
        if not self._take("by"):
            raise self._error()
        order: list[tuple[str, bool]] = []
        while True:
            name = self._next().text.lower()
            if name not in _FIELDS:
                raise bad(f"Field '{name}' does not exist or you do not have permission to view it.")
            order.append((name, self._take("desc")))
            self._take("asc")
            if not self._take(","):
                break
        if len(order) > ORDERS_LIMIT:
            raise bad(f"The maximum of {ORDERS_LIMIT} fields to sort by has been exceeded.")
        return tuple(order)


def sort_key(world: World, query: Query, issue: Json) -> list[Any]:
    """What the issue is ordered by, ending in its id; descending numbers are negated."""
    key: list[Any] = []
    for name, descending in query.order:
        value = _FIELDS[name].order(world, issue)
        key.append(-value if descending else value)
    return [*key, int(issue["id"])]


@dataclass(frozen=True, slots=True)
class _Field:
    read: Callable[[World, Json], Any]
    resolve: Callable[[World, str], Any] = lambda world, text: text
    date: bool = False

    def order(self, world: World, issue: Json) -> int:
        """Only what is a number can be sorted by here."""
        value = self.read(world, issue)
        if isinstance(value, list):
            value = value[0]
        text = str(value or 0).rpartition("-")[2]
        return int(text) if text.isdigit() else 0


_SIGNS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


def _compare(value: Any, sign: str, wanted: Any) -> bool:
    if sign in ("=", "!="):
        equal = wanted in value if isinstance(value, list) else value == wanted
        return equal is (sign == "=")
    if value is None:
        return False
    return bool(_SIGNS[sign](value, wanted))


def _project(world: World, text: str) -> str:
    for project in world.data["projects"].values():
        if text.lower() in (project["key"].lower(), project["id"], project["name"].lower()):
            return str(project["id"])
    raise bad(f"The value '{text}' does not exist for the field 'project'.")


def _issue(world: World, text: str) -> str:
    issue = world.any_issue(text)
    if issue is None or issue["hidden"]:
        raise bad(f"An issue with key '{text}' does not exist for field 'key'.")
    return str(issue["id"])


def _named(store: str, field: str) -> Callable[[World, str], str]:
    def resolve(world: World, text: str) -> str:
        entries = world.data[store]
        for entry in entries.values() if isinstance(entries, dict) else entries:
            if text.lower() == entry["name"].lower() or text == entry["id"]:
                return str(entry["id"])
        raise bad(f"The value '{text}' does not exist for the field '{field}'.")

    return resolve


def _stored(name: str) -> Callable[[World, Json], Any]:
    return lambda world, issue: issue["fields"].get(name)


_KEY = _Field(lambda world, issue: issue["id"], _issue)
_FIELDS: dict[str, _Field] = {
    "project": _Field(lambda world, issue: issue["project"], _project),
    "key": _KEY,
    "issuekey": _KEY,
    "id": _KEY,
    "issue": _KEY,
    "issuetype": _Field(_stored("issuetype"), _named("types", "issuetype")),
    "status": _Field(_stored("status"), _named("statuses", "status")),
    "priority": _Field(_stored("priority"), _named("priorities", "priority")),
    "assignee": _Field(_stored("assignee")),
    "reporter": _Field(_stored("reporter")),
    "creator": _Field(lambda world, issue: issue["creator"]),
    "parent": _Field(_stored("parent"), _issue),
    "labels": _Field(lambda world, issue: issue["fields"].get("labels") or []),
    "created": _Field(lambda world, issue: issue["created"], date=True),
    "updated": _Field(lambda world, issue: issue["updated"], date=True),
}
