"""An issue's change history in native values.

In: one entry of a changelog. Out: an Edit, with the values before and after by native name, in the form that `wire`
reads; where the history tells only text (descriptions), the text. Our own entries carry the intent's id in their
history metadata; links have none, and are known by our account alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from itpm_sync.connector import Edit

from .shape import FieldShape, Kind, Shape
from .wire import milliseconds

OURS: Final = "itpm-sync"


def metadata_of(intent: str) -> dict[str, Any]:
    """What marks a write as ours in Jira's history."""
    return {
        "type": OURS,
        "description": "Synchronised by itpm-sync",
        "generator": {"id": OURS, "type": OURS},
        "extraData": {"intent": intent},
    }


def edit_of(shape: Shape, entry: Mapping[str, Any], mine: str) -> Edit | None:
    """None where the entry says nothing of a field, or cannot be read. `mine`: our account, empty if shared."""
    try:
        at = datetime.fromtimestamp(milliseconds(str(entry["created"])) / 1000, UTC)
        items = [item for item in entry.get("items") or () if isinstance(item, Mapping)]
    except (KeyError, TypeError, ValueError):
        return None
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for item in items:
        name = _name(item)
        known = shape.fields.get(name)
        before[name] = _value(known, item.get("from"), item.get("fromString"))
        after[name] = _value(known, item.get("to"), item.get("toString"))
    author = entry.get("author") if isinstance(entry.get("author"), Mapping) else {}
    assert isinstance(author, Mapping)
    account = str(author.get("accountId") or "")
    by = str(author.get("displayName") or account or "unknown")
    ours = _intent(entry.get("historyMetadata")) or (OURS if mine and account == mine else None)
    return Edit(at, by, ours, before, after) if items else None


def _intent(metadata: object) -> str | None:
    if not isinstance(metadata, Mapping) or metadata.get("type") != OURS:
        return None
    extra = metadata.get("extraData")
    intent = extra.get("intent") if isinstance(extra, Mapping) else None
    return intent if isinstance(intent, str) and intent else OURS


def _name(item: Mapping[str, Any]) -> str:
    told = str(item.get("fieldId") or item.get("field") or "")
    return {"Link": "issuelinks", "IssueParentAssociation": "parent"}.get(told, told)


def _value(known: FieldShape | None, number: Any, text: Any) -> Any:
    """The history tells (id, text); which of them is the value depends on the field."""
    if known is None:
        return text if number is None else number
    if known.kind is Kind.PERSON:
        return {"account": str(number), "mail": None} if number else None
    if known.kind in (Kind.STATUS, Kind.PRIORITY, Kind.TYPE, Kind.PARENT, Kind.OPTION):
        return str(number) if number else None
    if known.kind is Kind.LABELS:
        return sorted(str(text).split()) if text else []
    if known.kind is Kind.DATE:
        return str(number)[:10] if number else None
    if known.kind is Kind.SECONDS:
        return _seconds(number if number is not None else text)
    return text if text not in (None, "") else None


def _seconds(told: Any) -> Any:
    text = str(told or "")
    return int(text) if text.isdigit() else None
