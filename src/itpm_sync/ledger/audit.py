"""Whether the history holds: everything that can be proven of it, in one walk.

In: a project, the chain's key. Out: `Audit`: how far it reaches, and each thing that does not hold, with the entry.
It holds where the chain verifies, numbers have no gap, versions rise, each engine write stands in it exactly once,
every value has its digest, and the agreed values beside it are those that it tells.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from itpm_sync.bases import Agreed
from itpm_sync.errors import Unreadable
from itpm_sync.ledger import schema
from itpm_sync.ledger.anchor import Head
from itpm_sync.ledger.as_of import Walk
from itpm_sync.ledger.documents import agreed_of, unpack, unseal
from itpm_sync.ledger.events import redacted
from itpm_sync.ledger.history import REDACT, START, digests_in, mac_of, resolved, rows_of, salted
from itpm_sync.ledger.intents import WRITE

_MOST = 20
"""Findings of one kind that are told one by one."""
TAMPERED = (
    "Somebody changed the database outside itpm-sync, or it is damaged: compare with a backup of before, and find out "
    "who can write it."
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not hold."""

    says: str
    mend: str = TAMPERED
    seq: int | None = None
    """The entry, where it is one."""
    since: datetime | None = None
    """When that entry was made; of a chain that breaks, when the last entry that holds was."""


