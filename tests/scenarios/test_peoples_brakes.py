"""People's brakes: a pause, the skip label, a container that is only read; and a system that asks for patience."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from itpm_sync.bases import Tie
from itpm_sync.cli.exits import Exit, of_report
from itpm_sync.connector import Capabilities, Change, Outcome
from itpm_sync.errors import Unavailable
from itpm_sync.ledger import RunStatus, schema
from itpm_sync.ledger.in_memory import engine_of
from itpm_sync.memory import MemoryConnector
from itpm_sync.plan import BrakeKind, Grade
from itpm_sync.policy import Creation, Deletion, Limits
from itpm_sync.testing.bench import PROJECT, Bench, tool
from itpm_sync.testing.clocks import ManualClock
from itpm_sync.testing.lenses import PlainLens, SetLens

LOOSE = Limits(changes_share=1.0, deletions_share=1.0)
SKIP = "itpm-skip"


def bench(*names: str, **policy: Any) -> Bench:
    """Tools that hold title, priority and labels; everything a person makes is created in all of them."""
    clock = ManualClock()
    made = {name: tool(clock, name, PlainLens("priority"), SetLens("labels")) for name in names or ("a", "b")}
    return Bench.of(clock, made, limits=LOOSE, **policy)


def with_racks(count: int, **policy: Any) -> Bench:
    one = bench(**policy)
    for number in range(count):
        one.tools["a"].memory.create_as("ann", "main", kind="task", title=f"Rack {number}", priority=1)
    one.approve()
    one.clock.move(hours=1)
    one.sync()
    return one


def edit(one: Bench, name: str, native: str, **values: Any) -> None:
    one.clock.move(minutes=1)
    one.tools[name].memory.edit_as("ann", native, **values)


def calls(one: Bench, name: str) -> list[str]:
    return [call for call in one.tools[name].memory.calls if call.startswith("apply")]


def titles(one: Bench, name: str) -> list[str]:
    return sorted(row.values["title"] for row in one.tools[name].memory.rows.values())


def one_native(one: Bench, name: str, title: str) -> str:
    """The record that is called so in a tool."""
    return next(n for n, row in one.tools[name].memory.rows.items() if row.values["title"] == title)


def other(one: Bench, native: str, name: str = "b") -> str:
    """The record in another tool of the item that record `native` of tool a is tied to."""
    replicas = one.ledger.load(PROJECT).replicas.values()
    item = next(r.item for r in replicas if (r.connection, r.native_id) == ("a", native))
    assert item is not None
    return one.native(name, item)


# ── pauses ──


def test_a_paused_project_is_read_and_decided_and_nothing_is_written() -> None:
    one = with_racks(2)
    written = calls(one, "b")
    one.ledger.pause(PROJECT, None, reason="Migration weekend", actor="Ann")
    edit(one, "a", "000001", priority=5)
    report = one.sync()
    assert calls(one, "b") == written
    (item,) = [action.item for action in report.plan.held]
    assert one.agreed(item, "priority") == 5
    assert [brake.kind for brake in report.plan.brakes] == [BrakeKind.PAUSED]
    assert "by Ann: Migration weekend" in report.plan.brakes[0].says
    assert f"itpm-sync resume {PROJECT}" in report.plan.brakes[0].mend
    held = report.document["held"]
    assert isinstance(held, list) and held[0]["paused"] and "Migration weekend" in held[0]["held_by"]
    assert of_report(report) is Exit.STOPPED
    (run,) = one.ledger.runs(PROJECT, limit=1)
    assert run.status is RunStatus.STOPPED
    assert [(p["by"], p["why"], p["project"]) for p in run.summary["paused"]] == [
        ("Ann", "Migration weekend", PROJECT)
    ]


def test_after_resuming_the_next_run_writes_what_waited_once() -> None:
    one = with_racks(1)
    one.ledger.pause(PROJECT, None, reason="Not now", actor=None)
    edit(one, "a", "000001", priority=5)
    one.sync()
    one.sync()
    assert [p.reason for p in one.ledger.resume(PROJECT, None, actor="Ben")] == ["Not now"]
    before = len(calls(one, "b"))
    assert of_report(one.sync()) is Exit.DONE
    assert one.value("b", other(one, "000001"), "priority") == 5
    one.sync()
    assert len(calls(one, "b")) == before + 1
    with engine_of(one.ledger).connect() as connection:
        (past,) = connection.execute(select(schema.pauses)).all()
    assert (past.lifted_by, past.lifted) == ("Ben", one.clock.now())


def test_a_paused_connection_is_not_written_and_the_others_go_on() -> None:
    one = bench("a", "b", "c")
    one.tools["a"].memory.create_as("ann", "main", kind="task", title="Rack", priority=1)
    one.approve()
    one.clock.move(hours=1)
    one.sync()
    one.ledger.pause(None, "b", reason="Licence audit", actor="Ann")
    edit(one, "a", "000001", priority=5)
    report = one.sync()
    assert one.value("c", other(one, "000001", "c"), "priority") == 5
    assert one.value("b", other(one, "000001", "b"), "priority") == 1
    assert {action.connection for action in report.plan.held} == {"b"}
    edit(one, "b", other(one, "000001", "b"), title="Rack one")  # it is still read, and its edits still count
    one.sync()
    assert one.value("a", "000001", "title") == "Rack one"


def test_a_pause_takes_effect_before_the_next_write_of_a_run_that_is_under_way() -> None:
    one = with_racks(3)
    natives = list(one.tools["a"].memory.rows)
    for native in natives:
        edit(one, "a", native, priority=5)
    written = calls(one, "b")
    one.during("b", "read", "after", lambda: _pause(one))
    report = one.sync()
    assert calls(one, "b") == written
    assert {carried.outcome for carried in report.carried} == {"held"}
    assert [brake.kind for brake in report.plan.brakes] == [BrakeKind.PAUSED]
    assert of_report(report) is Exit.STOPPED
    assert one.ledger.open_intents(PROJECT) == []
    one.ledger.resume(None, "b", actor="Ann")
    one.sync()
    assert [one.value("b", other(one, native), "priority") for native in natives] == [5, 5, 5]


def test_a_call_that_is_under_way_when_the_pause_comes_is_settled_and_no_other_follows() -> None:
    one = with_racks(2)
    narrow = Capabilities(history=True, edit_times=True, bin=True, tells_hidden=True, batch=1)
    one.tools["b"].memory.capabilities = narrow
    for native in list(one.tools["a"].memory.rows):
        edit(one, "a", native, priority=5)
    one.during("b", "apply update", "before", lambda: _pause(one))
    report = one.sync()
    assert sorted(carried.outcome for carried in report.carried) == ["applied", "held"]
    assert sorted(row.values["priority"] for row in one.tools["b"].memory.rows.values()) == [1, 5]


def _pause(one: Bench) -> None:
    """Somebody in another process pauses tool b."""
    one.ledger.again().pause(None, "b", reason="Stop", actor="Ann")


def test_a_first_sync_that_is_approved_while_paused_decides_and_is_written_after_resuming() -> None:
    one = bench()
    one.tools["a"].memory.create_as("ann", "main", kind="task", title="Rack", priority=1)
    one.ledger.ensure_project(PROJECT, "Story")
    one.ledger.pause(PROJECT, None, reason="Not before Monday", actor="Ann")
    one.approve()
    assert titles(one, "b") == []
    one.ledger.resume(PROJECT, None, actor="Ann")
    one.clock.move(hours=1)
    one.sync()
    assert titles(one, "b") == ["Rack"]


def test_a_place_is_paused_once_and_the_older_pause_stays() -> None:
    one = bench()
    one.ledger.ensure_project(PROJECT, "Story")
    first = one.ledger.pause(PROJECT, None, reason="First", actor="Ann")
    assert one.ledger.pause(PROJECT, None, reason="Second", actor="Ben") == first
    one.ledger.pause(PROJECT, "b", reason="Third", actor="Ben")
    assert [p.reason for p in one.ledger.pauses(PROJECT)] == ["First", "Third"]
    assert one.ledger.resume(PROJECT, "c", actor=None) == []
    one.ledger.resume(PROJECT, None, actor=None)
    assert [p.reason for p in one.ledger.pauses(PROJECT)] == ["Third"]


# ── the skip label ──


def labelled(one: Bench, native: str = "000001", name: str = "a") -> None:
    edit(one, name, native, labels=[SKIP])


def unlabelled(one: Bench, native: str = "000001", name: str = "a") -> None:
    edit(one, name, native, labels=None)


def test_a_labelled_item_is_not_written_and_its_edits_are_not_decided() -> None:
    one = with_racks(2)
    labelled(one)
    edit(one, "a", "000001", priority=5)
    edit(one, "b", other(one, "000001"), title="Rack zero")
    second = one_native(one, "a", "Rack 1")
    edit(one, "a", second, priority=9)
    report = one.sync()
    assert [(s.connection, s.native_id, s.title) for s in report.plan.skipped] == [("a", "000001", "Rack 0")]
    assert one.value("b", other(one, "000001"), "priority") == 1
    assert one.value("a", "000001", "title") == "Rack 0"
    assert one.value("b", other(one, second), "priority") == 9
    assert of_report(report) is Exit.DONE
    assert one.ledger.runs(PROJECT, limit=1)[0].summary["skipped"] == 1


@pytest.mark.parametrize("name", ["a", "b"])
def test_the_label_counts_in_any_tool_whatever_its_capitals(name: str) -> None:
    one = with_racks(1)
    native = "000001" if name == "a" else other(one, "000001")
    edit(one, name, native, labels=["ITPM-Skip", "night"])
    edit(one, "a", "000001", priority=5)
    one.sync()
    assert one.value("b", other(one, "000001"), "priority") == 1


def test_taking_the_label_away_takes_every_edit_up_again() -> None:
    one = with_racks(1)
    b = other(one, "000001")
    labelled(one)
    edit(one, "a", "000001", priority=5)
    edit(one, "b", b, title="Rack zero")
    for _ in range(3):
        one.clock.move(hours=1)
        one.sync()
    unlabelled(one)
    report = one.sync()
    assert report.plan.conflicts == () and report.plan.skipped == ()
    assert (one.value("a", "000001", "title"), one.value("b", b, "title")) == ("Rack zero", "Rack zero")
    assert (one.value("a", "000001", "priority"), one.value("b", b, "priority")) == (5, 5)
    assert not one.value("b", b, "labels")
    assert one.sync().plan.actions == ()


def test_two_edits_of_one_field_under_the_label_meet_as_a_conflict_when_it_is_gone() -> None:
    one = with_racks(1)
    labelled(one)
    edit(one, "a", "000001", priority=5)
    edit(one, "b", other(one, "000001"), priority=7)
    one.sync()
    assert one.ledger.conflicts(PROJECT) == []
    unlabelled(one)
    one.sync()
    assert one.conflict_values("priority") == [5, 7]


def test_a_new_labelled_record_is_created_nowhere_until_the_label_is_gone() -> None:
    one = with_racks(1)
    a = one.tools["a"].memory
    draft = a.create_as("ann", "main", kind="task", title="Draft", priority=2, labels=[SKIP])
    report = one.sync()
    assert [s.title for s in report.plan.skipped] == ["Draft"]
    assert titles(one, "b") == ["Rack 0"]
    one.clock.move(hours=1)
    one.sync()
    assert titles(one, "b") == ["Rack 0"]
    unlabelled(one, draft)
    one.sync()
    one.clock.move(hours=1)
    one.sync()
    assert titles(one, "b") == ["Draft", "Rack 0"]
    assert len(one.items()) == 2


def test_what_is_the_same_as_a_labelled_record_is_not_made_there_a_second_time() -> None:
    one = bench()
    one.tools["a"].memory.create_as("ann", "main", kind="task", title="Site", priority=1)
    one.approve()
    one.clock.move(hours=1)
    one.sync()
    a, b = one.tools["a"].memory, one.tools["b"].memory
    rack = a.create_as("ann", "main", kind="task", title="Rack", parent="000001", priority=3, labels=[SKIP])
    b.create_as("ben", "main", kind="task", title="Rack", parent=other(one, "000001"), priority=3)
    for _ in range(2):
        one.sync()
        one.clock.move(hours=1)
    assert titles(one, "a") == titles(one, "b") == ["Rack", "Site"]
    unlabelled(one, rack)
    one.sync()
    one.sync()
    assert titles(one, "a") == titles(one, "b") == ["Rack", "Site"]
    assert len(one.items()) == 2


def test_children_of_a_labelled_parent_go_on_under_it() -> None:
    one = with_racks(1)
    labelled(one)
    edit(one, "a", "000001", title="Renamed")
    one.tools["a"].memory.create_as("ann", "main", kind="task", title="Cable", parent="000001", priority=1)
    one.sync()
    one.clock.move(hours=1)
    one.sync()
    made = next(row for row in one.tools["b"].memory.rows.values() if row.values["title"] == "Cable")
    assert made.values["parent"] == other(one, "000001")
    assert "Renamed" not in titles(one, "b")


def test_children_of_a_parent_that_is_created_nowhere_lie_under_the_next_one_above_until_it_is() -> None:
    one = bench()
    a = one.tools["a"].memory
    a.create_as("ann", "main", kind="summary", title="Site", priority=1)
    one.approve()
    one.clock.move(hours=1)
    one.sync()
    room = a.create_as("ann", "main", kind="summary", title="Room", parent="000001", priority=1)
    a.edit_as("ann", room, labels=[SKIP])
    a.create_as("ann", "main", kind="task", title="Rack", parent=room, priority=1)
    for _ in range(2):
        one.sync()
        one.clock.move(hours=1)
    assert titles(one, "b") == ["Rack", "Site"]
    unlabelled(one, room)
    for _ in range(3):
        one.sync()
        one.clock.move(hours=1)
    rows = {row.values["title"]: row for row in one.tools["b"].memory.rows.values()}
    assert sorted(rows) == ["Rack", "Room", "Site"]
    assert rows["Rack"].values["parent"] == rows["Room"].native_id
    assert rows["Room"].values["parent"] == rows["Site"].native_id


def test_a_deletion_is_not_carried_to_a_labelled_record_until_the_label_is_gone() -> None:
    one = with_racks(6, deletion=Deletion.PROPAGATE)
    b = other(one, "000001")
    labelled(one)
    one.sync()
    one.tools["b"].memory.delete_as("ben", b)
    for _ in range(3):
        one.clock.move(hours=1)
        one.sync()
    assert "Rack 0" in titles(one, "a")
    assert "Rack 0" not in titles(one, "b")
    unlabelled(one)
    one.sync()
    assert "Rack 0" not in titles(one, "a")


def test_a_deleted_parent_does_not_take_a_labelled_child_along() -> None:
    one = with_racks(6, deletion=Deletion.PROPAGATE)
    one.tools["a"].memory.create_as("ann", "main", kind="task", title="Cable", parent="000001", priority=1)
    one.sync()
    one.clock.move(hours=1)
    one.sync()
    child = next(n for n, row in one.tools["b"].memory.rows.items() if row.values["title"] == "Cable")
    labelled(one, child, "b")
    one.sync()
    edit(one, "a", one_native(one, "a", "Cable"), parent=None)
    one.tools["a"].memory.delete_as("ann", "000001")
    for _ in range(3):
        one.clock.move(hours=1)
        one.sync()
    assert {"Cable", "Rack 0"} <= set(titles(one, "b"))


def test_the_label_of_a_record_that_is_surely_gone_holds_nothing_any_more() -> None:
    one = with_racks(6)
    b = other(one, "000001")
    labelled(one)
    one.sync()
    one.tools["a"].memory.delete_as("ann", "000001")
    for _ in range(3):
        one.clock.move(hours=1)
        one.sync()
    assert one.reports[-1].plan.skipped == ()
    assert b in one.tools["b"].memory.rows  # marked, not deleted
    assert {r.tie for r in one.ledger.load(PROJECT).replicas.values() if r.native_id == "000001"} >= {
        Tie.TOMBSTONE
    }


def test_the_labels_name_is_a_setting() -> None:
    one = with_racks(1, skip_label="hands-off")
    labelled(one)
    edit(one, "a", "000001", priority=5)
    one.sync()
    assert one.value("b", other(one, "000001"), "priority") == 5
    edit(one, "a", "000001", labels=["hands-off"])
    edit(one, "a", "000001", priority=6)
    assert len(one.sync().plan.skipped) == 1
    assert one.value("b", other(one, "000001"), "priority") == 5


# ── a container that is only read ──


def test_a_container_that_is_only_read_says_why_nothing_is_written_there() -> None:
    one = with_racks(2)
    policies = [p if p.connection == "a" else _only_read(p) for p in one.policy.containers]
    one.policy = type(one.policy)(tuple(policies), limits=LOOSE)
    one.approve()
    edit(one, "a", "000001", priority=5)
    report = one.sync()
    (said,) = [w for w in report.warnings if w.connection == "b"]
    assert said.grade is Grade.NOTE
    assert said.says.startswith("1 record says something else than agreed in main in b")
    assert "the connection b is in `mode: read`" in said.says
    assert one.value("b", other(one, "000001"), "priority") == 1


def _only_read(policy: Any) -> Any:
    why = "the connection b is in `mode: read`"
    return replace(policy, read_only=True, why_read_only=why, creation=Creation.MATCH_ONLY)


# ── a system that asks for too much patience ──


class Weary(MemoryConnector):
    """Its limiter has run out: nothing of the connection goes out any more in this run."""

    async def apply(self, container: str, changes: Sequence[Change]) -> Sequence[Outcome]:
        raise Unavailable("The system asks us to wait longer than a run may (15 minutes in all).")


def test_a_connection_that_is_suspended_while_writing_is_reported_and_waits_for_the_next_run() -> None:
    one = with_racks(3)
    one.tools["b"].port = Weary
    for native in list(one.tools["a"].memory.rows):
        edit(one, "a", native, priority=5)
    report = one.sync()
    assert of_report(report) is Exit.LEFT_OUT
    (said,) = [warning for warning in report.warnings if warning.grade is Grade.LEFT_OUT]
    assert (said.connection, "15 minutes in all" in said.says) == ("b", True)
    assert one.ledger.open_intents(PROJECT) == [] and one.ledger.refusals(PROJECT) == []
    one.tools["b"].port = MemoryConnector
    one.sync()
    assert [row.values["priority"] for row in one.tools["b"].memory.rows.values()] == [5, 5, 5]
