"""Tales by chance: tools, what happened before, what is done, when the run is killed, what people do meanwhile.

In: a seed. Out: a tale, always the same for a seed.
"""

from __future__ import annotations

import random
from typing import Any

from itpm_sync.connector import Capabilities
from itpm_sync.policy import Creation, Deletion, FieldPolicy, Rule
from itpm_sync.simulator.people import SITES
from itpm_sync.testing.kills.tale import Deed, Ends, Tale, ToolOf, Verb

ABLE = (
    Capabilities(history=True, edit_times=True, bin=True, tells_hidden=True),
    Capabilities(conditional=True, tells_hidden=True, moves_keep_id=False),
    Capabilities(history=True, edit_times=True, ordered=False, bin=True),
    Capabilities(history=True, bin=True, tells_hidden=True, moves_keep_id=False),
    Capabilities(history=True, edit_times=True, bin=True, tells_hidden=True, batch=1),
)
BY_HAND = Capabilities(creates=False, updates=False, deletes=False, by_hand=True, tells_hidden=True)
POLICIES = (FieldPolicy(Rule.HOLD), FieldPolicy(Rule.NEWEST), FieldPolicy(Rule.OWNER, ("a",)))
CREATIONS = (Creation.CREATE, Creation.CREATE, Creation.MATCH_THEN_CREATE, Creation.MATCH_ONLY)
WEIGHTS = {
    Verb.CREATE: 14,
    Verb.TWIN: 4,
    Verb.TITLE: 18,
    Verb.PRIORITY: 8,
    Verb.LABELS: 8,
    Verb.SITE: 6,
    Verb.PARENT: 10,
    Verb.MOVE: 8,
    Verb.COPY: 5,
    Verb.HIDE: 6,
    Verb.DELETE: 10,
    Verb.RESTORE: 4,
    Verb.OFFER: 3,
    Verb.COMPUTE: 3,
    Verb.DOWN: 2,
    Verb.LAG: 4,
    Verb.REFUSE: 2,
    Verb.ANSWER: 3,
    Verb.PAIR: 3,
}
BEFORE = 3
"""Deeds before the first sync, at most, beside the first creations."""


def tale(seed: int) -> Tale:
    """The tale of a seed."""
    return _Teller(seed).tale()


class _Teller:
    def __init__(self, seed: int) -> None:
        self.seed, self.chance, self.things = seed, random.Random(f"kills {seed}"), 0

    def tale(self) -> Tale:
        chance = self.chance
        self.names = "abcd"[: chance.choice((2, 3, 3, 4))]
        tools = tuple(self._tool(name) for name in self.names)
        first = chance.random() < 0.15
        before = tuple(self._create() for _ in range(chance.randint(1, 4)))
        if not first:
            before += (Deed(Verb.SYNC), *self._deeds(chance.randint(0, BEFORE)))
        deeds = self._deeds(chance.randint(1, 4), sure=True)
        ends = chance.choice((Ends.SYNC, Ends.SYNC, Ends.SYNC, Ends.APPROVE, Ends.ANSWER))
        during: tuple[tuple[int, Deed], ...] = ()
        if chance.random() < 0.4:
            during = tuple((chance.randint(1, 24), deed) for deed in self._deeds(chance.randint(1, 2)))
        return Tale(
            f"by chance {self.seed}",
            tools,
            before,
            deeds,
            Ends.APPROVE if first else ends,
            first=first,
            during=during,
            after=self._deeds(chance.choice((0, 0, 0, 1, 2))),
            wait=chance.choice((0.0, 0.0, 60.0, 700.0, 3600.0)),
            title=chance.choice(POLICIES),
            parent=chance.choice(POLICIES),
            deletion=chance.choice((Deletion.MARK, Deletion.PROPAGATE, Deletion.PROPAGATE)),
            authorities=("a",) if chance.random() < 0.3 else (),
        )

    def _tool(self, name: str) -> ToolOf:
        chance = self.chance
        able = BY_HAND if name == "c" and chance.random() < 0.25 else chance.choice(ABLE)
        containers = ("s1", "s2") if chance.random() < 0.4 else ("main",)
        return ToolOf(
            name,
            able,
            containers,
            chance.choice(CREATIONS),
            scoped=len(containers) == 2 and chance.random() < 0.5,
            read_only=chance.random() < 0.08,
            cascades=chance.random() < 0.5,
            coarse=name == "c",
        )

    def _create(self) -> Deed:
        chance = self.chance
        under = chance.randint(1, self.things) if self.things and chance.random() < 0.5 else None
        self.things += 1
        value = (chance.randint(0, 1), under, chance.choice((*SITES, *SITES, None)))
        return Deed(Verb.CREATE, chance.choice(self.names), self.things, value)

    def _deeds(self, count: int, *, sure: bool = False) -> tuple[Deed, ...]:
        """Some deeds; where one must be sure to do something, the first is an edit or a creation."""
        verbs = self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()), k=count)
        if sure and verbs[0] in (Verb.OFFER, Verb.ANSWER, Verb.PAIR, Verb.RESTORE, Verb.DOWN, Verb.REFUSE):
            verbs[0] = self.chance.choice((Verb.TITLE, Verb.CREATE))
        return tuple(self._deed(verb) for verb in verbs)

    def _deed(self, verb: Verb) -> Deed:
        if verb is Verb.CREATE:
            return self._create()
        chance = self.chance
        tool, value = chance.choice(self.names), None
        thing = chance.randint(1, max(1, self.things))
        match verb:
            case Verb.TWIN:
                self.things += 1
                tool, value = chance.sample(self.names, 2)
                thing = self.things
            case Verb.PARENT:
                value = chance.choice((None, *range(1, self.things + 1)))
            case _:
                value = self._value(verb)
        return Deed(verb, tool, thing, value)

    def _value(self, verb: Verb) -> Any:
        chance = self.chance
        match verb:
            case Verb.PRIORITY:
                return chance.choice((0, 50, 100))
            case Verb.LABELS:
                return "".join(chance.sample("xyz", chance.randint(0, 2)))
            case Verb.SITE:
                return chance.choice((*SITES, None))
            case Verb.DOWN | Verb.LAG:
                return chance.randint(0, 1)
            case Verb.REFUSE:
                return chance.choice(("title", "priority", "site"))
            case Verb.ANSWER:
                return chance.randint(0, 2)
            case Verb.PAIR:
                return chance.random() < 0.6
            case _:
                return None
