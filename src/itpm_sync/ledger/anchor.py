"""Anchors: the newest entry of each project's history, signed, to be kept outside of the ledger.

In: the key, heads, lines that were kept. Out: a signed document; what of a kept one does not fit the ledger any more.
Who can write the database but has no key can cut the newest entries off; an anchor of later than the cut shows it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from itpm_sync.codec import Json, canonical
from itpm_sync.ledger import schema
from itpm_sync.ledger.columns import stamp
from itpm_sync.model import instant

_NAMED = "anchor"
"""Under which a line of the log, or of any other JSON, holds an anchor."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry of a project's history: its number and its mac. Number 0: there is none yet."""

    seq: int
    mac: str


@dataclass(frozen=True, slots=True)
class Misfit:
    """What an anchor shows: the history is not what it was."""

    project: str
    seq: int
    """The first entry that is missing or another; where the anchor itself is of no use, 0."""
    says: str
    mend: str


def heads(connection: Connection, projects: Sequence[str] | None = None) -> dict[str, Head]:
    """The heads of these projects, or of all."""
    table = schema.projects
    wanted = select(table.c.id, table.c.head_seq, table.c.head_mac).order_by(table.c.id)
    if projects is not None:
        wanted = wanted.where(table.c.id.in_(list(projects)))
    return {row.id: Head(row.head_seq, row.head_mac) for row in connection.execute(wanted)}


def ledger_id(connection: Connection) -> str:
    """What tells this ledger from others; a restored one keeps it."""
    table = schema.meta
    return str(connection.execute(select(table.c.value).where(table.c.name == "ledger")).scalar() or "")


def signed(key: bytes, ledger: str, *, made: datetime, found: Mapping[str, Head]) -> dict[str, Json]:
    """An anchor, ready to be kept as one line of JSON."""
    document: dict[str, Json] = {
        "ledger": ledger,
        "made": stamp(made),
        "heads": {project: {"seq": head.seq, "mac": head.mac} for project, head in found.items()},
    }
    return {**document, "signature": _signature(key, document)}


def _signature(key: bytes, document: Mapping[str, Json]) -> str:
    bare = {name: part for name, part in document.items() if name != "signature"}
    text = f"itpm-sync anchor\n{canonical(bare)}"
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def kept(text: str) -> Iterator[Mapping[str, Any]]:
    """The anchors in a text, one a line; other lines are passed over. A log holds them among other things."""
    for line in text.splitlines():
        if '"heads"' not in line:
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            found = found.get(_NAMED, found)
        if isinstance(found, dict) and isinstance(found.get("heads"), dict):
            yield found


def misfits(
    connection: Connection, key: bytes, anchor: Mapping[str, Any], projects: Sequence[str] | None = None
) -> list[Misfit]:
    """Where the ledger is not what this anchor says it was; of these projects, or all that it names."""
    when = _when(anchor)
    if not isinstance(anchor.get("signature"), str) or not hmac.compare_digest(
        str(anchor["signature"]).encode("utf-8", "replace"), _signature(key, anchor).encode()
    ):
        says = f"The anchor of {when} was not signed with this ledger's key: it was changed, or is another ledger's."
        return [Misfit("", 0, says, "Take an anchor as `itpm-sync audit anchor` printed it.")]
    found: list[Misfit] = []
    for project, head in anchor["heads"].items():
        if projects is None or project in projects:
            found += _misfit(connection, project, int(head["seq"]), str(head["mac"]), when)
    return found


def _misfit(connection: Connection, project: str, seq: int, mac: str, when: str) -> Iterator[Misfit]:
    if not seq:
        return
    now = heads(connection, [project]).get(project, Head(0, ""))
    mend = (
        "An older copy of the ledger was put back, or somebody took entries away: compare with your backups, and "
        "find out who can write the database."
    )
    if now.seq < seq:
        lost = f"{seq - now.seq} of the entries that the anchor of {when} knows are gone"
        says = f"{project}: {lost}; the history ends with entry {now.seq}."
        yield Misfit(project, now.seq + 1, says, mend)
        return
    table = schema.history
    stands = connection.execute(
        select(table.c.mac).where(table.c.project == project, table.c.seq == seq)
    ).scalar()
    if stands is None or not hmac.compare_digest(stands.encode(), mac.encode("utf-8", "replace")):
        says = f"{project}: entry {seq} is not the one that the anchor of {when} knows: the history was told anew."
        yield Misfit(project, seq, says, mend)


def _when(anchor: Mapping[str, Any]) -> str:
    try:
        return f"{instant(str(anchor.get('made'))):%Y-%m-%d %H:%M}Z"
    except ValueError:
        return "an unknown day"
