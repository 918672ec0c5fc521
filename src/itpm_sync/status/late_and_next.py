"""Late and next: what is overdue, late to start or blocked, and what falls into the next weeks with what stands in
its way.

In: `Figures`, limits. Out: a `Block`. The windows are working days after the status date: (T, T+10] and (T+10, T+20].
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from itpm_sync.model import Item
from itpm_sync.status.blocks import Block, Cell, Part, Table, capped, columns, words
from itpm_sync.status.figures import Figures
from itpm_sync.status.limits import Limits
from itpm_sync.status.milestone_blocks import owner_cell
from itpm_sync.status.places import place_of
from itpm_sync.status.registers import owners_of
from itpm_sync.status.tasks import State, Task
from itpm_sync.status.wording import clean, count, day, listed, title_of, working_days


def late_and_next(it: Figures, *, limits: Limits) -> Block:
    """The block; empty windows are said so."""
    near, far = it.days.after(it.today, limits.near), it.days.after(it.today, limits.far)
    named = {task.item.id: task.item for task in it.tasks}
    parts = [
        *_late(it, named, limits),
        *_window(it, named, limits, after=it.today, until=near),
        *_window(it, named, limits, after=near, until=far),
    ]
    return Block("late-and-next", "Late and next", tuple(parts))


def _late(it: Figures, named: Mapping[str, Item], limits: Limits) -> Iterator[Part]:
    states = (State.OVERDUE, State.BLOCKED, State.LATE)
    late = [task for task in it.tasks if task.state in states]
    if not late:
        yield words("Nothing is overdue, blocked or late to start." if it.open else "No task is open.")
        return
    late.sort(key=lambda task: (states.index(task.state), -task.overdue_days, task.item.id))
    rows, more = capped(late, lambda task: _late_row(task, it, named), limits.rows, "late task")
    heads = columns("Task", "State", "@Planned start", "@Planned finish", "Late by", "Owner", "In its way")
    yield Table(f"Late on {day(it.today)}: {_sum(late)}", heads, rows, more=more)


def _sum(late: list[Task]) -> str:
    overdue = sum(task.state is State.OVERDUE for task in late)
    blocked = sum(task.state is State.BLOCKED for task in late)
    rest = len(late) - overdue - blocked
    parts = [f"{overdue} overdue", f"{blocked} blocked", f"{rest} late to start"]
    return ", ".join(part for part in parts if not part.startswith("0 "))


def _late_row(task: Task, it: Figures, named: Mapping[str, Item]) -> tuple[Cell, ...]:
    if task.overdue:
        late = working_days(task.overdue_days)
    else:
        late = working_days(max(0, it.days.between(task.start, it.today))) if task.start else "–"
    state = "Overdue, not re-forecast" if task.overdue else task.state.value
    return (
        Cell(title_of(task.item), href=place_of(task.item, it.subject)),
        Cell(state),
        Cell(day(task.start)),
        Cell(day(task.finish)),
        Cell(late),
        owner_cell(task),
        Cell(_way(task, named)),
    )


def _window(
    it: Figures, named: Mapping[str, Item], limits: Limits, *, after: date, until: date
) -> Iterator[Part]:
    """Open tasks that start or finish in (after, until]."""
    found = [task for task in it.open if any(d and after < d <= until for d in (task.start, task.forecast))]
    span = f"{day(after)} to {day(until)}"
    if not found:
        yield words(f"After {span}: nothing starts or finishes.")
        return
    found.sort(key=lambda task: (task.forecast or until, task.item.id))
    rows, more = capped(found, lambda task: _next_row(task, it, named), limits.rows, "task")
    heads = columns("Task", "@Start", "@Forecast", "Owner", "Site and vendor", "In its way")
    yield Table(f"Next, after {span}: {count(len(found), 'task')}", heads, rows, more=more)


def _next_row(task: Task, it: Figures, named: Mapping[str, Item]) -> tuple[Cell, ...]:
    values = task.item.values
    around = [clean(str(values[name]), 60) for name in ("site", "vendor") if values.get(name)]
    return (
        Cell(title_of(task.item), href=place_of(task.item, it.subject)),
        Cell(day(task.start)),
        Cell(day(task.forecast)),
        owner_cell(task),
        Cell(", ".join(around) or "–"),
        Cell(_way(task, named)),
    )


def _way(task: Task, named: Mapping[str, Item]) -> str:
    """Open constraints: unfinished predecessors, nobody to do it, a vendor's date behind the plan's."""
    found = [f"waits for “{title_of(named[one], 60)}”" for one in task.waits_for[:2]]
    if len(task.waits_for) > 2:
        found.append(f"and {count(len(task.waits_for) - 2, 'more predecessor')}")
    promised = task.item.values.get("promised")
    if promised and task.finish and promised.date > task.finish:
        found.append(f"vendor promises {day(promised.date)}")
    if not owners_of(task.item):
        found.append("no owner")
    return listed(found, 4) or "–"
