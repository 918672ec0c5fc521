"""A deletion that its deleter would not have made, had they known, or that may be none: a person is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from itpm_sync.bases import LIFE, NEVER, Agreed, Conflict, Life, Replica, Side, Tie
from itpm_sync.connector import Capabilities, Presence
from itpm_sync.reconcile.draft import Draft, weighed
from itpm_sync.simulator.lenses import PlainLens, SetLens
from itpm_sync.testing.small_gone import EDITED, asked, buried, tie, tombstone
from itpm_sync.testing.small_items import BASE, LENSES, read
from itpm_sync.testing.small_world import NOW, PLAIN, absent, item, record, tied, view

OTHER = tied(BASE, "b")
MOVING = Capabilities(keys=False, moves_keep_id=False)
LOST = (view("a"), view("b", lost={"site": PlainLens("site")}), view("c"))


# ── what the deleter did not know ──


@pytest.mark.parametrize("propagate", [False, True])
def test_an_edit_that_the_deleter_was_not_told_of_is_asked_about(propagate: bool) -> None:
    draft, doomed = buried(absent(tied(EDITED)), tied(EDITED, "b"), items=(EDITED,), propagate=propagate)
    assert asked(draft) == "deleted in a while priority was edited in another tool"
    assert (tie(draft), draft.items["1"].life, draft.items["1"].note, doomed) == (
        Tie.TOMBSTONE,
        Life.LIVE,
        "",
        set(),
    )
    assert draft.items["1"].held == {LIFE}
    (conflict,) = draft.items["1"].opened
    assert conflict is draft.conflicts["1", LIFE]
    assert (conflict.item, conflict.field, conflict.opened) == ("1", LIFE, NOW)
    assert conflict.sides == (
        Side("a", "deleted", "deleted", 0),
        Side(None, "kept", "kept", 0, agreed=True),
    )
    assert [one.base.id for one in draft.asked] == ["a:1"]


def test_a_question_is_named_after_what_it_is_about() -> None:
    edited = item("1", version=2, origin="c", priority=2)

    def named(base: Any = edited, where: str = "a", **more: Any) -> str:
        draft, _ = buried(absent(tied(base, where, **more)), tied(base, "c"), items=(base,))
        return draft.conflicts[base.id, LIFE].id

    site = replace(BASE, agreed={**BASE.agreed, "site": Agreed("x", 2, "c")})
    others = [named(replace(edited, id="2")), named(site), named(native="9"), named(where="b")]
    assert named() == named()
    assert named().startswith("c-") and len(named()) == 14
    assert len({named(), *others}) == 5


@pytest.mark.parametrize(
    ("version", "origin", "at", "why"),
    [
        (2, "b", {"priority": 1}, "priority"),
        (2, "b", {"priority": 1, weighed("priority"): 1}, "priority"),
        (2, "b", {"priority": 2}, ""),
        (2, "b", {"priority": 1, weighed("priority"): 2}, ""),
        (2, "a", {"priority": 1}, ""),
        (2, None, {"priority": 1}, "priority"),
        (2, "b", {}, ""),
        (1, "b", {"priority": NEVER}, "priority"),
    ],
)
def test_an_edit_is_unknown_where_it_came_after_what_the_tool_was_brought_to(
    version: int, origin: str | None, at: dict[str, int], why: str
) -> None:
    base = replace(BASE, agreed={"priority": Agreed(2, version, origin)})
    draft, _ = buried(absent(tied(base, at=at)), tied(base, "b"), items=(base,))
    assert asked(draft) == (f"deleted in a while {why} was edited in another tool" if why else "")


def test_the_first_unknown_field_is_named() -> None:
    base = replace(EDITED, agreed={**EDITED.agreed, "title": Agreed("Rack", 1, "b")})
    draft, _ = buried(absent(tied(base)), tied(base, "b"), items=(base,))
    assert asked(draft) == "deleted in a while priority was edited in another tool"
    known = replace(EDITED, agreed={"priority": Agreed(2, 1, "b"), "title": Agreed("Rack", 2, "b")})
    assert asked(buried(absent(tied(known)), items=(known,))[0]) == (
        "deleted in a while title was edited in another tool"
    )


def test_an_edit_that_was_just_read_elsewhere_is_unknown() -> None:
    def why(*others: Replica, do: Any = None) -> str:
        return asked(buried(absent(tied(BASE)), *others, do=do)[0])

    several = read(OTHER, priority=2, site="x", title="y", zone="z")
    assert why(several) == "deleted in a while it (priority, site, title) was edited in another tool"
    assert why(tied(BASE, "c"), read(OTHER, priority=2)).endswith("it (priority) was edited in another tool")
    assert why(read(OTHER)) == ""

    def fresh(draft: Draft) -> None:
        draft.replicas["b:1"].fresh = True

    assert why(OTHER, do=fresh) == "deleted in a while it was edited in another tool"


def test_a_value_that_a_tool_computed_is_no_edit() -> None:
    computed = read(OTHER, priority=2)
    assert computed.reading is not None
    computed = replace(computed, reading=replace(computed.reading, computed=frozenset({"priority"})))
    assert asked(buried(absent(tied(BASE)), computed)[0]) == ""


def test_what_waits_undecided_elsewhere_is_unknown() -> None:
    waits = tied(BASE, "b", undecided=frozenset({"title", "site"}))
    assert asked(buried(absent(tied(BASE)), waits)[0]) == (
        "deleted in a while site was edited in another tool"
    )
    at = {"title": 1, "priority": 1, weighed("site"): NEVER}
    assert asked(buried(absent(tied(BASE, at=at)), waits)[0]) == (
        "deleted in a while title was edited in another tool"
    )
    covered = {**at, weighed("title"): 1}
    assert asked(buried(absent(tied(BASE, at=covered)), waits)[0]) == ""


def test_a_field_that_nobody_can_read_elsewhere_hinders_a_deletion_that_spreads() -> None:
    others = (tied(BASE, "c"), OTHER)
    draft, doomed = buried(absent(tied(BASE)), *others, views=LOST, propagate=True)
    assert asked(draft) == "deleted in a while its site cannot be read in b"
    assert doomed == set()
    at = {"title": 1, "priority": 1, weighed("site"): NEVER}
    covered, doomed = buried(absent(tied(BASE, at=at)), *others, views=LOST, propagate=True)
    assert (asked(covered), doomed) == ("", {"1"})
    marked, _ = buried(absent(tied(BASE)), *others, views=LOST)
    assert (asked(marked), marked.items["1"].life) == ("", Life.DELETED)
    nowhere = (tied(BASE, "gone"), OTHER)
    assert asked(buried(absent(tied(BASE)), *nowhere, views=LOST, propagate=True)[0]) != ""


def test_each_lost_field_is_weighed() -> None:
    lost = {"site": PlainLens("site"), "labels": SetLens("labels")}
    views = (view("a"), view("b", lost=lost))
    first, _ = buried(absent(tied(BASE)), OTHER, views=views, propagate=True)
    assert asked(first) == "deleted in a while its labels cannot be read in b"
    at = {"title": 1, "priority": 1, weighed("labels"): NEVER}
    second, _ = buried(absent(tied(BASE, at=at)), OTHER, views=views, propagate=True)
    assert asked(second) == "deleted in a while its site cannot be read in b"


def test_a_question_that_is_open_is_not_asked_again() -> None:
    open_ = Conflict("c-1", "1", LIFE, (Side("b", "deleted", "deleted", 0),), NOW, "before")
    draft, _ = buried(absent(tied(EDITED)), tied(EDITED, "c"), items=(EDITED,), conflicts={"c-1": open_})
    assert (asked(draft), draft.items["1"].opened) == ("before", [])
    assert [one.base.id for one in draft.asked] == ["a:1"]


def test_a_question_is_about_all_the_items_deleted_records() -> None:
    buried_before = tombstone(EDITED, "c")
    draft, _ = buried(absent(tied(EDITED)), tied(EDITED, "b"), buried_before, items=(EDITED,))
    assert {one.base.id for one in draft.asked} == {"a:1", "c:1"}


@pytest.mark.parametrize("before", [Tie.TIED, Tie.HIDDEN])
def test_what_the_deleter_did_not_know_is_asked_before_whether_the_record_was_moved(before: Tie) -> None:
    lost = {"site": PlainLens("site")}
    views = (view("a", able=MOVING), view("b", lost=lost))
    for base, why in (
        (EDITED, "priority was edited in another tool"),
        (BASE, "its site cannot be read in b"),
    ):
        one = absent(tied(base, tie=before))
        draft, _ = buried(one, tied(base, "b"), items=(base,), views=views, propagate=True)
        assert asked(draft) == f"deleted in a while {why}"


# ── moved away, for all we know ──


def test_where_moved_records_get_new_ids_gone_may_be_moved() -> None:
    views = (view("a", able=MOVING), view("b"))

    def after(presence: Presence, *others: Replica, propagate: bool = True) -> tuple[str, list[str]]:
        one = absent(tied(BASE), presence)
        draft, _ = buried(one, *others, views=views, propagate=propagate)
        return asked(draft), [each.base.id for each in draft.asked]

    assert after(Presence.GONE, OTHER) == (
        "gone from a: deleted or moved away, a does not tell which",
        ["a:1"],
    )
    assert after(Presence.BINNED, OTHER) == ("", [])
    assert after(Presence.GONE) == ("", [])
    assert after(Presence.GONE, OTHER, propagate=False) == ("", [])
    keeping, doomed = buried(absent(tied(BASE)), OTHER, propagate=True)
    assert (asked(keeping), doomed) == ("", {"1"})


def test_a_record_that_was_hidden_from_us_and_is_gone_is_asked_about() -> None:
    hidden = absent(tied(BASE, tie=Tie.HIDDEN))
    draft, doomed = buried(hidden, OTHER, propagate=True)
    assert (asked(draft), doomed) == ("gone from a, where it was hidden from us", set())
    assert [one.base.id for one in draft.asked] == ["a:1"]
    assert draft.items["1"].life is None
    marked, _ = buried(hidden, OTHER)
    assert (asked(marked), marked.items["1"].life) == ("", Life.DELETED)
    alone, _ = buried(hidden, propagate=True)
    assert (asked(alone), alone.items["1"].life) == ("", Life.DELETED)


# ── under a record that we deleted ──


def under(*above: Replica, parent: str | None = "p", **more: Any) -> tuple[str, set[str]]:
    """An item's record goes from where it lay under `parent`, in a container where we deleted a record."""
    ours = more.pop("ours", tombstone(item("8"), ours=True))
    known = more.pop("seen", record("1", title="Rack", parent=parent))
    one = absent(tied(BASE, seen=known))
    bases = [item(name) for name in ("p", "q", "8")]
    draft, doomed = buried(one, OTHER, ours, *above, items=(BASE, *bases), propagate=True, **more)
    return asked(draft), doomed


