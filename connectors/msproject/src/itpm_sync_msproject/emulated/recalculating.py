"""What Microsoft Project computes when a person saves a plan, as far as the demo needs it.

In: a MspdiPlan after an edit. Out: dates of automatically scheduled tasks from their predecessors and constraints,
summaries rolled up. Forward scheduling by the task's calendar; no levelling, splits or resource calendars. The
connector never does this: it is Project's own business, emulated here for its person.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from itpm_sync_msproject import mspdi_progress
from itpm_sync_msproject.durations import iso_of
from itpm_sync_msproject.element_order import ASSIGNMENT, TASK
from itpm_sync_msproject.mspdi_plan import MspdiPlan
from itpm_sync_msproject.mspdi_write import iso, put
from itpm_sync_msproject.rows import LinkRow, TaskRow

Dates = dict[int, tuple[datetime, datetime]]


def recalculate(plan: MspdiPlan) -> None:
    """Schedule and roll up, then read the rows anew."""
    plan.refresh()
    below: dict[int, list[TaskRow]] = {}
    for task in plan.rows.tasks:
        if task.parent is not None:
            below.setdefault(task.parent, []).append(task)
    dates: Dates = {}
    for task in plan.rows.tasks:
        _dates(plan, task, dates, below, waiting=frozenset())
    for task in reversed(plan.rows.tasks):  # subtasks before their summaries
        if task.uid in dates:
            _write(plan, task, *dates[task.uid])
        if task.summary:
            _roll_up(plan, task, below.get(task.uid, []))
    plan.refresh()


def _dates(
    plan: MspdiPlan, task: TaskRow, dates: Dates, below: dict[int, list[TaskRow]], *, waiting: frozenset[int]
) -> tuple[datetime, datetime] | None:
    """Start and finish of a task, its predecessors' first; None where it has none, or waits for itself."""
    if task.uid in dates:
        return dates[task.uid]
    if task.uid in waiting:
        return None
    waiting |= {task.uid}
    found = None
    if task.summary:
        parts = [_dates(plan, one, dates, below, waiting=waiting) for one in below.get(task.uid, [])]
        ends = [part for part in parts if part is not None]
        if ends:
            found = min(start for start, _ in ends), max(finish for _, finish in ends)
    elif task.start is not None and task.finish is not None:
        found = (task.start, task.finish)
        if not task.manual and task.actual_finish is None:
            earliest = [
                moment
                for link in task.links
                if (moment := _driven(plan, task, link, dates, below, waiting=waiting)) is not None
            ]
            found = _scheduled(plan, task, earliest)
    if found is not None:
        dates[task.uid] = found
    return found


def _driven(
    plan: MspdiPlan,
    task: TaskRow,
    link: LinkRow,
    dates: Dates,
    below: dict[int, list[TaskRow]],
    *,
    waiting: frozenset[int],
) -> datetime | None:
    """The earliest start that a predecessor allows."""
    other = plan.tasks.get(link.predecessor)
    ends = _dates(plan, other, dates, below, waiting=waiting) if other is not None else None
    if ends is None:
        return None
    calendar = plan.calendar_of(task.uid)
    at = ends[0] if link.type in {"SS", "SF"} else ends[1]
    if link.lag > 0:
        at = calendar.after(at, link.lag)
    if link.type in {"FF", "SF"}:  # it drives the finish: so much earlier may the task begin
        return calendar.before(at, task.duration.minutes if task.duration else 0)
    return at


def _scheduled(plan: MspdiPlan, task: TaskRow, earliest: list[datetime]) -> tuple[datetime, datetime]:
    calendar = plan.calendar_of(task.uid)
    minutes = task.duration.minutes if task.duration else 0.0
    start = task.start
    assert start is not None and task.finish is not None
    if task.constraint in {"SNET", "MSO"} and task.constraint_date is not None:
        earliest = [task.constraint_date] if task.constraint == "MSO" else [*earliest, task.constraint_date]
    if task.actual_start is not None:
        start = task.actual_start
    elif earliest:
        start = max(earliest)
    if not minutes:
        return start, start
    start = calendar.next_work(start)
    return start, calendar.after(start, minutes)


def _write(plan: MspdiPlan, task: TaskRow, start: datetime, finish: datetime) -> None:
    if (start, finish) == (task.start, task.finish):
        return
    element = plan.elements[task.uid]
    put(plan.doc, element, "Start", iso(start), order=TASK)
    put(plan.doc, element, "Finish", iso(finish), order=TASK)
    for one in plan.assignments_of(task.uid):
        put(plan.doc, one, "Start", iso(start), order=ASSIGNMENT)
        put(plan.doc, one, "Finish", iso(finish), order=ASSIGNMENT)
    if task.summary:
        minutes = plan.calendar_of(task.uid).minutes(start, finish)
        put(plan.doc, element, "Duration", iso_of(minutes), order=TASK)


def _roll_up(plan: MspdiPlan, task: TaskRow, children: list[TaskRow]) -> None:
    """Percent weighted by duration; started when one is, finished when all are. Read from what was just written."""
    rows = [plan.tasks[one.uid] for one in children if one.active]
    total = sum(one.duration.minutes if one.duration else 0.0 for one in rows)
    done = sum((one.duration.minutes if one.duration else 0.0) * one.percent / 100 for one in rows)
    finished = bool(rows) and all(one.percent == 100 for one in rows)
    percent = 100 if finished else min(99, round(100 * done / total)) if total else 0
    started = [one.actual_start for one in rows if one.actual_start is not None]
    ends = [one.actual_finish for one in rows if one.actual_finish is not None]
    element = plan.elements[task.uid]
    put(plan.doc, element, "PercentComplete", str(percent), order=TASK)
    put(plan.doc, element, "ActualStart", iso(min(started)) if started else None, order=TASK)
    put(plan.doc, element, "ActualFinish", iso(max(ends)) if finished and ends else None, order=TASK)
    mspdi_progress.balance(plan, task.uid, actual_work=False)
    row = plan.tasks[task.uid]
    plan.tasks[task.uid] = replace(
        row,
        percent=percent,
        actual_start=min(started) if started else None,
        actual_finish=max(ends) if finished and ends else None,
    )
