"""Short stories without which a mistake that was planted into the engine would have been seen by nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from itpm_sync.bases import LIFE, Life, Tie
from itpm_sync.connector import Change, Outcome
from itpm_sync.memory import MemoryConnector
from itpm_sync.plan import BrakeKind
from itpm_sync.policy import Creation, Deletion, FieldPolicy, Limits, Rule, Scope
from itpm_sync.testing.bench import PROJECT, Bench, tool
from itpm_sync.testing.clocks import ManualClock
from itpm_sync.testing.lenses import PlainLens
from itpm_sync.testing.stories import FREE, KEPT, NEW_IDS, add, bench_of, item, native, settle, start, titles


def scoped(**policy: object) -> Bench:
    """J takes all; S only what lies at the site Nord."""
    clock = ManualClock()
    fields = (PlainLens("site"), PlainLens("priority"))
    takes = Scope(where={"site": frozenset({"Nord"})})
    made = {
        "J": tool(clock, "J", *fields, horizon=3600.0),
        "S": tool(clock, "S", *fields, horizon=3600.0, scope=takes),
    }
    return Bench.of(clock, made, limits=FREE, **policy)


def tie(bench: Bench, name: str, title: str) -> Tie:
    mine = item(bench, title)
    replicas = bench.ledger.load(PROJECT).replicas.values()
    (found,) = [one.tie for one in replicas if (one.connection, one.item) == (name, mine)]
    return found


def test_a_deleted_item_is_not_created_in_a_tool_that_could_not_be_reached_before() -> None:
    bench = bench_of("J", "S", "P", deletion=Deletion.MARK)
    start(bench)
    bench.tools["P"].memory.down.add("main")
    mine = add(bench, "J", "Rack")
    settle(bench)
    assert titles(bench, "S") == ["Rack"]
    bench.tools["J"].memory.delete_as("ann", mine)
    settle(bench)
    bench.tools["P"].memory.down.clear()
    settle(bench)
    assert titles(bench, "S") == ["Rack"]
    assert titles(bench, "P") == []


def test_gone_is_not_believed_while_another_container_of_the_tool_does_not_answer() -> None:
    bench = bench_of("J", "S", sheets=("S1", "S2"), able=NEW_IDS, deletion=Deletion.MARK)
    add(bench, "J", "Rack")
    start(bench)
    memory = bench.tools["S"].memory
    moved = native(bench, "S", "Rack")
    memory.down.add("S2")
    memory.move_as("bea", moved, "S2")
    settle(bench)
    assert bench.ledger.load(PROJECT).items[item(bench, "Rack")].life is Life.LIVE
    memory.down.clear()
    settle(bench)
    assert tie(bench, "S", "Rack") is Tie.TIED
    assert titles(bench, "S") == ["Rack"]


def test_nothing_is_created_while_a_container_of_the_tool_does_not_answer() -> None:
    bench = bench_of("J", "S", sheets=("S1", "S2"))
    start(bench)
    bench.tools["S"].memory.down.add("S2")
    add(bench, "J", "Rack")
    settle(bench)
    assert titles(bench, "S") == []
    bench.tools["S"].memory.down.clear()
    settle(bench)
    assert titles(bench, "S") == ["Rack"]


def test_a_copy_that_its_own_tool_took_out_of_scope_is_cleaned_up_there_only() -> None:
    bench = scoped(deletion=Deletion.PROPAGATE)
    add(bench, "J", "Rack", site="Nord")
    start(bench)
    copy = native(bench, "S", "Rack")
    bench.tools["S"].memory.edit_as("bea", copy, site="Sued")
    settle(bench)
    assert tie(bench, "S", "Rack") is Tie.OUT_OF_SCOPE
    bench.tools["S"].memory.delete_as("bea", copy)
    settle(bench)
    assert titles(bench, "J") == ["Rack"]


def test_what_is_out_of_scope_is_written_no_more_and_again_once_it_is_back() -> None:
    bench = scoped()
    mine = add(bench, "J", "Rack", site="Nord", priority=1)
    start(bench)
    copy = native(bench, "S", "Rack")
    bench.tools["J"].memory.edit_as("ann", mine, site="Sued", priority=2)
    settle(bench)
    assert (bench.value("S", copy, "site"), bench.value("S", copy, "priority")) == ("Nord", 1)
    bench.tools["J"].memory.edit_as("ann", mine, site="Nord")
    settle(bench)
    assert bench.value("S", copy, "priority") == 2


def test_what_is_held_stays_as_each_tool_has_it() -> None:
    bench = bench_of("J", "S")
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    copy = native(bench, "S", "Rack")
    bench.tools["J"].memory.edit_as("ann", mine, priority=2)
    bench.tools["S"].memory.edit_as("bea", copy, priority=3)
    settle(bench)
    assert len(bench.ledger.conflicts(PROJECT)) == 1
    assert (bench.value("J", mine, "priority"), bench.value("S", copy, "priority")) == (2, 3)


def test_of_three_tools_that_differ_none_is_forgotten() -> None:
    bench = bench_of("J", "S", "P")
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    for number, name in enumerate("JSP"):
        record = mine if name == "J" else native(bench, name, "Rack")
        bench.tools[name].memory.edit_as("ann", record, priority=10 + number)
    settle(bench)
    assert bench.conflict_values("priority") == [10, 11, 12]


def test_a_tree_is_made_in_one_run_parents_first() -> None:
    bench = bench_of("J", "S")
    start(bench)
    above = add(bench, "J", "Site")
    below = add(bench, "J", "Rack", parent=above)
    add(bench, "J", "Cable", parent=below)
    bench.sync()
    assert titles(bench, "S") == ["Cable", "Rack", "Site"]
    assert bench.value("S", native(bench, "S", "Cable"), "parent") == native(bench, "S", "Rack")


def test_what_is_older_is_kept_in_full() -> None:
    bench = bench_of("J", "S", fields={"priority": FieldPolicy(Rule.NEWEST)})
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    bench.tools["J"].memory.edit_as("ann", mine, priority=2)
    bench.clock.move(hours=1)
    bench.tools["S"].memory.edit_as("bea", native(bench, "S", "Rack"), priority=3)
    settle(bench)
    assert bench.value("J", mine, "priority") == 3
    assert bench.losers(item(bench, "Rack"), "priority") == [2]


def test_an_edit_of_a_record_that_moved_at_the_same_time_is_an_edit() -> None:
    bench = bench_of("J", "S", sheets=("S1", "S2"), able=NEW_IDS)
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    memory = bench.tools["S"].memory
    memory.edit_as("bea", native(bench, "S", "Rack"), priority=7)
    memory.move_as("bea", native(bench, "S", "Rack"), "S2")
    settle(bench)
    assert bench.ledger.conflicts(PROJECT) == []
    assert bench.value("J", mine, "priority") == 7
    assert bench.losers(item(bench, "Rack"), "priority") == []


def test_of_two_records_that_match_one_item_none_is_taken_unasked() -> None:
    bench = bench_of("J", "S")
    start(bench)
    add(bench, "J", "Rack", parent=native(bench, "J", KEPT))
    for _ in range(2):
        add(bench, "S", "Rack", parent=native(bench, "S", KEPT))
    bench.sync()
    mine = [r.item for r in bench.ledger.load(PROJECT).replicas.values() if r.connection == "S"]
    assert len([one for one in mine if one is not None]) == 1, "the kept one only"
    assert len(bench.ledger.pairs(PROJECT)) == 2


def test_a_record_is_not_deleted_while_one_under_it_could_not_be_moved_out() -> None:
    bench = bench_of("J", "S", deletion=Deletion.PROPAGATE)
    above = add(bench, "J", "Site")
    below = add(bench, "J", "Rack", parent=above)
    start(bench)
    memory = bench.tools["S"].memory
    memory.refuses = {"parent": "The tool does not take it."}
    bench.tools["J"].memory.edit_as("ann", below, parent=None)
    bench.tools["J"].memory.delete_as("ann", above)
    settle(bench)
    assert titles(bench, "S") == ["Rack", "Site"]
    memory.refuses = {}
    bench.clock.move(days=2)
    settle(bench)
    assert titles(bench, "S") == ["Rack"]


def test_an_edit_between_the_plan_and_a_deletion_is_asked_about() -> None:
    bench = bench_of("J", "S", deletion=Deletion.PROPAGATE)
    mine = add(bench, "J", "Rack")
    start(bench)
    memory, copy = bench.tools["S"].memory, native(bench, "S", "Rack")
    bench.tools["J"].memory.delete_as("ann", mine)
    bench.sync()
    bench.clock.move(hours=2)
    bench.during("S", "pull", "after", lambda: memory.edit_as("bea", copy, priority=7))
    settle(bench)
    assert titles(bench, "S") == ["Rack"]
    (conflict,) = bench.ledger.conflicts(PROJECT)
    assert conflict.field == LIFE


class Speechless(MemoryConnector):
    """Does what it is told, and its answer says nothing of it."""

    async def apply(self, container: str, changes: Sequence[Change]) -> Sequence[Outcome]:
        await super().apply(container, changes)
        return []


def test_what_the_answer_does_not_mention_is_looked_up_and_not_repeated() -> None:
    bench = bench_of("J", "S")
    start(bench)
    memory = bench.tools["S"].memory
    bench.tools["S"].port = Speechless
    add(bench, "J", "Rack")
    memory.lag("main", 1800)
    bench.sync()
    bench.tools["S"].port = MemoryConnector
    bench.clock.move(minutes=5)
    bench.sync()
    assert titles(bench, "S") == ["Rack"]
    bench.clock.move(hours=2)
    settle(bench)
    assert titles(bench, "S") == ["Rack"]
    assert bench.ledger.open_intents(PROJECT) == []


def test_a_list_that_lags_does_not_revert_our_own_write() -> None:
    bench = bench_of("J", "S")
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    copy = native(bench, "S", "Rack")
    bench.tools["S"].memory.lag("main", 1800)
    bench.tools["J"].memory.edit_as("ann", mine, priority=2)
    bench.sync()
    bench.clock.move(minutes=5)
    bench.sync()
    assert bench.value("J", mine, "priority") == bench.value("S", copy, "priority") == 2
    assert bench.losers(item(bench, "Rack"), "priority") == []


def test_nothing_is_put_where_an_edge_that_is_held_would_make_a_cycle() -> None:
    bench = bench_of("J", "S")
    in_j = {title: add(bench, "J", title) for title in "ACD"}
    in_j["B"] = add(bench, "J", "B", parent=in_j["C"])
    start(bench)
    in_s = {title: native(bench, "S", title) for title in "ABCD"}
    bench.tools["S"].memory.edit_as("bea", in_s["A"], parent=in_s["B"])
    bench.tools["J"].memory.edit_as("ann", in_j["A"], parent=in_j["D"])
    settle(bench)
    assert len(bench.ledger.conflicts(PROJECT)) == 1
    bench.tools["J"].memory.edit_as("ann", in_j["C"], parent=in_j["A"])
    report = bench.sync()
    assert report.plan.actions == ()
    assert bench.ledger.refusals(PROJECT) == []


def test_a_tenth_of_a_container_is_not_deleted_unasked() -> None:
    clock = ManualClock()
    made = {
        name: tool(clock, name, PlainLens("site"), PlainLens("priority"), horizon=3600.0) for name in "JS"
    }
    bench = Bench.of(clock, made, limits=Limits(), deletion=Deletion.PROPAGATE)
    some = [add(bench, "J", f"Rack {number}") for number in range(20)]
    start(bench)
    for one in some[:4]:
        bench.tools["J"].memory.delete_as("ann", one)
    settle(bench)
    assert len(titles(bench, "S")) == 20
    assert {brake.kind for brake in bench.plan().plan.brakes} == {BrakeKind.DELETIONS}


def test_a_creation_that_waits_for_nothing_but_time_is_not_forgotten() -> None:
    bench = bench_of("J", "S")
    bench.policy = replace(
        bench.policy,
        containers=tuple(
            replace(one, creation=Creation.MATCH_THEN_CREATE) for one in bench.policy.containers
        ),
    )
    start(bench)
    add(bench, "J", "Rack")
    for _ in range(3):
        bench.sync()
        bench.clock.move(minutes=1)
    assert titles(bench, "S") == []
    bench.clock.move(hours=1)
    bench.sync()
    assert titles(bench, "S") == ["Rack"]


def test_a_field_that_was_refused_is_not_taken_back_elsewhere() -> None:
    bench = bench_of("J", "S")
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    bench.tools["S"].memory.refuses = {"priority": "The tool does not take it."}
    bench.tools["J"].memory.edit_as("ann", mine, priority=2, site="Sued")
    settle(bench)
    copy = native(bench, "S", "Rack")
    assert (bench.value("S", copy, "site"), bench.value("S", copy, "priority")) == ("Sued", 1)
    assert bench.value("J", mine, "priority") == bench.agreed(item(bench, "Rack"), "priority") == 2
