"""The decision in the making: what lenses are told of ties, new items, what is put back, and what comes out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from itpm_sync.bases import LIFE, Agreed, Conflict, ItemBase, Life, Offer, Side, Tie, item_ids
from itpm_sync.decided import decided_item, decided_replicas
from itpm_sync.plan import Decision, Grade, Loser, ReplicaChange, Warning
from itpm_sync.reconcile.draft import Draft, unweighed, weighed
from itpm_sync.testing.small_world import NOW, item, record, tied, untied, view, world
from itpm_sync.ties import Beyond


def conflict(name: str = "c-1", of: str = "1", field: str = "priority", *also: str) -> Conflict:
    return Conflict(name, of, field, (Side("a", 1, 1, 1),), NOW, also=also)


def one_item(*conflicts: Conflict, **more: Any) -> Draft:
    base = item("1", priority=1)
    made = {each.id: each for each in conflicts}
    return Draft(world(view("a"), items=[base], replicas=[tied(base)], conflicts=made, **more))


# ── surroundings ──


@pytest.mark.parametrize(
    ("tie", "known"),
    [(Tie.TIED, "1"), (Tie.OUT_OF_SCOPE, "1"), (Tie.HIDDEN, "1"), (Tie.TOMBSTONE, None), (Tie.UNTIED, None)],
)
def test_lenses_know_the_items_of_records_that_are_there(tie: Tie, known: str | None) -> None:
    base = item("1")
    draft = Draft(world(view("a"), items=[base], replicas=[tied(base, native="x", tie=tie)]))
    env = draft.envs["a", "main"]
    assert draft.by_native == {("a", "x"): draft.replicas["a:x"]}
    assert draft.later is False
    assert (env.item_of("x"), env.native_of("1")) == (known, "x" if known else None)
    assert env.zone is draft.world.zone
    assert env.tool == "a"


def test_records_of_no_container_of_the_project_are_nobodys_surroundings() -> None:
    base = item("1")
    draft = Draft(world(view("a"), items=[base], replicas=[tied(base, "gone")]))
    assert draft.envs["a", "main"].natives == {}


def test_what_a_narrow_run_does_not_know_is_asked_for_and_strangers_are_known() -> None:
    found = [untied("a", "x"), tied(item("1"), item=None)]
    narrow = Draft(world(view("a"), replicas=found, focus=frozenset()))
    assert narrow.envs["a", "main"].item_of("x") is None
    assert narrow.envs["a", "main"].item_of("1") is None
    with pytest.raises(Beyond):
        narrow.envs["a", "main"].item_of("y")
    assert Draft(world(view("a"))).envs["a", "main"].item_of("y") is None


def test_parents_are_known_as_agreed() -> None:
    bases = [item("x", parent="y"), item("y", parent=None), item("z", parent=7)]
    assert Draft(world(view("a"), items=bases)).parents == {"x": "y", "y": None, "z": None}


def test_in_a_narrow_run_only_what_is_looked_at_may_change() -> None:
    bases = [item("x"), item("y")]
    assert [one.base.id for one in Draft(world(view("a"), items=bases)).subjects()] == ["x", "y"]
    narrow = Draft(world(view("a"), items=bases, focus=frozenset({"y"})))
    assert [one.base.id for one in narrow.subjects()] == ["y"]


def test_an_open_conflict_holds_its_field_on_every_item_it_is_about() -> None:
    other = conflict("c-2", "gone", "parent", "1")
    draft = one_item(conflict(), other)
    assert draft.items["1"].held == {"priority", "parent"}
    assert draft.conflicts == {
        ("1", "priority"): conflict(),
        ("gone", "parent"): other,
        ("1", "parent"): other,
    }


# ── ties and new items ──


def test_a_new_item_has_an_id_that_follows_from_its_record() -> None:
    first, second = item_ids("story", "a", "x", most=2)
    draft = Draft(world(view("a"), replicas=[untied("a", "x", title="New")]))
    made = draft.new_item(draft.replicas["a:x"])
    assert (made.base, made.new, made.agreed) == (ItemBase(first, made=NOW), True, {})
    assert draft.items[first] is made
    one = draft.replicas["a:x"]
    assert (one.item, one.tie, one.fresh) == (first, Tie.TIED, True)
    assert draft.envs["a", "main"].item_of("x") == first
    assert draft.holders(first, "a") == [one]
    assert draft.holders(first, "b") == []
    assert draft.tied_now == {("a", "x")}
    assert draft.parents[first] is None
    taken = Draft(world(view("a"), items=[ItemBase(first)], replicas=[untied("a", "x")]))
    assert taken.new_item(taken.replicas["a:x"]).base.id == second
    assert taken.parents == {first: None, second: None}


def test_the_version_a_deletion_was_asked_about_is_kept_apart_until_the_record_is_back() -> None:
    at = {"title": 1, weighed("title"): 3, LIFE: 2}
    assert weighed("title") == "lifecycle.title"
    assert unweighed(at) == {"title": 1, LIFE: 2}


# ── a record is there again ──


def revived(*conflicts: Conflict, **more: Any) -> Draft:
    draft = one_item(*conflicts)
    draft.items["1"].note = "deleted in b"
    if more:
        draft.of_item["1"].append(
            replace(draft.replicas["a:1"], base=tied(item("1"), "b", **more), tie=more["tie"])
        )
    draft.revive(draft.items["1"])
    assert (draft.items["1"].life, draft.items["1"].note) == (Life.LIVE, "")
    return draft


def test_a_record_that_is_back_closes_the_question_about_its_deletion() -> None:
    draft = revived(conflict("c-9", "1", LIFE))
    assert draft.items["1"].closed == ["c-9"]
    assert draft.items["1"].held == set()
    assert draft.conflicts == {}
    assert revived().items["1"].closed == []
    assert revived(conflict()).items["1"].held == {"priority"}


@pytest.mark.parametrize(("ours", "closed"), [(False, []), (True, ["c-9"])])
def test_the_question_stays_while_a_person_deleted_another_record(ours: bool, closed: list[str]) -> None:
    draft = revived(conflict("c-9", "1", LIFE), tie=Tie.TOMBSTONE, ours=ours)
    assert draft.items["1"].closed == closed


def test_a_question_of_this_very_run_stays() -> None:
    draft = one_item()
    draft.conflicts["1", LIFE] = conflict("c-new", "1", LIFE)
    draft.revive(draft.items["1"])
    assert draft.items["1"].closed == []
    assert ("1", LIFE) in draft.conflicts


# ── put back ──


def test_an_item_that_cannot_be_decided_is_as_if_it_had_not_been_looked_at() -> None:
    draft = one_item(conflict())
    one, here = draft.items["1"], draft.replicas["a:1"]
    one.agreed |= {"parent": Agreed("2", 2), "priority": Agreed(9, 2)}
    draft.note_parent(one)
    one.opened, one.updated, one.closed = [conflict("x")], [conflict("y")], ["z"]
    one.losers = [Loser("priority", Side("a", 1, 1, 1), "")]
    here.at, here.offers = {"title": 9}, {"title": (Offer(1, "x", NOW),)}
    here.undecided, here.accept = frozenset({"title"}), True
    draft.put_back(one)
    assert one.agreed == one.base.agreed
    assert (one.opened, one.updated, one.closed, one.losers) == ([], [], [], [])
    assert (here.at, here.offers, here.undecided, here.accept) == (here.base.at, {}, frozenset(), False)
    assert one.held == {"priority", "kind", "title", "parent"}
    assert draft.left_out == {"1"}
    assert draft.parents == {"1": None}
    assert draft.decisions() == ()


def test_a_warning_names_the_record_it_is_about() -> None:
    draft = one_item()
    draft.warn(Grade.NOTE, "says", draft.replicas["a:1"], field="title", mend="mend")
    draft.warn(Grade.LEFT_OUT, "all")
    stranger = Draft(world(view("a"), replicas=[untied("a", "x")]))
    stranger.warn(Grade.NOTE, "new", stranger.replicas["a:x"])
    assert draft.warnings == [
        Warning(Grade.NOTE, "says", "a", "main", "1", "title", "mend"),
        Warning(Grade.LEFT_OUT, "all"),
    ]
    assert stranger.warnings == [Warning(Grade.NOTE, "new", "a", "main", "")]


# ── what comes out ──


def decision(do: Any, **more: Any) -> Decision | None:
    draft = one_item(conflict(), **more)
    do(draft)
    found = draft.decisions()
    assert len(found) < 2
    return found[0] if found else None


def test_where_nothing_changed_nothing_is_decided() -> None:
    assert decision(lambda draft: None) is None
    assert decision(lambda draft: draft.items["1"].reasons.update(priority="why")) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("opened", [conflict("x")]),
        ("updated", [conflict("x")]),
        ("closed", ["x"]),
        ("losers", [Loser("priority", Side("a", 1, 1, 1), "")]),
    ],
)
def test_each_kind_of_change_is_a_decision(name: str, value: list[Any]) -> None:
    found = decision(lambda draft: setattr(draft.items["1"], name, value))
    said: dict[str, Any] = {name: tuple(value)}
    assert found == Decision("1", **said)


def test_a_life_is_decided_with_its_note() -> None:
    def deleted(draft: Draft) -> None:
        draft.items["1"].life, draft.items["1"].note = Life.DELETED, "deleted in b"

    assert decision(deleted) == Decision("1", life=Life.DELETED, note="deleted in b")


def test_a_new_item_is_told_with_the_time_it_was_made() -> None:
    draft = Draft(world(view("a"), replicas=[untied("a", "x")]))
    made = draft.new_item(draft.replicas["a:x"]).base.id
    change = ReplicaChange("a:x", False, Tie.TIED, item=made)
    assert draft.decisions() == (Decision(made, replicas=(change,), new=True, made=NOW),)
    base = replace(item("1"), made=NOW)
    old = Draft(world(view("a"), items=[base]))
    old.items["1"].closed.append("x")
    assert old.decisions() == (Decision("1", closed=("x",)),)


def test_agreed_values_that_moved_are_told_with_their_reasons() -> None:
    moved = Agreed(2, 2, "a")

    def move(draft: Draft) -> None:
        draft.items["1"].agreed |= {"site": moved, "vendor": moved}
        draft.items["1"].reasons |= {
            "site": "edited in a",
            "priority": "held",
            "title": "nothing",
            "kind": "",
        }

    assert decision(move) == Decision(
        "1", {"site": moved, "vendor": moved}, reasons={"site": "edited in a", "priority": "held"}
    )


CHANGES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"accept": True}, {"accept": True}),
    ({"tie": Tie.HIDDEN}, {"tie": Tie.HIDDEN}),
    ({"at": {"title": 2}}, {"at": {"title": 2}}),
    ({"at": {}}, {"at": {}}),
    ({"offers": {"title": ()}}, {"offers": {"title": ()}}),
    ({"undecided": frozenset({"title"})}, {"undecided": frozenset({"title"})}),
    ({"drop": "r-old"}, {"drop": "r-old"}),
    ({"item": "2"}, {"item": "2"}),
]


@pytest.mark.parametrize(("sets", "told"), CHANGES, ids=str)
def test_only_what_changed_in_a_record_is_told(sets: dict[str, Any], told: dict[str, Any]) -> None:
    base = item("1", priority=1)
    one = tied(base, reading=record("1", revision="2"))
    draft = Draft(world(view("a"), items=[base], replicas=[one]))
    assert draft.decisions() == ()
    for name, value in sets.items():
        setattr(draft.replicas["a:1"], name, value)
    change = ReplicaChange("a:1", **{"accept": False, **told})
    assert draft.decisions() == (Decision("1", replicas=(change,)),)
    decided = decided_replicas({"a:1": one, "r-old": replace(one, seen=None)}, draft.decisions()[0])
    expected = (
        {**told, "seen": one.reading, "reading": None}
        if told.pop("accept", False)
        else {**told, "reading": one.reading}
    )
    if told.pop("drop", ""):
        expected = {"seen": None, "reading": one.reading}
    assert decided == [replace(one, **expected)]


def test_a_record_without_a_reading_has_nothing_to_accept() -> None:
    assert decision(lambda draft: setattr(draft.replicas["a:1"], "accept", True)) is None


# ── carried out ──


def test_a_decision_adds_to_what_was_agreed() -> None:
    base = item("1", priority=1)
    moved = Agreed(2, 2, "b")
    found = decided_item(base, Decision("1", {"priority": moved}))
    assert found == replace(base, agreed={**base.agreed, "priority": moved})
    gone = decided_item(base, Decision("1", {"priority": moved}, life=Life.DELETED, note="n"))
    assert gone == replace(found, life=Life.DELETED, note="n")
    noted = replace(base, note="as before")
    assert decided_item(noted, Decision("1", note="not said")).note == "as before"
    made = NOW - timedelta(hours=1)
    assert decided_item(None, Decision("9", new=True, made=made)) == ItemBase("9", made=made)


def test_a_record_that_takes_over_has_the_base_of_the_other() -> None:
    old = tied(item("1"), native="old")
    new = untied("a", "new", title="Rack")
    both = {one.id: one for one in (old, new)}
    (kept,) = decided_replicas(
        both, Decision("1", replicas=(ReplicaChange("a:new", False, drop="a:old", item="1"),))
    )
    assert kept == replace(new, seen=old.seen, item="1")
    (read,) = decided_replicas(
        both, Decision("1", replicas=(ReplicaChange("a:new", drop="a:old", item="1"),))
    )
    assert read == replace(new, seen=new.reading, reading=None, item="1")


def test_what_a_moved_record_is_taken_to_say_still_is_seen_beside_what_was_read() -> None:
    def moved(draft: Draft) -> None:
        draft.replicas["a:1"].kept = {"site": "x", "priority": 1}
        draft.replicas["a:1"].accept = True

    one = replace(tied(item("1")), reading=record("1", revision="2", priority=2))
    draft = Draft(world(view("a"), items=[item("1")], replicas=[one]))
    moved(draft)
    (found,) = draft.decisions()
    assert [change.kept for change in found.replicas] == [{"site": "x", "priority": 1}]
    (after,) = decided_replicas({"a:1": one}, found)
    assert (after.seen, after.reading) == (record("1", revision="2", site="x", priority=2), None)


def test_nothing_read_is_nothing_accepted() -> None:
    one = tied(item("1"))
    (same,) = decided_replicas({one.id: one}, Decision("1", replicas=(ReplicaChange(one.id),)))
    assert same == one


@pytest.mark.parametrize(("tie", "ours"), [(Tie.TOMBSTONE, True), (Tie.TIED, False), (None, True)])
def test_a_deletion_of_ours_is_remembered_while_the_record_is_gone(tie: Tie | None, ours: bool) -> None:
    one = tied(item("1"), tie=Tie.TOMBSTONE, ours=True)
    (after,) = decided_replicas({one.id: one}, Decision("1", replicas=(ReplicaChange(one.id, tie=tie),)))
    assert (after.ours, after.tie) == (ours, tie or Tie.TOMBSTONE)
    theirs = replace(one, ours=False)
    (after,) = decided_replicas({one.id: theirs}, Decision("1", replicas=(ReplicaChange(one.id, tie=tie),)))
    assert after.ours is False
