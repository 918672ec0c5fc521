"""What is left alone: by a label, by a pause, by a quarantine; and items of a ledger that was lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from itpm_sync.bases import UNREAD, Life, Refusal, Tie, item_ids
from itpm_sync.connector import Operation, Presence
from itpm_sync.lens import Env, Lens, Poisoned, Values
from itpm_sync.model import Value
from itpm_sync.plan import Skipped
from itpm_sync.reconcile.draft import Draft
from itpm_sync.reconcile.paused import parted
from itpm_sync.reconcile.quarantined import over, poisoned
from itpm_sync.reconcile.rebuild import rebuild
from itpm_sync.reconcile.skipped import labelled, skip
from itpm_sync.simulator.lenses import NumberLens, PlainLens, SetLens
from itpm_sync.testing.small_world import (
    NOW,
    PLAIN,
    absent,
    action,
    draft,
    item,
    record,
    tied,
    untied,
    view,
    world,
)

LABELS = (*PLAIN, SetLens("labels"))


class OddLabels(PlainLens):
    """Labels that cannot be read."""

    def get(self, values: Values, env: Env) -> Value:
        raise Poisoned("odd", field="labels", place=("a", "main"))


def labels(*words: str, lenses: tuple[Lens, ...] = LABELS, policy: Any = None, **more: Any) -> Draft:
    base = item("1", labels=frozenset(words))
    known = replace(record("1"), values={"title": "Rack", "labels": list(words)})
    one = replace(tied(base), **{"seen": known, **more})
    return draft(view("a", lenses=lenses), items=[base], replicas=[one], policy=policy)


def is_labelled(*words: str, **more: Any) -> bool:
    one = labels(*words, **more)
    return labelled(one, one.replicas["a:1"])


def test_a_record_with_the_label_is_left_alone_whatever_its_letters() -> None:
    assert is_labelled("itpm-skip")
    assert is_labelled("core", "ITPM-Skip")
    assert not is_labelled("core")
    assert not is_labelled()
    assert is_labelled("Later", policy={"skip_label": "LATER"})
    assert not is_labelled("itpm-skip", policy={"skip_label": "later"})
    assert not is_labelled("itpm-skip", "", policy={"skip_label": ""})


def test_labels_may_stand_in_several_places_of_a_record() -> None:
    lens = SetLens("labels")
    lens.native = frozenset({"labels", "categories"})
    assert is_labelled("itpm-skip", lenses=(*PLAIN, lens))


def test_a_tool_without_labels_or_with_odd_ones_leaves_nothing_alone() -> None:
    assert not is_labelled("itpm-skip", lenses=PLAIN)
    odd = OddLabels("labels")
    odd.native = frozenset({"labels"})
    assert not is_labelled("itpm-skip", lenses=(*PLAIN, odd))
    assert not is_labelled("itpm-skip", seen=None)
    one = labels("itpm-skip")
    elsewhere = replace(one.replicas["a:1"].base, connection="gone")
    one.replicas["a:1"].base = elsewhere
    assert not labelled(one, one.replicas["a:1"])


@pytest.mark.parametrize(
    ("tie", "confirmed", "says"),
    [
        (Tie.TIED, False, True),
        (Tie.TIED, True, False),
        (Tie.HIDDEN, False, False),
        (Tie.TOMBSTONE, False, False),
        (Tie.OUT_OF_SCOPE, False, True),
    ],
)
def test_a_record_that_is_absent_keeps_its_label_until_it_is_believed_gone(
    tie: Tie, confirmed: bool, says: bool
) -> None:
    one = labels("itpm-skip", tie=tie)
    one.replicas["a:1"].base = absent(one.replicas["a:1"].base, confirmed=confirmed)
    assert labelled(one, one.replicas["a:1"]) is says


def test_a_deleted_record_says_nothing_until_it_is_there_again() -> None:
    one = labels("itpm-skip", tie=Tie.TOMBSTONE)
    assert not labelled(one, one.replicas["a:1"])
    base = one.replicas["a:1"].base
    one.replicas["a:1"].base = replace(base, reading=base.seen)
    assert labelled(one, one.replicas["a:1"])


def test_the_item_of_such_a_record_is_left_alone_and_named() -> None:
    one = labels("itpm-skip")
    skip(one)
    assert one.skipped == {"1"}
    assert one.skips == [Skipped("1", "a", "main", "1", "Rack 1")]
    other = labels("core")
    skip(other)
    assert (other.skipped, other.skips) == (set(), [])


def test_a_record_that_is_no_item_yet_is_named_as_people_call_it() -> None:
    known = replace(
        record("7", title="New"), values={"title": "New", "labels": ["itpm-skip"]}, name="NET-7 New"
    )
    stranger = replace(untied("a", "7"), reading=known)
    one = draft(view("a", lenses=LABELS), replicas=[stranger])
    skip(one)
    assert one.skipped == set()
    assert one.skips == [Skipped(None, "a", "main", "7", "NET-7 New")]


def test_an_item_without_an_agreed_title_is_named_by_its_record() -> None:
    one = labels("itpm-skip")
    del one.items["1"].agreed["title"]
    skip(one)
    assert [each.title for each in one.skips] == ["Rack (1)"]


# ── paused ──


def test_a_pause_holds_the_actions_of_its_container_and_no_others() -> None:
    acts = (action(Operation.UPDATE, "1"), action(Operation.UPDATE, "1", "b"), action(Operation.CREATE, "2"))
    free = world(view("a"), view("b"))
    assert parted(free, acts) == (acts, ())
    held = world(view("a", paused="Ann paused it."), view("b"))
    assert parted(held, acts) == ((acts[1],), (acts[0], acts[2]))
    assert parted(held, acts[1:2]) == ((acts[1],), ())


# ── quarantined ──

SPOT = ("1", "a", "main", "priority")


def refusal(
    version: int = 1, *, field: str = "priority", next_try: timedelta = timedelta(hours=1), attempts: int = 3
) -> Refusal:
    return Refusal("1", "a", "main", field, version, "odd", attempts, NOW + next_try)


def unreadable(*refusals: Refusal) -> tuple[Refusal, ...]:
    one = draft(view("a"), items=[item("1")], refusals=refusals)
    one.poisoned[SPOT] = "very odd"
    return poisoned(one)


def test_what_cannot_be_read_is_tried_again_later_and_later() -> None:
    hour = timedelta(hours=1)
    assert unreadable() == (Refusal(*SPOT, UNREAD, "very odd", 1, NOW + hour),)
    due = refusal(UNREAD, next_try=timedelta(0))
    assert unreadable(due) == (Refusal(*SPOT, UNREAD, "very odd", 4, NOW + 8 * hour),)
    assert unreadable(refusal(UNREAD)) == ()
    assert unreadable(refusal(7)) == (Refusal(*SPOT, UNREAD, "very odd", 1, NOW + hour),)
    assert unreadable(refusal(UNREAD, field="title"))[0].attempts == 1


def test_each_item_that_cannot_be_read_is_quarantined() -> None:
    one = draft(view("a"), items=[item("1")], refusals=[refusal(UNREAD)])
    one.poisoned |= {SPOT: "very odd", ("2", *SPOT[1:]): "odd too"}
    assert [each.item for each in poisoned(one)] == ["2"]


def is_over(one: Refusal | None = None, *, says: Value = 1, do: Any = None, **more: Any) -> bool:
    """Whether a refused write of priority 1 is over, where the tool says something."""
    base = replace(item("1", priority=1), **more.pop("base", {}))
    known = {"seen": record("1", title="Rack 1", priority=says), **more.pop("record", {})}
    there = replace(tied(base), **known)
    lenses = more.pop("lenses", (*PLAIN[:3], NumberLens("priority")))
    one = one or refusal()
    here = view("a", lenses=lenses, **more.pop("view", {}))
    made = draft(here, items=[base], replicas=[there], refusals=(one,), **more)
    if do is not None:
        do(made)
    found = over(made)
    assert found in ((), ((one.item, one.connection, one.container, one.field),))
    return bool(found)


def test_a_refusal_is_over_once_what_was_refused_stands_there() -> None:
    assert is_over()
    assert not is_over(says=2)
    assert not is_over(says="no number")
    assert not is_over(record={"seen": None})


def test_a_refusal_of_a_whole_record_is_over_once_all_of_it_stands_there() -> None:
    assert is_over(refusal(field=""))
    assert not is_over(refusal(field=""), says=2)
    only_read = (*PLAIN[:3], PlainLens("priority", writable=False))
    assert is_over(refusal(field=""), says=2, lenses=only_read)


def test_a_refusal_of_a_field_that_is_mapped_or_agreed_no_more_is_over_but_not_that_of_a_key() -> None:
    assert is_over(refusal(field="site"))
    assert is_over(lenses=PLAIN[:3])
    assert not is_over(refusal(field="key"))


def test_a_refusal_stays_while_its_field_is_held_or_undecided() -> None:
    assert not is_over(do=lambda one: one.items["1"].held.add("priority"))
    assert not is_over(record={"undecided": frozenset({"priority"})})
    assert is_over(record={"undecided": frozenset({"title"})})


def test_a_refusal_stays_while_its_item_is_left_alone_or_its_container_is_not_read() -> None:
    assert not is_over(do=lambda one: one.skipped.add("1"))
    assert not is_over(do=lambda one: one.left_out.add("1"))
    assert not is_over(view={"suspended": "It does not answer."})
    assert not is_over(replace(refusal(), item="2"))
    assert not is_over(replace(refusal(), container="other"))


def test_a_refusal_stays_while_its_record_is_not_there() -> None:
    assert not is_over(record={"tie": Tie.HIDDEN})
    assert not is_over(record={"tie": Tie.OUT_OF_SCOPE})
    assert not is_over(pending=frozenset({"a:1"}))

    def away(one: Draft) -> None:
        one.replicas["a:1"].base = absent(one.replicas["a:1"].base, Presence.GONE)

    assert not is_over(do=away)


def test_a_deleted_items_refusal_is_over_where_its_record_is_gone() -> None:
    def deleted(one: Draft) -> None:
        one.items["1"].life = Life.DELETED

    def nowhere(one: Draft) -> None:
        deleted(one)
        one.of_item["1"].clear()

    before: dict[str, Any] = {"base": {"life": Life.DELETED}}
    assert is_over(record={"tie": Tie.TOMBSTONE}, **before)
    assert not is_over(**before)
    assert is_over(record={"tie": Tie.TOMBSTONE}, do=deleted)
    assert is_over(do=nowhere)
    assert not is_over(do=deleted)
    assert not is_over(record={"tie": Tie.TOMBSTONE})


def test_a_refusal_to_read_is_over_once_the_item_was_decided() -> None:
    assert is_over(refusal(UNREAD), says=2)
    assert not is_over(refusal(UNREAD), do=lambda one: one.poisoned.update({SPOT: "odd"}))


# ── items of a ledger that was lost ──

KEYS = tuple(f"i-{number:024x}" for number in range(3))


def rebuilt(*records: Any, **more: Any) -> dict[str, list[str]]:
    """By item: the records that it was made from."""
    views = more.pop("views", (view("a"), view("b")))
    one = draft(*views, replicas=records, **{"other_ledger": "It was lost.", **more})
    rebuild(one)
    assert all(made.new for name, made in one.items.items() if name not in one.world.items)
    return {name: [each.base.id for each in one.of_item[name]] for name in one.items}


def test_each_key_that_records_carry_becomes_an_item_on_one_of_them() -> None:
    records = [
        untied("b", "1", key=KEYS[0]),
        untied("a", "2", key=KEYS[0]),
        untied("b", "3", key=KEYS[1]),
        untied("b", "4"),
    ]
    assert rebuilt(*records) == {KEYS[0]: ["a:2"], KEYS[1]: ["b:3"]}
    assert rebuilt(*records, other_ledger="") == {}


def test_only_our_keys_of_this_project_that_are_no_items_count() -> None:
    assert rebuilt(untied("a", "1", key="PO-4711")) == {}
    assert rebuilt(untied("a", "1", key=KEYS[0]), elsewhere=frozenset({KEYS[0]})) == {}
    assert rebuilt(untied("a", "1", key=KEYS[0]), items=[item(KEYS[0])], views=(view("a"),)) == {KEYS[0]: []}


def test_only_records_that_were_read_and_are_no_items_count() -> None:
    one = untied("a", "1", key=KEYS[0])
    assert rebuilt(replace(one, tie=Tie.TOMBSTONE)) == {}
    assert rebuilt(replace(one, reading=None)) == {}
    assert rebuilt(replace(one, connection="gone")) == {}
    assert rebuilt(one, views=(view("a", suspended="x"), view("b"))) == {}


def test_of_several_that_carry_a_key_the_one_alone_in_its_connection_is_taken() -> None:
    copies = [untied("a", "1", key=KEYS[0]), untied("a", "2", key=KEYS[0]), untied("b", "3", key=KEYS[0])]
    assert rebuilt(*copies) == {KEYS[0]: ["b:3"]}
    assert rebuilt(*reversed(copies[:2])) == {KEYS[0]: ["a:1"]}


def test_the_record_that_the_item_was_first_seen_on_comes_before_all_others() -> None:
    """Its id follows from that record, so it is known also where the tool has no place for a key."""
    first, second = item_ids("story", "b", "9", most=2)
    other = untied("a", "1", key=second)
    assert rebuilt(untied("a", "1", key=first), untied("b", "9")) == {first: ["b:9"]}
    assert rebuilt(other, untied("b", "9")) == {second: ["b:9"]}
    assert rebuilt(untied("a", "1", key=first), untied("b", "9", key=first)) == {first: ["b:9"]}
    assert rebuilt(untied("a", "1", key=first), untied("b", "9", key=KEYS[0])) == {
        first: ["a:1"],
        KEYS[0]: ["b:9"],
    }
    unread = replace(untied("b", "9"), reading=None)
    assert rebuilt(untied("a", "1", key=first), unread) == {first: ["a:1"]}
    third = list(item_ids("story", "b", "9", most=3))[2]
    assert rebuilt(untied("a", "1", key=third), untied("b", "9")) == {third: ["a:1"]}
