"""Records that are no longer listed: hidden, gone, come back. Decided before fields.

In: the draft, with what direct reads said of absent records. Out: tombstones, lifecycle changes, deletions to
propagate, questions to a person. A deletion is believed only when it is confirmed (listings complete, read twice).
"""

from __future__ import annotations

from itpm_sync.bases import LIFE, NEVER, Conflict, Life, Replica, Side, Tie
from itpm_sync.codec import digest
from itpm_sync.connector import Presence
from itpm_sync.lens import Untranslatable
from itpm_sync.plan import Grade, Loser
from itpm_sync.policy import Deletion
from itpm_sync.reconcile.draft import Draft, ItemDraft, ReplicaDraft, unweighed, weighed
from itpm_sync.reconcile.owners import said_again
from itpm_sync.reconcile.pairing import claimed
from itpm_sync.reconcile.reading import name_of

_LIVE_TIES = (Tie.TIED, Tie.OUT_OF_SCOPE, Tie.HIDDEN)
_UNSEEN = (Presence.HIDDEN, Presence.GONE_OR_HIDDEN)


def bury(draft: Draft) -> set[str]:
    """Decide absences and revivals. Returns the items whose other records are to be deleted too."""
    moved = claimed(draft)  # by a record in a container that sits this run out: a later run follows it
    looked = list(draft.replicas.values())
    for one in looked:
        if one.item is None or one.item not in draft.items or one.base.id in draft.moving:
            continue
        if one.item in draft.skipped:
            continue
        item = draft.items[one.item]
        view = draft.world.containers.get(one.place)
        if view is None or view.suspended:
            continue
        absence = one.base.absence
        if absence is None:
            _back(draft, item, one)
        elif one.tie is Tie.TOMBSTONE and absence.presence in _UNSEEN and not one.base.ours:
            _restored(draft, item, one, Tie.HIDDEN)
        elif absence.presence is Presence.HIDDEN and one.tie is not Tie.TOMBSTONE:
            _hide(draft, one, "hidden from us")
        elif (
            absence.presence is Presence.GONE_OR_HIDDEN and absence.confirmed and one.tie is not Tie.TOMBSTONE
        ):
            _hide(draft, one, "deleted or hidden, the tool does not tell which")
        elif (
            absence.confirmed
            and absence.presence in (Presence.GONE, Presence.BINNED)
            and one.tie in _LIVE_TIES
            and (one.base.connection, item.base.id) not in moved
        ):
            _gone(draft, item, one)
    _ask_restored(draft, [one for one in looked if one.base.tie is Tie.TOMBSTONE and one.tie in _LIVE_TIES])
    return {
        item.base.id
        for item in draft.subjects()
        if item.base.id not in draft.skipped and _doomed(draft, item)
    }


def weigh_asked(draft: Draft) -> None:
    """A deletion that a person was asked about is from now on weighed against later edits only."""
    for one in draft.asked:
        if one.item is None:
            continue
        known = draft.items[one.item].agreed
        undecided = {name for other in draft.of_item[one.item] for name in other.undecided}
        one.at = {
            **one.at,
            **{weighed(name): NEVER for name in undecided},
            **{weighed(name): agreed.version for name, agreed in known.items()},
        }
    for name in dict.fromkeys(one.item for one in draft.asked if one.item is not None):
        draft.items[name].losers += _waiting(draft, draft.items[name])


def _waiting(draft: Draft, item: ItemDraft) -> list[Loser]:
    """What waits undecided in the item's records: kept in full, for the answer may be that they are deleted too."""
    found = []
    for one in draft.of_item[item.base.id]:
        view, record = draft.world.containers.get(one.place), one.base.current
        if one.tie not in _LIVE_TIES or view is None or record is None:
            continue
        lenses = {**view.lost, **view.lenses}
        for name in sorted(one.undecided & lenses.keys()):
            lens = lenses[name]
            try:
                stands = lens.get(record.values, draft.envs[view.place])
            except Untranslatable:
                stands = ", ".join(str(record.values.get(native)) for native in sorted(lens.native))
            side = Side(one.base.connection, stands, stands, one.at.get(name, NEVER), actor=record.edited_by)
            found.append(Loser(name, side, "undecided when its deletion was asked about"))
    return found


