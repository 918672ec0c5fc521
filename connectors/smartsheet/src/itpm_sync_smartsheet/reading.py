"""Reading sheets: whole ones, single rows, our keys, the past of cells.

In: sheet ids, row ids, keys. Out: shapes, rows as JSON and as records. One request brings up to 5,000 rows, and says in
the same breath whether the sheet changed at all (`ifVersionAfter`). A sheet that changes between two pages is begun
again, so that all rows of a listing are of one version.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from itpm_sync.connector import Record
from itpm_sync.errors import Gone, Unavailable, Unreadable
from itpm_sync.kit.days import parse_instant

from .client import HISTORY_COST, Client
from .pasts import Was
from .sheet import Shape, parents_of, record_of, shape_of
from .wire import Column, value_of

PAGE: Final = 5_000
IDS_PER_CALL: Final = 300
"""Row ids in one address: some 5 KB, well below what the front server takes."""
TRIES: Final = 3
SLACK: Final = 1.0
"""Seconds by which the difference of two clocks, read off an answer, may be wrong."""
_FULL: Final[dict[str, str | int]] = {
    "level": 2,
    "include": "objectValue,writerInfo",
    "exclude": "nonexistentCells",
}


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows of one sheet. `steady`: all of one version, so that nothing is missing."""

    shape: Shape
    rows: Sequence[Mapping[str, Any]]
    steady: bool
    version: int
    """The version up to which everything is in `rows`."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows as records, by id; what could not be read with its reason."""

    shape: Shape
    records: Mapping[str, Record]
    skipped: Sequence[tuple[str, str]] = ()


