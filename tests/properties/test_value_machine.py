"""People type values of every canonical type into tools that hold them by the shipped mappings; a machine of rules.

Real engine and ledger over tools in memory: one that holds everything, two that hold what a vendor's mapping holds.
Titles begin with a token of their own, so that a lost one is seen. At rest: every tool that holds a field says the form
of what is agreed, the next run writes nothing, no title is lost, and what one person types alone stands where it can.
"""

from __future__ import annotations

import random
import re

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from itpm_sync.cycle import resolve
from itpm_sync.errors import Misconfigured
from itpm_sync.model import Value
from itpm_sync.testing.bench import PROJECT, Killed
from itpm_sync.testing.mapped import Generator
from itpm_sync.testing.typed import NAMES, SYSTEMS, WHOLE, Desk, bench, typeable

HARD = (
    "Größe", "e\u0301", "\u00e9", "\U0001f469\u200d\U0001f467", "\u202egnirts", "\u200bzero", "\ufeffmark",
    "\u05e9\u05dc\u05d5\u05dd", "中文", "=1+1", "<b>&amp;", "\\n", "'; --", "x" * 300, "\u2028", "\xa0",
    "tab\there", "\x00", "\x1b[0m", "0", "None",
)  # fmt: skip
TOKEN = re.compile(r"t\d+")
CHANCE = st.randoms(use_true_random=False)
PICK = st.integers(0, 10**6)