HIDDEN_ABOVE = "gone from a, where it lay under a record that is hidden from us"


def lies(name: str, parent: str | None, **more: Any) -> Replica:
    return tied(item(name), seen=record(name, title=name, parent=parent), **more)


def test_a_record_that_lay_under_what_we_see_was_deleted() -> None:
    assert under(lies("p", None)) == ("", {"1"})
    assert under(lies("p", "q"), lies("q", None)) == ("", {"1"})
    assert under(parent=None) == ("", {"1"})
    assert under(seen=None) == ("", {"1"})


@pytest.mark.parametrize(
    "above",
    [
        (),
        (lies("p", None, tie=Tie.HIDDEN),),
        (replace(lies("p", None), seen=None),),
        (lies("p", "q"),),
        (lies("p", "q"), lies("q", None, tie=Tie.HIDDEN)),
    ],
)
def test_under_what_is_hidden_it_may_have_gone_with_what_we_deleted(above: tuple[Replica, ...]) -> None:
    assert under(*above) == (HIDDEN_ABOVE, set())


def test_records_under_each_other_in_a_circle_hide_nothing() -> None:
    assert under(lies("p", "1")) == ("", {"1"})


def test_only_what_we_deleted_in_that_container_takes_others_along() -> None:
    hidden = lies("p", None, tie=Tie.HIDDEN)
    others = [
        tombstone(item("8")),
        tombstone(item("8"), "b", ours=True),
        tied(item("8"), ours=True),
        tied(item("8"), "a", "second", tie=Tie.TOMBSTONE, ours=True),
    ]
    views = (view("a", lenses=LENSES), view("a", "second", lenses=LENSES), view("b", lenses=LENSES))
    assert [under(hidden, ours=one, views=views)[0] for one in others] == ["", "", "", ""]
    flat = (view("a", lenses=PLAIN[:2]), view("b", lenses=LENSES))
    assert under(hidden, views=flat) == ("", {"1"})
    assert under(hidden) == (HIDDEN_ABOVE, set())
