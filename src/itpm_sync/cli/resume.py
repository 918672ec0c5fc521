"""`itpm-sync resume`: what was paused is written again from the next run on.

In: projects or a connection, as they were paused, who says so. Out: the pause ended in the ledger, which keeps it.
"""

from __future__ import annotations

import click

from itpm_sync.cli import show
from itpm_sync.cli.context import configured, desk, json_option, projects_argument
from itpm_sync.cli.pause import actor_option, connection_option, places, told


@click.command()
@projects_argument
@connection_option
@actor_option
@configured
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    projects: tuple[str, ...],
    *,
    connection: str | None,
    actor: str | None,
    as_json: bool,
) -> None:
    """Let each PROJECT (default: all), or a connection, be written again: the next run does.

    Name it as it was paused: the pause of a connection is not ended by resuming a project.
    """
    with desk(ctx) as here, here.workspace(connect=False) as workspace:
        ledger = workspace.ledger
        lifted = [
            each
            for project in places(here, workspace, projects, connection)
            for each in ledger.resume(project, connection, actor=actor)
        ]
        left = ledger.pauses()
    if as_json:
        show.data({"resumed": [told(each) for each in lifted], "paused": [told(each) for each in left]})
        return
    for each in lifted:
        show.line(f"{each.place.removesuffix(',')} goes on from the next run on.")
    if not lifted:
        show.line("That was not paused.")
    for each in left:
        show.line(f"Still: {each.says}. {each.mend}")
