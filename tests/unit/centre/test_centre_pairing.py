"""Untied records: by key, by a person's word, by title with parent or date; and when nobody guesses."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest

from itpm_sync.bases import Agreed, ItemBase, Life, Offer, Replica, Tie
from itpm_sync.connector import Capabilities, Presence
from itpm_sync.lens import Env, Poisoned, Untranslatable, Values
from itpm_sync.model import Day, Schedule, Value
from itpm_sync.plan import Grade
from itpm_sync.reconcile import ContainerView
from itpm_sync.reconcile.draft import Draft
from itpm_sync.reconcile.pairing import claimed, pair
from itpm_sync.simulator.lenses import PlainLens, SetLens
from itpm_sync.testing.small_world import NOW, PLAIN, absent, item, record, tied, untied, view, world

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


# ── by key ──


def keyed(*records: Replica, views: tuple[ContainerView, ...] = (), **more: Any) -> Draft:
    base = item("1")
    said = {"items": [base], "replicas": [tied(base), *records], **more}
    return paired(here("a"), *(views or (here(),)), **said)


def test_a_record_that_carries_an_items_key_is_its_record() -> None:
    draft = keyed(untied("b", "x", key="1", title="Quite another"))
    assert (of(draft, "b:x"), draft.replicas["b:x"].fresh, draft.proposals) == ("1", True, [])
    assert of(keyed(untied("b", "x", key="2", title="Other")), "b:x") == "new"
    assert of(keyed(untied("b", "x", title="Other")), "b:x") == "new"


def test_of_several_that_carry_one_key_a_person_says_which() -> None:
    draft = keyed(untied("b", "x", key="1", title="X"), untied("b", "y", key="1", title="Y"))
    why = "several records carry the same key"
    assert asked(draft) == [("x", ("1",), why), ("y", ("1",), why)]
    assert (of(draft, "b:x"), of(draft, "b:y")) == (None, None)
    assert draft.waiting == {("1", "b")}
    assert draft.waiting_records == {"b:x", "b:y"}


def test_only_untied_records_of_the_connection_that_were_read_claim_a_key() -> None:
    others = [
        untied("c", "y", key="1"),
        replace(untied("b", "y", key="1"), tie=Tie.TOMBSTONE),
        replace(untied("b", "z", key="1"), reading=None),
        untied("b", "w", key="9"),
    ]
    draft = keyed(untied("b", "x", key="1"), *others, views=(here(), here("c")))
    assert of(draft, "b:x") == "1"
    refused = frozenset({("b", "y", "1")})
    draft = keyed(untied("b", "x", key="1"), untied("b", "y", key="1", title="Y"), refused_pairs=refused)
    assert (of(draft, "b:x"), of(draft, "b:y")) == ("1", "new")


def test_a_key_that_a_person_refused_or_gave_to_another_item_is_not_followed() -> None:
    refused = frozenset({("b", "x", "1")})
    assert of(keyed(untied("b", "x", key="1", title="X"), refused_pairs=refused), "b:x") == "new"
    said = {("b", "x"): "2"}
    both = [item("1"), item("2")]
    draft = keyed(untied("b", "x", key="1", title="X"), accepted_pairs=said, items=both)
    assert of(draft, "b:x") == "2"


def test_a_persons_word_settles_which_of_several_it_is() -> None:
    both = [untied("b", "x", key="1", title="X"), untied("b", "y", key="1", title="Y")]
    draft = keyed(*both, accepted_pairs={("b", "y"): "1"})
    assert (of(draft, "b:x"), of(draft, "b:y")) == (None, "1")
    assert asked(draft) == [("x", ("1",), "several records carry the same key")]


def test_a_copy_of_a_record_is_an_item_of_its_own() -> None:
    draft = keyed(untied("a", "x", key="1", title="Copy"))
    assert (of(draft, "a:x"), of(draft, "a:1")) == ("new", "1")


# ── moved ──


def moved(
    old: Replica | None = None,
    *records: Replica,
    able: Capabilities = NEW_IDS,
    presence: Presence = Presence.MOVED,
    **more: Any,
) -> Draft:
    """A record of container b/main turned up with a new id in b/other."""
    base = item("1", priority=1)
    old = old or absent(
        tied(base, "b", native="old", offers={"title": (Offer(1, "x", NOW),)}, undecided=frozenset({"site"})),
        presence,
    )
    new = untied("b", "new", container="other", key="1", title="Moved")
    views = more.pop("views", (here(able=able), here(container="other", able=able)))
    items = more.pop("items", [base])
    return paired(here("a"), *views, items=items, replicas=[tied(base), old, new, *records], **more)


@pytest.mark.parametrize(
    "presence", [Presence.MOVED, Presence.GONE, Presence.GONE_OR_HIDDEN, Presence.BINNED]
)
def test_a_moved_record_keeps_its_base(presence: Presence) -> None:
    draft = moved(presence=presence)
    one = draft.replicas["b:new"]
    assert (one.item, one.tie, one.fresh, one.drop, one.seen_from) == (
        "1",
        Tie.TIED,
        False,
        "b:old",
        ("b", "main"),
    )
    assert one.base.seen is not None and one.base.seen.native_id == "old"
    assert one.at == {"title": 1, "priority": 1, "kind": 0, "parent": 0, "site": 0}
    assert (one.offers, one.undecided) == ({"title": (Offer(1, "x", NOW),)}, {"site"})
    assert "b:old" not in draft.replicas
    assert [each.base.id for each in draft.of_item["1"]] == ["a:1", "b:new"]
    assert draft.envs["b", "main"].native_of("1") is None
    assert draft.envs["b", "other"].native_of("1") == "new"


@pytest.mark.parametrize("presence", [Presence.HIDDEN, Presence.PRESENT, Presence.UNKNOWN])
def test_a_record_that_may_still_be_there_was_not_moved(presence: Presence) -> None:
    assert of(moved(presence=presence), "b:new") == "new"


def test_where_moves_keep_the_id_and_for_deletions_of_ours_nothing_is_followed() -> None:
    assert of(moved(able=Capabilities()), "b:new") == "new"
    base = item("1", priority=1)
    ours = absent(tied(base, "b", native="old", tie=Tie.TOMBSTONE, ours=True))
    assert of(moved(ours), "b:new") == "new"


def test_a_record_that_was_deleted_and_turns_up_elsewhere_is_back() -> None:
    base = replace(item("1", priority=1), life=Life.DELETED, note="deleted in b")
    at = {"title": 1, "lifecycle.title": 1}
    old = absent(tied(base, "b", native="old", tie=Tie.TOMBSTONE, at=at))
    draft = moved(old, items=[base])
    assert of(draft, "b:new") == "1"
    assert (draft.items["1"].life, draft.items["1"].note) == (Life.LIVE, "")
    assert draft.replicas["b:new"].at == {"title": 1}
    assert moved().items["1"].life is None


def test_of_several_that_claim_to_be_the_moved_one_a_person_says_which() -> None:
    draft = moved(None, untied("b", "copy", container="other", key="1", title="Moved"))
    why = "it was moved, and several records claim to be it"
    assert asked(draft) == [("copy", ("1",), why), ("new", ("1",), why)]
    assert draft.moving == {"b:old"}
    assert "b:old" in draft.replicas


def test_while_the_old_place_was_not_read_a_later_run_knows() -> None:
    base = item("1", priority=1)
    there = tied(base, "b", native="old")
    for closed in ({"listed": False}, {"suspended": "It does not answer."}):
        views = (here(able=NEW_IDS, **closed), here(container="other", able=NEW_IDS))
        assert of(moved(there, views=views), "b:new") is None
        kept = (here(**closed), here(container="other"))
        assert of(moved(there, views=kept), "b:new") == "new"
    only = (here(container="other", able=NEW_IDS),)
    assert of(moved(there, views=only), "b:new") is None
    gone = replace(there, tie=Tie.TOMBSTONE)
    assert of(moved(gone, views=only), "b:new") == "new"
    assert of(moved(there), "b:new") == "new"


def test_records_that_may_be_moved_ones_claim_their_items() -> None:
    views = (here("a"), here(able=NEW_IDS))
    records = [
        untied("b", "1", key="1"),
        untied("b", "2"),
        untied("a", "3", key="3"),
        replace(untied("b", "4", key="4"), tie=Tie.TIED, item="4"),
        replace(untied("b", "5", key="5"), reading=None),
        untied("b", "6", key="6"),
        untied("gone", "7", key="7"),
    ]
    one = Draft(world(*views, replicas=records, refused_pairs=frozenset({("b", "6", "6")})))
    assert claimed(one) == {("b", "1")}


# ── by a person ──


def test_a_person_says_what_a_record_is() -> None:
    base = item("1")
    found = untied("b", "x", title="Quite another")
    said: dict[str, Any] = {"items": [base], "replicas": [tied(base), found]}
    draft = paired(here("a"), here(), accepted_pairs={("b", "x"): "1"}, **said)
    assert of(draft, "b:x") == "1"
    assert of(paired(here("a"), here(), accepted_pairs={("b", "y"): "1"}, **said), "b:x") == "new"
    assert of(paired(here("a"), here(), accepted_pairs={("b", "x"): "9"}, **said), "b:x") == "new"
    taken = {"items": [base], "replicas": [tied(base), tied(base, "b"), found]}
    assert of(paired(here("a"), here(), accepted_pairs={("b", "x"): "1"}, **taken), "b:x") == "new"


def test_what_a_lost_call_may_have_made_is_asked_about_or_waits() -> None:
    base = item("1")
    said: dict[str, Any] = {"items": [base], "replicas": [tied(base), untied("b", "x", title="Rack 1")]}
    asks = paired(here("a"), here(), unsure={("b", "x"): ("1",)}, **said)
    assert asked(asks) == [("x", ("1",), "an interrupted run may have made it")]
    assert asks.later is False
    waits = paired(here("a"), here(), unsure={("b", "x"): ()}, **said)
    assert (waits.proposals, waits.waiting_records, waits.later) == ([], {"b:x"}, True)
    assert (of(asks, "b:x"), of(waits, "b:x")) == (None, None)


def test_what_is_being_made_there_is_not_taken_for_another() -> None:
    base = item("1", schedule=Schedule(None, MAY))
    records = [tied(base), untied("b", "x", title="Rack 1", schedule=Schedule(None, MAY))]
    draft = paired(here("a"), here(), items=[base], replicas=records, creating=frozenset({("1", "b")}))
    assert (of(draft, "b:x"), draft.waiting_records, draft.later) == (None, {"b:x"}, True)


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
    said = {"title": "Rack 1", "deadline": MAY}
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


def labelled(native: str, **values: Value) -> Replica:
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
