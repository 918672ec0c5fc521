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
from itpm_sync.ledger.prepared import Prepared
from itpm_sync.ledger.statements import named
from itpm_sync.ledger.words import StoredLoser

_table = schema.conflicts
_OPEN = Prepared(
    select(_table)
    .where(_table.c.project == bindparam("its_project"), _table.c.closed.is_(None))
    .order_by(_table.c.opened, _table.c.id)
)

_lost = schema.losers
_OF_ITEM = (
    select(_lost)
    .where(_lost.c.project == bindparam("its_project"), _lost.c.item == bindparam("its_item"))
    .order_by(_lost.c.seq.desc(), _lost.c.number)
)
_LOSERS = Prepared(_OF_ITEM)
_LOSERS_OF_FIELD = Prepared(_OF_ITEM.where(_lost.c.field == bindparam("its_field")))


def listed(connection: Connection, project: str) -> list[Conflict]:
    """The project's open conflicts, oldest first."""
    return [conflict_of(row._asdict()) for row in _OPEN.all(connection, {"its_project": project})]


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
    wanted = {"its_project": project, "its_item": item, "its_field": field}
    rows = (_LOSERS if field is None else _LOSERS_OF_FIELD).all(connection, wanted)
    return [
        StoredLoser(row.seq, row.run, row.item, row.field, row.at, loser_of(row._asdict())) for row in rows
    ]
