"""A story's world: tools of some kinds, their containers and policies, people, a ledger in memory.

In: a seed. Out: `World`. What it is made of follows from the seed alone.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from itpm_sync.ledger import Ledger
from itpm_sync.ledger.in_memory import connection_of, engine_of, image, put_back
from itpm_sync.lens import Lens
from itpm_sync.policy import ContainerPolicy, Creation, Deletion, FieldPolicy, Limits, Rule, Scope
from itpm_sync.ports import SystemClock
from itpm_sync.simulator.asked import intended, stored, tied, ties
from itpm_sync.simulator.bench import Bench, Tool
from itpm_sync.simulator.clocks import CountingIds, ManualClock
from itpm_sync.simulator.connector import SimConnector
from itpm_sync.simulator.director import Director, listen
from itpm_sync.simulator.ghosts import KEPT, Ghosts
from itpm_sync.simulator.kinds import KINDS, Kind
from itpm_sync.simulator.lenses import (
    CutLens,
    KindLens,
    NumberLens,
    ParentLens,
    PlainLens,
    ScaleLens,
    SetLens,
)
from itpm_sync.simulator.people import SITES, People
from itpm_sync.simulator.tools import SimTool, Watch

HORIZON = 600.0
"""Seconds after which a tool surely shows what was written to it."""

FREE = Limits(floor=10_000, deletions=10_000)
REMOTES = (2, 2, 3, 3, 3, 3, 3, 4, 4, 5, 6, 8)
POLICIES = (FieldPolicy(Rule.HOLD), FieldPolicy(Rule.NEWEST), FieldPolicy(Rule.OWNER, ("a",)))
MODES = (Creation.CREATE, Creation.CREATE, Creation.MATCH_THEN_CREATE, Creation.MATCH_ONLY)
CUT = 9
"""Characters of a title that the tools which cut it keep."""


class Store:
    """One database in memory a process; every story begins on it as new."""

    def __init__(self) -> None:
        self.ledger = Ledger.open(
            "sqlite://", clock=SystemClock(), ids=CountingIds(), wait=lambda _seconds: None
        )
        self.raw: sqlite3.Connection = connection_of(self.ledger)
        self.blank = image(self.ledger)
        self.director: Director | None = None
        listen(engine_of(self.ledger), lambda: self.director)

    def fresh(self, clock: ManualClock, ids: CountingIds) -> Ledger:
        """An empty ledger."""
        self.director = None
        put_back(self.ledger, self.blank)
        return self.ledger.again(clock=clock, ids=ids)


class World:
    """Tools, people and a ledger. Everything in it follows from the seed."""

    def __init__(self, seed: int, store: Store) -> None:
        self.chance = random.Random(seed)
        self.store = store
        self.clock = ManualClock()
        self.ids = CountingIds()
        self.ghosts = Ghosts()
        self.reowned = False
        """Whether an owner was changed: what was agreed before is another's word."""
        deletion = self.chance.choice((Deletion.MARK, Deletion.PROPAGATE, Deletion.PROPAGATE))
        self.watch = Watch(self.ghosts, lambda: self.bench.policy.deletion)
        self.kinds = self.chance.sample(sorted(KINDS), self.chance.choice((1, 2, 2, 3)))
        names = "abcdefgh"[: self.chance.choice(REMOTES)]
        tools = {name: self._tool(name) for name in names}
        fields = {"title": self.chance.choice(POLICIES), "parent": self.chance.choice(POLICIES)}
        authorities = ("a",) if self.chance.random() < 0.3 else ()
        self.bench = Bench.of(
            self.clock,
            tools,
            ledger=store.fresh(self.clock, self.ids),
            limits=self.chance.choice((FREE, FREE, Limits())),
            fields=fields,
            seed=tuple(names),
            deletion=deletion,
            authorities=authorities,
        )
        self.bench.ids = self.ids
        self.approved = self.bench.policy
        """The policy that a person let go last."""
        self.watch.items, self.watch.intended = partial(ties, store.raw), partial(intended, store.raw)
        self.watch.tied = partial(tied, store.raw)
        self.watch.in_flight = lambda: store.director is not None and store.director.in_flight
        self.watch.stored = lambda item: stored(self.bench.ledger, item)
        self.watch.most, self.watch.owner = self.most, self.owner
        self.watch.stands = self.stands
        self.watch.keyed = lambda item: any(
            row.key == item for tool in self.tools.values() for row in tool.rows.values()
        )
        self.people = People(self.bench, self.ghosts, self.watch)
        self.tools = self.people.tools

    # ── making it ──

    def _kind(self, name: str) -> Kind:
        kind = KINDS[self.chance.choice(self.kinds)]
        while kind.able.by_hand and name in "ab":  # two at least that we write to
            kind = KINDS[self.chance.choice(sorted(KINDS))]
        return kind

    def _tool(self, name: str) -> Tool:
        kind = self._kind(name)
        sheets = ("s1", "s2") if self.chance.random() < 0.3 else ("main",)
        scoped = len(sheets) > 1 and self.chance.random() < 0.5
        memory = SimTool(name, self.clock, kind, containers=sheets, watch=self.watch)
        memory.cascades = self.chance.random() < 0.5
        memory.cut = CUT if name != "a" and self.chance.random() < 0.2 else None
        memory.on_call = lambda call, phase: self._at_call(memory, call, phase)
        creation = self.chance.choice(MODES)
        read_only = self.chance.random() < 0.1
        scopes = [Scope(where={"site": frozenset({site})}) if scoped else Scope() for site in SITES]
        policies = [
            ContainerPolicy(name, sheet, scope, creation, read_only=read_only)
            for sheet, scope in zip(sheets, scopes, strict=False)
        ]
        return Tool(memory, self._lenses(memory), policies, HORIZON, SimConnector)

    def _lenses(self, tool: SimTool) -> Mapping[str, Lens]:
        coarse = tool.name in "cf" and self.chance.random() < 0.7
        some = tool.name in "be" and self.chance.random() < 0.7
        lenses = [
            KindLens("kind"),
            PlainLens("title") if tool.cut is None else CutLens("title", tool.cut),
            PlainLens("site"),
            ParentLens(),
            ScaleLens("priority", (0, 50, 100)) if coarse else NumberLens("priority"),
            SetLens("labels", "xy" if some else None),
        ]
        return {lens.name: lens for lens in lenses}

    def _at_call(self, tool: SimTool, call: str, phase: str) -> None:
        if self.store.director is not None:
            self.store.director.at_call(tool, call, phase)

    def people_begin(self) -> None:
        """A kept record in each container, a few others."""
        for one in self.tools.values():
            for number, container in enumerate(sorted(one.containers)):
                title = self.ghosts.write(first=KEPT)
                self.people.made(one, container, {"kind": "task", "title": title, "site": SITES[number]})
        for _ in range(self.chance.randint(1, 2)):
            self.people.do("create", self.chance.getrandbits(31))

    def configure(self, n: int, say: Callable[[str], None]) -> None:
        """An administrator changes what deciding rests on."""
        chance, policy = random.Random(n), self.bench.policy
        what = chance.choice(("owner", "scope", "creation", "deletion", "mapping"))
        if what == "owner":
            name = chance.choice(("title", "parent"))
            self.reowned = True
            changed = replace(policy, fields={**policy.fields, name: chance.choice(POLICIES)})
        elif what == "deletion":
            changed = replace(policy, deletion=chance.choice(tuple(Deletion)))
        elif what == "mapping":
            tool = self.tools[chance.choice(sorted(self.tools)[1:])]
            tool.names = {**tool.names, "1": f"{SITES[0]} {n % 97}"}
            changed = policy
        else:
            at = chance.randrange(len(policy.containers))
            one = policy.containers[at]
            scope = chance.choice((Scope(), Scope(where={"site": frozenset({chance.choice(SITES)})})))
            one = (
                replace(one, scope=scope) if what == "scope" else replace(one, creation=chance.choice(MODES))
            )
            changed = replace(policy, containers=(*policy.containers[:at], one, *policy.containers[at + 1 :]))
        self.bench.policy = changed
        self.watch.reconfigured = "" if changed == self.approved else self.watch.reconfigured or f"the {what}"
        say(f"configure {what}")

    def approve(self) -> None:
        """A person let go what the configuration, the containers and their options are now."""
        self.approved = self.bench.policy
        self.watch.reconfigured = ""
        self.watch.renamed.clear()
        for tool in self.tools.values():
            tool.accepted = tool.described

    # ── what it asks of the ledger, at next to no cost ──

    def owner(self, field: str) -> str | None:
        """The connection that has always had the last word on a field."""
        policy = self.bench.policy.fields.get(field)
        return policy.owners[0] if policy is not None and policy.owners and not self.reowned else None

    def stands(self, spot: tuple[str, str]) -> Mapping[str, Any]:
        """The values of a record of any tool; none where it is gone."""
        row = self.tools[spot[0]].rows.get(spot[1])
        return row.values if row is not None else {}

    def most(self, connection: str, container: str) -> int:
        """The most deletions that the limits allow in one run without a person's word, by the records that the
        container had when the run began, by those it has now, or by both: brakes count the first, and those that
        were tied in the run, also where another of the first is hidden by now.
        """
        place, limits = (connection, container), self.bench.policy.limits
        began, now = self.watch.known.get(place, set()), tied(self.store.raw).get(place, set())
        return max(
            limits.deletions
            if known < limits.floor
            else min(limits.deletions, int(limits.deletions_share * known))
            for known in (len(began), len(now), len(began | now))
        )
