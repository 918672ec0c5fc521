"""Replicas, items and containers as rows.

In: the words. Out: one row each, written whole. A record that is held already is refused by the database itself;
`claims` then says by whom.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, select

from itpm_sync.bases import ItemBase, Replica
from itpm_sync.ledger import schema
from itpm_sync.ledger.database import Transaction
from itpm_sync.ledger.documents import agreed_document, pack, replica_document, seal
from itpm_sync.ledger.statements import Row, cut, upsert
from itpm_sync.ledger.words import Claim, Claimed, ContainerState


def _replica_row(project: str, replica: Replica) -> Row:
    text = pack(replica_document(replica))
    return {
        "id": replica.id,
        "project": project,
        "connection": replica.connection,
        "container": replica.container,
        "native_id": replica.native_id,
        "item": replica.item,
        "tie": replica.tie.value,
        "waits": replica.waits,
        "document": text,
        "hash": seal(text),
    }


def store_replicas(transaction: Transaction, replicas: Iterable[Replica]) -> None:
    """Write replicas whole. Raises IntegrityError where a record is held by another one."""
    rows = [_replica_row(transaction.project, replica) for replica in replicas]
    upsert(transaction.connection, schema.replicas, rows)


def drop_replicas(transaction: Transaction, ids: Sequence[str]) -> None:
    """Remove rows that another replica took over from (a record that moved and got a new id)."""
    table = schema.replicas
    for some in cut(ids):
        transaction.connection.execute(
            delete(table).where(table.c.project == transaction.project, table.c.id.in_(some))
        )


def forget_replicas(transaction: Transaction, ids: Sequence[str]) -> None:
    """Remove untied rows whose record is gone; a tied one stays."""
    table = schema.replicas
    for some in cut(ids):
        transaction.connection.execute(
            delete(table).where(
                table.c.project == transaction.project, table.c.id.in_(some), table.c.item.is_(None)
            )
        )


def store_items(transaction: Transaction, items: Iterable[ItemBase]) -> None:
    """Write items whole."""
    rows: list[Row] = []
    for item in items:
        text = pack(agreed_document(item.agreed))
        rows.append(
            {
                "project": transaction.project,
                "id": item.id,
                "life": item.life.value,
                "note": item.note,
                "made": item.made,
                "document": text,
                "hash": seal(text),
            }
        )
    upsert(transaction.connection, schema.items, rows)


def store_containers(transaction: Transaction, states: Iterable[ContainerState]) -> None:
    """Write what is known of containers, their cursors among it."""
    rows: list[Row] = [
        {
            "project": transaction.project,
            "connection": state.connection,
            "container": state.container,
            "cursor": state.cursor,
            "fingerprint": state.fingerprint,
            "base": state.base,
            "last_complete": state.last_complete,
            "last_read": state.last_read,
            "last_edit": state.last_edit,
            "document": pack(state.document),
        }
        for state in states
    ]
    upsert(transaction.connection, schema.containers, rows)


def claims(connection: Connection, tool: str, native_ids: Sequence[str]) -> list[Claim]:
    """Which of these records of connection `tool` are held, and by which project."""
    table = schema.replicas
    found: list[Claim] = []
    for some in cut(native_ids):
        wanted = select(
            table.c.connection, table.c.native_id, table.c.project, table.c.id, table.c.item
        ).where(table.c.connection == tool, table.c.native_id.in_(some))
        found += [Claim(*row) for row in connection.execute(wanted)]
    return found


def refused_claim(connection: Connection, project: str, replicas: Sequence[Replica]) -> Claimed | None:
    """The error for replicas that claim records held by others; None where there is no such claim."""
    taken: list[Claim] = []
    wanted = {(replica.connection, replica.native_id): replica.id for replica in replicas}
    for tool in sorted({replica.connection for replica in replicas}):
        held = claims(connection, tool, [native for name, native in wanted if name == tool])
        taken += [claim for claim in held if wanted[claim.connection, claim.native_id] != claim.replica]
    if not taken:
        return None
    first = taken[0]
    more = f" (and {len(taken) - 1} more)" if len(taken) > 1 else ""
    if first.project == project:
        says = f"Record {first.native_id} of {first.connection} is tied in project {project} already{more}."
    else:
        says = (
            f"Record {first.native_id} of {first.connection} belongs to project {first.project}; "
            f"project {project} cannot have it too{more}."
        )
    return Claimed(says, claims=tuple(taken), mend="Leave it out of one of the two projects' containers.")
