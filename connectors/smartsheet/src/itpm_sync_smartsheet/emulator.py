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

from itpm_sync.emulation import Answer, Call, Emulator, Exemption, Fault, Harm, Quota, Route
from itpm_sync.emulation.schemas import Way
from itpm_sync.emulation.spec import describe
from itpm_sync.kit.secret import Secret
from itpm_sync.ports import Clock

from .emulated import edits
from .emulated.asked import stamp
from .emulated.calls import PREFIX, refusal, told
from .emulated.reading import Reading
from .emulated.world import ApiError, dump, load
from .emulated.writing import Writing

PER_MINUTE = 300
"""Requests a minute and token, as Smartsheet's older guides give it; set `quota` to use it."""
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
        self._busy: dict[str, float] = {}
        self._sheet_schema = self._find_sheet_schema(specs)

    def connection(self, base: str) -> Mapping[str, Any]:
        """Address and a token that is good here; a row is there as soon as it was added."""
        token = next(iter(self.world.tokens), "emulated-smartsheet-token")
        return {"base_url": base, "token": Secret(token), "horizon": 0.0, "per_minute": 10_000}

    # ── what the base asks for ──

    def routes(self) -> Iterable[Route]:
        # One world for all parts; here, as the state is loaded by now and the routes are asked for once.
        self.world = load(self.state)
        return [*Reading(self.world, self._spend).routes(), *Writing(self.world, self._now).routes()]

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
            raise refusal(ApiError(401, 1001, "An Access Token is required."))
        if token in self.world.expired:
            raise refusal(ApiError(401, 1003, "Your Access Token has expired."))
        if not self.world.tokens:
            return self.owner
        if token not in self.world.tokens:
            raise refusal(ApiError(401, 1002, "Your Access Token is invalid."))
        return self.world.tokens[token]

    def nowhere(self, call: Call, methods: list[str]) -> Answer:
        if methods:
            return told(ApiError(405, 1122, f"Requested URL does not support this method: {call.method}."))
        return told(ApiError(404, 1006, "Not Found"))

    def too_many(self, call: Call, retry_after: float) -> Answer:
        return told(ApiError(429, 4003, "Rate limit exceeded."))

    def failed(self, call: Call, reason: str) -> Answer:
        return told(ApiError(500, 4000, f"An unexpected error has occurred. {reason}"))

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
            return told(
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

    def _spend(self, call: Call) -> Answer | None:
        if self.quota is None or self.quota.admit(self.quota_scope(call), self.clock.monotonic()) is None:
            return None
        return self.too_many(call, 60.0)

    def _now(self) -> str:
        return stamp(self.clock.now())

    def _find_sheet_schema(self, specs: Path | None) -> Any:
        """The description lets a sheet pass as a bare version; what is no version is held to be a whole sheet."""
        path = specs / self.spec_file if specs is not None else None
        if path is None or not path.is_file():
            return None
        schemas = describe(path).schemas
        return schemas.validator(schemas.resolve({"$ref": "#/components/schemas/Sheet"}), Way.ANSWER)
