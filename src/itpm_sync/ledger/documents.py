"""The words as JSON documents, and back.

In: items, replicas, conflicts, losers, intents. Out: JSON values, their text and its hash; unpacking gives equal
words. Defaults are left out of a document, so that rows stay small.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from itpm_sync.bases import Absence, Agreed, Conflict, Intent, Offer, Replica, Side, Tie
from itpm_sync.codec import Json, canonical, decode, digest, encode
from itpm_sync.connector import Presence, Record
from itpm_sync.errors import Unreadable
from itpm_sync.ledger.columns import sound
from itpm_sync.model import Value, instant
from itpm_sync.plan import Loser, PairProposal

_JSON = json.JSONDecoder()


def pack(data: Json) -> str:
    """The text a document is stored as: canonical, and taken by every database."""
    text = canonical(data)
    return text if sound(text) else json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))


def unpack(text: str | bytes) -> Any:
    """The document that `pack` gave."""
    return _JSON.decode(text if isinstance(text, str) else text.decode())


def seal(text: str | bytes) -> str:
    """The hash a document's text is stored with."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def unseal(text: str | bytes, hashed: str, what: str) -> Any:
    """The document, if its hash holds. Raises Unreadable naming `what` if it was altered outside itpm-sync."""
    if seal(text) != hashed:
        raise Unreadable(
            f"The ledger's record of {what} was altered outside itpm-sync: its hash does not hold.",
            mend="Restore the ledger from a backup.",
        )
    return unpack(text)


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    return instant(text) if text else None


