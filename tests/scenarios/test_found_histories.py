"""Histories of records and fields that chance found and that once came out wrong, told again as short stories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from itpm_sync.bases import LIFE, Life
from itpm_sync.connector import Change, Outcome, Status
from itpm_sync.cycle import decide_pair, resolve
from itpm_sync.memory import MemoryConnector
from itpm_sync.policy import Creation, Deletion, FieldPolicy, Limits, Rule
from itpm_sync.testing.bench import PROJECT, Killed, tool
from itpm_sync.testing.lenses import PlainLens
from itpm_sync.testing.stories import (
    KEPT,
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


def test_a_deletion_that_a_kill_cut_short_is_carried_on() -> None:
    bench = bench_of("J", "S", deletion=Deletion.PROPAGATE)
    mine = add(bench, "J", "Rack")
    start(bench)
    bench.tools["J"].memory.delete_as("ann", mine)
    bench.sync()
    bench.clock.move(hours=1)
    bench.killed_at("S", "apply delete", "before")
    bench.clock.move(hours=1)
    settle(bench)
    assert titles(bench, "S") == []


def test_an_edit_after_a_deletion_was_cut_short_is_asked_about() -> None:
    bench = bench_of("J", "S", deletion=Deletion.PROPAGATE)
    mine = add(bench, "J", "Rack")
    start(bench)
    bench.tools["J"].memory.delete_as("ann", mine)
    bench.sync()
    bench.clock.move(hours=1)
    bench.killed_at("S", "apply delete", "before")
    bench.tools["S"].memory.edit_as("bea", native(bench, "S", "Rack"), priority=7)
    settle(bench)
    assert titles(bench, "S") == ["Rack"]
    (conflict,) = bench.ledger.conflicts(PROJECT)
    assert conflict.field == LIFE


@pytest.mark.parametrize(("choice", "left"), [("1", []), ("2", ["Rack"])])
def test_the_answer_to_a_deletion_that_met_an_edit_is_final(choice: str, left: list[str]) -> None:
    bench = bench_of("J", "S", deletion=Deletion.PROPAGATE)
    mine = add(bench, "J", "Rack")
    start(bench)
    bench.tools["S"].memory.edit_as("bea", native(bench, "S", "Rack"), priority=7)
    bench.tools["J"].memory.delete_as("ann", mine)
    settle(bench)
    (conflict,) = bench.ledger.conflicts(PROJECT)
    resolve(bench.workspace(), conflict.id, choice, actor="ann")
    settle(bench)
    assert titles(bench, "S") == left
    assert bench.ledger.conflicts(PROJECT) == []
    assert quiet(bench)


def test_a_deletion_waits_for_a_conflict_that_its_deleter_did_not_know() -> None:
    bench = bench_of("J", "S", "P", deletion=Deletion.PROPAGATE)
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    bench.tools["S"].memory.edit_as("bea", native(bench, "S", "Rack"), priority=2)
    bench.tools["P"].memory.edit_as("cem", native(bench, "P", "Rack"), priority=3)
    bench.sync()  # a conflict over the priority
    bench.tools["J"].memory.delete_as("ann", mine)
    settle(bench)
    assert titles(bench, "S") == titles(bench, "P") == ["Rack"]
    (conflict,) = bench.ledger.conflicts(PROJECT)
    resolve(bench.workspace(), conflict.id, "1", actor="bea")
    settle(bench)
    assert [one.field for one in bench.ledger.conflicts(PROJECT)] == [LIFE]


def test_an_owner_that_says_nothing_puts_an_edit_back_to_nothing() -> None:
    bench = bench_of("J", "S", fields={"site": FieldPolicy(Rule.OWNER, ("J",))})
    add(bench, "J", "Rack")
    start(bench)
    in_s = native(bench, "S", "Rack")
    bench.tools["S"].memory.edit_as("bea", in_s, site="Nord")
    settle(bench)
    assert bench.value("S", in_s, "site") is None
    assert bench.losers(item(bench, "Rack"), "site") == ["Nord"]


def test_a_value_that_its_tool_no_longer_computes_and_nobody_agreed_is_a_first_one() -> None:
    bench = bench_of("J", "S")
    mine = add(bench, "J", "Rack")
    start(bench)
    row = bench.tools["J"].memory.rows[mine]
    bench.tools["J"].memory.edit_as("J", mine, priority=20)
    row.computed = frozenset({"priority"})
    settle(bench)
    assert bench.value("S", native(bench, "S", "Rack"), "priority") is None
    row.computed = frozenset()
    bench.tools["J"].memory.edit_as("J", mine)
    settle(bench)
    assert bench.value("S", native(bench, "S", "Rack"), "priority") == 20


def test_a_copy_of_a_hidden_record_is_a_new_item() -> None:
    bench = bench_of("J", "S", able=NEW_IDS)
    add(bench, "J", "Rack")
    start(bench)
    memory = bench.tools["S"].memory
    original = native(bench, "S", "Rack")
    memory.copy_as("bea", original)
    memory.hide(original)
    settle(bench)
    assert titles(bench, "J") == ["Rack", "Rack"]


def test_a_move_is_no_copy_though_the_list_of_its_old_place_lags() -> None:
    bench = bench_of("J", "S", sheets=("S1", "S2"), able=NEW_IDS, deletion=Deletion.PROPAGATE)
    add(bench, "S", KEPT + " too", "S1")
    add(bench, "S", "Rack", "S1")
    start(bench)
    memory = bench.tools["S"].memory
    memory.lag("S1", 1800)
    memory.move_as("bea", native(bench, "S", "Rack"), "S2")
    settle(bench)
    assert titles(bench, "J").count("Rack") == 1
    assert bench.native("S", item(bench, "Rack")) == native(bench, "S", "Rack")


def test_a_move_is_no_copy_though_its_old_place_does_not_answer() -> None:
    bench = bench_of("J", "S", sheets=("S1", "S2"), able=NEW_IDS, deletion=Deletion.PROPAGATE)
    add(bench, "S", "Rack", "S1")
    start(bench)
    memory = bench.tools["S"].memory
    memory.move_as("bea", native(bench, "S", "Rack"), "S2")
    memory.down.add("S1")
    settle(bench)
    memory.down.clear()
    settle(bench)
    assert titles(bench, "J") == ["Rack"]
    assert bench.native("S", item(bench, "Rack")) == native(bench, "S", "Rack")


def test_a_record_that_is_refused_whole_is_not_written_in_every_run() -> None:
    bench = bench_of("J", "S")
    mine = add(bench, "J", "Rack")
    start(bench)
    bench.tools["J"].memory.edit_as("ann", mine, priority=2)
    memory = bench.tools["S"].memory
    row = memory.rows[native(bench, "S", "Rack")]

    def hide_for_writes(call: str, phase: str) -> None:
        row.hidden = call == "apply update" and phase == "before"

    memory.on_call = hide_for_writes
    bench.sync()
    memory.calls.clear()
    bench.clock.move(minutes=5)
    bench.sync()
    assert "apply update" not in memory.calls
    assert any("left out in S" in warning.says for warning in bench.reports[-1].warnings)


def test_a_first_plan_shows_what_waits_for_a_pairing() -> None:
    bench = bench_of("J", "S")
    bench.policy = replace(bench.policy, limits=Limits())
    for name in ("J", "S"):
        bench.tools[name].containers = [
            replace(one, creation=Creation.MATCH_THEN_CREATE) for one in bench.tools[name].containers
        ]
    for number in range(6):
        add(bench, "J", f"Item {number}")
    add(bench, "S", "Item 0")
    report = bench.plan()
    assert [brake.kind.value for brake in report.plan.brakes] == ["first sync"]
    assert len(report.plan.proposals) == 1
    assert len(bench.ledger.pairs(PROJECT)) == 1


def test_a_marked_item_stays_where_it_is() -> None:
    bench = bench_of("J", "S", deletion=Deletion.MARK)
    mine = add(bench, "J", "Rack")
    start(bench)
    bench.tools["J"].memory.delete_as("ann", mine)
    settle(bench)
    assert titles(bench, "S") == ["Rack"]
    assert bench.ledger.load(PROJECT).items[item(bench, "Rack")].life is Life.DELETED
    assert quiet(bench)


def test_what_is_gone_where_moved_records_get_new_ids_is_asked_about() -> None:
    bench = bench_of("J", "S", able=replace(NEW_IDS, bin=False), deletion=Deletion.PROPAGATE)
    add(bench, "J", "Rack")
    start(bench)
    memory = bench.tools["S"].memory
    memory.delete_as(
        "bea", native(bench, "S", "Rack")
    )  # or moved to a sheet that is not ours: S says the same
    settle(bench)
    assert titles(bench, "J") == ["Rack"]
    (conflict,) = bench.ledger.conflicts(PROJECT)
    assert conflict.field == LIFE
    resolve(bench.workspace(), conflict.id, "1", actor="ann")
    settle(bench)
    assert titles(bench, "J") == []


def test_an_edit_over_our_write_that_overwrote_another_closes_the_conflict() -> None:
    bench = bench_of("J", "S")
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    bench.tools["J"].memory.edit_as("ann", mine, priority=2)
    memory, in_s = bench.tools["S"].memory, native(bench, "S", "Rack")
    bench.during("S", "apply update", "before", lambda: memory.edit_as("bea", in_s, priority=3))
    bench.sync()  # 3 was overwritten unseen: 2 against 3
    assert bench.conflict_values("priority") == [2, 3]
    memory.edit_as("bea", in_s, priority=4)  # over our 2
    settle(bench)
    assert bench.ledger.conflicts(PROJECT) == []
    assert bench.value("J", mine, "priority") == 4
    assert set(bench.losers(item(bench, "Rack"), "priority")) == {2, 3}


def test_a_person_says_which_of_two_copies_the_moved_record_is() -> None:
    bench = bench_of("J", "S", sheets=("S1", "S2"), able=NEW_IDS, deletion=Deletion.PROPAGATE)
    add(bench, "S", "Kept too", "S1")
    add(bench, "S", "Rack", "S1")
    start(bench)
    memory = bench.tools["S"].memory
    original = native(bench, "S", "Rack")
    copy = memory.copy_as("bea", original)
    moved = memory.move_as("bea", original, "S2")
    settle(bench)
    assert bench.ledger.conflicts(PROJECT) == []
    pairs = {pair.proposal.native_id: pair.proposal for pair in bench.ledger.pairs(PROJECT)}
    assert set(pairs) == {copy, moved}
    (rack,) = pairs[moved].candidates
    decide_pair(bench.workspace(), PROJECT, pairs[moved].id, item=rack, actor="bea")
    settle(bench)
    assert bench.native("S", rack) == moved
    assert titles(bench, "J") == ["Kept too", "Rack", "Rack"]  # the copy is a new item
    assert bench.ledger.pairs(PROJECT) == []


def test_a_record_moved_while_we_write_is_left_for_the_next_run() -> None:
    bench = bench_of("J", "S", sheets=("S1", "S2"))
    mine = add(bench, "J", "Rack")
    phase = add(bench, "J", "Phase")
    start(bench)
    memory, in_s = bench.tools["S"].memory, native(bench, "S", "Rack")
    bench.tools["J"].memory.edit_as("ann", mine, parent=phase)

    def move() -> None:
        memory.move_as("bea", in_s, "S2")

    bench.during("S", "read", "before", move)
    settle(bench)
    assert memory.rows[in_s].container == "S2"
    assert bench.ledger.refusals(PROJECT) == []  # not even tried
    assert memory.rows[in_s].values.get("parent") is None  # its parent is in S1
    assert bench.agreed(item(bench, "Rack"), "parent") == item(bench, "Phase")


def test_a_kind_that_nobody_said_and_a_tool_fills_in_is_no_news() -> None:
    bench = bench_of("J", "S")
    start(bench)
    bench.tools["J"].memory.create_as("ann", "main", title="Rack")
    memory = bench.tools["S"].memory

    def fill_in() -> None:
        memory.rows[native(bench, "S", "Rack")].values["kind"] = "task"

    bench.during("S", "apply create", "after", fill_in)
    bench.sync()
    assert memory.rows[native(bench, "S", "Rack")].values["kind"] == "task"
    bench.clock.move(hours=1)
    assert quiet(bench)


def test_an_edit_over_the_value_that_a_resolution_kept_is_no_new_conflict() -> None:
    bench = bench_of("J", "S", "P")
    add(bench, "J", "Rack", priority=1)
    start(bench)
    in_j, in_s, in_p = (native(bench, name, "Rack") for name in ("J", "S", "P"))
    bench.tools["J"].memory.edit_as("ann", in_j, priority=2)
    bench.during("P", "read", "before", lambda: bench.tools["P"].memory.edit_as("cem", in_p, priority=3))
    bench.sync()  # S is brought to 2, P was faster
    bench.sync()
    (conflict,) = bench.ledger.conflicts(PROJECT)
    resolve(bench.workspace(), conflict.id, "agreed", actor="ann")
    bench.tools["S"].memory.edit_as("bea", in_s, priority=4)  # over 2
    settle(bench)
    assert bench.ledger.conflicts(PROJECT) == []
    assert [bench.value(name, one, "priority") for name, one in (("J", in_j), ("P", in_p))] == [4, 4]


def test_what_our_lost_write_replaced_is_looked_up_when_a_hidden_record_is_back() -> None:
    vague = replace(SURE, tells_hidden=False)
    bench = bench_of("J", "S", able=vague)
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    memory, in_s = bench.tools["S"].memory, native(bench, "S", "Rack")
    bench.tools["J"].memory.edit_as("ann", mine, priority=2)

    def edit_then_die(call: str, phase: str) -> None:
        if (call, phase) == ("apply update", "before"):
            memory.edit_as("bea", in_s, priority=3)
        if (call, phase) == ("apply update", "after"):
            raise Killed

    memory.on_call = edit_then_die
    with pytest.raises(Killed):
        bench.sync()
    memory.on_call = lambda _call, _phase: None
    memory.hide(in_s)
    settle(bench)
    memory.hide(in_s, hidden=False)
    settle(bench)
    assert bench.conflict_values("priority") == [2, 3]


def test_a_restored_record_is_judged_by_what_it_was_told_before_its_deletion() -> None:
    bench = bench_of("J", "S", deletion=Deletion.PROPAGATE)
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    memory = bench.tools["J"].memory
    memory.edit_as("ann", mine, priority=2)
    memory.delete_as("ann", mine)
    bench.tools["S"].memory.edit_as("bea", native(bench, "S", "Rack"), priority=3)
    settle(bench)  # the deletion did not know of 3: a person is asked
    memory.restore_as("ann", mine)
    settle(bench)
    assert bench.conflict_values("priority") == [2, 3]


def test_what_putting_back_replaced_is_kept_and_no_conflict() -> None:
    bench = bench_of("J", "S", fields={"priority": FieldPolicy(Rule.OWNER, ("J",))})
    add(bench, "J", "Rack", priority=1)
    start(bench)
    memory, in_s = bench.tools["S"].memory, native(bench, "S", "Rack")
    memory.edit_as("bea", in_s, priority=2)
    bench.during("S", "apply update", "before", lambda: memory.edit_as("bea", in_s, priority=3))
    settle(bench)
    assert bench.value("S", in_s, "priority") == 1
    assert bench.ledger.conflicts(PROJECT) == []
    assert set(bench.losers(item(bench, "Rack"), "priority")) == {2, 3}


class Mute(MemoryConnector):
    """A tool that answers a write with no more than "done", also where it did not take it."""

    async def apply(self, container: str, changes: Sequence[Change]) -> Sequence[Outcome]:
        outcomes = await super().apply(container, changes)
        return [Outcome(one.intent, Status.APPLIED) for one in outcomes]


def test_a_write_that_a_tool_silently_ignored_is_a_refusal_and_no_edit() -> None:
    bench = bench_of("J", "S")
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    bench.tools["S"].port = Mute
    memory, in_s = bench.tools["S"].memory, native(bench, "S", "Rack")
    memory.refuses["priority"] = "read-only on this screen"
    bench.tools["J"].memory.edit_as("ann", mine, priority=2)
    bench.sync()
    assert bench.value("S", in_s, "priority") == 1
    assert bench.value("J", mine, "priority") == 2
    assert bench.agreed(item(bench, "Rack"), "priority") == 2
    assert [refusal.field for refusal in bench.ledger.refusals(PROJECT)] == ["priority"]
    memory.refuses.clear()
    settle(bench)
    assert bench.value("S", in_s, "priority") == 2
    assert bench.ledger.refusals(PROJECT) == []


def test_a_value_that_a_tool_computes_no_more_is_heard_though_a_write_came_between() -> None:
    bench = bench_of("J", "S")
    mine = add(bench, "J", "Rack", priority=20)
    row = bench.tools["J"].memory.rows[mine]
    row.computed = frozenset({"priority"})
    start(bench)
    in_s = native(bench, "S", "Rack")
    assert bench.value("S", in_s, "priority") is None
    bench.tools["S"].memory.edit_as("bea", in_s, site="Sued")

    def left_to_people() -> None:
        row.computed = frozenset()

    bench.during("J", "apply update", "before", left_to_people)
    settle(bench)
    assert bench.value("J", mine, "site") == "Sued"
    assert bench.value("S", in_s, "priority") == 20


def test_an_edit_waits_while_the_owners_own_record_is_hidden() -> None:
    bench = bench_of("J", "S", "P", fields={"priority": FieldPolicy(Rule.OWNER, ("J",))})
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    memory, in_s, in_p = bench.tools["J"].memory, native(bench, "S", "Rack"), native(bench, "P", "Rack")
    memory.hide(mine)
    settle(bench)
    bench.tools["S"].memory.edit_as("bea", in_s, priority=5)
    settle(bench)
    assert bench.value("S", in_s, "priority") == 5, "nobody may say that it is wrong"
    assert bench.value("P", in_p, "priority") == 1, "nobody may say that it is right"
    assert quiet(bench)
    memory.hide(mine, hidden=False)
    settle(bench)
    assert [bench.value(*place, "priority") for place in (("J", mine), ("S", in_s), ("P", in_p))] == [1, 1, 1]
    assert 5 in bench.losers(item(bench, "Rack"), "priority")


def test_a_record_that_is_tied_while_a_conflict_is_open_and_says_what_is_agreed_is_no_side_of_it() -> None:
    bench = bench_of("J", "S")
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    in_s = native(bench, "S", "Rack")
    bench.tools["J"].memory.edit_as("ann", mine, priority=2)
    bench.tools["S"].memory.edit_as("bea", in_s, priority=3)
    bench.sync()
    assert bench.conflict_values("priority") == [2, 3]
    bench.tools["Q"] = tool(bench.clock, "Q", PlainLens("site"), PlainLens("priority"), capabilities=SURE)
    bench.policy = replace(bench.policy, containers=(*bench.policy.containers, *bench.tools["Q"].containers))
    key = item(bench, "Rack")
    made = add(bench, "Q", "Rack", priority=1)
    bench.tools["Q"].memory.rows[made].key = key
    bench.approve()
    settle(bench)
    assert bench.conflict_values("priority") == [2, 3]
    assert bench.native("Q", key) == made
    assert quiet(bench)
