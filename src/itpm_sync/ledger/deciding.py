"""Decisions as one transaction: what was decided of an item, everything that follows, and the entry that tells of it.

In: decisions with the item and its replicas as they are after it. Out: rows and history. All or nothing a batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select, update

from itpm_sync.bases import Agreed, Conflict, ItemBase, Replica, Side
from itpm_sync.codec import Json, encode
from itpm_sync.ledger import schema, unpacked
from itpm_sync.ledger.database import Transaction
from itpm_sync.ledger.documents import conflict_document, pack, side_document, sides_digest
from itpm_sync.ledger.history import Sealer
from itpm_sync.ledger.prepared import Prepared
from itpm_sync.ledger.replicas import drop_replicas, store_items, store_replicas
from itpm_sync.ledger.statements import Row, cut, insert_rows, upsert
from itpm_sync.plan import Decision, Loser

_items = schema.items
_AGREED = Prepared(
    select(_items.c.id, _items.c.document, _items.c.hash).where(
        _items.c.project == bindparam("its_project"), _items.c.id.in_(bindparam("its_ids", expanding=True))
    ),
    listed="its_ids",
)
BATCH = 500
"""The most decisions of one transaction."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, with the item and the replicas as they are after it."""

    decision: Decision
    item: ItemBase
    replicas: tuple[Replica, ...] = ()


def store_decided(transaction: Transaction, run: str, *, phase: str, batch: Sequence[Decided]) -> None:
    """Store a batch. Raises ValueError where an agreed version does not rise with its value."""
    before = agreed_before(transaction, [one.item.id for one in batch if one.decision.agreed])
    drop_replicas(
        transaction,
        [change.drop for one in batch for change in one.decision.replicas if change.drop is not None],
    )
    store_items(transaction, (one.item for one in batch))
    store_replicas(transaction, (replica for one in batch for replica in one.replicas))
    close_conflicts(transaction, run, [name for one in batch for name in one.decision.closed])
    store_conflicts(
        transaction, run, [c for one in batch for c in (*one.decision.opened, *one.decision.updated)]
    )
    lost: list[Row] = []
    for one in batch:
        old = before.get(one.item.id, {})
        _refuse_falling(one, old)
        sealer = transaction.chain.sealer()
        document = _entry(one, old, sealer)
        if document:
            seq = transaction.chain.append(run, one.item.id, phase=phase, document=document, sealer=sealer)
            lost += loser_rows(transaction, run, item=one.item.id, seq=seq, losers=one.decision.losers)
    insert_rows(transaction.connection, schema.losers, lost)


def agreed_before(transaction: Transaction, items: Sequence[str]) -> Mapping[str, Mapping[str, Agreed]]:
    """The agreed values as stored, by item."""
    found: dict[str, Mapping[str, Agreed]] = {}
    for some in cut(items):
        wanted = {"its_project": transaction.project, "its_ids": some}
        for row in _AGREED.all(transaction.connection, wanted):
            found[row.id] = unpacked.agreed(row.id, row.document, row.hash)
    return found


def _refuse_falling(one: Decided, before: Mapping[str, Agreed]) -> None:
    for name, now in one.decision.agreed.items():
        old = before.get(name)
        if old is None:
            continue
        if now.version < old.version or (now.version == old.version and now.value != old.value):
            raise ValueError(
                f"item {one.item.id}, {name}: agreed version {now.version} does not follow {old.version}"
            )


def store_conflicts(transaction: Transaction, run: str, conflicts: Iterable[Conflict]) -> None:
    """Write open conflicts with every side: new ones, and those whose sides changed."""
    rows: list[Row] = [
        {
            "id": conflict.id,
            "project": transaction.project,
            "item": conflict.item,
            "field": conflict.field,
            "opened": conflict.opened,
            "opened_run": run,
            "reason": conflict.reason,
            "document": pack(conflict_document(conflict)),
            "digest": sides_digest(conflict),
            "closed": None,
            "closed_run": None,
        }
        for conflict in conflicts
    ]
    if not rows:
        return
    table = schema.conflicts
    opened: dict[str, str] = {}
    for some in cut([row["id"] for row in rows]):
        wanted = select(table.c.id, table.c.opened_run).where(table.c.id.in_(some))
        opened.update({known.id: known.opened_run for known in transaction.connection.execute(wanted)})
    # a changed conflict keeps the run that opened it
    upsert(transaction.connection, table, [{**row, "opened_run": opened.get(row["id"], run)} for row in rows])


