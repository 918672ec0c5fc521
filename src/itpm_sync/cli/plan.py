"""`itpm-sync plan`: what a sync would do, and why. Nothing is written in any tool.

In: projects. Out: each one's plan and the run id that `sync --approve` takes.
"""

from __future__ import annotations

import click

from itpm_sync.cli.context import desk, over_projects, told
from itpm_sync.cli.rounds import ended, rounds, tell_rounds


@click.command()
@over_projects
@click.option(
    "--exit-code", is_flag=True, help="End with 10 where there are changes and nothing more serious."
)
@click.option("--all", "every", is_flag=True, help="List every action, however many.")
@click.pass_context
def command(
    ctx: click.Context, /, projects: tuple[str, ...], *, as_json: bool, exit_code: bool, every: bool
) -> int:
    """Show what a sync of each PROJECT (default: all) would do, and why. Nothing is written in any tool."""
    with desk(ctx) as here:
        names = here.projects(projects)
        with here.workspace(names) as workspace, told() as tell:
            found = here.run(lambda: rounds(workspace, names, carry_out=False, approved={}, tell=tell))
        tell_rounds(found, as_json=as_json, every=every)
    return ended(found, changes=exit_code)
