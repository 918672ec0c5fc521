"""Whatever a plan holds: figures never fail, and nothing overdue, stale or without a baseline is "on track"."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from itpm_sync.bases import LIFE, Conflict, Side
from itpm_sync.model import (
    Assignees,
    Calendar,
    Category,
    Day,
    Dependency,
    Duration,
    Item,
    Kind,
    LinkType,
    Progress,
    ProjectFacts,
    Rag,
    Schedule,
)
from itpm_sync.status.dimension import severity
from itpm_sync.status.figures import Figures, figures
from itpm_sync.status.limits import Limits
from itpm_sync.status.site import Forms, Site
from itpm_sync.status.subject import Source, Subject
from itpm_sync.testing.items import FRESH, NOW, TODAY, milestone, subject, task

_IDS = st.sampled_from([f"i{number}" for number in range(7)])
_NEAR = st.dates(date(2026, 6, 1), date(2027, 6, 1))
_DAYS = st.builds(Day, st.one_of(_NEAR, _NEAR, _NEAR, st.dates()))
_MAYBE = st.none() | _DAYS
_PROGRESS = st.builds(
    Progress,
    st.none() | st.sampled_from(Category),
    st.none() | st.text(max_size=5),
    st.none() | st.integers(0, 100),
    _MAYBE,
    _MAYBE,
)
_DURATION = st.builds(Duration, st.integers(-(10**6), 10**9), st.booleans())
_SCHEDULE = st.builds(Schedule, _MAYBE, _MAYBE, st.none() | _DURATION)
_LINK = st.builds(Dependency, _IDS, st.sampled_from(LinkType))
_MONEY = st.none() | st.decimals(allow_nan=True, allow_infinity=True)
_TITLE = st.none() | st.text(max_size=30)
_VALUES = st.fixed_dictionaries(
    {"kind": st.none() | st.sampled_from(Kind), "title": _TITLE},
    optional={
        "progress": st.none() | _PROGRESS,
        "schedule": st.none() | _SCHEDULE,
        "deadline": _MAYBE,
        "promised": _MAYBE,
        "baseline_start": _MAYBE,
        "baseline_finish": _MAYBE,
        "parent": st.none() | _IDS,
        "dependencies": st.frozensets(_LINK, max_size=3),
        "labels": st.frozensets(st.sampled_from(["key", "x"])),
        "assignees": st.none() | st.builds(Assignees, st.frozensets(st.text(max_size=4), max_size=2)),
        "probability": st.none() | st.integers(-3, 9),
        "impact": st.none() | st.integers(-3, 9),
        "priority": st.none() | st.integers(0, 1000),
        "cost_budget": _MONEY,
        "cost_forecast": _MONEY,
        "cost_actual": _MONEY,
        "rag": st.none() | st.sampled_from(Rag),
        "manual": st.none() | st.booleans(),
        "site": _TITLE,
    },
)


@st.composite
def items(draw: st.DrawFn) -> tuple[Item, ...]:
    names = draw(st.lists(_IDS, unique=True, max_size=7))
    return tuple(Item(name, draw(_VALUES)) for name in names)


_SIDES = {
    "progress": st.none() | _PROGRESS,
    "schedule": st.none() | _SCHEDULE,
    "impact": st.none() | st.integers(1, 5),
    "title": _TITLE,
    LIFE: st.none() | st.text(max_size=5),
}


@st.composite
def conflicts(draw: st.DrawFn) -> Conflict:
    name = draw(st.sampled_from(sorted(_SIDES)))
    values = draw(st.lists(_SIDES[name], max_size=3))
    sides = tuple(Side(f"tool{number}", value, value, 1) for number, value in enumerate(values))
    return Conflict(f"c{name}", draw(_IDS), name, sides, NOW)


_INSTANT = st.none() | st.timedeltas(timedelta(days=-400), timedelta(days=2)).map(lambda span: NOW + span)
_SOURCE = st.builds(
    Source, st.text(max_size=8), _INSTANT, _INSTANT, st.text(max_size=8), st.sampled_from(["", "403"])
)
_WEEK = st.lists(st.booleans(), min_size=7, max_size=7)


@st.composite
def subjects(draw: st.DrawFn) -> Subject:
    spans = tuple(((datetime.min.time(), datetime.max.time()),) if works else () for works in draw(_WEEK))
    holidays = draw(st.lists(_NEAR, max_size=4))
    facts = ProjectFacts(
        "p",
        draw(st.text(max_size=20)),
        draw(st.sampled_from(["UTC", "Asia/Tokyo", "No/Such", "", "../x"])),
        status_date=draw(st.none() | _NEAR | st.dates()),
        calendar=Calendar("c", spans, dict.fromkeys(holidays, ())),
    )
    return Subject(
        facts,
        draw(items()),
        draw(st.lists(_SOURCE, max_size=3)),
        draw(st.lists(conflicts(), max_size=4)),
        draw(st.lists(st.text(max_size=10), max_size=3)),
    )


def judged(made: Subject) -> Figures:
    return figures(made, NOW)


@settings(max_examples=60, deadline=None)
@given(subjects())
def test_no_plan_breaks_the_figures_and_green_is_earned(made: Subject) -> None:
    found = judged(made)
    if found.rag is not Rag.GREEN:
        return
    assert not found.stale
    assert not any(one.overdue for one in found.tasks)
    assert any(one.baseline_finish for one in found.tasks)
    assert found.tasks
    assert all(one.rag is Rag.GREEN for one in found.dimensions if one.measured)


@st.composite
def good(draw: st.DrawFn) -> list[Item]:
    """Plans that deserve their green: everything ahead and on its baseline."""
    ahead = draw(st.lists(st.dates(TODAY, date(2028, 1, 1)), min_size=1, max_size=5))
    return [
        task(f"g{number}", on.isoformat(), on.isoformat(), base=on.isoformat())
        if draw(st.booleans())
        else milestone(f"g{number}", on.isoformat(), on.isoformat())
        for number, on in enumerate(ahead)
    ]


@settings(max_examples=60, deadline=None)
@given(good(), st.dates(date(2026, 1, 1), TODAY - timedelta(days=1)), st.integers(0, 99), st.booleans())
def test_one_overdue_task_takes_the_green_away(plan: list[Item], on: date, percent: int, based: bool) -> None:
    assert judged(subject(*plan)).rag is Rag.GREEN
    late = task(
        "late", on.isoformat(), on.isoformat(), percent=percent, base=on.isoformat() if based else None
    )
    assert judged(subject(*plan, late)).rag is not Rag.GREEN


@settings(max_examples=60, deadline=None)
@given(good(), st.timedeltas(timedelta(hours=24, seconds=1), timedelta(days=4000)), st.booleans())
def test_one_stale_source_takes_the_green_away(plan: list[Item], span: timedelta, read: bool) -> None:
    old = Source("old", NOW - span, NOW) if read else Source("old", NOW, NOW - span - timedelta(days=27))
    assert judged(subject(*plan, sources=[FRESH, old])).rag is Rag.GREY


@settings(max_examples=40, deadline=None)
@given(good())
def test_without_its_baseline_a_good_plan_is_grey(plan: list[Item]) -> None:
    bare = [Item(one.id, {**one.values, "baseline_start": None, "baseline_finish": None}) for one in plan]
    assert judged(subject(*bare)).rag is Rag.GREY


@settings(max_examples=60, deadline=None)
@given(subjects())
def test_forecasts_of_unfinished_work_never_lie_in_the_past(made: Subject) -> None:
    found = judged(made)
    for one in found.tasks:
        if not one.done and one.forecast:
            assert one.forecast >= found.today
    for mark in found.milestones:
        if mark.task.overdue:
            assert mark.rag is not Rag.GREEN


@settings(max_examples=50, deadline=None)
@given(subjects())
def test_a_held_value_never_makes_a_task_look_better(made: Subject) -> None:
    held = {one.item.id: one for one in judged(made).tasks}
    free = judged(Subject(made.facts, made.items, made.sources))
    for one in free.tasks:
        other = held.get(one.item.id)
        assert other is not None
        if not one.done:
            assert not other.done
            assert one.forecast is None or (other.forecast is not None and other.forecast >= one.forecast)


@settings(max_examples=50, deadline=None)
@given(subjects())
def test_the_verdict_is_no_better_than_its_worst_dimension(made: Subject) -> None:
    found = judged(made)
    assert all(severity(found.rag) >= severity(one.rag) for one in found.dimensions if one.measured)
    assert found.reason.endswith(".")


@settings(max_examples=30, deadline=None)
@given(subjects(), st.sampled_from(["standalone", "sections"]))
def test_every_plan_makes_a_page(made: Subject, form: str) -> None:
    site = Site(NOW, Limits(rows=3), forms=Forms(standalone=False, sections=False))
    page, line = site.project("p", site.figures(made))
    assert page.digest == site.project("p", site.figures(made))[0].digest
    from itpm_sync.status.pages import _document, _sections
    from itpm_sync.status.project_blocks import project_sheet

    sheet = project_sheet("p", site.figures(made), limits=site.limits, edition=site.edition)
    if form == "standalone":
        root: Any = html.document_fromstring(_document(sheet, {}, page.digest))
        assert len(root.xpath("//h1")) == 1
        assert line.title
    else:
        assert all(section.html for section in _sections(sheet))
