"""Intents and their outcomes (S14, S16), refusals, pairs."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from itpm_sync.bases import Refusal, Side
from itpm_sync.errors import Misconfigured
from itpm_sync.ledger import PairState, Place, Settlement
from itpm_sync.plan import Loser, PairProposal

LOSER = Loser("title", Side("jira", "unseen", "unseen", 1), "our write met it")


def test_an_intent_outlives_the_process(bench: Any) -> None:
    bench.ledger.intend(bench.lease, [bench.intent(2), bench.intent(1, "create")])
    restarted = bench.open()
    assert [intent.id for intent in restarted.open_intents("P")] == ["n-1", "n-2"]
    assert {intent.called for intent in restarted.open_intents("P")} == {None}


def test_a_call_is_told_before_it_goes_out(bench: Any) -> None:
    bench.ledger.intend(bench.lease, [bench.intent(1, called=bench.clock.now()), bench.intent(2)])
    first, second = bench.ledger.open_intents("P")
    assert first.called == bench.clock.now()
    assert second.called is None


def test_intending_can_make_the_lease_last(bench: Any) -> None:
    bench.clock.pass_(59)
    lease = bench.ledger.intend(bench.lease, [bench.intent(1)], renew=60)
    bench.clock.pass_(59)
    bench.ledger.intend(lease, [bench.intent(2)])


def test_an_outcome_is_stored_with_all_that_follows(bench: Any) -> None:
    decided = bench.decided(1)
    bench.decide(decided)
    refusal = Refusal("i-1", "planner", "NET", "title", 2, "too long", 1, bench.clock.now())
    bench.ledger.add_refusals(bench.lease, bench.run, [dataclasses.replace(refusal, field="labels")])
    bench.ledger.intend(bench.lease, [bench.intent(1)])
    replica = dataclasses.replace(decided.replicas[0], at={"title": 2})
    item = bench.item(1, version=2, title="after")
    bench.ledger.settle(
        bench.lease,
        bench.run,
        [
            Settlement(
                "n-1",
                "applied",
                replica=replica,
                item=item,
                losers=(LOSER,),
                conflicts=(bench.conflict(1),),
                refusals=(refusal,),
                cleared=(Place("i-1", "planner", "NET", "labels"),),
                reason="written",
                actor="bob@example.org",
            )
        ],
    )
    state = bench.state
    assert bench.ledger.open_intents("P") == []
    assert dict(state.items) == {"i-1": item}
    assert dict(state.replicas) == {"r-jira-1": replica}
    assert list(state.conflicts) == ["c-1"]
    assert state.refusals == (refusal,)
    assert [kept.loser for kept in bench.ledger.losers_of("P", "i-1")] == [LOSER]


def test_each_write_stands_in_the_history_once_with_old_new_and_whose_edit_it_was(bench: Any) -> None:
    bench.ledger.intend(bench.lease, [bench.intent(1), bench.intent(2)])
    settlements = [
        Settlement("n-1", "applied", reason="Jira was behind", actor="bob@example.org"),
        Settlement("n-2", "refused", reason="400: too long"),
    ]
    bench.ledger.settle(bench.lease, bench.run, settlements)
    second, first = bench.ledger.history("P")
    assert first.phase == "write"
    assert first.document["intent"] == "n-1"
    assert first.document["writes"] == {"title": {"old": "before", "new": "after", "version": 2}}
    assert first.document["actor"] == "bob@example.org"
    assert first.document["reason"] == "Jira was behind"
    assert (first.document["outcome"], second.document["outcome"]) == ("applied", "refused")
    assert [entry.seq for entry in bench.ledger.history("P", run=bench.run)] == [2, 1]
    assert bench.ledger.history("P", run="another") == []


@pytest.mark.parametrize("how", ["twice", "never intended", "named twice"])
def test_an_intent_is_settled_once(how: str, bench: Any) -> None:
    bench.ledger.intend(bench.lease, [bench.intent(1)])
    one = Settlement("n-1", "applied")
    if how == "twice":
        bench.ledger.settle(bench.lease, bench.run, [one])
    again = {"twice": [one], "never intended": [Settlement("n-9", "applied")], "named twice": [one, one]}[how]
    before = bench.ledger.history("P")
    with pytest.raises(ValueError, match="not open, or named twice"):
        bench.ledger.settle(bench.lease, bench.run, again)
    assert bench.ledger.history("P") == before


def test_a_creation_ties_with_its_outcome(bench: Any) -> None:
    bench.decide(bench.decided(1))
    bench.ledger.intend(bench.lease, [dataclasses.replace(bench.intent(1, "create"), connection="planner")])
    made = bench.replica(1, tool="planner", item="i-1", reading=None)
    bench.ledger.settle(bench.lease, bench.run, [Settlement("n-1", "applied", replica=made)])
    assert bench.state.of_item["i-1"] == ("r-jira-1", "r-planner-1")
    assert bench.ledger.history("P")[0].document["record"] == "10001"
    assert bench.rows("SELECT outcome, native_id FROM intents") == [("applied", "10001")]


def test_an_agreed_value_that_moved_with_a_write_is_told(bench: Any) -> None:
    bench.decide(bench.decided(1))
    bench.ledger.intend(bench.lease, [bench.intent(1)])
    item = bench.item(1, version=2, title="theirs")
    bench.ledger.settle(
        bench.lease, bench.run, [Settlement("n-1", "applied", item=item, reason="it met an edit")]
    )
    told = bench.ledger.history("P")[0].document["fields"]["title"]
    assert (told["was"], told["version"], told["old"], told["new"]) == (1, 2, "Item 1", "theirs")


def test_a_conflict_closes_with_an_outcome(bench: Any) -> None:
    bench.decide(bench.decided(1, opened=(bench.conflict(1),)))
    bench.ledger.intend(bench.lease, [bench.intent(1)])
    bench.ledger.settle(bench.lease, bench.run, [Settlement("n-1", "applied", closed=("c-1",))])
    assert bench.state.conflicts == {}


def test_many_outcomes_at_once(bench: Any) -> None:
    bench.decide(*(bench.decided(n) for n in range(1, 601)))
    bench.ledger.intend(bench.lease, [bench.intent(n) for n in range(1, 601)])
    bench.ledger.settle(bench.lease, bench.run, [Settlement(f"n-{n}", "applied") for n in range(1, 601)])
    assert bench.ledger.open_intents("P") == []
    assert bench.ledger.history("P", limit=1)[0].seq == 1200
    assert bench.ledger.verify("P") is None


def refusal(item: str, place: str = "planner", **more: Any) -> Refusal:
    return Refusal(item, place, "NET", more.pop("field", ""), 1, "403", 1, more.pop("when"))


def test_quarantine_is_listed_replayed_and_cleared(bench: Any) -> None:
    later = bench.clock.now() + timedelta(hours=1)
    one, two = refusal("i-1", when=later), refusal("i-2", field="title", when=later)
    bench.ledger.add_refusals(bench.lease, bench.run, [one, two])
    again = dataclasses.replace(one, attempts=2)
    bench.ledger.add_refusals(bench.lease, bench.run, [again])
    assert bench.ledger.refusals("P") == [again, two]
    assert bench.ledger.replay(bench.lease, "i-2") == 1
    assert bench.ledger.refusals("P")[1].next_try == bench.clock.now()
    assert bench.ledger.replay(bench.lease) == 2
    bench.ledger.clear_refusals(bench.lease, [Place("i-1", "planner", "NET"), Place("i-2", "planner", "NET")])
    assert [kept.item for kept in bench.ledger.refusals("P")] == ["i-2"]


def test_what_was_left_out_without_a_call_is_told_too(bench: Any) -> None:
    one, two = refusal("i-1", when=bench.clock.now()), refusal("i-2", field="title", when=bench.clock.now())
    bench.ledger.add_refusals(bench.lease, bench.run, [one, two, dataclasses.replace(one, field="labels")])
    second, first = bench.ledger.history("P")
    assert (first.phase, first.item, second.item) == ("refuse", "i-1", "i-2")
    assert [told["field"] for told in first.document["refusals"]] == ["", "labels"]
    assert second.document["refusals"] == [
        {
            "connection": "planner",
            "container": "NET",
            "field": "title",
            "version": 1,
            "reason": "403",
            "attempts": 1,
        }
    ]
    assert bench.ledger.verify("P") is None


def proposal(number: int, *candidates: str) -> PairProposal:
    return PairProposal(f"p-{number}", "jira", "NET", f"{number}", f"Rack {number}", candidates, "same title")


def test_a_persons_word_on_a_pair_stays(bench: Any) -> None:
    bench.ledger.propose_pairs(bench.lease, [proposal(n, "i-1", "i-2") for n in (1, 2, 3)] + [proposal(4)])
    bench.ledger.accept_pair(bench.lease, "p-1", item="i-2", actor="ann@example.org")
    bench.ledger.refuse_pair(bench.lease, "p-2")
    bench.ledger.refuse_pair(bench.lease, "p-4")
    bench.ledger.propose_pairs(bench.lease, [proposal(1, "i-1", "i-2"), proposal(5, "i-9")])
    state = bench.state
    assert state.accepted == {("jira", "1"): "i-2"}
    assert state.refused_pairs == {("jira", "2", "i-1"), ("jira", "2", "i-2"), ("jira", "4", "")}
    assert list(state.proposals) == ["p-5"]
    assert [pair.state for pair in bench.ledger.pairs("P", state=PairState.REFUSED)] == [
        PairState.REFUSED
    ] * 2
    [accepted] = bench.ledger.pairs("P", state=PairState.ACCEPTED)
    assert (accepted.item, accepted.actor, accepted.decided) == ("i-2", "ann@example.org", bench.clock.now())
    assert len(bench.ledger.pairs("P", state=None)) == 4


def test_a_pair_is_accepted_for_its_candidates_only(bench: Any) -> None:
    bench.ledger.propose_pairs(bench.lease, [proposal(1, "i-1"), proposal(2)])
    with pytest.raises(Misconfigured, match="Its candidates: i-1"):
        bench.ledger.accept_pair(bench.lease, "p-1", item="i-7")
    with pytest.raises(Misconfigured, match="no proposal p-9"):
        bench.ledger.refuse_pair(bench.lease, "p-9")
    assert bench.ledger.accept_pair(bench.lease, "p-2", item="i-7").state is PairState.ACCEPTED
