"""The verdict: the worst of what was measured, never green on stale data, never a crash on an empty plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from itpm_sync.model import Rag
from itpm_sync.status.figures import Figures, figures
from itpm_sync.status.subject import Source, status_day
from itpm_sync.testing.items import FACTS, FRESH, NOW, conflict, day, milestone, risk, subject, task

GOOD = (
    task("a", "2026-01-05", "2026-01-09", percent=100, base="2026-01-09"),
    milestone("Go-live", "2027-01-22", base="2027-01-22"),
)


def judged(*sources: Source) -> Figures:
    return figures(subject(*GOOD, sources=sources), NOW)


def test_a_plan_on_its_baseline_is_on_track_with_a_number() -> None:
    found = judged(FRESH)
    assert found.rag is Rag.GREEN
    assert "Go-live" in found.reason
    assert "on its baseline" in found.reason


@pytest.mark.parametrize(
    "source",
    [
        replace(FRESH, read=NOW - timedelta(hours=25)),
        replace(FRESH, edited=NOW - timedelta(days=29)),
        replace(FRESH, read=None),
        replace(FRESH, note="403: no permission"),
    ],
)
def test_one_stale_source_of_two_forbids_green(source: Source) -> None:
    found = judged(FRESH, source)
    assert found.rag is Rag.GREY
    assert found.stale
    assert "Plan.mpp" in found.reason


def test_what_decided_the_verdict_can_be_told_with_all_its_reasons() -> None:
    found = figures(subject(*GOOD, risk("r", 5, 5)), NOW)
    assert [one.name for one in found.deciding] == ["Risks"]
    assert found.deciding[0].reason.casefold() == found.headline.casefold()
    assert figures(subject(), NOW).deciding[0].name == "Schedule"


@pytest.mark.parametrize(("on", "rag"), [("2027-06-22", Rag.RED), ("2027-02-01", Rag.AMBER)])
def test_stale_data_hides_neither_red_nor_amber(on: str, rag: Rag) -> None:
    late = milestone("Go-live", on, base="2027-01-22")
    old = replace(FRESH, read=NOW - timedelta(days=3))
    assert figures(subject(GOOD[0], late, sources=[old]), NOW).rag is rag


def test_a_status_date_of_long_ago_is_stale_data() -> None:
    found = figures(subject(*GOOD, status_date=date(2026, 10, 1)), NOW)
    assert found.rag is Rag.GREY
    assert "status date" in found.stale[0]


def test_reasons_tell_no_exact_age_for_the_page_would_change_by_the_minute() -> None:
    old = replace(FRESH, read=NOW - timedelta(hours=25))
    earlier = figures(subject(*GOOD, sources=[old]), NOW)
    later = figures(subject(*GOOD, sources=[old]), NOW + timedelta(minutes=7))
    assert earlier.reason == later.reason


def test_the_verdict_is_the_worst_dimension_and_names_the_others_of_its_colour() -> None:
    found = figures(subject(*GOOD, risk("Circuit late", 4, 5)), NOW)
    assert (found.rag, found.headline) == (Rag.RED, "“Circuit late” scores 20 and has no owner")


def test_what_no_tool_holds_is_left_out_of_the_verdict() -> None:
    found = judged(FRESH)
    assert [one.name for one in found.dimensions if not one.measured] == ["Cost", "Risks", "Issues"]


def test_a_plan_of_nothing_is_a_sentence() -> None:
    found = figures(subject(), NOW)
    assert (found.rag, found.reason) == (Rag.GREY, "The plan holds no task and no milestone.")
    assert all(lack.number == 0 for lack in found.lacks)


def test_the_status_day_is_the_plans_own_else_the_runs_in_the_projects_zone() -> None:
    late = NOW.replace(hour=23, minute=30)
    assert status_day(FACTS, late) == date(2026, 11, 25)  # Copenhagen is an hour ahead
    assert status_day(replace(FACTS, zone="America/New_York"), late) == date(2026, 11, 24)
    assert status_day(replace(FACTS, zone="No/Such"), late) == date(2026, 11, 24)
    assert status_day(replace(FACTS, status_date=date(2026, 1, 2)), late) == date(2026, 1, 2)


def test_lacks_are_counted_by_what_they_are_lacks_of() -> None:
    bare = task("bare", owner=None)
    manual = task("b", "2026-12-01", "2026-12-02", base="2026-12-02", manual=True, after=["bare"])
    ahead = task("c", "2026-12-01", "2026-12-02", percent=100)
    held = conflict("b", "deadline", day("2026-12-03"), day("2026-12-04"))
    found = {
        one.name: (one.number, one.of)
        for one in figures(subject(bare, manual, ahead, conflicts=[held]), NOW).lacks
    }
    assert found == {
        "Without an owner (open tasks)": (1, 2),
        "Without a baseline": (2, 3),
        "Without dates (open tasks)": (1, 2),
        "Overdue, not re-forecast": (0, 2),
        "Not linked to any other task": (1, 3),
        "Manually scheduled": (1, 3),
        "Finished after the status date": (1, 3),
        "Fields in open conflict": (1, 0),
        "Not read or not mapped": (0, 0),
    }


def test_the_next_milestone_and_the_worst_slip_are_open_ones() -> None:
    items = (
        milestone("done", "2026-10-30", base="2026-09-01", percent=100),
        milestone("near", "2026-12-04", base="2026-12-03"),
        milestone("far", "2027-03-01", base="2027-01-22"),
    )
    found = figures(subject(*items), NOW)
    assert found.next_milestone is not None
    assert found.worst_slip is not None
    assert (found.next_milestone.task.item.id, found.worst_slip.task.item.id) == ("near", "far")
