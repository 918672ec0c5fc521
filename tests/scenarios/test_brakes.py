"""Brakes stop before the first write, and let go once a person has seen the plan."""

from __future__ import annotations

import pytest

from itpm_sync.errors import Stopped, Unavailable
from itpm_sync.plan import BrakeKind
from itpm_sync.policy import Limits
from itpm_sync.testing.bench import PROJECT, Bench, tool
from itpm_sync.testing.clocks import ManualClock
from itpm_sync.testing.lenses import PlainLens


def bench(count: int, **policy: object) -> Bench:
    clock = ManualClock()
    made = {name: tool(clock, name, PlainLens("priority")) for name in ("a", "b")}
    one = Bench.of(clock, made, **policy)
    for number in range(count):
        made["a"].memory.create_as("ann", "main", kind="task", title=f"Rack {number}", priority=1)
    return one


def started(count: int, **policy: object) -> Bench:
    one = bench(count, **policy)
    one.approve()
    one.clock.move(hours=1)
    one.sync()
    return one


def kinds(one: Bench) -> set[BrakeKind]:
    return {brake.kind for brake in one.sync().plan.brakes}


def priorities(one: Bench, name: str) -> list[int]:
    return [row.values["priority"] for row in one.tools[name].memory.rows.values()]


def test_a_first_sync_writes_nothing_before_it_was_seen() -> None:
    one = bench(3)
    report = one.sync()
    assert report.stopped
    assert {brake.kind for brake in report.plan.brakes} == {BrakeKind.FIRST_SYNC}
    assert one.tools["b"].memory.rows == {}
    one.sync(approve=report.run)
    assert len(one.tools["b"].memory.rows) == 3


def test_an_approval_covers_a_part_of_its_plan() -> None:
    one = bench(3)
    plan = one.plan()
    one.tools["a"].memory.delete_as("ann", "000003")
    one.sync(approve=plan.run)
    assert len(one.tools["b"].memory.rows) == 2


def test_an_approval_does_not_cover_what_came_up_since() -> None:
    one = bench(3)
    plan = one.plan()
    one.tools["a"].memory.create_as("ann", "main", kind="task", title="Surprise", priority=1)
    with pytest.raises(Stopped, match="Surprise"):
        one.sync(approve=plan.run)
    assert one.tools["b"].memory.rows == {}


def test_many_changes_in_one_container_stop_it_and_an_approval_lets_them_go() -> None:
    one = started(6)
    for native in list(one.tools["a"].memory.rows):
        one.tools["a"].memory.edit_as("ann", native, priority=9)
    report = one.sync()
    assert {(brake.kind, brake.connection) for brake in report.plan.brakes} == {(BrakeKind.CHANGES, "b")}
    assert priorities(one, "b") == [1] * 6
    one.approve()
    assert priorities(one, "b") == [9] * 6
    assert one.plan().plan.actions == ()


def test_few_changes_or_few_items_do_not_stop() -> None:
    one = started(10)
    one.tools["a"].memory.edit_as("ann", "000001", priority=9)
    assert kinds(one) == set()
    small = started(4)
    for native in list(small.tools["a"].memory.rows):
        small.tools["a"].memory.edit_as("ann", native, priority=9)
    assert kinds(small) == set()


def test_a_container_that_suddenly_lists_nothing_is_not_believed() -> None:
    one = started(6)
    for native in list(one.tools["a"].memory.rows):
        one.tools["a"].memory.delete_as("ann", native)
    for _ in range(3):
        assert BrakeKind.EMPTIED in kinds(one)
        one.clock.move(hours=1)
    assert len(one.tools["b"].memory.rows) == 6


def test_more_deletions_than_the_limit_are_asked_about() -> None:
    one = started(20, limits=Limits(deletions=3))
    for native in list(one.tools["a"].memory.rows)[:5]:
        one.tools["a"].memory.delete_as("ann", native)
    one.sync()
    one.clock.move(hours=1)
    assert kinds(one) == {BrakeKind.DELETIONS}
    one.approve()
    assert kinds(one) == set()
    deleted = [item for item in one.ledger.load(PROJECT).items.values() if item.note]
    assert len(deleted) == 5


def test_a_changed_scope_or_owner_stops_the_project_until_it_was_seen() -> None:
    one = started(6)
    one.policy = type(one.policy)(one.policy.containers, seed=("b",))
    one.tools["a"].memory.edit_as("ann", "000001", priority=9)
    report = one.sync()
    assert report.stopped
    assert {brake.kind for brake in report.plan.brakes} == {BrakeKind.CONFIGURATION}
    assert priorities(one, "b") == [1] * 6
    one.approve()
    assert sorted(priorities(one, "b")) == [1] * 5 + [9]
    assert kinds(one) == set()


def test_a_container_that_could_not_be_read_at_first_is_previewed_when_it_can() -> None:
    one = bench(6)
    broken = one.tools["b"].memory

    def silent(_call: str, _phase: str) -> None:
        raise Unavailable("b does not answer.")

    broken.on_call = silent
    one.approve()
    assert broken.rows == {}
    broken.on_call = lambda _call, _phase: None
    report = one.sync()
    assert {(brake.kind, brake.connection) for brake in report.plan.brakes} == {(BrakeKind.FIRST_SYNC, "b")}
    assert len(report.plan.held) == 6
    assert broken.rows == {}
    one.approve()
    assert len(broken.rows) == 6
    assert kinds(one) == set()
