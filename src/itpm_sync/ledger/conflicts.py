"""Open conflicts and stored losers, read back.

In: a project, a conflict, an item's field. Out: conflicts with every side, losers with their full values.
"""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select

from itpm_sync.bases import Conflict
from itpm_sync.errors import Misconfigured, Moved
from itpm_sync.ledger import schema
from itpm_sync.ledger.database import Transaction
from itpm_sync.ledger.documents import conflict_of, loser_of
from itpm_sync.ledger.statements import named
from itpm_sync.ledger.words import StoredLoser

_table = schema.conflicts
_OPEN = (
    select(_table)
    .where(_table.c.project == bindparam("its_project"), _table.c.closed.is_(None))
    .order_by(_table.c.opened, _table.c.id)
)


def listed(connection: Connection, project: str) -> list[Conflict]:
    """The project's open conflicts, oldest first."""
    rows = connection.execute(_OPEN, {"its_project": project}).mappings()
    return [conflict_of(named(row)) for row in rows]


def one(connection: Connection, conflict: str) -> Conflict:
    """The open conflict of that id. Raises Misconfigured."""
    row = connection.execute(select(_table).where(_table.c.id == conflict)).mappings().first()
    if row is None:
        raise Misconfigured(f"There is no conflict {conflict}.", mend="See: itpm-sync conflicts list")
    if row["closed"] is not None:
        raise Misconfigured(f"Conflict {conflict} is closed.", mend="See: itpm-sync conflicts list")
    return conflict_of(named(row))


def unmoved(transaction: Transaction, conflict: str, *, sides_seen: str) -> None:
    """Raise Moved if the conflict is not open any more, or its sides are not those that were seen."""
    wanted = select(_table.c.digest, _table.c.closed).where(
        _table.c.project == transaction.project, _table.c.id == conflict
    )
    row = transaction.connection.execute(wanted).first()
    if row is None or row.closed is not None:
        raise Moved(f"Conflict {conflict} is not open any more.", mend="See: itpm-sync conflicts list")
    if row.digest != sides_seen:
        raise Moved(
            f"Conflict {conflict} has changed since you looked at it; nothing was resolved.",
            mend=f"Look again: itpm-sync conflicts show {conflict}",
        )


def losers(connection: Connection, project: str, item: str, *, field: str | None) -> list[StoredLoser]:
    """The stored losers of an item, newest first; of one field, where named."""
    table = schema.losers
    wanted = select(table).where(table.c.project == project, table.c.item == item)
    if field is not None:
        wanted = wanted.where(table.c.field == field)
    rows = connection.execute(wanted.order_by(table.c.seq.desc(), table.c.number)).mappings()
    return [
        StoredLoser(row["seq"], row["run"], row["item"], row["field"], row["at"], loser_of(named(row)))
        for row in rows
    ]
