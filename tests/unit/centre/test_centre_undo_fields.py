"""One field, taken back: put back, asked about, or left as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from itpm_sync.bases import NEVER, Agreed, ItemBase, Side, Tie
from itpm_sync.connector import Operation
from itpm_sync.lens import Env, Untranslatable, Values
from itpm_sync.model import Value
from itpm_sync.plan import FieldWrite, Grade
from itpm_sync.reconcile.past import Made, Moved, Past, Wrote
from itpm_sync.reconcile.undo import undo
from itpm_sync.simulator.lenses import PlainLens
from itpm_sync.testing.small_undo import (
    BASE,
    LENSES,
    MOVED,
    NOW_TWO,
    VIEWS,
    WAS_ONE,
    WHY,
    WROTE,
    left,
    nothing,
    put,
    says,
    sides,
    there,
    undone,
)
from itpm_sync.testing.small_world import NOW, item, view, world


class Words(PlainLens):
    """Writes the same in other letters."""

    def get(self, values: Values, env: Env) -> Value:
        said = values.get(self.name)
        if said == "?":
            raise Untranslatable("It is odd.")
        return str(said).casefold() if said is not None else None


def test_a_record_whose_agreed_value_did_not_move_is_written_as_before() -> None:
    """Another mapping wrote it otherwise; as it is read today, what stood there is what is agreed."""
    words = (view("a", lenses=LENSES), view("b", lenses=(*LENSES[:3], Words("priority"))))
    base = item("1", priority="high")
    wrote = replace(WROTE, natives={"priority": ("HIGH", "high")})
    found = undone(wrote, base=base, views=words)
    (act,) = found.plan.actions
    assert (act.operation, act.connection, act.native_id, act.title, act.reason) == (
        Operation.UPDATE,
        "b",
        "1",
        "Rack 1",
        WHY,
    )
    assert act.writes == (FieldWrite("priority", "high", "high", 1, WHY, {"priority": ("high", "HIGH")}),)
    assert (found.plan.conflicts, found.back, found.already) == ((), (), 0)


def test_what_stood_there_and_is_not_what_is_agreed_is_left() -> None:
    found = undone(WROTE)
    assert (put(found), left(found)) == (
        {},
        [
            "Rack 1: priority in b is not put back: what stood in b is not what is agreed, as it is read today."
        ],
    )
    (told,) = found.plan.warnings
    assert (told.connection, told.container, told.item, told.field) == ("b", "main", "1", "priority")
    assert told.mend == "If a mapping was wrong, put it right first; else change the value in the tool."
    assert put(undone(WROTE, past={"held": True})) == {("b", "priority"): (2, 1)}


def test_what_stands_as_before_is_counted() -> None:
    found = undone(WROTE, replicas=(there("a"), says(there(), priority=1)))
    assert (found.already, put(found), left(found)) == (1, {}, [])


def test_an_edit_that_the_run_put_back_is_asked_about() -> None:
    lost = {("1", "priority"): (Side("b", 7, 7, 1), Side("c", 8, 8, 1))}
    found = undone(WROTE, past={"lost": lost})
    assert (put(found), left(found)) == ({}, [])
    assert sides(found) == [("b", 7, False), ("a", 2, True)]


def test_a_late_write_of_an_earlier_decision_is_asked_about() -> None:
    found = undone(replace(WROTE, was=0))
    assert sides(found) == [("b", 1, False), ("a", 2, True)]
    (conflict,) = found.plan.conflicts
    assert (conflict.sides[0].version, conflict.sides[0].lawful, conflict.sides[1].version) == (0, True, 1)
    (decision,) = found.plan.decisions
    assert decision.opened == (conflict,)
    odd = undone(replace(WROTE, was=0, natives={"priority": ("three", 2)}))
    assert (put(odd), odd.plan.conflicts) == ({}, ())
    cannot = ["Rack 1: priority in b is not put back: what stood in b cannot be read today."]
    assert left(odd) == cannot
    unmapped = (VIEWS[0], view("b", lenses=LENSES[:3]))
    assert left(undone(replace(WROTE, was=0), views=unmapped)) == cannot


def test_what_joined_records_for_the_first_time_is_as_if_it_had_never_been() -> None:
    first = replace(WROTE, was=NEVER)
    found = undone(first, past={"base": True})
    assert put(found) == {("b", "priority"): (2, 1)}
    assert found.plan.actions[0].writes[0].version == NEVER
    (decision,) = found.plan.decisions
    assert [(one.replica, "priority" in (one.at or {})) for one in decision.replicas] == [("b:1", False)]
    assert undone(first).plan.conflicts != ()
    rests = undone(replace(first, natives={"priority": (2, 2)}), past={"base": True})
    assert rests.plan.actions == ()


def test_what_was_agreed_anew_since_is_left() -> None:
    base = replace(BASE, agreed={**BASE.agreed, "priority": Agreed(2, 5, "a")})
    assert left(undone(WROTE, base=base)) == [
        "Rack 1: priority in b is not put back: it was agreed anew since (version 5, from a)."
    ]
    resolved = replace(BASE, agreed={**BASE.agreed, "priority": Agreed(2, 5)})
    assert left(undone(NOW_TWO, moved=MOVED, base=resolved)) == [
        "Rack 1: priority in b is not put back: it was agreed anew since (version 5)."
    ]
    two = undone(WROTE, replace(WROTE, replica="a:1", connection="a"), base=base)
    assert left(two) == [
        "Rack 1: priority in b, a is not put back: it was agreed anew since (version 5, from a)."
    ]
    assert (two.plan.warnings[0].connection, two.plan.warnings[0].container) == ("", "")
    assert left(
        undone(
            moved=MOVED, base=replace(base, agreed={"priority": Agreed(7, 5, "a")}), past={"resolved": True}
        )
    ) == ["(untitled): priority is not put back: it was agreed anew since (version 5, from a)."]


def test_what_was_not_written_anywhere_is_nothing_to_undo() -> None:
    assert nothing(undone(moved=MOVED, base=WAS_ONE))
    assert nothing(undone(WROTE, items=(), past={}, replicas=(), base=item("2")))
    unagreed = ItemBase("1", {"title": Agreed("Rack 1", 1)})
    assert nothing(undone(replace(WROTE, version=0), base=unagreed))


# ── moved by the run ──


def test_a_value_that_an_edit_moved_is_asked_about() -> None:
    found = undone(NOW_TWO, moved=MOVED, base=WAS_ONE)
    (conflict,) = found.plan.conflicts
    old, new = conflict.sides
    assert (old.tool, old.value, old.form, old.version, old.actor, old.edited) == (None, 1, 1, 1, "pia", NOW)
    assert (new.tool, new.value, new.version, new.agreed, new.actor, new.edited) == (
        "a",
        2,
        2,
        True,
        "ann",
        NOW,
    )
    assert (put(found), found.back) == ({}, ())
    lost = {("1", "priority"): (Side("b", 7, 7, 1), Side("c", 2, 2, 1))}
    assert [side[1] for side in sides(undone(NOW_TWO, moved=MOVED, base=WAS_ONE, past={"lost": lost}))] == [
        1,
        7,
        2,
    ]
    same = undone(NOW_TWO, moved=Moved(2, 2, 1), base=WAS_ONE)
    assert (same.plan.conflicts, same.already) == ((), 1)


def test_the_question_is_the_same_whenever_it_is_asked() -> None:
    first, again = (undone(NOW_TWO, moved=MOVED, base=WAS_ONE).plan.conflicts[0] for _ in range(2))
    other = undone(NOW_TWO, moved=Moved(3, 2, 1), base=WAS_ONE).plan.conflicts[0]
    assert first.id == again.id != other.id
    assert (first.id[:2], len(first.id), first.item) == ("c-", 14, "1")


def test_what_the_origin_says_today_otherwise_is_a_choice_too() -> None:
    """The mapping read it as something else in the run."""
    found = undone(
        NOW_TWO,
        moved=MOVED,
        base=WAS_ONE,
        replicas=(says(there("a", WAS_ONE), priority=5), there("b", WAS_ONE)),
    )
    assert sides(found) == [(None, 1, False), ("a", 5, False), ("a", 2, True)]
    (today,) = [side for side in found.plan.conflicts[0].sides if side.value == 5]
    assert (today.actor, today.edited, today.version) == ("ann", NOW, 1)
    never = (says(there("a", WAS_ONE, at={"title": 1}), priority=5), there("b", WAS_ONE))
    untold = undone(NOW_TWO, moved=MOVED, base=WAS_ONE, replicas=never)
    assert [one.version for one in untold.plan.conflicts[0].sides if one.value == 5] == [NEVER]


def test_what_an_undo_moved_goes_back_without_a_question() -> None:
    found = undone(
        NOW_TWO,
        moved=MOVED,
        base=WAS_ONE,
        past={"undone": True},
        replicas=(says(there("a", WAS_ONE), priority=1), there("b", WAS_ONE)),
    )
    assert put(found) == {("b", "priority"): (2, 1)}
    (back,) = found.back
    assert (back.item, back.title, back.field, back.old, back.new) == (
        "1",
        "Rack 1",
        "priority",
        WAS_ONE.agreed["priority"],
        Agreed(1, 3, None, "pia", NOW),
    )
    assert found.plan.actions[0].writes[0].version == 3
    (decision,) = found.plan.decisions
    assert decision.reasons == {"priority": WHY}
    assert {one.replica: (one.at or {}).get("priority") for one in decision.replicas} == {"a:1": 3}
    again = undone(
        NOW_TWO,
        moved=MOVED,
        base=WAS_ONE,
        past={"undone": True},
        replicas=(there("b", WAS_ONE), says(there("a", WAS_ONE), priority=1)),
    )
    assert again.plan.decisions[0].replicas == decision.replicas


def test_a_record_that_the_run_made_and_that_goes_does_not_hinder() -> None:
    views = (*VIEWS, view("c", lenses=LENSES))
    replicas = (says(there("a", WAS_ONE), priority=1), there("b", WAS_ONE), there("c", WAS_ONE))
    more: dict[str, Any] = {"moved": MOVED, "base": WAS_ONE, "views": views, "replicas": replicas}
    made = (Made("1", "c", "main", "1", "c:1"),)
    found = undone(NOW_TWO, past={"undone": True, "made": made}, **more)
    assert [(one.operation, one.connection) for one in found.plan.actions] == [
        (Operation.UPDATE, "b"),
        (Operation.DELETE, "c"),
    ]
    stays = undone(NOW_TWO, past={"undone": True}, **more)
    assert (stays.back, put(stays)) == ((), {})


def test_it_goes_back_only_where_no_later_run_would_write_on_top() -> None:
    """a still says 2: the next run would write 1 there, which nobody asked for."""
    more: dict[str, Any] = {"moved": MOVED, "base": WAS_ONE, "past": {"undone": True}}
    assert undone(NOW_TWO, **more).back == ()
    assert len(undone(NOW_TWO, **more).plan.conflicts) == 1
    shut = (view("a", lenses=LENSES, policy={"read_only": True}), VIEWS[1])
    assert len(undone(NOW_TWO, views=shut, **more).back) == 1
    aside = (there("a", WAS_ONE), there("b", WAS_ONE))
    odd = replace(NOW_TWO, natives={"priority": (3, 2)})
    assert undone(odd, replicas=(says(aside[0], priority=1), aside[1]), **more).back == ()
    held = {**more, "past": {"undone": True, "held": True}}
    moved = undone(odd, replicas=(says(aside[0], priority=1), aside[1]), **held)
    assert len(moved.back) == 1
    assert [write.version for one in moved.plan.actions for write in one.writes] == [3]


def test_what_a_first_tie_moved_goes_back_where_the_mapping_was_the_runs() -> None:
    more: dict[str, Any] = {"moved": replace(MOVED, first=True), "base": WAS_ONE}
    found = undone(NOW_TWO, past={"base": True}, **more)
    assert put(found) == {("b", "priority"): (2, 1)}
    (decision,) = found.plan.decisions
    at = {one.replica: (one.at or {}).get("priority") for one in decision.replicas}
    assert at == {"a:1": None}  # what stands there is a first tie again
    assert undone(NOW_TWO, **more).back == ()
    twice = {**more, "moved": Moved(1, 2, 0, first=True)}
    assert undone(NOW_TWO, past={"base": True}, **twice).back == ()
    edited = undone(
        NOW_TWO,
        past={"base": True},
        moved=MOVED,
        base=WAS_ONE,
        replicas=(says(there("a", WAS_ONE), priority=1), there("b", WAS_ONE)),
    )
    assert (edited.back, len(edited.plan.conflicts)) == ((), 1)
    odd = undone(replace(NOW_TWO, natives={"priority": (3, 2)}), past={"base": True}, **more)
    assert odd.plan.actions[0].writes[0].version == NEVER


def test_a_tool_that_takes_changes_by_hand_is_offered_the_old_value() -> None:
    by_hand = (view("a", lenses=LENSES, by_hand=True), VIEWS[1])
    found = undone(NOW_TWO, moved=MOVED, base=WAS_ONE, views=by_hand, past={"undone": True})
    assert [(one.grade, one.says, one.connection, one.field) for one in found.plan.warnings] == [
        (
            Grade.NOTE,
            "Rack 1: priority: it was typed by hand in a and is offered back there.",
            "a",
            "priority",
        )
    ]


def test_a_redacted_value_and_touched_records_are_left() -> None:
    gone = undone(NOW_TWO, moved=replace(MOVED, known=False), base=WAS_ONE)
    assert left(gone) == ["Rack 1: priority in b is not put back: its old value was redacted."]
    touched = (there("a", WAS_ONE), says(there("b", WAS_ONE), priority=3))
    assert left(undone(NOW_TWO, moved=MOVED, base=WAS_ONE, replicas=touched)) == [
        "Rack 1: priority in b is not put back: something else stands in b since."
    ]
    shut = (VIEWS[0], view("b", lenses=LENSES, by_hand=True))
    found = undone(NOW_TWO, moved=MOVED, base=WAS_ONE, views=shut)
    assert left(found) == ["Rack 1: priority in b is not put back: main in b takes changes by hand only."]
    assert found.plan.warnings[0].mend == "Undo the run again when that is over."


def test_where_every_record_is_gone_there_is_nothing_to_ask() -> None:
    found = undone(
        NOW_TWO,
        moved=MOVED,
        base=WAS_ONE,
        replicas=(there("a", WAS_ONE), there("b", WAS_ONE, tie=Tie.HIDDEN)),
    )
    assert (found.plan.conflicts, len(left(found))) == ((), 1)
    back = undone(
        NOW_TWO,
        moved=MOVED,
        base=WAS_ONE,
        replicas=(there("a", WAS_ONE), says(there("b", WAS_ONE), priority=1)),
    )
    assert (len(back.plan.conflicts), back.already) == (1, 1)
    some = undone(
        NOW_TWO,
        replace(NOW_TWO, replica="c:1", connection="c"),
        moved=MOVED,
        base=WAS_ONE,
        replicas=(there("a", WAS_ONE), says(there("b", WAS_ONE), priority=1)),
    )
    assert (len(some.plan.conflicts), some.already, len(left(some))) == (1, 1, 1)


def test_a_value_that_moved_back_already_is_put_back_where_it_is_not_yet() -> None:
    base = replace(BASE, agreed={**BASE.agreed, "priority": Agreed(1, 3)})
    found = undone(
        NOW_TWO, moved=MOVED, base=base, replicas=(there("a", base), says(there("b", base), priority=2))
    )
    assert put(found) == {("b", "priority"): (2, 1)}
    assert found.plan.actions[0].writes[0].version == 3
    unknown = undone(
        NOW_TWO,
        moved=replace(MOVED, known=False),
        base=base,
        replicas=(there("a", base), says(there("b", base), priority=2)),
    )
    assert (put(unknown), len(left(unknown))) == ({}, 1)


def test_a_resolution_and_an_undo_are_undone_though_nothing_was_written() -> None:
    resolved = undone(moved=MOVED, base=WAS_ONE, past={"resolved": True})
    assert sides(resolved) == [(None, 1, False), ("a", 2, True)]
    again = undone(
        moved=MOVED, base=WAS_ONE, past={"undone": True}, replicas=(says(there("a", WAS_ONE), priority=1),)
    )
    assert [one.new.value for one in again.back] == [1]


def test_each_record_that_was_written_is_looked_at() -> None:
    """What stands as before is counted; the others are asked about, put back, or left, each by itself."""
    views = (*VIEWS, view("c", lenses=LENSES))
    other = replace(WROTE, replica="c:1", connection="c")
    replicas = (there("a"), says(there(), priority=1), there("c"))
    both = undone(WROTE, other, views=views, replicas=replicas, past={"held": True})
    assert (put(both), both.already) == ({("c", "priority"): (2, 1)}, 1)
    late = undone(
        replace(WROTE, was=0),
        other,
        views=views,
        replicas=(there("a"), there(), says(there("c"), priority=1)),
    )
    assert (len(late.plan.conflicts), late.already) == (1, 1)
    mixed = undone(WROTE, replace(other, version=3), views=views, replicas=(there("a"), there(), there("c")))
    assert "it was agreed anew since" in left(mixed)[0]


def test_what_was_put_back_by_hand_is_not_asked_about() -> None:
    back = (there("a"), says(there(), priority=1))
    lost = {("1", "priority"): (Side("b", 7, 7, 1),)}
    for past, wrote in (
        ({"lost": lost}, WROTE),
        ({}, replace(WROTE, was=0)),
        ({"base": True}, replace(WROTE, was=NEVER)),
    ):
        found = undone(wrote, replicas=back, past=past)
        assert (found.plan.conflicts, found.already, put(found)) == ((), 1, {})


def test_where_something_is_asked_the_rest_of_what_was_left_is_not_written() -> None:
    views = (*VIEWS, view("c", lenses=LENSES))
    other = replace(WROTE, replica="c:1", connection="c", natives={"priority": (2, 2)})
    lost = {("1", "priority"): (Side("b", 7, 7, 1),)}
    replicas = (there("a"), there(), there("c"))
    found = undone(WROTE, other, views=views, replicas=replicas, past={"lost": lost, "held": True})
    assert (len(found.plan.conflicts), put(found)) == (1, {})


def test_a_parent_that_moves_back_is_the_parent_from_then_on() -> None:
    p, q = item("p"), item("q")
    base = replace(item("1"), agreed={**item("1").agreed, "parent": Agreed("q", 2, "a")})
    wrote = Wrote("1", "parent", "b:1", "b", "main", 2, 1, {"parent": ("p", "q")})
    replicas = (
        says(there("a", base), parent="p"),
        there("b", base),
        *(there(name, one) for name in "ab" for one in (p, q)),
    )
    found = undone(
        wrote,
        moved=Moved("p", 2, 1),
        base=base,
        items=(p, q),
        field="parent",
        replicas=replicas,
        past={"undone": True},
    )
    assert put(found) == {("b", "parent"): ("q", "p")}
    assert [one.new.value for one in found.back] == ["p"]


def test_an_item_of_which_nothing_is_agreed_is_left() -> None:
    bare = ItemBase("1", {"title": Agreed("Rack 1", 1)})
    found = undone(NOW_TWO, moved=MOVED, base=bare)
    assert left(found) == ["Rack 1: priority in b is not put back: it was agreed anew since (version 0)."]


def test_the_agreed_side_has_the_form_of_its_own_tool() -> None:
    class Tens(PlainLens):
        def form(self, value: Value, env: Env) -> Value:
            return value * 10 if isinstance(value, int) else value

        def get(self, values: Values, env: Env) -> Value:
            found = super().get(values, env)
            return found * 10 if isinstance(found, int) else found

    views = (view("c", lenses=LENSES), view("a", lenses=(*LENSES[:3], Tens("priority"))), VIEWS[1])
    replicas = (there("c", WAS_ONE), there("a", WAS_ONE), there("b", WAS_ONE))
    found = undone(NOW_TWO, moved=MOVED, base=WAS_ONE, views=views, replicas=replicas)
    (new,) = [side for side in found.plan.conflicts[0].sides if side.agreed]
    assert (new.value, new.form) == (2, 20)


def test_what_lies_under_a_parent_that_moves_back_is_read_anew() -> None:
    """In b, where m has no record, its child lies under what m lies under."""
    p, q = item("p"), item("q")
    m = replace(item("m"), agreed={**item("m").agreed, "parent": Agreed("q", 2, "a")})
    child = item("1", parent="m")
    replicas = (
        says(there("a", m), parent="p"),
        there("a", child),
        says(there("b", child), parent="q"),
        *(there(name, one) for name in "ab" for one in (p, q)),
    )
    wrote = Wrote("1", "parent", "b:1", "b", "main", 1, 1, {"parent": ("p", "q")})
    told = Past("r-1", {("1", "parent"): (wrote,)}, {("m", "parent"): Moved("p", 2, 1)}, undone=True)
    found = undo(world(*VIEWS, items=[child, m, p, q], replicas=replicas), told, actor="pia")
    assert (put(found), left(found)) == ({("b", "parent"): ("q", "p")}, [])
