"""Changes carried out in one sheet: re-read, write, look at what the write replaced.

In: changes. Out: one outcome each. Smartsheet has no conditional writes: the rows are read right before (one request
for 300 rows), then written (500 a request), and where the sheet's version rose by more than our own write, the
history of the written cells tells whether an edit nobody had seen was overwritten. One write at a time for each sheet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from itpm_sync.connector import Change, Operation, Outcome, Record, Status
from itpm_sync.errors import ItpmError, Refused, UnknownOutcome
from itpm_sync.ports import Clock

from .answers import Rejected
from .batches import Batches, Draft
from .client import Client
from .drafts import UNDER, by_place, creation, deletion, update
from .reading import IDS_PER_CALL, Reader, Rows
from .settings import SmartsheetSettings
from .sheet import ADMINS, PARENT, Shape, record_of
from .wire import plain, value_of

FRESH: Final = 10.0
"""Seconds for which a direct read still counts as "right before the write"."""
_DONE: Final = frozenset({Status.APPLIED, Status.PARTLY})


@dataclass(frozen=True, slots=True)
class Fresh:
    """A direct read that a write may rest on."""

    at: float
    ids: frozenset[str]
    rows: Rows


class Writer:
    """Writes for one connection."""

    def __init__(self, client: Client, reader: Reader, settings: SmartsheetSettings, clock: Clock) -> None:
        self._client = client
        self._reader = reader
        self._settings = settings
        self._clock = clock
        self._fresh: dict[str, Fresh] = {}

    def just_read(self, sheet: str, ids: Sequence[str], rows: Rows) -> None:
        """A direct read was made; a write that follows at once need not read again."""
        self._fresh[sheet] = Fresh(self._clock.monotonic(), frozenset(ids), rows)

    async def apply(self, sheet: str, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome a change, in their order. Raises before the first effect only."""
        if not changes:
            return []
        async with self._client.writing(sheet):
            now = await self._current(sheet, changes)
            shape = await self._with_key(now.shape, changes)
            batches = Batches(shape.version)
            drafts = await self._drafts(shape, changes, now.records)
            waiting = [draft for draft in drafts.values() if draft.status is None]
            await self._add(shape, [d for d in waiting if d.change.operation is Operation.CREATE], batches)
            await self._change(shape, [d for d in waiting if d.change.operation is Operation.UPDATE], batches)
            await self._delete(shape, [d for d in waiting if d.change.operation is Operation.DELETE], batches)
            return await self._outcomes(shape, [drafts[change.intent] for change in changes], now.records)

    async def _current(self, sheet: str, changes: Sequence[Change]) -> Rows:
        ids = [change.native_id for change in changes if change.native_id is not None]
        fresh = self._fresh.pop(sheet, None)
        if fresh and fresh.ids.issuperset(ids) and self._clock.monotonic() - fresh.at <= FRESH:
            return fresh.rows
        return await self._reader.rows(sheet, ids)

    async def _with_key(self, shape: Shape, changes: Sequence[Change]) -> Shape:
        """The shape with our key column, which is added (hidden) where it is missing and may be."""
        keys = any(change.operation is not Operation.DELETE for change in changes)
        if (
            shape.key is not None
            or not keys
            or not self._settings.create_key_column
            or shape.access not in ADMINS
        ):
            return shape
        title = self._settings.key_column
        body = {"title": title, "type": "TEXT_NUMBER", "index": len(shape.columns), "hidden": True}
        try:
            await self._client.send(
                "POST",
                f"the column {title!r} of {shape.name!r}",
                f"/sheets/{shape.id}/columns",
                body,
                sheet=shape.id,
            )
        except (UnknownOutcome, Rejected):  # done and its answer lost, or there already: look
            pass
        found = await self._reader.shape(shape.id, fresh=True)
        if found.key is None:
            raise Refused(
                f"The column {title!r} could not be added to the sheet {shape.name!r}.",
                mend=f"Add a column {title!r} of type Text/Number there by hand.",
            )
        return replace(
            found, version=shape.version + 1
        )  # what others changed meanwhile must still be noticed

    async def _drafts(
        self, shape: Shape, changes: Sequence[Change], current: Mapping[str, Record]
    ) -> dict[str, Draft]:
        doomed = {change.native_id or "" for change in changes if change.operation is Operation.DELETE}
        below = await self._reader.parent_ids(shape) if doomed else {}
        under = await self._under(shape, changes)
        drafts: dict[str, Draft] = {}
        for change in changes:
            row = current.get(change.native_id or "")
            if change.operation is Operation.CREATE:
                drafts[change.intent] = creation(change, shape, under)
            elif change.operation is Operation.UPDATE:
                drafts[change.intent] = update(change, shape, row)
            else:
                drafts[change.intent] = deletion(change, row, doomed, below)
        return drafts

    async def _under(self, shape: Shape, changes: Sequence[Change]) -> dict[str, int]:
        """Row ids of the parents that the configuration names, by id or by the text of their primary column."""
        names = {
            str(change.values[UNDER])
            for change in changes
            if change.operation is Operation.CREATE
            and change.values.get(UNDER)
            and not change.values.get(PARENT)
        }
        found = {name: int(name) for name in names if name.isdigit()}
        if names == found.keys() or shape.primary is None:
            return found
        listing = await self._reader.listing(shape.id, columns=shape.primary.id)
        texts: dict[str, list[int]] = {}
        for row in listing.rows if listing else ():
            for cell in row.get("cells") or ():
                texts.setdefault(str(value_of(shape.primary, cell)), []).append(int(row["id"]))
        return found | {
            name: texts[name][0] for name in names - found.keys() if len(texts.get(name, ())) == 1
        }

    async def _add(self, shape: Shape, drafts: Sequence[Draft], batches: Batches) -> None:
        for group in by_place(drafts):
            await batches.send(group, lambda rows: self._rows("POST", shape, rows))

    async def _change(self, shape: Shape, drafts: Sequence[Draft], batches: Batches) -> None:
        for group in by_place(drafts):
            await batches.send(group, lambda rows: self._rows("PUT", shape, rows))

    async def _rows(self, method: str, shape: Shape, rows: list[dict[str, Any]]) -> Mapping[str, Any]:
        what = f"{len(rows)} row{'s' if len(rows) > 1 else ''} of the sheet {shape.name!r}"
        return await self._client.send(method, what, f"/sheets/{shape.id}/rows", rows, sheet=shape.id)

    async def _delete(self, shape: Shape, drafts: Sequence[Draft], batches: Batches) -> None:
        for start in range(0, len(drafts), IDS_PER_CALL):
            await self._delete_chunk(shape, drafts[start : start + IDS_PER_CALL], batches)

    async def _delete_chunk(self, shape: Shape, drafts: Sequence[Draft], batches: Batches) -> None:
        ids = ",".join(str(draft.change.native_id) for draft in drafts)
        query: dict[str, str | int] = {"ids": ids, "ignoreRowsNotFound": "true"}
        what = f"{len(drafts)} rows of the sheet {shape.name!r}"
        try:
            await self._client.send("DELETE", what, f"/sheets/{shape.id}/rows", query=query, sheet=shape.id)
        except Refused as error:
            if len(drafts) == 1:
                drafts[0].finish(Status.REFUSED, error)
                return
            middle = len(drafts) // 2
            await self._delete_chunk(shape, drafts[:middle], batches)
            await self._delete_chunk(shape, drafts[middle:], batches)
        except ItpmError as error:
            batches.failed(drafts, error)
        else:
            batches.effects = True
            for draft in drafts:
                draft.finish(Status.APPLIED)

    async def _outcomes(
        self, shape: Shape, drafts: Sequence[Draft], before: Mapping[str, Record]
    ) -> list[Outcome]:
        after = await self._reread(shape, drafts)
        outcomes = []
        for draft in drafts:
            replaced, trouble = await self._replaced(shape, draft, before)
            outcomes.append(
                Outcome(
                    intent=draft.change.intent,
                    status=draft.status or Status.UNKNOWN,
                    record=_record(shape, draft, before, after),
                    refused=dict(draft.refused),
                    error=draft.error or trouble,
                    replaced=replaced,
                )
            )
        return outcomes

    async def _reread(self, shape: Shape, drafts: Sequence[Draft]) -> Mapping[str, Record] | None:
        """The written rows, where the write's own answer flattens or leaves out what they hold; else None."""
        answers = [draft.answer for draft in drafts if draft.answer is not None]
        if not (shape.multi or shape.dependencies or any(_misses(shape, answer) for answer in answers)):
            return None
        written = [str(answer.get("id")) for answer in answers]
        try:
            return (await self._reader.rows(shape.id, written)).records
        except ItpmError:
            return {}  # written, but not read back: the next pull tells

    async def _replaced(
        self, shape: Shape, draft: Draft, before: Mapping[str, Record]
    ) -> tuple[dict[str, Any] | None, ItpmError | None]:
        """Values that our write replaced though nobody had seen them, by the cells' history."""
        native_id = draft.change.native_id
        if draft.change.operation is not Operation.UPDATE or draft.alone or draft.status not in _DONE:
            return None, None
        if native_id is None or draft.answer is None:
            return None, None
        found: dict[str, Any] = {}
        try:
            for name in draft.cells:
                column = shape.column(name)
                if column is None or column is shape.key:
                    continue
                past = [was.value for was in await self._reader.past(shape, native_id, column)]
                known = before[native_id].values.get(name)
                ours = _last(past, plain(column, draft.change.values.get(name)))
                if ours > 0 and past[ours - 1] != known:
                    found[name] = past[ours - 1]
        except ItpmError as error:
            return found or None, error
        return found or None, None


