"""What lies under what in a container while its records are written.

In: the desk and updates of one container. Out: the updates without parents that cannot be written yet: one that is not
there, or one that still lies under the record itself (the move that takes it out was refused, or is of this batch).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from itpm_sync.bases import Replica, Tie
from itpm_sync.model import Value
from itpm_sync.plan import Action
from itpm_sync.push.desk import Desk, Place, Site


def is_there(site: Site, parent: Value) -> bool:
    """Whether a parent that is to be written has a record here."""
    return not isinstance(parent, str) or site.env.native_of(parent) is not None


def placed(desk: Desk, place: Place, actions: Sequence[Action]) -> list[Action]:
    """The actions; a parent that cannot be written yet is left out and waits for a later run."""
    site, above = desk.sites[place], None
    found = []
    for action in actions:
        parent = next((write.new for write in action.writes if write.name == "parent"), None)
        why = ""
        if not is_there(site, parent):
            why = "its parent is not there yet"
        elif isinstance(parent, str):
            above = _above(desk, place) if above is None else above
            if _under(site, above, parent, action.item):
                why = "its parent still lies under it"
        if why:
            desk.note(action, "waits", why)
        rest = tuple(write for write in action.writes if write.name != "parent")
        found.append(replace(action, writes=rest) if why else action)
    return found


def _above(desk: Desk, place: Place) -> dict[str, str]:
    """By native id: the one above it, as it stands."""
    return {one.native_id: native for one, native in _standing(desk, place)}


def _under(site: Site, above: Mapping[str, str], parent: str, item: str) -> bool:
    at, visited = site.env.native_of(parent), set[str]()
    while at is not None and at not in visited:
        if at == site.env.native_of(item):
            return True
        visited.add(at)
        at = above.get(at)
    return False


def parents_of(desk: Desk, place: Place) -> set[str]:
    """Records that one that stays still names as its parent: deleting them could take the child along."""
    return {native for one, native in _standing(desk, place) if not one.left}


def _standing(desk: Desk, place: Place) -> list[tuple[Replica, str]]:
    """Records of a container that lie under another, with its native id."""
    lens = desk.sites[place].lenses.get("parent")
    if lens is None:
        return []
    return [
        (one, native)
        for one in desk.replicas.values()
        if (one.connection, one.container) == place
        and one.tie is not Tie.TOMBSTONE
        and one.current is not None
        for native in [lens.refers(one.current.values)]
        if native is not None
    ]
