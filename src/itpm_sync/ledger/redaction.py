"""Redaction: the past values of one field of one item leave every table, and the history still verifies.

In: what stands in the tools (and therefore stays), who asks and why. Out: how many places were emptied, by table; one
entry that tells of it. `purge` then overwrites what the database's files still hold. README.md says, table by table,
what is done and why nothing more.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from itpm_sync.bases import Agreed
from itpm_sync.codec import Json, canonical, encode
from itpm_sync.errors import Busy
from itpm_sync.ledger import schema
from itpm_sync.ledger.address import WRITES
from itpm_sync.ledger.database import Database, Transaction
from itpm_sync.ledger.deciding import agreed_entry
from itpm_sync.ledger.documents import pack, unpack
from itpm_sync.ledger.history import REDACT
from itpm_sync.ledger.needles import Needles
from itpm_sync.ledger.redaction_tables import Places

_TOLD = ("note", "reason")
"""Labels of what an entry says in words."""
_FETCH = 500


@dataclass(frozen=True, slots=True)
class Redaction:
    """What is to leave, and what stays."""

    item: str
    field: str
    stands: tuple[Json, ...] = ()
    """Encoded values that still stand: the agreed one and its forms in the tools. They are no secret, and stay."""
    gone: Mapping[str, frozenset[str]] | None = None
    """Replicas of records that are no more, by id: the native names that hold the field."""
    cleared: Agreed | None = None
    """Where no tool has the item any more: the empty agreed value that takes the place of the last one."""
    actor: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Redacted:
    """What was done."""

    seq: int | None
    """The entry that tells of it; None where there was nothing to remove."""
    places: Mapping[str, int]
    """By table: how many places were emptied."""
    before: int | None = None
    """The newest earlier entry that tells of a redaction of this field."""


def redact(transaction: Transaction, run: str, wanted: Redaction) -> Redacted:
    """Remove what does not stand, and tell of it in one entry; nothing is told where nothing was there."""
    places = Places(transaction, wanted.item, wanted.field, stands=wanted.stands, gone=wanted.gone or {})
    history = _History(transaction, wanted, places)
    history.collect()
    places.collect()
    if wanted.cleared is not None:
        places.clear(wanted.cleared)
    needles = Needles(places.removed, wanted.stands)
    if needles:
        history.scrub(needles)
        places.scrub(needles)
    history.store()
    places.store()
    before = _earlier(transaction, wanted)
    counts = {name: number for name, number in places.counts.items() if number}
    if not counts:
        return Redacted(None, {}, before)
    sealer = transaction.chain.sealer()
    document: dict[str, Json] = {
        "field": wanted.field,
        "digests": history.digests,
        "actor": sealer("actor", wanted.actor),
        "reason": sealer("reason", wanted.reason),
    }
    if wanted.cleared is not None:
        why = "redacted: no tool has the item any more"
        document["fields"] = {
            wanted.field: agreed_entry(wanted.field, wanted.cleared, old=None, why=why, sealer=sealer)
        }
    seq = transaction.chain.append(run, wanted.item, phase=REDACT, document=document, sealer=sealer)
    return Redacted(seq, counts, before)


def _earlier(transaction: Transaction, wanted: Redaction) -> int | None:
    table = schema.history
    rows = transaction.connection.execute(
        select(table.c.seq, table.c.document)
        .where(table.c.project == transaction.project, table.c.item == wanted.item, table.c.phase == REDACT)
        .order_by(table.c.seq.desc())
    )
    return next((row.seq for row in rows if unpack(row.document)["field"] == wanted.field), None)


class _History:
    """The values beside the chain. A value is removed whole: its digest stays, and so the chain."""

    def __init__(self, transaction: Transaction, wanted: Redaction, places: Places) -> None:
        self.transaction, self.wanted, self.places = transaction, wanted, places
        self.changed: dict[int, dict[str, Any]] = {}
        self.digests: list[str] = []

    def collect(self) -> None:
        """Remove the field's values from the item's entries, and what those entries say of it in words."""
        name, said = self.wanted.field, {f"{self.wanted.field}:why", "reason"}
        for seq, sealed in self._rows(of_item=True):
            found = [
                digest
                for digest, kept in sealed.items()
                if kept and kept[1] == name and self.places.past(kept[2])
            ]
            if found:
                self.places.removed += [sealed[digest][2] for digest in found]
                self._remove(
                    seq, sealed, [*found, *(d for d, kept in sealed.items() if kept and kept[1] in said)]
                )

    def scrub(self, needles: Needles) -> None:
        """Remove what any entry of the project says in words, where it quotes a removed value."""
        for seq, sealed in self._rows():
            found = [
                digest
                for digest, kept in sealed.items()
                if kept
                and (kept[1] in _TOLD or str(kept[1]).endswith(":why"))
                and isinstance(kept[2], str)
                and needles.text(kept[2]) != kept[2]
            ]
            self._remove(seq, sealed, found)

    def _rows(self, *, of_item: bool = False) -> Iterator[tuple[int, dict[str, Any]]]:
        table, values = schema.history, schema.history_values
        wanted = (
            select(values.c.seq, values.c.document)
            .join(table, (values.c.project == table.c.project) & (values.c.seq == table.c.seq))
            .where(values.c.project == self.transaction.project)
            .order_by(values.c.seq)
            .execution_options(yield_per=_FETCH)
        )
        if of_item:
            wanted = wanted.where(table.c.item == self.wanted.item)
        for seq, document in self.transaction.connection.execute(wanted):
            yield seq, self.changed.get(seq) or unpack(document)

    def _remove(self, seq: int, sealed: dict[str, Any], digests: list[str]) -> None:
        if not digests:
            return
        self.changed[seq] = {**sealed, **dict.fromkeys(digests)}
        self.digests += digests
        self.places.counts["history_values"] += len(digests)

    def store(self) -> None:
        """Write every changed row."""
        values = schema.history_values
        for seq, sealed in self.changed.items():
            self.transaction.connection.execute(
                update(values)
                .where(values.c.project == self.transaction.project, values.c.seq == seq)
                .values(document=pack(sealed))
            )


def empty(version: int, now: Any, actor: str) -> Agreed:
    """The agreed value that takes the place of one that is redacted though it was the last."""
    return Agreed(None, version + 1, None, actor or None, now)


def stands(*values: Any) -> tuple[Json, ...]:
    """Values as `Redaction.stands` takes them, each once."""
    found = {canonical(encoded): encoded for encoded in map(encode, values) if encoded is not None}
    return tuple(found.values())


_BUSY = (
    "The values are removed, but the database's files may still hold them: another process uses the ledger."
)
_MEND = "Run the same command again when no other command and no daemon uses it."


def purge(database: Database) -> None:
    """Overwrite what was removed in the files: SQLite's free pages and its log, PostgreSQL's dead rows.

    Raises Busy where another process is in the way. Backups, and what a server keeps of its log, are not reached.
    """
    if database.engine.dialect.name == "postgresql":
        _purge_server(database)
        return
    raw = database.engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("VACUUM")
        (kept, _, _) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if kept:
            raise Busy(_BUSY, mend=_MEND)
    except sqlite3.OperationalError as error:
        if "lock" in str(error):
            raise Busy(_BUSY, mend=_MEND) from error
        raise
    finally:
        raw.close()


def _purge_server(database: Database) -> None:
    options = {"isolation_level": "AUTOCOMMIT", WRITES: True}
    with database.engine.connect().execution_options(**options) as connection:
        connection.exec_driver_sql("SET lock_timeout = '10s'")
        try:
            for name in sorted(schema.metadata.tables):
                connection.exec_driver_sql(f"VACUUM (FULL) {name}")
        except OperationalError as error:
            raise Busy(_BUSY, mend=_MEND) from error
        finally:
            connection.exec_driver_sql("RESET lock_timeout")
