"""Lenses over records of any form: what a lens stumbles over costs its item, not the run.

In: the lenses of one container. Out: the same lenses; an exception that `lens` does not name (a list where a text
should be, in a record that the connector let pass) becomes `Poisoned`, which names container and field.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from itpm_sync.lens import Env, Lens, Poisoned, Values
from itpm_sync.model import Day, Value

Place = tuple[str, str]
"""(connection, container)."""

STUMBLES = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a value of a wrong form raises. Anything else (no memory, a mistake of assertion) goes through."""
_LOG = logging.getLogger("itpm_sync.cycle")


def guarded(lenses: Mapping[str, Lens], place: Place) -> dict[str, Lens]:
    """The lenses of a container, by field."""
    return {name: cast(Lens, _Guarded(lens, place)) for name, lens in lenses.items()}


class _Guarded:
    """What is not named here is the inner lens's own."""

    __slots__ = ("_inner", "_place", "_told", "computed", "name", "native", "whole", "writable")

    def __init__(self, inner: Lens, place: Place) -> None:
        self._inner, self._place, self._told = inner, place, False
        self.name, self.native, self.whole, self.writable = (
            inner.name,
            inner.native,
            inner.whole,
            inner.writable,
        )
        self.computed = inner.computed  # asked of every field of every record

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def get(self, values: Values, env: Env) -> Value:
        try:
            return self._inner.get(values, env)
        except STUMBLES as error:
            raise self._poisoned("read", error) from error

    def put(self, value: Value, values: Values, env: Env) -> dict[str, Any]:
        try:
            return self._inner.put(value, values, env)
        except STUMBLES as error:
            raise self._poisoned("written", error) from error

    def form(self, value: Value, env: Env) -> Value:
        try:
            return self._inner.form(value, env)
        except STUMBLES as error:
            raise self._poisoned("written", error) from error

    def lift(self, form: Value, agreed: Value, env: Env, *, edited: Day | None = None) -> Value:
        try:
            return self._inner.lift(form, agreed, env, edited=edited)
        except STUMBLES as error:
            raise self._poisoned("read", error) from error

    def keeps(self, form: Value, agreed: Value, env: Env, edited: Day | None) -> Iterator[Value]:
        try:
            yield from self._inner.keeps(form, agreed, env, edited)
        except STUMBLES as error:
            raise self._poisoned("read", error) from error

    def apply(self, agreed: Value, before: Value, after: Value, env: Env) -> Value:
        try:
            return self._inner.apply(agreed, before, after, env)
        except STUMBLES as error:
            raise self._poisoned("merged", error) from error

    # what only helps: silent, for `get` of the same record tells of it

    def refers(self, values: Values) -> str | None:
        try:
            return self._inner.refers(values)
        except STUMBLES:
            return None

    def seen(self, values: Values) -> Sequence[tuple[str, str]]:
        try:
            return self._inner.seen(values)
        except STUMBLES:
            return ()

    def default(self, values: Values) -> bool:
        try:
            return self._inner.default(values)
        except STUMBLES:
            return False

    def _poisoned(self, done: str, error: BaseException) -> Poisoned:
        if not self._told:  # one trace a field is enough; the values stay out of it
            self._told = True
            _LOG.error("%s of %s cannot be %s", self.name, self._place, done, exc_info=error)
        return Poisoned(
            f"its {self.name} cannot be {done} ({type(error).__name__})", field=self.name, place=self._place
        )
