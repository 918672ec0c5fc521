"""The decision table in full: its parts, each with its tools, policies, rows and their number.

In: nothing. Out: `PARTS`. What is enumerated is said here and nowhere else; `table_check` decides it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import product

from itpm_sync.bases import Agreed, Side
from itpm_sync.lens import Lens
from itpm_sync.model import Day, Schedule, Value
from itpm_sync.policy import FieldPolicy, Rule
from itpm_sync.testing.lenses import PlainLens, ScaleLens, SetLens
from itpm_sync.testing.table import Case, Says, Setting, Teller
from itpm_sync.testing.table_lenses import FinishLens, LettersLens, SpanLens, ZeroLens
from itpm_sync.testing.table_rows import graded, held, offered, renamed_alike, timed, unagreed, varied

HOLD, NEWEST, MERGE = FieldPolicy(Rule.HOLD), FieldPolicy(Rule.NEWEST), FieldPolicy(Rule.MERGE)


def owner(*tools: str, leave: bool = False) -> FieldPolicy:
    return FieldPolicy(Rule.OWNER, tools, leave)


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that differ in nothing but what the tools said, decided under each of these settings."""

    name: str
    settings: tuple[Setting, ...]
    rows: Callable[[], Iterable[Case]]
    count: int
    """Rows times settings: said here, so that the table cannot shrink unseen."""
    alike: bool = False
    """The tools are alike and ties are broken by nothing but what is said: other names, the same story."""


# ── tools ──

FINE: Lens = PlainLens("priority")
COARSE: Lens = ScaleLens("priority", (0, 50, 100))
BIN: Lens = ScaleLens("priority", (0, 100))
CROSSING: Lens = ScaleLens("priority", (30, 100))
SET, NARROW = SetLens("labels"), SetLens("labels", "x")


def tools(*lenses: Lens) -> tuple[Teller, ...]:
    return tuple(Teller(name, lens) for name, lens in zip("abcd", lenses, strict=False))


def settings(
    tellers: Sequence[Teller],
    *policies: FieldPolicy,
    authorities: Sequence[tuple[str, ...]] = ((),),
    seeds: Sequence[tuple[str, ...]] = ((),),
) -> tuple[Setting, ...]:
    return tuple(
        Setting(tuple(tellers), policy, authority, seed)
        for policy in policies
        for authority in authorities
        for seed in seeds
    )


# ── values ──

SUBSETS: list[Value] = [None, *(frozenset(word) for word in ("x", "y", "xy"))]
X: list[Value] = [None, frozenset("x")]
DAYS = {0: None, 1: Day(date(2026, 5, 1)), 2: Day(date(2026, 5, 2))}


def span(start: int, finish: int) -> Value:
    return Schedule(DAYS[start], DAYS[finish])


SPANS: list[Value] = [None, span(1, 2), span(2, 2), span(1, 1), span(0, 2), span(1, 0), span(2, 1)]
FINISHES: list[Value] = [None, span(0, 1), span(0, 2)]
TEXTS: list[Value] = [None, "ab", "xb", "ay", "abc"]


def sides(*values: tuple[str, Value], agreed: Value = None) -> tuple[Side, ...]:
    """Sides of these tools; the agreed value's too, if it is given."""
    told = [Side(tool, value, value, 1) for tool, value in values]
    return (*told, Side(None, agreed, agreed, 2, agreed=True)) if agreed is not None else tuple(told)


def _two() -> Iterator[Case]:
    return renamed_alike(2, ats=(2, 1, None), origins=("a", None))


def _two_first() -> Iterator[Case]:
    return renamed_alike(2, ats=(2, 1, None), origins=("a", "b"), most=2)


def _scaled(*forms: tuple[Value, ...], ats: Sequence[int | None] = (2, 1, None)) -> Iterator[Case]:
    return graded((60, 0, None), [(one, one) for one in forms], ats=ats, origins=("a", "b"))


def _three_scales() -> Iterator[Case]:
    forms = [((60, 0), (60, 0, 50, 100)), ((50, 0), (50, 0, 100)), ((100, 0), (100, 0))]
    return graded((60, 0), forms, ats=(2, 1))


def _crossing() -> Iterator[Case]:
    forms = [((50, 0), (50, 0, 100)), ((30, 100), (30, 100)), ((60,), (60, 0, 40))]
    return graded((60, 30), forms, ats=(2, None))


def _held() -> Iterator[Case]:
    forms: list[tuple[list[Value], list[Value]]] = [([60, 0], [60, 0, 30, None]), ([60, 30], [60, 0, 30])]
    two = (("a", 0), ("b", 30))
    ways = (sides(*two), sides(two[0], agreed=60), sides(two[1], agreed=60), sides(*two, agreed=60))
    return held(graded((60,), forms, ats=(2, 1, None)), *ways)


