"""A tool in memory that watches what the engine does to it, call by call.

In: changes of the connector. Out: laws broken, in words, in `ghosts.broken`: second copies, resurrections, deletions
nobody ordered, parents that are not there, cycles, computed values written. What a person did while the run went on
excuses what no call can know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from itpm_sync.connector import Capabilities, Change, Operation
from itpm_sync.memory import MemoryTool, Row
from itpm_sync.memory.tool import PARENT
from itpm_sync.policy import Deletion as Spread
from itpm_sync.ports import Clock
from itpm_sync.testing.ghosts import Deletion, Ghosts, Spot


@dataclass(slots=True)
class Watch:
    """What a watched tool asks of the story."""

    ghosts: Ghosts
    spread: Spread
    stored: Callable[[str], set[str]] = lambda _item: set()
    """The titles of an item that are kept as losers."""
    items: Callable[[], Mapping[Spot, str]] = dict
    """What each record is tied to, as the ledger has it now."""
    item_of: dict[Spot, str] = field(default_factory=dict)
    """What each record was tied to at any time."""
    ordered: set[str] = field(default_factory=set)
    """Items whose deletion a person confirmed by settling a conflict."""

    def remember(self) -> None:
        self.item_of.update(self.items())

    def deleted(self, item: str) -> list[Deletion]:
        """The deletions of an item's records that nobody took back."""
        return [
            one
            for one in self.ghosts.deletions
            if item in (one.item, self.item_of.get(one.spot))
            and self.ghosts.restored.get(one.spot, 0) < one.moment
        ]


class WatchedTool(MemoryTool):
    """A `MemoryTool` called `name`, under watch."""

    def __init__(
        self, name: str, clock: Clock, able: Capabilities, *, containers: Sequence[str], watch: Watch
    ) -> None:
        super().__init__(clock, able, containers)
        self.name, self.watch, self.ghosts = name, watch, watch.ghosts

    @property
    def lags(self) -> bool:
        """Whether any container's lists lag now."""
        return any(self.clock.now() < until for until, _ in self._lagging.values())

    def write(self, change: Change, container: str) -> Row:
        if change.operation is not Operation.UPDATE:
            self.watch.remember()
        if change.operation is Operation.CREATE:
            self._creating(change, container)
        elif change.operation is Operation.UPDATE:
            self._updating(change, container)
        elif change.native_id in self.rows and not self.rows[change.native_id].hidden:
            if not self._stale(change, self.rows[change.native_id]):
                self._deleting(change, self.rows[change.native_id])
        row = super().write(change, container)
        if change.operation is Operation.CREATE:
            self.ghosts.creations.append((self.name, row.native_id, change.key))
        return row

    def _stale(self, change: Change, row: Row) -> bool:
        expected = change.expected.revision if change.expected else None
        return self.capabilities.conditional and expected != f"{row.revision:010d}"

    def _break(self, law: str) -> None:
        self.ghosts.broken.append(f"{self.name}: {law}")

    def _creating(self, change: Change, container: str) -> None:
        before = [n for tool, n, key in self.ghosts.creations if (tool, key) == (self.name, change.key)]
        if before and (self.name, change.key) not in self.ghosts.excused:
            self._break(f"S7: {change.key} is created again, after {before}")
        for gone in self.watch.deleted(change.key):
            known = {(self.name, change.key)} & (self.ghosts.copied | self.ghosts.excused)
            if gone.spot[0] == self.name and not known:
                self._break(f"S9: {change.key} is created again though {gone.spot[1]} was deleted")
        self._placing(change, container)

    def _updating(self, change: Change, container: str) -> None:
        self._placing(change, container)
        row = self.rows.get(change.native_id or "")
        if row is None:
            return
        computed = sorted(row.computed & change.values.keys())
        if computed and not self.ghosts.fresh((self.name, row.native_id)):
            self._break(f"S13: computed {computed} of {row.native_id} are written")

    def _placing(self, change: Change, container: str) -> None:
        """S18, S19: the tool refuses it, but the engine must not even try, unless a person was faster."""
        known = self.rows.get(change.native_id or "")
        misplaced = self.unfit(change.native_id, known.container if known else container, change.values)
        if misplaced and self.ghosts.shaped.get(self.name, 0) <= self.ghosts.run_began:
            self._break(f"S18: {misplaced}")

    def _deleting(self, change: Change, row: Row) -> None:
        spot = (self.name, row.native_id)
        deletions = self.watch.deleted(change.key)
        if self.watch.spread is not Spread.PROPAGATE:
            self._break(f"S10: {row.native_id} is deleted though deletions are only marked")
        if not deletions and change.key not in self.watch.ordered:
            late = (
                one.spot for one in self.ghosts.deletions if self.watch.item_of.get(one.spot) == change.key
            )
            if not any(self.ghosts.restored.get(spot, 0) > self.ghosts.run_began for spot in late):
                self._break(f"S10: {row.native_id} is deleted; nobody deleted a record of {change.key}")
        token = str(row.values.get("title"))
        ever = [
            one for one in self.ghosts.deletions if change.key in (one.item, self.watch.item_of.get(one.spot))
        ]
        if (
            change.key not in self.watch.ordered
            and token not in self.ghosts.known({one.token for one in ever})
            and not self.ghosts.unread(spot)
            and token not in self.watch.stored(change.key)
        ):
            self._break(f"S10: {row.native_id} is deleted with {token}, which no deleter of it had read")
        for child in self.rows.values():
            fresh = self.ghosts.fresh((self.name, child.native_id))
            known = (self.name, child.native_id) in self.watch.item_of
            if child.values.get(PARENT) != row.native_id:
                continue
            if known and not fresh and not self.lags:
                self._break(f"S18: {row.native_id} is deleted while {child.native_id} lies under it")
            self.ghosts.taken |= {str(one.values.get("title")) for one in self._family(child.native_id)}
