"""Counting working minutes by a plan's calendar.

In: a CalendarRow. Out: minutes between two moments, and where a day begins and ends. All naive and local to the
project. Resource calendars and splits are not considered: Project itself has the last word when it recalculates.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from itpm_sync_msproject.rows import CalendarRow, PlanRows, Spans

FAR = timedelta(days=36_600)
"""Longer than a century is not counted day by day."""

_FAR_MINUTES = FAR.total_seconds() / 60

_OFFICE: Spans = ((time(8), time(12)), (time(13), time(17)))
STANDARD = CalendarRow(0, "Standard", (_OFFICE,) * 5 + ((), ()))


class WorkingTime:
    """A calendar that counts."""

    def __init__(self, calendar: CalendarRow | None) -> None:
        self._week = (calendar or STANDARD).week
        self._exceptions = dict((calendar or STANDARD).exceptions)

    def spans(self, day: date) -> Spans:
        """The working spans of `day`; empty: nobody works."""
        found = self._exceptions.get(day)
        return self._week[day.weekday()] if found is None else found

    def begin(self, day: date) -> time | None:
        """When work begins that day, None where nobody works."""
        spans = self.spans(day)
        return min(first for first, _ in spans) if spans else None

    def end(self, day: date) -> datetime | None:
        """When work ends that day; the next midnight where it goes on until then. None where nobody works."""
        spans = self.spans(day)
        return max(_moment(day, last, first) for first, last in spans) if spans else None

    def minutes(self, start: datetime, finish: datetime) -> int:
        """Working minutes from `start` to `finish`; 0 where there are none or it is more than a century."""
        if finish <= start or finish - start > FAR:
            return 0
        total, day = timedelta(), start.date()
        while day <= finish.date():
            for first, last in self.spans(day):
                begin = max(start, datetime.combine(day, first))
                total += max(timedelta(), min(finish, _moment(day, last, first)) - begin)
            day += timedelta(days=1)
        return round(total.total_seconds() / 60)

    def after(self, start: datetime, minutes: float) -> datetime:
        """The moment when `minutes` of work are done, begun at `start`; `start` itself for none."""
        left, day = timedelta(minutes=min(minutes, _FAR_MINUTES)), start.date()
        while left > timedelta() and day - start.date() < FAR:
            for first, last in self.spans(day):
                begin, end = max(start, datetime.combine(day, first)), _moment(day, last, first)
                if end - begin >= left:
                    return begin + left
                left -= max(timedelta(), end - begin)
            day += timedelta(days=1)
        return start + left

    def before(self, finish: datetime, minutes: float) -> datetime:
        """The moment from which `minutes` of work last until `finish`."""
        left, day = timedelta(minutes=min(minutes, _FAR_MINUTES)), finish.date()
        while left > timedelta() and finish.date() - day < FAR:
            for first, last in reversed(self.spans(day)):
                begin, end = datetime.combine(day, first), min(finish, _moment(day, last, first))
                if end - begin >= left:
                    return end - left
                left -= max(timedelta(), end - begin)
            day -= timedelta(days=1)
        return finish - left

    def next_work(self, moment: datetime) -> datetime:
        """The moment itself while work goes on, else the next beginning of work."""
        day = moment.date()
        while day - moment.date() < FAR:
            for first, last in self.spans(day):
                if moment < _moment(day, last, first):
                    return max(moment, datetime.combine(day, first))
            day += timedelta(days=1)
        return moment


def _moment(day: date, clock: time, begun: time) -> datetime:
    """A span's end; one at or before its beginning is the next day's."""
    return datetime.combine(day + timedelta(days=1) if clock <= begun else day, clock)


class Calendars:
    """The calendars of one plan, each made to count once."""

    def __init__(self, plan: PlanRows) -> None:
        self._rows = {row.uid: row for row in plan.calendars}
        self._default = plan.calendar()
        self._known: dict[int | None, WorkingTime] = {}

    def of(self, uid: int | None) -> WorkingTime:
        """The calendar of a task: its own, else the project's."""
        if uid not in self._known:
            self._known[uid] = WorkingTime(self._rows.get(uid or 0, self._default))
        return self._known[uid]
