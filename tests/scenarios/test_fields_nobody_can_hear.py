"""A field that its container has lost, or that is called otherwise than the mapping knows, says nothing: what stands
there may have been edited all the same, and nobody decides over it (F34).
"""

from __future__ import annotations

import pytest

from itpm_sync.bases import LIFE
from itpm_sync.cycle import resolve
from itpm_sync.errors import Unavailable
from itpm_sync.policy import Deletion, FieldPolicy, Rule
from itpm_sync.testing.bench import PROJECT, Bench
from itpm_sync.testing.stories import NEW_IDS, add, bench_of, item, native, quiet, settle, start, titles

LOSER = "S"
WAYS = ["taken out", "renamed"]


def lose(bench: Bench, name: str, way: str) -> None:
    memory = bench.tools[LOSER].memory
    (memory.lost if way == "taken out" else memory.renamed)["main"] = name


def put_back(bench: Bench) -> None:
    bench.tools[LOSER].memory.lost.clear()
    bench.tools[LOSER].memory.renamed.clear()


def stands(bench: Bench, name: str, title: str = "Rack") -> object:
    return bench.tools[name].memory.rows[native(bench, name, title)].values.get("priority")


@pytest.mark.parametrize("way", WAYS)
def test_an_edit_made_while_it_was_away_is_heard_once_it_is_back(way: str) -> None:
    bench = bench_of("J", LOSER)
    add(bench, "J", "Rack", priority=1)
    start(bench)
    lose(bench, "priority", way)
    bench.tools[LOSER].memory.edit_as("bea", native(bench, LOSER, "Rack"), priority=3, site="Sued")
    settle(bench)
    put_back(bench)
    settle(bench)
    assert stands(bench, "J") == stands(bench, LOSER) == 3
    assert bench.ledger.conflicts(PROJECT) == []
    assert quiet(bench)


@pytest.mark.parametrize("way", WAYS)
def test_a_value_that_stands_beside_a_write_of_ours_is_heard_once_it_is_back(way: str) -> None:
    bench = bench_of("J", LOSER)
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    lose(bench, "priority", way)
    memory, there = bench.tools[LOSER].memory, native(bench, LOSER, "Rack")

    def quick(call: str, phase: str) -> None:
        if (call, phase) == ("apply update", "before"):
            memory.on_call = lambda _call, _phase: None
            memory.edit_as("bea", there, priority=3)

    memory.on_call = quick
    bench.tools["J"].memory.edit_as("ann", mine, site="Sued")
    settle(bench)
    put_back(bench)
    settle(bench)
    assert stands(bench, "J") == stands(bench, LOSER) == 3
    assert quiet(bench)


@pytest.mark.parametrize("way", WAYS)
def test_a_record_that_moves_out_of_the_container_which_has_lost_a_field_is_no_edit_of_it(way: str) -> None:
    bench = bench_of("J", LOSER, sheets=("s1", "s2"), able=NEW_IDS)
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    memory, there = bench.tools[LOSER].memory, native(bench, LOSER, "Rack")
    here = memory.rows[there].container
    (memory.lost if way == "taken out" else memory.renamed)[here] = "priority"
    settle(bench)
    memory.move_as("bea", there, "s2" if here == "s1" else "s1")
    bench.tools["J"].memory.edit_as("ann", mine, priority=2)
    settle(bench)
    assert bench.ledger.conflicts(PROJECT) == []
    assert stands(bench, "J") == stands(bench, LOSER) == 2
    assert quiet(bench)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("edited", [False, True])
def test_a_record_that_moves_into_a_container_which_has_lost_a_field_says_what_it_said(
    way: str, *, edited: bool
) -> None:
    bench = bench_of("J", LOSER, sheets=("s1", "s2"), able=NEW_IDS)
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    memory, there = bench.tools[LOSER].memory, native(bench, LOSER, "Rack")
    other = "s2" if memory.rows[there].container == "s1" else "s1"
    (memory.lost if way == "taken out" else memory.renamed)[other] = "priority"
    moved = memory.move_as("bea", there, other)
    bench.tools["J"].memory.edit_as("ann", mine, priority=2)
    settle(bench)
    if edited:
        memory.edit_as("bea", moved, priority=3)
        settle(bench)
    put_back(bench)
    settle(bench)
    if edited:
        assert bench.conflict_values("priority") == [2, 3]
    else:
        assert bench.ledger.conflicts(PROJECT) == []
        assert stands(bench, "J") == stands(bench, LOSER) == 2
    assert quiet(bench)


