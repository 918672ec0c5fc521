"""Histories of what lies under what that chance found and that once came out wrong, told again as short stories."""

from __future__ import annotations

from dataclasses import replace

from itpm_sync.bases import Tie
from itpm_sync.cycle import decide_pair
from itpm_sync.policy import Deletion, Scope
from itpm_sync.testing.bench import PROJECT
from itpm_sync.testing.stories import (
    add,
    bench_of,
    item,
    native,
    quiet,
    settle,
    start,
    titles,
)


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


def test_a_record_under_one_that_waits_for_a_pairing_is_taken_from_nowhere_meanwhile() -> None:
    bench = bench_of("J", "S")
    phase = add(bench, "J", "Phase")
    rack = add(bench, "J", "Rack", parent=phase)
    start(bench)
    memory = bench.tools["S"].memory
    add(bench, "J", "Twin")
    twin = memory.create_as("bea", "main", kind="task", title="Twin")
    bench.sync()
    assert [pair.proposal.native_id for pair in bench.ledger.pairs(PROJECT)] == [twin]
    memory.edit_as("bea", native(bench, "S", "Rack"), parent=twin)
    settle(bench)
    assert bench.value("J", rack, "parent") == phase, "nobody moved it to the top"
    (pair,) = bench.ledger.pairs(PROJECT)
    decide_pair(bench.workspace(), PROJECT, pair.proposal.id, item=pair.proposal.candidates[0], actor="bea")
    settle(bench)
    assert bench.value("J", rack, "parent") == native(bench, "J", "Twin")


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


def test_what_lies_under_what_may_be_turned_around() -> None:
    bench = bench_of("J", "S")
    one = add(bench, "J", "One")
    other = add(bench, "J", "Other", parent=one)
    third = add(bench, "J", "Third", parent=other)
    start(bench)
    memory = bench.tools["J"].memory
    memory.edit_as("ann", third, parent=None)
    memory.edit_as("ann", other, parent=third)
    memory.edit_as("ann", one, parent=other)
    bench.sync()
    in_s = {row.values["title"]: row for row in bench.tools["S"].memory.rows.values()}
    assert in_s["One"].values["parent"] == in_s["Other"].native_id
    assert in_s["Other"].values["parent"] == in_s["Third"].native_id
    assert in_s["Third"].values["parent"] is None
    assert bench.ledger.refusals(PROJECT) == []


def test_a_record_under_one_that_we_could_not_see_is_put_under_it_elsewhere_once_it_is_shown() -> None:
    bench = bench_of("J", "S")
    start(bench)
    memory = bench.tools["S"].memory
    above = add(bench, "S", "Room")
    memory.hide(above)
    add(bench, "S", "Rack", parent=above)
    settle(bench)
    assert bench.value("J", native(bench, "J", "Rack"), "parent") is None
    memory.hide(above, hidden=False)
    settle(bench)
    assert bench.value("J", native(bench, "J", "Rack"), "parent") == native(bench, "J", "Room")
    assert bench.value("S", native(bench, "S", "Rack"), "parent") == above
    assert quiet(bench)


def test_what_a_hidden_record_went_along_with_to_another_container_is_not_deleted_from_above_it() -> None:
    bench = bench_of("J", "S", sheets=("s1", "s2"), deletion=Deletion.PROPAGATE)
    phase = add(bench, "J", "Phase")
    rack = add(bench, "J", "Rack", parent=phase)
    start(bench)
    memory = bench.tools["S"].memory
    memory.hide(native(bench, "S", "Rack"))
    settle(bench)
    above = native(bench, "S", "Phase")
    memory.move_as("bea", above, "s2" if memory.rows[above].container == "s1" else "s1")
    settle(bench)
    for one in (rack, phase):
        bench.tools["J"].memory.delete_as("ann", one)
    settle(bench)
    assert titles(bench, "S") == ["Phase", "Rack"]
    assert quiet(bench)
    memory.hide(native(bench, "S", "Rack"), hidden=False)
    settle(bench)
    assert titles(bench, "S") == []
