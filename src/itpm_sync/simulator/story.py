"""Stories as data: what people, faults and the engine do, in order, drawn from a seed.

In: a seed. Out: `Story`: steps that can be told again, also with some of them left out. All choices of a step follow
from its own number, so that what is left out changes nothing of the rest but what it caused.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from itpm_sync.simulator.faults import FAULTS
from itpm_sync.simulator.people import DEEDS

RUN: Final = "run"
REST: Final = "rest"
KILL: Final = "kill"
STOP: Final = "stop"
RIVAL: Final = "rival"
ANSWER: Final = "answer"
WAIT: Final = "wait"
JUMP: Final = "jump"
LIFT: Final = "lift"
APPROVE: Final = "approve"
CONFIGURE: Final = "configure"
BACKUP: Final = "backup"
RESTORE: Final = "put back"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: a deed, a fault, a kill, a run with what happens meanwhile."""

    what: str
    n: int = 0
    at: str = ""
    """Where in a run: `apply create after`; "" at whatever comes at its point."""
    point: int = 0
    """Of what happens in a run: not before so many calls, answers and commits of it."""
    meanwhile: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """A world, by its seed, and what happens in it."""

    seed: int
    steps: tuple[Step, ...]


TENDER: Final = (
    "pull page",
    "pull after",
    "read after",
    "apply create before",
    "apply create after",
    "apply update before",
    "apply update after",
    "apply delete before",
    "apply delete after",
    "find after",
    "history after",
    "commit before",
    "commit after",
)
"""Where a deed or a kill hurts most."""

RESTORED: Final = 0.03
"""The share of stories at whose end an older ledger is put back."""

_DEEDS = tuple(DEEDS)
_WEIGHTS = tuple(DEEDS.values())


def draw(seed: int) -> Story:
    """The story of a seed."""
    return _Drawing(seed).story()


class _Drawing:
    def __init__(self, seed: int) -> None:
        self.seed, self.chance = seed, random.Random(seed ^ 0x5EED)
        self.configured = self.chance.random() < 0.2
        self.restored = self.chance.random() < RESTORED
        count = self.chance.choice((3, 5, 8, 14))
        self.faults = self.chance.sample(sorted(FAULTS), min(count, len(FAULTS)))

    def story(self) -> Story:
        steps: list[Step] = []
        for _ in range(self.chance.choice((1, 1, 2))):
            for _ in range(self.chance.randint(9, 20)):
                steps += self._around()
                steps.append(self._run())
            steps.append(Step(REST))
        if self.restored:
            steps.append(Step(BACKUP))
            for _ in range(3):
                steps += [*self._around(), Step(RUN)]
            steps.append(Step(RESTORE))
        return Story(self.seed, tuple(steps))

    def _n(self) -> int:
        return self.chance.getrandbits(31)

    def _deed(self, at: str = "", point: int = 0) -> Step:
        (what,) = self.chance.choices(_DEEDS, _WEIGHTS)
        return Step(what, self._n(), at, point)

    def _around(self) -> list[Step]:
        """What happens between two runs."""
        steps = [self._deed() for _ in range(self.chance.choice((1, 2, 2, 2, 3, 3)))]
        if self.chance.random() < 0.15:
            steps.append(Step(ANSWER, self._n()))
        if self.chance.random() < 0.1:
            steps.append(Step(LIFT, self._n()))
        if self.configured and self.chance.random() < 0.08:
            steps.append(Step(CONFIGURE, self._n()))
        if self.chance.random() < (0.3 if self.configured else 0.1):
            steps.append(Step(APPROVE))
        steps.append(Step(WAIT, self.chance.choice((60, 60, 400, 1200, 1200))))
        return steps

    def _run(self) -> Step:
        chance = self.chance
        found = [self._deed(self._place(), self._point()) for _ in range(chance.choice((0, 1, 1, 2, 3)))]
        for _ in range(chance.choice((1, 2, 3, 3, 4))):
            fault = FAULTS[chance.choice(self.faults)]
            found.append(Step(fault.name, self._n(), chance.choice(fault.at), self._point() // 2))
        dies = chance.random()
        if dies < 0.3:
            found.append(Step(KILL, 0, self._place(), self._point()))
        elif dies < 0.34:
            found.append(Step(STOP, 0, "", self._point()))
        elif dies < 0.4:
            found.append(Step(RIVAL, self._n(), self._place(), self._point()))
        if chance.random() < 0.04:
            found.append(Step(JUMP, chance.choice((-3600, -60, 300, 3600, 86400)), "", self._point()))
        found.sort(key=lambda step: step.point)
        return Step(RUN, meanwhile=tuple(found))

    def _place(self) -> str:
        """A tender place, or any."""
        return self.chance.choice(TENDER) if self.chance.random() < 0.5 else ""

    def _point(self) -> int:
        return self.chance.randint(0, self.chance.choice((6, 20, 60)))
