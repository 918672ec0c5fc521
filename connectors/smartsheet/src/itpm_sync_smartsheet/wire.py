"""Cells as Smartsheet sends and takes them, and the plain values in between.

In: columns and cells as JSON, values to write. Out: plain JSON values by column id, and cells for a request. A value
that the column cannot hold is refused here with a sentence, before Smartsheet cuts it without a word (4,000
characters) or refuses the whole request.

| column | value |
|---|---|
| text, number | text, or a number as it stands (percent complete is 0 to 1) |
| checkbox | true, false; untouched is no value |
| date | `YYYY-MM-DD`, or the free text that stands there |
| contact | the mail address, or the free text |
| contacts | list of mail addresses in alphabetical order (a contact without address: its name) |
| dropdown | the option's text; several: list in alphabetical order |
| predecessors | list of `{id, type}`, read only, without lag; duration: text, read only |
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from itpm_sync.errors import Refused
from itpm_sync.kit.days import parse_day
from itpm_sync.kit.text import utf16_length

MAX_TEXT: Final = 4_000
MAX_CONTACTS: Final = 20
_BIG: Final = 2**53
_MAIL: Final = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")
_MULTI: Final = frozenset({"MULTI_CONTACT_LIST", "MULTI_PICKLIST"})
_COMPUTED_TYPES: Final = frozenset({"ABSTRACT_DATETIME", "DURATION", "PREDECESSOR", "DATETIME"})
_ROLLED_UP: Final = frozenset(
    {"GANTT_START_DATE", "GANTT_END_DATE", "GANTT_DURATION", "GANTT_PERCENT_COMPLETE"}
)


class Unwritable(Refused):
    """The column cannot hold this value; nothing was sent."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column as far as rows need it. `id` is the native name of its values."""

    id: str
    title: str
    type: str
    primary: bool = False
    options: tuple[str, ...] = ()
    tags: frozenset[str] = field(default_factory=frozenset)
    system: str = ""
    formula: bool = False
    locked: bool = False
    """Locked for the token's account."""

    @property
    def multi(self) -> bool:
        """Whether its cells need level and objectValue to be read."""
        return self.type in _MULTI

    def writable(self, *, dependencies: bool) -> bool:
        """Whether any cell of it may be written. Sheets with dependencies compute their end dates."""
        if self.system or self.formula or self.locked or self.type in _COMPUTED_TYPES:
            return False
        if any(tag.startswith("BASELINE_") for tag in self.tags):
            return False
        return not (dependencies and "GANTT_END_DATE" in self.tags)

    def computed(self, *, dependencies: bool, parent: bool, follows: bool) -> bool:
        """Whether Smartsheet computes its cell in a row that has children (`parent`) or predecessors (`follows`)."""
        if self.system or self.formula:
            return True
        if not dependencies:
            return False
        if "GANTT_END_DATE" in self.tags:
            return True
        return (parent and bool(self.tags & _ROLLED_UP)) or (follows and "GANTT_START_DATE" in self.tags)


def column_of(raw: Mapping[str, Any]) -> Column:
    """A column from its JSON. Raises KeyError or TypeError where it is none."""
    return Column(
        id=str(int(raw["id"])),
        title=str(raw["title"]),
        type=str(raw["type"]),
        primary=bool(raw.get("primary", False)),
        options=tuple(str(option) for option in raw.get("options") or ()),
        tags=frozenset(str(tag) for tag in raw.get("tags") or ()),
        system=str(raw.get("systemColumnType") or ""),
        formula=bool(raw.get("formula")),
        locked=bool(raw.get("lockedForUser", False)),
    )


def value_of(column: Column, cell: Mapping[str, Any]) -> Any:
    """The plain value of a cell, None where it is empty."""
    whole = cell.get("objectValue")
    if isinstance(whole, Mapping):
        if column.type == "MULTI_CONTACT_LIST":
            return sorted(_contact(each) for each in whole.get("values") or ()) or None
        if column.type == "MULTI_PICKLIST":
            return sorted(str(each) for each in whole.get("values") or ()) or None
        if column.type == "PREDECESSOR":
            links = [each for each in whole.get("predecessors") or () if isinstance(each, Mapping)]
            return [
                {"id": str(each.get("rowId", "")), "type": str(each.get("type", "FS"))} for each in links
            ] or None
    value = cell.get("value")
    if value is None or value == "":
        return None
    if not isinstance(value, str | int | float):
        raise TypeError(f"a cell of column {column.title!r} holds neither text nor number")
    return value


