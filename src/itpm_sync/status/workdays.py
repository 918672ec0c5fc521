"""Working-day arithmetic by a project's calendar.

In: a `model.Calendar` and civil dates. Out: signed counts of working days and the date so many of them away. Any
date of the Python calendar is taken; nothing loops over more than a few weeks' days.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, timedelta
from math import ceil

from itpm_sync.model import STANDARD, Calendar, Duration

_DAY = timedelta(days=1)


class WorkingDays:
    """The working days of one calendar. A calendar on which nobody ever works counts as Monday to Friday."""

    def __init__(self, calendar: Calendar) -> None:
        self.assumed = not any(calendar.week)
        """Whether the calendar had no working weekday, so that Monday to Friday was assumed."""
        self._calendar = STANDARD if self.assumed else calendar
        self._week = [bool(spans) for spans in self._calendar.week]
        self._odd = sorted(
            day.toordinal()
            for day, spans in self._calendar.exceptions.items()
            if bool(spans) != self._week[day.weekday()]
        )
        self._sums = [0]
        for ordinal in self._odd:
            plain = self._week[date.fromordinal(ordinal).weekday()]
            self._sums.append(self._sums[-1] + (-1 if plain else 1))

    def works(self, day: date) -> bool:
        """Whether `day` is a working day."""
        return self._calendar.works(day)

    def between(self, first: date, last: date) -> int:
        """Working days after `first` up to and with `last`; negative where `last` comes before `first`."""
        return self._until(last.toordinal()) - self._until(first.toordinal())

    def after(self, day: date, count: int) -> date:
        """The `count`th working day after `day`; the last date there is, where the calendar ends before that."""
        target = self._until(day.toordinal()) + count
        low, high = day.toordinal(), date.max.toordinal()
        while low < high:  # the first day by which `target` working days have passed
            middle = (low + high) // 2
            if self._until(middle) >= target:
                high = middle
            else:
                low = middle + 1
        return date.fromordinal(low)

    def finish_of(self, start: date, span: Duration) -> date:
        """The day on which work of `span` that begins on `start` ends, by whole days."""
        if span.minutes <= 0:
            return start
        if span.elapsed:
            days = min(ceil(span.minutes / 1440) - 1, (date.max - start).days)
            return start + days * _DAY
        days = ceil(span.minutes / self._minutes_a_day())
        return self.after(start, days - 1 if self.works(start) else days)

    def _minutes_a_day(self) -> int:
        sums = [
            sum((end.hour - begin.hour) * 60 + end.minute - begin.minute for begin, end in spans)
            for spans in self._calendar.week
        ]
        longest = max(sums)
        return longest if longest > 0 else 480  # spans that run through midnight

    def _until(self, ordinal: int) -> int:
        """Working days from the beginning of the calendar up to and with `ordinal` (1 is a Monday)."""
        weeks, rest = divmod(ordinal, 7)
        plain = weeks * sum(self._week) + sum(self._week[:rest])
        return plain + self._sums[bisect_right(self._odd, ordinal)]
