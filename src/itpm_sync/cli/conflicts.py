"""`itpm-sync conflicts list|show|resolve`: edits that did not know of each other, settled by a person.

In: a conflict's id, the side that is to stay. Out: durable; the next sync carries it to the other tools. A side that
moved since it was looked at stops the resolution, and the conflict is shown anew.
"""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from itpm_sync.cli import show, told
from itpm_sync.cli.context import configured, desk, gathered, json_option, over_projects
from itpm_sync.errors import Moved

if TYPE_CHECKING:
    from itpm_sync.bases import Conflict, ItemBase
    from itpm_sync.cycle import Workspace


@click.group()
def command() -> None:
    """Edits that did not know of each other, for you to settle."""


def actor_option(wanted: Any) -> Any:
    """Who decides, for the history."""
    return click.option(
        "--as", "actor", metavar="NAME", help="Who decides, for the history; default: the user's name."
    )(wanted)


def actor_of(given: str | None) -> str:
    """The name given, else the user's."""
    if given:
        return given
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "somebody here"


@command.command("list")
@over_projects
@click.pass_context
def listed(ctx: click.Context, /, projects: tuple[str, ...], *, as_json: bool) -> None:
    """The open conflicts of each PROJECT (default: all), oldest first."""
    show.listing(
        gathered(ctx, projects, _open),
        ["conflict", "project", "item", "field", "who says what"],
        lambda c: (c["id"], c["project"], told.short(c["title"], 40), c["field"], told.sides(c)),
        as_json=as_json,
        none="No open conflict.",
    )


def _open(workspace: Workspace, project: str) -> list[dict[str, Any]]:
    items = workspace.ledger.load(project).items
    return [_described(project, items, each) for each in workspace.ledger.conflicts(project)]


@command.command("show")
@click.argument("conflict")
@configured
@json_option
@click.pass_context
def shown(ctx: click.Context, /, conflict: str, *, as_json: bool) -> None:
    """One CONFLICT with every side: who said what, and when."""
    with desk(ctx) as here, here.workspace(connect=False) as workspace:
        found = _one(workspace, conflict)
    if as_json:
        show.data(found)
    else:
        _tell(found)


@command.command()
@click.argument("conflict")
@click.argument("choice")
@configured
@json_option
@click.option(
    "--seen", metavar="MARK", help="The mark that `conflicts show` gave: refused where a side moved since."
)
@actor_option
@click.pass_context
def resolve(
    ctx: click.Context, /, conflict: str, choice: str, *, as_json: bool, seen: str | None, actor: str | None
) -> None:
    """Settle a CONFLICT.

    CHOICE is the side that is to stay: a connection, its number in `conflicts show`, or `agreed`. The next sync
    carries it to the other tools.
    """
    from itpm_sync.cycle import resolve as settle

    with desk(ctx) as here, here.workspace(connect=False) as workspace:
        try:
            settle(workspace, conflict, choice, actor=actor_of(actor), sides_seen=seen)
        except Moved:
            found = _one(workspace, conflict)
            if as_json:
                show.data(found)
            else:
                _tell(found)
            raise
    if as_json:
        show.data({"conflict": conflict, "choice": choice, "resolved": True})
    else:
        show.line(f"{conflict} is settled: {choice} stays. The next sync carries it to the other tools.")


def _one(workspace: Workspace, identity: str) -> dict[str, Any]:
    conflict = workspace.ledger.conflict(identity)
    for project in workspace.ledger.projects():
        if any(each.id == identity for each in workspace.ledger.conflicts(project)):
            return _described(project, workspace.ledger.load(project).items, conflict)
    return _described("", {}, conflict)


def _described(project: str, items: Mapping[str, ItemBase], conflict: Conflict) -> dict[str, Any]:
    from itpm_sync.ledger import sides_digest
    from itpm_sync.plan_document import conflict_document

    item = items.get(conflict.item)
    title = item.value("title") if item else None
    return {
        "project": project,
        "title": title if isinstance(title, str) else conflict.item,
        "seen": sides_digest(conflict),
        **conflict_document(conflict),
    }


def _tell(found: dict[str, Any]) -> None:
    show.line(f"{found['id']}: {found['field']} of {found['title']} ({found['project']})")
    if found["reason"]:
        show.line(f"  {found['reason']}")
    for number, side in enumerate(found["sides"], 1):
        who = f", by {side['actor']}" if side["actor"] else ""
        when = f", {side['edited'][:16].replace('T', ' ')}Z" if side["edited"] else ""
        agreed = " (agreed)" if side["agreed"] else ""
        show.line(f"  {number}  {side['tool'] or 'set here'}{agreed}{who}{when}: {side['text'] or '(empty)'}")
    show.line(f"  Settle it: itpm-sync conflicts resolve {found['id']} NUMBER --seen {found['seen']}")
