"""A creation whose answer was lost, where records carry no key of ours: never two, and never open for ever."""

from __future__ import annotations

from dataclasses import replace

import pytest

from itpm_sync.cycle import decide_pair, resolve
from itpm_sync.errors import Unavailable, UnknownOutcome
from itpm_sync.memory.tool import OnCall
from itpm_sync.testing.bench import PROJECT, Bench
from itpm_sync.testing.stories import SURE, add, bench_of, item, native, quiet, settle, start, titles

KEYLESS = replace(SURE, keys=False)


def loses(phase: str) -> OnCall:
    """Each creation's answer is lost."""

    def fails(call: str, when: str) -> None:
        if (call, when) == ("apply create", phase):
            raise UnknownOutcome("S: time-out.")

    return fails


def lost(phase: str, *, history: bool = True) -> Bench:
    """Rack, made in J, is being created in S: the answer is lost before, or after it was done."""
    bench = bench_of("J", "S", able=replace(KEYLESS, history=history))
    start(bench)
    add(bench, "J", "Rack", priority=1)
    memory = bench.tools["S"].memory
    memory.on_call = loses(phase)
    bench.sync()
    memory.on_call = lambda _call, _when: None
    assert len(bench.ledger.open_intents(PROJECT)) == 1
    return bench


@pytest.mark.parametrize("phase", ["before", "after"])
def test_it_is_there_once_whether_it_was_done_or_not(phase: str) -> None:
    bench = lost(phase)
    settle(bench)
    assert titles(bench, "S") == ["Rack"]
    assert bench.native("S", item(bench, "Rack")) == native(bench, "S", "Rack")
    assert titles(bench, "J") == ["Rack"]
    assert bench.ledger.open_intents(PROJECT) == []
    assert quiet(bench)


def test_what_was_edited_before_we_looked_is_ours_and_the_edit_is_heard() -> None:
    bench = lost("after")
    memory = bench.tools["S"].memory
    memory.edit_as("bea", native(bench, "S", "Rack"), title="Rack 4", priority=2)
    settle(bench)
    assert titles(bench, "S") == titles(bench, "J") == ["Rack 4"]
    assert bench.value("J", native(bench, "J", "Rack 4"), "priority") == 2
    assert bench.ledger.conflicts(PROJECT) == []


def test_a_record_of_somebody_else_waits_while_it_may_be_ours_and_no_longer() -> None:
    bench = lost("after")
    add(bench, "S", "Desk")
    bench.sync()
    assert titles(bench, "J") == ["Rack"], "within the horizon nobody can tell which is ours"
    settle(bench)
    assert titles(bench, "J") == titles(bench, "S") == ["Desk", "Rack"]


@pytest.mark.parametrize("same", [True, False])
def test_where_it_cannot_be_told_a_person_is_asked(same: bool) -> None:
    bench = lost("after", history=False)
    memory, made = bench.tools["S"].memory, native(bench, "S", "Rack")
    memory.edit_as("bea", made, priority=2)
    settle(bench)
    assert titles(bench, "S") == titles(bench, "J") == ["Rack"]
    (asked,) = [pair.proposal for pair in bench.ledger.pairs(PROJECT)]
    assert asked.native_id == made
    assert "interrupted" in asked.why
    rack = item(bench, "Rack")
    assert asked.candidates == (rack,)
    decide_pair(bench.workspace(), PROJECT, asked.id, item=rack if same else None, actor="bea")
    settle(bench)
    assert titles(bench, "S") == titles(bench, "J") == (["Rack"] if same else ["Rack", "Rack"])
    assert bench.ledger.open_intents(PROJECT) == []
    assert quiet(bench)


def test_two_that_both_read_as_what_was_sent_are_asked_about() -> None:
    bench = lost("after")
    add(bench, "S", "Rack", priority=1)
    settle(bench)
    assert titles(bench, "S") == ["Rack", "Rack"]
    assert titles(bench, "J") == ["Rack"]
    assert len(bench.ledger.pairs(PROJECT)) == 2
    assert len(bench.ledger.open_intents(PROJECT)) == 1


def test_an_empty_list_does_not_tell_that_nothing_was_made(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = lost("after")
    bench.clock.move(hours=2)
    memory = bench.tools["S"].memory
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(memory, "listing", lambda _container: [])
        bench.sync()
    assert len(bench.ledger.open_intents(PROJECT)) == 1
    settle(bench)
    assert titles(bench, "S") == titles(bench, "J") == ["Rack"]
    assert bench.ledger.open_intents(PROJECT) == []
    assert quiet(bench)


def test_what_was_moved_behind_our_back_while_we_listed_is_not_made_again() -> None:
    """S1 is listed, then ours is moved there from S2, then S2 is listed: no list shows it."""
    bench = bench_of("J", "S", sheets=("s1", "s2"), able=KEYLESS)
    start(bench)
    add(bench, "S", "Desk", "s2")
    settle(bench)
    memory = bench.tools["S"].memory
    memory.on_call = loses("after")
    add(bench, "J", "Rack", priority=1)
    bench.sync()
    made = native(bench, "S", "Rack")
    memory.move_as("bea", made, "s2")
    listed: list[str] = []

    def moves(call: str, when: str) -> None:
        if (call, when) == ("pull", "after"):
            listed.append(call)
            if len(listed) == 1:
                memory.move_as("bea", made, "s1")

    bench.clock.move(hours=2)
    memory.on_call = moves
    bench.sync()
    assert titles(bench, "S") == ["Desk", "Rack"]
    settle(bench)
    assert titles(bench, "S") == titles(bench, "J") == ["Desk", "Rack"]
    assert bench.native("S", item(bench, "Rack")) == made
    assert bench.ledger.open_intents(PROJECT) == []


def test_what_cannot_be_looked_at_a_second_time_is_not_made_again() -> None:
    bench = lost("before")
    memory = bench.tools["S"].memory
    pulls: list[str] = []

    def deaf(call: str, when: str) -> None:
        pulls.extend([call] if (call, when) == ("pull", "before") else [])
        if len(pulls) == 2:
            raise Unavailable("S does not answer.")

    bench.clock.move(hours=2)
    memory.on_call = deaf
    bench.sync()
    assert len(bench.ledger.open_intents(PROJECT)) == 1
    memory.on_call = lambda _call, _when: None
    settle(bench)
    assert titles(bench, "S") == ["Rack"]
    assert bench.ledger.open_intents(PROJECT) == []


def test_what_it_is_called_is_asked_before_it_is_made_elsewhere() -> None:
    bench = bench_of("J", "S", "P", able=KEYLESS)
    start(bench)
    mine = add(bench, "J", "Rack")
    memory = bench.tools["P"].memory

    def down(call: str, phase: str) -> None:
        if call.startswith("apply") and phase == "before":
            raise Unavailable("P does not answer.")

    memory.on_call = down
    settle(bench)
    bench.tools["J"].memory.edit_as("ann", mine, title="Rack 1")
    bench.tools["S"].memory.edit_as("bea", native(bench, "S", "Rack"), title="Rack 2")
    bench.sync()
    memory.on_call = lambda _call, _phase: None
    settle(bench)
    assert titles(bench, "P") == [], "no record without a title is made"
    (conflict,) = bench.ledger.conflicts(PROJECT)
    resolve(bench.workspace(), conflict.id, "S", actor="dan")
    settle(bench)
    assert titles(bench, "J") == titles(bench, "S") == titles(bench, "P") == ["Rack 2"]
    assert quiet(bench)
