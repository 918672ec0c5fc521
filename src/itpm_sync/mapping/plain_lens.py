"""The lens of a plain field: one native value, one step.

In: a record's values. Out: its canonical form, and what to write. Laws: `itpm_sync.lens`.
"""

from __future__ import annotations

from typing import Any

from itpm_sync.lens import Env, Lens, Untranslatable, Values
from itpm_sync.mapping.steps import Step
from itpm_sync.model import Value


class PlainLens(Lens):
    """A field that stands in one native value and is held whole, coarsely perhaps."""

    def __init__(self, name: str, native: str, step: Step, *, writable: bool = True, title: str = "") -> None:
        self.name = name
        self.native = frozenset({native})
        self.writable = writable
        self._at = native
        self._step = step
        self._title = title or native

    def get(self, values: Values, env: Env) -> Value:
        return self._read(values.get(self._at), env)

    def put(self, value: Value, values: Values, env: Env) -> dict[str, Any]:
        raw = self._step.put(value, env)
        if self._at not in values:
            return {} if raw is None else {self._at: raw}
        return {} if self.get(values, env) == self._read(raw, env) else {self._at: raw}

    def form(self, value: Value, env: Env) -> Value:
        return self._read(self._step.put(value, env), env)

    def default(self, values: Values) -> bool:
        try:
            return self._step.default(values.get(self._at))
        except Untranslatable:
            return False

    def _read(self, raw: Any, env: Env) -> Value:
        try:
            return self._step.get(raw, env)
        except Untranslatable as error:
            raise Untranslatable(f"{self._title}: {error.message}", mend=error.mend) from None
