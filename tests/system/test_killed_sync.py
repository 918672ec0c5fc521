"""The sync killed at many random points, against the HTTP emulators: no duplicate, nothing lost, then clean.

Every kill is a SIGKILL that ends a real process without any cleaning up, in the middle of a real sync: real sockets, a
real ledger file, real plan files. What differs is who kills, and where. `http`: the emulator, when a request has
arrived and is lost (`lost`), when it has arrived and will be carried out (`arrived`), or when it was carried out and
not yet answered (`answered`), also between two requests inside a Graph batch; `write`: the same, counting only the
requests that write; `create`: only those that create. `commit`: the process itself, just
before or after a COMMIT of the ledger. `file`: the process itself, just before or after a file is put in its place by
renaming. `timer`: this test, after a random time, wherever the process is. Which and where is drawn at random.

A killed sync is started again, and that one may be killed as well, up to eight times in a row; people edit between and
meanwhile; then it runs undisturbed. The processes are forks of one that imported everything once (`sync_nursery.py`),
else this would take minutes; a fork opens all that it uses by itself. A build kills 60 times here, and 160 times in
`test_killed_processes`, over simpler tools; `ITPM_KILLS` says another number, `ITPM_SEED` the same story again.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from itpm_sync.emulation import Call, Fault, Harm
from itpm_sync.testing.clocks import AheadClock
from itpm_sync.testing.four_tools import (
    ANN,
    BEN,
    EVE,
    JIRA,
    JIRA_KEY,
    PLAN,
    PLAN_FILE,
    PLANNER,
    PLANS,
    SHEETS,
    TOOLS,
    FourTools,
    configuration,
    four_tools,
    seeds,
)
from itpm_sync.testing.shown import Shown

NURSERY = Path(__file__).with_name("sync_nursery.py")
KILLS = int(os.environ.get("ITPM_KILLS", "60"))
KILLS_A_STORY = 60
EVERYWHERE = ("http", "write", "create", "commit", "timer")
IN_A_ROW = 8
INDEX_LAG = 30.0
AT_FIRST = {"http": 60, "write": 20, "create": 8, "commit": 30, "file": 2}
WEIGHTS = {"http": 25, "write": 20, "commit": 25, "file": 5, "timer": 10}
CREATES = ("/issue", "/issue/bulk", "/rows", "/planner/tasks")
WORDS: dict[str, dict[str, str]] = {
    "title": {PLANS: "Name", JIRA: "summary", SHEETS: "Task Name", PLANNER: "title"},
    "finish": {PLANS: "Finish", JIRA: "due", SHEETS: "Finish", PLANNER: "due"},
    "description": {PLANS: "Notes", JIRA: "description", SHEETS: "Description", PLANNER: "description"},
}


@dataclass(frozen=True, slots=True)
class Token:
    """One person's edit: a value that nobody else ever enters."""

    key: str
    """The item; empty for a record that a person made."""
    field: str
    value: str
    tool: str


