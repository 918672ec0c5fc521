"""A story told: its steps carried out one after the other, with the laws checked at every rest.

In: a story, a store. Out: `Told`: what was broken, and what happened how often.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from itpm_sync.codec import digest
from itpm_sync.cycle import RunReport, run
from itpm_sync.errors import Busy, Fenced, ItpmError, Stopped
from itpm_sync.ledger.in_memory import image, put_back
from itpm_sync.memory.tool import copied
from itpm_sync.simulator.asked import unfinished
from itpm_sync.simulator.bench import PROJECT, Killed, drive
from itpm_sync.simulator.director import Counts, Director, Halted
from itpm_sync.simulator.laws.rest import Laws
from itpm_sync.simulator.story import Step, Story
from itpm_sync.simulator.tools import SimTool
from itpm_sync.simulator.world import Store, World

LONGEST_REST = 14
"""Runs after which a story that nobody disturbs must have come to rest, whatever it waits for."""

DOUBTED: Final = 4
"""In one of so many stories each look at a part of the project is compared with a look at the whole."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One sync run in figures."""

    remotes: int
    items: int
    edits: int
    faults: int
    kills: int


@dataclass(slots=True)
class Told:
    """One story, told."""

    seed: int
    broken: list[str] = field(default_factory=list)
    runs: list[Ran] = field(default_factory=list)
    cells: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    said: list[str] = field(default_factory=list)
    mark: str = ""
    """A digest of all that happened and of what stands at the end."""


class Unruly(Exception):
    """A law is broken: the story ends here."""


