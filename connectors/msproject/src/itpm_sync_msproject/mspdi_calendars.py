"""The calendars of an MSPDI document, and the days that their exceptions fall on.

In: an Mspdi. Out: CalendarRow, with inherited days filled in and recurring exceptions spread over days. Codes:
Microsoft's MSPDI reference (WeekDay/DayType, Exception/Type, DaysOfWeek, MonthItem, MonthPosition).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, time, timedelta

from itpm_sync_msproject.mspdi import Element, Mspdi
from itpm_sync_msproject.rows import EARLIEST, LATEST, CalendarRow, Spans

MAX_EXCEPTION_DAYS = 40_000
_OFFICE: Spans = ((time(8), time(12)), (time(13), time(17)))
_DEFAULT: tuple[Spans, ...] = (_OFFICE,) * 5 + ((), ())
_PYTHON_DAY = {1: 6, 2: 0, 3: 1, 4: 2, 5: 3, 6: 4, 7: 5}
"""DayType (1 Sunday) to weekday (0 Monday)."""


class _Read:
    """One calendar as the file has it: only its own days and exceptions."""

    def __init__(self, doc: Mspdi, element: Element) -> None:
        self.uid = _number(doc.text(element, "UID")) or 0
        self.name = doc.text(element, "Name") or ""
        base = _number(doc.text(element, "BaseCalendarUID"))
        is_base = doc.text(element, "IsBaseCalendar") in {"1", "true"}
        self.base = base if base and base > 0 and not is_base else None
        self.week: dict[int, Spans] = {}
        self.exceptions: dict[date, Spans] = {}
        days = doc.child(element, "WeekDays")
        for one in doc.children(days, "WeekDay") if days is not None else ():
            kind = _number(doc.text(one, "DayType")) or 0
            if kind in _PYTHON_DAY:
                self.week[_PYTHON_DAY[kind]] = _spans(doc, one)
            else:  # Project 2003 keeps exceptions among the week days; later ones repeat them there
                self._except(doc, one)
        group = doc.child(element, "Exceptions")
        for one in doc.children(group, "Exception") if group is not None else ():
            self._except(doc, one)

    def _except(self, doc: Mspdi, element: Element) -> None:
        spans = _spans(doc, element)
        for day in _days(doc, element):
            if len(self.exceptions) >= MAX_EXCEPTION_DAYS:
                return
            self.exceptions[day] = spans


def calendars(doc: Mspdi, default: int | None) -> tuple[CalendarRow, ...]:
    """The base calendars and the project's own (`default`); those of single resources are left out."""
    read = {one.uid: one for one in (_Read(doc, element) for element in doc.listed("Calendars", "Calendar"))}
    return tuple(_row(one, read) for one in read.values() if one.base is None or one.uid == default)


def _row(one: _Read, read: dict[int, _Read]) -> CalendarRow:
    chain = [one]
    while chain[-1].base in read and len(chain) < 10:
        chain.append(read[chain[-1].base or 0])
    week = dict(enumerate(_DEFAULT))
    exceptions: dict[date, Spans] = {}
    for calendar in reversed(chain):  # the calendar's own word comes last and counts
        week |= calendar.week
        exceptions |= calendar.exceptions
    return CalendarRow(
        one.uid, one.name, tuple(week[day] for day in range(7)), tuple(sorted(exceptions.items())), one.base
    )


def _number(text: str | None) -> int | None:
    try:
        return int(text) if text else None
    except ValueError:
        return None


def _spans(doc: Mspdi, element: Element) -> Spans:
    if doc.text(element, "DayWorking") not in {"1", "true"}:
        return ()
    times = doc.child(element, "WorkingTimes")
    found = []
    for one in doc.children(times, "WorkingTime") if times is not None else ():
        try:
            found.append(
                (
                    time.fromisoformat(doc.text(one, "FromTime") or ""),
                    time.fromisoformat(doc.text(one, "ToTime") or ""),
                )
            )
        except ValueError:
            continue
    return tuple(found) or (() if times is not None else _OFFICE)


def _days(doc: Mspdi, element: Element) -> Iterator[date]:
    """The days an exception falls on."""
    period = doc.child(element, "TimePeriod")
    if period is None:
        return
    first, last = _date(doc.text(period, "FromDate")), _date(doc.text(period, "ToDate"))
    if first is None or last is None or (last - first).days > MAX_EXCEPTION_DAYS:
        return
    kind = _number(doc.text(element, "Type")) or 1
    every = max(1, _number(doc.text(element, "Period")) or 1)
    limit = _number(doc.text(element, "Occurrences")) or 0
    by_count = doc.text(element, "EnteredByOccurrences") in {"1", "true"}
    count = 0
    for day in _every_day(first, last):
        if _falls(doc, element, day, first=first, kind=kind, every=every):
            count += 1
            yield day
            if by_count and limit and kind != 1 and count >= limit:
                return


def _every_day(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def _falls(doc: Mspdi, element: Element, day: date, *, first: date, kind: int, every: int) -> bool:
    if kind in {2, 3, 4, 5}:
        return _falls_monthly(doc, element, day, first=first, kind=kind, every=every)
    if kind == 6:
        mask = _number(doc.text(element, "DaysOfWeek")) or 0
        sunday = first - timedelta(days=first.isoweekday() % 7)
        return bool(mask >> (day.isoweekday() % 7) & 1) and (day - sunday).days // 7 % every == 0
    return kind != 7 or (day - first).days % every == 0


def _falls_monthly(doc: Mspdi, element: Element, day: date, *, first: date, kind: int, every: int) -> bool:
    """Yearly (2 by date, 3 by position) and monthly (4 by date, 5 by position)."""
    months = (day.year - first.year) * 12 + day.month - first.month
    if kind in {2, 3}:
        if day.month - 1 != (_number(doc.text(element, "Month")) or 0):
            return False
    elif months % every:
        return False
    if kind in {2, 4}:
        return day.day == (_number(doc.text(element, "MonthDay")) or 0)
    return _at_position(
        day, _number(doc.text(element, "MonthItem")) or 0, _number(doc.text(element, "MonthPosition")) or 0
    )


def _at_position(day: date, item: int, position: int) -> bool:
    """MonthItem: 0 day, 1 weekday, 2 weekend day, 3 Sunday … 9 Saturday. MonthPosition: 0 first … 3 fourth, 4 last."""

    def fits(one: date) -> bool:
        weekend = one.weekday() >= 5
        return (
            item == 0
            or (item == 1 and not weekend)
            or (item == 2 and weekend)
            or item - 3 == one.isoweekday() % 7
        )

    if not fits(day):
        return False
    length = monthrange(day.year, day.month)[1]
    same = [number for number in range(1, length + 1) if fits(day.replace(day=number))]
    wanted = -1 if position == 4 else position
    return wanted < len(same) and same[wanted] == day.day


def _date(text: str | None) -> date | None:
    try:
        found = date.fromisoformat(text[:10]) if text else None
    except ValueError:
        return None
    return found if found is not None and EARLIEST <= found.year <= LATEST else None
