"""Text in canonical form: what is compared, what fits, what stands on one line.

In: text as a tool gave it. Out: text in a normal form or a shorter one. Every function is idempotent, so that a
field's form is the form of its form. Fault catalogue: F45, F46, F70.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MARKER: Final = "…"
"""Ends a text that was cut."""

_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_BREAKS: Final = re.compile("[\t\n\r\x0b\x0c\x1c-\x1f\x85\u2028\u2029]+")
_JOINERS: Final = frozenset("\u200d\ufe0e\ufe0f")  # zero-width joiner, variation selectors


def normal(text: str) -> str:
    """The form in which texts are compared: NFC, line ends as LF. Nothing else is touched."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def same(one: str | None, other: str | None) -> bool:
    """Whether two texts say the same; None is not the empty text."""
    if one is None or other is None:
        return one is other
    return one == other or normal(one) == normal(other)


def without_controls(text: str) -> str:
    """Without control characters; tab and line feed stay. What XML 1.0 and most tools refuse is gone."""
    return _CONTROL.sub("", text)


def one_line(text: str) -> str:
    """On one line: every break and tab is a space, no control characters, no space at either end."""
    return _CONTROL.sub("", _BREAKS.sub(" ", text)).strip()


def whole(text: str) -> str:
    """Without lone surrogates, which UTF-8 cannot carry: each becomes U+FFFD."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def utf16_length(text: str) -> int:
    """Length as most tools count it: UTF-16 units."""
    return len(text) + sum(1 for character in text if character > "\uffff")


def cut(text: str, limit: int, *, marker: str = MARKER) -> str:
    """At most `limit` UTF-16 units. What is too long ends in `marker`, never in half a character or a torn accent."""
    if len(text) * 2 <= limit or utf16_length(text) <= limit:
        return text
    room = limit - utf16_length(marker)
    if room < 0:
        raise ValueError("the limit is shorter than the marker")
    end = _prefix(text, room)
    while 0 < end < len(text) and _hangs_on(text, end):
        end -= 1
    return text[:end].rstrip() + marker


def _prefix(text: str, room: int) -> int:
    """How many characters fit into `room` UTF-16 units."""
    used = 0
    for index, character in enumerate(text):
        used += 2 if character > "\uffff" else 1
        if used > room:
            return index
    return len(text)


def _hangs_on(text: str, index: int) -> bool:
    """Whether the character at `index` belongs to the one before it."""
    after, before = text[index], text[index - 1]
    return bool(unicodedata.combining(after)) or after in _JOINERS or before == "\u200d"