@pytest.mark.parametrize("way", WAYS)
def test_an_edit_that_was_read_and_not_decided_when_it_went_away_is_no_decided_one(way: str) -> None:
    bench = bench_of("J", LOSER, "T")
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    bench.tools[LOSER].memory.edit_as("bea", native(bench, LOSER, "Rack"), priority=3)
    bench.killed_at("T", "pull", "before")  # it was read, and nobody has decided it
    lose(bench, "priority", way)
    bench.tools["J"].memory.edit_as("ann", mine, site="Sued")
    settle(bench)
    put_back(bench)
    settle(bench)
    assert stands(bench, "J") == stands(bench, LOSER) == 3
    assert quiet(bench)


@pytest.mark.parametrize("way", WAYS)
def test_the_tool_with_the_last_word_is_waited_for(way: str) -> None:
    bench = bench_of("J", LOSER, fields={"priority": FieldPolicy(Rule.OWNER, (LOSER,))})
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    bench.tools[LOSER].memory.edit_as("bea", native(bench, LOSER, "Rack"), priority=1)
    settle(bench)
    lose(bench, "priority", way)
    bench.tools["J"].memory.edit_as("ann", mine, priority=2)
    settle(bench)
    assert bench.agreed(item(bench, "Rack"), "priority") == 1, "its owner was not heard"
    put_back(bench)
    settle(bench)
    assert stands(bench, "J") == stands(bench, LOSER) == 1
    assert 2 in bench.losers(item(bench, "Rack"), "priority")
    assert quiet(bench)


@pytest.mark.parametrize("way", WAYS)
def test_the_tool_with_the_last_word_is_waited_for_where_its_list_fails_when_its_field_is_first_missed(
    way: str,
) -> None:
    bench = bench_of("J", LOSER, fields={"priority": FieldPolicy(Rule.OWNER, (LOSER,))})
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    lose(bench, "priority", way)
    memory = bench.tools[LOSER].memory

    def broken(call: str, phase: str) -> None:
        if (call, phase) == ("pull", "before"):
            raise Unavailable("S: a login page.")

    memory.on_call = broken
    bench.tools["J"].memory.edit_as("ann", mine, priority=2)
    bench.sync()
    assert bench.agreed(item(bench, "Rack"), "priority") == 1, "its owner was not heard"
    memory.on_call = lambda _call, _phase: None
    put_back(bench)
    settle(bench)
    assert stands(bench, "J") == stands(bench, LOSER) == 1
    assert 2 in bench.losers(item(bench, "Rack"), "priority")
    assert quiet(bench)


@pytest.mark.parametrize("way", WAYS)
def test_a_deletion_elsewhere_is_asked_about_while_nobody_can_say_what_stands_there(way: str) -> None:
    bench = bench_of("J", LOSER, deletion=Deletion.PROPAGATE)
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    lose(bench, "priority", way)
    settle(bench)
    bench.tools["J"].memory.delete_as("ann", mine)
    settle(bench)
    assert titles(bench, LOSER) == ["Rack"]
    (asked,) = bench.ledger.conflicts(PROJECT)
    assert (asked.field, asked.reason) == (
        LIFE,
        "deleted in J while its priority cannot be read in S",
    )
    resolve(bench.workspace(), asked.id, "J", actor="ann")
    settle(bench)
    assert titles(bench, LOSER) == []
    assert quiet(bench)


def test_a_container_that_seems_to_be_emptied_just_then_has_not_told_what_it_has_again() -> None:
    bench = bench_of("J", LOSER)
    add(bench, "J", "Rack", priority=1)
    start(bench)
    add(bench, "J", "Desk", priority=5)
    lose(bench, "priority", "taken out")
    settle(bench)
    memory = bench.tools[LOSER].memory
    memory.edit_as("bea", native(bench, LOSER, "Rack"), priority=3)
    settle(bench)
    put_back(bench)
    hidden = dict(memory.rows)
    memory.rows.clear()
    bench.sync()
    memory.rows.update(hidden)
    settle(bench)
    assert stands(bench, "J") == stands(bench, LOSER) == 3
    assert stands(bench, LOSER, "Desk") == 5
    assert quiet(bench)


