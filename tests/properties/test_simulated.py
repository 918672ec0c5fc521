"""A share of the simulator in every build: random stories from a fresh seed, every law checked.

The seed is printed where a law is broken; `ITPM_SEED` tells the same stories again, `ITPM_RUNS` other than so many
runs. `itpm-sync simulate --story SEED` then tells one of them in short.
"""

from __future__ import annotations

import os
import secrets

from itpm_sync.simulator.many import simulate

SEED = int(os.environ.get("ITPM_SEED") or secrets.randbelow(10**6) * 1000)
RUNS = int(os.environ.get("ITPM_RUNS", "1500"))


def test_random_stories_break_no_law() -> None:
    found = simulate(RUNS, SEED, jobs=1, shorten=0)
    assert len(found.runs) >= RUNS
    told = [f"itpm-sync simulate --story {seed}: {laws}" for seed, laws in found.broken.items()]
    assert not told, "\n".join([f"ITPM_SEED={SEED}", *told])
