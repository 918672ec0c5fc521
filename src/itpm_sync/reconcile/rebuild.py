"""Items that records name by a key which the ledger does not know: it was lost, or is older than the tools.

In: the draft, before anything is paired. Out: an item under each such key, tied to one of its records; the others
that carry it are then paired by it, so that nothing is created twice.
"""

from __future__ import annotations

from collections import defaultdict

from itpm_sync.bases import Tie, is_item_id, item_ids
from itpm_sync.reconcile.draft import Draft, ReplicaDraft


def rebuild(draft: Draft) -> None:
    """Make the items. Keys of items of other projects are none: those records were moved or copied from there."""
    if not draft.world.other_ledger:
        return
    places = {place: number for number, place in enumerate(draft.world.containers)}
    untied = [
        one
        for one in draft.replicas.values()
        if one.tie is Tie.UNTIED
        and one.base.reading is not None
        and one.place in places
        and not draft.world.containers[one.place].suspended
    ]
    untied.sort(key=lambda one: (places[one.place], one.base.native_id))
    carrying: dict[str, list[ReplicaDraft]] = defaultdict(list)
    for one in untied:
        key = _key(one)
        if key is not None and key not in draft.items and key not in draft.world.elsewhere:
            carrying[key].append(one)
    first_seen = _first_seen(draft, untied) if carrying else {}
    for key, some in carrying.items():
        draft.new_item(first_seen.get(key) or _founder(some), key)


def _key(one: ReplicaDraft) -> str | None:
    key = one.base.reading.key if one.base.reading else None
    return key if is_item_id(key) else None


def _first_seen(draft: Draft, untied: list[ReplicaDraft]) -> dict[str, ReplicaDraft]:
    """By key: the record that the item was first seen on, also where its tool has no place for a key."""
    found: dict[str, ReplicaDraft] = {}
    for one in untied:
        for name in item_ids(draft.world.project, one.base.connection, one.base.native_id, most=2):
            if _key(one) in (None, name):
                found.setdefault(name, one)
    return found


def _founder(some: list[ReplicaDraft]) -> ReplicaDraft:
    """The first that is alone in its connection: of several that carry the same key there, a person says which."""
    counted: dict[str, int] = defaultdict(int)
    for one in some:
        counted[one.base.connection] += 1
    return next((one for one in some if counted[one.base.connection] == 1), some[0])
