"""Writing dates, duration and work into an MSPDI document, the way that survives Project's own scheduling.

In: a MspdiPlan, a task without subtasks, native values. Out: for a manually scheduled task its manual dates; for an
automatic one a constraint for the start and a duration for the finish: dates alone would be scheduled away. Work
stays when dates move, the resources' units give way; where the work is written, they do too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from itpm_sync_msproject import mspdi_progress, timephased
from itpm_sync_msproject.durations import CONSTRAINTS, DAYS, ELAPSED_DAYS, iso_of, minutes_of, read_format
from itpm_sync_msproject.element_order import ASSIGNMENT, TASK
from itpm_sync_msproject.mspdi import Element
from itpm_sync_msproject.mspdi_plan import MspdiPlan
from itpm_sync_msproject.mspdi_values import flag, moment, number
from itpm_sync_msproject.mspdi_write import iso, number_text, put

NAMES = frozenset({"Start", "Finish", "Duration", "DurationElapsed"})


def write(plan: MspdiPlan, uid: int, values: Mapping[str, Any]) -> None:
    """Write those of NAMES that `values` holds. Raises ValueError for what is no moment or no duration."""
    task, doc = plan.elements[uid], plan.doc
    calendar = plan.calendar_of(uid)
    start, finish = moment(doc.text(task, "Start")), moment(doc.text(task, "Finish"))
    instant = start == finish and flag(doc.text(task, "Milestone"))  # a new one has neither yet
    if "Start" in values:
        start = plan.edges.stored_start(values["Start"], calendar)
    if "Finish" in values:
        finish = plan.edges.stored_finish(values["Finish"], calendar)
    if instant:
        start, finish = _milestone(plan, uid, values, start, finish)
    put(doc, task, "Start", iso(start) if start else None, order=TASK)
    put(doc, task, "Finish", iso(finish) if finish else None, order=TASK)
    if start is None or finish is None:
        put(doc, task, "Manual", "1", order=TASK)  # Project gives every automatic task both dates
    if plan.is_manual(uid):
        put(doc, task, "ManualStart", iso(start) if start else None, order=TASK)
        put(doc, task, "ManualFinish", iso(finish) if finish else None, order=TASK)
    elif "Start" in values:
        _hold_start(plan, task, start)
    if start is not None and finish is not None:
        _set_duration(plan, uid, *_length(plan, uid, start, finish))
    elif values.get("Duration") is not None:
        elapsed = bool(values.get("DurationElapsed"))
        _set_duration(plan, uid, float(values["Duration"]), elapsed=elapsed)
    elif "Duration" in values:
        for tag in ("Duration", "ManualDuration", "ActualDuration", "RemainingDuration"):
            put(doc, task, tag, None, order=TASK)
    _move_assignments(plan, uid, start, finish)
    mspdi_progress.balance(plan, uid, actual_work=False)


def let_go(plan: MspdiPlan, uid: int) -> None:
    """Take away the constraint that holds the start of a task just made."""
    put(plan.doc, plan.elements[uid], "ConstraintType", "0", order=TASK)
    put(plan.doc, plan.elements[uid], "ConstraintDate", None, order=TASK)


def write_work(plan: MspdiPlan, uid: int, minutes: float | None) -> None:
    """Write the effort of a task, in minutes; its assignments keep their shares."""
    doc, task = plan.doc, plan.elements[uid]
    old, new = minutes_of(doc.text(task, "Work")) or 0.0, minutes or 0.0
    percent = number(doc.text(task, "PercentWorkComplete")) or 0.0
    assignments = plan.assignments_of(uid)
    _set_work(plan, task, new, percent, order=TASK)
    for one in assignments:
        own = minutes_of(doc.text(one, "Work")) or 0.0
        share = own / old if old else 1 / len(assignments)
        _set_work(plan, one, new * share, percent, order=ASSIGNMENT)
        timephased.forget_remaining(doc, one)
    _fit_units(plan, uid)


def _set_work(
    plan: MspdiPlan, element: Element, work: float, percent: float, *, order: tuple[str, ...]
) -> None:
    done = round(work * percent / 100)
    for tag, minutes in (
        ("Work", work),
        ("RegularWork", work),
        ("ActualWork", done),
        ("RemainingWork", work - done),
    ):
        put(plan.doc, element, tag, iso_of(minutes), order=order)


def _milestone(
    plan: MspdiPlan, uid: int, values: Mapping[str, Any], start: datetime | None, finish: datetime | None
) -> tuple[datetime | None, datetime | None]:
    """A milestone that is moved within or to one day stays an instant, at the time of day it had."""
    if start is None or finish is None or start.date() != finish.date():
        return start, finish
    said = {name: values.get(name) for name in ("Start", "Finish")}
    if any(text is not None and text[11:] not in {"", "08:00:00", "17:00:00"} for text in said.values()):
        return start, finish  # a time of day was asked for
    old = plan.tasks[uid].finish if uid in plan.tasks else None
    kept = old is not None and plan.edges.at_edge(old, plan.calendar_of(uid))
    at = datetime.combine(finish.date(), old.time()) if old is not None and kept else finish
    return at, at


def _hold_start(plan: MspdiPlan, task: Element, start: datetime | None) -> None:
    """An automatic task begins where a constraint holds it: Start No Earlier Than, or Must Start On if it had that."""
    code = plan.doc.text(task, "ConstraintType")
    must = CONSTRAINTS.index("MSO")
    kept = code if code == str(must) else str(CONSTRAINTS.index("SNET"))
    put(plan.doc, task, "ConstraintType", kept if start else "0", order=TASK)
    put(plan.doc, task, "ConstraintDate", iso(start) if start else None, order=TASK)


def _length(plan: MspdiPlan, uid: int, start: datetime, finish: datetime) -> tuple[float, bool]:
    """Minutes between two dates, and whether elapsed: as the task counts, elapsed where no work falls between."""
    passed = max(0.0, (finish - start).total_seconds() / 60)
    if read_format(plan.doc.text(plan.elements[uid], "DurationFormat"))[1]:
        return passed, True
    working = plan.calendar_of(uid).minutes(start, finish)
    return (working, False) if working or not passed else (passed, True)


def _set_duration(plan: MspdiPlan, uid: int, minutes: float, elapsed: bool) -> None:
    doc, task = plan.doc, plan.elements[uid]
    if elapsed != read_format(doc.text(task, "DurationFormat"))[1]:
        put(doc, task, "DurationFormat", str(ELAPSED_DAYS if elapsed else DAYS), order=TASK)
    old = minutes_of(doc.text(task, "Duration"))
    put(doc, task, "Duration", iso_of(minutes), order=TASK)
    if doc.child(task, "ManualDuration") is not None or plan.is_manual(uid):
        put(doc, task, "ManualDuration", iso_of(minutes), order=TASK)
    if old is not None and round(old) != round(minutes):
        _fit_units(plan, uid)


def _fit_units(plan: MspdiPlan, uid: int) -> None:
    """Units = work / duration: of work, duration and units it is the units that give way."""
    doc, task = plan.doc, plan.elements[uid]
    duration = minutes_of(doc.text(task, "Duration"))
    if not duration or read_format(doc.text(task, "DurationFormat"))[1]:
        return
    for one in plan.assignments_of(uid):
        work = minutes_of(doc.text(one, "Work"))
        if work and doc.text(one, "FixedMaterial") != "1":
            put(doc, one, "Units", number_text(round(work / duration, 4)), order=ASSIGNMENT)


def _move_assignments(plan: MspdiPlan, uid: int, start: datetime | None, finish: datetime | None) -> None:
    for one in plan.assignments_of(uid):
        before = plan.doc.text(one, "Start"), plan.doc.text(one, "Finish")
        put(plan.doc, one, "Start", iso(start) if start else None, order=ASSIGNMENT)
        put(plan.doc, one, "Finish", iso(finish) if finish else None, order=ASSIGNMENT)
        if before != (plan.doc.text(one, "Start"), plan.doc.text(one, "Finish")):
            timephased.forget_remaining(plan.doc, one)
