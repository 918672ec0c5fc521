"""The schedule's colour: red, amber, green, grey, and the reason that stands beside it."""

from __future__ import annotations

from itpm_sync.model import Item, Kind, Rag
from itpm_sync.status.dimension import Dimension
from itpm_sync.status.figures import figures
from itpm_sync.status.limits import Limits
from itpm_sync.testing.items import NOW, day, milestone, subject, task


def schedule(*items: Item, limits: Limits | None = None) -> Dimension:
    return figures(subject(*items), NOW, limits=limits).dimensions[0]


START = task("start", "2026-01-05", "2026-01-05", percent=100, base="2026-01-05")
"""Gives every milestone a lead time of most of a year, so that days and not shares decide."""


def test_a_small_slip_of_a_milestone_far_off_is_on_track_and_named() -> None:
    found = schedule(START, milestone("Go-live", "2027-01-25", base="2027-01-22"))
    assert found.rag is Rag.GREEN
    assert "“Go-live”, 1 working day late (3 calendar days)" in found.reason


def test_more_than_five_working_days_is_at_risk_and_more_than_twenty_off_track() -> None:
    assert schedule(START, milestone("m", "2027-02-01", base="2027-01-22")).rag is Rag.AMBER
    assert schedule(START, milestone("m", "2027-02-19", base="2027-01-22")).rag is Rag.AMBER
    red = schedule(START, milestone("m", "2027-02-22", base="2027-01-22"))
    assert red.rag is Rag.RED
    assert "“m” is forecast for 22 Feb 2027, 21 working days late" in red.reason


def test_a_slip_of_more_than_a_tenth_of_the_lead_time_is_off_track() -> None:
    near = task("start", "2026-11-02", "2026-11-02", percent=100, base="2026-11-02")
    found = schedule(near, milestone("m", "2026-12-02", base="2026-11-27"))
    assert found.rag is Rag.RED
    assert "10% of its lead time of 20 working days" in found.reason


def test_limits_are_settings_and_the_rule_says_them() -> None:
    found = schedule(
        START, milestone("m", "2027-02-01", base="2027-01-22"), limits=Limits(amber_slip=8, red_slip=30)
    )
    assert found.rag is Rag.GREEN
    assert "more than 8 working days" in found.rule


def test_missing_its_deadline_is_off_track_and_being_near_it_at_risk() -> None:
    late = schedule(START, milestone("m", "2027-01-22", base="2027-01-22", deadline=day("2027-01-20")))
    assert late.rag is Rag.RED
    assert "2 working days after its deadline" in late.reason
    near = schedule(START, milestone("m", "2027-01-22", base="2027-01-22", deadline=day("2027-01-27")))
    assert near.rag is Rag.AMBER


def test_without_a_baseline_nothing_is_known_and_overdue_work_is_still_named() -> None:
    found = schedule(task("Rack", "2026-11-02", "2026-11-13"), milestone("m", "2027-01-22"))
    assert found.rag is Rag.GREY
    assert "no baseline" in found.reason
    assert "1 unfinished task is overdue, not re-forecast, “Rack”, by 7 working days" in found.reason


def test_overdue_work_is_never_on_track_though_no_milestone_slips() -> None:
    found = schedule(
        START,
        task("Rack", "2026-11-02", "2026-11-23", base="2026-11-23"),
        milestone("m", "2027-01-22", base="2027-01-22"),
    )
    assert found.rag is Rag.AMBER
    assert "overdue, not re-forecast" in found.reason


def test_an_overdue_milestone_slips_to_the_status_day() -> None:
    found = figures(subject(START, milestone("m", "2026-11-13", base="2026-11-13")), NOW)
    (one,) = found.milestones
    assert one.slip is not None
    assert (one.slip.working, one.slip.calendar) == (7, 11)


def test_a_plan_that_takes_longer_than_its_baseline_is_judged_by_the_share() -> None:
    one = task("a", "2026-11-23", "2026-12-21", percent=5, base="2026-12-18", base_start="2026-11-23")
    assert schedule(one).rag is Rag.GREEN
    two = task("a", "2026-11-23", "2026-12-22", percent=5, base="2026-12-18", base_start="2026-11-23")
    assert schedule(two).rag is Rag.AMBER  # 22 days for 20
    three = task("a", "2026-11-23", "2026-12-24", percent=5, base="2026-12-18", base_start="2026-11-23")
    assert schedule(three).rag is Rag.RED  # 24 days for 20


def test_key_milestones_alone_turn_a_plan_red_where_some_are_labelled_so() -> None:
    key = milestone("Contract", "2027-01-22", base="2027-01-22", labels=frozenset({"key"}))
    other = milestone("Note", "2026-12-30", base="2026-11-27")
    assert schedule(START, key, other).rag is Rag.AMBER


def test_a_milestone_reached_late_is_shown_and_no_longer_judged() -> None:
    done = milestone("Design", "2026-10-30", base="2026-09-01", percent=100)
    found = figures(subject(START, done, milestone("m", "2027-01-22", base="2027-01-22")), NOW)
    assert found.dimensions[0].rag is Rag.GREEN
    assert found.milestones[0].slip is not None


def test_too_few_baselines_are_not_called_on_track() -> None:
    bare = [task(f"t{number}", "2026-12-01", "2026-12-02") for number in range(4)]
    found = schedule(START, milestone("m", "2027-01-22", base="2027-01-22"), *bare)
    assert found.rag is Rag.GREY
    assert "4 of 5 open tasks have no baseline" in found.reason


def test_a_plan_without_tasks_is_a_sentence() -> None:
    for items in ((), (Item("s", {"kind": Kind.SUMMARY, "title": "S"}),)):
        found = schedule(*items)
        assert (found.rag, found.reason) == (Rag.GREY, "the plan holds no task and no milestone")
