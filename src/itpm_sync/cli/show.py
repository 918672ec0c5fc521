"""What commands print: results on stdout, as text or as one JSON object; everything else on stderr.

In: lines, rows, data. Out: UTF-8 whatever the code page is. What tools and people wrote (titles, names) cannot move the
cursor or colour the terminal: control characters are shown, not sent. rich is used on a terminal only.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from itpm_sync.errors import ItpmError

if TYPE_CHECKING:
    from rich.status import Status

T = TypeVar("T")

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_OBEYED = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters, halves of characters, line and paragraph separators. Joiners stay: scripts need them."""
_WIDEST = 60
"""Characters of one column of a table where nobody watches."""


def utf8() -> None:
    """Write UTF-8 from now on, on Windows too; what cannot be written is written as its number."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")


def clean(text: object) -> str:
    """`text` without anything a terminal would obey. Line ends and tabs stay."""
    return "".join(_shown(char) for char in str(text))


def _shown(char: str) -> str:
    return "�" if _obeyed(char) else char


def _obeyed(char: str) -> bool:
    return char not in "\n\t" and (char in _BIDI or unicodedata.category(char) in _OBEYED)


def counted(number: int, one: str, many: str = "") -> str:
    """`1 file`, `2 files`, `0 files`; `many` where the plural is not made with an s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def line(text: object = "") -> None:
    """One line of a result. Where its text has several, no other looks like a line of ours."""
    click.echo(clean(text).replace("\n", "\n    ⏎ "))


def data(found: Any) -> None:
    """A result as one JSON object or list."""
    click.echo(as_json(found, indent=2))


def as_json(found: Any, *, indent: int | None = None, default: Callable[[Any], Any] = str) -> str:
    """JSON in which nothing is left that a terminal would obey."""
    text = json.dumps(found, ensure_ascii=False, indent=indent, default=default)
    return "".join(f"\\u{ord(char):04x}" if _obeyed(char) else char for char in text)


def note(text: object) -> None:
    """Something beside the result."""
    click.echo(clean(text), err=True)


def trouble(error: ItpmError) -> None:
    """An error and its mend."""
    click.echo(clean(error.message), err=True)
    if error.mend:
        click.echo(clean(error.mend), err=True)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Rows under a head: drawn on a terminal, in plain columns elsewhere."""
    told = [[clean(cell).replace("\n", " ").replace("\t", " ") for cell in row] for row in rows]
    if sys.stdout.isatty():
        _drawn(head, told)
        return
    wide = [min(_WIDEST, max(map(len, column))) for column in zip(head, *told, strict=True)]
    for row in [list(head), *told]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, wide, strict=True)).rstrip())


def listing(
    found: Sequence[T], head: Sequence[str], row: Callable[[T], Sequence[object]], *, as_json: bool, none: str
) -> None:
    """What was found, as a JSON list or a table; in text `none`, where it is nothing."""
    if as_json:
        data(found)
    elif found:
        table(head, [row(each) for each in found])
    else:
        line(none)


def _drawn(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(*head, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    Console().print(drawn)


class Progress:
    """What long work is doing just now, on stderr: one moving line on a terminal, a line each elsewhere."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._status: Status | None = None
        self._last = ""

    def __enter__(self) -> Progress:
        if sys.stderr.isatty() and not self._quiet:
            from rich.console import Console

            self._status = Console(stderr=True).status("")
            self._status.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None

    def __call__(self, says: str) -> None:
        if self._quiet or says == self._last:
            return
        self._last = says
        if self._status is not None:
            from rich.text import Text

            self._status.update(Text(clean(says)))
        else:
            note(f"… {says}")
