"""Why a field is left, what closes again, and parents on the way back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from itpm_sync.bases import Conflict, ItemBase, Life, Replica, Side, Tie
from itpm_sync.codec import encode
from itpm_sync.lens import Env, Unliftable, Values
from itpm_sync.model import Day, Value
from itpm_sync.plan import Grade, Loser
from itpm_sync.reconcile.past import Past, Wrote, side_mark
from itpm_sync.reconcile.undo import Undone, undo
from itpm_sync.simulator.lenses import PlainLens
from itpm_sync.testing.small_undo import (
    BASE,
    LENSES,
    VIEWS,
    WHY,
    WROTE,
    left,
    put,
    read,
    says,
    there,
    undone,
)
from itpm_sync.testing.small_world import NOW, absent, item, record, view, world

# ── why nothing is taken back ──


def reason(**more: Any) -> tuple[str, str]:
    found = undone(WROTE, **{"past": {"held": True}, **more})
    assert put(found) == {}
    (one,) = [each for each in found.plan.warnings if each.grade is Grade.LEFT_OUT]
    return one.says.removeprefix("Rack 1: priority in b is not put back: "), one.mend


def test_why_a_field_is_left() -> None:
    gone = replace(BASE, life=Life.DELETED, note="deleted in c")
    assert reason(base=gone) == ("the item was deleted since (deleted in c).", "")
    unknown = {"held": True, "unknown": frozenset({("1", "priority")})}
    assert reason(past=unknown) == (
        "nobody can say whether the run wrote it.",
        "The next sync treats what stands there as an edit.",
    )
    asked = Conflict("c-9", "1", "priority", (), NOW)
    assert reason(conflicts={"c-9": asked}) == (
        "conflict c-9 about it is open.",
        "See `itpm-sync conflicts show c-9`.",
    )
    edited = (read(there("a"), "eve", priority=9), there())
    assert reason(replicas=edited) == ("it was edited in a by eve since.", "")
    assert reason(replicas=(read(there("a"), priority=9), there())) == ("it was edited in a since.", "")
    doubtful = (read(there("a", undecided=frozenset({"priority"})), title="x"), there())
    assert reason(replicas=doubtful) == ("it was edited in a since.", "")
    never = (replace(there("a"), seen=None, reading=record("1", priority=2)), there())
    assert reason(replicas=never) == ("it was edited in a since.", "")


def test_edits_of_other_fields_and_of_records_that_are_not_there_do_not_hinder() -> None:
    done = {("b", "priority"): (2, 1)}

    def after(*replicas: Replica, **more: Any) -> dict[tuple[str, str], tuple[Value, Value]]:
        return put(undone(WROTE, replicas=(*replicas, there()), past={"held": True}, **more))

    assert after(read(there("a"), title="x")) == done
    assert after(read(there("a", tie=Tie.HIDDEN), priority=9)) == done
    assert after(absent(read(there("a"), priority=9))) == done
    assert after(read(there("gone"), priority=9)) == done
    bare = (view("a", lenses=LENSES[:3]), VIEWS[1])
    assert after(read(there("a"), priority=9), views=bare) == done
    assert after(there("a", undecided=frozenset({"priority"}))) == done
    assert after(there("a", seen=None)) == done


def test_what_people_want_left_alone_is_left() -> None:
    class Labels(PlainLens):
        def get(self, values: Values, env: Env) -> Value:
            return frozenset(values.get("labels") or ()) or None

    views = (view("a", lenses=(*LENSES, Labels("labels"))), VIEWS[1])
    one = there("a")
    assert one.seen is not None
    marked = replace(one, seen=replace(one.seen, values={**one.seen.values, "labels": ["itpm-skip"]}))
    assert reason(views=views, replicas=(marked, there())) == (
        "it carries the label by which people want it left alone.",
        "",
    )


# ── the conflict of an undo, undone ──


def closing(sides_: tuple[Side, ...], marked: tuple[Side, ...], *wrote: Wrote, **more: Any) -> Undone:
    conflict = Conflict("c-1", "1", "priority", sides_, NOW)
    marks = frozenset(side_mark(one.tool, encode(one.form), one.version) for one in marked)
    past = {"opened": {("1", "priority"): marks}}
    return undone(*wrote, **{"conflicts": {"c-1": conflict}, "past": past, **more})


def test_the_question_of_an_undo_closes_with_the_undo_of_it() -> None:
    old, new = Side(None, 1, 1, 1), Side("a", 2, 2, 2, agreed=True)
    found = closing((old, new), (old, new))
    (decision,) = found.plan.decisions
    assert (decision.closed, decision.losers) == (("c-1",), (Loser("priority", old, WHY),))
    assert found.plan.conflicts == ()
    assert closing((old, new, Side("b", 3, 3, 1)), (old, new)).plan.decisions == ()
    edited = (read(there("a"), priority=9), there())
    assert closing((old, new), (old, new), replicas=edited).plan.decisions == ()
    asked = Conflict("c-1", "1", "priority", (old, new), NOW)
    assert undone(conflicts={"c-1": asked}).plan.decisions == ()
    settled = closing((old, new), (old, new), conflicts={})
    assert (settled.plan.decisions, settled.plan.warnings) == ((), ())


def test_where_the_question_closes_nothing_else_is_done_to_the_field() -> None:
    old, new = Side(None, 1, 1, 1), Side("a", 2, 2, 2, agreed=True)
    found = closing((old, new), (old, new), WROTE)
    assert (put(found), left(found), len(found.plan.decisions)) == ({}, [], 1)
    touched = closing((old, new, Side("b", 3, 3, 1)), (old, new), WROTE)
    assert left(touched) == ["Rack 1: priority in b is not put back: conflict c-1 about it is open."]


# ── parents ──


def parents(stood: Any, now: Any, *others: Replica, base: ItemBase | None = None, **more: Any) -> Undone:
    """The run moved an item's record in b from one parent to another."""
    items = tuple(item(name) for name in "pq")
    base = base or item("1", parent="q")
    wrote = Wrote("1", "parent", "b:1", "b", "main", 1, 1, {"parent": (stood, now)})
    given = (
        there("b", base),
        *others,
        *(there("b", one) for one in items if one.id not in {each.item for each in others}),
    )
    return undone(
        wrote, base=base, replicas=given, items=items, field="parent", **{"past": {"held": True}, **more}
    )


