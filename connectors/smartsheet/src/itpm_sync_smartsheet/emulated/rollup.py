"""What a sheet with dependencies computes by itself: parent rows, and every end date.

In: a sheet after a change. Out: its parent rows' start, end, duration and % complete taken from their children, a
leaf's end from start and duration over a Monday-to-Friday week. Neither touches the row's modifiedAt: whether
Smartsheet does is not documented, so that nothing may rely on it.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from .world import Cell, Column, Sheet


def roll_up(sheet: Sheet) -> None:
    """Compute the whole sheet anew, children before parents."""
    tags = {tag: column for column in sheet.columns for tag in column.tags}
    start, end = tags.get("GANTT_START_DATE"), tags.get("GANTT_END_DATE")
    duration, percent = tags.get("GANTT_DURATION"), tags.get("GANTT_PERCENT_COMPLETE")
    if start is None or end is None:
        return
    below: dict[int, list[int]] = {}
    for row_id in reversed(sheet.order):
        children = below.get(row_id, [])
        if children:
            _parent(sheet, row_id, children, (start, end, duration, percent))
        else:
            _leaf(sheet, row_id, start, end, duration)
        parent = sheet.rows[row_id].parent
        if parent is not None:
            below.setdefault(parent, []).append(row_id)


def _leaf(sheet: Sheet, row_id: int, start: Column, end: Column, duration: Column | None) -> None:
    begun = _day(sheet, row_id, start)
    if begun is None:
        _put(sheet, row_id, end, None)
        return
    raw = sheet.rows[row_id].cells.get(duration.id, Cell()).value if duration else None
    days = _days(raw)
    finish = begun
    while days > 1:
        finish += timedelta(days=1)
        days -= finish.weekday() < 5
    _put(sheet, row_id, end, finish.isoformat())


def _parent(
    sheet: Sheet,
    row_id: int,
    children: list[int],
    columns: tuple[Column, Column, Column | None, Column | None],
) -> None:
    start, end, duration, percent = columns
    starts = [day for each in children if (day := _day(sheet, each, start))]
    ends = [day for each in children if (day := _day(sheet, each, end))]
    _put(sheet, row_id, start, min(starts).isoformat() if starts else None)
    _put(sheet, row_id, end, max(ends).isoformat() if ends else None)
    if duration:
        length = _working_days(min(starts), max(ends)) if starts and ends else None
        _put(sheet, row_id, duration, f"{length}d" if length else None)
    if percent:
        shares = [
            value if isinstance(value := _value(sheet, each, percent), int | float) else 0
            for each in children
        ]
        _put(sheet, row_id, percent, round(sum(shares) / len(shares), 2))


def _working_days(first: date, last: date) -> int:
    return sum((first + timedelta(days=n)).weekday() < 5 for n in range((last - first).days + 1))


def _days(raw: object) -> int:
    found = re.match(r"(\d+)", str(raw or "1"))
    return int(found.group(1)) if found else 1


def _day(sheet: Sheet, row_id: int, column: Column) -> date | None:
    value = _value(sheet, row_id, column)
    try:
        return date.fromisoformat(str(value)[:10]) if value else None
    except ValueError:
        return None


def _value(sheet: Sheet, row_id: int, column: Column) -> object:
    return sheet.rows[row_id].cells.get(column.id, Cell()).value


def _put(sheet: Sheet, row_id: int, column: Column, value: str | float | None) -> None:
    cells = sheet.rows[row_id].cells
    if value is None:
        cells.pop(column.id, None)
    else:
        cells[column.id] = Cell(value=value, display=str(value) if isinstance(value, float) else None)
