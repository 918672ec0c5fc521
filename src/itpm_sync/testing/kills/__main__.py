"""The long share: `python -m itpm_sync.testing.kills --share 1/2 --state FILE`.

In: which share of how many, where to note what was done, how much is wanted in all. Out: figures; 1 on a violation,
with the tale. Begun again with the same file, it goes on where it was.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from itpm_sync.testing.kills.share import Figures, Kept, Share, go_on


def _share(_: click.Context, __: click.Parameter, value: str) -> tuple[int, int]:
    number, _slash, of = value.partition("/")
    if not (number.isdigit() and of.isdigit() and 1 <= int(number) <= int(of)):
        raise click.BadParameter("Write 1/2: the first of two.")
    return int(number), int(of)


@click.command()
@click.option("--share", default="1/1", callback=_share, help="Which share of how many, as 1/2.")
@click.option("--state", type=click.Path(path_type=Path), help="A file of what is done, to go on from.")
@click.option("--positions", default=50_000, show_default=True, help="Single kills wanted in all shares.")
@click.option("--pairs", default=100_000, show_default=True, help="Pairs of kills wanted in all shares.")
@click.option("--minutes", type=float, help="Stop after so many minutes, done or not.")
@click.option("--first", default=0, show_default=True, help="The number of the first tale.")
def main(
    share: tuple[int, int],
    state: Path | None,
    positions: int,
    pairs: int,
    minutes: float | None,
    first: int,
) -> None:
    """Kill runs at every point, and pairs of points, until enough were tried."""
    number, of = share
    ends = time.monotonic() + minutes * 60 if minutes is not None else None

    def enough(figures: Figures) -> bool:
        late = ends is not None and time.monotonic() > ends
        return late or (figures.positions * of >= positions and figures.pairs * of >= pairs)

    found = go_on(Share(number, of, first), Kept(state), enough=enough, progress=click.echo)
    click.echo(f"Share {number} of {of}: {found}.")
    for violation in found.violations:
        click.echo(violation)
    sys.exit(1 if found.violations else 0)


if __name__ == "__main__":
    main()
