"""Adding, changing, moving and deleting rows of an emulated sheet, all or nothing, with Smartsheet's refusals.

In: a sheet, raw rows of a request, who asks and when. Out: the sheet changed and its version risen by one, or an
ApiError and nothing changed. Place: toTop, toBottom, parentId (+toBottom), siblingId (+above), indent, outdent; all
rows of one request must name the same place (1123), a parent must exist (1063) and hold something (1185).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from .cells import check_project, column_of, parse
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

PLACES = ("toTop", "toBottom", "parentId", "siblingId", "above", "indent", "outdent")
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
    _check_places(raws)
    made: list[Row] = []
    for index, raw in enumerate(raws):
        try:
            _check_row(raw, adding=True)
            row = Row(0, _parent_for(sheet, raw), act.at, act.by, act.at, act.by)
            row.expanded = raw.get("expanded", True) is not False
            row.cells = _cells(world, sheet, row, raw, is_parent=False)
        except ApiError as error:
            raise error.at(index) from error
        made.append(row)
    anchor = _anchor(sheet, raws[0])
    for row in made:
        row.id = world.new_id()
        _system_cells(sheet, row)
        sheet.rows[row.id] = row
        _log(sheet, row, row.cells, act)
    at = _position(sheet, raws[0], anchor)
    sheet.order[at:at] = [row.id for row in made]
    _touch(sheet, act)
    return made


def update_rows(world: World, sheet: Sheet, raws: Sequence[Mapping[str, Any]], act: Act) -> list[Row]:
    """Rows changed, moved, or both. Raises ApiError; then nothing was changed."""
    _check_count(raws)
    _check_places(raws)
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
            _check_move(sheet, row, raw)
        except ApiError as error:
            raise error.at(index, row_id if isinstance(row_id, int) else None) from error
    if len({row.id for row, _, _ in plans}) != len(plans):
        raise ApiError(400, 1137, "Input collection contains multiple instances of the same element.")
    _move_all(sheet, [(row, raw) for row, _, raw in plans])
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


def _check_places(raws: Sequence[Mapping[str, Any]]) -> None:
    places = {tuple((name, raw.get(name)) for name in PLACES if raw.get(name)) for raw in raws}
    if len(places) > 1:
        raise ApiError(
            400,
            1123,
            "Specifying multiple row locations is not yet supported. Each row must use the same row location attribute "
            "and value (toBottom, toTop, parentId, siblingId, above).",
        )


def _existing(sheet: Sheet, row_id: object) -> Row:
    if row_id is None:
        raise ApiError(400, 1012, "A required object attribute is missing from your request: row.id.")
    row = sheet.rows.get(row_id) if isinstance(row_id, int) else None
    if row is None:
        raise ApiError(400, 1034, "Invalid Row Id.")
    return row


def _parent_for(sheet: Sheet, raw: Mapping[str, Any]) -> int | None:
    if raw.get("parentId"):
        parent = sheet.rows.get(raw["parentId"])
        if parent is None:
            raise ApiError(400, 1063, f"Invalid parentId: {raw['parentId']}.")
        if _blank(sheet, parent):
            raise ApiError(400, 1185, "Cannot create a child of a parent row that has no data in it.")
        return parent.id
    if raw.get("siblingId"):
        sibling = sheet.rows.get(raw["siblingId"])
        if sibling is None:
            raise ApiError(400, 1064, f"Invalid siblingId: {raw['siblingId']}.")
        return sibling.parent
    return None


def _blank(sheet: Sheet, row: Row) -> bool:
    """Whether nobody put anything into the row; its number does not count."""
    return not any(column.id in row.cells for column in sheet.columns if not column.system)


def _may_change(sheet: Sheet, row: Row, act: Act) -> None:
    if row.locked and not sheet.access[act.by].administers:
        raise ApiError(403, 1050, "You cannot edit a locked row.")


def _check_move(sheet: Sheet, row: Row, raw: Mapping[str, Any]) -> None:
    target = raw.get("parentId") or raw.get("siblingId")
    _parent_for(sheet, raw)
    if target and target in sheet.subtree(row.id):
        raise ApiError(400, 1062, "Invalid row location.")


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


def _move_all(sheet: Sheet, moves: Sequence[tuple[Row, Mapping[str, Any]]]) -> None:
    moving = [(row, raw) for row, raw in moves if any(raw.get(name) for name in PLACES)]
    if not moving:
        return
    if moving[0][1].get("indent") or moving[0][1].get("outdent"):
        _shift_all(sheet, moving)
        return
    raw = moving[0][1]
    anchor = _anchor(sheet, raw)
    parent = _parent_for(sheet, raw)
    blocks = [sheet.subtree(row.id) for row, _ in moving]
    taken = {each for block in blocks for each in block}
    if anchor in taken:
        raise ApiError(400, 1062, "Invalid row location.")
    sheet.order = [each for each in sheet.order if each not in taken]
    for row, _ in moving:
        row.parent = parent
    at = _position(sheet, raw, anchor)
    sheet.order[at:at] = list(dict.fromkeys(each for block in blocks for each in block))


def _shift_all(sheet: Sheet, moving: Sequence[tuple[Row, Mapping[str, Any]]]) -> None:
    before = list(sheet.order), {row.id: row.parent for row, _ in moving}
    try:
        for row, raw in moving:
            _shift(sheet, row, raw)
    except ApiError:
        sheet.order = before[0]
        for row, _ in moving:
            row.parent = before[1][row.id]
        raise


def _shift(sheet: Sheet, row: Row, raw: Mapping[str, Any]) -> None:
    if raw.get("indent"):
        siblings = sheet.children(row.parent)
        place = siblings.index(row.id)
        if place == 0 or _blank(sheet, sheet.rows[siblings[place - 1]]):
            raise ApiError(400, 1062, "Invalid row location.")
        row.parent = siblings[place - 1]
        return
    if row.parent is None:
        raise ApiError(400, 1062, "Invalid row location.")
    old = row.parent
    block = sheet.subtree(row.id)
    sheet.order = [each for each in sheet.order if each not in block]
    row.parent = sheet.rows[old].parent
    at = sheet.order.index(old) + len(sheet.subtree(old))
    sheet.order[at:at] = block


def _anchor(sheet: Sheet, raw: Mapping[str, Any]) -> int | None:
    anchor = raw.get("parentId") or raw.get("siblingId")
    return anchor if isinstance(anchor, int) and anchor in sheet.rows else None


def _position(sheet: Sheet, raw: Mapping[str, Any], anchor: int | None) -> int:
    """Where in `order` the rows go; the default for new rows is the bottom of the sheet."""
    if anchor is None:
        return 0 if raw.get("toTop") else len(sheet.order)
    start = sheet.order.index(anchor)
    if raw.get("siblingId"):
        return start if raw.get("above") else start + len(sheet.subtree(anchor))
    return start + (len(sheet.subtree(anchor)) if raw.get("toBottom") else 1)


def _touch(sheet: Sheet, act: Act) -> None:
    sheet.version += 1
    sheet.modified = act.at
    if sheet.dependencies:
        roll_up(sheet)
