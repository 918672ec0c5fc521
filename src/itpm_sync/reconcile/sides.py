"""Which of several values of one field stay, and which are only the coarser form of another (rule 4).

In: sides, and how a tool holds a value. Out: those that stay, those dropped and by whom. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from itpm_sync.bases import Side
from itpm_sync.lens import Untranslatable
from itpm_sync.model import Value

FormIn = Callable[[str | None, Value], Value]
"""n in a tool by connection name; the identity where the tool holds the field no more, or is None."""


@dataclass(frozen=True, slots=True)
class Cover:
    stays: tuple[Side, ...]
    dropped: tuple[tuple[Side, Side], ...]
    """(dropped, what covers it); the second is one of `stays`, its time not yet raised."""


def cover(sides: Sequence[Side], form_in: FormIn) -> Cover:
    """A side is dropped only if it is the form, in its own tool, of a side that stays.

    Words that could not be translated have no form in another tool: they cover what says the very same, nothing else.
    Of equal or mutual ones the first connection name stays; if none would stay, all stay. One that stays takes the
    latest time of those dropped into it.
    """
    rest = sorted(sides, key=_name)
    covers = {
        (low, high)
        for low, dropped in enumerate(rest)
        for high, other in enumerate(rest)
        if low != high and _form(other, dropped.tool, form_in) == dropped.form
    }
    drops = {(low, high) for low, high in covers if (high, low) not in covers or high < low}
    stays, into = _kernel(len(rest), drops)
    kept = {high: rest[high] for high in stays}
    for low, high in into.items():
        kept[high] = replace(kept[high], edited=_later(kept[high].edited, rest[low].edited))
    return Cover(
        tuple(kept[high] for high in sorted(kept)),
        tuple((rest[low], rest[high]) for low, high in sorted(into.items())),
    )


def _form(side: Side, tool: str | None, form_in: FormIn) -> Value:
    try:
        return form_in(tool, side.value)
    except Untranslatable:
        if side.lawful:
            raise
        return side.form


def _kernel(count: int, drops: set[tuple[int, int]]) -> tuple[set[int], dict[int, int]]:
    """Who stays, and who is dropped into whom: decided outward from those nobody covers. What is left, stays."""
    open_, stays, into = set(range(count)), set[int](), dict[int, int]()
    moved = True
    while moved:
        moved = False
        for low in sorted(open_):
            coverers = [high for high in range(count) if (low, high) in drops]
            if any(high in stays for high in coverers):
                into[low] = min(high for high in coverers if high in stays)
                open_.discard(low)
                moved = True
            elif all(high in into for high in coverers):
                stays.add(low)
                open_.discard(low)
                moved = True
    return stays | open_, into


def _name(side: Side) -> tuple[bool, str]:
    return (side.tool is None, side.tool or "")


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((moment for moment in (one, other) if moment is not None), default=None)
