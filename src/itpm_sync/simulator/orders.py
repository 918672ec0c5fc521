"""S24: edits that are not concurrent come out the same, in whatever order lists and pages tell of them.

In: a seed. Out: what differs between a calm story told with lists forwards, and backwards.
"""

from __future__ import annotations

import random
from typing import Any, Final

from itpm_sync.memory.tool import PARENT
from itpm_sync.simulator.ghosts import mark
from itpm_sync.simulator.story import Step, Story
from itpm_sync.simulator.telling import Telling
from itpm_sync.simulator.world import Store, World

CALM: Final = ("create", "retitle", "reprioritise", "relabel", "relocate", "reparent")
"""Deeds that leave every record where it is."""


def calm(seed: int) -> Story:
    """One deed after the other, each brought to rest."""
    chance = random.Random(seed)
    steps = []
    for _ in range(6):
        steps += [Step(chance.choice(CALM), chance.getrandbits(31)), Step("settle")]
    return Story(seed, tuple(steps))


def differs(seed: int, store: Store) -> list[str]:
    """What stands elsewhere, or else, where lists come backwards."""
    told = []
    for backwards in (False, True):
        telling = Telling(calm(seed), store, aloud=False)
        for tool in telling.world.tools.values():
            tool.backwards = backwards
        found = telling.tell()
        if found.broken:
            return found.broken
        told.append(_stands(telling.world))
    return [] if told[0] == told[1] else ["S24: with lists in another order, something else stands"]


def _stands(world: World) -> dict[str, list[Any]]:
    return {
        name: sorted(_row(tool.rows, row) for row in tool.rows.values()) for name, tool in world.tools.items()
    }


def _row(rows: Any, row: Any) -> tuple[str, ...]:
    above = rows.get(row.values.get(PARENT))
    values = {name: value for name, value in row.values.items() if name != PARENT and value is not None}
    return (row.container, mark(above.values.get("title")) if above else "", str(sorted(values.items())))
