"""Our key on a Planner task: an external reference in its details, `https://…#itpm=KEY`.

In: the `references` of a task's details, keys, the address people get when they click. Out: which key a task carries,
and the change of references that gives it another. Planner's own encoding of property names is in here and nowhere
else: `%`, `.`, `:`, `@` and `#` of the address are percent-encoded. Source: plannerExternalReferences.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from .wire import Json

MARK = "#itpm="
TYPE = "#microsoft.graph.plannerExternalReference"
_ENCODED = {"%": "%25", ".": "%2E", ":": "%3A", "@": "%40", "#": "%23"}


def encode(url: str) -> str:
    """An address as a property name of `references`."""
    return "".join(_ENCODED.get(character, character) for character in url)


def decode(name: str) -> str:
    """The address behind a property name of `references`."""
    return unquote(name)


def key_of(references: Mapping[str, Any] | None) -> str | None:
    """The key a task carries; of several, which a person must have brought about, the first by name."""
    keys = sorted(_keys(references).values())
    return keys[0] if keys else None


def _keys(references: Mapping[str, Any] | None) -> dict[str, str]:
    """By property name: the key in it."""
    found = {}
    for name in references or {}:
        _, mark, key = decode(name).partition(MARK)
        if mark and key:
            found[name] = unquote(key)
    return found


def with_key(link: str, key: str) -> Json:
    """The reference that carries `key`."""
    return {
        encode(f"{link}{MARK}{quote(key, safe='-_')}"): {
            "@odata.type": TYPE,
            "alias": "itpm-sync",
            "type": "Other",
        }
    }


def rekeyed(references: Mapping[str, Any] | None, link: str, key: str) -> Json:
    """The change that leaves `key` as the only key; {} where it is so already."""
    there = _keys(references)
    if set(there.values()) == {key}:
        return {}
    return {name: None for name, old in there.items() if old != key} | (
        {} if key in there.values() else with_key(link, key)
    )
