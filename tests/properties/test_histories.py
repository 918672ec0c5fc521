"""Random histories on the real engine and ledger: users edit between any two calls, the process dies anywhere.

Every user's text is a token of its own, so that a lost update is *seen*: at the end each token is what stands, or was
read by the author of what stands, or lies in full among the losers or the sides of an open conflict. The seed is in
the test's name. Every build runs the same share; `ITPM_HISTORIES_FROM` and `ITPM_HISTORIES` tell others. (The
simulator, with all faults and laws, is a later capability.)
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field

import pytest

from itpm_sync.bases import Tie
from itpm_sync.connector import Capabilities
from itpm_sync.policy import FieldPolicy, Limits, Rule
from itpm_sync.testing.bench import PROJECT, Bench, Killed, tool
from itpm_sync.testing.clocks import ManualClock
from itpm_sync.testing.lenses import PlainLens, ScaleLens, SetLens

FREE = Limits(floor=10_000, deletions=10_000)
SEEDS = int(os.environ.get("ITPM_HISTORIES", "40"))
START = int(os.environ.get("ITPM_HISTORIES_FROM", "1"))

ABLE = (
    Capabilities(history=True, edit_times=True, bin=True, tells_hidden=True),
    Capabilities(history=False, conditional=True, edit_times=False, tells_hidden=True),
    Capabilities(history=True, edit_times=True, ordered=False, tells_hidden=False),
)
POLICIES = (
    FieldPolicy(Rule.HOLD),
    FieldPolicy(Rule.NEWEST),
    FieldPolicy(Rule.OWNER, ("a",)),
)


@dataclass(slots=True)
class Ghosts:
    """What nobody in the engine knows: who wrote which token over which other one."""

    over: dict[str, str] = field(default_factory=dict)
    count: int = 0

    def write(self, stood: object) -> str:
        self.count += 1
        token = f"t{self.count}"
        self.over[token] = str(stood)
        return token

    def known(self, tokens: set[str]) -> set[str]:
        """These tokens and everything their authors had read."""
        found: set[str] = set()
        for token in tokens:
            at: str | None = token
            while at is not None and at not in found:
                found.add(at)
                at = self.over.get(at)
        return found


class History:
    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.clock = ManualClock()
        self.ghosts = Ghosts()
        names = ["a", "b", "c"][: self.chance.choice((2, 3, 3))]
        scales = {"c": (0, 50, 100)}
        made = {
            name: tool(
                self.clock,
                name,
                ScaleLens("priority", scales[name]) if name in scales else PlainLens("priority"),
                SetLens("labels", "xy" if name == "b" else None),
                capabilities=self.chance.choice(ABLE),
                horizon=600.0,
            )
            for name in names
        }
        fields = {"title": self.chance.choice(POLICIES), "priority": self.chance.choice(POLICIES)}
        self.bench = Bench.of(self.clock, made, limits=FREE, fields=fields, seed=tuple(names))
        for _ in range(self.chance.randint(1, 3)):
            made["a"].memory.create_as("ann", "main", kind="task", title=self.ghosts.write(None), priority=60)
        self.bench.approve()
        self.settle(2)

    def settle(self, runs: int) -> None:
        for _ in range(runs):
            self.clock.move(minutes=20)
            self.bench.sync()

    def edit(self) -> None:
        """A person does something somewhere."""
        memory = self.bench.tools[self.chance.choice(sorted(self.bench.tools))].memory
        if not memory.rows:
            return
        row = memory.rows[self.chance.choice(sorted(memory.rows))]
        what = self.chance.random()
        if what < 0.5:
            memory.edit_as("ann", row.native_id, title=self.ghosts.write(row.values.get("title")))
        elif what < 0.75:
            memory.edit_as("ann", row.native_id, priority=self.chance.choice((0, 50, 100)))
        elif what < 0.95:
            memory.edit_as("ann", row.native_id, labels=self.chance.sample("xyz", self.chance.randint(0, 2)))
        else:
            memory.create_as("ann", "main", kind="task", title=self.ghosts.write(None), priority=60)
        self.clock.move(seconds=self.chance.choice((1, 30, 1200)))

    def run(self) -> None:
        """One run, with people editing between its calls, and perhaps a kill."""
        kill = self.chance.choice((None, None, self.chance.randint(1, 14)))
        calls = 0

        def on_call(_call: str, _phase: str) -> None:
            nonlocal calls
            calls += 1
            if calls == kill:
                raise Killed
            if self.chance.random() < 0.15:
                self.edit()

        for one in self.bench.tools.values():
            one.memory.on_call = on_call
        try:
            self.bench.sync()
        except Killed:
            pass
        finally:
            for one in self.bench.tools.values():
                one.memory.on_call = lambda _call, _phase: None

    def tell(self) -> None:
        for _ in range(self.chance.randint(2, 5)):
            for _ in range(self.chance.randint(0, 3)):
                self.edit()
            self.run()
            self.clock.move(minutes=self.chance.choice((1, 20)))


def writes(bench: Bench) -> int:
    return sum(call.startswith("apply") for one in bench.tools.values() for call in one.memory.calls)


@pytest.mark.parametrize("seed", range(START, START + SEEDS))
def test_a_random_history_loses_nothing_doubles_nothing_and_comes_to_rest(seed: int) -> None:
    history = History(seed)
    history.tell()
    bench = history.bench
    history.settle(4)
    before = writes(bench)
    history.settle(1)
    assert writes(bench) == before, "a run without any change outside wrote something"

    state = bench.ledger.load(PROJECT)
    held = {(conflict.item, conflict.field) for conflict in state.conflicts.values()}
    texts: set[str] = set()
    for replica in state.replicas.values():
        assert replica.item is not None
        assert replica.tie is Tie.TIED
        row = bench.tools[replica.connection].memory.rows[replica.native_id]
        texts.add(str(row.values.get("title")))
        for name in ("title", "priority", "labels"):
            if (replica.item, name) in held:
                continue
            agreed = state.items[replica.item].value(name)
            lens = bench.tools[replica.connection].lenses[name]
            assert lens.get(row.values, None) == lens.form(agreed, None), (replica.connection, name)  # type: ignore[arg-type]

    for one in bench.tools.values():
        keys = [key for _, key in one.memory.created]
        assert len(keys) == len(set(keys)), "a record was created twice"
        assert len(one.memory.rows) == len(state.items), "an item lacks a record, or has two"

    stored = {
        str(loser.loser.side.form)
        for item in state.items
        for loser in bench.ledger.losers_of(PROJECT, item, field="title")
        if loser.loser is not None
    }
    sides = {str(side.form) for conflict in state.conflicts.values() for side in conflict.sides}
    agreed_texts = {str(item.value("title")) for item in state.items.values()}
    lost = set(history.ghosts.over) - history.ghosts.known(texts | stored | sides | agreed_texts)
    assert not lost, f"lost updates: {sorted(lost)}"
    assert bench.ledger.verify(PROJECT) is None
