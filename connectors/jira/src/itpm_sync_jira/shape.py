"""What is known of a Jira project: its fields, issue types, statuses, as far as records need them.

In: Jira's JSON of project, create screens, fields and statuses. Out: a frozen `Shape`, and from it what mappings are
compiled against. Fields of kinds that nobody could map (votes, sprints, app fields) are left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from itpm_sync.connector import ContainerInfo, NativeField

SUMMARY_LIMIT: Final = 255
TEXT_LIMIT: Final = 32_767
CATEGORIES: Final[Mapping[str, str]] = {"new": "todo", "indeterminate": "doing", "done": "done"}
"""Jira's status categories in the canonical words. `undefined` is none of them."""
STATUS_CATEGORY: Final = "statusCategory"


class Kind(StrEnum):
    """How a field's value looks in JSON; also the type that `describe` tells."""

    LINE = "text"
    DOCUMENT = "document"
    DATE = "date"
    DATETIME = "datetime"
    NUMBER = "number"
    OPTION = "option"
    OPTIONS = "options"
    LABELS = "labels"
    PERSON = "person"
    PRIORITY = "priority"
    STATUS = "status"
    CATEGORY = "status category"
    TYPE = "issue type"
    PARENT = "parent"
    LINKS = "links"
    SECONDS = "seconds"


@dataclass(frozen=True, slots=True)
class FieldShape:
    """One field. `id` is its native name."""

    id: str
    title: str
    kind: Kind
    writable: bool
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TypeShape:
    """An issue type; `level` is -1 sub-task, 0, 1 epic, 2 and more above."""

    id: str
    name: str
    level: int


@dataclass(frozen=True, slots=True)
class Shape:
    """A project as it was when looked at."""

    id: str
    key: str
    name: str
    types: Mapping[str, TypeShape]
    fields: Mapping[str, FieldShape]
    link_type: str
    """The name of the link type that stands for finish-to-start."""

    @property
    def wanted(self) -> list[str]:
        """What a request for issues names as fields."""
        return sorted({*self.fields, "project", "updated"} - {STATUS_CATEGORY})

    def type_named(self, name: str) -> TypeShape | None:
        """By id or by name, whatever the case."""
        folded = name.strip().casefold()
        return self.types.get(name) or next(
            (one for one in self.types.values() if one.name.casefold() == folded), None
        )


def shape_of(
    project: Mapping[str, Any],
    screens: Iterable[Mapping[str, Any]],
    fields: Iterable[Mapping[str, Any]],
    statuses: Iterable[Mapping[str, Any]],
    priorities: Iterable[Mapping[str, Any]],
    link_type: str,
) -> Shape:
    """Put a project's parts together. Raises KeyError, TypeError, ValueError where they are not Jira's."""
    on_screen: dict[str, Mapping[str, Any]] = {}
    for entry in screens:
        on_screen.setdefault(str(entry["fieldId"]), entry)
    by_status = {str(s["id"]): s for kind in statuses for s in kind["statuses"]}
    found: dict[str, FieldShape] = {}
    for raw in fields:
        known = _field(raw, on_screen)
        if known is not None:
            found[known.id] = known
    types = {str(t["id"]): TypeShape(str(t["id"]), str(t["name"]), _level(t)) for t in project["issueTypes"]}
    _with_options(found, "issuetype", {one.id: one.name for one in types.values()})
    _with_options(found, "status", {number: str(s["name"]) for number, s in by_status.items()})
    if "priority" in found and not found["priority"].options:
        _with_options(found, "priority", {str(p["id"]): str(p["name"]) for p in priorities})
    categories = {number: _category(status) for number, status in by_status.items()}
    found[STATUS_CATEGORY] = FieldShape(
        STATUS_CATEGORY,
        "Status category",
        Kind.CATEGORY,
        writable=False,
        options={number: category for number, category in categories.items() if category},
    )
    return Shape(str(project["id"]), str(project["key"]), str(project["name"]), types, found, link_type)


def _with_options(found: dict[str, FieldShape], name: str, options: Mapping[str, str]) -> None:
    known = found[name]
    found[name] = FieldShape(known.id, known.title, known.kind, known.writable, options)


def _category(status: Mapping[str, Any]) -> str:
    return CATEGORIES.get(str((status.get("statusCategory") or {}).get("key")), "")


def _level(raw: Mapping[str, Any]) -> int:
    return int(raw.get("hierarchyLevel", -1 if raw.get("subtask") else 0))


_SYSTEM: Final[Mapping[str, tuple[Kind, str]]] = {
    # id: (kind, the field that must be on a screen for it to be written; "" always, "-" never)
    "summary": (Kind.LINE, "summary"),
    "description": (Kind.DOCUMENT, "description"),
    "issuetype": (Kind.TYPE, "issuetype"),
    "status": (Kind.STATUS, ""),
    "priority": (Kind.PRIORITY, "priority"),
    "assignee": (Kind.PERSON, "assignee"),
    "reporter": (Kind.PERSON, "reporter"),
    "labels": (Kind.LABELS, "labels"),
    "duedate": (Kind.DATE, "duedate"),
    "parent": (Kind.PARENT, ""),
    "issuelinks": (Kind.LINKS, ""),
    "timeoriginalestimate": (Kind.SECONDS, "timetracking"),
}
_CUSTOM: Final[Mapping[tuple[str, str], Kind]] = {
    ("date", ""): Kind.DATE,
    ("datetime", ""): Kind.DATETIME,
    ("number", ""): Kind.NUMBER,
    ("option", ""): Kind.OPTION,
    ("array", "option"): Kind.OPTIONS,
    ("array", "string"): Kind.LABELS,
    ("user", ""): Kind.PERSON,
    ("string", ""): Kind.LINE,
}


def _field(raw: Mapping[str, Any], on_screen: Mapping[str, Mapping[str, Any]]) -> FieldShape | None:
    number, title = str(raw["id"]), str(raw["name"])
    if number in _SYSTEM:
        kind, screen = _SYSTEM[number]
        return FieldShape(
            number, title, kind, not screen or screen in on_screen, _options(on_screen.get(number))
        )
    schema = raw.get("schema")
    if number not in on_screen or not isinstance(schema, Mapping):
        return None  # a custom field that this project does not show
    custom = str(schema.get("custom") or "").rpartition(":")[2]
    found = _CUSTOM.get((str(schema.get("type")), str(schema.get("items") or "")))
    if custom == "textarea":
        found = Kind.DOCUMENT
    if found is None:
        return None
    return FieldShape(number, title, found, writable=True, options=_options(on_screen[number]))


def _options(screen: Mapping[str, Any] | None) -> dict[str, str]:
    allowed = (screen or {}).get("allowedValues") or ()
    return {
        str(one["id"]): str(one.get("value") or one.get("name") or "")
        for one in allowed
        if isinstance(one, Mapping) and "id" in one
    }


def info_of(shape: Shape, site: str) -> ContainerInfo:
    """The project as mappings are compiled against it. Names of options are in it, so that a rename is noticed."""
    return ContainerInfo(
        container=shape.key,
        title=shape.name,
        fields=[
            NativeField(known.id, known.title, known.kind.value, known.writable, known.options)
            for known in shape.fields.values()
        ],
        fingerprint=hashlib.sha256(f"jira project {shape.id}".encode()).hexdigest(),
        url=f"{site}/browse/{shape.key}",
        limits={"summary": SUMMARY_LIMIT, "text": TEXT_LIMIT},
    )
