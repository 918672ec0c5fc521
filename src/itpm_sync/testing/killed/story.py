"""One tale, its last run killed for real, and the next, and the next; then it rests, and is judged.

In: a tale, the hand, where ledgers come from, chance. Out: `Tally`: kills by where, cuts by how, what broke.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from itpm_sync.ledger import Ledger
from itpm_sync.ports import Clock
from itpm_sync.testing.clocks import CountingIds
from itpm_sync.testing.killed.cutting import Cut
from itpm_sync.testing.killed.databases import KEY, Databases
from itpm_sync.testing.killed.hand import LIFETIME, Ended, Hand, Where
from itpm_sync.testing.killed.nursery import Order
from itpm_sync.testing.kills.aftermath import judged, tell
from itpm_sync.testing.kills.scene import Scene
from itpm_sync.testing.kills.tale import Ends, Tale

IN_A_ROW = 8
PHASES = {"call": ("lost", "arrived", "answered"), "commit": ("before", "after")}
LIKELY = {"call": 45, "commit": 45, "timer": 10}
CUT = 0.4


@dataclass(slots=True)
class Tally:
    """What was done, and what came of it."""

    kills: Counter[str] = field(default_factory=Counter)
    cuts: Counter[str] = field(default_factory=Counter)
    tales: int = 0
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        cuts = f", cut at COMMIT {dict(self.cuts)}" if self.cuts else ""
        kills = dict(sorted(self.kills.items()))
        return f"{self.tales} tales, {sum(self.kills.values())} kills {kills}{cuts}, {len(self.violations)} violations"


class Story:
    """One tale in one ledger."""

    def __init__(self, tale: Tale, hand: Hand, databases: Databases, chance: random.Random) -> None:
        self.tale, self.hand, self.databases, self.chance = tale, hand, databases, chance
        self.url = databases.fresh()
        self.scene = Scene(tale, self._opened)
        self.lives = 0
        self.usual = {"call": 10, "commit": 14}
        """How many calls and COMMITs a sync has, as far as is known."""
        self.said: list[str] = []

    def _opened(self, clock: Clock) -> Ledger:
        return Ledger.open(self.url, clock=clock, ids=CountingIds(), key=KEY)

    def into(self, tally: Tally) -> None:
        """Tell it, and add what came of it."""
        tally.tales += 1
        try:
            tell(self.scene)
            laws = self._killed(tally) or judged(self.scene)
        finally:
            self.scene.bench.ledger.close()
        if laws:
            told = [*laws, *self.said, *self.tale.told().splitlines()]
            tally.violations.append("\n  ".join(told))

    def _killed(self, tally: Tally) -> list[str]:
        """The run that is killed, and those after it, until one ends by itself."""
        self.hand.serve(self.scene)
        for number in range(IN_A_ROW):
            where, cut = self._where(), self._cut()
            self.said.append(f"run {number + 1}: {where}{f', cut {cut}' if cut else ''}")
            ended = self._run(where, first=number == 0)
            if cut is not None and self._was_cut():
                tally.cuts[cut.value] += 1
            if not ended.killed:
                if "error" in ended.told and not (cut and "Unavailable" in ended.told["error"]):
                    return [ended.told["error"]]
                if "error" not in ended.told:
                    self.scene.ghosts.broken += ended.told["undue"]
                    self._learn(ended)
                    break
                continue
            tally.kills[where.kind] += 1
            if number == 0:
                self.scene.watch.remember()
                for deed in self.tale.after:
                    self.scene.do(deed)
            self.scene.clock.move(self.chance.choice((0.0, 1.0, 60.0, 700.0)))
        return []

    def _run(self, where: Where, *, first: bool) -> Ended:
        scene = self.scene
        self.lives += 1
        scene.bench.ids._count = self.lives * 2 * LIFETIME
        scene.watch.remember()
        scene.ghosts.run_began = scene.ghosts.moment
        if first and self.tale.ends is Ends.ANSWER:
            scene.answer(0)
        order = Order(
            self.tale,
            scene.bench.policy,
            self.databases.through(self.url),
            KEY,
            scene.clock.now(),
            scene.bench.ids._count + LIFETIME,
            approve=first and self.tale.ends is Ends.APPROVE,
        )
        return self.hand.run(order, where)

    def _where(self) -> Where:
        """Where the process is to die, drawn at random."""
        (kind,) = self.chance.choices(list(LIKELY), list(LIKELY.values()))
        if kind == "timer":
            return Where(seconds=self.chance.uniform(0.01, 0.15))
        number, phase = self.chance.randint(1, self.usual[kind]), self.chance.choice(PHASES[kind])
        return Where(**{kind: number}, phase=phase)

    def _cut(self) -> Cut | None:
        relay = self.databases.relay
        if relay is None or self.chance.random() >= CUT:
            return None
        self._cuts, how = relay.cuts, self.chance.choice(list(Cut))
        relay.cut(how, self.chance.randint(1, self.usual["commit"]))
        return how

    def _was_cut(self) -> bool:
        relay = self.databases.relay
        assert relay is not None
        relay.calm()
        return relay.cuts > self._cuts

    def _learn(self, ended: Ended) -> None:
        self.usual = {"call": max(1, ended.calls), "commit": max(1, ended.told["commits"])}
