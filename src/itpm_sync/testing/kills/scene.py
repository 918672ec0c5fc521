"""The scene of a tale: the simulator's tools and people, the real engine over a real ledger.

In: a tale, perhaps a ledger. Out: `Scene`: deeds done, runs made, rest.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from itpm_sync.bases import LIFE
from itpm_sync.cycle import RunReport, decide_pair, resolve
from itpm_sync.errors import Misconfigured, Stopped
from itpm_sync.ledger import Ledger
from itpm_sync.ledger.in_memory import connection_of
from itpm_sync.memory import MemoryConnector, MemoryTool, Row
from itpm_sync.memory.tool import PARENT
from itpm_sync.plan import BrakeKind
from itpm_sync.policy import ContainerPolicy, Creation, Limits, Scope
from itpm_sync.ports import Clock
from itpm_sync.simulator.asked import intended, stored, ties, unfinished
from itpm_sync.simulator.bench import PROJECT, Bench, Tool
from itpm_sync.simulator.clocks import ManualClock
from itpm_sync.simulator.ghosts import KEPT, Ghosts, Spot
from itpm_sync.simulator.kinds import Kind
from itpm_sync.simulator.lenses import KindLens, ParentLens, PlainLens, ScaleLens, SetLens
from itpm_sync.simulator.people import SITES, People
from itpm_sync.simulator.tools import SimTool, Watch
from itpm_sync.testing.kills.tale import Deed, Ends, Tale, ToolOf, Verb

HORIZON = 600.0
STEP = 1200.0
"""Seconds between two runs of a project at rest: longer than a horizon."""
MOST_RUNS = 12
FREE = Limits(floor=10_000, deletions=10_000)


def tool_of(one: ToolOf, memory: MemoryTool, port: type[MemoryConnector] = MemoryConnector) -> Tool:
    """A connection of a tale over its tool, or over what reaches it."""
    policies = []
    for number, container in enumerate(one.containers):
        scope = Scope(where={"site": frozenset({SITES[number]})}) if one.scoped else Scope()
        policies.append(ContainerPolicy(one.name, container, scope, one.creation, read_only=one.read_only))
    lenses = [
        *(KindLens("kind"), PlainLens("title"), PlainLens("site"), ParentLens()),
        ScaleLens("priority", (0, 50, 100)) if one.coarse else PlainLens("priority"),
        SetLens("labels", "xy" if one.coarse else None),
    ]
    return Tool(memory, {lens.name: lens for lens in lenses}, policies, HORIZON, port)


def undue(report: RunReport) -> list[str]:
    """Brakes that no tale gives a reason for: a kill makes no other ledger and no other container."""
    return [
        f"F66: a run after a kill is braked: {brake.says}"
        for brake in report.plan.brakes
        if brake.kind not in (BrakeKind.FIRST_SYNC, BrakeKind.CONFIGURATION)
    ]


class Hands(People):
    """People who do what they are told, to the record they are told."""

    told: tuple[SimTool, Row | None]

    def tool(self) -> SimTool:
        return self.told[0]

    def row(self, tool: SimTool, *, free: bool = True) -> Row | None:
        return self.told[1]


class Scene:
    """A tale's world. Nothing here is random."""

    def __init__(self, tale: Tale, opened: Callable[[Clock], Ledger] | None = None) -> None:
        """`opened`: the ledger, where it is not one in memory."""
        self.tale = tale
        self.clock, self.ghosts = ManualClock(), Ghosts()
        self.watch = Watch(self.ghosts, lambda: tale.deletion)
        self.bench = Bench.of(
            self.clock,
            {one.name: tool_of(one, self._memory(one)) for one in tale.tools},
            ledger=opened(self.clock) if opened is not None else None,
            limits=FREE,
            fields={"title": tale.title, "parent": tale.parent},
            seed=tuple(one.name for one in tale.tools),
            deletion=tale.deletion,
            authorities=tale.authorities,
        )
        self.bench.ledger = self.bench.ledger.again(ids=self.bench.ids)
        self.watch.stored = lambda item: stored(self.bench.ledger, item)
        self.watch.owner = lambda field: next(iter(self.bench.policy.fields[field].owners), None)
        if opened is None:
            raw = connection_of(self.bench.ledger)
            self.watch.items, self.watch.intended = partial(ties, raw), partial(intended, raw)
        else:
            self.watch.items = self._ties
        self.hands = Hands(self.bench, self.ghosts, self.watch)
        self.things: dict[int, list[Spot]] = {}
        """Where people made each thing."""
        self.approved: str | None = None
        """The run whose plan was approved last."""
        self._kept()

    @property
    def tools(self) -> dict[str, SimTool]:
        return self.hands.tools

    def _memory(self, one: ToolOf) -> SimTool:
        made = SimTool(
            one.name, self.clock, Kind("tale", one.able), containers=one.containers, watch=self.watch
        )
        made.cascades = one.cascades
        made.accepted = (dict(made.containers), {})  # no tale puts another container in its place
        return made

    def _kept(self) -> None:
        """A record in each container that nobody ever touches, so that none is emptied."""
        for tool in self.tools.values():
            for number, container in enumerate(sorted(tool.containers)):
                title = self.ghosts.write(first=KEPT)
                self.hands.made(tool, container, {"kind": "task", "title": title, "site": SITES[number]})

    def _ties(self) -> dict[Spot, str]:
        replicas = self.bench.ledger.load(PROJECT).replicas.values()
        return {(r.connection, r.native_id): r.item for r in replicas if r.item is not None}

    # ── deeds ──

    def do(self, deed: Deed) -> None:
        """Do it, if it can be done."""
        verb = deed.verb
        self.hands.chance.seed(self.ghosts.moment)  # the same in every world in which it is done
        if verb is Verb.SYNC:
            self.run()
        elif verb is Verb.WAIT:
            self.clock.move(deed.value)
        elif verb is Verb.ANSWER:
            self.answer(deed.value)
        elif verb is Verb.PAIR:
            self._pair(deed.value)
        elif verb is Verb.POLICY:
            self._policy(deed)
        else:
            # only the schedule authority, the first tool, computes
            name = min(self.tools) if verb is Verb.COMPUTE else deed.tool
            self._in_a_tool(replace(deed, tool=name), self.tools[name])
        self.clock.move(1)

    def _in_a_tool(self, deed: Deed, tool: SimTool) -> None:
        hands, row = self.hands, self.row(deed.tool, deed.thing)
        hands.told = tool, row
        match deed.verb:
            case Verb.CREATE:
                self._create(deed, tool)
            case Verb.TWIN:
                self._twin(deed, tool)
            case Verb.DOWN:
                tool.down ^= {self._container(tool, deed)}
            case Verb.LAG:
                tool.lag(self._container(tool, deed), HORIZON - 60)
            case Verb.REFUSE:
                tool.refuses[deed.value] = f"{deed.value} is not taken here"
            case Verb.RESTORE:
                if tool.bin:
                    hands.restore()
            case Verb.OFFER:
                hands.take_offer()
            case _:
                if row is not None:
                    self._to_a_record(deed, tool, row)

    def _to_a_record(self, deed: Deed, tool: SimTool, row: Row) -> None:
        hands = self.hands
        match deed.verb:
            case Verb.TITLE:
                hands.retitle()
            case Verb.PRIORITY if "priority" not in row.computed:
                hands.edit(tool, row, priority=deed.value)
            case Verb.LABELS:
                hands.edit(tool, row, labels=sorted(deed.value))
            case Verb.SITE:
                hands.edit(tool, row, site=deed.value)
            case Verb.PARENT:
                above = self.row(deed.tool, deed.value) if deed.value is not None else None
                target = above.native_id if above is not None else None
                if not tool.unfit(row.native_id, row.container, {PARENT: target}):
                    hands.edit(tool, row, parent=target)
            case Verb.MOVE:
                self._move(tool, row)
            case Verb.COPY:
                hands.copy()
            case Verb.HIDE:
                hands.hide()
            case Verb.DELETE:
                hands.delete()
            case Verb.COMPUTE:
                hands.compute()

    def _container(self, tool: SimTool, deed: Deed) -> str:
        known = sorted(tool.containers)
        return known[int(deed.value or 0) % len(known)]

    def _create(self, deed: Deed, tool: SimTool) -> None:
        number, under, site = deed.value
        container = sorted(tool.containers)[number % len(tool.containers)]
        values: dict[str, Any] = {"title": self.ghosts.write(), "kind": "task", "site": site}
        above = self.row(deed.tool, under) if under is not None else None
        if above is not None and above.container == container:
            values[PARENT] = above.native_id
        self.things.setdefault(deed.thing, []).append((tool.name, self.hands.made(tool, container, values)))

    def _twin(self, deed: Deed, tool: SimTool) -> None:
        token = self.ghosts.write()
        spots = []
        for one in (tool, self.tools[deed.value]):
            values = {"title": token, "kind": "task", "site": SITES[0]}
            spots.append((one.name, self.hands.made(one, sorted(one.containers)[0], values)))
        for spot in spots:
            self.ghosts.touched[spot] = 0
        self.ghosts.twins.append((spots[0], spots[1]))
        self.things.setdefault(deed.thing, []).extend(spots)

    def _move(self, tool: SimTool, row: Row) -> None:
        old = (tool.name, row.native_id)
        self.hands.move()
        for spots in self.things.values():
            spots[:] = [(tool.name, row.native_id) if spot == old else spot for spot in spots]

    def row(self, tool: str, thing: int) -> Row | None:
        """The record of a thing in a tool: as people made it there, else as we tied it or keyed it."""
        spots = self.things.get(thing, ())
        rows = self.tools[tool].rows if tool in self.tools else {}
        for name, native in spots:
            if name == tool and native in rows:
                return rows[native]
        items = {self.watch.item_of.get(spot) for spot in spots} - {None}
        for (name, native), item in sorted(self.watch.items().items()):
            if name == tool and item in items and native in rows:
                return rows[native]
        return next((row for _, row in sorted(rows.items()) if row.key in items), None)

    # ── what people tell the engine ──

    def answer(self, number: int) -> None:
        """Settle the first conflict."""
        conflicts = sorted(self.bench.ledger.conflicts(PROJECT), key=lambda conflict: conflict.id)
        if not conflicts:
            return
        conflict = conflicts[0]
        side = number % len(conflict.sides)
        self.watch.settled |= {conflict.item, *conflict.also}
        if conflict.field == LIFE and not conflict.sides[side].agreed:
            self.watch.ordered.add(conflict.item)
        resolve(self.bench.workspace(), conflict.id, str(side + 1), actor="bea")

    def _pair(self, same: bool) -> None:
        pairs = sorted(self.bench.ledger.pairs(PROJECT), key=lambda one: one.proposal.id)
        for pair in pairs[:1]:
            item = pair.proposal.candidates[0] if same else None
            self.watch.settled |= {item} if item is not None else set()
            decide_pair(self.bench.workspace(), PROJECT, pair.proposal.id, item=item, actor="bea")
            if item is None:
                self.ghosts.told_apart((pair.proposal.connection, pair.proposal.native_id))

    def _policy(self, deed: Deed) -> None:
        """The configuration of a tool's containers changes: `read only`, `match-only`, `sites`, `any site`."""
        changed = []
        for one in self.bench.policy.containers:
            number = sorted(self.tools[one.connection].containers).index(one.container)
            changed.append(one)
            if one.connection == deed.tool:
                changes: dict[str, dict[str, Any]] = {
                    "read only": {"read_only": True},
                    "match-only": {"creation": Creation.MATCH_ONLY},
                    "create": {"creation": Creation.CREATE},
                    "sites": {"scope": Scope(where={"site": frozenset({SITES[number]})})},
                    "any site": {"scope": Scope()},
                }
                changed[-1] = replace(one, **changes[deed.value])
        self.bench.policy = replace(self.bench.policy, containers=tuple(changed))

    # ── running ──

    def run(self) -> RunReport:
        """One run, begun by a person who approves what a brake asks for; the same approval is tried first."""
        self.watch.remember()
        self.ghosts.run_began = self.ghosts.moment
        if self.approved is not None:
            try:
                return self.bench.sync(approve=self.approved)
            except (Misconfigured, Stopped):
                self.approved = None
        report = self.bench.sync()
        self.ghosts.broken += undue(report)
        return self.approve() if report.plan.brakes else report

    def approve(self) -> RunReport:
        """Plan, and carry out exactly that."""
        self.approved = self.bench.plan().run
        report = self.bench.sync(approve=self.approved)
        self.approved = None
        return report

    def last(self) -> None:
        """What the process does that is to be killed."""
        self.watch.remember()
        self.ghosts.run_began = self.ghosts.moment
        if self.tale.ends is Ends.APPROVE:
            with suppress(Stopped):  # somebody was at work between the plan and the run
                self.approve()
            return
        if self.tale.ends is Ends.ANSWER:
            self.answer(0)
        self.bench.sync()

    def rest(self) -> int:
        """Run on until a run has nothing to do and nothing to wait for. Returns how many it took; 0: it never rests."""
        for number in range(1, MOST_RUNS + 1):
            self.clock.move(STEP)
            report = self.run()
            if not (report.plan.decisions or report.carried or unfinished(self.bench.ledger)):
                return number
        return 0

    def calls(self) -> int:
        """Writing calls so far."""
        return sum(call.startswith("apply") for tool in self.tools.values() for call in tool.calls)
