"""Working days by a project's calendar."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from itpm_sync.model import STANDARD, Calendar, Duration
from itpm_sync.status.workdays import WorkingDays

_SPAN = ((time(9), time(16)),)
HOLIDAY = date(2026, 12, 25)
SATURDAY_SHIFT = date(2026, 11, 28)
CALENDAR = Calendar("Site", STANDARD.week, {HOLIDAY: (), SATURDAY_SHIFT: _SPAN})
FRIDAY, SATURDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 23)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (FRIDAY, FRIDAY, 0),
        (FRIDAY, MONDAY, 1),
        (MONDAY, FRIDAY, -1),
        (FRIDAY, SATURDAY, 0),
        (SATURDAY, MONDAY, 1),
        (MONDAY, date(2026, 11, 30), 5),
    ],
)
def test_days_between_count_the_last_and_not_the_first(first: date, last: date, expected: int) -> None:
    assert WorkingDays(STANDARD).between(first, last) == expected


def test_holidays_and_worked_weekends_count_as_the_calendar_says() -> None:
    days = WorkingDays(CALENDAR)
    assert days.between(date(2026, 12, 24), date(2026, 12, 28)) == 1
    assert days.between(date(2026, 11, 27), date(2026, 11, 30)) == 2


def test_the_sum_is_that_of_counting_day_by_day() -> None:
    days = WorkingDays(CALENDAR)
    start = date(2026, 11, 1)
    counted = 0
    for step in range(1, 90):
        here = start + timedelta(days=step)
        counted += CALENDAR.works(here)
        assert days.between(start, here) == counted
        assert days.between(here, start) == -counted


def test_the_nth_working_day_after_is_a_working_day_so_far_away() -> None:
    days = WorkingDays(CALENDAR)
    for number in range(1, 60):
        found = days.after(FRIDAY, number)
        assert days.works(found)
        assert days.between(FRIDAY, found) == number


def test_the_calendars_ends_are_no_end_of_the_program() -> None:
    days = WorkingDays(STANDARD)
    assert days.after(date.max, 10) == date.max
    assert days.between(date.min, date.max) > 2_500_000
    assert days.finish_of(date.max, Duration(10**9)) == date.max
    assert days.finish_of(date.max, Duration(10**9, elapsed=True)) == date.max


def test_a_calendar_without_any_work_counts_as_monday_to_friday() -> None:
    days = WorkingDays(Calendar("empty"))
    assert days.assumed
    assert days.after(FRIDAY, 1) == MONDAY


@pytest.mark.parametrize(
    ("minutes", "elapsed", "expected"),
    [
        (0, False, FRIDAY),
        (60, False, FRIDAY),
        (480, False, FRIDAY),
        (481, False, MONDAY),
        (2880, True, SATURDAY),
    ],
)
def test_work_ends_on_the_day_its_last_minute_falls_on(minutes: int, elapsed: bool, expected: date) -> None:
    assert WorkingDays(STANDARD).finish_of(FRIDAY, Duration(minutes, elapsed)) == expected


def test_work_that_begins_on_a_weekend_is_done_on_the_first_working_day() -> None:
    assert WorkingDays(STANDARD).finish_of(SATURDAY, Duration(480)) == MONDAY
