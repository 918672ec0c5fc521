"""`itpm-sync quarantine list|replay`: what a tool refused for good, left out until it changes or is tried again.

In: projects, an item. Out: what is left out and why; or a note that the next run tries it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from itpm_sync.cli import show
from itpm_sync.cli.context import desk, gathered, leased, over_projects
from itpm_sync.errors import Misconfigured

if TYPE_CHECKING:
    from itpm_sync.cycle import Workspace


@click.group()
def command() -> None:
    """What could not be written and is left out until it changes."""


@command.command("list")
@over_projects
@click.pass_context
def listed(ctx: click.Context, /, projects: tuple[str, ...], *, as_json: bool) -> None:
    """What is left out of each PROJECT (default: all), and why."""
    head = ["item", "title", "where", "field", "why", "next try"]
    found = gathered(ctx, projects, _left_out)
    show.listing(found, head, _row, as_json=as_json, none="Nothing is left out.")


def _row(one: dict[str, Any]) -> Sequence[str]:
    where = f"{one['container']} in {one['connection']}"
    return one["item"], one["title"], where, one["field"] or "all", one["reason"], one["next_try"][:16]


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
@over_projects
@click.option("--item", metavar="ITEM", help="Only this item, as `quarantine list` names it.")
@click.pass_context
def replay(ctx: click.Context, /, projects: tuple[str, ...], *, as_json: bool, item: str | None) -> None:
    """Try again what is left out.

    The next run of each PROJECT (default: all) does.
    """
    counts = {}
    with desk(ctx) as here, here.workspace(connect=False) as workspace:
        for name in here.projects(projects):
            workspace.ledger.ensure_project(name, here.settings.project(name).facts.title)
            with leased(workspace, name) as lease:
                counts[name] = workspace.ledger.replay(lease, item)
    if item is not None and not any(counts.values()):
        whose = "this project" if len(counts) == 1 else "any of these projects"
        raise Misconfigured(f"{item} is not left out of {whose}.", mend="See `itpm-sync quarantine list`.")
    if as_json:
        show.data({"replayed": counts})
        return
    for name, number in counts.items():
        changes = show.counted(number, "change")
        show.line(
            f"{name}: " + (f"the next run tries {changes} again." if number else "nothing is left out.")
        )
