"""What the emulated Smartsheet remembers: people, sheets, columns, rows, cells and the history of every cell.

In: the calls of `rows` and of the seed. Out: plain objects, and a JSON-ready document of all of them, so
that a demo finds its world again after a restart. Times are ISO 8601 text in UTC with whole seconds, as Smartsheet
says them. No HTTP here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

MAX_ROWS = 20_000
MAX_CELLS = 500_000
MAX_COLUMNS = 400
MAX_TEXT = 4_000
MAX_ROWS_PER_REQUEST = 500
_FIRST_ID = 1_000_000_000_000_000
_ID_STEP = 7_919


class ApiError(Exception):
    """An answer that refuses: HTTP status, Smartsheet's own error code, its message and perhaps a detail."""

    def __init__(
        self, status: int, code: int, message: str, *, detail: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.detail = dict(detail) if detail else None

    def at(self, index: int, row_id: int | None = None) -> ApiError:
        """The same refusal, naming the row of the request that caused it."""
        detail = {"index": index, **({"rowId": row_id} if row_id is not None else {})}
        return ApiError(self.status, self.code, self.message, detail=detail)


class Access(StrEnum):
    """What a person may do in a sheet, weakest first."""

    VIEWER = "VIEWER"
    COMMENTER = "COMMENTER"
    EDITOR = "EDITOR"
    EDITOR_SHARE = "EDITOR_SHARE"
    ADMIN = "ADMIN"
    OWNER = "OWNER"

    @property
    def writes(self) -> bool:
        return self not in (Access.VIEWER, Access.COMMENTER)

    @property
    def administers(self) -> bool:
        return self in (Access.ADMIN, Access.OWNER)


class Type(StrEnum):
    """Column types that this emulator keeps."""

    TEXT_NUMBER = "TEXT_NUMBER"
    CHECKBOX = "CHECKBOX"
    DATE = "DATE"
    DATETIME = "DATETIME"
    ABSTRACT_DATETIME = "ABSTRACT_DATETIME"
    DURATION = "DURATION"
    PREDECESSOR = "PREDECESSOR"
    PICKLIST = "PICKLIST"
    MULTI_PICKLIST = "MULTI_PICKLIST"
    CONTACT_LIST = "CONTACT_LIST"
    MULTI_CONTACT_LIST = "MULTI_CONTACT_LIST"


@dataclass(slots=True)
class Cell:
    """One value. `objects` holds contacts (`{name, email}`), options or predecessors where one text is not enough."""

    value: str | int | float | bool | None = None
    display: str | None = None
    objects: list[Any] | None = None
    formula: str | None = None

    @property
    def empty(self) -> bool:
        return self.value is None and not self.objects and self.formula is None


@dataclass(slots=True)
class Column:
    """A column; `system` is a systemColumnType or empty, `formula` a column formula or none."""

    id: int
    title: str
    type: Type
    primary: bool = False
    options: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    system: str = ""
    hidden: bool = False
    locked: bool = False
    validation: bool = False
    formula: str | None = None
    width: int = 150
    prefix: str = ""
    """What an AUTO_NUMBER column puts before its number."""
    description: str = ""


@dataclass(slots=True)
class Row:
    """A row; its place is its sheet's `order`, its cells are kept by column id and only where not empty."""

    id: int
    parent: int | None
    created: str
    created_by: str
    modified: str
    modified_by: str
    cells: dict[int, Cell] = field(default_factory=dict)
    expanded: bool = True
    locked: bool = False


@dataclass(slots=True)
class Entry:
    """One past value of one cell; `agent` is the Smartsheet-Change-Agent header of the request, or empty."""

    at: str
    by: str
    cell: Cell
    agent: str = ""


@dataclass(slots=True)
class Sheet:
    """A sheet; `access` says who may do what, by e-mail."""

    id: int
    name: str
    created: str
    modified: str
    access: dict[str, Access]
    columns: list[Column] = field(default_factory=list)
    rows: dict[int, Row] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)
    version: int = 1
    dependencies: bool = False
    length_of_day: float = 8
    next_number: int = 1
    history: dict[str, list[Entry]] = field(default_factory=dict)
    """Every cell's past, oldest first, under `row:column`."""

    def column(self, column_id: object) -> Column | None:
        return next((column for column in self.columns if column.id == column_id), None)

    def titled(self, title: str) -> Column:
        for column in self.columns:
            if column.title == title:
                return column
        raise KeyError(f"sheet {self.name!r} has no column {title!r}")

    def tagged(self, tag: str) -> Column | None:
        return next((column for column in self.columns if tag in column.tags), None)

    def children(self, row_id: int | None) -> list[int]:
        return [each for each in self.order if self.rows[each].parent == row_id]

    def is_parent(self, row_id: int) -> bool:
        return any(row.parent == row_id for row in self.rows.values())

    def subtree(self, row_id: int) -> list[int]:
        """The row and all below it, in the sheet's order: they stand together."""
        start = self.order.index(row_id)
        inside = {row_id}
        end = start + 1
        while end < len(self.order) and self.rows[self.order[end]].parent in inside:
            inside.add(self.order[end])
            end += 1
        return self.order[start:end]

    def remember(self, row: Row, column_id: int, entry: Entry) -> None:
        self.history.setdefault(f"{row.id}:{column_id}", []).append(entry)

    def past(self, row_id: int, column_id: int) -> list[Entry]:
        return self.history.get(f"{row_id}:{column_id}", [])


