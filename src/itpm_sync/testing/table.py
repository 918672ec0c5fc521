"""The decision table's words: one field of one item, what every tool says of it, and what became of it.

In: a setting (tools, policy) and cases. Out: an `Answer` a case, from the real `reconcile`: every case is one item of
one world, so that thousands are decided in one go; and the same after everything decided and planned is carried out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from itpm_sync.bases import Agreed, Conflict, ItemBase, Offer, Replica, Tie
from itpm_sync.connector import Capabilities, Record
from itpm_sync.decided import decided_item, decided_replicas
from itpm_sync.lens import Lens
from itpm_sync.model import Value
from itpm_sync.plan import Decision, FieldWrite, Loser, OfferedField, Plan
from itpm_sync.policy import ContainerPolicy, FieldPolicy, Limits, ProjectPolicy, Rule
from itpm_sync.reconcile import ContainerView, World, reconcile
from itpm_sync.ties import ContainerEnv, Directory

NOW = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)
ZONE = ZoneInfo("UTC")
FREE = Limits(floor=10**9, deletions=10**9)
MAIN = "main"


@dataclass(frozen=True, slots=True)
class Teller:
    """One tool of a setting: how it holds the field, and what may be done there."""

    name: str
    lens: Lens
    read_only: bool = False
    by_hand: bool = False
    suspended: bool = False
    times: bool = True
    """Whether its records say when they were edited."""

    @property
    def env(self) -> ContainerEnv:
        return ContainerEnv(ZONE, self.name, Directory(), {})

    def form(self, value: Value) -> Value:
        """n(v) in this tool."""
        return self.lens.form(value, self.env)


@dataclass(frozen=True, slots=True)
class Setting:
    """What does not differ between the cases of one table."""

    tellers: tuple[Teller, ...]
    policy: FieldPolicy = FieldPolicy(Rule.HOLD)
    authorities: tuple[str, ...] = ()
    seed: tuple[str, ...] = ()

    @property
    def field(self) -> str:
        return self.tellers[0].lens.name


@dataclass(frozen=True, slots=True)
class Says:
    """What one tool says now and said before, in its own forms. A reading is there where `now` differs, or `read`."""

    seen: Value = None
    now: Value = None
    at: int | None = 0
    """The agreed version it was last brought to; None: the field's first tie there."""
    read: bool = False
    undecided: bool = False
    computed: bool = False
    offers: tuple[Offer, ...] = ()
    edited: datetime | None = None

    @property
    def first(self) -> bool:
        return self.at is None

    @property
    def changed(self) -> bool:
        """An edit, as far as its own tool's past tells."""
        return not self.first and (self.undecided or self.now != self.seen)


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the table."""

    agreed: Agreed | None
    says: tuple[Says, ...]
    """One for each teller."""
    conflict: Conflict | None = None

    @property
    def version(self) -> int:
        return self.agreed.version if self.agreed else 0

    @property
    def value(self) -> Value:
        return self.agreed.value if self.agreed else None


@dataclass(slots=True)
class Answer:
    """What became of one case. By tool where it is a mapping."""

    agreed: Agreed | None
    decided: bool
    """Whether anything at all is decided about the item."""
    losers: tuple[Loser, ...] = ()
    conflict: Conflict | None = None
    """The one open afterwards."""
    closed: bool = False
    at: dict[str, int | None] = field(default_factory=dict)
    undecided: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)
    """Tools whose reading is still to be decided."""
    offers: dict[str, tuple[Offer, ...]] = field(default_factory=dict)
    writes: dict[str, FieldWrite] = field(default_factory=dict)
    offered: dict[str, OfferedField] = field(default_factory=dict)

    @property
    def version(self) -> int:
        return self.agreed.version if self.agreed else 0

    @property
    def value(self) -> Value:
        return self.agreed.value if self.agreed else None


class Table:
    """Cases of one setting, decided together by the real engine."""

    def __init__(self, setting: Setting, cases: Sequence[Case]) -> None:
        self.setting, self.cases = setting, cases
        self._records: dict[tuple[Any, ...], Record] = {}
        self._views = {
            (one.name, MAIN): ContainerView(
                ContainerPolicy(one.name, MAIN, read_only=one.read_only),
                Capabilities(keys=False, edit_times=one.times, by_hand=one.by_hand),
                {one.lens.name: one.lens},
                suspended="paused" if one.suspended else "",
                by_hand=one.by_hand,
            )
            for one in setting.tellers
        }
        self._policy = ProjectPolicy(
            tuple(view.policy for view in self._views.values()),
            {setting.field: setting.policy},
            authorities=setting.authorities,
            seed=setting.seed,
            limits=FREE,
        )
        self.world = self._world(*self._bases())
        self.plan = reconcile(self.world)
        self._decisions = {decision.item: decision for decision in self.plan.decisions}

    def answers(self) -> list[Answer]:
        return self._answers(self.world, self.plan)

    def again(self) -> Plan:
        """The plan of the next run, everything decided being remembered and everything planned being written."""
        items, replicas = dict(self.world.items), dict(self.world.replicas)
        conflicts = dict(self.world.conflicts)
        for decision in self.plan.decisions:
            items[decision.item] = decided_item(items[decision.item], decision)
            replicas |= {one.id: one for one in decided_replicas(replicas, decision)}
            conflicts |= {one.id: one for one in (*decision.opened, *decision.updated)}
            for closed in decision.closed:
                del conflicts[closed]
        tellers = {one.name: one for one in self.setting.tellers}
        for action in self.plan.actions:
            (write,) = action.writes
            key = f"{action.item}{action.connection}"
            old = replicas[key]
            record = self._record(tellers[action.connection], Says(now=write.new))
            replicas[key] = replace(
                old, seen=record, reading=None, at={**old.at, self.setting.field: write.version}
            )
        return reconcile(self._world(items, replicas, conflicts))

    # ── the bases ──

    def _world(
        self,
        items: Mapping[str, ItemBase],
        replicas: Mapping[str, Replica],
        conflicts: Mapping[str, Conflict],
    ) -> World:
        return World("table", self._policy, self._views, items, replicas, NOW, ZONE, conflicts)

    def _bases(self) -> tuple[dict[str, ItemBase], dict[str, Replica], dict[str, Conflict]]:
        items, replicas, conflicts = dict[str, ItemBase](), dict[str, Replica](), dict[str, Conflict]()
        name = self.setting.field
        for number, case in enumerate(self.cases):
            item = str(number)
            items[item] = ItemBase(item, {} if case.agreed is None else {name: case.agreed})
            told = list(zip(self.setting.tellers, case.says, strict=True))
            for teller, says in reversed(told):  # the engine puts them in order by itself
                key = item + teller.name
                replicas[key] = self._replica(key, item, teller, says)
            if case.conflict is not None:
                conflicts[f"c{item}"] = replace(case.conflict, id=f"c{item}", item=item, field=name)
        return items, replicas, conflicts

    def _replica(self, key: str, item: str, teller: Teller, says: Says) -> Replica:
        name = self.setting.field
        now = self._record(teller, says)
        seen = None if says.first else self._record(teller, replace(says, now=says.seen))
        return Replica(
            key,
            teller.name,
            MAIN,
            item,
            item,
            Tie.TIED,
            seen=seen,
            reading=now if says.first or says.read or says.now != says.seen else None,
            at={} if says.at is None else {name: says.at},
            offers={name: says.offers} if says.offers else {},
            undecided=frozenset({name}) if says.undecided else frozenset(),
        )

    def _record(self, teller: Teller, says: Says) -> Record:
        key = (teller.name, says.now, says.computed, says.edited)
        known = self._records.get(key)
        if known is None:
            values = teller.lens.put(says.now, {}, teller.env)
            computed = teller.lens.native if says.computed else frozenset[str]()
            revision = f"{len(self._records):06d}"
            known = Record("x", revision, values, computed, edited_at=says.edited, edited_by=teller.name)
            self._records[key] = known
        return known

    # ── the answers ──

    def _answers(self, world: World, plan: Plan) -> list[Answer]:
        name = self.setting.field
        conflicts = {conflict.item: conflict for conflict in plan.conflicts}
        writes: dict[str, dict[str, FieldWrite]] = {}
        for action in plan.actions:
            (write,) = action.writes
            writes.setdefault(action.item, {})[action.connection] = write
        offered: dict[str, dict[str, OfferedField]] = {}
        for offer in plan.offers:
            offered.setdefault(offer.item, {})[offer.connection] = offer
        found = []
        for number in range(len(self.cases)):
            item = str(number)
            decision = self._decisions.get(item, _NOTHING)
            base = decided_item(world.items[item], decision)
            changed = {one.id: one for one in decided_replicas(world.replicas, decision)}
            after = {
                one.name: changed.get(item + one.name) or world.replicas[item + one.name]
                for one in self.setting.tellers
            }
            found.append(
                Answer(
                    base.agreed.get(name),
                    item in self._decisions,
                    decision.losers,
                    conflicts.get(item),
                    bool(decision.closed),
                    {tool: one.at.get(name) for tool, one in after.items()},
                    {tool for tool, one in after.items() if name in one.undecided},
                    {tool for tool, one in after.items() if one.reading is not None},
                    {tool: one.offers[name] for tool, one in after.items() if name in one.offers},
                    writes.get(item, {}),
                    offered.get(item, {}),
                )
            )
        return found


_NOTHING = Decision("")


def batches(cases: Iterable[Case], size: int = 4000) -> Iterable[list[Case]]:
    """The cases in worlds of a size that stays in memory."""
    batch: list[Case] = []
    for case in cases:
        batch.append(case)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
