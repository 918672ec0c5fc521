"""`itpm-sync undo`: put back what a run wrote and nobody has touched since.

In: a run; with `--approve`, the run of a preview. Out: the preview, or what became of each action. Nothing is written
before a preview was looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from itpm_sync.cli import show, told
from itpm_sync.cli.conflicts import actor_of, actor_option
from itpm_sync.cli.context import Desk, configured, desk, json_option
from itpm_sync.cli.context import told as telling
from itpm_sync.cli.exits import Exit, of_error, of_report, worst
from itpm_sync.cli.rounds import Pages, Round, combined, named, refreshed


@click.command()
@click.argument("run")
@configured
@json_option
@click.option(
    "--approve",
    metavar="PREVIEW",
    help="The run of the preview that you looked at and approve: `undo RUN` without this option prints its id.",
)
@click.option("--all", "every", is_flag=True, help="List every action, however many.")
@actor_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    run: str,
    *,
    as_json: bool,
    approve: str | None,
    every: bool,
    actor: str | None,
) -> int:
    """Show what the undo of RUN would put back; with --approve, carry it out.

    What somebody edited since is left alone; an edit that the run carried is asked about as a conflict.
    """
    from itpm_sync.cli import logs
    from itpm_sync.cycle import undo

    with desk(ctx) as here:
        project = _project_of(here, run)
        with here.workspace([project]) as workspace, telling() as tell:

            async def whole() -> tuple[Round, Pages]:
                report = await undo(workspace, run, actor=actor_of(actor), approve=approve, progress=tell)
                logs.log().info("run", project=project, run=report.run, summary=told.summary(report.document))
                logs.log().info("history", anchor=workspace.ledger.anchor([project]))
                one = Round(project, report)
                return one, await refreshed(workspace, [one], tell) if approve else Pages()

            one, pages = here.run(whole)
            report = one.report
            assert report is not None, "an undo that did not come to its end has raised"
            shown = named(workspace, project, report.document)
    if as_json:
        beside = {name: shown[name] for name in ("undoes", "agreed", "already", "configuration_back")}
        show.data(combined([Round(project, _with(report, shown))]) | beside)
    else:
        for text in lines(shown, most=1_000_000 if every else told.MOST, carried_out=approve is not None):
            show.line(text)
    if pages.error:
        show.note("The status pages were not refreshed:")
        show.trouble(pages.error)
    return worst([of_report(report), of_error(pages.error) if pages.error else Exit.DONE])


def _project_of(here: Desk, run: str) -> str:
    with here.workspace(connect=False) as workspace:
        return here.settings.project(workspace.ledger.run(run).project).id


def _with(report: Any, document: Mapping[str, Any]) -> Any:
    from dataclasses import replace

    return replace(report, document=document)


def lines(document: Mapping[str, Any], *, most: int, carried_out: bool) -> Iterator[str]:
    """The undo in words: as a plan is told, with what moves back without a write."""
    head, counts, *rest = told.lines(document, most=most)
    yield f"{head}, undo of run {document['undoes']}"
    nothing = not any(document[name] for name in ("actions", "agreed", "asked"))
    yield "  Nothing to put back." if nothing else counts
    if document["already"]:
        yield f"  {show.counted(document['already'], 'value stands', 'values stand')} as before the run already."
    if document["agreed"]:
        yield "  Agreed again"
        for one in document["agreed"][:most]:
            old, new = (told.short(one[part]["text"] or "(empty)", 40) for part in ("old", "new"))
            yield f"    {one['title']}: {one['field']} {old} → {new}"
        if len(document["agreed"]) > most:
            yield f"    … and {len(document['agreed']) - most} more (--json lists them all)"
    yield from rest
    if document["configuration_back"]:
        yield "  The configuration that was accepted before that run counts again; a sync stops while it is another."
    if not carried_out and not nothing:
        approve = f"itpm-sync undo {document['undoes']} --approve {document['run']}"
        yield f"  Nothing was written yet. To carry it out: {approve}"
