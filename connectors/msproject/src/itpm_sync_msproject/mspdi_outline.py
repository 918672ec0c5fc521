"""New tasks in an MSPDI document, and tasks moved under another summary task.

In: a MspdiPlan, the summary task (None: the top), a name. Out: the task as the last one under it, row numbers (ID),
outline levels and numbers put right where they must be; the numbers of all others stay.
"""

from __future__ import annotations

import uuid
from dataclasses import replace

from itpm_sync_msproject.element_order import PROJECT, TASK
from itpm_sync_msproject.mspdi import Element
from itpm_sync_msproject.mspdi_plan import MspdiPlan
from itpm_sync_msproject.mspdi_values import flag, whole
from itpm_sync_msproject.mspdi_write import add, place, put
from itpm_sync_msproject.rows import TaskRow

_SPACE = uuid.UUID("0f4c5a52-3c52-5f0e-8f0c-8c1f6e1d2b11")


class BadParent(Exception):
    """A place in the outline that a task cannot have."""


def create(
    plan: MspdiPlan,
    *,
    under: int | None,
    name: str,
    key: str,
    milestone: bool = False,
    manual: bool | None = None,
) -> int:
    """A new task without dates; gives its UID, which is above every one in the file.

    Its GUID follows from `key`, so that the same creation never makes two.
    """
    doc = plan.doc
    group = doc.child(doc.root, "Tasks")
    if group is None:
        group = add(doc, doc.root, "Tasks", order=PROJECT)
    uid = plan.next_uid("Tasks", "Task")
    level = 1 if under is None else _level(plan, plan.elements[under]) + 1
    number = _next_number(plan, under)
    index = _end_of(plan, group, under)
    task = doc.make(group, "Task")
    place(group, index, task)
    doc.changed = True
    if manual is None:
        manual = flag(doc.text(doc.root, "NewTasksAreManual"))
    said = {
        "UID": str(uid),
        "GUID": str(uuid.uuid5(_SPACE, f"{plan.rows.project.guid}/{key}")).upper(),
        "ID": str(uid),
        "Name": name,
        "Active": "1",
        "Manual": "1" if manual else "0",
        "Type": doc.text(doc.root, "DefaultTaskType") or "0",
        "IsNull": "0",
        "WBS": _wbs(plan, under, number),
        "OutlineNumber": number,
        "OutlineLevel": str(level),
        "Priority": "500",
        "DurationFormat": "7",
        "EffortDriven": "0",
        "Estimated": "0",
        "Milestone": "1" if milestone else "0",
        "Summary": "0",
        "PercentComplete": "0",
        "PercentWorkComplete": "0",
        "ConstraintType": "0",
        "CalendarUID": "-1",
    }
    for tag, text in said.items():
        put(doc, task, tag, text, order=TASK)
    plan.elements[uid] = task
    plan.tasks[uid] = TaskRow(
        uid, uid, said["GUID"], name, said["WBS"], level, under, milestone=milestone, manual=manual
    )
    plan.moved_rows = True
    if under is not None:
        _become_summary(plan, under)
    return uid


def move(plan: MspdiPlan, uid: int, under: int | None) -> None:
    """Put a task, with all under it, as the last one under another. Raises BadParent where that makes a circle."""
    doc, task = plan.doc, plan.elements[uid]
    group = task.getparent()
    assert group is not None
    old = plan.tasks[uid].parent
    block = _block(plan, task)
    if under is not None and plan.elements[under] in block:
        raise BadParent("a task cannot stand under itself or under one of its own subtasks")
    level = 1 if under is None else _level(plan, plan.elements[under]) + 1
    number, before = _next_number(plan, under), doc.text(task, "OutlineNumber") or ""
    shift = level - _level(plan, task)
    _take_out(group, block)
    index = _end_of(plan, group, under)
    for offset, one in enumerate(block):
        place(group, index + offset, one)
        doc.changed = True
        put(doc, one, "OutlineLevel", str(_level(plan, one) + shift), order=TASK)
        own = doc.text(one, "OutlineNumber") or ""
        new = number + own[len(before) :]
        if doc.text(one, "WBS") == own:
            put(doc, one, "WBS", new, order=TASK)
        put(doc, one, "OutlineNumber", new, order=TASK)
    plan.moved_rows = True
    plan.tasks[uid] = replace(plan.tasks[uid], parent=under)
    if under is not None:
        _become_summary(plan, under)
    if old is not None and len(_block(plan, plan.elements[old])) == 1:
        put(doc, plan.elements[old], "Summary", "0", order=TASK)
        plan.tasks[old] = replace(plan.tasks[old], summary=False)


def _become_summary(plan: MspdiPlan, uid: int) -> None:
    task = plan.elements[uid]
    if not flag(plan.doc.text(task, "Summary")):
        put(plan.doc, task, "Summary", "1", order=TASK)
        put(plan.doc, task, "Milestone", "0", order=TASK)
        plan.tasks[uid] = replace(plan.tasks[uid], summary=True, milestone=False)


def _level(plan: MspdiPlan, task: Element) -> int:
    return whole(plan.doc.text(task, "OutlineLevel")) or 1


def _block(plan: MspdiPlan, task: Element) -> list[Element]:
    """The task and all under it, in file order."""
    level = _level(plan, task)
    found = [task]
    for one in task.itersiblings(plan.doc.tag("Task")):
        if not flag(plan.doc.text(one, "IsNull")) and _level(plan, one) <= level:
            break
        found.append(one)
    while len(found) > 1 and flag(plan.doc.text(found[-1], "IsNull")):
        found.pop()  # blank rows after the last subtask belong to nobody
    return found


def _end_of(plan: MspdiPlan, group: Element, under: int | None) -> int:
    """Where the last place under a task is, as an index among the group's children."""
    if under is None:
        return len(group)
    return group.index(_block(plan, plan.elements[under])[-1]) + 1


def _next_number(plan: MspdiPlan, under: int | None) -> str:
    """The outline number after those of the tasks that stand there already."""
    head = "" if under is None else (plan.doc.text(plan.elements[under], "OutlineNumber") or "") + "."
    last = plan.last_numbers()
    last[head] = last.get(head, 0) + 1
    return f"{head}{last[head]}"


def _wbs(plan: MspdiPlan, under: int | None, number: str) -> str:
    """As the outline number, unless the summary task above has a code of its own."""
    if under is None:
        return number
    code = plan.doc.text(plan.elements[under], "WBS") or ""
    own = code and code != plan.doc.text(plan.elements[under], "OutlineNumber")
    return f"{code}.{number.rpartition('.')[2]}" if own else number


def _take_out(group: Element, block: list[Element]) -> None:
    """Take neighbours out of the group, with the lines they stood on."""
    last = block[-1]
    if last.getnext() is None:
        previous = block[0].getprevious()
        if previous is not None:
            previous.tail = last.tail
    for one in block:
        group.remove(one)
