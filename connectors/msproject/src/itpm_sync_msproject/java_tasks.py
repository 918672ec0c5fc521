"""The tasks of a plan that MPXJ has read. Used inside the worker process only.

In: MPXJ's ProjectFile. Out: TaskRow. Blank rows, stand-ins for tasks of other files and the project's own summary
task (UID 0) are left out.
"""

from __future__ import annotations

import re
from typing import Any

from itpm_sync_msproject.field_ids import IDS
from itpm_sync_msproject.java_values import Java, Spans, guid, moment, number, text, whole
from itpm_sync_msproject.rows import AssignmentRow, BaselineRow, CustomRow, LinkRow, ProjectRow, TaskRow

Custom = tuple[str, str, Java]
"""A custom field: its name (Text1), its alias, MPXJ's field."""

_OTHERS = re.compile(r"^ENTERPRISE_(TEXT|NUMBER|FLAG|DATE|DURATION|COST)\d+$")


def custom_fields(plan: Java) -> list[Custom]:
    """The custom fields that any task of the plan fills, or that the file has given a name of its own."""
    tasks, known = plan.getTasks(), plan.getCustomFields()
    fields = {str(one.name()): one for one in tasks.getPopulatedFields()}
    fields |= {str(one.getFieldType().name()): one.getFieldType() for one in tasks.getCustomFields()}
    found = []
    for java_name, field in fields.items():
        name = _name(java_name)
        own = known.get(field)
        if name in IDS or _OTHERS.match(java_name) or _is_user_defined(field):
            found.append((name, text(own.getAlias()) if own is not None else "", field))
    return sorted(found, key=lambda one: one[0])


def _name(java_name: str) -> str:
    return "".join(word.title() for word in java_name.split("_")) if java_name.isupper() else java_name


def _is_user_defined(field: Java) -> bool:
    """Primavera's own fields, which have names and no numbers."""
    return bool(type(field).__name__.endswith("UserDefinedField"))


def task_rows(plan: Java, project: ProjectRow, customs: list[Custom]) -> tuple[TaskRow, ...]:
    """The rows, in the order of the plan."""
    spans = Spans(project)
    return tuple(_task(one, spans, customs) for one in plan.getTasks() if _wanted(one))


def _wanted(task: Java) -> bool:
    uid = task.getUniqueID()
    if uid is None or int(uid) == 0 or task.getNull() or task.getExternalTask():
        return False
    return task.getName() is not None or task.getStart() is not None


def _task(task: Java, spans: Spans, customs: list[Custom]) -> TaskRow:
    constraint = task.getConstraintType()
    mode = task.getTaskMode()
    return TaskRow(
        uid=int(task.getUniqueID()),
        id=whole(task.getID()),
        guid=guid(task.getGUID()),
        name=text(task.getName()),
        wbs=text(task.getWBS()),
        outline_level=whole(task.getOutlineLevel()) or 1,
        parent=_parent(task),
        summary=bool(task.getSummary()),
        milestone=bool(task.getMilestone()),
        active=bool(task.getActive()),
        manual=mode is not None and str(mode.name()) == "MANUALLY_SCHEDULED",
        start=moment(task.getStart()),
        finish=moment(task.getFinish()),
        duration=spans.span(task.getDuration(), estimated=bool(task.getEstimated())),
        work=spans.minutes(task.getWork()),
        percent=max(0, min(100, whole(task.getPercentageComplete()) or 0)),
        actual_start=moment(task.getActualStart()),
        actual_finish=moment(task.getActualFinish()),
        actual_duration=spans.minutes(task.getActualDuration()),
        remaining_duration=spans.minutes(task.getRemainingDuration()),
        actual_work=spans.minutes(task.getActualWork()),
        remaining_work=spans.minutes(task.getRemainingWork()),
        deadline=moment(task.getDeadline()),
        baseline=_baseline(task, spans),
        priority=whole(task.getPriority().getValue()) if task.getPriority() is not None else None,
        notes=text(task.getNotes()),
        constraint=_constraint(constraint),
        constraint_date=moment(task.getConstraintDate()),
        cost=number(task.getCost()),
        actual_cost=number(task.getActualCost()),
        remaining_cost=number(task.getRemainingCost()),
        total_slack=spans.minutes(task.getTotalSlack()),
        free_slack=spans.minutes(task.getFreeSlack()),
        critical=bool(task.getCritical()),
        calendar=whole(task.getCalendarUniqueID()),
        hyperlink=_hyperlink(task),
        hyperlink_title=text(task.getHyperlink()),
        links=tuple(_link(one, spans) for one in task.getPredecessors() if _has_end(one)),
        assignments=tuple(
            _assignment(one, spans) for one in task.getResourceAssignments() if one.getResource() is not None
        ),
        custom=tuple(_customs(task, spans, customs)),
    )


