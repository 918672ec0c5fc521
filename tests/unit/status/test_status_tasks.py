"""Which items count, where each stands, and which of two held values counts."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from itpm_sync.bases import LIFE
from itpm_sync.model import STANDARD, Category, Duration, Item, Kind, Progress, Schedule
from itpm_sync.status.figures import figures
from itpm_sync.status.tasks import State, Task, phases_of, tasks_of
from itpm_sync.status.workdays import WorkingDays
from itpm_sync.testing.items import NOW, TODAY, conflict, day, milestone, risk, subject, task


def stand(*items: Item, **conflicts: Any) -> tuple[Task, ...]:
    return tasks_of(items, list(conflicts.values()), TODAY, days=WorkingDays(STANDARD))


def state_of(item: Item, *others: Item) -> State:
    return next(one.state for one in stand(item, *others) if one.item is item)


@pytest.mark.parametrize(
    ("item", "state"),
    [
        (task("a", "2026-11-02", "2026-11-06", percent=100), State.COMPLETED),
        (task("a", "2026-12-01", "2026-12-04"), State.FUTURE),
        (task("a", "2026-11-16", "2026-12-04", percent=20), State.ON_TRACK),
        (task("a", "2026-11-16", "2026-12-04"), State.LATE),
        (task("a", "2026-11-16", "2026-11-23", percent=90), State.OVERDUE),
        (task("a", "2026-11-16", "2026-11-24", percent=90), State.ON_TRACK),
        (task("a"), State.UNDATED),
        (task("a", "2026-12-01"), State.FUTURE),
        (task("a", None, "2026-12-01"), State.FUTURE),
        (task("a", "2026-11-16", None, percent=10), State.UNDATED),
    ],
)
def test_a_task_has_one_state(item: Item, state: State) -> None:
    assert state_of(item) is state


def test_a_finish_today_is_not_overdue_and_one_yesterday_is() -> None:
    assert state_of(task("a", "2026-11-02", "2026-11-24")) is not State.OVERDUE
    assert state_of(task("a", "2026-11-02", "2026-11-23")) is State.OVERDUE


def test_a_late_start_that_waits_for_another_is_blocked() -> None:
    pull = task("pull", "2026-11-09", "2026-12-04", percent=10)
    switch = task("switch", "2026-11-16", "2026-12-08", after=["pull"])
    assert state_of(switch, pull) is State.BLOCKED
    assert state_of(switch, task("pull", "2026-11-09", "2026-11-13", percent=100)) is State.LATE


def test_a_label_that_says_blocked_is_believed() -> None:
    blocked = Progress(Category.DOING, "Blocked", 20, day("2026-11-16"))
    assert state_of(task("a", "2026-11-16", "2026-12-04", progress=blocked)) is State.BLOCKED


def test_overdue_work_is_forecast_for_the_status_day() -> None:
    (found,) = stand(task("a", "2026-11-02", "2026-11-13", percent=60))
    assert (found.finish, found.forecast, found.overdue_days) == (date(2026, 11, 13), TODAY, 7)


def test_finished_work_keeps_its_actual_finish_though_it_lies_in_the_past() -> None:
    (found,) = stand(task("a", "2026-11-02", "2026-11-13", percent=100))
    assert found.forecast == date(2026, 11, 13)


def test_summaries_parents_dropped_items_and_registers_are_no_work() -> None:
    dropped = task("dropped", "2026-11-02", "2026-11-03", progress=Progress(Category.DROPPED, None, 10))
    summary = Item("phase", {"kind": Kind.SUMMARY, "title": "Phase"})
    found = stand(summary, task("story"), task("part", parent="story"), dropped, risk("r", 3, 3))
    assert [one.item.id for one in found] == ["part"]


def test_a_milestone_with_children_stays_a_milestone() -> None:
    assert {one.item.id for one in stand(milestone("m", "2026-12-01"), task("a", parent="m"))} == {"m", "a"}


def test_start_and_duration_make_a_finish() -> None:
    short = Schedule(day("2026-11-20"), None, Duration(2 * 480))
    (found,) = stand(task("a", schedule=short))
    assert (found.finish, found.overdue) == (date(2026, 11, 23), True)


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_held_dates_the_later_counts_whichever_is_agreed(turned: bool) -> None:
    sides = [Schedule(day("2026-12-01"), day("2026-12-04")), Schedule(day("2026-12-01"), day("2026-12-18"))]
    sides.sort(key=lambda side: str(side.finish), reverse=turned)
    held = conflict("a", "schedule", *sides)
    (found,) = stand(task("a", schedule=sides[0]), held=held)
    assert (found.forecast, found.held) == (date(2026, 12, 18), ("schedule",))


def test_of_done_and_not_done_the_unfinished_side_counts() -> None:
    doing = Progress(Category.DOING, None, 50, day("2026-11-02"))
    (found,) = stand(
        task("a", "2026-11-02", "2026-11-13", percent=100),
        held=conflict("a", "progress", Progress(Category.DONE), doing),
    )
    assert (found.done, found.overdue) == (False, True)


def test_an_item_whose_life_is_asked_about_counts_until_that_is_settled() -> None:
    (found,) = stand(task("a", "2026-12-01", "2026-12-04"), held=conflict("a", LIFE, None, "deleted"))
    assert found.state is State.FUTURE


def test_phases_are_the_summaries_below_a_single_top() -> None:
    tops = [
        Item(name, {"kind": Kind.SUMMARY, "title": name, "parent": up})
        for name, up in (("plan", None), ("design", "plan"), ("build", "plan"), ("rack", "build"))
    ]
    items = [*tops, task("a", parent="design"), task("b", parent="rack"), task("c", parent="build")]
    found = phases_of(items, stand(*items))
    assert {phase.item.id: [one.item.id for one in phase.tasks] for phase in found} == {
        "design": ["a"],
        "build": ["b", "c"],
    }


def test_phases_stand_by_start_then_by_finish_then_by_title() -> None:
    def phase(name: str, *dates: str | None) -> list[Item]:
        top = Item(name, {"kind": Kind.SUMMARY, "title": name})
        return [top, task(f"{name} work", *dates, parent=name)]

    items = [
        *phase("a, undated", None, None),
        *phase("b, last", "2027-01-04", "2027-01-08"),
        *phase("c, long", "2026-12-01", "2026-12-18"),
        *phase("e, short", "2026-12-01", "2026-12-04"),
        *phase("d, short", "2026-12-01", "2026-12-04"),
    ]
    found = phases_of(items, stand(*items))
    assert [phase.item.id[0] for phase in found] == ["d", "e", "c", "b", "a"]


def test_parents_in_a_circle_end() -> None:
    items = [
        Item(one, {"kind": Kind.SUMMARY, "title": one, "parent": up}) for one, up in (("x", "y"), ("y", "x"))
    ]
    assert figures(subject(*items, task("a", parent="x")), NOW).phases