def close_conflicts(transaction: Transaction, run: str, ids: Sequence[str]) -> None:
    """Close open conflicts."""
    table = schema.conflicts
    for some in cut(ids):
        transaction.connection.execute(
            update(table)
            .where(table.c.project == transaction.project, table.c.id.in_(some), table.c.closed.is_(None))
            .values(closed=transaction.now, closed_run=run)
        )


def loser_rows(
    transaction: Transaction, run: str, *, item: str, seq: int, losers: Iterable[Loser]
) -> list[Row]:
    """Losers of the history entry `seq`, with their full values."""
    return [
        {
            "project": transaction.project,
            "seq": seq,
            "number": number,
            "run": run,
            "item": item,
            "field": loser.field,
            "at": transaction.now,
            "why": loser.why,
            "covered_by": loser.covered_by,
            "document": pack(side_document(loser.side)),
        }
        for number, loser in enumerate(losers)
    ]


def agreed_entry(name: str, now: Agreed, *, old: Agreed | None, why: str, sealer: Sealer) -> Json:
    """What the history tells of one field's new agreed value."""
    return {
        "version": now.version,
        "was": old.version if old else None,
        "origin": now.origin,
        "actor": sealer(f"{name}:actor", now.actor),
        "edited": now.edited.isoformat() if now.edited else None,
        "old": sealer(name, encode(old.value) if old else None),
        "new": sealer(name, encode(now.value)),
        "why": sealer(f"{name}:why", why),
    }


def side_entry(name: str, side: Side, *, sealer: Sealer) -> Json:
    """What the history tells of one side."""
    return {
        "tool": side.tool,
        "version": side.version,
        "agreed": side.agreed,
        "lawful": side.lawful,
        "item": side.item,
        "actor": sealer(f"{name}:actor", side.actor),
        "edited": side.edited.isoformat() if side.edited else None,
        "value": sealer(name, encode(side.value)),
        "form": sealer(name, encode(side.form)),
    }


def conflict_entry(conflict: Conflict, sealer: Sealer) -> Json:
    """What the history tells of an open conflict."""
    return {
        "id": conflict.id,
        "field": conflict.field,
        "reason": sealer(f"{conflict.field}:why", conflict.reason),
        "also": list(conflict.also),
        "sides": [side_entry(conflict.field, side, sealer=sealer) for side in conflict.sides],
    }


def loser_entry(loser: Loser, sealer: Sealer) -> Json:
    """What the history tells of a loser."""
    return {
        "field": loser.field,
        "why": sealer(f"{loser.field}:why", loser.why),
        "covered_by": loser.covered_by,
        **side_entry(loser.field, loser.side, sealer=sealer),
    }


def _entry(one: Decided, before: Mapping[str, Agreed], sealer: Sealer) -> dict[str, Any]:
    """The entry of one decision; empty where it changed nothing but what was read."""
    decision = one.decision
    ties = [
        {"replica": change.replica, "tie": change.tie, "item": change.item, "drop": change.drop}
        for change in decision.replicas
        if change.tie or change.item or change.drop
    ]
    parts: dict[str, Any] = {
        "new": decision.new,
        "life": decision.life,
        "note": sealer("note", decision.note),
        "fields": {
            name: agreed_entry(
                name, now, old=before.get(name), why=decision.reasons.get(name, ""), sealer=sealer
            )
            for name, now in decision.agreed.items()
        },
        "opened": [conflict_entry(conflict, sealer) for conflict in decision.opened],
        "updated": [conflict_entry(conflict, sealer) for conflict in decision.updated],
        "closed": list(decision.closed),
        "losers": [loser_entry(loser, sealer) for loser in decision.losers],
        "ties": ties,
    }
    return {name: part for name, part in parts.items() if part}
