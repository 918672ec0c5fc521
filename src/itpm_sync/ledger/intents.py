"""Intents: made durable before their effect, closed with everything that followed.

In: intents, settlements. Out: the intents whose outcome is not known. Each engine write
stands in the history exactly once: in the transaction that closes its intent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from itpm_sync.bases import Intent
from itpm_sync.codec import Json, encode
from itpm_sync.ledger import schema
from itpm_sync.ledger.database import Transaction
from itpm_sync.ledger.deciding import (
    agreed_before,
    agreed_entry,
    close_conflicts,
    conflict_entry,
    loser_entry,
    loser_rows,
    store_conflicts,
)
from itpm_sync.ledger.documents import intent_document, intent_of, pack
from itpm_sync.ledger.history import Sealer
from itpm_sync.ledger.prepared import Prepared
from itpm_sync.ledger.quarantine import clear_refusals, refusal_entry, store_refusals
from itpm_sync.ledger.replicas import store_items, store_replicas
from itpm_sync.ledger.statements import Row, cut, insert_rows
from itpm_sync.ledger.words import Settlement

_table = schema.intents

WRITE = "write"
"""The phase of an entry that tells what became of a call."""

_OPEN = Prepared(
    select(_table)
    .where(_table.c.project == bindparam("its_project"), _table.c.closed.is_(None))
    .order_by(_table.c.made, _table.c.id)
)
_TAKEN = Prepared(
    select(_table).where(
        _table.c.project == bindparam("its_project"),
        _table.c.id.in_(bindparam("its_ids", expanding=True)),
        _table.c.closed.is_(None),
    ),
    listed="its_ids",
)
_CLOSE = Prepared(
    update(_table)
    .where(_table.c.id == bindparam("its_one"))
    .values(
        closed=bindparam("its_at"),
        closed_run=bindparam("its_run"),
        outcome=bindparam("its_how"),
        # a creation learns what it made
        replica=func.coalesce(bindparam("its_made"), _table.c.replica),
        native_id=func.coalesce(bindparam("its_native"), _table.c.native_id),
    )
)


def store(transaction: Transaction, intents: Sequence[Intent]) -> None:
    """Make intents durable."""
    rows: list[Row] = [
        {
            "id": intent.id,
            "project": transaction.project,
            "run": intent.run,
            "operation": str(intent.operation),
            "item": intent.item,
            "connection": intent.connection,
            "container": intent.container,
            "replica": intent.replica,
            "native_id": intent.native_id,
            "key": intent.key,
            "document": pack(intent_document(intent)),
            "made": intent.made or transaction.now,
            "called": intent.called,
        }
        for intent in intents
    ]
    insert_rows(transaction.connection, _table, rows)


def still_open(connection: Connection, project: str) -> list[Intent]:
    """The project's intents without an outcome, in the order they were made."""
    return [intent_of(row._asdict()) for row in _OPEN.all(connection, {"its_project": project})]


def settle(transaction: Transaction, run: str, settlements: Sequence[Settlement]) -> None:
    """Close intents with what they changed. Raises ValueError where one is not open."""
    intents = _taken(transaction, [one.intent for one in settlements])
    _close(transaction, run, settlements)
    items = [one.item for one in settlements if one.item]
    before = agreed_before(transaction, [item.id for item in items])
    store_items(transaction, items)
    store_replicas(transaction, [one.replica for one in settlements if one.replica])
    close_conflicts(transaction, run, [name for one in settlements for name in one.closed])
    store_conflicts(transaction, run, [conflict for one in settlements for conflict in one.conflicts])
    clear_refusals(transaction, [place for one in settlements for place in one.cleared])
    store_refusals(transaction, [refusal for one in settlements for refusal in one.refusals])
    lost: list[Row] = []
    for one in settlements:
        intent, sealer = intents[one.intent], transaction.chain.sealer()
        document = _entry(intent, one, sealer)
        document |= _agreed(one, before.get(intent.item, {}), sealer)
        seq = transaction.chain.append(run, intent.item, phase=WRITE, document=document, sealer=sealer)
        lost += loser_rows(transaction, run, item=intent.item, seq=seq, losers=one.losers)
    insert_rows(transaction.connection, schema.losers, lost)


def _taken(transaction: Transaction, ids: Sequence[str]) -> Mapping[str, Intent]:
    found: dict[str, Intent] = {}
    for some in cut(ids):
        wanted = {"its_project": transaction.project, "its_ids": some}
        for row in _TAKEN.all(transaction.connection, wanted):
            found[row.id] = intent_of(row._asdict())
    missing = [name for name in ids if name not in found]
    if missing or len(set(ids)) != len(ids):
        raise ValueError(f"intents that are not open, or named twice: {missing or sorted(ids)}")
    return found


def _close(transaction: Transaction, run: str, settlements: Sequence[Settlement]) -> None:
    if not settlements:
        return
    _CLOSE.run(
        transaction.connection,
        *(
            {
                "its_one": one.intent,
                "its_at": transaction.now,
                "its_run": run,
                "its_how": one.outcome,
                "its_made": one.replica.id if one.replica else None,
                "its_native": one.replica.native_id if one.replica else None,
            }
            for one in settlements
        ),
    )


def _entry(intent: Intent, one: Settlement, sealer: Sealer) -> dict[str, Any]:
    native = one.replica.native_id if one.replica else intent.native_id
    parts: dict[str, Json] = {
        "intent": intent.id,
        "intended_by": intent.run,
        "operation": intent.operation,
        "connection": intent.connection,
        "container": intent.container,
        "record": native,
        "called": intent.called.isoformat() if intent.called else None,
        "outcome": one.outcome,
        "reason": sealer("reason", one.reason),
        "actor": sealer("actor", one.actor),
        "writes": {
            name: {
                "old": sealer(name, encode(intent.old.get(name))),
                "new": sealer(name, encode(value)),
                "version": intent.versions.get(name),
            }
            for name, value in intent.new.items()
        },
        "losers": [loser_entry(loser, sealer) for loser in one.losers],
        "opened": [conflict_entry(conflict, sealer) for conflict in one.conflicts],
        "closed": list(one.closed),
        "refusals": [refusal_entry(refusal, sealer=sealer) for refusal in one.refusals],
    }
    return {name: part for name, part in parts.items() if part}


def _agreed(one: Settlement, before: Mapping[str, Any], sealer: Sealer) -> dict[str, Any]:
    """The agreed values that moved with a settlement (an edit that our write met)."""
    if one.item is None:
        return {}
    moved = {name: now for name, now in one.item.agreed.items() if before.get(name) != now}
    fields = {
        name: agreed_entry(name, now, old=before.get(name), why=one.reason, sealer=sealer)
        for name, now in moved.items()
    }
    return {"fields": fields} if fields else {}
