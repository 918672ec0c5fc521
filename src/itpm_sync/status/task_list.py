"""The whole plan as a list, folded away at the page's end: every task and summary by name, in the plan's order.

In: `Figures`. Out: a `Block`. Who looks for one task finds it here; what matters stands above.
"""

from __future__ import annotations

from collections.abc import Mapping

from itpm_sync.model import Category, Item, Kind
from itpm_sync.status.blocks import Block, Cell, Table, capped, columns
from itpm_sync.status.figures import Figures
from itpm_sync.status.milestone_blocks import owner_cell
from itpm_sync.status.places import place_of
from itpm_sync.status.tasks import WORK, Task
from itpm_sync.status.wording import day, title_of

MOST = 2_000
"""Rows listed; the rest is counted."""
_LONGEST = 250
_LISTED = WORK | {Kind.SUMMARY}


def task_list(it: Figures) -> Block | None:
    """The list, or None of a plan without any task."""
    items = [item for item in it.subject.items if item.kind in _LISTED]
    if not items:
        return None
    tasks = {task.item.id: task for task in it.tasks}
    named = {item.id: item for item in it.subject.items}
    rows, more = capped(items, lambda item: _row(item, tasks.get(item.id), named, it), MOST, "task")
    heads = columns("Task", "Part of", "State", "@Start", "@Forecast finish", "#Done", "Owner")
    table = Table(f"Tasks and phases in the plan's order: {len(items):,}", heads, rows, more=more)
    return Block("all-tasks", "All tasks", (table,), folded=True)


def _row(item: Item, task: Task | None, named: Mapping[str, Item], it: Figures) -> tuple[Cell, ...]:
    parent = item.values.get("parent")
    part_of = title_of(named[parent]) if isinstance(parent, str) and parent in named else "–"
    # A held task counts in its worse version, but is called as agreed.
    name = Cell(title_of(item, _LONGEST), href=place_of(item, it.subject))
    if task is None:
        state = "Dropped" if item.progress.category is Category.DROPPED else "Phase"
        return name, Cell(part_of), Cell(state), Cell("–"), Cell("–"), Cell("–"), Cell("–")
    percent = 100 if task.done else task.item.progress.percent or 0
    return (
        name,
        Cell(part_of),
        Cell(f"Milestone, {task.state.value.lower()}" if task.milestone else task.state.value),
        Cell(day(task.start)),
        Cell(day(task.forecast)),
        Cell(f"{percent} %"),
        owner_cell(task),
    )
