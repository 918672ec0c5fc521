"""Pauses: written without a lease, felt by whoever holds it, kept when they are over."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from itpm_sync.errors import Paused, Stopped
from itpm_sync.ledger import Settlement, schema


def test_a_pause_needs_no_lease_and_the_run_that_holds_it_makes_no_intent_any_more(bench: Any) -> None:
    bench.decide(bench.decided(1))
    bench.ledger.intend(bench.lease, [bench.intent(1)])
    made = bench.ledger.again().pause("P", None, reason="Freeze", actor="ann")
    with pytest.raises(Paused, match=r"The project P is paused since .* by ann: Freeze") as held:
        bench.ledger.intend(bench.lease, [bench.intent(2)])
    assert isinstance(held.value, Stopped) and "itpm-sync resume P" in held.value.mend
    assert [intent.id for intent in bench.ledger.open_intents("P")] == ["n-1"]
    bench.ledger.settle(bench.lease, bench.run, [Settlement("n-1", "applied")])  # what was sent is settled
    assert bench.ledger.load("P").pauses == (made,)
    assert [one.id for one in bench.ledger.resume("P", None, actor="ben")] == [made.id]
    bench.ledger.intend(bench.lease, [bench.intent(2)])
    assert bench.ledger.pauses() == []


def test_a_pause_of_a_connection_holds_that_connection_in_every_project(bench: Any) -> None:
    bench.ledger.ensure_project("Q", "Another")
    bench.ledger.pause(None, "elsewhere", reason="Audit", actor=None)
    bench.ledger.pause("Q", None, reason="Not mine", actor=None)
    bench.decide(bench.decided(1))
    bench.ledger.intend(bench.lease, [bench.intent(1)])
    intent = bench.intent(2)
    bench.ledger.pause(None, intent.connection, reason="Audit", actor=None)
    with pytest.raises(Paused, match=f"The connection {intent.connection} is paused"):
        bench.ledger.intend(bench.lease, [intent])
    with pytest.raises(Paused):
        bench.ledger.go_on(bench.lease, intent.connection, seconds=60)
    assert bench.ledger.go_on(bench.lease, "another", seconds=60).fence == bench.lease.fence


def test_a_connection_may_be_paused_in_one_project_only(bench: Any) -> None:
    bench.ledger.ensure_project("Q", "Another")
    intent = bench.intent(1)
    bench.ledger.pause("Q", intent.connection, reason="Cut-over", actor=None)
    bench.decide(bench.decided(1))
    bench.ledger.intend(bench.lease, [intent])
    bench.ledger.pause("P", intent.connection, reason="Cut-over", actor=None)
    with pytest.raises(Paused, match=f"The project P, in {intent.connection}, is paused"):
        bench.ledger.intend(bench.lease, [bench.intent(2)])


def test_what_was_paused_and_who_ended_it_is_kept(bench: Any) -> None:
    first = bench.ledger.pause("P", None, reason="Freeze", actor="ann")
    bench.clock.pass_(60)
    bench.ledger.resume("P", None, actor="ben")
    assert bench.ledger.resume("P", None, actor="ben") == []
    second = bench.ledger.pause("P", None, reason="Again", actor="ann")
    assert second.id != first.id
    with bench.engine.connect() as connection:
        wanted = select(schema.pauses).order_by(schema.pauses.c.since)
        oldest, newest = connection.execute(wanted).all()
    assert (newest.id, newest.reason, newest.lifted) == (second.id, "Again", None)
    assert (oldest.reason, oldest.lifted, oldest.lifted_by) == ("Freeze", bench.clock.now(), "ben")
