"""Writing who works on a task into an MSPDI document.

In: a MspdiPlan, a task, the accounts that shall be assigned. Out: assignments made and taken away; the others stay
with their units. The work of the task stays: those who are left, or come, share it. A person whom the plan does not
know becomes a resource, by mail.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from itpm_sync_msproject.durations import iso_of, minutes_of
from itpm_sync_msproject.element_order import ASSIGNMENT, PROJECT, RESOURCE
from itpm_sync_msproject.mspdi import Element
from itpm_sync_msproject.mspdi_plan import MspdiPlan
from itpm_sync_msproject.mspdi_values import whole
from itpm_sync_msproject.mspdi_write import add, put, remove
from itpm_sync_msproject.rows import ResourceRow

NOBODY = -65535
"""The resource of the assignment that Project keeps for a task without any."""

_SPACE = uuid.UUID("6b0d1c7e-6b0a-5d3c-9a57-5b0f0f6f3d11")


class UnknownPerson(Exception):
    """An account that is no resource of the plan and cannot become one."""


def account_of(resource: ResourceRow) -> str:
    """How a resource is called in records: by mail in lower case, else by name."""
    return resource.mail.strip().lower() if resource.mail and resource.mail.strip() else resource.name


def write(plan: MspdiPlan, uid: int, accounts: Sequence[str], *, may_add: bool) -> None:
    """Assign exactly these people; material and cost resources stay as they are. Raises UnknownPerson."""
    doc = plan.doc
    people = {row.uid: account_of(row) for row in plan.rows.resources if row.kind == "work"}
    wanted = list(dict.fromkeys(accounts))
    by_account: dict[str, int] = {}
    for number, account in people.items():
        by_account.setdefault(account, number)
    strangers = [one for one in wanted if one not in by_account]
    for one in strangers:
        if not may_add or "@" not in one:
            raise UnknownPerson(f"{one} is no resource of this plan")
    present: dict[str, Element] = {}
    gone: list[Element] = []
    for assignment in plan.assignments_of(uid):
        who = people.get(_resource_of(plan, assignment))
        if who is None:
            continue
        if who in wanted and who not in present:
            present[who] = assignment
        else:
            gone.append(assignment)
    missing = [one for one in wanted if one not in present]
    for person in missing:
        number = by_account[person] if person in by_account else _new_resource(plan, person)
        if gone:  # the newcomer takes over what the other leaves, its hours too
            put(doc, gone.pop(0), "ResourceUID", str(number), order=ASSIGNMENT)
        else:
            _assign(plan, uid, number)
    for left in gone:
        _unassign(plan, uid, left)


def _resource_of(plan: MspdiPlan, assignment: Element) -> int:
    return whole(plan.doc.text(assignment, "ResourceUID")) or 0


def _workers(plan: MspdiPlan, uid: int) -> list[Element]:
    kinds = {row.uid: row.kind for row in plan.rows.resources}
    found = plan.assignments_of(uid)
    return [one for one in found if kinds.get(_resource_of(plan, one), "work") == "work"]


def _assign(plan: MspdiPlan, uid: int, resource: int) -> None:
    doc = plan.doc
    workers = _workers(plan, uid)
    for one in workers:
        if _resource_of(plan, one) == NOBODY:
            put(doc, one, "ResourceUID", str(resource), order=ASSIGNMENT)
            return
    number = plan.next_uid("Assignments", "Assignment")
    group = doc.child(doc.root, "Assignments")
    if group is None:
        group = add(doc, doc.root, "Assignments", order=PROJECT)
    new = add(doc, group, "Assignment", order=())
    task = plan.elements[uid]
    total = sum(minutes_of(doc.text(one, "Work")) or 0.0 for one in workers)
    said = {
        "UID": str(number),
        "GUID": str(uuid.uuid5(_SPACE, f"{doc.text(task, 'GUID')}/{uid}/{resource}/{number}")).upper(),
        "TaskUID": str(uid),
        "ResourceUID": str(resource),
        "PercentWorkComplete": doc.text(task, "PercentWorkComplete") or "0",
        "Start": doc.text(task, "Start"),
        "Finish": doc.text(task, "Finish"),
        "Units": "1",
    }
    for tag, text in said.items():
        put(doc, new, tag, text, order=ASSIGNMENT)
    plan.assigned(new)
    if total:  # without any work yet, Project computes it from the duration
        count = len(workers) + 1
        for one in [*workers, new]:
            _share(
                plan,
                one,
                total / count if one is new else (minutes_of(doc.text(one, "Work")) or 0) * (1 - 1 / count),
            )


def _unassign(plan: MspdiPlan, uid: int, assignment: Element) -> None:
    doc = plan.doc
    others = [one for one in _workers(plan, uid) if one is not assignment]
    if not others:
        put(doc, assignment, "ResourceUID", str(NOBODY), order=ASSIGNMENT)
        return
    freed = minutes_of(doc.text(assignment, "Work")) or 0.0
    remove(doc, assignment)
    for one in others:
        _share(plan, one, (minutes_of(doc.text(one, "Work")) or 0.0) + freed / len(others))


def _share(plan: MspdiPlan, assignment: Element, work: float) -> None:
    doc = plan.doc
    percent = whole(doc.text(assignment, "PercentWorkComplete")) or 0
    done = round(work * percent / 100)
    for tag, minutes in (
        ("Work", work),
        ("RegularWork", work),
        ("ActualWork", done),
        ("RemainingWork", work - done),
    ):
        put(doc, assignment, tag, iso_of(minutes), order=ASSIGNMENT)
    for entry in doc.children(assignment, "TimephasedData"):
        if doc.text(entry, "Type") in {"1", "2"}:  # the shares changed: Project spreads them anew
            remove(doc, entry)


def _new_resource(plan: MspdiPlan, mail: str) -> int:
    doc = plan.doc
    number = plan.next_uid("Resources", "Resource")
    group = doc.child(doc.root, "Resources")
    if group is None:
        group = add(doc, doc.root, "Resources", order=PROJECT)
    ids = [whole(doc.text(one, "ID")) or 0 for one in doc.children(group, "Resource")]
    new = add(doc, group, "Resource", order=())
    said = {
        "UID": str(number),
        "GUID": str(uuid.uuid5(_SPACE, f"{plan.rows.project.guid}/{mail}")).upper(),
        "ID": str(max([0, *ids]) + 1),
        "Name": mail,
        "Type": "1",
        "IsNull": "0",
        "EmailAddress": mail,
    }
    for tag, text in said.items():
        put(doc, new, tag, text, order=RESOURCE)
    return number
