"""Short transactions on the ledger's database.

In: work as a function of a connection. Out: its result, done wholly or not at all. Work may run more than once: a
connection lost during COMMIT is answered by looking whether the transaction's own key arrived, and only if it did
not is the work done again (FoundationDB's commit_unknown_result). So work makes nothing outside the database.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Row, bindparam, select, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from itpm_sync.errors import Fenced, Misconfigured, Unavailable
from itpm_sync.ledger import schema
from itpm_sync.ledger.history import Chain
from itpm_sync.ledger.lending import Lent
from itpm_sync.ledger.prepared import Prepared
from itpm_sync.ledger.trouble import explain, may_repeat
from itpm_sync.ledger.words import Lease
from itpm_sync.ports import Clock, Ids

T = TypeVar("T")

WAITS = (0.0, 0.5, 2.0, 5.0)
"""Seconds before each new attempt after a lost connection: about as long as a fail-over takes."""


_lease = schema.leases

# made once: they run in every transaction
_ARRIVED = Prepared(
    select(_lease.c.last_commit).where(_lease.c.project == bindparam("its_project")).with_for_update()
)
_SIGN = Prepared(
    update(_lease)
    .where(_lease.c.project == bindparam("its_project"))
    .values(last_commit=bindparam("its_commit"))
    .returning(_lease.c.holder, _lease.c.fence, _lease.c.expires, _lease.c.rest)
)


@dataclass(frozen=True, slots=True)
class Transaction:
    """What work gets: an open transaction that holds the project's lease row."""

    connection: Connection
    project: str
    lease: Row[Any]
    """The lease row as the transaction found it: holder, fence, expires, rest."""
    now: datetime
    chain: Chain


@dataclass(frozen=True, slots=True)
class Database:
    """An engine's connections with what transactions need."""

    lent: Lent
    shown: str
    """The address without its password."""
    clock: Clock
    ids: Ids
    key: bytes
    wait: Callable[[float], None]

    @property
    def engine(self) -> Engine:
        """The engine itself, for what is no transaction."""
        return self.lent.engine

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on one snapshot. Raises the errors of `trouble`."""
        return self._attempts(lambda _: self.lent.within(work, writes=False))

    def write(self, lease: Lease, work: Callable[[Transaction], T], *, live: bool = False) -> T:
        """Run `work` under `lease`, whose fence is checked inside the transaction.

        `live`: the lease must not have expired either (before calls go out). Raises Fenced: nothing was stored, but
        for a transaction whose COMMIT got no answer before the lease was lost.
        """

        def check(row: Row[Any], now: datetime) -> None:
            if row.fence != lease.fence or row.holder != lease.holder:
                raise Fenced(
                    f"Project {lease.project} was taken over by {row.holder or 'another run'} while this run went on.",
                    mend="Nothing more is written; the newer run goes on from here.",
                )
            if live and (row.expires is None or row.expires <= now):
                raise Fenced(
                    f"The lease on project {lease.project} ran out at {row.expires:%H:%M:%S} UTC.",
                    mend="Run again.",
                )

        return self.write_project(lease.project, work, check)

    def write_project(
        self, project: str, work: Callable[[Transaction], T], check: Callable[[Row[Any], datetime], None]
    ) -> T:
        """Run `work` while the project's lease row is locked; `check` may refuse it."""
        commit = self.ids.new("commit")
        done: list[T] = []
        here = {"its_project": project}

        def attempt(connection: Connection, again: bool) -> T:
            # waits for our own lost transaction, if it is still under way on the server
            if again and done and _ARRIVED.scalar(connection, here) == commit:
                return done[-1]
            row = _SIGN.first(connection, {**here, "its_commit": commit})
            if row is None:
                raise Misconfigured(f"The ledger knows no project {project}.", mend="Correct its name.")
            now = self.clock.now()
            check(row, now)
            chain = Chain(connection, project, self.key, self.ids, now)
            done[:] = [work(Transaction(connection, project, row, now, chain))]
            chain.flush()
            return done[-1]

        return self._attempts(lambda again: self.lent.within(lambda c: attempt(c, again), writes=True))

    def write_again(self, work: Callable[[Connection], T]) -> T:
        """Run `work` that does no harm when it is done twice (it inserts or updates to the same end)."""
        return self._attempts(lambda _: self.lent.within(work, writes=True))

    def _attempts(self, attempt: Callable[[bool], T]) -> T:
        """Try, and try again after a connection was lost; `attempt` is told whether it is a repetition."""
        last: SQLAlchemyError | None = None
        for number in range(len(WAITS) + 1):
            try:
                return attempt(number > 0)
            except DBAPIError as error:
                if not may_repeat(error):
                    raise
                last = error
            if number < len(WAITS):
                self.wait(WAITS[number])
        raise explain(last, self.shown) if last else Unavailable(f"The ledger {self.shown} cannot be used.")
