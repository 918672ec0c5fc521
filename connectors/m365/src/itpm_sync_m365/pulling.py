"""Reads Planner plans: all tasks with their details, single tasks, and what a plan is made of.

In: plan and task ids. Out: pages of records, sightings, buckets and categories. Details come with the list where the
service takes `$expand=details`, else in batches of twenty; a task whose details cannot be read is left out and named.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from itpm_sync.connector import Page, Presence, Record, Sighting
from itpm_sync.errors import Denied, Gone, ItpmError, Refused

from . import planner
from .client import GraphClient
from .settings import Details
from .users import Directory
from .wire import Ask, Json, Reply, seg

SCOPE = "planner"


class Puller:
    """Reads through one client."""

    def __init__(self, client: GraphClient, people: Directory, details: Details) -> None:
        self._client, self._people = client, people
        self._expands = details is Details.AUTO

    # ── a plan ──

    async def plan(self, plan_id: str) -> tuple[Json, dict[str, str], dict[str, str]]:
        """The plan, its buckets by id, its named categories by native name. Raises Gone, Denied, Unavailable."""
        what, path = f"Planner plan {plan_id}", f"/planner/plans/{seg(plan_id)}"
        asks = [Ask("GET", f"{path}{part}", what, scope=SCOPE) for part in ("", "/details", "/buckets")]
        plan, details, buckets = [_good(result) for result in await self._client.batch(asks)]
        named = details.get("categoryDescriptions")
        names = named if isinstance(named, dict) else {}
        categories = {name: str(names[name]) for name in planner.CATEGORIES if names.get(name)}
        rows = buckets.get("value")
        if "@odata.nextLink" in buckets or not isinstance(rows, list):
            return plan, await self.buckets(plan_id), categories
        return plan, {str(row["id"]): str(row.get("name") or "") for row in rows}, categories

    async def buckets(self, plan_id: str) -> dict[str, str]:
        """Names of the plan's buckets by id."""
        path, what = f"/planner/plans/{seg(plan_id)}/buckets", f"buckets of Planner plan {plan_id}"
        rows = await self._client.listing(Ask("GET", path, what, scope=SCOPE))
        return {str(row["id"]): str(row.get("name") or "") for row in rows}

    # ── all tasks ──

    async def pages(self, plan_id: str) -> AsyncIterator[Page]:
        """Every task of the plan; the last page is empty and says that the listing is complete.

        An error leaves the listing without it. Raises what the client raises.
        """
        seen: set[str] = set()
        async for rows in self._lists(plan_id):
            fresh = [row for row in rows if str(row["id"]) not in seen]
            seen.update(str(row["id"]) for row in fresh)
            records, skipped = await self._records(fresh)
            yield Page(records=records, skipped=skipped)
        yield Page(records=(), last=True, complete=True)

    async def _lists(self, plan_id: str) -> AsyncIterator[list[Json]]:
        if self._expands:
            try:
                async for rows in self._client.pages(self._list(plan_id, {"$expand": "details"})):
                    yield rows
            except Refused:  # the service does not expand here: from now on details are read in batches
                self._expands = False
            else:
                return
        async for rows in self._client.pages(self._list(plan_id, {})):
            yield rows

    @staticmethod
    def _list(plan_id: str, query: Mapping[str, str]) -> Ask:
        what = f"tasks of Planner plan {plan_id}"
        return Ask("GET", f"/planner/plans/{seg(plan_id)}/tasks", what, query=query, scope=SCOPE)

    async def _records(self, tasks: Sequence[Json]) -> tuple[list[Record], list[tuple[str, str]]]:
        missing = [task for task in tasks if not isinstance(task.get("details"), dict)]
        asks = [_details(str(task["id"])) for task in missing]
        read = {
            str(task["id"]): result for task, result in zip(missing, await self._batch(asks), strict=True)
        }
        people = await self._people.by_id(planner.assigned(tasks))
        records, skipped = [], []
        for task in tasks:
            result = read.get(str(task["id"]))
            if isinstance(result, ItpmError):
                skipped.append((str(task["id"]), str(result)))
                continue
            records.append(planner.record_of(task, result.body if result else task["details"], people))
        return records, skipped

    async def _batch(self, asks: Sequence[Ask]) -> list[Reply | ItpmError]:
        """Answers and lasting refusals; what says "not now" ends the pull, so that nothing looks complete."""
        results = await self._client.batch(asks)
        for result in results:
            if isinstance(result, ItpmError) and not isinstance(result, Gone | Denied | Refused):
                raise result
        return results

    # ── single tasks ──

    async def sightings(self, plan_id: str, task_ids: Sequence[str]) -> list[Sighting]:
        """One sighting an id. Raises where the service does not answer at all."""
        asks = [Ask("GET", f"/planner/tasks/{seg(i)}", f"Planner task {i}", scope=SCOPE) for i in task_ids]
        results = await self._batch([*asks, *map(_details, task_ids)])
        tasks, details = results[: len(asks)], results[len(asks) :]
        people = await self._people.by_id(planner.assigned(r.body for r in tasks if isinstance(r, Reply)))
        found = []
        for task_id, task, shown in zip(task_ids, tasks, details, strict=True):
            if isinstance(task, ItpmError):
                found.append(Sighting(task_id, _absent(task), reason=str(task)))
            elif isinstance(shown, ItpmError):  # half a record is no record
                found.append(Sighting(task_id, Presence.UNKNOWN, reason=str(shown)))
            else:
                found.append(_sighted(plan_id, planner.record_of(task.body, shown.body, people), task.body))
        return found


def _good(result: Reply | ItpmError) -> Json:
    if isinstance(result, ItpmError):
        raise result
    return result.body


def _details(task_id: str) -> Ask:
    return Ask(
        "GET", f"/planner/tasks/{seg(task_id)}/details", f"details of Planner task {task_id}", scope=SCOPE
    )


def _absent(error: ItpmError) -> Presence:
    if isinstance(error, Gone):
        return Presence.GONE
    return Presence.HIDDEN if isinstance(error, Denied) else Presence.UNKNOWN


def _sighted(plan_id: str, record: Record, task: Json) -> Sighting:
    plan = str(task["planId"])
    if plan != plan_id:
        return Sighting(record.native_id, Presence.MOVED, record, container=plan)
    return Sighting(record.native_id, Presence.PRESENT, record)
