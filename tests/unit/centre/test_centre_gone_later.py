"""A deletion of an earlier run: whether the other records go, and what it is weighed against from then on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from itpm_sync.bases import LIFE, NEVER, Conflict, Life, Replica, Side, Tie
from itpm_sync.connector import Presence
from itpm_sync.reconcile.draft import Draft, weighed
from itpm_sync.reconcile.gone import weigh_asked
from itpm_sync.simulator.lenses import NumberLens, PlainLens
from itpm_sync.testing.small_gone import EDITED, asked, buried, said, tombstone
from itpm_sync.testing.small_items import BASE, begun
from itpm_sync.testing.small_world import NOW, PLAIN, absent, record, tied, untied, view

OTHER = tied(BASE, "b")
LOST = (view("a"), view("b", lost={"site": PlainLens("site")}), view("c"))


# ── a deletion that an earlier run decided ──


DELETED = replace(BASE, life=Life.DELETED)


def doomed(*replicas: Replica, base: Any = DELETED, propagate: bool = True, **more: Any) -> set[str]:
    return buried(*replicas, items=(base,), propagate=propagate, **more)[1]


@pytest.mark.parametrize("left", [Tie.TIED, Tie.HIDDEN, Tie.OUT_OF_SCOPE])
def test_the_other_records_of_a_deleted_item_go_whatever_run_decided_it(left: Tie) -> None:
    other = (
        absent(tied(DELETED, "b", tie=left), Presence.HIDDEN)
        if left is Tie.HIDDEN
        else tied(DELETED, "b", tie=left)
    )
    assert doomed(tombstone(DELETED), other) == {"1"}
    assert doomed(tombstone(DELETED), other, propagate=False) == set()
    assert doomed(tombstone(BASE), other, base=BASE) == set()
    assert doomed(tombstone(DELETED, "a"), tombstone(DELETED, "b")) == set()
    assert doomed(other) == set()


def test_while_a_person_is_asked_nothing_more_goes() -> None:
    open_ = Conflict("c-1", "1", LIFE, (Side("a", "deleted", "deleted", 0),), NOW, "before")
    draft, gone = buried(
        tombstone(DELETED),
        tied(DELETED, "b"),
        items=(DELETED,),
        propagate=True,
        conflicts={"c-1": open_},
    )
    assert (gone, said(draft)) == (set(), [])


def test_a_field_in_conflict_keeps_the_other_records_until_it_is_settled() -> None:
    both = {
        f"c-{name}": Conflict(f"c-{name}", "1", name, (Side("b", 1, 1, 1),), NOW)
        for name in ("title", "priority")
    }
    draft, gone = buried(
        tombstone(DELETED),
        tombstone(DELETED, "c", ours=True),
        tied(DELETED, "b"),
        items=(DELETED,),
        propagate=True,
        conflicts=both,
    )
    assert gone == set()
    (warning,) = draft.warnings
    assert warning.says == (
        "Rack 1 (1) was deleted in a and stays until the conflict about its priority, title is settled."
    )
    assert (warning.grade.value, warning.connection) == ("note", "b")
    assert draft.later is False


def test_an_edit_since_then_that_no_deleter_knew_is_asked_about() -> None:
    base = replace(EDITED, life=Life.DELETED)
    draft, gone = buried(tombstone(base), tied(base, "b"), items=(base,), propagate=True)
    assert asked(draft) == "deleted in a while priority was edited in another tool"
    assert (gone, draft.items["1"].life, draft.later) == (set(), Life.LIVE, False)
    knew = tombstone(base, "c", at={"priority": 2, "title": 2})
    assert doomed(tombstone(base), knew, tied(base, "b"), base=base) == {"1"}
    ours = tombstone(base, "c", at={"priority": 2, "title": 2}, ours=True)
    assert doomed(tombstone(base), ours, tied(base, "b"), base=base) == set()
    assert doomed(ours, tied(base, "b"), base=base) == {"1"}


def test_a_field_that_nobody_can_read_is_asked_about_later_too() -> None:
    draft, gone = buried(tombstone(DELETED), tied(DELETED, "b"), items=(DELETED,), propagate=True, views=LOST)
    assert (asked(draft), gone) == ("deleted in a while its site cannot be read in b", set())


def test_a_deletion_whose_place_nobody_could_look_at_waits() -> None:
    """Where the deleted record may have been restored, neither a deletion follows nor a question."""
    for unseen in ({"listed": False}, {"suspended": "It is slow."}):
        views = (view("a", **unseen), view("b"), view("c"))
        draft, gone = buried(
            tombstone(DELETED), tied(DELETED, "b"), items=(DELETED,), propagate=True, views=views
        )
        assert (gone, asked(draft), draft.later) == (set(), "", True)
        one_heard = (tombstone(DELETED), tombstone(DELETED, "c"), tied(DELETED, "b"))
        assert doomed(*one_heard, views=views) == {"1"}
    nowhere = tombstone(DELETED, "gone")
    assert doomed(nowhere, tied(DELETED, "b")) == {"1"}


# ── what was asked about ──


def weighed_in(
    *replicas: Replica, views: Any = (), asked_of: tuple[str, ...] = ("a:1",), **more: Any
) -> Draft:
    draft = begun(*replicas, views=views, **more)
    draft.asked += [draft.replicas[name] for name in asked_of]
    weigh_asked(draft)
    return draft


def test_what_a_person_was_asked_about_is_weighed_by_later_edits_only() -> None:
    at = {"title": 1, "priority": 1}
    waits = tied(EDITED, "b", undecided=frozenset({"site", "priority"}))
    draft = weighed_in(tombstone(EDITED, at=at), waits, items=(EDITED,))
    assert draft.replicas["a:1"].at == {
        **at,
        weighed("site"): NEVER,
        weighed("priority"): 2,
        weighed("title"): 2,
    }
    assert weighed_in(tombstone(EDITED, at=at), waits, items=(EDITED,), asked_of=()).decisions() == ()


def test_what_waits_undecided_while_it_is_asked_is_kept_in_full() -> None:
    seen = replace(record("1", title="Rack", priority=7, site="x"), edited_by="ann")
    waits = tied(BASE, "b", undecided=frozenset({"site", "priority", "never"}), seen=seen, at={"priority": 1})
    draft = weighed_in(tombstone(BASE), tombstone(BASE, "c"), waits, asked_of=("a:1", "c:1"))
    told = [(loser.field, loser.side, loser.why) for loser in draft.items["1"].losers]
    why = "undecided when its deletion was asked about"
    assert told == [
        ("priority", Side("b", 7, 7, 1, actor="ann"), why),
        ("site", Side("b", "x", "x", NEVER, actor="ann"), why),
    ]


def test_what_cannot_be_read_is_kept_as_it_stands() -> None:
    lens = NumberLens("priority")
    lens.native = frozenset({"site", "priority"})
    views = (view("a"), view("b", lenses=PLAIN[:3], lost={"priority": lens}))
    seen = record("1", title="Rack", priority="many", site="x")
    draft = weighed_in(
        tombstone(BASE), tied(BASE, "b", undecided=frozenset({"priority"}), seen=seen), views=views
    )
    assert [(one.side.value, one.side.form) for one in draft.items["1"].losers] == [("many, x", "many, x")]


def test_what_stands_in_no_record_that_lives_on_is_not_kept() -> None:
    undecided = frozenset({"priority"})
    for one in (
        tombstone(BASE, "b", undecided=undecided),
        tied(BASE, "gone", undecided=undecided),
        tied(BASE, "b", undecided=undecided, seen=None),
        tied(BASE, "b"),
    ):
        last = tied(BASE, "b", native="9", undecided=undecided)
        draft = weighed_in(tombstone(BASE), one, last)
        assert len(draft.items["1"].losers) == 1


def test_a_stranger_is_never_asked_about() -> None:
    stranger = untied("a", "9")
    assert weighed_in(stranger, tied(BASE, "b"), asked_of=("a:9",)).decisions() == ()
    draft = weighed_in(stranger, tombstone(BASE), asked_of=("a:9", "a:1"))
    assert weighed("priority") in draft.replicas["a:1"].at
