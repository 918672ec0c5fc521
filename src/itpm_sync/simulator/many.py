"""Many seeds, on all cores: told, counted, the failing ones told twice and made short.

In: how many sync runs, from which seed on, on how many processes. Out: `Found`. The seeds are told in order and no
further than the runs asked for, so the result is the same on any number of processes.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from itpm_sync.simulator.orders import differs
from itpm_sync.simulator.shrink import law_of, shrink
from itpm_sync.simulator.story import Story, draw
from itpm_sync.simulator.table import COMPLETE_FROM, Cell, missing
from itpm_sync.simulator.telling import Ran, Told, tell
from itpm_sync.simulator.world import Store

CHUNK = 4
"""Seeds a process tells at a time."""

SHORTENED = 3
"""So many failing seeds are made short."""

ALLOCATIONS = 20_000
"""The collector of cycles looks after so many new objects, not after 700: a story leaves few, and each look costs."""


@dataclass(slots=True)
class Found:
    """What many stories showed."""

    first: int
    """The first seed."""
    seeds: int = 0
    seconds: float = 0.0
    runs: list[Ran] = field(default_factory=list)
    broken: dict[int, list[str]] = field(default_factory=dict)
    """By failing seed: the laws it breaks."""
    short: dict[int, Story] = field(default_factory=dict)
    cells: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    @property
    def violations(self) -> int:
        """Broken laws, and, from so many runs on, places at which a fault never struck."""
        return sum(len(laws) for laws in self.broken.values()) + len(self.missing)

    @property
    def missing(self) -> list[Cell]:
        """The cells of the table that should have been exercised by now and were not."""
        return missing(self.cells) if len(self.runs) >= COMPLETE_FROM else []

    def middle(self, name: str) -> float:
        """The median of a figure over all runs."""
        return float(median([getattr(run, name) for run in self.runs] or [0]))

    def figures(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "runs": len(self.runs),
            "seeds": self.seeds,
            "first_seed": self.first,
            "seconds": round(self.seconds, 1),
            "runs_a_minute": round(60 * len(self.runs) / self.seconds) if self.seconds else 0,
            "violations": self.violations,
            "kills": sum(run.kills for run in self.runs),
            "faults": sum(run.faults for run in self.runs),
            "medians": {
                "remotes": self.middle("remotes"),
                "items": self.middle("items"),
                "edits": self.middle("edits"),
                "faults_and_kills": float(median([run.faults + run.kills for run in self.runs] or [0])),
            },
            "never_exercised": [" · ".join(cell) for cell in self.missing],
            "failed_seeds": {str(seed): laws for seed, laws in self.broken.items()},
        }


def twice(seed: int) -> bool:
    """Whether a seed is told twice though it passes: one in a hundred."""
    return (seed * 2654435761 >> 7) % 100 == 0


_store: Store | None = None


def store() -> Store:
    """This process's database."""
    global _store  # noqa: PLW0603 - made once a process
    if _store is None:
        _store = Store()
        gc.freeze()
        gc.set_threshold(ALLOCATIONS, *gc.get_threshold()[1:])
    return _store


def told(seed: int) -> Told:
    """A seed's story. A failing one, and one in a hundred, is told twice: it must come out the same."""
    first = tell(draw(seed), store(), aloud=twice(seed))
    if not first.broken and not first.mark:
        return first
    if not first.mark:
        first = tell(draw(seed), store(), aloud=True)
    second = tell(draw(seed), store(), aloud=True)
    if not first.broken:
        first.broken += differs(seed, store())
    if first.mark != second.mark:
        first.broken.append("determinism: told twice, it came out in two ways")
    first.said = []
    return first


def shortened(seed: int) -> Story:
    """The story of a failing seed without what it needs not."""
    law = law_of(tell(draw(seed), store()).broken)
    return shrink(draw(seed), lambda story: law_of(tell(story, store()).broken) == law)


def _some(first: int) -> list[Told]:
    return [told(seed) for seed in range(first, first + CHUNK)]


def simulate(
    runs: int,
    seed: int,
    *,
    jobs: int | None = None,
    progress: Callable[[int], None] = lambda _done: None,
    shorten: int = SHORTENED,
) -> Found:
    """At least so many sync runs of the stories from `seed` on."""
    began = time.perf_counter()
    found = Found(seed)
    for one in _in_order(seed, jobs or os.cpu_count() or 1):
        found.seeds += 1
        found.runs += one.runs
        found.cells.update(one.cells)
        if one.broken:
            found.broken[one.seed] = one.broken
        progress(len(found.runs))
        if len(found.runs) >= runs:
            break
    for failed in list(found.broken)[:shorten]:
        found.short[failed] = shortened(failed)
    found.seconds = time.perf_counter() - began
    return found


def _in_order(seed: int, jobs: int) -> Iterator[Told]:
    if jobs == 1:
        while True:
            yield told(seed)
            seed += 1
    methods: Sequence[str] = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if "fork" in methods else "spawn")
    with context.Pool(jobs) as pool:
        ahead: deque[Any] = deque()
        while True:
            while len(ahead) < 3 * jobs:
                ahead.append(pool.apply_async(_some, (seed,)))
                seed += CHUNK
            yield from ahead.popleft().get()
