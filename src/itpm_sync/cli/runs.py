"""`itpm-sync runs list|show`: what was planned and done.

In: projects, a run id. Out: runs, newest first; one run's plan with what became of each action.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from itpm_sync.cli import show, told
from itpm_sync.cli.context import configured, desk, gathered, json_option, over_projects
from itpm_sync.cli.rounds import named

if TYPE_CHECKING:
    from itpm_sync.ledger import Run


@click.group()
def command() -> None:
    """What was planned and done."""


@command.command("list")
@over_projects
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Runs of each project."
)
@click.pass_context
def listed(ctx: click.Context, /, projects: tuple[str, ...], *, as_json: bool, limit: int) -> None:
    """The newest runs of each PROJECT (default: all)."""
    found = gathered(ctx, projects, lambda workspace, name: workspace.ledger.runs(name, limit=limit))
    found.sort(key=lambda run: run.started, reverse=True)
    if as_json:
        show.data([_described(run) for run in found])
        return
    head = ["run", "project", "kind", "started", "ended", "carried out by"]
    show.listing(found, head, _row, as_json=False, none="No run yet.")


def _row(run: Run) -> Sequence[str]:
    started = f"{run.started:%Y-%m-%d %H:%M}Z"
    return run.id, run.project, run.kind.value, started, run.status.value, run.approved_by or ""


@command.command("show")
@click.argument("run")
@configured
@json_option
@click.option("--all", "every", is_flag=True, help="List every action, however many.")
@click.pass_context
def shown(ctx: click.Context, /, run: str, *, as_json: bool, every: bool) -> None:
    """One RUN: how it ended, its plan, and what became of each action."""
    with desk(ctx) as here, here.workspace(connect=False) as workspace:
        found = workspace.ledger.run(run)
        stored = workspace.ledger.plan_of(run)
        plan = named(workspace, found.project, stored) if stored else stored
    if as_json:
        show.data({**_described(found), "plan": plan})
        return
    show.line(f"{found.kind.value} of {found.project}, {found.started:%Y-%m-%d %H:%M}Z: {found.status.value}")
    if isinstance(found.summary, dict) and found.summary.get("error"):
        show.line(found.summary["error"])
    for text in told.lines(plan, most=1_000_000 if every else told.MOST) if plan else ():
        show.line(text)


def _described(run: Run) -> dict[str, Any]:
    return {
        "run": run.id,
        "project": run.project,
        "kind": run.kind.value,
        "status": run.status.value,
        "started": run.started.isoformat(),
        "finished": run.finished.isoformat() if run.finished else None,
        "approved_by": run.approved_by,
        "summary": run.summary,
    }
