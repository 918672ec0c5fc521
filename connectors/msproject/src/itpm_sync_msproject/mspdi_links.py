"""Writing the predecessors of a task into an MSPDI document.

In: a MspdiPlan, a task, the links it shall have. Out: links added, changed and removed; those that stay the same and
those to tasks of other files are not touched. A link that would close a circle is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from itpm_sync_msproject.durations import DAYS, ELAPSED_DAYS, LINK_TYPES
from itpm_sync_msproject.element_order import LINK, TASK
from itpm_sync_msproject.mspdi import Element
from itpm_sync_msproject.mspdi_plan import MspdiPlan
from itpm_sync_msproject.mspdi_values import whole
from itpm_sync_msproject.mspdi_write import add, number_text, put, remove
from itpm_sync_msproject.rows import LinkRow

PERCENT = 19


class BadLink(Exception):
    """A link that Project would refuse."""


def write(plan: MspdiPlan, uid: int, links: Sequence[LinkRow]) -> None:
    """Give the task exactly these predecessors within the file. Raises BadLink before anything is changed."""
    wanted = {link.predecessor: link for link in links if not link.external}
    for predecessor in wanted:
        _check(plan, uid, predecessor)
    doc, task = plan.doc, plan.elements[uid]
    current = {link.predecessor: link for link in plan.tasks[uid].links} if uid in plan.tasks else {}
    for element in doc.children(task, "PredecessorLink"):
        number = whole(doc.text(element, "PredecessorUID")) or 0
        if number in current and current[number].external:
            continue
        link = wanted.pop(number, None)
        if link is None:
            remove(doc, element)
        elif link != current.get(number):
            _fill(plan, element, link)
    for link in wanted.values():
        _fill(plan, add(doc, task, "PredecessorLink", order=TASK), link)


def _fill(plan: MspdiPlan, element: Element, link: LinkRow) -> None:
    code = PERCENT if link.percent is not None else ELAPSED_DAYS if link.elapsed else DAYS
    lag = link.percent if link.percent is not None else link.lag * 10
    said = {
        "PredecessorUID": str(link.predecessor),
        "Type": str(LINK_TYPES.index(link.type)),
        "CrossProject": plan.doc.text(element, "CrossProject") or "0",
        "LinkLag": number_text(lag),
        "LagFormat": str(code),
    }
    for tag, text in said.items():
        put(plan.doc, element, tag, text, order=LINK)


def _check(plan: MspdiPlan, uid: int, predecessor: int) -> None:
    if predecessor not in plan.elements:
        raise BadLink("the predecessor is not in this plan")
    if predecessor == uid:
        raise BadLink("a task cannot be its own predecessor")
    if predecessor in _above(plan, uid) or uid in _above(plan, predecessor):
        raise BadLink("Project allows no link between a summary task and a task under it")
    waiting, seen = [predecessor], set()
    while waiting:
        one = waiting.pop()
        if one == uid:
            raise BadLink("the link would close a circle of dependencies")
        if one not in seen and one in plan.elements:
            seen.add(one)
            links = plan.doc.children(plan.elements[one], "PredecessorLink")
            waiting += [whole(plan.doc.text(link, "PredecessorUID")) or 0 for link in links]


def _above(plan: MspdiPlan, uid: int) -> set[int]:
    found: set[int] = set()
    row = plan.tasks.get(uid)
    while row is not None and row.parent is not None and row.parent not in found:
        found.add(row.parent)
        row = plan.tasks.get(row.parent)
    return found
