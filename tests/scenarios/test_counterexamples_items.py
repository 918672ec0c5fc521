"""The histories I1 to I14 on the real engine and ledger: creating, moving, copying, hiding, deleting, restoring.

J, S and P are tools; S has two containers, S1 and S2. A horizon is an hour.
"""

from __future__ import annotations

from typing import Any

import pytest

from itpm_sync.bases import LIFE, Tie
from itpm_sync.connector import Capabilities
from itpm_sync.cycle import resolve
from itpm_sync.errors import Unavailable
from itpm_sync.model import Kind
from itpm_sync.policy import ContainerPolicy, Creation, Deletion, Limits, Scope
from itpm_sync.testing.bench import PROJECT, Bench, Tool, tool
from itpm_sync.testing.clocks import ManualClock
from itpm_sync.testing.lenses import PlainLens

FREE = Limits(floor=10_000, deletions=10_000)
KEPT = "Kept"
NEW_IDS = Capabilities(history=True, edit_times=True, bin=True, tells_hidden=True, moves_keep_id=False)


def bench_of(
    *names: str,
    able: dict[str, Capabilities] | None = None,
    sheets: bool = False,
    creation: Creation = Creation.CREATE,
    scopes: dict[str, Scope] | None = None,
    horizon: float = 3600.0,
    **policy: Any,
) -> Bench:
    """Tools with a title, a site and a priority; S with two containers where `sheets` is asked."""
    clock = ManualClock()
    made: dict[str, Tool] = {}
    for name in names:
        containers = ("S1", "S2") if sheets and name == "S" else ("main",)
        made[name] = tool(
            clock,
            name,
            PlainLens("site"),
            PlainLens("priority"),
            capabilities=(able or {}).get(name),
            containers=containers,
            creation=creation,
            horizon=horizon,
        )
        if scopes and name == "S":
            made[name].containers = [
                ContainerPolicy(name, container, scopes[container], creation) for container in containers
            ]
    return Bench.of(clock, made, limits=FREE, **policy)


def add(bench: Bench, name: str, title: str, container: str = "main", /, **values: Any) -> str:
    return bench.tools[name].memory.create_as("ann", container, kind="task", title=title, **values)


def settle(bench: Bench) -> None:
    """Run on until nothing is left to do, an hour apart."""
    for _ in range(4):
        bench.sync()
        bench.clock.move(hours=1)


def start(bench: Bench) -> None:
    """First sync; every tool also holds one item that nobody touches, so that none is ever emptied."""
    add(bench, "J", KEPT, site="Nord")
    bench.approve()
    bench.clock.move(hours=1)
    settle(bench)


def rows(bench: Bench, name: str) -> list[str]:
    found = [str(row.values.get("title")) for row in bench.tools[name].memory.rows.values()]
    return sorted(title for title in found if title != KEPT)


def natives(bench: Bench, name: str) -> list[str]:
    return [
        row.native_id for row in bench.tools[name].memory.rows.values() if row.values.get("title") != KEPT
    ]


def items(bench: Bench) -> list[str]:
    return [item.id for item in bench.ledger.load(PROJECT).items.values() if item.value("title") != KEPT]


def ties(bench: Bench, name: str) -> list[Tie]:
    mine = items(bench)
    return [
        r.tie for r in bench.ledger.load(PROJECT).replicas.values() if r.connection == name and r.item in mine
    ]


def test_i1_no_second_row_when_an_edit_moves_the_scope() -> None:
    scopes = {
        "S1": Scope(where={"site": frozenset({"Nord"})}),
        "S2": Scope(where={"site": frozenset({"Sued"})}),
    }
    bench = bench_of("J", "S", sheets=True, scopes=scopes)
    native = add(bench, "J", "Rack", site="Nord")
    start(bench)
    assert rows(bench, "S") == ["Rack"]
    bench.tools["J"].memory.edit_as("ann", native, site="Sued")
    settle(bench)
    assert rows(bench, "S") == ["Rack"]
    assert ties(bench, "S") == [Tie.OUT_OF_SCOPE]


@pytest.mark.parametrize("same_run", [True, False])
def test_i2_the_same_thing_made_in_two_tools_within_a_horizon(*, same_run: bool) -> None:
    bench = bench_of("J", "P", creation=Creation.MATCH_THEN_CREATE)
    add(bench, "J", "Other")
    start(bench)
    add(bench, "J", "Rack", site="Nord")
    if not same_run:
        bench.sync()
        bench.clock.move(minutes=30)
    add(bench, "P", "Rack", site="Nord")
    settle(bench)
    assert rows(bench, "J").count("Rack") == 1
    assert rows(bench, "P").count("Rack") == 1
    assert len(bench.ledger.load(PROJECT).proposals) == 1  # the title alone: a person is asked


def test_i3_a_creation_that_was_not_recorded_is_found_by_its_key() -> None:
    bench = bench_of("J", "S")
    start(bench)
    add(bench, "J", "Rack")
    bench.killed_at("S", "apply create", "after")
    bench.clock.move(hours=2)
    settle(bench)
    assert rows(bench, "S") == ["Rack"]
    keys = [key for _, key in bench.tools["S"].memory.created]
    assert len(keys) == len(set(keys))


