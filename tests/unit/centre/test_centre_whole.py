"""The whole decision: each rule is applied, and what each of them found is in the plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from itpm_sync.bases import LIFE, UNREAD, Conflict, Refusal, Side, Tie
from itpm_sync.model import Dependency
from itpm_sync.plan import Brake, BrakeKind, Plan
from itpm_sync.policy import Scope
from itpm_sync.reconcile import reconcile
from itpm_sync.reconcile.draft import weighed
from itpm_sync.reconcile.past import Moved, Past
from itpm_sync.reconcile.undo import Undone
from itpm_sync.simulator.lenses import PlainLens, SetLens
from itpm_sync.testing.small_items import BASE, LENSES, read
from itpm_sync.testing.small_world import (
    NOW,
    PLAIN,
    absent,
    item,
    racks,
    record,
    stopped,
    tied,
    untied,
    view,
    world,
)

KEY = f"i-{7:024x}"


def test_items_of_a_lost_ledger_are_made_again() -> None:
    found = reconcile(
        world(view("a"), replicas=[untied("a", "1", key=KEY, title="Rack")], other_ledger="It was lost.")
    )
    assert [one.item for one in found.decisions] == [KEY]


def test_what_people_want_left_alone_is_not_decided_and_is_named() -> None:
    base = item("1", priority=1)
    one = tied(base)
    assert one.seen is not None
    edited = replace(
        one.seen, revision="2", values={**one.seen.values, "priority": 2, "labels": ["itpm-skip"]}
    )
    plan = reconcile(
        world(
            view("a", lenses=(*PLAIN, SetLens("labels"))),
            items=[base],
            replicas=[replace(one, reading=edited)],
        )
    )
    assert plan.decisions == ()
    assert [each.item for each in plan.skipped] == ["1"]


def test_moves_that_close_a_cycle_are_held() -> None:
    x, y = item("x", parent=None), item("y", parent=None)
    there = [
        replace(tied(one), reading=record(one.id, revision="2", title=f"Rack {one.id}", parent=above))
        for one, above in ((x, "y"), (y, "x"))
    ]
    plan = reconcile(world(view("a"), items=[x, y], replicas=there))
    assert [(one.field, one.also) for one in plan.conflicts] == [("parent", ("y",))]


def test_a_conflict_over_several_items_is_in_the_plan_once() -> None:
    both = Conflict("c-1", "x", "parent", (Side("a", "y", "y", 1),), NOW, also=("y",))
    plan = reconcile(world(view("a"), items=[item("x"), item("y")], conflicts={"c-1": both}))
    assert plan.conflicts == (both,)


def test_what_waits_and_what_is_refused_or_over_is_in_the_plan() -> None:
    base = item("1", priority=1)
    over = Refusal("1", "a", "main", "priority", 1, "No.", 1, NOW + timedelta(hours=1))
    plan = reconcile(world(view("a"), items=[base], replicas=[tied(base)], refusals=(over,)))
    assert (plan.over, plan.refusals, plan.later) == ((("1", "a", "main", "priority"),), (), False)
    unread = replace(over, version=UNREAD)
    assert (
        reconcile(world(view("a"), items=[base], replicas=[tied(base)], refusals=(unread,))).over == plan.over
    )
    waits = reconcile(world(view("a"), replicas=[untied("a", "x", title="X")], unsure={("a", "x"): ()}))
    assert waits.later is True


def test_the_same_warning_is_told_once() -> None:
    base = item("1", dependencies=frozenset({Dependency("1")}))
    lenses = (*PLAIN, PlainLens("dependencies"))
    plan = reconcile(world(view("a", lenses=lenses), items=[base], replicas=[tied(base)]))
    assert len(plan.warnings) == len(set(plan.warnings)) == 1


def test_a_pause_holds_what_would_be_written_and_is_told() -> None:
    pause = Brake(BrakeKind.PAUSED, "Ann paused it.", "resume", "b", "main")
    base = item("1", priority=2)
    behind = replace(tied(base, "b"), seen=record("1", title="Rack 1", priority=1))
    views = (view("a"), view("b", paused="Ann paused it."))
    plan = reconcile(world(*views, items=[base], replicas=[tied(base), behind], pauses=(pause,)))
    assert (plan.actions, [one.connection for one in plan.held], plan.brakes) == ((), ["b"], (pause,))
    whole = reconcile(
        world(*views, items=[base], replicas=[tied(base), behind], pauses=(pause,), first_sync=True)
    )
    assert whole.brakes[-1] == pause


def test_a_container_that_stops_keeps_its_questions_in_the_plan() -> None:
    """Of records that wait for a pairing there, and of others once each."""
    one = racks(6, view("a"), view("b", had=6), view("c"))
    found = [untied(name, "x", title="Rack 1") for name in ("d", "e")]
    base = item("1")
    views = (view("a"), view("d", had=9, listed=True, has=0), view("e"))
    plan = reconcile(world(*views, items=[base], replicas=[tied(base), *found]))
    assert stopped(plan.brakes) == {("emptied container", "d")}
    assert sorted(each.connection for each in plan.proposals) == ["d", "e"]
    assert one.doubted is False


def test_in_doubt_are_the_bases_of_an_older_ledger_not_a_first_sync() -> None:
    assert world(view("a"), other_ledger="It is old.").doubted is True
    assert world(view("a"), other_ledger="It is old.", first_sync=True).doubted is False
    assert world(view("a")).doubted is False


def test_nothing_is_said_of_a_run_that_nobody_told_of() -> None:
    past = Past("r-1")
    assert (past.wrote, past.moved, past.lost, past.opened, past.made, past.deleted) == (
        {},
        {},
        {},
        {},
        (),
        (),
    )
    assert not (past.resolved or past.undone or past.base or past.held or past.unknown)
    assert (Moved(1, 2, 1).first, Moved(1, 2, 1).known) == (False, True)
    assert Undone(Plan("story")).already == 0


def test_a_question_about_a_deletion_covers_what_is_known_when_it_is_asked() -> None:
    """So that only what comes later makes it another one."""
    base = item("1", version=2, origin="b", priority=2)
    plan = reconcile(
        world(view("a"), view("b"), items=[base], replicas=[absent(tied(base)), tied(base, "b")])
    )
    assert [one.field for one in plan.conflicts] == [LIFE]
    (change,) = [one for one in plan.decisions[0].replicas if one.replica == "a:1"]
    assert change.at is not None
    assert {name: change.at.get(weighed(name)) for name in base.agreed} == {"title": 2, "priority": 2}


def test_a_record_that_breaks_its_lens_is_quarantined() -> None:
    there = read(tied(BASE), priority="broken")
    plan = reconcile(world(view("a", lenses=LENSES), items=[BASE], replicas=[there]))
    assert [(one.item, one.connection, one.field) for one in plan.refusals] == [("1", "a", "priority")]


def test_an_item_that_a_container_takes_no_more_leaves_its_scope() -> None:
    scope = Scope(where={"site": frozenset({"Delft"})})
    views = (view("a", lenses=LENSES), view("b", lenses=LENSES, policy={"scope": scope}))
    base = item("1", site="Delft")
    moved = reconcile(world(*views, items=[base], replicas=[read(tied(base), site="Lyon"), tied(base, "b")]))
    (decision,) = moved.decisions
    assert {one.replica: one.tie for one in decision.replicas} == {"a:1": None, "b:1": Tie.OUT_OF_SCOPE}
