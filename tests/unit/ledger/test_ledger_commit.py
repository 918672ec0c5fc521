"""A connection lost during COMMIT is looked up, never guessed (F64); a kill leaves a transaction whole or not (S15)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import event

from itpm_sync.errors import Fenced, Unavailable
from itpm_sync.ledger import ContainerState, Redaction, RunKind, Settlement, sides_digest
from itpm_sync.ledger.database import WAITS


class Killed(BaseException):
    """The process is no more."""


@contextmanager
def lost_commits(bench: Any, *, done: bool, times: int = 1) -> Iterator[None]:
    """Let the next COMMITs get no answer; `done`: the server carried them out all the same."""
    dialect, left = bench.engine.dialect, [times]
    real = dialect.do_commit

    def commit(connection: Any) -> None:
        if not left[0]:
            return real(connection)
        left[0] -= 1
        if done:
            real(connection)
        else:
            connection.rollback()
        if isinstance(connection.driver_connection, psycopg.Connection):
            connection.driver_connection.close()
            raise psycopg.OperationalError("the connection is lost")
        raise sqlite3.OperationalError("the connection is lost")

    dialect.do_commit = commit
    try:
        yield
    finally:
        del dialect.do_commit


def prepare(bench: Any) -> None:
    bench.decide(bench.decided(1, opened=(bench.conflict(1),)))
    bench.ledger.intend(bench.lease, [bench.intent(1)])


WRITES: dict[str, Callable[[Any], Any]] = {
    "readings": lambda b: b.ledger.store_readings(
        b.lease, [b.replica(5)], container=ContainerState("jira", "NET", cursor="c")
    ),
    "decisions": lambda b: b.decide(b.decided(1, version=2, title="x"), b.decided(2), b.decided(3)),
    "resolution": lambda b: b.ledger.resolve(
        b.lease,
        b.run,
        conflict="c-1",
        sides_seen=sides_digest(b.ledger.conflict("c-1")),
        decision=b.decided(1, version=2, closed=("c-1",)).decision,
        item=b.item(1, version=2),
    ),
    "intents": lambda b: b.ledger.intend(b.lease, [b.intent(2)]),
    "outcomes": lambda b: b.ledger.settle(
        b.lease, b.run, [Settlement("n-1", "applied", replica=b.replica(1, item="i-1", at={"title": 2}))]
    ),
    "publication": lambda b: b.ledger.record_publication(b.lease, 1, title="Week 1", document={}),
    "pages": lambda b: b.ledger.redact(b.lease, b.run, Redaction("i-1", "title")),
    "a run": lambda b: b.ledger.begin_run(b.lease, RunKind.PLAN),
    "a new project": lambda b: b.ledger.ensure_project("Q", "Another"),
}


def counted(bench: Any) -> dict[str, int]:
    return {name: len(rows) for name, rows in bench.everything()}


@pytest.mark.parametrize("done", [True, False], ids=["carried out", "rolled back"])
@pytest.mark.parametrize("name", WRITES)
def test_a_lost_commit_is_done_exactly_once(name: str, done: bool, benches: Any, tmp_path: Any) -> None:
    undisturbed, bench = (benches(f"sqlite:///{tmp_path / file}") for file in ("a.db", "b.db"))
    for one in (undisturbed, bench):
        prepare(one)
    WRITES[name](undisturbed)
    with lost_commits(bench, done=done):
        WRITES[name](bench)
    assert counted(bench) == counted(undisturbed)
    assert bench.ledger.verify("P") is None
    assert bench.waited == [WAITS[0]]


@pytest.mark.parametrize("done", [True, False], ids=["carried out", "rolled back"])
def test_a_lost_commit_is_done_exactly_once_in_each_database(done: bool, bench: Any) -> None:
    with lost_commits(bench, done=done, times=2):
        bench.decide(bench.decided(1), bench.decided(2))
    assert [entry.seq for entry in bench.ledger.history("P")] == [2, 1]
    assert bench.ledger.verify("P") is None


@pytest.mark.parametrize("done", [True, False], ids=["carried out", "rolled back"])
def test_a_lease_taken_in_a_lost_commit_is_ours(done: bool, bench: Any) -> None:
    bench.ledger.release(bench.lease)
    with lost_commits(bench, done=done):
        lease = bench.ledger.acquire("P", "second", seconds=60)
    assert bench.ledger.holder("P") == lease
    assert lease.fence == bench.lease.fence + 1


def test_who_lost_the_lease_with_the_connection_writes_nothing_more(bench: Any) -> None:
    def taken_over(seconds: float) -> None:
        bench.clock.pass_(61)
        bench.open().acquire("P", "second", seconds=60)

    ledger = bench.open(wait=taken_over)
    with lost_commits(type("Other", (), {"engine": ledger._database.engine}), done=False):
        with pytest.raises(Fenced, match="taken over by second"):
            ledger.commit_decisions(bench.lease, bench.run, [bench.decided(1)])
    assert dict(bench.state.items) == {}


def test_a_database_that_stays_away_is_named_after_some_waiting(bench: Any) -> None:
    with lost_commits(bench, done=False, times=99):
        with pytest.raises(Unavailable, match=r"cannot be reached"):
            bench.decide(bench.decided(1))
    assert bench.waited == list(WAITS)
    assert dict(bench.state.items) == {}


@contextmanager
def killed_at(bench: Any, number: int) -> Iterator[list[int]]:
    """Kill the process before its statement of that number (the COMMIT is the last one)."""
    seen = [0]

    def statement(*_: Any) -> None:
        seen[0] += 1
        if seen[0] == number:
            raise Killed

    event.listen(bench.engine, "before_cursor_execute", statement)
    event.listen(bench.engine, "commit", statement)
    try:
        yield seen
    except Killed:
        return
    finally:
        event.remove(bench.engine, "before_cursor_execute", statement)
        event.remove(bench.engine, "commit", statement)


@pytest.mark.parametrize("name", WRITES)
def test_killed_at_any_statement_nothing_was_stored(name: str, benches: Any) -> None:
    bench = benches("sqlite://")
    prepare(bench)
    before, number = bench.everything(), 0
    while True:
        number += 1
        with killed_at(bench, number) as seen:
            WRITES[name](bench)
        if seen[0] < number:
            break  # it ran to its end: there were no more statements
        assert bench.everything() == before, f"killed before statement {number}"
    assert number > 4
    assert bench.everything() != before
    assert bench.ledger.verify("P") is None


def test_killed_at_any_statement_nothing_was_stored_in_each_database(bench: Any) -> None:
    prepare(bench)
    before = bench.everything()
    for number in range(1, 30):
        with killed_at(bench, number) as seen:
            WRITES["outcomes"](bench)
        if seen[0] < number:
            break
        assert bench.everything() == before
    assert bench.ledger.open_intents("P") == []
    assert len(bench.ledger.history("P")) == 2
