"""How the emulated Smartsheet shows what it holds: sheets, columns, rows, cells and histories as JSON.

In: objects of `world` and the query of a GET. Out: JSON values. An empty cell has no `value`; columns with
several contacts or options pose as TEXT_NUMBER unless `level` asks for them; a page beyond the last is the last again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .world import Access, ApiError, Cell, Column, Entry, Row, Sheet, Type, World

LINK = "https://app.smartsheet.example/sheets"
ADDED = frozenset({"id", "sheetId", "rowNumber", "expanded", "version", "createdAt", "modifiedAt"})
UPDATED = frozenset({"id", "parentId", "rowNumber", "expanded", "version", "createdAt", "modifiedAt"})
_TOLD_OF_CELLS = frozenset({"columnId", "columnType", "value", "displayValue"})
_LEVEL_OF = {Type.MULTI_CONTACT_LIST: 1, Type.MULTI_PICKLIST: 2}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a reader asked to see. `level`, `include`, `exclude` as in the description; None columns means all."""

    level: int = 0
    include: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()
    columns: frozenset[int] | None = None
    rows: frozenset[int] | None = None
    numbers: frozenset[int] | None = None
    since: str = ""
    page: int | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Paged:
    """A page of anything, with the numbers of an IndexResult."""

    items: Sequence[Any]
    head: Mapping[str, int] = field(default_factory=dict)


def paged(items: Sequence[Any], page: int, size: int) -> Paged:
    """The asked page; beyond the last, the last again."""
    pages = max(1, math.ceil(len(items) / size))
    number = min(max(page, 1), pages)
    head = {"pageNumber": number, "pageSize": size, "totalPages": pages, "totalCount": len(items)}
    return Paged(items[(number - 1) * size : number * size], head)


def sheet_entry(sheet: Sheet, who: str) -> dict[str, Any]:
    """One line of the list of sheets."""
    return {
        "id": sheet.id,
        "name": sheet.name,
        "accessLevel": sheet.access[who].value,
        "permalink": f"{LINK}/{sheet.id}",
        "createdAt": sheet.created,
        "modifiedAt": sheet.modified,
        "version": sheet.version,
    }


def sheet_view(world: World, sheet: Sheet, who: str, wish: Wish) -> dict[str, Any]:
    """A whole sheet, or the page of it that was asked for."""
    shown = [column for column in sheet.columns if wish.columns is None or column.id in wish.columns]
    rows = _wanted_rows(sheet, wish)
    if wish.page is not None or wish.size is not None:
        rows = list(paged(rows, wish.page or 1, wish.size or 100).items)
    numbers = {row_id: number for number, row_id in enumerate(sheet.order, 1)}
    return {
        "id": sheet.id,
        "name": sheet.name,
        "version": sheet.version,
        "totalRowCount": len(sheet.order),
        "accessLevel": sheet.access[who].value,
        "permalink": f"{LINK}/{sheet.id}",
        "createdAt": sheet.created,
        "modifiedAt": sheet.modified,
        "ganttEnabled": sheet.dependencies,
        "dependenciesEnabled": sheet.dependencies,
        "resourceManagementEnabled": False,
        "cellImageUploadEnabled": True,
        "userSettings": {"criticalPathEnabled": False, "displaySummaryTasks": True},
        **({"projectSettings": _project_settings(sheet)} if sheet.dependencies else {}),
        "columns": [column_view(sheet, column, who, wish.level) for column in shown],
        "rows": [row_view(world, sheet, row, shown, wish, number=numbers[row.id]) for row in rows],
    }


def _wanted_rows(sheet: Sheet, wish: Wish) -> list[Row]:
    rows = [sheet.rows[each] for each in sheet.order]
    if wish.rows is not None:
        rows = [row for row in rows if row.id in wish.rows]
    if wish.numbers is not None:
        wanted = {sheet.order[number - 1] for number in wish.numbers if 0 < number <= len(sheet.order)}
        rows = [row for row in rows if row.id in wanted]
    if wish.since:  # deleted rows do not show up here, and neither do rows that only moved
        rows = [row for row in rows if row.modified >= wish.since]
    return rows


def _project_settings(sheet: Sheet) -> dict[str, Any]:
    days = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"]
    return {"workingDays": days, "nonWorkingDays": [], "lengthOfDay": sheet.length_of_day}


def column_view(sheet: Sheet, column: Column, who: str, level: int) -> dict[str, Any]:
    """A column as this reader sees it."""
    hides = level < _LEVEL_OF.get(column.type, 0)
    view: dict[str, Any] = {
        "id": column.id,
        "version": _LEVEL_OF.get(column.type, 0),
        "index": sheet.columns.index(column),
        "title": column.title,
        "type": (Type.TEXT_NUMBER if hides else column.type).value,
        "validation": column.validation,
        "width": column.width,
    }
    optional = {
        "primary": column.primary,
        "options": [] if hides else column.options,
        "tags": column.tags,
        "systemColumnType": column.system,
        "hidden": column.hidden,
        "formula": column.formula,
        "description": column.description,
    }
    view.update({name: value for name, value in optional.items() if value})
    if column.system == "AUTO_NUMBER":
        view["autoNumberFormat"] = {"prefix": column.prefix, "fill": "0", "suffix": ""}
    if column.locked:
        view["locked"] = True
        view["lockedForUser"] = not sheet.access.get(who, Access.VIEWER).administers
    return view


