"""Two tools in step, one of them badly mapped: what stories of undoing are told on.

In: how many items, a mapping. Out: `Story`: sync, undo, edit, kill; what stands in the tools, what was left and why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

import pytest

from itpm_sync.connector import Capabilities
from itpm_sync.cycle import RunReport, Workspace, run, undo
from itpm_sync.ledger import Ledger
from itpm_sync.lens import Env, Untranslatable, Values
from itpm_sync.model import Value
from itpm_sync.plan import BrakeKind, Grade
from itpm_sync.policy import Limits
from itpm_sync.simulator.bench import PROJECT, Bench, Killed, drive, tool
from itpm_sync.simulator.clocks import ManualClock
from itpm_sync.simulator.lenses import PlainLens

FREE = Limits(floor=10_000, deletions=10_000)
WHO = "pia"
RIGHT = {"1": 3, "2": 2, "3": 1}
"""b writes 1 for what is most urgent."""
WRONG = {"1": 1, "2": 2, "3": 3}


class WordsLens(PlainLens):
    """Holds the value as one of a tool's words, under a native name of its own; what is no word is not guessed."""

    def __init__(self, name: str, words: Mapping[str, Value], native: str = "") -> None:
        super().__init__(name)
        self.words, self.place = dict(words), native or name
        self.native = frozenset({self.place})

    def get(self, values: Values, env: Env) -> Value:
        word = values.get(self.place)
        if word is None:
            return None
        if word not in self.words:
            raise Untranslatable(f"{word!r} is no {self.name}")
        return self.words[word]

    def put(self, value: Value, values: Values, env: Env) -> dict[str, Any]:
        now = values.get(self.place)
        if (now is None or now in self.words) and self.get(values, env) == value:
            return {}
        return {self.place: next((word for word, its in self.words.items() if its == value), None)}


@dataclass
class Story:
    """A bench whose mappings are part of what deciding rests on."""

    bench: Bench
    mapping: str = "as it was"

    def workspace(self) -> Workspace:
        ws = self.bench.workspace()
        project = ws.projects[PROJECT]
        basis = {**project.basis, "mapping of priority": self.mapping}
        return replace(ws, projects={PROJECT: replace(project, basis=basis)})

    def map(self, name: str, lens: PlainLens | None, mapping: str, of: str = "priority") -> None:
        """Change the mapping of a tool, and with it the configuration."""
        lenses = dict(self.bench.tools[name].lenses)
        lenses.pop(of, None)
        if lens is not None:
            lenses[of] = lens
        self.bench.tools[name].lenses = lenses
        self.mapping = mapping

    def plan(self) -> RunReport:
        return self._ran(run(self.workspace(), PROJECT, carry_out=False))

    def sync(self, approve: str | None = None) -> RunReport:
        return self._ran(run(self.workspace(), PROJECT, carry_out=True, approve=approve))

    def approve(self) -> RunReport:
        return self.sync(self.plan().run)

    def preview(self, of: str, **more: Any) -> RunReport:
        return self._ran(undo(self.workspace(), of, actor=WHO, **more))

    def undo(self, of: str) -> RunReport:
        """Preview, and carry out exactly that."""
        return self.preview(of, approve=self.preview(of).run)

    def killed(
        self, work: Callable[[], RunReport], name: str, call: str, phase: str, occurrence: int = 1
    ) -> None:
        """A run that dies at a call of a tool."""
        memory, left = self.bench.tools[name].memory, occurrence

        def on_call(called: str, when: str) -> None:
            nonlocal left
            left -= (called, when) == (call, phase)
            if left == 0:
                raise Killed

        memory.on_call = on_call
        with pytest.raises(Killed), patch.object(Ledger, "end_run", side_effect=Killed):
            work()
        memory.on_call = lambda _call, _phase: None
        self.bench.clock.move(hours=1)

    def _ran(self, work: Any) -> RunReport:
        report: RunReport = drive(work)
        self.bench.clock.move(hours=1)
        return report

    # ── looking and editing ──

    def edit(self, name: str, native: str, **values: Any) -> None:
        self.bench.tools[name].memory.edit_as("eve", native, **values)

    def values(self, name: str, what: str = "priority") -> dict[str, Any]:
        """By title: what stands in a tool."""
        rows = self.bench.tools[name].memory.rows.values()
        return {row.values["title"]: row.values.get(what) for row in rows}

    def native(self, name: str, title: str) -> str:
        rows = self.bench.tools[name].memory.rows.values()
        return next(row.native_id for row in rows if row.values["title"] == title)

    def rests(self) -> None:
        """The next syncs write nothing, ask nothing new, and the history holds."""
        asked = sorted(conflict.id for conflict in self.bench.ledger.conflicts(PROJECT))
        for _ in range(2):
            report = self.sync()
            assert report.plan.actions == ()
            assert report.plan.brakes == ()
            assert sorted(conflict.id for conflict in report.plan.conflicts) == asked
        assert self.bench.ledger.verify(PROJECT) is None


def story(count: int, *, capabilities: Capabilities | None = None, **policy: Any) -> Story:
    """Two tools in step: a says 1 to 3, b the words of RIGHT."""
    clock = ManualClock()
    made = {
        "a": tool(clock, "a", PlainLens("priority"), capabilities=capabilities),
        "b": tool(clock, "b", WordsLens("priority", RIGHT), capabilities=capabilities),
    }
    one = Story(Bench.of(clock, made, **{"limits": FREE, **policy}))
    for number in range(count):
        priority = 3 if number % 2 else 1
        made["a"].memory.create_as("ann", "main", kind="task", title=f"T{number}", priority=priority)
    one.approve()
    one.sync()
    return one


def left(report: RunReport) -> dict[str, str]:
    """By title: why something is not put back."""
    return {str(w.says).split(":")[0]: w.says for w in report.warnings if w.grade is Grade.LEFT_OUT}


def badly_mapped(count: int, **more: Any) -> tuple[Story, str]:
    """The scale of b was turned round, the plan approved, everything written there."""
    one = story(count, **more)
    one.map("b", WordsLens("priority", WRONG), "turned round")
    report = one.sync()
    assert {brake.kind for brake in report.plan.brakes} == {BrakeKind.CONFIGURATION}
    bad = one.approve()
    assert len(bad.carried) == count
    return one, bad.run


def edited(**more: Any) -> tuple[Story, str]:
    """Ann edited one item in a; a run carried it to b."""
    one = story(6, **more)
    one.edit("a", one.native("a", "T1"), priority=2)
    report = one.sync()
    assert one.values("b")["T1"] == "2"
    return one, report.run