def _doomed(draft: Draft, item: ItemDraft) -> bool:
    """Whether the item's other records are to be deleted too: decided in this run, or in one that was cut short.

    An edit since then that no deleter knew is asked about, as one from before.
    """
    life = item.base.life if item.life is None else item.life
    if life is not Life.DELETED or draft.world.policy.deletion is not Deletion.PROPAGATE or LIFE in item.held:
        return False
    mine = draft.of_item[item.base.id]
    others = [one for one in mine if one.tie in _LIVE_TIES]
    buried = [one for one in mine if one.tie is Tie.TOMBSTONE]
    # by us alone: one was restored, and a person said that it is deleted all the same
    deleted = [one for one in buried if not one.base.ours] or buried
    if not others or not deleted:
        return False
    if item.held:  # what no deleter knew is asked about already; settled, it counts as an edit
        fields = ", ".join(sorted(item.held))
        says = f"{name_of(draft, others[0].base)} was deleted in {deleted[0].base.connection} and stays"
        draft.warn(Grade.NOTE, f"{says} until the conflict about its {fields} is settled.", others[0])
        return False
    heard = [one for one in deleted if _heard(draft, one)]
    unknown = [_edited_unknown(item, one, others) or _unheard(draft, one, others) for one in heard]
    if not all(unknown):
        return True
    if len(heard) < len(deleted):
        draft.later = True  # nobody could look whether it was restored: a later run deletes, or asks
    else:
        _ask_deleted(draft, item, deleted[0], unknown[0])
    return False


def _heard(draft: Draft, one: ReplicaDraft) -> bool:
    """Whether a deleted record's place was looked at in this run; one that the configuration names no more is not."""
    view = draft.world.containers.get(one.place)
    return view is None or (view.listed and not view.suspended)


def _hide(draft: Draft, one: ReplicaDraft, why: str) -> None:
    if one.tie is Tie.HIDDEN:
        return
    one.tie = Tie.HIDDEN
    where = f"{one.base.connection}, {one.base.container}"
    draft.warn(Grade.LEFT_OUT, f"{name_of(draft, one.base)} in {where} is {why}; it is left alone.", one)


def _back(draft: Draft, item: ItemDraft, one: ReplicaDraft) -> None:
    """Seen again: a hidden record is tied as before; a tombstone is revived, what we deleted is asked about."""
    if one.tie is Tie.HIDDEN:
        one.tie = Tie.TIED
    elif one.tie is Tie.TOMBSTONE and one.base.reading is not None:
        _restored(draft, item, one, Tie.TIED)


def _restored(draft: Draft, item: ItemDraft, one: ReplicaDraft, tie: Tie) -> None:
    """A deleted record that is there again, or hidden from us by now (a deletion that was to be carried out looked)."""
    one.tie = tie
    one.at = unweighed(one.at)
    one.undecided |= said_again(draft, item, one)
    draft.note_tie(one)
    draft.revive(item)


def _ask_restored(draft: Draft, restored: list[ReplicaDraft]) -> None:
    """What becomes of the records that we deleted, and that nobody restored with the others."""
    for one in restored:
        if one.item is None:
            continue
        mine = draft.of_item[one.item]
        ours = [other for other in mine if other.tie is Tie.TOMBSTONE and other.base.ours]
        if ours:
            places = ", ".join(sorted(other.base.connection for other in ours))
            where = one.base.connection
            draft.asked += ours
            why = f"restored in {where}; its records in {places} were deleted by us"
            _ask(draft, draft.items[one.item], one, why)


def _gone(draft: Draft, item: ItemDraft, one: ReplicaDraft) -> None:
    """A believed deletion."""
    scoped, hidden = one.tie is not Tie.OUT_OF_SCOPE, one.tie is Tie.HIDDEN
    # what was edited there before, and never decided, is an edit again should the record be restored
    one.tie, one.accept = Tie.TOMBSTONE, not _edited_natives(one.base)
    env = draft.envs.get(one.place)
    if env is not None:
        env.untie(item.base.id)
    if not scoped:
        return
    others = [other for other in draft.of_item[item.base.id] if other is not one and other.tie in _LIVE_TIES]
    unknown = _edited_unknown(item, one, others)
    if not unknown and draft.world.policy.deletion is Deletion.PROPAGATE:
        unknown = _unheard(draft, one, others)
    if unknown:
        _ask_deleted(draft, item, one, unknown)
        return
    if others and _may_have_moved(draft, one):
        draft.asked.append(one)
        where = one.base.connection
        _ask(draft, item, one, f"gone from {where}: deleted or moved away, {where} does not tell which")
        return
    if others and draft.world.policy.deletion is Deletion.PROPAGATE:
        # it may have gone along with a record above it that we deleted, and could not know to be above it
        why = "where it was hidden from us" if hidden else _under_unseen(draft, one)
        if why:
            draft.asked.append(one)
            _ask(draft, item, one, f"gone from {one.base.connection}, {why}")
            return
    item.life = Life.DELETED
    item.note = f"deleted in {one.base.connection}"
    if not others or draft.world.policy.deletion is Deletion.MARK:
        names = ", ".join(sorted({other.base.connection for other in others})) or "no other tool"
        says = f"{name_of(draft, one.base)} was deleted in {one.base.connection}; still in {names}."
        draft.warn(Grade.NOTE, says, one)


