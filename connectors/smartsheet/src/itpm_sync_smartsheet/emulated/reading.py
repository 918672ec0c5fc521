"""The calls that read: the account, its sheets, columns, rows, and the past of a cell.

In: a call. Out: its answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from itpm_sync.emulation import Answer, Call, Route

from . import views
from .asked import integer, wish_of
from .calls import PREFIX, SHEET, on_sheet, path_id, told
from .views import paged
from .world import ApiError, Sheet, World

HISTORY_COST = 10
"""A call of cell history counts as ten."""


class Reading:
    """Routes on one world. `spend` takes one call off the quota, or gives the refusal."""

    def __init__(self, world: World, spend: Callable[[Call], Answer | None]) -> None:
        self._world, self._spend = world, spend

    def routes(self) -> Iterable[Route]:
        return [
            Route("GET", f"{PREFIX}/users/me", self._me),
            Route("GET", f"{PREFIX}/serverinfo", self._serverinfo),
            Route("GET", f"{PREFIX}/sheets", self._list),
            Route("GET", SHEET, self._sheet),
            Route("GET", f"{SHEET}/version", self._version),
            Route("GET", f"{SHEET}/columns", self._columns),
            Route("GET", f"{SHEET}/rows/{{row}}", self._row),
            Route("GET", f"{SHEET}/rows/{{row}}/columns/{{column}}/history", self._history),
        ]

    def _me(self, call: Call) -> Answer:
        first, _, last = (self._world.name_of(call.person) or call.person.partition("@")[0]).partition(" ")
        return Answer(
            200,
            {
                "id": 48_569_348_493_401_200,
                "email": call.person,
                "firstName": first,
                "lastName": last,
                "locale": "en_US",
                "timeZone": "UTC",
                "account": {"id": 942_238, "name": "Emulated plan"},
            },
        )

    def _serverinfo(self, call: Call) -> Answer:
        return Answer(
            200, {"supportedLocales": ["en_US", "de_DE", "zh_CN"], "formats": {"defaults": "0,0,0,0,0,0,0"}}
        )

    def _list(self, call: Call) -> Answer:
        if "sheetVersion" in call.one("include") and call.one("page"):
            return told(
                ApiError(400, 1227, "The query parameters 'include' and 'page' are mutually exclusive.")
            )
        mine = [sheet for sheet in self._world.sheets.values() if call.person in sheet.access]
        try:
            page = paged(mine, integer(call.one, "page", 1), integer(call.one, "pageSize", 100))
        except ApiError as error:
            return told(error)
        data = [views.sheet_entry(sheet, call.person) for sheet in page.items]
        return Answer(200, {**page.head, "data": data})

    def _sheet(self, call: Call) -> Answer:
        def view(sheet: Sheet) -> Answer:
            wish = wish_of(call.one)
            after = integer(call.one, "ifVersionAfter", -1)
            if after >= sheet.version:
                return Answer(200, {"version": sheet.version})
            return Answer(200, views.sheet_view(self._world, sheet, call.person, wish))

        return on_sheet(self._world, call, view)

    def _version(self, call: Call) -> Answer:
        return on_sheet(self._world, call, lambda sheet: Answer(200, {"version": sheet.version}))

    def _columns(self, call: Call) -> Answer:
        def view(sheet: Sheet) -> Answer:
            size = len(sheet.columns) if call.flag("includeAll") else integer(call.one, "pageSize", 100)
            page = paged(sheet.columns, integer(call.one, "page", 1), size)
            level = integer(call.one, "level", 0)
            shown = [views.column_view(sheet, column, call.person, level) for column in page.items]
            return Answer(200, {**page.head, "data": shown})

        return on_sheet(self._world, call, view)

    def _row(self, call: Call) -> Answer:
        def view(sheet: Sheet) -> Answer:
            row = sheet.rows.get(path_id(call, "row"))
            if row is None:
                raise ApiError(404, 1006, "Not Found")
            number = sheet.order.index(row.id) + 1
            shown = views.row_view(self._world, sheet, row, sheet.columns, wish_of(call.one), number=number)
            return Answer(200, {**shown, "sheetId": sheet.id})

        return on_sheet(self._world, call, view)

    def _history(self, call: Call) -> Answer:
        def view(sheet: Sheet) -> Answer:
            column = sheet.column(path_id(call, "column"))
            row_id = path_id(call, "row")
            if column is None or row_id not in sheet.rows:
                raise ApiError(404, 1006, "Not Found")
            wish = wish_of(call.one)
            past = views.history_view(self._world, column, sheet.past(row_id, column.id), wish)
            page = paged(past, wish.page or 1, wish.size or 100)
            return Answer(200, {**page.head, "data": list(page.items)})

        for _ in range(HISTORY_COST - 1):
            if (refused := self._spend(call)) is not None:
                return refused
        return on_sheet(self._world, call, view)
