"""A process of its own that a bug is planted in: it tells stories until one breaks a law, or runs one test.

In: as arguments, the bug's name ("" for none), and the seeds, or a test. Out: one
JSON line a seed on standard output; for a test, one line that says whether it failed.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import signal
import sys
from collections.abc import Iterable
from types import FrameType
from typing import Any, Final

from itpm_sync.testing.planted.catalogue import bug_of
from itpm_sync.testing.planted.hook import Hook, plant
from itpm_sync.testing.planted.words import Bug, seen_by

LONGEST: Final = 40.0
"""Seconds of work in a story after which it is said not to end; the longest of a right engine takes two."""
MEMORY: Final = 4 << 30
"""Bytes: a bug must not take the machine with it."""


class Endless(BaseException):
    """A story that does not end."""


def _ring(_signal: int, _frame: FrameType | None) -> None:
    raise Endless


def _tell(seed: int) -> tuple[int, list[str]]:
    """Runs told, laws broken."""
    from itpm_sync.simulator.many import store
    from itpm_sync.simulator.story import draw
    from itpm_sync.simulator.telling import tell

    signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST)
    try:
        found = tell(draw(seed), store())
    except Endless:
        return 0, [f"it does not end: seed {seed} took {LONGEST:g} seconds of work"]
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return len(found.runs), found.broken


def stories(bug: Bug | None, hook: Hook | None, seeds: Iterable[int]) -> None:
    """Tell seeds one after the other, up to the first that sees the bug as its entry says."""
    signal.signal(signal.SIGVTALRM, _ring)
    for seed in seeds:
        runs, broken = _tell(seed)
        seen = seen_by(bug, broken) if bug is not None else ""
        _say(
            seed=seed, runs=runs, broken=broken, seen=seen, applied=hook.applied if hook is not None else True
        )
        if seen:
            return


def test(hook: Hook, node: str) -> None:
    """Run one test."""
    import pytest

    with contextlib.redirect_stdout(io.StringIO()) as told:
        # nothing is loaded that such a test does not need (emulators); the same examples in every run
        os.environ["CI"] = "1"
        profile = "--import-mode=importlib -p itpm_sync.testing.checkout"
        options = ["-o", f"addopts={profile}", "--assert=plain", "-p", "no:cacheprovider"]
        code = pytest.main([node, "-q", "-x", *options])
    last = told.getvalue().strip().splitlines()
    # 0: all passed, 1: something failed; anything else is a test that is not there, or a bug that breaks the import
    _say(failed=code == 1, passed=code == 0, says=last[-1] if last else "", applied=hook.applied)


def _say(**what: Any) -> None:
    sys.__stdout__.write(json.dumps(what) + "\n")  # type: ignore[union-attr]
    sys.__stdout__.flush()  # type: ignore[union-attr]


def main(arguments: list[str]) -> None:
    """What the runner starts."""
    name, what, *rest = arguments
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    bug = bug_of(name) if name else None
    hook = plant(bug) if bug is not None else None
    if what == "test" and hook is not None:
        test(hook, rest[0])
    else:
        stories(bug, hook, (int(seed) for seed in rest))


if __name__ == "__main__":
    main(sys.argv[1:])
