"""Milestones and phases as tables: baseline, forecast, slip, status.

In: `Figures`, limits, charts. Out: a `Block`. All late and overdue milestones come first in line for a place, then
those due soon, then the others; what has no place is counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from itpm_sync.model import Rag
from itpm_sync.status.blocks import Block, Cell, Chart, Part, Table, capped, columns, remark, words
from itpm_sync.status.figures import Figures
from itpm_sync.status.limits import Limits
from itpm_sync.status.places import place_of
from itpm_sync.status.registers import owners_of
from itpm_sync.status.slips import Milestone, Slip, span_of_phase
from itpm_sync.status.tasks import Phase, Task
from itpm_sync.status.wording import WORDS, clean, count, day, listed, person, share, signed, title_of

_DATES = "@Baseline", "@Forecast"


def milestone_block(it: Figures, *, limits: Limits, charts: Sequence[Chart] = ()) -> Block:
    """The milestones, the phases and the charts that go with them."""
    return Block(
        "milestones", "Milestones and phases", (*_milestones(it, limits), *charts, *_phases(it, limits))
    )


def _milestones(it: Figures, limits: Limits) -> Iterator[Part]:
    if not it.milestones:
        finish = f" Its last task is forecast for {day(it.span.finish)}." if it.span.finish else ""
        yield words(f"The plan marks no milestone.{finish}")
        return
    chosen = _chosen(it, limits)
    rows = [_row(milestone, it) for milestone in chosen]
    rest = len(it.milestones) - len(chosen)
    more = f"and {count(rest, 'more milestone')}, none of them late" if rest else ""
    if rest and sum(map(_urgent, it.milestones)) > sum(map(_urgent, chosen)):
        more = f"and {count(rest, 'more milestone')}"
    titles = ("Milestone", "Status", *_DATES, "#Slip, working days", "#Calendar days", "Owner")
    yield Table("Milestones", columns(*titles), tuple(rows), more=more)
    yield remark(f"Baseline: {clean(it.subject.baseline)}. A plus sign means later than the baseline.")


def _chosen(it: Figures, limits: Limits) -> list[Milestone]:
    """By urgency: the usual rows, twice as many where more are urgent or near; in the order of dates."""
    window, here = limits.milestone_window, it.today.toordinal()

    def rank(one: Milestone) -> tuple[int, int]:
        when = one.task.forecast
        if _urgent(one):
            return 0, -(one.slip.working if one.slip else 0)
        if when and not one.task.done and when.toordinal() <= here + window:
            return 1, when.toordinal()
        if when and one.task.done and when.toordinal() >= here - window:
            return 2, -when.toordinal()
        return (3 if not one.task.done else 4), when.toordinal() if when else 0

    ranked = sorted(it.milestones, key=rank)
    soonest = sum(rank(one)[0] < 3 for one in ranked)
    chosen = ranked[: min(max(limits.rows, soonest), 2 * limits.rows)]
    kept = {one.task.item.id for one in chosen}
    return [one for one in it.milestones if one.task.item.id in kept]


def _urgent(one: Milestone) -> bool:
    return not one.task.done and (one.task.overdue or one.rag in (Rag.RED, Rag.AMBER))


def _row(milestone: Milestone, it: Figures) -> tuple[Cell, ...]:
    task = milestone.task
    actual = task.done
    return (
        Cell(title_of(task.item), href=place_of(task.item, it.subject), note=_held(task)),
        status_cell(milestone),
        Cell(day(task.baseline_finish, "none")),
        Cell(day(task.forecast, "none"), note="done" if actual else _note(task)),
        Cell(slip_text(milestone.slip)),
        Cell(signed(milestone.slip.calendar) if milestone.slip else "–"),
        owner_cell(task),
    )


def status_cell(milestone: Milestone) -> Cell:
    """Its state in a word, why, and a person's own judgement beside it where that differs."""
    task = milestone.task
    said = task.item.values.get("rag")
    judged = (
        f"; judged {WORDS[said]} in the tool" if isinstance(said, Rag) and said is not milestone.rag else ""
    )
    if task.done:
        return Cell("✓ Done", note=judged.lstrip("; "))
    note = "" if milestone.rag is Rag.GREEN else milestone.why
    return Cell(rag=milestone.rag, note=(note + judged).lstrip("; "))


def slip_text(slip: Slip | None) -> str:
    """`+15`, or a dash where nothing can be said."""
    return signed(slip.working) if slip else "–"


def owner_cell(task: Task) -> Cell:
    """Its people, the lead first."""
    return Cell(listed([person(owner) for owner in owners_of(task.item)], 2) or "no owner")


def _note(task: Task) -> str:
    return f"planned {day(task.finish)}; overdue" if task.overdue else ""


def _held(task: Task) -> str:
    return f"in conflict: {', '.join(task.held)}; the worse side is shown" if task.held else ""


def _phases(it: Figures, limits: Limits) -> Iterator[Part]:
    if not it.phases:
        return
    rows, more = capped(it.phases, lambda phase: _phase_row(phase, it), 2 * limits.rows, "phase")
    titles = (
        "Phase",
        "@Baseline start",
        "@Baseline finish",
        "@Start",
        "@Forecast finish",
        "#Slip, working days",
    )
    yield Table("Phases", columns(*titles, "#Done", "#Overdue"), rows, more=more)


def _phase_row(phase: Phase, it: Figures) -> tuple[Cell, ...]:
    span = span_of_phase(phase, it.days)
    done = sum(1 for task in phase.tasks if task.done)
    overdue = sum(1 for task in phase.tasks if task.overdue)
    return (
        Cell(title_of(phase.item)),
        Cell(day(span.baseline_start, "none")),
        Cell(day(span.baseline_finish, "none")),
        Cell(day(span.start, "none")),
        Cell(day(span.finish, "none")),
        Cell(slip_text(span.slip)),
        Cell(f"{done} of {len(phase.tasks)}", note=share(done, len(phase.tasks))),
        Cell(str(overdue)),
    )
