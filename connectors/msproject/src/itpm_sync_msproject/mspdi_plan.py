"""An MSPDI document opened for editing: its tree, its rows, and the elements of its tasks by UID.

In: the bytes of a file. Out: what the editing modules share. The rows are those of the file as opened, but for the
outline, which edits keep up to date; an edit reads the elements where it needs what an earlier edit left.
"""

from __future__ import annotations

from itpm_sync_msproject.computing import Computing
from itpm_sync_msproject.edges import Edges
from itpm_sync_msproject.element_order import TASK
from itpm_sync_msproject.mspdi import Element, Mspdi
from itpm_sync_msproject.mspdi_rows import rows_of
from itpm_sync_msproject.mspdi_values import flag, whole
from itpm_sync_msproject.mspdi_write import put
from itpm_sync_msproject.rows import PlanRows, TaskRow
from itpm_sync_msproject.working_time import Calendars, WorkingTime


class MspdiPlan:
    """See the module. Raises Unreadable where the bytes are no MSPDI plan."""

    def __init__(self, name: str, data: bytes) -> None:
        self.doc = Mspdi(name, data)
        self.moved_rows = False
        """Whether tasks were added or moved, so that row numbers must be looked after."""
        self.refresh()

    def refresh(self) -> None:
        """Read the rows again, after edits."""
        self.rows: PlanRows = rows_of(self.doc)
        self._assignments: dict[int, list[Element]] | None = None
        self._last_uids: dict[str, int] = {}
        self._last_numbers: dict[str, int] | None = None
        self.calendars = Calendars(self.rows)
        self.edges = Edges(self.rows.project)
        self.tasks: dict[int, TaskRow] = {row.uid: row for row in self.rows.tasks}
        self.computing = Computing(self.tasks, from_start=self.rows.project.from_start)
        self.elements: dict[int, Element] = {}
        for one in self.doc.listed("Tasks", "Task"):
            uid = whole(self.doc.text(one, "UID"))
            if uid is not None:
                self.elements.setdefault(uid, one)

    def calendar_of(self, uid: int) -> WorkingTime:
        """The calendar that counts for a task."""
        row = self.tasks.get(uid)
        return self.calendars.of(row.calendar if row else None)

    def assignments_of(self, uid: int) -> list[Element]:
        """The assignment elements of a task, the one without a resource too."""
        if self._assignments is None:
            self._assignments = {}
            for one in self.doc.listed("Assignments", "Assignment"):
                self.assigned(one)
        return [one for one in self._assignments.get(uid, []) if one.getparent() is not None]

    def assigned(self, assignment: Element) -> None:
        """Take note of an assignment that names its task."""
        if self._assignments is not None:
            task = whole(self.doc.text(assignment, "TaskUID"))
            self._assignments.setdefault(task or 0, []).append(assignment)

    def is_manual(self, uid: int) -> bool:
        """Whether the task is scheduled by hand, as its element says now."""
        return flag(self.doc.text(self.elements[uid], "Manual"))

    def next_uid(self, group: str, tag: str) -> int:
        """A UID above every one of that list, each time another."""
        if group not in self._last_uids:
            taken = [whole(self.doc.text(one, "UID")) or 0 for one in self.doc.listed(group, tag)]
            self._last_uids[group] = max([0, *taken])
        self._last_uids[group] += 1
        return self._last_uids[group]

    def last_numbers(self) -> dict[str, int]:
        """By the outline number above, with its point ("" at the top): the last number given under it."""
        if self._last_numbers is None:
            self._last_numbers = {}
            for one in self.elements.values():
                head, _, last = (self.doc.text(one, "OutlineNumber") or "").rpartition(".")
                if last.isdigit():
                    head = f"{head}." if head else ""
                    self._last_numbers[head] = max(self._last_numbers.get(head, 0), int(last))
        return self._last_numbers

    def to_bytes(self) -> bytes:
        """The file, its row numbers (ID) rising down the list: only those that do not are changed."""
        if self.moved_rows:
            self.moved_rows = False
            last = -1
            for one in self.doc.listed("Tasks", "Task"):
                number = whole(self.doc.text(one, "ID"))
                if number is None or number <= last or (number > last + 1 and last >= 0):
                    number = last + 1
                    put(self.doc, one, "ID", str(number), order=TASK)
                last = number
        return self.doc.to_bytes()
