"""A person is asked about a deletion, and it is taken back in its tool before the answer: the question falls."""

from __future__ import annotations

from dataclasses import replace

import pytest

from itpm_sync.bases import LIFE, Life
from itpm_sync.cycle import resolve
from itpm_sync.errors import Unavailable
from itpm_sync.policy import Deletion
from itpm_sync.testing.bench import PROJECT, Bench
from itpm_sync.testing.stories import (
    NEW_IDS,
    SURE,
    add,
    bench_of,
    item,
    native,
    quiet,
    settle,
    start,
    titles,
)


def asked(bench: Bench) -> list[str]:
    """What is asked of whether the item is deleted."""
    return [conflict.reason for conflict in bench.ledger.conflicts(PROJECT) if conflict.field == LIFE]


def test_a_restored_record_ends_the_question_about_its_deletion() -> None:
    bench = bench_of("J", "S", deletion=Deletion.PROPAGATE)
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    memory, in_s = bench.tools["S"].memory, native(bench, "S", "Rack")
    memory.delete_as("bea", in_s)
    bench.tools["J"].memory.edit_as("ann", mine, priority=2)
    settle(bench)
    assert len(asked(bench)) == 1, "the deleter did not know the edit"
    memory.restore_as("bea", in_s)
    settle(bench)
    assert asked(bench) == []
    assert bench.value("S", in_s, "priority") == 2
    assert bench.ledger.load(PROJECT).items[item(bench, "Rack")].life is Life.LIVE
    assert quiet(bench)


def test_a_record_that_turns_up_elsewhere_ends_the_question_whether_it_was_deleted() -> None:
    bench = bench_of(
        "J", "S", sheets=("s1", "s2"), able=replace(NEW_IDS, bin=False), deletion=Deletion.PROPAGATE
    )
    add(bench, "J", "Rack")
    start(bench)
    memory = bench.tools["S"].memory
    here = memory.rows[native(bench, "S", "Rack")].container
    moved = memory.move_as("bea", native(bench, "S", "Rack"), "s2" if here == "s1" else "s1")
    memory.hide(moved)
    settle(bench)
    assert len(asked(bench)) == 1, "deleted or moved away, the tool does not tell which"
    memory.hide(moved, hidden=False)
    settle(bench)
    assert asked(bench) == []
    assert titles(bench, "J") == titles(bench, "S") == ["Rack"]
    assert quiet(bench)


def test_a_restored_record_answers_nothing_while_another_one_is_deleted() -> None:
    bench = bench_of("J", "S", "P", able=SURE, deletion=Deletion.PROPAGATE)
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    in_s, in_p = native(bench, "S", "Rack"), native(bench, "P", "Rack")
    bench.tools["S"].memory.delete_as("bea", in_s)
    bench.tools["P"].memory.delete_as("cem", in_p)
    bench.tools["J"].memory.edit_as("ann", mine, priority=2)
    settle(bench)
    bench.tools["S"].memory.restore_as("bea", in_s)
    settle(bench)
    assert len(asked(bench)) == 1


def silent(bench: Bench, name: str) -> None:
    """One run in which a tool does not answer."""
    memory = bench.tools[name].memory

    def down(call: str, phase: str) -> None:
        if phase == "before":
            raise Unavailable(f"{name}: 502.")

    memory.on_call = down
    bench.sync()
    bench.clock.move(hours=1)
    memory.on_call = lambda _call, _phase: None


def test_nothing_is_deleted_elsewhere_while_the_deleter_s_tool_cannot_say_whether_it_was_restored() -> None:
    bench = bench_of("J", "S", deletion=Deletion.PROPAGATE)
    add(bench, "J", "Rack")
    start(bench)
    memory, in_s = bench.tools["S"].memory, native(bench, "S", "Rack")
    memory.delete_as("bea", in_s)
    bench.sync()
    bench.clock.move(hours=2)
    silent(bench, "J")
    name = item(bench, "Rack")
    assert bench.ledger.load(PROJECT).items[name].life is Life.DELETED, "believed, and not yet carried out"
    memory.restore_as("bea", in_s)
    silent(bench, "S")
    assert titles(bench, "J") == ["Rack"]
    settle(bench)
    assert titles(bench, "J") == titles(bench, "S") == ["Rack"]
    assert bench.ledger.load(PROJECT).items[name].life is Life.LIVE
    assert quiet(bench)


