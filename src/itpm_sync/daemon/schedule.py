"""When each project runs, and what became of its last run.

In: a workspace, an interval a project. Out: runs, live pages after each, states for the health answer. An error of one
project is logged and shown; the others and its own next run go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from itpm_sync.cycle import RunReport, Workspace, publish_live, run
from itpm_sync.errors import Busy, ItpmError, Paused
from itpm_sync.ledger import Pause
from itpm_sync.plan import BrakeKind, Grade

DEFAULT_EVERY = timedelta(minutes=15)
LATE_AFTER = 3
"""A project is unhealthy when no run has ended for so many of its intervals."""


@dataclass(slots=True)
class ProjectState:
    """How a project fares. Times aware, UTC."""

    every: timedelta
    started: datetime
    ended: datetime | None = None
    says: str = "not run yet"
    ok: bool = True
    runs: int = 0

    def late(self, now: datetime) -> bool:
        """Whether no run has ended for too long."""
        return now - (self.ended or self.started) > LATE_AFTER * self.every


class Schedule:
    """The projects of one workspace, run one after another whenever they are due."""

    def __init__(self, workspace: Workspace, every: Mapping[str, timedelta | None]) -> None:
        self.workspace = workspace
        now = workspace.clock.now()
        self.states = {
            name: ProjectState(every.get(name) or DEFAULT_EVERY, now) for name in workspace.projects
        }
        self._due = dict.fromkeys(self.states, now)
        self._paused: dict[str, Sequence[Pause]] = {}

    def pauses(self, name: str) -> Sequence[Pause]:
        """What is paused of a project now; as last known where the ledger cannot be asked."""
        with suppress(ItpmError):
            used = {each.connection for each in self.workspace.projects[name].policy.containers}
            found = self.workspace.ledger.pauses(name)
            self._paused[name] = [one for one in found if one.connection is None or one.connection in used]
        return self._paused.get(name, ())

    async def run(self, stop: asyncio.Event) -> None:
        """Run what is due until `stop` is set; a run that has begun is finished first."""
        while not stop.is_set():
            now = self.workspace.clock.now()
            for name in sorted(self._due, key=lambda one: self._due[one]):
                if self._due[name] <= now and not stop.is_set():
                    await self.run_one(name)
            now = self.workspace.clock.now()
            wait = min(((due - now).total_seconds() for due in self._due.values()), default=60.0)
            try:
                await asyncio.wait_for(stop.wait(), timeout=min(max(wait, 0.05), 60.0))
            except TimeoutError:
                continue

    async def run_one(self, name: str) -> None:
        """One run of one project, its pages after it, and the next one's time."""
        log, state, clock = structlog.get_logger(), self.states[name], self.workspace.clock
        begun = clock.now()
        try:
            report = await run(self.workspace, name, carry_out=True)
            left_out = [w.says for w in report.warnings if w.grade is Grade.LEFT_OUT]
            with suppress(Paused):  # said by the run, where it holds anything of the project
                await publish_live(self.workspace, {name: left_out})
            state.ok = not report.failed
            state.says = _ended(report)
            log.info("run ended", project=name, run=report.run, says=state.says, left_out=len(left_out))
            log.info("history", anchor=self.workspace.ledger.anchor([name]))
        except Busy as error:
            state.says = error.message
            log.info("run put off", project=name, says=error.message)
        except ItpmError as error:
            state.ok, state.says = False, str(error)
            log.warning("run failed", project=name, says=str(error))
        except Exception as error:
            state.ok, state.says = False, f"unforeseen ({type(error).__name__}); see the log"
            log.exception("run failed", project=name)
        state.runs += 1
        state.ended = clock.now()
        self._due[name] = begun + state.every


def _ended(report: RunReport) -> str:
    """How a run ended, in a line: done, paused, or waiting for a person."""
    brakes = report.plan.brakes
    waits = "; ".join(brake.says for brake in brakes if brake.kind is not BrakeKind.PAUSED)
    paused = "; ".join(brake.says for brake in brakes if brake.kind is BrakeKind.PAUSED)
    parts = [f"waits for approval of run {report.run}: {waits}"] if waits else [f"run {report.run} done"]
    return "; ".join([*parts, *([paused] if paused else [])])
