"""A strict Smartsheet API 2.0 on 127.0.0.1: one account whose sheets keep their state.

In: HTTP requests as Smartsheet takes them, people's edits, faults. Out: Smartsheet's answers and error codes. What is
not emulated refuses by name (partial success, cell links, images, discussions, webhooks). Every request and answer is
checked against the official description where its folder is given; EXEMPTIONS says where that description contradicts
itself or the service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from itpm_sync.emulation import Answer, Call, Emulator, Exemption, Fault, Harm, Quota, Refusal, Route
from itpm_sync.emulation.schemas import Way
from itpm_sync.emulation.spec import describe
from itpm_sync.kit.secret import Secret
from itpm_sync.ports import Clock

from .emulated import edits, rows, views
from .emulated.asked import integer, stamp, wish_of
from .emulated.rows import Act
from .emulated.views import paged
from .emulated.world import MAX_COLUMNS, Access, ApiError, Column, Sheet, Type, World, dump, load

PREFIX = "/2.0"
MAX_QUERY = 16_384
"""Characters of a query string beyond which the front server answers 414."""
HISTORY_COST = 10
"""A call of cell history counts as ten."""
PER_MINUTE = 300
"""Requests a minute and token, as Smartsheet's older guides give it; set `quota` to use it."""
_SHEET = f"{PREFIX}/sheets/{{sheet}}"
_LIST = "described as one word of an enum, and in the same place as a comma-separated list of them"
_SILENT = "describes no refusal, though the list of error codes has several for it"
EXEMPTIONS = (
    Exemption("GET", r"/sheets/\{sheetId\}", "query include", _LIST),
    Exemption("GET", r"/sheets/\{sheetId\}/rows/\{rowId\}.*", "query include", _LIST),
    Exemption("DELETE", r"/sheets/\{sheetId\}/rows", "status 400", _SILENT),
    Exemption("DELETE", r"/sheets/\{sheetId\}/rows", "status 414", _SILENT),
    Exemption("POST", r"/sheets/\{sheetId\}/columns", "status 400", _SILENT),
    Exemption("GET", r"/sheets/\{sheetId\}/(columns|rows/\{rowId\})", "status 400", _SILENT),
)


