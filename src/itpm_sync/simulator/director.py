"""What happens while a run goes on: people, faults, kills and rivals between any two calls, answers and commits.

In: the steps that a story has for this run. Out: each carried out at its place; kills and faults as exceptions. A
killed process makes no transaction any more: its lease stays, its run stays open, as after SIGKILL.
"""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, event

from itpm_sync.simulator.bench import Killed
from itpm_sync.simulator.faults import FAULTS
from itpm_sync.simulator.people import DEEDS
from itpm_sync.simulator.story import JUMP, KILL, RIVAL, STOP, Step
from itpm_sync.simulator.tools import SimTool


class Halted(BaseException):
    """The process was asked to end (SIGTERM): it still says goodbye to the ledger."""


@dataclass(slots=True)
class Counts:
    """What happened in one run."""

    edits: int = 0
    faults: int = 0
    kills: int = 0
    calls: int = 0


@dataclass(slots=True)
class Director:
    """One story's meanwhile."""

    deed: Callable[[str, int], None]
    rival: Callable[[int], None]
    jump: Callable[[float], None]
    say: Callable[[str], None]
    began_read: Callable[[SimTool], None]
    watching: bool = False
    """Whether a run of the story goes on (and not one at rest, or a rival's)."""
    counts: Counts = field(default_factory=Counts)
    cells: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(fault, place, kind of tool): how often it struck."""
    point: int = 0
    dead: bool = False
    taken: bool = False
    """Whether a rival took the lease from the run that goes on."""
    unknowing: bool = False
    """Whether the run that goes on had no chance yet to learn that its lease is gone."""
    broken: list[str] = field(default_factory=list)
    tool: SimTool | None = None
    """The tool of the last call."""
    _waiting: list[Step] = field(default_factory=list)
    _chance: random.Random = field(default_factory=random.Random)

    def begin(self, steps: tuple[Step, ...]) -> None:
        """A run begins."""
        self._waiting = list(steps)
        self.point, self.dead, self.taken, self.unknowing, self.watching = 0, False, False, False, True
        self.counts = Counts()

    def end(self) -> None:
        """The run is over; what did not happen in it never does."""
        self._waiting, self.watching, self.dead, self.tool = [], False, False, None

    def at_call(self, tool: SimTool, call: str, phase: str) -> None:
        """Between a call and its effect, or its effect and its answer."""
        self.counts.calls += phase == "before"
        if not self.watching:
            return
        self.tool = tool
        if self.taken and not self.unknowing and call.startswith("apply") and phase == "before":
            self.broken.append(f"S20: {call} in {tool.name} by a run whose lease was taken")
        if call == "read" and phase == "before":
            self.began_read(tool)
        if self._waiting:
            self._at(f"{call} {phase}", tool)
        else:
            self.point += 1

    @property
    def in_flight(self) -> bool:
        """Whether a rival took the lease while a call of the run that goes on was out."""
        return self.watching and self.taken and self.unknowing

    def take(self) -> None:
        """A rival has taken the lease of the run that goes on, and given it back."""
        self.taken = self.unknowing = True

    def at_begin(self) -> None:
        """A transaction begins."""
        if self.dead:
            raise Killed
        if self.watching:
            self.unknowing = False

    def at_commit(self, phase: str) -> None:
        """Before a transaction that changed something becomes durable, or after it did and before the process knows."""
        if self.watching and self.taken and phase == "before":
            self.broken.append("S20: a run whose lease was taken stored something")
        if self.watching and self._waiting:
            self._at(f"commit {phase}", self.tool)

    def _at(self, place: str, tool: SimTool | None) -> None:
        self.point += 1
        for step in list(self._waiting):
            if step.point > self.point:
                return
            if step.at not in ("", place) or step not in self._waiting:
                continue
            if step.what in FAULTS and (tool is None or place not in FAULTS[step.what].at):
                continue
            if place.startswith("commit") and step.what in DEEDS:
                continue  # nobody but ourselves is at the ledger
            if place == "commit before" and step.what == RIVAL:
                continue  # the database is locked
            self._waiting.remove(step)
            self._do(step, place, tool)

    def _do(self, step: Step, place: str, tool: SimTool | None) -> None:
        if step.what in DEEDS:
            self.say(f"  {place} of {tool.name if tool else ''}:")
            self.counts.edits += 1
            watching, self.watching = self.watching, False
            self.deed(step.what, step.n)
            self.watching = watching
        elif step.what == KILL:
            self.say(f"  killed {place} of {tool.name if tool else ''}")
            self.counts.kills += 1
            self._mark("F59", place, tool)
            self.dead = True
            raise Killed
        elif step.what == STOP:
            self.say(f"  stopped {place} of {tool.name if tool else ''}")
            self.counts.kills += 1
            self._mark("F60", place, tool)
            raise Halted
        elif step.what == RIVAL:
            self.counts.faults += 1
            self._mark("F65", place, tool)
            self.rival(step.n)
        elif step.what == JUMP:
            self.say(f"  the clock jumps {step.n} s")
            self.counts.faults += 1
            self._mark("F24", place, tool)
            self.jump(step.n)
        else:
            assert tool is not None
            fault = FAULTS[step.what]
            self.say(f"  {fault.name}, {place} of {tool.name}")
            self.counts.faults += 1
            self._mark(fault.number, place, tool)
            self._chance.seed(step.n)
            fault.strike(tool, self._chance)

    def _mark(self, fault: str, place: str, tool: SimTool | None) -> None:
        self.cells[fault, place, tool.kind.name if tool else ""] += 1


def listen(engine: Engine, directed: Callable[[], Director | None]) -> None:
    """Let the director of the story that goes on hear of every transaction of the ledger."""
    before = 0

    def begin(connection: Connection) -> None:
        nonlocal before
        before = _raw(connection).total_changes  # SQLite counts those that were rolled back, too
        director = directed()
        if director is not None:
            director.at_begin()

    def commit(connection: Connection) -> None:
        director, raw = directed(), _raw(connection)
        if director is None or raw.total_changes == before:
            return
        director.at_commit("before")
        if director.watching:
            raw.commit()
            director.at_commit("after")

    event.listen(engine, "begin", begin)
    event.listen(engine, "commit", commit)


def _raw(connection: Connection) -> sqlite3.Connection:
    raw: Any = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw
