"""Finding the tool's fields by the names that a mapping gives them.

In: names, and the fields that a container describes. Out: the native field, by id, with its options. A name that
several fields share, or that none has, is an error in words; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from itpm_sync.connector import ContainerInfo, NativeField
from itpm_sync.mapping.meaning import plain_name
from itpm_sync.mapping.places import did_you_mean
from itpm_sync.mapping.schema import Bound, Option
from itpm_sync.mapping.steps import folded


class Missing(Exception):
    """A field of the mapping is not there; its text is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Native:
    """A native field that a mapping's field was bound to."""

    native: str
    title: str
    writable: bool = True
    options: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)
    """By native id of an option: the tool's own category of it, where it has some (Jira's statuses)."""

    def natives(self, option: Option) -> list[Any]:
        """The native values of an option named in the mapping; none where the tool has a list without it."""
        if not self.options:
            return [option]
        wanted = folded(str(option))
        return [raw for raw, name in self.options.items() if folded(name) == wanted or raw == str(option)]


class Binder:
    """The fields of one container."""

    def __init__(self, info: ContainerInfo | None) -> None:
        self._info = info
        self.used: list[Native] = []

    def find(self, bound: Bound) -> Native | None:
        """The native field of `bound`; None where it is optional and not there. Raises Missing."""
        if self._info is None:
            return self._use(Native(bound.names[0], bound.names[0]))
        for name in bound.names:
            found = self._named(name, self._info.fields)
            if len(found) > 1:
                raise Missing(
                    f"{self._info.title} has {len(found)} fields called {name!r}. Name it by its id: "
                    f"{', '.join(one.name for one in found)}."
                )
            if found:
                return self._use(self._native(found[0], self._info))
        if bound.optional:
            return None
        titles = [one.title for one in self._info.fields]
        raise Missing(
            f"{self._info.title} has no field {' or '.join(map(repr, bound.names))}. "
            f"{did_you_mean(bound.names[0], titles)}"
        )

    def by_id(self, native: str) -> Native | None:
        """The native field with this id, if there is one (all ids are there where nothing is known)."""
        if self._info is None:
            return self._use(Native(native, native))
        found = next((one for one in self._info.fields if one.name == native), None)
        return self._use(self._native(found, self._info)) if found else None

    def _use(self, native: Native) -> Native:
        self.used.append(native)
        return native

    @staticmethod
    def _named(name: str, fields: Sequence[NativeField]) -> list[NativeField]:
        """By id, by title, else by either without regard to case, spaces and signs."""
        plain = plain_name(name)
        for found in (
            [one for one in fields if one.name == name],
            [one for one in fields if one.title == name],
            [one for one in fields if plain and plain in (plain_name(one.name), plain_name(one.title))],
        ):
            if found:
                return found
        return []

    @staticmethod
    def _native(one: NativeField, info: ContainerInfo) -> Native:
        beside = f"{one.name}Category"
        categories = next((other.options for other in info.fields if other.name == beside), {})
        # A container that takes changes by hand writes nothing itself; what it is offered the mapping decides.
        return Native(one.name, one.title, one.writable or info.by_hand, one.options, categories)
