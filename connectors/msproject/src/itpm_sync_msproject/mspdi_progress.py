"""Writing progress into an MSPDI document: the percentage together with everything that must agree with it.

In: a MspdiPlan, a task, the native values PercentComplete, ActualStart, ActualFinish. Out: the task's and its
assignments' actual and remaining durations and work. What is not given stays; nothing is filled in from the plan, so
that what was written is what is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from itpm_sync_msproject import timephased
from itpm_sync_msproject.durations import iso_of, minutes_of
from itpm_sync_msproject.element_order import ASSIGNMENT, TASK
from itpm_sync_msproject.mspdi import Element
from itpm_sync_msproject.mspdi_plan import MspdiPlan
from itpm_sync_msproject.mspdi_values import moment, number
from itpm_sync_msproject.mspdi_write import iso, put

NAMES = frozenset({"PercentComplete", "ActualStart", "ActualFinish"})


def write(plan: MspdiPlan, uid: int, values: Mapping[str, Any]) -> None:
    """Write those of NAMES that `values` holds. Raises ValueError for what is no percentage or no moment."""
    task, doc = plan.elements[uid], plan.doc
    if "ActualStart" in values:
        start = plan.edges.stored_start(values["ActualStart"], plan.calendar_of(uid))
        put(doc, task, "ActualStart", iso(start) if start else None, order=TASK)
    if "ActualFinish" in values:
        finish = plan.edges.stored_finish(values["ActualFinish"], plan.calendar_of(uid))
        put(doc, task, "ActualFinish", iso(finish) if finish else None, order=TASK)
    if "PercentComplete" in values:
        percent = 0 if values["PercentComplete"] is None else int(values["PercentComplete"])
        if not 0 <= percent <= 100:
            raise ValueError(f"{percent} is no percentage")
        put(doc, task, "PercentComplete", str(percent), order=TASK)
    balance(plan, uid, actual_work="PercentComplete" in values)


def balance(plan: MspdiPlan, uid: int, *, actual_work: bool) -> None:
    """Make durations (and, where asked, work) agree with the task's percentage and duration as they now stand."""
    task, doc = plan.elements[uid], plan.doc
    percent = number(doc.text(task, "PercentComplete")) or 0.0
    duration = minutes_of(doc.text(task, "Duration"))
    start, finish = moment(doc.text(task, "ActualStart")), moment(doc.text(task, "ActualFinish"))
    if duration is not None:
        done = round(duration * percent / 100)
        put(doc, task, "ActualDuration", iso_of(done), order=TASK)
        put(doc, task, "RemainingDuration", iso_of(duration - done), order=TASK)
    point = _point(plan, uid, start=start, finish=finish, percent=percent, duration=duration or 0.0)
    _progress_point(plan, task, point, order=TASK)
    if actual_work:
        put(doc, task, "PercentWorkComplete", str(round(percent)), order=TASK)
        _share_work(plan, task, percent, order=TASK)
    for one in plan.assignments_of(uid):
        put(doc, one, "ActualStart", iso(start) if start else None, order=ASSIGNMENT)
        put(doc, one, "ActualFinish", iso(finish) if finish else None, order=ASSIGNMENT)
        _progress_point(plan, one, point, order=ASSIGNMENT)
        if actual_work:
            put(doc, one, "PercentWorkComplete", str(round(percent)), order=ASSIGNMENT)
            _share_work(plan, one, percent, order=ASSIGNMENT)
            timephased.shift(doc, one, minutes_of(doc.text(one, "ActualWork")) or 0.0)


def _point(
    plan: MspdiPlan,
    uid: int,
    *,
    start: datetime | None,
    finish: datetime | None,
    percent: float,
    duration: float,
) -> datetime | None:
    """How far work has come: Project keeps it as Stop and Resume."""
    if percent >= 100 and finish is not None:
        return finish
    if start is None or percent <= 0:
        return None
    return plan.calendar_of(uid).after(start, round(duration * percent / 100))


def _progress_point(
    plan: MspdiPlan, element: Element, point: datetime | None, *, order: tuple[str, ...]
) -> None:
    for tag in ("Stop", "Resume"):
        put(plan.doc, element, tag, iso(point) if point else None, order=order)


def _share_work(plan: MspdiPlan, element: Element, percent: float, *, order: tuple[str, ...]) -> None:
    work = minutes_of(plan.doc.text(element, "Work"))
    if work is None:
        return
    done = round(work * percent / 100)
    put(plan.doc, element, "ActualWork", iso_of(done), order=order)
    put(plan.doc, element, "RemainingWork", iso_of(work - done), order=order)
