"""Every field of one item: gathers what each tool says, decides, and moves `at`.

In: the draft with its ties. Out: agreed values, losers, conflicts, `at` and offers in the draft.
"""

from __future__ import annotations

from collections.abc import Iterable

from itpm_sync.bases import NEVER, Tie
from itpm_sync.errors import ItpmError
from itpm_sync.lens import Env, Lens, Poisoned, Untranslatable
from itpm_sync.model import Value
from itpm_sync.plan import Grade, Warning
from itpm_sync.reconcile.draft import Draft, ItemDraft, ReplicaDraft, weighed
from itpm_sync.reconcile.fields import decide
from itpm_sync.reconcile.owners import policy_of
from itpm_sync.reconcile.reading import is_default, name_of
from itpm_sync.reconcile.verdict import Entry, Rules
from itpm_sync.reconcile.world import ContainerView

HEARD = (Tie.TIED, Tie.OUT_OF_SCOPE)
"""Ties whose edits are heard. Hidden and deleted records say nothing."""


def decide_items(draft: Draft, items: Iterable[ItemDraft]) -> None:
    """Parents are decided first: what `parent` reads as depends on nothing else, but children ask for it."""
    pending = [item for item in items if _speaks(draft, item)]
    sound = [item for item in pending if _guarded(draft, item, only=("parent",))]
    for item in sound:
        if _guarded(draft, item, without=("parent",)):
            _accept(draft, item)


def _guarded(
    draft: Draft, item: ItemDraft, *, only: tuple[str, ...] = (), without: tuple[str, ...] = ()
) -> bool:
    """Decide some fields of an item. One that cannot be decided is left out whole, named, and keeps its readings."""
    try:
        _decide(draft, item, only=only, without=without)
    except ItpmError as error:
        draft.put_back(item)
        if isinstance(error, Poisoned):
            draft.poisoned[item.base.id, *error.place, error.field] = error.message
        title = (
            name_of(draft, draft.of_item[item.base.id][0].base)
            if draft.of_item[item.base.id]
            else item.base.id
        )
        says = f"{title} is left out of this run: {error.message}"
        draft.warnings.append(Warning(Grade.LEFT_OUT, says, item=item.base.id, mend=error.mend))
        return False
    return True


def _speaks(draft: Draft, item: ItemDraft) -> bool:
    """Whether any tool says something new of the item, or a field of it was never decided or brought in step."""
    for one in draft.of_item[item.base.id]:
        if one.tie not in HEARD or one.base.id in draft.world.pending:
            continue
        if one.base.reading is not None or one.fresh or one.undecided:
            return True
        view = draft.world.containers.get(one.place)
        if view is not None and any(one.at.get(name) != _version(item, name) for name in view.lenses):
            return True
        if view is not None and _under_new(draft, one, view):
            return True
    return False


def _version(item: ItemDraft, name: str) -> int:
    agreed = item.agreed.get(name)
    return agreed.version if agreed else NEVER


def _decide(
    draft: Draft, item: ItemDraft, *, only: tuple[str, ...] = (), without: tuple[str, ...] = ()
) -> None:
    here = [
        (one, view)
        for one in draft.of_item[item.base.id]
        if one.tie in HEARD
        and one.base.current is not None
        and (view := draft.world.containers.get(one.place)) is not None
        and one.base.id not in draft.world.pending
    ]
    names = sorted({name for _, view in here for name in view.lenses} - set(without))
    for name in [name for name in names if not only or name in only]:
        entries = [
            entry for one, view in here if (entry := entry_of(draft, item, one, view, name)) is not None
        ]
        if entries:
            _decide_field(draft, item, name, entries)


def _decide_field(draft: Draft, item: ItemDraft, name: str, entries: list[Entry]) -> None:
    identity, world = item.base.id, draft.world
    open_ = draft.conflicts.get((identity, name))
    if open_ is not None and (open_.item != identity or open_.also):
        return  # an edge of a parent cycle: a person decides over all of them
    policy, configured = policy_of(draft, item, name, entries), world.policy
    if policy is None:
        for entry in entries:
            if entry.changed or (entry.first and not entry.empty):
                draft.replicas[entry.replica].unheard.add(name)
        return
    seed = () if world.doubted else configured.seed
    rules = Rules(identity, name, policy, seed, configured.newest_margin, world.zone, world.now)
    before = item.agreed.get(name)
    verdict = decide(before, entries, rules, open_)
    if verdict.agreed is not None and verdict.agreed != before:
        item.agreed[name] = verdict.agreed
    item.losers.extend(verdict.losers)
    item.reasons[name] = verdict.conflict.reason if verdict.conflict and not open_ else verdict.reason
    if verdict.conflict is not None and open_ is None:
        item.opened.append(verdict.conflict)
        item.held.add(name)
        draft.conflicts[identity, name] = verdict.conflict
    elif verdict.conflict is not None and verdict.conflict != open_:
        item.updated.append(verdict.conflict)
        draft.conflicts[identity, name] = verdict.conflict
    elif open_ is not None and verdict.conflict is None:
        item.closed.append(open_.id)
        item.held.discard(name)
        del draft.conflicts[identity, name]
    if name == "parent":
        draft.note_parent(item)
    for entry in entries:
        _step(draft, item, name, entry)


