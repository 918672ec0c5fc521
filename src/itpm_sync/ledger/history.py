"""The history of a project: appended, chained, never changed.

In: what was decided, written, resolved, by phase. Out: gapless entries, each authenticated with all before it by an
HMAC over salted digests. Values and people's names stand beside, by digest: a redacted one is gone, and the chain
still verifies.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, select, update

from itpm_sync.codec import Json, canonical
from itpm_sync.ledger import schema
from itpm_sync.ledger.columns import stamp
from itpm_sync.ledger.documents import pack, unpack
from itpm_sync.ledger.prepared import Prepared
from itpm_sync.ledger.statements import insert_rows
from itpm_sync.ledger.words import Entry
from itpm_sync.ports import Ids

_SEALED = "sealed"
_CHUNK = 1000
START = ""
"""The mac before the first entry."""

REDACT = "redact"
"""The phase of an entry that tells of redacted values."""


_HEAD = Prepared(
    select(schema.projects.c.head_seq, schema.projects.c.head_mac).where(
        schema.projects.c.id == bindparam("its_project")
    )
)
_MOVE_HEAD = Prepared(
    update(schema.projects)
    .where(schema.projects.c.id == bindparam("its_project"))
    .values(head_seq=bindparam("its_seq"), head_mac=bindparam("its_mac"))
)

_history, _values = schema.history, schema.history_values
_WHOLE = select(_history, _values.c.document.label("sealed")).outerjoin(
    _values, and_(_values.c.project == _history.c.project, _values.c.seq == _history.c.seq)
)
_NEXT = Prepared(
    _WHOLE.where(_history.c.project == bindparam("its_project"), _history.c.seq > bindparam("its_seq"))
    .order_by(_history.c.seq)
    .limit(_CHUNK)
)


def salted(salt: str, value: Json) -> str:
    """The digest that stands in the chain for a value."""
    return hmac.digest(salt.encode(), canonical(value).encode("utf-8", "surrogatepass"), "sha256").hex()


def mac_of(key: bytes, before: str, entry: list[Json]) -> str:
    """The mac of an entry, given the one before it."""
    return hmac.digest(key, f"{before}\n{canonical(entry)}".encode("utf-8", "surrogatepass"), "sha256").hex()


@dataclass(slots=True)
class Sealer:
    """Puts digests in the place of the values of one entry."""

    nonce: str
    """Known to this entry's making only: no salt tells another."""
    values: dict[str, Json] = field(default_factory=dict)

    def __call__(self, label: str, value: Json) -> Json:
        """`value` by its digest. `label` is the field it is of, so that redaction finds it. None stays None."""
        if value is None or value == "":
            return value
        salt = hmac.digest(self.nonce.encode(), str(len(self.values)).encode(), "sha256").hex()[:32]
        digest = salted(salt, value)
        self.values[digest] = [salt, label, value]
        return {_SEALED: digest}


@dataclass(slots=True)
class Chain:
    """Appends to one project's history within one transaction; `flush` writes it all."""

    connection: Connection
    project: str
    key: bytes
    ids: Ids
    now: datetime
    _seq: int = -1
    _mac: str = START
    _entries: list[dict[str, Any]] = field(default_factory=list)
    _values: list[dict[str, Any]] = field(default_factory=list)

    def sealer(self) -> Sealer:
        """For the values of the next entry."""
        return Sealer(self.ids.new("salt"))

    def head(self) -> tuple[int, str]:
        """The number and the mac of the newest entry, one that is not yet flushed among them."""
        if self._seq < 0:
            head = _HEAD.first(self.connection, {"its_project": self.project})
            self._seq, self._mac = head.head_seq, head.head_mac
        return self._seq, self._mac

    def append(self, run: str, item: str | None, *, phase: str, document: Json, sealer: Sealer) -> int:
        """Add one entry; returns its number."""
        self.head()
        self._seq += 1
        at, text = stamp(self.now), pack(document)
        self._mac = mac_of(self.key, self._mac, [self.project, self._seq, run, item, phase, at, text])
        self._entries.append(
            {
                "project": self.project,
                "seq": self._seq,
                "run": run,
                "item": item,
                "phase": phase,
                "at": at,
                "document": text,
                "mac": self._mac,
            }
        )
        if sealer.values:
            self._values.append({"project": self.project, "seq": self._seq, "document": pack(sealer.values)})
        return self._seq

    def flush(self) -> None:
        """Write what was appended, and the chain's new end."""
        if not self._entries:
            return
        insert_rows(self.connection, schema.history, self._entries)
        insert_rows(self.connection, schema.history_values, self._values)
        moved = {"its_project": self.project, "its_seq": self._seq, "its_mac": self._mac}
        _MOVE_HEAD.run(self.connection, moved)
        self._entries, self._values = [], []


