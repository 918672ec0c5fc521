"""Who has the last word on a field, and whether they can be heard in this run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from itpm_sync.bases import Conflict, Replica, Side, Tie
from itpm_sync.connector import Presence
from itpm_sync.policy import FieldPolicy, Rule
from itpm_sync.reconcile.draft import Draft
from itpm_sync.reconcile.items import HEARD, entry_of
from itpm_sync.reconcile.owners import policy_of, said_again
from itpm_sync.simulator.lenses import NumberLens
from itpm_sync.testing.small_items import BASE, LENSES, begun, read
from itpm_sync.testing.small_world import NOW, PLAIN, absent, tied, view

OWNED = FieldPolicy(Rule.OWNER, ("a", "b"))
HELD = FieldPolicy(Rule.HOLD)
AT = {"title": 1, "kind": 0, "parent": 0}
"""A record that was never brought to the priority."""
OPEN = Conflict("c-1", "1", "priority", (Side("b", 2, 2, 1), Side("c", 3, 3, 1)), NOW)
VIEWS = tuple(view(name, lenses=LENSES) for name in "abc")


def heard(
    *replicas: Replica,
    owned: FieldPolicy = OWNED,
    authorities: tuple[str, ...] = (),
    views: Any = VIEWS,
    **more: Any,
) -> FieldPolicy | None:
    """The policy that the item's priority is decided by; None: whoever has the last word cannot be heard."""
    policy = {"fields": {"priority": owned}, "authorities": authorities}
    draft = begun(*replicas, policy=policy, views=views, **more)
    entries = [
        entry
        for one in draft.of_item["1"]
        if one.tie in HEARD
        and (here := draft.world.containers.get(one.place)) is not None
        and (entry := entry_of(draft, draft.items["1"], one, here, "priority")) is not None
    ]
    return policy_of(draft, draft.items["1"], "priority", entries)


def computing(one: Replica) -> Replica:
    """A record of which its tool computes the priority."""
    assert one.seen is not None
    return replace(one, seen=replace(one.seen, computed=frozenset({"priority"})))


A, B = tied(BASE), tied(BASE, "b")
SILENT = tied(BASE, tie=Tie.HIDDEN)


# ── the configured owner ──


def test_where_all_can_be_heard_the_configuration_stands() -> None:
    assert heard(A, B) == OWNED
    assert heard(A, B, owned=HELD) == HELD
    assert heard(B) == OWNED
    assert heard(tied(BASE, "c")) == OWNED


def test_an_owner_that_holds_the_field_and_is_silent_is_waited_for() -> None:
    assert heard(SILENT, B) is None
    assert heard(B, SILENT) is None
    assert heard(A, tied(BASE, "b", tie=Tie.HIDDEN)) == OWNED
    assert heard(SILENT, B, owned=HELD) == HELD
    other = FieldPolicy(Rule.OWNER, ("c", "b"))
    assert heard(SILENT, B, owned=other) == other
    assert heard(SILENT, B, owned=FieldPolicy(Rule.OWNER, ("c", "a"))) is None
    assert heard(SILENT, tied(BASE, "c")) is None


def test_an_owner_without_the_field_is_not_waited_for() -> None:
    assert heard(tied(BASE, tie=Tie.HIDDEN, at=AT), B) == OWNED
    assert heard(tied(BASE, tie=Tie.TOMBSTONE), B) == OWNED
    assert heard(tied(BASE, tie=Tie.HIDDEN), B, views=VIEWS[1:]) == OWNED
    bare = (view("a", lenses=PLAIN[:3]), *VIEWS[1:])
    assert heard(A, B, views=bare) == OWNED


def test_an_owner_whose_container_lost_the_field_is_waited_for() -> None:
    lost = (view("a", lenses=PLAIN[:3], lost={"priority": NumberLens("priority")}), *VIEWS[1:])
    for where in (Tie.TIED, Tie.OUT_OF_SCOPE):
        assert heard(tied(BASE, tie=where), B, views=lost) is None
    assert heard(tied(BASE, at=AT), B, views=lost) == OWNED


def test_an_owner_whose_value_cannot_be_read_is_waited_for() -> None:
    assert heard(read(A, priority="many"), B) is None
    assert heard(read(tied(BASE, at=AT), priority="many"), B) == OWNED


@pytest.mark.parametrize("presence", [Presence.GONE, Presence.BINNED, Presence.HIDDEN])
def test_what_a_record_said_that_seems_to_be_gone_is_no_word_of_now(presence: Presence) -> None:
    assert heard(absent(A, presence, confirmed=False), B) is None
    assert heard(absent(A, Presence.MOVED), B) == OWNED
    assert heard(A, absent(B, presence, confirmed=False)) == OWNED


