"""Writes whose outcome nobody knows, of records that are gone when we look; edits that wait when a deletion comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from itpm_sync.bases import LIFE
from itpm_sync.connector import Capabilities, Change, Outcome
from itpm_sync.cycle import resolve
from itpm_sync.errors import Unavailable, UnknownOutcome
from itpm_sync.memory import MemoryConnector
from itpm_sync.policy import Deletion, FieldPolicy, Rule
from itpm_sync.testing.bench import PROJECT, Bench
from itpm_sync.testing.stories import (
    FREE,
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

OWNED = {"priority": FieldPolicy(Rule.OWNER, ("J",))}


class Taciturn(MemoryConnector):
    """Says that a change was done, and nothing of the record."""

    async def apply(self, container: str, changes: Sequence[Change]) -> Sequence[Outcome]:
        told = await super().apply(container, changes)
        return [replace(one, record=None, replaced=None) for one in told]


def lost_answer(bench: Bench, name: str) -> None:
    """One run in which the answer to an update of a tool is lost after it was carried out."""
    memory = bench.tools[name].memory

    def loses(call: str, phase: str) -> None:
        if (call, phase) == ("apply update", "after"):
            raise UnknownOutcome(f"{name}: time-out.")

    memory.on_call = loses
    bench.clock.move(hours=1)
    report = bench.sync()
    assert "unknown" in {carried.outcome for carried in report.carried}
    memory.on_call = lambda _call, _phase: None


def test_our_own_write_on_a_record_deleted_and_restored_before_we_looked_is_no_edit() -> None:
    bench = bench_of("J", "S", able=replace(SURE, history=False))
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    memory, in_s = bench.tools["S"].memory, native(bench, "S", "Rack")
    bench.tools["J"].memory.edit_as("ann", mine, priority=2)
    lost_answer(bench, "S")
    memory.delete_as("bea", in_s)
    settle(bench)
    bench.tools["J"].memory.edit_as("ann", mine, priority=3)
    settle(bench)
    memory.restore_as("bea", in_s)
    settle(bench)
    assert [conflict.field for conflict in bench.ledger.conflicts(PROJECT)] in ([], [LIFE])
    assert bench.value("S", in_s, "priority") == 3


def test_an_edit_over_our_write_on_a_record_that_moved_before_we_looked_knew_what_we_wrote() -> None:
    bench = bench_of("J", "S", sheets=("s1", "s2"), able=NEW_IDS)
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    memory, in_s = bench.tools["S"].memory, native(bench, "S", "Rack")
    bench.tools["J"].memory.edit_as("ann", mine, priority=2)
    lost_answer(bench, "S")
    memory.edit_as("bea", in_s, priority=3)
    memory.move_as("bea", in_s, "s2" if memory.rows[in_s].container == "s1" else "s1")
    settle(bench)
    assert bench.ledger.conflicts(PROJECT) == []
    assert bench.value("J", mine, "priority") == 3
    assert quiet(bench)


def test_an_edit_that_our_write_replaced_on_a_record_that_moved_before_we_looked_is_kept() -> None:
    bench = bench_of("J", "S", sheets=("s1", "s2"), able=NEW_IDS)
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    memory, in_s = bench.tools["S"].memory, native(bench, "S", "Rack")
    bench.tools["J"].memory.edit_as("ann", mine, priority=2)

    def meets(call: str, phase: str) -> None:
        if (call, phase) == ("apply update", "before"):
            memory.edit_as("bea", in_s, priority=7)
        if (call, phase) == ("apply update", "after"):
            raise UnknownOutcome("S: time-out.")

    memory.on_call = meets
    bench.sync()
    memory.on_call = lambda _call, _phase: None
    memory.move_as("bea", in_s, "s2" if memory.rows[in_s].container == "s1" else "s1")
    settle(bench)
    assert 7 in bench.losers(item(bench, "Rack"), "priority")
    assert bench.conflict_values("priority") == [2, 7]


def deleted_before_we_looked(
    *, able: Capabilities = SURE, carried_out: bool = True, meets: str = ""
) -> tuple[Bench, str]:
    """Rack gets another title in J; nobody knows whether S has it, and there bea deleted Rack before we could look."""
    bench = bench_of("J", "S", able=able)
    mine = add(bench, "J", "Rack")
    start(bench)
    memory, in_s = bench.tools["S"].memory, native(bench, "S", "Rack")
    bench.tools["J"].memory.edit_as("ann", mine, title="Rack 4")

    def lost(call: str, phase: str) -> None:
        if (call, phase) == ("apply update", "before") and meets:
            memory.edit_as("bea", in_s, title=meets)
        if (call, phase) == ("apply update", "after" if carried_out else "before"):
            raise UnknownOutcome("S: time-out.")

    memory.on_call = lost
    bench.sync()
    memory.on_call = lambda _call, _phase: None
    memory.delete_as("bea", in_s)
    settle(bench)
    return bench, in_s


def test_an_edit_of_a_restored_record_knew_what_a_lost_call_of_ours_wrote_there() -> None:
    bench, in_s = deleted_before_we_looked()
    memory = bench.tools["S"].memory
    memory.restore_as("bea", in_s)
    memory.edit_as("bea", in_s, title="Rack 5")
    down: list[str] = []

    def broken(call: str, phase: str) -> None:
        if (call, phase) == ("history", "before") and not down:
            down.append(call)
            raise Unavailable("S: 502.")

    memory.on_call = broken
    bench.sync()
    assert (down, bench.ledger.conflicts(PROJECT)) == (["history"], []), "what it knew is not told yet"
    settle(bench)
    assert bench.ledger.conflicts(PROJECT) == []
    assert titles(bench, "J") == titles(bench, "S") == ["Rack 5"]
    assert quiet(bench)


def test_what_a_lost_call_of_ours_replaced_is_asked_about_once_the_record_is_restored() -> None:
    bench, in_s = deleted_before_we_looked(meets="Rack 7")
    bench.tools["S"].memory.restore_as("bea", in_s)
    settle(bench)
    assert bench.conflict_values("title") == ["Rack 4", "Rack 7"]
    assert "Rack 7" in bench.losers(item(bench, "Rack 4"), "title")
    assert quiet(bench)


def test_what_a_lost_call_of_ours_replaced_is_kept_where_the_restored_record_was_edited() -> None:
    bench, in_s = deleted_before_we_looked(meets="Rack 7")
    memory = bench.tools["S"].memory
    memory.restore_as("bea", in_s)
    memory.edit_as("bea", in_s, title="Rack 5")
    settle(bench)
    assert titles(bench, "J") == titles(bench, "S") == ["Rack 5"], "whoever typed it had read what we wrote"
    assert "Rack 7" in bench.losers(item(bench, "Rack 5"), "title")
    assert quiet(bench)


def test_an_edit_of_a_restored_record_that_a_lost_call_of_ours_never_reached_did_not_know_it() -> None:
    bench, in_s = deleted_before_we_looked(carried_out=False)
    memory = bench.tools["S"].memory
    memory.restore_as("bea", in_s)
    memory.edit_as("bea", in_s, title="Rack 5")
    settle(bench)
    assert bench.conflict_values("title") == ["Rack 4", "Rack 5"]


def test_what_a_lost_call_may_have_written_once_is_an_edit_when_it_is_typed_again_later() -> None:
    bench, in_s = deleted_before_we_looked(able=replace(SURE, history=False), carried_out=False)
    memory, mine = bench.tools["S"].memory, native(bench, "J", "Rack 4")
    memory.restore_as("bea", in_s)
    settle(bench)
    bench.tools["J"].memory.edit_as("ann", mine, title="Rack 6")
    settle(bench)
    assert titles(bench, "S") == ["Rack 6"]
    memory.edit_as("bea", in_s, title="Rack 4")
    settle(bench)
    assert titles(bench, "J") == titles(bench, "S") == ["Rack 4"]


def waiting_edit() -> tuple[Bench, str]:
    """An edit in S that waits since its owner's record, in J, is hidden; and the item is deleted in P."""
    bench = bench_of("J", "S", "P", fields=OWNED, deletion=Deletion.PROPAGATE)
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    bench.tools["J"].memory.hide(mine)
    settle(bench)
    bench.tools["S"].memory.edit_as("bea", native(bench, "S", "Rack"), priority=5)
    settle(bench)
    bench.tools["P"].memory.delete_as("eve", native(bench, "P", "Rack"))
    settle(bench)
    return bench, mine


