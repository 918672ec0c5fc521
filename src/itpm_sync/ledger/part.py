"""A part of a project's state: what a run looks at when all but a few items are at rest.

In: native ids, item ids. Out: replicas and items as they are; what waits; how many records lie where. Nothing here
reads the whole project, but for `spots`, which is asked only beside a complete listing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from itpm_sync.bases import ItemBase, Life, Replica, Tie
from itpm_sync.ledger import schema, unpacked
from itpm_sync.ledger.prepared import Prepared
from itpm_sync.ledger.statements import cut

_items, _replicas = schema.items, schema.replicas
_PROJECT: Any = bindparam("its_project")
_IDS: Any = bindparam("its_ids", expanding=True)
_RECORD = (
    _replicas.c.id,
    _replicas.c.connection,
    _replicas.c.container,
    _replicas.c.native_id,
    _replicas.c.item,
    _replicas.c.tie,
    _replicas.c.document,
    _replicas.c.hash,
)


def _records(*conditions: Any, listed: str | None = None) -> Prepared:
    wanted = select(*_RECORD).where(_replicas.c.project == _PROJECT, *conditions).order_by(_replicas.c.id)
    return Prepared(wanted, listed=listed)


# made once: they run in every run
_OF_NATIVES = (
    Prepared(  # not by project: SQLite would rather look at all of the project's records than at these few
        select(_replicas.c.project, *_RECORD)
        .where(_replicas.c.connection == bindparam("its_tool"), _replicas.c.native_id.in_(_IDS))
        .order_by(_replicas.c.id),
        listed="its_ids",
    )
)
_OF_ITEMS = _records(_replicas.c.item.in_(_IDS), listed="its_ids")
_WAITING = _records(_replicas.c.waits.is_(True))
_SOME_ITEMS = Prepared(
    select(_items.c.id, _items.c.life, _items.c.note, _items.c.made, _items.c.document, _items.c.hash)
    .where(_items.c.project == _PROJECT, _items.c.id.in_(_IDS))
    .order_by(_items.c.id),
    listed="its_ids",
)
_SPOTS = Prepared(
    select(
        _replicas.c.native_id, _replicas.c.container, _replicas.c.item, _replicas.c.tie, _replicas.c.waits
    ).where(_replicas.c.project == _PROJECT, _replicas.c.connection == bindparam("its_tool"))
)
_LIVES = {life.value: life for life in Life}


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a record of a connection is, as far as the ledger knows."""

    native_id: str
    container: str
    item: str | None
    tie: Tie
    waits: bool = False
    """Whether something of it waits to be decided: a reading, an undecided field, an absence."""


def replicas_of_natives(
    connection: Connection, project: str, *, tool: str, natives: Collection[str]
) -> Iterator[Replica]:
    """The project's replicas of these records of connection `tool`."""
    for some in cut(sorted(natives)):
        for row in _OF_NATIVES.all(connection, {"its_tool": tool, "its_ids": some}):
            if row.project == project:
                yield _replica(row)


def replicas_of_items(connection: Connection, project: str, items: Collection[str]) -> Iterator[Replica]:
    """Every replica of these items."""
    for some in cut(sorted(items)):
        for row in _OF_ITEMS.all(connection, {"its_project": project, "its_ids": some}):
            yield _replica(row)


def waiting(connection: Connection, project: str) -> Iterator[Replica]:
    """Replicas with something to decide: a reading, an undecided field, an absence."""
    for row in _WAITING.all(connection, {"its_project": project}):
        yield _replica(row)


def items(connection: Connection, project: str, ids: Collection[str]) -> Iterator[ItemBase]:
    """These items, as far as they are there."""
    for some in cut(sorted(ids)):
        for row in _SOME_ITEMS.all(connection, {"its_project": project, "its_ids": some}):
            agreed = unpacked.agreed(row.id, row.document, row.hash)
            yield ItemBase(row.id, agreed, _LIVES[row.life], row.note, row.made)


def spots(connection: Connection, project: str, tool: str) -> Iterator[Spot]:
    """Where every record of connection `tool` is."""
    for native_id, container, item, tie, waits in _SPOTS.each(
        connection, {"its_project": project, "its_tool": tool}
    ):
        yield Spot(native_id, container, item, Tie(tie), bool(waits))


def _replica(row: Any) -> Replica:
    return unpacked.replica(
        row.id, row.connection, row.container, row.native_id, row.item, row.tie, row.document, row.hash
    )
