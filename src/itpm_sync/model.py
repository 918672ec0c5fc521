"""The canonical model: what an item is, which fields it has, and of which type each value is.

In: nothing. Out: the words for values, fields and groups. All frozen, no I/O. Rules: `docs/` of the design's lenses;
the type and unit of every field stand in FIELDS, once.

None is the canonical *empty* value of every field. "A field" below means a plain field or a whole group
(progress, schedule): one lens, one policy, one agreed version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Kind(StrEnum):
    """What an item is (PMI and PRINCE2 terms)."""

    TASK = "task"
    MILESTONE = "milestone"
    SUMMARY = "summary"
    RISK = "risk"
    ISSUE = "issue"
    CHANGE = "change"
    DECISION = "decision"
    DELIVERABLE = "deliverable"
    ACTION = "action"
    COST_LINE = "cost line"


class Category(StrEnum):
    """The status categories every tool's statuses fall into."""

    TODO = "todo"
    DOING = "doing"
    DONE = "done"
    DROPPED = "dropped"


class Rag(StrEnum):
    """Red, amber, green, and grey where nothing can be said."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    GREY = "grey"


class LinkType(StrEnum):
    """How a successor depends on its predecessor."""

    FS = "FS"
    SS = "SS"
    FF = "FF"
    SF = "SF"


@dataclass(frozen=True, slots=True, order=False)
class Day:
    """A civil day and perhaps a time of day, in the project's one zone. Never an instant, never converted.

    No time means the day's beginning for a start and its end, inclusive, for a finish.
    """

    date: date
    time: time | None = None

    def __str__(self) -> str:
        return f"{self.date.isoformat()}T{self.time.isoformat()}" if self.time else self.date.isoformat()


@dataclass(frozen=True, slots=True)
class Duration:
    """Minutes of working time, or of elapsed time where `elapsed`. May be negative (a lead, as lag)."""

    minutes: int
    elapsed: bool = False


@dataclass(frozen=True, slots=True)
class Assignees:
    """A set of people and the lead among them, or none.

    A person is their mail address in lower case. One a tool knows and we do not is opaque: `tool:id`.
    """

    people: frozenset[str]
    lead: str | None = None


@dataclass(frozen=True, slots=True)
class Dependency:
    """One link to a predecessor; at most one a pair. `predecessor` is an item id, or `tool:id` where opaque."""

    predecessor: str
    type: LinkType = LinkType.FS
    lag: Duration | None = None
    opaque: str | None = None
    """A lag that only its own tool can hold (a percentage), as that tool writes it."""


class BlockKind(StrEnum):
    PARAGRAPH = "paragraph"
    HEADING = "heading"
    ITEM = "item"
    OPAQUE = "opaque"


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a description. `level` is the heading's (1-6) or the list item's depth (0 first).

    An opaque block (a picture, a table, a macro) is held only by the tool named in `tool`; `payload` is its JSON.
    """

    kind: BlockKind
    text: str = ""
    level: int = 0
    ordered: bool = False
    tool: str = ""
    payload: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress group. Law: todo iff no actual start; todo implies 0 %; done iff 100 % iff actual finish;
    actual start <= actual finish; dropped keeps its percent and has no actual finish.

    A part that a tool does not hold is None in that tool's forms. `percent` is 0-100, in doing 0-99.
    """

    category: Category | None = None
    label: str | None = None
    percent: int | None = None
    actual_start: Day | None = None
    actual_finish: Day | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """The schedule group. Law: start <= finish by day, then by time where both have one. `duration` is kept only
    where a date is missing. Deadline and baseline are not in it.
    """

    start: Day | None = None
    finish: Day | None = None
    duration: Duration | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A hyperlink: back to a record, or to a document."""

    url: str
    title: str = ""


Blocks = tuple[Block, ...]
Labels = frozenset[str]
Dependencies = frozenset[Dependency]
Links = frozenset[Link]
Value = (
    None
    | str
    | int
    | bool
    | Decimal
    | Kind
    | Rag
    | Day
    | Duration
    | Assignees
    | Labels
    | Dependencies
    | Links
    | Blocks
    | Progress
    | Schedule
)
"""Every canonical value. Immutable and hashable; equal values are equal objects."""