def test_an_edit_that_waits_for_its_owner_is_one_that_a_deletion_did_not_know() -> None:
    bench, _ = waiting_edit()
    assert titles(bench, "S") == ["Rack"]
    (conflict,) = bench.ledger.conflicts(PROJECT)
    assert conflict.field == LIFE
    assert quiet(bench)


def test_the_answer_that_it_is_deleted_covers_the_edit_that_waited() -> None:
    bench, _ = waiting_edit()
    (conflict,) = bench.ledger.conflicts(PROJECT)
    resolve(bench.workspace(), conflict.id, "1", actor="bea")
    settle(bench)
    assert titles(bench, "S") == []
    assert bench.ledger.conflicts(PROJECT) == []
    assert 5 in bench.losers(conflict.item, "priority"), "what somebody typed is kept"


def test_an_edit_that_began_to_wait_after_the_question_asks_again() -> None:
    bench, _ = waiting_edit()
    (conflict,) = bench.ledger.conflicts(PROJECT)
    bench.tools["S"].memory.edit_as("bea", native(bench, "S", "Rack"), priority=6)
    settle(bench)
    resolve(bench.workspace(), conflict.id, "1", actor="bea")
    settle(bench)
    assert titles(bench, "S") == ["Rack"]
    assert [one.field for one in bench.ledger.conflicts(PROJECT)] == [LIFE]