def _contact(raw: object) -> str:
    if not isinstance(raw, Mapping):
        raise TypeError("a contact is no object")
    return str(raw.get("email") or raw.get("name") or "")


def is_computed(cell: Mapping[str, Any]) -> bool:
    """Whether this one cell is a formula's or another sheet's: writing to it would break it."""
    return bool(cell.get("formula")) or bool(cell.get("linkInFromCell"))


def plain(column: Column, value: Any) -> Any:
    """A value to write as it will be read again: several in order, one of one alone, empty as None."""
    if value in (None, "", []) and not isinstance(value, bool):
        return None
    if column.multi:
        return sorted(value if isinstance(value, list) else [value], key=str)
    if column.type == "CONTACT_LIST" and isinstance(value, list) and len(value) == 1:
        return value[0]
    if column.type == "PICKLIST" and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value


def cell_of(column: Column, given: Any) -> dict[str, Any]:
    """The cell to send. Empty text clears a cell (Smartsheet turns it into no value). Raises Unwritable."""
    body: dict[str, Any] = {"columnId": int(column.id)}
    value = plain(column, given)
    if column.multi:
        return body | _several(column, value or [])
    if value is None:
        return body | {"value": ""}
    return body | {"value": _CHECKS.get(column.type, _refuse)(column, value)}


def _several(column: Column, values: list[Any]) -> dict[str, Any]:
    if column.type == "MULTI_PICKLIST":
        options = [_option(column, each) for each in values]
        return {"objectValue": {"objectType": "MULTI_PICKLIST", "values": options}}
    if len(values) > MAX_CONTACTS:
        raise Unwritable(f"Column {column.title!r} holds at most {MAX_CONTACTS} people, not {len(values)}.")
    people = [{"objectType": "CONTACT", "email": _mail(column, each)} for each in values]
    return {"objectValue": {"objectType": "MULTI_CONTACT", "values": people}}


def _text(column: Column, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise Unwritable(f"Column {column.title!r} takes text here.")
    if utf16_length(value) > MAX_TEXT:
        raise Unwritable(
            f"Column {column.title!r} holds at most {MAX_TEXT:,} characters, not {utf16_length(value):,}.",
            mend="Shorten the text, or map the field to nothing here.",
        )
    return value


def _text_or_number(column: Column, value: Any) -> str | int | float:
    if isinstance(value, bool):
        raise Unwritable(f"Column {column.title!r} takes text or a number, not yes or no.")
    if isinstance(value, int | float):
        if not math.isfinite(value) or abs(value) > _BIG:
            raise Unwritable(f"Column {column.title!r} cannot hold a number that large.")
        return value
    return _text(column, value)


def _day(column: Column, value: Any) -> str:
    try:
        return parse_day(value).isoformat()
    except (TypeError, ValueError) as error:
        raise Unwritable(f"Column {column.title!r} takes a day (YYYY-MM-DD).") from error


def _flag(column: Column, value: Any) -> bool:
    if not isinstance(value, bool):
        raise Unwritable(f"Column {column.title!r} takes yes or no.")
    return value


def _mail(column: Column, value: Any) -> str:
    if isinstance(value, list):
        raise Unwritable(
            f"Column {column.title!r} holds one person, not {len(value)}.",
            mend="Let it take several people (Edit column properties), or map the lead only.",
        )
    if not isinstance(value, str) or _MAIL.fullmatch(value) is None:
        raise Unwritable(f"Column {column.title!r} takes mail addresses; {str(value)[:80]!r} is none.")
    return value


def _option(column: Column, value: Any) -> str:
    if value not in column.options:
        known = ", ".join(column.options[:20])
        raise Unwritable(
            f"Column {column.title!r} has no option {str(value)[:80]!r}.",
            mend=f"Add it in Smartsheet, or map it to one of: {known}.",
        )
    return str(value)


def _refuse(column: Column, value: Any) -> str:
    raise Unwritable(f"Column {column.title!r} ({column.type}) is not written by itpm-sync.")


_CHECKS: Final = {
    "TEXT_NUMBER": _text_or_number,
    "DATE": _day,
    "CHECKBOX": _flag,
    "CONTACT_LIST": _mail,
    "PICKLIST": _option,
}
