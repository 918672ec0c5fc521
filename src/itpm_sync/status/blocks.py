"""What a page consists of, as plain data: blocks of paragraphs, lists, tables and charts.

In: nothing. Out: the words that `project_blocks`, `portfolio_blocks` and `series_blocks` build, and that the templates
draw in two ways: as one HTML document, and as the few elements that a SharePoint text part keeps. All text in them is
plain text; only the templates make HTML of it, and they escape everything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from itpm_sync.codec import digest
from itpm_sync.model import Rag
from itpm_sync.status.wording import count

FORM = 1
"""Raised when pages come to say things differently, so that unchanged projects are written anew."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell, or one run of text. With `rag` it begins with the status word and its shape."""

    text: str = ""
    rag: Rag | None = None
    word: str = ""
    """Stands instead of the status word, where that would say nothing (a risk is high, not off track)."""
    href: str = ""
    note: str = ""
    """A second, smaller line."""
    lines: tuple[str, ...] = ()
    """Further lines of the same weight."""
    aging: bool = False
    """It tells an age: left out of the digest."""


class Look(StrEnum):
    """How a table behaves where the screen is narrow."""

    STACKED = "stacked"  # each row becomes a block of its own
    SCROLLED = "scrolled"  # it scrolls inside a region of its own that the keyboard reaches


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    number: bool = False
    date: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A real table: the first cell of each row is that row's header."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    look: Look = Look.STACKED
    more: str = ""
    """What is said of rows that are not listed."""


@dataclass(frozen=True, slots=True)
class Text:
    cells: tuple[Cell, ...]
    strong: bool = False
    minor: bool = False
    """Rule texts and remarks: smaller."""


@dataclass(frozen=True, slots=True)
class Bullets:
    entries: tuple[Cell, ...]


class ChartKind(StrEnum):
    STRIP = "strip"
    TREND = "trend"


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart as data, drawn when the page is. `alt` is the message; a table beside has the numbers."""

    name: str
    kind: ChartKind
    alt: str
    key: str
    """How its signs are read, in words."""
    rows: tuple[Mapping[str, Any], ...]
    today: date | None = None


Part = Text | Bullets | Table | Chart


@dataclass(frozen=True, slots=True)
class Block:
    """One block under a heading of its own. `name` is its anchor."""

    name: str
    title: str
    parts: tuple[Part, ...]
    folded: bool = False
    """Folded away until it is wanted; left out of SharePoint pages, which cannot fold."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole page as data. `banner` is its first line; `verdict` its second."""

    name: str
    title: str
    banner: tuple[Cell, ...]
    facts: tuple[tuple[str, Cell], ...]
    """Name and value, under the title."""
    verdict: Cell
    warnings: tuple[str, ...]
    blocks: tuple[Block, ...]
    up: str = ""
    """File name of the page above it."""

    @property
    def digest(self) -> str:
        """The hash of what it says, ages left out."""
        return digest(
            [FORM, self.name, self.title, _plain([self.facts, self.verdict, self.warnings, self.blocks])]
        )


def _plain(thing: Any) -> Any:
    """JSON for the digest: without cells that tell an age, without how a chart is drawn."""
    if isinstance(thing, Cell) and thing.aging:
        return None
    if isinstance(thing, Chart):
        return [thing.name, thing.alt, thing.key]
    if is_dataclass(thing) and not isinstance(thing, type):
        return [_plain(getattr(thing, one.name)) for one in fields(thing)]
    if isinstance(thing, list | tuple):
        return [_plain(one) for one in thing]
    return thing


def words(text: str, *, aging: bool = False) -> Text:
    """A plain paragraph."""
    return Text((Cell(text, aging=aging),))


def remark(text: str) -> Text:
    """A small paragraph: a rule, a remark."""
    return Text((Cell(text),), minor=True)


def columns(*titles: str) -> tuple[Column, ...]:
    """Columns from titles; `#` before a title makes it one of numbers, `@` one of dates."""
    return tuple(
        Column(title.lstrip("#@"), number=title.startswith("#"), date=title.startswith("@"))
        for title in titles
    )


Row = tuple[Cell, ...]
_T = TypeVar("_T")


def capped(
    things: Sequence[_T], row: Callable[[_T], Row], most: int, one: str
) -> tuple[tuple[Row, ...], str]:
    """Rows of the first `most` things, and what is said of the rest; `one` names a single thing."""
    rest = len(things) - most
    return tuple(map(row, things[:most])), f"and {count(rest, f'more {one}')}" if rest > 0 else ""
