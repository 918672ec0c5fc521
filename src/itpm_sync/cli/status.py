"""`itpm-sync status`: how the projects stand, or stood, from the ledger; no tool is asked.

In: projects, perhaps a day. Out: verdict, counts, milestones, what waits for a person, and the two ages of each source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from itpm_sync.cli import show
from itpm_sync.cli.context import gathered, over_projects
from itpm_sync.cli.pause import told

if TYPE_CHECKING:
    from itpm_sync.cycle import Workspace
    from itpm_sync.cycle.standing_then import Then
    from itpm_sync.ledger import Pause, Run
    from itpm_sync.status.figures import Figures
    from itpm_sync.status.slips import Milestone


@click.command()
@over_projects
@click.option(
    "--as-of",
    metavar="DATE",
    help="How it stood then, from the history: 2026-11-24 (the end of that day) or 2026-11-24T17:00, in the project's "
    "time zone.",
)
@click.pass_context
def command(ctx: click.Context, /, projects: tuple[str, ...], *, as_json: bool, as_of: str | None) -> None:
    """Say how each PROJECT (default: all) stands, from the ledger; no tool is asked."""
    look = _standing if as_of is None else partial(_stood, as_of=as_of)
    found = gathered(ctx, projects, lambda workspace, name: [look(workspace, name)])
    if as_json:
        show.data(found)
        return
    for each in found:
        for text in _lines(each):
            show.line(text)


def _standing(workspace: Workspace, project: str) -> dict[str, Any]:
    from itpm_sync.cycle import standing

    ledger = workspace.ledger
    runs = ledger.runs(project, limit=1)
    return {
        "project": project,
        **_figures(standing(workspace, project)),
        "conflicts": len(ledger.conflicts(project)),
        "pairs": len(ledger.pairs(project)),
        "left_out": len(ledger.refusals(project)),
        "skipped": runs[0].summary.get("skipped", 0) if runs else 0,
        "paused": [{**told(each), "says": each.says} for each in _paused(workspace, project)],
        "last_run": _run(runs[0]) if runs else None,
    }


def _stood(workspace: Workspace, project: str, *, as_of: str) -> dict[str, Any]:
    """The same figures as they were, null where they cannot be told back."""
    from itpm_sync.cycle.standing_then import moment_of, standing_then

    zone = workspace.projects[project].facts.zone
    then: Then = standing_then(workspace, project, moment_of(as_of, zone, now=workspace.clock.now()))
    past = then.past
    return {
        "project": project,
        **_figures(then.figures),
        "conflicts": len(past.conflicts),
        "pairs": None,
        "left_out": None,
        "last_run": _run(then.run) if then.run else None,
        "as_of": then.moment.isoformat(),
        "entry": past.seq,
        "history_begins": _instant(past.first),
        "not_told": list(then.untold),
    }


def _run(run: Run) -> dict[str, Any]:
    return {"run": run.id, "kind": run.kind.value, "status": run.status.value}


def _figures(it: Figures) -> dict[str, Any]:
    from itpm_sync.model import Rag
    from itpm_sync.status.wording import WORDS

    first, *others = it.deciding or (None,)
    return {
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
        "sources": [
            {"name": s.name, "read": _instant(s.read), "edited": _instant(s.edited), "note": s.note}
            for s in it.subject.sources
        ],
    }


def _paused(workspace: Workspace, project: str) -> list[Pause]:
    """The pauses that hold anything of a project."""
    used = {each.connection for each in workspace.projects[project].policy.containers}
    found = workspace.ledger.pauses(project)
    return [each for each in found if each.connection is None or each.connection in used]


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


def _told_back(found: Mapping[str, Any]) -> Iterator[str]:
    """What a look back rests on, and what it cannot tell."""
    if "as_of" not in found:
        return
    if not found["entry"]:
        begins = found["history_begins"]
        yield (
            f"  the history begins {begins[:16].replace('T', ' ')}Z"
            if begins
            else "  there is no history yet"
        )
    yield "  from the history, which does not tell:"
    yield from (f"    {each}" for each in found["not_told"])


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    then = f", as of {found['as_of'][:16].replace('T', ' ')}Z" if "as_of" in found else ""
    yield f"{found['title']} ({found['project']}){then}: {found['verdict']}"
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
    if found.get("skipped"):
        yield f"  left alone (skip label): {show.counted(found['skipped'], 'item')}"
    yield from (f"  {each['says']}" for each in found.get("paused", ()))
    for source in found["sources"]:
        if "as_of" in found and source["read"] is None:
            continue
        read = f"read {source['read'][:16].replace('T', ' ')}Z" if source["read"] else "never read"
        yield f"  {source['name']}: {read}{'' if 'as_of' in found else _edited(source)}"
    yield from _told_back(found)
    last = found["last_run"]
    yield f"  last run: {last['run']}, {last['kind']}, {last['status']}" if last else "  no run yet"
