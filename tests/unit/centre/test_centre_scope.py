"""What lives where: what a container takes, what leaves it, and when something is created in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from itpm_sync.bases import LIFE, Agreed, ItemBase, Life, Replica, Tie
from itpm_sync.connector import Capabilities
from itpm_sync.model import Category, Day, Kind, Progress, Schedule
from itpm_sync.plan import Grade
from itpm_sync.policy import Creation, Scope
from itpm_sync.reconcile.draft import Draft, ItemDraft
from itpm_sync.reconcile.scope import creations, rescope, takes
from itpm_sync.simulator.lenses import PlainLens
from itpm_sync.testing.small_world import NOW, absent, item, tied, untied, view, world


def taken(scope: Scope, **values: Any) -> bool:
    base = item("1", **values)
    return takes(scope, ItemDraft(base, dict(base.agreed)))


def where(**words: str) -> Scope:
    return Scope(where={name: frozenset({word}) for name, word in words.items()})


def test_a_scope_without_words_takes_everything() -> None:
    assert taken(Scope())
    assert taken(Scope(), kind=Kind.RISK)


def test_a_scope_of_kinds_takes_those_and_what_has_no_kind_as_a_task() -> None:
    tasks = Scope(frozenset({Kind.TASK}))
    assert taken(tasks, kind=Kind.TASK)
    assert not taken(tasks, kind=Kind.RISK)
    assert taken(tasks)
    assert taken(tasks, kind=None)
    assert not taken(Scope(frozenset({Kind.RISK})))


def test_a_condition_compares_the_words_of_a_field() -> None:
    assert taken(where(priority="1"), priority=1)
    assert not taken(where(priority="1"), priority=2)
    assert not taken(where(priority="1"))
    assert not taken(where(priority="None"), priority=None)


def test_one_of_a_sets_words_is_enough_and_every_condition_counts() -> None:
    assert taken(where(labels="wifi"), labels=frozenset({"wifi", "core"}))
    assert not taken(where(labels="wifi"), labels=frozenset({"core"}))
    assert not taken(where(labels="wifi", priority="1"), labels=frozenset({"wifi"}), priority=2)


def test_a_condition_may_ask_for_a_part_of_a_group() -> None:
    doing = Progress(Category.DOING, None, 10, Day(date(2026, 5, 1)))
    assert taken(where(percent="10"), progress=doing)
    assert not taken(where(percent="20"), progress=doing)
    assert taken(where(start="2026-05-01"), schedule=Schedule(Day(date(2026, 5, 1))))
    assert not taken(where(finish="2026-05-01"), schedule=Schedule(Day(date(2026, 5, 1))))


# ── ties ──

ONES = {"scope": Scope(where={"priority": frozenset({"1"})})}


def after(tie: Tie, priority: int, *, skipped: bool = False, **more: Any) -> Tie:
    base = item("1", priority=priority)
    one = Draft(world(view("a", policy=ONES), items=[base], replicas=[tied(base, tie=tie, **more)]))
    if skipped:
        one.skipped.add("1")
    rescope(one)
    return one.replicas["a:1"].tie


def test_ties_follow_the_scope() -> None:
    assert after(Tie.TIED, 2) is Tie.OUT_OF_SCOPE
    assert after(Tie.OUT_OF_SCOPE, 1) is Tie.TIED
    assert after(Tie.TIED, 1) is Tie.TIED
    assert after(Tie.OUT_OF_SCOPE, 2) is Tie.OUT_OF_SCOPE


@pytest.mark.parametrize("tie", [Tie.HIDDEN, Tie.TOMBSTONE])
def test_hidden_and_deleted_records_keep_their_tie(tie: Tie) -> None:
    assert after(tie, 1) is tie
    assert after(tie, 2) is tie


def test_what_people_want_left_alone_keeps_its_tie() -> None:
    assert after(Tie.TIED, 2, skipped=True) is Tie.TIED


def test_records_of_no_item_and_of_no_container_of_the_project_are_passed_over() -> None:
    base = item("1", priority=2)
    records = [tied(base, "a", item=None), tied(base, "gone"), tied(item("elsewhere"), "a"), tied(base, "b")]
    one = Draft(world(view("a", policy=ONES), view("b", policy=ONES), items=[base], replicas=records))
    rescope(one)
    assert [each.tie for each in one.replicas.values()] == [Tie.TIED, Tie.TIED, Tie.TIED, Tie.OUT_OF_SCOPE]


# ── creations ──


def created(
    *views: Any, base: ItemBase | None = None, do: Callable[[Draft], None] = lambda _: None, **more: Any
) -> list[str]:
    """Where the item, which is in a, would be made."""
    base = base or item("1", priority=1)
    replicas = more.pop("replicas", [tied(base)])
    one = Draft(world(view("a"), *views, items=[base], replicas=replicas, **more))
    do(one)
    return [f"{each.place[0]}/{each.place[1]}" for _, each in creations(one)]


def test_an_item_is_made_in_the_first_container_of_each_connection_that_takes_it() -> None:
    no = {"scope": where(priority="2")}
    assert created(view("b"), view("c"), view("c", "other")) == ["b/main", "c/main"]
    assert created(view("b", policy=no), view("b", "other")) == ["b/other"]
    assert created(view("b", policy=no)) == []


def test_each_item_is_looked_at() -> None:
    bases = [item(str(number)) for number in range(4)]
    one = Draft(world(view("a"), view("b"), items=bases, replicas=[tied(each) for each in bases]))
    one.items["0"].life = Life.DELETED
    one.skipped.add("1")
    one.left_out.add("2")
    assert [found.base.id for found, _ in creations(one)] == ["3"]


def test_what_is_deleted_or_asked_about_is_made_nowhere() -> None:
    def deleted(one: Draft) -> None:
        one.items["1"].life = Life.DELETED

    def back(one: Draft) -> None:
        one.items["1"].life = Life.LIVE

    def asked(one: Draft) -> None:
        one.items["1"].held.add(LIFE)

    gone = replace(item("1"), life=Life.DELETED)
    assert created(view("b"), base=gone) == []
    assert created(view("b"), base=gone, do=back) == ["b/main"]
    assert created(view("b"), do=deleted) == []
    assert created(view("b"), do=asked) == []


def test_what_people_want_left_alone_or_could_not_be_decided_is_made_nowhere() -> None:
    assert created(view("b"), do=lambda one: one.skipped.add("1")) == []
    assert created(view("b"), do=lambda one: one.left_out.add("1")) == []


@pytest.mark.parametrize(
    "closed",
    [
        {"policy": {"creation": Creation.MATCH_ONLY}},
        {"policy": {"read_only": True}},
        {"able": Capabilities(creates=False)},
        {"by_hand": True},
        {"suspended": "It does not answer."},
    ],
)
def test_nothing_is_made_where_nothing_may_be_made(closed: dict[str, Any]) -> None:
    assert created(view("b", **closed), view("c")) == ["c/main"]


@pytest.mark.parametrize("tie", [Tie.TIED, Tie.OUT_OF_SCOPE, Tie.HIDDEN, Tie.TOMBSTONE])
def test_nothing_is_made_where_the_item_has_a_record_in_any_state(tie: Tie) -> None:
    base = item("1")
    there = [tied(base), tied(base, "b", "other", tie=tie)]
    assert created(view("b"), view("b", "other"), base=base, replicas=there) == []


def test_nothing_is_made_while_a_creation_is_open_or_a_pairing_waits() -> None:
    spot = ("1", "b")
    assert created(view("b"), creating=frozenset({spot})) == []
    assert created(view("b"), creating=frozenset({("1", "c"), ("2", "b")})) == ["b/main"]
    assert created(view("b"), do=lambda one: one.waiting.add(spot)) == []
    assert created(view("b"), do=lambda one: one.waiting.add(("1", "c"))) == ["b/main"]


def test_an_item_whose_only_record_is_absent_or_hidden_is_made_nowhere() -> None:
    base = item("1")
    one = tied(base)
    assert created(view("b"), base=base, replicas=[absent(one, confirmed=False)]) == []
    assert created(view("b"), base=base, replicas=[replace(one, tie=Tie.HIDDEN)]) == []
    assert created(view("b"), base=base, replicas=[replace(one, tie=Tie.OUT_OF_SCOPE)]) == ["b/main"]
    both = [absent(one), tied(base, "c")]
    assert created(view("c"), view("b"), base=base, replicas=both) == ["b/main"]


@pytest.mark.parametrize("more", [{"listed": False}, {"suspended": "It does not answer."}])
def test_nothing_is_made_in_a_connection_that_was_not_wholly_listed(more: dict[str, Any]) -> None:
    """The item may be in the container that was not listed."""
    told: list[Draft] = []
    assert created(view("b"), view("b", "other", **more), do=told.append) == []
    (warning,) = told[0].warnings
    assert warning.grade is Grade.NOTE
    assert warning.says.startswith("Nothing is created in b in this run")
    assert warning.mend == "The next run that lists them all creates what is missing."


@pytest.mark.parametrize(("seconds", "made", "later"), [(59, [], True), (60, ["b/main"], False)])
def test_where_a_match_comes_first_a_new_item_waits_a_horizon(
    seconds: int, made: list[str], later: bool
) -> None:
    waiting = view("b", policy={"creation": Creation.MATCH_THEN_CREATE}, horizon=timedelta(minutes=1))
    base = replace(item("1"), made=NOW - timedelta(seconds=seconds))
    told: list[Draft] = []
    assert created(waiting, base=base, do=told.append) == made
    assert told[0].later is later
    assert created(view("b", horizon=timedelta(minutes=1)), base=base) == ["b/main"]
    assert created(waiting, base=replace(base, made=None)) == ["b/main"]


def test_outside_the_focus_nothing_is_made() -> None:
    assert created(view("b"), focus=frozenset()) == []
    assert created(view("b"), focus=frozenset({"1"})) == ["b/main"]


def test_an_untied_record_is_no_holder() -> None:
    base = ItemBase("1", {"title": Agreed("Rack", 1)})
    there = [tied(base), untied("b", "x", title="Rack")]
    assert created(view("b"), base=base, replicas=there) == ["b/main"]


def test_nothing_is_made_without_a_title_while_its_container_has_lost_the_field() -> None:
    told: list[Draft] = []
    assert created(view("b", lost={"title": PlainLens("title")}), do=told.append) == []
    assert told[0].later is True


def test_while_a_new_record_waits_for_its_lost_title_nothing_is_made_in_its_connection() -> None:
    """It may be that item."""
    told: list[Draft] = []
    views = (view("b"), view("b", "other", lost={"title": PlainLens("title")}), view("c"))
    base, stranger = item("1"), untied("b", "x", container="other")

    def made(*replicas: Replica) -> list[str]:
        return created(*views, base=base, replicas=[tied(base), *replicas], do=told.append)

    assert (made(stranger), told[-1].later) == (["c/main"], True)
    assert (made(), told[-1].later) == (["b/main", "c/main"], False)
    readable = untied("b", "x", title="Other")
    assert (made(readable), told[-1].later) == (["b/main", "c/main"], False)
    known = tied(item("2"), "b", "other")
    assert (made(known), told[-1].later) == (["b/main", "c/main"], False)


def test_a_container_whose_horizon_nobody_set_does_not_wait() -> None:
    waiting = view("b", policy={"creation": Creation.MATCH_THEN_CREATE})
    assert created(waiting, base=replace(item("1"), made=NOW)) == ["b/main"]
