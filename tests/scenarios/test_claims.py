"""Records that carry the key of one that is gone, where moved records get new ids: which is it, a person says."""

from __future__ import annotations

from dataclasses import replace

from itpm_sync.bases import Tie
from itpm_sync.cycle import decide_pair
from itpm_sync.plan import BrakeKind
from itpm_sync.policy import FieldPolicy, Limits, Rule
from itpm_sync.testing.bench import PROJECT
from itpm_sync.testing.stories import NEW_IDS, add, bench_of, native, quiet, settle, start, titles


def test_a_record_that_was_moved_and_that_a_copy_claims_to_be_stops_no_container() -> None:
    """Whoever would approve that brake could not make it go: only the answer which record it is does."""
    bench = bench_of("J", "S", sheets=("s1", "s2"), able=NEW_IDS)
    bench.policy = replace(bench.policy, limits=Limits(floor=3, deletions_share=0.1, changes_share=1.0))
    for title in ("Rack", "Desk", "Cable", "Chair"):
        add(bench, "J", title)
    start(bench)
    memory = bench.tools["S"].memory
    here = memory.rows[native(bench, "S", "Rack")].container
    there = "s2" if here == "s1" else "s1"
    memory.copy_as("ann", native(bench, "S", "Rack"))
    original = bench.native("S", next(i for i in bench.items() if bench.agreed(i, "title") == "Rack"))
    moved = memory.move_as("ann", original, there)
    settle(bench)
    report = bench.sync()
    assert [brake for brake in report.plan.brakes if brake.kind is BrakeKind.DELETIONS] == []
    add(bench, "J", "Lamp")
    settle(bench)
    assert "Lamp" in titles(bench, "S"), "the container goes on"
    (item,) = {one for pair in bench.ledger.pairs(PROJECT) for one in pair.proposal.candidates}
    (asked,) = [pair for pair in bench.ledger.pairs(PROJECT) if pair.proposal.native_id == moved]
    decide_pair(bench.workspace(), PROJECT, asked.proposal.id, item=item, actor="bea")
    settle(bench)
    assert bench.native("S", item) == moved
    assert quiet(bench)


def test_a_record_that_moves_on_while_its_reading_waits_is_no_second_item() -> None:
    """A run died after it had read the record in its second place; the next one finds it in a third."""
    bench = bench_of("S", "J", sheets=("s1", "s2"), able=NEW_IDS)
    add(bench, "S", "Rack", "s1")
    add(bench, "S", "Desk", "s2")
    start(bench)
    memory = bench.tools["S"].memory
    known = bench.items()
    second = memory.move_as("ann", native(bench, "S", "Rack"), "s2")
    settle(bench)
    memory.edit_as("ann", second, priority=7)
    bench.killed_at("J", "pull", "after")
    memory.move_as("ann", second, "s1")
    settle(bench)
    assert bench.items() == known
    assert titles(bench, "S") == titles(bench, "J") == ["Desk", "Rack"]
    assert quiet(bench)


OWNED = {"priority": FieldPolicy(Rule.OWNER, ("S",))}


def test_a_record_that_was_moved_to_a_container_that_is_stopped_is_not_taken_for_deleted() -> None:
    bench = bench_of("S", "J", sheets=("s1", "s2"), able=NEW_IDS, fields=OWNED)
    bench.policy = replace(bench.policy, limits=Limits(floor=3, deletions_share=0.1, changes_share=1.0))
    add(bench, "S", "Rack", "s1", priority=1)
    for title in ("Desk", "Cable", "Chair"):
        add(bench, "S", title, "s2")
    start(bench)
    memory, rack = bench.tools["S"].memory, native(bench, "S", "Rack")
    memory.delete_as("ann", native(bench, "S", "Desk"))
    settle(bench)
    assert [brake.container for brake in bench.sync().plan.brakes] == ["s2"]
    moved = memory.move_as("ann", rack, "s2")
    bench.tools["J"].memory.edit_as("bea", native(bench, "J", "Rack"), priority=5)
    settle(bench)
    ties = [
        one.tie
        for one in bench.ledger.load(PROJECT).replicas.values()
        if (one.connection, one.native_id) == ("S", rack)
    ]
    assert ties == [Tie.TIED], "a later run follows it"
    bench.approve()
    settle(bench)
    assert (
        bench.value("S", moved, "priority") == bench.value("J", native(bench, "J", "Rack"), "priority") == 1
    )
    assert quiet(bench)


def test_a_moved_record_that_was_taken_for_deleted_says_again_what_its_tool_has_the_last_word_on() -> None:
    bench = bench_of("S", "J", sheets=("s1", "s2"), able=NEW_IDS, fields=OWNED)
    add(bench, "S", "Rack", "s1", priority=1)
    add(bench, "S", "Desk", "s2")
    start(bench)
    memory = bench.tools["S"].memory
    moved = memory.move_as("ann", native(bench, "S", "Rack"), "s2")
    memory.hide(moved)
    settle(bench)
    bench.tools["J"].memory.edit_as("bea", native(bench, "J", "Rack"), priority=5)
    settle(bench)
    memory.hide(moved, hidden=False)
    settle(bench)
    assert (
        bench.value("S", moved, "priority") == bench.value("J", native(bench, "J", "Rack"), "priority") == 1
    )
    assert (
        bench.native("S", next(one for one in bench.items() if bench.agreed(one, "title") == "Rack")) == moved
    )
    assert quiet(bench)
