"""Real kills and really lost connections: the database is before or after a transaction (S15, F59, F64)."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import make_url

from itpm_sync.bases import Agreed, ItemBase
from itpm_sync.ledger import Decided, Ledger
from itpm_sync.plan import Decision
from itpm_sync.ports import SystemClock, SystemIds
from itpm_sync.testing.killed.cutting import Cut, Cutting

WRITER = Path(__file__).with_name("ledger_writer.py")
KILLS = 4


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Ledger]]:
    with ExitStack() as stack:

        def open_(url: str, **options: Any) -> Ledger:
            clock = SystemClock()
            ledger = Ledger.open(url, clock=clock, ids=SystemIds(clock), key=tmp_path / "key", **options)
            return stack.enter_context(ledger)

        yield open_


def killed_after(url: str, key: Path, lines: int, *, delay: float) -> int:
    """Start a writer, kill it `delay` seconds after so many rounds; returns the last round it called stored."""
    with subprocess.Popen(
        [sys.executable, str(WRITER), url, str(key)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        try:
            assert child.stdout.readline() == "ready\n"
            told = [child.stdout.readline() for _ in range(lines)]
            timer = threading.Timer(delay, child.kill)
            timer.start()
            told += [line for line in child.stdout if line.endswith("\n")]
        finally:
            child.kill()
    return int(told[-1]) if told else 0


def test_a_process_killed_at_any_moment_leaves_the_ledger_whole(
    url: str, opened: Callable[..., Ledger], tmp_path: Path
) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    cut: set[int] = set()  # the rounds that were under way at a kill; the next process begins a new one
    for _ in range(KILLS):
        last = killed_after(url, tmp_path / "key", chance.randrange(6), delay=chance.uniform(0, 0.03))
        ledger = opened(url)
        state, where = ledger.load("P"), f"seed {seed}"
        cursor = int(state.containers["jira", "NET"].cursor or 0)
        # the cursor stands exactly where the readings end
        assert sorted(map(int, (replica.native_id for replica in state.replicas.values()))) == list(
            range(1, cursor + 1)
        ), where
        # what was called stored is stored; at most one round is under way
        assert cursor in (last, last + 1) or last == 0, where
        cut.add(cursor)
        undecided = {int(replica.native_id) for replica in state.replicas.values() if replica.item is None}
        assert undecided <= cut, where
        assert len(state.items) == len(state.replicas) - len(undecided), where
        assert {intent.id for intent in ledger.open_intents("P")} <= {f"n-{cursor}"}, where
        assert ledger.verify("P") is None, where
        written = [
            entry.document["intent"] for entry in ledger.history("P", limit=None) if entry.phase == "write"
        ]
        assert len(set(written)) == len(written), where
        assert set(written) >= {f"n-{number}" for number in range(1, last + 1) if number not in cut}, where


@pytest.mark.parametrize("how", list(Cut))
@pytest.mark.parametrize("slow", [False, True], ids=["at once", "while the server is still at it"])
def test_a_commit_whose_answer_is_lost_is_done_once(
    slow: bool, how: Cut, postgres_url: str, opened: Callable[..., Ledger]
) -> None:
    address = make_url(postgres_url)
    assert address.port is not None
    if slow:
        with opened(postgres_url)._database.engine.begin() as connection:
            connection.execute(sqlalchemy.text(SLOW_FUNCTION))
            connection.execute(sqlalchemy.text(SLOW_COMMIT))
    relay = Cutting(address.port)
    try:
        ledger = opened(
            address.set(port=relay.port).render_as_string(hide_password=False), wait=lambda seconds: None
        )
        ledger.ensure_project("P", "Network refresh")
        lease = ledger.acquire("P", "first", seconds=600)
        for version in range(1, 4):
            item = ItemBase("i-1", {"title": Agreed(f"title {version}", version, "jira")})
            relay.cut(how)
            ledger.commit_decisions(lease, "run-1", [Decided(Decision("i-1", agreed=item.agreed), item)])
        assert relay.cuts == 3
        assert [entry.seq for entry in ledger.history("P")] == [3, 2, 1]
        assert ledger.verify("P") is None
        assert ledger.load("P").items["i-1"].value("title") == "title 3"
        ledger.close()
    finally:
        relay.close()


SLOW_FUNCTION = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_sleep(0.2); RETURN NULL; END $$
"""
SLOW_COMMIT = """
CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON history
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()
"""