class Telling:
    """One story while it is told."""

    def __init__(self, story: Story, store: Store, *, aloud: bool) -> None:
        self.story, self.store = story, store
        self.told = Told(story.seed)
        self.aloud = aloud
        self.world = World(story.seed, store)
        self.people, self.ghosts, self.bench = self.world.people, self.world.ghosts, self.world.bench
        self.director = Director(self.people.do, self.rival, self.jump, self.say, self._began_read)
        store.director = self.director
        self.ended: set[str] = set()
        """Holders whose process is no more."""
        self.holder = ""
        self.behind = 0.0
        """Seconds that the clock was set back and has not caught up."""
        self.elsewhere = self.world.chance.random() < 0.3
        """Whether nobody can tell that a holder died (it ran on another machine)."""
        self.bench.gone = None if self.elsewhere else lambda holder: holder in self.ended
        # the others go on with what a part of the project led to, as the product does
        self.bench.doubt = story.seed % DOUBTED == 0
        self.between = Counts()
        self.image = b""
        """The ledger as it was backed up."""
        self.braked = False
        """Whether the last run that came to its end was stopped, or a container of it."""

    def say(self, what: str) -> None:
        if self.aloud:
            self.people.said.append(what)

    def tell(self) -> Told:
        """All of it, or up to the first broken law."""
        try:
            self.begin()
            for step in self.story.steps:
                self.step(step)
        except Unruly as unruly:
            self.told.broken += [*self.ghosts.broken, *unruly.args]
        except Exception as error:  # noqa: BLE001 - whatever the engine lets out is a finding
            self.told.broken.append(f"a run ended with {type(error).__name__}: {error}")
            if self.aloud:
                import traceback

                self.people.said.append(traceback.format_exc())
        finally:
            self.store.director = None
        self.told.cells = self.director.cells
        self.told.said = self.people.said
        if self.aloud:
            stands = {
                name: sorted((n, str(row.values)) for n, row in tool.rows.items())
                for name, tool in self.world.tools.items()
            }
            calls = {name: tool.calls for name, tool in self.world.tools.items()}
            self.told.mark = digest([self.told.broken, self.told.said, stands, calls])
        return self.told

    def begin(self) -> None:
        self.world.people_begin()
        self.approve()
        self.rest()

    # ── steps ──

    def step(self, step: Step) -> None:
        """One step; whatever is none of ours is a deed of people."""
        does: dict[str, Callable[[], object]] = {
            "run": lambda: self.run(step),
            "rest": self.end,
            "settle": self.rest,
            "wait": lambda: self.clock(step.n),
            "answer": lambda: self.people.answer_to(step.n),
            "lift": self.lift,
            "approve": lambda: self.between_runs(self.approve) if self.braked else None,
            "configure": lambda: self.world.configure(step.n, self.say),
            "backup": self.backup,
            "put back": self.restore,
        }
        if step.what in does:
            does[step.what]()
        else:
            self.between.edits += 1
            self.people.do(step.what, step.n)
        if self.ghosts.broken or self.director.broken:
            raise Unruly(*self.director.broken)

    def backup(self) -> None:
        self.image = image(self.bench.ledger)
        self.world.watch.backed_up = {
            (tool.name, native): copied(row.values)
            for tool in self.world.tools.values()
            for native, row in tool.rows.items()
        }

    def restore(self) -> None:
        """Somebody puts yesterday's ledger back. The story ends with the run that finds it.

        One that is what it was, for nothing was done since, is not an older one: edits are put back as in any run.
        """
        if not self.image or self.bench.busy():
            return
        older = image(self.bench.ledger) != self.image
        self.say("an older ledger is put back")
        put_back(self.bench.ledger, self.image)
        self.lift()
        self.world.watch.restored = older
        self.run_at_rest()
        self.world.watch.restored = False

    def between_runs(self, work: Callable[[], object]) -> None:
        """What a person has the engine do, unless it is busy or the tools do not answer."""
        if self.bench.busy():
            return
        try:
            work()
        except ItpmError as error:
            self.say(f"  {error}")

    def clock(self, seconds: float) -> None:
        self.bench.clock.move(seconds=seconds)
        self.behind = max(0.0, self.behind - seconds)

    def jump(self, seconds: float) -> None:
        """Somebody, or a time server, sets the clock. No tool lags longer for that."""
        for tool in self.world.tools.values() if seconds < 0 else ():
            tool.clock_set_back(-seconds)
        self.bench.clock.move(seconds=seconds)
        self.behind = max(0.0, self.behind - seconds)

    def lift(self) -> None:
        """Everything that failed works again."""
        self.say("everything works again")
        for tool in self.world.tools.values():
            tool.down.clear()
            tool.refuses = {}
            tool.lost, tool.renamed, tool.losing = {}, {}, None
            tool.containers = {name: name for name in tool.containers}

    def _began_read(self, tool: SimTool) -> None:
        self.ghosts.read[tool.name] = self.ghosts.tick()

    def run(self, step: Step) -> None:
        """One run, with what happens meanwhile."""
        self.say("run")
        self.world.watch.remember()
        self.ghosts.run_began = self.ghosts.moment
        edits, self.between = self.between.edits, Counts()
        for tool in self.world.tools.values():
            tool.changed = False
        self.director.begin(step.meanwhile)
        try:
            self.sync()
        except (Killed, Halted):
            self.ended.add(self.holder)
        except (Busy, Fenced) as error:
            self.say(f"  {error}")
        except ItpmError as error:
            if not self.director.counts.faults:
                raise
            self.say(f"  {error}")
        finally:
            counts = self.director.counts
            self.director.end()
        self._count(edits + counts.edits, counts.faults, counts.kills)

    def _count(self, edits: int, faults: int, kills: int) -> None:
        items = self.store.raw.execute("SELECT count(*) FROM items").fetchone()[0]
        self.told.runs.append(Ran(len(self.world.tools), items, edits, faults, kills))

    def sync(self, approve: str | None = None) -> RunReport:
        ws = self.bench.workspace()
        self.holder = ws.holder
        self.world.watch.begin_run()
        report = self.bench.run(ws, approve)
        self.braked = bool(report.plan.brakes)
        if approve is not None and not report.stopped:
            self.world.approve()
        return report

    def rival(self, n: int) -> None:
        """Another daemon runs the same project, now."""
        watching, self.director.watching = self.director.watching, False
        ours = self.holder
        try:
            self.say("  a second daemon")
            self.bench.run(self.bench.workspace())
            self.director.take()
            self.say("  … took over")
        except Busy:
            self.say("  … finds it busy")
        finally:
            self.director.watching = watching
            self.holder = ours

    # ── coming to rest ──

    def rest(self) -> int:
        """Runs without anybody at work, until one has nothing to do and nothing to wait for. Returns how many."""
        for number in range(1, LONGEST_REST + 1):
            report = self.run_at_rest()
            if report.plan.brakes:
                self.approve()
            elif self.idle(report):
                return number
        raise Unruly("S22: it does not come to rest")

    def run_at_rest(self) -> RunReport:
        """One run that nobody disturbs."""
        self.clock(1200)
        self.world.watch.remember()
        self.ghosts.run_began = self.ghosts.moment
        self.say("run at rest")
        edits, self.between = self.between.edits, Counts()
        self.director.counts = Counts()
        report = self.sync()
        self._count(edits, 0, 0)
        return report

    def approve(self) -> None:
        """A person looks at the plan and lets it go."""
        self.say("approve")
        for (
            tool
        ) in self.world.tools.values():  # nobody approves another container: they put the right one back
            tool.containers = {name: name for name in tool.containers}
            tool.described = (dict(tool.containers), tool.described[1])
        plan = drive(run(self.bench.workspace(), PROJECT, carry_out=False)).run
        self.world.watch.approved = True
        try:
            edits, self.between = self.between.edits, Counts()
            self.sync(approve=plan)
            self._count(edits, 0, 0)
        except Stopped as error:  # somebody was faster
            self.say(f"  {error}")
        finally:
            self.world.watch.approved = False

    def idle(self, report: RunReport) -> bool:
        if report.plan.decisions or report.carried:
            return False
        return not unfinished(self.bench.ledger)

    def end(self) -> None:
        """Everybody goes home, everything answers, a day passes, and it comes to rest. Then: what is broken."""
        self.say("everybody goes home")
        self.lift()
        self.clock(self.behind)
        self.rest()
        self.clock(30 * 3600)
        self.rest()
        before = self._writes()
        self.run_at_rest()
        found = [*Laws(self.world).broken(), *self.calls()]
        if self._writes() != before:
            found.append("S2: a run without any change outside wrote something")
        if found:
            raise Unruly(*found)

    def calls(self) -> list[str]:
        """S21: a run with nothing to do describes and lists each container once; what is hidden it reads again."""
        containers = sum(len(tool.containers) for tool in self.world.tools.values())
        made, most = self.director.counts.calls, 3 * containers + 2 * len(self.world.tools)
        return [f"S21: {made} calls, and nothing to do in {containers} containers"] if made > most else []

    def _writes(self) -> int:
        return sum(len(tool.applied) for tool in self.world.tools.values())


def tell(story: Story, store: Store, *, aloud: bool = False) -> Told:
    """Tell a story. `aloud`: keep what is said of each step, and a mark of all that happened."""
    return Telling(story, store, aloud=aloud).tell()
