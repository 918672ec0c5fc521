"""Refusals: what fails for good, left out until it changes or its next try is due.

In: refusals, places where they are over. Out: the project's refusals.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, or_, select, update

from itpm_sync.bases import Refusal
from itpm_sync.codec import Json
from itpm_sync.ledger import schema
from itpm_sync.ledger.database import Transaction
from itpm_sync.ledger.history import Sealer
from itpm_sync.ledger.prepared import Prepared
from itpm_sync.ledger.statements import cut, upsert
from itpm_sync.ledger.words import Place

_table = schema.refusals
_LISTED = Prepared(
    select(_table)
    .where(_table.c.project == bindparam("its_project"))
    .order_by(_table.c.item, _table.c.connection, _table.c.container, _table.c.field)
)

REFUSE = "refuse"
"""The phase of an entry that tells of what was left out, without a call."""


def store_refusals(transaction: Transaction, refusals: Sequence[Refusal]) -> None:
    """Write refusals; one of the same place takes the older one's."""
    upsert(
        transaction.connection,
        _table,
        [
            {
                "project": transaction.project,
                "item": one.item,
                "connection": one.connection,
                "container": one.container,
                "field": one.field,
                "version": one.version,
                "reason": one.reason,
                "attempts": one.attempts,
                "next_try": one.next_try,
            }
            for one in refusals
        ],
    )


def add_refusals(transaction: Transaction, run: str, refusals: Sequence[Refusal]) -> None:
    """Write refusals and tell of them, in one entry an item."""
    store_refusals(transaction, refusals)
    for item in dict.fromkeys(one.item for one in refusals):
        sealer = transaction.chain.sealer()
        told = [refusal_entry(one, sealer=sealer) for one in refusals if one.item == item]
        transaction.chain.append(run, item, phase=REFUSE, document={"refusals": told}, sealer=sealer)


def refusal_entry(refusal: Refusal, *, sealer: Sealer) -> Json:
    """What the history tells of a refusal."""
    return {
        "connection": refusal.connection,
        "container": refusal.container,
        "field": refusal.field,
        "version": refusal.version,
        "reason": sealer("reason", refusal.reason),
        "attempts": refusal.attempts,
    }


def clear_refusals(transaction: Transaction, places: Sequence[Place]) -> None:
    """Remove the refusals of these places."""
    for some in cut(places):
        transaction.connection.execute(
            delete(_table).where(_table.c.project == transaction.project, or_(*map(_at, some)))
        )


def replay(transaction: Transaction, item: str | None) -> int:
    """Make refusals due now, of one item or of all. Returns how many."""
    wanted = update(_table).where(_table.c.project == transaction.project)
    if item is not None:
        wanted = wanted.where(_table.c.item == item)
    return transaction.connection.execute(wanted.values(next_try=transaction.now)).rowcount


def listed(connection: Connection, project: str) -> list[Refusal]:
    """The project's refusals, those of one item together."""
    return [_refusal(row) for row in _LISTED.all(connection, {"its_project": project})]


def _at(place: Place) -> Any:
    return and_(
        _table.c.item == place.item,
        _table.c.connection == place.connection,
        _table.c.container == place.container,
        _table.c.field == place.field,
    )


def _refusal(row: Any) -> Refusal:
    return Refusal(
        row.item,
        row.connection,
        row.container,
        row.field,
        row.version,
        row.reason,
        row.attempts,
        row.next_try,
    )