def row_view(
    world: World, sheet: Sheet, row: Row, columns: Sequence[Column], wish: Wish, *, number: int
) -> dict[str, Any]:
    """A row with the cells of these columns."""
    view: dict[str, Any] = {"id": row.id, "rowNumber": number, "expanded": row.expanded}
    if row.parent is not None:
        view["parentId"] = row.parent
    sibling = _sibling(sheet, row, number)
    if sibling is not None:
        view["siblingId"] = sibling
    view |= {"version": sheet.version, "createdAt": row.created, "modifiedAt": row.modified}
    if row.locked:
        view["locked"] = True
    if "writerInfo" in wish.include:
        view["createdBy"] = person_view(world, row.created_by)
        view["modifiedBy"] = person_view(world, row.modified_by)
    if "rowPermalink" in wish.include:
        view["permalink"] = f"{LINK}/{sheet.id}?rowId={row.id}"
    view["cells"] = [
        cell
        for column in columns
        if len(cell := cell_view(_shown_cell(world, row, column), column, wish)) > 1
        or "nonexistentCells" not in wish.exclude
    ]
    return view


def written_view(
    world: World, sheet: Sheet, row: Row, told: frozenset[str], *, number: int
) -> dict[str, Any]:
    """A row in the answer to its own writing, with no more than the description promises there."""
    view = row_view(world, sheet, row, sheet.columns, Wish(), number=number) | {"sheetId": sheet.id}
    cells = [{name: cell[name] for name in cell if name in _TOLD_OF_CELLS} for cell in view["cells"]]
    return {name: value for name, value in view.items() if name in told} | {"cells": cells}


def _sibling(sheet: Sheet, row: Row, number: int) -> int | None:
    """The row just above at the same level, or none; read off the order, as rows of one level stand apart."""
    for above in range(number - 2, -1, -1):
        other = sheet.rows[sheet.order[above]]
        if other.parent == row.parent:
            return other.id
        if other.id == row.parent:
            return None
    return None


def _shown_cell(world: World, row: Row, column: Column) -> Cell:
    if column.system == "CREATED_DATE":
        return Cell(value=row.created)
    if column.system == "MODIFIED_DATE":
        return Cell(value=row.modified)
    if column.system in ("CREATED_BY", "MODIFIED_BY"):
        mail = row.created_by if column.system == "CREATED_BY" else row.modified_by
        return Cell(value=mail, display=world.name_of(mail) or mail)
    return row.cells.get(column.id, Cell())


def cell_view(cell: Cell, column: Column, wish: Wish) -> dict[str, Any]:
    """A cell as this reader sees it; `{"columnId": …}` alone where it is empty."""
    view: dict[str, Any] = {"columnId": column.id}
    if "columnType" in wish.include:
        view["columnType"] = column.type.value
    if cell.empty:
        return view
    if cell.value is not None:
        view["value"] = cell.value
    if cell.display is not None:
        view["displayValue"] = cell.display
    if cell.formula is not None:
        view["formula"] = cell.formula
    if "objectValue" in wish.include and (found := _object(cell, column, wish.level)) is not None:
        view["objectValue"] = found
    return view


def _object(cell: Cell, column: Column, level: int) -> dict[str, Any] | None:
    if cell.objects is None or level < _LEVEL_OF.get(column.type, 0):
        return None
    if column.type is Type.MULTI_CONTACT_LIST:
        values = [{"objectType": "CONTACT", **each} for each in cell.objects]
        return {"objectType": "MULTI_CONTACT", "values": values}
    if column.type is Type.MULTI_PICKLIST:
        return {"objectType": "MULTI_PICKLIST", "values": list(cell.objects)}
    if column.type is Type.PREDECESSOR:
        return {"objectType": "PREDECESSOR_LIST", "predecessors": list(cell.objects)}
    return None


def person_view(world: World, mail: str) -> dict[str, str]:
    """A MiniUser."""
    return {"email": mail, "name": world.name_of(mail) or mail}


def history_view(world: World, column: Column, entries: Sequence[Entry], wish: Wish) -> list[dict[str, Any]]:
    """A cell's past, newest first."""
    return [
        {
            **cell_view(entry.cell, column, wish),
            "modifiedAt": entry.at,
            "modifiedBy": person_view(world, entry.by),
        }
        for entry in reversed(entries)
    ]


def integers(text: str, name: str) -> frozenset[int]:
    """A comma-separated list of ids. Raises ApiError 1018 where one is no number."""
    try:
        return frozenset(int(part) for part in text.split(",") if part)
    except ValueError as error:
        raise ApiError(400, 1018, f"The value {text} was not valid for the parameter {name}.") from error
