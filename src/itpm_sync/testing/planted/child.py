"""A process of its own that a bug is planted in: it tells stories until one breaks a law, or runs one test.

In: as arguments, the bug's name ("" for none), the first seed and how many, the seeds to leave out; or a test. Out:
one JSON line a seed on standard output; for a test, one line that says whether it failed.
"""

from __future__ import annotations

import contextlib
import io
import json
import signal
import sys
from types import FrameType
from typing import Any, Final

from itpm_sync.testing.planted.catalogue import bug_of
from itpm_sync.testing.planted.hook import Hook, plant
from itpm_sync.testing.planted.words import Bug, seen_by

LONGEST: Final = 60
"""Seconds of a story after which it is said not to end; the longest of a right engine takes two."""


class Endless(BaseException):
    """A story that does not end."""


def _ring(_signal: int, _frame: FrameType | None) -> None:
    raise Endless


def _tell(seed: int) -> tuple[int, list[str]]:
    """Runs told, laws broken."""
    from itpm_sync.simulator.many import store
    from itpm_sync.simulator.story import draw
    from itpm_sync.simulator.telling import tell

    signal.alarm(LONGEST)
    try:
        found = tell(draw(seed), store())
    except Endless:
        return 0, [f"it does not end: seed {seed} was told for {LONGEST} seconds"]
    finally:
        signal.alarm(0)
    return len(found.runs), found.broken


def stories(bug: Bug | None, hook: Hook | None, first: int, count: int, *, left_out: set[int]) -> None:
    """Tell seeds one after the other, up to the first that sees the bug as its entry says."""
    signal.signal(signal.SIGALRM, _ring)
    for seed in range(first, first + count):
        if seed in left_out:
            continue
        runs, broken = _tell(seed)
        seen = seen_by(bug, broken) if bug is not None else ""
        _say(seed=seed, runs=runs, broken=broken, seen=seen, applied=hook.applied if hook is not None else True)
        if seen or (broken and any(law.startswith("it does not end") for law in broken)):
            return


def test(hook: Hook, node: str) -> None:
    """Run one test."""
    import pytest

    with contextlib.redirect_stdout(io.StringIO()) as told:
        code = pytest.main([node, "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist"])
    last = told.getvalue().strip().splitlines()
    # 0: all passed, 1: something failed; anything else is a test that is not there, or a bug that breaks the import
    _say(failed=code == 1, passed=code == 0, says=last[-1] if last else "", applied=hook.applied)


def _say(**what: Any) -> None:
    sys.__stdout__.write(json.dumps(what) + "\n")  # type: ignore[union-attr]
    sys.__stdout__.flush()  # type: ignore[union-attr]


def main(arguments: list[str]) -> None:
    """What the runner starts."""
    name, what, *rest = arguments
    bug = bug_of(name) if name else None
    hook = plant(bug) if bug is not None else None
    if what == "test" and hook is not None:
        test(hook, rest[0])
    else:
        first, count, *left_out = (int(one) for one in rest)
        stories(bug, hook, first, count, left_out=set(left_out))


if __name__ == "__main__":
    main(sys.argv[1:])
