"""Stored issues, people and catalogues as Jira's REST v3 shows them.

In: stored forms. Out: JSON. `self` links name the gateway address that Atlassian gives since 2026, which no client may
follow with its token.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from . import defaults
from .world import Json, World

GATEWAY = "https://gateway.invalid/ex/jira/00000000-0000-0000-0000-000000000000/rest/api/3"
_NAVIGABLE_LEFT_OUT = frozenset({"timetracking"})


def moment(ms: int, zone: str = "UTC") -> str:
    """Jira's date-time: milliseconds, an offset without a colon, in the caller's profile zone."""
    local = datetime.fromtimestamp(ms / 1000, UTC).astimezone(ZoneInfo(zone))
    return f"{local:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}{local:%z}"


def person(world: World, account: str | None, *, whole: bool = False) -> Json | None:
    """A user; the mail address only where the profile shows it."""
    found = world.person(account)
    if found is None:
        return None
    shown: Json = {
        "self": f"{GATEWAY}/user?accountId={account}",
        "accountId": account,
        "accountType": found.get("type", "atlassian"),
        "displayName": found["name"],
        "active": found["active"],
        "timeZone": found.get("zone", "UTC"),
    }
    if not found.get("hidden_mail"):
        shown["emailAddress"] = found["mail"]
    if whole:
        shown["locale"] = "en_US"
    return shown


def status(found: Json) -> Json:
    category = defaults.CATEGORIES[found["category"]]
    return {
        "self": f"{GATEWAY}/status/{found['id']}",
        "id": found["id"],
        "name": found["name"],
        "description": "",
        "statusCategory": {"self": f"{GATEWAY}/statuscategory/{category['id']}", **category},
    }


def issue_type(found: Json) -> Json:
    return {"self": f"{GATEWAY}/issuetype/{found['id']}", "description": "", **found}


def priority(found: Json) -> Json:
    return {"self": f"{GATEWAY}/priority/{found['id']}", **found}


def project(found: Json) -> Json:
    return {
        "self": f"{GATEWAY}/project/{found['id']}",
        "id": found["id"],
        "key": found["key"],
        "name": found["name"],
        "projectTypeKey": "software",
        "simplified": False,
    }


def brief(world: World, issue: Json) -> Json:
    """A parent or linked issue inside another: some fields, no more."""
    return {
        "id": issue["id"],
        "key": issue["key"],
        "self": f"{GATEWAY}/issue/{issue['id']}",
        "fields": {
            "summary": issue["fields"]["summary"],
            "status": status(world.status(issue)),
            "issuetype": issue_type(world.data["types"][issue["fields"]["issuetype"]]),
        },
    }


def issue(world: World, found: Json, fields: Iterable[str], properties: Iterable[str], zone: str) -> Json:
    """An issue with the wanted fields and entity properties. `fields` as the request names them."""
    wanted = _wanted(world, list(fields))
    shown: Json = {
        "expand": "operations,versionedRepresentations,editmeta,changelog,renderedFields",
        "id": found["id"],
        "self": f"{GATEWAY}/issue/{found['id']}",
        "key": found["key"],
    }
    if wanted:
        shown["fields"] = {
            name: value(world, found, name, zone) for name in wanted if _is_shown(world, found, name)
        }
    if named := list(properties):
        shown["properties"] = {key: found["properties"][key] for key in named if key in found["properties"]}
    return shown


def _wanted(world: World, names: list[str]) -> list[str]:
    wanted: list[str] = []
    for name in names:
        if name in ("*all", "*navigable"):
            wanted += [f for f in world.data["fields"] if name == "*all" or f not in _NAVIGABLE_LEFT_OUT]
        elif name.startswith("-"):
            wanted = [f for f in (wanted or list(world.data["fields"])) if f != name[1:]]
        elif name in world.data["fields"]:
            wanted.append(name)
    return list(dict.fromkeys(wanted))


def _is_shown(world: World, found: Json, name: str) -> bool:
    if name != "parent":
        return True
    parent = world.data["issues"].get(found["fields"].get("parent"))
    return parent is not None and not parent["hidden"]


def value(world: World, found: Json, name: str, zone: str) -> Any:
    """One field of an issue."""
    if (show := _SHOWN.get(name)) is not None:
        return show(world, found, zone)
    stored = found["fields"].get(name)
    field = world.data["fields"][name]
    key = field["schema"].get("custom", "").rpartition(":")[2]
    if stored is None:
        return None
    if key == "userpicker":
        return person(world, stored)
    if key == "select":
        return _option(field, stored)
    if key == "multiselect":
        return [_option(field, one) for one in stored]
    return stored


def _option(field: Json, number: str) -> Json:
    found = next(option for option in field["options"] if option["id"] == number)
    return {"self": f"{GATEWAY}/customFieldOption/{number}", **found}


def _links(world: World, found: Json, zone: str) -> list[Json]:
    shown = []
    for link in world.links_of(found["id"]):
        kind = next(kind for kind in world.data["link_types"] if kind["id"] == link["type"])
        # Read back on the one that blocks: the other stands as outwardIssue; on the blocked one as inwardIssue.
        side = "outwardIssue" if link["inward"] == found["id"] else "inwardIssue"
        other = world.data["issues"].get(link["outward"] if side == "outwardIssue" else link["inward"])
        if other is None or other["hidden"]:
            continue
        shown.append(
            {
                "id": link["id"],
                "self": f"{GATEWAY}/issueLink/{link['id']}",
                "type": {"self": f"{GATEWAY}/issueLinkType/{kind['id']}", **kind},
                side: brief(world, other),
            }
        )
    return shown


def _estimate_text(seconds: int) -> str:
    minutes = seconds // 60
    parts = ((minutes // 480, "d"), (minutes % 480 // 60, "h"), (minutes % 60, "m"))
    return " ".join(f"{count}{unit}" for count, unit in parts if count) or "0m"


def _time_tracking(world: World, found: Json, zone: str) -> Json:
    shown: Json = {}
    for name, stored in (("originalEstimate", "timeoriginalestimate"), ("remainingEstimate", "timeestimate")):
        seconds = found["fields"].get(stored)
        if seconds is not None:
            shown |= {name: _estimate_text(seconds), f"{name}Seconds": seconds}
    return shown


def _priority(world: World, found: Json, zone: str) -> Json | None:
    number = found["fields"].get("priority")
    return next((priority(one) for one in world.data["priorities"] if one["id"] == number), None)


def _resolution(world: World, found: Json, zone: str) -> Json | None:
    if found["fields"].get("resolution") is None:
        return None
    return {"self": f"{GATEWAY}/resolution/10000", "id": "10000", "name": "Done", "description": ""}


_SHOWN: Mapping[str, Callable[[World, Json, str], Any]] = {
    "status": lambda world, found, zone: status(world.status(found)),
    "statusCategory": lambda world, found, zone: status(world.status(found))["statusCategory"],
    "issuetype": lambda world, found, zone: issue_type(world.data["types"][found["fields"]["issuetype"]]),
    "project": lambda world, found, zone: project(world.data["projects"][found["project"]]),
    "priority": _priority,
    "resolution": _resolution,
    "assignee": lambda world, found, zone: person(world, found["fields"].get("assignee")),
    "reporter": lambda world, found, zone: person(world, found["fields"].get("reporter")),
    "creator": lambda world, found, zone: person(world, found["creator"]),
    "labels": lambda world, found, zone: found["fields"].get("labels") or [],
    "created": lambda world, found, zone: moment(found["created"], zone),
    "updated": lambda world, found, zone: moment(found["updated"], zone),
    "issuelinks": _links,
    "timetracking": _time_tracking,
    "parent": lambda world, found, zone: brief(world, world.data["issues"][found["fields"]["parent"]]),
}


def history_entry(world: World, entry: Json, zone: str) -> Json:
    """One entry of the changelog."""
    shown: Json = {
        "id": entry["id"],
        "author": person(world, entry["by"]),
        "created": moment(entry["at"], zone),
        "items": [_history_item(world, item) for item in entry["items"]],
    }
    if "metadata" in entry:
        shown["historyMetadata"] = entry["metadata"]
    return shown


def _history_item(world: World, item: Json) -> Json:
    field = world.data["fields"].get(item["field"], {})
    shown: Json = {"field": field.get("name", item["field"]) if field.get("custom") else item["field"]}
    shown |= {"fieldtype": "custom" if field.get("custom") else "jira"}
    if field:
        shown["fieldId"] = item["field"]
    for side, told, text in (("from", "from", "fromString"), ("to", "to", "toString")):
        number, name = _history_value(world, item["field"], item[side])
        shown |= {told: number, text: item.get(f"{side}_text") or name}
    return {name: told for name, told in shown.items() if told is not None}


def _history_value(world: World, field: str, stored: Any) -> tuple[str | None, str | None]:
    """(the id, the text) of a value in the changelog."""
    if stored is None or stored == []:
        return None, None
    if field in ("assignee", "reporter"):
        return stored, (world.person(stored) or {"name": stored})["name"]
    if field == "status":
        return stored, world.data["statuses"][stored]["name"]
    if field == "priority":
        return stored, next(p["name"] for p in world.data["priorities"] if p["id"] == stored)
    if field == "parent":
        return stored, (world.data["issues"].get(stored) or {"key": stored})["key"]
    if isinstance(stored, list):
        return None, " ".join(map(str, stored))
    if isinstance(stored, dict):
        return None, plain(stored)
    return (stored if field in ("duedate", "Key", "Link") else None), str(stored)


def plain(node: Json) -> str:
    """The text of a document, as the changelog shows it."""
    if node.get("type") == "text":
        return str(node["text"])
    inner = "".join(plain(child) for child in node.get("content", ()))
    return inner + ("\n" if node.get("type") in ("paragraph", "heading") else "")
