"""Fills the emulated site: people, fields, projects, issues.

In: what `JiraEmulator.seed` takes (its docstring has the form). Out: entries in the site's document. What is not said
is as in `defaults.py`.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from . import defaults
from .ui import Desk
from .world import Json, World


def fill(world: World, desk: Desk, data: Mapping[str, Any]) -> dict[str, str]:
    """Add everything in `data`; gives the issue ids by the `ref` they were seeded with."""
    for person in data.get("people", ()):
        add_person(world, person)
    if "token" in data:
        world.data["token"] = data["token"]
    if "service" in data:
        world.data["service"] = world.account(data["service"]) or add_person(world, {"mail": data["service"]})
    for name, status in (data.get("statuses") or {}).items():
        number = str(world.number("status", 10010))
        world.data["statuses"][number] = {"id": number, "name": name, "category": status}
    for field in data.get("fields", ()):
        add_field(world, field)
    for project in data.get("projects", ()):
        add_project(world, project)
    refs: dict[str, str] = {}
    for issue in data.get("issues", ()):
        add_issue(world, desk, issue, refs)
    for issue in data.get("issues", ()):
        if blocked := issue.get("blocks"):
            ends = [refs.get(name, name) for name in blocked]
            desk.edit(_author(world, issue), refs[issue.get("ref", issue["summary"])], {"blocks": ends})
    if "index_lag" in data:
        world.data["index_lag"] = data["index_lag"]
    return refs


def add_person(world: World, person: Mapping[str, Any]) -> str:
    """A user; the account id is derived from the mail address, so that it is the same in every run."""
    known = world.account(person["mail"])
    digest = hashlib.sha256(person["mail"].lower().encode()).hexdigest()
    account = str(
        person.get("account") or known or f"{digest[:6]}:{digest[6:14]}-{digest[14:18]}-{digest[18:22]}"
    )
    world.data["people"][account] = {
        "mail": person["mail"],
        "name": person.get("name") or person["mail"].partition("@")[0],
        "active": person.get("active", True),
        "hidden_mail": person.get("hidden_mail", False),
        "zone": person.get("zone", "UTC"),
        "type": person.get("type", "atlassian"),
    }
    return account


def add_field(world: World, field: Mapping[str, Any]) -> str:
    """A custom field of one of the kinds in `defaults.CUSTOM_KINDS`."""
    kind, key, items = defaults.CUSTOM_KINDS[field["type"]]
    number = int(str(field.get("id") or f"customfield_{world.number('field', 10040)}").rpartition("_")[2])
    made = defaults.custom(number, field["name"], kind, key, items=items)
    if "options" in field:
        made["options"] = [
            {"id": str(world.number("option", 10500)), "value": value} for value in field["options"]
        ]
    world.data["fields"][made["id"]] = made
    for project in world.data["projects"].values():
        if made["id"] not in project["screen"]:
            project["screen"].append(made["id"])
    return str(made["id"])


def add_project(world: World, project: Mapping[str, Any]) -> None:
    """A company-managed project; `types` by name, `workflow` and `required` as in `defaults.py`."""
    number = str(world.number("project", 10000))
    kinds = world.data["types"]
    for name in project.get("types", ()):
        if not any(kind["name"] == name for kind in kinds.values()):
            new = str(world.number("type", 10110))
            kinds[new] = {"id": new, "name": name, "hierarchyLevel": 0, "subtask": False}
    wanted = project.get("types") or [kind["name"] for kind in kinds.values()]
    editable = [name for name, field in world.data["fields"].items() if field["editable"]]
    world.data["projects"][number] = {
        "id": number,
        "key": project["key"],
        "old_keys": [],
        "name": project.get("name", project["key"]),
        "types": [kind["id"] for kind in kinds.values() if kind["name"] in wanted],
        "workflow": _workflow(world, project.get("workflow")),
        "screen": [name for name in editable if name not in _named(world, project.get("off_screen", ()))],
        "required": _named(world, project.get("required", ())),
    }


def _workflow(world: World, asked: Mapping[str, Any] | None) -> Json:
    """`{"initial": NAME, "transitions": [{"name", "from": [NAME, …] or None, "to": NAME, "fields"?}]}`."""
    if asked is None:
        return copy.deepcopy(defaults.WORKFLOW)
    made = []
    for count, one in enumerate(asked["transitions"]):
        starts = None if one.get("from") is None else [world.find_status(name)["id"] for name in one["from"]]
        made.append(
            {**one, "id": str(11 + 10 * count), "from": starts, "to": world.find_status(one["to"])["id"]}
        )
    return {"initial": world.find_status(asked["initial"])["id"], "transitions": made}


def _named(world: World, names: Iterable[str]) -> list[str]:
    """Field ids from ids or names."""
    by_name = {field["name"]: number for number, field in world.data["fields"].items()}
    return [by_name.get(name, name) for name in names]


def add_issue(world: World, desk: Desk, issue: Mapping[str, Any], refs: dict[str, str]) -> None:
    """As a person creates it, and then moves it to its status."""
    given = {name: value for name, value in issue.items() if name not in ("ref", "by", "blocks", "status")}
    if (parent := given.get("parent")) is not None:
        given["parent"] = refs.get(parent, parent)
    number = desk.edit(_author(world, issue), None, given)
    if "status" in issue:
        desk.force_status(number, issue["status"])
    refs[issue.get("ref", issue["summary"])] = number


def _author(world: World, issue: Mapping[str, Any]) -> str:
    return str(issue.get("by") or world.data["people"][world.data["service"]]["mail"])
