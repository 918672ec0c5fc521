"""Pauses: a person's brake on a project, a connection, or a project's part of a connection.

In: who, why, what. Out: the pauses that stand; those that stood stay in the table. No lease is asked for: a pause is
for the run that holds it. It and the making of intents lock the same row, the project's lease: no intent is made after
a pause was committed, so no call goes out for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select, update

from itpm_sync.errors import Paused
from itpm_sync.ledger import schema
from itpm_sync.ledger.database import Transaction
from itpm_sync.ledger.prepared import Prepared
from itpm_sync.ledger.statements import insert_missing
from itpm_sync.ledger.words import Pause

_table = schema.pauses

# made once: they run in every run, and before every call
_ALL = select(_table).where(_table.c.lifted.is_(None)).order_by(_table.c.since, _table.c.id)
_STANDING = Prepared(_ALL)
_OF_PROJECT = Prepared(
    _ALL.where(or_(_table.c.project == bindparam("its_project"), _table.c.project.is_(None)))
)
_LOCK_ALL = select(schema.leases.c.project).order_by(schema.leases.c.project).with_for_update()
_LOCK_ONE = (
    select(schema.leases.c.project)
    .where(schema.leases.c.project == bindparam("its_project"))
    .with_for_update()
)


def pause(connection: Connection, wanted: Pause) -> Pause:
    """Let the pause stand, unless the same place is paused already. Returns the one that stands, the older then."""
    _lock(connection, wanted.project)
    same = _same(connection, wanted.project, wanted.connection)
    if same:
        return same[0]
    row = {
        "id": wanted.id,
        "project": wanted.project,
        "connection": wanted.connection,
        "reason": wanted.reason,
        "actor": wanted.actor,
        "since": wanted.since,
    }
    insert_missing(connection, _table, [row])
    return wanted


def resume(
    connection: Connection, project: str | None, tool: str | None, *, actor: str | None, now: datetime
) -> list[Pause]:
    """Lift the pause of exactly this place. Returns what stood there: none, or one."""
    _lock(connection, project)
    found = _same(connection, project, tool)
    for one in found:
        lifted = update(_table).where(_table.c.id == one.id).values(lifted=now, lifted_by=actor)
        connection.execute(lifted)
    return found


def standing(connection: Connection, project: str | None = None) -> list[Pause]:
    """The pauses that stand now, oldest first; of a project, also those of connections everywhere."""
    wanted = _STANDING if project is None else _OF_PROJECT
    parameters = {} if project is None else {"its_project": project}
    return [_pause(row) for row in wanted.all(connection, parameters)]


def unpaused(transaction: Transaction, connections: Iterable[str]) -> None:
    """Raises Paused where calls of these connections may not go out now."""
    found = standing(transaction.connection, transaction.project)
    if found:
        for tool in dict.fromkeys(connections):
            check(found, tool)


def check(pauses: Sequence[Pause], connection: str) -> None:
    """Raises Paused where one of these pauses holds the connection."""
    held = holding(pauses, connection)
    if held is not None:
        raise Paused(held.says, mend=held.mend)


def holding(pauses: Sequence[Pause], connection: str) -> Pause | None:
    """The pause that holds a connection, of those that stand for a project: the widest first."""
    held = [one for one in pauses if one.connection in (None, connection)]
    return min(held, key=lambda one: (one.connection is not None, one.project is not None), default=None)


def _lock(connection: Connection, project: str | None) -> None:
    """Hold the lease rows that making an intent holds: of the project, or of all."""
    if project is None:
        connection.execute(_LOCK_ALL).all()
    else:
        connection.execute(_LOCK_ONE, {"its_project": project}).all()


def _same(connection: Connection, project: str | None, tool: str | None) -> list[Pause]:
    return [one for one in standing(connection) if (one.project, one.connection) == (project, tool)]


def _pause(row: Any) -> Pause:
    return Pause(
        row.id, row.project, row.connection, row.reason, row.actor, row.since, row.lifted, row.lifted_by
    )