class SmartsheetEmulator(Emulator):
    """One emulated Smartsheet account. Without seeded tokens any bearer token is the owner's."""

    name: ClassVar[str] = "smartsheet"
    spec_file: ClassVar[str] = "smartsheet-2.0.2025-08.json"
    spec_prefix: ClassVar[str] = PREFIX
    exemptions: ClassVar[tuple[Exemption, ...]] = EXEMPTIONS
    owner: ClassVar[str] = "owner@example.org"

    def __init__(
        self,
        *,
        folder: Path | None = None,
        clock: Clock | None = None,
        seed: int = 0,
        specs: Path | None = None,
    ) -> None:
        super().__init__(folder=folder, clock=clock, seed=seed, specs=specs)
        self.world: World = load(self.state)
        self._busy: dict[str, float] = {}
        self._sheet_schema = self._find_sheet_schema(specs)

    def connection(self, base: str) -> Mapping[str, Any]:
        """Address and a token that is good here; a row is there as soon as it was added."""
        token = next(iter(self.world.tokens), "emulated-smartsheet-token")
        return {"base_url": base, "token": Secret(token), "horizon": 0.0, "per_minute": 10_000}

    # ── what the base asks for ──

    def routes(self) -> Iterable[Route]:
        return [
            Route("GET", f"{PREFIX}/users/me", self._me),
            Route("GET", f"{PREFIX}/serverinfo", self._serverinfo),
            Route("GET", f"{PREFIX}/sheets", self._list),
            Route("GET", _SHEET, self._sheet),
            Route("GET", f"{_SHEET}/version", self._version),
            Route("GET", f"{_SHEET}/columns", self._columns),
            Route("POST", f"{_SHEET}/columns", self._add_columns),
            Route("POST", f"{_SHEET}/rows", self._add_rows),
            Route("PUT", f"{_SHEET}/rows", self._update_rows),
            Route("DELETE", f"{_SHEET}/rows", self._delete_rows),
            Route("GET", f"{_SHEET}/rows/{{row}}", self._row),
            Route("GET", f"{_SHEET}/rows/{{row}}/columns/{{column}}/history", self._history),
        ]

    def fill(self, data: Mapping[str, Any]) -> None:
        edits.fill(self.world, data, self._now())

    def edit(self, person: str, native_id: str | None, changes: Mapping[str, Any]) -> str:
        return edits.edit(self.world, person, native_id, changes, self._now())

    def names(self) -> Iterable[tuple[str, Iterable[str]]]:
        for sheet in self.world.sheets.values():
            primary = next(column.id for column in sheet.columns if column.primary)
            for row in sheet.rows.values():
                yield str(row.id), [str(row.cells[primary].value)] if primary in row.cells else []

    def save(self) -> None:
        if self._file.path is not None:
            self.state.update(dump(self.world))
        super().save()

    def authenticate(self, call: Call) -> str:
        kind, _, token = call.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or not token:
            raise _refusal(ApiError(401, 1001, "An Access Token is required."))
        if token in self.world.expired:
            raise _refusal(ApiError(401, 1003, "Your Access Token has expired."))
        if not self.world.tokens:
            return self.owner
        if token not in self.world.tokens:
            raise _refusal(ApiError(401, 1002, "Your Access Token is invalid."))
        return self.world.tokens[token]

    def nowhere(self, call: Call, methods: list[str]) -> Answer:
        if methods:
            return _error(ApiError(405, 1122, f"Requested URL does not support this method: {call.method}."))
        return _error(ApiError(404, 1006, "Not Found"))

    def too_many(self, call: Call, retry_after: float) -> Answer:
        return _error(ApiError(429, 4003, "Rate limit exceeded."))

    def failed(self, call: Call, reason: str) -> Answer:
        return _error(ApiError(500, 4000, f"An unexpected error has occurred. {reason}"))

    def quota_scope(self, call: Call) -> str:
        return call.headers.get("authorization", "")

    def limit(self, per_minute: int = PER_MINUTE) -> None:
        """From now on refuse with 4003 what goes beyond so many requests a minute and token."""
        self.quota = Quota(per_minute, 60.0)

    # ── one request ──

    def handle(self, call: Call) -> Answer:
        answer = super().handle(call)
        if self._sheet_schema is not None and answer.status == 200 and isinstance(answer.body, dict):
            wrong = (
                [error.message[:300] for error in self._sheet_schema.iter_errors(answer.body)]
                if ("columns" in answer.body and call.method == "GET")
                else []
            )
            if wrong:
                self.violations += wrong
                return self.failed(call, wrong[0])
        return answer

    def serve_one(self, call: Call) -> tuple[Answer, Fault | None]:
        """A sheet takes one write at a time: another that comes while an answer is still out gets 4004."""
        if call.method == "GET" or "/sheets/" not in call.path:
            return super().serve_one(call)
        sheet = call.path.split("/sheets/")[1].partition("/")[0]
        if self._busy.get(sheet, 0.0) > self.clock.monotonic():
            return _error(
                ApiError(
                    500,
                    4004,
                    f"Request failed because sheetId {sheet} is currently being updated by another request "
                    "that uses the same access token. Please retry your request.",
                )
            ), None
        self._busy[sheet] = float("inf")
        try:
            answer, fault = super().serve_one(call)
        finally:
            self._busy.pop(sheet, None)
        if fault is not None and fault.harm is Harm.DELAY:
            self._busy[sheet] = self.clock.monotonic() + fault.delay
        return answer, fault

    # ── reading ──

    def _me(self, call: Call) -> Answer:
        first, _, last = (self.world.name_of(call.person) or call.person.partition("@")[0]).partition(" ")
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
            return _error(
                ApiError(400, 1227, "The query parameters 'include' and 'page' are mutually exclusive.")
            )
        mine = [sheet for sheet in self.world.sheets.values() if call.person in sheet.access]
        try:
            page = paged(mine, integer(call.one, "page", 1), integer(call.one, "pageSize", 100))
        except ApiError as error:
            return _error(error)
        data = [views.sheet_entry(sheet, call.person) for sheet in page.items]
        return Answer(200, {**page.head, "data": data})

    def _sheet(self, call: Call) -> Answer:
        def view(sheet: Sheet) -> Answer:
            wish = wish_of(call.one)
            after = integer(call.one, "ifVersionAfter", -1)
            if after >= sheet.version:
                return Answer(200, {"version": sheet.version})
            return Answer(200, views.sheet_view(self.world, sheet, call.person, wish))

        return self._on_sheet(call, view)

    def _version(self, call: Call) -> Answer:
        return self._on_sheet(call, lambda sheet: Answer(200, {"version": sheet.version}))

    def _columns(self, call: Call) -> Answer:
        def view(sheet: Sheet) -> Answer:
            size = len(sheet.columns) if call.flag("includeAll") else integer(call.one, "pageSize", 100)
            page = paged(sheet.columns, integer(call.one, "page", 1), size)
            level = integer(call.one, "level", 0)
            shown = [views.column_view(sheet, column, call.person, level) for column in page.items]
            return Answer(200, {**page.head, "data": shown})

        return self._on_sheet(call, view)

    def _row(self, call: Call) -> Answer:
        def view(sheet: Sheet) -> Answer:
            row = sheet.rows.get(_path_id(call, "row"))
            if row is None:
                raise ApiError(404, 1006, "Not Found")
            number = sheet.order.index(row.id) + 1
            shown = views.row_view(self.world, sheet, row, sheet.columns, wish_of(call.one), number=number)
            return Answer(200, {**shown, "sheetId": sheet.id})

        return self._on_sheet(call, view)

    def _history(self, call: Call) -> Answer:
        def view(sheet: Sheet) -> Answer:
            column = sheet.column(_path_id(call, "column"))
            row_id = _path_id(call, "row")
            if column is None or row_id not in sheet.rows:
                raise ApiError(404, 1006, "Not Found")
            wish = wish_of(call.one)
            past = views.history_view(self.world, column, sheet.past(row_id, column.id), wish)
            page = paged(past, wish.page or 1, wish.size or 100)
            return Answer(200, {**page.head, "data": list(page.items)})

        for _ in range(HISTORY_COST - 1):
            if (
                self.quota is not None
                and self.quota.admit(self.quota_scope(call), self.clock.monotonic()) is not None
            ):
                return self.too_many(call, 60.0)
        return self._on_sheet(call, view)

    # ── writing ──

    def _add_columns(self, call: Call) -> Answer:
        def write(sheet: Sheet) -> Answer:
            if not sheet.access[call.person].administers:
                raise ApiError(403, 1004, "You are not authorized to perform this action.")
            raws = _bodies(call)
            made = [self._new_column(sheet, raw) for raw in raws]
            at = int(raws[0].get("index", len(sheet.columns)))
            sheet.columns[at:at] = made
            sheet.version += 1
            sheet.modified = self._now()
            shown = [views.column_view(sheet, column, call.person, 2) for column in made]
            return Answer(
                200, {"message": "SUCCESS", "resultCode": 0, "version": sheet.version, "result": shown}
            )

        return self._on_sheet(call, write)

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
        return Column(self.world.new_id(), str(raw["title"])[:50], Type(raw["type"]), **kept)

    def _add_rows(self, call: Call) -> Answer:
        return self._write(call, rows.add_rows, views.ADDED)

    def _update_rows(self, call: Call) -> Answer:
        return self._write(call, rows.update_rows, views.UPDATED)

    def _write(self, call: Call, act: Any, told: frozenset[str]) -> Answer:
        def write(sheet: Sheet) -> Answer:
            _needs(sheet, call)
            changed = act(self.world, sheet, _bodies(call), self._act(call))
            numbers = {row_id: number for number, row_id in enumerate(sheet.order, 1)}
            result = [
                views.written_view(self.world, sheet, row, told, number=numbers[row.id]) for row in changed
            ]
            done = {"message": "SUCCESS", "resultCode": 0, "version": sheet.version, "result": result}
            return Answer(200, done)

        if call.flag("allowPartialSuccess"):
            return _error(ApiError(400, 1146, "Unsupported operation: allowPartialSuccess is not emulated."))
        return self._on_sheet(call, write)

    def _delete_rows(self, call: Call) -> Answer:
        def write(sheet: Sheet) -> Answer:
            _needs(sheet, call)
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
        return self._on_sheet(call, write)

    # ── shared ──

    def _on_sheet(self, call: Call, work: Any) -> Answer:
        sheet = self.world.sheets.get(_path_id(call, "sheet"))
        try:
            if sheet is None or call.person not in sheet.access:
                raise ApiError(404, 1006, "Not Found")
            answer = work(sheet)
        except ApiError as error:
            return _error(error)
        assert isinstance(answer, Answer)
        return answer

    def _act(self, call: Call) -> Act:
        return Act(call.person, self._now(), call.headers.get("smartsheet-change-agent", ""))

    def _now(self) -> str:
        return stamp(self.clock.now())

    def _find_sheet_schema(self, specs: Path | None) -> Any:
        """The description lets a sheet pass as a bare version; what is no version is held to be a whole sheet."""
        path = specs / self.spec_file if specs is not None else None
        if path is None or not path.is_file():
            return None
        schemas = describe(path).schemas
        return schemas.validator(schemas.resolve({"$ref": "#/components/schemas/Sheet"}), Way.ANSWER)


def _needs(sheet: Sheet, call: Call) -> None:
    if not sheet.access.get(call.person, Access.VIEWER).writes:
        raise ApiError(403, 1004, "You are not authorized to perform this action.")


def _bodies(call: Call) -> list[dict[str, Any]]:
    """The objects of a body: one or a list of them."""
    try:
        body = call.json()
    except ValueError as error:
        raise ApiError(
            400, 1008, f"Unable to parse request. The following error occurred: {error}"
        ) from error
    listed: list[Any] = body if isinstance(body, list) else [body]
    if not all(isinstance(each, dict) for each in listed):
        raise ApiError(400, 1024, "The HTTP request body is required for this Method.")
    return listed


def _path_id(call: Call, name: str) -> int:
    text = call.params.get(name, "")
    return int(text) if text.isdigit() else -1


def _error(error: ApiError) -> Answer:
    body: dict[str, Any] = {"errorCode": error.code, "message": error.message, "refId": "emulated"}
    if error.detail:
        body["detail"] = error.detail
    return Answer(error.status, body)


def _refusal(error: ApiError) -> Refusal:
    return Refusal(_error(error))
