"""How far the data can be trusted: what is missing from it, in counts.

In: tasks, the subject. Out: one line a lack, with its number and what to do about it; fine ones are counted too, so
that "none" is said and not left to be guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from itpm_sync.status.registers import owners_of
from itpm_sync.status.subject import Subject
from itpm_sync.status.tasks import Task


@dataclass(frozen=True, slots=True)
class Lack:
    """How many of how many lack something. `of` is 0 where a share says nothing."""

    name: str
    number: int
    of: int
    mend: str


def lacks_of(tasks: Sequence[Task], subject: Subject, today: date) -> tuple[Lack, ...]:
    """Every lack that is looked for, found or not."""
    still = [task for task in tasks if not task.done]
    total, left = len(tasks), len(still)
    linked = {link.predecessor for task in tasks for link in task.item.values.get("dependencies") or ()}
    alone = sum(
        1 for task in tasks if not task.item.values.get("dependencies") and task.item.id not in linked
    )
    ahead = sum(1 for task in tasks if task.done and task.finish is not None and task.finish > today)
    return (
        Lack(
            "Without an owner (open tasks)",
            sum(not owners_of(t.item) for t in still),
            left,
            "Assign someone.",
        ),
        Lack(
            "Without a baseline",
            sum(task.baseline_finish is None for task in tasks),
            total,
            "Save a baseline in the plan once it is approved.",
        ),
        Lack(
            "Without dates (open tasks)",
            sum(t.forecast is None for t in still),
            left,
            "Give start and finish.",
        ),
        Lack(
            "Overdue, not re-forecast",
            sum(task.overdue for task in still),
            left,
            "Finish it or give a new date.",
        ),
        Lack("Not linked to any other task", alone, total, "Link what waits for what."),
        Lack(
            "Manually scheduled",
            sum(bool(task.item.values.get("manual")) for task in tasks),
            total,
            "Their dates do not follow their predecessors.",
        ),
        Lack("Finished after the status date", ahead, total, "Check the actual finish or the status date."),
        Lack("Fields in open conflict", len(subject.conflicts), 0, "Settle them: see Open conflicts."),
        Lack("Not read or not mapped", len(subject.left_out), 0, "See the list below."),
    )
