"""What the target cannot take is left out before any call, with the reason; all else goes on."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from itpm_sync.connector import Capabilities, Operation, Room
from itpm_sync.errors import Stopped
from itpm_sync.lens import Env, Lens, Values
from itpm_sync.model import Assignees, Category, Progress, Value
from itpm_sync.plan import BrakeKind, Grade
from itpm_sync.policy import Limits
from itpm_sync.testing.bench import PROJECT, Bench, tool
from itpm_sync.testing.clocks import ManualClock
from itpm_sync.testing.lenses import PlainLens

TELLS = Capabilities(history=True, edit_times=True, bin=True, tells_hidden=True, tells_people=True)


class DoneLens(Lens):
    """Done or not."""

    name, native = "progress", frozenset({"done"})

    def get(self, values: Values, env: Env) -> Value:
        return Progress(Category.DONE if values.get("done") else Category.TODO)

    def put(self, value: Value, values: Values, env: Env) -> dict[str, object]:
        done = isinstance(value, Progress) and value.category is Category.DONE
        return {} if bool(values.get("done")) == done else {"done": done}


class PeopleLens(Lens):
    """Mail addresses."""

    name, native = "assignees", frozenset({"people"})

    def get(self, values: Values, env: Env) -> Value:
        people = values.get("people") or []
        return Assignees(frozenset(people)) if people else None

    def put(self, value: Value, values: Values, env: Env) -> dict[str, object]:
        people = sorted(value.people) if isinstance(value, Assignees) else []
        return {} if (values.get("people") or []) == people else {"people": people}


def bench(declared: Mapping[str, int], *, room: Mapping[str, int] | None = None, **policy: object) -> Bench:
    clock = ManualClock()
    lenses = (PlainLens("priority"), PlainLens("site"), DoneLens(), PeopleLens())
    made = {
        "a": tool(clock, "a", *lenses),
        "b": tool(clock, "b", *lenses, capabilities=TELLS, room=room or {}),
    }
    made["b"].memory.limits.update(declared)
    return Bench.of(clock, made, **policy)


def add(one: Bench, count: int, **values: object) -> list[str]:
    memory = one.tools["a"].memory
    start = len(memory.rows)
    return [
        memory.create_as(
            "ann", "main", **{"kind": "task", "title": f"Rack {start + n}", "priority": 1, **values}
        )
        for n in range(count)
    ]


def approved(one: Bench) -> Bench:
    one.approve()
    one.clock.move(hours=1)
    return one


def titles(one: Bench) -> list[str]:
    return [str(row.values["title"]) for row in one.tools["b"].memory.rows.values()]


def left_out(one: Bench) -> list[str]:
    return [warning.says for warning in one.reports[-1].plan.warnings if warning.grade is Grade.LEFT_OUT]


def test_creations_beyond_the_room_are_left_out_before_any_call_and_changes_go_on() -> None:
    one = bench({Room.RECORDS: 5})
    add(one, 4)
    approved(one)
    add(one, 3)
    one.tools["a"].memory.edit_as("ann", "000001", priority=2)
    calls = len(one.tools["b"].memory.created)
    one.sync()
    assert titles(one) == [f"Rack {n}" for n in range(5)]
    assert len(one.tools["b"].memory.created) == calls + 1
    assert one.value("b", "000001", "priority") == 2
    (says,) = left_out(one)
    assert says.startswith(
        "2 items (the first: Rack 5) are not created in main in b: it takes 5 records at most"
    )
    assert not one.ledger.refusals(PROJECT)
    assert one.plan().plan.actions == ()


def test_what_waits_is_created_once_there_is_room_again() -> None:
    one = bench({Room.RECORDS: 5})
    add(one, 6)
    approved(one)
    one.tools["b"].memory.limits[Room.RECORDS] = 6
    one.sync()
    assert titles(one) == [f"Rack {n}" for n in range(6)]


def test_done_records_take_no_room_among_active_ones() -> None:
    one = bench({Room.ACTIVE: 3})
    add(one, 2)
    add(one, 4, done=True)
    add(one, 3)
    approved(one)
    rows = one.tools["b"].memory.rows.values()
    assert sum(not row.values.get("done") for row in rows) == 3
    assert sum(bool(row.values.get("done")) for row in rows) == 4
    one.sync()
    assert "3 active records at most" in left_out(one)[0]


def test_cells_are_shared_out_among_records() -> None:
    one = bench({Room.CELLS: 20, Room.CELLS_EACH: 6})
    add(one, 5)
    approved(one)
    assert len(titles(one)) == 3
    one.sync()
    assert "it takes 20 cells at most" in left_out(one)[0]


def test_what_lies_under_a_record_that_waits_waits_too() -> None:
    one = bench({Room.RECORDS: 1})
    add(one, 1)
    (phase,) = add(one, 1)
    add(one, 1, parent=phase)
    approved(one)
    assert titles(one) == ["Rack 0"]
    one.sync()
    assert left_out(one)[0].startswith("2 items")


def test_the_configuration_says_another_number_than_the_connector() -> None:
    one = bench({Room.RECORDS: 9}, room={Room.RECORDS: 2})
    add(one, 4)
    approved(one)
    assert len(titles(one)) == 2


@pytest.mark.parametrize("name", ["site", Room.TEXT])
def test_a_text_that_is_too_long_is_not_sent_and_the_record_is_made_without_it(name: str) -> None:
    one = bench({name: 20})
    add(one, 1, site="x" * 21)
    add(one, 1, site="😀" * 11)  # 22 units
    add(one, 1, site="😀" * 10)
    approved(one)
    rows = list(one.tools["b"].memory.rows.values())
    assert [row.values.get("site") for row in rows] == [None, None, "😀" * 10]
    one.sync()
    assert (
        sorted(left_out(one))[0] == "site of Rack 0 is not written in main in b: 21 characters, it holds 20."
    )
    one.tools["a"].memory.edit_as("ann", "000001", site="shorter")
    one.sync()
    assert rows[0].values["site"] == "shorter"


def test_a_record_without_its_title_is_not_made() -> None:
    one = bench({"title": 10})
    add(one, 1, title="A title of more than ten")
    add(one, 1)
    approved(one)
    assert titles(one) == ["Rack 1"]


# ── people who would be told ──


def test_more_assignments_than_the_limit_are_asked_about_where_people_are_told() -> None:
    one = bench({}, limits=Limits(notices=2, changes_share=1))
    natives = add(one, 5)
    approved(one)
    for native in natives[:3]:
        one.tools["a"].memory.edit_as("ann", native, people=["bob@example.com"])
    report = one.sync()
    assert {(brake.kind, brake.connection) for brake in report.plan.brakes} == {(BrakeKind.NOTICES, "b")}
    assert "3 assignments" in report.plan.brakes[0].says
    assert not any(row.values.get("people") for row in one.tools["b"].memory.rows.values())
    one.sync(approve=report.run)
    assert sum(bool(row.values.get("people")) for row in one.tools["b"].memory.rows.values()) == 3


def test_people_who_are_taken_away_or_stay_are_not_told() -> None:
    one = bench({}, limits=Limits(notices=1, changes_share=1))
    natives = add(one, 5, people=["bob@example.com"])
    approved(one)
    for native in natives:
        one.tools["a"].memory.edit_as("ann", native, people=[])
    assert one.sync().plan.brakes == ()
    for native in natives[:1]:
        one.tools["a"].memory.edit_as("ann", native, people=["bob@example.com"])
    assert one.sync().plan.brakes == ()


def test_nobody_is_told_where_the_tool_tells_nobody() -> None:
    one = bench({}, limits=Limits(notices=0, changes_share=1))
    natives = add(one, 5)
    approved(one)
    copies = [one.native("b", item) for item in one.items()]
    for native in copies[:3]:
        one.tools["b"].memory.edit_as("bob", native, people=["ann@example.com"])
    assert one.sync().plan.brakes == ()
    assert sum(bool(one.value("a", native, "people")) for native in natives) == 3


# ── a mass change ──


def test_a_mass_change_stops_before_it_spreads_and_the_first_tool_keeps_it() -> None:
    """Five thousand rows edited by somebody: the brake is the target's."""
    one = bench({})
    natives = add(one, 300)
    approved(one)
    for native in natives[:91]:
        one.tools["a"].memory.edit_as("eve", native, priority=666)
    report = one.sync()
    assert {(brake.kind, brake.connection) for brake in report.plan.brakes} == {(BrakeKind.CHANGES, "b")}
    assert report.plan.brakes[0].says == "91 of 300 records of main in b would change, more than 30%."
    assert not any(row.values["priority"] == 666 for row in one.tools["b"].memory.rows.values())
    held = [action for action in report.plan.held if action.operation is Operation.UPDATE]
    assert len(held) == 91


def test_one_more_edit_than_was_approved_is_refused() -> None:
    one = bench({})
    natives = add(one, 10)
    approved(one)
    for native in natives[:4]:
        one.tools["a"].memory.edit_as("ann", native, priority=5)
    plan = one.plan()
    one.tools["a"].memory.edit_as("ann", natives[0], priority=6)
    with pytest.raises(Stopped, match="Rack 0"):
        one.sync(approve=plan.run)
    assert not any(row.values["priority"] != 1 for row in one.tools["b"].memory.rows.values())
    one.tools["a"].memory.edit_as("ann", natives[0], priority=1)  # fewer than approved go
    one.sync(approve=plan.run)
    assert sorted(row.values["priority"] for row in one.tools["b"].memory.rows.values()) == [1] * 7 + [5] * 3
