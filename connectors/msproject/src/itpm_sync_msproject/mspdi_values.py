"""The texts of an MSPDI element as values.

In: an element, the text of one of its children. Out: dates, numbers, flags; None for what is none. Money is in
hundredths in the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time

from itpm_sync_msproject.mspdi import Element, Mspdi
from itpm_sync_msproject.rows import EARLIEST, LATEST

MAX_NUMBER = 1e15
Texts = Mapping[str, str]
"""Texts of an element's children by local name; empty ones are left out."""


def texts(doc: Mspdi, parent: Element) -> dict[str, str]:
    """See Texts."""
    found: dict[str, str] = {}
    for tag, one in doc.fields(parent):
        if one.text and tag not in found and not len(one):
            found[tag] = one.text
    return found


def moment(text: str | None) -> datetime | None:
    """A date and time of the file: naive, local to the project. None for what is none."""
    try:
        found = datetime.fromisoformat(text).replace(tzinfo=None, microsecond=0) if text else None
    except ValueError:
        return None
    return found if found is not None and EARLIEST <= found.year <= LATEST else None


def whole(text: str | None) -> int | None:
    """A whole number; None for what is none."""
    found = number(text)
    return None if found is None else round(found)


def number(text: str | None) -> float | None:
    """A number; None for what is none."""
    try:
        found = float(text) if text else None
    except ValueError:
        return None
    return found if found is not None and abs(found) < MAX_NUMBER else None  # nor infinite, nor no number


def flag(text: str | None, *, default: bool = False) -> bool:
    """Project writes 1 and 0, others true and false."""
    return default if text is None else text.strip().lower() in {"1", "true"}


def guid(text: str | None) -> str | None:
    """A GUID in upper case without braces; the nil one says nothing."""
    shown = (text or "").strip().strip("{}").upper()
    return shown if shown.strip("0-") else None


def clock(text: str | None, default: time) -> time:
    """A time of day."""
    try:
        return time.fromisoformat(text) if text else default
    except ValueError:
        return default


def money(text: str | None) -> float | None:
    """An amount."""
    found = number(text)
    return None if found is None else found / 100


def line_ends(text: str | None) -> str:
    """A text whose lines end as they do here."""
    return (text or "").replace("\r\n", "\n").replace("\r", "\n")
