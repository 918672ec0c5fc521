"""The calendars of a plan that MPXJ has read. Used inside the worker process only.

In: MPXJ's ProjectFile. Out: CalendarRow, with inherited days filled in and recurring exceptions spread over days.
Calendars of single resources are left out: they are many, and no date of the model depends on them.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

from jpype import JClass

from itpm_sync_msproject.java_values import day, text, whole
from itpm_sync_msproject.rows import CalendarRow, Spans

MAX_EXCEPTION_DAYS = 40_000
"""A century of single days: more is a file that wants to exhaust us."""


def calendars(plan: Any) -> tuple[CalendarRow, ...]:
    """The base calendars and the project's own."""
    default = plan.getProjectProperties().getDefaultCalendarUniqueID()
    days = JClass("java.time.DayOfWeek").values()
    return tuple(
        _calendar(one, days)
        for one in plan.getCalendars()
        if one.getParent() is None or one.getUniqueID() == default
    )


def _calendar(calendar: Any, days: Any) -> CalendarRow:
    base = calendar.getParent()
    return CalendarRow(
        uid=int(calendar.getUniqueID()),
        name=text(calendar.getName()),
        week=tuple(_spans(calendar.getHours(one)) for one in days),
        exceptions=_exceptions(calendar),
        base=whole(base.getUniqueID()) if base is not None else None,
    )


def _spans(hours: Any) -> Spans:
    return tuple(
        (time.fromisoformat(str(one.getStart())), time.fromisoformat(str(one.getEnd())))
        for one in (hours if hours is not None else ())
        if one.getStart() is not None and one.getEnd() is not None
    )


def _exceptions(calendar: Any) -> tuple[tuple[date, Spans], ...]:
    chain: list[Any] = []
    while calendar is not None and len(chain) < 10:
        chain.append(calendar)
        calendar = calendar.getParent()
    found: dict[date, Spans] = {}
    for one in reversed(chain):  # the calendar's own word comes last and counts
        for exception in one.getExpandedCalendarExceptionsWithWorkWeeks():
            _spread(found, exception)
    return tuple(sorted(found.items()))


def _spread(found: dict[date, Spans], exception: Any) -> None:
    first, last = day(exception.getFromDate()), day(exception.getToDate())
    if first is None or last is None:
        return
    spans = _spans(exception)
    for number in range(min((last - first).days + 1, MAX_EXCEPTION_DAYS)):
        if len(found) >= MAX_EXCEPTION_DAYS:
            return
        found[first + timedelta(days=number)] = spans
