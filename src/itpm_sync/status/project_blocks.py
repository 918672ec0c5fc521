"""A project's page as data, in the reading order of the design: verdict, dimensions, milestones, late and next,
registers, conflicts, data quality.

In: `Figures`, limits, how the page is made (live, frozen, from a file). Out: a `Sheet`. The first screen answers:
on track? why? what is next?
"""

from __future__ import annotations

from collections.abc import Sequence

from itpm_sync.model import Rag
from itpm_sync.status.blocks import Block, Cell, Chart, Sheet, Table, columns, remark
from itpm_sync.status.dimension import Dimension
from itpm_sync.status.edition import Edition, banner
from itpm_sync.status.figures import Figures
from itpm_sync.status.late_and_next import late_and_next
from itpm_sync.status.limits import Limits
from itpm_sync.status.milestone_blocks import milestone_block
from itpm_sync.status.subject import Source, zone_of
from itpm_sync.status.task_list import task_list
from itpm_sync.status.trust_blocks import conflict_block, quality_block, register_block
from itpm_sync.status.wording import UNTOLD, WORDS, address, age, clean, count, day, moment


def project_sheet(
    name: str,
    it: Figures,
    *,
    limits: Limits,
    edition: Edition,
    more: Sequence[Block] = (),
    charts: Sequence[Chart] = (),
) -> Sheet:
    """The page of one project at address `name`. `more` blocks follow the milestones; `charts` stand with these."""
    facts = it.subject.facts
    blocks = [
        dimension_block(it.dimensions),
        milestone_block(it, limits=limits, charts=charts),
        *more,
        late_and_next(it, limits=limits),
        *register_block(it, limits=limits),
        conflict_block(it),
        quality_block(it, limits=limits),
        *filter(None, (task_list(it),)),
    ]
    return Sheet(
        name=name,
        title=clean(facts.title) or "(untitled project)",
        banner=(Cell(banner(it.now, edition, zone=facts.zone, limits=limits), aging=True),),
        facts=tuple(_facts(it)),
        verdict=Cell(it.reason, rag=it.rag, note=_numbers(it)),
        warnings=tuple(_warnings(it)),
        blocks=tuple(blocks),
        up="index.html",
    )


def _facts(it: Figures) -> list[tuple[str, Cell]]:
    facts = it.subject.facts
    said = [
        ("Project manager", Cell(clean(facts.manager))),
        ("Sponsor", Cell(clean(facts.sponsor))),
        ("Phase", Cell(clean(facts.phase))),
    ]
    own = "the plan's own" if facts.status_date else "the day this page was made"
    baseline = it.subject.baseline if it.span.baseline_finish else "none"
    dated = [
        ("Status date", Cell(day(it.today), note=own)),
        ("Baseline", Cell(clean(baseline))),
        *(
            (_source_label(it, index), source_cell(source, it))
            for index, source in enumerate(it.subject.sources)
        ),
    ]
    return [(name, cell) for name, cell in said if cell.text] + dated


def _source_label(it: Figures, index: int) -> str:
    return "Data as of" if len(it.subject.sources) == 1 else f"Data as of, source {index + 1}"


def source_cell(source: Source, it: Figures) -> Cell:
    """A source with both of its ages."""
    zone = zone_of(it.subject.facts.zone)
    edited = UNTOLD if source.read else "last edited: not known"
    if source.edited:
        edited = f"last edited {moment(source.edited, zone)} ({age(it.now - source.edited)} ago)"
    read = f"last read {moment(source.read, zone, empty='never')}"
    if source.read:
        read += f" ({age(it.now - source.read)} ago)"
    note = f"; {clean(source.note)}" if source.note else ""
    return Cell(clean(source.name), href=address(source.url), note=f"{edited}; {read}{note}", aging=True)


def _numbers(it: Figures) -> str:
    if not it.tasks:
        return "The plan holds no task and no milestone, so there is nothing to measure."
    done = sum(1 for task in it.tasks if task.done)
    parts = [f"{done:,} of {count(len(it.tasks), 'task or milestone', 'tasks and milestones')} done"]
    parts.extend(
        f"{number:,} {state.value.lower()}" for state, number in it.counts if number and state != "Completed"
    )
    return "; ".join(parts) + "."


def _warnings(it: Figures) -> list[str]:
    found = [f"{line[:1].upper()}{line[1:]}: this page cannot say “{WORDS[Rag.GREEN]}”." for line in it.stale]
    number = len(it.subject.conflicts)
    if number:
        found.append(
            f"{count(number, 'field')} {'is' if number == 1 else 'are'} held by open conflicts: both sides are shown, "
            "the worse one counts."
        )
    if it.days.assumed:
        found.append("The plan's calendar holds no working day: Monday to Friday is assumed.")
    return found


def dimension_block(dimensions: Sequence[Dimension]) -> Block:
    """Status by dimension: word, figure, reason; the rules below."""
    rows = tuple(
        (
            Cell(dimension.name),
            Cell(rag=dimension.rag) if dimension.measured else Cell("Not measured"),
            Cell(dimension.number),
            _reasons(dimension),
        )
        for dimension in dimensions
    )
    table = Table("Status by dimension", columns("Dimension", "Status", "Figure", "Why"), rows)
    rules = tuple(remark(f"{one.name}: {one.rule}") for one in dimensions if one.measured)
    return Block("status", "Status by dimension", (table, *rules))


def _reasons(dimension: Dimension, most: int = 4) -> Cell:
    lines = [line[:1].upper() + line[1:] + "." for line in dimension.reasons]
    rest = len(lines) - most
    tail = (f"And {count(rest, 'more reason')}.",) if rest > 0 else ()
    return Cell(lines[0] if lines else "", lines=(*lines[1:most], *tail))