_CONSTRAINTS = {
    "AS_SOON_AS_POSSIBLE": "ASAP",
    "AS_LATE_AS_POSSIBLE": "ALAP",
    "MUST_START_ON": "MSO",
    "MUST_FINISH_ON": "MFO",
    "START_NO_EARLIER_THAN": "SNET",
    "START_NO_LATER_THAN": "SNLT",
    "FINISH_NO_EARLIER_THAN": "FNET",
    "FINISH_NO_LATER_THAN": "FNLT",
    "START_ON": "MSO",
    "FINISH_ON": "MFO",
}


def _constraint(value: Java) -> str:
    return "ASAP" if value is None else _CONSTRAINTS.get(str(value.name()), "ASAP")


def _parent(task: Java) -> int | None:
    parent = task.getParentTask()
    uid = None if parent is None else parent.getUniqueID()
    return int(uid) if uid is not None and int(uid) != 0 else None


def _hyperlink(task: Java) -> str:
    address, part = text(task.getHyperlinkAddress()), text(task.getHyperlinkSubAddress())
    return f"{address}#{part}" if part else address


def _baseline(task: Java, spans: Spans) -> BaselineRow:
    return BaselineRow(
        start=moment(task.getBaselineStart()),
        finish=moment(task.getBaselineFinish()),
        duration=spans.span(task.getBaselineDuration()),
        work=spans.minutes(task.getBaselineWork()),
        cost=number(task.getBaselineCost()),
    )


def _has_end(link: Java) -> bool:
    return link.getPredecessorTask() is not None and link.getPredecessorTask().getUniqueID() is not None


def _link(link: Java, spans: Spans) -> LinkRow:
    other = link.getPredecessorTask()
    lag = spans.span(link.getLag())
    percent = lag.minutes if lag is not None and lag.unit == "%" else None
    return LinkRow(
        predecessor=int(other.getUniqueID()),
        type=str(link.getType().name())[:1] + str(link.getType().name()).rpartition("_")[2][:1],
        lag=0.0 if lag is None or percent is not None else lag.minutes,
        elapsed=lag is not None and lag.elapsed and bool(lag.minutes),
        percent=percent,
        external=text(other.getName()) or "a task of another file" if other.getExternalTask() else "",
    )


def _assignment(one: Java, spans: Spans) -> AssignmentRow:
    resource = one.getResource()
    kind = resource.getType()
    return AssignmentRow(
        resource=int(resource.getUniqueID()),
        name=text(resource.getName()),
        mail=text(resource.getEmailAddress()) or None,
        units=number(one.getUnits()),
        kind=str(kind.name()).lower() if kind is not None else "work",
        work=spans.minutes(one.getWork()),
        actual_work=spans.minutes(one.getActualWork()),
        remaining_work=spans.minutes(one.getRemainingWork()),
    )


def _customs(task: Java, spans: Spans, customs: list[Custom]) -> list[CustomRow]:
    found = []
    for name, alias, field in customs:
        value = _plain(task.get(field), spans)
        if value is not None and value != "" and value is not False:
            found.append(CustomRow(name, alias, value))
    return found


def _plain(value: Any, spans: Spans) -> Any:
    if value is None or isinstance(value, (str, bool)):
        return text(value) if isinstance(value, str) else value
    kind = type(value).__name__.rpartition(".")[2]
    if kind == "LocalDateTime":
        return moment(value)
    if kind == "Duration":
        return spans.span(value)
    if kind == "Boolean":
        return bool(value)
    try:
        return float(value)
    except (TypeError, ValueError):
        return text(value)
