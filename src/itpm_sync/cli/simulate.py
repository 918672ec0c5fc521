"""`itpm-sync simulate`: the engine itself, over tools in memory, with people, faults and kills at any moment.

In: how many runs, which seed. Out: what happened how often, which laws were broken, and the short story of each.
"""

from __future__ import annotations

import json
import os
import sys

import click

from itpm_sync.cli.exits import Exit
from itpm_sync.cli.show import note


@click.command()
@click.option(
    "--runs",
    type=click.IntRange(1),
    default=2000,
    show_default=True,
    help="So many sync runs, or a few more.",
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="The first story's seed.")
@click.option("--jobs", type=click.IntRange(1), default=None, help="Processes; default: one a core.")
@click.option(
    "--story",
    type=click.IntRange(0),
    default=None,
    metavar="SEED",
    help="Tell one seed's story, step by step.",
)
@click.option("--table", is_flag=True, help="Print which fault struck how often where, by kind of tool.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def command(*, runs: int, seed: int, jobs: int | None, story: int | None, table: bool, as_json: bool) -> int:
    """Try the engine: random projects in 2 to 8 tools, with people, faults and kills at any moment."""
    if story is not None:
        return _story(story, as_json=as_json)
    from itpm_sync.simulator.many import simulate

    tell = not as_json and sys.stderr.isatty()
    found = simulate(
        runs, seed, jobs=jobs or os.cpu_count(), progress=_progress if tell else lambda _done: None
    )
    if as_json:
        click.echo(json.dumps(found.figures(), indent=2))
        return Exit.FAILED if found.violations else Exit.DONE
    figures = found.figures()
    medians = figures["medians"]
    click.echo(
        f"{figures['runs']} runs of {figures['seeds']} stories in {figures['seconds']} s "
        f"({figures['runs_a_minute']} a minute): {figures['violations']} violations, "
        f"{figures['kills']} kills, {figures['faults']} faults."
    )
    click.echo(
        f"In the median of runs: {medians['remotes']:g} tools, {medians['items']:g} items, {medians['edits']:g} edits, "
        f"{medians['faults_and_kills']:g} faults and kills."
    )
    for failed, laws in found.broken.items():
        click.echo(f"Seed {failed}: {laws[0]}")
    if table:
        from itpm_sync.simulator.table import lines

        for line in lines(found.cells):
            click.echo(line)
    for cell in found.missing:
        click.echo(f"Never exercised: {' · '.join(cell)}")
    if found.broken:
        note(f"Tell one of them: itpm-sync simulate --story {next(iter(found.broken))}")
    return Exit.FAILED if found.violations else Exit.DONE


def _progress(done: int) -> None:
    click.echo(f"\r{done} runs", nl=False, err=True)


def _story(seed: int, *, as_json: bool) -> int:
    """One story, in short where it fails."""
    from itpm_sync.simulator.many import shortened, store
    from itpm_sync.simulator.story import draw
    from itpm_sync.simulator.telling import tell

    told = tell(draw(seed), store(), aloud=True)
    if told.broken:
        told = tell(shortened(seed), store(), aloud=True)
    if as_json:
        click.echo(
            json.dumps(
                {"seed": seed, "broken": told.broken, "story": told.said}, indent=2, ensure_ascii=False
            )
        )
    else:
        for line in (*told.said, *told.broken):
            click.echo(line)
    return Exit.FAILED if told.broken else Exit.DONE