def test_an_owner_that_we_may_have_given_the_item_is_waited_for() -> None:
    assert heard(B, creating=frozenset({("1", "a")})) is None
    assert heard(B, creating=frozenset({("2", "a")})) == OWNED
    assert heard(B, creating=frozenset({("1", "c")})) == OWNED
    assert heard(A, B, creating=frozenset({("1", "a")})) == OWNED
    assert heard(B, creating=frozenset({("1", "a")}), owned=HELD) == HELD


def test_a_conflict_waits_for_nobody() -> None:
    making: dict[str, Any] = {"creating": frozenset({("1", "a")})}
    for replicas, more in (((SILENT, B), {}), ((B,), making)):
        assert heard(*replicas, conflicts={"c-1": OPEN}, **more) == OWNED
        other = replace(OPEN, field="title")
        assert heard(*replicas, conflicts={"c-1": other}, **more) is None


def test_in_doubt_nothing_is_settled_by_rule() -> None:
    assert heard(A, B, other_ledger="It is old.") == HELD
    assert heard(A, B, other_ledger="It is old.", first_sync=True) == OWNED
    assert heard(SILENT, B, other_ledger="It is old.") is None


# ── schedule authorities ──


def test_the_first_authority_that_holds_the_item_and_computes_the_field_owns_it() -> None:
    def owner(*replicas: Replica, **more: Any) -> FieldPolicy | None:
        return heard(*replicas, owned=HELD, authorities=("a", "b"), **more)

    assert owner(computing(A), B) == FieldPolicy(Rule.OWNER, ("a",))
    assert owner(computing(A), computing(B)) == FieldPolicy(Rule.OWNER, ("a",))
    assert owner(computing(B), tied(BASE, "c")) == FieldPolicy(Rule.OWNER, ("b",))
    assert owner(computing(A), B, other_ledger="It is old.") == FieldPolicy(Rule.OWNER, ("a",))
    assert owner(A, computing(B)) == HELD
    assert owner(computing(tied(BASE, "c")), B) == HELD


def test_an_authority_that_computes_the_field_and_is_silent_is_waited_for() -> None:
    def owner(*replicas: Replica, **more: Any) -> FieldPolicy | None:
        return heard(*replicas, owned=HELD, authorities=("a", "b"), **more)

    assert owner(computing(SILENT), B) is None
    assert owner(computing(SILENT), computing(B)) is None
    assert owner(SILENT, computing(B)) == HELD
    assert owner(replace(SILENT, seen=None), computing(B)) == HELD
    assert owner(computing(A), computing(tied(BASE, "b", tie=Tie.HIDDEN))) == FieldPolicy(Rule.OWNER, ("a",))
    lost = (view("a", lenses=PLAIN[:3], lost={"priority": NumberLens("priority")}), *VIEWS[1:])
    assert owner(computing(A), B, views=lost) is None
    assert owner(A, B, views=lost) == HELD
    assert owner(computing(SILENT), B, conflicts={"c-1": OPEN}) == HELD


def test_what_was_computed_when_it_was_last_read_counts() -> None:
    typed = read(computing(SILENT), priority=3)
    assert typed.reading is not None
    now = replace(typed, reading=replace(typed.reading, computed=frozenset()))
    assert heard(now, B, owned=HELD, authorities=("a",)) == HELD


# ── said again ──


def again(one: Replica, *others: Replica, owned: FieldPolicy = OWNED, **more: Any) -> frozenset[str]:
    fields = {"priority": owned, "site": FieldPolicy(Rule.OWNER, ("c", "a"))}
    draft: Draft = begun(one, *others, policy={"fields": fields}, views=VIEWS, **more)
    return said_again(draft, draft.items["1"], draft.replicas[one.id])


def test_a_record_that_is_back_says_again_what_its_tool_has_the_last_word_on() -> None:
    assert again(A) == {"priority", "site"}
    assert again(A, B) == {"priority", "site"}
    assert again(A, tied(BASE, "c")) == {"priority"}
    assert again(A, owned=HELD) == {"site"}
    assert again(A, owned=FieldPolicy(Rule.HOLD, ("a",))) == {"site"}
    assert again(B, A) == set()


@pytest.mark.parametrize(
    ("there", "said"),
    [(Tie.TIED, False), (Tie.OUT_OF_SCOPE, False), (Tie.HIDDEN, False), (Tie.TOMBSTONE, True)],
)
def test_whoever_is_there_before_it_has_the_last_word(there: Tie, said: bool) -> None:
    assert ("priority" in again(B, tied(BASE, tie=there))) is said


def test_of_fields_that_its_container_does_not_hold_it_says_nothing() -> None:
    fields = {"labels": FieldPolicy(Rule.OWNER, ("a",))}
    draft = begun(A, policy={"fields": fields}, views=(view("a", lenses=PLAIN),))
    assert said_again(draft, draft.items["1"], draft.replicas["a:1"]) == set()
