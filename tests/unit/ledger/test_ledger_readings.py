"""Readings and cursors (S17), records that belong to one project, rows altered outside itpm-sync."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from itpm_sync.bases import Tie
from itpm_sync.errors import Refused, Unreadable
from itpm_sync.ledger import Claim, Claimed, ContainerState

CURSOR = ContainerState("jira", "NET", cursor="after page 1")


def test_a_cursor_moves_with_the_readings_up_to_it(bench: Any) -> None:
    bench.ledger.store_readings(bench.lease, [bench.replica(1)], container=CURSOR)
    state = bench.state
    assert state.containers["jira", "NET"].cursor == "after page 1"
    assert list(state.replicas) == ["r-jira-1"]


def test_readings_without_a_container_leave_its_cursor(bench: Any) -> None:
    bench.ledger.store_readings(bench.lease, [], container=CURSOR)
    bench.ledger.store_readings(bench.lease, [bench.replica(1)])
    assert bench.state.containers["jira", "NET"].cursor == "after page 1"


@pytest.mark.parametrize("held_by", ["another project", "the same project"])
def test_a_second_claim_is_refused_and_moves_no_cursor(held_by: str, bench: Any) -> None:
    bench.ledger.store_readings(bench.lease, [bench.replica(1), bench.replica(2)])
    project, lease = "P", bench.lease
    if held_by == "another project":
        project = "Q"
        bench.ledger.ensure_project("Q", "Another")
        lease = bench.ledger.acquire("Q", "me", seconds=60)
    again = dataclasses.replace(bench.replica(2), id="r-other")
    with pytest.raises(Claimed) as refused:
        bench.ledger.store_readings(lease, [bench.replica(3), again], container=CURSOR)
    assert refused.value.claims == (Claim("jira", "10002", "P", "r-jira-2", None),)
    assert "10002 of jira" in str(refused.value)
    assert "project P" in str(refused.value)
    assert project in str(refused.value)
    assert isinstance(refused.value, Refused)
    state = bench.ledger.load(project)
    assert state.containers == {}
    assert "r-jira-3" not in state.replicas


def test_a_refused_claim_says_how_many_there_are(bench: Any) -> None:
    bench.ledger.store_readings(bench.lease, [bench.replica(n) for n in range(700)])
    bench.ledger.ensure_project("Q", "Another")
    lease = bench.ledger.acquire("Q", "me", seconds=60)
    again = [dataclasses.replace(bench.replica(n), id=f"other-{n}") for n in range(700)]
    with pytest.raises(Claimed, match="and 699 more") as refused:
        bench.ledger.store_readings(lease, again)
    assert len(refused.value.claims) == 700


def test_the_same_native_id_in_another_connection_is_another_record(bench: Any) -> None:
    bench.ledger.store_readings(bench.lease, [bench.replica(1), bench.replica(1, tool="smartsheet")])
    assert len(bench.state.replicas) == 2


def test_claims_are_told_before_anything_is_stored(bench: Any) -> None:
    bench.ledger.store_readings(bench.lease, [bench.replica(1)])
    ids = [str(n) for n in range(9_000, 11_000)]
    assert bench.ledger.claims("jira", ids) == [Claim("jira", "10001", "P", "r-jira-1", None)]
    assert bench.ledger.claims("planner", ids) == []


def test_storing_the_same_readings_twice_changes_nothing(bench: Any) -> None:
    """S25: pages may come any number of times."""
    for _ in range(2):
        bench.ledger.store_readings(bench.lease, [bench.replica(1)], container=CURSOR)
        state = bench.state
    assert dict(state.replicas) == {"r-jira-1": bench.replica(1)}


def test_only_untied_records_are_forgotten(bench: Any) -> None:
    bench.decide(bench.decided(1))
    bench.ledger.store_readings(bench.lease, [bench.replica(2), bench.replica(3)])
    bench.ledger.store_readings(bench.lease, [], forgotten=["r-jira-1", "r-jira-2", "unknown"])
    assert list(bench.state.replicas) == ["r-jira-1", "r-jira-3"]


def test_known_counts_ties_but_no_tombstones(bench: Any) -> None:
    bench.decide(bench.decided(1), bench.decided(2), bench.decided(3))
    gone = bench.replica(2, item="i-2", tie=Tie.TOMBSTONE)
    hidden = bench.replica(3, item="i-3", tie=Tie.HIDDEN)
    bench.ledger.store_readings(bench.lease, [gone, hidden, bench.replica(4)], container=CURSOR)
    assert bench.state.containers["jira", "NET"].known == 2


def test_a_replica_ties_to_no_item_of_another_project(bench: Any) -> None:
    bench.decide(bench.decided(1))
    bench.ledger.ensure_project("Q", "Another")
    lease = bench.ledger.acquire("Q", "me", seconds=60)
    with pytest.raises(Exception, match="refused a statement"):
        bench.ledger.store_readings(lease, [bench.replica(2, item="i-1")])
    assert dict(bench.ledger.load("Q").replicas) == {}


@pytest.mark.parametrize(("table", "names"), [("items", "item i-1"), ("replicas", "record 10001 of jira")])
def test_a_row_altered_outside_is_named(table: str, names: str, bench: Any) -> None:
    bench.decide(bench.decided(1))
    with bench.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {table} SET document = '{{}}'")
    state = bench.state
    rows = state.items if table == "items" else state.replicas
    with pytest.raises(Unreadable, match=f"{names} was altered outside itpm-sync"):
        rows[next(iter(rows))]


def test_an_unknown_project_loads_empty(bench: Any) -> None:
    state = bench.ledger.load("nowhere")
    assert (len(state.items), len(state.replicas), state.containers) == (0, 0, {})


def test_the_state_is_a_snapshot(bench: Any) -> None:
    bench.decide(bench.decided(1))
    before = bench.state
    bench.decide(bench.decided(1, version=2, title="Later"))
    assert before.items["i-1"].value("title") == "Item 1"
    assert bench.state.items["i-1"].value("title") == "Later"
