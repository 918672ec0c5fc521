"""Native values of the progress group's parts: status, percent, a three-step percentage, a flag.

In: a native value. Out: what it says of progress, and back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from itpm_sync.kit.text import normal, one_line, whole
from itpm_sync.lens import Env, Untranslatable
from itpm_sync.mapping.steps import Step, folded, number_of, plain_number, rounded, shown
from itpm_sync.model import Category, Value


@dataclass(frozen=True, slots=True)
class Status:
    """A status as canonical category and label. A step's value inside the group, never agreed by itself."""

    category: Category | None
    label: str | None


_NO_STATUS: Final = Status(None, None)


@dataclass(frozen=True, slots=True)
class StatusStep:
    """A total map of statuses. Every label has one form: by name within its category, else the category's first."""

    read: Mapping[Any, Status]
    """By native value, texts in lower case."""
    written: Mapping[tuple[Category, str], Any]
    """By category and label in lower case: the native value."""
    first: Mapping[Category, Any]
    """By category: the native value for labels that are unknown here."""
    never_empty: bool = False
    """The tool has no record without a status: what is not begun stands for none."""

    def get(self, raw: Any) -> Status | None:
        if raw is None or raw == "":
            return None
        found = self.read.get(folded(raw))
        if found is None:
            raise Untranslatable(
                f"{shown(raw)} is no status of the mapping.",
                mend="Add it under `status: values`, with its category.",
            )
        return found

    def put(self, status: Status) -> Any:
        """The native status; a category that the tool lacks is written as done if dropped, else as none."""
        category = status.category
        if category is Category.DROPPED and category not in self.first:
            category = Category.DONE
        if category is None:
            return self.first[Category.TODO] if self.never_empty else None
        named = self.written.get((category, folded(status.label or "")))
        return self.first.get(category) if named is None else named


@dataclass(frozen=True, slots=True)
class StatusPartStep(Step):
    """A StatusStep as a step of a part."""

    statuses: StatusStep

    def get(self, raw: Any, env: Env) -> Any:
        return self.statuses.get(raw)

    def put(self, value: Any, env: Env) -> Any:
        return self.statuses.put(value or _NO_STATUS)


@dataclass(frozen=True, slots=True)
class LabelTextStep(Step):
    """A text that holds the label only."""

    def get(self, raw: Any, env: Env) -> Any:
        if raw is not None and not isinstance(raw, str):
            raise Untranslatable(f"{shown(raw)} is no status.")
        return Status(None, normal(one_line(whole(raw))) or None) if raw else None

    def put(self, value: Any, env: Env) -> Any:
        return value.label if value else None


@dataclass(frozen=True, slots=True)
class PercentStep(Step):
    """Percent complete, 0-100; `full` is what the tool has for 100 %."""

    full: int

    def get(self, raw: Any, env: Env) -> Value:
        if raw is None or raw == "":
            return None
        percent = int(rounded(number_of(raw) * 100 / self.full, 0))
        if not 0 <= percent <= 100:
            raise Untranslatable(f"{shown(raw)} is no percentage of 0 to 100.")
        return percent

    def put(self, value: Any, env: Env) -> Any:
        return None if value is None else plain_number(Decimal(value) * self.full / 100)


_BAND_NUMBER = {Category.TODO: 0, Category.DOING: 50, Category.DONE: 100, Category.DROPPED: 100}


@dataclass(frozen=True, slots=True)
class BandPercentStep(Step):
    """A percentage that says only not started, in progress, completed; 50 is "in progress", never 50 %."""

    written: Mapping[Category, int] = field(default_factory=lambda: _BAND_NUMBER)

    def get(self, raw: Any, env: Env) -> Any:
        number = Decimal(0) if raw is None else number_of(raw)
        return Category.TODO if number <= 0 else Category.DONE if number >= 100 else Category.DOING

    def put(self, value: Any, env: Env) -> Any:
        return self.written.get(value, 0)


@dataclass(frozen=True, slots=True)
class DroppedStep(Step):
    """A flag that is set on what is dropped."""

    def get(self, raw: Any, env: Env) -> Any:
        if raw is not None and not isinstance(raw, bool):
            raise Untranslatable(f"{shown(raw)} is neither yes nor no.")
        return bool(raw)

    def put(self, value: Any, env: Env) -> Any:
        return bool(value)
