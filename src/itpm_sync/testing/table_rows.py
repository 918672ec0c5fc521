"""The rows of the decision table: every combination of agreed value, `at`, seen and reading over a small universe.

In: tools, values, who may be the origin. Out: cases, each once. Where every tool holds every value, values are named in
the order in which they appear (agreed first, then seen and reading of each tool), so that of all renamings of a case
one is told; the empty value is no other's equal and keeps its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

from itpm_sync.bases import Agreed, Conflict, Offer, Side
from itpm_sync.model import Value
from itpm_sync.testing.table import NOW, Case, Says

VERSION = 2
"""The agreed version of every case that has an agreed value; a tool behind is at 1, one without a base at None."""
NAMES: tuple[Value, ...] = (None, 10, 20, 30, 40, 50, 60, 70, 80, 90)
HOURS = tuple(NOW - timedelta(hours=6) + timedelta(minutes=minutes) for minutes in (0, 15, 16))
"""Times of edit: the second is no more than the margin of `newest` after the first, the third is."""


def named(count: int, *, empty: bool = True, most: int = 9) -> Iterator[tuple[Value, ...]]:
    """Every way in which `count` values can be equal or not, and empty or not, with at most `most` that are not."""

    def labels(left: int, known: int) -> Iterator[tuple[int, ...]]:
        if not left:
            yield ()
            return
        for label in range(0 if empty else 1, min(known + 1, most) + 1):
            for rest in labels(left - 1, max(known, label)):
                yield (label, *rest)

    for row in labels(count, 0):
        yield tuple(NAMES[label] for label in row)


def renamed_alike(
    tools: int,
    *,
    ats: Sequence[int | None] = (VERSION, 1),
    origins: Sequence[str | None] = ("a",),
    empty: bool = True,
    most: int = 9,
) -> Iterator[Case]:
    """Tools that hold everything, an agreed value: one case of all that differ in the names of values only."""
    for places in product(ats, repeat=tools):
        widths = [1 if at is None else 2 for at in places]
        for agreed, *values in named(1 + sum(widths), empty=empty, most=most):
            says = tuple(_says(places, widths, values))
            for origin in origins:
                yield Case(Agreed(agreed, VERSION, origin), says)


def unagreed(tools: int, *, most: int = 9) -> Iterator[Case]:
    """The same before anything was agreed: a tool was brought to nothing yet, or has no base."""
    for places in product((0, None), repeat=tools):
        widths = [1 if at is None else 2 for at in places]
        for values in named(sum(widths), most=most):
            yield Case(None, tuple(_says(places, widths, values)))


def _says(places: Sequence[int | None], widths: Sequence[int], values: Sequence[Value]) -> Iterator[Says]:
    rest = list(values)
    for at, width in zip(places, widths, strict=True):
        taken, rest = rest[:width], rest[width:]
        yield Says(None, taken[0], None) if at is None else Says(taken[0], taken[1], at)


Forms = tuple[Sequence[Value], Sequence[Value]]
"""What a tool may have said before, and what it may say now."""


def graded(
    values: Iterable[Value],
    forms: Sequence[Forms],
    *,
    ats: Sequence[int | None] = (VERSION, 1),
    origins: Sequence[str | None] = ("a",),
) -> Iterator[Case]:
    """Tools that hold values in different forms: every combination, nothing renamed."""
    told = [
        [Says(seen, now, at) for at in ats for seen in ([None] if at is None else seens) for now in nows]
        for seens, nows in forms
    ]
    for agreed in values:
        for says in product(*told):
            for origin in origins:
                yield Case(Agreed(agreed, VERSION, origin), says)


def timed(cases: Iterable[Case]) -> Iterator[Case]:
    """Each edit at each hour or at none told; the agreed value too, where it may become a side."""
    for case in cases:
        hours = [(None, *HOURS) if one.changed else (None,) for one in case.says]
        stale = case.agreed is not None and all(one.at != VERSION for one in case.says if one.changed)
        for told in product(*hours):
            says = tuple(replace(one, edited=hour) for one, hour in zip(case.says, told, strict=True))
            for hour in (None, *HOURS) if stale else (None,):
                agreed = replace(case.agreed, edited=hour) if case.agreed else None
                yield replace(case, agreed=agreed, says=says)


def varied(cases: Iterable[Case], **parts: Sequence[Any]) -> Iterator[Case]:
    """Each tool's parts set to each of these values, in every combination."""
    ways = [dict(zip(parts, way, strict=True)) for way in product(*parts.values())]
    for case in cases:
        for chosen in product(ways, repeat=len(case.says)):
            says = tuple(replace(one, **way) for one, way in zip(case.says, chosen, strict=True))
            yield replace(case, says=says)


def offered(cases: Iterable[Case], tool: int) -> Iterator[Case]:
    """One tool was offered nothing, one version, or two, whose forms are values that may be read there."""
    since = NOW - timedelta(days=3)
    ways: list[dict[int, Value]] = [{}, {1: 10}, {1: 10, 2: 20}, {1: 20, 2: 20}, {1: None}]
    for case in cases:
        for way in ways:
            offers = tuple(Offer(version, form, since) for version, form in way.items())
            says = list(case.says)
            says[tool] = replace(says[tool], offers=offers)
            yield replace(case, says=tuple(says))


def held(cases: Iterable[Case], *sides: tuple[Side, ...]) -> Iterator[Case]:
    """Each case with a conflict open, once for each set of sides; a side that is agreed has the case's origin."""
    for case in cases:
        for one in sides:
            origin = case.agreed.origin if case.agreed else None
            named = tuple(replace(side, tool=origin) if side.agreed else side for side in one)
            yield replace(case, conflict=Conflict("c", "", "", named, NOW, "told"))
