"""The long share of real kills: `python -m itpm_sync.testing.killed --database sqlite --kills 1000 --state FILE`.

In: which database, how many kills are wanted, where to note what was done. Out: figures; 1 on a violation, with its
tale and seed. Begun again with the same file, it goes on where it was. `--seed` tells the same tales again.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from itpm_sync.testing.killed.databases import Databases, Files, Server
from itpm_sync.testing.killed.hand import hand
from itpm_sync.testing.killed.story import Story, Tally
from itpm_sync.testing.kills.share import tale
from itpm_sync.testing.postgres import Postgres


@contextmanager
def databases(kind: str, folder: Path) -> Iterator[Databases]:
    """Where ledgers come from: `sqlite` or `postgresql`. Raises ClickException where there is no PostgreSQL."""
    if kind == "sqlite":
        yield Files(folder)
        return
    server = Postgres.start()
    if server is None:
        raise click.ClickException("This machine has no PostgreSQL: install postgresql.")
    try:
        found = Server(server)
        try:
            yield found
        finally:
            found.close()
    finally:
        server.stop()


def read(path: Path | None) -> Tally:
    """What was done before."""
    tally = Tally()
    if path is not None and path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                told = json.loads(line)
            except ValueError:
                continue  # the line at which it was killed
            tally.kills += Counter(told["kills"])
            tally.cuts += Counter(told["cuts"])
            tally.tales += told["tales"]
            tally.violations += told["violations"]
    return tally


def note(path: Path | None, seed: int, tally: Tally) -> None:
    """Add a line of what was done."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        told = {
            "seed": seed,
            "tales": tally.tales,
            "kills": tally.kills,
            "cuts": tally.cuts,
            "violations": tally.violations,
        }
        with path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(told) + "\n")


@click.command()
@click.option("--database", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", show_default=True)
@click.option("--kills", default=1000, show_default=True, help="Kills wanted, those in the file included.")
@click.option("--state", type=click.Path(path_type=Path), help="A file of what is done, to go on from.")
@click.option("--seed", type=int, help="Tell these tales again, from the first; by default others each time.")
def main(database: str, kills: int, state: Path | None, seed: int | None) -> None:
    """Kill real processes until enough were killed, and judge every tale."""
    done = read(state)
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="itpm-killed-") as folder,
        databases(database, Path(folder)) as made,
    ):
        with hand(Path(folder)) as ours:
            while sum(done.kills.values()) < kills and not done.violations:
                drawn = random.randrange(10**3, 10**9) if seed is None else seed
                one = Tally()
                Story(tale(drawn), ours, made, random.Random(drawn)).into(one)
                one.violations = [f"seed {drawn}: {told}" for told in one.violations]
                note(state, drawn, one)
                done.kills += one.kills
                done.cuts += one.cuts
                done.tales += one.tales
                done.violations += one.violations
                if done.tales % 20 == 0:
                    click.echo(f"{database}: {done}")
                if seed is not None:
                    seed += 1
    click.echo(f"{database}: {done}, {time.monotonic() - began:.0f} s.")
    for violation in done.violations:
        click.echo(violation)
    sys.exit(1 if done.violations else 0)


if __name__ == "__main__":
    main()