def test_a_record_is_put_back_under_what_it_lay_under() -> None:
    assert put(parents("p", "q")) == {("b", "parent"): ("q", "p")}
    assert put(parents(None, "q")) == {("b", "parent"): ("q", None)}
    flat = (VIEWS[0], view("b", lenses=(*LENSES[:2], *LENSES[3:])))
    assert put(parents("p", "q", views=flat)) == {("b", "parent"): ("['q']", "['p']")}


@pytest.mark.parametrize(
    "gone", [there("b", item("p"), tie=Tie.TOMBSTONE), absent(there("b", item("p")), confirmed=False)]
)
def test_a_record_is_not_put_under_what_is_there_no_more(gone: Replica) -> None:
    wanted = ["Rack 1: parent in b is not put back: what it lay under in b is no longer there."]
    assert left(parents("p", "q", gone)) == wanted
    assert left(parents("never", "q")) == wanted


def test_a_record_is_not_put_under_itself() -> None:
    p = item("p")
    under = says(there("b", p), parent="1")
    assert left(parents("p", "q", under)) == [
        "Rack 1: parent in b is not put back: it would lie under itself in b."
    ]


def test_a_field_that_is_mapped_no_more_is_shown_as_it_stands() -> None:
    views = (VIEWS[0], view("b", lenses=LENSES[:3]))
    found = undone(replace(WROTE, natives={"priority": (1, 2), "title": ("Rack 1", "Rack 1")}), views=views)
    (write,) = found.plan.actions[0].writes
    assert (write.old, write.new) == ("[2, 'Rack 1']", "[1, 'Rack 1']")
    assert write.natives == {"priority": (2, 1), "title": ("Rack 1", "Rack 1")}


def test_all_that_is_put_back_in_a_record_is_one_action() -> None:
    base = item("1", priority=2, site="new")
    wrote = {
        ("1", "site"): (replace(WROTE, field="site", natives={"site": ("old", "new")}),),
        ("1", "priority"): (WROTE,),
    }
    found = undo(
        world(*VIEWS, items=[base], replicas=[there("a", base), there("b", base)]),
        Past("r-1", wrote, held=True),
        actor="pia",
    )
    (act,) = found.plan.actions
    assert [write.name for write in act.writes] == ["priority", "site"]


def test_parents_go_back_before_their_children_and_before_other_fields() -> None:
    bases = [item("x", parent="y", priority=2), item("y", parent="z"), item("z", priority=2)]
    natives = {"x": (None, "y"), "y": (None, "z")}
    wrote = {
        (name, "parent"): (Wrote(name, "parent", f"b:{name}", "b", "main", 1, 1, {"parent": pair}),)
        for name, pair in natives.items()
    }
    for name in "xz":
        wrote[name, "priority"] = (replace(WROTE, item=name, replica=f"b:{name}"),)
    found = undo(
        world(*VIEWS, items=bases, replicas=[there("b", one) for one in bases]),
        Past("r-1", wrote, held=True),
        actor="pia",
    )
    assert [(one.item, [write.name for write in one.writes]) for one in found.plan.actions] == [
        ("y", ["parent"]),
        ("x", ["parent", "priority"]),
        ("z", ["priority"]),
    ]


def test_items_that_lie_under_each_other_are_put_back_too() -> None:
    bases = [item("x", parent="y", priority=2), item("y", parent="x", priority=2)]
    wrote = {(name, "priority"): (replace(WROTE, item=name, replica=f"b:{name}"),) for name in "xy"}
    found = undo(
        world(*VIEWS, items=bases, replicas=[there("b", one) for one in bases]),
        Past("r-1", wrote, held=True),
        actor="pia",
    )
    assert [one.item for one in found.plan.actions] == ["x", "y"]


class Halves(PlainLens):
    """No whole value has the form of an odd number."""

    def lift(self, form: Value, agreed: Value, env: Env, *, edited: Day | None = None) -> Value:
        if isinstance(form, int) and form % 2:
            raise Unliftable("No value reads so.")
        return form


def test_what_no_whole_value_reads_as_can_only_be_put_back() -> None:
    views = (VIEWS[0], view("b", lenses=(*LENSES[:3], Halves("priority"))))
    found = undone(replace(WROTE, was=0), views=views)
    (odd,) = [side for side in found.plan.conflicts[0].sides if not side.agreed]
    assert (odd.value, odd.form, odd.lawful) == (1, 1, False)
