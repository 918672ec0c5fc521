"""Records that are no longer listed: hidden, believed gone, or there again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from itpm_sync.bases import LIFE, Conflict, Life, Side, Tie
from itpm_sync.connector import Capabilities, Presence
from itpm_sync.plan import Grade
from itpm_sync.policy import FieldPolicy, Rule
from itpm_sync.reconcile.draft import Draft, weighed
from itpm_sync.testing.small_gone import asked, buried, said, tie, tombstone
from itpm_sync.testing.small_items import BASE, LENSES, read
from itpm_sync.testing.small_world import NOW, absent, item, tied, untied, view

OTHER = tied(BASE, "b")
MOVING = Capabilities(keys=False, moves_keep_id=False)


# ── believed gone ──


@pytest.mark.parametrize("presence", [Presence.GONE, Presence.BINNED])
@pytest.mark.parametrize("before", [Tie.TIED, Tie.HIDDEN])
def test_a_record_that_is_surely_gone_marks_its_item_deleted(presence: Presence, before: Tie) -> None:
    draft, doomed = buried(absent(tied(BASE, tie=before), presence), OTHER)
    assert (tie(draft), tie(draft, "b:1"), doomed) == (Tie.TOMBSTONE, Tie.TIED, set())
    assert (draft.items["1"].life, draft.items["1"].note) == (Life.DELETED, "deleted in a")
    assert draft.replicas["a:1"].accept is True
    assert asked(draft) == ""
    (warning,) = draft.warnings
    assert warning.says == "Rack 1 (1) was deleted in a; still in b."
    assert (warning.grade, warning.connection, warning.container, warning.item) == (
        Grade.NOTE,
        "a",
        "main",
        "1",
    )


def test_the_last_record_that_goes_leaves_the_item_nowhere() -> None:
    for spread in (False, True):
        draft, doomed = buried(absent(tied(BASE)), propagate=spread)
        assert (draft.items["1"].life, doomed) == (Life.DELETED, set())
        assert said(draft) == ["Rack 1 (1) was deleted in a; still in no other tool."]


def test_where_it_still_is_is_told_by_name_once_each() -> None:
    others = [tied(BASE, name) for name in ("h", "c", "f", "g", "e")]
    more = (tied(BASE, "b", tie=Tie.HIDDEN), tied(BASE, "b", "second", native="2"), tombstone(BASE, "d"))
    draft, _ = buried(absent(tied(BASE)), *others, *more)
    assert said(draft) == ["Rack 1 (1) was deleted in a; still in b, c, e, f, g, h."]


def test_where_deletions_spread_the_other_records_go_too() -> None:
    draft, doomed = buried(absent(tied(BASE)), OTHER, propagate=True)
    assert (draft.items["1"].life, doomed, said(draft)) == (Life.DELETED, {"1"}, [])


def test_a_record_out_of_scope_that_goes_says_nothing_of_its_item() -> None:
    draft, doomed = buried(absent(tied(BASE, tie=Tie.OUT_OF_SCOPE)), OTHER, propagate=True)
    assert (tie(draft), draft.items["1"].life, doomed, said(draft)) == (Tie.TOMBSTONE, None, set(), [])


@pytest.mark.parametrize("presence", [Presence.GONE, Presence.BINNED, Presence.GONE_OR_HIDDEN])
def test_what_was_not_read_twice_is_not_believed(presence: Presence) -> None:
    draft, _ = buried(absent(tied(BASE), presence, confirmed=False), OTHER)
    assert (tie(draft), draft.items["1"].life, said(draft)) == (Tie.TIED, None, [])


def test_what_moved_is_not_gone() -> None:
    draft, _ = buried(absent(tied(BASE), Presence.MOVED), OTHER)
    assert (tie(draft), draft.items["1"].life, said(draft)) == (Tie.TIED, None, [])


def test_what_is_gone_already_is_not_told_again() -> None:
    for presence in (Presence.GONE, Presence.BINNED):
        draft, _ = buried(absent(tombstone(BASE), presence), OTHER)
        assert (tie(draft), draft.items["1"].life, said(draft)) == (Tie.TOMBSTONE, None, [])


def test_a_record_that_is_gone_is_no_parent_in_its_container() -> None:
    draft, _ = buried(absent(tied(BASE)), OTHER)
    assert draft.envs["a", "main"].native_of("1") is None
    assert draft.envs["b", "main"].native_of("1") == "1"


def test_an_edit_before_it_went_stays_undecided_should_it_come_back() -> None:
    computed = read(tied(BASE), priority=2)
    assert computed.reading is not None
    computed = replace(computed, reading=replace(computed.reading, computed=frozenset({"priority"})))
    typed = read(tied(BASE), priority=2)
    same = read(tied(BASE))
    assert [buried(absent(one))[0].replicas["a:1"].accept for one in (typed, computed, same)] == [
        False,
        True,
        True,
    ]
    added = read(tied(BASE), site="new")
    assert buried(absent(added))[0].replicas["a:1"].accept is False
    assert typed.reading is not None
    emptied = replace(typed, reading=replace(typed.reading, values={"title": "Rack 1"}))
    assert buried(absent(emptied))[0].replicas["a:1"].accept is False
    first = replace(typed, seen=None)
    assert buried(absent(first))[0].replicas["a:1"].accept is True


# ── of which nothing is decided ──


def test_strangers_and_records_of_items_that_are_not_here_are_left() -> None:
    stranger = absent(untied("a", "9"), Presence.HIDDEN)
    elsewhere = absent(tied(item("7")), Presence.HIDDEN)
    draft, _ = buried(stranger, elsewhere, absent(tied(BASE)))
    assert [tie(draft, name) for name in ("a:9", "a:7", "a:1")] == [Tie.UNTIED, Tie.TIED, Tie.TOMBSTONE]


def test_a_record_that_a_person_is_asked_about_as_moved_is_left() -> None:
    draft, _ = buried(absent(tied(BASE)), do=lambda draft: draft.moving.add("a:1"))
    assert tie(draft) is Tie.TIED


def test_an_item_that_people_want_left_alone_is_left() -> None:
    base = replace(BASE, life=Life.DELETED)
    draft, doomed = buried(
        absent(tied(base)),
        tombstone(base, "b"),
        tied(base, "c"),
        absent(tied(item("2"))),
        items=(base, item("2")),
        propagate=True,
        do=lambda draft: draft.skipped.add("1"),
    )
    assert (tie(draft), tie(draft, "a:2"), doomed) == (Tie.TIED, Tie.TOMBSTONE, set())


def test_a_container_that_sits_the_run_out_or_is_no_more_says_nothing() -> None:
    stopped = (view("a", lenses=LENSES, suspended="It is slow."), view("b", lenses=LENSES))
    later = tied(item("2"), "b")
    for views, where in ((stopped, "a"), ((), "gone")):
        first = absent(tied(BASE, where))
        draft, _ = buried(first, absent(later), items=(BASE, item("2")), views=views)
        assert (tie(draft, first.id), tie(draft, "b:2")) == (Tie.TIED, Tie.TOMBSTONE)


def test_what_a_record_with_its_key_may_be_is_not_gone_where_moves_give_new_ids() -> None:
    found = untied("a", "9", container="second", key="1", title="Rack 1")
    views = (view("a", able=MOVING), view("a", "second", able=MOVING, suspended="It is slow."), view("b"))
    draft, _ = buried(absent(tied(BASE)), OTHER, found, views=views)
    assert tie(draft) is Tie.TIED
    keeping = (view("a"), view("a", "second", suspended="It is slow."), view("b"))
    assert tie(buried(absent(tied(BASE)), OTHER, found, views=keeping)[0]) is Tie.TOMBSTONE
    other = absent(tied(BASE, "b"))
    assert tie(buried(tied(BASE), other, found, views=views)[0], "b:1") is Tie.TOMBSTONE


# ── hidden ──


def test_a_hidden_record_is_left_alone_and_told_once() -> None:
    for confirmed in (True, False):
        draft, _ = buried(absent(tied(BASE), Presence.HIDDEN, confirmed=confirmed), OTHER)
        (warning,) = draft.warnings
        assert (tie(draft), draft.items["1"].life) == (Tie.HIDDEN, None)
        assert warning.says == "Rack 1 (1) in a, main is hidden from us; it is left alone."
        assert (warning.grade, warning.item, warning.connection) == (Grade.LEFT_OUT, "1", "a")
    again, _ = buried(absent(tied(BASE, tie=Tie.HIDDEN), Presence.HIDDEN), OTHER)
    assert (tie(again), said(again)) == (Tie.HIDDEN, [])


def test_what_is_gone_or_hidden_for_all_we_know_is_left_alone() -> None:
    draft, _ = buried(absent(tied(BASE), Presence.GONE_OR_HIDDEN), OTHER)
    assert (tie(draft), draft.items["1"].life) == (Tie.HIDDEN, None)
    assert said(draft) == [
        "Rack 1 (1) in a, main is deleted or hidden, the tool does not tell which; it is left alone."
    ]


# ── there again ──


def test_a_hidden_record_that_is_seen_is_tied_as_before() -> None:
    draft, _ = buried(tied(BASE, tie=Tie.HIDDEN), OTHER)
    assert (tie(draft), draft.items["1"].life, said(draft)) == (Tie.TIED, None, [])


def test_a_deleted_record_that_is_read_again_revives_its_item() -> None:
    base = replace(BASE, life=Life.DELETED, note="deleted in a")
    at = {"title": 1, weighed("title"): 5}
    draft, doomed = buried(read(tombstone(base, at=at)), tied(base, "b"), items=(base,), propagate=True)
    assert (tie(draft), draft.items["1"].life, doomed) == (Tie.TIED, Life.LIVE, set())
    assert draft.replicas["a:1"].at == {"title": 1}
    assert draft.envs["a", "main"].native_of("1") == "1"
    unread, _ = buried(tombstone(base), tied(base, "b"), items=(base,))
    assert (tie(unread), unread.items["1"].life) == (Tie.TOMBSTONE, None)


@pytest.mark.parametrize("presence", [Presence.HIDDEN, Presence.GONE_OR_HIDDEN])
def test_a_deleted_record_that_is_hidden_by_now_was_restored(presence: Presence) -> None:
    draft, _ = buried(absent(tombstone(BASE), presence), OTHER)
    assert (tie(draft), draft.items["1"].life, said(draft)) == (Tie.HIDDEN, Life.LIVE, [])
    ours, _ = buried(absent(tombstone(BASE, ours=True), presence), OTHER)
    assert (tie(ours), ours.items["1"].life, said(ours)) == (Tie.TOMBSTONE, None, [])


def test_what_an_owner_says_in_a_restored_record_is_said_again() -> None:
    owned = {"fields": {"priority": FieldPolicy(Rule.OWNER, ("a", "b"))}}
    one = read(tombstone(BASE, undecided=frozenset({"site"})))
    draft, _ = buried(one, OTHER, policy=owned)
    assert draft.replicas["a:1"].undecided == {"priority", "site"}
    assert buried(one, OTHER)[0].replicas["a:1"].undecided == {"site"}


def test_a_question_about_a_deletion_falls_when_the_record_is_there_again() -> None:
    sides = (Side("a", "deleted", "deleted", 0), Side(None, "kept", "kept", 0, agreed=True))
    open_ = Conflict("c-1", "1", LIFE, sides, NOW)
    draft, _ = buried(read(tombstone(BASE)), OTHER, conflicts={"c-1": open_})
    assert (draft.items["1"].closed, LIFE in draft.items["1"].held) == (["c-1"], False)


def test_restored_where_we_deleted_the_others_a_person_is_asked() -> None:
    ours = [tombstone(BASE, name, ours=True) for name in ("c", "b")]
    theirs = tombstone(BASE, "d")
    draft, _ = buried(read(tombstone(BASE)), *ours, theirs)
    assert asked(draft) == "restored in a; its records in b, c were deleted by us"
    assert [one.base.id for one in draft.asked] == ["c:1", "b:1"]
    alone, _ = buried(read(tombstone(BASE)), theirs)
    assert (asked(alone), alone.asked) == ("", [])


def test_a_record_of_ours_that_is_restored_itself_is_no_question() -> None:
    draft, _ = buried(read(tombstone(BASE, ours=True)), OTHER)
    assert (tie(draft), asked(draft)) == (Tie.TIED, "")
    hidden, _ = buried(tied(BASE, tie=Tie.HIDDEN), tombstone(BASE, "b", ours=True))
    assert (tie(hidden), asked(hidden)) == (Tie.TIED, "")


def test_only_items_that_may_change_in_this_run_lose_their_other_records() -> None:
    base, other = replace(BASE, life=Life.DELETED), item("2", priority=1)
    more = (tombstone(base), tied(base, "b"), tied(other))

    def items(focus: frozenset[str] | None) -> set[str]:
        return buried(*more, items=(base, other), propagate=True, focus=focus)[1]

    assert (items(None), items(frozenset({"1"})), items(frozenset({"2"}))) == ({"1"}, {"1"}, set())


def test_records_that_come_and_go_do_not_depend_on_their_order() -> None:
    """Of two items at once, each is decided by its own records."""

    def ties(draft: Draft) -> set[tuple[str, Tie]]:
        return {(one.base.id, one.tie) for one in draft.replicas.values()}

    two = item("2", priority=1)
    gone, back = absent(tied(BASE)), read(tombstone(two))
    assert (
        ties(buried(gone, back, items=(BASE, two))[0])
        == ties(buried(back, gone, items=(BASE, two))[0])
        == {("a:1", Tie.TOMBSTONE), ("a:2", Tie.TIED)}
    )
