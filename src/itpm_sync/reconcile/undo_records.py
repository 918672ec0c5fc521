"""Records that a run created go to the recycle bin; those it deleted are for people to restore.

In: the draft, what the run made. Out: which records go, and why the others stay. A record that somebody used since,
that is the last of its item, or under which others lie, stays.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from itpm_sync.bases import LIFE, Replica, Tie
from itpm_sync.connector import Operation
from itpm_sync.plan import Action, Brake, BrakeKind, Grade, Warning
from itpm_sync.reconcile.draft import Draft, ReplicaDraft
from itpm_sync.reconcile.past import Made, Past
from itpm_sync.reconcile.reading import title_of
from itpm_sync.reconcile.undo_stands import unwritable

_THERE = (Tie.TIED, Tie.OUT_OF_SCOPE)


def going(draft: Draft, past: Past) -> dict[str, Made]:
    """By replica: the created records that may go. In their surroundings they are leaving."""
    made = {one.replica for one in past.made}
    found: dict[str, Made] = {}
    for one in past.made:
        replica = draft.replicas.get(one.replica)
        if replica is None or replica.tie is Tie.TOMBSTONE:
            continue  # gone already
        why, mend = _stays(draft, one, replica, made)
        if why:
            _left(draft, one, f"the record that the run created in {one.connection} stays: {why}", mend)
            continue
        found[one.replica] = one
        draft.envs[replica.place].leaving.add(one.item)
    return found


def _stays(draft: Draft, one: Made, replica: ReplicaDraft, made: set[str]) -> tuple[str, str]:
    """Why a created record stays, and the mend."""
    view, base = draft.world.containers.get(replica.place), replica.base
    if view is None or replica.item != one.item or replica.item not in draft.items:
        return "it is no longer tied to what it was created for", ""
    if replica.tie is Tie.HIDDEN or base.absence is not None:
        return "it is not to be found there now", ""
    again = "Undo the run again when that is over."
    reason = unwritable(view)
    if reason or base.id in draft.world.pending:
        return reason or "what became of a write there is not known yet", again
    if not view.capabilities.deletes:
        return f"{one.connection} deletes nothing through its interface", "Delete it there."
    if one.item in draft.skipped:
        return "its item carries the label by which people want it left alone", ""
    used = one.touched or _used(base)
    if used:
        return used, "Delete it there if it shall go all the same."
    if draft.items[one.item].held:
        about = ", ".join(
            sorted("its deletion" if name == LIFE else name for name in draft.items[one.item].held)
        )
        return f"a conflict about {about} is open", "See `itpm-sync conflicts list`."
    others = [
        other
        for other in draft.of_item[one.item]
        if other.tie in _THERE and other.base.absence is None and other.base.id not in made
    ]
    return ("", "") if others else ("it is the only record left of its item", "")


def _used(base: Replica) -> str:
    seen, reading = base.seen, base.reading
    if reading is None or (seen is not None and reading.values == seen.values):
        return ""
    return f"it was edited there{f' by {reading.edited_by}' if reading.edited_by else ''} since"


def free(draft: Draft, found: Mapping[str, Made], moved: set[str]) -> dict[str, Made]:
    """Those under which nothing stays; `moved`: the records that are put elsewhere first."""
    below: dict[tuple[str, str], list[ReplicaDraft]] = defaultdict(list)
    for one in draft.replicas.values():
        view = draft.world.containers.get(one.place)
        lens = view.lenses.get("parent") if view is not None else None
        if lens is not None and one.base.current is not None and one.tie is not Tie.TOMBSTONE:
            native = lens.refers(one.base.current.values)
            if native is not None:
                below[one.base.connection, native].append(one)
    left = dict(found)
    while True:
        stuck = {
            name: children
            for name, one in left.items()
            if (children := _staying(below[one.connection, one.native_id], left, moved))
        }
        if not stuck:
            return left
        for name, children in stuck.items():
            kept = left.pop(name)
            draft.envs[draft.replicas[name].place].leaving.discard(kept.item)
            lie = "1 record lies" if children == 1 else f"{children} records lie"
            says = f"the record that the run created in {kept.connection} stays: {lie} under it"
            _left(draft, kept, says, "Move them out there, then undo the run again.")


def _staying(children: Sequence[ReplicaDraft], left: Mapping[str, Made], moved: set[str]) -> int:
    return sum(child.base.id not in left and child.base.id not in moved for child in children)


def deletions(draft: Draft, found: Mapping[str, Made], why: str) -> Iterator[Action]:
    """The actions, deepest first."""
    known = []
    for name, one in found.items():
        replica = draft.replicas[name]
        depth, at, visited = 0, draft.parents.get(one.item), {one.item}
        env = draft.envs[replica.place]
        while at is not None and at not in visited:
            visited.add(at)
            depth, at = depth + (env.native_of(at) is not None), draft.parents.get(at)
        title = title_of(draft.items[one.item])
        known.append(Action(Operation.DELETE, one.item, *replica.place, one.native_id, title, (), why, depth))
    yield from sorted(known, key=lambda each: (-each.depth, each.connection, each.item))


def brakes(draft: Draft, actions: Sequence[Action]) -> list[Brake]:
    """The deletion brake: more than the limit would go from a container. An undo's approval lets it go."""
    world, found = draft.world, []
    counted = Counter((a.connection, a.container) for a in actions if a.operation is Operation.DELETE)
    known = Counter(one.place for one in draft.replicas.values() if one.base.tie in _THERE)
    limits = world.policy.limits
    for place, count in counted.items():
        share = known[place] >= limits.floor and count > limits.deletions_share * known[place]
        if (count > limits.deletions or share) and (BrakeKind.DELETIONS.value, *place) not in world.waived:
            says = f"{count} of {known[place]} records of {world.containers[place].name} would be deleted."
            mend = "Look at the plan; its approval lets them go."
            found.append(Brake(BrakeKind.DELETIONS, says, mend, *place))
    return found


def lost(draft: Draft, past: Past) -> None:
    """Name what the run deleted: no connector takes it back out of a bin, a person does."""
    for one in past.deleted:
        replica = draft.replicas.get(one.replica)
        if replica is not None and replica.tie is not Tie.TOMBSTONE:
            continue  # restored already
        view = draft.world.containers.get((one.connection, one.container))
        binned = view is not None and view.capabilities.bin
        mend = f"Restore it from the recycle bin of {one.connection}; the next sync ties it as before."
        says = f"the record that the run deleted in {one.connection} is not brought back"
        _left(draft, one, says, mend if binned else f"{one.connection} has no bin: make it anew there.")


def _left(draft: Draft, one: Made, says: str, mend: str) -> None:
    title = title_of(draft.items[one.item]) if one.item in draft.items else one.item
    draft.warnings.append(
        Warning(Grade.LEFT_OUT, f"{title}: {says}.", one.connection, one.container, one.item, mend=mend)
    )
