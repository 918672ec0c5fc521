"""One task of an MSPDI document, edited by native names: the door through which all writing goes.

In: a MspdiPlan, a task's UID, native values (see `records`), links and parent already as UIDs. Out: the document
changed, and the values that were not taken, each with the reason. Summary tasks keep what Project rolls up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from itpm_sync.kit.text import one_line
from itpm_sync_msproject import (
    mspdi_custom,
    mspdi_links,
    mspdi_outline,
    mspdi_people,
    mspdi_progress,
    mspdi_schedule,
)
from itpm_sync_msproject.computing import ROLLED_UP
from itpm_sync_msproject.element_order import TASK
from itpm_sync_msproject.field_ids import IDS
from itpm_sync_msproject.mspdi_plan import MspdiPlan
from itpm_sync_msproject.mspdi_write import iso, put

_GONE_WRONG = (
    ValueError,
    TypeError,
    mspdi_links.BadLink,
    mspdi_outline.BadParent,
    mspdi_people.UnknownPerson,
)


@dataclass(slots=True)
class Edit:
    """One edit under way. `refused` collects, by native name, why a value was not taken."""

    plan: MspdiPlan
    uid: int
    values: Mapping[str, Any]
    may_add_people: bool = True
    refused: dict[str, str] = field(default_factory=dict)

    def carry_out(self) -> dict[str, str]:
        """Write what can be written; gives `refused`. Structure first, then dates, then progress."""
        names = set(self.values)
        self._one(names, "Parent", lambda value: mspdi_outline.move(self.plan, self.uid, value))
        for name in sorted(names & set(_PLAIN)):
            self._one(names, name, partial(self._plain, name))
        self._one(names, "Predecessors", lambda value: mspdi_links.write(self.plan, self.uid, value))
        self._one(names, "Assignments", self._people)
        self._one(names, "Hyperlinks", self._hyperlink)
        self._group(names, mspdi_schedule.NAMES, mspdi_schedule.write)
        self._one(names, "Work", lambda value: mspdi_schedule.write_work(self.plan, self.uid, value))
        self._group(names, mspdi_progress.NAMES, mspdi_progress.write)
        for name in sorted(names & set(IDS)):
            self._one(names, name, partial(mspdi_custom.write, self.plan, self.uid, name))
        for name in names:
            self.refused[name] = f"{name} is not written to a plan"
        return self.refused

    def _one(self, names: set[str], name: str, write: Callable[[Any], None]) -> None:
        if name not in names:
            return
        names.discard(name)
        reason = self._barred(name)
        try:
            if not reason:
                write(self.values[name])
        except _GONE_WRONG as error:
            reason = str(error)
        if reason:
            self.refused[name] = reason

    def _group(
        self,
        names: set[str],
        group: frozenset[str],
        write: Callable[[MspdiPlan, int, Mapping[str, Any]], None],
    ) -> None:
        """Fields that only make sense together are taken or refused together."""
        mine = names & group
        names -= mine
        reason = next((why for why in map(self._barred, sorted(mine)) if why), "")
        try:
            if mine and not reason:
                write(self.plan, self.uid, {name: self.values[name] for name in mine})
        except _GONE_WRONG as error:
            reason = str(error)
        self.refused |= dict.fromkeys(mine, reason) if reason else {}

    def _barred(self, name: str) -> str:
        """Why Project would not let this value stand; empty where it would."""
        row = self.plan.tasks.get(self.uid)
        if row is None or self.uid not in self.plan.elements:
            return "the task is not in the plan"
        if row.summary and (name in ROLLED_UP or name == "Assignments"):
            return f"{name} of a summary task is rolled up from its subtasks"
        if name in mspdi_schedule.NAMES and not row.manual:
            why = self.plan.computing.why_dates(row)
            if why:
                return f"{name} is computed by Project: {why}"
        if name == "Start" and row.actual_start is not None and "ActualStart" not in self.values:
            return "the task has started: Project keeps its start at the actual start"
        if name == "Finish" and row.actual_finish is not None and "ActualFinish" not in self.values:
            return "the task is finished: Project keeps its finish at the actual finish"
        return ""

    def _people(self, value: Any) -> None:
        accounts = [one["account"] if isinstance(one, Mapping) else str(one) for one in value or ()]
        mspdi_people.write(self.plan, self.uid, accounts, may_add=self.may_add_people)

    def _plain(self, name: str, value: Any) -> None:
        doc, task = self.plan.doc, self.plan.elements[self.uid]
        tag, text = _PLAIN[name](self, value)
        if text != _WHERE_MISSING.get(tag) or doc.child(task, tag) is not None:
            put(doc, task, tag, text, order=TASK)

    def _hyperlink(self, value: Any) -> None:
        if len(value or ()) > 1:
            raise ValueError("a task of Project holds one hyperlink")
        link = value[0] if value else {}
        address, _, part = str(link.get("url") or "").partition("#")
        said = {"Hyperlink": link.get("title"), "HyperlinkAddress": address, "HyperlinkSubAddress": part}
        for tag, text in said.items():
            put(self.plan.doc, self.plan.elements[self.uid], tag, text or None, order=TASK)

    def _kind(self, value: Any) -> tuple[str, str | None]:
        if value == "summary" and not self.plan.tasks[self.uid].summary:
            raise ValueError("a task becomes a summary task by having subtasks")
        return "Milestone", "1" if value == "milestone" else "0"

    def _deadline(self, value: Any) -> tuple[str, str | None]:
        calendar = self.plan.calendar_of(self.uid)
        moment = self.plan.edges.stored_finish(value, calendar)
        old = self.plan.tasks[self.uid].deadline
        if (
            moment
            and old
            and self.plan.edges.deadline(old, calendar) == self.plan.edges.deadline(moment, calendar)
        ):
            moment = old  # another time of day that says the same
        return "Deadline", iso(moment) if moment else None


def _flag(tag: str) -> Callable[[Edit, Any], tuple[str, str | None]]:
    return lambda _, value: (tag, "1" if value else "0")


def _text(tag: str) -> Callable[[Edit, Any], tuple[str, str | None]]:
    return lambda _, value: (tag, str(value) if value else None)


def _name(_: Edit, value: Any) -> tuple[str, str | None]:
    text = one_line(str(value or ""))
    if not text:
        raise ValueError("a task needs a name")
    return "Name", text


def _priority(_: Edit, value: Any) -> tuple[str, str | None]:
    number = 500 if value is None else int(value)
    if not 0 <= number <= 1000:
        raise ValueError(f"{number} is no priority: Project knows 0 to 1000")
    return "Priority", str(number)


_WHERE_MISSING = {"Active": "1", "Manual": "0", "Milestone": "0", "Priority": "500"}
"""What a missing element means: it is not added to say that."""

_PLAIN: Mapping[str, Callable[[Edit, Any], tuple[str, str | None]]] = {
    "Name": _name,
    "Notes": _text("Notes"),
    "Priority": _priority,
    "Inactive": lambda _, value: ("Active", "0" if value else "1"),
    "Manual": _flag("Manual"),
    "Kind": Edit._kind,
    "Deadline": Edit._deadline,
}
