"""Steps: how one native value reads as a canonical value, and back. Small, typed, and each obeying the lens laws.

In: a native JSON value, or a canonical value. Out: the other. `put` is absolute: it looks at the value only, never at
what stands in the record. What cannot be read raises Untranslatable, with the exact text; nothing is guessed.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Final

from itpm_sync.kit.text import cut, normal, one_line, whole
from itpm_sync.lens import Env, Untranslatable
from itpm_sync.model import Duration, Value

UNTITLED: Final = "(untitled)"
_LARGEST: Final = 10**15
_NUMBER: Final = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?")


class Step(ABC):
    """One native value and its canonical one."""

    @abstractmethod
    def get(self, raw: Any, env: Env) -> Value:
        """The canonical value; None where it is empty. Raises Untranslatable."""

    @abstractmethod
    def put(self, value: Any, env: Env) -> Any:
        """The native value to write. Raises Refused where the tool cannot take it and a shorter form would be wrong."""

    def default(self, raw: Any) -> bool:
        """Whether the tool itself put it there: empty at a first tie."""
        return False


def shown(raw: Any) -> str:
    """A native value as it may stand in a message: short, and on one line."""
    return f"{cut(one_line(whole(str(raw))), 80)!r}"


def number_of(raw: Any) -> Decimal:
    """A finite number. Raises Untranslatable for text that is none, and for yes or no."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | str | Decimal):
        raise Untranslatable(f"{shown(raw)} is no number.")
    text = str(raw).strip()
    if isinstance(raw, str) and not _NUMBER.fullmatch(text):
        raise Untranslatable(f"{shown(raw)} is no number.", mend="Enter digits, with a point for decimals.")
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) > _LARGEST:
        raise Untranslatable(f"{shown(raw)} is no number that can be worked with.")
    return number


def rounded(number: Decimal, decimals: int) -> Decimal:
    """Half up, to so many decimals."""
    return number.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def plain_number(number: Decimal) -> int | float:
    """As JSON: a whole number where it is one."""
    return int(number) if number == number.to_integral_value() else float(number)


@dataclass(frozen=True, slots=True)
class LineStep(Step):
    """Text on one line, cut to what the tool holds; the form of an empty text may be (untitled)."""

    limit: int | None = None
    never_empty: bool = False

    def get(self, raw: Any, env: Env) -> Value:
        return self._form(self._text(raw))

    def put(self, value: Any, env: Env) -> Any:
        return self._form(value)

    def _text(self, raw: Any) -> str | None:
        if raw is None or isinstance(raw, str):
            return raw
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            raise Untranslatable(f"{shown(raw)} is no text.")
        return format(number_of(raw).normalize(), "f")  # a cell that holds a number is read as it looks

    def _form(self, text: str | None) -> str | None:
        line = normal(one_line(whole(text))) if text else ""
        if not line:
            return UNTITLED if self.never_empty else None
        return cut(line, self.limit) if self.limit else line

    def default(self, raw: Any) -> bool:
        return self.never_empty and self._form(self._text(raw)) == UNTITLED


@dataclass(frozen=True, slots=True)
class ChoiceStep(Step):
    """A total map between a tool's values and canonical ones.

    `written` is ordered: the first native value of each canonical value is the one that is written.
    """

    read: Mapping[Any, Any]
    """By native value, texts in lower case."""
    written: Mapping[Any, Any]
    """By canonical value: the native one."""
    other: Any = None
    """The canonical value of what is not listed; also what a value without a native one is written as."""
    open: bool = False
    """Unlisted texts stand for themselves in both directions."""

    def get(self, raw: Any, env: Env) -> Value:
        if raw is None or raw == "":
            return None
        key = folded(raw)
        if key in self.read:
            value: Value = self.read[key]
            return value
        if self.other is not None:
            other: Value = self.other
            return other
        if self.open and isinstance(raw, str):
            return normal(one_line(whole(raw))) or None
        raise Untranslatable(
            f"{shown(raw)} is not in the mapping.", mend="Add it under `values`, or correct it there."
        )

    def put(self, value: Any, env: Env) -> Any:
        if value is None:
            return None
        if value in self.written:
            return self.written[value]
        if self.open:
            return value
        return self.written.get(self.other)


def folded(raw: Any) -> Any:
    """A native value as it is compared: an object by its id, texts without regard to case, numbers by value."""
    if isinstance(raw, Mapping):
        raw = raw.get("id")
    if isinstance(raw, list):
        return repr(raw)  # comparable, and like nothing that a mapping lists
    return normal(raw).strip().casefold() if isinstance(raw, str) else raw


