"""Mutation testing of the pure centre: whether every line of it is held by some test.

In: source files of the package (all of the pure centre by default). Out: the score, and every mutant that no test
notices, by file and line. Nothing is written into the tree: a mutant lives in one forked child (`planting.py`) of a
process that has imported and collected everything. Tried are the tests that come by the line (a map, learnt once for
each state of the sources and of a file of tests): quick ones, a thin share of the decision table, then slower ones.
What is known is kept in the state file, so that a run can be stopped and taken up; a changed file begins anew.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import click

from itpm_sync.testing.mutations import Mutant, mutants, plant
from itpm_sync.testing.planting import (
    PACKAGE,
    ROOT,
    SECONDS,
    compiled,
    exchanged,
    forgotten,
    in_child,
    limited,
)

CENTRE = ("reconcile/*.py", "decided.py", "laws.py", "codec.py")
TESTS = (
    "tests/unit/centre",
    "tests/unit/test_one_field.py",
    "tests/unit/test_cover.py",
    "tests/unit/test_drift.py",
    "tests/unit/ledger/test_ledger_words.py",
    "tests/unit/ledger/test_ledger_decisions.py",
    "tests/properties/test_decision_table.py",
    "tests/properties/test_lens_counterexamples.py",
    "tests/properties/test_past.py",
    "tests/scenarios",
    "tests/properties/test_simulated.py",
)
SHARES = (211, 17)
"""Every 211th row of the decision table first, then every 17th."""
ONE_FIELD = tuple(f"reconcile/{name}.py" for name in ("fields", "sides", "merge", "owners"))
"""What the table is about: only there the thicker share is worth its time."""
TABLE = "the decision table"
QUICK = 0.05
"""Tests that take no longer, while they are watched, come before the table."""
MOST = 80
"""So many of the tests that come by a line are tried, the quickest, …"""
LONG = 6.0
"""… and no more than take so many seconds together, while they are watched."""
LEFT_OUT = "not every_row and not postgresql"
"""Of the tests: the table is tried by itself, and no mutant needs a database server."""


@dataclass(frozen=True, slots=True)
class Case:
    """A mutant of a file."""

    file: str
    digest: str
    mutant: Mutant

    @property
    def id(self) -> str:
        return f"{self.file}:{self.digest}:{self.mutant.number}"

    @property
    def name(self) -> str:
        """As a person names it in the list of equivalents; the same wherever its line moves to."""
        return f"{self.file} :: {self.mutant.function} :: {self.mutant.what}"


# ── what a mutant is tried with ──


def table(share: int) -> str:
    """Every n-th row of the decision table; "" where nothing is noticed."""
    from itpm_sync.testing.table_check import check
    from itpm_sync.testing.table_parts import PARTS

    for part in PARTS:
        try:
            check(part, share)
        except BaseException:  # noqa: BLE001 - a mutant may raise anything
            return f"decision table, {part.name}"
    return ""


class Watch:
    """A pytest plugin: which tests come by which lines of the centre, and the first that fails."""

    def __init__(self, files: Iterable[str] = ()) -> None:
        self.paths = {str(PACKAGE / file): file for file in files}
        self.lines: dict[str, set[tuple[str, int]]] = {}
        self.took: dict[str, float] = {}
        self.failed = ""
        self._here: set[tuple[str, int]] = set()

    def pytest_runtest_logreport(self, report: object) -> None:
        if getattr(report, "failed", False) and not self.failed:
            self.failed = str(getattr(report, "nodeid", ""))
        if getattr(report, "when", "") == "call":
            self.took[str(getattr(report, "nodeid", ""))] = float(getattr(report, "duration", 0.0))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._here = self.lines.setdefault(nodeid, set())
        if self.paths:
            sys.settrace(self._call)

    def pytest_runtest_logfinish(self) -> None:
        if self.paths:
            sys.settrace(None)

    def _call(self, frame: FrameType, _event: str, _arg: object) -> Any:
        return self._line if frame.f_code.co_filename in self.paths else None

    def _line(self, frame: FrameType, event: str, _arg: object) -> Any:
        if event == "line":
            self._here.add((self.paths[frame.f_code.co_filename], frame.f_lineno))
        return self._line


def pytested(tests: Sequence[str], watch: Watch, *more: str, more_plugins: Sequence[object] = ()) -> str:
    import pytest

    code = pytest.main(
        ["-q", "-x", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:xdist", *more, *tests],
        plugins=[watch, *more_plugins],
    )
    broken = code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    return watch.failed or (f"pytest: {code}" if broken else "")


class Trial:
    """Mutants of some files, tried one after the other; what came of each stands in the state."""

    def __init__(self, files: Sequence[str], state: Path) -> None:
        self.files, self.path = files, state
        self.sources = {file: (PACKAGE / file).read_text("utf-8") for file in files}
        self.state: dict[str, str] = {}
        self.map: dict[str, dict[int, list[str]]] = {}
        """By file and line: the tests that come by, the quickest first."""
        self.took: dict[str, float] = {}
        self.items: dict[str, Any] = {}
        """By node id: the tests, where they are collected."""
        self.watch = Watch()
        if state.exists():
            lines = state.read_text("utf-8").splitlines()
            self.state = dict(json.loads(line) for line in lines)
        state.parent.mkdir(parents=True, exist_ok=True)

    def cases(self) -> list[Case]:
        return [
            Case(file, hashlib.sha256(source.encode()).hexdigest()[:12], one)
            for file, source in self.sources.items()
            for one in mutants(source)
        ]

    def remember(self, key: str, said: str) -> None:
        self.state[key] = said
        with self.path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps([key, said], ensure_ascii=False) + "\n")

    def learn(self, tests: Sequence[str]) -> None:
        """Which tests come by which line; learnt once for each state of the sources and of a file of tests."""
        paths = [path for test in tests for path in _files(ROOT / test)]
        for test in [TABLE, *(path.relative_to(ROOT).as_posix() for path in paths)]:
            told = "" if test == TABLE else (ROOT / test).read_text("utf-8")
            text = json.dumps([self.sources, test, told], sort_keys=True)
            key = f"map:{hashlib.sha256(text.encode()).hexdigest()[:12]}"
            part = self.path.with_suffix(f".{key.removeprefix('map:')}.map")
            if key not in self.state or not part.exists():
                in_child(lambda test=test, part=part: self._learned(test, part), 3_600)  # type: ignore[misc]
                if not part.exists():
                    raise click.ClickException(f"{test} is not green without any mutant")
                self.remember(key, str(part))
            known = json.loads(part.read_text("utf-8"))
            self.took |= known["took"]
            for node, lines in known["lines"].items():
                for file, line in lines:
                    self.map.setdefault(file, {}).setdefault(line, []).append(node)
        for found in self.map.values():
            for nodes in found.values():
                nodes.sort(key=lambda node: self.took.get(node, 0.0))

    def _learned(self, test: str, part: Path) -> str:
        watch = Watch(self.files)
        if test == TABLE:
            watch.pytest_runtest_logstart(TABLE)
            failed = table(SHARES[-1])
            watch.pytest_runtest_logfinish()
            watch.took[TABLE] = 0.0
        else:
            failed = pytested([test], watch, "-k", LEFT_OUT)
        if failed:
            return failed
        lines = {node: sorted(found) for node, found in watch.lines.items()}
        part.write_text(json.dumps({"took": watch.took, "lines": lines}), "utf-8")
        return ""

    def coming_by(self, case: Case) -> list[str]:
        """The tests a mutant is tried with. Not each line is told of (that of a constant, of one part of a long call):
        then the line before it that is; what stands in no function is tried with whatever is quick.
        """
        if not self.map:
            return [TABLE]
        known, line = self.map.get(case.file, {}), case.mutant.line
        before = max((one for one in known if one <= line), default=None)
        outside = not any(first <= line <= last for first, last in _bodies(self.sources[case.file]))
        nodes = [] if outside or before is None else known[before]
        if not nodes:
            nodes = sorted(self.took, key=lambda one: self.took[one])
        quick = [node for node in nodes if self.took.get(node, 0.0) < QUICK]
        chosen, took = quick[: 10 * MOST], 0.0
        for node in [node for node in nodes if self.took.get(node, 0.0) >= QUICK][:MOST]:
            took += self.took.get(node, 0.0)
            if took > LONG:
                break
            chosen.append(node)
        return chosen

    def try_(self, case: Case) -> str:
        """Who noticed the mutant; "" nobody."""
        tree = plant(self.sources[case.file], case.mutant.number)
        tests = self.coming_by(case)
        return in_child(lambda: self._tried(case, tree, tests), 10 * SECONDS).removeprefix("-")

    def _tried(self, case: Case, tree: ast.Module, tests: Sequence[str]) -> str:
        if not exchanged(case.file, self.sources[case.file], tree):
            forgotten()
            sys.meta_path.insert(0, compiled(case.file, tree))
            self.items.clear()
        in_table = TABLE in tests
        others = [test for test in tests if test != TABLE]
        quick = [test for test in others if self.took.get(test, 0.0) < QUICK]
        slow = [test for test in others if self.took.get(test, 0.0) >= QUICK]
        tries: list[tuple[bool, float, Callable[[], str]]] = [
            (bool(quick), SECONDS / 6, lambda: self._failed(quick)),
            (in_table, SECONDS, lambda: table(SHARES[0])),
            (bool(slow), SECONDS, lambda: self._failed(slow)),
            (in_table and case.file in ONE_FIELD, SECONDS, lambda: table(SHARES[-1])),
        ]
        for due, seconds, one in tries:
            if due and (noticed := limited(one, seconds)):
                return noticed
        return "-"

    def _failed(self, tests: Sequence[str]) -> str:
        """The first of these tests that fails: run where they are collected, or all anew."""
        if not self.items:
            return pytested(tests, Watch())
        items = [self.items[test] for test in tests if test in self.items]
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.watch.failed:
                return self.watch.failed
        return ""

    def collected(self, tests: Sequence[str], work: Callable[[], None]) -> None:
        """Do the work in a process in which all the tests are collected: no child has to do that again."""
        trial, done = self, list[bool]()

        class Collected:
            def pytest_runtestloop(self, session: Any) -> bool:
                trial.items = {item.nodeid: item for item in session.items}
                work()
                done.append(True)
                return True

        said = pytested(tests, self.watch, "-s", "-k", LEFT_OUT, more_plugins=(Collected(),))
        if not done:
            raise click.ClickException(f"the tests could not be collected ({said}), or the work broke off")


def _bodies(source: str) -> list[tuple[int, int]]:
    """First and last line of every function's body."""
    found = (one for one in ast.walk(ast.parse(source)) if isinstance(one, ast.FunctionDef))
    return [(one.body[0].lineno, one.body[-1].end_lineno or 0) for one in found]


