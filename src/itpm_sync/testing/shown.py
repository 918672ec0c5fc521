"""What a person sees of an item in each of the four tools, read from the emulators' own state, not through connectors.

In: an emulator (or a plan's bytes) and a native id. Out: `Shown`: plain words, the same for every tool; None for what
that tool does not hold.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

_MSPDI = "{http://schemas.microsoft.com/project}"
_TEXT6, _TEXT30 = "188743746", "188744016"  # FieldIDs, from Project's own list
_JIRA = {"new": "todo", "indeterminate": "doing", "done": "done"}
_SHEET = {
    "Not Started": "todo",
    "In Progress": "doing",
    "On Hold": "doing",
    "Complete": "done",
    "Cancelled": "dropped",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One record as a person sees it."""

    title: str
    start: str | None
    """ISO day."""
    finish: str | None
    category: str | None
    """todo, doing, done, dropped; None where the tool says nothing."""
    percent: float | None
    people: frozenset[str] | None
    """Mail addresses."""
    labels: frozenset[str]
    description: str
    key: str | None = None
    """Our key, as the record carries it."""


# ── Jira ──


def in_jira(emulator: Any, native: str) -> Shown:
    """An issue. Jira holds no percentage."""
    issue = emulator.world.any_issue(native)
    fields = emulator.shown(native)
    person = fields["assignee"] and emulator.state["people"][fields["assignee"]["accountId"]]["mail"]
    return Shown(
        fields["summary"],
        fields.get("customfield_10015"),
        fields["duedate"],
        _JIRA[fields["status"]["statusCategory"]["key"]],
        None,
        frozenset({person} if person else ()),
        frozenset(fields["labels"]),
        _text(fields["description"]),
        (issue["properties"].get("itpm-sync") or {}).get("key"),
    )


def _text(node: Any) -> str:
    if node is None:
        return ""
    inner = [_text(child) for child in node.get("content", ())]
    return str(node.get("text", "")) + ("\n" if node.get("type") == "doc" else "").join(inner)


# ── Smartsheet ──


def in_sheets(emulator: Any, native: str) -> Shown:
    """A row, by the titles of its columns."""
    sheet = next(sheet for sheet in emulator.world.sheets.values() if int(native) in sheet.rows)
    return sheet_row(sheet, sheet.rows[int(native)])


def sheet_row(sheet: Any, row: Any) -> Shown:
    """A row of a sheet."""
    cells = {column.title: _cell(row.cells.get(column.id)) for column in sheet.columns}
    percent = cells.get("% Complete")
    return Shown(
        str(cells["Task Name"]),
        cells.get("Start"),
        cells.get("Finish"),
        _SHEET.get(str(cells.get("Status"))),
        round(100 * percent, 6) if isinstance(percent, int | float) else None,
        frozenset(cells.get("Assigned To") or ()),
        frozenset(cells.get("Labels") or ()),
        cells.get("Description") or "",
        cells.get("itpm-sync ID"),
    )


def _cell(cell: Any) -> Any:
    """What a cell holds; of a contact or a choice of several: the mail addresses, the choices."""
    if cell is None:
        return None
    if cell.objects is not None:
        return [one["email"] if isinstance(one, dict) else one for one in cell.objects]
    return cell.value


# ── Planner ──


def in_planner(emulator: Any, native: str, zone: str) -> Shown:
    """A task; its days as somebody in the project's zone sees them."""
    task, details = emulator.state["tasks"][native], emulator.state["details"][native]
    names = emulator.state["plan_details"][task["planId"]]["categoryDescriptions"]
    percent = task["percentComplete"]
    mails = {user["id"]: user["mail"] for user in emulator.state["users"].values()}
    keys = [link.partition("#itpm=")[2] for link in map(_decoded, details["references"]) if "#itpm=" in link]
    return Shown(
        task["title"],
        _day(task["startDateTime"], zone),
        _day(task["dueDateTime"], zone),
        "done" if percent == 100 else "doing" if percent else "todo",
        percent,
        frozenset(mails[user] for user in task["assignments"]),
        frozenset(names[category] or category for category, on in task["appliedCategories"].items() if on),
        details["description"] or "",
        keys[0] if keys else None,
    )


def _decoded(name: str) -> str:
    from urllib.parse import unquote

    return unquote(name)


def _day(moment: str | None, zone: str) -> str | None:
    if moment is None:
        return None
    return str(datetime.fromisoformat(moment).astimezone(ZoneInfo(zone)).date())


# ── Microsoft Project ──


def in_plan(file: Path) -> dict[str, Shown]:
    """The tasks of an MSPDI file, the project's own row apart, by GUID, else by UID (`uid-7`)."""
    root = ET.fromstring(file.read_bytes())
    mails = {
        _one(resource, "UID"): _one(resource, "EmailAddress") or _one(resource, "Name")
        for resource in root.iter(f"{_MSPDI}Resource")
    }
    people: dict[str, set[str]] = {}
    for one in root.iter(f"{_MSPDI}Assignment"):
        if _one(one, "ResourceUID") in mails:
            people.setdefault(_one(one, "TaskUID"), set()).add(mails[_one(one, "ResourceUID")])
    return {
        _one(task, "GUID") or f"uid-{_one(task, 'UID')}": _task(task, people.get(_one(task, "UID"), set()))
        for task in root.iter(f"{_MSPDI}Task")
        if _one(task, "UID") != "0"
    }


def _task(task: ET.Element, people: set[str]) -> Shown:
    percent, started = float(_one(task, "PercentComplete") or 0), _one(task, "ActualStart")
    custom = _custom(task)
    return Shown(
        _one(task, "Name"),
        _one(task, "Start")[:10] or None,
        _one(task, "Finish")[:10] or None,
        "done" if percent == 100 else "doing" if percent or started else "todo",
        percent,
        frozenset(people),
        frozenset(label.strip() for label in custom.get(_TEXT6, "").split(",") if label.strip()),
        _one(task, "Notes"),
        custom.get(_TEXT30),
    )


def _custom(task: ET.Element) -> Mapping[str, str]:
    return {_one(one, "FieldID"): _one(one, "Value") for one in task.iter(f"{_MSPDI}ExtendedAttribute")}


def _one(element: ET.Element, name: str) -> str:
    return (element.findtext(f"{_MSPDI}{name}") or "").strip()
