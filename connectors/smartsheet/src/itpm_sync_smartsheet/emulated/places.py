"""Where rows of an emulated sheet stand: toTop, toBottom, parentId (+toBottom), siblingId (+above), indent, outdent.

In: a sheet, raw rows of a request. Out: their parent and place, or an ApiError: all rows of one request must name the
same place (1123), a parent must exist (1063) and hold something (1185).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .world import ApiError, Row, Sheet

PLACES = ("toTop", "toBottom", "parentId", "siblingId", "above", "indent", "outdent")


def check_places(raws: Sequence[Mapping[str, Any]]) -> None:
    """Raises ApiError where the rows name different places."""
    places = {tuple((name, raw.get(name)) for name in PLACES if raw.get(name)) for raw in raws}
    if len(places) > 1:
        raise ApiError(
            400,
            1123,
            "Specifying multiple row locations is not yet supported. Each row must use the same row location attribute "
            "and value (toBottom, toTop, parentId, siblingId, above).",
        )


def parent_for(sheet: Sheet, raw: Mapping[str, Any]) -> int | None:
    """The parent that the place gives. Raises ApiError."""
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


def check_move(sheet: Sheet, row: Row, raw: Mapping[str, Any]) -> None:
    """Raises ApiError where the row would come under itself."""
    target = raw.get("parentId") or raw.get("siblingId")
    parent_for(sheet, raw)
    if target and target in sheet.subtree(row.id):
        raise ApiError(400, 1062, "Invalid row location.")


def move_all(sheet: Sheet, moves: Sequence[tuple[Row, Mapping[str, Any]]]) -> None:
    """Move the rows that name a place, each with what is under it. Raises ApiError; then nothing moved."""
    moving = [(row, raw) for row, raw in moves if any(raw.get(name) for name in PLACES)]
    if not moving:
        return
    if moving[0][1].get("indent") or moving[0][1].get("outdent"):
        _shift_all(sheet, moving)
        return
    raw = moving[0][1]
    anchor = anchor_of(sheet, raw)
    parent = parent_for(sheet, raw)
    blocks = [sheet.subtree(row.id) for row, _ in moving]
    taken = {each for block in blocks for each in block}
    if anchor in taken:
        raise ApiError(400, 1062, "Invalid row location.")
    sheet.order = [each for each in sheet.order if each not in taken]
    for row, _ in moving:
        row.parent = parent
    at = position(sheet, raw, anchor)
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


def anchor_of(sheet: Sheet, raw: Mapping[str, Any]) -> int | None:
    """The row that the place names, if it is there."""
    anchor = raw.get("parentId") or raw.get("siblingId")
    return anchor if isinstance(anchor, int) and anchor in sheet.rows else None


def position(sheet: Sheet, raw: Mapping[str, Any], anchor: int | None) -> int:
    """Where in `order` the rows go; the default for new rows is the bottom of the sheet."""
    if anchor is None:
        return 0 if raw.get("toTop") else len(sheet.order)
    start = sheet.order.index(anchor)
    if raw.get("siblingId"):
        return start if raw.get("above") else start + len(sheet.subtree(anchor))
    return start + (len(sheet.subtree(anchor)) if raw.get("toBottom") else 1)
