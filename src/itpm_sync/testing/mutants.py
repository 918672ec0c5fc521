"""Mutation testing of the pure centre: whether every line of it is held by some test.

In: source files of the package (all of the pure centre by default). Out: the score, and every mutant that no test
notices, by file and line. Nothing is written into the tree: a mutant lives in one forked child, which imports its
module through a hook. The child tries the quickest tests first: a thin share of the decision table, a thicker one,
then those tests that come by the line (a map made once), quick ones first. What is known is kept in the state file, so
that a run can be stopped and taken up; a file that was changed begins anew.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any

import click

from itpm_sync.testing.mutations import Mutant, mutants, plant

PACKAGE = Path(__file__).parents[1]
ROOT = PACKAGE.parents[1]
CENTRE = ("reconcile/*.py", "decided.py", "laws.py", "codec.py")
TESTS = (
    "tests/unit/test_one_field.py",
    "tests/unit/test_cover.py",
    "tests/properties/test_decision_table.py",
    "tests/scenarios",
    "tests/properties/test_simulated.py",
)
SHARES = (211, 17)
"""Every 211th row of the decision table first, then every 17th."""
SECONDS = 30.0
"""Of the processor, for one mutant and one kind of test."""
MOST = 60
"""So many of the tests that come by a line are tried, the quickest."""


class TimeUp(BaseException):
    """A mutant that does not come to an end."""


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


class Planted(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives out one module with a fault in it."""

    def __init__(self, module: str, path: Path, code: CodeType) -> None:
        self.module, self.path, self.code = module, path, code

    def find_spec(
        self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self.module:
            return None
        package = [str(self.path.parent)] if self.path.name == "__init__.py" else None
        spec = importlib.machinery.ModuleSpec(name, self, origin=str(self.path), is_package=bool(package))
        spec.submodule_search_locations = package
        spec.has_location = True
        return spec

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, module.__dict__)  # the whole point


def module_of(file: str) -> str:
    parts = [*file.removesuffix(".py").split("/")]
    return ".".join(["itpm_sync", *(parts[:-1] if parts[-1] == "__init__" else parts)])


def compiled(file: str, tree: ast.Module) -> Planted:
    path = PACKAGE / file
    return Planted(module_of(file), path, compile(tree, str(path), "exec"))


# ── children ──


def in_child(work: Callable[[], str], seconds: float) -> str:
    """What `work` says in a process of its own; "time" where it does not end."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        said = "error"
        try:
            quiet()
            said = work()
        except BaseException as error:  # noqa: BLE001 - whatever a mutant does, it was noticed
            said = f"{type(error).__name__}"
        finally:
            os.write(writing, said.encode()[:60_000])
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        said = _read(answer.fileno(), time.monotonic() + seconds)
    if not said:
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return said or "time"


def _read(answer: int, until: float) -> str:
    import select

    found = b""
    while time.monotonic() < until:
        ready, _, _ = select.select([answer], [], [], 1.0)
        if ready:
            chunk = os.read(answer, 65_536)
            if not chunk:
                return found.decode()
            found += chunk
    return found.decode()


def quiet() -> None:
    """No output, the same examples as in CI, an end to what does not end."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.environ["CI"] = "1"
    os.chdir(ROOT)
    signal.signal(signal.SIGVTALRM, _time_up)


def _time_up(_number: int, _frame: FrameType | None) -> None:
    raise TimeUp


def limited(work: Callable[[], str]) -> str:
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        return work()
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


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


def pytested(tests: Sequence[str], watch: Watch, *more: str) -> str:
    import pytest

    code = pytest.main(
        ["-q", "-x", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:xdist", *more, *tests],
        plugins=[watch],
    )
    broken = code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    return watch.failed or (f"pytest: {code}" if broken else "")


class Trial:
    """Mutants of some files, tried one after the other; what came of each stands in the state."""

    def __init__(self, files: Sequence[str], state: Path) -> None:
        self.files, self.path = files, state
        self.sources = {file: (PACKAGE / file).read_text("utf-8") for file in files}
        self.state: dict[str, str] = {}
        self.map: dict[str, list[str]] = {}
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
        """Which tests come by which line, quickest first; made once for each state of sources and tests."""
        told = {path.as_posix(): path.read_text("utf-8") for test in tests for path in _files(ROOT / test)}
        text = json.dumps([self.sources, told], sort_keys=True)
        key = f"map:{hashlib.sha256(text.encode()).hexdigest()[:12]}"
        if key not in self.state:
            for number, test in enumerate(tests):
                part = self.path.with_suffix(f".{number}.map")
                in_child(lambda test=test, part=part: self._learned(test, part), 3_600)  # type: ignore[misc]
                if not part.exists():
                    raise click.ClickException(f"{test} is not green without any mutant")
                for line, found in json.loads(part.read_text("utf-8")).items():
                    self.map.setdefault(line, []).extend(found)
                part.unlink()
            kept = self.path.with_suffix(".map")
            kept.write_text(json.dumps(self.map), "utf-8")
            self.remember(key, str(kept))
        self.map = json.loads(Path(self.state[key]).read_text("utf-8"))

    def _learned(self, test: str, part: Path) -> str:
        watch = Watch(self.files)
        if failed := pytested([test], watch, "-k", "not every_row"):
            return failed
        found: dict[str, list[str]] = {}
        for node in sorted(watch.lines, key=lambda node: watch.took.get(node, 0.0)):
            for file, line in watch.lines[node]:
                found.setdefault(f"{file}:{line}", []).append(node)
        part.write_text(json.dumps(found), "utf-8")
        return ""

    def try_(self, case: Case) -> str:
        """Who noticed the mutant; "" nobody."""
        tree = plant(self.sources[case.file], case.mutant.number)
        tests = self.map.get(f"{case.file}:{case.mutant.line}", [])
        return in_child(lambda: self._tried(case, tree, tests), 10 * SECONDS).removeprefix("-")

    def _tried(self, case: Case, tree: ast.Module, tests: Sequence[str]) -> str:
        sys.meta_path.insert(0, compiled(case.file, tree))
        for share in SHARES:
            if noticed := limited(lambda share=share: table(share)):  # type: ignore[misc]
                return noticed
        failed = limited(lambda: pytested(tests[:MOST], Watch())) if tests else ""
        return failed or "-"


def _files(test: Path) -> list[Path]:
    return sorted(test.rglob("*.py")) if test.is_dir() else [test]


def imported_before() -> None:
    """What every child needs and no mutant touches: imported once, before the first fork."""
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
    for case in chosen:
        if not trial.state.get(case.id) and (until is None or time.monotonic() < until):
            noticed = trial.try_(case)
            trial.remember(case.id, noticed)
            if not noticed:
                click.echo(f"{case.file}:{case.mutant.line}: {case.mutant.function}: {case.mutant.what}")
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
