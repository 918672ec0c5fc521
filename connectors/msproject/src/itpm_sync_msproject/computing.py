"""Which values of a task Project computes by itself, so that nobody else may write them.

In: the rows of a plan. Out: native names by task. Project computes a summary's dates, progress and work from its
subtasks; the dates of an automatically scheduled task from its predecessors (its own, or those of a summary above
it), from a constraint on its finish, or backwards from the project's end.
"""

from __future__ import annotations

from collections.abc import Mapping

from itpm_sync_msproject.rows import TaskRow

DATES = frozenset({"Start", "Finish"})
ROLLED_UP = DATES | {
    "Duration",
    "PercentComplete",
    "ActualStart",
    "ActualFinish",
    "Work",
    "Cost",
    "ActualCost",
}
_FREE = frozenset({"ASAP", "SNET", "MSO"})
"""Constraints under which the start of a task without predecessors is where a person put it."""


class Computing:
    """The plan's rules, asked task by task. `tasks` by UID; the mapping may change while it is used."""

    def __init__(self, tasks: Mapping[int, TaskRow], *, from_start: bool) -> None:
        self._from_start = from_start
        self._tasks = tasks

    def of(self, task: TaskRow) -> frozenset[str]:
        """Native names of what Project computes on this task."""
        if task.summary:
            return ROLLED_UP
        return DATES if self.why_dates(task) else frozenset()

    def why_dates(self, task: TaskRow) -> str:
        """Why the dates of a task without subtasks are computed; empty where they are a person's."""
        if task.manual:
            return ""
        if not self._from_start:
            return "the project is scheduled from its finish date"
        if task.constraint not in _FREE:
            return f"its constraint {task.constraint} computes its start"
        if task.links:
            return "it has predecessors, which give its start"
        above = task.parent
        for _ in range(len(self._tasks)):
            row = self._tasks.get(above) if above is not None else None
            if row is None:
                return ""
            if row.links:
                return f"the summary task “{row.name}” above it has predecessors, which give its start"
            above = row.parent
        return ""
