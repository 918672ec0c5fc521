"""Texts to look for and to take out of other texts.

In: values that are removed and values that stand, as `codec.encode` gives them. Out: `Needles`: what of a text, or of
every text in a JSON document, is left when the removed ones are taken out. A word inside a longer word stays.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from itpm_sync.codec import Json

GONE = "(redacted)"
_SHORTEST = 3
"""Characters of a text that is also looked for inside of others."""
_LINE = 8
"""Characters of a line of a longer text that is looked for by itself."""


def texts(value: Json) -> Iterator[str]:
    """What a person typed, of a value; days, numbers, categories and item ids are no texts."""
    if isinstance(value, str):
        yield value
    if not isinstance(value, dict):
        return
    for kind, part in value.items():
        if kind == "blocks":
            yield from (text for block in part for text in (block[1], block[5]) if text)
        elif kind == "links":
            yield from (text for link in part for text in link if text)
        elif kind in ("people", "set"):
            yield from part


class Needles:
    """Texts that must stand nowhere any more."""

    def __init__(self, removed: Iterable[Json], standing: Iterable[Json]) -> None:
        still = {text for value in standing for text in texts(value)}
        self.whole = {text for value in removed for text in texts(value)} - still
        self._kept = {form for text in still for form in _forms(text)}
        forms = {form for text in self.whole for part in _parts(text) for form in _forms(part)} - self._kept
        gone = {form for form in forms if len(form) >= _SHORTEST}
        # what stands may have a removed text inside it: it is met first, and stays
        around = {form for form in self._kept if any(one in form for one in gone)}
        ordered = sorted(gone | around, key=len, reverse=True)
        inside = "|".join(map(re.escape, ordered))
        self._inside = re.compile(rf"(?<!\w)(?:{inside})(?!\w)") if gone else None

    def __bool__(self) -> bool:
        return bool(self.whole)

    def text(self, text: str) -> str:
        """`text` without them."""
        if text in self.whole:
            return GONE
        return self._inside.sub(self._left, text) if self._inside else text

    def _left(self, match: re.Match[str]) -> str:
        return match[0] if match[0] in self._kept else GONE

    def document(self, data: Json) -> Any:
        """A JSON value with every text in it without them; names of parts stay."""
        return walked(data, self.text)


def walked(data: Json, change: Callable[[str], str]) -> Any:
    """`data` with each text changed."""
    if isinstance(data, str):
        return change(data)
    if isinstance(data, dict):
        return {name: walked(part, change) for name, part in data.items()}
    if isinstance(data, list):
        return [walked(part, change) for part in data]
    return data


def _parts(text: str) -> Iterator[str]:
    yield text
    lines = text.splitlines()
    if len(lines) > 1:
        yield from (line.strip() for line in lines if len(line.strip()) >= _LINE)


def _forms(text: str) -> Iterator[str]:
    """As messages quote it: itself, in one line, as Python, JSON and HTML write it."""
    yield text
    yield " ".join(text.split())
    yield repr(text)[1:-1]
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield html.escape(text)