@dataclass(frozen=True, slots=True)
class OptionStep(Step):
    """A step over the names of a tool's options, where its values are their ids.

    A text that is no option is passed on as it is: the tool refuses it, with a list of what it has.
    """

    step: Step
    options: Mapping[str, str]
    """Native id -> name."""

    def get(self, raw: Any, env: Env) -> Value:
        return self.step.get(self._name(raw), env)

    def put(self, value: Any, env: Env) -> Any:
        told = self.step.put(value, env)
        if told is None:
            return None
        exact = next((raw for raw, name in self.options.items() if name == str(told)), None)
        if exact is not None:
            return exact
        return next((raw for raw, name in self.options.items() if folded(name) == folded(str(told))), told)

    def default(self, raw: Any) -> bool:
        return self.step.default(self._name(raw))

    def _name(self, raw: Any) -> Any:
        native = raw.get("id") if isinstance(raw, Mapping) else raw
        return self.options.get(native, native) if isinstance(native, str) else native


@dataclass(frozen=True, slots=True)
class IntegerStep(Step):
    """A whole number within bounds; `empty` is the tool's default, which stands for none."""

    least: int | None = None
    most: int | None = None
    empty: int | None = None

    def get(self, raw: Any, env: Env) -> Value:
        if raw is None or raw == "":
            return self.empty
        number = int(rounded(number_of(raw), 0))
        if self._clamp(number) != number:
            raise Untranslatable(f"{shown(raw)} is outside {self.least} to {self.most}.")
        return number

    def put(self, value: Any, env: Env) -> Any:
        return self.empty if value is None else self._clamp(value)

    def _clamp(self, number: int) -> int:
        low = number if self.least is None else max(self.least, number)
        return low if self.most is None else min(self.most, low)

    def default(self, raw: Any) -> bool:
        return self.empty is not None and raw in (None, "", self.empty)


@dataclass(frozen=True, slots=True)
class BandStep(Step):
    """A scale of few steps: each band has a least canonical value, and one that it is read as."""

    bands: Sequence[tuple[int, int, Any]]
    """(from, means, native), highest first."""
    read: Mapping[Any, int]
    """By native value, texts in lower case: what it means."""
    empty: Any = None

    def get(self, raw: Any, env: Env) -> Value:
        if raw is None or raw == "":
            return self.read[folded(self.empty)] if self.empty is not None else None
        key = folded(raw)
        if key not in self.read:
            raise Untranslatable(f"{shown(raw)} is not in the mapping.", mend="Add it to `bands`.")
        return self.read[key]

    def put(self, value: Any, env: Env) -> Any:
        if value is None:
            return self.empty
        return next((native for least, _, native in self.bands if value >= least), self.bands[-1][2])

    def default(self, raw: Any) -> bool:
        return self.empty is not None and (raw in (None, "") or folded(raw) == folded(self.empty))


@dataclass(frozen=True, slots=True)
class NumberStep(Step):
    """A decimal number; with `decimals`, rounded as the tool holds it."""

    decimals: int | None = None

    def get(self, raw: Any, env: Env) -> Value:
        return None if raw is None or raw == "" else self._form(number_of(raw))

    def put(self, value: Any, env: Env) -> Any:
        return None if value is None else plain_number(self._form(value))

    def _form(self, number: Decimal) -> Decimal:
        held = number_of(plain_number(number if self.decimals is None else rounded(number, self.decimals)))
        return held if self.decimals is None else rounded(held, self.decimals)


@dataclass(frozen=True, slots=True)
class FlagStep(Step):
    """Yes or no."""

    yes: Any = True
    no: Any = False

    def get(self, raw: Any, env: Env) -> Value:
        if raw is None or raw == "":
            return None
        if raw is True or folded(raw) == folded(self.yes):
            return True
        if raw is False or folded(raw) == folded(self.no):
            return False
        raise Untranslatable(f"{shown(raw)} is neither yes nor no.")

    def put(self, value: Any, env: Env) -> Any:
        return None if value is None else self.yes if value else self.no


MINUTES: Final[Mapping[str, Decimal]] = {
    "seconds": Decimal(1) / Decimal(60),
    "minutes": Decimal(1),
    "hours": Decimal(60),
}


@dataclass(frozen=True, slots=True)
class AmountStep(Step):
    """An effort: minutes here, the tool's unit there, rounded to its decimals on reading too."""

    minutes: Decimal
    """Minutes of one unit."""
    decimals: int = 0
    zero_is_empty: bool = False
    """The tool shows 0 where nobody said anything; then 0 says nothing, and none is written as 0."""

    def get(self, raw: Any, env: Env) -> Value:
        if raw is None or raw == "":
            return None
        minutes = int(rounded(rounded(number_of(raw), self.decimals) * self.minutes, 0))
        return None if self.zero_is_empty and not minutes else Duration(minutes)

    def put(self, value: Any, env: Env) -> Any:
        if value is None:
            return 0 if self.zero_is_empty else None
        return plain_number(rounded(Decimal(value.minutes) / self.minutes, self.decimals))


@dataclass(frozen=True, slots=True)
class ParentStep(Step):
    """The record it stands under; the form is the nearest ancestor that is tied here."""

    def get(self, raw: Any, env: Env) -> Value:
        return None if raw is None else env.item_of(str(raw))

    def put(self, value: Any, env: Env) -> Any:
        here = env.parent_here(value)
        return None if here is None else env.native_of(here)