def _last(past: Sequence[Any], value: Any) -> int:
    """The place of the last entry with this value, -1 where there is none."""
    return max((place for place, each in enumerate(past) if each == value), default=-1)


def _misses(shape: Shape, answer: Mapping[str, Any]) -> bool:
    """Whether the answer tells of fewer cells than the row has: the others would look empty."""
    cells = answer.get("cells")
    told = (
        {str(cell.get("columnId")) for cell in cells if isinstance(cell, Mapping)}
        if isinstance(cells, list)
        else set()
    )
    return not told.issuperset(column.id for column in shape.columns)


def _record(
    shape: Shape, draft: Draft, before: Mapping[str, Record], after: Mapping[str, Record] | None
) -> Record | None:
    """The row as the write told it, or as it was read where nothing was written."""
    native_id = draft.change.native_id or ""
    if draft.answer is None:
        return (
            before.get(native_id) if draft.status in (Status.STALE, Status.APPLIED, Status.REFUSED) else None
        )
    if after is not None:
        return after.get(str(draft.answer.get("id")))
    # What an answer may leave out: where a new row stands, and that a cell holds a formula.
    placed = {name: draft.row[name] for name in ("parentId",) if not native_id and name in draft.row}
    told = {**placed, **draft.answer}
    known = before[native_id].computed if native_id in before else frozenset()
    try:
        then = replace(shape, version=draft.version, modified=str(draft.answer.get("modifiedAt") or ""))
        record = record_of(then, told, ())
    except (KeyError, TypeError, ValueError):
        return None
    return replace(record, computed=record.computed | known)
