"""Changes carried out on one MSPDI plan: all of them in one new file, or none.

In: the file as read and the changes of the port. Out: the new bytes and what became of each change. Nothing is
written to disk here. A change whose record is no longer as expected is left out (Stale); the others go on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from itpm_sync.connector import Change, Operation, Outcome, Record, Status
from itpm_sync.errors import ItpmError, Refused, Stale, Unsupported
from itpm_sync.kit.text import normal, one_line
from itpm_sync_msproject import mspdi_custom, mspdi_outline, mspdi_schedule
from itpm_sync_msproject.keys import key_field_of, key_of
from itpm_sync_msproject.mspdi_edit import Edit
from itpm_sync_msproject.mspdi_plan import MspdiPlan
from itpm_sync_msproject.records import Records
from itpm_sync_msproject.rows import LinkRow
from itpm_sync_msproject.settings import MsProjectSettings

UNDER = "under"
"""Among a creation's values: the summary task that the project's configuration names."""


@dataclass(slots=True)
class _Draft:
    """What became of one change so far. The record follows when the new file is read."""

    intent: str
    status: Status
    uid: int | None = None
    refused: Mapping[str, str] | None = None
    error: ItpmError | None = None


class PlanWriter:
    """One attempt on one file."""

    def __init__(self, container: str, data: bytes, options: MsProjectSettings) -> None:
        """Raises Unreadable."""
        self._container, self._options = container, options
        self._plan = MspdiPlan(container, data)
        self._records = Records(self._plan.rows, container)
        self._uids = self._records.uids
        self._drafts: list[_Draft] = []
        self._key_field = key_field_of(self._plan.rows, options.key_field)
        self._keys = {key: task.uid for task in self._plan.rows.tasks if (key := key_of(task)) is not None}

    def carry_out(self, changes: Sequence[Change]) -> bytes:
        """The file's new bytes; the old ones where no change had an effect."""
        self._drafts = [self._change(one) for one in changes]
        return self._plan.to_bytes()

    def outcomes(self) -> list[Outcome]:
        """One outcome a change, its record as the new file tells it."""
        self._plan.refresh()
        records = Records(self._plan.rows, self._container)
        present = set(records.uids.values())
        return [
            Outcome(
                one.intent,
                one.status,
                record=records.by_uid(one.uid) if one.uid in present and one.uid is not None else None,
                refused=one.refused or {},
                error=one.error,
            )
            for one in self._drafts
        ]

    def _change(self, change: Change) -> _Draft:
        if change.operation is Operation.CREATE:
            return self._create(change)
        if change.operation is Operation.DELETE:
            return _Draft(
                change.intent, Status.REFUSED, error=Unsupported("Tasks are not deleted from a plan.")
            )
        uid = self._uids.get(change.native_id or "")
        if uid is None:
            return _Draft(change.intent, Status.STALE, error=Stale("The task is no longer in the plan."))
        if change.expected is not None and self._records.by_uid(uid).revision != change.expected.revision:
            error = Stale("The task was changed in the plan since it was read.")
            return _Draft(change.intent, Status.STALE, uid, error=error)
        return self._update(change, uid)

    def _update(self, change: Change, uid: int) -> _Draft:
        values, refused = self._resolved(dict(change.values))
        refused |= self._edit(uid, values)
        if change.key and self._key_field is not None:
            mspdi_custom.write_key(self._plan, uid, self._key_field, change.key)
        return _Draft(change.intent, _status(change.values, refused), uid, refused=refused)

    def _create(self, change: Change) -> _Draft:
        known = self._keys.get(change.key)
        if known is not None:  # made before, and its answer lost: one key, one task
            return _Draft(change.intent, Status.APPLIED, known)
        values = dict(change.values)
        reason, under = self._place(values.pop(UNDER, None), values)
        name = normal(one_line(str(values.pop("Name", None) or ""))) or "(untitled)"
        if self._key_field is None:
            reason = (
                "every text field of this plan is in use; free one, so that a new task can carry our key."
            )
        if reason or self._key_field is None:
            return _Draft(change.intent, Status.REFUSED, error=Refused(reason))
        dated = bool(values.get("Start") and values.get("Finish"))
        kind = values.pop("Kind", None)
        uid = mspdi_outline.create(
            self._plan,
            under=under,
            name=name,
            key=change.key,
            milestone=kind == "milestone",
            manual=None if dated else True,  # only a manually scheduled task may lack a date
        )
        mspdi_custom.write_key(self._plan, uid, self._key_field, change.key)
        self._keys[change.key] = uid
        values, refused = self._resolved(
            {one: value for one, value in values.items() if value not in (None, [], "")}
        )
        refused |= self._edit(uid, values)
        if kind == "summary":  # its subtasks will give its dates: nothing may hold them
            mspdi_schedule.let_go(self._plan, uid)
        return _Draft(change.intent, Status.PARTLY if refused else Status.APPLIED, uid, refused=refused)

    def _edit(self, uid: int, values: Mapping[str, Any]) -> dict[str, str]:
        return Edit(self._plan, uid, values, may_add_people=self._options.add_people).carry_out()

    def _place(self, under: Any, values: dict[str, Any]) -> tuple[str, int | None]:
        """Where a new task goes: under its own parent, else where the configuration says, else at the top."""
        parent = values.pop("Parent", None)
        if parent is not None:
            uid = self._uids.get(str(parent))
            return ("" if uid is not None else "the summary task it belongs under is not in the plan", uid)
        if under in (None, ""):
            return "", None
        wanted = str(under)
        if wanted in self._uids:
            return "", self._uids[wanted]
        tasks = self._plan.rows.tasks
        found = [one.uid for one in tasks if one.wbs == wanted] or [
            one.uid for one in tasks if one.name == wanted
        ]
        if len(found) == 1:
            return "", found[0]
        many = "several tasks are" if found else "no task is"
        return f"{many} called {wanted!r} in the plan; correct `under` of this container.", None

    def _resolved(self, values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """Native ids made UIDs; what cannot be is taken out, with the reason."""
        refused: dict[str, str] = {}
        if values.get("Parent") is not None:
            uid = self._uids.get(str(values["Parent"]))
            if uid is None:
                refused["Parent"] = "the summary task is not in the plan"
                del values["Parent"]
            else:
                values["Parent"] = uid
        if "Predecessors" in values:
            links = [self._link(one) for one in values["Predecessors"] or ()]
            if None in links:
                refused["Predecessors"] = "a predecessor is not in the plan"
                del values["Predecessors"]
            else:
                values["Predecessors"] = links
        return values, refused

    def _link(self, said: Mapping[str, Any]) -> LinkRow | None:
        native = str(said.get("id"))
        uid = self._uids.get(native)
        outside = native.rpartition("#uid-")[2]
        if uid is None and not (outside.isdigit() and native.startswith(f"{self._container}#uid-")):
            return None
        percent = said.get("percent")
        link = LinkRow(
            predecessor=int(outside) if uid is None else uid,
            type=str(said.get("type") or "FS"),
            lag=0.0 if percent is not None else float(said.get("lag") or 0),
            elapsed=bool(said.get("elapsed")),
            percent=None if percent is None else float(percent),
        )
        return (
            link if uid is not None else replace(link, external="another file")
        )  # such links are never changed


def _status(asked: Mapping[str, Any], refused: Mapping[str, str]) -> Status:
    if not refused:
        return Status.APPLIED
    return Status.REFUSED if set(refused) >= set(asked) else Status.PARTLY


def everywhere(changes: Sequence[Change], status: Status, error: ItpmError) -> list[Outcome]:
    """The same outcome for every change: nothing was written."""
    return [Outcome(one.intent, status, error=error) for one in changes]


def record_of(records: Records, native_id: str) -> Record | None:
    """The record of that id, None where the plan has none."""
    uid = records.uids.get(native_id)
    return None if uid is None else records.by_uid(uid)
