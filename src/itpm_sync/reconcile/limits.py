"""What a target can still take: records, and texts of a length. Seen before any call, not by its refusal.

In: the draft, the creations in their order; the writes of one record. Out: those that fit; the rest is left out with
the reason, while updates go on. Also how many people a plan's assignments would be told of. The numbers are the
connector's (`ContainerInfo.limits`), or the configuration's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from itpm_sync.bases import Tie
from itpm_sync.connector import Operation, Room
from itpm_sync.lens import Lens
from itpm_sync.model import Assignees, Category, Progress, Value
from itpm_sync.plan import KEY, Action, FieldWrite, Grade, Warning
from itpm_sync.reconcile.draft import Draft
from itpm_sync.reconcile.reading import peek
from itpm_sync.reconcile.world import ContainerView, Place

_PROGRESS, _ASSIGNEES, _TITLE = "progress", "assignees", "title"
_ROOMY = (Room.RECORDS, Room.ACTIVE, Room.CELLS)


@dataclass(slots=True)
class _Left:
    """What one container still takes of one kind. Mutable while the creations are counted."""

    most: int
    stand: int
    of: str
    left_out: list[str]

    @property
    def full(self) -> bool:
        return self.stand >= self.most


def fitting(draft: Draft, creations: Sequence[Action]) -> list[Action]:
    """The creations that their containers have room for, in order; what would lie under one that waits, waits too."""
    rooms = _rooms(draft, {(action.connection, action.container) for action in creations})
    if not rooms:
        return list(creations)
    kept, waiting = [], set[tuple[str, str]]()
    for action in creations:
        here = rooms.get((action.connection, action.container), {})
        parent = next((write.new for write in action.writes if write.name == "parent"), None)
        counts = [
            room for name, room in here.items() if name != Room.ACTIVE or _active(_form(action, _PROGRESS))
        ]
        full = next((room for room in counts if room.full), None)
        if full is not None or (action.connection, parent) in waiting:
            (full or next(iter(here.values()))).left_out.append(action.title)
            waiting.add((action.connection, action.item))
            continue
        for room in counts:
            room.stand += 1
        kept.append(action)
    _tell(draft, rooms)
    return kept


def _rooms(draft: Draft, places: set[Place]) -> dict[Place, dict[str, _Left]]:
    """By container and kind: what it takes at most, and what stands there."""
    views = draft.world.containers
    found = {
        place: {
            name: _Left(_most(views[place], name), 0, name, [])
            for name in _ROOMY
            if name in views[place].limits
        }
        for place in places
    }
    found = {place: rooms for place, rooms in found.items() if rooms}
    for one in draft.replicas.values() if found else ():
        here, record = found.get(one.place), one.base.current
        if here is None or record is None or one.tie is Tie.TOMBSTONE or one.base.absence is not None:
            continue
        for name, room in here.items():
            view = views[one.place]
            if name != Room.ACTIVE or _active(peek(view, draft.envs[one.place], record, _PROGRESS)):
                room.stand += 1
    return found


def _most(view: ContainerView, name: str) -> int:
    """In records: cells are shared out among them."""
    each = view.limits.get(Room.CELLS_EACH, 1) if name == Room.CELLS else 1
    return view.limits[name] // max(each, 1)


def _active(progress: Value) -> bool:
    return not (isinstance(progress, Progress) and progress.category is Category.DONE)


def _form(action: Action, name: str) -> Value:
    return next((write.new for write in action.writes if write.name == name), None)


def _tell(draft: Draft, rooms: Mapping[Place, Mapping[str, _Left]]) -> None:
    for place, here in rooms.items():
        for room in here.values():
            if not room.left_out:
                continue
            view, number = draft.world.containers[place], len(room.left_out)
            what = (
                f"{room.left_out[0]} is"
                if number == 1
                else f"{number} items (the first: {room.left_out[0]}) are"
            )
            said = f"{view.limits[room.of]:,} {room.of}"
            says = f"{what} not created in {view.name}: it takes {said} at most. Changes go on."
            mend = "Archive what is done there, or take less into it (`takes:`)."
            draft.warnings.append(Warning(Grade.LEFT_OUT, says, *place, mend=mend))


# ── texts ──


def short_enough(draft: Draft, action: Action) -> Action | None:
    """The action without texts longer than the tool holds; None where nothing is left, or a new record has no title.

    A mapping's own `limit` cuts a text to a form that fits; this is for a mapping that says none.
    """
    view = draft.world.containers[action.connection, action.container]
    if not view.limits or action.operation is Operation.DELETE:
        return action
    kept = [write for write in action.writes if _fits(draft, view, action, write)]
    if len(kept) == len(action.writes):
        return action
    titled = any(write.name == _TITLE for write in kept)
    if not kept or (action.operation is Operation.CREATE and not titled):
        return None
    return replace(action, writes=tuple(kept))


def _fits(draft: Draft, view: ContainerView, action: Action, write: FieldWrite) -> bool:
    lens = view.lenses.get(write.name)
    if write.name == KEY or lens is None or not isinstance(write.new, str | tuple):
        return True
    limits = {name: most for name in lens.native if (most := _of_text(view, name)) is not None}
    if not limits:
        return True
    longest = _longest(draft, view, lens, write.new, limits)
    if longest is None:
        return True
    length, most = longest
    says = f"{write.name} of {action.title} is not written in {view.name}: {length:,} characters, it holds {most:,}."
    mend = "Shorten it, or give the field a `limit` in the mapping: then it is cut there, and only there."
    draft.warnings.append(Warning(Grade.LEFT_OUT, says, *view.place, action.item, write.name, mend))
    return False


def _of_text(view: ContainerView, native: str) -> int | None:
    return view.limits.get(native, view.limits.get(Room.TEXT))


def _longest(
    draft: Draft, view: ContainerView, lens: Lens, value: Value, limits: Mapping[str, int]
) -> tuple[int, int] | None:
    """Length and limit of the first native text that is too long."""
    for native, put in lens.put(value, {}, draft.envs[view.place]).items():
        if (
            isinstance(put, str) and native in limits and len(put) * 2 > limits[native]
        ):  # at most two units each
            length = len(put.encode("utf-16-le", "surrogatepass")) // 2
            if length > limits[native]:
                return length, limits[native]
    return None


# ── notices ──


def told(containers: Mapping[Place, ContainerView], actions: Sequence[Action]) -> Counter[Place]:
    """By container: how many people would be told that they were assigned."""
    found: Counter[Place] = Counter()
    for action in actions:
        place = (action.connection, action.container)
        if not containers[place].capabilities.tells_people:
            continue
        for write in action.writes:
            if write.name == _ASSIGNEES and isinstance(write.new, Assignees):
                before = write.old.people if isinstance(write.old, Assignees) else frozenset[str]()
                found[place] += len(write.new.people - before)
    return found