def _under_unseen(draft: Draft, one: ReplicaDraft) -> str:
    """Why nobody knows what a record lay under, in a container where we deleted records; "" somebody does."""
    view = draft.world.containers[one.place]
    lens = view.lenses.get("parent")
    ours = any(
        other.tie is Tie.TOMBSTONE and other.base.ours and other.place == one.place
        for other in draft.replicas.values()
    )
    if lens is None or not ours:
        return ""
    at: ReplicaDraft | None = one
    visited = set[str]()
    while at is not None and at.base.current is not None and at.base.id not in visited:
        visited.add(at.base.id)
        native = lens.refers(at.base.current.values)
        if native is None:
            return ""
        at = draft.by_native.get((one.base.connection, native))
        if at is None or at.base.tie is Tie.HIDDEN or at.base.current is None:
            return "where it lay under a record that is hidden from us"
    return ""


def _may_have_moved(draft: Draft, one: ReplicaDraft) -> bool:
    """Where moved records get new ids, gone is not told from moved to where we do not look; the bin would tell."""
    absence, keeps = one.base.absence, draft.world.containers[one.place].capabilities.moves_keep_id
    spreads = draft.world.policy.deletion is Deletion.PROPAGATE
    return spreads and not keeps and absence is not None and absence.presence is Presence.GONE


def _edited_unknown(item: ItemDraft, one: ReplicaDraft, others: list[ReplicaDraft]) -> str:
    """What the deleter did not know: a field agreed past what this tool was brought to, edited just now, or waiting
    undecided (for its owner, for its translation). "" nothing.
    """
    edited = _edited(item, one, others)
    return f"{edited} was edited in another tool" if edited else ""


def _unheard(draft: Draft, one: ReplicaDraft, others: list[ReplicaDraft]) -> str:
    """A field of a record that lives on which nobody can read now, since its container has lost it (F34)."""
    for other in others:
        view = draft.world.containers.get(other.place)
        for name in sorted(view.lost) if view is not None else ():
            if weighed(name) not in one.at:
                return f"its {name} cannot be read in {other.base.connection}"
    return ""


def _edited(item: ItemDraft, one: ReplicaDraft, others: list[ReplicaDraft]) -> str:
    """The field that a deleter did not know."""
    for name, agreed in sorted(item.agreed.items()):
        if name not in one.at or agreed.origin == one.base.connection:
            continue
        if agreed.version > max(one.at[name], one.at.get(weighed(name), NEVER)):
            return name
    for other in others:
        if other.fresh:
            return "it"
        edited = _edited_natives(other.base)
        if edited:
            return f"it ({', '.join(sorted(edited)[:3])})"
        waiting = sorted(name for name in other.undecided if weighed(name) not in one.at)
        if waiting:
            return waiting[0]
    return ""


def _edited_natives(replica: Replica) -> set[str]:
    """The native values a person changed since they were last seen."""
    reading, seen = replica.reading, replica.seen
    if reading is None or seen is None:
        return set()
    names = reading.values.keys() | seen.values.keys()
    return {n for n in names if reading.values.get(n) != seen.values.get(n)} - reading.computed


def _ask_deleted(draft: Draft, item: ItemDraft, one: ReplicaDraft, unknown: str) -> None:
    item.life, item.note = Life.LIVE, ""
    draft.asked += [each for each in draft.of_item[item.base.id] if each.tie is Tie.TOMBSTONE]
    _ask(draft, item, one, f"deleted in {one.base.connection} while {unknown}")


def _ask(draft: Draft, item: ItemDraft, one: ReplicaDraft, why: str) -> None:
    if (item.base.id, LIFE) in draft.conflicts:
        return
    sides = (
        Side(one.base.connection, "deleted", "deleted", 0),
        Side(None, "kept", "kept", 0, agreed=True),
    )
    identity = f"c-{digest([item.base.id, LIFE, one.base.id, why])[:12]}"
    conflict = Conflict(identity, item.base.id, LIFE, sides, draft.world.now, why)
    item.opened.append(conflict)
    item.held.add(LIFE)
    draft.conflicts[item.base.id, LIFE] = conflict
