"""All fields of one item: who is heard, what counts as an edit, what stays undecided, and what `at` becomes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from itpm_sync.bases import NEVER, Agreed, Conflict, Offer, Replica, Side, Tie
from itpm_sync.errors import ItpmError
from itpm_sync.lens import Env, Untranslatable, Values
from itpm_sync.model import Value
from itpm_sync.plan import Grade
from itpm_sync.policy import FieldPolicy, Rule
from itpm_sync.reconcile.draft import Draft, weighed
from itpm_sync.reconcile.items import decide_items
from itpm_sync.simulator.lenses import NumberLens, PlainLens
from itpm_sync.testing.small_items import BASE, LENSES, begun, decided, priority, read
from itpm_sync.testing.small_world import NOW, PLAIN, item, record, tied, untied, view

# ── who is heard ──


@pytest.mark.parametrize("tie", [Tie.TIED, Tie.OUT_OF_SCOPE])
def test_an_edit_moves_the_agreed_value_and_is_accepted(tie: Tie) -> None:
    draft = decided(read(tied(BASE, tie=tie), priority=2), tied(BASE, "b"))
    assert priority(draft) == (2, 2)
    assert draft.items["1"].reasons["priority"] == "edited in a"
    assert (draft.replicas["a:1"].at["priority"], draft.replicas["b:1"].at["priority"]) == (2, 1)
    assert (draft.replicas["a:1"].accept, draft.replicas["b:1"].accept) == (True, True)


@pytest.mark.parametrize("tie", [Tie.HIDDEN, Tie.TOMBSTONE])
def test_hidden_and_deleted_records_are_not_heard(tie: Tie) -> None:
    draft = decided(read(tied(BASE, tie=tie), priority=2), read(tied(BASE, "b"), site="x"))
    assert priority(draft) == (1, 1)
    assert (draft.replicas["a:1"].accept, draft.replicas["b:1"].accept) == (False, True)


def test_a_record_that_is_being_written_is_not_heard() -> None:
    draft = decided(read(tied(BASE), priority=2), read(tied(BASE, "b"), site="x"), pending=frozenset({"a:1"}))
    assert priority(draft) == (1, 1)
    assert (draft.replicas["a:1"].accept, draft.replicas["b:1"].accept) == (False, True)
    alone = decided(read(tied(BASE), priority=2), pending=frozenset({"a:1"}))
    assert alone.decisions() == ()


def test_a_record_of_no_container_of_the_project_is_not_heard() -> None:
    draft = decided(read(tied(BASE, "gone"), priority=2), read(tied(BASE, "b"), site="x"))
    assert priority(draft) == (1, 1)
    assert draft.replicas["gone:1"].accept is False


def test_an_edit_in_a_suspended_container_waits() -> None:
    views = (view("a", lenses=LENSES, suspended="x"), view("b", lenses=LENSES))
    draft = decided(read(tied(BASE), priority=2), read(tied(BASE, "b"), priority=3), views=views)
    assert priority(draft) == (3, 2)
    assert draft.replicas["a:1"].at["priority"] == 1
    assert draft.replicas["a:1"].accept is False


def test_an_item_of_which_nothing_new_is_said_is_not_looked_at() -> None:
    draft = decided(tied(BASE), tied(BASE, "b"))
    assert (draft.decisions(), draft.replicas["a:1"].accept, draft.replicas["a:1"].at["priority"]) == (
        (),
        False,
        1,
    )


def test_a_new_field_of_a_mapping_is_looked_at() -> None:
    """`at` of a field that no tool was brought to is not the version that is agreed."""
    at = {"kind": 0, "title": 1, "parent": 0, "priority": 1}
    base = replace(BASE, agreed={**BASE.agreed, "site": Agreed("x", 1, "b")})
    draft = decided(tied(base, at=at))
    assert draft.replicas["a:1"].at == {**at, "site": 1}
    undecided = decided(tied(BASE, undecided=frozenset({"title"}), at={**at, "site": 0}))
    assert undecided.replicas["a:1"].undecided == frozenset()


def test_a_record_that_was_tied_just_now_is_looked_at() -> None:
    draft = begun(untied("a", "x", title="Rack 1", priority=7))
    draft.tie(draft.replicas["a:x"], "1")
    decide_items(draft, draft.subjects())
    (conflict,) = draft.items["1"].opened
    assert conflict.field == "priority"


# ── what is left out ──


def test_an_item_with_a_record_that_breaks_its_lens_is_left_out_whole_and_named() -> None:
    known = replace(tied(BASE, "b"), reading=replace(record("1", revision="2", title="New"), name="NET-1"))
    draft = decided(read(tied(BASE), priority="broken", title="Newer"), known)
    assert draft.left_out == {"1"}
    assert draft.decisions() == ()
    assert draft.poisoned == {("1", "a", "main", "priority"): "It broke."}
    (told,) = draft.warnings
    assert (told.grade, told.item) == (Grade.LEFT_OUT, "1")
    assert told.says == "Newer (1) is left out of this run: It broke."
    assert told.mend == "Correct the record there, or send the log along with a report."


class Failing(PlainLens):
    """Fails in a way that is no translation."""

    def form(self, value: Value, env: Env) -> Value:
        raise ItpmError("It failed.", mend="Mend it.")


def test_an_item_that_cannot_be_decided_is_left_out_and_the_others_go_on() -> None:
    other = item("2", priority=1)
    views = (view("a", lenses=(*LENSES, Failing("vendor"))), view("b", lenses=LENSES))
    draft = decided(
        read(tied(BASE), priority=2), read(tied(other, "b"), priority=2), views=views, items=(BASE, other)
    )
    assert (draft.left_out, draft.poisoned) == ({"1"}, {})
    assert [one.item for one in draft.decisions()] == ["2"]
    assert (draft.warnings[0].says, draft.warnings[0].mend) == (
        "Rack 1 (1) is left out of this run: It failed.",
        "Mend it.",
    )


def test_what_cannot_be_translated_is_told_and_stays_undecided() -> None:
    draft = decided(read(tied(BASE), priority="three", title="New"))
    assert draft.items["1"].agreed["title"].value == "New"
    assert priority(draft) == (1, 1)
    assert draft.replicas["a:1"].undecided == {"priority"}
    (told,) = draft.warnings
    assert (told.grade, told.says, told.field, told.item) == (
        Grade.LEFT_OUT,
        "New (1): priority says 'three', which is no number.",
        "priority",
        "1",
    )


def test_the_mend_of_what_cannot_be_translated_is_told() -> None:
    class Unknown(PlainLens):
        def get(self, values: Values, env: Env) -> Value:
            raise Untranslatable("It is odd.", mend="Map it.")

    views = (view("a", lenses=(*PLAIN[:3], Unknown("priority"))), view("b", lenses=LENSES))
    (told,) = decided(read(tied(BASE), title="New"), views=views).warnings
    assert (told.says, told.mend) == ("New (1): It is odd.", "Map it.")


def test_what_became_readable_is_an_edit() -> None:
    draft = decided(
        tied(
            replace(BASE, agreed={**BASE.agreed, "priority": Agreed(5, 1)}), undecided=frozenset({"priority"})
        )
    )
    assert draft.replicas["a:1"].undecided == frozenset()
    was_odd = replace(
        tied(BASE),
        seen=record("1", title="Rack 1", priority="three"),
        reading=record("1", title="Rack 1", priority=1),
    )
    draft = decided(was_odd, tied(replace(BASE, agreed={}), "b"))
    assert draft.replicas["a:1"].undecided == frozenset()


def test_a_new_doubt_opens_again_what_a_deletion_was_asked_about() -> None:
    at = {"title": 1, weighed("priority"): 1, weighed("title"): 1}
    gone = tied(BASE, "b", tie=Tie.TOMBSTONE, at=at)
    draft = decided(read(tied(BASE), priority="three"), gone)
    assert draft.replicas["b:1"].at == {"title": 1, weighed("title"): 1}
    again = decided(tied(BASE, undecided=frozenset({"priority"})), gone)
    assert again.replicas["b:1"].at == at
    tied_one = decided(read(tied(BASE), priority="three"), tied(BASE, "b", at={**tied(BASE).at, **at}))
    assert tied_one.replicas["b:1"].at[weighed("priority")] == 1


# ── conflicts ──


def conflict(*also: str, of: str = "1", field: str = "priority") -> Conflict:
    sides = (Side("a", 2, 2, 1), Side("b", 3, 3, 1))
    return Conflict("c-1", of, field, sides, NOW, "both edited", also)


def test_two_edits_open_a_conflict_and_hold_the_field() -> None:
    draft = decided(read(tied(BASE), priority=2), read(tied(BASE, "b"), priority=3))
    (opened,) = draft.items["1"].opened
    assert (draft.items["1"].held, draft.conflicts) == ({"priority"}, {("1", "priority"): opened})
    assert draft.items["1"].reasons["priority"] == opened.reason != ""
    assert priority(draft) == (1, 1)
    assert draft.items["1"].updated == []


def test_a_third_edit_is_added_to_an_open_conflict() -> None:
    three = (view("a", lenses=LENSES), view("b", lenses=LENSES), view("c", lenses=LENSES))
    there = [
        replace(tied(BASE), seen=record("1", title="Rack 1", priority=2)),
        replace(tied(BASE, "b"), seen=record("1", title="Rack 1", priority=3)),
        read(tied(BASE, "c"), priority=4),
    ]
    draft = decided(*there, views=three, conflicts={"c-1": conflict()})
    (updated,) = draft.items["1"].updated
    assert (updated.id, draft.conflicts["1", "priority"], draft.items["1"].opened) == ("c-1", updated, [])
    assert [side.tool for side in updated.sides] == ["a", "b", "c"]
    (decision,) = draft.decisions()
    assert decision.reasons == {}  # why it is held was told when it was opened


def test_tools_that_agree_again_close_a_conflict() -> None:
    there = [
        replace(tied(BASE), seen=record("1", title="Rack 1", priority=2)),
        read(replace(tied(BASE, "b"), seen=record("1", title="Rack 1", priority=3)), priority=2),
    ]
    draft = decided(*there, conflicts={"c-1": conflict()})
    assert draft.items["1"].closed == ["c-1"]
    assert (draft.items["1"].held, draft.conflicts) == (set(), {})
    assert priority(draft)[0] == 2


@pytest.mark.parametrize("open_", [conflict("2", field="parent"), conflict("1", of="2", field="parent")])
def test_the_edge_of_a_cycle_waits_for_a_person(open_: Conflict) -> None:
    p = item("p")
    draft = decided(
        tied(p), read(tied(BASE), parent="p", priority=2), items=(BASE, p), conflicts={"c-1": open_}
    )
    assert "parent" not in draft.items["1"].agreed
    assert priority(draft) == (2, 2)
    assert draft.conflicts["1", "parent"] == open_


def test_in_doubt_no_tool_is_preferred_at_a_first_tie() -> None:
    def tie(draft: Draft) -> None:
        draft.tie(draft.replicas["b:x"], "1")

    found = [tied(BASE), untied("b", "x", title="Rack 1", priority=7)]
    seeded = {"policy": {"seed": ("b", "a")}}
    assert decided(*found, do=tie, **seeded).items["1"].opened == []
    assert len(decided(*found, do=tie, other_ledger="It is old.", **seeded).items["1"].opened) == 1


def test_where_the_last_word_cannot_be_heard_edits_elsewhere_wait() -> None:
    owned = {"fields": {"priority": FieldPolicy(Rule.OWNER, ("a",))}}
    hidden = tied(BASE, tie=Tie.HIDDEN)
    same = replace(tied(BASE, "c"), reading=record("1", revision="2", title="New", priority=1))
    three = (view("a", lenses=LENSES), view("b", lenses=LENSES), view("c", lenses=LENSES))
    draft = decided(hidden, read(tied(BASE, "b"), priority=2), same, views=three, policy=owned)
    assert priority(draft) == (1, 1)
    assert draft.replicas["b:1"].undecided == {"priority"}
    assert draft.replicas["c:1"].undecided == frozenset()
    assert draft.items["1"].agreed["title"].value == "New"


# ── at and offers ──


def test_at_moves_wherever_the_agreed_value_stands() -> None:
    base = replace(BASE, agreed={**BASE.agreed, "priority": Agreed(2, 5, "c")})
    stands = replace(
        tied(base), seen=record("1", title="Rack 1", priority=2), at={**tied(BASE).at, "priority": 4}
    )
    behind = replace(
        tied(base, "b"), seen=record("1", title="Rack 1", priority=1), at={**tied(BASE).at, "priority": 4}
    )
    draft = decided(stands, behind, items=(base,))
    assert (draft.replicas["a:1"].at["priority"], draft.replicas["b:1"].at["priority"]) == (5, 4)


def test_a_field_that_no_tool_was_brought_to_begins_at_never() -> None:
    fresh = replace(tied(BASE), at={}, seen=record("1", title="Other", priority=1))
    draft = decided(fresh)
    assert draft.replicas["a:1"].at == {
        "kind": NEVER,
        "title": NEVER,
        "parent": NEVER,
        "priority": 1,
        "site": NEVER,
    }


def offered(*offers: Offer, says: Value) -> Draft:
    base = replace(BASE, agreed={**BASE.agreed, "priority": Agreed(9, 5, "b")})
    there = replace(
        tied(base),
        seen=record("1", title="Rack 1", priority=1),
        at={**tied(BASE).at, "priority": 1},
        offers={"priority": offers, "site": (Offer(1, "s", NOW),)},
    )
    views = (view("a", lenses=LENSES, by_hand=True), view("b", lenses=LENSES))
    return decided(
        read(there, priority=says),
        tied(base, "b", at={**tied(BASE).at, "priority": 5}),
        views=views,
        items=(base,),
    )


def test_an_offer_that_was_typed_is_no_edit() -> None:
    draft = offered(Offer(3, 7, NOW), Offer(5, 9, NOW), says=7)
    assert priority(draft) == (9, 5)
    assert draft.replicas["a:1"].at["priority"] == 3
    assert draft.replicas["a:1"].offers == {"site": (Offer(1, "s", NOW),)}
    assert offered(Offer(3, 7, NOW), Offer(4, 7, NOW), says=7).replicas["a:1"].at["priority"] == 4
    assert offered(Offer(5, 9, NOW), says=9).replicas["a:1"].at["priority"] == 5


def test_a_reading_that_is_no_offer_forgets_the_offers_and_one_that_stays_keeps_them() -> None:
    assert "priority" not in offered(Offer(3, 7, NOW), says=8).replicas["a:1"].offers
    kept = offered(Offer(3, 7, NOW), says=1).replicas["a:1"]
    assert kept.offers == {"priority": (Offer(3, 7, NOW),), "site": (Offer(1, "s", NOW),)}


# ── fields that the container lost ──


def lost(one: Replica, *names: str) -> frozenset[str]:
    """What stays undecided where the container has lost these fields."""
    gone = {name: PlainLens(name) for name in names}
    kept = tuple(lens for lens in LENSES if lens.name not in names)
    draft = decided(
        one,
        do=lambda draft: draft.replicas["a:1"].unheard.clear(),
        views=(view("a", lenses=kept, lost=gone),),
    )
    assert draft.replicas["a:1"].accept is True
    return draft.replicas["a:1"].undecided


def test_an_edit_of_a_field_that_was_lost_before_it_was_decided_waits() -> None:
    both = read(tied(BASE), priority=2, title="New")
    assert lost(both, "priority") == {"priority"}
    assert lost(both, "site") == frozenset()
    waiting = replace(both, undecided=frozenset({"site"}))
    assert lost(waiting, "site") == {"site"}
    assert lost(waiting, "site", "priority") == {"site", "priority"}
    unread = tied(BASE, undecided=frozenset({"site", "kind"}))
    assert lost(unread, "site") == {"site"}
    assert lost(tied(BASE, undecided=frozenset({"kind"})), "site") == frozenset()
    never = replace(tied(BASE), seen=None, reading=record("1", title="Rack 1"))
    assert lost(never, "site") == frozenset()


def test_a_lost_field_of_several_native_values_waits_when_one_of_them_was_edited() -> None:
    work = PlainLens("work")
    work.native = frozenset({"work", "remaining"})
    views = (view("a", lenses=LENSES, lost={"work": work}),)
    for names, waits in ((("work",), {"work"}), (("remaining", "work"), {"work"}), (("site",), set())):
        draft = decided(read(tied(BASE), **dict.fromkeys(names, 8)), views=views)
        assert draft.replicas["a:1"].undecided == waits


def test_a_record_that_moved_to_where_a_field_is_lost_edited_it_where_it_says_something_else() -> None:
    def waits(kept: dict[str, Any], was: Value = 1, *, from_: tuple[str, str] | None = ("a", "old")) -> bool:
        def moved(draft: Draft) -> None:
            draft.replicas["a:1"].seen_from, draft.replicas["a:1"].kept = from_, kept

        one = tied(item("1", priority=was))
        there = replace(one, reading=record("1", revision="2", title="Rack 1"))
        lost = {"priority": NumberLens("priority")}
        views = (view("a", lenses=PLAIN[:3], lost=lost), view("a", "old", lenses=LENSES))
        draft = decided(there, views=views, do=moved)
        return draft.replicas["a:1"].undecided == {"priority"}

    assert not waits({"priority": 1})
    assert waits({"priority": 2})
    assert waits({})
    assert waits({"priority": 1}, from_=None)
    assert waits({"priority": 1}, "many")
    assert waits({"priority": "many"})
    assert waits({}, "many")


# ── in order, and once ──


def test_a_parent_is_decided_once() -> None:
    p, g = item("p"), item("g")
    draft = decided(
        read(tied(BASE), parent="p"),
        read(tied(BASE, "b"), parent="g"),
        tied(p),
        tied(g, "b"),
        tied(p, "b"),
        tied(g),
        items=(BASE, p, g),
    )
    assert (len(draft.items["1"].opened), draft.items["1"].updated) == (1, [])
    moved = decided(read(tied(BASE), parent="p"), tied(p), items=(BASE, p))
    assert moved.items["1"].reasons["parent"] == "edited in a"


def test_a_parent_over_which_a_tool_has_the_last_word_is_put_back_once() -> None:
    p, g = item("p"), item("g")
    child = item("1", parent="p")
    there = [
        tied(child),
        read(tied(child, "b"), parent="g"),
        *(tied(one, at) for one in (p, g) for at in "ab"),
    ]
    owned = {"fields": {"parent": FieldPolicy(Rule.OWNER, ("a",))}}
    draft = decided(*there, items=(child, p, g), policy=owned)
    assert [loser.side.form for loser in draft.items["1"].losers] == ["g"]
    assert draft.items["1"].agreed["parent"].value == "p"


def test_conflicts_are_opened_in_the_order_of_their_fields() -> None:
    lenses = (*PLAIN, PlainLens("site"), PlainLens("vendor"))
    views = (view("a", lenses=lenses), view("b", lenses=lenses))
    names = ("priority", "site", "title", "vendor")
    old: dict[str, Any] = dict.fromkeys(names, "old")
    base = item("1", **old)
    there = [
        replace(tied(base, tool), reading=record("1", revision="2", **dict.fromkeys(old, tool)))
        for tool in "ab"
    ]
    draft = decided(*there, views=views, items=(base,))
    assert [one.field for one in draft.items["1"].opened] == list(names)


def test_records_of_no_container_of_the_project_hinder_nothing() -> None:
    draft = decided(
        tied(BASE, "gone"), read(tied(BASE), priority=2), do=lambda draft: draft.tied_now.add(("gone", "x"))
    )
    assert priority(draft) == (2, 2)


def test_an_empty_first_value_does_not_wait_for_the_last_word() -> None:
    owned = {"fields": {"priority": FieldPolicy(Rule.OWNER, ("a",))}}
    fresh = replace(tied(BASE, "b"), at={"title": 1}, reading=record("1", revision="2", title="New"))
    draft = decided(tied(BASE, tie=Tie.HIDDEN), fresh, policy=owned)
    assert draft.replicas["b:1"].undecided == frozenset()
    told = replace(fresh, reading=record("1", revision="2", title="New", priority=4))
    assert decided(tied(BASE, tie=Tie.HIDDEN), told, policy=owned).replicas["b:1"].undecided == {"priority"}
