"""The rows of an MSPDI document, without Java.

In: an Mspdi. Out: PlanRows, the same that MPXJ gives for the file; the tests compare them. Money in MSPDI is in
hundredths, a lag in tenths of minutes, units of a resource 0-1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from itpm_sync_msproject.durations import (
    CONSTRAINTS,
    LINK_TYPES,
    PERCENT_FORMATS,
    minutes_of,
    read_format,
    span_of,
)
from itpm_sync_msproject.field_ids import NAMES, family
from itpm_sync_msproject.mspdi import Element, Mspdi
from itpm_sync_msproject.mspdi_calendars import calendars
from itpm_sync_msproject.mspdi_values import (
    Texts,
    clock,
    flag,
    guid,
    line_ends,
    moment,
    money,
    number,
    texts,
    whole,
)
from itpm_sync_msproject.rows import (
    AssignmentRow,
    BaselineRow,
    CustomRow,
    FileKind,
    LinkRow,
    PlanRows,
    ProjectRow,
    ResourceRow,
    TaskRow,
    unique,
)


def rows_of(doc: Mspdi) -> PlanRows:
    """Everything the other modules want to know of the plan."""
    project = _project(doc)
    read = [_resource(texts(doc, one)) for one in doc.listed("Resources", "Resource")]
    resources = {row.uid: row for row in read if row is not None}
    assigned: dict[int, list[AssignmentRow]] = {}
    for one in doc.listed("Assignments", "Assignment"):
        said = texts(doc, one)
        resource = resources.get(whole(said.get("ResourceUID")) or 0)
        if resource is not None and resource.name:
            assigned.setdefault(whole(said.get("TaskUID")) or 0, []).append(_assignment(said, resource))
    aliases = _aliases(doc)
    tasks, doubles = unique(_tasks(doc, assigned, aliases))
    return PlanRows(
        kind=FileKind.MSPDI,
        project=project,
        calendars=calendars(doc, project.calendar),
        resources=tuple(row for row in resources.values() if row.name),
        tasks=tasks,
        warnings=doubles,
        aliases=tuple(
            sorted((NAMES[number], alias) for number, alias in aliases.items() if alias and number in NAMES)
        ),
    )


def _project(doc: Mspdi) -> ProjectRow:
    said = texts(doc, doc.root)
    default = ProjectRow()
    return ProjectRow(
        title=said.get("Title", ""),
        name=said.get("Name", ""),
        manager=said.get("Manager", ""),
        author=said.get("Author", ""),
        company=said.get("Company", ""),
        guid=guid(said.get("GUID")),
        status_date=moment(said.get("StatusDate")),
        start=moment(said.get("StartDate")),
        finish=moment(said.get("FinishDate")),
        currency=said.get("CurrencyCode", ""),
        currency_symbol=said.get("CurrencySymbol", ""),
        minutes_per_day=whole(said.get("MinutesPerDay")) or default.minutes_per_day,
        minutes_per_week=whole(said.get("MinutesPerWeek")) or default.minutes_per_week,
        days_per_month=whole(said.get("DaysPerMonth")) or default.days_per_month,
        default_start=clock(said.get("DefaultStartTime"), default.default_start),
        default_finish=clock(said.get("DefaultFinishTime"), default.default_finish),
        calendar=whole(said.get("CalendarUID")),
        from_start=flag(said.get("ScheduleFromStart"), default=True),
        last_saved=moment(said.get("LastSaved")),
        revision=whole(said.get("Revision")),
    )


def _resource(said: Texts) -> ResourceRow | None:
    uid = whole(said.get("UID"))
    if uid is None or flag(said.get("IsNull")):
        return None
    kind = "cost" if flag(said.get("IsCostResource")) else ("material", "work")[said.get("Type", "1") == "1"]
    return ResourceRow(
        uid,
        said.get("Name", ""),
        said.get("EmailAddress"),
        kind,
        guid(said.get("GUID")),
        whole(said.get("ID")),
    )


def _assignment(said: Texts, resource: ResourceRow) -> AssignmentRow:
    units = number(said.get("Units"))
    return AssignmentRow(
        resource=resource.uid,
        name=resource.name,
        mail=resource.mail,
        units=None if units is None else units * 100,
        kind=resource.kind,
        work=minutes_of(said.get("Work")),
        actual_work=minutes_of(said.get("ActualWork")),
        remaining_work=minutes_of(said.get("RemainingWork")),
    )


def _aliases(doc: Mspdi) -> dict[int, str]:
    """FieldID to alias ("" where the file declares the field without one)."""
    found = {}
    for one in doc.listed("ExtendedAttributes", "ExtendedAttribute"):
        field_id = whole(doc.text(one, "FieldID"))
        if field_id is not None:
            found[field_id] = doc.text(one, "Alias") or ""
    return found


def _tasks(
    doc: Mspdi, assigned: Mapping[int, list[AssignmentRow]], aliases: Mapping[int, str]
) -> list[TaskRow]:
    """Rows in file order; the outline is told by levels alone, blank rows and stand-ins take no part in it."""
    kept: list[TaskRow] = []
    above: list[tuple[int, int]] = []  # (level, UID) of the tasks that a next one may stand under
    stand_ins = {}
    elements = [(one, texts(doc, one)) for one in doc.listed("Tasks", "Task")]
    for _, said in elements:
        if flag(said.get("ExternalTask")):
            stand_ins[whole(said.get("UID"))] = said.get("Name", "")
    for element, said in elements:
        uid = whole(said.get("UID"))
        if not uid or flag(said.get("IsNull")) or flag(said.get("ExternalTask")):
            continue
        if "Name" not in said and "Start" not in said:
            continue
        level = whole(said.get("OutlineLevel")) or 1
        while above and above[-1][0] >= level:
            above.pop()
        parent = above[-1][1] if above else None
        above.append((level, uid))
        links = [_link(texts(doc, one), stand_ins) for one in doc.children(element, "PredecessorLink")]
        customs = [_custom(texts(doc, one), aliases) for one in doc.children(element, "ExtendedAttribute")]
        kept.append(
            _task(
                said,
                uid=uid,
                level=level,
                parent=parent,
                baseline=_baseline(doc, element),
                links=tuple(link for link in links if link is not None),
                assignments=tuple(assigned.get(uid, ())),
                custom=tuple(sorted((one for one in customs if one is not None), key=lambda one: one.name)),
            )
        )
    return kept


def _task(said: Texts, *, uid: int, level: int, **more: Any) -> TaskRow:
    duration = span_of(said.get("Duration"), said.get("DurationFormat"))
    constraint = whole(said.get("ConstraintType")) or 0
    slack = number(said.get("TotalSlack"))
    free = number(said.get("FreeSlack"))
    part = said.get("HyperlinkSubAddress", "")
    return TaskRow(
        uid=uid,
        id=whole(said.get("ID")),
        guid=guid(said.get("GUID")),
        name=line_ends(said.get("Name")),
        wbs=said.get("WBS", ""),
        outline_level=level,
        summary=flag(said.get("Summary")),
        milestone=flag(said.get("Milestone")),
        active=flag(said.get("Active"), default=True),
        manual=flag(said.get("Manual")),
        start=moment(said.get("Start")),
        finish=moment(said.get("Finish")),
        duration=duration,
        work=minutes_of(said.get("Work")),
        percent=max(0, min(100, whole(said.get("PercentComplete")) or 0)),
        actual_start=moment(said.get("ActualStart")),
        actual_finish=moment(said.get("ActualFinish")),
        actual_duration=minutes_of(said.get("ActualDuration")),
        remaining_duration=minutes_of(said.get("RemainingDuration")),
        actual_work=minutes_of(said.get("ActualWork")),
        remaining_work=minutes_of(said.get("RemainingWork")),
        deadline=moment(said.get("Deadline")),
        priority=whole(said.get("Priority")),
        notes=line_ends(said.get("Notes")),
        constraint=CONSTRAINTS[constraint] if 0 <= constraint < len(CONSTRAINTS) else "ASAP",
        constraint_date=moment(said.get("ConstraintDate")),
        cost=money(said.get("Cost")),
        actual_cost=money(said.get("ActualCost")),
        remaining_cost=money(said.get("RemainingCost")),
        total_slack=None if slack is None else slack / 10,
        free_slack=None if free is None else free / 10,
        critical=flag(said.get("Critical")),
        calendar=_calendar(whole(said.get("CalendarUID"))),
        hyperlink=said.get("HyperlinkAddress", "") + (f"#{part}" if part else ""),
        hyperlink_title=said.get("Hyperlink", ""),
        **more,
    )


def _calendar(uid: int | None) -> int | None:
    return uid if uid is not None and uid > 0 else None


def _baseline(doc: Mspdi, task: Element) -> BaselineRow:
    for one in doc.children(task, "Baseline"):
        said = texts(doc, one)
        if said.get("Number", "0") == "0":
            return BaselineRow(
                start=moment(said.get("Start")),
                finish=moment(said.get("Finish")),
                duration=span_of(said.get("Duration"), said.get("DurationFormat")),
                work=minutes_of(said.get("Work")),
                cost=money(said.get("Cost")),
            )
    return BaselineRow()


def _link(said: Texts, stand_ins: Mapping[int | None, str]) -> LinkRow | None:
    uid = whole(said.get("PredecessorUID"))
    if uid is None:
        return None
    kind = whole(said.get("Type"))
    lag = number(said.get("LinkLag")) or 0.0
    code = whole(said.get("LagFormat")) or 0
    percent = lag if code in PERCENT_FORMATS else None
    elsewhere = said.get("CrossProjectName", "") if flag(said.get("CrossProject")) else ""
    return LinkRow(
        predecessor=uid,
        type=LINK_TYPES[kind] if kind is not None and 0 <= kind < len(LINK_TYPES) else "FS",
        lag=0.0 if percent is not None else lag / 10,
        elapsed=bool(lag) and percent is None and read_format(str(code))[1],
        percent=percent,
        external=elsewhere or (stand_ins[uid] or "a task of another file" if uid in stand_ins else ""),
    )


def _custom(said: Texts, aliases: Mapping[int, str]) -> CustomRow | None:
    number_ = whole(said.get("FieldID"))
    name = NAMES.get(number_ or 0)
    text = said.get("Value")
    if name is None or number_ is None or text is None:
        return None
    value: Any = line_ends(text)
    kind = family(name)
    if kind == "Flag":
        value = flag(text) or None
    elif kind == "Number":
        value = number(text)
    elif kind == "Cost":
        value = money(text)
    elif kind in {"Date", "Start", "Finish"}:
        value = moment(text)
    elif kind == "Duration":
        value = span_of(text, said.get("DurationFormat"))
    return None if value is None else CustomRow(name, aliases.get(number_, ""), value)
