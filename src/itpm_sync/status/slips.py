"""How far milestones, phases and the whole plan have moved from their baseline.

In: tasks, the status date, the calendar. Out: slips in working and in calendar days, positive where later. Without a
baseline there is no slip, and nothing is said of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from itpm_sync.model import Day, Rag
from itpm_sync.status.limits import Limits
from itpm_sync.status.tasks import Phase, Task
from itpm_sync.status.wording import working_days
from itpm_sync.status.workdays import WorkingDays

KEY_LABELS = frozenset({"key", "contract"})
"""A plan that labels milestones so is judged by them; else by all of its milestones."""

OVERDUE = "is overdue, not re-forecast"


@dataclass(frozen=True, slots=True)
class Slip:
    """From a baseline date to a forecast or actual one."""

    working: int
    calendar: int


@dataclass(frozen=True, slots=True)
class Milestone:
    """A milestone with its slip and what the rules make of it."""

    task: Task
    slip: Slip | None
    """None without a baseline or a date."""
    rag: Rag
    why: str
    lead: int = 0
    """Working days from the first baseline start of the plan to this baseline finish."""
    to_deadline: int | None = None
    """Working days from the forecast to the deadline; negative where it misses it."""
    key: bool = True


@dataclass(frozen=True, slots=True)
class Span:
    """From first start to last finish of some tasks, by baseline and by forecast."""

    baseline_start: date | None
    baseline_finish: date | None
    start: date | None
    finish: date | None
    slip: Slip | None
    over: float | None
    """(forecast duration - baseline duration) / baseline duration, in working days; None where that is 0."""


def slip_of(baseline: date | None, now: date | None, days: WorkingDays) -> Slip | None:
    """The slip from one date to another, or None where one is missing."""
    if baseline is None or now is None:
        return None
    return Slip(days.between(baseline, now), (now - baseline).days)


def milestones_of(tasks: Sequence[Task], days: WorkingDays, *, limits: Limits) -> tuple[Milestone, ...]:
    """The milestones by forecast date, undated ones last."""
    first = _first_baseline(tasks)
    marked = [task for task in tasks if task.milestone]
    has_keys = any(_is_key(task) for task in marked)
    found = [
        _milestone(task, first, days, limits=limits, key=not has_keys or _is_key(task)) for task in marked
    ]
    return tuple(sorted(found, key=lambda m: (m.task.forecast or date.max, m.task.item.id)))


def _first_baseline(tasks: Iterable[Task]) -> date | None:
    starts = (task.baseline_start or task.baseline_finish for task in tasks if task.baseline_finish)
    return min(starts, default=None)


def _is_key(task: Task) -> bool:
    labels = task.item.values.get("labels") or frozenset()
    return any(label.casefold() in KEY_LABELS for label in labels)


def _milestone(task: Task, first: date | None, days: WorkingDays, *, limits: Limits, key: bool) -> Milestone:
    slip = slip_of(task.baseline_finish, task.forecast, days)
    lead = days.between(first, task.baseline_finish) + 1 if first and task.baseline_finish else 0
    deadline = task.item.values.get("deadline")
    room = days.between(task.forecast, deadline.date) if isinstance(deadline, Day) and task.forecast else None
    rag, why = _judge(task, slip, lead, room=room, limits=limits)
    return Milestone(task, slip, rag, why, lead, room, key)


def _judge(task: Task, slip: Slip | None, lead: int, *, room: int | None, limits: Limits) -> tuple[Rag, str]:
    """One milestone's colour: the worst that applies, grey without a baseline."""
    if task.forecast is None:
        return Rag.GREY, "has no date"
    if slip is None:
        return Rag.GREY, "has no baseline"
    open_room = None if task.done else room
    reds = (
        (open_room is not None and open_room < 0, "misses its deadline"),
        (slip.working > limits.red_slip, f"slips more than {working_days(limits.red_slip)}"),
        (
            lead > 0 and slip.working > lead * limits.red_slip_share,
            f"slips more than {limits.red_slip_share:.0%} of its lead time of {working_days(lead)}",
        ),
    )
    ambers = (
        (slip.working > limits.amber_slip, f"slips more than {working_days(limits.amber_slip)}"),
        (task.overdue, OVERDUE),
        (
            open_room is not None and open_room <= limits.float_days,
            f"is within {working_days(limits.float_days)} of its deadline",
        ),
    )
    for rag, rules in ((Rag.RED, reds), (Rag.AMBER, ambers)):
        for holds, why in rules:
            if holds:
                return rag, why
    return Rag.GREEN, "is within its limits"


def span_of(tasks: Iterable[Task], days: WorkingDays) -> Span:
    """The span of these tasks. Where some have a baseline, slip and share compare those tasks only, like with like."""
    every = list(tasks)
    based = [task for task in every if task.baseline_finish and task.forecast]
    baseline_start = _first_baseline(based)
    baseline_finish = max((task.baseline_finish for task in based if task.baseline_finish), default=None)
    finish = _latest(based)
    over = None
    if baseline_start and baseline_finish and finish:
        before = days.between(baseline_start, baseline_finish) + 1
        begin = _earliest(based) or baseline_start
        over = (days.between(begin, finish) + 1 - before) / before if before > 0 else None
    slip = slip_of(baseline_finish, finish, days)
    return Span(baseline_start, baseline_finish, _earliest(every), _latest(every), slip, over)


def span_of_phase(phase: Phase, days: WorkingDays) -> Span:
    """The span of a phase's tasks."""
    return span_of(phase.tasks, days)


def _earliest(tasks: Iterable[Task]) -> date | None:
    starts = (task.start or task.forecast for task in tasks)
    return min((start for start in starts if start), default=None)


def _latest(tasks: Iterable[Task]) -> date | None:
    return max((task.forecast for task in tasks if task.forecast), default=None)