def test_i3_created_anew_only_past_the_horizon_and_then_once() -> None:
    bench = bench_of("J", "S")
    start(bench)
    add(bench, "J", "Rack")
    bench.killed_at("S", "apply create", "before")
    bench.sync()
    assert rows(bench, "S") == []  # within the horizon absence means nothing: the item waits
    bench.clock.move(hours=2)
    bench.killed_at("S", "apply create", "after")
    bench.clock.move(hours=2)
    settle(bench)
    assert rows(bench, "S") == ["Rack"]


def test_i4_created_nowhere_once_its_source_is_deleted() -> None:
    bench = bench_of("J", "S")
    start(bench)
    native = add(bench, "J", "Rack")
    bench.killed_at("S", "apply create", "before")
    bench.tools["J"].memory.delete_as("ann", native)
    bench.clock.move(hours=2)
    settle(bench)
    assert rows(bench, "S") == []
    assert len(bench.tools["S"].memory.created) == 1  # the one nobody touched


def test_i5_children_that_stay_are_moved_out_before_their_parent_is_deleted() -> None:
    bench = bench_of("J", "S", deletion=Deletion.PROPAGATE)
    parent = add(bench, "J", "Phase")
    add(bench, "J", "Rack", parent=parent)
    start(bench)
    tool_s = bench.tools["S"].memory
    child = next(row for row in tool_s.rows.values() if row.values["title"] == "Rack")
    assert child.values["parent"] is not None
    own = tool_s.create_as("bea", "main", kind="task", title="Own", parent=child.values["parent"])
    settle(bench)
    memory_j = bench.tools["J"].memory
    for row in list(memory_j.rows.values()):
        if row.values["title"] in ("Rack", "Own"):
            memory_j.edit_as("ann", row.native_id, parent=None)
    memory_j.delete_as("ann", parent)
    settle(bench)
    assert rows(bench, "S") == ["Own", "Rack"]
    assert tool_s.rows[own].values["parent"] is None


def test_i6_a_moved_row_whose_new_place_cannot_be_listed_yet() -> None:
    bench = bench_of("J", "S", sheets=True, able={"S": NEW_IDS}, deletion=Deletion.PROPAGATE)
    add(bench, "J", "Rack")
    start(bench)
    memory = bench.tools["S"].memory
    (old,) = natives(bench, "S")
    memory.move_as("bea", old, "S2")
    name = memory.containers.pop("S2")
    settle(bench)
    assert rows(bench, "J") == ["Rack"]
    assert rows(bench, "S") == ["Rack"]
    memory.containers["S2"] = name
    settle(bench)
    (item,) = items(bench)
    assert bench.native("S", item) == natives(bench, "S")[0]
    assert rows(bench, "J") == ["Rack"]
    assert bench.plan().plan.actions == ()


def test_i7_not_found_may_be_hidden_nothing_is_deleted() -> None:
    vague = Capabilities(history=True, edit_times=True, tells_hidden=False)
    bench = bench_of("J", "S", able={"J": vague}, deletion=Deletion.PROPAGATE)
    native = add(bench, "J", "Rack")
    start(bench)
    bench.tools["J"].memory.hide(native)
    settle(bench)
    assert rows(bench, "S") == ["Rack"]
    assert ties(bench, "J") == [Tie.HIDDEN]
    bench.tools["J"].memory.hide(native, hidden=False)
    settle(bench)
    assert ties(bench, "J") == [Tie.TIED]


def test_i8_cleaning_up_a_copy_out_of_scope_says_nothing_of_the_item() -> None:
    scopes = {"S1": Scope(where={"site": frozenset({"Nord"})}), "S2": Scope(kinds=frozenset({Kind.RISK}))}
    bench = bench_of("J", "S", sheets=True, scopes=scopes, deletion=Deletion.PROPAGATE)
    native = add(bench, "J", "Rack", site="Nord")
    start(bench)
    bench.tools["J"].memory.edit_as("ann", native, site="Sued")
    settle(bench)
    (copy,) = natives(bench, "S")
    bench.tools["S"].memory.delete_as("bea", copy)
    settle(bench)
    assert rows(bench, "J") == ["Rack"]
    assert ties(bench, "S") == [Tie.TOMBSTONE]
    bench.tools["J"].memory.edit_as("ann", native, site="Nord")
    settle(bench)
    assert rows(bench, "S") == []  # a person deleted it there


def test_i9_an_edit_the_deleter_did_not_know_survives() -> None:
    bench = bench_of("J", "S", deletion=Deletion.PROPAGATE)
    native = add(bench, "J", "Rack", priority=1)
    start(bench)
    (row,) = natives(bench, "S")
    bench.tools["S"].memory.edit_as("bea", row, priority=2)
    bench.killed_at("J", "apply update", "before")
    bench.tools["J"].memory.delete_as("ann", native)
    settle(bench)
    assert rows(bench, "S") == ["Rack"]
    assert bench.value("S", row, "priority") == 2
    (conflict,) = bench.ledger.conflicts(PROJECT)
    assert conflict.field == LIFE


