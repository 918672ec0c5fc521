"""The portfolio's page as data: one row a project, worst first; counts, never averaged colours; what was left out.

In: one `Line` a project, the reasons of what could not be read. Out: a `Sheet`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from itpm_sync.model import Rag
from itpm_sync.status.blocks import Block, Bullets, Cell, Part, Sheet, Table, columns, remark, words
from itpm_sync.status.dimension import severity, worst
from itpm_sync.status.edition import Edition, banner
from itpm_sync.status.figures import Figures
from itpm_sync.status.limits import Limits
from itpm_sync.status.slips import Milestone
from itpm_sync.status.subject import zone_of
from itpm_sync.status.wording import WORDS, age, clean, count, day, moment, signed, title_of

NAME = "index"
"""The portfolio's fixed address."""


@dataclass(frozen=True, slots=True)
class Line:
    """What the portfolio says of one project: all that is kept of its figures."""

    page: str
    """Its page's address, without suffix."""
    title: str
    rag: Rag
    reason: str
    milestone: str
    due: str
    slip: int | None
    """Of the open milestone that slips most, else of the plan's finish; working days."""
    tasks: int
    done: int
    overdue: int
    conflicts: int
    edited: datetime | None
    """The oldest last edit of its sources: the source that nobody keeps."""
    read: datetime | None
    note: str = ""
    """Tells projects of one title apart: the file's name."""


def line_of(page: str, it: Figures, *, note: str = "") -> Line:
    """A project's row."""
    ahead, slipped = it.next_milestone, it.worst_slip
    slip = slipped.slip if slipped else it.span.slip
    edits = [source.edited for source in it.subject.sources if source.edited]
    reads = [source.read for source in it.subject.sources if source.read]
    return Line(
        page=page,
        title=clean(it.subject.facts.title) or "(untitled project)",
        rag=it.rag,
        reason=f"{it.headline}.",
        milestone=title_of(ahead.task.item, 60) if ahead else "",
        due=_due(ahead) if ahead else "",
        slip=slip.working if slip else None,
        tasks=len(it.tasks),
        done=sum(1 for task in it.tasks if task.done),
        overdue=sum(1 for task in it.tasks if task.overdue),
        conflicts=len(it.subject.conflicts),
        edited=min(edits, default=None),
        read=min(reads, default=None),
        note=clean(note),
    )


def _due(milestone: Milestone) -> str:
    task = milestone.task
    return f"overdue since {day(task.finish)}" if task.overdue else day(task.forecast)


def portfolio_sheet(
    lines: Sequence[Line],
    now: datetime,
    *,
    limits: Limits,
    edition: Edition,
    left_out: Sequence[str] = (),
    title: str = "Portfolio",
    zone: str = "UTC",
) -> Sheet:
    """The page of all projects. `left_out` are one-line reasons of what could not be read."""
    ranked = sorted(lines, key=_rank)
    blocks = [Block("projects", "Projects, worst first", tuple(_projects(ranked, now, zone)))]
    if left_out:
        entries = tuple(Cell(clean(reason, 300)) for reason in left_out)
        blocks.append(Block("left-out", "Left out", (words(_left_out(len(entries))), Bullets(entries))))
    return Sheet(
        name=NAME,
        title=clean(title),
        banner=(Cell(banner(now, edition, zone=zone, limits=limits), aging=True),),
        facts=(),
        verdict=_verdict(ranked),
        warnings=(),
        blocks=tuple(blocks),
    )


def _rank(line: Line) -> tuple[int, int, int, str, str]:
    """Worst colour, then largest slip, then most overdue."""
    return -severity(line.rag), -(line.slip or 0), -line.overdue, line.title.casefold(), line.page


def _left_out(number: int) -> str:
    verb = "is" if number == 1 else "are"
    return f"{count(number, 'source')} could not be read and {verb} not counted above:"


def _verdict(lines: Sequence[Line]) -> Cell:
    """The worst, and how many of each: colours are counted, never averaged."""
    if not lines:
        return Cell("No project could be shown.", rag=Rag.GREY)
    tally = Counter(line.rag for line in lines)
    order = (Rag.RED, Rag.AMBER, Rag.GREY, Rag.GREEN)
    parts = [f"{tally[rag]} {WORDS[rag].lower()}" for rag in order if tally[rag]]
    overdue = sum(line.overdue for line in lines)
    conflicts = sum(line.conflicts for line in lines)
    note = f"{count(overdue, 'overdue task')}, {count(conflicts, 'open conflict')} in all."
    says = f"Of {count(len(lines), 'project')}: {', '.join(parts)}."
    return Cell(says, rag=worst([line.rag for line in lines]), note=note[:1].upper() + note[1:])


def _projects(lines: Sequence[Line], now: datetime, zone: str) -> list[Part]:
    if not lines:
        return [words("There is no project to show.")]
    heads = columns(
        "Project",
        "Status",
        "Why",
        "Next milestone",
        "#Slip, working days",
        "#Done",
        "#Overdue",
        "@Last edit",
    )
    rows = tuple(_row(line, now, zone) for line in lines)
    return [
        Table("Projects, worst first", heads, rows),
        remark("Slip: of the open milestone that is latest against its baseline, else of the plan's finish."),
    ]


def _row(line: Line, now: datetime, zone: str) -> tuple[Cell, ...]:
    held = f"{count(line.conflicts, 'open conflict')}" if line.conflicts else ""
    return (
        Cell(line.title, href=f"{line.page}.html", note=line.note),
        Cell(rag=line.rag),
        Cell(line.reason, note=held),
        Cell(line.milestone or "none", note=line.due),
        Cell(signed(line.slip) if line.slip is not None else "–"),
        Cell(f"{line.done:,} of {line.tasks:,}"),
        Cell(f"{line.overdue:,}"),
        _as_of(line, now, zone),
    )


def _as_of(line: Line, now: datetime, zone: str) -> Cell:
    """Both ages; the last read only where it is not this moment's."""
    read = f"; read {moment(line.read, zone_of(zone), empty='never')}" if line.read != now else ""
    if line.edited is None:
        return Cell("not told" if line.read else "not known", note=read.lstrip("; "), aging=True)
    return Cell(
        day(line.edited.astimezone(zone_of(zone)).date()),
        note=f"{age(now - line.edited)} ago{read}",
        aging=True,
    )
