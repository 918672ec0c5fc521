"""An issue's JSON and the plain values in between.

In: issues as Jira sends them, values to write. Out: records; the `fields` and `update` of a request. Objects become
ids, in both directions; everything else stays as Jira has it.

| kind | value |
|---|---|
| text, date, datetime, number, labels | as it stands; empty is None |
| document | the Atlassian document |
| option, priority, status, issue type | its id; several: list of ids |
| person | `{"account", "mail"}`, the mail only where Jira or `people` told it |
| parent | the parent's id |
| links | predecessors, `{"id", "type": "FS"}` each |
| seconds | the original estimate |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from itpm_sync.connector import Record
from itpm_sync.errors import Refused

from .shape import CATEGORIES, STATUS_CATEGORY, FieldShape, Kind, Shape

FS: Final = "FS"
_ALWAYS: Final = ("summary", "status", "issuetype", "project")


class Unwritable(Refused):
    """The field cannot hold this value; nothing was sent."""


class NoIssue(ValueError):
    """What came is no issue; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Context:
    """What reading an issue needs beside it."""

    shape: Shape
    site: str
    property_key: str
    mails: Mapping[str, str] = field(default_factory=dict)
    """Mail by account, for accounts whose profile hides it and that were found by it."""


def record_of(context: Context, issue: Mapping[str, Any]) -> Record:
    """Raises NoIssue where the JSON is not an issue's."""
    try:
        return _record(context, issue)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NoIssue(
            f"Jira told of this issue in a form that cannot be read ({type(error).__name__})."
        ) from None


def _record(context: Context, issue: Mapping[str, Any]) -> Record:
    number, key, fields = str(int(issue["id"])), str(issue["key"]), issue["fields"]
    if missing := [name for name in _ALWAYS if not fields.get(name)]:
        raise KeyError(missing[0])  # never taken for empty: every issue has them
    values: dict[str, Any] = {}
    for known in context.shape.fields.values():
        if known.id != STATUS_CATEGORY:
            values[known.id] = value_of(context, known, fields.get(known.id))
    category = ((fields.get("status") or {}).get("statusCategory") or {}).get("key")
    values[STATUS_CATEGORY] = CATEGORIES.get(str(category))
    updated = milliseconds(fields["updated"])
    return Record(
        native_id=number,
        revision=revision_of(updated),
        values=values,
        key=key_of(context, issue),
        name=f"{key} {fields.get('summary') or ''}".strip(),
        url=f"{context.site}/browse/{key}",
        edited_at=datetime.fromtimestamp(updated / 1000, UTC),
    )


def key_of(context: Context, issue: Mapping[str, Any]) -> str | None:
    """Our key, out of the entity property. People and apps may write anything there."""
    told = (issue.get("properties") or {}).get(context.property_key)
    key = told.get("key") if isinstance(told, Mapping) else None
    return key if isinstance(key, str) and key else None


def property_of(context: Context, key: str) -> dict[str, Any]:
    """The entity property that carries our key."""
    return {"key": context.property_key, "value": {"key": key}}


def milliseconds(text: str) -> int:
    """Jira's date-time as epoch milliseconds. Raises ValueError for one without a zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a date-time without a zone")
    return round(moment.timestamp() * 1000)


def revision_of(updated: int) -> str:
    """Sorts as text, older first."""
    return f"{updated:015d}"


# ── reading ──


def value_of(context: Context, known: FieldShape, raw: Any) -> Any:
    """The plain value of one field. Raises TypeError, KeyError, ValueError for what it cannot be."""
    if known.kind is Kind.LINKS:
        return [{"id": one, "type": FS} for one in sorted(predecessors(context.shape, raw), key=int)]
    if raw is None or raw == "" or raw == []:
        return [] if known.kind in (Kind.LABELS, Kind.OPTIONS) else None
    return _READ[known.kind](context, raw)


def predecessors(shape: Shape, raw: Any) -> dict[str, str]:
    """The issues that block this one, with the id of each link."""
    found: dict[str, str] = {}
    for link in raw or ():
        if link["type"]["name"] == shape.link_type and "inwardIssue" in link:
            found[str(int(link["inwardIssue"]["id"]))] = str(link["id"])
    return found


def _id(context: Context, raw: Any) -> str:
    return str(raw["id"])


def _plain(context: Context, raw: Any) -> Any:
    if not isinstance(raw, str | int | float) or isinstance(raw, bool):
        raise TypeError("neither text nor number")
    return raw


def _document(context: Context, raw: Any) -> Any:
    if not isinstance(raw, Mapping | str):
        raise TypeError("no document")
    return raw


def _person(context: Context, raw: Any) -> dict[str, Any]:
    account = str(raw["accountId"])
    mail = raw.get("emailAddress") or context.mails.get(account)
    return {"account": account, "mail": str(mail).lower() if mail else None}


def _seconds(context: Context, raw: Any) -> int:
    return int(raw)


_READ: Final[Mapping[Kind, Callable[[Context, Any], Any]]] = {
    Kind.LINE: _plain,
    Kind.DATE: _plain,
    Kind.DATETIME: _plain,
    Kind.NUMBER: _plain,
    Kind.DOCUMENT: _document,
    Kind.OPTION: _id,
    Kind.OPTIONS: lambda context, raw: [str(one["id"]) for one in raw],
    Kind.LABELS: lambda context, raw: sorted(str(one) for one in raw),
    Kind.PERSON: _person,
    Kind.PRIORITY: _id,
    Kind.STATUS: _id,
    Kind.TYPE: _id,
    Kind.PARENT: _id,
    Kind.SECONDS: _seconds,
}


# ── writing ──


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a change asks for, by the call that does it."""

    fields: dict[str, Any]
    """For `fields` of an edit or creation, by native name."""
    names: dict[str, str]
    """Jira's name of a field in requests and errors -> the native name."""
    status: str | None = None
    predecessors: frozenset[str] | None = None
    refused: dict[str, str] = field(default_factory=dict)


