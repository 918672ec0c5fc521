"""The forest and the dependency graph after the decisions: no cycle is ever written.

In: the draft with its agreed parents and dependencies. Out: parents that would close a cycle put back and held, one
conflict over all the edges; the items whose dependencies would close one.
"""

from __future__ import annotations

from collections.abc import Mapping

from itpm_sync.bases import NEVER, Agreed, Conflict, Side
from itpm_sync.codec import digest
from itpm_sync.model import Dependency
from itpm_sync.plan import Grade
from itpm_sync.reconcile.draft import Draft, ItemDraft


def hold_parent_cycles(draft: Draft) -> None:
    """Each cycle that this run's re-parentings close becomes one conflict; its edges go back to what was agreed."""
    moved = [
        item for item in draft.items.values() if item.agreed.get("parent") != item.base.agreed.get("parent")
    ]
    for item in moved:
        cycle = _cycle_from(draft, item.base.id)
        edges = [draft.items[one] for one in cycle if draft.items[one] in moved]
        if edges:
            _hold(draft, edges)


def _cycle_from(draft: Draft, start: str) -> list[str]:
    """The items of the cycle that `start` is on, else none."""
    path, at = [start], draft.parents.get(start)
    while at is not None and at in draft.items:
        if at == start:
            return path
        if at in path:
            return []
        path.append(at)
        at = draft.parents.get(at)
    return []


def _hold(draft: Draft, edges: list[ItemDraft]) -> None:
    edges = sorted(edges, key=lambda item: item.base.id)
    first = edges[0].base.id
    sides = tuple(
        Side(
            new.origin,
            new.value,
            new.value,
            new.version,
            actor=new.actor,
            edited=new.edited,
            item=item.base.id,
        )
        for item in edges
        if (new := item.agreed.get("parent")) is not None
    )
    identity = f"c-{digest(['cycle', [[item.base.id, draft.parents[item.base.id]] for item in edges]])[:12]}"
    conflict = Conflict(
        identity,
        first,
        "parent",
        sides,
        draft.world.now,
        "these moves together would put items under themselves",
        tuple(item.base.id for item in edges[1:]),
    )
    edges[0].opened.append(conflict)
    for item in edges:
        # where nothing was ever agreed, that is agreed from now on: the edge that a person refuses is put back
        item.agreed["parent"] = item.base.agreed.get("parent") or Agreed(None, NEVER + 1)
        for one in draft.of_item[item.base.id]:
            if "parent" in one.at:  # none was brought to what is not agreed after all
                one.at["parent"] = one.base.at.get("parent", NEVER)
        item.held.add("parent")
        draft.conflicts[item.base.id, "parent"] = conflict
        draft.note_parent(item)


def circular(draft: Draft) -> set[str]:
    """Items on a dependency cycle: their dependencies are not written anywhere, and somebody is told."""
    found = _on_cycles(
        {item.base.id: _predecessors(item) & draft.items.keys() for item in draft.items.values()}
    )
    for one in sorted(found):
        title = draft.items[one].agreed.get("title")
        name = title.value if title else one
        says = f"{name} depends on itself through its predecessors; none of its dependencies is written."
        draft.warn(
            Grade.NOTE, says, field="dependencies", mend="Remove one of the links in the tool that has it."
        )
    return found


def _predecessors(item: ItemDraft) -> set[str]:
    agreed = item.agreed.get("dependencies")
    links = agreed.value if agreed and isinstance(agreed.value, frozenset) else ()
    return {link.predecessor for link in links if isinstance(link, Dependency)}


def _on_cycles(before: Mapping[str, set[str]]) -> set[str]:
    """What is left when everything without a predecessor, or that is nobody's predecessor, is peeled off."""
    rest = {one for one, links in before.items() if links}
    while True:
        needed = {link for one in rest for link in before[one]}
        kept = {one for one in rest if one in needed and before[one] & rest}
        if kept == rest:
            return rest
        rest = kept
