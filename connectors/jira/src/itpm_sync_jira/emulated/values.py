"""What Jira takes for each field, and what it says where it does not.

In: a value from a request's `fields`. Out: the stored form (ids instead of objects), or ValueError with Jira's words.
Stored forms: text, numbers and dates as they are; a person's account id; the ids of options, priority, parent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from . import adf_rules
from .world import Json, World

SUMMARY_LIMIT = 255
LABEL_LIMIT = 255
TEXT_LIMIT = 255
_ESTIMATE = re.compile(
    r"(?:(\d+(?:\.\d+)?)w)?\s*(?:(\d+(?:\.\d+)?)d)?\s*(?:(\d+(?:\.\d+)?)h)?\s*(?:(\d+(?:\.\d+)?)m)?"
)
_UNITS = (5 * 8 * 3600, 8 * 3600, 3600, 60)  # a week of 5 days of 8 hours: Jira's defaults


def utf16(text: str) -> int:
    """Length as Jira counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def stored(world: World, field: Json, value: Any) -> Any:
    """The stored form. Raises ValueError with the message for `errors`."""
    schema = field["schema"]
    if field["id"] in _SYSTEM:
        return _SYSTEM[field["id"]](world, value)
    key = schema.get("custom", "").rpartition(":")[2]
    if value is None:
        return None
    if key in ("select", "multiselect"):
        return _options(field, value, many=key == "multiselect")
    return _CUSTOM[key](world, value)


def _summary(world: World, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("Operation value must be a string")
    if not value.strip():
        raise ValueError("You must specify a summary of the issue.")
    if re.search(r"[\r\n]", value):
        raise ValueError("The summary is invalid because it contains newline characters.")
    if utf16(value) > SUMMARY_LIMIT:
        raise ValueError(f"Summary can't exceed {SUMMARY_LIMIT} characters.")
    return value.strip()


def _document(world: World, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, str):
        raise ValueError("Operation value must be an Atlassian Document (see the Atlassian Document Format)")
    if adf_rules.fault_of(value) is not None:
        raise ValueError("INVALID_INPUT")
    if adf_rules.text_length(value) > adf_rules.LONGEST:
        raise ValueError("The entered text is too long. It exceeds the allowed limit of 32,767 characters.")
    return value if value["content"] else None


def _person(world: World, value: Any) -> str | None:
    if value is None:
        return None
    account = value.get("accountId", value.get("id")) if isinstance(value, dict) else None
    if not isinstance(account, str):
        raise ValueError("expected Object containing 'accountId'")
    person = world.person(account)
    if person is None or not person["active"]:
        raise ValueError(f"User '{account}' cannot be assigned issues.")
    return account


def _day(world: World, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("Operation value must be a string of the form yyyy-MM-dd")
    date.fromisoformat(value)
    return value


def _moment(world: World, value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}", value
    ):
        raise ValueError("Operation value must be a string of the form yyyy-MM-dd'T'HH:mm:ss.SSSZ")
    return value


def _number(world: World, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("Operation value must be a number")
    return float(value)


def _line(world: World, value: Any) -> str | None:
    if not isinstance(value, str):
        raise ValueError("Operation value must be a string")
    if utf16(value) > TEXT_LIMIT:
        raise ValueError(
            f"The entered text is too long. It exceeds the allowed limit of {TEXT_LIMIT} characters."
        )
    return value or None


def _labels(world: World, value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(label, str) for label in value):
        raise ValueError("Operation value must be an array of strings")
    for label in value:
        if re.search(r"\s", label):
            raise ValueError(f"The label '{label}' contains spaces which is invalid.")
        if not label or utf16(label) > LABEL_LIMIT:
            raise ValueError(f"The label '{label[:20]}' exceeds the maximum length for a label.")
    return sorted(set(value))


def _priority(world: World, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ValueError("Specify the Priority (id or name) as an object")
    for priority in world.data["priorities"]:
        if value.get("id") == priority["id"] or ("id" not in value and value.get("name") == priority["name"]):
            return str(priority["id"])
    raise ValueError("The priority selected is invalid.")


def _issue_type(world: World, value: Any) -> str:
    if isinstance(value, dict):
        for kind in world.data["types"].values():
            if value.get("id") == kind["id"] or ("id" not in value and value.get("name") == kind["name"]):
                return str(kind["id"])
    raise ValueError("Specify a valid issue type")


def _parent(world: World, value: Any) -> str | None:
    if value is None:
        return None
    name = value.get("id", value.get("key")) if isinstance(value, dict) else None
    parent = world.any_issue(name) if isinstance(name, str) else None
    if parent is None or parent["hidden"]:
        raise ValueError("Could not find valid 'id' or 'key'.")
    return str(parent["id"])


def _time_tracking(world: World, value: Any) -> Json:
    if not isinstance(value, dict) or set(value) - {"originalEstimate", "remainingEstimate"}:
        raise ValueError("Operation value must be an object with originalEstimate and remainingEstimate")
    return {name: _estimate(text) for name, text in value.items()}


def _estimate(text: Any) -> int | None:
    """Seconds. Units are w, d, h and m; a bare number is minutes; empty takes the estimate away."""
    if text is None or text == "":
        return None
    if isinstance(text, str) and text.isdigit():
        return int(text) * 60
    match = _ESTIMATE.fullmatch(text) if isinstance(text, str) else None
    if match is None or not any(match.groups()):
        raise ValueError(f"The estimate '{text}' is not valid. Use the format 3w 4d 12h.")
    return round(sum(float(part or 0) * unit for part, unit in zip(match.groups(), _UNITS, strict=True)))


def _options(field: Json, value: Any, *, many: bool) -> Any:
    if many:
        if not isinstance(value, list):
            raise ValueError("data was not an array")
        return [_option(field, one) for one in value]
    return _option(field, value)


def _option(field: Json, value: Any) -> str:
    if isinstance(value, dict):
        for option in field.get("options", ()):
            if value.get("id") == option["id"] or (
                "id" not in value and value.get("value") == option["value"]
            ):
                return str(option["id"])
    raise ValueError(f"Option id '{value.get('id') if isinstance(value, dict) else value}' is not valid")


Reader = Callable[[World, Any], Any]
_SYSTEM: Mapping[str, Reader] = {
    "summary": _summary,
    "description": _document,
    "issuetype": _issue_type,
    "priority": _priority,
    "assignee": _person,
    "reporter": _person,
    "labels": _labels,
    "duedate": _day,
    "parent": _parent,
    "timetracking": _time_tracking,
}
_CUSTOM: Mapping[str, Reader] = {
    "datepicker": _day,
    "datetime": _moment,
    "float": _number,
    "textfield": _line,
    "url": _line,
    "textarea": _document,
    "labels": _labels,
    "userpicker": _person,
}
