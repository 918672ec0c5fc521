"""MPXJ's values as plain Python ones. Used inside the worker process only.

In: objects of the Java machine. Out: datetime, float, text, Span. MPXJ gives a duration in the unit that the file
shows it in; minutes follow from the plan's own hours a day, as in Project.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from itpm_sync_msproject.rows import EARLIEST, LATEST, ProjectRow, Span

MAX_NUMBER = 1e15
Java = Any
"""An object of the Java machine, or None."""

_UNITS = {
    "MINUTES": "m",
    "HOURS": "h",
    "DAYS": "d",
    "WEEKS": "w",
    "MONTHS": "mo",
    "YEARS": "y",
    "PERCENT": "%",
}
_ELAPSED = {"m": 1.0, "h": 60.0, "d": 1440.0, "w": 10080.0, "mo": 43200.0, "y": 525600.0, "%": 1.0}


def moment(value: Java) -> datetime | None:
    """A LocalDateTime: naive, local to the project."""
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(str(value)).replace(microsecond=0)
    except ValueError:  # a year beyond 9999: the file says nonsense
        return None
    return found if EARLIEST <= found.year <= LATEST else None


def day(value: Java) -> date | None:
    """A LocalDate."""
    try:
        found = None if value is None else date.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found is not None and EARLIEST <= found.year <= LATEST else None


def clock(value: Java, default: time) -> time:
    """A LocalTime."""
    return default if value is None else time.fromisoformat(str(value))


def text(value: Java) -> str:
    """Any text, line ends as one newline."""
    return "" if value is None else str(value).replace("\r\n", "\n").replace("\r", "\n")


def number(value: Java) -> float | None:
    """Any number."""
    found = None if value is None else float(value)
    return found if found is not None and abs(found) < MAX_NUMBER else None  # nor infinite, nor no number


def whole(value: Java) -> int | None:
    """Any number, as a whole one."""
    found = number(value)
    return None if found is None else round(found)


def guid(value: Java) -> str | None:
    """A UUID in upper case; the nil one says nothing."""
    shown = "" if value is None else str(value).upper()
    return shown if shown.strip("0-") else None


class Spans:
    """Turns MPXJ durations into spans, by the plan's minutes a day and a week."""

    def __init__(self, project: ProjectRow) -> None:
        day_, week = float(project.minutes_per_day), float(project.minutes_per_week)
        month = day_ * project.days_per_month
        self._working: Mapping[str, float] = {
            "m": 1.0, "h": 60.0, "d": day_, "w": week, "mo": month, "y": 12 * month, "%": 1.0,
        }  # fmt: skip
        self._known: dict[Java, tuple[str, bool]] = {}

    def span(self, value: Java, *, estimated: bool = False) -> Span | None:
        """The span; unit % is a lag in per cent, its minutes then are that number."""
        if value is None:
            return None
        unit, elapsed = self._unit(value.getUnits())
        factor = (_ELAPSED if elapsed else self._working)[unit]
        # Files hold tenths of minutes; MPXJ divided them into the shown unit, which leaves a rounding error.
        minutes = number(float(value.getDuration()) * factor)
        return None if minutes is None else Span(round(minutes, 2), unit, elapsed, estimated)

    def minutes(self, value: Java) -> float | None:
        """The span's minutes alone."""
        span = self.span(value)
        return None if span is None else span.minutes

    def _unit(self, unit: Java) -> tuple[str, bool]:
        name = str(unit.name())
        if name not in self._known:
            elapsed = name.startswith("ELAPSED_")
            self._known[name] = (_UNITS.get(name.removeprefix("ELAPSED_"), "d"), elapsed)
        return self._known[name]
