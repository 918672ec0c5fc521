"""Lenses for the decision table: a group of two days, one end of it only, and a text of parts that may overlap.

In: native values of the in-memory tool. Out: canonical ones. They obey the laws of `lens`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from itpm_sync.laws import lawful
from itpm_sync.lens import Env, Overlap, Unliftable, Values
from itpm_sync.model import Day, Schedule, Value
from itpm_sync.testing.lenses import PlainLens


class SpanLens(PlainLens):
    """Holds a schedule whole. A row whose start is after its finish means nothing."""

    def lift(self, form: Value, agreed: Value, env: Env, *, edited: Day | None = None) -> Value:
        if not lawful(form):
            raise Unliftable("The start is after the finish.")
        return super().lift(form, agreed, env, edited=edited)


class FinishLens(PlainLens):
    """Holds the finish only."""

    whole = False

    def put(self, value: Value, values: Values, env: Env) -> dict[str, Any]:
        return super().put(_finish(value), values, env)

    def keeps(self, form: Value, agreed: Value, env: Env, edited: Day | None) -> Iterator[Value]:
        base = agreed if isinstance(agreed, Schedule) else Schedule()
        moved = replace(base, finish=form.finish if isinstance(form, Schedule) else None)
        if moved == Schedule():
            yield None
        elif lawful(moved):
            yield moved


def _finish(value: Value) -> Value:
    return Schedule(finish=value.finish) if isinstance(value, Schedule) and value.finish else None


class ZeroLens(PlainLens):
    """Holds numbers, and shows 0 where there is nothing."""

    def put(self, value: Value, values: Values, env: Env) -> dict[str, Any]:
        return super().put(0 if value is None else value, values, env)

    def get(self, values: Values, env: Env) -> Value:
        found = super().get(values, env)
        return 0 if found is None else found


class LettersLens(PlainLens):
    """A text of letters, each a part of its own: two changes of one letter to different ones overlap."""

    def apply(self, agreed: Value, before: Value, after: Value, env: Env) -> Value:
        texts = [value if isinstance(value, str) else "" for value in (agreed, before, after)]
        width = max(map(len, texts))
        letters = []
        for held, old, new in zip(*(text.ljust(width) for text in texts), strict=True):
            if old != new and held not in (old, new):
                raise Overlap("Two edits changed the same letter.")
            letters.append(new if old != new else held)
        return "".join(letters).rstrip() or None