class Values(RuleBasedStateMachine):
    @initialize(systems=st.permutations(SYSTEMS))
    def begin(self, systems: list[str]) -> None:
        self.bench = bench(tuple(systems[:2]))
        self.desk = Desk(self.bench)
        self.names = list(self.bench.tools)
        self.over: dict[str, str | None] = {}
        self.resting = True
        self.create(0, "x", random.Random(1))
        self.settle()

    # ── choosing ──

    def some(self, pick: int, names: list[str] | None = None):
        """A tool and one of its records, or None."""
        found = [(name, row) for name in names or self.names for row in self.desk.rows(name)]
        return found[pick % len(found)] if found else None

    def token(self, stood: str) -> str:
        token = f"t{len(self.over) + 1}"
        known = TOKEN.match(stood)
        self.over[token] = known.group() if known else None
        return token

    def busy(self) -> None:
        self.resting = False
        self.bench.clock.move(seconds=30)

    # ── people ──

    @rule(pick=PICK, words=st.sampled_from(HARD), chance=CHANCE)
    def create(self, pick: int, words: str, chance: random.Random) -> None:
        name = self.names[pick % len(self.names)]
        memory = self.bench.tools[name].memory
        if len(memory.rows) > 3:
            return
        native = memory.create_as("ann", "main", kind="task")
        self.desk.type(name, memory.rows[native], "title", f"{self.token('')} {words}")
        for field in chance.sample(NAMES, 4):
            value = Generator(chance).value(field)
            if field in self.bench.tools[name].lenses and typeable(field, value):
                self.desk.type(name, memory.rows[native], field, value)
        self.busy()

    @rule(pick=PICK, words=st.sampled_from(HARD))
    def retitle(self, pick: int, words: str) -> None:
        if found := self.some(pick):
            name, row = found
            token = self.token(self.desk.title(name, row))
            self.desk.type(name, row, "title", f"{token} {words}")
            self.busy()

    @rule(pick=PICK, field=st.sampled_from(NAMES), chance=CHANCE)
    def edit(self, pick: int, field: str, chance: random.Random) -> None:
        self.type(pick, field, Generator(chance).value(field))

    @rule(pick=PICK, field=st.sampled_from(NAMES))
    def clear(self, pick: int, field: str) -> None:
        self.type(pick, field, None)

    def type(self, pick: int, field: str, value: Value) -> None:
        found = self.some(pick, [name for name in self.names if field in self.bench.tools[name].lenses])
        if found and typeable(field, value):
            self.desk.type(*found, field, value)
            self.busy()

    @precondition(lambda self: self.resting)
    @rule(pick=PICK, field=st.sampled_from(NAMES), chance=CHANCE)
    def what_one_person_types_alone_stands_wherever_it_can(
        self, pick: int, field: str, chance: random.Random
    ) -> None:
        value = Generator(chance).value(field)
        found = self.some(pick, [name for name in self.names if field in self.bench.tools[name].lenses])
        if found is None or not typeable(field, value):
            return
        name, row = found
        item = {
            replica.native_id: replica.item for replica, _ in self.desk.tied() if replica.connection == name
        }
        conflicts = {(one.item, one.field) for one in self.bench.ledger.conflicts(PROJECT)}
        if row.native_id not in item or (item[row.native_id], field) in conflicts:
            return
        typed = self.desk.type(name, row, field, value)
        self.busy()
        self.settle()
        agreed = self.bench.agreed(item[row.native_id], field)
        assert self.desk.form(name, field, agreed) == typed == self.desk.stands(name, row, field)
        if name == WHOLE:
            assert agreed == typed, "the whole of what was typed"

    @rule(pick=PICK, above=PICK)
    def move(self, pick: int, above: int) -> None:
        if found := self.some(pick):
            name, row = found
            memory = self.bench.tools[name].memory
            others = [None, *(one.native_id for one in self.desk.rows(name))]
            parent = others[above % len(others)]
            if not memory.unfit(row.native_id, row.container, {"parent": parent}):
                memory.edit_as("ann", row.native_id, parent=parent)
                self.busy()

    @rule(pick=PICK)
    def delete(self, pick: int) -> None:
        if found := self.some(pick):
            name, row = found
            self.bench.tools[name].memory.delete_as("ann", row.native_id)
            self.busy()

    @rule(pick=PICK)
    def restore(self, pick: int) -> None:
        binned = [
            (name, native) for name in self.names for native in sorted(self.bench.tools[name].memory.bin)
        ]
        if binned:
            name, native = binned[pick % len(binned)]
            self.bench.tools[name].memory.restore_as("ann", native)
            self.busy()

    @rule(pick=PICK)
    def hide_or_show(self, pick: int) -> None:
        if found := self.some(pick):
            name, row = found
            self.bench.tools[name].memory.hide(row.native_id, hidden=not row.hidden)
            self.busy()

    @rule(pick=PICK, side=st.integers(1, 3))
    def resolve(self, pick: int, side: int) -> None:
        conflicts = sorted(self.bench.ledger.conflicts(PROJECT), key=lambda one: one.id)
        if conflicts:
            conflict = conflicts[pick % len(conflicts)]
            number = min(side, len(conflict.sides))
            try:
                resolve(self.bench.workspace(), conflict.id, str(number), actor="bea")
            except Misconfigured:  # what contradicts itself cannot be chosen
                return
            self.busy()

    # ── the engine ──

    @rule()
    def run(self) -> None:
        self.bench.sync()
        self.bench.clock.move(minutes=20)

    @rule(calls=st.integers(1, 12))
    def kill(self, calls: int) -> None:
        left = calls

        def on_call(_call: str, _phase: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed

        for one in self.bench.tools.values():
            one.memory.on_call = on_call
        try:
            self.bench.sync()
        except Killed:
            pass
        finally:
            for one in self.bench.tools.values():
                one.memory.on_call = lambda _call, _phase: None
        self.busy()

    @rule()
    def settle(self) -> None:
        """Nobody does anything; the runs go on, and everything comes to rest."""
        for _ in range(4):
            self.bench.clock.move(hours=1)
            self.bench.sync()
        self.resting = True
        self.at_rest()

    def teardown(self) -> None:
        if hasattr(self, "bench"):
            self.settle()

    # ── what must hold ──

    def at_rest(self) -> None:
        before = self.desk.writes()
        report = self.bench.sync()
        assert self.desk.writes() == before, "a run without any change outside wrote something"
        assert not report.plan.decisions
        state = self.bench.ledger.load(PROJECT)
        held = {(item, one.field) for one in state.conflicts.values() for item in (one.item, *one.also)}
        for replica, row in self.desk.tied():
            for field in self.bench.tools[replica.connection].lenses:
                if field in ("kind", "parent") or (replica.item, field) in held:
                    continue
                agreed = state.items[str(replica.item)].value(field)
                stands = self.desk.stands(replica.connection, row, field)
                if agreed is None and self.desk.blank(replica.connection, row, field):
                    continue  # nothing, or what the tool puts there by itself
                assert stands == self.desk.form(replica.connection, field, agreed), (
                    replica.connection,
                    field,
                )
        assert not self.lost(), f"lost titles: {sorted(self.lost())}"
        assert self.bench.ledger.verify(PROJECT) is None

    def lost(self) -> set[str]:
        """Titles that stand nowhere, that nobody who wrote what stands has read, and that are stored nowhere."""
        state = self.bench.ledger.load(PROJECT)
        texts = [
            self.desk.title(name, row)
            for name, one in self.bench.tools.items()
            for row in [*one.memory.rows.values(), *one.memory.bin.values()]
        ]
        texts += [str(item.value("title")) for item in state.items.values()]
        texts += [str(side.form) for one in state.conflicts.values() for side in one.sides]
        texts += [
            str(entry.loser.side.form)
            for item in state.items
            for entry in self.bench.ledger.losers_of(PROJECT, item, field="title")
            if entry.loser is not None
        ]
        known: set[str | None] = set()
        for token in (found.group() for text in texts if (found := TOKEN.match(text))):
            at: str | None = token
            while at is not None and at not in known:
                known.add(at)
                at = self.over.get(at)
        return set(self.over) - known


TestValues = Values.TestCase
TestValues.settings = settings(
    max_examples=12, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
