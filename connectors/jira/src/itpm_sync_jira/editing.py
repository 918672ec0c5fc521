"""Changes of issues that are there: edit, links, transition, deletion; each a call of its own.

In: works with what was read just before. Out: what was done and refused, by field. A 400 that names fields is repeated
once without them; the rest goes through.
"""

from __future__ import annotations

from typing import Any, Final

from itpm_sync.errors import ItpmError, Refused

from .changelog import metadata_of
from .client import Client, FieldRefusal, segment
from .reading import Reader
from .shape import Shape
from .wire import edit_body, predecessors, property_of
from .work import Work

_LINKS: Final = "issuelinks"
_STATUS: Final = "status"


class Editor:
    """Edits of one connection."""

    def __init__(self, client: Client, reader: Reader) -> None:
        self._client, self._reader = client, reader
        self._ways: dict[tuple[str, str, str], dict[str, str]] = {}

    async def edit(self, shape: Shape, work: Work) -> None:
        """The fields, and our key where it is missing; the answer is the issue as it now is."""
        fields, keyed = work.wanted.fields, self._wants_key(work)
        if not fields:
            if keyed:
                await self._put_key(shape, work)
            return
        for _ in range(2):
            extra: dict[str, Any] = {"historyMetadata": metadata_of(work.change.intent)}
            if keyed:
                extra["properties"] = [property_of(self._reader.context(shape), work.change.key)]
            try:
                told = await self._send("PUT", work, "", edit_body(fields) | extra, {"returnIssue": True})
            except ItpmError as error:
                if not self._leave_out(work, error):
                    work.fails(error, {work.wanted.names[name] for name in fields})
                    return
                if not fields:
                    return
                continue
            work.applied.update(work.wanted.names[name] for name in fields)
            self._sees(shape, work, told)
            return

    def _wants_key(self, work: Work) -> bool:
        return bool(work.change.key) and work.fresh is not None and work.fresh.key != work.change.key

    async def _put_key(self, shape: Shape, work: Work) -> None:
        told = property_of(self._reader.context(shape), work.change.key)
        try:
            await self._send("PUT", work, f"/properties/{segment(told['key'])}", told["value"], nothing=True)
            work.touched = True
        except ItpmError as error:
            work.fails(error, set())

    def _leave_out(self, work: Work, error: ItpmError) -> bool:
        """Drop the fields that Jira names from the edit; False where it names none that are ours."""
        told = error.__cause__
        if not isinstance(error, Refused) or not isinstance(told, FieldRefusal):
            return False
        named = {("parent" if name == "parentId" else name): says for name, says in told.fields.items()}
        ours = {name: says for name, says in named.items() if name in work.wanted.fields}
        for name, says in ours.items():
            work.refused[work.wanted.names[name]] = says
            del work.wanted.fields[name]
        return bool(ours)

    def _sees(self, shape: Shape, work: Work, told: Any) -> None:
        found = self._reader.found(shape, [told] if isinstance(told, dict) else [])
        if work.native_id in found.records:
            key = work.change.key or (work.fresh.key if work.fresh else None)
            work.sees(found.records[work.native_id], found.raw[work.native_id], key=key)
        else:
            work.touched = True

    # ── links ──

    async def link(self, shape: Shape, work: Work) -> None:
        """Make the predecessors those that are wanted; links of other types stay as they are."""
        wanted = work.wanted.predecessors
        if wanted is None or work.over:
            return
        there = predecessors(shape, (work.raw.get("fields") or {}).get(_LINKS))
        try:
            for number in sorted(there.keys() - wanted, key=int):
                path = f"/issueLink/{segment(there[number])}"
                await self._client.send("DELETE", work.title, path, scope="DELETE issueLink", nothing=True)
                self._did(work, _LINKS)
            for number in sorted(wanted - there.keys(), key=int):
                # "inward" blocks "outward": read back on ours, the other stands as inwardIssue.
                body = {
                    "type": {"name": shape.link_type},
                    "inwardIssue": {"id": number},
                    "outwardIssue": {"id": work.native_id},
                }
                await self._client.send(
                    "POST", work.title, "/issueLink", body, scope="POST issueLink", nothing=True
                )
                self._did(work, _LINKS)
        except ItpmError as error:
            work.fails(error, {_LINKS})

    # ── transitions ──

    async def move(self, shape: Shape, work: Work) -> None:
        """Take the transition that leads to the wanted status; without one the field is refused."""
        wanted, seen = work.wanted.status, work.record or work.fresh
        if wanted is None or work.over or seen is None or seen.values.get(_STATUS) == wanted:
            return
        here = str(seen.values.get(_STATUS))
        place = (shape.id, str(seen.values.get("issuetype")), here)
        try:
            known = place in self._ways
            if not await self._take(work, place, wanted, forgiving=known):
                # what was known of the workflow may be old: look once more, at this very issue
                self._ways.pop(place, None)
                if not known or not await self._take(work, place, wanted, forgiving=False):
                    work.refused[_STATUS] = self._no_way(shape, here, wanted)
                    work.error = work.error or Refused(f"{work.title}: {work.refused[_STATUS]}")
        except ItpmError as error:
            work.fails(error, {_STATUS})
            told = error.__cause__
            if isinstance(told, FieldRefusal) and told.fields:
                asks = "; ".join(f"{name}: {says}" for name, says in told.fields.items())
                work.refused[_STATUS] = f"The transition asks for more than itpm-sync may say ({asks})."

    async def _take(self, work: Work, place: tuple[str, str, str], wanted: str, *, forgiving: bool) -> bool:
        """Take the transition that leads to `wanted`; False where there is none, or (forgiving) it is refused."""
        number = (await self._transitions(work, place)).get(wanted)
        if number is None:
            return False
        body = {"transition": {"id": number}, "historyMetadata": metadata_of(work.change.intent)}
        try:
            await self._send("POST", work, "/transitions", body, nothing=True)
        except Refused:
            self._ways.pop(place, None)
            if forgiving:
                return False
            raise
        self._did(work, _STATUS)
        return True

    async def _transitions(self, work: Work, place: tuple[str, str, str]) -> dict[str, str]:
        """By status id: the transition that leads there, read once a project, issue type and status."""
        if place not in self._ways:
            path = f"/issue/{segment(str(work.native_id))}/transitions"
            told = await self._client.get(f"Transitions of {work.title}", path, scope="GET transitions")
            ways: dict[str, str] = {}
            for one in told.get("transitions") or () if isinstance(told, dict) else ():
                if isinstance(one.get("to"), dict) and one.get("isAvailable", True):
                    ways.setdefault(str(one["to"].get("id")), str(one.get("id")))
            self._ways[place] = ways
        return self._ways[place]

    def _no_way(self, shape: Shape, here: str, wanted: str) -> str:
        names = shape.fields[_STATUS].options
        return (
            f"The workflow has no transition from {names.get(here, here)} to {names.get(wanted, wanted)} "
            "that this account may take. Move it in Jira, or ask the project's admin."
        )

    # ── deletion ──

    async def delete(self, work: Work) -> None:
        """For good: Jira has no recycle bin. One with sub-tasks is refused by Jira."""
        try:
            await self._send("DELETE", work, "", None, {"deleteSubtasks": "false"}, nothing=True)
            work.applied.add("")
            work.record = None
        except ItpmError as error:
            work.fails(error, set())

    def _did(self, work: Work, name: str) -> None:
        work.applied.add(name)
        work.touched = True

    async def _send(
        self,
        method: str,
        work: Work,
        path: str,
        body: object,
        query: dict[str, Any] | None = None,
        *,
        nothing: bool = False,
    ) -> Any:
        number = segment(str(work.native_id))
        scope = f"{method} issue/{number}"
        return await self._client.send(
            method, work.title, f"/issue/{number}{path}", body, query, scope=scope, nothing=nothing
        )
