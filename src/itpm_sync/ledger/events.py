"""The entries of a history as single events, one a field: what people read of it.

In: entries, as `history.entries` gives them. Out: `Event`s, oldest first. A part of an entry that is not known here is
left out, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from itpm_sync.codec import Json, decode, show
from itpm_sync.ledger.words import Entry

REDACTED = "(redacted)"


class What(StrEnum):
    """What happened."""

    MADE = "made"
    LIFE = "life"
    AGREED = "agreed"
    OPENED = "conflict opened"
    CHANGED = "conflict changed"
    CLOSED = "conflict closed"
    LOST = "not taken"
    """A value that did not become the agreed one, kept in full."""
    COVERED = "covered"
    """The same as another tool's value, coarser."""
    WRITTEN = "written"
    REFUSED = "refused"
    TIED = "tied"
    REDACTED = "redacted"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one field (or, without a field, to the item)."""

    seq: int
    at: datetime
    run: str
    item: str | None
    phase: str
    what: What
    field: str = ""
    tool: str | None = None
    """The connection it came from, or was written to; None where a person decided here."""
    container: str = ""
    record: str = ""
    actor: str | None = None
    edited: str | None = None
    """The tool's own time of edit, ISO."""
    version: int | None = None
    old: Json = None
    new: Json = None
    """Values as `codec.encode` gives them; `{"redacted": DIGEST}` where one was redacted."""
    why: str = ""
    outcome: str = ""
    conflict: str = ""
    sides: tuple[Mapping[str, Any], ...] = ()


def redacted(value: Json) -> bool:
    """Whether it stands for a value that was redacted."""
    return isinstance(value, dict) and "redacted" in value


def told(value: Json) -> str:
    """A value of an entry as people read it."""
    return REDACTED if redacted(value) else show(decode(value))


def word(value: Json) -> str:
    """A text of an entry (an actor, a reason), which may have been redacted too."""
    return REDACTED if redacted(value) else str(value or "")


def events(entries: Iterable[Entry]) -> list[Event]:
    """Every event, oldest first. A closed conflict has the field it was opened with, where that entry is among them."""
    fields: dict[str, str] = {}
    found: list[Event] = []
    for entry in sorted(entries, key=lambda entry: entry.seq):
        for event in _of(entry):
            if event.what in (What.OPENED, What.CHANGED):
                known = event.conflict in fields
                fields[event.conflict] = event.field
                found.append(replace(event, what=What.CHANGED) if known else event)
            elif event.what is What.CLOSED:
                found.append(replace(event, field=fields.get(event.conflict, "")))
            else:
                found.append(event)
    return found


def _of(entry: Entry) -> Iterator[Event]:
    document: Mapping[str, Any] = entry.document
    base = Event(entry.seq, entry.at, entry.run, entry.item, entry.phase, What.MADE)
    if document.get("new"):
        yield base
    yield from _ties(base, document.get("ties", ()))
    yield from _written(base, document)
    for side in document.get("losers", ()):
        yield _lost(base, side)
    for name, one in document.get("fields", {}).items():
        yield replace(
            base,
            what=What.AGREED,
            field=name,
            tool=one.get("origin"),
            actor=_actor(one),
            edited=one.get("edited"),
            version=one.get("version"),
            old=one.get("old"),
            new=one.get("new"),
            why=word(one.get("why")),
        )
    if document.get("life"):
        yield replace(base, what=What.LIFE, new=document["life"], why=word(document.get("note")))
    for part, what in (("opened", What.OPENED), ("updated", What.CHANGED)):
        for one in document.get(part, ()):
            yield _conflict(base, one, what)
    for conflict in document.get("closed", ()):
        yield replace(base, what=What.CLOSED, conflict=conflict)
    for one in document.get("refusals", ()):
        yield _refusal(base, one)
    if "digests" in document:
        yield _redaction(base, document)


def _ties(base: Event, ties: Iterable[Mapping[str, Any]]) -> Iterator[Event]:
    for one in ties:
        yield replace(base, what=What.TIED, record=one.get("replica") or "", new=one.get("tie") or "tied")


def _written(base: Event, document: Mapping[str, Any]) -> Iterator[Event]:
    if "intent" not in document:
        return
    call = replace(
        base,
        what=What.WRITTEN,
        tool=document.get("connection"),
        container=document.get("container") or "",
        record=document.get("record") or "",
        actor=_actor(document),
        why=word(document.get("reason")),
        outcome=f"{document.get('operation')} {document.get('outcome')}",
    )
    writes: Mapping[str, Any] = document.get("writes", {})
    if not writes:
        yield call
    for name, one in writes.items():
        yield replace(call, field=name, old=one.get("old"), new=one.get("new"), version=one.get("version"))


def _lost(base: Event, side: Mapping[str, Any]) -> Event:
    return replace(
        base,
        what=What.COVERED if side.get("covered_by") else What.LOST,
        field=side.get("field", ""),
        tool=side.get("tool"),
        actor=_actor(side),
        edited=side.get("edited"),
        version=side.get("version"),
        new=side.get("form"),
        why=word(side.get("why")),
    )


def _conflict(base: Event, one: Mapping[str, Any], what: What) -> Event:
    return replace(
        base,
        what=what,
        field=one.get("field", ""),
        conflict=one.get("id", ""),
        why=word(one.get("reason")),
        sides=tuple(one.get("sides", ())),
    )


def _refusal(base: Event, one: Mapping[str, Any]) -> Event:
    return replace(
        base,
        what=What.REFUSED,
        field=one.get("field", ""),
        tool=one.get("connection"),
        container=one.get("container", ""),
        version=one.get("version"),
        why=word(one.get("reason")),
    )


def _redaction(base: Event, document: Mapping[str, Any]) -> Event:
    return replace(
        base,
        what=What.REDACTED,
        field=document.get("field", ""),
        actor=_actor(document),
        why=word(document.get("reason")),
        new=len(document["digests"]),
    )


def _actor(one: Mapping[str, Any]) -> str | None:
    return word(one.get("actor")) or None