def test_an_edit_that_our_write_replaced_is_kept_though_the_answer_told_nothing_of_the_record() -> None:
    bench = bench_of("J", "S")
    bench.tools["S"].port = Taciturn
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    memory, in_s = bench.tools["S"].memory, native(bench, "S", "Rack")
    bench.tools["J"].memory.edit_as("ann", mine, priority=2)
    bench.during("S", "apply update", "before", lambda: memory.edit_as("bea", in_s, priority=7))
    bench.sync()
    memory.on_call = lambda _call, _phase: None
    settle(bench)
    assert 7 in bench.losers(item(bench, "Rack"), "priority")
    assert bench.conflict_values("priority") == [2, 7]


def test_a_parent_that_lies_beyond_what_a_run_looks_at_is_heard_of_in_the_next_one() -> None:
    """An answer shows a new parent whose item the run did not load: that is no parent at all to it, and an edit."""
    bench = bench_of("J", "S")
    mine = add(bench, "J", "Rack", priority=1)
    add(bench, "J", "Room")
    start(bench)
    bench.doubt = False
    memory, in_s, above = bench.tools["S"].memory, native(bench, "S", "Rack"), native(bench, "S", "Room")
    bench.tools["J"].memory.edit_as("ann", mine, priority=2)
    bench.during("S", "apply update", "before", lambda: memory.edit_as("bea", in_s, parent=above))
    bench.sync()
    memory.on_call = lambda _call, _phase: None
    settle(bench)
    assert bench.agreed(item(bench, "Rack"), "parent") == item(bench, "Room")
    assert bench.value("J", mine, "parent") == native(bench, "J", "Room")


def test_an_edit_before_a_deletion_that_no_run_had_decided_is_heard_when_the_record_is_restored() -> None:
    bench = bench_of("J", "S")
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    memory, in_s = bench.tools["S"].memory, native(bench, "S", "Rack")
    bench.policy = replace(
        bench.policy, limits=replace(FREE, floor=9_999)
    )  # nothing is decided before it is approved
    memory.edit_as("bea", in_s, priority=5)
    settle(bench)
    memory.delete_as("bea", in_s)
    settle(bench)
    bench.approve()
    settle(bench)
    assert bench.value("J", mine, "priority") == 1
    memory.restore_as("bea", in_s)
    settle(bench)
    assert bench.value("J", mine, "priority") == 5
    assert bench.value("S", in_s, "priority") == 5
