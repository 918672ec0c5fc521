"""`itpm-sync audit verify|anchor`: whether the history holds; its end, signed, to be kept elsewhere.

In: projects, a file of anchors (or the log). Out: what was proven, what does not hold and since when; an anchor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from itpm_sync.cli import show
from itpm_sync.cli.context import Desk, desk, over_projects
from itpm_sync.cli.exits import Exit
from itpm_sync.errors import Misconfigured

if TYPE_CHECKING:
    from itpm_sync.cycle import Workspace
    from itpm_sync.ledger import Audit, Misfit

_MOST = 50_000_000
"""Bytes of a file of anchors; a log is far smaller."""


@click.group()
def command() -> None:
    """Whether the history holds, and its end as an anchor."""


@command.command()
@over_projects
@click.option(
    "--anchor",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also compare with the anchors in this file: what `audit anchor` printed, or the log.",
)
@click.pass_context
def verify(ctx: click.Context, /, projects: tuple[str, ...], *, as_json: bool, file: Path | None) -> int:
    """Prove the history of each PROJECT (default: all).

    The chain, its numbers, rising versions, every write told exactly once, every value's digest, and the agreed values
    beside it.
    """
    anchors = _kept(file) if file else []
    with desk(ctx) as here, here.workspace(connect=False) as workspace:
        names = _projects(here, workspace, projects)
        audits = [workspace.ledger.audit(name) for name in names]
        misfits = [one for anchor in anchors for one in workspace.ledger.misfits(anchor, names)]
    misfits = list(dict.fromkeys(misfits))
    if as_json:
        show.data(
            {
                "projects": [_audited(one) for one in audits],
                "anchors": len(anchors),
                "misfits": [
                    {"project": m.project, "entry": m.seq, "says": m.says, "mend": m.mend} for m in misfits
                ],
            }
        )
    else:
        for one in audits:
            for text in _lines(one):
                show.line(text)
        for text in _compared(misfits, len(anchors)):
            show.line(text)
    return Exit.DONE if not misfits and all(one.holds for one in audits) else Exit.FAILED


@command.command()
@over_projects
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Add the line to this file instead of printing it. Keep the file where nobody who can write the ledger can.",
)
@click.pass_context
def anchor(ctx: click.Context, /, projects: tuple[str, ...], *, as_json: bool, out: Path | None) -> None:
    """Print the end of the history, signed.

    One line with the newest entry of each PROJECT (default: all). Keep it outside of the ledger: `audit verify
    --anchor FILE` then notices when the newest entries were cut off.
    """
    with desk(ctx) as here, here.workspace(connect=False) as workspace:
        found = workspace.ledger.anchor(_projects(here, workspace, projects))
    text = show.as_json(found)
    if out is None:
        show.line(text)
        return
    try:
        with out.open("a", encoding="utf-8") as stream:
            stream.write(f"{text}\n")
    except OSError as error:
        raise Misconfigured(
            f"{out} cannot be written ({error.strerror}).", mend="Name another file with --out."
        ) from error
    if as_json:
        show.data({"file": str(out), "anchor": found})
    else:
        show.line(f"{out}: {show.counted(len(found['heads']), 'project')} anchored.")


def _projects(here: Desk, workspace: Workspace, named: tuple[str, ...]) -> list[str]:
    """Those named; without names all that the ledger knows, also where the configuration no longer does."""
    known = list(workspace.ledger.projects())
    return [name for name in here.projects(named) if name in known] if named else known


def _kept(file: Path) -> list[Mapping[str, Any]]:
    from itpm_sync.ledger.anchor import kept

    try:
        if not file.is_file() or file.stat().st_size > _MOST:
            raise Misconfigured(f"{file} is no file of anchors.", mend="Give what `audit anchor` printed.")
        found = list(kept(file.read_text(encoding="utf-8", errors="replace")))
    except OSError as error:
        raise Misconfigured(
            f"{file} cannot be read ({error.strerror}).", mend="Correct its name or its rights."
        ) from error
    if not found:
        raise Misconfigured(
            f"{file} holds no anchor.", mend="Give what `itpm-sync audit anchor` printed, or the log in JSON."
        )
    return found


def _lines(one: Audit) -> Iterator[str]:
    if one.holds:
        span = f", {one.first:%Y-%m-%d} to {one.last:%Y-%m-%d}" if one.first and one.last else ""
        writes = show.counted(one.writes, "write")
        yield f"{one.project}: holds: {show.counted(one.entries, 'entry', 'entries')}{span}; {writes}"
    else:
        yield f"{one.project}: DOES NOT HOLD"
    for finding in one.findings:
        since = f" (last good: {finding.since:%Y-%m-%d %H:%M}Z)" if finding.since else ""
        yield f"  {finding.says}{since}"
    for mend in dict.fromkeys(finding.mend for finding in one.findings):
        yield f"  {mend}"
    for gone in one.redactions:
        values = show.counted(gone.values, "value")
        yield f"  entry {gone.seq}, {gone.at:%Y-%m-%d}: {values} of {gone.field} of {gone.item} redacted"


def _compared(misfits: list[Misfit], anchors: int) -> Iterator[str]:
    for one in misfits:
        yield one.says
    for mend in dict.fromkeys(one.mend for one in misfits):
        yield f"  {mend}"
    if anchors and not misfits:
        yield f"The history reaches as far as {show.counted(anchors, 'kept anchor')} say it did."


def _audited(one: Audit) -> dict[str, Any]:
    return {
        "project": one.project,
        "holds": one.holds,
        "entries": one.entries,
        "writes": one.writes,
        "first": one.first.isoformat() if one.first else None,
        "last": one.last.isoformat() if one.last else None,
        "head": {"seq": one.head.seq, "mac": one.head.mac},
        "findings": [
            {
                "entry": finding.seq,
                "since": finding.since.isoformat() if finding.since else None,
                "says": finding.says,
                "mend": finding.mend,
            }
            for finding in one.findings
        ],
        "redactions": [
            {
                "entry": gone.seq,
                "at": gone.at.isoformat(),
                "item": gone.item,
                "field": gone.field,
                "values": gone.values,
            }
            for gone in one.redactions
        ],
    }
