"""Records that a run made go, where nobody has used them since; those it deleted are named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from itpm_sync.bases import LIFE, Agreed, Conflict, ItemBase, Replica, Tie
from itpm_sync.connector import Capabilities, Operation
from itpm_sync.plan import Grade, Warning
from itpm_sync.policy import Limits
from itpm_sync.reconcile import ContainerView
from itpm_sync.reconcile.past import Made, Past, Wrote
from itpm_sync.reconcile.undo import Undone, undo
from itpm_sync.simulator.lenses import SetLens
from itpm_sync.testing.small_undo import (
    BASE,
    LENSES,
    VIEWS,
    WHY,
    WROTE,
    read,
    says,
    there,
)
from itpm_sync.testing.small_world import NOW, absent, item, record, stopped, view, world

# ── records ──

MADE = Made("1", "b", "main", "1", "b:1")


def deleting(
    *made: Made,
    replicas: tuple[Replica, ...] | None = None,
    base: ItemBase = BASE,
    views: tuple[ContainerView, ...] = VIEWS,
    items: tuple[ItemBase, ...] = (),
    past: dict[str, Any] | None = None,
    **more: Any,
) -> Undone:
    given = replicas if replicas is not None else (there("a", base), there("b", base))
    told = Past("r-1", made=made or (MADE,), **(past or {}))
    return undo(world(*views, items=[base, *items], replicas=given, **more), told, actor="pia")


def gone(found: Undone) -> list[tuple[str, str]]:
    return [(one.item, one.connection) for one in found.plan.actions if one.operation is Operation.DELETE]


def test_a_record_that_the_run_made_goes() -> None:
    found = deleting()
    (act,) = found.plan.actions
    assert (act.operation, act.item, act.connection, act.native_id, act.title, act.reason, act.depth) == (
        Operation.DELETE,
        "1",
        "b",
        "1",
        "Rack 1",
        WHY,
        0,
    )
    assert found.plan.warnings == ()


@pytest.mark.parametrize("one", [there(tie=Tie.TOMBSTONE), there("c")])
def test_one_that_is_gone_already_is_nothing_to_do(one: Replica) -> None:
    found = deleting(replicas=(there("a"), one))
    assert (gone(found), found.plan.warnings) == ([], ())


def stays(**more: Any) -> tuple[str, str]:
    found = deleting(**more)
    assert gone(found) == []
    (one,) = found.plan.warnings
    assert (one.grade, one.connection, one.container, one.item) == (Grade.LEFT_OUT, "b", "main", "1")
    return one.says.removeprefix("Rack 1: the record that the run created in b stays: "), one.mend


def test_why_a_record_stays() -> None:
    a, again = there("a"), "Undo the run again when that is over."
    untied_ = ("it is no longer tied to what it was created for.", "")
    assert stays(replicas=(a, there(item="2")), items=(item("2"),)) == untied_
    assert stays(views=VIEWS[:1]) == untied_
    hidden = ("it is not to be found there now.", "")
    assert stays(replicas=(a, there(tie=Tie.HIDDEN))) == hidden
    assert stays(replicas=(a, absent(there(), confirmed=False))) == hidden
    assert stays(pending=frozenset({"b:1"})) == ("what became of a write there is not known yet.", again)
    closed = (VIEWS[0], view("b", lenses=LENSES, by_hand=True))
    assert stays(views=closed) == ("main in b takes changes by hand only.", again)
    able = (VIEWS[0], view("b", lenses=LENSES, able=Capabilities(deletes=False)))
    assert stays(views=able) == ("b deletes nothing through its interface.", "Delete it there.")
    used = "Delete it there if it shall go all the same."
    assert stays(replicas=(a, read(there(), "eve", site="x"))) == ("it was edited there by eve since.", used)
    assert stays(replicas=(a, read(there(), site="x"))) == ("it was edited there since.", used)
    assert stays(replicas=(a, replace(there(), seen=None, reading=record("1")))) == (
        "it was edited there since.",
        used,
    )
    found = deleting(replace(MADE, touched="eve commented on it"))
    assert "stays: eve commented on it." in found.plan.warnings[0].says
    only = ("it is the only record left of its item.", "")
    assert stays(replicas=(there(),)) == only
    assert stays(replicas=(there("a", tie=Tie.HIDDEN), there())) == only
    assert stays(replicas=(absent(a), there())) == only


def test_a_record_over_which_a_conflict_is_open_stays() -> None:
    both = {name: Conflict(name, "1", field, (), NOW) for name, field in (("c-1", "title"), ("c-2", LIFE))}
    assert stays(conflicts=both) == (
        "a conflict about its deletion, title is open.",
        "See `itpm-sync conflicts list`.",
    )


def test_a_record_that_was_read_again_as_it_was_goes() -> None:
    assert gone(deleting(replicas=(there("a"), read(there())))) == [("1", "b")]
    assert gone(deleting(replicas=(there("a", tie=Tie.OUT_OF_SCOPE), there()))) == [("1", "b")]


def test_records_that_the_run_made_do_not_keep_each_other() -> None:
    other = Made("1", "a", "main", "1", "a:1")
    found = deleting(MADE, other)
    assert (gone(found), len(found.plan.warnings)) == ([], 2)


def below(*made: Made, **more: Any) -> Undone:
    """A record of 1 over one of 2, both also in a."""
    child = item("2", parent="1")
    four = tuple(there(name, one) for name in "ab" for one in (BASE, child))
    return deleting(*made, **{"replicas": four, "items": (child,), **more})


def test_a_record_stays_while_others_lie_under_it() -> None:
    found = below()
    assert (gone(found), [one.says for one in found.plan.warnings]) == (
        [],
        ["Rack 1: the record that the run created in b stays: 1 record lies under it."],
    )
    assert found.plan.warnings[0].mend == "Move them out there, then undo the run again."
    many = [item(str(number), parent="1") for number in range(2, 4)]
    all_ = tuple(there(name, one) for name in "ab" for one in (BASE, *many))
    assert "2 records lie under it" in below(replicas=all_, items=tuple(many)).plan.warnings[0].says


def test_what_lies_under_it_goes_first_or_is_moved_out() -> None:
    other = Made("2", "b", "main", "2", "b:2")
    found = below(MADE, other)
    assert [(one.item, one.depth) for one in found.plan.actions] == [("2", 1), ("1", 0)]
    moved = {("2", "parent"): (Wrote("2", "parent", "b:2", "b", "main", 1, 1, {"parent": (None, "1")}),)}
    out = below(past={"wrote": moved, "held": True})
    assert [(one.operation, one.item) for one in out.plan.actions] == [
        (Operation.UPDATE, "2"),
        (Operation.DELETE, "1"),
    ]
    moved["2", "priority"] = (replace(WROTE, item="2", replica="b:2"),)
    child = item("2", parent="1", priority=2)
    four = tuple(there(name, one) for name in "ab" for one in (BASE, child))
    both = {"items": (child,), "replicas": four}
    out = below(past={"wrote": moved, "held": True}, **both)
    assert [one.operation for one in out.plan.actions] == [Operation.UPDATE, Operation.DELETE]
    del moved["2", "parent"]
    stays_there = below(past={"wrote": moved, "held": True}, **both)
    assert [one.operation for one in stays_there.plan.actions] == [Operation.UPDATE]
    touched = below(MADE, replace(other, touched="eve commented on it"))
    assert (gone(touched), len(touched.plan.warnings)) == ([], 2)


def test_deleted_records_under_it_do_not_keep_it() -> None:
    child = item("2", parent="1")
    four = (there("a"), there(), there("a", child), there("b", child, tie=Tie.TOMBSTONE))
    assert gone(below(replicas=four)) == [("1", "b")]


def test_what_the_run_wrote_in_a_record_that_goes_is_not_put_back() -> None:
    found = deleting(past={"wrote": {("1", "priority"): (WROTE,)}, "held": True})
    assert (gone(found), len(found.plan.actions)) == ([("1", "b")], 1)


def many(count: int, lost: int, **more: Any) -> Undone:
    bases = [item(f"{number:03}") for number in range(count)]
    made = tuple(Made(one.id, "b", "main", one.id, f"b:{one.id}") for one in bases[:lost])
    replicas = tuple(there(name, one) for name in "ab" for one in bases)
    return undo(world(*VIEWS, items=bases, replicas=replicas, **more), Past("r-1", made=made), actor="pia")


@pytest.mark.parametrize(
    ("count", "lost", "limits", "stops"),
    [
        (100, 3, Limits(deletions=3), False),
        (100, 4, Limits(deletions=3), True),
        (10, 1, Limits(), False),
        (10, 2, Limits(), True),
        (5, 1, Limits(floor=5), True),
        (4, 1, Limits(floor=5), False),
    ],
)
def test_more_deletions_than_the_limit_stop_an_undo(
    count: int, lost: int, limits: Limits, *, stops: bool
) -> None:
    found = many(count, lost, policy={"limits": limits})
    assert stopped(found.plan.brakes) == ({("deletions", "b")} if stops else set())
    for one in found.plan.brakes:
        assert one.says == f"{lost} of {count} records of main in b would be deleted."
        assert (one.mend, one.container) == ("Look at the plan; its approval lets them go.", "main")
    waived = frozenset({("deletions", "b", "main")})
    assert many(count, lost, policy={"limits": limits}, waived=waived).plan.brakes == ()


# ── what the run deleted ──


def lost(one: Replica | None = None, **able: Any) -> list[Warning]:
    views = (VIEWS[0], view("b", lenses=LENSES, able=Capabilities(**able)))
    replicas = [there("a"), *([one] if one else [])]
    found = undo(world(*views, items=[BASE], replicas=replicas), Past("r-1", deleted=(MADE,)), actor="pia")
    return list(found.plan.warnings)


def test_what_the_run_deleted_is_named_with_what_a_person_can_do() -> None:
    says_ = "Rack 1: the record that the run deleted in b is not brought back."
    binned = "Restore it from the recycle bin of b; the next sync ties it as before."
    assert lost(there(tie=Tie.TOMBSTONE), bin=True) == [
        Warning(Grade.LEFT_OUT, says_, "b", "main", "1", mend=binned)
    ]
    assert [one.mend for one in lost(bin=False)] == ["b has no bin: make it anew there."]
    assert lost(there()) == []
    elsewhere = undo(world(VIEWS[0]), Past("r-1", deleted=(MADE,)), actor="pia")
    assert [(one.says, one.mend) for one in elsewhere.plan.warnings] == [
        ("1: the record that the run deleted in b is not brought back.", "b has no bin: make it anew there.")
    ]


def test_what_nobody_knows_yet_of_a_creation_is_told() -> None:
    unknown = frozenset({("1", ""), ("9", "")})
    found = undo(world(*VIEWS, items=[BASE]), Past("r-1", unknown=unknown), actor="pia")
    rest = "nobody can say yet what became of a record that the run was to create or delete."
    mend = "The next sync looks it up; then undo the run again."
    assert list(found.plan.warnings) == [
        Warning(Grade.LEFT_OUT, f"{title}: {rest}", item=name, mend=mend)
        for title, name in (("Rack 1", "1"), ("9", "9"))
    ]


def test_each_record_that_was_made_or_deleted_is_looked_at() -> None:
    gone_, two = Made("1", "b", "main", "9", "b:9"), item("2")
    replicas = (there("a"), there(), there("a", two), there("b", two))
    found = deleting(gone_, MADE, Made("2", "b", "main", "2", "b:2"), items=(two,), replicas=replicas)
    assert gone(found) == [("1", "b"), ("2", "b")]
    told = Past("r-1", deleted=(MADE, gone_))
    named = undo(world(*VIEWS, items=[BASE], replicas=[there("a"), there()]), told, actor="pia").plan.warnings
    assert len(named) == 1


def test_a_record_of_an_item_that_people_want_left_alone_stays() -> None:
    lenses = (*LENSES, SetLens("labels"))
    one = there("a")
    assert one.seen is not None
    marked = replace(one, seen=replace(one.seen, values={**one.seen.values, "labels": ["itpm-skip"]}))
    views = (view("a", lenses=lenses), VIEWS[1])
    wanted = ("its item carries the label by which people want it left alone.", "")
    assert stays(views=views, replicas=(marked, there())) == wanted
    assert stays(replicas=(there("a"), there("b", item("2"), native="1")), base=BASE) == (
        "it is no longer tied to what it was created for.",
        "",
    )


def test_records_that_were_never_read_lie_under_nothing() -> None:
    child = replace(there("b", item("2", parent="1")), seen=None)
    assert gone(deleting(items=(item("2", parent="1"),), replicas=(there("a"), there(), child))) == [
        ("1", "b")
    ]


def test_what_stays_is_a_parent_again_and_what_goes_is_none() -> None:
    """A record that is put back lies under what is above the one that goes."""
    g, x, y = item("g"), item("1", parent="g"), item("2", parent="g")
    moved = {("2", "parent"): (Wrote("2", "parent", "b:2", "b", "main", 1, 1, {"parent": ("g", "1")}),)}
    replicas = tuple(there(name, one) for name in "ab" for one in (g, x)) + (
        there("a", y),
        says(there("b", y), parent="1"),
    )
    found = deleting(base=x, items=(g, y), replicas=replicas, past={"wrote": moved})
    assert [(one.operation, one.item) for one in found.plan.actions] == [
        (Operation.UPDATE, "2"),
        (Operation.DELETE, "1"),
    ]


def test_what_lay_under_a_record_before_the_run_made_one_between_lies_there_again() -> None:
    """What is agreed stays: in a the record between stays."""
    g, x, y = item("g"), item("1", parent="g"), item("2", parent="1")
    moved = {("2", "parent"): (Wrote("2", "parent", "b:2", "b", "main", 1, 1, {"parent": ("g", "1")}),)}
    replicas = tuple(there(name, one) for name in "ab" for one in (g, x, y))
    found = deleting(base=x, items=(g, y), replicas=replicas, past={"wrote": moved})
    assert [(one.operation, one.item) for one in found.plan.actions] == [
        (Operation.UPDATE, "2"),
        (Operation.DELETE, "1"),
    ]
    assert found.plan.warnings == ()


def test_a_record_of_an_item_that_is_known_no_more_stays() -> None:
    strange = Made("9", "b", "main", "9", "b:9")
    found = deleting(strange, replicas=(there("a"), there("b", item("9"))))
    assert [one.says for one in found.plan.warnings] == [
        "9: the record that the run created in b stays: it is no longer tied to what it was created for."
    ]


def test_records_of_a_cycle_and_of_a_part_of_the_project_go_too() -> None:
    w, x, y = item("1", parent="x"), item("x", parent="y"), item("y", parent="x")
    replicas = tuple(there(name, one) for name in "ab" for one in (w, x, y))
    assert gone(deleting(base=w, items=(x, y), replicas=replicas)) == [("1", "b")]
    assert gone(deleting(focus=frozenset({"1"}))) == [("1", "b")]


def test_only_deletions_of_records_that_were_there_count_for_the_brake() -> None:
    bases = [item(f"{number:03}") for number in range(10)]
    wrote = {
        (one.id, "priority"): (
            replace(WROTE, item=one.id, replica=f"b:{one.id}", natives={"priority": (1, None)}),
        )
        for one in bases
    }
    bases = [replace(one, agreed={**one.agreed, "priority": Agreed(None, 1)}) for one in bases]
    replicas = [there(name, one) for name in "ab" for one in bases]
    past = Past("r-1", wrote, held=True)
    many_ = undo(world(*VIEWS, items=bases, replicas=replicas), past, actor="pia")
    assert (len(many_.plan.actions), many_.plan.brakes) == (10, ())
    hidden = [there("b", item(f"h{number}"), tie=Tie.HIDDEN) for number in range(90)]
    made = tuple(Made(one.id, "b", "main", one.id, f"b:{one.id}") for one in bases[:2])
    found = undo(
        world(*VIEWS, items=bases, replicas=[*replicas, *hidden]), Past("r-1", made=made), actor="pia"
    )
    assert [one.says for one in found.plan.brakes] == ["2 of 10 records of main in b would be deleted."]