def _files(test: Path) -> list[Path]:
    return sorted(test.rglob("*.py")) if test.is_dir() else [test]


def imported_before() -> None:
    """What every child needs: imported once, before the first fork."""
    os.environ["CI"] = "1"  # the same examples as in CI
    os.chdir(ROOT)
    for name in (
        "pytest",
        "hypothesis",
        "sqlalchemy",
        "alembic.command",
        "pydantic",
        "jsonschema",
        "ruamel.yaml",
    ):
        importlib.import_module(name)
    importlib.import_module("itpm_sync.testing.table_check")


def files_of(named: Sequence[str]) -> list[str]:
    patterns = named or CENTRE
    found = [path for pattern in patterns for path in sorted(PACKAGE.glob(pattern))]
    return [path.relative_to(PACKAGE).as_posix() for path in found]


def equivalents(path: Path) -> dict[str, str]:
    """Mutants that change nothing that anybody could see, each with the reason: `name :: reason` a line."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    named = [line.rsplit(" :: ", 1) for line in lines if line.strip() and not line.startswith("#")]
    return {one[0]: one[1] for one in named}


@click.command()
@click.argument("files", nargs=-1)
@click.option("--every", default=1, show_default=True, help="Try every n-th mutant only.")
@click.option(
    "--state", default=".mutants/state.jsonl", show_default=True, help="Where to keep what is known."
)
@click.option(
    "--equivalent", default="tests/equivalent_mutants.txt", show_default=True, help="The list of equivalents."
)
@click.option("--test", "tests", multiple=True, default=TESTS, help="Where the table notices nothing.")
@click.option("--no-tests", is_flag=True, help="The table only.")
@click.option("--minutes", default=0.0, help="Stop after so long; the next run goes on.")
def main(
    files: tuple[str, ...],
    every: int,
    state: str,
    equivalent: str,
    tests: tuple[str, ...],
    no_tests: bool,
    minutes: float,
) -> None:
    """Try mutants of the pure centre (FILES: patterns under src/itpm_sync) and report what no test notices.

    What was not noticed before is tried again: there may be a new test for it.
    """
    trial = Trial(files_of(files), Path(state).resolve())
    imported_before()
    if noticed := in_child(lambda: table(SHARES[0]) or "-", 10 * SECONDS).removeprefix("-"):
        raise click.ClickException(f"{noticed} is not green without any mutant")
    if not no_tests:
        trial.learn(tests)
    known = equivalents(ROOT / equivalent)
    cases = [case for case in trial.cases() if case.name not in known]
    chosen = cases[::every]
    until = time.monotonic() + minutes * 60 if minutes else None

    def work() -> None:
        for case in chosen:
            if not trial.state.get(case.id) and (until is None or time.monotonic() < until):
                noticed = trial.try_(case)
                trial.remember(case.id, noticed)
                if not noticed:
                    click.echo(f"{case.file}:{case.mutant.line}: {case.mutant.function}: {case.mutant.what}")

    if no_tests:
        work()
    else:
        trial.collected(tests, work)
    tell(trial, chosen, len(known))


def tell(trial: Trial, cases: Sequence[Case], equivalent: int) -> None:
    tried = [case for case in cases if case.id in trial.state]
    alive = [case for case in tried if not trial.state[case.id]]
    click.echo("")
    for file in trial.files:
        of = [case for case in tried if case.file == file]
        lives = [case for case in alive if case.file == file]
        if of:
            click.echo(f"{file}: {len(of) - len(lives)} of {len(of)} noticed")
        for case in lives:
            click.echo(f"  {case.file}:{case.mutant.line} in {case.mutant.function}: {case.mutant.what}")
    score = 100 * (len(tried) - len(alive)) / len(tried) if tried else 100.0
    left = len(cases) - len(tried)
    click.echo(
        f"{score:.1f} % of {len(tried)} mutants noticed, {equivalent} known as equivalent, {left} left to try."
    )


if __name__ == "__main__":
    main()
