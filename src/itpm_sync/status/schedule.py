"""The schedule's colour, with its reason.

In: tasks, milestones, the plan's span, limits. Out: a `Dimension`. Red and amber by the worst open milestone, by the
plan's length and by overdue work; grey without a baseline, whatever else is found; never green while work is overdue.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from itpm_sync.model import Rag
from itpm_sync.status.dimension import Dimension, Finding, judge
from itpm_sync.status.limits import Limits
from itpm_sync.status.slips import OVERDUE, Milestone, Span
from itpm_sync.status.tasks import Task
from itpm_sync.status.wording import count, day, of, slip, title_of, working_days

NAME = "Schedule"


def schedule(
    tasks: Sequence[Task], milestones: Sequence[Milestone], span: Span, *, limits: Limits, baseline: str
) -> Dimension:
    """The schedule dimension of one project. `baseline` is how its baseline is labelled."""
    number = _number(span)
    if not tasks:
        return Dimension(
            NAME, Rag.GREY, number, ("the plan holds no task and no milestone",), limits.schedule_rule
        )
    overdue = list(_overdue(tasks))
    if span.baseline_finish is None:
        # No baseline: nothing measured, so grey; what is overdue is said all the same.
        bare = ("no slip can be measured, for there is no baseline", *(f.says for f in overdue))
        return Dimension(NAME, Rag.GREY, number, ("; ".join(bare),), limits.schedule_rule)
    over = all(task.done for task in tasks)  # what is finished is told, and no longer judged
    length = () if over else (*_length(span, limits), *_finish(milestones, span, limits))
    findings = [*_slips(milestones), *length, *overdue]
    findings.extend(_thin(tasks, limits))
    fine = _fine(milestones, span, baseline, limits=limits)
    return judge(NAME, findings, fine, number=number, rule=limits.schedule_rule)


def _number(span: Span) -> str:
    if span.slip is None:
        return "No slip: no baseline" if span.finish else "No dates"
    return f"Plan's finish {slip(span.slip.working, span.slip.calendar)}"


def _slips(milestones: Sequence[Milestone]) -> Iterator[Finding]:
    for milestone in milestones:
        if milestone.task.done or milestone.rag not in (Rag.RED, Rag.AMBER):
            continue
        if milestone.why == OVERDUE:
            continue  # told with the overdue work
        rag = milestone.rag if milestone.key else Rag.AMBER
        yield Finding(rag, _sentence(milestone), max(0, milestone.slip.working if milestone.slip else 0))


def _sentence(milestone: Milestone) -> str:
    task = milestone.task
    name = f"“{title_of(task.item, 80)}”"
    if milestone.to_deadline is not None and milestone.to_deadline < 0:
        return f"{name} is forecast for {day(task.forecast)}, {working_days(-milestone.to_deadline)} after its deadline"
    moved = slip(milestone.slip.working, milestone.slip.calendar) if milestone.slip else "without a baseline"
    overdue = ", overdue and not re-forecast," if task.overdue else ""
    return f"{name}{overdue} is forecast for {day(task.forecast)}, {moved}; it {milestone.why}"


def _length(span: Span, limits: Limits) -> Iterator[Finding]:
    if span.over is None or span.over < limits.amber_over:
        return
    rag = Rag.RED if span.over >= limits.red_over else Rag.AMBER
    yield Finding(rag, f"the plan takes {span.over:.0%} longer than its baseline")


def _finish(milestones: Sequence[Milestone], span: Span, limits: Limits) -> Iterator[Finding]:
    """The plan's finish is judged as a milestone: many plans mark none. One on that very day has told it already."""
    if span.slip is None or span.slip.working <= limits.amber_slip:
        return
    rag = Rag.RED if span.slip.working > limits.red_slip else Rag.AMBER
    if any(m.rag is rag and m.key and not m.task.done and m.task.forecast == span.finish for m in milestones):
        return
    moved = slip(span.slip.working, span.slip.calendar)
    yield Finding(
        rag, f"the plan's finish is forecast for {day(span.finish)}, {moved}", span.slip.working - 1
    )


def _overdue(tasks: Sequence[Task]) -> Iterator[Finding]:
    late = [task for task in tasks if task.overdue]
    if not late:
        return
    oldest = max(late, key=lambda task: task.overdue_days)
    since = working_days(oldest.overdue_days) if oldest.overdue_days else "less than a working day"
    one = len(late) == 1
    yield Finding(
        Rag.AMBER,
        f"{count(len(late), 'unfinished task')} {'is' if one else 'are'} overdue, not re-forecast"
        f"{'' if one else '; the oldest'}, “{title_of(oldest.item, 80)}”, by {since}",
        len(late),
    )


def _thin(tasks: Sequence[Task], limits: Limits) -> Iterator[Finding]:
    """Too few open tasks with a baseline to call anything on track."""
    still = [task for task in tasks if not task.done]
    bare = sum(1 for task in still if task.baseline_finish is None)
    if still and bare / len(still) > limits.unbaselined_share:
        yield Finding(Rag.GREY, f"{of(bare, len(still), 'open task')} no baseline")
    undated = sum(1 for task in still if task.forecast is None)
    if still and undated / len(still) > limits.unbaselined_share:
        yield Finding(Rag.GREY, f"{of(undated, len(still), 'open task')} no date")


def _fine(milestones: Sequence[Milestone], span: Span, baseline: str, *, limits: Limits) -> str:
    ahead = [m for m in milestones if not m.task.done and m.slip is not None]
    if ahead:
        worst = max(ahead, key=lambda m: m.slip.working if m.slip else 0)
        moved = slip(worst.slip.working, worst.slip.calendar) if worst.slip else ""
        name = title_of(worst.task.item, 80)
        return f"no open milestone slips more than {working_days(limits.amber_slip)}; the most is “{name}”, {moved}"
    moved = slip(span.slip.working, span.slip.calendar) if span.slip else ""
    return f"the plan's finish, {day(span.finish)}, is {moved} (baseline {baseline})"
