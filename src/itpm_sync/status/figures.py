"""All figures of one project's status page, as a pure function.

In: a `Subject`, the instant of the run, limits. Out: `Figures`. It reads no clock and no file; the same input gives
the same figures. Nothing in it fails for want of items, dates or baselines: what cannot be said is grey.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from itpm_sync.model import Rag
from itpm_sync.status.dimension import Dimension, severity, worst
from itpm_sync.status.limits import Limits
from itpm_sync.status.quality import Lack, lacks_of
from itpm_sync.status.registers import (
    Issue,
    Money,
    Risk,
    cost_dimension,
    issue_dimension,
    issues_of,
    money_of,
    risk_dimension,
    risks_of,
)
from itpm_sync.status.schedule import schedule
from itpm_sync.status.slips import Milestone, Span, milestones_of, span_of
from itpm_sync.status.subject import Subject, status_day, zone_of
from itpm_sync.status.tasks import Phase, State, Task, phases_of, tasks_of
from itpm_sync.status.wording import clean, count, together
from itpm_sync.status.workdays import WorkingDays


@dataclass(frozen=True, slots=True)
class Figures:
    """What a page says of one project."""

    subject: Subject
    today: date
    """T, the status date."""
    now: datetime
    days: WorkingDays
    tasks: tuple[Task, ...]
    milestones: tuple[Milestone, ...]
    phases: tuple[Phase, ...]
    span: Span
    risks: tuple[Risk, ...]
    issues: tuple[Issue, ...]
    money: Money
    dimensions: tuple[Dimension, ...]
    stale: tuple[str, ...]
    """Why the data is too old to say that all is well; empty where it is not. Names sources, never exact ages."""
    rag: Rag
    headline: str
    """Why, in one clause without a full stop; names the milestone or the amount."""
    reason: str
    """The headline as a sentence, and what else is of the same colour."""
    counts: tuple[tuple[State, int], ...]
    lacks: tuple[Lack, ...]

    @property
    def open(self) -> tuple[Task, ...]:
        return tuple(task for task in self.tasks if not task.done)

    @property
    def deciding(self) -> tuple[Dimension, ...]:
        """The measured dimensions of the verdict's colour; the first of them decided it."""
        return tuple(one for one in self.dimensions if one.measured and one.rag is self.rag)

    @property
    def next_milestone(self) -> Milestone | None:
        """The open milestone that comes first."""
        return next((m for m in self.milestones if not m.task.done and m.task.forecast), None)

    @property
    def worst_slip(self) -> Milestone | None:
        """The open milestone that slips most, late ones only."""
        late = [m for m in self.milestones if not m.task.done and m.slip and m.slip.calendar > 0]
        return max(late, key=lambda m: (m.slip.working, m.slip.calendar) if m.slip else (0, 0), default=None)


def figures(subject: Subject, now: datetime, *, limits: Limits | None = None) -> Figures:
    """The figures of one project at `now` (aware; ages are counted from it, T from the plan's own status date)."""
    bounds = limits or Limits()
    today = status_day(subject.facts, now)
    days = WorkingDays(subject.facts.calendar)
    tasks = tasks_of(subject.items, subject.conflicts, today, days=days)
    milestones = milestones_of(tasks, days, limits=bounds)
    span = span_of(tasks, days)
    risks = risks_of(subject.items, subject.conflicts, today, limits=bounds)
    issues = issues_of(subject.items, subject.conflicts, today, limits=bounds)
    money = money_of(subject.items)
    stale = tuple(_stale(subject, now, bounds))
    dimensions = (
        _aged(schedule(tasks, milestones, span, limits=bounds, baseline=subject.baseline), stale, bounds),
        cost_dimension(money, subject.facts.currency, bounds),
        risk_dimension(risks, bounds),
        issue_dimension(issues, bounds),
    )
    rag, headline, reason = _verdict(dimensions)
    states = Counter(task.state for task in tasks)
    return Figures(
        subject=subject,
        today=today,
        now=now,
        days=days,
        tasks=tasks,
        milestones=milestones,
        phases=phases_of(subject.items, tasks),
        span=span,
        risks=risks,
        issues=issues,
        money=money,
        dimensions=dimensions,
        stale=stale,
        rag=rag,
        headline=headline,
        reason=reason,
        counts=tuple((state, states[state]) for state in State),
        lacks=lacks_of(tasks, subject, today),
    )


def _stale(subject: Subject, now: datetime, limits: Limits) -> Iterator[str]:
    """Either age over its limit, a source never read, or a plan whose own status date is as old."""
    hours, days = limits.read_hours, count(limits.edit_age.days, "day")
    for source in subject.sources:
        name = f"“{clean(source.name, 80)}”"
        if source.note:
            yield f"{name} could not be read"
        elif source.read is None:
            yield f"{name} was never read completely"
        elif now - source.read > limits.read_age:
            yield f"{name} was last read more than {hours} ago"
        if source.edited is not None and now - source.edited > limits.edit_age:
            yield f"{name} was last edited more than {days} ago"
    own = subject.facts.status_date
    if own is not None and now.astimezone(zone_of(subject.facts.zone)).date() - own > limits.edit_age:
        yield f"the plan's own status date is more than {days} ago"


def _aged(dimension: Dimension, stale: Sequence[str], limits: Limits) -> Dimension:
    """Old data forbids green and hides neither amber nor red: what was bad when last read is not better now."""
    if not stale:
        return dimension
    rule = f"{dimension.rule} {limits.age_rule}"
    if dimension.rag is Rag.GREEN:
        return replace(dimension, rag=Rag.GREY, reasons=(*stale, *dimension.reasons), rule=rule)
    return replace(dimension, reasons=(*dimension.reasons, *stale), rule=rule)


def _verdict(dimensions: Sequence[Dimension]) -> tuple[Rag, str, str]:
    """The worst of what was measured. The schedule always is, so that stale data keeps the whole from green."""
    measured = [dimension for dimension in dimensions if dimension.measured]
    rag = worst([dimension.rag for dimension in measured])
    ranked = sorted(measured, key=lambda dimension: -severity(dimension.rag))
    if not ranked:
        return Rag.GREY, "Nothing was measured", "Nothing was measured."
    first = ranked[0]
    others = [d.name.lower() for d in ranked[1:] if d.rag is first.rag and d.rag in (Rag.RED, Rag.AMBER)]
    also = f" Also {together(others)}." if others else ""
    more = len(first.reasons) - 1
    rest = f" ({count(more, 'more reason')} below)" if more else ""
    sentence = first.reason[:1].upper() + first.reason[1:]
    return rag, sentence, f"{sentence}{rest}.{also}"
