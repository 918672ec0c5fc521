"""Planner: plans, buckets, tasks and their details, as Microsoft Graph v1.0 behaves.

In: a `Call` and the ids from its path. Out: an `Answer`. Plans hold tasks; a task's description and references are a
second resource with its own etag. Facts: the planner-overview page of the Graph reference, its etag and limit rules.
"""

from __future__ import annotations

from .etags import check_match, public
from .planner_changes import apply, apply_details, fresh, limit, paths
from .planner_values import CHANGEABLE, CREATABLE, check_dates, check_details, check_names, check_task
from .wire import Answer, Call, Json, allow_query, bad, not_found, require_json, selected
from .world import World

TASK, DETAILS, BUCKET, PLAN, PLAN_DETAILS = "Task", "TaskDet", "Bucket", "Plan", "PlanDet"


def new_plan(world: World, title: str, *, group: str, categories: Json | None = None) -> str:
    """Make a plan in a group; `categories` names categories, as in `{"category1": "Cabling"}`. Returns its id."""
    plan_id = world.planner_id("plan")
    version = world.tick()
    url = f"https://graph.microsoft.com/v1.0/groups/{group}"
    world.table("plans")[plan_id] = {
        "id": plan_id,
        "title": title,
        "owner": group,
        "createdDateTime": world.stamp(),
        "createdBy": world.identity(""),
        "container": {"containerId": group, "type": "group", "url": url},
        "_version": version,
        "_touched": {},
    }
    names = {f"category{n}": None for n in range(1, 26)} | (categories or {})
    world.table("plan_details")[plan_id] = {
        "id": plan_id,
        "categoryDescriptions": names,
        "sharedWith": {},
        "_version": version,
        "_touched": {},
    }
    return plan_id


def _row(world: World, table: str, row_id: str) -> Json:
    world.check_allowed(row_id)
    row: Json | None = world.table(table).get(row_id)
    if row is None:
        raise not_found()
    return row


def get_plan(world: World, call: Call, plan_id: str) -> Answer:
    allow_query(call, "$select")
    return Answer(200, selected(public(PLAN, _row(world, "plans", plan_id)), call.query))


def get_plan_details(world: World, call: Call, plan_id: str) -> Answer:
    allow_query(call)
    _row(world, "plans", plan_id)
    return Answer(200, public(PLAN_DETAILS, _row(world, "plan_details", plan_id)))


def group_plans(world: World, call: Call, group_id: str) -> Answer:
    allow_query(call, "$select")
    _row(world, "groups", group_id)
    rows = [row for row in world.table("plans").values() if row["owner"] == group_id]
    return Answer(200, {"value": [selected(public(PLAN, row), call.query) for row in rows]})


def list_buckets(world: World, call: Call, plan_id: str) -> Answer:
    allow_query(call, "$select")
    _row(world, "plans", plan_id)
    rows = [row for row in world.table("buckets").values() if row["planId"] == plan_id]
    return Answer(200, {"value": [public(BUCKET, row) for row in rows]})


def post_bucket(world: World, call: Call) -> Answer:
    body = require_json(call)
    check_names(body, {"name", "planId", "orderHint"})
    plan_id = body.get("planId")
    if not isinstance(plan_id, str) or plan_id not in world.table("plans"):
        raise bad("A bucket needs the 'planId' of an existing plan.")
    world.check_allowed(plan_id)
    if not isinstance(body.get("name"), str) or not body["name"].strip():
        raise bad("A bucket needs a 'name'.")
    limit(
        world,
        "MaximumBucketsInProject",
        sum(b["planId"] == plan_id for b in world.table("buckets").values()) + 1,
    )
    bucket_id = world.planner_id("bucket")
    row = {"id": bucket_id, "name": body["name"], "planId": plan_id, "orderHint": f"85{world.tick():014d}P"}
    world.table("buckets")[bucket_id] = row | {"_version": world.tick(), "_touched": {}}
    return Answer(201, public(BUCKET, world.table("buckets")[bucket_id]))


def list_tasks(world: World, call: Call, plan_id: str) -> Answer:
    """A page of a plan's tasks. `$expand=details` only where the tenant takes it."""
    allow_query(call, "$expand", "$skiptoken", "$select")
    _row(world, "plans", plan_id)
    expand = call.query.get("$expand", "")
    if expand and (expand != "details" or not world.switch("expand_details")):
        raise bad(f"The query specified in the URI is not valid. '{expand}' cannot be expanded.")
    hidden = set(world.state["forbidden"])
    rows = [
        row for row in world.table("tasks").values() if row["planId"] == plan_id and row["id"] not in hidden
    ]
    return Answer(200, _page(world, call, rows, expand=bool(expand)))


