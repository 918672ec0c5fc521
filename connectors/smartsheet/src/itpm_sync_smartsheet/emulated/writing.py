"""The calls that write: columns added; rows added, changed, deleted.

In: a call. Out: its answer; the sheet is as after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from itpm_sync.emulation import Answer, Call, Route

from . import rows, views
from .calls import SHEET, bodies, needs_editor, on_sheet, told
from .rows import Act
from .world import MAX_COLUMNS, ApiError, Column, Row, Sheet, Type, World

MAX_QUERY = 16_384
"""Characters of a query string beyond which the front server answers 414."""


class Writing:
    """Routes on one world. `now` is the time as Smartsheet writes it."""

    def __init__(self, world: World, now: Callable[[], str]) -> None:
        self._world, self._now = world, now

    def routes(self) -> Iterable[Route]:
        return [
            Route("POST", f"{SHEET}/columns", self._add_columns),
            Route("POST", f"{SHEET}/rows", self._add_rows),
            Route("PUT", f"{SHEET}/rows", self._update_rows),
            Route("DELETE", f"{SHEET}/rows", self._delete_rows),
        ]

    def _add_columns(self, call: Call) -> Answer:
        def write(sheet: Sheet) -> Answer:
            if not sheet.access[call.person].administers:
                raise ApiError(403, 1004, "You are not authorized to perform this action.")
            raws = bodies(call)
            made = [self._new_column(sheet, raw) for raw in raws]
            at = int(raws[0].get("index", len(sheet.columns)))
            sheet.columns[at:at] = made
            sheet.version += 1
            sheet.modified = self._now()
            shown = [views.column_view(sheet, column, call.person, 2) for column in made]
            return Answer(
                200, {"message": "SUCCESS", "resultCode": 0, "version": sheet.version, "result": shown}
            )

        return on_sheet(self._world, call, write)

    def _new_column(self, sheet: Sheet, raw: Mapping[str, Any]) -> Column:
        for name in ("title", "type", "index"):
            if name not in raw:
                raise ApiError(
                    400, 1012, f"A required object attribute is missing from your request: column.{name}."
                )
        if any(column.title == raw["title"] for column in sheet.columns):
            raise ApiError(400, 1056, "Column titles must be unique.")
        if len(sheet.columns) >= MAX_COLUMNS:
            raise ApiError(400, 1061, "Max count exceeded for field columns.")
        if raw["type"] in (Type.ABSTRACT_DATETIME, Type.DURATION, Type.PREDECESSOR):
            raise ApiError(
                400,
                1142,
                f"Column type {raw['type']} is reserved for project sheets and may not be manually set on a column.",
            )
        kept = {name: raw[name] for name in ("options", "hidden", "locked", "description") if name in raw}
        return Column(self._world.new_id(), str(raw["title"])[:50], Type(raw["type"]), **kept)

    def _add_rows(self, call: Call) -> Answer:
        return self._write(call, rows.add_rows, views.ADDED)

    def _update_rows(self, call: Call) -> Answer:
        return self._write(call, rows.update_rows, views.UPDATED)

    def _write(
        self,
        call: Call,
        act: Callable[[World, Sheet, list[dict[str, Any]], Act], list[Row]],
        shown: frozenset[str],
    ) -> Answer:
        def write(sheet: Sheet) -> Answer:
            needs_editor(sheet, call)
            changed = act(self._world, sheet, bodies(call), self._act(call))
            numbers = {row_id: number for number, row_id in enumerate(sheet.order, 1)}
            result = [
                views.written_view(self._world, sheet, row, shown, number=numbers[row.id]) for row in changed
            ]
            done = {"message": "SUCCESS", "resultCode": 0, "version": sheet.version, "result": result}
            return Answer(200, done)

        if call.flag("allowPartialSuccess"):
            return told(ApiError(400, 1146, "Unsupported operation: allowPartialSuccess is not emulated."))
        return on_sheet(self._world, call, write)

    def _delete_rows(self, call: Call) -> Answer:
        def write(sheet: Sheet) -> Answer:
            needs_editor(sheet, call)
            ids = [int(part) for part in call.one("ids").split(",") if part.strip().isdigit()]
            if not ids:
                raise ApiError(400, 1009, "A required parameter is missing from your request: ids.")
            missing_ok = call.flag("ignoreRowsNotFound")
            gone = rows.delete_rows(sheet, ids, self._act(call), ignore_missing=missing_ok)
            return Answer(
                200, {"message": "SUCCESS", "resultCode": 0, "version": sheet.version, "result": gone}
            )

        if sum(len(name) + len(value) + 2 for name, value in call.query) > MAX_QUERY:
            return Answer(
                414, b"<html><body>414 Request-URI Too Large</body></html>", {"content-type": "text/html"}
            )
        return on_sheet(self._world, call, write)

    def _act(self, call: Call) -> Act:
        return Act(call.person, self._now(), call.headers.get("smartsheet-change-agent", ""))
