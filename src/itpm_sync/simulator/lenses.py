"""Plain lenses for records of the in-memory tool: one native value a field, with every way a tool can be coarse.

In: native values. Out: canonical ones. They obey the laws of `lens`, which the tests of this package prove.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from itpm_sync.codec import decode, encode
from itpm_sync.lens import Env, Lens, Untranslatable, Values
from itpm_sync.model import Day, Kind, Value


class PlainLens(Lens):
    """Holds the value as it is, encoded as JSON."""

    def __init__(self, name: str, *, writable: bool = True) -> None:
        self.name, self.native, self.writable = name, frozenset({name}), writable

    def get(self, values: Values, env: Env) -> Value:
        return decode(values.get(self.name))

    def put(self, value: Value, values: Values, env: Env) -> dict[str, Any]:
        return {} if self.get(values, env) == value else {self.name: encode(value)}


class KindLens(PlainLens):
    """The kind, as its word."""

    def get(self, values: Values, env: Env) -> Value:
        word = values.get(self.name)
        return Kind(word) if word else None

    def put(self, value: Value, values: Values, env: Env) -> dict[str, Any]:
        return {} if self.get(values, env) == value else {self.name: value}


class NumberLens(PlainLens):
    """Holds a number; what somebody typed there that is none cannot be translated."""

    def get(self, values: Values, env: Env) -> Value:
        value = super().get(values, env)
        if isinstance(value, str):
            raise Untranslatable(f"{self.name} says {value!r}, which is no number.")
        return value

    def put(self, value: Value, values: Values, env: Env) -> dict[str, Any]:
        if isinstance(values.get(self.name), str):
            return {self.name: encode(value)}
        return super().put(value, values, env)


class ScaleLens(NumberLens):
    """Holds an integer on a coarse scale only: the nearest step, the upper one of two."""

    def __init__(self, name: str, steps: Sequence[int]) -> None:
        super().__init__(name)
        self.steps = tuple(sorted(steps))

    def put(self, value: Value, values: Values, env: Env) -> dict[str, Any]:
        coarse = self._step(value) if isinstance(value, int) else value
        return super().put(coarse, values, env)

    def get(self, values: Values, env: Env) -> Value:
        value = super().get(values, env)
        return self._step(value) if isinstance(value, int) else value

    def _step(self, value: int) -> int:
        return min(self.steps, key=lambda step: (abs(step - value), -step))


class CutLens(PlainLens):
    """Holds the first so many characters of a text."""

    def __init__(self, name: str, most: int) -> None:
        super().__init__(name)
        self.most = most

    def put(self, value: Value, values: Values, env: Env) -> dict[str, Any]:
        return super().put(value[: self.most] if isinstance(value, str) else value, values, env)


class SetLens(Lens):
    """Holds a set of words, or only those of an alphabet."""

    def __init__(self, name: str, alphabet: Sequence[str] | None = None) -> None:
        self.name, self.native = name, frozenset({name})
        self.alphabet = None if alphabet is None else frozenset(alphabet)
        self.whole = alphabet is None

    def get(self, values: Values, env: Env) -> Value:
        return self._held(frozenset(values.get(self.name) or ())) or None

    def put(self, value: Value, values: Values, env: Env) -> dict[str, Any]:
        now, wanted = self.get(values, env), self._held(_set(value)) or None
        stays = _set(list(values.get(self.name) or ())) - _set(now)
        return {} if now == wanted else {self.name: sorted(_set(wanted) | stays)}

    def _held(self, words: frozenset[str]) -> frozenset[str]:
        return words if self.alphabet is None else words & self.alphabet

    def keeps(self, form: Value, agreed: Value, env: Env, edited: Day | None) -> Iterator[Value]:
        unheld = _set(agreed) - self._held(_set(agreed))
        yield (_set(form) | unheld) or None

    def apply(self, agreed: Value, before: Value, after: Value, env: Env) -> Value:
        added, removed = _set(after) - _set(before), _set(before) - _set(after)
        return ((_set(agreed) - removed) | added) or None


class ParentLens(Lens):
    """The parent's native id; n is the nearest ancestor that is tied here."""

    name = "parent"
    native = frozenset({"parent"})

    def get(self, values: Values, env: Env) -> Value:
        native = values.get("parent")
        return env.item_of(native) if native else None

    def put(self, value: Value, values: Values, env: Env) -> dict[str, Any]:
        wanted = env.parent_here(value if isinstance(value, str) else None)
        if wanted == self.get(values, env):
            return {}
        return {"parent": env.native_of(wanted) if wanted else None}

    def form(self, value: Value, env: Env) -> Value:
        return env.parent_here(value if isinstance(value, str) else None)

    def refers(self, values: Values) -> str | None:
        native = values.get("parent")
        return native if isinstance(native, str) else None

    def keeps(self, form: Value, agreed: Value, env: Env, edited: Day | None) -> Iterator[Value]:
        yield form


def _set(value: Any) -> frozenset[str]:
    return frozenset(value or ())
