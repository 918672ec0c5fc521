"""`itpm-sync status`: how the projects stand, from the ledger; no tool is asked.

In: projects. Out: verdict, counts, milestones, what waits for a person, and the two ages of each source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from itpm_sync.cli import show
from itpm_sync.cli.context import configured, desk, json_option, projects_argument

if TYPE_CHECKING:
    from itpm_sync.cycle import Workspace
    from itpm_sync.status.slips import Milestone


@click.command()
@projects_argument
@configured
@json_option
@click.pass_context
def command(ctx: click.Context, /, projects: tuple[str, ...], *, as_json: bool) -> None:
    """Say how each PROJECT (default: all) stands, from the ledger; no tool is asked."""
    with desk(ctx) as here, here.workspace(connect=False) as workspace:
        found = [_standing(workspace, name) for name in here.projects(projects)]
    if as_json:
        show.data(found)
        return
    for each in found:
        for text in _lines(each):
            show.line(text)


def _standing(workspace: Workspace, project: str) -> dict[str, Any]:
    from itpm_sync.cycle import standing
    from itpm_sync.status.wording import WORDS

    it = standing(workspace, project)
    ledger = workspace.ledger
    runs = ledger.runs(project, limit=1)
    return {
        "project": project,
        "title": it.subject.facts.title,
        "verdict": WORDS[it.rag],
        "rag": it.rag.value,
        "reason": it.reason,
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


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"{found['title']} ({found['project']}): {found['verdict']}"
    yield f"  {found['reason']}"
    counts = [f"{number} {word.lower()}" for word, number in found["counts"].items() if number]
    yield f"  {found['items']} items" + (f": {', '.join(counts)}" if counts else "")
    upcoming = found["next_milestone"]
    if upcoming:
        slip = upcoming["slip_working_days"]
        late = f", {slip} working days after its baseline" if slip and slip > 0 else ""
        yield f"  next milestone: {upcoming['title']}, {upcoming['forecast']}{late}"
    waits = {"conflicts": "open conflicts", "pairs": "to pair", "left_out": "left out"}
    told = [f"{found[name]} {word}" for name, word in waits.items() if found[name]]
    if told:
        yield f"  waiting for you: {', '.join(told)}"
    for source in found["sources"]:
        read = f"read {source['read'][:16].replace('T', ' ')}Z" if source["read"] else "never read"
        edited = f", last edited there {source['edited'][:16].replace('T', ' ')}Z" if source["edited"] else ""
        yield f"  {source['name']}: {read}{edited}"
    last = found["last_run"]
    yield f"  last run: {last['run']}, {last['kind']}, {last['status']}" if last else "  no run yet"
