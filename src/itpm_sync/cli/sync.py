"""`itpm-sync sync`: carry the plan out, and refresh the live status pages.

In: projects, approvals. Out: what became of each action. The first sync of a project, and any that a brake stops, needs
`--approve` with the run id of a plan that a person has looked at.
"""

from __future__ import annotations

from collections.abc import Sequence

import click

from itpm_sync.cli.context import Desk, desk, over_projects, told
from itpm_sync.cli.exits import Exit, of_error, worst
from itpm_sync.cli.rounds import Pages, Round, ended, refreshed, rounds, tell_rounds
from itpm_sync.errors import Misconfigured


@click.command()
@over_projects
@click.option(
    "--approve",
    metavar="RUN",
    multiple=True,
    help="The run whose plan you looked at and approve (`plan` prints its id). A first sync needs it, and one that "
    "a brake stops. May be said again, for another project.",
)
@click.option("--all", "every", is_flag=True, help="List every action, however many.")
@click.pass_context
def command(
    ctx: click.Context, /, projects: tuple[str, ...], *, as_json: bool, approve: tuple[str, ...], every: bool
) -> int:
    """Bring the tools of each PROJECT (default: all; with --approve: its own) to what was agreed."""
    with desk(ctx) as here:
        approved = _approved(here, approve)
        names = here.projects(projects) if projects or not approved else list(approved)
        _fits(names, approved)
        with here.workspace(names) as workspace, told() as tell:

            async def whole() -> tuple[list[Round], Pages]:
                ran = await rounds(workspace, names, carry_out=True, approved=approved, tell=tell)
                return ran, await refreshed(workspace, ran, tell)

            found, pages = here.run(whole)
        tell_rounds(found, as_json=as_json, every=every, pages=pages)
    return worst([ended(found), of_error(pages.error) if pages.error else Exit.DONE])


def _approved(here: Desk, runs: Sequence[str]) -> dict[str, str]:
    """By project: the approved run. Raises Misconfigured where a run is not known, or two are of one project."""
    if not runs:
        return {}
    found: dict[str, str] = {}
    with here.workspace(connect=False) as workspace:
        for run in runs:
            project = workspace.ledger.run(run).project
            if project in found:
                raise Misconfigured(
                    f"{found[project]} and {run} are both of {project}.", mend="Approve one plan of it."
                )
            found[project] = run
    return found


def _fits(names: Sequence[str], approved: dict[str, str]) -> None:
    for project, run in approved.items():
        if project not in names:
            raise Misconfigured(
                f"Run {run} is of project {project}, which is not among those to sync.",
                mend=f"Run: itpm-sync sync {project} --approve {run}",
            )
