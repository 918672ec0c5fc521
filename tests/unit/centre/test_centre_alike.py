"""Untied records by rule: the same title with the same parent or day; and what becomes no item."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest

from itpm_sync.bases import Agreed, ItemBase, Life, Replica, Tie
from itpm_sync.connector import Capabilities
from itpm_sync.lens import Env, Poisoned, Untranslatable, Values
from itpm_sync.model import Day, Schedule, Value
from itpm_sync.plan import Grade
from itpm_sync.reconcile import ContainerView
from itpm_sync.reconcile.draft import Draft
from itpm_sync.reconcile.pairing import pair
from itpm_sync.simulator.lenses import PlainLens, SetLens
from itpm_sync.testing.small_world import PLAIN, item, record, tied, untied, view, world

LENSES = (*PLAIN, PlainLens("schedule"), PlainLens("deadline"), SetLens("labels"))
NEW_IDS = Capabilities(moves_keep_id=False)
MAY, JUNE = Day(date(2026, 5, 1)), Day(date(2026, 6, 1))


def paired(*views: ContainerView, **more: Any) -> Draft:
    one = Draft(world(*views, **more))
    pair(one)
    return one


def here(connection: str = "b", **more: Any) -> ContainerView:
    return view(connection, **{"lenses": LENSES, **more})


def of(draft: Draft, replica: str) -> str | None:
    """The item a record is tied to; "new" for one made of it."""
    name = draft.replicas[replica].item
    return "new" if name is not None and draft.items[name].new else name


def asked(draft: Draft) -> list[tuple[str, tuple[str, ...], str]]:
    return [(one.native_id, one.candidates, one.why) for one in draft.proposals]


# ── by rule ──


def alike(agreed: dict[str, Any], says: dict[str, Any], **more: Any) -> Draft:
    """One item as agreed (and read in a), one stranger in b; both under parents of these titles."""
    top = [item("p", title="Phase one"), item("q", title="Phase two")]
    base = item("1", **agreed)
    replicas = [tied(one, *place) for one in top for place in (("a", "main"), ("b", "main"))]
    found = untied("b", "x", **says)
    return paired(here("a"), here(), items=[*top, base], replicas=[*replicas, tied(base), found], **more)


SURE: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"parent": "p"}, {"parent": "p"}),
    ({"schedule": Schedule(None, MAY)}, {"schedule": Schedule(None, MAY)}),
    ({"schedule": Schedule(MAY, JUNE)}, {"schedule": Schedule(None, JUNE)}),
    ({"schedule": Schedule(MAY)}, {"schedule": Schedule(MAY)}),
    ({"deadline": MAY}, {"deadline": MAY}),
    ({"schedule": Schedule(), "deadline": MAY}, {"schedule": Schedule(None, MAY)}),
    ({"schedule": Schedule(None, Day(date(2026, 5, 1), time(9)))}, {"schedule": Schedule(None, MAY)}),
    ({"parent": "p", "schedule": Schedule(None, MAY)}, {"parent": "p", "schedule": Schedule(None, MAY)}),
    ({"parent": "p", "schedule": Schedule(None, MAY)}, {"parent": "p"}),
    ({"parent": "p", "schedule": Schedule(None, MAY)}, {"schedule": Schedule(None, MAY)}),
    ({"parent": "p"}, {"parent": "p", "schedule": Schedule(None, MAY)}),
    ({"schedule": Schedule(None, MAY)}, {"parent": "p", "schedule": Schedule(None, MAY)}),
]


@pytest.mark.parametrize(("agreed", "says"), SURE, ids=str)
def test_a_title_with_the_same_parent_or_day_is_the_same_thing(
    agreed: dict[str, Any], says: dict[str, Any]
) -> None:
    draft = alike(agreed, {"title": "Rack 1", **says})
    assert (of(draft, "b:x"), draft.proposals) == ("1", [])


WEAK: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"parent": "p"}, {}),
    ({"parent": "p"}, {"parent": "q"}),
    ({"schedule": Schedule(None, MAY)}, {"schedule": Schedule(None, JUNE)}),
    ({"schedule": Schedule(MAY, JUNE)}, {"schedule": Schedule(None, MAY)}),
    ({"parent": "p", "schedule": Schedule(None, MAY)}, {"parent": "p", "schedule": Schedule(None, JUNE)}),
    ({"parent": "p", "schedule": Schedule(None, MAY)}, {"parent": "q", "schedule": Schedule(None, MAY)}),
    ({"deadline": MAY}, {}),
]


@pytest.mark.parametrize(("agreed", "says"), WEAK, ids=str)
def test_a_title_alone_is_asked_about(agreed: dict[str, Any], says: dict[str, Any]) -> None:
    draft = alike(agreed, {"title": "Rack 1", **says})
    assert asked(draft) == [("x", ("1",), "only the title agrees")]
    assert of(draft, "b:x") is None
    assert draft.waiting == {("1", "b")}


def test_the_question_is_told_and_the_same_in_every_run() -> None:
    draft = alike({}, {"title": "Rack 1"})
    (one,) = draft.proposals
    assert one.id == alike({}, {"title": "Rack 1"}).proposals[0].id
    assert (one.id[:2], len(one.id), one.connection, one.container, one.title) == (
        "p-",
        14,
        "b",
        "main",
        "Rack 1 (x)",
    )
    (told,) = draft.warnings
    assert told.says == "Rack 1 (x) waits for a pairing: only the title agrees."
    assert (told.grade, told.connection, told.mend) == (Grade.NOTE, "b", "See `itpm-sync pair list`.")


def test_while_titles_cannot_be_read_nobody_can_say_what_a_record_is() -> None:
    untitled = tuple(lens for lens in LENSES if lens.name != "title")
    views = (here("a"), here(lenses=untitled, lost={"title": PlainLens("title")}))
    draft = paired(*views, items=[item("1")], replicas=[tied(item("1")), untied("b", "x", priority=1)])
    assert (of(draft, "b:x"), draft.waiting_records, draft.later) == (None, {"b:x"}, True)
    assert draft.proposals == []


def test_another_title_is_another_thing() -> None:
    assert of(alike({"parent": "p"}, {"title": "Rack 2", "parent": "p"}), "b:x") == "new"
    assert of(alike({"title": "", "parent": "p"}, {"title": "", "parent": "p"}), "b:x") == "new"
    assert of(alike({"title": None, "parent": "p"}, {"parent": "p"}), "b:x") == "new"


def test_titles_are_compared_as_people_read_them() -> None:
    draft = alike({"title": "Straße  Ⅳ", "parent": "p"}, {"title": " STRASSE iv ", "parent": "p"})
    assert of(draft, "b:x") == "1"


def test_a_refused_pair_and_a_deleted_or_held_item_are_no_candidates() -> None:
    same = {"title": "Rack 1", "parent": "p"}
    refused = frozenset({("b", "x", "1")})
    assert of(alike({"parent": "p"}, same, refused_pairs=refused), "b:x") == "new"
    base = item("1", deadline=MAY)
    said: dict[str, Any] = {"title": "Rack 1", "deadline": MAY}
    gone = replace(base, life=Life.DELETED)
    draft = paired(here("a"), here(), items=[gone], replicas=[tied(gone), untied("b", "x", **said)])
    assert of(draft, "b:x") == "new"
    draft = paired(
        here("a"),
        here(),
        items=[base],
        replicas=[tied(base), tied(base, "b", native="y"), untied("b", "x", **said)],
    )
    assert of(draft, "b:x") == "new"


def several(items: int, records: int, *, weak: int = 0) -> Draft:
    """So many items of one title and day, so many records of it; and items that have only the title."""
    bases = [item(f"{n}", title="Rack", deadline=MAY) for n in range(items)]
    bases += [item(f"w{n}", title="Rack", deadline=JUNE) for n in range(weak)]
    found = [untied("b", f"x{n}", title="Rack", deadline=MAY) for n in range(records)]
    return paired(here("a"), here(), items=bases, replicas=[*(tied(one) for one in bases), *found])


def test_where_several_match_a_person_says_which() -> None:
    assert asked(several(2, 1)) == [("x0", ("0", "1"), "several match")]
    assert asked(several(1, 2)) == [("x0", ("0",), "several match"), ("x1", ("0",), "several match")]
    assert asked(several(1, 1, weak=1)) == []
    assert of(several(1, 1, weak=1), "b:x0") == "0"
    assert asked(several(2, 1, weak=1)) == [("x0", ("0", "1", "w0"), "several match")]
    assert asked(several(0, 1, weak=2)) == [("x0", ("w0", "w1"), "only the title agrees")]


def test_the_same_thing_in_two_new_tools_is_one_item() -> None:
    found = [untied(name, "x", title="Rack", deadline=MAY) for name in ("b", "c")]
    draft = paired(here(), here("c"), replicas=found)
    assert draft.replicas["b:x"].item == draft.replicas["c:x"].item is not None
    assert of(draft, "b:x") == "new"


def test_a_parent_is_known_before_its_children_are_compared() -> None:
    """Also where it was paired, or made, in this run."""
    found = [
        untied(name, native, title=title, parent=above)
        for name in ("b", "c")
        for native, title, above in (("1", "Rack", "2"), ("2", "Phase", "3"), ("3", "Site", None))
    ]
    top = [
        replace(
            one,
            reading=replace(one.reading, values={**one.reading.values, "deadline": {"day": "2026-05-01"}}),
        )
        if one.native_id == "3" and one.reading
        else one
        for one in found
    ]
    draft = paired(here(), here("c"), replicas=top)
    assert len(draft.items) == 3
    assert all(draft.replicas[f"b:{n}"].item == draft.replicas[f"c:{n}"].item for n in "123")


def test_records_that_lie_under_each_other_do_not_hang() -> None:
    found = [untied("b", "1", title="One", parent="2"), untied("b", "2", title="Two", parent="1")]
    draft = paired(here(), replicas=found)
    assert [of(draft, f"b:{n}") for n in "12"] == ["new", "new"]
    flat = paired(view("b", lenses=[PlainLens("title")]), replicas=found)
    assert [of(flat, f"b:{n}") for n in "12"] == ["new", "new"]


def test_a_suspended_container_and_records_that_were_not_read_wait() -> None:
    found = untied("b", "x", title="New")
    assert of(paired(here(suspended="x"), replicas=[found]), "b:x") is None
    assert of(paired(here(), replicas=[replace(found, reading=None, seen=found.reading)]), "b:x") is None
    assert of(paired(here(), replicas=[replace(found, tie=Tie.TOMBSTONE)]), "b:x") is None


# ── left alone and unreadable ──


def labelled(native: str, **values: Any) -> Replica:
    one = untied("b", native, **values)
    assert one.reading is not None
    return replace(one, reading=replace(one.reading, values={**one.reading.values, "labels": ["itpm-skip"]}))


def test_a_record_with_the_skip_label_is_tied_to_what_it_surely_is_and_becomes_no_item() -> None:
    base = item("1", deadline=MAY)
    known: dict[str, Any] = {
        "items": [base],
        "replicas": [tied(base), labelled("x", title="Rack 1", deadline=MAY), labelled("y", title="New")],
    }
    draft = paired(here("a"), here(), **known)
    assert (of(draft, "b:x"), of(draft, "b:y")) == ("1", None)


def test_a_record_with_the_skip_label_comes_after_the_others() -> None:
    found = [labelled("x", title="Rack", deadline=MAY), untied("c", "x", title="Rack", deadline=MAY)]
    draft = paired(here(), here("c"), replicas=found)
    assert of(draft, "c:x") == "new"
    assert draft.replicas["b:x"].item == draft.replicas["c:x"].item


class Odd(PlainLens):
    """Some of what people type breaks it."""

    def get(self, values: Values, env: Env) -> Value:
        said = values.get(self.name)
        if said == "odd":
            raise Untranslatable("It is odd.")
        if said == "broken":
            raise Poisoned("It broke.", field=self.name, place=("b", "main"))
        return super().get(values, env)


@pytest.mark.parametrize(("says", "found"), [("plain", "new"), ("odd", "new"), ("broken", None)])
def test_a_record_that_breaks_its_lens_becomes_no_item_and_is_named(says: str, found: str | None) -> None:
    lenses = (Odd("site"), *LENSES)
    draft = paired(here(lenses=lenses, title="Sheet"), replicas=[untied("b", "x", title="New", site=says)])
    assert of(draft, "b:x") == found
    told = [(one.grade, one.says, one.field, one.mend) for one in draft.warnings]
    mend = "Correct the record there, or send the log along with a report."
    wanted = [(Grade.LEFT_OUT, "New (x) in Sheet in b is left out of this run: It broke.", "site", mend)]
    assert told == ([] if found else wanted)


def test_an_item_is_known_by_its_records_where_nothing_is_agreed_yet() -> None:
    """Made in this run; its title stands on its record only. One that is agreed is not looked for on old records."""
    bare = ItemBase("p", {"kind": Agreed(None, 1)})
    other = item("1", parent="p")
    seen = replace(tied(bare, native="p"), seen=record("p", title="Phase"))
    there = tied(bare, "b", native="bp", seen=record("bp", title="Phase"))
    found = untied("b", "x", title="Rack 1", parent="bp")
    draft = paired(here("a"), here(), items=[bare, other], replicas=[seen, there, tied(other), found])
    assert of(draft, "b:x") == "1"
    renamed = item("2", title="Now", deadline=MAY)
    old = replace(tied(renamed), seen=record("2", title="Before", deadline=MAY))
    draft = paired(
        here("a"), here(), items=[renamed], replicas=[old, untied("b", "x", title="Before", deadline=MAY)]
    )
    assert of(draft, "b:x") == "new"


@pytest.mark.parametrize("names", [("first", "second"), ("second", "first")])
def test_each_value_of_a_record_is_tried_before_it_becomes_an_item(names: tuple[str, str]) -> None:
    lenses = (*(Odd(name) for name in names), *LENSES)
    draft = paired(
        here(lenses=lenses), replicas=[untied("b", "x", title="New", first="odd", second="broken")]
    )
    assert of(draft, "b:x") is None


def test_parents_are_compared_by_their_agreed_titles() -> None:
    p, q, base = item("p", title="Phase"), item("q", title="Phase"), item("1", parent="p")
    old = replace(tied(p), seen=record("p", title="Before"))
    found = untied("b", "x", title="Rack 1", parent="q")
    draft = paired(here("a"), here(), items=[p, q, base], replicas=[old, tied(q, "b"), tied(base), found])
    assert of(draft, "b:x") == "1"


def test_a_record_that_an_item_has_since_long_is_no_face_of_it() -> None:
    renamed = item("2", title="Now", deadline=MAY)
    seen = record("2", title="Before", deadline=MAY)
    old = replace(tied(renamed), seen=seen, reading=replace(seen, revision="2"))
    found = untied("b", "x", title="Before", deadline=MAY)
    assert of(paired(here("a"), here(), items=[renamed], replicas=[old, found]), "b:x") == "new"


def two_faces(
    agreed: dict[str, Any], record_: dict[str, Any], *found: Replica, items: tuple[ItemBase, ...] = ()
) -> Draft:
    """An item as agreed, and a record of it that was paired just now by its key."""
    base = item("1", **agreed)
    fresh = untied("a", "k", key="1", **record_)
    return paired(here("a"), here(), items=[base, *items], replicas=[fresh, *found])


def test_a_title_and_a_day_of_two_faces_are_not_put_together() -> None:
    stranger = untied("b", "x", title="Other", deadline=MAY)
    draft = two_faces({"deadline": MAY}, {"title": "Other", "deadline": JUNE}, stranger)
    assert asked(draft) == [("x", ("1",), "only the title agrees")]


def test_one_face_that_agrees_is_enough_and_is_named_once() -> None:
    stranger = untied("b", "x", title="Rack 1", deadline=MAY)
    twin = item("2", title="Rack 1", deadline=MAY)
    assert of(two_faces({"deadline": MAY}, {"title": "Rack 1"}, stranger), "b:x") == "1"
    draft = two_faces({"deadline": MAY}, {"title": "Rack 1"}, stranger, items=(twin,))
    assert asked(draft) == [("x", ("1", "2"), "several match")]


def test_an_item_that_was_paired_in_this_run_is_not_paired_again() -> None:
    base = item("1", deadline=MAY)
    found = [
        untied("b", "x", title="Rack 1", deadline=MAY),
        untied("b", "y", title="Rack 1", deadline=MAY, parent="x"),
    ]
    draft = paired(here("a"), here(), items=[base], replicas=[tied(base), *found])
    assert (of(draft, "b:x"), of(draft, "b:y")) == ("1", "new")


def test_a_record_under_others_that_lie_under_each_other_does_not_hang() -> None:
    above = {"1": "2", "2": "1", "3": "1"}
    found = [untied("b", name, title=name, parent=parent) for name, parent in above.items()]
    assert len(paired(here(), replicas=found).items) == 3
