"""Carries out changes of Planner tasks, in batches, with etags; one outcome a change.

In: `Change`s of one plan. Out: `Outcome`s in their order. Tasks first, then details, as they are two resources. A
write on an old etag is merged by Planner where nobody touched the same property, else it is `stale`. A change that is
refused as a whole is tried in its parts, so that one bad assignee does not hold up a date. A write whose outcome is
unknown is never sent again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from itpm_sync.connector import Account, Change, Operation, Outcome
from itpm_sync.errors import Denied, Gone, ItpmError, Refused, Retry, Stale, UnknownOutcome
from itpm_sync.kit.answer import Expect

from . import planner
from .client import GraphClient
from .references import rekeyed, with_key
from .users import Directory
from .wire import Ask, Json, Reply, seg
from .work import Work, outcome

SCOPE = "planner"


class Pusher:
    """Writes to one plan."""

    def __init__(
        self, client: GraphClient, people: Directory, plan: str, buckets: Mapping[str, str], link: str
    ) -> None:
        """`buckets` by id; `link` is the address our key is added to."""
        self._client, self._people, self._plan, self._link = client, people, plan, link
        self._buckets = buckets

    async def apply(self, changes: Sequence[Change]) -> list[Outcome]:
        """Carry out all; never raises for one of them."""
        works = [Work(change) for change in changes]
        by = {operation: [w for w in works if w.change.operation is operation] for operation in Operation}
        await self._read([work for work in by[Operation.UPDATE] if work.change.expected is None])
        for work in (*by[Operation.CREATE], *by[Operation.UPDATE]):
            if work.error is None:
                self._prepare(work)
        await self._create(by[Operation.CREATE])
        await self._update(by[Operation.UPDATE])
        await self._delete(by[Operation.DELETE])
        people = await self._people_of(works)
        return [outcome(work, people) for work in works]

    # ── what is to be sent ──

    def _prepare(self, work: Work) -> None:
        values = dict(work.change.values)
        self._place(work, values)
        unknown = sorted(set(values) - planner.WRITABLE)
        if unknown:
            work.refuse(unknown, Refused(f"{work.what}: Planner has no field {unknown[0]}."))
        self._task_body(work, values)
        wanted, stood = values.get("description") or "", work.before.get("description") or ""
        if "description" in values and wanted != stood:
            work.details["description"] = wanted

    def _place(self, work: Work, values: dict[str, Any]) -> None:
        """A bucket given by name becomes its id."""
        under = values.pop("under", None) or values.get("bucketId")
        if not under:
            return
        named = [each for each, name in self._buckets.items() if under.casefold() == name.casefold()]
        found = [under] if under in self._buckets else named
        if len(found) == 1:
            values["bucketId"] = found[0]
            return
        values.pop("bucketId", None)
        count = "no bucket" if not found else f"{len(found)} buckets"
        mend = "Name one of: " + ", ".join(sorted(self._buckets.values())[:20]) + "."
        work.refuse(
            ["bucketId"], Refused(f"{work.what}: the plan has {count} called {under!r:.80}.", mend=mend)
        )

    def _task_body(self, work: Work, values: Mapping[str, Any]) -> None:
        """Set what is to be sent; what Planner cannot hold at all is refused by itself."""
        for name in ("assignments", "appliedCategories"):
            if name in values:
                try:
                    work.body |= planner.task_body({name: values[name]}, work.before)
                except Refused as error:
                    work.refuse([name], error)
        rest = {n: v for n, v in values.items() if n in planner.PLAIN}
        work.body |= planner.task_body(rest, work.before)

    # ── creating ──

    async def _create(self, works: Sequence[Work]) -> None:
        """The key goes with the creation, so that a lost answer leaves a task that is found again (F01, F02)."""
        works = [work for work in works if self._creatable(work)]
        for work in works:
            work.details["references"] = with_key(self._link, work.change.key)
        results = await self._client.batch([self._post(work) for work in works])
        for work, result in zip(works, results, strict=True):
            await self._created(work, result)
        made = [work for work in works if work.task]
        await self._read_details(made)
        await self._attach_keys([work for work in made if work.shown])

    @staticmethod
    def _creatable(work: Work) -> bool:
        if "bucketId" in work.refused:  # the configuration names a wrong place: nothing is made in another
            return False
        if not work.body.get("title"):
            work.refuse(["title"], Refused("A Planner task needs a title.", mend="Give the item a title."))
            return False
        return True

    def _post(self, work: Work) -> Ask:
        body = {"planId": self._plan, **{n: v for n, v in work.body.items() if v is not None}}
        return Ask("POST", "/planner/tasks", work.what, body={**body, "details": work.details}, scope=SCOPE)

    async def _created(self, work: Work, result: Reply | ItpmError) -> None:
        """Where assignees are refused, the task is made without them: it is better there than not."""
        if isinstance(result, Refused | Denied) and "assignments" in work.body:
            reason = result
            del work.body["assignments"]
            result = (await self._client.batch([self._post(work)]))[0]
            if isinstance(result, Reply):
                work.refuse(["assignments"], reason)
        if isinstance(result, ItpmError):
            work.error = result
            return
        work.took(result)

    async def _read_details(self, works: Sequence[Work]) -> None:
        """Details of new tasks; they may not be there yet, then the next pull brings them."""
        asks = [Ask("GET", f"/planner/tasks/{seg(w.native_id)}/details", w.what, scope=SCOPE) for w in works]
        for work, result in zip(works, await self._client.batch(asks), strict=True):
            if isinstance(result, Reply):
                work.shown = result.body

    async def _attach_keys(self, works: Sequence[Work]) -> None:
        """Where the service did not take details with the creation, they are written now."""
        late = [work for work in works if work.carried != work.change.key]
        await self._patch_details(late)

    # ── updating ──

    async def _update(self, works: Sequence[Work]) -> None:
        touched = [work for work in works if work.body]
        results = await self._client.batch([self._patch(work, work.body) for work in touched])
        for work, result in zip(touched, results, strict=True):
            await self._patched(work, result)
        going_on = [
            work for work in works if not isinstance(work.error, Stale | UnknownOutcome | Gone | Retry)
        ]
        await self._rekey(going_on)
        await self._patch_details([work for work in going_on if work.details])

    def _patch(self, work: Work, body: Json) -> Ask:
        path = f"/planner/tasks/{seg(work.native_id)}"
        return Ask("PATCH", path, work.what, body=body, etag=work.etags[0], returns=True, scope=SCOPE)

    async def _patched(self, work: Work, result: Reply | ItpmError) -> None:
        """A task's own change came back; what is refused as a whole is tried in parts (F11)."""
        if isinstance(result, Reply):
            work.took(result)
            return
        splits = isinstance(result, Refused | Denied) and not isinstance(result, Stale)
        if not splits or len(planner.parts_of(work.body)) < 2:
            work.refuse(list(work.body), result)
            return
        for part in planner.parts_of(work.body):
            one = (await self._client.batch([self._patch(work, part)]))[0]
            if isinstance(one, Reply):
                work.took(one)
            else:
                work.refuse(list(part), one)

    async def _read(self, works: Sequence[Work]) -> None:
        """The tasks as they are now: for changes that came without a record, and before something is deleted."""
        tasks = [Ask("GET", f"/planner/tasks/{seg(w.native_id)}", w.what, scope=SCOPE) for w in works]
        details = [
            Ask("GET", f"/planner/tasks/{seg(w.native_id)}/details", w.what, scope=SCOPE) for w in works
        ]
        results = await self._client.batch([*tasks, *details])
        for place, work in enumerate(works):
            task, shown = results[place], results[place + len(works)]
            if isinstance(task, Reply):
                work.task = task.body
            else:
                work.error = task
            work.shown = shown.body if isinstance(shown, Reply) else None

    async def _rekey(self, works: Sequence[Work]) -> None:
        """Every tied record is given our key; a copy's is overwritten (F40)."""
        other = [work for work in works if work.change.key and work.carried != work.change.key]
        await self._read_details(other)
        for work in other:
            if work.shown is None:
                continue
            references = work.shown.get("references")
            change = rekeyed(references if isinstance(references, dict) else {}, self._link, work.change.key)
            if change:
                work.details["references"] = change

    async def _patch_details(self, works: Sequence[Work]) -> None:
        asks = [
            Ask(
                "PATCH",
                f"/planner/tasks/{seg(work.native_id)}/details",
                work.what,
                body=work.details,
                etag=work.etags[1],
                returns=True,
                scope=SCOPE,
            )
            for work in works
        ]
        for work, result in zip(works, await self._client.batch(asks), strict=True):
            if isinstance(result, Reply):
                work.took_details(result)
            else:
                work.refuse(list(work.details), result)

    # ── deleting ──

    async def _delete(self, works: Sequence[Work]) -> None:
        """Read again first: what a person changed since it was decided on is not deleted."""
        await self._read(works)
        for work in works:
            if isinstance(work.error, Gone):  # gone already: what was wanted is so
                work.applied, work.error = True, None
            elif work.error is None and work.moved():
                work.error = Stale(
                    f"{work.what}: somebody changed it since it was read, so it is not deleted."
                )
        works = [work for work in works if work.error is None and not work.applied]
        results = await self._client.batch([self._deletion(work) for work in works])
        for work, result in zip(works, results, strict=True):
            if isinstance(result, Reply | Gone):
                work.applied = True
            else:
                work.error = result

    @staticmethod
    def _deletion(work: Work) -> Ask:
        path, tag = f"/planner/tasks/{seg(work.native_id)}", work.etags[0]
        return Ask("DELETE", path, work.what, etag=tag, expect=Expect.NOTHING, scope=SCOPE)

    # ── what became of it ──

    async def _people_of(self, works: Sequence[Work]) -> Mapping[str, Account] | None:
        """Who the tasks are assigned to now; None where that cannot be told, though the writes are done."""
        try:
            return await self._people.by_id(planner.assigned(work.task for work in works if work.task))
        except ItpmError:
            return None
