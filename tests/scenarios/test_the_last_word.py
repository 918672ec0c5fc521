"""Whoever has the last word on a field is waited for while they cannot be heard, and nobody decides over their head."""

from __future__ import annotations

import pytest

from itpm_sync.bases import LIFE
from itpm_sync.cycle import decide_pair
from itpm_sync.errors import Unavailable, UnknownOutcome
from itpm_sync.policy import Deletion, FieldPolicy, Rule
from itpm_sync.simulator.lenses import NumberLens
from itpm_sync.testing.bench import PROJECT, Bench
from itpm_sync.testing.stories import add, bench_of, item, native, quiet, settle, start

OWNED = {"priority": FieldPolicy(Rule.OWNER, ("J",))}


def stands(bench: Bench, *names: str) -> list[object]:
    return [bench.value(name, native(bench, name, "Rack"), "priority") for name in names]


def test_an_edit_waits_while_it_is_not_known_what_our_last_call_did_in_the_owners_tool() -> None:
    bench = bench_of("J", "S", "P", fields=OWNED)
    add(bench, "J", "Rack", priority=1)
    start(bench)
    memory, in_s = bench.tools["J"].memory, native(bench, "S", "Rack")

    def dies(call: str, phase: str) -> None:
        if (call, phase) == ("apply update", "before"):
            raise UnknownOutcome("J: time-out.")
        if (call, phase) == ("read", "before") and lost:
            raise Unavailable("J does not answer.")

    memory.on_call, lost = dies, False
    bench.tools["S"].memory.edit_as("bea", in_s, site="Sued")
    bench.sync()  # S's site goes to J, and nobody knows whether it came there
    lost = True
    bench.tools["S"].memory.edit_as("bea", in_s, priority=5)
    bench.clock.move(hours=1)
    bench.sync()
    assert bench.agreed(item(bench, "Rack"), "priority") == 1, "its owner was not heard"
    assert stands(bench, "J", "S", "P") == [1, 5, 1]
    memory.on_call = lambda _call, _phase: None
    settle(bench)
    assert stands(bench, "J", "S", "P") == [1, 1, 1]
    assert 5 in bench.losers(item(bench, "Rack"), "priority")
    assert bench.ledger.conflicts(PROJECT) == []


def test_an_edit_waits_while_what_stands_in_the_owners_tool_cannot_be_read() -> None:
    bench = bench_of("J", "S", "P", fields=OWNED)
    for tool in bench.tools.values():
        tool.lenses = {**tool.lenses, "priority": NumberLens("priority")}
    mine = add(bench, "J", "Rack", priority=10)
    start(bench)
    bench.tools["J"].memory.edit_as("ann", mine, priority="high")
    settle(bench)
    bench.tools["S"].memory.edit_as("bea", native(bench, "S", "Rack"), priority=50)
    settle(bench)
    assert stands(bench, "J", "S", "P") == ["high", 50, 10]
    bench.tools["J"].memory.edit_as("ann", mine, priority=20)
    settle(bench)
    assert stands(bench, "J", "S", "P") == [20, 20, 20]
    assert 50 in bench.losers(item(bench, "Rack"), "priority")


def test_an_edit_waits_while_the_schedule_authoritys_own_record_is_hidden() -> None:
    bench = bench_of("J", "S", "P", authorities=("J",))
    mine = add(bench, "J", "Rack", priority=10)
    memory = bench.tools["J"].memory
    memory.rows[mine].computed = frozenset({"priority"})
    start(bench)
    memory.hide(mine)
    settle(bench)
    bench.tools["S"].memory.edit_as("bea", native(bench, "S", "Rack"), priority=50)
    settle(bench)
    assert stands(bench, "S", "P") == [50, 10]
    assert quiet(bench)
    memory.hide(mine, hidden=False)
    settle(bench)
    assert stands(bench, "J", "S", "P") == [10, 10, 10], "what its authority computes stands everywhere"
    assert 50 in bench.losers(item(bench, "Rack"), "priority")


def test_a_record_restored_in_the_owners_tool_has_the_last_word_again() -> None:
    bench = bench_of("J", "S", "P", fields=OWNED)
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    memory = bench.tools["J"].memory
    memory.delete_as("ann", mine)
    settle(bench)
    bench.tools["S"].memory.edit_as("bea", native(bench, "S", "Rack"), priority=5)
    settle(bench)
    assert stands(bench, "S", "P") == [5, 5], "nobody owns it meanwhile"
    memory.restore_as("ann", mine)
    settle(bench)
    assert stands(bench, "J", "S", "P") == [1, 1, 1]
    assert 5 in bench.losers(item(bench, "Rack"), "priority")
    assert quiet(bench)


def test_what_stands_in_a_record_that_is_tied_while_the_owner_is_hidden_waits_too() -> None:
    bench = bench_of("J", "S", fields=OWNED)
    start(bench)
    mine = add(bench, "J", "Rack", priority=1)
    add(bench, "S", "Rack", priority=5)
    bench.sync()
    (asked,) = bench.ledger.pairs(PROJECT)
    decide_pair(bench.workspace(), PROJECT, asked.proposal.id, item=asked.proposal.candidates[0], actor="bea")
    memory = bench.tools["J"].memory
    memory.hide(mine)
    settle(bench)
    assert stands(bench, "J", "S") == [1, 5], "it is not overwritten over the owner's head"
    assert quiet(bench)
    memory.hide(mine, hidden=False)
    settle(bench)
    assert stands(bench, "J", "S") == [1, 1]
    assert 5 in bench.losers(item(bench, "Rack"), "priority")


def test_an_edit_waits_while_the_owners_tool_may_have_made_the_record() -> None:
    bench = bench_of("J", "S", "P", fields=OWNED)
    start(bench)
    in_s = add(bench, "S", "Rack", priority=1)
    memory = bench.tools["J"].memory

    def loses(call: str, phase: str) -> None:
        if (call, phase) == ("apply create", "after"):
            raise UnknownOutcome("J: time-out.")
        if call in ("pull", "find") and lost:
            raise Unavailable("J does not answer.")

    memory.on_call, lost = loses, False
    bench.sync()
    lost = True
    bench.tools["S"].memory.edit_as("bea", in_s, priority=5)
    bench.sync()
    assert bench.agreed(item(bench, "Rack"), "priority") == 1
    memory.on_call = lambda _call, _phase: None
    settle(bench)
    assert stands(bench, "J", "S", "P") == [1, 1, 1]
    assert 5 in bench.losers(item(bench, "Rack"), "priority")
    assert quiet(bench)


@pytest.mark.parametrize("deletion", [Deletion.MARK, Deletion.PROPAGATE])
def test_an_edit_waits_while_the_owners_record_seems_to_be_gone(deletion: Deletion) -> None:
    bench = bench_of("J", "S", "P", fields=OWNED, deletion=deletion)
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    bench.tools["J"].memory.delete_as("ann", mine)
    bench.tools["S"].memory.edit_as("bea", native(bench, "S", "Rack"), priority=5)
    bench.sync()
    assert stands(bench, "S", "P") == [5, 1], "its owner was not heard"
    bench.clock.move(hours=2)
    settle(bench)
    assert stands(bench, "S", "P") == [5, 5], "nobody has the last word any more"
    assert [conflict.field for conflict in bench.ledger.conflicts(PROJECT)] == [LIFE]
    assert quiet(bench)