def _step(draft: Draft, item: ItemDraft, name: str, entry: Entry) -> None:
    """Rule 6: `at` moves to the agreed version wherever n(agreed) is what was seen, held and read-only ones too."""
    one = draft.replicas[entry.replica]
    agreed = item.agreed.get(name)
    version = agreed.version if agreed else NEVER
    if entry.taken is not None:
        one.at[name] = entry.taken
    elif name not in one.at:
        one.at[name] = NEVER
    if (entry.changed or entry.taken is not None) and name in one.offers:
        one.offers = {key: value for key, value in one.offers.items() if key != name}
    if _form(item, name, entry.lens, entry.env) == entry.now:
        one.at[name] = version


def _accept(draft: Draft, item: ItemDraft) -> None:
    """Seen := reading, for every replica that was decided from."""
    for one in draft.of_item[item.base.id]:
        if one.tie not in HEARD or one.base.id in draft.world.pending:
            continue
        view = draft.world.containers.get(one.place)
        if view is None or view.suspended or one.base.current is None:
            continue
        one.accept = True
        unread = {name for name in view.lenses if _untranslatable(draft, one, view, name)}
        one.undecided = frozenset(unread | one.unheard | _lost(draft, item, one, view))
        if one.base.reading is not None:
            _unasked(draft, item, one.undecided)


def _lost(draft: Draft, item: ItemDraft, one: ReplicaDraft, view: ContainerView) -> set[str]:
    """Fields that the container has lost, and that were edited (or left to people, as first values) before anybody
    could decide it.
    """
    seen, reading = one.base.seen, one.base.reading
    if seen is None or reading is None:
        return set(one.undecided & view.lost.keys())
    return {
        name
        for name, lens in view.lost.items()
        if name in one.undecided
        or (name not in item.agreed and _left_to_people(one, lens))
        or not (
            all(seen.values.get(n) == reading.values.get(n) for n in lens.native)
            or _same(draft, one, view, name)
        )
    }


def _same(draft: Draft, one: ReplicaDraft, view: ContainerView, name: str) -> bool:
    """Whether a record that moved says of a lost field what it said where it was, in other native words perhaps."""
    if one.seen_from is None or one.base.reading is None:
        return False
    before, known = _before(draft, one, view, name)
    try:
        now = view.lost[name].get({**one.kept, **one.base.reading.values}, draft.envs[view.place])
    except Untranslatable:
        return False
    return known and now == before


def _unasked(draft: Draft, item: ItemDraft, undecided: Iterable[str]) -> None:
    """What waits undecided since now, no question about a deletion of the item has covered yet."""
    for one in draft.of_item[item.base.id]:
        for name in undecided if one.tie is Tie.TOMBSTONE else ():
            one.at.pop(weighed(name), None)


def _untranslatable(draft: Draft, one: ReplicaDraft, view: ContainerView, name: str) -> bool:
    record = one.base.current
    if record is None:
        return False
    if name == "parent" and _parent_untied(draft, one, view):
        return True
    try:
        view.lenses[name].get(record.values, draft.envs[view.place])
    except Untranslatable:
        return True
    return False


