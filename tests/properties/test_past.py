"""The past is told back from the history alone: after random histories it is what the ledger held, then and now.

Users edit between any two calls and the process dies anywhere, as in the simulator; each run is copied when it is
over. What the audit proves holds after all of it.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from itpm_sync.bases import Conflict, ItemBase
from itpm_sync.cycle import resolve
from itpm_sync.ledger import Ledger, Past
from itpm_sync.policy import FieldPolicy, Limits, Rule
from itpm_sync.testing.bench import PROJECT, Bench, Killed, tool
from itpm_sync.testing.clocks import ManualClock
from itpm_sync.testing.lenses import PlainLens, ScaleLens, SetLens

SEEDS = 12
Copy = tuple[dict[str, ItemBase], dict[str, Conflict]]


def copied(ledger: Ledger) -> Copy:
    """The items and the open conflicts as the ledger has them now."""
    state = ledger.load(PROJECT)
    return dict(state.items), dict(state.conflicts)


def told(past: Past) -> Copy:
    return dict(past.items), dict(past.conflicts)


def alike(found: Copy, wanted: Copy) -> bool:
    """The same, but for the moments at which an item was made and a conflict opened: an entry has its own."""
    moment = datetime(2030, 1, 1, tzinfo=UTC)

    def plain(copy: Copy) -> Copy:
        items, conflicts = copy
        return (
            {name: replace(item, made=None) for name, item in items.items()},
            {name: replace(one, opened=moment) for name, one in conflicts.items()},
        )

    return plain(found) == plain(wanted)


class History:
    """Three tools, people and kills."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.clock = ManualClock()
        names = ("a", "b", "c")
        made = {
            name: tool(
                self.clock,
                name,
                ScaleLens("priority", (0, 50, 100)) if name == "c" else PlainLens("priority"),
                SetLens("labels", None),
                horizon=600.0,
            )
            for name in names
        }
        policy = self.chance.choice((FieldPolicy(Rule.HOLD), FieldPolicy(Rule.NEWEST)))
        limits = Limits(floor=10_000, deletions=10_000)
        self.bench = Bench.of(self.clock, made, limits=limits, fields={"title": policy}, seed=names)
        self.count = 0
        for _ in range(2):
            self.create()
        self.bench.approve()

    def create(self) -> None:
        self.count += 1
        self.bench.tools["a"].memory.create_as(
            "ann", "main", kind="task", title=f"T{self.count}", priority=60
        )

    def edit(self) -> None:
        memory = self.bench.tools[self.chance.choice("abc")].memory
        row = memory.rows[self.chance.choice(sorted(memory.rows))] if memory.rows else None
        what = self.chance.random()
        if row is None or what < 0.1:
            self.create()
        elif what < 0.6:
            self.count += 1
            memory.edit_as("ann", row.native_id, title=f"T{self.count}")
        elif what < 0.75:
            memory.edit_as("ann", row.native_id, priority=self.chance.choice((0, 50, 100)))
        elif what < 0.9:
            memory.edit_as("ann", row.native_id, labels=self.chance.sample("xyz", self.chance.randint(0, 2)))
        elif len(memory.rows) > 1:
            memory.delete_as("ann", row.native_id)
        self.clock.move(seconds=self.chance.choice((1, 30, 1200)))

    def decide(self) -> None:
        """A person settles a conflict, or leaves it open."""
        for conflict in self.bench.ledger.conflicts(PROJECT)[: self.chance.randint(0, 2)]:
            self.clock.move(seconds=1)
            resolve(
                self.bench.workspace(), conflict.id, self.chance.choice("1 2 agreed".split()), actor="bob"
            )

    def run(self) -> None:
        kill, calls = self.chance.choice((None, self.chance.randint(1, 14))), 0

        def on_call(_call: str, _phase: str) -> None:
            nonlocal calls
            calls += 1
            if calls == kill:
                raise Killed
            if self.chance.random() < 0.1:
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


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_past_is_what_it_was(seed: int) -> None:
    history = History(seed)
    bench, copies = history.bench, dict[datetime, Copy]()
    for _ in range(history.chance.randint(3, 6)):
        for _ in range(history.chance.randint(1, 6)):
            history.edit()
        history.run()
        history.decide()
        copies[history.clock.now()] = copied(bench.ledger)
        history.clock.move(minutes=history.chance.choice((1, 20)))
    assert alike(told(bench.ledger.as_of(PROJECT)), copied(bench.ledger))
    for moment, copy in copies.items():
        assert alike(told(bench.ledger.as_of(PROJECT, moment)), copy), moment
    audit = bench.ledger.audit(PROJECT)
    assert audit.findings == ()
    assert audit.entries == audit.head.seq > 0
    assert audit.writes > 0