@dataclass(slots=True)
class Nursery:
    """The process that forks syncs, and the hand that kills them."""

    process: subprocess.Popen[str]
    world: FourTools
    chance: random.Random
    kills: Counter[str] = field(default_factory=Counter)
    usual: dict[str, int] = field(default_factory=lambda: dict(AT_FIRST))
    """How many such points a sync has, at most of late."""
    drawn: str = ""
    """Where the last kill was to be."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _alive: threading.Event = field(default_factory=threading.Event)
    _pid: int = 0
    _met: Counter[str] = field(default_factory=Counter)
    _deadly: tuple[str, int, str] | None = None
    """Which kind of request, the how many-eth of it, and when."""
    _last: Call | None = None
    """The request after which the process dies."""
    _under_way: Call | None = None
    """The request at which it died, and which is carried out all the same."""
    _carried_out: threading.Event = field(default_factory=threading.Event)
    _meanwhile: tuple[int, Callable[[], None]] | None = None
    """At which request somebody edits."""

    def watch(self) -> None:
        """Count every request of every emulator, and kill at the drawn one."""
        for emulator in (self.world.tools[tool] for tool in (JIRA, SHEETS, PLANNER)):
            emulator.faults.before(".*", self._arrives(emulator), times=-1)
            emulator.faults.after(".*", self._answered, times=-1)

    def _arrives(self, emulator: Any) -> Any:
        def hook(call: Call) -> None:
            kinds, phase = {"http"}, ""
            if emulator.writes(call):
                kinds |= {"write"} | (
                    {"create"} if call.method == "POST" and call.path.endswith(CREATES) else set()
                )
            with self._lock:
                self._met.update(kinds)
                if (
                    self._deadly
                    and self._deadly[0] in kinds
                    and self._met[self._deadly[0]] == self._deadly[1]
                ):
                    phase, self._deadly = self._deadly[2], None
                busy = self._meanwhile is not None and self._met["http"] == self._meanwhile[0]
            if busy and self._meanwhile is not None:
                self._meanwhile[1]()
            if phase == "answered":
                self._last = call
            elif phase:
                if phase == "lost":
                    emulator.faults.add(Fault(".*", harm=Harm.DROP))
                else:
                    self._carried_out.clear()
                    self._under_way = call
                self._shoot()

        return hook

    def _answered(self, call: Call) -> None:
        if call is self._under_way:
            self._carried_out.set()
        if call is self._last:
            self._last = None
            self._shoot()

    def _shoot(self) -> None:
        """SIGKILL for the fork; it waits for an answer, so it surely lives."""
        self._alive.wait(10)
        self._stop(self._pid)

    def sync(
        self,
        *,
        approve: bool = False,
        kill: bool = False,
        creates: bool = False,
        meanwhile: Callable[[], None] | None = None,
    ) -> dict[str, Any]:
        """One sync in a fork. Says whether it was killed; if not, what it did. `meanwhile` is called at some request,
        before that takes effect. `creates`: there is something to create, which may well be the place to kill.
        """
        order: dict[str, Any] = {"carry_out": True, "ahead": self.world.clock.ahead}  # type: ignore[union-attr]
        if approve:
            order["approve"] = "plan"
        self._meanwhile = (self.chance.randint(1, self.usual["http"]), meanwhile) if meanwhile else None
        where, phase, self._met, self._deadly, timer = "", "", Counter(), None, None
        self._last = None
        self._alive.clear()
        if kill:
            weights = {**WEIGHTS, "create": 60 if creates else 0}
            where = self.chance.choices(list(weights), list(weights.values()))[0]
            http = where in ("http", "write", "create")
            phase = self.chance.choice(["lost", "arrived", "answered"] if http else ["before", "after"])
            if http:
                self._deadly = (where, self.chance.randint(1, self.usual[where]), phase)
            elif where != "timer":
                number = self.chance.randint(1, self.usual[where])
                order["kill"] = {"where": where, "phase": phase, "number": number}
        self.drawn = f"{where} {phase} {self._deadly or order.get('kill') or ''}" if kill else ""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None and stdout is not None
        stdin.write(json.dumps(order) + "\n")
        stdin.flush()
        self._pid = json.loads(stdout.readline())["pid"]
        self._alive.set()
        if where == "timer":
            timer = threading.Timer(self.chance.uniform(0.02, 0.8), self._stop, [self._pid])
            timer.start()
        ended: dict[str, Any] = json.loads(stdout.readline())
        if timer is not None:
            timer.cancel()
        if (
            self._under_way is not None
        ):  # nobody moves the clock before: a horizon would pass while it is under way
            assert self._carried_out.wait(30), "a request that arrived is never carried out"
        self._deadly = self._last = self._meanwhile = self._under_way = None
        if ended["killed"]:
            self.kills[where] += 1
        else:
            assert "error" not in ended, ended["error"]
            seen = Counter(ended["seen"]) + self._met
            self.usual = {name: max(1, seen[name], now // 2) for name, now in self.usual.items()}
        return ended

    @staticmethod
    def _stop(pid: int) -> None:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it had just ended by itself


@contextmanager
def nursery(world: FourTools, chance: random.Random) -> Iterator[Nursery]:
    """The forking process, ended at the end of the block."""
    with subprocess.Popen(
        [sys.executable, str(NURSERY), str(world.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
            made = Nursery(process, world, chance)
            made.watch()
            yield made
        finally:
            process.kill()


@dataclass(slots=True)
class Story:
    """People and killed syncs on one project, until enough were killed."""

    world: FourTools
    nursery: Nursery
    chance: random.Random
    counted: int = 0
    open: list[Token] = field(default_factory=list)
    """This round's edits, of which each must be found again."""
    told: list[str] = field(default_factory=list)
    """What happened in this round, for a failure's message."""

    # ── people ──

    def edit_something(self, count: int) -> None:
        """Some edits, each with a value of its own; sometimes two people change one thing."""
        for _ in range(count):
            if self.chance.random() < 0.3:
                self.create_something()
                continue
            key, places = self.chance.choice(sorted(self.items().items()))
            what = self.chance.choice(sorted(WORDS))
            for tool in self.chance.sample(
                sorted(places), 1 if self.chance.random() < 0.8 else min(2, len(places))
            ):
                native, before = places[tool]
                value = self.fresh(what)
                # what stood there was known to this person, so it may be overwritten for good
                known = held(before, what)
                self.open = [
                    t for t in self.open if not (t.key in ("", key) and t.field == what and t.value == known)
                ]
                self.world.tools[tool].edit_as(self.somebody(), native, **{WORDS[what][tool]: value})
                self.open.append(Token(key, what, value, tool))
                self.told.append(f"{key} {what} in {tool}: {known} becomes {value}")

    def edit_meanwhile(self) -> None:
        """The same while a sync is under way: no tool does anything else at that moment."""
        with ExitStack() as stack:
            for tool in (JIRA, SHEETS, PLANNER):
                stack.enter_context(self.world.tools[tool].lock)
            self.told.append("meanwhile:")
            self.edit_something(1)

    def create_something(self) -> None:
        tool, title = self.chance.choice(TOOLS), self.fresh("title")
        more = {
            PLANS: {"container": PLAN_FILE, "Start": "2026-12-01", "Finish": "2026-12-01"},
            JIRA: {"project": JIRA_KEY, "due": "2026-12-01"},
            SHEETS: {"Finish": "2026-12-01"},
            PLANNER: {"bucket": "To do", "due": "2026-12-01"},
        }[tool]
        self.world.tools[tool].edit_as(self.somebody(), None, **{WORDS["title"][tool]: title}, **more)
        self.open.append(Token("", "title", title, tool))
        self.told.append(f"made in {tool}: {title}")

    def fresh(self, what: str) -> str:
        self.counted += 1
        if what == "finish":
            weeks, day = divmod(self.counted, 5)  # a working day: the plan's calendar has no other
            return str(date(2026, 12, 7) + timedelta(weeks=weeks, days=day))
        return f"{what.title()} {self.counted}"

    def somebody(self) -> str:
        return self.chance.choice([ANN, BEN, EVE])

    # ── looking ──

    def everything(self) -> dict[str, dict[str, Shown]]:
        return {tool: self.world.everything(tool) for tool in TOOLS}

    def items(self) -> dict[str, dict[str, tuple[str, Shown]]]:
        """By our key: where it is and what is shown there."""
        found: dict[str, dict[str, tuple[str, Shown]]] = {}
        for tool, records in self.everything().items():
            for native, shown in records.items():
                if shown.key:
                    found.setdefault(shown.key, {})[tool] = (native, shown)
        return found

    def no_duplicate(self) -> None:
        """At any moment: one record an item and tool, by our key and by title."""
        for tool, records in self.everything().items():
            for said in ([s.key for s in records.values() if s.key], [s.title for s in records.values()]):
                twice = [one for one, count in Counter(said).items() if count > 1]
                assert twice == [], f"twice in {tool}"

    def nothing_lost(self) -> None:
        """Every edit of this round stands in all tools, or is kept with its conflict or as a loser."""
        items = self.items()
        with self.world.workspace(connect=False) as (ws, _):
            conflicts = ws.ledger.conflicts("refresh")
        kept = [repr(side.form) + str(side.form) for side in self.world.losers()]
        kept += [repr(side.form) + str(side.form) for conflict in conflicts for side in conflict.sides]
        for token in self.open:
            wanted = repr(date.fromisoformat(token.value)) if token.field == "finish" else token.value
            places = [items[token.key]] if token.key else list(items.values())
            stands = any(
                len(place) == len(TOOLS)
                and all(held(s, token.field) == token.value for _, s in place.values())
                for place in places
            )
            there = [
                {tool: held(s, token.field) for tool, (_, s) in place.items()}
                for place in places
                if token.key
            ]
            assert stands or any(wanted in one for one in kept), f"lost: {token}, where {there}; {self.told}"

    def all_the_same(self) -> None:
        """Every item is in every tool, and says the same there unless somebody is asked."""
        asked = {conflict.item for conflict in self.world.conflicts()}
        for key, places in self.items().items():
            assert sorted(places) == sorted(TOOLS), f"{key} is not everywhere"
            if key not in asked:
                assert len({(s.title, s.finish, s.description) for _, s in places.values()}) == 1, key
        counts = {tool: len(records) for tool, records in self.everything().items()}
        assert len(set(counts.values())) == 1, counts

    # ── the rounds ──

    def begin(self) -> None:
        """The first sync, killed at random, approved again each time."""
        self.nursery.sync(
            approve=True, kill=True, creates=True
        )  # also teaches the nursery what to import, if it lives
        for _ in range(IN_A_ROW):
            self.no_duplicate()
            if not self.nursery.sync(approve=True, kill=True)["killed"]:
                break
        self.nursery.sync(approve=True)
        self.end_round()

    def round(self) -> None:
        """People edit, a sync is killed, and the next, and perhaps the next; then all must come right."""
        self.create_something()
        self.edit_something(self.chance.randint(1, 4))
        for number in range(self.chance.randint(1, IN_A_ROW)):
            busy = self.edit_meanwhile if self.chance.random() < 0.4 else None
            killed = self.nursery.sync(kill=True, creates=number == 0, meanwhile=busy)["killed"]
            self.told.append(f"killed at {self.nursery.drawn}" if killed else "synced")
            self.no_duplicate()
            self.world.clock.move(seconds=self.chance.choice([0, 1, 60]))
            if killed and self.chance.random() < 0.3:
                self.edit_something(1)
        self.end_round()

    def end_round(self) -> None:
        """Undisturbed runs until one writes nothing; the conflicts are asked, and resolved for the next round."""
        ended: dict[str, Any] = {}
        for number in range(7):
            self.world.clock.move(
                seconds=60 if number else self.chance.choice([0, 60])
            )  # within Jira's lag or not
            self.world.mark()
            ended = self.nursery.sync()
            assert not ended["killed"]
            self.no_duplicate()
            if number and not ended["actions"] and not self.world.writes():
                break
        else:
            raise AssertionError(f"no rest: {ended} {self.world.writes()}")
        assert ended["brakes"] == [] and ended["warnings"] == [], ended
        self.nothing_lost()
        self.all_the_same()
        self.open.clear()
        self.told.clear()
        for conflict in self.world.conflicts():
            self.world.resolve(conflict.id, str(self.chance.randint(1, len(conflict.sides))))