def _page(world: World, call: Call, rows: list[Json], *, expand: bool) -> Json:
    token = call.query.get("$skiptoken", "")
    if token and not token.isdigit():
        raise bad("The skip token is not valid.")
    size = world.switch("page_size")
    after = [row for row in rows if row["_serial"] > int(token or 0)]
    shown = [
        selected(public(TASK, row), call.query) | ({"details": _details(world, row["id"])} if expand else {})
        for row in after[:size]
    ]
    page: Json = {"@odata.count": len(shown), "value": shown}
    if len(after) > size:
        options = "".join(f"{name}={value}&" for name, value in call.query.items() if name != "$skiptoken")
        page["@odata.nextLink"] = f"{call.base}/{call.path}?{options}$skiptoken={after[size - 1]['_serial']}"
    return page


def _details(world: World, task_id: str) -> Json:
    return public(DETAILS, world.table("details")[task_id])


def get_task(world: World, call: Call, task_id: str) -> Answer:
    allow_query(call, "$select", "$expand")
    row = _row(world, "tasks", task_id)
    world.check_allowed(row["planId"])
    shown = selected(public(TASK, row), call.query)
    if call.query.get("$expand") == "details":
        shown = shown | {"details": _details(world, task_id)}
    return Answer(200, shown)


def post_task(world: World, call: Call) -> Answer:
    body = require_json(call)
    check_names(body, CREATABLE)
    plan_id = body.get("planId")
    if not isinstance(plan_id, str) or plan_id not in world.table("plans"):
        raise bad("A task needs the 'planId' of an existing plan.")
    world.check_allowed(plan_id)
    if "title" not in body:
        raise bad("A task needs a 'title'.")
    check_task(world, plan_id, body)
    check_dates(body.get("startDateTime"), body.get("dueDateTime"))
    check_details(body.get("details") or {})
    tasks = [row for row in world.table("tasks").values() if row["planId"] == plan_id]
    limit(world, "MaximumTasksInProject", len(tasks) + 1)
    if body.get("percentComplete", 0) < 100:
        limit(world, "MaximumActiveTasksInProject", sum(row["percentComplete"] < 100 for row in tasks) + 1)
    row, details = fresh(world, call, plan_id)
    apply(
        world,
        row,
        {n: v for n, v in body.items() if n not in ("planId", "details", "@odata.type")},
        call.actor,
    )
    apply_details(world, row, details, body.get("details") or {}, call.actor)
    world.table("tasks")[row["id"]], world.table("details")[row["id"]] = row, details
    return Answer(201, public(TASK, row))


def patch_task(world: World, call: Call, task_id: str) -> Answer:
    body = require_json(call)
    row = _row(world, "tasks", task_id)
    world.check_allowed(row["planId"])
    check_names(body, CHANGEABLE)
    check_match(TASK, row, call.headers, paths(body))
    check_task(world, row["planId"], body)
    check_dates(body.get("startDateTime", row["startDateTime"]), body.get("dueDateTime", row["dueDateTime"]))
    if body.get("percentComplete", 100) < 100 and row["percentComplete"] == 100:
        tasks = [t for t in world.table("tasks").values() if t["planId"] == row["planId"]]
        limit(world, "MaximumActiveTasksInProject", sum(t["percentComplete"] < 100 for t in tasks) + 1)
    apply(world, row, {n: v for n, v in body.items() if n != "@odata.type"}, call.actor)
    return _changed(call, public(TASK, row))


def _changed(call: Call, entity: Json) -> Answer:
    if call.headers.get("prefer", "").replace(" ", "") == "return=representation":
        return Answer(200, entity, {"Preference-Applied": "return=representation"})
    return Answer(204)


def delete_task(world: World, call: Call, task_id: str) -> Answer:
    row = _row(world, "tasks", task_id)
    world.check_allowed(row["planId"])
    check_match(TASK, row, call.headers, ())
    del world.table("tasks")[task_id]
    del world.table("details")[task_id]
    return Answer(204)


def get_details(world: World, call: Call, task_id: str) -> Answer:
    allow_query(call, "$select")
    row = _row(world, "details", task_id)
    world.check_allowed(world.table("tasks")[task_id]["planId"])
    if row.get("_lag", 0) > 0:
        row["_lag"] -= 1
        raise not_found("The details of the task are not available yet.")
    return Answer(200, selected(public(DETAILS, row), call.query))


def patch_details(world: World, call: Call, task_id: str) -> Answer:
    body = require_json(call)
    row = _row(world, "details", task_id)
    task = world.table("tasks")[task_id]
    world.check_allowed(task["planId"])
    check_details(body)
    check_match(DETAILS, row, call.headers, paths(body))
    apply_details(world, task, row, body, call.actor)
    return _changed(call, public(DETAILS, row))
