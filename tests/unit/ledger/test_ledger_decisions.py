"""Decisions, conflicts and resolutions: one transaction each, and what the history says of them."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from itpm_sync.bases import Life, Side, Tie
from itpm_sync.errors import Misconfigured, Moved
from itpm_sync.ledger import Claimed, Decided, sides_digest
from itpm_sync.plan import Decision, Loser, ReplicaChange

LOSER = Loser("title", Side("smartsheet", "Rack 2", "Rack 2", 1, actor="bob@example.org"), "newer in Jira")


def test_a_decision_is_stored_whole(bench: Any) -> None:
    decided = bench.decided(1, opened=(bench.conflict(1),), losers=(LOSER,))
    bench.decide(decided)
    state = bench.state
    assert dict(state.items) == {"i-1": decided.item}
    assert list(state.replicas.values()) == list(decided.replicas)
    assert list(state.conflicts) == ["c-1"]
    [kept] = bench.ledger.losers_of("P", "i-1")
    assert (kept.loser, kept.run, kept.at) == (LOSER, bench.run, bench.clock.now())


def test_the_history_says_who_where_when_old_new_and_why(bench: Any) -> None:
    bench.decide(bench.decided(1))
    bench.clock.pass_(5)
    bench.decide(bench.decided(1, version=2, title="Rack 1", losers=(LOSER,)))
    newest, oldest = bench.ledger.history("P", "i-1")
    assert oldest.document["new"] is True
    assert (newest.seq, newest.run, newest.item, newest.phase) == (2, bench.run, "i-1", "decide")
    assert newest.at == bench.clock.now()
    assert newest.document["fields"]["title"] == {
        "version": 2,
        "was": 1,
        "origin": "jira",
        "actor": "ann@example.org",
        "edited": bench.clock.now().isoformat(),
        "old": "Item 1",
        "new": "Rack 1",
        "why": "an edit",
    }
    [lost] = newest.document["losers"]
    assert (lost["tool"], lost["value"], lost["actor"], lost["why"]) == (
        "smartsheet",
        "Rack 2",
        "bob@example.org",
        "newer in Jira",
    )


def test_a_reading_that_changes_nothing_makes_no_entry(bench: Any) -> None:
    decided = bench.decided(1)
    bench.decide(decided)
    seen = dataclasses.replace(decided.replicas[0], at={"title": 1})
    bench.decide(Decided(Decision("i-1", replicas=(ReplicaChange(seen.id),)), decided.item, (seen,)))
    assert len(bench.ledger.history("P")) == 1
    assert bench.state.replicas[seen.id].at == {"title": 1}


def test_a_deletion_and_its_ties_are_told(bench: Any) -> None:
    decided = bench.decided(1)
    bench.decide(decided)
    dead = dataclasses.replace(decided.item, life=Life.DELETED, note="deleted in Jira")
    change = ReplicaChange("r-jira-1", tie=Tie.TOMBSTONE)
    bench.decide(
        Decided(Decision("i-1", replicas=(change,), life=Life.DELETED, note="deleted in Jira"), dead)
    )
    told = bench.ledger.history("P")[0].document
    assert told["life"] == "deleted"
    assert told["note"] == "deleted in Jira"
    assert told["ties"] == [{"replica": "r-jira-1", "tie": "tombstone", "item": None, "drop": None}]
    assert bench.state.items["i-1"].life is Life.DELETED


def test_a_moved_record_takes_over_from_its_old_row(bench: Any) -> None:
    bench.decide(bench.decided(1))
    moved = dataclasses.replace(bench.replica(1, item="i-1"), id="r-new", native_id="20001")
    change = ReplicaChange("r-new", item="i-1", drop="r-jira-1")
    bench.decide(Decided(Decision("i-1", replicas=(change,)), bench.item(1), (moved,)))
    assert list(bench.state.replicas) == ["r-new"]


def test_two_records_may_swap_rows_in_one_batch(bench: Any) -> None:
    """A row that is dropped frees its record for another one within the same transaction."""
    bench.decide(bench.decided(1))
    successor = dataclasses.replace(bench.replica(1, item="i-1"), id="r-new")
    bench.decide(
        Decided(
            Decision("i-1", replicas=(ReplicaChange("r-new", drop="r-jira-1"),)), bench.item(1), (successor,)
        )
    )
    assert {replica.native_id for replica in bench.state.replicas.values()} == {"10001"}


def test_a_batch_is_whole_or_not(bench: Any) -> None:
    bench.ledger.ensure_project("Q", "Another")
    other = bench.ledger.acquire("Q", "me", seconds=60)
    bench.ledger.store_readings(other, [dataclasses.replace(bench.replica(700), id="r-held")])
    with pytest.raises(Claimed, match="10700 of jira belongs to project Q"):
        bench.decide(*(bench.decided(n) for n in range(1, 801)))
    state = bench.state
    assert len(state.items) == len(state.replicas) == len(bench.ledger.history("P", limit=None)) == 500
    assert bench.ledger.verify("P") is None


@pytest.mark.parametrize(("version", "title"), [(2, "Another"), (1, "Item 1")])
def test_an_agreed_version_never_falls(version: int, title: str, bench: Any) -> None:
    bench.decide(bench.decided(1))
    bench.decide(bench.decided(1, version=2, title="Rack"))
    with pytest.raises(ValueError, match="does not follow 2"):
        bench.decide(bench.decided(1, version=version, title=title))
    assert bench.state.items["i-1"].value("title") == "Rack"


def test_an_origin_may_change_without_a_new_version(bench: Any) -> None:
    decided = bench.decided(1)
    bench.decide(decided)
    agreed = {"title": dataclasses.replace(decided.item.agreed["title"], origin="planner")}
    item = dataclasses.replace(decided.item, agreed=agreed)
    bench.decide(Decided(Decision("i-1", agreed=agreed), item))
    assert bench.state.items["i-1"].agreed["title"].origin == "planner"


def test_a_conflict_opens_moves_and_closes(bench: Any) -> None:
    first = bench.conflict(1)
    bench.decide(bench.decided(1, opened=(first,)))
    bench.clock.pass_(60)
    moved = dataclasses.replace(
        first, sides=(first.sides[0], dataclasses.replace(first.sides[1], value="new"))
    )
    bench.decide(Decided(Decision("i-1", updated=(moved,)), bench.item(1)))
    assert bench.ledger.conflicts("P") == [moved]
    bench.decide(Decided(Decision("i-1", closed=("c-1",)), bench.item(1)))
    assert bench.ledger.conflicts("P") == []
    with pytest.raises(Misconfigured, match="c-1 is closed"):
        bench.ledger.conflict("c-1")
    with pytest.raises(Misconfigured, match="no conflict c-9"):
        bench.ledger.conflict("c-9")
    closed, updated, opened = (entry.document for entry in bench.ledger.history("P"))
    assert [side["value"] for side in opened["opened"][0]["sides"]] == ["ours", "theirs"]
    assert [side["value"] for side in updated["updated"][0]["sides"]] == ["ours", "new"]
    assert closed["closed"] == ["c-1"]


def test_a_field_has_one_open_conflict_at_most(bench: Any) -> None:
    bench.decide(bench.decided(1, opened=(bench.conflict(1),)))
    with pytest.raises(Exception, match="refused a statement"):
        bench.decide(Decided(Decision("i-1", opened=(bench.conflict(2),)), bench.item(1)))
    bench.decide(Decided(Decision("i-1", closed=("c-1",), opened=(bench.conflict(2),)), bench.item(1)))
    assert list(bench.state.conflicts) == ["c-2"]


def resolution(bench: Any) -> Decided:
    item = bench.item(1, version=2, title="theirs")
    return Decided(Decision("i-1", agreed=item.agreed, closed=("c-1",), reasons={"title": "a person"}), item)


def test_a_resolution_names_the_sides_it_saw(bench: Any) -> None:
    conflict = bench.conflict(1)
    bench.decide(bench.decided(1, opened=(conflict,)))
    one = resolution(bench)
    bench.ledger.resolve(
        bench.lease,
        bench.run,
        conflict="c-1",
        sides_seen=sides_digest(conflict),
        decision=one.decision,
        item=one.item,
    )
    assert bench.state.conflicts == {}
    assert bench.state.items["i-1"].value("title") == "theirs"
    assert bench.ledger.history("P")[0].phase == "resolve"


@pytest.mark.parametrize("what", ["a side moved", "it was closed", "it never was"])
def test_a_resolution_of_something_else_is_refused(what: str, bench: Any) -> None:
    seen = bench.conflict(1)
    bench.decide(bench.decided(1, opened=(seen,)))
    if what == "a side moved":
        bench.decide(
            Decided(Decision("i-1", updated=(bench.conflict(1, "i-1", "ours", "newer"),)), bench.item(1))
        )
    elif what == "it was closed":
        bench.decide(Decided(Decision("i-1", closed=("c-1",)), bench.item(1)))
    one, before = resolution(bench), len(bench.ledger.history("P"))
    with pytest.raises(Moved):
        bench.ledger.resolve(
            bench.lease,
            bench.run,
            conflict="c-9" if what == "it never was" else "c-1",
            sides_seen=sides_digest(seen),
            decision=one.decision,
            item=one.item,
        )
    assert bench.state.items["i-1"].value("title") == "Item 1"
    assert len(bench.ledger.history("P")) == before


def test_the_order_of_sides_does_not_move_a_conflict(bench: Any) -> None:
    conflict = bench.conflict(1)
    turned = dataclasses.replace(conflict, sides=conflict.sides[::-1])
    assert sides_digest(conflict) == sides_digest(turned)
    assert sides_digest(conflict) != sides_digest(dataclasses.replace(conflict, sides=conflict.sides[:1]))
