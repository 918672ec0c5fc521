"""Leases: one writer a project, told apart by a rising fence.

In: who wants it, and for how many seconds. Out: a Lease; Busy names the holder and when its lease ends.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, null, select, update

from itpm_sync.errors import Busy
from itpm_sync.ledger import schema
from itpm_sync.ledger.database import Database, Transaction
from itpm_sync.ledger.prepared import Prepared
from itpm_sync.ledger.words import Lease

_table = schema.leases


# made once: they run in every run
_TAKE = Prepared(
    update(_table)
    .where(_table.c.project == bindparam("its_project"))
    .values(
        holder=bindparam("its_holder"),
        fence=bindparam("its_fence"),
        expires=bindparam("its_end"),
        rest=null(),
    )
)
_HELD = Prepared(select(_table).where(_table.c.project == bindparam("its_project")))
_RENEW = Prepared(
    update(_table).where(_table.c.project == bindparam("its_project")).values(expires=bindparam("its_end"))
)
_GIVE_BACK = Prepared(
    update(_table)
    .where(
        _table.c.project == bindparam("its_project"),
        _table.c.fence == bindparam("its_fence"),
        _table.c.holder == bindparam("its_holder"),
    )
    .values(holder=null(), expires=null(), rest=bindparam("its_rest"))
)


def acquire(
    database: Database,
    project: str,
    holder: str,
    *,
    seconds: float,
    gone: Callable[[str], bool] | None,
    then: Callable[[Transaction, Lease], None] = lambda _transaction, _lease: None,
) -> Lease:
    """Take the project's lease for `seconds`. `gone` may say of an unexpired holder that it is surely no more.

    `then`: what is done under it in the same transaction.
    """

    def check(row: Row[Any], now: datetime) -> None:
        if row.holder is None or row.expires <= now or (gone is not None and gone(row.holder)):
            return
        raise Busy(
            f"Project {project} is held by {row.holder} until {row.expires:%Y-%m-%d %H:%M:%S} UTC.",
            mend="Run again once it is done, or after that time.",
        )

    def work(transaction: Transaction) -> Lease:
        connection = transaction.connection
        fence, end = 1 + transaction.lease.fence, transaction.now + timedelta(seconds=seconds)
        lease = Lease(project, holder, fence, end, transaction.lease.rest)
        taken = {"its_project": project, "its_holder": holder, "its_fence": fence, "its_end": lease.expires}
        _TAKE.run(connection, taken)
        then(transaction, lease)
        return lease

    return database.write_project(project, work, check)


def renew(database: Database, lease: Lease, seconds: float) -> Lease:
    """The same lease, ending `seconds` from now; one that ran out but was not taken is renewed too. Raises Fenced."""
    return database.write(lease, lambda t: extend(t, lease, seconds))


def extend(transaction: Transaction, lease: Lease, seconds: float) -> Lease:
    """`renew` within a transaction."""
    expires = transaction.now + timedelta(seconds=seconds)
    _RENEW.run(transaction.connection, {"its_project": lease.project, "its_end": expires})
    return replace(lease, expires=expires)


def release(database: Database, lease: Lease) -> None:
    """Give the lease back; one that was taken over is left to its new holder."""

    def check(row: Row[Any], _now: datetime) -> None:
        if row.fence != lease.fence or row.holder != lease.holder:
            raise _NotOurs  # not even its last commit is touched: the new holder may be looking for its own

    with suppress(_NotOurs):
        database.write_project(lease.project, lambda t: give_back(t, lease), check)


class _NotOurs(Exception):
    """The lease is another's by now."""


def give_back(transaction: Transaction, lease: Lease, rest: str | None = None) -> None:
    """Give the lease back within a transaction; one that was taken over is left to its new holder."""
    mine = {
        "its_project": lease.project,
        "its_fence": lease.fence,
        "its_holder": lease.holder,
        "its_rest": rest,
    }
    _GIVE_BACK.run(transaction.connection, mine)


def holder(database: Database, project: str) -> Lease | None:
    """The lease that holds the project now, or None."""
    row = database.read(lambda connection: _HELD.first(connection, {"its_project": project}))
    if row is None or row.holder is None or row.expires <= database.clock.now():
        return None
    return Lease(project, row.holder, row.fence, row.expires)
