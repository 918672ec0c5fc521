"""A ledger to test: the same tests over SQLite and PostgreSQL.

`bench` is an open ledger with a project, a lease and a run, and makers of words to put into it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect

from itpm_sync.bases import Agreed, Conflict, Intent, ItemBase, Replica, Side, Tie
from itpm_sync.connector import Record
from itpm_sync.ledger import Decided, Ledger, RunKind, opening, schema
from itpm_sync.plan import Decision
from itpm_sync.ports import SystemClock
from itpm_sync.testing.postgres import Postgres

KEY = b"a key for tests, long enough to be one"


class SetClock(SystemClock):
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2030, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def pass_(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class CountedIds:
    """Ids by number."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def new(self, prefix: str) -> str:
        return f"{prefix}-{next(self._numbers):026}"


class Bench:
    """An open ledger with project P, a lease on it and a run."""

    project = "P"

    def __init__(self, url: str, **options: Any) -> None:
        self.url = url
        self.clock = SetClock()
        self.ids = CountedIds()
        self.waited: list[float] = []
        self._opened: list[Ledger] = []
        self.ledger = self.open(**options)
        self.ledger.ensure_project(self.project, "Network refresh")
        self.lease = self.ledger.acquire(self.project, "first", seconds=60)
        self.run = self.ledger.begin_run(self.lease, RunKind.SYNC)

    def open(self, **options: Any) -> Ledger:
        options = {"key": KEY, "wait": self.waited.append} | options
        ledger = Ledger.open(self.url, clock=self.clock, ids=self.ids, **options)
        self._opened.append(ledger)
        return ledger

    def close(self) -> None:
        for ledger in self._opened:
            ledger.close()

    @property
    def engine(self) -> Any:
        return self.ledger._database.engine

    @property
    def state(self) -> Any:
        return self.ledger.load(self.project)

    def rows(self, statement: str) -> list[Any]:
        """What plain SQL finds."""
        with self.engine.connect() as connection:
            return list(connection.exec_driver_sql(statement).all())

    def everything(self) -> list[Any]:
        """All rows of all tables."""
        names = sorted(schema.metadata.tables)
        return [(name, sorted(map(str, self.rows(f"SELECT * FROM {name}")))) for name in names]

    def record(self, native_id: str, revision: str = "1", **values: Any) -> Record:
        return Record(native_id, revision, values or {"summary": f"Record {native_id}"})

    def replica(self, number: int, *, tool: str = "jira", item: str | None = None, **more: Any) -> Replica:
        native_id = str(10_000 + number)
        more.setdefault("reading", self.record(native_id))
        tie = Tie.TIED if item else Tie.UNTIED
        return Replica(f"r-{tool}-{number}", tool, "NET", native_id, item, more.pop("tie", tie), **more)

    def item(self, number: int, version: int = 1, title: str = "") -> ItemBase:
        agreed = Agreed(title or f"Item {number}", version, "jira", "ann@example.org", self.clock.now())
        return ItemBase(f"i-{number}", {"title": agreed}, made=self.clock.now())

    def decided(self, number: int, version: int = 1, title: str = "", **more: Any) -> Decided:
        item = self.item(number, version, title)
        replica = self.replica(number, item=item.id, reading=None, seen=self.record(str(10_000 + number)))
        decision = Decision(
            item.id, agreed=item.agreed, new=version == 1, reasons={"title": "an edit"}, **more
        )
        return Decided(decision, item, (replica,))

    def conflict(self, number: int, item: str = "i-1", *values: str) -> Conflict:
        words = values or ("ours", "theirs")
        sides = tuple(
            Side(tool, word, word, 1) for tool, word in zip(("jira", "planner"), words, strict=False)
        )
        return Conflict(f"c-{number}", item, "title", sides, self.clock.now(), "two edits")

    def intent(self, number: int, operation: str = "update", **more: Any) -> Intent:
        native = None if operation == "create" else str(10_000 + number)
        words = {
            "old": {"title": "before"},
            "new": {"title": "after"},
            "versions": {"title": 2},
            "made": self.clock.now(),
        }
        return Intent(
            f"n-{number}",
            self.run,
            operation,
            f"i-{number}",
            "jira",
            "NET",
            None if native is None else f"r-jira-{number}",
            native,
            f"i-{number}",
            **(words | more),
        )

    def decide(self, *decided: Decided) -> None:
        self.ledger.commit_decisions(self.lease, self.run, decided)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty ledger, in each kind of database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="session")
def used_database(postgres: Postgres) -> Iterator[str]:
    """A PostgreSQL database that tests use one after the other: made once, as that takes longest."""
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


def emptied(url: str) -> str:
    """The database, as it is after the migrations, whatever the test before did to it."""
    engine = create_engine(url)
    with engine.begin() as connection:
        if inspect(connection).has_table("history"):
            names = ", ".join(schema.metadata.tables)
            connection.exec_driver_sql(f"TRUNCATE {names}")
            for table in ("history", "history_values"):
                connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
            connection.exec_driver_sql(f"UPDATE itpm_version SET version_num = '{opening.HEAD}'")
    engine.dispose()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """An open ledger in each kind of database."""
    if request.param == "sqlite":
        bench = Bench(f"sqlite:///{tmp_path / 'ledger.db'}")
    else:
        bench = Bench(emptied(request.getfixturevalue("used_database")))
    yield bench
    bench.close()


@pytest.fixture
def benches() -> Iterator[Callable[..., Bench]]:
    """Makes benches at addresses of the test's own choice."""
    made: list[Bench] = []

    def make(url: str, **options: Any) -> Bench:
        made.append(Bench(url, **options))
        return made[-1]

    yield make
    for bench in made:
        bench.close()


@pytest.fixture
def file_bench(tmp_path: Path, benches: Callable[..., Bench]) -> Bench:
    """An open ledger in an SQLite file."""
    return benches(f"sqlite:///{tmp_path / 'ledger.db'}")
