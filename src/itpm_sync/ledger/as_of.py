"""A project as it was agreed at a moment, told back from its history alone.

In: a project, a moment. Out: `Past`: items with values, versions and life, the conflicts that were open, what was
redacted since. What the history does not hold (readings, cursors, what waited to be paired) is not told back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from itpm_sync.bases import Agreed, Conflict, ItemBase, Life, Side
from itpm_sync.codec import Json, decode
from itpm_sync.ledger import schema
from itpm_sync.ledger.columns import stamp
from itpm_sync.ledger.documents import unpack
from itpm_sync.ledger.events import redacted, word
from itpm_sync.ledger.history import resolved, rows_of
from itpm_sync.model import instant

_table = schema.history


@dataclass(frozen=True, slots=True)
class Past:
    """A project at a moment, as its history tells it."""

    items: Mapping[str, ItemBase] = field(default_factory=dict)
    """An item's `made` is when its first entry was."""
    conflicts: Mapping[str, Conflict] = field(default_factory=dict)
    """Those that were open, by id."""
    unknown: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By item: fields whose value at that moment was redacted since. It reads as empty in `items`."""
    seq: int = 0
    """The last entry that counts; 0 where there was none yet."""
    last: datetime | None = None
    """When that entry was made."""
    first: datetime | None = None
    """When the history begins, whatever the moment."""


def past(connection: Connection, project: str, *, moment: datetime | None = None) -> Past:
    """The project as agreed at `moment` (aware, inclusive; None: now). Raises ValueError for a naive one.

    Entries count in their order: where a clock was set back, those before it count with those after it.
    """
    of_it = _table.c.project == project
    first = connection.execute(select(func.min(_table.c.at)).where(of_it)).scalar()
    wanted = select(func.max(_table.c.seq)).where(of_it)
    if moment is not None:
        wanted = wanted.where(_table.c.at <= stamp(moment))
    until = connection.execute(wanted).scalar() or 0
    walk = Walk()
    last = None
    for row in rows_of(connection, project) if until else ():
        if row.seq > until:
            break
        walk.step(
            row.item,
            datetime.fromisoformat(row.at),
            resolved(unpack(row.document), unpack(row.sealed) if row.sealed else {}),
        )
        last = row.at
    return Past(
        {name: one.base(name) for name, one in walk.items.items()},
        walk.conflicts,
        {name: frozenset(one.unknown) for name, one in walk.items.items() if one.unknown},
        until,
        datetime.fromisoformat(last) if last else None,
        datetime.fromisoformat(first) if first else None,
    )


@dataclass(slots=True)
class _Item:
    """One item while its entries are gone through."""

    made: datetime | None = None
    life: str = Life.LIVE.value
    note: str = ""
    agreed: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)

    def base(self, name: str) -> ItemBase:
        agreed = {
            field: Agreed(
                None if field in self.unknown else decode(one.get("new")),
                one["version"],
                one.get("origin"),
                _name(one.get("actor")),
                _moment(one.get("edited")),
            )
            for field, one in self.agreed.items()
        }
        return ItemBase(name, agreed, Life(self.life), self.note, self.made)


class Walk:
    """The state after the entries so far."""

    def __init__(self) -> None:
        self.items: dict[str, _Item] = {}
        self.conflicts: dict[str, Conflict] = {}

    def step(self, item: str | None, at: datetime, document: Mapping[str, Any]) -> None:
        for one in (*document.get("opened", ()), *document.get("updated", ())):
            self._open(item, at, one)
        for conflict in document.get("closed", ()):
            self.conflicts.pop(conflict, None)
        if item is None or not document.keys() & {"new", "life", "fields"}:
            return
        known = self.items.setdefault(item, _Item())
        if document.get("new"):
            known.made = at
        if document.get("life"):
            known.life, known.note = document["life"], word(document.get("note"))
        for name, one in document.get("fields", {}).items():
            known.agreed[name] = one
            (known.unknown.add if redacted(one.get("new")) else known.unknown.discard)(name)

    def _open(self, item: str | None, at: datetime, one: Mapping[str, Any]) -> None:
        before = self.conflicts.get(one["id"])
        self.conflicts[one["id"]] = Conflict(
            one["id"],
            item or "",
            one["field"],
            tuple(_side(side) for side in one["sides"]),
            before.opened if before else at,
            word(one.get("reason")),
            tuple(one.get("also", ())),
        )


def _side(one: Mapping[str, Any]) -> Side:
    return Side(
        one["tool"],
        _value(one["value"]),
        _value(one["form"]),
        one["version"],
        one["agreed"],
        _name(one["actor"]),
        _moment(one["edited"]),
        one["lawful"],
        one["item"],
    )


def _value(value: Json) -> Any:
    return None if redacted(value) else decode(value)


def _name(value: Json) -> str | None:
    return word(value) if redacted(value) else value


def _moment(text: str | None) -> datetime | None:
    return instant(text) if text else None
