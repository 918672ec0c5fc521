"""`itpm-sync status`: how the projects stand, from the ledger; no tool is asked.

In: projects. Out: verdict, counts, milestones, what waits for a person, and the two ages of each source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from itpm_sync.cli import show
from itpm_sync.cli.context import gathered, over_projects

if TYPE_CHECKING:
    from itpm_sync.cycle import Workspace
    from itpm_sync.status.slips import Milestone


@click.command()
@over_projects
@click.pass_context
def command(ctx: click.Context, /, projects: tuple[str, ...], *, as_json: bool) -> None:
    """Say how each PROJECT (default: all) stands, from the ledger; no tool is asked."""
    found = gathered(ctx, projects, lambda workspace, name: [_standing(workspace, name)])
    if as_json:
        show.data(found)
        return
    for each in found:
        for text in _lines(each):
            show.line(text)


def _standing(workspace: Workspace, project: str) -> dict[str, Any]:
    from itpm_sync.cycle import standing
    from itpm_sync.model import Rag
    from itpm_sync.status.wording import WORDS

    it = standing(workspace, project)
    first, *others = it.deciding or (None,)
    ledger = workspace.ledger
    runs = ledger.runs(project, limit=1)
    return {
        "project": project,
        "title": it.subject.facts.title,
        "verdict": WORDS[it.rag],
        "rag": it.rag.value,
        "reason": f"{it.headline}.",
        "reasons": list(first.reasons) if first else [it.headline],
        "also": [d.name.lower() for d in others] if it.rag in (Rag.RED, Rag.AMBER) else [],
        "status_date": it.today.isoformat(),
        "items": len(it.subject.items),
        "counts": {state.value: number for state, number in it.counts},
        "next_milestone": _milestone(it.next_milestone),
        "worst_slip": _milestone(it.worst_slip),
        "dimensions": [{"name": d.name, "rag": d.rag.value, "reason": d.reason} for d in it.dimensions],
        "conflicts": len(ledger.conflicts(project)),
        "pairs": len(ledger.pairs(project)),
        "left_out": len(ledger.refusals(project)),
        "sources": [
            {"name": s.name, "read": _instant(s.read), "edited": _instant(s.edited), "note": s.note}
            for s in it.subject.sources
        ],
        "last_run": {"run": runs[0].id, "kind": runs[0].kind.value, "status": runs[0].status.value}
        if runs
        else None,
    }


def _instant(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _milestone(milestone: Milestone | None) -> dict[str, Any] | None:
    if milestone is None:
        return None
    task = milestone.task
    return {
        "title": task.item.title,
        "forecast": str(task.forecast) if task.forecast else None,
        "slip_working_days": milestone.slip.working if milestone.slip else None,
    }


_WAITS = {
    "conflicts": ("open conflict", "open conflicts"),
    "pairs": ("to pair", "to pair"),
    "left_out": ("left out", "left out"),
}
_REASONS = 5
"""Told of one project before the rest is only counted."""


def _why(found: Mapping[str, Any]) -> Iterator[str]:
    """Every reason of what decided the verdict, the heaviest first, then what else is of the same colour."""
    from itpm_sync.status.wording import together

    reasons = [f"{each[:1].upper()}{each[1:]}." for each in found["reasons"]]
    yield from (f"  {each}" for each in reasons[:_REASONS])
    if len(reasons) > _REASONS:
        yield f"  And {show.counted(len(reasons) - _REASONS, 'more reason')}: see the status page."
    if found["also"]:
        yield f"  Also {together(found['also'])}."


def _edited(source: Mapping[str, Any]) -> str:
    if source["edited"]:
        return f", last edited there {source['edited'][:16].replace('T', ' ')}Z"
    return ", the tool does not tell when it was last edited" if source["read"] else ""


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"{found['title']} ({found['project']}): {found['verdict']}"
    yield from _why(found)
    counts = [f"{number} {word.lower()}" for word, number in found["counts"].items() if number]
    yield f"  {show.counted(found['items'], 'item')}" + (f": {', '.join(counts)}" if counts else "")
    upcoming = found["next_milestone"]
    if upcoming:
        slip = upcoming["slip_working_days"]
        late = f", {show.counted(slip, 'working day')} after its baseline" if slip and slip > 0 else ""
        yield f"  next milestone: {upcoming['title']}, {upcoming['forecast']}{late}"
    told = [show.counted(found[name], *words) for name, words in _WAITS.items() if found[name]]
    if told:
        yield f"  waiting for you: {', '.join(told)}"
    for source in found["sources"]:
        read = f"read {source['read'][:16].replace('T', ' ')}Z" if source["read"] else "never read"
        yield f"  {source['name']}: {read}{_edited(source)}"
    last = found["last_run"]
    yield f"  last run: {last['run']}, {last['kind']}, {last['status']}" if last else "  no run yet"
