"""What is looked at before a YAML file is built into data: its size, depth, aliases, keys and characters.

In: a path, or the text of a file. Out: the text, or Misconfigured with line and column. YAML of people is small and
flat; what is not (a bomb of aliases, brackets without end, a device instead of a file) is refused before it costs
anything. A file that cannot hold any of it is not looked at twice.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from itpm_sync.errors import Misconfigured, Problem

MOST_BYTES: Final = 1 << 20
"""A mapping or configuration file is written by people; a larger one is a mistake."""
MOST_EVENTS: Final = 40_000
"""Names, values, beginnings and ends; a portfolio of 500 projects has half of it."""
MOST_DEPTH: Final = 40
MOST_PARTS: Final = 100_000
"""Parts when every alias is written out."""

_BRACKETS_FROM: Final = 500
_BYTES_FROM: Final = 100_000
_SPECIAL: Final = re.compile(r"(?:^|[\s\[{,])(?:[&*!]\S|\?\s)|\\[^\"\\/nrt\n]", re.MULTILINE)
"""Anchors, aliases, tags, keys of several parts, escapes: without them, a small file is what it looks like."""
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def read_text(path: Path) -> str:
    """The text of a file. Raises Misconfigured for what is no UTF-8, too large or no file; OSError."""
    if path.exists() and not path.is_file():  # a folder, or a device that would be read for ever
        raise _bad(path.name, 0, 0, "this is no file.", "Correct the name.")
    with path.open("rb") as stream:
        data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise _bad(path.name, 0, 0, "the file is larger than 1 MB.", "Is it the right file?")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
        raise _bad(path.name, line, column, "this is not UTF-8 text.", "Save the file as UTF-8.") from None


def check(file: str, text: str) -> None:
    """Raises Misconfigured for what no person writes. What is no YAML at all is left for the reader to say."""
    found = _CONTROL.search(text)
    if found:
        before = text[: found.start()]
        column = len(before) - before.rfind("\n")
        raise _bad(file, before.count("\n") + 1, column, _NOT_SHOWN, "Take it out.")
    brackets = text.count("[") + text.count("{")
    if len(text) < _BYTES_FROM and brackets < _BRACKETS_FROM and not _SPECIAL.search(text):
        return
    walk = _Walk(file)
    try:
        for event in YAML(typ="rt").parse(text):
            walk.see(event)
    except (MarkedYAMLError, YAMLError, ValueError, RecursionError):
        return  # said, with its place, by the reader


_NOT_SHOWN: Final = "a character stands here that no editor shows."


class _Walk:
    """Follows the parser's events; nothing is built."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._events = 0
        self._open: list[tuple[str | None, bool]] = []
        """Of each collection that is not closed: its anchor, and whether it is a mapping."""
        self._at_key: list[bool] = []
        self._parts: list[int] = [0]
        """Of each collection that is not closed, and of the whole: how many parts it has, aliases written out."""
        self._of: dict[str, int] = {}
        """Parts by anchor."""

    def see(self, event: Any) -> None:
        self._events += 1
        if self._events > MOST_EVENTS:
            self._refuse(event, "the file has more parts than any person writes.", "Is it the right file?")
        if isinstance(event, MappingEndEvent | SequenceEndEvent):
            (anchor, _), parts = self._open.pop(), self._parts.pop()
            self._at_key.pop()
            self._parts[-1] += parts
            if anchor:
                self._of[anchor] = parts
        elif isinstance(event, MappingStartEvent | SequenceStartEvent):
            self._begins(event)
        elif isinstance(event, AliasEvent):
            self._alias(event)
        elif isinstance(event, ScalarEvent):
            self._turn(event, scalar=True)
            self._parts[-1] += 1
            if _CONTROL.search(event.value):
                self._refuse(event, "the text has a character that no editor shows.", "Take it out.")

    def _begins(self, event: Any) -> None:
        self._turn(event, scalar=False)
        if len(self._open) >= MOST_DEPTH:
            self._refuse(event, f"it is nested more than {MOST_DEPTH} deep.", "Is it the right file?")
        mapping = isinstance(event, MappingStartEvent)
        self._open.append((event.anchor, mapping))
        self._at_key.append(mapping)
        self._parts.append(1)

    def _alias(self, event: Any) -> None:
        self._parts[-1] += self._of.get(event.anchor, 1)
        if any(anchor == event.anchor for anchor, _ in self._open):
            self._refuse(event, "this alias (*name) holds itself.", "Write it out.")
        if self._parts[-1] > MOST_PARTS:
            self._refuse(event, "its aliases (*name) repeat without end.", "Write it out.")
        self._turn(event, scalar=False)

    def _turn(self, event: Any, *, scalar: bool) -> None:
        """From name to value and back; a name is one plain text."""
        if not self._open or not self._open[-1][1]:
            return
        if self._at_key[-1] and not scalar:
            self._refuse(event, "a name must be one plain text.", "Write `name: value`.")
        self._at_key[-1] = not self._at_key[-1]

    def _refuse(self, event: Any, says: str, mend: str) -> None:
        mark = event.start_mark
        raise _bad(self._file, mark.line + 1, mark.column + 1, says, mend)


def _bad(file: str, line: int, column: int, says: str, mend: str) -> Misconfigured:
    return Misconfigured("The file cannot be read:", problems=[Problem(file, line, column, says, mend)])
