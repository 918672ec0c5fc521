"""Carrying out changes: read again just before, write, read what cannot tell by itself, look what was overwritten.

In: changes of one container. Out: one outcome each, whatever happens to the others. Jira has no conditional writes: a
field that moved since the caller read it is STALE and not written; one that moves between our reading and our writing
is found in the history afterwards and told as `replaced`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from itpm_sync.connector import Change, Edit, Operation, Outcome, Record
from itpm_sync.errors import Denied, Gone, ItpmError, UnknownOutcome
from itpm_sync.ports import Clock

from .client import Client
from .creating import Creator
from .editing import Editor
from .reading import Found, Reader
from .settings import JiraSettings
from .shape import Shape
from .wire import Wanted, wanted_of
from .work import Work

_NOTHING: Final = Wanted({}, {})


class Writer:
    """The writes of one connection."""

    def __init__(self, client: Client, reader: Reader, settings: JiraSettings, clock: Clock) -> None:
        self._reader, self._clock = reader, clock
        self._creator = Creator(client, reader, settings)
        self._editor = Editor(client, reader)
        self._gate = asyncio.Semaphore(settings.parallel)

    async def apply(self, container: str, changes: Sequence[Change]) -> list[Outcome]:
        """Raises only before the first effect: where the project or the issues cannot be read."""
        shape = await self._reader.shape(container)
        there = {
            change.native_id: change.expected.revision if change.expected else ""
            for change in changes
            if change.native_id is not None
        }
        fresh = await self._reader.just(shape, there, self._clock.monotonic()) if there else Found()
        works = [self._work(shape, change, fresh) for change in changes]
        new = [work for work in works if work.change.operation is Operation.CREATE]
        old = [work for work in works if work.change.operation is Operation.UPDATE and not work.over]
        await self._creations(shape, new)
        await self._each(old, lambda work: self._update(shape, work))
        for work in works:  # in the caller's order: deepest first
            if work.change.operation is Operation.DELETE and not work.over:
                await self._editor.delete(work)
        await self._read_again(shape, [work for work in works if work.touched and work.native_id])
        await self._look_back(shape, [work for work in old if work.applied])
        return [work.outcome() for work in works]

    def _work(self, shape: Shape, change: Change, fresh: Found) -> Work:
        if change.operation is Operation.CREATE:
            return Work(change, wanted_of(shape, change.values))
        seen = fresh.records.get(str(change.native_id))
        values = {n: v for n, v in change.values.items() if seen is None or not _same(seen.values.get(n), v)}
        wanted = _NOTHING if change.operation is Operation.DELETE else wanted_of(shape, values)
        work = Work(change, wanted, fresh=seen, raw=fresh.raw.get(str(change.native_id), {}))
        work.native_id = change.native_id
        if seen is None:
            self._missing(work, dict(fresh.skipped))
        elif _moved(shape, work) or _edited(change, seen):
            work.stale = work.over = True
        return work

    def _missing(self, work: Work, skipped: Mapping[str, str]) -> None:
        reason = skipped.get(str(work.native_id))
        says = reason or "it is not there any more, or hidden from this account."
        work.fails(Gone(f"{work.title}: {says}"), set(work.change.values))
        work.over = True

    # ── creations ──

    async def _creations(self, shape: Shape, works: Sequence[Work]) -> None:
        if not works:
            return
        await self._creator.create(shape, works)
        made = [work for work in works if work.native_id is not None]
        await self._read_again(shape, made)
        follow = [work for work in made if work.wanted.status or work.wanted.predecessors]
        await self._each(follow, lambda work: self._finish(shape, work))

    async def _finish(self, shape: Shape, work: Work) -> None:
        await self._editor.link(shape, work)
        await self._editor.move(shape, work)

    # ── updates ──

    async def _update(self, shape: Shape, work: Work) -> None:
        await self._editor.edit(shape, work)
        await self._editor.link(shape, work)
        await self._editor.move(shape, work)

    async def _each(self, works: Sequence[Work], do: Callable[[Work], Awaitable[None]]) -> None:
        async def one(work: Work) -> None:
            async with self._gate:
                await do(work)

        await asyncio.gather(*(one(work) for work in works))

    async def _read_again(self, shape: Shape, works: Sequence[Work]) -> None:
        """By id, never from the index. A read that fails now leaves the outcome without a record."""
        if not works:
            return
        try:
            found = await self._reader.fetch(shape, [str(work.native_id) for work in works])
        except ItpmError:
            for work in works:
                work.record = None
            return
        for work in works:
            work.touched = False
            if str(work.native_id) in found.records:
                work.sees(found.records[str(work.native_id)], found.raw[str(work.native_id)])

    async def _look_back(self, shape: Shape, works: Sequence[Work]) -> None:
        """What of others our writes replaced, though the reading just before did not show it."""
        if not works:
            return
        since = min(work.fresh.edited_at for work in works if work.fresh and work.fresh.edited_at)
        try:
            edits = await self._reader.edits(shape, [str(work.native_id) for work in works], since)
        except (Denied, Gone):
            return  # this account may not see histories: nothing can be told
        except ItpmError as error:
            unsure = UnknownOutcome(
                f"{error.message} Whether something of others was overwritten is looked up later."
            )
            for work in works:
                work.fails(unsure, set())
            return
        for work in works:
            work.replaced = _replaced(work, edits.get(str(work.native_id), ()))


def _replaced(work: Work, edits: Sequence[Edit]) -> dict[str, Any]:
    """Values of others, set after our reading and before our write of the same field.

    Links are never replaced: they are added and taken away one by one.
    """
    seen = work.fresh.edited_at if work.fresh else None
    found: dict[str, Any] = {}
    ours: set[str] = set()
    for edit in reversed(edits):
        if edit.ours == work.change.intent:
            ours |= edit.after.keys() - {"issuelinks"}
        elif edit.ours is None and (seen is None or edit.at > seen):
            found = {name: value for name, value in edit.after.items() if name in ours} | found
    return found


def _moved(shape: Shape, work: Work) -> bool:
    """Whether the issue is in another project now; that is for the engine to see first."""
    project = (work.raw.get("fields") or {}).get("project") or {}
    return str(project.get("id")) != shape.id


def _edited(change: Change, seen: Record) -> bool:
    """Whether what the change writes (or deletes) is no longer what the caller saw."""
    if change.expected is None or change.expected.revision == seen.revision:
        return False
    if change.operation is Operation.DELETE:
        return True
    before = change.expected.values
    return any(not _same(before.get(name), seen.values.get(name)) for name in change.values)


def _same(one: Any, other: Any) -> bool:
    """Whether two native values are the same; a person is their account, whatever mail is shown."""
    return bool(_bare(one) == _bare(other))


def _bare(value: Any) -> Any:
    if isinstance(value, Mapping) and "account" in value:
        return ("account", value["account"])
    if isinstance(value, list):
        return sorted(str(_bare(one)) for one in value) or None
    return value