def wanted_of(shape: Shape, values: Mapping[str, Any]) -> Wanted:
    """Sort values by call; what cannot be sent is refused with a sentence."""
    fields: dict[str, Any] = {}
    names: dict[str, str] = {}
    refused: dict[str, str] = {}
    status: str | None = None
    before: frozenset[str] | None = None
    for name, value in values.items():
        known = shape.fields.get(name)
        try:
            if known is None:
                raise Unwritable(f"Project {shape.key} has no field {name}.")
            if not known.writable:
                raise Unwritable(
                    f"{known.title} is on no screen of project {shape.key}, or computed by Jira."
                )
            if known.kind is Kind.STATUS:
                status = _status(known, value)
            elif known.kind is Kind.LINKS:
                before = _predecessors(value)
            else:
                told, raw = _WRITE.get(known.kind, _as_it_is)(known, value)
                fields[told], names[told] = raw, name
        except Unwritable as no:
            refused[name] = str(no)
    return Wanted(fields, names, status, before, refused)


Written = tuple[str, Any]


def _as_it_is(known: FieldShape, value: Any) -> Written:
    return known.id, None if value == "" else value


def _by_id(known: FieldShape, value: Any) -> Written:
    if value is None:
        return known.id, None
    wanted = str(value)
    number = wanted if wanted in known.options else _named(known, wanted)
    return known.id, {"id": number}


def _named(known: FieldShape, name: str) -> str:
    for number, option in known.options.items():
        if option.casefold() == name.strip().casefold():
            return number
    raise Unwritable(
        f"{known.title} has no value {name!r} here. It has: {', '.join(known.options.values())}."
    )


def _many_by_id(known: FieldShape, value: Any) -> Written:
    return known.id, [_by_id(known, one)[1] for one in value or ()]


def _to_person(known: FieldShape, value: Any) -> Written:
    account = value.get("account") if isinstance(value, Mapping) else value
    return known.id, {"accountId": account} if account else None


def _labels(known: FieldShape, value: Any) -> Written:
    return known.id, [str(label) for label in value or ()]


def _parent(known: FieldShape, value: Any) -> Written:
    if not value:
        return known.id, None
    return known.id, {"id" if str(value).isdigit() else "key": str(value)}


def _estimate(known: FieldShape, value: Any) -> Written:
    text = "" if value is None else f"{round(float(value) / 60)}m"
    return "timetracking", {"originalEstimate": text}


def _status(known: FieldShape, value: Any) -> str:
    if value is None:
        raise Unwritable("A Jira issue always has a status: it cannot be cleared.")
    wanted = str(value)
    return wanted if wanted in known.options else _named(known, wanted)


def _predecessors(value: Any) -> frozenset[str]:
    found = set()
    for one in value or ():
        if not isinstance(one, Mapping) or str(one.get("type") or FS) != FS:
            raise Unwritable(
                "A Jira link means finish-to-start; another type of dependency has no place in it."
            )
        found.add(str(one["id"]))
    return frozenset(found)


_WRITE: Final[Mapping[Kind, Callable[[FieldShape, Any], Written]]] = {
    Kind.OPTION: _by_id,
    Kind.OPTIONS: _many_by_id,
    Kind.PRIORITY: _by_id,
    Kind.TYPE: _by_id,
    Kind.PERSON: _to_person,
    Kind.LABELS: _labels,
    Kind.PARENT: _parent,
    Kind.SECONDS: _estimate,
}


def edit_body(fields: Mapping[str, Any]) -> dict[str, Any]:
    """`fields` and `update` of an edit: a parent is taken away by a word of its own."""
    if "parent" in fields and fields["parent"] is None:
        rest = {name: value for name, value in fields.items() if name != "parent"}
        return {"fields": rest, "update": {"parent": [{"set": {"none": True}}]}}
    return {"fields": dict(fields)}
