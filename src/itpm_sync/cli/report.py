"""`itpm-sync report FILE… --out DIR`: the status site of plan files, without any account or configuration.

In: plan files. Out: a site to look at, and one line for each file that could not be read. It has no memory: baselines
are the files' own, labelled so.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from itpm_sync.cli import show
from itpm_sync.cli.context import json_option
from itpm_sync.cli.exits import Exit

if TYPE_CHECKING:
    from itpm_sync.status.report import Plan, Report


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--out",
    "folder",
    required=True,
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder that the pages are put into.",
)
@click.option(
    "--series", is_flag=True, help="The files are dated versions of one project, not one project each."
)
@click.option(
    "--mapping",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A mapping file instead of the one that ships.",
)
@json_option
def command(
    files: tuple[str, ...], *, folder: Path, series: bool, mapping: Path | None, as_json: bool
) -> int:
    """Make the status pages of plan files (.mpp, .mpt, .xml, .mpx, .xer), without any account.

    Several files are a portfolio, a project each; with --series they are versions of one project. A folder means the
    files in it.
    """
    from itpm_sync.cli.plan_files import chosen
    from itpm_sync.mapping.load import read as read_mapping

    paths = chosen(files)
    if mapping is not None:
        read_mapping(mapping)  # a wrong one is said once, not of every file
    report = _made(paths, folder, series=series, mapping=mapping)
    index = next((page.url for page in report.pages if page.name == "index"), "")
    if as_json:
        show.data(
            {
                "index": index,
                "projects": report.projects,
                "pages": [{"name": page.name, "url": page.url, "note": page.note} for page in report.pages],
                "left_out": [{"file": str(each.path), "reason": each.reason} for each in report.left_out],
            }
        )
    else:
        for each in report.left_out:
            show.line(f"left out  {each}")
        for page in report.pages:
            if page.note:
                show.line(f"kept      {page.note}")
        read = len(paths) - len(report.left_out)
        if report.projects:
            show.line(f"{read} of {show.counted(len(paths), 'file')}; open {index or folder}")
        else:
            show.line("No page of a project: no file could be read.")
    if not report.left_out:
        return Exit.DONE
    return Exit.LEFT_OUT if report.projects else Exit.FAILED


def _made(paths: list[Path], folder: Path, *, series: bool, mapping: Path | None) -> Report:
    import asyncio

    from itpm_sync.cli.plan_files import reading
    from itpm_sync.ports import LocalFiles, SystemClock
    from itpm_sync.registry import Catalogue, folder_publisher
    from itpm_sync.status.report import make_report

    with show.Progress() as progress, reading(Catalogue(), mapping) as plans:
        done = iter(range(1, len(paths) + 1))

        def read(path: Path) -> Plan:
            progress(f"reading {path.name} ({next(done, len(paths))} of {len(paths)})")
            return plans.read(path)

        publisher = folder_publisher(folder, LocalFiles())
        return asyncio.run(make_report(paths, publisher, read=read, clock=SystemClock(), series=series))
