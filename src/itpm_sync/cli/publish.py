"""`itpm-sync publish`: freeze a numbered copy of the status pages.

In: projects. Out: a copy that never changes, at every place where their pages go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from itpm_sync.cli import show
from itpm_sync.cli.context import desk, over_projects, told
from itpm_sync.errors import Misconfigured

if TYPE_CHECKING:
    from itpm_sync.cycle import Put


@click.command()
@over_projects
@click.pass_context
def command(ctx: click.Context, /, projects: tuple[str, ...], *, as_json: bool) -> None:
    """Freeze a numbered copy of the pages of each PROJECT (default: all). A published copy never changes."""
    from itpm_sync.cycle import publish_frozen

    with desk(ctx) as here:
        names = [name for name in here.projects(projects) if here.settings.project(name).publish]
        if not names:
            raise Misconfigured(
                "No project says where its pages go.",
                mend="Add to a project, as: publish: [{folder: site}]",
            )
        with here.workspace(names, connect=False, publish=True) as workspace, told() as tell:
            tell("making the pages")
            number, put = here.run(lambda: publish_frozen(workspace, names))
    if as_json:
        show.data({"number": number, "projects": names, "published": published(put)})
        return
    for line in lines(put):
        show.line(line)
    show.line(f"Report {number:03d} is published.")


def published(put: Put) -> list[dict[str, Any]]:
    """What was put where, as JSON has it."""
    return [
        {"to": place, "name": page.name, "url": page.url, "written": page.written, "note": page.note}
        for place, page in put.published
    ]


def lines(put: Put) -> list[str]:
    """What was put where, in words."""
    return [
        f"{'page     ' if page.written else 'unchanged'} {page.url}"
        + (f" ({page.note})" if page.note else "")
        for _, page in put.published
    ]