def rows_of(connection: Connection, project: str, after: int = 0) -> Iterator[Any]:
    """The entries of a project from the first on, each with its values as `sealed`; never all at once in memory."""
    while rows := _NEXT.all(connection, {"its_project": project, "its_seq": after}):
        yield from rows
        after = rows[-1].seq


def verify(connection: Connection, project: str, *, key: bytes) -> int | None:
    """The number of the first entry that does not hold, or None where the whole chain does.

    An entry does not hold where its number, its content or its mac is not what the chain says, or where one of its
    values was changed, or is gone without an entry that tells of its redaction.
    """
    before, expected = START, 1
    gone: dict[str, int] = {}
    told: set[str] = set()
    for row in rows_of(connection, project):
        mac = mac_of(key, before, [project, row.seq, row.run, row.item, row.phase, row.at, row.document])
        if row.seq != expected or not hmac.compare_digest(mac, row.mac):
            return expected
        document = unpack(row.document)
        if row.phase == REDACT:
            told.update(document["digests"])
        sealed = unpack(row.sealed) if row.sealed else {}
        for digest in digests_in(document):
            kept = sealed.get(digest)
            if kept is None:
                gone.setdefault(digest, row.seq)
            elif salted(kept[0], kept[2]) != digest:
                return int(row.seq)
        before, expected = mac, expected + 1
    untold = [seq for digest, seq in gone.items() if digest not in told]
    if untold:
        return min(untold)
    head = connection.execute(
        select(schema.projects.c.head_mac).where(schema.projects.c.id == project)
    ).scalar()
    return None if head == before else expected


def digests_in(document: Json) -> Iterator[str]:
    """The digests that an entry holds in the place of values."""
    if isinstance(document, dict):
        if _SEALED in document:
            yield document[_SEALED]
            return
        document = list(document.values())
    if isinstance(document, list):
        for part in document:
            yield from digests_in(part)


def resolved(document: Json, sealed: dict[str, Any]) -> Json:
    """An entry's document with its values put back; one that was redacted reads `{"redacted": DIGEST}`."""
    if isinstance(document, dict):
        if _SEALED in document:
            kept = sealed.get(document[_SEALED])
            return kept[2] if kept else {"redacted": document[_SEALED]}
        return {name: resolved(part, sealed) for name, part in document.items()}
    if isinstance(document, list):
        return [resolved(part, sealed) for part in document]
    return document


def entries(
    connection: Connection, project: str, *, item: str | None, run: str | None, limit: int | None
) -> list[Entry]:
    """The newest `limit` entries, newest first; of one item or one run, where named."""
    table = schema.history
    wanted = _WHOLE.where(table.c.project == project).order_by(table.c.seq.desc()).limit(limit)
    if item is not None:
        wanted = wanted.where(table.c.item == item)
    if run is not None:
        wanted = wanted.where(table.c.run == run)
    return [
        Entry(
            row.seq,
            datetime.fromisoformat(row.at),
            row.run,
            row.item,
            row.phase,
            resolved(unpack(row.document), unpack(row.sealed) if row.sealed else {}),
        )
        for row in connection.execute(wanted)
    ]
