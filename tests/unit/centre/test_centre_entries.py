"""What one tool says of one field: what was there before, what is now, whether that is an edit; and of parents."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from itpm_sync.bases import NEVER, Agreed, ItemBase, Replica, Tie
from itpm_sync.connector import Presence, Record
from itpm_sync.lens import Env, Untranslatable, Values
from itpm_sync.model import Value
from itpm_sync.reconcile import ContainerView
from itpm_sync.reconcile.draft import Draft, ReplicaDraft
from itpm_sync.reconcile.items import entry_of
from itpm_sync.reconcile.verdict import Entry
from itpm_sync.simulator.lenses import PlainLens
from itpm_sync.testing.small_items import BASE, LENSES, TIMES, begun, decided, read
from itpm_sync.testing.small_world import NOW, PLAIN, absent, item, record, tied, untied, view

# ── what one tool says of a field ──


def entry(
    one: Replica,
    name: str = "priority",
    *,
    here: ContainerView | None = None,
    base: ItemBase = BASE,
    do: Any = None,
    **more: Any,
) -> Entry | None:
    here = here or view("a", lenses=LENSES)
    draft = begun(
        one,
        *more.pop("others", ()),
        views=(here, *more.pop("views", ())),
        items=(base, *more.pop("items", ())),
        **more,
    )
    if do is not None:
        do(draft, draft.replicas[one.id])
    return entry_of(draft, draft.items["1"], draft.replicas[one.id], here, name)


def said(one: Replica, name: str = "priority", **more: Any) -> tuple[Any, ...]:
    found = entry(one, name, **more)
    assert found is not None
    return (found.before, found.now, found.at, found.changed, found.first)


def test_an_edit_is_a_reading_that_differs_from_what_was_seen() -> None:
    assert said(tied(BASE)) == (1, 1, 1, False, False)
    assert said(read(tied(BASE), priority=2)) == (1, 2, 1, True, False)
    assert said(read(tied(BASE), site="x")) == (1, 1, 1, False, False)
    assert said(tied(BASE, undecided=frozenset({"priority"}))) == (1, 1, 1, True, False)
    assert said(tied(BASE, undecided=frozenset({"site"}))) == (1, 1, 1, False, False)


def test_a_field_without_a_base_is_a_first_tie() -> None:
    assert said(tied(BASE, at={"title": 1})) == (None, 1, NEVER, False, True)

    def fresh(_draft: Draft, one: ReplicaDraft) -> None:
        one.fresh = True

    assert said(read(tied(BASE), priority=2), do=fresh) == (None, 2, NEVER, False, True)


def test_who_wrote_and_when_is_told_where_the_tool_knows() -> None:
    known = replace(tied(BASE), reading=replace(record("1", priority=2), edited_at=NOW, edited_by="ann"))
    found = entry(known, here=view("a", lenses=LENSES, able=TIMES))
    assert found is not None
    assert (found.replica, found.tool, found.edited, found.actor, found.taken) == (
        "a:1",
        "a",
        NOW,
        "ann",
        None,
    )
    untimed = entry(known)
    assert untimed is not None
    assert (untimed.edited, untimed.actor) == (None, "ann")


def test_what_is_empty_or_computed_is_told() -> None:
    def both(one: Replica) -> tuple[bool, bool]:
        found = entry(one)
        assert found is not None
        return found.empty, found.computed

    computed = replace(record("1", priority=2), computed=frozenset({"priority"}))
    assert both(tied(BASE)) == (False, False)
    assert both(read(tied(BASE), priority=None)) == (True, False)
    assert both(replace(tied(BASE), reading=computed)) == (False, True)


def test_an_edit_over_what_is_agreed_knew_the_agreed_version() -> None:
    """A resolution may have raised it since `at` was noted."""
    base = replace(BASE, agreed={"priority": Agreed(1, 4)})
    assert said(read(tied(BASE), priority=2), base=base)[2] == 4
    other = replace(BASE, agreed={"priority": Agreed(9, 4)})
    assert said(read(tied(BASE), priority=2), base=other)[2] == 1
    doubtful = tied(BASE, undecided=frozenset({"priority"}))
    assert said(doubtful, base=base)[2] == 1
    assert said(tied(BASE, at={**tied(BASE).at, "priority": 7}), base=base)[2] == 7


def test_a_field_that_a_tool_does_not_hold_or_a_record_that_was_not_read_says_nothing() -> None:
    assert entry(tied(BASE), "vendor") is None
    assert entry(replace(tied(BASE), seen=None)) is None


def test_a_suspended_container_says_what_was_seen() -> None:
    closed = view("a", lenses=LENSES, suspended="x")
    assert said(read(tied(BASE), priority=2), here=closed) == (1, 1, 1, False, False)
    assert said(tied(BASE, undecided=frozenset({"priority"})), here=closed) == (1, 1, 1, False, False)
    assert entry(tied(BASE, at={}), here=closed) is None


def test_a_record_that_moved_is_compared_through_the_lens_of_where_it_was_seen() -> None:
    class Tenfold(PlainLens):
        def get(self, values: Values, env: Env) -> Value:
            found = super().get(values, env)
            return found * 10 if isinstance(found, int) else found

    old = view("a", "old", lenses=(*PLAIN[:3], Tenfold("priority")))

    def moved(_draft: Draft, one: ReplicaDraft) -> None:
        one.seen_from = ("a", "old")

    there = read(tied(BASE), priority=10)
    assert said(there, views=(old,), do=moved) == (10, 10, 1, False, False)
    assert said(there, views=(old,)) == (1, 10, 1, True, False)
    assert said(there, do=moved) == (None, 10, 1, True, False)
    bare = view("a", "old", lenses=PLAIN[:3])
    assert said(there, views=(bare,), do=moved) == (None, 10, 1, True, False)
    assert said(tied(BASE), views=(old,), do=moved) == (10, 1, 1, False, False)  # nobody edited it


def test_what_could_not_be_read_before_is_undecided_now() -> None:
    was = replace(tied(BASE), seen=record("1", priority="three"), reading=record("1", priority=4))
    assert said(was) == (None, 4, 1, True, False)
    never = replace(tied(BASE), seen=None, reading=record("1", priority=4))
    assert said(never) == (None, 4, 1, True, False)
    for cleared in (replace(was, reading=record("1")), replace(never, reading=record("1"))):
        assert said(cleared) == (None, None, 1, True, False)


def test_a_value_that_is_computed_no_more_is_a_first_one_where_nothing_was_agreed() -> None:
    def computed(native: str, **values: Any) -> Record:
        return replace(record("1", **values), computed=frozenset({native}))

    bare = ItemBase("1", {"title": Agreed("Rack 1", 1)})
    was = replace(tied(bare), seen=computed("priority", priority=3), reading=record("1", priority=3))
    assert said(was, base=bare) == (None, 3, NEVER, False, True)
    assert said(was)[4] is False
    still = replace(was, reading=computed("priority", priority=4))
    assert said(still, base=bare)[4] is False
    unread = replace(was, reading=None)
    assert said(unread, base=bare)[4] is False


# ── parents ──

P, G = item("p"), item("g")
CHILD = item("1", parent="p")


def under(one: Replica, *others: Replica, base: ItemBase = CHILD, **more: Any) -> tuple[Any, ...] | None:
    here = view("a", lenses=LENSES)
    found = entry(one, "parent", here=here, base=base, others=others, items=(P, G), **more)
    return None if found is None else (found.before, found.now, found.changed, found.first)


def test_a_move_to_another_parent_is_an_edit() -> None:
    assert under(read(tied(CHILD), parent="g"), tied(P), tied(G)) == ("p", "g", True, False)
    assert under(read(tied(CHILD), parent=None), tied(P), tied(G)) == ("p", None, True, False)
    assert under(tied(CHILD), tied(P)) == ("p", "p", False, False)


def test_children_that_fall_from_a_parent_that_is_not_there_are_not_edited() -> None:
    away, hidden = absent(tied(P), confirmed=False), tied(P, tie=Tie.HIDDEN)
    for gone in (away, hidden):
        assert under(read(tied(CHILD), parent=None), gone, tied(G)) == ("p", "p", False, False)
        assert under(read(tied(CHILD), parent="g"), gone, tied(G)) == ("p", "g", True, False)
    deleted = tied(P, tie=Tie.TOMBSTONE)
    assert under(read(tied(CHILD), parent=None), deleted, tied(G)) == (None, None, False, False)
    higher = item("p", parent="g")
    believed = entry(
        read(tied(CHILD), parent="g"),
        "parent",
        base=CHILD,
        others=(absent(tied(higher, tie=Tie.TOMBSTONE)), tied(G)),
        items=(higher, G),
    )
    assert believed is not None and (believed.now, believed.changed) == ("g", True)
    draft_items = {"items": (higher, G)}
    here = view("a", lenses=LENSES)
    found = entry(
        read(tied(CHILD), parent="g"),
        "parent",
        here=here,
        base=CHILD,
        others=(absent(tied(higher), confirmed=False), tied(G)),
        **draft_items,
    )
    assert found is not None and (found.now, found.changed) == ("p", False)


def test_children_that_fall_are_heard_of_all_else() -> None:
    away, base = absent(tied(P), confirmed=False), item("1", parent="p", priority=1)
    found = entry(read(tied(base), parent=None, priority=None), base=base, others=(away,), items=(P,))
    assert found is not None and (found.before, found.now, found.changed) == (1, None, True)


def test_a_first_parent_is_what_stands_there() -> None:
    higher = item("p", parent="g")
    at = {"title": 1, "priority": 0}
    found = entry(
        read(tied(CHILD, at=at), parent="g"),
        "parent",
        base=CHILD,
        others=(absent(tied(higher), confirmed=False), tied(G)),
        items=(higher, G),
    )
    assert found is not None and (found.now, found.first) == ("g", True)


def test_a_child_that_moves_along_with_its_parent_keeps_it() -> None:
    """Where its parent has no record, it lies under what its parent was moved to."""
    m, child = item("m", parent="p"), item("1", parent="m")
    others = [tied(one, where) for one in (P, G) for where in "ab"]
    moved = read(tied(child, "b"), parent="g")
    seen = record("1", title="Rack 1", parent="p")
    moved = replace(moved, seen=seen)
    there = [read(tied(m), parent="g"), tied(child), moved, *others]
    draft = decided(*there, items=(m, child, P, G))
    assert draft.items["m"].agreed["parent"].value == "g"
    assert draft.items["1"].agreed["parent"] == child.agreed["parent"]


def test_the_parent_of_a_child_of_no_item_yet_is_known_later() -> None:
    stranger = untied("a", "x", title="New")
    assert under(read(tied(CHILD), parent="x"), tied(P), stranger) is None
    old = replace(stranger, reading=None, seen=stranger.reading)
    assert under(read(tied(CHILD), parent="x"), tied(P), old) == ("p", None, True, False)
    draft = decided(read(tied(CHILD), parent="x", title="New"), tied(P), stranger, items=(CHILD, P))
    assert draft.replicas["a:1"].undecided == {"parent"}
    assert draft.items["1"].agreed["parent"].value == "p"
    assert draft.items["1"].agreed["title"].value == "New"


def test_a_deleted_parent_that_is_back_before_it_is_listed_is_known_later() -> None:
    gone = tied(G, tie=Tie.TOMBSTONE)
    assert under(read(tied(CHILD), parent="g"), tied(P), gone) is None
    assert under(read(tied(item("1", parent="g")), title="New"), gone, base=item("1", parent="g")) == (
        None,
        None,
        False,
        False,
    )
    doubtful = tied(item("1", parent="g"), undecided=frozenset({"parent"}))
    assert under(doubtful, gone, base=item("1", parent="g")) is None
    never = replace(tied(CHILD), seen=None, reading=record("1", parent="g"))
    assert under(never, gone) is None


def test_a_parent_that_was_moved_here_while_out_of_sight_is_known_later() -> None:
    elsewhere = absent(tied(P, "a", "other"), Presence.MOVED)
    there = read(tied(CHILD), priority=1)
    assert under(there, elsewhere) is None
    assert under(there, tied(P, "a", "other", tie=Tie.HIDDEN)) is None
    assert under(there, tied(P, "a", "other")) is not None
    assert under(there, absent(tied(P), confirmed=False)) is not None


def test_a_parent_that_becomes_an_item_in_this_run_is_read_anew() -> None:
    """What stands there reads otherwise now, though nobody edited it."""
    bare = item("1")

    def now_tied(draft: Draft, _one: ReplicaDraft) -> None:
        draft.tied_now.add(("a", "p"))

    there = replace(tied(bare), seen=record("1", parent="p"), at={**tied(bare).at, "parent": 0})
    assert under(there, tied(P), base=bare, do=now_tied) == (None, "p", False, True)
    assert under(there, tied(P), base=bare) == ("p", "p", False, False)
    agreed = item("1", parent=None)
    known = replace(tied(agreed), seen=record("1", parent="p"))
    assert under(known, tied(P), base=agreed, do=now_tied) == ("p", "p", True, False)
    other = entry(known, "title", base=agreed, others=(tied(P),), items=(P,), do=now_tied)
    assert other is not None
    assert other.changed is False

    def another(draft: Draft, _one: ReplicaDraft) -> None:
        draft.tied_now.add(("a", "other"))

    assert under(known, tied(P), base=agreed, do=another) == ("p", "p", False, False)

    def dropped(draft: Draft, one: ReplicaDraft) -> None:
        now_tied(draft, one)
        one.drop = "r-old"

    assert under(known, tied(P), base=agreed, do=dropped) == ("p", "p", False, False)
    never = replace(tied(agreed), seen=None, reading=record("1", parent="p"))
    assert under(never, tied(P), base=agreed, do=now_tied) == (None, "p", True, False)
    draft = decided(there, tied(P), items=(bare, P), do=lambda draft: draft.tied_now.add(("a", "p")))
    assert draft.items["1"].agreed["parent"].value == "p"
    assert draft.parents["1"] == "p"


def test_parents_are_decided_before_all_else() -> None:
    """Whatever asks for parents finds them as this run decided them."""
    first, second = item("1", parent="g"), item("2", parent="1")
    there = [tied(second), read(tied(first), parent="p"), tied(P), tied(G)]
    draft = decided(*there, items=(second, first, P, G))
    assert draft.items["1"].agreed["parent"] == Agreed("p", 2, "a")
    assert draft.parents == {"2": "1", "1": "p", "p": None, "g": None}


def test_a_tool_without_parents_and_one_whose_parent_cannot_be_read_say_nothing_of_them() -> None:
    class Unknown(PlainLens):
        def get(self, values: Values, env: Env) -> Value:
            raise Untranslatable("It is odd.")

    odd = view("a", lenses=(PlainLens("title"), Unknown("parent")))
    assert entry(tied(CHILD), "parent", here=odd, base=CHILD) is None
    flat = view("a", lenses=(PlainLens("title"), PlainLens("priority")))
    assert said(read(tied(BASE), priority=2), here=flat) == (1, 2, 1, True, False)


def test_in_a_tool_without_parents_nothing_is_read_anew() -> None:
    flat = (view("a", lenses=(PlainLens("title"), PlainLens("priority"))),)
    draft = decided(tied(BASE), views=flat, do=lambda draft: draft.tied_now.add(("a", "p")))
    assert draft.decisions() == ()
