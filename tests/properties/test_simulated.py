"""A share of the simulator in every build: the same stories each time, and some from a fresh seed; every law checked.

The seed is printed where a law is broken; `ITPM_SEED` tells the same stories again, `ITPM_RUNS` other than so many
runs. `itpm-sync simulate --story SEED` then tells one of them in short.
"""

from __future__ import annotations

import os
import secrets

import pytest

from itpm_sync.simulator.many import simulate

FRESH = int(os.environ.get("ITPM_SEED") or secrets.randbelow(10**6) * 1000)
KNOWN, KNOWN_RUNS = 2_000_000_000, 1_200
RUNS = int(os.environ.get("ITPM_RUNS", "300"))


@pytest.mark.parametrize(("seed", "runs"), [(KNOWN, KNOWN_RUNS), (FRESH, RUNS)], ids=["known", "fresh"])
def test_random_stories_break_no_law(seed: int, runs: int) -> None:
    found = simulate(runs, seed, jobs=1, shorten=0)
    assert len(found.runs) >= runs
    told = [f"itpm-sync simulate --story {each}: {laws}" for each, laws in found.broken.items()]
    assert not told, "\n".join([f"ITPM_SEED={seed}", *told])
