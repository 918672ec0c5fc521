"""Tasks of a plan as records of the connector's port.

In: PlanRows and the container's name. Out: Record, its values plain JSON by native name. Names are Project's own where
there is one; `describing.py` lists them with what they mean. Row numbers (ID) are left out: they move with the rows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from itpm_sync.connector import Record
from itpm_sync_msproject.computing import Computing
from itpm_sync_msproject.edges import Edges
from itpm_sync_msproject.keys import is_key, key_of
from itpm_sync_msproject.mspdi_people import account_of
from itpm_sync_msproject.rows import CustomRow, FileKind, LinkRow, PlanRows, ResourceRow, Span, TaskRow
from itpm_sync_msproject.working_time import Calendars

SEPARATOR = "#"


def native_id(container: str, task: TaskRow) -> str:
    """The identity of a task: its file and its GUID, or its UID where the file has no GUIDs.

    The file is part of it: a copied plan has the same GUIDs and is another project all the same.
    """
    return f"{container}{SEPARATOR}{task.guid or f'uid-{task.uid}'}"


def _ids(container: str, tasks: Sequence[TaskRow]) -> dict[int, str]:
    """Native id by UID. Of tasks that share a GUID (a broken file) the first has it, the others go by their UID."""
    found: dict[int, str] = {}
    taken: set[str] = set()
    for task in tasks:
        native = native_id(container, task)
        found[task.uid] = f"{container}{SEPARATOR}uid-{task.uid}" if native in taken else native
        taken.add(native)
    return found


class Records:
    """The records of one plan."""

    def __init__(self, plan: PlanRows, container: str) -> None:
        self._plan, self._container = plan, container
        self._tasks = {row.uid: row for row in plan.tasks}
        self._computing = Computing(self._tasks, from_start=plan.project.from_start)
        self._calendars = Calendars(plan)
        self._edges = Edges(plan.project, days_only=plan.kind is FileKind.MPX)
        self._mails = {row.uid: row for row in plan.resources}
        self._ids = _ids(container, plan.tasks)

    def __iter__(self) -> Iterator[Record]:
        return (self.of(task) for task in self._plan.tasks)

    @property
    def uids(self) -> dict[str, int]:
        """UID by native id."""
        return {native: uid for uid, native in self._ids.items()}

    def by_uid(self, uid: int) -> Record:
        """The record of the task with that UID. Raises KeyError."""
        return self.of(self._tasks[uid])

    def of(self, task: TaskRow) -> Record:
        """One task as a record. Its revision is a digest of what it says: another value, another revision."""
        values = self._values(task)
        key = key_of(task)
        text = json.dumps([values, key], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return Record(
            native_id=self._ids[task.uid],
            revision=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32],
            values=values,
            computed=self._computing.of(task),
            key=key or None,
            name=f"{task.wbs} {task.name}".strip(),
        )

    def _values(self, task: TaskRow) -> dict[str, Any]:
        calendar = self._calendars.of(task.calendar)
        start, finish = self._edges.span(task.start, task.finish, calendar)
        actual_start, actual_finish = self._edges.span(task.actual_start, task.actual_finish, calendar)
        duration = task.duration
        baseline = task.baseline
        return {
            "UID": task.uid,
            "WBS": task.wbs,
            "Name": task.name,
            "Kind": "summary" if task.summary else "milestone" if task.milestone else "task",
            "Parent": self._ids.get(task.parent) if task.parent is not None else None,
            "Inactive": not task.active,
            "Manual": task.manual,
            "Start": start,
            "Finish": finish,
            "Duration": round(duration.minutes) if duration else None,
            "DurationElapsed": bool(duration and duration.elapsed),
            "Estimated": bool(duration and duration.estimated),
            "Work": round(task.work) if task.work is not None else None,
            "PercentComplete": task.percent,
            "ActualStart": actual_start,
            "ActualFinish": actual_finish,
            "ActualWork": round(task.actual_work) if task.actual_work is not None else None,
            "Deadline": self._edges.deadline(task.deadline, calendar),
            "BaselineStart": self._edges.start(baseline.start, calendar),
            "BaselineFinish": self._edges.finish(baseline.finish, calendar),
            "BaselineWork": round(baseline.work) if baseline.work is not None else None,
            "BaselineCost": baseline.cost,
            "Priority": task.priority,
            "Notes": task.notes or None,
            "Constraint": task.constraint,
            "ConstraintDate": _iso(task.constraint_date),
            "Cost": task.cost,
            "ActualCost": task.actual_cost,
            "RemainingCost": task.remaining_cost,
            "TotalSlack": _minutes(task.total_slack),
            "FreeSlack": _minutes(task.free_slack),
            "Critical": task.critical,
            "Hyperlinks": [{"url": task.hyperlink, "title": task.hyperlink_title}] if task.hyperlink else [],
            "Predecessors": [self._link(one) for one in sorted(task.links, key=lambda one: one.predecessor)],
            "Assignments": self._people(task),
        } | {one.name: _plain(one) for one in task.custom if not is_key(one)}

    def _link(self, link: LinkRow) -> dict[str, Any]:
        native = self._ids.get(link.predecessor) or f"{self._container}{SEPARATOR}uid-{link.predecessor}"
        said: dict[str, Any] = {
            "id": native,
            "type": link.type,
            "lag": round(link.lag),
            "elapsed": link.elapsed,
        }
        if link.percent is not None:
            said["percent"] = link.percent
        if link.external:
            said["external"] = link.external
        return said

    def _people(self, task: TaskRow) -> list[dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for one in task.assignments:
            if one.kind == "work":
                account = account_of(ResourceRow(one.resource, one.name, one.mail))
                found.setdefault(
                    account, {"account": account, "mail": account if one.mail else None, "name": one.name}
                )
        return [found[account] for account in sorted(found)]


def _plain(one: CustomRow) -> Any:
    if isinstance(one.value, datetime):
        return _iso(one.value)
    return round(one.value.minutes) if isinstance(one.value, Span) else one.value


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _minutes(value: float | None) -> int | None:
    return None if value is None else round(value)
