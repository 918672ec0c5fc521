"""What lies under what in a container while its records are written.

In: the desk and updates of one container. Out: the updates without parents that are not there yet; which may go out
together, so that no tool is asked to put a record under itself, whichever of them are refused.
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
    """The actions; a parent that has no record here yet is left out and waits for a later run."""
    site, found = desk.sites[place], []
    for action in actions:
        there = is_there(site, _parent(action))
        found.append(action if there else without_parent(desk, action, "its parent is not there yet"))
    return found


def without_parent(desk: Desk, action: Action, why: str) -> Action:
    """The action without its parent, which waits."""
    desk.note(action, "waits", why)
    return replace(action, writes=tuple(write for write in action.writes if write.name != "parent"))


def apart(desk: Desk, place: Place, actions: Sequence[Action]) -> tuple[list[Action], list[Action]]:
    """Those that may go out together, and those that rely on one of them: what they are to lie under lies under them
    as things stand, or would if only some of the others were carried out.
    """
    site, ready, later = desk.sites[place], [], []
    above: dict[str, set[str]] = {}
    if any(isinstance(_parent(action), str) for action in actions):
        above = {one.native_id: {native} for one, native in _standing(desk, place)}
    for action in actions:
        parent = _parent(action)
        over = site.env.native_of(parent) if isinstance(parent, str) else None
        native = site.env.native_of(action.item)
        if over is None or native is None:
            ready.append(action)
        elif _reaches(above, over, native):
            later.append(action)
        else:
            above.setdefault(native, set()).add(over)
            ready.append(action)
    return ready, later


def _parent(action: Action) -> Value:
    return next((write.new for write in action.writes if write.name == "parent"), None)


def _reaches(above: Mapping[str, set[str]], start: str, native: str) -> bool:
    """Whether a record lies under another, by any of the edges."""
    rest, visited = [start], set[str]()
    while rest:
        at = rest.pop()
        if at == native:
            return True
        if at not in visited:
            visited.add(at)
            rest += above.get(at, ())
    return False


def parents_of(desk: Desk, place: Place) -> set[str]:
    """Records that one that stays still names as its parent: deleting them could take the child along."""
    return {native for one, native in _standing(desk, place) if not one.left}


def _standing(desk: Desk, place: Place) -> list[tuple[Replica, str]]:
    """Records of a container that lie under another, with its native id; and those that no list shows, which may have
    gone along with it to another container.
    """
    lens = desk.sites[place].lenses.get("parent")
    if lens is None:
        return []
    return [
        (one, native)
        for one in desk.replicas.values()
        if one.connection == place[0]
        and (one.container == place[1] or one.absence is not None)
        and one.tie is not Tie.TOMBSTONE
        and one.current is not None
        for native in [lens.refers(one.current.values)]
        if native is not None
    ]
