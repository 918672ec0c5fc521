"""Calls whose answer was lost, and records that carry the same key when we look for what they made."""

from __future__ import annotations

from itpm_sync.bases import Tie
from itpm_sync.errors import Unavailable, UnknownOutcome
from itpm_sync.policy import Deletion
from itpm_sync.testing.bench import PROJECT, Bench
from itpm_sync.testing.stories import NEW_IDS, add, bench_of, item, native, quiet, settle, start, titles


def test_a_copy_of_what_a_lost_call_made_is_an_item_of_its_own() -> None:
    bench = bench_of("J", "S")
    start(bench)
    add(bench, "J", "Rack")
    bench.killed_at("S", "apply create", "after")
    memory = bench.tools["S"].memory

    def deaf(call: str, phase: str) -> None:
        if call == "find":
            raise Unavailable("S: 502.")

    memory.on_call = deaf
    bench.sync()  # it is tied by its key, and its call stays open
    memory.on_call = lambda _call, _phase: None
    memory.copy_as("bea", native(bench, "S", "Rack"))
    settle(bench)
    tied = [r for r in bench.ledger.load(PROJECT).replicas.values() if r.tie is Tie.TIED]
    assert len({(r.connection, r.item) for r in tied}) == len(tied)
    assert titles(bench, "J") == ["Rack", "Rack"]
    assert quiet(bench)


def test_what_a_lost_call_made_and_a_person_deleted_before_we_found_it_has_nothing_put_under_it() -> None:
    bench = bench_of("J", "S")
    start(bench)
    phase = add(bench, "J", "Phase")
    bench.killed_at("S", "apply create", "after")
    memory = bench.tools["S"].memory
    memory.delete_as("bea", native(bench, "S", "Phase"))
    add(bench, "J", "Rack", parent=phase)
    refused: list[str] = []

    def tried(call: str, phase: str) -> None:
        if (call, phase) == ("apply create", "before"):
            refused.append(call)

    memory.on_call = tried
    bench.sync()
    assert refused == [], "what it lies under is in the bin"
    settle(bench)
    assert titles(bench, "S") == ["Rack"]
    assert titles(bench, "J") == ["Phase", "Rack"]
    assert quiet(bench)


def test_what_a_record_that_surely_left_was_under_is_deleted_though_nobody_knows_yet_where_it_went() -> None:
    bench = bench_of("J", "S", sheets=("s1", "s2"), able=NEW_IDS, deletion=Deletion.PROPAGATE)
    room = add(bench, "J", "Room")
    add(bench, "J", "Rack", parent=room)
    start(bench)
    memory = bench.tools["S"].memory
    moved = memory.move_as("bea", native(bench, "S", "Rack"), "s2")
    memory.copy_as("bea", moved)
    bench.tools["J"].memory.edit_as("ann", native(bench, "J", "Rack"), parent=None)
    bench.tools["J"].memory.delete_as("ann", room)
    settle(bench, 6)
    assert len(bench.ledger.pairs(PROJECT)) == 2, "which of the two is Rack, nobody has said"
    assert titles(bench, "S") == ["Rack", "Rack"]
    assert quiet(bench)


def lost_beside_anothers(bench: Bench) -> str:
    """Rack is being made in S, and nobody knows whether it was; bea made one there meanwhile, under the same record."""
    phase = add(bench, "J", "Phase")
    start(bench)
    memory = bench.tools["S"].memory
    made: list[str] = []

    def another(call: str, phase: str) -> None:
        if (call, phase) == ("apply create", "before") and not made:
            made.append(add(bench, "S", "Rack", parent=native(bench, "S", "Phase")))
            memory.lag("main", 300)  # lists and searches show hers, and not yet ours
        elif (call, phase) == ("apply create", "after"):
            raise UnknownOutcome("S: time-out.")

    add(bench, "J", "Rack", parent=phase)
    memory.on_call = another
    bench.sync()
    memory.on_call = lambda _call, _phase: None
    return made[0]


def test_a_record_that_somebody_made_beside_ours_is_not_taken_for_what_a_lost_call_made() -> None:
    bench = bench_of("J", "S")
    hers = lost_beside_anothers(bench)
    rack = item(bench, "Rack")
    bench.sync()
    assert [r.item for r in bench.ledger.load(PROJECT).replicas.values() if r.native_id == hers] == [None], (
        "yet"
    )
    assert titles(bench, "J") == ["Phase", "Rack"]
    settle(bench)
    assert bench.native("S", rack) != hers
    assert titles(bench, "S") == titles(bench, "J") == ["Phase", "Rack", "Rack"]
    assert bench.ledger.open_intents(PROJECT) == []
    assert quiet(bench)


def test_what_a_lost_call_made_and_a_list_showed_before_it_was_hidden_is_no_word_of_its_tool() -> None:
    bench = bench_of("J", "S")
    start(bench)
    rack = add(bench, "J", "Rack")
    bench.killed_at("S", "apply create", "after")
    memory = bench.tools["S"].memory
    made = native(bench, "S", "Rack")
    bench.tools["J"].memory.edit_as("ann", rack, title="Rack 4")
    bench.clock.move(hours=2)

    def hides(call: str, phase: str) -> None:
        if (call, phase) == ("find", "before"):
            memory.hide(made)

    memory.on_call = hides
    bench.sync()
    memory.on_call = lambda _call, _phase: None
    settle(bench)
    assert bench.agreed(item(bench, "Rack 4"), "title") == "Rack 4"
    assert bench.ledger.conflicts(PROJECT) == [] and quiet(bench)
    memory.hide(made, hidden=False)
    settle(bench)
    assert titles(bench, "J") == titles(bench, "S") == ["Rack 4"]