def test_i10_a_restored_original_asks_about_the_copies_we_deleted() -> None:
    bench = bench_of("J", "S", deletion=Deletion.PROPAGATE)
    native = add(bench, "J", "Rack")
    start(bench)
    bench.tools["J"].memory.delete_as("ann", native)
    settle(bench)
    assert rows(bench, "S") == []
    bench.tools["J"].memory.restore_as("ann", native)
    settle(bench)
    assert rows(bench, "J") == ["Rack"]
    (conflict,) = bench.ledger.conflicts(PROJECT)
    assert conflict.field == LIFE


def test_i11_a_parent_gone_but_not_yet_believed_gone() -> None:
    bench = bench_of("J", "S")
    parent = add(bench, "J", "Phase")
    child = add(bench, "J", "Rack", parent=parent)
    start(bench)
    bench.tools["J"].memory.delete_as("ann", parent)
    bench.tools["J"].memory.edit_as("ann", child, parent=None)
    report = bench.sync()
    assert report.plan.actions == ()
    assert report.plan.conflicts == ()


def test_i12_a_copy_of_what_we_deleted_is_a_new_item() -> None:
    bench = bench_of("J", "S", able={"S": NEW_IDS}, deletion=Deletion.PROPAGATE)
    native = add(bench, "J", "Rack")
    start(bench)
    memory = bench.tools["S"].memory
    (original,) = natives(bench, "S")
    copy = memory.copy_as("bea", original)
    memory.rows[copy].hidden = True  # seen late
    bench.tools["J"].memory.delete_as("ann", native)
    settle(bench)
    assert original not in memory.rows
    memory.rows[copy].hidden = False
    settle(bench)
    assert copy in memory.rows
    assert len(items(bench)) == 2
    assert rows(bench, "J") == ["Rack"]  # the copy, as a new item


def test_i13_two_moves_that_close_a_cycle_are_one_conflict() -> None:
    bench = bench_of("J", "S")
    one, other = add(bench, "J", "A"), add(bench, "J", "B")
    start(bench)
    tool_s = bench.tools["S"].memory
    in_s = {row.values["title"]: row.native_id for row in tool_s.rows.values()}
    tool_s.edit_as("bea", in_s["A"], parent=in_s["B"])
    bench.tools["J"].memory.edit_as("ann", other, parent=one, priority=7)
    bench.sync()
    (conflict,) = bench.ledger.conflicts(PROJECT)
    assert conflict.field == "parent"
    assert len({conflict.item, *conflict.also}) == 2
    assert tool_s.rows[in_s["B"]].values["priority"] == 7
    assert tool_s.rows[in_s["B"]].values.get("parent") is None
    settle(bench)
    assert len(bench.ledger.conflicts(PROJECT)) == 1


def test_the_move_that_a_person_refuses_is_put_back_though_nothing_was_agreed_before_it() -> None:
    bench = bench_of("J", "S")
    one, other = add(bench, "J", "A"), add(bench, "J", "B")
    start(bench)
    tool_s = bench.tools["S"].memory
    in_s = {row.values["title"]: row.native_id for row in tool_s.rows.values()}
    tool_s.edit_as("bea", in_s["A"], parent=in_s["B"])
    bench.tools["J"].memory.edit_as("ann", other, parent=one)
    bench.sync()
    (conflict,) = bench.ledger.conflicts(PROJECT)
    resolve(bench.workspace(), conflict.id, "J", actor="cleo")
    settle(bench)
    assert tool_s.rows[in_s["A"]].values.get("parent") is None
    assert tool_s.rows[in_s["B"]].values.get("parent") == in_s["A"]
    assert bench.plan().plan.actions == ()


def test_i14_a_tied_record_moved_to_where_ids_are_new_carries_our_key() -> None:
    bench = bench_of("J", "S", sheets=True, able={"S": NEW_IDS})
    native = add(bench, "S", "Rack", "S1")
    start(bench)
    bench.tools["S"].memory.move_as("bea", native, "S2")
    settle(bench)
    (item,) = items(bench)
    assert bench.native("S", item) == natives(bench, "S")[0]
    assert rows(bench, "J") == ["Rack"]
    assert bench.plan().plan.actions == ()


def test_an_unreachable_tool_sits_the_run_out_and_the_owner_keeps_its_word() -> None:
    bench = bench_of("J", "S", "P")
    native = add(bench, "J", "Rack", priority=1)
    start(bench)
    bench.tools["J"].memory.edit_as("ann", native, priority=2)

    def on_call(call: str, phase: str) -> None:
        if call == "pull":
            raise Unavailable("S does not answer.")

    bench.tools["S"].memory.on_call = on_call
    report = bench.sync()
    (item,) = items(bench)
    assert bench.value("P", bench.native("P", item), "priority") == 2
    assert bench.value("S", bench.native("S", item), "priority") == 1
    assert any("S does not answer" in warning.says for warning in report.warnings)
