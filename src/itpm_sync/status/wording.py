"""How dates, counts and other people's text are written on a page.

In: dates, numbers, hostile text. Out: short English. Dates are written 22 Nov 2026, never 11/22. Control and
direction characters are made visible and long text is cut, so that no name can disturb the page around it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo

from itpm_sync.codec import MONTHS
from itpm_sync.model import Item, Rag

WORDS = {Rag.GREEN: "On track", Rag.AMBER: "At risk", Rag.RED: "Off track", Rag.GREY: "Not known"}
UNTOLD = "the tool does not tell when it was last edited"
"""Of a source that was read (Planner keeps no time of an edit; some plan files hold none)."""
SHAPES = {Rag.GREEN: "●", Rag.AMBER: "▲", Rag.RED: "■", Rag.GREY: "▬"}
"""A shape each, told apart without colour."""

# Direction overrides and isolates, and marks that no name needs. The joiners U+200C and U+200D stay: Persian and
# Indic names and emoji are written with them.
_HIDDEN = frozenset("\u200b\u200e\u200f\u061c\u2028\u2029\ufeff") | {
    chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
}


def clean(text: str, limit: int = 160) -> str:
    """Other people's text as one visible line of at most `limit` characters."""
    seen = text[: limit * 4 + 64]  # a title of a megabyte is not walked through
    line = " ".join("".join(map(_visible, seen)).split())
    if len(line) <= limit and len(seen) == len(text):
        return line
    return line[: limit - 1].rstrip() + "…"


def _visible(char: str) -> str:
    if char in " \t\r\n":
        return " "
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if char in _HIDDEN:
        return f"[U+{code:04X}]"
    if unicodedata.category(char) in ("Cc", "Cs", "Cn", "Co"):
        return "\ufffd"
    return char


def title_of(item: Item, limit: int = 110) -> str:
    """An item's title, fit to be shown."""
    return clean(item.title, limit) or "(untitled)"


def person(name: str) -> str:
    """A person as shown: their mail, or what their own tool calls them (`tool:name` without the tool)."""
    tool, _, own = name.partition(":")
    opaque = own and not own.startswith(" ") and re.fullmatch(r"[a-z][a-z0-9_-]*", tool)
    return clean(own if opaque else name, 60)


def short(text: str, limit: int) -> str:
    """`text`, already clean, cut to `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def day(value: date | None, empty: str = "–") -> str:
    """`22 Nov 2026`."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}" if value else empty


def moment(value: datetime | None, zone: tzinfo, empty: str = "not known") -> str:
    """`22 Nov 2026 14:05`, in `zone`."""
    if value is None:
        return empty
    here = value.astimezone(zone)
    return f"{day(here.date())} {here:%H:%M}"


def count(number: int, one: str, many: str = "") -> str:
    """`1 task`, `2 tasks`, `no tasks`."""
    word = one if abs(number) == 1 else many or f"{one}s"
    return f"{number:,} {word}" if number else f"no {word}"


def of(number: int, whole: int, one: str) -> str:
    """`1 of 5 tasks has`, `2 of 5 tasks have`."""
    return f"{number:,} of {count(whole, one)} {'has' if number == 1 else 'have'}"


def working_days(number: int) -> str:
    """`5 working days`."""
    return f"{number:,} working day" + ("" if abs(number) == 1 else "s")


def signed(number: int) -> str:
    """`+5`, `0`, `−3`: with a true minus sign."""
    return f"+{number:,}" if number > 0 else (f"−{-number:,}" if number < 0 else "0")


def slip(working: int, calendar: int) -> str:
    """`15 working days late (21 calendar days)`."""
    if not calendar:
        return "on its baseline"
    word = "late" if calendar > 0 else "early"
    days = count(abs(calendar), "calendar day")
    if not working:
        return f"{days} {word}"
    return f"{working_days(abs(working))} {word} ({days})"


def age(span: timedelta) -> str:
    """How long ago, in the largest unit that fits: `5 minutes`, `3 hours`, `12 days`, `4 years`."""
    seconds = max(0, int(span.total_seconds()))
    for size, unit in ((31_557_600, "year"), (86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= 2 * size or (seconds >= size and unit != "year"):
            return count(seconds // size, unit)
    return "less than a minute"


def share(part: int, whole: int) -> str:
    """`63 %`, or `n/a` of nothing."""
    return f"{100 * part / whole:.0f} %" if whole > 0 else "n/a"


def listed(names: list[str], most: int = 3) -> str:
    """`a, b, c and 4 more`."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def together(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def address(url: str) -> str:
    """`url` if a page may link to it (http, https, mailto, or a neighbour's file name), else ""."""
    plain = url.strip()
    if len(plain) > 2000 or any(ord(char) < 0x21 or char in _HIDDEN for char in plain):
        return ""
    if plain.lower().startswith(("https://", "http://", "mailto:")):
        return plain
    return ""
