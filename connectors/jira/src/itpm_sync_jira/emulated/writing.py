"""How an issue comes to be and how its fields change: the rules that a person and the API share.

In: fields by id, as a request names them, and who acts. Out: the changed world, or a Refusal with every fault found.
"""

from __future__ import annotations

from typing import Any

from itpm_sync.emulation import Refusal

from . import defaults, values
from .refusals import bad_field, no_project, not_settable, refusal
from .world import Json, World

_ON_CREATE_ONLY = frozenset({"project"})


def read_fields(world: World, given: Json, project: Json, *, creating: bool) -> Json:
    """Stored forms of what a request sets. Raises Refusal (400) naming every field that cannot be set."""
    errors: dict[str, str] = {}
    stored: Json = {}
    for name, value in given.items():
        if creating and name in _ON_CREATE_ONLY:
            continue
        field = world.data["fields"].get(name)
        if field is None or not field["editable"] or name not in project["screen"]:
            errors[name] = not_settable(name)
            continue
        try:
            stored[name] = values.stored(world, field, value)
        except ValueError as wrong:
            if str(wrong) == "INVALID_INPUT":
                raise refusal(400, ["INVALID_INPUT"]) from None
            errors[name] = str(wrong)
    if errors:
        raise refusal(400, (), errors)
    return _estimates(stored)


def _estimates(stored: Json) -> Json:
    tracking = stored.pop("timetracking", None)
    if tracking is None:
        return stored
    if "originalEstimate" in tracking:
        stored["timeoriginalestimate"] = tracking["originalEstimate"]
    if "remainingEstimate" in tracking:
        stored["timeestimate"] = tracking["remainingEstimate"]
    return stored


def create(world: World, given: Json, by: str, *, properties: Json) -> Json:
    """A new issue; its creation is no entry of its history. Raises Refusal (400) where Jira would."""
    project = _project(world, given.get("project"))
    stored = read_fields(world, given, project, creating=True)
    missing = {
        name: f"{world.data['fields'][name]['name']} is required."
        for name in ("summary", "issuetype", *project["required"])
        if stored.get(name) in (None, "", [])
    }
    if missing:
        raise refusal(400, (), missing)
    if stored["issuetype"] not in project["types"]:
        raise bad_field("issuetype", "The issue type selected is invalid.")
    check_parent(world, None, stored["issuetype"], project, stored.get("parent"))
    if stored.get("timeestimate") is None and stored.get("timeoriginalestimate") is not None:
        stored["timeestimate"] = stored["timeoriginalestimate"]
    number, count = str(world.number("issue", 10001)), world.number(f"key {project['id']}")
    now = world.now()
    issue: Json = {
        "id": number,
        "key": f"{project['key']}-{count}",
        "old_keys": [],
        "project": project["id"],
        "creator": by,
        "created": now,
        "updated": now,
        "hidden": False,
        "properties": properties,
        "fields": {
            "status": project["workflow"]["initial"],
            "reporter": by,
            "priority": defaults.DEFAULT_PRIORITY if "priority" in project["screen"] else None,
            **stored,
        },
    }
    world.add(issue)
    return issue


def _project(world: World, given: Any) -> Json:
    name = given.get("key", given.get("id")) if isinstance(given, dict) else None
    if not isinstance(name, str):
        raise bad_field("project", "Specify a valid project ID or key")
    try:
        return world.project(name)
    except Refusal:
        raise bad_field("project", "Specify a valid project ID or key") from None


def edit(world: World, issue: Json, given: Json, by: str, metadata: Json | None = None) -> None:
    """Set fields of an issue. Raises Refusal (400) where Jira would; then nothing is changed."""
    project = world.data["projects"][issue["project"]]
    stored = read_fields(world, given, project, creating=False)
    kind = stored.get("issuetype", issue["fields"]["issuetype"])
    if kind not in project["types"]:
        raise bad_field("issuetype", "The issue type selected is invalid.")
    if "summary" in stored and not stored["summary"]:
        raise bad_field("summary", "You must specify a summary of the issue.")
    if "parent" in stored or "issuetype" in stored:
        check_parent(world, issue["id"], kind, project, stored.get("parent", issue["fields"].get("parent")))
    if "timeoriginalestimate" in stored and issue["fields"].get("timeestimate") is None:
        stored.setdefault("timeestimate", stored["timeoriginalestimate"])
    with world.changing(issue, by, metadata):
        issue["fields"] |= stored


def check_parent(world: World, issue_id: str | None, kind: str, project: Json, parent: str | None) -> None:
    """The parent is one level up (a sub-task must have one, of its own project), and no circle is closed."""
    level = world.data["types"][kind]["hierarchyLevel"]
    if parent is None:
        if level < 0:
            raise bad_field("parent", "Issue type is a sub-task but parent issue key or id not specified.")
        return
    above = world.data["issues"][parent]
    fits = world.data["types"][above["fields"]["issuetype"]]["hierarchyLevel"] == level + 1
    if not fits or parent == issue_id or (level < 0 and above["project"] != project["id"]):
        raise bad_field("parentId", "Given parent work item does not belong to appropriate hierarchy.")


def move_status(world: World, issue: Json, transition: Json, by: str, metadata: Json | None = None) -> None:
    """Take a transition: the status, and with it the resolution."""
    status = world.data["statuses"][transition["to"]]
    with world.changing(issue, by, metadata):
        issue["fields"]["status"] = status["id"]
        if status["category"] != "done":
            issue["fields"]["resolution"] = issue["fields"]["resolutiondate"] = None
        elif issue["fields"].get("resolution") is None:
            issue["fields"]["resolution"] = "10000"
            issue["fields"]["resolutiondate"] = _stamp(world)


def _stamp(world: World) -> str:
    from .views import moment

    return moment(world.now())


def move_project(world: World, issue: Json, key: str, by: str) -> None:
    """Move to another project: the id stays, the key is a new one, the old one still leads here."""
    project = next((p for p in world.data["projects"].values() if p["key"] == key), None)
    if project is None:
        raise no_project(key)
    with world.changing(issue, by):
        issue["old_keys"].append(issue["key"])
        issue["project"] = project["id"]
        issue["key"] = f"{project['key']}-{world.number('key ' + project['id'])}"
        if issue["fields"]["issuetype"] not in project["types"]:
            issue["fields"]["issuetype"] = project["types"][0]
