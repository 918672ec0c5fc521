"""A person at Microsoft Project: one edit of one task, by Project's rules, and the plan saved.

In: the bytes of a plan and the edit. Out: the new bytes and the UID. Project fills in what belongs together (100 %
has an actual finish), moves a date by a constraint, recalculates, and notes when it saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from itpm_sync_msproject import mspdi_outline, mspdi_schedule
from itpm_sync_msproject.element_order import PROJECT
from itpm_sync_msproject.emulated.recalculating import recalculate
from itpm_sync_msproject.mspdi_edit import Edit
from itpm_sync_msproject.mspdi_plan import MspdiPlan
from itpm_sync_msproject.mspdi_write import iso, put, remove
from itpm_sync_msproject.rows import LinkRow


def edit(plan: MspdiPlan, uid: int | None, changes: Mapping[str, Any], *, now: datetime) -> int:
    """Carry out one edit and save; `now` is civil time. Gives the task's UID.

    Raises ValueError where Project refuses.
    """
    values = dict(changes)
    if values.pop("delete", False):
        assert uid is not None
        delete(plan, uid)
        save(plan, now)
        return uid
    if uid is None:
        uid = _new(plan, values)
    _fill_in(plan, uid, values)
    if "Predecessors" in values:
        values["Predecessors"] = [_link(one) for one in values["Predecessors"]]
    dates = {name: values.pop(name) for name in mspdi_schedule.NAMES & set(values)}
    if dates and plan.tasks[uid].summary:
        raise ValueError("the dates of a summary task are rolled up from its subtasks")
    refused = Edit(plan, uid, values).carry_out()
    if refused:
        raise ValueError("; ".join(f"{name}: {why}" for name, why in refused.items()))
    if dates:
        mspdi_schedule.write(plan, uid, dates)
    save(plan, now)
    return uid


def save(plan: MspdiPlan, now: datetime) -> None:
    """Recalculate, and note the time: never before the last one."""
    recalculate(plan)
    last = plan.rows.project.last_saved
    at = now if last is None or now > last else last + timedelta(seconds=1)
    put(plan.doc, plan.doc.root, "LastSaved", iso(at.replace(tzinfo=None, microsecond=0)), order=PROJECT)
    plan.refresh()


def delete(plan: MspdiPlan, uid: int) -> None:
    """Delete a task, its subtasks, their assignments, and the links to them."""
    gone = {one.uid for one in plan.rows.tasks if one.uid == uid or uid in _above(plan, one.uid)}
    texts = {str(one) for one in gone}
    for one in gone:
        remove(plan.doc, plan.elements[one])
    for assignment in plan.doc.listed("Assignments", "Assignment"):
        if plan.doc.text(assignment, "TaskUID") in texts:
            remove(plan.doc, assignment)
    for task in plan.doc.listed("Tasks", "Task"):
        for link in plan.doc.children(task, "PredecessorLink"):
            if plan.doc.text(link, "PredecessorUID") in texts:
                remove(plan.doc, link)


def _above(plan: MspdiPlan, uid: int) -> set[int]:
    found: set[int] = set()
    row = plan.tasks.get(uid)
    while row is not None and row.parent is not None and row.parent not in found:
        found.add(row.parent)
        row = plan.tasks.get(row.parent)
    return found


def _new(plan: MspdiPlan, values: dict[str, Any]) -> int:
    uid = mspdi_outline.create(
        plan,
        under=values.pop("Parent", None),
        name=str(values.pop("Name", "New task")),
        key=f"row {plan.next_uid('Tasks', 'Task')} {plan.rows.project.last_saved}",
        milestone=values.pop("Kind", "task") == "milestone",
    )
    plan.refresh()
    return uid


def _link(said: Any) -> LinkRow:
    if isinstance(said, int):
        return LinkRow(said)
    return LinkRow(int(said["uid"]), said.get("type", "FS"), float(said.get("lag", 0)))


def _fill_in(plan: MspdiPlan, uid: int, values: dict[str, Any]) -> None:
    """What Project itself adds to progress that a person enters."""
    row = plan.tasks[uid]
    if values.get("ActualFinish") and "PercentComplete" not in values:
        values["PercentComplete"] = 100
    percent = values.get("PercentComplete")
    if percent is None:
        if values.get("ActualStart") is None and "ActualStart" in values:
            values["PercentComplete"] = 0
            values["ActualFinish"] = None
        return
    start, finish = row.actual_start or row.start, row.actual_finish or row.finish
    begun, ended = (iso(one) if one is not None else None for one in (start, finish))
    if percent == 0:
        values["ActualStart"] = values.get("ActualStart")
    else:
        values["ActualStart"] = values.get("ActualStart") or begun
    values["ActualFinish"] = (values.get("ActualFinish") or ended) if percent == 100 else None