def _trimmed(document: dict[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in document.items() if value not in (None, "", [], {}, False)}


def _values(values: Mapping[str, Value]) -> dict[str, Json]:
    return {name: encode(value) for name, value in values.items()}


def _decoded(document: Mapping[str, Json]) -> dict[str, Value]:
    return {name: decode(value) for name, value in document.items()}


def agreed_document(agreed: Mapping[str, Agreed]) -> Json:
    """An item's agreed values: one list a field."""
    return {
        name: [encode(one.value), one.version, one.origin, one.actor, _time(one.edited)]
        for name, one in agreed.items()
    }


def agreed_of(document: Mapping[str, Json]) -> dict[str, Agreed]:
    """The agreed values of `agreed_document`."""
    return {
        name: Agreed(decode(value), version, origin, actor, _moment(edited))
        for name, (value, version, origin, actor, edited) in document.items()
    }


def record_document(record: Record) -> Json:
    """A record as pulled. Its values are plain JSON already."""
    return {
        "id": record.native_id,
        "revision": record.revision,
        "values": dict(record.values),
        **_trimmed(
            {
                "computed": sorted(record.computed),
                "key": None if record.key is None else [record.key],  # "" is a key that somebody emptied
                "name": record.name,
                "url": record.url,
                "edited_at": _time(record.edited_at),
                "edited_by": None if record.edited_by is None else [record.edited_by],
                "position": record.position,
            }
        ),
    }


def record_of(document: Mapping[str, Any]) -> Record:
    """The record of `record_document`."""
    return Record(
        document["id"],
        document["revision"],
        document["values"],
        computed=frozenset(document.get("computed", ())),
        key=next(iter(document.get("key", ())), None),
        name=document.get("name", ""),
        url=document.get("url", ""),
        edited_at=_moment(document.get("edited_at")),
        edited_by=next(iter(document.get("edited_by", ())), None),
        position=document.get("position", 0),
    )


def _absence(absence: Absence | None) -> Json:
    return [absence.presence.value, _time(absence.first), absence.confirmed] if absence else None


def _absence_of(document: list[Any] | None) -> Absence | None:
    if document is None:
        return None
    presence, first, confirmed = document
    return Absence(Presence(presence), instant(first), confirmed)


def replica_document(replica: Replica) -> Json:
    """What is kept of a replica beside the columns of its row."""
    return _trimmed(
        {
            "seen": replica.seen and record_document(replica.seen),
            "reading": replica.reading and record_document(replica.reading),
            "at": dict(replica.at),
            "offers": {
                name: [[offer.version, encode(offer.form), _time(offer.since)] for offer in offers]
                for name, offers in replica.offers.items()
            },
            "undecided": sorted(replica.undecided),
            "absence": _absence(replica.absence),
            "ours": replica.ours,
        }
    )


def replica_of(row: tuple[str, str, str, str, str | None, str], document: Mapping[str, Any]) -> Replica:
    """The replica of a row (id, connection, container, native id, item, tie) and its document."""
    identity, connection, container, native_id, item, tie = row
    seen, reading = document.get("seen"), document.get("reading")
    return Replica(
        identity,
        connection,
        container,
        native_id,
        item,
        Tie(tie),
        seen=record_of(seen) if seen else None,
        reading=record_of(reading) if reading else None,
        at=document.get("at", {}),
        offers={
            name: tuple(Offer(version, decode(form), instant(since)) for version, form, since in offers)
            for name, offers in document.get("offers", {}).items()
        },
        undecided=frozenset(document.get("undecided", ())),
        absence=_absence_of(document.get("absence")),
        ours=document.get("ours", False),
    )


def side_document(side: Side) -> Json:
    """One side of a conflict, whole."""
    return {
        "tool": side.tool,
        "value": encode(side.value),
        "form": encode(side.form),
        "version": side.version,
        "agreed": side.agreed,
        "actor": side.actor,
        "edited": _time(side.edited),
        **({} if side.lawful else {"lawful": False}),
        **({} if side.item is None else {"item": side.item}),
    }


def side_of(document: Mapping[str, Any]) -> Side:
    """The side of `side_document`."""
    return Side(
        document["tool"],
        decode(document["value"]),
        decode(document["form"]),
        document["version"],
        document["agreed"],
        document["actor"],
        _moment(document["edited"]),
        lawful=document.get("lawful", True),
        item=document.get("item"),
    )


def conflict_document(conflict: Conflict) -> Json:
    """What is kept of a conflict beside the columns of its row."""
    return {"sides": [side_document(side) for side in conflict.sides], "also": list(conflict.also)}


def conflict_of(row: Mapping[str, Any]) -> Conflict:
    """The conflict of a row of `conflicts`."""
    document = unpack(row["document"])
    return Conflict(
        row["id"],
        row["item"],
        row["field"],
        tuple(side_of(side) for side in document["sides"]),
        row["opened"],
        row["reason"],
        also=tuple(document["also"]),
    )


def sides_digest(conflict: Conflict) -> str:
    """What a resolution names to say which sides it saw; their order does not matter."""
    return digest(sorted(canonical(side_document(side)) for side in conflict.sides))


def loser_of(row: Mapping[str, Any]) -> Loser | None:
    """The loser of a row of `losers`; None once redacted."""
    if row["document"] is None:
        return None
    return Loser(row["field"], side_of(unpack(row["document"])), row["why"], row["covered_by"])


def intent_document(intent: Intent) -> Json:
    """What an intent would write, beside the columns of its row."""
    return {
        "old": _values(intent.old),
        "new": _values(intent.new),
        "versions": dict(intent.versions),
        "expected": intent.expected_revision,
        **_trimmed(
            {
                "was": dict(intent.was),
                "natives": {
                    name: {native: list(pair) for native, pair in pairs.items()}
                    for name, pairs in intent.natives.items()
                },
            }
        ),
    }


def intent_of(row: Mapping[str, Any]) -> Intent:
    """The intent of a row of `intents`."""
    document = unpack(row["document"])
    return Intent(
        row["id"],
        row["run"],
        row["operation"],
        row["item"],
        row["connection"],
        row["container"],
        row["replica"],
        row["native_id"],
        row["key"],
        old=_decoded(document["old"]),
        new=_decoded(document["new"]),
        versions=document["versions"],
        expected_revision=document["expected"],
        made=row["made"],
        called=row["called"],
        was=document.get("was", {}),
        natives={
            name: {native: tuple(pair) for native, pair in pairs.items()}
            for name, pairs in document.get("natives", {}).items()
        },
    )


def proposal_document(proposal: PairProposal) -> Json:
    """What is kept of a proposal beside the columns of its row."""
    return {"candidates": list(proposal.candidates), "why": proposal.why}


def proposal_of(row: Mapping[str, Any]) -> PairProposal:
    """The proposal of a row of `pairs`."""
    document = unpack(row["document"])
    return PairProposal(
        row["id"],
        row["connection"],
        row["container"],
        row["native_id"],
        row["title"],
        tuple(document["candidates"]),
        document["why"],
    )
