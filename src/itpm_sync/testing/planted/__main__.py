"""Plant every bug: `python -m itpm_sync.testing.planted --seeds 300 --folder FOLDER`.

In: how many seeds at most, from which on, which bugs, where to keep what was done. Out: a table as JSON and Markdown
in that folder; 1 where a bug is seen by nobody or an entry is out of date. Begun again with the same folder, it goes
on where it was; an entry whose text changed begins anew.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from itpm_sync.codec import digest
from itpm_sync.testing.planted.catalogue import BUGS
from itpm_sync.testing.planted.runner import ROOT, Controls, Result, fresh, try_stories, try_test
from itpm_sync.testing.planted.table import markdown
from itpm_sync.testing.planted.words import SOURCES, Bug

FIRST_ROUND: Final = 8
"""Seeds that every bug gets before any gets more: most need one or two."""


def sources() -> str:
    """A digest of the engine and the simulator as they are now."""
    files = sorted(path for path in SOURCES.rglob("*.py") if path.relative_to(SOURCES).parts[0] != "testing")
    return digest(
        [[path.relative_to(SOURCES).as_posix(), path.read_text(encoding="utf-8")] for path in files]
    )[:12]


class Kept:
    """Results and controls in a folder: one file, written whole after each change.

    After a change of the sources the seeds without a bug are told anew; the results stay, and say how old they are.
    """

    def __init__(self, folder: Path, first: int) -> None:
        self.folder, self.first, self.sources = folder, first, sources()
        self.results: dict[str, Result] = {}
        self.controls = Controls()
        self._lock = threading.Lock()
        path = folder / "results.json"
        if path.is_file():
            told = json.loads(path.read_text(encoding="utf-8"))
            if told["first"] == first:
                if told["sources"] == self.sources:
                    self.controls = Controls({int(seed): broken for seed, broken in told["controls"].items()})
                known = (Result(**one) for one in told["bugs"])
                self.results = {one.name: one for one in known}

    def of(self, bug: Bug) -> Result:
        """What is known of a bug; nothing of an entry that changed, or that could not be planted."""
        text = digest([bug.file, bug.old, bug.new, sorted(bug.kills), bug.test])[:12]
        known = self.results.get(bug.name)
        return known if known is not None and known.text == text and not known.wrong else fresh(bug, text)

    def keep(self, result: Result) -> None:
        with self._lock:
            result.sources = self.sources
            self.results[result.name] = result
            some = [self.results[bug.name] for bug in BUGS if bug.name in self.results]
            bugs = [asdict(one) for one in some]
            told = {
                "first": self.first,
                "sources": self.sources,
                "controls": self.controls.known,
                "bugs": bugs,
            }
            self._write("results.json", json.dumps(told, ensure_ascii=False, indent=1))
            self._write("table.md", markdown(some, self.controls, self.sources))

    def _write(self, name: str, text: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / f"{name}.part"
        part.write_text(text, encoding="utf-8")
        part.replace(self.folder / name)


def plant_all(
    bugs: Sequence[Bug], kept: Kept, *, most: int, jobs: int, progress: Callable[[str], None]
) -> list[Result]:
    """Plant each; twice through all of them, so that what is seen at once is known first."""

    def one(bug: Bug, seeds: int) -> None:
        result = kept.of(bug)
        before = (result.seeds, result.test, "")
        try:
            try_stories(bug, result, kept.controls, first=kept.first, most=seeds)
            if not result.killed and not result.wrong and bug.test:
                seen = try_test(bug)
                result.test, result.unseen = ("", seen[1:]) if seen.startswith("!") else (seen, "")
        except RuntimeError as error:  # the process died: said of this bug, the others go on
            result.wrong = str(error)
        if (result.seeds, result.test, result.wrong) != before or result.unseen:
            kept.keep(result)
            progress(f"{bug.name}: {result.says}")

    for seeds in sorted({min(FIRST_ROUND, most), most}):
        with ThreadPoolExecutor(jobs) as pool:
            for done in [pool.submit(one, bug, seeds) for bug in bugs]:
                done.result()
    return [kept.of(bug) for bug in bugs]


@click.command()
@click.option(
    "--seeds", default=300, show_default=True, help="Seeds told with a bug before it counts as unseen."
)
@click.option("--first", default=1, show_default=True, help="The first seed.")
@click.option("--only", default="", help="Only bugs whose name or file holds this text.")
@click.option("--jobs", default=2, show_default=True, help="Processes at a time.")
@click.option(
    "--folder", type=click.Path(path_type=Path), default=ROOT / ".torture" / "planted", help="Where to keep."
)
def main(seeds: int, first: int, only: str, jobs: int, folder: Path) -> None:
    """Plant bugs into the engine and see what sees them."""
    bugs = [bug for bug in BUGS if only in bug.name or only in bug.file]
    kept = Kept(folder, first)
    found = plant_all(bugs, kept, most=seeds, jobs=jobs, progress=click.echo)
    unseen = [result for result in found if result.wrong or not result.killed]
    by_story = sum(result.killed_by_story for result in found)
    by_test = sum(result.killed and not result.killed_by_story for result in found)
    seen = f"{by_story} seen by stories, {by_test} by a test only, {len(unseen)} by nobody"
    click.echo(f"{len(found)} planted bugs: {seen}.")
    for result in unseen:
        click.echo(f"{result.name}: {result.says}")
    click.echo(f"The table: {folder / 'table.md'}")
    sys.exit(1 if unseen else 0)


if __name__ == "__main__":
    main()
