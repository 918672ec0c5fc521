"""Untied records: by key, by a person's word, by title with parent or date; and when nobody guesses."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from itpm_sync.bases import Life, Offer, Replica, Tie
from itpm_sync.connector import Capabilities, Presence
from itpm_sync.lens import Lens
from itpm_sync.model import Day, Schedule
from itpm_sync.policy import FieldPolicy, Rule
from itpm_sync.reconcile import ContainerView
from itpm_sync.reconcile.draft import Draft
from itpm_sync.reconcile.pairing import claimed, pair
from itpm_sync.simulator.lenses import NumberLens, PlainLens, SetLens
from itpm_sync.testing.small_world import NOW, PLAIN, absent, item, tied, untied, view, world

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
    assert one.offers == {"title": (Offer(1, "x", NOW),)}
    assert one.undecided == frozenset({"site"})
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
    owned = {"fields": {"priority": FieldPolicy(Rule.OWNER, ("b", "a"))}}
    assert moved(old, items=[base], policy=owned).replicas["b:new"].undecided == {"priority"}
    assert moved().items["1"].life is None


UNTOLD = tuple(lens for lens in LENSES if lens.name != "priority")
LOST: dict[str, Lens] = {"priority": NumberLens("priority"), "site": PlainLens("site")}


def kept(old: ContainerView | None, one: Replica | None = None, **found: Any) -> dict[str, Any]:
    """What a record is taken to say still that moved to a container which has lost its priority and its site."""
    new = here(container="other", able=NEW_IDS, lenses=UNTOLD, lost=LOST)
    one = one or tied(item("1", priority=1, site="x"), "b", native="old")
    draft = Draft(
        world(
            *([new] if old is None else [old, new]),
            items=[item("1")],
            replicas=[absent(one, Presence.MOVED), untied("b", "new", container="other", key="1", **found)],
        )
    )
    pair(draft)
    assert draft.replicas["b:new"].drop == "b:old"
    return draft.replicas["b:new"].kept


def test_a_record_that_moves_to_where_fields_are_lost_is_taken_to_say_them_still() -> None:
    lenses = (*UNTOLD, *LOST.values())
    both = {"priority": 1, "site": "x"}
    assert kept(here(able=NEW_IDS, lenses=lenses)) == both
    assert kept(here(able=NEW_IDS, lenses=UNTOLD, lost=LOST)) == both
    assert kept(here(able=NEW_IDS, lenses=lenses), priority=3) == {"site": "x"}
    assert kept(here(able=NEW_IDS, lenses=UNTOLD)) == {}
    assert kept(None) == {}
    unread = tied(item("1"), "b", native="old", seen=None)
    assert kept(here(able=NEW_IDS, lenses=lenses), unread) == {}
    odd = tied(item("1", priority="many", site="x"), "b", native="old")
    assert kept(here(able=NEW_IDS, lenses=lenses), odd) == {"site": "x"}
    assert moved().replicas["b:new"].kept == {}


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


def test_where_one_of_several_records_was_not_read_a_later_run_knows() -> None:
    base = item("1", priority=1)
    views = (here(able=NEW_IDS, listed=False), here(container="other", able=NEW_IDS))
    known = tied(base, "b", "other", native="known")
    assert of(moved(tied(base, "b", native="old"), known, views=views), "b:new") is None
