"""Which items count as work, and the state and forecast of each at the status date.

In: items, open conflicts, the status date, the calendar. Out: one `Task` a leaf task or milestone. Dropped items and
summaries are left out; unfinished work dated in the past is forecast for the status date at the earliest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from itpm_sync.bases import Conflict
from itpm_sync.model import Category, Day, Item, Kind, LinkType, Progress
from itpm_sync.status.held import by_item, versions
from itpm_sync.status.workdays import WorkingDays

WORK = frozenset({Kind.TASK, Kind.MILESTONE, Kind.DELIVERABLE, Kind.ACTION})
"""Kinds that are work with dates; the others are registers, cost lines and summaries."""

_ROOTS = 10_000
"""Steps up a hierarchy before it is taken for a circle."""


class State(StrEnum):
    """Where a task stands at the status date."""

    COMPLETED = "Completed"
    OVERDUE = "Overdue"
    BLOCKED = "Blocked"
    LATE = "Late to start"
    ON_TRACK = "On track"
    FUTURE = "Future"
    UNDATED = "No dates"


@dataclass(frozen=True, slots=True)
class Task:
    """A leaf task or milestone as it counts: with the worse side of what is held. Dates are civil, project's zone."""

    item: Item
    state: State
    start: date | None
    """As actually started, else as planned."""
    finish: date | None
    """As the tool has it: actual, else planned."""
    forecast: date | None
    """`finish`, but never before the status date while unfinished."""
    baseline_start: date | None
    baseline_finish: date | None
    overdue_days: int = 0
    """Working days that its own finish lies before the status date, unfinished."""
    waits_for: tuple[str, ...] = ()
    """Ids of unfinished predecessors (finish to start)."""
    held: tuple[str, ...] = ()
    """Fields with an open conflict."""

    @property
    def done(self) -> bool:
        return self.state is State.COMPLETED

    @property
    def milestone(self) -> bool:
        return self.item.kind is Kind.MILESTONE

    @property
    def overdue(self) -> bool:
        """Unfinished, its finish before the status date, and nobody gave a new one."""
        return self.state is State.OVERDUE


def tasks_of(
    items: Sequence[Item], conflicts: Sequence[Conflict], today: date, *, days: WorkingDays
) -> tuple[Task, ...]:
    """Leaf tasks and milestones, in the order given, each in its worse version."""
    parents = {item.values.get("parent") for item in items}
    held = by_item(conflicts)
    leaves = [
        item for item in items if _counts(item) and (item.id not in parents or item.kind is Kind.MILESTONE)
    ]
    open_ids = {item.id for item in leaves if not finished(item.progress)}
    return tuple(_worst(item, held.get(item.id, {}), today, days=days, open_ids=open_ids) for item in leaves)


def _counts(item: Item) -> bool:
    return item.kind in WORK and item.progress.category is not Category.DROPPED


def finished(progress: Progress) -> bool:
    """Whether it is done: by category, or where a tool holds none, by percent or actual finish."""
    if progress.category is not None:
        return progress.category is Category.DONE
    return progress.percent == 100 or progress.actual_finish is not None


def started(progress: Progress) -> bool:
    """Whether work on it has begun."""
    return progress.category is Category.DOING or bool(progress.percent) or progress.actual_start is not None


def _worst(
    item: Item, held: Mapping[str, Conflict], today: date, *, days: WorkingDays, open_ids: set[str]
) -> Task:
    """The worse version counts: unfinished over finished, later over earlier, overdue over not."""
    tasks = (_task(one, held, today, days=days, open_ids=open_ids) for one in versions(item, held))
    return max(tasks, key=lambda task: (not task.done, task.forecast or date.min, task.overdue))