def held(shown: Shown, what: str) -> str:
    return str(getattr(shown, what))


def project() -> dict[str, dict[str, Any]]:
    """Six tasks in the plan; Jira's search lags."""
    dates = {"Start": "2026-11-16", "Finish": "2026-11-20"}
    tasks = [{"name": f"Site {number}", "Notes": f"Hall {number}", **dates} for number in range(6)]
    found = seeds({**PLAN, "tasks": tasks})
    found[JIRA]["index_lag"] = INDEX_LAG
    return found


def test_killed_at_many_random_points_nothing_is_doubled_and_nothing_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = int(os.environ.get("ITPM_SEED") or random.randrange(10**6))
    with capsys.disabled():
        print(f"\nkilled sync: ITPM_SEED={seed}")
    chance, kills = random.Random(seed), Counter[str]()
    stories = -(-KILLS // KILLS_A_STORY)
    for number in range(stories):
        text, clock = configuration("create"), AheadClock()
        with four_tools(tmp_path / str(number), seeded=project(), text=text, clock=clock) as world:
            with nursery(world, chance) as hand:
                story = Story(world, hand, chance)
                story.begin()
                last = number == stories - 1
                while sum(hand.kills.values()) < KILLS / stories or (
                    last and not all((kills + hand.kills)[where] for where in EVERYWHERE)
                ):
                    story.round()
                kills += hand.kills
    assert sum(kills.values()) >= KILLS
    assert all(kills[where] for where in EVERYWHERE), kills
    with capsys.disabled():
        print(f"killed sync: {dict(kills)}")
