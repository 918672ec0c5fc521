"""One writer a project: leases, fences, and what a stale holder may still do (S20, F65)."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from itpm_sync.bases import Refusal
from itpm_sync.errors import Busy, Fenced, Misconfigured
from itpm_sync.ledger import (
    Adoption,
    ContainerState,
    Ledger,
    LivePage,
    Place,
    Redaction,
    RunKind,
    RunStatus,
    Settlement,
)
from itpm_sync.plan import Decision, PairProposal

PAIR = PairProposal("p-1", "jira", "NET", "10009", "Rack", ("i-1",), "same title")


def every_write(b: Any, lease: Any) -> dict[str, Any]:
    """Each writing method, called with words that would change something."""
    ledger = b.ledger
    refusal = Refusal("i-1", "jira", "NET", "", 1, "400", 1, b.clock.now())
    decided = b.decided(2)
    return {
        "begin_run": lambda: ledger.begin_run(lease, RunKind.PLAN),
        "finish_run": lambda: ledger.finish_run(lease, b.run, status=RunStatus.DONE, summary={"calls": 1}),
        "end_run": lambda: ledger.end_run(
            lease, b.run, status=RunStatus.DONE, summary={}, plan={"actions": [1]}
        ),
        "store_plan": lambda: ledger.store_plan(lease, b.run, plan={"actions": [1]}),
        "mark_approved": lambda: ledger.mark_approved(lease, b.run, by="run-x"),
        "store_readings": lambda: ledger.store_readings(lease, [b.replica(3)]),
        "store_containers": lambda: ledger.store_containers(lease, [ContainerState("jira", "NET")]),
        "adopt": lambda: ledger.adopt(
            lease, b.run, [Adoption(ContainerState("jira", "NET"), (b.replica(3),))]
        ),
        "commit_decisions": lambda: ledger.commit_decisions(lease, b.run, [decided]),
        "resolve": lambda: ledger.resolve(
            lease, b.run, conflict="c-1", sides_seen="?", decision=Decision("i-1"), item=b.item(1)
        ),
        "intend": lambda: ledger.intend(lease, [b.intent(5)]),
        "go_on": lambda: ledger.go_on(lease, "jira", seconds=60),
        "settle": lambda: ledger.settle(lease, b.run, [Settlement("n-1", "applied")]),
        "add_refusals": lambda: ledger.add_refusals(lease, b.run, [refusal]),
        "clear_refusals": lambda: ledger.clear_refusals(lease, [Place("i-1", "planner", "NET")]),
        "replay": lambda: ledger.replay(lease),
        "propose_pairs": lambda: ledger.propose_pairs(lease, []),
        "accept_pair": lambda: ledger.accept_pair(lease, "p-1", item="i-1"),
        "refuse_pair": lambda: ledger.refuse_pair(lease, "p-1"),
        "accept_fingerprint": lambda: ledger.accept_fingerprint(lease, "f"),
        "put_base_back": lambda: ledger.put_base_back(lease, b.run, by="run-later"),
        "record_publication": lambda: ledger.record_publication(lease, 1, title="Week 1", document={}),
        "store_live_pages": lambda: ledger.store_live_pages(
            lease, [LivePage("folder", "index", "d", "file:///x", b.clock.now())]
        ),
        "redact": lambda: ledger.redact(lease, b.run, Redaction("i-1", "title")),
        "renew": lambda: ledger.renew(lease, 60),
    }


WRITES = sorted(
    name
    for name, method in inspect.getmembers(Ledger, inspect.isfunction)
    if not name.startswith("_") and name != "release" and "lease" in inspect.signature(method).parameters
)


def prepare(b: Any) -> None:
    """Something for every method to work on."""
    b.decide(b.decided(1))
    b.ledger.intend(b.lease, [b.intent(1)])
    b.ledger.add_refusals(
        b.lease, b.run, [Refusal("i-1", "planner", "NET", "", 1, "403", 1, b.clock.now().replace(year=2031))]
    )
    b.ledger.propose_pairs(b.lease, [PAIR])


def test_the_list_of_writes_is_whole(bench: Any) -> None:
    assert sorted(every_write(bench, bench.lease)) == WRITES


@pytest.mark.parametrize("name", WRITES)
def test_a_stale_fence_is_refused_and_stores_nothing(name: str, benches: Any) -> None:
    bench = benches("sqlite://")
    prepare(bench)
    bench.clock.pass_(61)
    bench.ledger.acquire(bench.project, "second", seconds=60)
    before = bench.everything()
    with pytest.raises(Fenced, match="taken over by second"):
        every_write(bench, bench.lease)[name]()
    assert bench.everything() == before


def test_a_stale_fence_is_refused_in_each_database(bench: Any) -> None:
    bench.clock.pass_(61)
    bench.ledger.acquire(bench.project, "second", seconds=60)
    with pytest.raises(Fenced):
        bench.decide(bench.decided(1))
    assert dict(bench.state.items) == {}


def test_the_same_holder_with_an_old_fence_is_stale_too(bench: Any) -> None:
    bench.clock.pass_(61)
    bench.ledger.acquire(bench.project, "first", seconds=60)
    with pytest.raises(Fenced):
        bench.decide(bench.decided(1))


def test_busy_names_the_holder_and_the_end_of_its_lease(bench: Any) -> None:
    with pytest.raises(Busy, match=r"held by first until 2030-05-06 07:09:09 UTC"):
        bench.ledger.acquire(bench.project, "second", seconds=60)


def test_fences_rise_through_release_and_expiry(bench: Any) -> None:
    bench.ledger.release(bench.lease)
    second = bench.ledger.acquire(bench.project, "second", seconds=10)
    bench.clock.pass_(11)
    third = bench.ledger.acquire(bench.project, "third", seconds=10)
    assert bench.lease.fence < second.fence < third.fence


def test_a_late_release_leaves_the_new_holder_alone(bench: Any) -> None:
    bench.clock.pass_(61)
    second = bench.ledger.acquire(bench.project, "second", seconds=60)
    bench.ledger.release(bench.lease)
    assert bench.ledger.holder(bench.project) == second


def test_a_renewed_lease_lasts(bench: Any) -> None:
    bench.clock.pass_(50)
    renewed = bench.ledger.renew(bench.lease, 60)
    bench.clock.pass_(50)
    with pytest.raises(Busy):
        bench.ledger.acquire(bench.project, "second", seconds=60)
    bench.ledger.intend(renewed, [bench.intent(1)])


def test_nobody_waits_for_a_holder_that_is_surely_no_more(bench: Any) -> None:
    taken = bench.ledger.acquire(bench.project, "second", seconds=60, gone=lambda holder: holder == "first")
    assert taken.fence == bench.lease.fence + 1
    with pytest.raises(Busy):
        bench.ledger.acquire(bench.project, "third", seconds=60, gone=lambda holder: holder == "first")


@pytest.mark.parametrize("name", ["begin_run", "intend"])
def test_no_call_goes_out_after_the_lease_ran_out(name: str, bench: Any) -> None:
    prepare(bench)
    bench.clock.pass_(60)
    with pytest.raises(Fenced, match="ran out at 07:09:09 UTC"):
        every_write(bench, bench.lease)[name]()


def test_an_outcome_is_still_stored_after_the_lease_ran_out(bench: Any) -> None:
    prepare(bench)
    bench.clock.pass_(60)
    bench.ledger.settle(bench.lease, bench.run, [Settlement("n-1", "applied")])
    assert bench.ledger.open_intents(bench.project) == []


def test_an_unknown_project_is_named(bench: Any) -> None:
    with pytest.raises(Misconfigured, match="no project Q"):
        bench.ledger.acquire("Q", "me", seconds=1)


def test_projects_do_not_share_a_lease(bench: Any) -> None:
    bench.ledger.ensure_project("Q", "Another")
    assert bench.ledger.acquire("Q", "second", seconds=60).project == "Q"
    assert bench.ledger.projects() == {"P": "Network refresh", "Q": "Another"}


def test_a_project_made_again_keeps_its_lease_and_history(bench: Any) -> None:
    bench.decide(bench.decided(1))
    bench.ledger.ensure_project("P", "A better title")
    assert bench.ledger.projects() == {"P": "A better title"}
    assert bench.ledger.holder("P") == bench.lease
    assert bench.ledger.verify("P") is None
    assert len(bench.ledger.history("P")) == 1
