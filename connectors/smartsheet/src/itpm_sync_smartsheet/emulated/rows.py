"""Adding, changing, moving and deleting rows of an emulated sheet, all or nothing, with Smartsheet's refusals.

In: a sheet, raw rows of a request, who asks and when. Out: the sheet changed and its version risen by one, or an
ApiError and nothing changed. Where they stand: `places`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from .cells import check_project, column_of, parse
from .places import PLACES, anchor_of, check_move, check_places, move_all, parent_for, position
from .rollup import roll_up
from .world import (
    MAX_CELLS,
    MAX_ROWS,
    MAX_ROWS_PER_REQUEST,
    ApiError,
    Cell,
    Entry,
    Row,
    Sheet,
    World,
)

_ROW_ALLOWED = {"id", "cells", "expanded", "format", "locked", *PLACES}


@dataclass(frozen=True, slots=True)
class Act:
    """Who changes something, when (ISO 8601, UTC) and with which Smartsheet-Change-Agent header."""

    by: str
    at: str
    agent: str = ""


def add_rows(world: World, sheet: Sheet, raws: Sequence[Mapping[str, Any]], act: Act) -> list[Row]:
    """New rows in the order of the request. Raises ApiError; then nothing was added."""
    _check_count(raws)
    _check_limits(sheet, len(raws))
    check_places(raws)
    made: list[Row] = []
    for index, raw in enumerate(raws):
        try:
            _check_row(raw, adding=True)
            row = Row(0, parent_for(sheet, raw), act.at, act.by, act.at, act.by)
            row.expanded = raw.get("expanded", True) is not False
            row.cells = _cells(world, sheet, row, raw, is_parent=False)
        except ApiError as error:
            raise error.at(index) from error
        made.append(row)
    anchor = anchor_of(sheet, raws[0])
    for row in made:
        row.id = world.new_id()
        _system_cells(sheet, row)
        sheet.rows[row.id] = row
        _log(sheet, row, row.cells, act)
    at = position(sheet, raws[0], anchor)
    sheet.order[at:at] = [row.id for row in made]
    _touch(sheet, act)
    return made


def update_rows(world: World, sheet: Sheet, raws: Sequence[Mapping[str, Any]], act: Act) -> list[Row]:
    """Rows changed, moved, or both. Raises ApiError; then nothing was changed."""
    _check_count(raws)
    check_places(raws)
    plans: list[tuple[Row, dict[int, Cell], Mapping[str, Any]]] = []
    for index, raw in enumerate(raws):
        row_id = raw.get("id")
        try:
            row = _existing(sheet, row_id)
            _check_row(raw, adding=False)
            _may_change(sheet, row, act)
            plans.append(
                (row, _cells(world, sheet, row, raw, is_parent=sheet.is_parent(row.id), act=act), raw)
            )
            check_move(sheet, row, raw)
        except ApiError as error:
            raise error.at(index, row_id if isinstance(row_id, int) else None) from error
    if len({row.id for row, _, _ in plans}) != len(plans):
        raise ApiError(400, 1137, "Input collection contains multiple instances of the same element.")
    move_all(sheet, [(row, raw) for row, _, raw in plans])
    for row, cells, raw in plans:
        _change(sheet, row, cells, raw, act)
    _touch(sheet, act)
    return [row for row, _, _ in plans]


def delete_rows(sheet: Sheet, ids: Sequence[int], act: Act, *, ignore_missing: bool) -> list[int]:
    """The ids that are gone now, children included. Raises ApiError 1006 where one is unknown and may not be."""
    unknown = [each for each in ids if each not in sheet.rows]
    if unknown and not ignore_missing:
        raise ApiError(404, 1006, "Not Found", detail={"rowIds": unknown})
    doomed: list[int] = []
    for each in ids:
        if each in sheet.rows and each not in doomed:
            doomed += [one for one in sheet.subtree(each) if one not in doomed]
    if any(sheet.rows[one].locked for one in doomed) and not sheet.access[act.by].administers:
        raise ApiError(
            403, 1092, "You cannot delete this row. Either it or one or more of its children are locked."
        )
    for one in doomed:
        del sheet.rows[one]
    gone = set(doomed)
    sheet.order = [each for each in sheet.order if each not in gone]
    if doomed:
        _touch(sheet, act)
    return doomed


def carry_rows(
    world: World, source: Sheet, target: Sheet, row_id: int, act: Act, *, keep: bool
) -> dict[int, int]:
    """Copy (`keep`) or move a row with its children to the bottom of another sheet, columns matched by title.

    Out: old id to new id. Smartsheet gives the rows new ids either way, and a copied cell brings our key along.
    """
    if source.id == target.id and not keep:
        raise ApiError(400, 1136, "Cannot copy or move row(s) within the same sheet.")
    ids: dict[int, int] = {}
    by_title = {column.title: column.id for column in target.columns if not column.system}
    for old_id in source.subtree(row_id):
        old = source.rows[old_id]
        row = Row(world.new_id(), ids.get(old.parent or 0), act.at, act.by, act.at, act.by)
        for column in source.columns:
            if column.id in old.cells and column.title in by_title and not column.system:
                row.cells[by_title[column.title]] = deepcopy(old.cells[column.id])
        _system_cells(target, row)
        target.rows[row.id] = row
        target.order.append(row.id)
        ids[old_id] = row.id
        _log(target, row, row.cells, act)
    if not keep:
        delete_rows(source, [row_id], act, ignore_missing=False)
    _touch(target, act)
    return ids


def _check_count(raws: Sequence[Mapping[str, Any]]) -> None:
    if not raws:
        raise ApiError(400, 1012, "A required object attribute is missing from your request: row.")
    if len(raws) > MAX_ROWS_PER_REQUEST:
        raise ApiError(
            400, 1061, f"Max count exceeded for field rows: {len(raws)} of {MAX_ROWS_PER_REQUEST}."
        )


def _check_limits(sheet: Sheet, more: int) -> None:
    rows = len(sheet.rows) + more
    if rows > MAX_ROWS or rows * len(sheet.columns) > MAX_CELLS:
        raise ApiError(400, 5635, "This sheet has reached the maximum number of rows or cells.")


def _check_row(raw: Mapping[str, Any], *, adding: bool) -> None:
    if adding and "id" in raw:
        raise ApiError(400, 1032, "The attribute(s) row.id are not allowed for this operation.")
    if unknown := sorted(set(raw) - _ROW_ALLOWED):
        names = ", ".join(f"row.{name}" for name in unknown)
        raise ApiError(400, 1032, f"The attribute(s) {names} are not allowed for this operation.")
    place = [name for name in PLACES if raw.get(name)]
    lawful: tuple[list[str], ...] = (
        [],
        ["toTop"],
        ["toBottom"],
        ["parentId"],
        ["toBottom", "parentId"],
        ["siblingId"],
        ["siblingId", "above"],
        ["indent"],
        ["outdent"],
        ["toTop", "parentId"],
    )
    if place not in lawful or (adding and ("indent" in place or "outdent" in place)):
        raise ApiError(400, 1062, "Invalid row location.")


def _existing(sheet: Sheet, row_id: object) -> Row:
    if row_id is None:
        raise ApiError(400, 1012, "A required object attribute is missing from your request: row.id.")
    row = sheet.rows.get(row_id) if isinstance(row_id, int) else None
    if row is None:
        raise ApiError(400, 1034, "Invalid Row Id.")
    return row


def _may_change(sheet: Sheet, row: Row, act: Act) -> None:
    if row.locked and not sheet.access[act.by].administers:
        raise ApiError(403, 1050, "You cannot edit a locked row.")


def _cells(
    world: World, sheet: Sheet, row: Row, raw: Mapping[str, Any], *, is_parent: bool, act: Act | None = None
) -> dict[int, Cell]:
    made: dict[int, Cell] = {}
    predecessors = sheet.tagged("GANTT_PREDECESSOR")
    follows = bool(predecessors and not row.cells.get(predecessors.id, Cell()).empty)
    for each in raw.get("cells", []):
        column = column_of(sheet, each)
        if column.id in made:
            raise ApiError(400, 1037, f"The columnId {column.id} is included more than once in a single row.")
        if column.locked and act and not sheet.access[act.by].administers:
            raise ApiError(403, 1039, f"Cannot edit a locked column {column.id}.")
        cell = parse(world, column, each)
        check_project(sheet, column, each, parent=is_parent, follows=follows)
        made[column.id] = cell
    return {key: cell for key, cell in made.items() if row.id or not cell.empty}


def _change(sheet: Sheet, row: Row, cells: Mapping[int, Cell], raw: Mapping[str, Any], act: Act) -> None:
    changed = {key: cell for key, cell in cells.items() if row.cells.get(key, Cell()) != cell}
    for key, cell in changed.items():
        if cell.empty:
            row.cells.pop(key, None)
        else:
            row.cells[key] = cell
    if "expanded" in raw:
        row.expanded = raw["expanded"] is not False
    if "locked" in raw:
        row.locked = raw["locked"] is True
    if changed:
        row.modified, row.modified_by = act.at, act.by
        _log(sheet, row, changed, act)


def _log(sheet: Sheet, row: Row, cells: Mapping[int, Cell], act: Act) -> None:
    for column_id, cell in cells.items():
        sheet.remember(row, column_id, Entry(act.at, act.by, deepcopy(cell), act.agent))


def _system_cells(sheet: Sheet, row: Row) -> None:
    for column in sheet.columns:
        if column.system == "AUTO_NUMBER":
            number = f"{column.prefix}{sheet.next_number}"
            row.cells[column.id] = Cell(value=number, display=number)
            sheet.next_number += 1


def _touch(sheet: Sheet, act: Act) -> None:
    sheet.version += 1
    sheet.modified = act.at
    if sheet.dependencies:
        roll_up(sheet)
