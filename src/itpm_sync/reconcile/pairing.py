"""Untied records of this run: moved, copied, already known under another tool, or new.

In: the draft. Out: ties, new items, proposals for a person, all in the draft. Order: by our key, by a person's word,
by rule (title with parent or date), else a new item. A match by title alone and an ambiguous one are never guessed.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

from itpm_sync.bases import Life, Tie
from itpm_sync.codec import digest
from itpm_sync.connector import Presence
from itpm_sync.lens import Poisoned, Untranslatable
from itpm_sync.model import Day, Schedule
from itpm_sync.plan import Grade, PairProposal
from itpm_sync.reconcile.draft import Draft, ItemDraft, ReplicaDraft, unweighed
from itpm_sync.reconcile.owners import said_again
from itpm_sync.reconcile.reading import day_of, name_of, peek
from itpm_sync.reconcile.skipped import labelled
from itpm_sync.reconcile.world import ContainerView

_TITLE = "title"
_ELSEWHERE = (Presence.GONE, Presence.GONE_OR_HIDDEN, Presence.MOVED, Presence.BINNED)


def pair(draft: Draft) -> None:
    """Settle every untied record, container by container in the configuration's order.

    Those with the skip label come last: they are tied to what they surely are, and become no items of their own.
    """
    left_alone: list[tuple[ContainerView, list[ReplicaDraft]]] = []
    for place, view in draft.world.containers.items():
        untied = [
            one
            for one in draft.replicas.values()
            if one.tie is Tie.UNTIED and one.base.reading is not None and one.place == place
        ]
        if untied and not view.suspended:
            untied.sort(key=lambda one: one.base.native_id)
            strangers = [
                one
                for one in untied
                if not _by_key(draft, view, one) and not _by_person(draft, one) and not _unsure(draft, one)
            ]
            skipped = {
                one.base.id for one in strangers if labelled(draft, one) or _unreadable(draft, view, one)
            }
            left_alone.append((view, [one for one in strangers if one.base.id in skipped]))
            _by_rule(draft, view, [one for one in strangers if one.base.id not in skipped])
    for view, strangers in left_alone:
        _by_rule(draft, view, strangers, new=False)


def claimed(draft: Draft) -> set[tuple[str, str]]:
    """(connection, item) of which an untied record carries the key, where moved records get new ids: it may be it."""
    return {
        (one.base.connection, one.base.reading.key)
        for one in draft.replicas.values()
        if one.tie is Tie.UNTIED
        and one.base.reading is not None
        and one.base.reading.key is not None
        and (view := draft.world.containers.get(one.place)) is not None
        and not view.capabilities.moves_keep_id
        and (one.base.connection, one.base.native_id, one.base.reading.key) not in draft.world.refused_pairs
    }


def _unreadable(draft: Draft, view: ContainerView, one: ReplicaDraft) -> bool:
    """Whether translating the record breaks: what it is, a later run knows. Said, for nobody else tells of it."""
    record = one.base.reading
    if record is None:
        return False
    for lens in view.lenses.values():
        try:
            lens.get(record.values, draft.envs[view.place])
        except Poisoned as error:
            says = f"{name_of(draft, one.base)} in {view.name} is left out of this run: {error.message}"
            draft.warn(Grade.LEFT_OUT, says, one, field=error.field, mend=error.mend)
            return True
        except Untranslatable:
            continue
    return False


def _by_key(draft: Draft, view: ContainerView, one: ReplicaDraft) -> bool:
    """Tie by the key the record carries, or follow a move. True: settled, or to wait for a later run."""
    key = one.base.reading.key if one.base.reading else None
    spot = (one.base.connection, one.base.native_id)
    said = draft.world.accepted_pairs.get(spot, key)
    if key is None or key not in draft.items or said != key or (*spot, key) in draft.world.refused_pairs:
        return False
    holders = draft.holders(key, one.base.connection)
    sure = spot in draft.world.accepted_pairs or len(_claims(draft, one, key)) == 1
    if not holders:
        if not sure:
            return _ask(draft, one, (key,), "several records carry the same key")
        draft.tie(one, key)
        return True
    for old in holders:
        gone = old.base.absence is not None and old.base.absence.presence in _ELSEWHERE
        if gone and not old.base.ours and not view.capabilities.moves_keep_id:
            if not sure:
                draft.moving.add(old.base.id)
                return _ask(draft, one, (key,), "it was moved, and several records claim to be it")
            _follow(draft, one, old)
            return True
    # Moved or copied? A later run knows. Else a copy: the tied record keeps the key, this one is new.
    return not view.capabilities.moves_keep_id and any(_unread(draft, old) for old in holders)


def _unread(draft: Draft, old: ReplicaDraft) -> bool:
    """Whether nobody could look at a record's place in this run."""
    view = draft.world.containers.get(old.place)
    return old.tie is not Tie.TOMBSTONE and (view is None or bool(view.suspended) or not view.listed)