class Reader:
    """Reads for one connection, and remembers each sheet's shape as last seen."""

    def __init__(self, client: Client, key_title: str) -> None:
        self._client = client
        self._key_title = key_title
        self.shapes: dict[str, Shape] = {}
        self._me: str | None = None

    async def me(self) -> str:
        """The mail address of the token's account."""
        if self._me is None:
            said = await self._client.get("the Smartsheet account", "/users/me")
            self._me = str(said.get("email") or "")
        return self._me

    async def shape(self, sheet: str, *, fresh: bool = False) -> Shape:
        """The sheet's shape, as last seen or as it is now. Raises Gone, Denied, Unavailable, Unreadable."""
        if fresh or sheet not in self.shapes:
            return self._seen(await self._get(sheet, {"level": 2, "page": 1, "pageSize": 1}))
        return self.shapes[sheet]

    async def listing(self, sheet: str, *, after: int | None = None, columns: str = "") -> Listing | None:
        """All rows, or None where the sheet is still at version `after`. `columns` limits the cells (ids, by comma)."""
        query: dict[str, str | int] = {**_FULL, "pageSize": PAGE}
        if columns:
            query["columnIds"] = columns
        if after is not None:
            query["ifVersionAfter"] = after
        found = await self._pages(sheet, query, whole=not columns)
        for _ in range(TRIES - 1):
            if found is None or found.steady:
                break
            found = await self._pages(sheet, query, whole=not columns)
        return found

    async def _pages(self, sheet: str, query: dict[str, str | int], *, whole: bool) -> Listing | None:
        first = await self._get(sheet, query | {"page": 1})
        if "columns" not in first:
            return None
        shape = self._seen(first) if whole else shape_of(first, self._key_title)
        rows = {row.get("id"): row for row in _rows(first)}
        versions = {shape.version}
        rest = {name: value for name, value in query.items() if name != "ifVersionAfter"}
        for page in range(2, math.ceil(shape.rows / PAGE) + 1):  # one beyond the last would be the last again
            more = await self._get(sheet, rest | {"page": page})
            versions.add(shape_of(more, self._key_title).version)
            rows |= {row.get("id"): row for row in _rows(more)}
        steady = len(versions) == 1 and len(rows) == shape.rows
        return Listing(shape, list(rows.values()), steady, min(versions))

    async def rows(self, sheet: str, native_ids: Sequence[str]) -> Rows:
        """These rows, read directly; an id that is not there is not in the answer.

        The shape's version is the oldest one that any of them was read at.
        """
        wanted = [each for each in dict.fromkeys(native_ids) if each.isdigit()]
        if not wanted:
            return Rows(await self.shape(sheet, fresh=True), {})
        said = [
            await self._get(sheet, {**_FULL, "rowIds": ",".join(wanted[start : start + IDS_PER_CALL])})
            for start in range(0, len(wanted), IDS_PER_CALL)
        ]
        shapes = [self._seen(each) for each in said]
        parents = (
            frozenset(await self.parent_ids(shapes[-1])) if shapes[-1].dependencies else frozenset[str]()
        )
        found = [records_of(shape, _rows(each), parents) for shape, each in zip(shapes, said, strict=True)]
        return Rows(
            replace(shapes[-1], version=min(shape.version for shape in shapes)),
            {native_id: record for part in found for native_id, record in part.records.items()},
            [one for part in found for one in part.skipped],
        )

    async def parent_ids(self, shape: Shape) -> dict[str, set[str]]:
        """Every row that has children, with them."""
        listing = await self.listing(
            shape.id, columns=shape.primary.id if shape.primary else shape.columns[0].id
        )
        assert listing is not None
        below: dict[str, set[str]] = {}
        for row in listing.rows:
            if row.get("parentId"):
                below.setdefault(str(row["parentId"]), set()).add(str(row["id"]))
        return below

    async def keyed(self, sheet: str, keys: frozenset[str]) -> Sequence[Record]:
        """The rows that carry one of these keys: one pull of the key column, then those rows."""
        shape = await self.shape(sheet, fresh=True)
        if shape.key is None:
            return ()
        listing = await self.listing(sheet, columns=shape.key.id)
        if listing is None or not listing.steady:
            raise Unavailable(f"The sheet {shape.name!r} keeps changing.", mend="The next run tries again.")
        hits = [str(row["id"]) for row in listing.rows if _key(shape.key, row) in keys]
        return list((await self.rows(sheet, hits)).records.values()) if hits else ()

    def there(self, moment: datetime) -> datetime:
        """A moment of our clock at Smartsheet's, a little early: its times are whole seconds, and clocks differ."""
        return (moment + timedelta(seconds=self._client.skew - SLACK)).replace(microsecond=0)

    async def pasts(self, shape: Shape, record: Record) -> dict[str, list[Was]]:
        """The past of every cell of a row that somebody can have typed."""
        return {
            column.id: await self.past(shape, record.native_id, column)
            for column in shape.columns
            if column is not shape.key and column.writable(dependencies=shape.dependencies)
        }

    async def past(self, shape: Shape, native_id: str, column: Column) -> list[Was]:
        """A cell's values, oldest first."""
        path = f"/sheets/{shape.id}/rows/{native_id}/columns/{column.id}/history"
        what = f"the history of {column.title!r} in row {native_id} of the sheet {shape.name!r}"
        found: list[Was] = []
        page, pages = 1, 1
        while page <= pages:
            query: dict[str, str | int] = {
                "level": 2,
                "include": "objectValue",
                "page": page,
                "pageSize": 100,
            }
            said = await self._client.get(what, path, query, cost=HISTORY_COST)
            try:
                pages = int(said["totalPages"])
                found += [_was(column, entry) for entry in said["data"]]
            except (KeyError, TypeError, ValueError) as error:
                raise Unreadable(
                    f"Smartsheet's answer about {what} cannot be read.", mend="Try again."
                ) from error
            page += 1
        return found[::-1]

    async def _get(self, sheet: str, query: Mapping[str, str | int]) -> dict[str, Any]:
        if not sheet.isdigit():
            raise Gone(
                f"{sheet!r} is no Smartsheet sheet id.",
                mend="It is a number: in Smartsheet, File > Properties > Sheet ID.",
            )
        name = self.shapes[sheet].name if sheet in self.shapes else sheet
        return await self._client.get(f"Smartsheet sheet {name!r}", f"/sheets/{sheet}", query)

    def _seen(self, raw: Mapping[str, Any]) -> Shape:
        shape = shape_of(raw, self._key_title)
        self.shapes[shape.id] = shape
        return shape


def records_of(
    shape: Shape, rows: Sequence[Mapping[str, Any]], parents: frozenset[str] | None = None
) -> Rows:
    """Rows as records; without `parents` these rows are taken for all that there are."""
    above = parents_of(rows) if parents is None else parents
    records: dict[str, Record] = {}
    skipped: list[tuple[str, str]] = []
    for row in rows:
        try:
            record = record_of(shape, row, above)
        except (KeyError, TypeError, ValueError) as error:
            skipped.append((str(row.get("id", "?")), f"the row cannot be read ({type(error).__name__})"))
        else:
            records[record.native_id] = record
    return Rows(shape, records, skipped)


def _rows(raw: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    rows = raw.get("rows") or []
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise Unreadable("Smartsheet's answer is no sheet.", mend="Try again; report it if it stays so.")
    return rows


def _key(column: Column, row: Mapping[str, Any]) -> str:
    for cell in row.get("cells") or ():
        if str(cell.get("columnId")) == column.id:
            return str(value_of(column, cell) or "")
    return ""


def _was(column: Column, entry: Mapping[str, Any]) -> Was:
    by = entry.get("modifiedBy") or {}
    return Was(
        parse_instant(entry["modifiedAt"]),
        str(by.get("email") or by.get("name") or ""),
        value_of(column, entry),
    )
