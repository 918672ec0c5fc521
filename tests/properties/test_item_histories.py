"""Random histories of items on the real engine and ledger, with people at work between any two calls, and kills.

People create, twin, edit, re-parent, move, copy, hide, delete and restore records, type offers, settle conflicts and
pairings; containers fail or lag; the process dies anywhere. Every title is a token of its own. Laws of single calls
are checked as they happen (`testing.watched`), those of rest at the end (`testing.item_laws`).

Some things no tool can show, and nothing else is excused: a record without its key that gets a new id by being moved
(it is one gone and one made); a record that a person deleted or hid before we could find what we had made; what a
person did between our last direct read and our call where a tool has no conditional write; a record put under
another, whose deletion takes it along, after we last listed; false conflicts where a tool keeps no history or takes
changes by hand, or where a copy that carries our key is taken for the moved record.
Every build runs the same share; `ITPM_HISTORIES_FROM` and `ITPM_HISTORIES` tell others, to look for new stories. What
they find becomes a named test. The seed is in the test's name.
"""

from __future__ import annotations

import os
import random

import pytest

from itpm_sync.bases import Tie
from itpm_sync.connector import Capabilities
from itpm_sync.cycle import RunReport
from itpm_sync.policy import ContainerPolicy, Creation, Deletion, FieldPolicy, Limits, Rule, Scope
from itpm_sync.testing.bench import PROJECT, Bench, Killed, Tool
from itpm_sync.testing.clocks import ManualClock
from itpm_sync.testing.ghosts import Ghosts
from itpm_sync.testing.item_laws import Laws
from itpm_sync.testing.lenses import KindLens, ParentLens, PlainLens, ScaleLens, SetLens
from itpm_sync.testing.people import KEPT, SITES, People
from itpm_sync.testing.watched import Watch, WatchedTool

FREE = Limits(floor=10_000, deletions=10_000)
SEEDS = int(os.environ.get("ITPM_HISTORIES", "40"))
START = int(os.environ.get("ITPM_HISTORIES_FROM", "1"))
HORIZON = 600.0

ABLE = (
    Capabilities(history=True, edit_times=True, bin=True, tells_hidden=True),
    Capabilities(conditional=True, tells_hidden=True, moves_keep_id=False),
    Capabilities(history=True, edit_times=True, ordered=False, bin=True),
    Capabilities(history=True, bin=True, tells_hidden=True, moves_keep_id=False),
)
BY_HAND = Capabilities(creates=False, updates=False, deletes=False, by_hand=True, tells_hidden=True)
POLICIES = (FieldPolicy(Rule.HOLD), FieldPolicy(Rule.NEWEST), FieldPolicy(Rule.OWNER, ("a",)))


