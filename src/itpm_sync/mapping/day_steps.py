"""Days: civil, with each tool's own beginning and end of the day read as "no time".

In: ISO text. Out: a model.Day of the project's one zone, and back. Sources: lenses.md (Schedule), counterexamples L1
(civil time is never converted) and L2 (a day as an instant).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import Enum
from typing import Any, Final

from itpm_sync.kit.days import (
    FINISH_EDGES,
    START_EDGES,
    day_of,
    format_instant,
    instant_of,
    parse_day,
    parse_instant,
    parse_local,
)
from itpm_sync.lens import Env, Untranslatable
from itpm_sync.mapping.steps import Step, shown
from itpm_sync.model import Day, Value


class Shape(Enum):
    """What the tool holds of a day."""

    DAY = "day"
    CIVIL = "civil"
    INSTANT = "instant"


class End(Enum):
    """Which end of a span a day is: it decides what "no time" means."""

    START = time(8)
    FINISH = time(17)


_MIDNIGHT: Final = time(0)
_FIRST, _LAST = 1900, 2999
"""Years; what lies outside is a typing error, and its instants cannot be reckoned with in every zone."""


@dataclass(frozen=True, slots=True)
class DayStep(Step):
    """A day in the tool's shape."""

    shape: Shape
    end: End

    @property
    def holds_time(self) -> bool:
        return self.shape is Shape.CIVIL

    def get(self, raw: Any, env: Env) -> Value:
        if raw is None or raw == "":
            return None
        if not isinstance(raw, str):
            raise Untranslatable(f"{shown(raw)} is no date.")
        try:
            day = self._read(raw, env)
        except (ValueError, OverflowError):
            raise Untranslatable(f"{shown(raw)} is no date.", mend="Enter a date, or empty it.") from None
        if not _FIRST <= day.date.year <= _LAST:
            raise Untranslatable(
                f"{shown(raw)} is no date of a project.", mend="Correct the year, or empty it."
            )
        return day

    def _read(self, raw: str, env: Env) -> Day:
        if self.shape is Shape.INSTANT:
            return Day(day_of(parse_instant(raw), env.zone))
        if len(raw) == len("2026-03-08"):
            return Day(parse_day(raw))
        read = self._edge(parse_local(raw))
        return Day(read.date) if self.shape is Shape.DAY else read  # a day may be told with its edge as time

    def _edge(self, local: datetime) -> Day:
        if self.end is End.START:
            return Day(local.date(), None if local.time() in START_EDGES else local.time())
        if local.time() == _MIDNIGHT:
            return Day(
                local.date() - timedelta(days=1)
            )  # ends where that day begins: the day before, inclusive
        return Day(local.date(), None if local.time() in FINISH_EDGES else local.time())

    def put(self, value: Any, env: Env) -> Any:
        if value is None:
            return None
        if self.shape is Shape.INSTANT:
            return format_instant(instant_of(value.date, env.zone))
        if self.shape is Shape.DAY:
            return str(value.date.isoformat())
        clock = value.time.replace(microsecond=0) if value.time else self.end.value
        return datetime.combine(value.date, clock).isoformat(timespec="seconds")