def _claims(draft: Draft, one: ReplicaDraft, key: str) -> list[ReplicaDraft]:
    return [
        other
        for other in draft.replicas.values()
        if other.tie is Tie.UNTIED
        and other.base.connection == one.base.connection
        and other.base.reading is not None
        and other.base.reading.key == key
        and (other.base.connection, other.base.native_id, key) not in draft.world.refused_pairs
    ]


def _follow(draft: Draft, one: ReplicaDraft, old: ReplicaDraft) -> None:
    """The tie moves with its base: the record went to another container and got a new id there."""
    assert old.item is not None
    env = draft.envs.get(old.place)
    if env is not None:
        env.untie(old.item)
    item, revived = old.item, old.tie is Tie.TOMBSTONE
    draft.of_item[item].remove(old)
    one.base = replace(one.base, seen=old.base.seen)
    one.seen_from, one.kept = old.place, _kept(draft, one, old)
    one.at, one.offers, one.undecided = unweighed(old.at), old.offers, old.undecided
    one.drop = old.base.id
    del draft.replicas[old.base.id]  # a reading that a run which died left there says nothing any more
    draft.tie(one, item)
    one.fresh = False
    if revived:
        one.undecided |= said_again(draft, draft.items[item], one)
        draft.revive(draft.items[item])


def _kept(draft: Draft, one: ReplicaDraft, old: ReplicaDraft) -> dict[str, Any]:
    """What a record said, where it was, of fields that the container it is in now has lost: absent is not empty."""
    view, source = draft.world.containers[one.place], draft.world.containers.get(old.place)
    seen, reading = old.base.seen, one.base.reading
    found: dict[str, Any] = {}
    if source is None or seen is None or reading is None:
        return found
    for name, lens in view.lost.items():
        before = source.lenses.get(name) or source.lost.get(name)
        if before is None or not lens.native.isdisjoint(reading.values):
            continue
        try:
            value = before.get(seen.values, draft.envs[old.place])
            found |= lens.put(value, {**reading.values, **found}, draft.envs[one.place])
        except Untranslatable:
            continue
    return found


def _by_person(draft: Draft, one: ReplicaDraft) -> bool:
    item = draft.world.accepted_pairs.get((one.base.connection, one.base.native_id))
    if item is None or item not in draft.items or draft.holders(item, one.base.connection):
        return False
    draft.tie(one, item)
    return True


def _unsure(draft: Draft, one: ReplicaDraft) -> bool:
    """Whether the record may be what a call of ours made whose answer was lost. Where that cannot be told, a person is
    asked; meanwhile it becomes no item of its own.
    """
    items = draft.world.unsure.get((one.base.connection, one.base.native_id))
    if items:
        return _ask(draft, one, items, "an interrupted run may have made it")
    if items is not None:
        draft.waiting_records.add(one.base.id)
        draft.later = True
    return items is not None


# ── by rule ──


@dataclass(frozen=True, slots=True)
class _Face:
    """What a record or item is recognised by."""

    title: str
    parent: str
    day: Day | None


def _plain(title: object) -> str:
    return " ".join(unicodedata.normalize("NFKC", str(title or "")).casefold().split())


def _face_of_record(draft: Draft, view: ContainerView, one: ReplicaDraft) -> _Face:
    env, record = draft.envs[view.place], one.base.reading
    parent = peek(view, env, record, "parent")
    return _Face(
        _plain(peek(view, env, record, "title")),
        _title_of(draft, parent) if isinstance(parent, str) else "",
        day_of(view, env, record),
    )


def _title_of(draft: Draft, item: str) -> str:
    """The title of an item: agreed, or on its records where nothing is decided yet."""
    found = draft.items.get(item)
    if found is None:
        return ""
    if "title" in found.agreed:
        return _plain(found.agreed["title"].value)
    for one in draft.of_item[item]:
        view = draft.world.containers.get(one.place)
        title = peek(view, draft.envs[view.place], one.base.current, "title") if view else None
        if title:
            return _plain(title)
    return ""


def _faces_of_item(draft: Draft, item: ItemDraft) -> list[_Face]:
    """An item's faces: as agreed, and as each of its records shows it."""
    faces = []
    if "title" in item.agreed:
        schedule, deadline = item.agreed.get("schedule"), item.agreed.get("deadline")
        day = schedule.value if schedule else None
        ends = (day.finish or day.start) if isinstance(day, Schedule) else None
        limit = deadline.value if deadline and isinstance(deadline.value, Day) else None
        parent = draft.parents.get(item.base.id)
        faces.append(
            _Face(
                _plain(item.agreed["title"].value), _title_of(draft, parent) if parent else "", ends or limit
            )
        )
    for one in draft.of_item[item.base.id]:
        view = draft.world.containers.get(one.place)
        if view is not None and one.base.current is not None and one.fresh:
            faces.append(_face_of_record(draft, view, one))
    return faces


