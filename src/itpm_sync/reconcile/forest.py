"""What lies under what in one container while a run's writes go on: no write may close a cycle, nor any in between.

In: the draft, and the parents that are to be written. Out: whether each may be. Parents come before their children,
so that what stands is put right from the top down; an edge that is held may still stand in the way.
"""

from __future__ import annotations

from itpm_sync.reconcile.draft import Draft
from itpm_sync.reconcile.world import ContainerView, Place


class Forests:
    """Each container's forest as it stands, kept in step with what is planned."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._known: dict[Place, dict[str, str | None]] = {}

    def move(self, view: ContainerView, item: str, parent: str | None) -> bool:
        """Put an item under another (or at the top), if that closes no cycle there."""
        above = self._above(view)
        at, visited = parent, {item}
        while at is not None:
            if at in visited:
                return False
            visited.add(at)
            at = above.get(at)
        above[item] = parent
        return True

    def _above(self, view: ContainerView) -> dict[str, str | None]:
        if view.place not in self._known:
            env, lens = self._draft.envs[view.place], view.lenses.get("parent")
            self._known[view.place] = {
                one.item: env.item_of(native) if native is not None else None
                for one in self._draft.replicas.values()
                if one.item is not None and one.place == view.place and one.base.current is not None
                for native in [lens.refers(one.base.current.values) if lens is not None else None]
            }
        return self._known[view.place]