class History:
    """One history: its world is made by chance, then people and runs take turns."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.clock = ManualClock()
        self.ghosts = Ghosts()
        deletion = self.chance.choice((Deletion.MARK, Deletion.PROPAGATE, Deletion.PROPAGATE))
        self.watch = Watch(self.ghosts, deletion)
        names = ["a", "b", "c"][: self.chance.choice((2, 3, 3))]
        tools = {name: self._tool(name) for name in names}
        fields = {"title": self.chance.choice(POLICIES), "parent": self.chance.choice(POLICIES)}
        authorities = ("a",) if self.chance.random() < 0.3 else ()
        self.bench = Bench.of(
            self.clock,
            tools,
            limits=FREE,
            fields=fields,
            seed=tuple(names),
            deletion=deletion,
            authorities=authorities,
        )
        self.watch.items, self.watch.stored = self._ties, self._stored
        self.people = People(self.bench, self.chance, self.ghosts, self.watch)
        self._begin()

    def _tool(self, name: str) -> Tool:
        able = self.chance.choice(ABLE)
        if name == "c" and self.chance.random() < 0.3:
            able = BY_HAND
        sheets = ("s1", "s2") if self.chance.random() < 0.5 else ("main",)
        scoped = sheets == ("s1", "s2") and self.chance.random() < 0.5
        memory = WatchedTool(name, self.clock, able, containers=sheets, watch=self.watch)
        memory.cascades = self.chance.random() < 0.5
        modes = (Creation.CREATE, Creation.CREATE, Creation.MATCH_THEN_CREATE, Creation.MATCH_ONLY)
        creation = self.chance.choice(modes)
        read_only = self.chance.random() < 0.1
        scopes = [Scope(where={"site": frozenset({site})}) if scoped else Scope() for site in SITES]
        policies = [
            ContainerPolicy(name, sheet, scope, creation, read_only=read_only)
            for sheet, scope in zip(sheets, scopes, strict=False)
        ]
        priority = ScaleLens("priority", (0, 50, 100)) if name == "c" else PlainLens("priority")
        labels = SetLens("labels", "xy" if name == "b" else None)
        lenses = [KindLens("kind"), PlainLens("title"), PlainLens("site"), ParentLens(), priority, labels]
        return Tool(memory, {lens.name: lens for lens in lenses}, policies, HORIZON)

    def _begin(self) -> None:
        """A kept record in each container, a few others, and the first sync."""
        for name, one in self.bench.tools.items():
            for number, container in enumerate(sorted(one.memory.containers)):
                title = f"{KEPT} {name} {container}"
                values = {"kind": "task", "title": title, "site": SITES[number]}
                self.people.made(self.people.tools[name], container, values)
                self.ghosts.over[title] = set()
        for _ in range(self.chance.randint(1, 4)):
            self.people.create()
        self.bench.approve()
        self.rest()

    def _ties(self) -> dict[tuple[str, str], str]:
        replicas = self.bench.ledger.load(PROJECT).replicas.values()
        return {(r.connection, r.native_id): r.item for r in replicas if r.item is not None}

    def _stored(self, item: str) -> set[str]:
        found = self.bench.ledger.losers_of(PROJECT, item, field="title")
        return {str(one.loser.side.form) for one in found if one.loser is not None}

    # ── telling ──

    def tell(self) -> None:
        for _ in range(self.chance.randint(3, 7)):
            for _ in range(self.chance.randint(0, 4)):
                self.people.act()
            if self.chance.random() < 0.3:
                self.people.answer()
            self.trouble()
            self.run()
            self.clock.move(minutes=self.chance.choice((1, 20)))

    def trouble(self) -> None:
        """A container stops answering, answers again, or begins to lag."""
        tool = self.people.tool()
        container = self.chance.choice(sorted(tool.containers))
        what = self.chance.random()
        if container in tool.down:
            tool.down.discard(container)
        elif what < 0.1:
            tool.down.add(container)
            self.people.said.append(f"down {tool.name} {container}")
        elif what < 0.25 and tool.capabilities.ordered:
            tool.lag(container, HORIZON - 60)
            self.people.said.append(f"lag {tool.name} {container}")

    def run(self) -> None:
        """One run, with people at work between its calls, and perhaps a kill."""
        kill = self.chance.choice((None, None, self.chance.randint(1, 16)))
        calls = 0
        busy = self.chance.choice((0.0, 0.08, 0.15, 0.3))
        self.watch.remember()
        self.ghosts.run_began = self.ghosts.moment

        def on_call_of(tool: WatchedTool) -> None:
            def on_call(call: str, phase: str) -> None:
                nonlocal calls
                calls += 1
                if calls == kill:
                    self.people.said.append(f"killed {phase} {call} of {tool.name}")
                    raise Killed
                if (call, phase) == ("read", "before"):
                    self.ghosts.read[tool.name] = self.ghosts.tick()
                if self.chance.random() < busy:
                    self.people.said.append(f"{phase} {call} of {tool.name}:")
                    self.people.act()

            tool.on_call = on_call

        for tool in self.people.tools.values():
            on_call_of(tool)
        try:
            self.people.said.append("run")
            self.bench.sync()
        except Killed:
            pass
        finally:
            for tool in self.people.tools.values():
                tool.on_call = lambda _call, _phase: None

    # ── coming to rest ──

    def rest(self) -> None:
        """Runs without anybody at work, until one has nothing to do and nothing to wait for."""
        quiet = 0
        for _ in range(12):
            self.clock.move(minutes=20)
            self.watch.remember()
            self.ghosts.run_began = self.ghosts.moment
            self.people.said.append("run at rest")
            quiet = quiet + 1 if self.idle(self.bench.sync()) else 0
            if quiet == 2:
                return
        raise AssertionError("S22: it does not come to rest")

    def idle(self, report: RunReport) -> bool:
        state = self.bench.ledger.load(PROJECT)
        absent = [r for r in state.replicas.values() if r.absence is not None and r.tie is not Tie.TOMBSTONE]
        waits = any(not r.absence.confirmed for r in absent if r.absence is not None)
        hidden = {r.id for r in state.replicas.values() if r.tie is Tie.HIDDEN}
        open_ = [one for one in self.bench.ledger.open_intents(PROJECT) if one.replica not in hidden]
        return not (report.plan.decisions or report.carried or waits or open_)

    def end(self) -> list[str]:
        """Everybody goes home, everything answers, a day passes, and it comes to rest. Then: what is broken."""
        for tool in self.people.tools.values():
            tool.down.clear()
        self.rest()
        self.clock.move(hours=30)
        self.rest()
        writes = sum(call.startswith("apply") for tool in self.people.tools.values() for call in tool.calls)
        self.clock.move(minutes=20)
        self.bench.sync()
        after = sum(call.startswith("apply") for tool in self.people.tools.values() for call in tool.calls)
        found = Laws(self.bench, self.ghosts, self.watch).broken()
        return found if after == writes else [*found, "S2: a run without any change outside wrote something"]


@pytest.mark.parametrize("seed", range(START, START + SEEDS))
def test_a_random_history_of_items_keeps_every_law(seed: int) -> None:
    history = History(seed)
    history.tell()
    assert history.end() == [], "\n".join(history.people.said)