@dataclass(slots=True)
class World:
    """Everything of one emulated account. `people` maps an e-mail to a display name, `tokens` a token to an e-mail."""

    people: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    expired: list[str] = field(default_factory=list)
    """Tokens that were good once."""
    sheets: dict[int, Sheet] = field(default_factory=dict)
    ids: int = 0

    def new_id(self) -> int:
        self.ids += 1
        return _FIRST_ID + self.ids * _ID_STEP

    def name_of(self, mail: str) -> str:
        return self.people.get(mail.lower(), "")

    def sheet_named(self, name: str) -> Sheet:
        for sheet in self.sheets.values():
            if sheet.name == name:
                return sheet
        raise KeyError(f"no sheet is called {name!r}")

    def find_row(self, row_id: int) -> Iterator[Sheet]:
        return (sheet for sheet in self.sheets.values() if row_id in sheet.rows)


def dump(world: World) -> dict[str, Any]:
    """The world as a JSON-ready document."""
    return asdict(world)


def load(document: Mapping[str, Any]) -> World:
    """A world from what `dump` made and JSON brought back (JSON turns number keys into text)."""
    sheets = {int(key): _sheet(value) for key, value in document.get("sheets", {}).items()}
    return World(
        people=dict(document.get("people", {})),
        tokens=dict(document.get("tokens", {})),
        expired=list(document.get("expired", [])),
        sheets=sheets,
        ids=int(document.get("ids", 0)),
    )


def _sheet(raw: Mapping[str, Any]) -> Sheet:
    plain = {
        key: raw[key]
        for key in (
            "id",
            "name",
            "created",
            "modified",
            "version",
            "dependencies",
            "length_of_day",
            "next_number",
        )
    }
    return Sheet(
        **plain,
        access={mail: Access(level) for mail, level in raw["access"].items()},
        columns=[Column(**{**column, "type": Type(column["type"])}) for column in raw["columns"]],
        rows={int(key): _row(value) for key, value in raw["rows"].items()},
        order=[int(each) for each in raw["order"]],
        history={key: [_entry(each) for each in entries] for key, entries in raw["history"].items()},
    )


def _row(raw: Mapping[str, Any]) -> Row:
    cells = {int(key): Cell(**value) for key, value in raw["cells"].items()}
    return Row(**{**raw, "cells": cells})


def _entry(raw: Mapping[str, Any]) -> Entry:
    return Entry(**{**raw, "cell": Cell(**raw["cell"])})
