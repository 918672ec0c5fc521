"""One piece of the demo's project, as all tools would tell of it if they agreed.

In: nothing. Out: `Piece`. Days are offsets in working days from the day of the demo; `Calendar` makes dates of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from itpm_sync.model import Kind


class Tool(StrEnum):
    """Where a piece is told of before the first sync."""

    PLAN = "plan"
    JIRA = "jira"
    SITES = "sites"
    VENDORS = "vendors"
    PLANNER = "planner"


@dataclass(frozen=True, slots=True)
class Piece:
    """A task, milestone, summary, risk … `start` and `finish` are both inclusive; a milestone has one day."""

    title: str
    tools: frozenset[Tool]
    kind: Kind = Kind.TASK
    start: int | None = None
    finish: int | None = None
    baseline: tuple[int, int] | None = None
    percent: int = 0
    parent: str = ""
    """The title of the summary above it."""
    site: str = ""
    vendor: str = ""
    gate: str = ""
    mandatory: bool = False
    people: tuple[str, ...] = ()
    labels: frozenset[str] = frozenset()
    after: tuple[str, ...] = ()
    """Titles of its predecessors, finish to start."""
    manual: bool = False
    """Dated by hand in the plan, not by its predecessors."""
    text: str = ""
    hours: int = 0
    priority: str = ""
    """High, Medium or Low; empty: the tool's default."""
    deadline: int | None = None
    promised: int | None = None
    need_by: int | None = None
    probability: int | None = None
    impact: int | None = None
    response: str = ""
    money: Mapping[str, int] = field(default_factory=dict)
    """Budget, Actual Cost, Commitment, Forecast, by column of the vendors' sheet."""
    differs: Mapping[Tool, Mapping[str, Any]] = field(default_factory=dict)
    """Where one tool says something else before the first sync, by name of a member here."""

    @property
    def done(self) -> bool:
        return self.percent == 100

    @property
    def begun(self) -> bool:
        return self.percent > 0


@dataclass(frozen=True, slots=True)
class Calendar:
    """Working days, Monday to Friday, counted from `today` (on a weekend from the Monday after it)."""

    today: date

    def day(self, offset: int) -> date:
        """The working day that many working days from today."""
        found = self.today
        while found.weekday() >= 5:
            found += timedelta(days=1)
        step = timedelta(days=1 if offset > 0 else -1)
        for _ in range(abs(offset)):
            found += step
            while found.weekday() >= 5:
                found += step
        return found

    def text(self, offset: int | None) -> str | None:
        """The same as ISO text; None of None."""
        return None if offset is None else self.day(offset).isoformat()
