"""What the two group lenses share: a part of a group in one native value.

In: the record's values. Out: each part's canonical value, and the native values that differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from itpm_sync.lens import Env, Untranslatable, Values
from itpm_sync.mapping.steps import Step


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a group: where it stands, and how it is translated."""

    native: str
    step: Step
    title: str = ""

    def get(self, values: Values, env: Env) -> Any:
        return self.read(values.get(self.native), env)

    def read(self, raw: Any, env: Env) -> Any:
        try:
            return self.step.get(raw, env)
        except Untranslatable as error:
            raise Untranslatable(f"{self.title or self.native}: {error.message}", mend=error.mend) from None


def changes(parts: Mapping[str, Part], wanted: Mapping[str, Any], values: Values, env: Env) -> dict[str, Any]:
    """Native values to write: those of parts that do not read as `wanted` (native, by part) already would."""
    found: dict[str, Any] = {}
    for name, part in parts.items():
        raw = wanted.get(name)
        if part.get(values, env) != part.read(raw, env):
            found[part.native] = raw
    return found
