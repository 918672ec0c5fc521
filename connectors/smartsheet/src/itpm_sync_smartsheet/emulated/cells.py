"""The rules by which the emulated Smartsheet takes a cell: strict by default, lenient where `strict` is false.

In: a column, one raw cell of a request, the people of the account. Out: a Cell, or a refusal with its documented code.
Rules: "Cell Value Parsing" of the official description. A text that starts with "=" stays text, only `formula` makes a
formula; whether the live service does so too is not documented.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from .world import MAX_TEXT, ApiError, Cell, Column, Sheet, Type, World

MAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")
_BIG = 2**53
MAX_CONTACTS = 20
_DURATION = re.compile(r"(-?e?\d+(\.\d+)?[wdhms]\s*)+|~?0|e?~0")
_ALLOWED = {
    "columnId",
    "value",
    "objectValue",
    "formula",
    "displayValue",
    "strict",
    "format",
    "hyperlink",
    "overrideValidation",
    "columnType",
}
_PROJECT_TAGS = {"GANTT_START_DATE", "GANTT_END_DATE", "GANTT_DURATION", "GANTT_PREDECESSOR"}
ROLLED_UP = {"GANTT_START_DATE", "GANTT_END_DATE", "GANTT_DURATION", "GANTT_PERCENT_COMPLETE"}


def column_of(sheet: Sheet, raw: Mapping[str, Any]) -> Column:
    """The column a raw cell is meant for."""
    if "columnId" not in raw:
        raise ApiError(400, 1012, "A required object attribute is missing from your request: cell.columnId.")
    column = sheet.column(raw["columnId"])
    if column is None:
        raise ApiError(400, 1036, f"The columnId {raw['columnId']} is invalid.")
    return column


def parse(world: World, column: Column, raw: Mapping[str, Any]) -> Cell:
    """The cell that this raw cell asks for. Raises ApiError."""
    _check_shape(column, raw)
    if raw.get("formula") is not None:
        return _formula(column, raw["formula"])
    strict = raw.get("strict", True) is not False
    if "objectValue" in raw and raw["objectValue"] is not None:
        return _from_object(world, column, raw["objectValue"])
    value = raw.get("value")
    if isinstance(value, float) and value.is_integer() and abs(value) < _BIG:
        value = int(value)
    if value is None or value == "":
        return Cell()
    if not isinstance(value, str | int | float):
        raise ApiError(400, 1038, "Invalid Cell value. Must be numeric or a string.")
    return _from_value(world, column, value, raw.get("displayValue"), strict=strict)


def _check_shape(column: Column, raw: Mapping[str, Any]) -> None:
    if "linkInFromCell" in raw or "image" in raw:
        raise ApiError(400, 1146, "Unsupported operation: cell links and images are not emulated.")
    if unknown := sorted(set(raw) - _ALLOWED):
        names = ", ".join(f"cell.{name}" for name in unknown)
        raise ApiError(400, 1032, f"The attribute(s) {names} are not allowed for this operation.")
    if not {"value", "objectValue", "formula"} & set(raw):
        raise ApiError(400, 1012, "A required object attribute is missing from your request: cell.value.")
    if "value" in raw and "objectValue" in raw:
        raise ApiError(400, 1130, "One of cell.value or objectValue may be set, but not both.")
    if column.system:
        raise ApiError(
            400,
            1046,
            f"Cells containing system values cannot be inserted or updated through the API, columnId : {column.id}.",
        )
    if column.formula is not None:
        raise ApiError(400, 1302, "Cannot edit column formula cells.")
    if any(tag.startswith("BASELINE_") for tag in column.tags):
        raise ApiError(400, 1319, "Cannot update values in baseline columns.")


def check_project(
    sheet: Sheet, column: Column, raw: Mapping[str, Any], *, parent: bool, follows: bool
) -> None:
    """What a sheet with dependencies refuses. `parent`: the row has children; `follows`: it has a predecessor."""
    if not sheet.dependencies:
        return
    tags = set(column.tags)
    if "GANTT_END_DATE" in tags:
        raise ApiError(
            400,
            1080,
            "End Dates on dependency-enabled sheets cannot be created/updated. "
            "Please update either the Duration or Start Date column.",
        )
    for name in ("formula", "hyperlink"):
        if name in raw and tags & (_PROJECT_TAGS | {"GANTT_PERCENT_COMPLETE"}):
            raise ApiError(
                400,
                1155,
                f"You cannot set the '{name}' attribute for a cell in a 'Project Settings' column "
                "of a dependency-enabled sheet.",
            )
    if (parent and tags & ROLLED_UP) or (follows and "GANTT_START_DATE" in tags):
        # Which code Smartsheet itself gives here is not documented; that it refuses is.
        raise ApiError(
            400,
            1155,
            "You cannot set the 'value' attribute for a cell in a 'Project Settings' column "
            "of a dependency-enabled sheet.",
        )


def _formula(column: Column, formula: object) -> Cell:
    if not isinstance(formula, str) or not formula.startswith("="):
        raise ApiError(400, 1162, "A formula must always start with an equal sign (=).")
    return Cell(value="#UNPARSEABLE", display="#UNPARSEABLE", formula=formula[:MAX_TEXT])


def _from_value(
    world: World, column: Column, value: str | int | float, shown: object, *, strict: bool
) -> Cell:
    if not isinstance(value, str) and not isinstance(value, bool) and abs(value) > _BIG:
        if strict:
            raise ApiError(400, 1148, f"Numeric cell values must be between -{_BIG} and {_BIG}.")
        value = str(value)
    if _conforms(column, value):
        return _typed(world, column, value, shown)
    if strict or column.type in (Type.MULTI_CONTACT_LIST, Type.MULTI_PICKLIST, Type.PREDECESSOR):
        raise ApiError(
            400,
            1042,
            f"The value for cell in column {column.id}, {_short(value)}, did not conform to the strict requirements "
            f"for type {column.type}.",
        )
    return text(value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else value)


def _conforms(column: Column, value: str | int | float) -> bool:
    kind = column.type
    if kind is Type.TEXT_NUMBER:
        return not isinstance(value, bool)
    if kind is Type.CHECKBOX:
        return isinstance(value, bool)
    if not isinstance(value, str):
        return False
    if kind in (Type.DATE, Type.ABSTRACT_DATETIME):
        return _is_day(value[:10] if kind is Type.ABSTRACT_DATETIME else value)
    if kind is Type.CONTACT_LIST:
        return MAIL.fullmatch(value) is not None
    if kind is Type.PICKLIST:
        return value in column.options
    if kind is Type.DURATION:
        return _DURATION.fullmatch(value.strip()) is not None
    return False  # the multi-valued types and predecessors take objectValue only


def _typed(world: World, column: Column, value: str | int | float, shown: object) -> Cell:
    if column.type is Type.CONTACT_LIST and isinstance(value, str):
        name = shown if isinstance(shown, str) else world.name_of(value)
        return contact(value, name)
    if column.type in (Type.TEXT_NUMBER, Type.PICKLIST, Type.DURATION):
        return text(value)
    return Cell(value=value)


def text(value: str | int | float) -> Cell:
    """A text or a number with what the grid shows. Text beyond 4,000 characters is cut without a word."""
    if isinstance(value, str):
        return Cell(value=value[:MAX_TEXT], display=value[:MAX_TEXT])
    return Cell(value=value, display=repr(value) if isinstance(value, float) else str(value))


def contact(mail: str, name: str) -> Cell:
    """One contact; the grid shows the name, or the address where there is none."""
    return Cell(value=mail, display=name or mail, objects=[{"email": mail, "name": name or mail}])


def contacts(people: list[dict[str, str]]) -> Cell:
    """Several contacts. The flattened text is all that a reader without level and objectValue gets."""
    if not people:
        return Cell()
    flat = ", ".join(each["name"] for each in people)
    return Cell(value=flat, display=flat, objects=people)


def picks(values: list[str]) -> Cell:
    """Several options, flattened in the same way."""
    if not values:
        return Cell()
    flat = ", ".join(values)
    return Cell(value=flat, display=flat, objects=list(values))


def _from_object(world: World, column: Column, raw: object) -> Cell:
    kind = raw.get("objectType") if isinstance(raw, Mapping) else None
    wanted = {
        Type.MULTI_CONTACT_LIST: "MULTI_CONTACT",
        Type.MULTI_PICKLIST: "MULTI_PICKLIST",
        Type.CONTACT_LIST: "CONTACT",
        Type.PREDECESSOR: "PREDECESSOR_LIST",
    }.get(column.type)
    if not isinstance(raw, Mapping) or kind is None or kind != wanted:
        raise ApiError(
            400,
            1131,
            f"cell.objectValue for column {column.id} was of the wrong object type. Allowed types: {wanted or 'none'}.",
        )
    if column.type is Type.PREDECESSOR:
        listed = [dict(each) for each in raw.get("predecessors", [])]
        return Cell(value=f"{len(listed)} predecessor(s)", objects=listed) if listed else Cell()
    if column.type is Type.MULTI_PICKLIST:
        return picks(_checked_picks(column, raw.get("values", [])))
    if column.type is Type.CONTACT_LIST:
        person = _checked_contact(world, raw)
        return contact(person["email"], person["name"])
    if len(raw.get("values", [])) > MAX_CONTACTS:
        raise ApiError(400, 1240, "Multi-contact list limit.")
    return contacts([_checked_contact(world, each) for each in raw.get("values", [])])


def _checked_picks(column: Column, values: list[object]) -> list[str]:
    for value in values:
        if not isinstance(value, str) or value not in column.options:
            raise ApiError(
                400,
                1042,
                f"The value for cell in column {column.id}, {_short(value)}, did not conform to the strict "
                "requirements for type MULTI_PICKLIST.",
            )
    return list(dict.fromkeys(str(value) for value in values))


def _checked_contact(world: World, raw: object) -> dict[str, str]:
    mail = raw.get("email") if isinstance(raw, Mapping) else None
    if not isinstance(raw, Mapping) or not isinstance(mail, str) or MAIL.fullmatch(mail) is None:
        raise ApiError(400, 1156, "Invalid email.")
    name = raw.get("name")
    return {"email": mail, "name": name if isinstance(name, str) and name else world.name_of(mail) or mail}


def _is_day(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _short(value: object) -> str:
    shown = str(value)
    return shown if len(shown) <= 80 else f"{shown[:80]}…"
