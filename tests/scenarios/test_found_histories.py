"""Histories that chance found and that once came out wrong, each told again as a short story.

J, S and P are tools. A horizon is an hour. Every tool holds a kept record, so that none is ever emptied.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from itpm_sync.bases import LIFE, Life, Tie
from itpm_sync.connector import Capabilities
from itpm_sync.cycle import decide_pair, resolve
from itpm_sync.policy import Creation, Deletion, FieldPolicy, Limits, Rule, Scope
from itpm_sync.testing.bench import PROJECT, Bench, Tool, tool
from itpm_sync.testing.clocks import ManualClock
from itpm_sync.testing.lenses import PlainLens

FREE = Limits(floor=10_000, deletions=10_000)
KEPT = "Kept"
SURE = Capabilities(history=True, edit_times=True, bin=True, tells_hidden=True)
NEW_IDS = replace(SURE, moves_keep_id=False)


def bench_of(*names: str, sheets: tuple[str, ...] = (), able: Capabilities = SURE, **policy: Any) -> Bench:
    """Tools with a title, a site and a priority; S has two containers if they are named."""
    clock = ManualClock()
    made: dict[str, Tool] = {}
    for name in names:
        containers = sheets if sheets and name == "S" else ("main",)
        fields = (PlainLens("site"), PlainLens("priority"))
        made[name] = tool(clock, name, *fields, capabilities=able, containers=containers, horizon=3600.0)
    return Bench.of(clock, made, limits=FREE, **policy)


def add(bench: Bench, name: str, title: str, container: str = "main", /, **values: Any) -> str:
    return bench.tools[name].memory.create_as("ann", container, kind="task", title=title, **values)


def settle(bench: Bench, runs: int = 4) -> None:
    """Run on, an hour apart."""
    for _ in range(runs):
        bench.sync()
        bench.clock.move(hours=1)


def start(bench: Bench) -> None:
    add(bench, "J", KEPT, site="Nord")
    bench.approve()
    bench.clock.move(hours=1)
    settle(bench)


def titles(bench: Bench, name: str) -> list[str]:
    found = [str(row.values.get("title")) for row in bench.tools[name].memory.rows.values()]
    return sorted(title for title in found if title != KEPT)


def native(bench: Bench, name: str, title: str) -> str:
    rows = bench.tools[name].memory.rows.values()
    (found,) = [row.native_id for row in rows if row.values.get("title") == title]
    return found


def item(bench: Bench, title: str) -> str:
    (found,) = [one.id for one in bench.ledger.load(PROJECT).items.values() if one.value("title") == title]
    return found


def quiet(bench: Bench) -> bool:
    """Whether one more run has nothing to do."""
    report = bench.sync()
    return not report.carried and not report.plan.decisions


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


def test_a_child_out_of_scope_is_moved_out_from_under_what_is_deleted() -> None:
    bench = bench_of("J", "S", deletion=Deletion.PROPAGATE)
    policy = bench.tools["S"].containers[0]
    scoped = replace(policy, scope=Scope(where={"site": frozenset({"Nord"})}))
    bench.tools["S"].containers = [scoped]
    bench.policy = replace(bench.policy, containers=(*bench.tools["J"].containers, scoped))
    phase = add(bench, "J", "Phase", site="Nord")
    rack = add(bench, "J", "Rack", site="Nord", parent=phase)
    start(bench)
    memory = bench.tools["S"].memory
    memory.cascades = True
    bench.tools["J"].memory.edit_as("ann", rack, site="Sued")
    settle(bench)
    bench.tools["J"].memory.delete_as("ann", phase)
    settle(bench)
    assert titles(bench, "S") == ["Rack"]
    assert memory.rows[native(bench, "S", "Rack")].values["parent"] is None
    ties = {r.tie for r in bench.ledger.load(PROJECT).replicas.values() if r.item == item(bench, "Rack")}
    assert ties == {Tie.TIED, Tie.OUT_OF_SCOPE}


def test_a_parent_that_waits_for_a_pairing_is_decided_when_it_is_an_item() -> None:
    bench = bench_of("J", "S")
    add(bench, "J", "Phase", site="Nord")
    start(bench)
    memory = bench.tools["S"].memory
    memory.delete_as("bea", native(bench, "S", "Phase"))
    add(bench, "J", "Twin")
    twin = memory.create_as("bea", "main", kind="task", title="Twin")
    rack = add(bench, "S", "Rack")
    bench.sync()
    assert [pair.proposal.native_id for pair in bench.ledger.pairs(PROJECT)] == [twin]
    memory.edit_as("bea", rack, parent=twin)
    settle(bench)
    (pair,) = bench.ledger.pairs(PROJECT)
    decide_pair(bench.workspace(), PROJECT, pair.proposal.id, item=pair.proposal.candidates[0], actor="bea")
    settle(bench)
    assert memory.rows[rack].values["parent"] == twin
    assert bench.agreed(item(bench, "Rack"), "parent") == item(bench, "Twin")
    assert bench.value("J", native(bench, "J", "Rack"), "parent") == native(bench, "J", "Twin")


def test_nothing_is_put_under_what_was_not_made_after_all() -> None:
    bench = bench_of("J", "S")
    top = add(bench, "J", "Top")
    rack = add(bench, "J", "Rack")
    start(bench)
    memory = bench.tools["S"].memory
    memory.delete_as("bea", native(bench, "S", "Top"))  # not believed yet: nothing is made under it
    phase = add(bench, "J", "Phase", parent=top)
    bench.tools["J"].memory.edit_as("ann", rack, parent=phase)
    report = bench.sync()
    assert [one.outcome for one in report.carried if one.action.connection == "S"] == []
    settle(bench)
    assert bench.value("S", native(bench, "S", "Rack"), "parent") == native(bench, "S", "Phase")


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


def test_a_child_put_under_a_restored_record_that_no_list_shows_yet() -> None:
    bench = bench_of("J", "S")
    phase, rack = add(bench, "J", "Phase"), add(bench, "J", "Rack")
    start(bench)
    memory = bench.tools["J"].memory
    memory.delete_as("ann", phase)
    settle(bench)
    memory.restore_as("ann", phase)
    memory.rows[phase].hidden = True  # a list that lags
    memory.edit_as("ann", rack, parent=phase)
    settle(bench, 1)
    memory.rows[phase].hidden = False
    settle(bench)
    assert bench.agreed(item(bench, "Rack"), "parent") == item(bench, "Phase")
    assert bench.value("S", native(bench, "S", "Rack"), "parent") == native(bench, "S", "Phase")


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


def test_siblings_are_made_in_the_order_of_their_source() -> None:
    bench = bench_of("J", "S")
    start(bench)
    words = ["Survey", "Order", "Rack", "Cable", "Test", "Hand over"]
    phase = add(bench, "J", "Phase")
    for word in words:
        add(bench, "J", word, parent=phase)
    bench.sync()
    made = [row.values["title"] for row in bench.tools["S"].memory.rows.values()]
    assert [title for title in made if title in words] == words


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


def test_what_a_hidden_record_lies_under_is_not_deleted_though_both_were() -> None:
    bench = bench_of("J", "S", deletion=Deletion.PROPAGATE)
    phase = add(bench, "J", "Phase")
    rack = add(bench, "J", "Rack", parent=phase)
    start(bench)
    memory = bench.tools["S"].memory
    memory.hide(native(bench, "S", "Rack"))
    settle(bench)
    for one in (rack, phase):
        bench.tools["J"].memory.delete_as("ann", one)
    settle(bench)
    assert titles(bench, "S") == ["Phase", "Rack"]
    assert quiet(bench)
    memory.hide(native(bench, "S", "Rack"), hidden=False)
    settle(bench)
    assert titles(bench, "S") == []


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


def test_a_parent_is_not_deleted_while_its_child_has_no_other_place() -> None:
    bench = bench_of("J", "S", deletion=Deletion.PROPAGATE)
    top, phase = add(bench, "J", "Top"), add(bench, "J", "Phase")
    rack = add(bench, "J", "Rack", parent=phase)
    start(bench)
    memory = bench.tools["S"].memory
    memory.hide(native(bench, "S", "Top"))
    settle(bench)
    bench.tools["J"].memory.edit_as("ann", rack, parent=top)
    bench.tools["J"].memory.delete_as("ann", phase)
    settle(bench)
    assert titles(bench, "S") == ["Phase", "Rack", "Top"]
    assert quiet(bench)
    memory.hide(native(bench, "S", "Top"), hidden=False)
    settle(bench)
    assert titles(bench, "S") == ["Rack", "Top"]


def test_a_move_to_another_parent_while_the_old_one_is_deleted_is_an_edit() -> None:
    bench = bench_of("J", "S")
    add(bench, "J", "Top")
    phase = add(bench, "J", "Phase")
    rack = add(bench, "J", "Rack", parent=phase)
    start(bench)
    memory = bench.tools["J"].memory
    memory.edit_as("ann", rack, parent=native(bench, "J", "Top"))
    memory.delete_as("ann", phase)
    settle(bench)
    assert bench.agreed(item(bench, "Rack"), "parent") == item(bench, "Top")
    assert memory.rows[rack].values["parent"] == native(bench, "J", "Top")
    assert bench.value("S", native(bench, "S", "Rack"), "parent") == native(bench, "S", "Top")
