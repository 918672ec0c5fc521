"""What people do in Planner's and SharePoint's own user interface.

In: a person's object id and changes in plain words (a bucket by name, people by mail, days as days). Out: the id of
what was made or changed. The interface needs no etag and knows three states of progress; it obeys the same limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import planner, sharepoint
from .etags import etag, touch
from .planner_values import ASSIGNMENT
from .wire import Call, Json
from .world import World

_PLAIN = {"percent": "percentComplete", "start": "startDateTime", "due": "dueDateTime"}
_JSON = {"content-type": "application/json"}


def user_of(world: World, mail: str) -> str:
    """The object id behind a mail address or an object id. Raises KeyError where nobody has it."""
    for user in world.table("users").values():
        if mail in (user["id"], user["mail"], user["userPrincipalName"]):
            return str(user["id"])
    raise KeyError(f"nobody in the emulated directory has the address {mail}")


def plan_of(world: World, name: str) -> str:
    """The id of the plan with this id or title; of the only plan, where `name` is empty."""
    plans = world.table("plans")
    found = [plan["id"] for plan in plans.values() if name in ("", plan["id"], plan["title"])]
    if len(found) != 1:
        raise KeyError(f"{len(found)} emulated plans answer to {name!r}")
    return str(found[0])


def edit_task(world: World, actor: str, task_id: str | None, changes: Mapping[str, Any]) -> str:
    """Make or change a task. See `M365Emulator.edit` for the words."""
    rest = dict(changes)
    plan = str(rest.pop("plan", ""))
    plan_id = plan_of(world, plan) if task_id is None else str(world.table("tasks")[task_id]["planId"])
    details = {name: rest.pop(name) for name in ("description", "references", "checklist") if name in rest}
    body = _body(world, plan_id, task_id, rest)
    if task_id is None:
        made = planner.post_task(
            world, Call("POST", "", headers=_JSON, body={**body, "planId": plan_id}, actor=actor)
        )
        task_id = str(made.body["id"])
    elif body:
        tag = etag(planner.TASK, world.table("tasks")[task_id])
        call = Call("PATCH", "", headers={**_JSON, "if-match": tag}, body=body, actor=actor)
        planner.patch_task(world, call, task_id)
    if details:
        tag = etag(planner.DETAILS, world.table("details")[task_id])
        call = Call("PATCH", "", headers={**_JSON, "if-match": tag}, body=details, actor=actor)
        planner.patch_details(world, call, task_id)
    return task_id


def _body(world: World, plan_id: str, task_id: str | None, changes: Json) -> Json:
    body: Json = {}
    row = world.table("tasks").get(task_id, {}) if task_id else {}
    for name, value in changes.items():
        if name in ("start", "due"):
            body[_PLAIN[name]] = f"{value}T10:00:00Z" if value else None
        elif name == "bucket":
            body["bucketId"] = _bucket(world, plan_id, value)
        elif name == "assignees":
            body["assignments"] = _assignments(world, row, value)
        elif name == "labels":
            body["appliedCategories"] = _categories(world, plan_id, row, value)
        else:
            body[_PLAIN.get(name, name)] = value
    return body


def _bucket(world: World, plan_id: str, name: str | None) -> str | None:
    rows = world.table("buckets").values()
    return next((b["id"] for b in rows if b["planId"] == plan_id and name in (b["id"], b["name"])), name)


def _assignments(world: World, row: Json, mails: list[str]) -> Json:
    wanted = {user_of(world, mail) for mail in mails}
    entry = {"@odata.type": f"#{ASSIGNMENT}", "orderHint": " !"}
    gone = set(row.get("assignments", {})) - wanted
    return {user: dict(entry) for user in sorted(wanted)} | dict.fromkeys(sorted(gone))


def _categories(world: World, plan_id: str, row: Json, labels: list[str]) -> Json:
    names = world.table("plan_details")[plan_id]["categoryDescriptions"]
    wanted = {next((n for n, title in names.items() if title == label), label) for label in labels}
    gone = set(row.get("appliedCategories", {})) - wanted
    return dict.fromkeys(sorted(wanted), True) | dict.fromkeys(sorted(gone), False)


def delete_task(world: World, actor: str, task_id: str) -> None:
    tag = etag(planner.TASK, world.table("tasks")[task_id])
    planner.delete_task(world, Call("DELETE", "", headers={"if-match": tag}, actor=actor), task_id)


def move_task(world: World, task_id: str, plan: str) -> None:
    """Move to another plan: the id stays, the bucket does not."""
    row = world.table("tasks")[task_id]
    row.update(planId=plan_of(world, plan), bucketId=None)
    touch(row, world.tick(), ("planId", "bucketId"))


def set_hidden(world: World, entity_id: str, *, hidden: bool) -> None:
    """Take the application's right to a task, plan, site or page away, or give it back."""
    forbidden = [each for each in world.state["forbidden"] if each != entity_id]
    world.state["forbidden"] = forbidden + [entity_id] * hidden


def rename_category(world: World, plan: str, category: str, title: str | None) -> None:
    """Rename a category of a plan (`category1`), or take its name away."""
    row = world.table("plan_details")[plan_of(world, plan)]
    row["categoryDescriptions"][category] = title
    touch(row, world.tick(), ("categoryDescriptions",))


def edit_page(world: World, actor: str, page_id: str, changes: Mapping[str, Any]) -> str:
    """Change a page in the browser: `title`, `html` (one more text), `open=True` leaves it checked out."""
    page = world.table("pages")[page_id]
    body: Json = {"@odata.type": sharepoint.PAGE_TYPE}
    if "title" in changes:
        body["title"] = changes["title"]
    if "html" in changes:
        part = {
            "@odata.type": "#microsoft.graph.textWebPart",
            "id": world.guid("part"),
            "innerHtml": changes["html"],
        }
        column = {"id": "1", "width": 12, "webparts": [part]}
        sections = page["_layout"]["horizontalSections"]
        added = {"id": str(len(sections) + 1), "layout": "oneColumn", "columns": [column]}
        body["canvasLayout"] = {"horizontalSections": [*sections, added]}
    call = Call("PATCH", "", headers=_JSON, body=body, actor=actor)
    sharepoint.patch_page(world, call, page["_site"], page_id)
    if not changes.get("open"):
        sharepoint.publish_page(world, Call("POST", "", actor=actor), page["_site"], page_id)
    return page_id