def _task(
    item: Item, held: Mapping[str, Conflict], today: date, *, days: WorkingDays, open_ids: set[str]
) -> Task:
    progress = item.progress
    done = finished(progress)
    start = _date(progress.actual_start) or _date(item.schedule.start)
    finish = (_date(progress.actual_finish) if done else None) or _planned_finish(item, days)
    waits = () if done else _waits(item, open_ids)
    state = _state(item, start, finish, today=today, waits=bool(waits))
    overdue = state is State.OVERDUE and finish is not None
    return Task(
        item=item,
        state=state,
        start=start,
        finish=finish,
        forecast=today if overdue else finish,
        baseline_start=_date(item.values.get("baseline_start")),
        baseline_finish=_date(item.values.get("baseline_finish")),
        overdue_days=days.between(finish, today) if overdue and finish else 0,
        waits_for=waits,
        held=tuple(sorted(held)),
    )


def _state(item: Item, start: date | None, finish: date | None, *, today: date, waits: bool) -> State:
    """In this order: what is worse hides what is less so."""
    if finished(item.progress):
        return State.COMPLETED
    if finish is not None and finish < today:
        return State.OVERDUE
    begun = started(item.progress)
    due_to_start = start is not None and start < today and not begun
    if _says_blocked(item) or (due_to_start and waits):
        return State.BLOCKED
    if due_to_start:
        return State.LATE
    if finish is None and (begun or start is None):
        return State.UNDATED
    return State.ON_TRACK if begun else State.FUTURE


def _says_blocked(item: Item) -> bool:
    label = item.progress.label
    return bool(label) and str(label).strip().casefold() == "blocked"


def _planned_finish(item: Item, days: WorkingDays) -> date | None:
    """The planned finish; where only start and duration are held, what they make."""
    schedule = item.schedule
    if schedule.finish is None and schedule.start is not None and schedule.duration is not None:
        return days.finish_of(schedule.start.date, schedule.duration)
    return _date(schedule.finish)


def _waits(item: Item, open_ids: set[str]) -> tuple[str, ...]:
    links = item.values.get("dependencies") or frozenset()
    return tuple(
        sorted(
            link.predecessor
            for link in links
            if link.type is LinkType.FS and link.predecessor in open_ids and link.predecessor != item.id
        )
    )


def _date(value: Day | None) -> date | None:
    return value.date if value else None


@dataclass(frozen=True, slots=True)
class Phase:
    """A top-level summary and the leaf tasks under it."""

    item: Item
    tasks: tuple[Task, ...]


def phases_of(items: Sequence[Item], tasks: Iterable[Task]) -> tuple[Phase, ...]:
    """The phases: summaries at the top, or one level down where a single summary holds all the others.

    By start, then by finish, as forecast; undated ones last.
    """
    by_id = {item.id: item for item in items}
    paths = {task.item.id: _path(task.item, by_id) for task in tasks}
    tops = list(dict.fromkeys(path[0] for path in paths.values() if path))
    if len(tops) == 1 and any(len(path) > 1 for path in paths.values()):
        paths = {key: path[1:] for key, path in paths.items()}
    under: dict[str, list[Task]] = {}
    for task in tasks:
        for top in paths[task.item.id][:1]:
            under.setdefault(top, []).append(task)
    return tuple(sorted((Phase(by_id[key], tuple(found)) for key, found in under.items()), key=_in_time))


def _in_time(phase: Phase) -> tuple[date, date, str, str]:
    starts = (task.start or task.forecast for task in phase.tasks)
    start = min((one for one in starts if one), default=date.max)
    finish = max((task.forecast for task in phase.tasks if task.forecast), default=date.max)
    return start, finish, phase.item.title, phase.item.id


def _path(item: Item, by_id: Mapping[str, Item]) -> list[str]:
    """Ids of the summaries above an item, topmost first. A circle ends where it begins again."""
    path: list[str] = []
    parent = item.values.get("parent")
    while isinstance(parent, str) and parent in by_id and parent not in path and len(path) < _ROOTS:
        path.append(parent)
        parent = by_id[parent].values.get("parent")
    path.reverse()
    return path
