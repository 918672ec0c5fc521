"""Trees: cycles over agreed parents and predecessors, what lies under what in one tool, and what a deletion takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from itpm_sync.bases import Agreed, ItemBase, Tie
from itpm_sync.connector import Capabilities, Presence
from itpm_sync.lens import Lens
from itpm_sync.model import Dependency
from itpm_sync.plan import Grade
from itpm_sync.reconcile.draft import Draft
from itpm_sync.reconcile.forest import Forests
from itpm_sync.reconcile.leaving import leaving, unhindered
from itpm_sync.reconcile.structure import circular, hold_parent_cycles
from itpm_sync.simulator.lenses import PlainLens
from itpm_sync.testing.small_world import NOW, PLAIN, absent, item, record, tied, view, world

# ── agreed parents ──


def moved(before: dict[str, str | None], after: dict[str, str | None]) -> Draft:
    """Items under these parents, and where this run put them."""
    bases = [item(name) if above is None else item(name, parent=above) for name, above in before.items()]
    one = Draft(world(view("a"), items=bases))
    for name, above in after.items():
        one.items[name].agreed["parent"] = Agreed(above, 2, f"tool-{name}", f"who-{name}", NOW)
        one.note_parent(one.items[name])
    hold_parent_cycles(one)
    return one


def test_two_moves_that_close_a_cycle_are_one_conflict_and_stay_where_they_were() -> None:
    one = moved({"x": None, "y": None, "z": "x"}, {"y": "x", "x": "y"})
    (conflict,) = one.items["x"].opened
    assert (conflict.item, conflict.field, conflict.also, conflict.opened) == ("x", "parent", ("y",), NOW)
    assert [
        (side.tool, side.value, side.form, side.version, side.actor, side.edited, side.item)
        for side in conflict.sides
    ] == [
        ("tool-x", "y", "y", 2, "who-x", NOW, "x"),
        ("tool-y", "x", "x", 2, "who-y", NOW, "y"),
    ]
    assert conflict.reason == "these moves together would put items under themselves"
    assert one.items["y"].opened == []
    assert all(one.items[name].agreed["parent"] == Agreed(None, 1) for name in "xy")
    assert all("parent" in one.items[name].held for name in "xy")
    assert one.conflicts == {("x", "parent"): conflict, ("y", "parent"): conflict}
    assert one.parents == {"x": None, "y": None, "z": "x"}
    assert one.items["z"].held == set()


def test_only_the_moves_of_this_run_are_held() -> None:
    one = moved({"x": None, "y": "x", "z": "y"}, {"x": "z"})
    (conflict,) = one.items["x"].opened
    assert (conflict.also, len(conflict.sides)) == ((), 1)
    assert one.parents == {"x": None, "y": "x", "z": "y"}
    assert one.items["y"].held == one.items["z"].held == set()


def test_a_held_move_goes_back_to_what_was_agreed() -> None:
    one = moved({"p": None, "x": "p", "y": "p"}, {"x": "y", "y": "x"})
    assert {name: one.items[name].agreed["parent"] for name in "xy"} == {
        name: one.items[name].base.agreed["parent"] for name in "xy"
    }
    assert one.parents == {"p": None, "x": "p", "y": "p"}


def test_records_of_a_held_move_were_brought_to_what_they_were_before() -> None:
    x, y = item("x"), item("y")
    kept = {"title": 1, "parent": 0}
    one = Draft(world(view("a"), items=[x, y], replicas=[tied(x, at=kept), tied(y, at={"title": 1})]))
    for name, above in (("x", "y"), ("y", "x")):
        one.items[name].agreed["parent"] = Agreed(above, 1, "a")
        one.note_parent(one.items[name])
        one.replicas[f"a:{name}"].at["parent"] = 1
    hold_parent_cycles(one)
    assert [one.replicas[f"a:{name}"].at for name in "xy"] == [kept, kept]


def test_moves_that_close_nothing_go_on() -> None:
    one = moved({"x": None, "y": None, "z": None}, {"y": "x", "z": "y", "x": "outside"})
    assert one.conflicts == {}
    assert one.parents == {"x": "outside", "y": "x", "z": "y"}


def test_what_only_hangs_under_a_cycle_is_not_part_of_it() -> None:
    one = moved({"w": None, "x": None, "y": None}, {"w": "x", "x": "y", "y": "x"})
    (conflict,) = {each.id: each for each in one.conflicts.values()}.values()
    assert {conflict.item, *conflict.also} == {"x", "y"}
    assert one.items["w"].held == set()
    assert one.parents["w"] == "x"


def test_the_same_cycle_is_the_same_conflict_in_every_run() -> None:
    first = moved({"x": None, "y": None}, {"y": "x", "x": "y"})
    again = moved({"y": None, "x": None}, {"x": "y", "y": "x"})
    other = moved({"x": None, "z": None}, {"z": "x", "x": "z"})
    ids = [next(iter(one.conflicts.values())).id for one in (first, again, other)]
    assert ids[0] == ids[1] != ids[2]
    assert all(one.startswith("c-") and len(one) == 14 for one in ids)


# ── predecessors ──


def linked(**after: tuple[str, ...]) -> Draft:
    bases = [
        item(name, dependencies=frozenset(Dependency(one) for one in before))
        for name, before in after.items()
    ]
    return Draft(world(view("a"), items=bases))


def test_items_on_a_circle_of_predecessors_are_found_and_told() -> None:
    one = linked(a=("b",), b=("c",), c=("a",), d=("a",), e=("d",), f=(), g=("f",))
    assert circular(one) == {"a", "b", "c"}
    assert [each.says.split()[1] for each in one.warnings] == ["a", "b", "c"]
    assert [(each.grade, each.field) for each in one.warnings] == [(Grade.NOTE, "dependencies")] * 3
    assert one.warnings[0].says.startswith("Rack a depends on itself through its predecessors")
    assert one.warnings[0].mend == "Remove one of the links in the tool that has it."


def test_between_two_circles_what_lies_there_is_told_too() -> None:
    assert circular(linked(a=("a",), b=("a",), c=("b", "c"))) == {"a", "b", "c"}


def test_what_only_comes_before_a_circle_is_not_on_it() -> None:
    assert circular(linked(a=("b", "x"), b=("a",), x=("f",), f=())) == {"a", "b"}


def test_predecessors_that_are_no_items_of_the_project_close_no_circle() -> None:
    assert circular(linked(a=("elsewhere",), b=("a",))) == set()
    odd = ItemBase("a", {"dependencies": Agreed(None, 1)})
    assert circular(Draft(world(view("a"), items=[odd]))) == set()


def test_an_item_without_a_title_is_told_by_its_id() -> None:
    one = ItemBase("a", {"dependencies": Agreed(frozenset({Dependency("a")}), 1)})
    draft = Draft(world(view("a"), items=[one]))
    assert circular(draft) == {"a"}
    assert draft.warnings[0].says.startswith("a depends on itself")


# ── what stands in one tool ──


def standing(**above: str | None) -> tuple[Draft, Any]:
    """Records in one container, by what they lie under there; nothing is agreed of parents."""
    here = view("a")
    bases = [item(name) for name in above]
    replicas = [replace(tied(one), seen=record(one.id, parent=above[one.id])) for one in bases]
    return Draft(world(here, view("b"), items=bases, replicas=replicas)), here


def test_a_write_that_would_close_a_cycle_over_what_stands_there_is_refused() -> None:
    draft, here = standing(x=None, y="x", z="y")
    forests = Forests(draft)
    assert not forests.move(here, "x", "z")
    assert not forests.move(here, "x", "x")
    assert forests.move(here, "z", "x")
    assert forests.move(here, "x", None)


def test_each_planned_write_counts_for_the_next() -> None:
    draft, here = standing(x=None, y=None, z=None)
    forests = Forests(draft)
    assert forests.move(here, "y", "x")
    assert not forests.move(here, "x", "y")
    assert forests.move(here, "y", None)
    assert forests.move(here, "x", "y")


def test_each_container_has_its_own_forest() -> None:
    draft, _ = standing(x=None, y="x")
    elsewhere = draft.world.containers["b", "main"]
    assert Forests(draft).move(elsewhere, "x", "y")


def test_a_cycle_that_stands_already_does_not_hang() -> None:
    draft, here = standing(x="y", y="x", z=None)
    assert not Forests(draft).move(here, "z", "x")


def test_records_that_were_never_read_lie_under_nothing() -> None:
    draft, here = standing(x=None, y="x")
    draft.replicas["a:y"].base = replace(draft.replicas["a:y"].base, seen=None)
    assert Forests(draft).move(here, "x", "y")
    assert gone(draft, "x") == [("x", "a")]


def test_a_container_without_parents_has_a_flat_forest() -> None:
    flat = view("a", lenses=[PlainLens("title")])
    bases = [item("x"), item("y", parent="x")]
    draft = Draft(world(flat, items=bases, replicas=[tied(one) for one in bases]))
    assert Forests(draft).move(flat, "x", "y")


# ── what a deletion takes ──


def family(*views: Any, **changes: dict[str, Any]) -> Draft:
    """p over x and y, in each of these containers; `changes` by item to its records there."""
    here = views or (view("a"),)
    p, x, y = item("p"), item("x", parent="p"), item("y", parent="p")
    replicas = [
        replace(tied(one, *each.place), **changes.get(one.id, {})) for each in here for one in (p, x, y)
    ]
    return Draft(world(*here, items=[p, x, y], replicas=replicas))


def gone(draft: Draft, *doomed: str) -> list[tuple[str, str]]:
    return [(base.base.id, one.base.connection) for base, one, _ in leaving(draft, set(doomed))]


def test_a_deletion_takes_the_items_records_and_notes_them_as_leaving() -> None:
    draft = family(view("a"), view("b"))
    assert gone(draft, "x", "p") == [("p", "a"), ("p", "b"), ("x", "a"), ("x", "b")]
    assert draft.envs["a", "main"].leaving == {"p", "x"}
    assert draft.warnings == []
    assert gone(family()) == []


@pytest.mark.parametrize(
    "closed", [{"able": Capabilities(deletes=False)}, {"policy": {"read_only": True}}, {"suspended": "x"}]
)
def test_nothing_leaves_where_nothing_may_be_deleted(closed: dict[str, Any]) -> None:
    assert gone(family(view("a", **closed), view("b")), "x") == [("x", "b")]


@pytest.mark.parametrize("change", [{"tie": Tie.HIDDEN}, {"tie": Tie.OUT_OF_SCOPE}, {"tie": Tie.TOMBSTONE}])
def test_only_records_that_are_there_leave(change: dict[str, Any]) -> None:
    assert gone(family(x=change), "x", "y") == [("y", "a")]
    away = family()
    away.replicas["a:x"].base = absent(away.replicas["a:x"].base)
    assert gone(away, "x", "y") == [("y", "a")]


@pytest.mark.parametrize("tie", [Tie.HIDDEN, Tie.UNTIED])
def test_a_record_over_one_that_is_not_ours_to_move_stays(tie: Tie) -> None:
    draft = family(x={"tie": tie}, y={"tie": tie})
    assert gone(draft, "p") == []
    (warning,) = draft.warnings
    assert warning.says == "Rack p is not deleted in a: 2 records under it are not ours to move."
    assert (warning.grade, warning.connection, warning.item) == (Grade.NOTE, "a", "p")
    assert warning.mend == "Move them out there, or pair them."
    assert draft.envs["a", "main"].leaving == set()


def test_a_record_that_stays_in_one_tool_leaves_the_others() -> None:
    draft = family(view("a"), view("b"))
    draft.replicas["a:x"].tie = Tie.HIDDEN
    assert gone(draft, "p") == [("p", "b")]
    elsewhere = family()
    elsewhere.of_item["x"].append(Draft(world(replicas=[tied(item("x"), "gone")])).replicas["gone:x"])
    assert gone(elsewhere, "x") == [("x", "a")]


def test_a_record_over_one_that_people_want_left_alone_stays() -> None:
    draft = family()
    draft.skipped.add("x")
    assert gone(draft, "p", "y") == [("y", "a")]


def test_records_that_are_gone_hinder_nothing() -> None:
    assert gone(family(x={"tie": Tie.TOMBSTONE}, y={"tie": Tie.OUT_OF_SCOPE}), "p") == [("p", "a")]
    moved_away = family()
    for name in ("a:x", "a:y"):
        moved_away.replicas[name].base = absent(
            moved_away.replicas[name].base, Presence.MOVED, tie=Tie.HIDDEN
        )
        moved_away.replicas[name].tie = Tie.HIDDEN
    assert gone(moved_away, "p") == [("p", "a")]


def test_a_deletion_waits_for_what_lies_under_it_to_be_moved_or_to_leave() -> None:
    draft = family()
    going = leaving(draft, {"p", "x"})
    assert [one.base.native_id for _, one, _ in unhindered(draft, going, set())] == ["x"]
    (warning,) = draft.warnings
    assert warning.says == "Rack p is not deleted in a yet: a record under it has no other place now."
    draft = family()
    going = leaving(draft, {"p", "x"})
    assert [one.base.native_id for _, one, _ in unhindered(draft, going, {"a:y"})] == ["p", "x"]
    assert draft.warnings == []


def test_one_that_stays_keeps_those_above_it() -> None:
    g, p, x = item("g"), item("p", parent="g"), item("x", parent="p")
    draft = Draft(world(view("a"), items=[g, p, x], replicas=[tied(one) for one in (g, p, x)]))
    going = leaving(draft, {"g", "p"})
    deepest_first = sorted(going, key=lambda one: one[0].base.id, reverse=True)
    assert unhindered(draft, deepest_first, set()) == []
    assert unhindered(draft, [], set()) == []


def test_a_tool_without_parents_lets_everything_go() -> None:
    flat: list[Lens] = [lens for lens in PLAIN if lens.name != "parent"]
    assert gone(family(view("a", lenses=flat), y={"tie": Tie.HIDDEN}), "p") == [("p", "a")]


def test_circles_of_predecessors_are_told_in_the_same_order_in_every_run() -> None:
    names = "hbgdafce"
    one = linked(**{name: (name,) for name in names})
    assert circular(one) == set(names)
    assert [each.says.split()[1] for each in one.warnings] == sorted(names)
