"""What Planner accepts as values of a task and of its details, before anything is changed.

In: a request body. Out: nothing, or a `GraphRefusal`. Unknown and read-only properties are refused by name, so that a
client that sends `due_date_time`, or sends a fetched task back, is told. Sources: plannerTask, plannerTaskDetails,
plannerExternalReferences in the Graph reference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from .wire import GraphRefusal, Json, bad, is_instant
from .world import World

CREATABLE = frozenset(
    "planId bucketId title percentComplete priority startDateTime dueDateTime assignments appliedCategories "
    "orderHint assigneePriority conversationThreadId details".split()
)
CHANGEABLE = CREATABLE - {"planId", "details"}
READ_ONLY = frozenset(
    "id planId activeChecklistItemCount checklistItemCount completedBy completedDateTime createdBy createdDateTime "
    "hasDescription previewType referenceCount".split()
)
DETAILS = frozenset({"description", "checklist", "references", "previewType"})
PREVIEWS = frozenset({"automatic", "noPreview", "checklist", "description", "reference"})
TITLE_LIMIT = 255
CATEGORIES = 25

_CATEGORY = re.compile(r"category([1-9]\d?)")
_ENCODED = re.compile(r"(?:[^%.:@#]|%[0-9A-Fa-f]{2})+")
ASSIGNMENT = "microsoft.graph.plannerAssignment"
REFERENCE = "microsoft.graph.plannerExternalReference"
CHECK = "microsoft.graph.plannerChecklistItem"


def check_names(body: Json, allowed: Iterable[str]) -> None:
    """Refuse properties that do not exist, cannot be written, or do not belong to the request."""
    for name in body:
        if name == "@odata.type":
            continue
        if name.startswith("@") or "@" in name:
            raise bad(f"The annotation '{name}' is not allowed in this request.")
        if name in READ_ONLY and name not in allowed:
            raise bad(f"The property '{name}' is read-only and cannot be set.")
        if name not in allowed:
            raise bad(
                f"The property '{name}' does not exist on type 'microsoft.graph.plannerTask'. "
                "Make sure to only use property names that are defined by the type."
            )


def check_task(world: World, plan_id: str, body: Json) -> None:
    """Check the values of a task's properties, each by itself."""
    for name, value in body.items():
        if checker := _CHECKS.get(name):
            checker(world, plan_id, value)


def check_dates(start: object, due: object) -> None:
    """Refuse a start later than the due date."""
    if isinstance(start, str) and isinstance(due, str) and start[:19] > due[:19]:
        raise bad("The start date of a task cannot be later than its due date.")


def _title(_: World, __: str, value: object) -> None:
    if not isinstance(value, str) or not value.strip():
        raise bad("The title of a task cannot be empty.")
    if len(value.encode("utf-16-le", "surrogatepass")) // 2 > TITLE_LIMIT:
        raise bad(f"The title of a task cannot be longer than {TITLE_LIMIT} characters.")


def _number(name: str, top: int) -> Callable[[World, str, Any], None]:
    def check(_: World, __: str, value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= top:
            raise bad(f"The value of '{name}' must be an integer from 0 to {top}.")

    return check


def _instant(_: World, __: str, value: object) -> None:
    if value is not None and not is_instant(value):
        raise bad(f"Cannot convert the literal '{value}' to the expected type 'Edm.DateTimeOffset'.")


def _bucket(world: World, plan_id: str, value: object) -> None:
    bucket = world.table("buckets").get(value) if isinstance(value, str) else None
    if value is not None and (bucket is None or bucket["planId"] != plan_id):
        raise bad("The bucket does not exist in the plan of the task.")


def _categories(_: World, __: str, value: object) -> None:
    if not isinstance(value, dict):
        raise bad("'appliedCategories' must be an object.")
    for name, flag in value.items():
        found = _CATEGORY.fullmatch(name)
        if name == "@odata.type":
            continue
        if not found or int(found[1]) > CATEGORIES:
            raise bad(f"'{name}' is not a category of a plan; there are category1 to category{CATEGORIES}.")
        if not isinstance(flag, bool):
            raise bad(f"The value of '{name}' must be true or false.")


def _typed(value: object, type_name: str, allowed: frozenset[str], what: str) -> Json:
    if not isinstance(value, dict):
        raise bad(f"A value of '{what}' must be an object or null.")
    if str(value.get("@odata.type", "")).removeprefix("#") != type_name:
        raise bad(f'A value of \'{what}\' needs "@odata.type": "#{type_name}".')
    if unknown := sorted(set(value) - allowed - {"@odata.type"}):
        raise bad(f"The property '{unknown[0]}' of a value of '{what}' is read-only or does not exist.")
    return value


def _hint(value: object, what: str) -> None:
    if not isinstance(value, str) or not (value == " !" or re.fullmatch(r"[!-~]* [!-~]*!", value)):
        raise bad(f"The order hint {value!r} of '{what}' must have the form '<previous> <next>!', or ' !'.")


def _assignments(world: World, plan_id: str, value: object) -> None:
    if not isinstance(value, dict):
        raise bad("'assignments' must be an object.")
    group = world.table("groups").get(world.table("plans")[plan_id]["owner"], {})
    for person, entry in value.items():
        if person == "@odata.type" or entry is None:
            continue
        _hint(
            _typed(entry, ASSIGNMENT, frozenset({"orderHint"}), "assignments").get("orderHint"), "assignments"
        )
        if person not in world.table("users"):
            raise bad(f"The user '{person}' in 'assignments' does not exist in the directory.")
        if group.get("members") and person not in group["members"]:
            raise GraphRefusal(
                403, "AccessDenied", f"The user '{person}' is not a member of the plan's group."
            )


def _order(_: World, __: str, value: object) -> None:
    _hint(value, "orderHint")


_CHECKS: dict[str, Callable[[World, str, Any], None]] = {
    "title": _title,
    "percentComplete": _number("percentComplete", 100),
    "priority": _number("priority", 10),
    "startDateTime": _instant,
    "dueDateTime": _instant,
    "bucketId": _bucket,
    "appliedCategories": _categories,
    "assignments": _assignments,
    "orderHint": _order,
}


def check_details(body: Json) -> None:
    """Check the body of a PATCH of details, or of details given at creation."""
    check_names(body, DETAILS)
    if "description" in body and not isinstance(body["description"], str | None):
        raise bad("'description' must be text.")
    if body.get("previewType", "automatic") not in PREVIEWS:
        raise bad("'previewType' has a value that does not exist.")
    for key, entry in (body.get("references") or {}).items():
        _reference(key, entry)
    for key, entry in (body.get("checklist") or {}).items():
        if entry is not None and key != "@odata.type":
            _typed(entry, CHECK, frozenset({"title", "isChecked", "orderHint"}), "checklist")


def _reference(key: str, entry: object) -> None:
    if key == "@odata.type":
        return
    if not _ENCODED.fullmatch(key):
        raise bad(f"The name '{key}' in 'references' is a URL whose characters % . : @ # must be encoded.")
    if entry is not None:
        given = _typed(entry, REFERENCE, frozenset({"alias", "type", "previewPriority"}), "references")
        if "previewPriority" in given:
            _hint(given["previewPriority"], "previewPriority")