def test_an_option_that_was_renamed_while_its_field_was_away_is_asked_about_once_it_is_back() -> None:
    bench = bench_of("J", LOSER)
    memory = bench.tools[LOSER].memory
    memory.options = {"site": {"1": "Nord", "2": "Sued"}}
    mine = add(bench, "J", "Rack", site="Nord")
    start(bench)
    lose(bench, "site", "taken out")
    settle(bench)
    memory.options = {"site": {"1": "North", "2": "Sued"}}
    bench.tools["J"].memory.edit_as("ann", mine, priority=2)
    settle(bench)
    assert stands(bench, LOSER) == 2, "nothing rests on it meanwhile"
    put_back(bench)
    says = [brake.says for brake in bench.sync().plan.brakes]
    assert any("'Nord' became 'North'" in one for one in says), says


@pytest.mark.parametrize("way", WAYS)
def test_while_the_title_is_away_nothing_is_made_there_and_what_people_make_there_waits(way: str) -> None:
    bench = bench_of("J", LOSER)
    start(bench)
    lose(bench, "title", way)
    add(bench, "J", "Rack")
    add(bench, LOSER, "Rack")
    add(bench, LOSER, "Desk")
    settle(bench)
    assert titles(bench, "J") == ["Rack"]
    assert titles(bench, LOSER) == ["Desk", "Rack"]
    put_back(bench)
    settle(bench)
    assert titles(bench, "J") == titles(bench, LOSER) == ["Desk", "Rack"], "the two racks are one"


def test_a_record_that_waits_for_its_title_may_be_what_another_container_is_about_to_be_given() -> None:
    bench = bench_of("J", LOSER, sheets=("s1", "s2"))
    start(bench)
    memory = bench.tools[LOSER].memory
    memory.lost["s2"] = "title"
    memory.create_as("bea", "s2", kind="task", title="Rack")
    add(bench, "J", "Rack")
    settle(bench)
    assert titles(bench, LOSER) == ["Rack"], "nothing is made in s1: it may be made a second time"
    memory.lost.clear()
    settle(bench)
    assert titles(bench, "J") == titles(bench, LOSER) == ["Rack"]
    assert quiet(bench)
    assert quiet(bench)


@pytest.mark.parametrize("way", WAYS)
def test_what_its_owner_has_in_a_record_restored_while_it_was_away_is_their_word_once_it_is_back(
    way: str,
) -> None:
    bench = bench_of("J", LOSER, fields={"priority": FieldPolicy(Rule.OWNER, (LOSER,))})
    add(bench, "J", "Rack", priority=1)
    start(bench)
    memory, there = bench.tools[LOSER].memory, native(bench, LOSER, "Rack")
    memory.delete_as("bea", there)
    settle(bench)
    bench.tools["J"].memory.edit_as("ann", native(bench, "J", "Rack"), priority=2)
    lose(bench, "priority", way)
    settle(bench)
    memory.restore_as("bea", there)
    settle(bench)
    put_back(bench)
    settle(bench)
    assert stands(bench, "J") == stands(bench, LOSER) == 1
    assert quiet(bench)


@pytest.mark.parametrize("way", WAYS)
def test_a_value_that_its_tool_leaves_to_people_while_it_is_away_is_a_first_one_once_it_is_back(
    way: str,
) -> None:
    bench = bench_of("J", LOSER)
    add(bench, LOSER, "Rack", priority=1)
    memory = bench.tools[LOSER].memory
    row = memory.rows[native(bench, LOSER, "Rack")]
    row.computed = frozenset({"priority"})
    start(bench)
    assert stands(bench, "J") is None, "nobody typed it"
    lose(bench, "priority", way)
    row.computed = frozenset()
    memory.edit_as("the tool", row.native_id, priority=1)
    settle(bench)
    put_back(bench)
    settle(bench)
    assert stands(bench, "J") == stands(bench, LOSER) == 1
    assert bench.ledger.conflicts(PROJECT) == []
    assert quiet(bench)


@pytest.mark.parametrize("way", WAYS)
def test_a_value_that_its_tool_computes_still_is_nobodys_word_once_it_is_back(way: str) -> None:
    bench = bench_of("J", LOSER)
    mine = add(bench, LOSER, "Rack", priority=1)
    memory = bench.tools[LOSER].memory
    memory.rows[mine].computed = frozenset({"priority"})
    start(bench)
    lose(bench, "priority", way)
    memory.edit_as("bea", mine, site="Sued")
    settle(bench)
    put_back(bench)
    settle(bench)
    assert stands(bench, "J") is None
    assert stands(bench, LOSER) == 1
    assert quiet(bench)