def _alike(one: _Face, other: _Face) -> bool | None:
    """True: title and parent or date agree and nothing differs. None: the title alone. False: not the same."""
    if one.title != other.title or not one.title:
        return False
    same_parent = one.parent == other.parent if one.parent and other.parent else None
    same_day = one.day.date == other.day.date if one.day and other.day else None
    if same_parent is False or same_day is False:
        return None
    return True if same_parent or same_day else None


def _by_rule(draft: Draft, view: ContainerView, strangers: list[ReplicaDraft], *, new: bool = True) -> None:
    """Parents before children, so that a child's parent is known when it is compared. `new`: others become items."""
    if not strangers:
        return
    connection = view.place[0]
    by_title: dict[str, set[str]] = defaultdict(set)
    for item in draft.items.values():
        if not draft.holders(item.base.id, connection) and item.base.life is Life.LIVE:
            for face in _faces_of_item(draft, item):
                by_title[face.title].add(item.base.id)
    for generation in _generations(draft, view, strangers):
        _generation(draft, view, generation, by_title, new=new)


def _generations(
    draft: Draft, view: ContainerView, strangers: list[ReplicaDraft]
) -> list[list[ReplicaDraft]]:
    """The strangers by depth below one another."""
    native_parent = {
        one.base.native_id: view.lenses["parent"].refers(one.base.reading.values)
        if one.base.reading
        else None
        for one in strangers
        if "parent" in view.lenses
    }
    levels: dict[int, list[ReplicaDraft]] = defaultdict(list)
    for one in strangers:
        depth, at, visited = 0, native_parent.get(one.base.native_id), {one.base.native_id}
        while at in native_parent and at not in visited:
            visited.add(at)
            depth, at = depth + 1, native_parent.get(at)
        levels[depth].append(one)
    return [levels[depth] for depth in sorted(levels)]


def _generation(
    draft: Draft,
    view: ContainerView,
    strangers: list[ReplicaDraft],
    by_title: dict[str, set[str]],
    *,
    new: bool,
) -> None:
    strong: dict[str, list[str]] = {}
    weak: dict[str, list[str]] = {}
    claimed: dict[str, int] = defaultdict(int)
    for one in strangers:
        face = _face_of_record(draft, view, one)
        verdicts = {
            item: [_alike(face, other) for other in _faces_of_item(draft, draft.items[item])]
            for item in sorted(by_title.get(face.title, ()))
            if (one.base.connection, one.base.native_id, item) not in draft.world.refused_pairs
            and not draft.holders(item, one.base.connection)
        }
        strong[one.base.id] = [item for item, found in verdicts.items() if True in found]
        weak[one.base.id] = [item for item, found in verdicts.items() if None in found and True not in found]
        for item in strong[one.base.id]:
            claimed[item] += 1
    for one in strangers:
        sure = strong[one.base.id]
        if _TITLE in view.lost:  # what it is called cannot be read now: nobody can say what it is
            draft.waiting_records.add(one.base.id)
            draft.later = True
        elif any((item, view.place[0]) in draft.world.creating for item in (*sure, *weak[one.base.id])):
            # what an interrupted run made may be listed any moment: whether this is another, a later run knows
            draft.waiting_records.add(one.base.id)
            draft.later = True
        elif len(sure) == 1 and claimed[sure[0]] == 1:
            draft.tie(one, sure[0])
        elif sure or weak[one.base.id]:
            why = "several match" if sure else "only the title agrees"
            _ask(draft, one, (*sure, *weak[one.base.id]), why)
        elif new:
            draft.new_item(one)


def _ask(draft: Draft, one: ReplicaDraft, items: tuple[str, ...], why: str) -> bool:
    """A person says which; until then the record waits, and nothing is created for these items there."""
    base = one.base
    identity = f"p-{digest([base.connection, base.native_id, sorted(items)])[:12]}"
    titles = name_of(draft, base)
    draft.proposals.append(
        PairProposal(identity, base.connection, base.container, base.native_id, titles, items, why)
    )
    draft.waiting.update((item, base.connection) for item in items)
    draft.waiting_records.add(base.id)
    draft.warn(Grade.NOTE, f"{titles} waits for a pairing: {why}.", one, mend="See `itpm-sync pair list`.")
    return True
