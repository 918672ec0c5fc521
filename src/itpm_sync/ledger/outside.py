"""What is asked of a ledger when the tools show what it may not have done; a container taken for what it is now.

In: a project, keys, a time; an adoption. Out: items of other projects, calls since; rows and an entry of the history.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from itpm_sync.bases import Replica
from itpm_sync.connector import Operation
from itpm_sync.ledger import schema
from itpm_sync.ledger.database import Transaction
from itpm_sync.ledger.replicas import store_containers, store_replicas
from itpm_sync.ledger.statements import cut
from itpm_sync.ledger.words import ContainerState

ADOPT = "adopt"
"""The phase of an entry that tells that a container was taken for another one than it was."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """A container that is not the one it was, accepted by a person: how it stands in the ledger from now on."""

    state: ContainerState
    replicas: tuple[Replica, ...]
    let_go: tuple[tuple[str, str], ...] = ()
    """(replica, item) of each tie that ended."""
    why: str = ""


def store_adoptions(transaction: Transaction, run: str, adoptions: Collection[Adoption]) -> None:
    """Store them whole, each with an entry of the history, and one for each item that lost a record with it."""
    for one in adoptions:
        store_replicas(transaction, one.replicas)
        store_containers(transaction, [one.state])
        sealer = transaction.chain.sealer()
        document = {
            "connection": one.state.connection,
            "container": one.state.container,
            "why": sealer("container:why", one.why),
            "let_go": len(one.let_go),
        }
        transaction.chain.append(run, None, phase=ADOPT, document=document, sealer=sealer)
        for replica, item in one.let_go:
            ended = {"replica": replica, "tie": "let go", "item": item, "drop": None}
            sealer = transaction.chain.sealer()
            transaction.chain.append(run, item, phase=ADOPT, document={"ties": [ended]}, sealer=sealer)


def projects_of(connection: Connection, keys: Collection[str]) -> dict[str, set[str]]:
    """By key: the projects that have an item under it; keys that none has are left out."""
    table = schema.items
    found: dict[str, set[str]] = {}
    for some in cut(sorted(keys)):
        for row in connection.execute(select(table.c.id, table.c.project).where(table.c.id.in_(some))):
            found.setdefault(row.id, set()).add(row.project)
    return found


def called_since(connection: Connection, project: str, since: datetime) -> list[tuple[str, str, str | None]]:
    """The writes whose call went out since: (intent, connection, native id)."""
    table = schema.intents
    wanted = select(table.c.id, table.c.connection, table.c.native_id).where(
        table.c.project == project, table.c.called >= since
    )
    return [(row.id, row.connection, row.native_id) for row in connection.execute(wanted)]


def created(connection: Connection, project: str, items: Collection[str]) -> set[tuple[str, str]]:
    """(item, connection) of every creation of these items whose call ever went out, whatever became of it."""
    table, found = schema.intents, set[tuple[str, str]]()
    for some in cut(sorted(items)):
        wanted = select(table.c.item, table.c.connection).where(
            table.c.project == project,
            table.c.operation == Operation.CREATE.value,
            table.c.called.is_not(None),
            table.c.item.in_(some),
        )
        found |= {(row.item, row.connection) for row in connection.execute(wanted)}
    return found
