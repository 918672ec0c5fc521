"""The records that a propagated deletion takes, and those under them that will be moved out first.

In: the draft, the items that are to be deleted. Out: their records that go, noted as leaving in their surroundings.
"""

from __future__ import annotations

from collections import defaultdict

from itpm_sync.bases import Tie
from itpm_sync.plan import Grade
from itpm_sync.reconcile.draft import Draft, ItemDraft, ReplicaDraft
from itpm_sync.reconcile.reading import title_of
from itpm_sync.reconcile.world import ContainerView, Place

Going = tuple[ItemDraft, ReplicaDraft, ContainerView]


def leaving(draft: Draft, doomed: set[str]) -> list[Going]:
    """The records a propagated deletion takes; those under them that stay will be moved out first.

    A record that cannot be moved out (hidden, waiting for a pairing) keeps its parent: deleting it could take the
    child along.
    """
    found: list[Going] = []
    if not doomed:
        return found
    below = _below(draft)
    for name in sorted(doomed):
        item = draft.items[name]
        for one in draft.of_item[name]:
            view = draft.world.containers.get(one.place)
            if view is None or not view.capabilities.deletes or not view.writable:
                continue
            if one.tie is not Tie.TIED or one.base.absence is not None:
                continue
            stuck = [
                child
                for child in below.get((one.place, one.base.native_id), ())
                if child.tie not in (Tie.TIED, Tie.OUT_OF_SCOPE) or child.item in draft.skipped
            ]
            if stuck:
                where, count = view.place[0], len(stuck)
                says = f"{title_of(item)} is not deleted in {where}: {count} records under it are not ours to move."
                draft.warn(Grade.NOTE, says, one, mend="Move them out there, or pair them.")
                continue
            draft.envs[view.place].leaving.add(name)
            found.append((item, one, view))
    return found


def unhindered(draft: Draft, going: list[Going], moved: set[str]) -> list[Going]:
    """Those under which nothing stays; `moved`: the replicas that are put elsewhere first. Deepest first.

    A record that cannot be put elsewhere yet (its next parent is hidden) keeps the one above it.
    """
    below, left = _below(draft) if going else {}, {one.base.id for _, one, _ in going}
    found = []
    for item, one, view in going:
        children = below.get((one.place, one.base.native_id), ())
        if all(child.base.id in left | moved for child in children):
            found.append((item, one, view))
        else:
            left.discard(one.base.id)
            says = f"{title_of(item)} is not deleted in {view.place[0]} yet: a record under it has no other place now."
            draft.warn(Grade.NOTE, says, one)
    return found


def _below(draft: Draft) -> dict[tuple[Place, str], list[ReplicaDraft]]:
    """By container and native id: the records that name that one as their parent.

    A record that no list shows may have gone along with its parent to another container: it counts where that is.
    """
    found: dict[tuple[Place, str], list[ReplicaDraft]] = defaultdict(list)
    for one in draft.replicas.values():
        view = draft.world.containers.get(one.place)
        lens = view.lenses.get("parent") if view is not None else None
        if lens is None or one.base.current is None or one.tie is Tie.TOMBSTONE or one.base.left:
            continue
        native = lens.refers(one.base.current.values)
        if native is None:
            continue
        above = draft.by_native.get((one.base.connection, native)) if one.base.absence is not None else None
        found[above.place if above is not None else one.place, native].append(one)
    return found
