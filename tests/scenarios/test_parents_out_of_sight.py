"""Records that lie under what nobody can see: hidden when it was moved or put somewhere, or not an item yet."""

from __future__ import annotations

from itpm_sync.bases import LIFE
from itpm_sync.policy import Deletion
from itpm_sync.testing.bench import PROJECT, Bench
from itpm_sync.testing.stories import add, bench_of, item, native, quiet, settle, start, titles


def asked(bench: Bench) -> list[str]:
    """What is asked of whether an item is deleted."""
    return [conflict.reason for conflict in bench.ledger.conflicts(PROJECT) if conflict.field == LIFE]


def test_a_child_put_under_a_record_that_was_moved_there_while_it_was_hidden() -> None:
    bench = bench_of("J", "S", sheets=("s1", "s2"))
    phase = add(bench, "S", "Phase", "s1")
    start(bench)
    memory = bench.tools["S"].memory
    memory.hide(phase)
    memory.move_as("bea", phase, "s2")
    rack = add(bench, "S", "Rack", "s2", parent=phase)
    settle(bench)
    memory.hide(phase, hidden=False)
    settle(bench)
    assert bench.agreed(item(bench, "Rack"), "parent") == item(bench, "Phase")
    assert bench.value("J", native(bench, "J", "Rack"), "parent") == native(bench, "J", "Phase")
    assert bench.value("S", rack, "parent") == phase
    assert quiet(bench)


def test_what_went_along_under_a_record_that_nobody_ever_saw_is_asked_about() -> None:
    bench = bench_of("J", "S", deletion=Deletion.PROPAGATE)
    phase, rack, cable = (add(bench, "J", title) for title in ("Phase", "Rack", "Cable"))
    start(bench)
    memory = bench.tools["S"].memory
    memory.cascades = True
    hidden = add(bench, "S", "Hidden", parent=native(bench, "S", "Phase"))
    memory.hide(hidden)
    memory.edit_as("bea", native(bench, "S", "Rack"), parent=hidden)
    memory.edit_as("bea", native(bench, "S", "Cable"), parent=native(bench, "S", "Rack"))
    settle(bench)
    bench.tools["J"].memory.delete_as("ann", phase)
    settle(bench, 8)
    assert titles(bench, "S") == [], "the tool took them along"
    assert titles(bench, "J") == ["Cable", "Rack"]
    assert {bench.tools["J"].memory.rows[one].values["title"] for one in (rack, cable)} == {"Rack", "Cable"}
    assert asked(bench) == ["gone from S, where it lay under a record that is hidden from us"] * 2
    assert quiet(bench)


def test_a_deletion_under_a_record_that_nobody_ever_saw_is_believed_where_we_deleted_nothing() -> None:
    bench = bench_of("J", "S", deletion=Deletion.PROPAGATE)
    add(bench, "J", "Rack")
    start(bench)
    memory = bench.tools["S"].memory
    hidden = add(bench, "S", "Hidden")
    memory.hide(hidden)
    memory.edit_as("bea", native(bench, "S", "Rack"), parent=hidden)
    settle(bench)
    memory.delete_as("bea", native(bench, "S", "Rack"))
    settle(bench)
    assert titles(bench, "J") == []
    assert asked(bench) == []
