"""`itpm-sync quarantine list|replay`: what a tool refused for good, left out until it changes or is tried again.

In: projects, an item. Out: what is left out and why; or a note that the next run tries it again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from itpm_sync.cli import show
from itpm_sync.cli.context import configured, desk, json_option, leased, projects_argument

if TYPE_CHECKING:
    from itpm_sync.cycle import Workspace


@click.group()
def command() -> None:
    """What could not be written and is left out until it changes."""


@command.command("list")
@projects_argument
@configured
@json_option
@click.pass_context
def listed(ctx: click.Context, /, projects: tuple[str, ...], *, as_json: bool) -> None:
    """What is left out of each PROJECT (default: all), and why."""
    with desk(ctx) as here, here.workspace(connect=False) as workspace:
        found = [each for name in here.projects(projects) for each in _left_out(workspace, name)]
    if as_json:
        show.data(found)
        return
    rows = [
        (
            each["item"],
            each["title"],
            f"{each['container']} in {each['connection']}",
            each["field"] or "all",
            each["reason"],
            each["next_try"][:16],
        )
        for each in found
    ]
    if rows:
        show.table(["item", "title", "where", "field", "why", "next try"], rows)
    else:
        show.line("Nothing is left out.")


def _left_out(workspace: Workspace, project: str) -> list[dict[str, Any]]:
    state = workspace.ledger.load(project)
    return [
        {
            "project": project,
            "item": each.item,
            "title": (state.items[each.item].value("title") if each.item in state.items else None)
            or each.item,
            "connection": each.connection,
            "container": each.container,
            "field": each.field,
            "reason": each.reason,
            "attempts": each.attempts,
            "next_try": each.next_try.isoformat(),
        }
        for each in state.refusals
    ]


@command.command()
@projects_argument
@configured
@json_option
@click.option("--item", metavar="ITEM", help="Only this item.")
@click.pass_context
def replay(ctx: click.Context, /, projects: tuple[str, ...], *, as_json: bool, item: str | None) -> None:
    """Let the next run of each PROJECT (default: all) try again what is left out."""
    counts = {}
    with desk(ctx) as here, here.workspace(connect=False) as workspace:
        for name in here.projects(projects):
            workspace.ledger.ensure_project(name, here.settings.project(name).facts.title)
            with leased(workspace, name) as lease:
                counts[name] = workspace.ledger.replay(lease, item)
    if as_json:
        show.data({"replayed": counts})
        return
    for name, number in counts.items():
        show.line(f"{name}: the next run tries {number} again.")