def _held_coarse() -> Iterator[Case]:
    forms: list[tuple[list[Value], list[Value]]] = [([60, 0], [60, 0, 30, 100]), ([50, 100], [50, 0, 100])]
    return held(
        graded((60,), forms, ats=(2, 1, None)),
        sides(("a", 0), ("b", 100)),
        sides(("a", 100), ("b", 0)),
        sides(("b", 100), agreed=60),
        sides(("a", 30), ("b", 0), agreed=60),
    )


def _held_three() -> Iterator[Case]:
    forms: list[tuple[list[Value], list[Value]]] = [
        ([60], [60, 0, 30]),
        ([60, 30], [60, 0, 30]),
        ([60], [60, 30]),
    ]
    two = (("a", 0), ("b", 30))
    return held(graded((60,), forms, ats=(2, 1, None)), sides(*two), sides(*two, agreed=60))


def _held_unagreed() -> Iterator[Case]:
    return held(unagreed(2, most=2), sides(("a", 10), ("b", 20)))


def _newest_three() -> Iterator[Case]:
    forms: list[tuple[list[Value], list[Value]]] = [([0], [0, 63, None]), ([0], [0, 50]), ([0], [0, 63, 30])]
    return timed(graded((0,), forms, ats=(2,)))


def _computed() -> Iterator[Case]:
    return varied(renamed_alike(2, ats=(2, 1, None), most=1), computed=(False, True))


def _undecided() -> Iterator[Case]:
    return varied(renamed_alike(2, most=1), undecided=(False, True), read=(False, True))


def _fourth_is_new() -> Iterator[Case]:
    """Three edits of one run, two of them perhaps alike, and a tool that is tied in it."""
    for now in product((10, 20, 30), repeat=4):
        says = [Says(10, one, 2) for one in now[:3]]
        yield Case(Agreed(10, 2, "a"), (*says, Says(None, now[3], None)))


def _zeros() -> Iterator[Case]:
    """One tool shows 0 for nothing; something or nothing is agreed."""
    for seen, now, first, other in product((0, 10), (0, 10), (False, True), (None, 0, 10)):
        zero = Says(None, now, None) if first else Says(seen, now, 0)
        for at in (0, None):
            yield Case(None, (Says(None, other, at), zero))
    yield from graded((None, 0, 10), [((None, 0), (None, 0, 10)), ((0, 10), (0, 10))], ats=(2, None))


def _contradicting() -> Iterator[Case]:
    """A row that contradicts itself is held, and is typed anew; and the same at a first tie."""
    rows = list(graded((span(1, 2),), [([span(2, 1)], SPANS), ([span(1, 2)], SPANS)], ats=(2, 1, None)))
    wrong = Side("a", span(2, 1), span(2, 1), 2, lawful=False)
    yield from rows
    yield from held(rows, (wrong,))


def _timed_groups() -> Iterator[Case]:
    forms: list[tuple[list[Value], list[Value]]] = [([span(1, 2)], SPANS[1:4])] * 2
    return timed(graded((span(1, 2),), forms, ats=(2,)))


def _groups(second: list[Value]) -> Iterator[Case]:
    before = [one for one in second if one in (None, span(1, 2), span(0, 2))][:2]
    forms = [([None, span(1, 2)], SPANS), (before, second)]
    return graded((span(1, 2), None), forms, ats=(2, 1, None))


def _still(**still: bool) -> tuple[Setting, ...]:
    """The second tool is not as others: read only, paused."""
    second = replace(Teller("b", FINE), **still)  # type: ignore[arg-type]
    return settings((Teller("a", FINE), second), HOLD, owner("a"), owner("b"))