def entry_of(
    draft: Draft, item: ItemDraft, one: ReplicaDraft, view: ContainerView, name: str
) -> Entry | None:
    """What one replica says of a field; None where it does not hold it or cannot be translated."""
    lens, record = view.lenses.get(name), one.base.seen if view.suspended else one.base.current
    if lens is None or record is None or (name == "parent" and _parent_untied(draft, one, view)):
        return None
    env = draft.envs[view.place]
    try:
        now = lens.get(record.values, env)
    except Poisoned:
        raise  # the item is left out whole
    except Untranslatable as unknown:
        draft.warn(
            Grade.LEFT_OUT,
            f"{name_of(draft, one.base)}: {unknown.message}",
            one,
            field=name,
            mend=unknown.mend,
        )
        return None
    under_new = name == "parent" and _under_new(draft, one, view)
    never = name not in item.agreed and (_left_to_people(one, lens) or under_new)
    first = one.fresh or name not in one.at or never
    undecided = (name in one.undecided or under_new) and not view.suspended
    if first and view.suspended:
        return None
    before, was_readable = (
        (now, True) if view.suspended else (None, False) if first else _before(draft, one, view, name)
    )
    if not first and not was_readable:
        undecided = True
    if name == "parent" and not first and _fallen(draft, one, view, now):
        now = before
    news = one.base.reading is not None and not view.suspended
    changed = not first and (now != before or undecided) and (news or undecided)
    offer = next((o for o in reversed(one.offers.get(name, ())) if changed and o.form == now), None)
    return Entry(
        one.base.id,
        view.place[0],
        lens,
        env,
        before,
        now,
        at=NEVER
        if first
        else _at(item, one, name, in_step=not undecided and _form(item, name, lens, env) == before),
        changed=changed,
        first=first,
        empty=is_default(lens, record, now),
        computed=lens.computed(record.computed),
        taken=offer.version if offer else None,
        edited=record.edited_at if view.capabilities.edit_times else None,
        actor=record.edited_by,
    )


def _form(item: ItemDraft, name: str, lens: Lens, env: Env) -> Value:
    agreed = item.agreed.get(name)
    return lens.form(agreed.value if agreed else None, env)


def _at(item: ItemDraft, one: ReplicaDraft, name: str, *, in_step: bool) -> int:
    """The version an edit there knew: the agreed one where that stood there (a resolution may have raised it since)."""
    return max(one.at.get(name, NEVER), _version(item, name)) if in_step else one.at.get(name, NEVER)


def _before(draft: Draft, one: ReplicaDraft, view: ContainerView, name: str) -> tuple[Value, bool]:
    """What was seen of a field, through today's lens of the container it was seen in (or the one it had, where it has
    lost the field since); whether it could be read.
    """
    place = one.seen_from or view.place
    source = draft.world.containers.get(place)
    lens = source.lenses.get(name) or source.lost.get(name) if source is not None else None
    if one.base.seen is None or lens is None:
        return None, False
    try:
        return lens.get(one.base.seen.values, draft.envs[place]), True
    except Untranslatable:
        return None, False


def _left_to_people(one: ReplicaDraft, lens: Lens) -> bool:
    """A value that its tool computed and computes no more: where nothing was ever agreed, it is a first one."""
    seen, now = one.base.seen, one.base.reading
    return seen is not None and now is not None and lens.computed(seen.computed - now.computed)


def _parent_untied(draft: Draft, one: ReplicaDraft, view: ContainerView) -> bool:
    """A parent that is no item yet (it waits for a pairing), was deleted and is back before a list shows it, or was
    moved here while it was out of our sight: whose child this is, a later run knows.
    """
    lens = view.lenses.get("parent")
    if lens is None or one.base.current is None:
        return False
    native = lens.refers(one.base.current.values)
    parent = draft.by_native.get((one.base.connection, native)) if native is not None else None
    if parent is None:
        return False
    if parent.tie is Tie.UNTIED:
        return parent.base.reading is not None
    if parent.tie is not Tie.TOMBSTONE:
        unseen = parent.tie is Tie.HIDDEN or parent.base.absence is not None
        return unseen and parent.place != one.place
    seen = one.base.seen
    return "parent" in one.base.undecided or seen is None or lens.refers(seen.values) != native


def _under_new(draft: Draft, one: ReplicaDraft, view: ContainerView) -> bool:
    """A parent that was no item when this record was decided (hidden from us, or not there to be listed) and is one
    from this run on: what stands there reads otherwise, though nobody edited it.
    """
    lens, seen = view.lenses.get("parent"), one.base.seen
    if not draft.tied_now or lens is None or seen is None or one.fresh or one.drop is not None:
        return False
    native = lens.refers(seen.values)
    return native is not None and (one.base.connection, native) in draft.tied_now


def _fallen(draft: Draft, one: ReplicaDraft, view: ContainerView, now: Value) -> bool:
    """A parent that is gone but not yet believed gone, or hidden: that its children fell to what is above it (or to
    the top) is no edit of theirs.
    """
    seen = one.base.seen
    lens = view.lenses.get("parent")
    native = lens.refers(seen.values) if lens is not None and seen is not None else None
    parent = draft.by_native.get((one.base.connection, native)) if native is not None else None
    if parent is None or parent.tie is Tie.TOMBSTONE:
        return False
    above = draft.envs[view.place].parent_here(draft.parents.get(parent.item or ""))
    return (parent.base.absence is not None or parent.tie is Tie.HIDDEN) and now in (None, above)