class Type(StrEnum):
    """The type of a field's value."""

    LINE = "line"  # str: one line, no control characters, not empty
    BLOCKS = "blocks"  # tuple of Block
    KIND = "kind"
    INTEGER = "integer"
    NUMBER = "number"  # Decimal: money in the project's currency, quantities
    FLAG = "flag"
    RAG = "rag"
    DAY = "day"
    DURATION = "duration"
    ASSIGNEES = "assignees"
    LABELS = "labels"
    DEPENDENCIES = "dependencies"
    PARENT = "parent"  # str: item id
    LINKS = "links"
    PROGRESS = "progress"
    SCHEDULE = "schedule"


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field: its type, its unit, the group it belongs to ("" none), and what it says."""

    name: str
    type: Type
    says: str
    unit: str = ""
    parts: tuple[str, ...] = ()
    """For a group: the names its members have in mappings and messages."""
    merges: bool = False
    """Whether policy `merge` is its default (sets by element, text by line)."""


def _catalogue(*specs: FieldSpec) -> Mapping[str, FieldSpec]:
    return MappingProxyType({spec.name: spec for spec in specs})


FIELDS: Mapping[str, FieldSpec] = _catalogue(
    FieldSpec("kind", Type.KIND, "task, milestone, summary, risk, issue, change, …"),
    FieldSpec("title", Type.LINE, "the item's name"),
    FieldSpec(
        "description", Type.BLOCKS, "what is to be done, in paragraphs, headings and list items", merges=True
    ),
    FieldSpec(
        "progress",
        Type.PROGRESS,
        "status category and label, percent complete, actual start and finish",
        parts=("category", "label", "percent", "actual_start", "actual_finish"),
    ),
    FieldSpec("schedule", Type.SCHEDULE, "planned start and finish", parts=("start", "finish", "duration")),
    FieldSpec("deadline", Type.DAY, "the day it must be done by"),
    FieldSpec("promised", Type.DAY, "the day the vendor promised"),
    FieldSpec("need_by", Type.DAY, "the day others need it by"),
    FieldSpec("baseline_start", Type.DAY, "start in the tool's own baseline; never written"),
    FieldSpec("baseline_finish", Type.DAY, "finish in the tool's own baseline; never written"),
    FieldSpec("work", Type.DURATION, "effort", unit="minutes"),
    FieldSpec("manual", Type.FLAG, "manually scheduled"),
    FieldSpec("priority", Type.INTEGER, "higher first", unit="0-1000"),
    FieldSpec("assignees", Type.ASSIGNEES, "people who do it, and the lead among them", merges=True),
    FieldSpec("parent", Type.PARENT, "the summary item it belongs to"),
    FieldSpec("dependencies", Type.DEPENDENCIES, "its predecessors, with type and lag", merges=True),
    FieldSpec("labels", Type.LABELS, "free labels", merges=True),
    FieldSpec("cost_budget", Type.NUMBER, "approved budget", unit="project currency"),
    FieldSpec("cost_actual", Type.NUMBER, "actual cost", unit="project currency"),
    FieldSpec("cost_commitment", Type.NUMBER, "committed, not yet spent", unit="project currency"),
    FieldSpec("cost_forecast", Type.NUMBER, "estimate at completion", unit="project currency"),
    FieldSpec("cost_contingency", Type.NUMBER, "contingency left", unit="project currency"),
    FieldSpec("quantity_planned", Type.NUMBER, "units to install"),
    FieldSpec("quantity_done", Type.NUMBER, "units installed"),
    FieldSpec("site", Type.LINE, "the site it is done at"),
    FieldSpec("gate", Type.LINE, "the readiness gate it belongs to"),
    FieldSpec("gate_mandatory", Type.FLAG, "whether that gate must be passed"),
    FieldSpec("vendor", Type.LINE, "the vendor or contractor who delivers it"),
    FieldSpec("probability", Type.INTEGER, "of a risk", unit="1-5"),
    FieldSpec("impact", Type.INTEGER, "of a risk or issue", unit="1-5"),
    FieldSpec("response", Type.BLOCKS, "what is done about it", merges=True),
    FieldSpec("rag", Type.RAG, "red, amber, green as judged by a person"),
    FieldSpec("rag_reason", Type.LINE, "why it is judged so"),
    FieldSpec("links", Type.LINKS, "links back and to documents", merges=True),
)

CUSTOM = "custom."
"""Prefix of a custom field's name; its value is a LINE."""

_PART_OF = {part: spec.name for spec in FIELDS.values() for part in spec.parts}


def spec_of(name: str) -> FieldSpec:
    """The field or group called `name`. Raises KeyError where there is none."""
    if name.startswith(CUSTOM) and len(name) > len(CUSTOM):
        return FieldSpec(name, Type.LINE, "a custom field")
    return FIELDS[name]


def field_of(part: str) -> str:
    """The name decisions are made under: a group's for one of its parts, else the field's own."""
    return _PART_OF.get(part, part)


@dataclass(frozen=True, slots=True)
class Calendar:
    """A working calendar: working spans by weekday (0 Monday), and exceptions by date (empty: no work)."""

    name: str
    week: tuple[tuple[tuple[time, time], ...], ...] = ((),) * 7
    exceptions: Mapping[date, tuple[tuple[time, time], ...]] = field(default_factory=dict)

    def works(self, day: date) -> bool:
        """Whether anybody works on `day`."""
        spans = self.exceptions.get(day)
        return bool(self.week[day.weekday()] if spans is None else spans)


_OFFICE = ((time(8), time(12)), (time(13), time(17)))
STANDARD = Calendar("Standard", (_OFFICE,) * 5 + ((), ()))
"""Monday to Friday, 8-12 and 13-17, no holidays: MS Project's default."""


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """What is said of a whole project, by the configuration or read off a plan file."""

    id: str
    title: str
    zone: str = "UTC"
    """IANA name of the project's one time zone."""
    manager: str = ""
    sponsor: str = ""
    phase: str = ""
    currency: str = ""
    status_date: date | None = None
    calendar: Calendar = STANDARD


@dataclass(frozen=True, slots=True)
class Item:
    """An item as agreed: what status pages and people read. `values` by field name; absent means empty."""

    id: str
    values: Mapping[str, Any]

    @property
    def kind(self) -> Kind:
        value = self.values.get("kind")
        return value if isinstance(value, Kind) else Kind.TASK

    @property
    def title(self) -> str:
        return self.values.get("title") or "(untitled)"

    @property
    def progress(self) -> Progress:
        return self.values.get("progress") or Progress()

    @property
    def schedule(self) -> Schedule:
        return self.values.get("schedule") or Schedule()


def instant(text: str) -> datetime:
    """An aware datetime from ISO text; a naive one is refused. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone")
    return moment
