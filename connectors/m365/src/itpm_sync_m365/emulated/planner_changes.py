"""What a change does to a Planner task or to its details, once it is allowed.

In: a row and the body of a request that was checked. Out: the row changed in place, with its counters and versions;
or Planner's 403 where one of its limits would be passed.
"""

from __future__ import annotations

from typing import Any

from .etags import touch
from .planner_values import ASSIGNMENT, REFERENCE
from .wire import Call, GraphRefusal, Json
from .world import World


def limit(world: World, name: str, count: int) -> None:
    """403 with the limit's name as code where `count` is beyond it."""
    if count > world.limit(name):
        raise GraphRefusal(403, name, f"The limit of {world.limit(name)} has been reached.")


def fresh(world: World, call: Call, plan_id: str) -> tuple[Json, Json]:
    """A new task and its details, with Planner's defaults."""
    task_id = world.planner_id("task")
    serial = world.tick()
    book = {"_version": serial, "_touched": {}}
    row: Json = {
        "planId": plan_id,
        "bucketId": None,
        "title": "",
        "orderHint": f"85{serial:014d}P",
        "assigneePriority": "",
        "percentComplete": 0,
        "startDateTime": None,
        "createdDateTime": world.stamp(),
        "dueDateTime": None,
        "hasDescription": False,
        "previewType": "automatic",
        "completedDateTime": None,
        "completedBy": None,
        "referenceCount": 0,
        "checklistItemCount": 0,
        "activeChecklistItemCount": 0,
        "conversationThreadId": None,
        "priority": 5,
        "id": task_id,
        "createdBy": world.identity(call.actor),
        "appliedCategories": {},
        "assignments": {},
        "_serial": serial,
        **book,
    }
    details: Json = {
        "id": task_id,
        "description": "",
        "previewType": "automatic",
        "references": {},
        "checklist": {},
    }
    return row, details | {"_version": serial, "_touched": {}, "_lag": world.switch("details_lag")}


def paths(body: Json) -> list[str]:
    """The properties a change touches; members of open types one by one, as Planner merges them so."""
    paths: list[str] = []
    for name, value in body.items():
        if name in ("assignments", "appliedCategories", "references", "checklist") and isinstance(
            value, dict
        ):
            paths += [f"{name}/{key}" for key in value]
        elif name in ("startDateTime", "dueDateTime"):
            paths += [name]
        elif name != "@odata.type":
            paths.append(name)
    return paths


def apply(world: World, row: Json, body: Json, actor: str) -> None:
    """Change a task. Nothing changed: no new version."""
    before = {name: row[name] for name in body}
    assignments = _assigned(world, row["assignments"], body.get("assignments") or {}, actor)
    limit(world, "MaximumAssigneesInTasks", len(assignments))
    applied = {**row["appliedCategories"], **(body.get("appliedCategories") or {})}
    changed = body | {
        "assignments": assignments,
        "appliedCategories": {k: v for k, v in applied.items() if v},
    }
    if changed.get("orderHint", "85").startswith(" ") or changed.get("orderHint", "85").endswith("!"):
        changed["orderHint"] = (
            f"85{world.tick():014d}P"  # the service works the hint out; it never keeps it as sent
        )
    if {**row, **changed} == row:
        return
    row.update(changed)
    if row["percentComplete"] == 100 and before.get("percentComplete", 100) != 100:
        row.update(completedDateTime=world.stamp(), completedBy=world.identity(actor))
    elif row["percentComplete"] != 100:
        row.update(completedDateTime=None, completedBy=None)
    touch(row, world.tick(), paths(body))


def _assigned(world: World, now: Json, change: Json, actor: str) -> Json:
    merged = dict(now)
    for person, entry in change.items():
        if person == "@odata.type":
            continue
        if entry is None:
            merged.pop(person, None)
        elif person not in merged:
            merged[person] = {
                "@odata.type": f"#{ASSIGNMENT}",
                "assignedBy": world.identity(actor),
                "assignedDateTime": world.stamp(),
                "orderHint": f"85{world.tick():014d}P",
            }
    return merged


def apply_details(world: World, task: Json, row: Json, body: Json, actor: str) -> None:
    """Change the details, and the counters that the task shows of them."""
    by = {"lastModifiedBy": world.identity(actor), "lastModifiedDateTime": world.stamp()}
    changed: Json = {
        "description": row["description"] if "description" not in body else body["description"] or "",
        "previewType": body.get("previewType", row["previewType"]),
        "references": _members(
            row["references"], body.get("references"), by, f"#{REFERENCE}", "previewPriority"
        ),
        "checklist": _members(row["checklist"], body.get("checklist"), by, "", "orderHint"),
    }
    limit(world, "MaximumReferencesOnTask", len(changed["references"]))
    limit(world, "MaximumChecklistItemsOnTask", len(changed["checklist"]))
    if {**row, **changed} == row:
        return
    row.update(changed)
    version = world.tick()
    touch(row, version, paths(body))
    counts = {
        "hasDescription": bool(row["description"]),
        "referenceCount": len(row["references"]),
        "checklistItemCount": len(row["checklist"]),
        "activeChecklistItemCount": sum(not item.get("isChecked") for item in row["checklist"].values()),
    }
    if {**task, **counts} != task:
        task.update(counts)
        touch(task, version, counts)


def _members(now: Json, change: Any, by: Json, type_name: str, hint: str) -> Json:
    merged = dict(now)
    for key, entry in (change or {}).items():
        if key == "@odata.type":
            continue
        if entry is None:
            merged.pop(key, None)
        else:
            kind = {"@odata.type": type_name} if type_name else {}
            merged[key] = {hint: "8585!P", **merged.get(key, {}), **entry, **kind, **by}
    return merged
