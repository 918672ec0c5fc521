"""Each brake by itself: from which number on it stops, and what it does not count."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from itpm_sync.bases import Tie
from itpm_sync.connector import Capabilities, Operation
from itpm_sync.model import Assignees
from itpm_sync.plan import KEY, Action, Brake
from itpm_sync.policy import Limits
from itpm_sync.reconcile import ContainerView, World, reconcile
from itpm_sync.reconcile.brakes import before_deciding, before_writing
from itpm_sync.reconcile.draft import Draft
from itpm_sync.testing.small_world import absent, action, item, racks, stopped, tied, untied, view, world

DELETIONS_A, CHANGES_A = {("deletions", "a")}, {("changes", "a")}


def deciding(one: World) -> list[Brake]:
    return before_deciding(Draft(one))


def writing(one: World, *actions: Action) -> list[Brake]:
    return before_writing(Draft(one), actions)


def losing(count: int, lost: int, *, able: Capabilities | None = None, **limits: Any) -> World:
    """A container that misses some of its records."""
    one = racks(count, view("a", able=able), policy={"limits": Limits(**limits)})
    gone = {name: absent(each) for name, each in list(one.replicas.items())[:lost]}
    return replace(one, replicas={**one.replicas, **gone})


# ── before deciding: records that are not there ──


@pytest.mark.parametrize(("lost", "stops"), [(3, set()), (4, DELETIONS_A)])
def test_more_absent_records_than_the_limit_stop_their_container(lost: int, stops: set[Any]) -> None:
    assert stopped(deciding(losing(100, lost, deletions=3))) == stops


@pytest.mark.parametrize(
    ("count", "lost", "stops"), [(10, 1, set()), (10, 2, DELETIONS_A), (9, 1, DELETIONS_A)]
)
def test_more_absent_records_than_their_share_stop_their_container(
    count: int, lost: int, stops: set[Any]
) -> None:
    assert stopped(deciding(losing(count, lost))) == stops


@pytest.mark.parametrize(("count", "stops"), [(4, set()), (5, DELETIONS_A)])
def test_shares_count_from_the_floor_on(count: int, stops: set[Any]) -> None:
    assert stopped(deciding(losing(count, 2, floor=5))) == stops


def test_absences_that_are_not_believed_yet_are_no_deletions() -> None:
    one = losing(6, 3)
    doubtful = {
        name: replace(each, absence=each.absence and replace(each.absence, confirmed=False))
        for name, each in one.replicas.items()
    }
    assert deciding(replace(one, replicas=doubtful)) == []


@pytest.mark.parametrize("tie", [Tie.HIDDEN, Tie.TOMBSTONE, Tie.UNTIED])
def test_absences_of_records_that_were_not_there_before_are_no_deletions(tie: Tie) -> None:
    one = losing(6, 3, deletions=2)
    hidden = {
        name: replace(each, tie=tie if each.absence else each.tie) for name, each in one.replicas.items()
    }
    assert deciding(replace(one, replicas=hidden)) == []


def test_records_that_were_moved_to_another_container_are_no_deletions() -> None:
    """Where a moved record gets a new id, the key it carries says what it is."""
    one = losing(6, 3, able=Capabilities(moves_keep_id=False))
    moved = [untied("a", f"new-{number}", key=str(number), title="Rack") for number in range(3)]
    assert stopped(deciding(one)) == DELETIONS_A
    assert deciding(replace(one, replicas={**one.replicas, **{each.id: each for each in moved}})) == []


# ── before deciding: lists that are not believed ──


def listed(*, floor: int = 5, **more: Any) -> set[tuple[str, str]]:
    return stopped(deciding(world(view("a", **more), policy={"limits": Limits(floor=floor)})))


def test_a_container_of_one_record_that_lists_none_is_not_believed() -> None:
    assert listed(had=1, has=0) == {("emptied container", "a")}
    assert listed(had=0, has=0) == set()


@pytest.mark.parametrize("more", [{"listed": False}, {"suspended": "It does not answer."}])
def test_a_list_that_was_not_read_says_nothing(more: dict[str, Any]) -> None:
    assert listed(had=6, has=0, **more) == set()
    assert listed(had=6, has=6, recognised=0, **more) == set()


def test_one_record_that_is_known_makes_a_list_the_containers() -> None:
    assert listed(had=5, has=5, recognised=0) == {("unknown records", "a")}
    assert listed(had=5, has=5, recognised=1) == set()
    assert listed(had=5, has=5, recognised=None) == set()


@pytest.mark.parametrize(("has", "stops"), [(50, set()), (51, {("suddenly large", "a")})])
def test_a_list_may_grow_to_ten_times_what_it_was(has: int, stops: set[Any]) -> None:
    assert listed(had=5, has=has, recognised=5) == stops


def test_a_list_is_compared_with_what_it_was_from_the_floor_on() -> None:
    assert listed(had=4, has=4, recognised=0) == set()
    assert listed(had=4, has=400, recognised=4) == set()
    assert listed(floor=1, had=1, has=1, recognised=0) == {("unknown records", "a")}
    assert listed(floor=0, had=0, has=3, recognised=0) == set()


def test_another_container_is_told_until_it_is_let_go() -> None:
    assert listed(strange="It is another one.", suspended="It is another one.") == {
        ("another container", "a")
    }
    assert listed(strange="It is another one.") == set()


def test_what_stops_a_container_is_said_with_the_mend() -> None:
    says = {
        brake.kind.value: (brake.says, brake.mend)
        for more in (
            {"had": 6, "has": 0},
            {"had": 6, "has": 6, "recognised": 0},
            {"had": 6, "has": 61, "recognised": 6},
            {"strange": "It is another one.", "suspended": "x"},
        )
        for brake in deciding(world(view("a", **more)))
    }
    approve = "`itpm-sync sync --approve RUN`"
    assert (
        says["emptied container"][0]
        == "main in a had 6 records and now lists none; nothing is taken for deleted."
    )
    assert says["emptied container"][1].startswith("If it was emptied on purpose: Look at the plan")
    assert says["unknown records"][0] == "main in a lists 6 records, and none of the 6 it had."
    assert says["unknown records"][1].startswith("Check the connection's address, account and container.")
    assert (
        says["suddenly large"][0] == "main in a had 6 records and now lists 61, more than 10 times as many."
    )
    assert says["another container"][0].startswith("It is another one.")
    assert all(approve in mend for _, mend in says.values())


# ── before writing ──


def updates(count: int, **writes: Any) -> list[Action]:
    return [action(Operation.UPDATE, str(number), **(writes or {"priority": 2})) for number in range(count)]


def test_a_first_sync_is_previewed_where_there_is_anything_to_see() -> None:
    assert writing(world(view("a"), first_sync=True)) == []
    assert stopped(writing(racks(1, view("a"), first_sync=True))) == {("first sync", "")}
    create = action(Operation.CREATE, "1")
    assert stopped(writing(world(view("a"), first_sync=True), create)) == {("first sync", "")}


def test_the_preview_of_a_first_sync_covers_every_other_brake() -> None:
    one = racks(6, view("a", first=True, has=6), first_sync=True, configuration_changed="owners")
    assert stopped(writing(one, *updates(6))) == {("first sync", "")}


def test_a_changed_configuration_stops_the_project_and_says_what_changed() -> None:
    (brake,) = writing(world(view("a"), configuration_changed="the owners"))
    assert (brake.kind.value, brake.connection) == ("changed configuration", "")
    assert brake.says == "The configuration changed since the last run: the owners."


@pytest.mark.parametrize(
    ("first", "says"), [(True, "the records are paired by their keys"), (False, "a conflict is opened")]
)
def test_a_ledger_that_is_not_the_last_one_stops_the_project(first: bool, says: str) -> None:
    brakes = writing(world(view("a"), other_ledger="Jira shows newer writes.", first_sync=first))
    (brake,) = [each for each in brakes if each.kind.value == "another ledger"]
    assert (brake.says, brake.connection) == ("Jira shows newer writes.", "")
    assert says in brake.mend
    assert stopped(brakes) == {("another ledger", "")}


def test_a_container_that_is_read_for_the_first_time_is_previewed_where_there_is_anything_to_see() -> None:
    create, other = action(Operation.CREATE, "1"), action(Operation.CREATE, "1", "b")
    first = {("first sync", "a")}
    assert stopped(writing(world(view("a", first=True, has=1)))) == first
    assert stopped(writing(world(view("a", first=True)), create)) == first
    assert writing(world(view("a", first=True), view("b")), other) == []
    assert writing(world(view("a", first=True)), *updates(1)) == []
    assert writing(world(view("a", first=True, has=1, suspended="It does not answer."))) == []
    assert writing(world(view("a", has=1)), create) == []


@pytest.mark.parametrize(("count", "stops"), [(2, set()), (3, DELETIONS_A)])
def test_more_deletions_than_the_limit_stop_their_container(count: int, stops: set[Any]) -> None:
    one = racks(100, view("a"), view("b"), policy={"limits": Limits(deletions=2)})
    gone = [action(Operation.DELETE, str(number)) for number in range(count)]
    elsewhere = [action(Operation.DELETE, str(number), "b") for number in range(2)]
    assert stopped(writing(one, *gone, *elsewhere, *updates(9))) == stops


@pytest.mark.parametrize(
    ("count", "changed", "stops"), [(10, 3, set()), (10, 4, CHANGES_A), (5, 2, CHANGES_A), (4, 4, set())]
)
def test_more_changes_than_their_share_stop_their_container(
    count: int, changed: int, stops: set[Any]
) -> None:
    one = racks(count, view("a"), view("b"))
    new = action(Operation.CREATE, "x", priority=1)
    assert stopped(writing(one, *updates(changed), new)) == stops


def test_giving_records_our_key_is_no_change_that_people_see() -> None:
    one = racks(6, view("a"))
    assert writing(one, *updates(6, **{KEY: "1"})) == []
    assert stopped(writing(one, *updates(6, **{KEY: "1", "priority": 2}))) == CHANGES_A


def test_records_of_a_container_are_those_that_are_there() -> None:
    """Hidden and deleted ones do not make the share of the others smaller."""
    one = racks(10, view("a"))
    fewer = {
        name: replace(each, tie=tie)
        for (name, each), tie in zip(
            one.replicas.items(), [Tie.HIDDEN, Tie.TOMBSTONE, *[Tie.OUT_OF_SCOPE] * 8], strict=True
        )
    }
    (brake,) = writing(replace(one, replicas=fewer), *updates(3))
    assert brake.says == "3 of 8 records of main in a would change, more than 30%."
    assert writing(replace(one, replicas=fewer, known={("a", "main"): 10}), *updates(3)) == []


def test_records_that_were_tied_just_now_count_too() -> None:
    one = racks(5, view("a"))
    found = [untied("a", f"x{number}", title=f"New {number}") for number in range(5)]
    draft = Draft(replace(one, replicas={**one.replicas, **{each.id: each for each in found}}))
    assert stopped(before_writing(draft, tuple(updates(3)))) == CHANGES_A
    for each in found:
        draft.new_item(draft.replicas[each.id])
    assert before_writing(draft, tuple(updates(3))) == []
    assert stopped(before_writing(draft, tuple(updates(4)))) == CHANGES_A


@pytest.mark.parametrize(("people", "stops"), [(2, set()), (3, {("notices", "a")})])
def test_more_notices_than_the_limit_stop_their_container(people: int, stops: set[Any]) -> None:
    telling = Capabilities(tells_people=True)
    one = world(view("a", able=telling), view("b"), policy={"limits": Limits(notices=2)})
    given = Assignees(frozenset(f"p{number}@example.org" for number in range(people)))
    many = Assignees(frozenset(f"p{number}@example.org" for number in range(9)))
    told = [
        action(Operation.CREATE, "1", assignees=given),
        action(Operation.CREATE, "1", "b", assignees=many),
    ]
    assert stopped(writing(one, *told)) == stops


def test_an_approval_lets_go_one_brake_of_one_container() -> None:
    one = racks(6, view("a"), view("b"))
    changes = [*updates(6), *(replace(each, connection="b") for each in updates(6))]
    waived = frozenset({("changes", "a", "main"), ("deletions", "b", "main"), ("changes", "b", "other")})
    assert stopped(writing(replace(one, waived=waived), *changes)) == {("changes", "b")}
    lost = losing(6, 3)
    assert deciding(replace(lost, waived=frozenset({("deletions", "a", "main")}))) == []


# ── what a brake does to the plan ──


def edited(*views: ContainerView, count: int = 6, **more: Any) -> World:
    """Someone gave all items another priority in the first container."""
    items = [item(str(number), priority=1) for number in range(count)]
    replicas = [tied(one, *each.place) for each in views for one in items]
    place = views[0].place
    news = {
        each.id: replace(each, reading=replace(each.seen, values={**each.seen.values, "priority": 2}))
        for each in replicas
        if (each.connection, each.container) == place and each.seen is not None
    }
    return world(
        *views,
        items=items,
        replicas=[news.get(each.id, each) for each in replicas],
        **more,
    )


def test_a_container_that_stops_is_held_and_the_others_go_on() -> None:
    one = edited(
        view("a"),
        view("b"),
        view("c"),
        policy={"limits": Limits(changes_share=0.9)},
        waived=frozenset({("changes", "c", "main")}),
    )
    plan = reconcile(one)
    assert stopped(plan.brakes) == {("changes", "b")}
    assert {each.connection for each in plan.actions} == {"c"}
    assert {each.connection for each in plan.held} == {"b"}
    assert (len(plan.actions), len(plan.held)) == (6, 6)


def test_a_project_that_stops_is_shown_whole() -> None:
    plan = reconcile(edited(view("a"), view("b"), configuration_changed="the owners"))
    assert stopped(plan.brakes) == {("changed configuration", ""), ("changes", "b")}
    assert (len(plan.actions), plan.held) == (6, ())


def test_each_brake_is_told_once() -> None:
    plan = reconcile(edited(view("a"), view("b"), view("c")))
    assert sorted((brake.kind.value, brake.connection) for brake in plan.brakes) == [
        ("changes", "b"),
        ("changes", "c"),
    ]
    assert plan.actions == ()
    assert {each.connection for each in plan.held} == {"b", "c"}


def test_what_only_shows_once_another_container_stops_stops_too() -> None:
    """Of edits in two tools that hold each other up, those of one are carried out alone."""
    one = edited(view("a", had=6, has=90), view("b"), view("c"))
    others = {
        each.id: replace(each, reading=replace(each.seen, values={**each.seen.values, "priority": 3}))
        for each in one.replicas.values()
        if each.connection == "b" and each.seen is not None
    }
    plan = reconcile(replace(one, replicas={**one.replicas, **others}))
    assert [(brake.kind.value, brake.connection) for brake in plan.brakes] == [
        ("suddenly large", "a"),
        ("changes", "c"),
    ]
    assert plan.actions == ()
    assert {each.connection for each in plan.held} == {"c"}


def test_a_container_that_sits_the_run_out_does_so_when_another_stops() -> None:
    policy = {"limits": Limits(changes_share=0.9)}
    asleep = view("c", suspended="It does not answer.")
    plan = reconcile(edited(view("a"), view("b"), asleep, view("d"), policy=policy, waived=WAIVED))
    assert stopped(plan.brakes) == {("changes", "b")}
    assert {each.connection for each in (*plan.actions, *plan.held)} == {"b", "d"}


WAIVED = frozenset({("changes", "d", "main")})


def test_each_container_is_looked_at() -> None:
    one = world(
        view("a", suspended="It does not answer.", had=6), view("b", listed=False, had=6), view("c", had=6)
    )
    assert stopped(deciding(one)) == {("emptied container", "c")}
