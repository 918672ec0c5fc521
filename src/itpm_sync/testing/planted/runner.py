"""One planted bug after the other: told stories until one breaks, each break checked against the engine without it.

In: a bug, seeds. Out: a `Result`. Each bug lives in a process of its own. A seed that breaks a law without any bug is
left out for all of them, and named.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from itpm_sync.testing.planted.words import Bug, Outdated

ROOT: Final = Path(__file__).resolve().parents[4]
TEST_SECONDS: Final = 300.0


@dataclass(slots=True)
class Result:
    """What became of one bug so far."""

    name: str
    file: str
    kills: tuple[str, ...]
    text: str
    """A digest of the entry: another text is another bug."""
    seed: int | None = None
    """The seed whose story saw it as its entry says."""
    by: str = ""
    """The invariant that saw it."""
    told: str = ""
    """… in words."""
    seeds: int = 0
    """Seeds told in all."""
    runs: int = 0
    seconds: float = 0.0
    otherwise: list[str] = field(default_factory=list)
    """Breaks of other laws on the way, each with its seed."""
    test: str = ""
    """The test that saw it."""
    sources: str = ""
    """A digest of the engine and the simulator when it was last tried."""
    unseen: str = ""
    """What is wrong with the test of its entry."""
    wrong: str = ""
    """What is wrong with the entry: nothing was tried."""

    @property
    def killed_by_story(self) -> bool:
        return self.seed is not None

    @property
    def killed(self) -> bool:
        return self.killed_by_story or bool(self.test)

    @property
    def says(self) -> str:
        """In one cell of the table."""
        if self.wrong:
            return self.wrong
        if self.seed is not None:
            return f"simulator, seed {self.seed}: {self.by}"
        if self.test:
            return f"`{self.test.rpartition('/')[2]}`"
        but = "; ".join([*self.otherwise[:1], *([self.unseen] if self.unseen else [])])
        return f"**nobody** in {self.seeds} seeds" + (f" ({but})" if but else "")


class Controls:
    """Which seeds break a law without any bug: told once each, on demand."""

    def __init__(self, known: dict[int, list[str]] | None = None) -> None:
        self.known = dict(known or {})
        self._lock = threading.Lock()

    @property
    def dirty(self) -> set[int]:
        """The seeds that say nothing of a bug."""
        return {seed for seed, broken in self.known.items() if broken}

    def clean(self, seed: int) -> bool:
        """Whether a seed breaks no law without a bug."""
        with self._lock:
            if seed not in self.known:
                (line,) = list(_child("", "stories", str(seed)))
                self.known[seed] = line["broken"]
            return not self.known[seed]


def try_stories(bug: Bug, result: Result, controls: Controls, *, first: int, most: int) -> Result:
    """Tell stories from where `result` stopped, until one sees the bug or `most` seeds were told in all."""
    began = time.monotonic()
    while not result.killed_by_story and not result.wrong and result.seeds < most:
        seeds = [seed for seed in range(first + result.seeds, first + most) if seed not in controls.dirty]
        for line in _child(bug.name, "stories", *map(str, seeds)) if seeds else ():
            _count(bug, result, line, controls)
            result.seeds = line["seed"] - first + 1
            if line["seen"]:
                break  # … and so does the process; where the seed is no good without the bug either, a next one goes on
        else:
            result.seeds = most
    result.seconds = round(result.seconds + time.monotonic() - began, 1)
    return result


def _count(bug: Bug, result: Result, line: Mapping[str, Any], controls: Controls) -> None:
    """One seed that was told with the bug."""
    result.runs += line["runs"]
    if not line["applied"]:
        result.wrong = f"no story imports {bug.module}"
    if not line["broken"] or not controls.clean(line["seed"]):
        return
    if line["seen"]:
        result.seed, result.by, result.told = line["seed"], line["seen"], line["broken"][0][:200]
    else:
        result.otherwise.append(f"{line['broken'][0].partition(':')[0]} at seed {line['seed']}")


def try_test(bug: Bug) -> str:
    """The bug's test, if it sees the bug; else what is wrong, after an exclamation mark."""
    (line,) = list(_child(bug.name, "test", bug.test))
    if not line["applied"]:
        return f"!{bug.test} does not import {bug.module}"
    if line["failed"]:
        return bug.test
    return (
        f"!{bug.test} passes with the bug" if line["passed"] else f"!{bug.test} cannot be run: {line['says']}"
    )


def fresh(bug: Bug, text: str) -> Result:
    """A result that is still to come; one that says at once what is wrong with the entry."""
    result = Result(bug.name, bug.file, bug.kills, text)
    try:
        bug.plant(bug.source())
    except Outdated as error:
        result.wrong = str(error)
    return result


def _child(name: str, what: str, *rest: str) -> Iterator[dict[str, Any]]:
    """What a process of its own says, line by line. Raises RuntimeError where it dies."""
    command = [sys.executable, "-m", "itpm_sync.testing.planted.child", name, what, *rest]
    own = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(
            command, cwd=ROOT, env=own, stdout=subprocess.PIPE, stderr=said, text=True
        ) as process,
    ):
        assert process.stdout is not None
        timer = threading.Timer(TEST_SECONDS, process.kill)
        if what == "test":
            timer.start()
        left = True
        try:
            for line in process.stdout:
                yield json.loads(line)
            left = False
        finally:
            timer.cancel()
            if left:
                process.kill()
        if process.wait() != 0:
            said.seek(0)
            raise RuntimeError(f"The process with the bug {name!r} died:\n{said.read()[-2000:]}")
