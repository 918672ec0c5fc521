"""What a fresh Jira Cloud site has: fields, issue types, statuses, one workflow, priorities, link types.

In: nothing. Out: JSON values for the emulator's state. Names and ids are those of a company-managed project's
templates; a test may seed others, no connector may rely on them.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

SERVICE_MAIL = "itpm-sync@example.org"
SERVICE_NAME = "itpm-sync service"
TOKEN = "emulated-api-token"

CATEGORIES: dict[str, Json] = {
    "new": {"id": 2, "key": "new", "colorName": "blue-gray", "name": "To Do"},
    "indeterminate": {"id": 4, "key": "indeterminate", "colorName": "yellow", "name": "In Progress"},
    "done": {"id": 3, "key": "done", "colorName": "green", "name": "Done"},
}

STATUSES: list[Json] = [
    {"id": "10000", "name": "To Do", "category": "new"},
    {"id": "10001", "name": "In Progress", "category": "indeterminate"},
    {"id": "10002", "name": "In Review", "category": "indeterminate"},
    {"id": "10003", "name": "Done", "category": "done"},
]

WORKFLOW: Json = {
    "initial": "10000",
    "transitions": [
        {"id": "11", "name": "Back to the list", "from": None, "to": "10000"},
        {"id": "21", "name": "Start work", "from": None, "to": "10001"},
        {"id": "31", "name": "Ask for review", "from": None, "to": "10002"},
        {"id": "41", "name": "Finish", "from": None, "to": "10003"},
    ],
}
"""`from` None is a global transition; else the ids of the statuses it starts in."""

ISSUE_TYPES: list[Json] = [
    {"id": "10100", "name": "Epic", "hierarchyLevel": 1, "subtask": False},
    {"id": "10101", "name": "Task", "hierarchyLevel": 0, "subtask": False},
    {"id": "10102", "name": "Milestone", "hierarchyLevel": 0, "subtask": False},
    {"id": "10103", "name": "Risk", "hierarchyLevel": 0, "subtask": False},
    {"id": "10104", "name": "Sub-task", "hierarchyLevel": -1, "subtask": True},
]

PRIORITIES: list[Json] = [
    {"id": "1", "name": "Highest"},
    {"id": "2", "name": "High"},
    {"id": "3", "name": "Medium"},
    {"id": "4", "name": "Low"},
    {"id": "5", "name": "Lowest"},
]
DEFAULT_PRIORITY = "3"

LINK_TYPES: list[Json] = [
    {"id": "10000", "name": "Blocks", "inward": "is blocked by", "outward": "blocks"},
    {"id": "10001", "name": "Relates", "inward": "relates to", "outward": "relates to"},
    {"id": "10002", "name": "Duplicate", "inward": "is duplicated by", "outward": "duplicates"},
]

PERMISSIONS: dict[str, str] = {
    "BROWSE_PROJECTS": "Browse Projects",
    "CREATE_ISSUES": "Create Issues",
    "EDIT_ISSUES": "Edit Issues",
    "TRANSITION_ISSUES": "Transition Issues",
    "ASSIGN_ISSUES": "Assign Issues",
    "LINK_ISSUES": "Link Issues",
    "DELETE_ISSUES": "Delete Issues",
    "SCHEDULE_ISSUES": "Schedule Issues",
    "USER_PICKER": "Browse users and groups",
}


def _system(field_id: str, name: str, kind: str, *, items: str | None = None, editable: bool = True) -> Json:
    schema: Json = {"type": kind, "system": field_id}
    if items:
        schema["items"] = items
    return {"id": field_id, "name": name, "custom": False, "schema": schema, "editable": editable}


def custom(number: int, name: str, kind: str, custom_key: str, *, items: str | None = None) -> Json:
    """A custom field of Jira's own kinds."""
    schema: Json = {
        "type": kind,
        "custom": f"com.atlassian.jira.plugin.system.customfieldtypes:{custom_key}",
        "customId": number,
    }
    if items:
        schema["items"] = items
    return {"id": f"customfield_{number}", "name": name, "custom": True, "schema": schema, "editable": True}


CUSTOM_KINDS: dict[str, tuple[str, str, str | None]] = {
    "date": ("date", "datepicker", None),
    "datetime": ("datetime", "datetime", None),
    "number": ("number", "float", None),
    "text": ("string", "textfield", None),
    "paragraph": ("string", "textarea", None),
    "option": ("option", "select", None),
    "options": ("array", "multiselect", "option"),
    "labels": ("array", "labels", "string"),
    "person": ("user", "userpicker", None),
    "url": ("string", "url", None),
}
"""The kinds that a seed may name: (schema type, key of the field type, items)."""

FIELDS: list[Json] = [
    _system("summary", "Summary", "string"),
    _system("issuetype", "Issue Type", "issuetype"),
    _system("project", "Project", "project", editable=False),
    _system("parent", "Parent", "issuelink"),
    _system("description", "Description", "string"),
    _system("status", "Status", "status", editable=False),
    _system("statusCategory", "Status Category", "statusCategory", editable=False),
    _system("priority", "Priority", "priority"),
    _system("assignee", "Assignee", "user"),
    _system("reporter", "Reporter", "user"),
    _system("creator", "Creator", "user", editable=False),
    _system("labels", "Labels", "array", items="string"),
    _system("duedate", "Due date", "date"),
    _system("created", "Created", "datetime", editable=False),
    _system("updated", "Updated", "datetime", editable=False),
    _system("resolution", "Resolution", "resolution", editable=False),
    _system("resolutiondate", "Resolved", "datetime", editable=False),
    _system("timetracking", "Time tracking", "timetracking"),
    _system("timeoriginalestimate", "Original estimate", "number", editable=False),
    _system("timeestimate", "Remaining Estimate", "number", editable=False),
    _system("issuelinks", "Linked Issues", "array", items="issuelinks", editable=False),
    custom(10015, "Start date", "date", "datepicker"),
    custom(10016, "Story point estimate", "number", "float"),
]
