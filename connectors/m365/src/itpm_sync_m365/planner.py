"""Planner tasks as records, and native values as bodies of requests. Pure.

In: tasks and details as Graph gives them; native values as mappings put them. Out: `Record`s, and the bodies of a
POST or PATCH with nothing in them but what is to change. Native values are:

    title               text
    bucketId            id of a bucket, or None
    percentComplete     0..100 as read; written as 0, 50 or 100, and only where the band differs
    priority            0..10
    startDateTime       ISO instant or None; which instant stands for a day is the mapping's business
    dueDateTime         likewise
    assignments         list of {"account", "mail", "name"}, by account
    appliedCategories   list of category1 … category25
    description         text or None
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from itpm_sync.connector import Account, NativeField, Record
from itpm_sync.errors import NotTheVendor, Refused

from .references import key_of
from .wire import Json

ASSIGNMENT: Mapping[str, str] = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}
PLAIN = ("title", "bucketId", "percentComplete", "priority", "startDateTime", "dueDateTime")
ON_TASK = frozenset({*PLAIN, "assignments", "appliedCategories"})
ON_DETAILS = frozenset({"description"})
WRITABLE = ON_TASK | ON_DETAILS
ASSIGNEES = 20
"""The most assignees of a task. A longer list is not cut, it is not written. Source: planner-overview, limits."""
CATEGORIES = tuple(f"category{number}" for number in range(1, 26))
LIMITS: Mapping[str, int] = {
    "records": 9000,
    "active records": 3000,
    "buckets": 200,
    "title": 255,
    "assignees": ASSIGNEES,
    "references": 15,
}
"""Planner's own; "raised or lowered without notice". Source: planner-overview, limits."""

_SEPARATOR = " "


def band(percent: int) -> int:
    """What Planner knows of a percentage: 0 not started, 50 in progress, 100 completed."""
    return 0 if percent <= 0 else 100 if percent >= 100 else 50


def revision(task: Json, details: Json | None) -> str:
    """Both etags: a task and its details change apart from one another."""
    return f"{task.get('@odata.etag', '')}{_SEPARATOR}{(details or {}).get('@odata.etag', '')}"


def etags(text: str) -> tuple[str, str]:
    """The task's and the details' etag of a revision."""
    task, _, details = text.partition(_SEPARATOR)
    return task, details


def record_of(task: Json, details: Json | None, people: Mapping[str, Account]) -> Record:
    """A task as a record. `people` by Entra object id, as far as known. Raises NotTheVendor for what is no task."""
    if not isinstance(task.get("id"), str) or not isinstance(task.get("planId"), str):
        raise NotTheVendor("An answer came back that is no Planner task.", mend="Check the proxy.")
    values: Json = {name: task.get(name) for name in PLAIN}
    values["assignments"] = [_person(account, people) for account in sorted(_members(task, "assignments"))]
    applied = _members(task, "appliedCategories")
    values["appliedCategories"] = [name for name in CATEGORIES if applied.get(name)]
    values["description"] = (details or {}).get("description") or None
    return Record(
        native_id=task["id"],
        revision=revision(task, details),
        values=values,
        key=key_of(_members(details or {}, "references")),
        name=str(task.get("title") or "(untitled)"),
        url=f"https://planner.cloud.microsoft/webui/plan/{task['planId']}/view/board/task/{task['id']}",
    )


def _members(entity: Json, name: str) -> Json:
    """The members of an open type, without annotations."""
    found = entity.get(name)
    return {key: value for key, value in found.items() if "@" not in key} if isinstance(found, dict) else {}


def _person(account: str, people: Mapping[str, Account]) -> Json:
    known = people.get(account)
    return {"account": account, "mail": known.mail if known else None, "name": known.name if known else ""}


def assigned(tasks: Iterable[Json]) -> set[str]:
    """The Entra object ids that tasks are assigned to."""
    return {account for task in tasks for account in _members(task, "assignments")}


def task_body(values: Mapping[str, Any], before: Mapping[str, Any]) -> Json:
    """The changes of the task itself; `before` are the values as last read, {} for a new task. Raises Refused."""
    body: Json = {name: values[name] for name in PLAIN if name in values and name != "percentComplete"}
    if "percentComplete" in values:
        wanted, stood = band(values["percentComplete"] or 0), before.get("percentComplete")
        if stood is None or band(stood) != wanted:
            body["percentComplete"] = wanted
    if "assignments" in values:
        if change := _assignments(values["assignments"] or (), before.get("assignments") or ()):
            body["assignments"] = change
    if "appliedCategories" in values:
        if change := _flags(values["appliedCategories"] or (), before.get("appliedCategories") or ()):
            body["appliedCategories"] = change
    return body


def _accounts(people: Iterable[Any]) -> list[str]:
    return [str(each["account"]) if isinstance(each, Mapping) else str(each) for each in people]


def _assignments(wanted: Iterable[Any], before: Iterable[Any]) -> Json:
    now, old = _accounts(wanted), set(_accounts(before))
    if len(set(now)) > ASSIGNEES:
        raise Refused(
            f"{len(set(now))} people are more than the {ASSIGNEES} a Planner task can be assigned to.",
            mend="Nobody was left out: the assignees stay as they are in Planner.",
        )
    added = {account: dict(ASSIGNMENT) for account in now if account not in old}
    return added | dict.fromkeys(sorted(old - set(now)))


def _flags(wanted: Sequence[str], before: Sequence[str]) -> Json:
    unknown = sorted(set(wanted) - set(CATEGORIES))
    if unknown:
        raise Refused(f"Planner has no label {unknown[0]!r:.60}; there are category1 to category25.")
    added = {name: True for name in wanted if name not in before}
    return added | {name: False for name in before if name not in wanted}


def parts_of(body: Json) -> list[Json]:
    """A refused change, taken apart into what may be taken by itself; both dates stay together."""
    dates: Json = {name: body[name] for name in ("startDateTime", "dueDateTime") if name in body}
    parts: list[Json] = [dates] if dates else []
    return parts + [{name: value} for name, value in body.items() if name not in dates]


def fields_of(buckets: Mapping[str, str], categories: Mapping[str, str]) -> list[NativeField]:
    """The fields of a plan, with its buckets and named categories by native id."""
    return [
        NativeField("title", "Title", "text"),
        NativeField("bucketId", "Bucket", "option", options=dict(buckets)),
        NativeField("percentComplete", "Progress", "integer"),
        NativeField("priority", "Priority", "integer"),
        NativeField("startDateTime", "Start date", "instant"),
        NativeField("dueDateTime", "Due date", "instant"),
        NativeField("assignments", "Assigned to", "people"),
        NativeField("appliedCategories", "Labels", "options", options=dict(categories)),
        NativeField("description", "Notes", "text"),
    ]
