"""Leases: one writer a project, told apart by a rising fence.

In: who wants it, and for how many seconds. Out: a Lease; Busy names the holder and when its lease ends.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update

from itpm_sync.errors import Busy
from itpm_sync.ledger import schema
from itpm_sync.ledger.database import Database, Transaction
from itpm_sync.ledger.words import Lease

_table = schema.leases


def acquire(
    database: Database, project: str, holder: str, *, seconds: float, gone: Callable[[str], bool] | None
) -> Lease:
    """Take the project's lease for `seconds`. `gone` may say of an unexpired holder that it is surely no more."""

    def check(row: Row[Any], now: datetime) -> None:
        if row.holder is None or row.expires <= now or (gone is not None and gone(row.holder)):
            return
        raise Busy(
            f"Project {project} is held by {row.holder} until {row.expires:%Y-%m-%d %H:%M:%S} UTC.",
            mend="Run again once it is done, or after that time.",
        )

    def work(transaction: Transaction) -> Lease:
        connection = transaction.connection
        fence = 1 + connection.execute(select(_table.c.fence).where(_table.c.project == project)).scalar_one()
        lease = Lease(project, holder, fence, transaction.now + timedelta(seconds=seconds))
        connection.execute(
            update(_table)
            .where(_table.c.project == project)
            .values(holder=holder, fence=fence, expires=lease.expires)
        )
        return lease

    return database.write_project(project, work, check)


def renew(database: Database, lease: Lease, seconds: float) -> Lease:
    """The same lease, ending `seconds` from now; one that ran out but was not taken is renewed too. Raises Fenced."""

    def work(transaction: Transaction) -> Lease:
        expires = transaction.now + timedelta(seconds=seconds)
        transaction.connection.execute(
            update(_table).where(_table.c.project == lease.project).values(expires=expires)
        )
        return Lease(lease.project, lease.holder, lease.fence, expires)

    return database.write(lease, work)


def release(database: Database, lease: Lease) -> None:
    """Give the lease back; one that was taken over is left to its new holder."""

    def work(transaction: Transaction) -> None:
        transaction.connection.execute(
            update(_table)
            .where(
                _table.c.project == lease.project,
                _table.c.fence == lease.fence,
                _table.c.holder == lease.holder,
            )
            .values(holder=None, expires=None)
        )

    database.write_project(lease.project, work, lambda row, now: None)


def holder(database: Database, project: str) -> Lease | None:
    """The lease that holds the project now, or None."""
    row = database.read(
        lambda connection: connection.execute(select(_table).where(_table.c.project == project)).first()
    )
    if row is None or row.holder is None or row.expires <= database.clock.now():
        return None
    return Lease(project, row.holder, row.fence, row.expires)
