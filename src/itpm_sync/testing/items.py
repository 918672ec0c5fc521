"""Items by hand, for tests of figures and pages: short words for tasks, milestones, risks, conflicts.

In: days as text (`2026-11-24`). Out: canonical items and subjects. The status day of all of them is TODAY, a Tuesday.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from itpm_sync.bases import Conflict, Side
from itpm_sync.model import (
    Assignees,
    Category,
    Day,
    Dependency,
    Item,
    Kind,
    Progress,
    ProjectFacts,
    Schedule,
    Value,
)
from itpm_sync.status.subject import Source, Subject

NOW = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
TODAY = NOW.date()
FACTS = ProjectFacts("net", "Network refresh", "Europe/Copenhagen", manager="Ada Lindqvist")
FRESH = Source("Plan.mpp", read=NOW - timedelta(minutes=3), edited=NOW - timedelta(days=2))


def day(text: str | None) -> Day | None:
    """A civil day without a time."""
    return Day(date.fromisoformat(text)) if text else None


def task(
    name: str,
    start: str | None = None,
    finish: str | None = None,
    *,
    percent: int = 0,
    base: str | None = None,
    base_start: str | None = None,
    owner: str | None = "ada@example.org",
    after: Sequence[str] = (),
    **values: Any,
) -> Item:
    """A task whose progress follows from `percent`; `base` is its baseline finish, `base_start` the start."""
    doing = Progress(Category.DOING, None, percent, day(start))
    done = Progress(Category.DONE, None, 100, day(start), day(finish))
    given: dict[str, Any] = {
        "kind": Kind.TASK,
        "title": name,
        "progress": done if percent == 100 else doing if percent else Progress(Category.TODO, None, 0),
        "schedule": Schedule(day(start), day(finish)),
        "baseline_start": day(base_start or base),
        "baseline_finish": day(base),
        "dependencies": frozenset(Dependency(one) for one in after),
    }
    if owner:
        given["assignees"] = Assignees(frozenset({owner}), owner)
    return Item(name, given | values)


def milestone(name: str, on: str | None, base: str | None = None, *, percent: int = 0, **values: Any) -> Item:
    """A milestone on one day."""
    return task(name, on, on, percent=percent, base=base, **({"kind": Kind.MILESTONE} | values))


def risk(name: str, probability: int | None, impact: int | None, **values: Any) -> Item:
    """An open risk; `due` and `owner` as for a task."""
    kind: dict[str, Any] = {"kind": Kind.RISK, "probability": probability, "impact": impact}
    return task(name, None, values.pop("due", None), owner=values.pop("owner", None), **kind, **values)


def issue(
    name: str, *, impact: int | None = None, since: str | None = None, due: str | None = None, **values: Any
) -> Item:
    """An open issue."""
    owner = values.pop("owner", None)
    return task(name, since, due, owner=owner, kind=Kind.ISSUE, impact=impact, **values)


def conflict(item: str, field: str, *sides: Value) -> Conflict:
    """An open conflict; the first side is the agreed value."""
    tools = ("jira", "smartsheet", "planner")
    made = tuple(
        Side(tool, value, value, 2 - bool(number), agreed=not number, edited=NOW - timedelta(hours=number))
        for number, (tool, value) in enumerate(zip(tools, sides, strict=False))
    )
    return Conflict(f"conflict-{item}-{field}", item, field, made, NOW - timedelta(hours=3))


def subject(
    *items: Item, conflicts: Sequence[Conflict] = (), sources: Sequence[Source] = (FRESH,), **facts: Any
) -> Subject:
    """A project of these items, freshly read; `facts` are those of the project to change."""
    return Subject(replace(FACTS, **facts), items, sources, conflicts)