PARTS: tuple[Part, ...] = (
    Part(
        "two alike",
        settings(
            tools(FINE, FINE), HOLD, NEWEST, owner("a"), owner("b", "a"), owner("z"), owner("a", leave=True)
        ),
        _two,
        12_420,
        alike=True,
    ),
    Part(
        "two alike, seeds",
        settings(tools(FINE, FINE), HOLD, owner("a"), seeds=(("b", "a"),)),
        _two_first,
        2_664,
    ),
    Part(
        "two, nothing agreed",
        settings(tools(FINE, FINE), HOLD, NEWEST, owner("b"), owner("z"), seeds=((), ("b",))),
        lambda: unagreed(2),
        696,
    ),
    Part(
        "three, nothing agreed",
        settings(tools(FINE, FINE, FINE), HOLD, owner("b"), seeds=((), ("c", "a"))),
        lambda: unagreed(3, most=2),
        3_472,
    ),
    Part(
        "two by time of edit",
        settings(tools(FINE, FINE), NEWEST),
        lambda: timed(renamed_alike(2, most=2)),
        8_432,
        alike=True,
    ),
    Part(
        "one tells no time of edit",
        settings((Teller("a", FINE), Teller("b", FINE, times=False)), NEWEST),
        lambda: timed(renamed_alike(2, most=2, empty=False)),
        832,
    ),
    Part(
        "three alike",
        settings(tools(FINE, FINE, FINE), HOLD),
        lambda: renamed_alike(3, empty=False, most=3),
        2_920,
        alike=True,
    ),
    Part(
        "three with first ties",
        settings(tools(FINE, FINE, FINE), HOLD, owner("c", "a"), seeds=((), ("c",))),
        lambda: renamed_alike(3, ats=(2, 1, None), empty=False, most=2),
        4_000,
    ),
    Part(
        "four alike",
        settings(tools(FINE, FINE, FINE, FINE), HOLD),
        lambda: renamed_alike(4, empty=False, most=2),
        4_096,
        alike=True,
    ),
    Part(
        "fine and coarse",
        settings(tools(FINE, COARSE), HOLD, owner("b"), seeds=(("b",),)),
        lambda: _scaled((60, 0, 50, None), (50, 0, None)),
        9_072,
    ),
    Part("three scales", settings(tools(FINE, COARSE, BIN), HOLD), _three_scales, 3_072),
    Part(
        "scales that cross",
        settings(tools(COARSE, CROSSING, FINE), HOLD, seeds=(("b",),)),
        _crossing,
        648,
    ),
    Part("three by time of edit", settings(tools(FINE, COARSE, FINE), NEWEST), _newest_three, 408),
    Part(
        "sets",
        settings(tools(SET, SET), MERGE),
        lambda: graded(SUBSETS, [(SUBSETS, SUBSETS)] * 2, ats=(2, None)),
        1_600,
    ),
    Part(
        "sets, one narrow",
        settings(tools(SET, NARROW), MERGE, HOLD),
        lambda: graded(SUBSETS, [(SUBSETS, SUBSETS), (X, X)], ats=(2, 1, None)),
        2_880,
    ),
    Part(
        "three sets",
        settings(tools(SET, SET, NARROW), MERGE),
        lambda: graded(SUBSETS[1:], [(SUBSETS[2:], SUBSETS), (SUBSETS, SUBSETS), (X, X)], ats=(2,)),
        1_536,
    ),
    Part(
        "texts of parts",
        settings(tools(LettersLens("title"), LettersLens("title")), MERGE),
        lambda: graded(TEXTS[1:3], [(TEXTS[:3], TEXTS)] * 2, ats=(2, 1)),
        1_800,
    ),
    Part(
        "groups",
        settings(tools(SpanLens("schedule"), SpanLens("schedule")), HOLD),
        lambda: _groups(SPANS),
        2_450,
    ),
    Part(
        "groups, one end",
        settings(tools(SpanLens("schedule"), FinishLens("schedule")), HOLD, owner("b")),
        lambda: _groups(FINISHES),
        2_100,
    ),
    Part("groups by time of edit", settings(tools(*[SpanLens("schedule")] * 2), HOLD), _timed_groups, 84),
    Part(
        "groups that contradict themselves",
        settings(tools(*[SpanLens("schedule")] * 2), HOLD, seeds=(("b", "a"),)),
        _contradicting,
        882,
    ),
    Part("three edits and a first tie", settings(tools(*[FINE] * 4), HOLD), _fourth_is_new, 81),
    Part(
        "nothing is shown as something",
        settings(tools(FINE, ZeroLens("priority")), HOLD, owner("b"), seeds=((), ("b",))),
        _zeros,
        840,
    ),
    Part("held", settings(tools(FINE, FINE), HOLD, NEWEST, owner("a")), _held, 3_600),
    Part("held, one coarse", settings(tools(FINE, COARSE), HOLD), _held_coarse, 1_200),
    Part("held, three", settings(tools(FINE, FINE, FINE), HOLD), _held_three, 1_620),
    Part("held, nothing agreed", settings(tools(FINE, FINE), HOLD, owner("a")), _held_unagreed, 148),
    Part(
        "computed",
        settings(
            tools(FINE, FINE),
            HOLD,
            owner("b"),
            authorities=((), ("a",), ("b", "a"), ("z", "a")),
        ),
        _computed,
        6_400,
    ),
    Part(
        "by hand",
        settings((Teller("a", FINE), Teller("b", FINE, by_hand=True)), HOLD, owner("a"), owner("b")),
        lambda: offered(renamed_alike(2, most=2), 1),
        7_320,
    ),
    Part("read only", _still(read_only=True), lambda: renamed_alike(2, ats=(2, 1, None), most=2), 1_998),
    Part("paused", _still(suspended=True), lambda: renamed_alike(2, ats=(2, 1, None), most=2), 1_998),
    Part(
        "never written",
        settings((Teller("a", FINE), Teller("b", PlainLens("priority", writable=False))), HOLD),
        lambda: renamed_alike(2, ats=(2, 1, None), most=2),
        666,
    ),
    Part("undecided", settings(tools(FINE, FINE), HOLD, owner("a")), _undecided, 4_096),
    Part(
        "undecided sets",
        settings(tools(SET, SET), MERGE),
        lambda: varied(graded(X, [(X, SUBSETS[:3])] * 2), undecided=(False, True)),
        1_152,
    ),
)
