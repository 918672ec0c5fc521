"""A new plan in MSPDI, written from a plain description.

In: a mapping (see `build`). Out: the bytes of a file as a fresh Microsoft Project would hold it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from itpm_sync_msproject import mspdi_custom, mspdi_outline
from itpm_sync_msproject.durations import iso_of
from itpm_sync_msproject.element_order import PROJECT, RESOURCE, TASK
from itpm_sync_msproject.emulated.recalculating import recalculate
from itpm_sync_msproject.mspdi_edit import Edit
from itpm_sync_msproject.mspdi_plan import MspdiPlan
from itpm_sync_msproject.mspdi_write import add, number_text, put
from itpm_sync_msproject.rows import LinkRow

_SPAN = "<WorkingTime><FromTime>{}:00</FromTime><ToTime>{}:00</ToTime></WorkingTime>"
_WORKS = "<WeekDay><DayType>{}</DayType><DayWorking>1</DayWorking><WorkingTimes>{}</WorkingTimes></WeekDay>"
_RESTS = "<WeekDay><DayType>{}</DayType><DayWorking>0</DayWorking></WeekDay>"
_EMPTY = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Project xmlns="http://schemas.microsoft.com/project">
	<SaveVersion>14</SaveVersion>
	<ScheduleFromStart>1</ScheduleFromStart>
	<CalendarUID>1</CalendarUID>
	<DefaultStartTime>{start}:00</DefaultStartTime>
	<DefaultFinishTime>{finish}:00</DefaultFinishTime>
	<MinutesPerDay>480</MinutesPerDay>
	<MinutesPerWeek>2400</MinutesPerWeek>
	<DaysPerMonth>20</DaysPerMonth>
	<DefaultTaskType>0</DefaultTaskType>
	<NewTasksAreManual>0</NewTasksAreManual>
	<Calendars>
		<Calendar>
			<UID>1</UID>
			<Name>Standard</Name>
			<IsBaseCalendar>1</IsBaseCalendar>
			<BaseCalendarUID>-1</BaseCalendarUID>
			<WeekDays>{days}</WeekDays>
		</Calendar>
	</Calendars>
	<Tasks>
		<Task>
			<UID>0</UID>
			<ID>0</ID>
			<IsNull>0</IsNull>
			<OutlineNumber>0</OutlineNumber>
			<OutlineLevel>0</OutlineLevel>
		</Task>
	</Tasks>
	<Resources>
		<Resource>
			<UID>0</UID>
			<ID>0</ID>
			<Type>1</Type>
			<IsNull>0</IsNull>
		</Resource>
	</Resources>
	<Assignments></Assignments>
</Project>
"""


def build(name: str, said: Mapping[str, Any]) -> bytes:
    """The plan that `said` describes.

    Of the project: `title`, `guid`, `manager`, `company`, `currency`, `start`, `status_date`, `saved` (ISO moments),
    `hours` (pairs of times), `aliases` (custom field to name), `resources` (each `name`, `mail`), `tasks`.
    Of a task: `name`, `level` (1 the top), `milestone`, `manual`, `after` (names, or predecessor mappings with `name`,
    `type`, `lag`), `people` (mails), `baseline` (start and finish), and any native name that an edit takes.
    """
    hours = said.get("hours") or (("08:00", "12:00"), ("13:00", "17:00"))
    spans = "".join(_SPAN.format(*span) for span in hours)
    days = "".join(_RESTS.format(day) if day in {1, 7} else _WORKS.format(day, spans) for day in range(1, 8))
    text = _EMPTY.format(start=hours[0][0], finish=hours[-1][1], days=days)
    plan = MspdiPlan(name, text.encode())
    _head(plan, name, said)
    uids: dict[str, int] = {}
    above: list[int] = []
    for task in said.get("tasks", ()):
        level = int(task.get("level", 1))
        del above[level - 1 :]
        uids[task["name"]] = _task(plan, task, above[-1] if above else None)
        above.append(uids[task["name"]])
    plan.refresh()
    for task in said.get("tasks", ()):
        _fill(plan, uids[task["name"]], task, uids)
    recalculate(plan)
    return plan.to_bytes()


def _head(plan: MspdiPlan, name: str, said: Mapping[str, Any]) -> None:
    doc = plan.doc
    texts = {
        "Name": name,
        "GUID": said.get("guid"),
        "Title": said.get("title"),
        "Manager": said.get("manager"),
        "Company": said.get("company"),
        "CurrencyCode": said.get("currency"),
        "StartDate": said.get("start"),
        "StatusDate": said.get("status_date"),
        "LastSaved": said.get("saved"),
    }
    for tag, text in texts.items():
        put(doc, doc.root, tag, text, order=PROJECT)
    group = doc.child(doc.root, "Resources")
    assert group is not None
    for number, one in enumerate(said.get("resources", ()), start=1):
        new = add(doc, group, "Resource", order=())
        fields = {"UID": str(number), "ID": str(number), "Name": one["name"], "Type": "1", "IsNull": "0"}
        for tag, text in (fields | {"EmailAddress": one.get("mail")}).items():
            put(doc, new, tag, text, order=RESOURCE)
    for field, alias in (said.get("aliases") or {}).items():
        mspdi_custom.declare(plan, field, alias=alias)
    plan.refresh()


def _task(plan: MspdiPlan, task: Mapping[str, Any], under: int | None) -> int:
    milestone = bool(task.get("milestone"))
    uid = mspdi_outline.create(
        plan, under=under, name=task["name"], key=f"row {len(plan.elements)}", milestone=milestone
    )
    put(plan.doc, plan.elements[uid], "Manual", "1" if task.get("manual") else "0", order=TASK)
    return uid


_OWN = frozenset({"name", "level", "milestone", "manual", "after", "people", "baseline"})


def _fill(plan: MspdiPlan, uid: int, task: Mapping[str, Any], uids: Mapping[str, int]) -> None:
    values = {name: value for name, value in task.items() if name not in _OWN}
    values["Predecessors"] = _links(task.get("after", ()), uids)
    values["Assignments"] = list(task.get("people", ()))
    if plan.tasks[uid].summary:
        values.pop("Assignments")
    refused = Edit(plan, uid, values).carry_out()
    if refused:
        raise ValueError(f"{task['name']}: {refused}")
    if task.get("baseline"):
        _baseline(plan, uid, *task["baseline"])


def _links(after: Sequence[Any], uids: Mapping[str, int]) -> list[LinkRow]:
    said = [{"name": one} if isinstance(one, str) else one for one in after]
    return [LinkRow(uids[one["name"]], one.get("type", "FS"), float(one.get("lag", 0))) for one in said]


def _baseline(plan: MspdiPlan, uid: int, start: str, finish: str) -> None:
    calendar = plan.calendar_of(uid)
    first, last = plan.edges.stored_start(start, calendar), plan.edges.stored_finish(finish, calendar)
    assert first is not None and last is not None
    element = add(plan.doc, plan.elements[uid], "Baseline", order=TASK)
    texts = {
        "Number": "0",
        "Start": first.isoformat(),
        "Finish": last.isoformat(),
        "Duration": iso_of(calendar.minutes(first, last)),
        "DurationFormat": number_text(7),
    }
    for tag, text in texts.items():
        put(plan.doc, element, tag, text, order=tuple(texts))
