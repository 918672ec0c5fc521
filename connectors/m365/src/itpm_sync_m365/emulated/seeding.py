"""Fills an emulated tenant from plain data: people, groups, plans with buckets and tasks, sites.

In: JSON data as a scenario writes it. Out: the tenant's state. Everything may be named by what people see: mail
addresses, titles, names of buckets and categories. `id` may be given where a configuration must know it beforehand.

    {"people": [{"name": "Ann Ames", "mail": "ann@example.org"}],
     "groups": [{"name": "PMO", "members": ["ann@example.org"]}],
     "plans": [{"title": "Refresh", "group": "PMO", "categories": {"category1": "Cabling"}, "buckets": ["To do"],
                "tasks": [{"title": "Order racks", "bucket": "To do", "due": "2026-03-02", "percent": 50,
                           "assignees": ["ann@example.org"], "labels": ["Cabling"], "description": "…"}]}],
     "sites": [{"host": "contoso.example", "path": "sites/pmo", "title": "PMO"}],
     "switches": {"page_size": 50}, "limits": {"MaximumActiveTasksInProject": 3000}}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import directory, planner, sharepoint
from .people_edit import edit_task, user_of
from .wire import Call, Json
from .world import World


def fill(world: World, data: Mapping[str, Any]) -> None:
    """Add all of `data`. Raises KeyError where it refers to somebody or something that is not there."""
    world.state["switches"].update(data.get("switches", {}))
    world.state["limits"].update(data.get("limits", {}))
    for person in data.get("people", ()):
        _person(world, person)
    for group in data.get("groups", ()):
        directory.new_group(world, group["name"], [user_of(world, mail) for mail in group.get("members", ())])
    for plan in data.get("plans", ()):
        _plan(world, plan)
    for site in data.get("sites", ()):
        made = sharepoint.new_site(world, site["host"], site["path"], site.get("title", site["path"]))
        if "id" in site:
            _rename_site(world, made, site["id"])


def _person(world: World, person: Mapping[str, Any]) -> None:
    mail = person.get("mail", "")
    made = directory.new_user(
        world,
        person["name"],
        mail,
        upn=person.get("upn", ""),
        enabled=person.get("enabled", True),
        aliases=tuple(person.get("aliases", ())),
    )
    if "id" in person:
        users = world.table("users")
        users[person["id"]] = users.pop(made) | {"id": person["id"]}


def _group(world: World, name: str) -> str:
    for group in world.table("groups").values():
        if name in (group["id"], group["displayName"]):
            return str(group["id"])
    return directory.new_group(world, name, [])


def _plan(world: World, plan: Mapping[str, Any]) -> None:
    group = _group(world, plan.get("group", plan["title"]))
    plan_id = planner.new_plan(world, plan["title"], group=group, categories=plan.get("categories"))
    if "id" in plan:
        for table in ("plans", "plan_details"):
            rows = world.table(table)
            rows[plan["id"]] = rows.pop(plan_id) | {"id": plan["id"]}
        plan_id = plan["id"]
    headers = {"content-type": "application/json"}
    for name in plan.get("buckets", ()):
        planner.post_bucket(world, Call("POST", "", headers=headers, body={"name": name, "planId": plan_id}))
    for task in plan.get("tasks", ()):
        _task(world, plan_id, task)


def _task(world: World, plan_id: str, task: Mapping[str, Any]) -> None:
    changes: Json = {name: value for name, value in task.items() if name not in ("id", "by")}
    actor = user_of(world, task["by"]) if "by" in task else ""
    made = edit_task(world, actor, None, {**changes, "plan": plan_id})
    if "id" in task:
        for table in ("tasks", "details"):
            rows = world.table(table)
            rows[task["id"]] = rows.pop(made) | {"id": task["id"]}


def _rename_site(world: World, made: str, wanted: str) -> None:
    sites, drives = world.table("sites"), world.table("drives")
    sites[wanted] = sites.pop(made) | {"id": wanted}
    for drive in drives.values():
        if drive["_site"] == made:
            drive["_site"] = wanted
