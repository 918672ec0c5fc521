"""What a plan file says, in plain frozen rows, whichever reader read it.

In: nothing. Out: the rows that `read_mpxj` and `mspdi_rows` fill alike, so that the two can be compared. All dates
and times are naive and local to the project; durations are minutes, of working time unless `elapsed`; money is in
the project's currency; percentages are 0-100. None means that the file does not say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

EARLIEST, LATEST = 1900, 9990
"""Years of dates that mean something: tools write the year 1 for no date, and some counting needs room at the end."""


class FileKind(StrEnum):
    """Which reader a file wants, told from its first bytes."""

    MPP = "mpp"
    MSPDI = "mspdi"
    MPX = "mpx"
    XER = "xer"


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time: `minutes`, shown by the file in `unit` (m, h, d, w, mo, y), perhaps only an estimate."""

    minutes: float
    unit: str = "d"
    elapsed: bool = False
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One predecessor. `percent` holds a lag in per cent of the predecessor's duration: only Project can hold it."""

    predecessor: int
    """UID of the predecessor, or of the stand-in that the file holds for a task of another file."""
    type: str = "FS"
    lag: float = 0.0
    elapsed: bool = False
    percent: float | None = None
    external: str = ""
    """Where the predecessor belongs to another file: what this file calls it."""


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """One resource on a task. `units` is per cent of the resource's time; `kind` is work, material or cost."""

    resource: int
    name: str
    mail: str | None = None
    units: float | None = None
    kind: str = "work"
    work: float | None = None
    actual_work: float | None = None
    remaining_work: float | None = None


@dataclass(frozen=True, slots=True)
class BaselineRow:
    """The file's own baseline 0 of a task; never written by this connector."""

    start: datetime | None = None
    finish: datetime | None = None
    duration: Span | None = None
    work: float | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class CustomRow:
    """A custom field of a task: its name in every language (Text1, Number3, …), its alias, its plain value."""

    name: str
    alias: str
    value: str | float | bool | datetime | Span


@dataclass(frozen=True, slots=True)
class ResourceRow:
    """A resource of the plan."""

    uid: int
    name: str
    mail: str | None = None
    kind: str = "work"
    guid: str | None = None
    id: int | None = None


Spans = tuple[tuple[time, time], ...]
"""Working spans of one day; an end of 00:00 is the day's end. Empty: nobody works."""


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """A calendar as it applies: `week` from Monday, inherited days filled in; `exceptions` by day, expanded."""

    uid: int
    name: str
    week: tuple[Spans, ...]
    exceptions: tuple[tuple[date, Spans], ...] = ()
    base: int | None = None


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One task. Blank rows, tasks of other files and the project's own summary (UID 0) are not among them."""

    uid: int
    id: int | None
    guid: str | None
    name: str
    wbs: str
    outline_level: int
    parent: int | None
    """UID of the summary task above, None at the top."""
    summary: bool = False
    milestone: bool = False
    active: bool = True
    manual: bool = False
    start: datetime | None = None
    finish: datetime | None = None
    duration: Span | None = None
    work: float | None = None
    percent: int = 0
    actual_start: datetime | None = None
    actual_finish: datetime | None = None
    actual_duration: float | None = None
    remaining_duration: float | None = None
    actual_work: float | None = None
    remaining_work: float | None = None
    deadline: datetime | None = None
    baseline: BaselineRow = BaselineRow()
    priority: int | None = None
    notes: str = ""
    constraint: str = "ASAP"
    constraint_date: datetime | None = None
    cost: float | None = None
    actual_cost: float | None = None
    remaining_cost: float | None = None
    total_slack: float | None = None
    free_slack: float | None = None
    critical: bool = False
    calendar: int | None = None
    hyperlink: str = ""
    hyperlink_title: str = ""
    links: tuple[LinkRow, ...] = ()
    assignments: tuple[AssignmentRow, ...] = ()
    custom: tuple[CustomRow, ...] = ()


def unique(tasks: Iterable[TaskRow]) -> tuple[tuple[TaskRow, ...], tuple[str, ...]]:
    """The tasks by UID, the first of each; and a warning where a broken file says one twice."""
    found: dict[int, TaskRow] = {}
    doubles = 0
    for task in tasks:
        doubles += task.uid in found
        found.setdefault(task.uid, task)
    said = (f"{doubles} tasks have the unique ID of another one and are left out",) if doubles else ()
    return tuple(found.values()), said


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """What the file says of the whole project."""

    title: str = ""
    name: str = ""
    manager: str = ""
    author: str = ""
    company: str = ""
    guid: str | None = None
    status_date: datetime | None = None
    start: datetime | None = None
    finish: datetime | None = None
    currency: str = ""
    currency_symbol: str = ""
    minutes_per_day: int = 480
    minutes_per_week: int = 2400
    days_per_month: int = 20
    default_start: time = time(8)
    default_finish: time = time(17)
    calendar: int | None = None
    from_start: bool = True
    last_saved: datetime | None = None
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class PlanRows:
    """A plan file, read."""

    kind: FileKind
    project: ProjectRow
    calendars: tuple[CalendarRow, ...] = ()
    resources: tuple[ResourceRow, ...] = ()
    tasks: tuple[TaskRow, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    """Custom fields that the file names itself: (Text1, "Site"), …"""
    warnings: tuple[str, ...] = ()

    def calendar(self) -> CalendarRow | None:
        """The project's own calendar, or the first where the file names none."""
        own = (row for row in self.calendars if row.uid == self.project.calendar)
        return next(own, self.calendars[0] if self.calendars else None)
