"""A share of the simulator in every build: the same stories each time, every law checked.

`ITPM_STORIES_FROM` tells others and `ITPM_RUNS` more, to look for new findings; `itpm-sync simulate --story SEED` then
tells one of them in short. (Fresh stories in every build wait until long shares find nothing any more.)
"""

from __future__ import annotations

import os

from itpm_sync.simulator.many import simulate

FIRST = int(os.environ.get("ITPM_STORIES_FROM", "3000000000"))
RUNS = int(os.environ.get("ITPM_RUNS", "1200"))


def test_random_stories_break_no_law() -> None:
    found = simulate(RUNS, FIRST, jobs=1, shorten=0)
    assert len(found.runs) >= RUNS
    told = [f"itpm-sync simulate --story {seed}: {laws}" for seed, laws in found.broken.items()]
    assert not told, "\n".join(told)