@dataclass(frozen=True, slots=True)
class Removal:
    """An entry that tells of redacted values."""

    seq: int
    at: datetime
    item: str | None
    field: str
    values: int


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found out about one project's history."""

    project: str
    entries: int
    head: Head
    first: datetime | None = None
    last: datetime | None = None
    writes: int = 0
    redactions: tuple[Removal, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def holds(self) -> bool:
        return not self.findings


def examine(connection: Connection, project: str, *, key: bytes) -> Audit:
    """Prove a project's history, from its first entry on."""
    table = schema.projects
    row = connection.execute(select(table.c.head_seq, table.c.head_mac).where(table.c.id == project)).first()
    head = Head(row.head_seq, row.head_mac) if row else Head(0, START)
    return _Proof(connection, project, key, head).whole()


@dataclass(slots=True)
class _Proof:
    connection: Connection
    project: str
    key: bytes
    head: Head
    findings: list[Finding] = field(default_factory=list)
    redactions: list[Removal] = field(default_factory=list)
    writes: dict[str, tuple[int, str]] = field(default_factory=dict)
    """By intent: the entry that tells of it, and its outcome."""
    versions: dict[tuple[str, str], tuple[int, Any]] = field(default_factory=dict)
    gone: dict[str, Finding] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    walk: Walk = field(default_factory=Walk)
    first: datetime | None = None
    last: datetime | None = None
    entries: int = 0

    def whole(self) -> Audit:
        if self._chain():
            self.findings += [one for digest, one in self.gone.items() if digest not in self.told][:_MOST]
            self.findings += list(self._calls())[:_MOST]
            self.findings += list(self._present())[:_MOST]
        return Audit(
            self.project,
            self.entries,
            self.head,
            self.first,
            self.last,
            len(self.writes),
            tuple(self.redactions),
            tuple(self.findings),
        )

    def _chain(self) -> bool:
        """Whether every entry follows from the one before; from a break on nothing can be said."""
        before = START
        for row in rows_of(self.connection, self.project):
            expected = self.entries + 1
            if row.seq != expected:
                self._breaks(
                    expected, f"Entry {expected} is missing: entry {row.seq} follows {self.entries}."
                )
                return False
            mac = mac_of(
                self.key, before, [self.project, row.seq, row.run, row.item, row.phase, row.at, row.document]
            )
            if not hmac.compare_digest(mac, row.mac):
                self._breaks(expected, f"Entry {expected} was changed, or one before it was replaced.")
                return False
            before, self.entries = mac, expected
            self.last = datetime.fromisoformat(row.at)
            self.first = self.first or self.last
            self._entry(row)
        if (self.entries, before) != (self.head.seq, self.head.mac):
            self._breaks(
                self.entries + 1,
                f"The history ends with entry {self.entries}; the project's head says {self.head.seq}.",
            )
            return False
        return True

    def _breaks(self, seq: int, says: str) -> None:
        good = f" The {self.entries} before it hold." if self.entries else ""
        self.findings.append(Finding(says + good, seq=seq, since=self.last))

    def _entry(self, row: Row[Any]) -> None:
        document, sealed = unpack(row.document), unpack(row.sealed) if row.sealed else {}
        at = datetime.fromisoformat(row.at)
        for digest in digests_in(document):
            kept = sealed.get(digest)
            if kept is None:
                says = f"A value of entry {row.seq} is gone, and no entry tells of its redaction."
                self.gone.setdefault(digest, Finding(says, seq=row.seq, since=at))
            elif salted(kept[0], kept[2]) != digest:
                self._say(f"A value of entry {row.seq} ({kept[1]}) was changed.", row.seq, at)
        if row.phase == REDACT:
            self.told.update(document["digests"])
            values = len(document["digests"])
            self.redactions.append(Removal(row.seq, at, row.item, document["field"], values))
        if row.phase == WRITE:
            self._write(row.seq, at, document)
        whole = resolved(document, sealed)
        self._rise(row, at, whole)
        self.walk.step(row.item, at, whole)

    def _say(self, says: str, seq: int, at: datetime) -> None:
        if len(self.findings) < _MOST:
            self.findings.append(Finding(says, seq=seq, since=at))

    def _rise(self, row: Row[Any], at: datetime, document: Mapping[str, Any]) -> None:
        for name, one in document.get("fields", {}).items():
            place, version, value = (row.item, name), one["version"], one.get("new")
            known = self.versions.get(place)
            if known is not None:
                same = redacted(value) or redacted(known[1]) or value == known[1]
                if version < known[0] or (version == known[0] and not same):
                    says = f"{name} of {row.item}: version {version} in entry {row.seq} does not follow {known[0]}."
                    self._say(says, row.seq, at)
            self.versions[place] = (version, value)

    def _write(self, seq: int, at: datetime, document: Mapping[str, Any]) -> None:
        intent = document["intent"]
        if intent in self.writes:
            says = f"Entries {self.writes[intent][0]} and {seq} both tell of the same write ({intent})."
            self._say(says, seq, at)
        self.writes[intent] = (seq, document.get("outcome", ""))

    def _calls(self) -> Iterator[Finding]:
        """Each intent that was closed has its entry, and each such entry its intent."""
        table = schema.intents
        closed = select(table.c.id, table.c.outcome, table.c.closed).where(
            table.c.project == self.project, table.c.closed.is_not(None)
        )
        left = dict(self.writes)
        for row in self.connection.execute(closed):
            seq, outcome = left.pop(row.id, (None, ""))
            if seq is None:
                yield Finding(
                    f"The write {row.id} was carried out and no entry tells of it.", since=row.closed
                )
            elif outcome != (row.outcome or ""):
                says = f"Entry {seq} says {outcome!r} of the write {row.id}; its row says {row.outcome!r}."
                yield Finding(says, seq=seq, since=row.closed)
        for intent, (seq, _) in left.items():
            yield Finding(
                f"Entry {seq} tells of the write {intent}, whose row is gone or open again.", seq=seq
            )

    def _present(self) -> Iterator[Finding]:
        """The agreed values beside the history are those that it tells."""
        table = schema.items
        left = dict(self.walk.items)
        wanted = select(table.c.id, table.c.life, table.c.document, table.c.hash)
        for row in self.connection.execute(wanted.where(table.c.project == self.project)):
            known = left.pop(row.id, None)
            try:
                agreed = agreed_of(unseal(row.document, row.hash, f"item {row.id}"))
            except Unreadable as error:
                yield Finding(error.message, error.mend)
                continue
            if known is None:
                if agreed:
                    yield Finding(f"Item {row.id} has agreed values, and no entry tells of it.")
                continue
            base = known.base(row.id)
            apart = sorted(
                name
                for name in agreed.keys() | base.agreed.keys()
                if not _alike(agreed.get(name), base.agreed.get(name), hidden=name in known.unknown)
            )
            if row.life != base.life.value:
                apart.append("life")
            if apart:
                yield Finding(
                    f"What is agreed of {row.id} is not what the history tells: {', '.join(apart)}."
                )
        for name in left:
            yield Finding(f"The history tells of item {name}, which is not there.")


def _alike(now: Agreed | None, told: Agreed | None, *, hidden: bool) -> bool:
    """Whether both say the same; of a value that was redacted since, only that it is the same version."""
    if now is None or told is None or not hidden:
        return now == told
    return now.version == told.version