def test_a_hidden_record_that_went_along_with_one_that_we_deleted_takes_no_other_with_it() -> None:
    """Whoever put it there, where we cannot look: that its own tool deleted it with its parent is no person's word."""
    bench = bench_of("J", "S", deletion=Deletion.PROPAGATE)
    above, below = add(bench, "J", "Rack"), add(bench, "J", "Cable")
    start(bench)
    memory = bench.tools["S"].memory
    memory.cascades = True
    in_s = native(bench, "S", "Cable")
    memory.hide(in_s)
    settle(bench)
    memory.edit_as("bea", in_s, parent=native(bench, "S", "Rack"))
    bench.tools["J"].memory.delete_as("ann", above)
    settle(bench)
    assert titles(bench, "S") == []
    assert titles(bench, "J") == ["Cable"]
    assert below in bench.tools["J"].memory.rows
    assert len(asked(bench)) == 1
    assert quiet(bench)


def cut_short(bench: Bench) -> str:
    """Rack is deleted in S; that is believed, and the deletion does not come to J yet. Its native id in S."""
    memory, in_s = bench.tools["S"].memory, native(bench, "S", "Rack")
    memory.delete_as("bea", in_s)

    def fails(call: str, phase: str) -> None:
        if (call, phase) == ("apply delete", "before"):
            raise Unavailable("J does not answer.")

    bench.tools["J"].memory.on_call = fails
    settle(bench)
    bench.tools["J"].memory.on_call = lambda _call, _phase: None
    assert bench.ledger.load(PROJECT).items[item(bench, "Rack")].life is Life.DELETED
    assert titles(bench, "J") == ["Rack"]
    return in_s


def test_a_record_that_was_restored_and_hidden_spreads_its_deletion_no_more() -> None:
    bench = bench_of("J", "S", deletion=Deletion.PROPAGATE)
    add(bench, "J", "Rack", priority=1)
    start(bench)
    in_s = cut_short(bench)
    memory = bench.tools["S"].memory
    memory.restore_as("bea", in_s)
    memory.hide(in_s)
    settle(bench)
    assert titles(bench, "J") == ["Rack"]
    assert quiet(bench)
    bench.tools["J"].memory.edit_as("ann", native(bench, "J", "Rack"), priority=2)
    memory.hide(in_s, hidden=False)
    settle(bench)
    assert bench.value("S", in_s, "priority") == 2
    assert asked(bench) == []
    assert quiet(bench)


def test_a_deletion_waits_while_nobody_can_ask_whether_it_was_taken_back() -> None:
    bench = bench_of("J", "S", deletion=Deletion.PROPAGATE)
    add(bench, "J", "Rack")
    start(bench)
    cut_short(bench)

    def fails(call: str, phase: str) -> None:
        if (call, phase) == ("read", "before"):
            raise Unavailable("S does not answer.")

    bench.tools["S"].memory.on_call = fails
    settle(bench)
    assert titles(bench, "J") == ["Rack"]
    bench.tools["S"].memory.on_call = lambda _call, _phase: None
    settle(bench)
    assert titles(bench, "J") == []


