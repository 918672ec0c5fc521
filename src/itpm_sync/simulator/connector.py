"""The connector of a simulated tool: pages, cursors and everything that can go wrong with a call.

In: a `SimTool`; what its `on_call` raises. Out: what the port allows a connector to say of it: errors before the first
effect, outcomes after. Nothing of a fault is the engine's to know but through the port.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from itpm_sync.connector import Change, ContainerInfo, NativeField, Outcome, Page, Record, Sighting, Status
from itpm_sync.errors import Gone, ItpmError, Refused, Retry, Stale, UnknownOutcome
from itpm_sync.memory import MemoryConnector
from itpm_sync.simulator.tools import SimTool

PAGE = 4
"""Records of a page."""


class Silent(ItpmError):
    """The answer to a batch says nothing of this change."""


class Bare(ItpmError):
    """The answer says that it was done, and nothing of the record."""


class SimConnector(MemoryConnector):
    """A `MemoryConnector` whose calls can fail as a vendor's do."""

    tool: SimTool

    def _call(self, name: str, *containers: str) -> None:
        self.phase = "before"
        super()._call(name, *containers)

    def _done(self, name: str) -> None:
        self.phase = "after"
        super()._done(name)

    async def describe(self, container: str) -> ContainerInfo:
        self._call("describe", container)
        if container not in self.tool.containers:
            raise Gone(f"There is no container {container} in {self.name}.", mend="Correct its name.")
        if self.tool.losing is not None:
            (self.tool.lost, self.tool.renamed)[self.tool.losing.renamed][container] = self.tool.losing.field
            self.tool.losing = None
        names = ("kind", "title", "site", "parent", "priority", "labels")
        fields = [
            NativeField(
                name,
                self.tool.title_of(name, container),
                "any",
                options=self.tool.names if name == "site" else {},
            )
            for name in names
            if name != self.tool.lost.get(container)
        ]
        self._done("describe")
        self.tool.watch.told(self.tool, container)
        return ContainerInfo(container, container, fields, self.tool.containers[container])

    async def read(self, container: str, native_ids: Sequence[str]) -> Sequence[Sighting]:
        sightings = await super().read(container, native_ids)
        twist, self.tool.twist = self.tool.twist, ""
        return [_stale(self.tool, one) for one in sightings] if twist == "F23" else sightings

    async def pull(self, container: str, cursor: str | None, *, full: bool = False) -> AsyncIterator[Page]:
        """Pages; those that follow a cursor end with every id that is there."""
        tool = self.tool
        self._call("pull", container)
        if container not in tool.containers:
            raise Gone(f"There is no container {container} in {self.name}.")
        twist, tool.twist = tool.twist, ""
        follows = tool.kind.follows and cursor is not None and not full and twist != "F20"
        lagging, now = tool.lagging(container) is not None, tool.count
        shown = [] if twist == "F84" else list(tool.listing(container))
        if lagging:
            now = max((record.revision for record in shown), default=cursor or now)
        listed = frozenset(record.native_id for record in shown)
        if follows:  # changes are told in the order of ids: no page's edge moves
            shown = [record for record in shown if record.revision > str(cursor)]
            twist = "" if twist == "F17" else twist
        shown = _twisted(shown, twist)
        for start in range(0, max(1, len(shown)), PAGE):
            if start:
                self.phase = "before"
                tool.on_call("pull", "page")
            page = (
                shown[start : start + PAGE]
                if lagging
                else self._fresh(container, shown[start : start + PAGE])
            )
            if start + PAGE < len(shown):
                yield Page(page)
            else:
                self._done("pull")
                yield Page(
                    page,
                    cursor=now if tool.kind.follows else None,
                    last=True,
                    complete=not follows,
                    listed=listed if follows else None,
                )

    def _fresh(self, container: str, page: Sequence[Record]) -> list[Record]:
        """The records of a page as they are when it is read; one that has gone meanwhile is not on it."""
        rows = [self.tool.rows.get(record.native_id) for record in page]
        return [
            self.tool.record(row)
            for row in rows
            if row is not None and row.container == container and not row.hidden
        ]

    async def apply(self, container: str, changes: Sequence[Change]) -> Sequence[Outcome]:
        self.effects = 0
        found = []
        for change in changes:
            outcome = self._tried(change, container)
            if outcome is not None:
                found.append(outcome)
        return found

    def _tried(self, change: Change, container: str) -> Outcome | None:
        try:
            outcome = self._carried_out(change, container)
        except Silent:
            return None
        except ItpmError as error:
            if self.phase == "after":
                self.effects += 1
                bare = isinstance(error, Bare)
                return Outcome(change.intent, Status.APPLIED if bare else Status.UNKNOWN, error=error)
            return self._untouched(change, error)
        self.effects += 1
        return outcome

    def _untouched(self, change: Change, error: ItpmError) -> Outcome:
        """What is said of a change that had no effect. Only before the first effect of a batch may it be raised."""
        if isinstance(error, UnknownOutcome):
            return Outcome(change.intent, Status.UNKNOWN, error=error)
        if isinstance(error, Stale):
            return Outcome(change.intent, Status.STALE, error=error)
        if isinstance(error, Refused):
            return Outcome(change.intent, Status.REFUSED, error=error)
        if not self.effects:
            raise error
        return Outcome(change.intent, Status.RETRY, error=Retry(error.message))


def _stale(tool: SimTool, sighting: Sighting) -> Sighting:
    """What a copy of the tool's database that lags says of a record."""
    older = tool.older.get(sighting.native_id)
    return sighting if sighting.record is None or older is None else replace(sighting, record=older)


def _twisted(shown: list[Record], twist: str) -> list[Record]:
    """A list as a moving target gives it."""
    if twist == "F17" and len(shown) > 1:  # one record moved over a page's edge: seen twice; another never
        return [*shown[1:], shown[1]]
    if twist == "F21" and shown:  # a change told twice
        return [shown[0], *shown, shown[-1]]
    return shown
