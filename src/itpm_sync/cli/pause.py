"""`itpm-sync pause`: nothing is written any more in a project or a connection, from this moment on, in any process.

In: projects or a connection, the reason, who says so. Out: a pause in the ledger. Runs go on reading and deciding; what
they would write is shown as held. `itpm-sync pause list` shows what is paused, `itpm-sync resume` ends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from itpm_sync.cli import show
from itpm_sync.cli.context import Desk, configured, desk, json_option
from itpm_sync.errors import Misconfigured

if TYPE_CHECKING:
    from itpm_sync.cycle import Workspace
    from itpm_sync.ledger import Pause

_LIST = "list"

connection_option = click.option(
    "--connection", metavar="NAME", help="Only this connection; alone: in every project that uses it."
)
actor_option = click.option("--as", "actor", metavar="NAME", help="Who says so, for the record.")


@click.command()
@click.argument("projects", nargs=-1, metavar="[PROJECT]... | list")
@connection_option
@click.option("--reason", metavar="TEXT", help="Why: it is shown wherever something is held.")
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
    reason: str | None,
    actor: str | None,
    as_json: bool,
) -> None:
    """Write nothing any more in each PROJECT (default: all), or in a connection.

    It takes effect before the next write, also of a run that is under way. `pause list` shows what is paused.
    """
    with desk(ctx) as here, here.workspace(connect=False) as workspace:
        if list(projects) == [_LIST] and reason is None:
            _tell(workspace.ledger.pauses(), as_json=as_json)
            return
        if not (reason or "").strip():
            raise Misconfigured(
                "A pause needs a reason: people will ask.", mend='Say `--reason "Migration weekend"`.'
            )
        made = [
            workspace.ledger.pause(project, connection, reason=str(reason).strip(), actor=actor)
            for project in places(here, workspace, projects, connection)
        ]
        _tell(made, as_json=as_json)


def places(
    here: Desk, workspace: Workspace, projects: Sequence[str], connection: str | None
) -> Iterable[str | None]:
    """The projects meant, each known to the ledger; None for a connection in every project. Raises Misconfigured."""
    if connection is not None:
        here.settings.connection(connection)
        if not projects:
            return [None]
    names = here.projects(projects)
    for name in names:
        workspace.ledger.ensure_project(name, here.settings.project(name).facts.title)
    return names


def _tell(pauses: Sequence[Pause], *, as_json: bool) -> None:
    if as_json:
        show.data([told(each) for each in pauses])
        return
    for each in pauses:
        show.line(f"{each.says}. {each.mend}")
    if not pauses:
        show.line("Nothing is paused.")


def told(pause: Pause) -> dict[str, Any]:
    """A pause as `--json` prints it."""
    return {
        "project": pause.project,
        "connection": pause.connection,
        "reason": pause.reason,
        "by": pause.actor,
        "since": pause.since.isoformat(),
    }
