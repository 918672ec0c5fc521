"""What is asked of a ledger when the tools show what it may not have done; a container taken for what it is now.

In: a project, keys, a time; an adoption. Out: items of other projects, calls since; rows and an entry of the history.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from itpm_sync.bases import Replica
from itpm_sync.connector import Operation
from itpm_sync.ledger import schema
from itpm_sync.ledger.database import Transaction
from itpm_sync.ledger.prepared import Prepared
from itpm_sync.ledger.replicas import store_containers, store_replicas
from itpm_sync.ledger.statements import cut
from itpm_sync.ledger.words import ContainerState

ADOPT = "adopt"
"""The phase of an entry that tells that a container was taken for another one than it was."""

_items, _intents = schema.items, schema.intents
_LISTED: Any = bindparam("its_ids", expanding=True)
_OF_KEYS = Prepared(select(_items.c.id, _items.c.project).where(_items.c.id.in_(_LISTED)), listed="its_ids")
_CALLED = Prepared(
    select(_intents.c.id, _intents.c.connection, _intents.c.native_id).where(
        _intents.c.project == bindparam("its_project"), _intents.c.called >= bindparam("its_since")
    )
)
_CREATED = Prepared(
    select(_intents.c.item, _intents.c.connection).where(
        _intents.c.project == bindparam("its_project"),
        _intents.c.operation == Operation.CREATE.value,
        _intents.c.called.is_not(None),
        _intents.c.item.in_(_LISTED),
    ),
    listed="its_ids",
)


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
    found: dict[str, set[str]] = {}
    for some in cut(sorted(keys)):
        for row in _OF_KEYS.all(connection, {"its_ids": some}):
            found.setdefault(row.id, set()).add(row.project)
    return found


def called_since(connection: Connection, project: str, since: datetime) -> list[tuple[str, str, str | None]]:
    """The writes whose call went out since: (intent, connection, native id)."""
    rows = _CALLED.all(connection, {"its_project": project, "its_since": since})
    return [(row.id, row.connection, row.native_id) for row in rows]


def created(connection: Connection, project: str, items: Collection[str]) -> set[tuple[str, str]]:
    """(item, connection) of every creation of these items whose call ever went out, whatever became of it."""
    found = set[tuple[str, str]]()
    for some in cut(sorted(items)):
        rows = _CREATED.all(connection, {"its_project": project, "its_ids": some})
        found |= {(row.item, row.connection) for row in rows}
    return found