@pytest.mark.parametrize("edited", [False, True])
def test_a_restored_record_that_is_deleted_all_the_same_is_deleted(edited: bool) -> None:
    bench = bench_of("J", "S", deletion=Deletion.PROPAGATE)
    add(bench, "J", "Rack", priority=1)
    start(bench)
    memory, in_s = bench.tools["S"].memory, native(bench, "S", "Rack")
    memory.delete_as("bea", in_s)
    settle(bench)
    assert titles(bench, "J") == []
    memory.restore_as("bea", in_s)
    if edited:
        memory.edit_as("bea", in_s, priority=2)
    settle(bench)
    assert asked(bench) == ["restored in S; its records in J were deleted by us"]
    (question,) = bench.ledger.conflicts(PROJECT)
    resolve(bench.workspace(), question.id, "S", actor="cem")
    settle(bench)
    assert titles(bench, "S") == titles(bench, "J") == []
    assert bench.ledger.conflicts(PROJECT) == []
    assert quiet(bench)


def test_an_edit_after_the_answer_that_a_restored_record_is_deleted_is_asked_about() -> None:
    bench = bench_of("J", "S", deletion=Deletion.PROPAGATE)
    add(bench, "J", "Rack", priority=1)
    start(bench)
    memory, in_s = bench.tools["S"].memory, native(bench, "S", "Rack")
    memory.delete_as("bea", in_s)
    settle(bench)
    memory.restore_as("bea", in_s)
    settle(bench)
    (question,) = bench.ledger.conflicts(PROJECT)
    resolve(bench.workspace(), question.id, "S", actor="cem")
    memory.edit_as("bea", in_s, priority=2)
    settle(bench)
    assert titles(bench, "S") == ["Rack"]
    assert len(asked(bench)) == 1


def test_a_record_that_is_deleted_again_before_any_run_decided_its_restore_is_not_there() -> None:
    bench = bench_of("J", "S", "T", deletion=Deletion.PROPAGATE)
    mine = add(bench, "J", "Phase")
    start(bench)
    memory, in_s = bench.tools["S"].memory, native(bench, "S", "Phase")
    bench.tools["J"].memory.delete_as("ann", mine)
    settle(bench)
    assert titles(bench, "S") == []
    memory.restore_as("bea", in_s)
    bench.killed_at("T", "pull", "before")  # the restore was read, and nobody decided it
    memory.delete_as("bea", in_s)
    settle(bench)
    assert titles(bench, "J") == titles(bench, "S") == titles(bench, "T") == []
    assert asked(bench) == [], "nothing is restored"
    assert quiet(bench)


def test_nobody_is_asked_where_the_records_that_we_deleted_are_restored_with_the_original() -> None:
    bench = bench_of("J", "S", "P", deletion=Deletion.PROPAGATE)
    add(bench, "J", "Rack")
    start(bench)
    natives = {name: native(bench, name, "Rack") for name in ("J", "S", "P")}
    bench.tools["S"].memory.delete_as("bea", natives["S"])
    settle(bench)
    assert titles(bench, "J") == titles(bench, "P") == []
    for name in ("S", "J", "P"):
        bench.tools[name].memory.restore_as("bea", natives[name])
    settle(bench)
    assert asked(bench) == []
    assert bench.ledger.load(PROJECT).items[item(bench, "Rack")].life is Life.LIVE
    assert quiet(bench)


def test_a_record_that_is_back_after_its_item_was_deleted_elsewhere_is_looked_at() -> None:
    """It says nothing new, and a run that looks at few items would pass it over."""
    bench = bench_of("J", "S", "P", deletion=Deletion.PROPAGATE)
    mine = add(bench, "J", "Rack")
    start(bench)
    memory = bench.tools["J"].memory
    memory.delete_as("ann", mine)
    memory.down.add("main")
    bench.sync()
    bench.tools["S"].memory.delete_as("bea", native(bench, "S", "Rack"))
    for _ in range(3):
        bench.clock.move(hours=1)
        bench.sync()
    assert bench.ledger.load(PROJECT).items[item(bench, "Rack")].life is Life.DELETED
    memory.down.clear()
    bench.sync()
    memory.restore_as("ann", mine)
    settle(bench)
    assert titles(bench, "P") == []
    assert titles(bench, "J") in ([], ["Rack"])
    assert quiet(bench)
