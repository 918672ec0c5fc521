"""A tool in memory as a state machine with limits of its own, under watch call by call.

In: deeds of people and changes of the connector. Out: lists, pages and records with all that a tool can do to them
(cut texts, coarse times, lag), and the laws that a call of the engine broke, in words, in `ghosts.broken`: second
copies, resurrections, deletions nobody ordered, parents that are not there, cycles, computed values written, calls
without an intent. What a person did while the run went on excuses what no call can know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from itpm_sync.connector import Change, Operation, Record
from itpm_sync.memory import MemoryTool, Row
from itpm_sync.memory.tool import PARENT
from itpm_sync.policy import Deletion as Spread
from itpm_sync.ports import Clock
from itpm_sync.simulator.ghosts import Deletion, Ghosts, Spot, mark
from itpm_sync.simulator.kinds import Kind


@dataclass(slots=True)
class Watch:
    """What a watched tool asks of the story."""

    ghosts: Ghosts
    spread: Callable[[], Spread]
    stored: Callable[[str], set[str]] = lambda _item: set()
    """The marks of an item's titles that are kept as losers."""
    items: Callable[[], Mapping[Spot, str]] = dict
    """What each record is tied to, as the ledger has it now."""
    intended: Callable[[str], bool] = lambda _intent: True
    """Whether an intent is durable, was called and is open."""
    in_flight: Callable[[], bool] = lambda: False
    """Whether the lease was taken while the call was out: its intent was durable, and the newer run has closed it.
    S20 allows one such call, for nobody can call it back."""
    item_of: dict[Spot, str] = field(default_factory=dict)
    """What each record was tied to at any time."""
    ordered: set[str] = field(default_factory=set)
    """Items whose deletion a person confirmed by settling a conflict."""

    settled: set[str] = field(default_factory=set)
    """Items of which a person settled a conflict or a pairing: their word may be written anywhere."""
    stands: Callable[[Spot], Mapping[str, Any]] = lambda _spot: {}
    """The values of a record of any tool."""
    owner: Callable[[str], str | None] = lambda _field: None
    """The connection that has the last word on a field."""
    reconfigured: str = ""
    """What of the configuration is not what was approved: nothing may be written."""
    renamed: set[tuple[str, str]] = field(default_factory=set)
    """Containers that last told options which are not those that were approved: nothing may be written, anywhere."""
    keyed: Callable[[str], bool] = lambda _item: False
    """Whether a record that is there, in any tool, carries this item's key."""
    restored: bool = False
    """Whether the ledger is an older one: nothing is deleted, nothing that differs is overwritten (S28)."""
    backed_up: dict[Spot, dict[str, Any]] = field(default_factory=dict)
    """What stood in each record when the ledger was backed up."""
    approved: bool = False
    """Whether the run under way carries out what a person approved."""
    deletions: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(connection, container): deletions of the run under way."""
    most: Callable[[str, str], int] = lambda _connection, _container: 1_000_000
    """The most deletions that the limits allow in a container in one run."""

    def told(self, tool: SimTool, container: str) -> None:
        """A tool described itself to the engine: what it says must be accepted before anything is written. Options of
        a field that the container has lost rest on nothing, until it is back.
        """
        prints, _ = tool.described
        now, place = tool.containers[container], (tool.name, container)
        tool.described = ({**prints, container: now}, dict(tool.names))
        lost = (tool.lost.get(container), tool.renamed.get(container))
        if "title" in lost:
            here = [row for row in tool.rows.values() if row.container == container]
            self.ghosts.unheard |= {mark(row.values.get("title")) for row in here}
        if "site" in lost:
            self.renamed.discard(place)
            return
        another = now != tool.accepted[0].get(container, now)  # its options say nothing about the right one's
        if another or tool.accepted[1] in ({}, tool.names):
            self.renamed.discard(place)
        else:
            self.renamed.add(place)

    tied: Callable[[], Mapping[tuple[str, str], set[str]]] = dict
    """The records that are tied in each container now."""
    known: Mapping[tuple[str, str], set[str]] = field(default_factory=dict)
    """… and when the run under way began."""
    allowed: dict[tuple[str, str], int] = field(default_factory=dict)
    """… and how many there may be, as the container was before the first of them."""

    def begin_run(self) -> None:
        """Nothing is deleted yet."""
        self.deletions.clear()
        self.allowed.clear()
        self.known = self.tied() if self.spread() is Spread.PROPAGATE else {}

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


class Losing(NamedTuple):
    """A field is taken out of a container, or gets another name there."""

    field: str
    renamed: bool


class SimTool(MemoryTool):
    """A `MemoryTool` called `name`, of a kind, under watch."""

    def __init__(
        self, name: str, clock: Clock, kind: Kind, *, containers: Sequence[str], watch: Watch
    ) -> None:
        super().__init__(clock, kind.able, containers)
        self.name, self.kind, self.watch, self.ghosts = name, kind, watch, watch.ghosts
        self.cut: int | None = None
        """A title is cut to so many characters."""
        self.twist = ""
        """What the next list does wrong; see `faults`."""
        self.names: dict[str, str] = {"1": "Nord", "2": "Sued"}
        self.losing: Losing | None = None
        """What becomes of a field of the next container to describe itself."""
        self.older: dict[str, Record] = {}
        """Each record that we changed last, as it was before: what a lagging copy of the database still says."""
        """Native id -> name of the options of `site`."""
        self.described: tuple[dict[str, str], dict[str, str]] = ({}, {})
        """(fingerprints by container, options of `site`) as they were last told."""
        self.accepted = self.described
        """… and as they were when a person last approved."""
        self.changed = False
        """Whether a container became another one while the run under way went on."""
        self.lagged_at = 0
        """Since when lists lag, if they do."""
        self.backwards = False
        """Whether lists come in the other order."""
        self.applied: dict[str, int] = {}
        """By intent: how often its call took effect."""
        self._records: dict[str, tuple[Row, int, object, Record]] = {}

    # ── what it shows ──

    def listing(self, container: str) -> list[Record]:
        shown = super().listing(container)
        return shown[::-1] if self.backwards else shown

    def record(self, row: Row) -> Record:
        now = (row.key, row.computed, self.lost.get(row.container))
        known = self._records.get(row.native_id)
        if known is not None and known[0] is row and known[1] == row.revision and known[2] == now:
            return known[3]
        shown = super().record(row)
        if self.kind.minutes and shown.edited_at is not None:
            shown = replace(shown, edited_at=shown.edited_at.replace(second=0, microsecond=0))
        self._records[row.native_id] = (row, row.revision, now, shown)
        return shown

    def lag(self, container: str, seconds: float) -> None:
        if not self.lags:
            self.lagged_at = self.ghosts.moment
        super().lag(container, seconds)

    def clock_set_back(self, seconds: float) -> None:
        """A lag is over when it would have been, whatever the clocks say."""
        for container, (until, shown) in list(self._lagging.items()):
            self._lagging[container] = (until - timedelta(seconds=seconds), shown)

    @property
    def lags(self) -> bool:
        """Whether any container's lists lag now."""
        return any(self.clock.now() < until for until, _ in self._lagging.values())

    def lagging(self, container: str) -> datetime | None:
        """Until when lists of the container lag."""
        until, _ = self._lagging.get(container, (None, []))
        return until if until is not None and self.clock.now() < until else None

    @property
    def count(self) -> str:
        """Where the tool's own count of changes stands: a cursor."""
        return f"{self._count:010d}"

    def _change(self, row: Row, values: Mapping[str, Any], by: str, ours: str | None) -> None:
        title = values.get("title")
        if self.cut is not None and isinstance(title, str):
            values = {**values, "title": title[: self.cut]}
        if ours is not None:
            self.older[row.native_id] = self.record(row)
        else:
            self.older.pop(row.native_id, None)
        super()._change(row, values, by, ours)

    def _make(self, container: str, values: dict[str, Any], by: str, key: str | None) -> Row:
        if self.cut is not None and isinstance(values.get("title"), str):
            values["title"] = values["title"][: self.cut]
        return super()._make(container, values, by, key)

    # ── what the engine does to it ──

    def write(self, change: Change, container: str) -> Row:
        self._let(change, container)
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
        if self.applied.setdefault(change.intent, 0):
            self._break(f"S7: the call of {change.intent} was made twice")
        self.applied[change.intent] += 1
        if change.operation is Operation.CREATE:
            self._created(change, row)
        return row

    def _let(self, change: Change, container: str) -> None:
        """S14, S27, S13, S28, S10: whether any call may go out now, whatever it does."""
        if not (self.watch.intended(change.intent) or self.watch.in_flight()):
            self._break(f"S14: {change.operation} of {change.key} without an open intent")
        frozen = self.watch.reconfigured or (
            self.watch.renamed and f"options of {min(self.watch.renamed)[0]}"
        )
        if frozen and not self.watch.approved:
            self._break(
                f"S27: {change.operation} of {change.key}, though {frozen} changed, and nobody approved it"
            )
        if self.lost.get(container) in change.values:
            self._break(
                f"S13: {self.lost[container]} of {change.key} is written: {container} has no such field"
            )
        if self.watch.restored and not self.watch.approved:
            self._older(change)
        known = self.changed or self.watch.approved
        if not known and self.containers[container] != self.accepted[0].get(container):
            self._break(f"S10: {change.operation} in {container}, which is another container now")

    def _created(self, change: Change, row: Row) -> None:
        self.ghosts.creations.append((self.name, row.native_id, change.key))
        if self.watch.in_flight():  # it may have been out for longer than the newer run waited for it
            self.ghosts.copied.add((self.name, change.key))
            self.ghosts.made += 1

    def _older(self, change: Change) -> None:
        """S28: over an older ledger, what no person accepted.

        What stands as it stood when the ledger was backed up is not newer than the ledger: an edit made in another
        tool alone, as in any run, may replace it (decision 012). Nor is an owner older who says today what they said
        then: they overrule an edit elsewhere, as in any run.
        """
        row = self.rows.get(change.native_id or "")
        if change.operation is Operation.DELETE:
            self._break(f"S28: {change.native_id} is deleted")
        for name, value in change.values.items() if row is not None else ():
            stands = row.values.get(name) if row is not None else None
            backed_up = self.watch.backed_up.get((self.name, change.native_id or ""), {}).get(name)
            if stands not in (None, [], "", value, backed_up) and not self._owner_said(
                name, change.key, value
            ):
                self._break(f"S28: {name} of {change.native_id} is overwritten: {stands!r} by {value!r}")

    def _owner_said(self, name: str, item: str, value: object) -> bool:
        """Whether a value stands in the owner's tool, now as when the ledger was backed up."""
        owner = self.watch.owner(name)
        return owner not in (None, self.name) and any(
            value == self.watch.backed_up.get(spot, {}).get(name) == self.watch.stands(spot).get(name)
            for spot, tied in self.watch.items().items()
            if tied == item and spot[0] == owner
        )

    def _stale(self, change: Change, row: Row) -> bool:
        expected = change.expected.revision if change.expected else None
        return self.capabilities.conditional and expected != f"{row.revision:010d}"

    def _break(self, law: str) -> None:
        self.ghosts.broken.append(f"{law} (in {self.name})")

    def _creating(self, change: Change, container: str) -> None:
        before = [n for tool, n, key in self.ghosts.creations if (tool, key) == (self.name, change.key)]
        if before and (self.name, change.key) not in self.ghosts.excused and not self.watch.in_flight():
            self._break(f"S7: {change.key} is created again, after {before}")
        for gone in self.watch.deleted(change.key):
            known = {(self.name, change.key)} & (self.ghosts.copied | self.ghosts.excused)
            if gone.spot[0] == self.name and not known and not self._forgotten(gone.spot, change.key):
                self._break(f"S9: {change.key} is created again though {gone.spot[1]} was deleted")
        self._placing(change, container)

    def _forgotten(self, gone: Spot, item: str) -> bool:
        """Whether nothing tells an older ledger that a record which is gone was an item's: it was tied since the
        backup, and no record that is there carries the item's key (its tools have no place for one).
        """
        return self.watch.restored and gone not in self.watch.items() and not self.watch.keyed(item)

    def _updating(self, change: Change, container: str) -> None:
        self._placing(change, container)
        row = self.rows.get(change.native_id or "")
        if row is None:
            return
        computed = sorted(row.computed & change.values.keys())
        self._raced(change, row)
        self._owned(change, row)
        if computed and not self.ghosts.fresh((self.name, row.native_id)):
            self._break(f"S13: computed {computed} of {row.native_id} are written")

    def _raced(self, change: Change, row: Row) -> None:
        """Excuse what a person typed between our last direct read and this call, where no tool can show it."""
        able, stands = self.capabilities, row.values.get("title")
        read = change.expected.values.get("title") if change.expected is not None else None
        if "title" not in change.values or stands in (read, change.values["title"]):
            return
        if not (able.conditional or able.history) and self.ghosts.unread((self.name, row.native_id)):
            self.ghosts.raced.add(mark(stands))

    def _owned(self, change: Change, row: Row) -> None:
        """S13: the owner's own title is overwritten only where a person said so, or which record is which."""
        title = row.values.get("title")
        if "title" not in change.values or not title or self.watch.owner("title") != self.name:
            return
        if change.key in self.watch.settled or any(key == change.key for _, key in self.ghosts.copied):
            return
        if not self.ghosts.unread((self.name, row.native_id)):
            self._break(f"S13: {title!r} of {row.native_id}, whose owner is {self.name}, is overwritten")

    def _placing(self, change: Change, container: str) -> None:
        """S18, S19: the tool refuses it, but the engine must not even try, unless a person was faster than what
        our lists show: this run's, or those that lag; or moved a record above that is hidden from us.
        """
        known = self.rows.get(change.native_id or "")
        misplaced = self.unfit(change.native_id, known.container if known else container, change.values)
        shown = min(self.ghosts.run_began, self.lagged_at) if self.lags else self.ghosts.run_began
        if misplaced and self.ghosts.shaped.get(self.name, 0) <= shown and not self._moved_above(change):
            self._break(f"S18: {misplaced}")

    def _moved_above(self, change: Change) -> bool:
        """Whether a record above the new place lies where nobody of us can see it."""
        at, above = self.rows.get(str(change.values.get(PARENT))), set[str]()
        while at is not None and at.native_id not in above:
            above.add(at.native_id)
            at = self.rows.get(str(at.values.get(PARENT)))
        return any((self.name, native) in self.ghosts.moved_unseen for native in above)

    def _deleting(self, change: Change, row: Row) -> None:
        spot = (self.name, row.native_id)
        place = (self.name, row.container)
        self.watch.deletions[place] += 1
        allowed = self.watch.allowed.setdefault(place, self.watch.most(*place))
        if not self.watch.approved and self.watch.deletions[place] > allowed:
            self._break(
                f"S11: {self.watch.deletions[place]} records of {row.container} are deleted in one run"
            )
        deletions = self.watch.deleted(change.key)
        if self.watch.spread() is not Spread.PROPAGATE:
            self._break(f"S10: {row.native_id} is deleted though deletions are only marked")
        if not deletions and change.key not in self.watch.ordered:
            late = (
                one.spot for one in self.ghosts.deletions if self.watch.item_of.get(one.spot) == change.key
            )
            if not any(self.ghosts.restored.get(spot, 0) > self.ghosts.run_began for spot in late):
                self._break(f"S10: {row.native_id} is deleted; nobody deleted a record of {change.key}")
        token = mark(row.values.get("title"))
        ever = [
            one for one in self.ghosts.deletions if change.key in (one.item, self.watch.item_of.get(one.spot))
        ]
        if (
            change.key not in self.watch.ordered
            and token  # one without a title holds no word of anybody
            and token not in self.ghosts.known({one.token for one in ever})
            and not self.ghosts.unread(spot)
            and token not in self.watch.stored(change.key)
        ):
            self._break(f"S10: {row.native_id} is deleted with {token}, which no deleter of it had read")
        if self.ghosts.unread(spot) and not (self.capabilities.conditional or self.capabilities.bin):
            self.ghosts.raced.add(token)  # with the record went what nobody can show any more
        for child in self.rows.values():
            spot = (self.name, child.native_id)
            fresh = self.ghosts.fresh(spot) or spot in self.ghosts.moved_unseen
            fresh = fresh or (
                child.hidden and spot in self.ghosts.restored
            )  # where nobody of us could see it
            known = (self.name, child.native_id) in self.watch.item_of
            if child.values.get(PARENT) != row.native_id:
                continue
            if known and not fresh and not self.lags:
                self._break(f"S18: {row.native_id} is deleted while {child.native_id} lies under it")
            self.ghosts.taken |= {mark(one.values.get("title")) for one in self._family(child.native_id)}
