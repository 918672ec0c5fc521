"""Which items live where: what leaves or enters a container's scope, and what is to be created.

In: the draft after fields were decided. Out: ties in and out of scope, and the creations. Nothing is created in a
connection that holds the item in any state, that was not completely listed, or while a pairing waits, there or for a
title that a container has lost.
"""

from __future__ import annotations

from collections import defaultdict

from itpm_sync.bases import LIFE, Life, Tie
from itpm_sync.model import Kind, Progress, Schedule, field_of
from itpm_sync.plan import Grade
from itpm_sync.policy import Creation, Scope
from itpm_sync.reconcile.draft import Draft, ItemDraft
from itpm_sync.reconcile.world import ContainerView

_TITLE = "title"


def takes(scope: Scope, item: ItemDraft) -> bool:
    """Whether a container of that scope takes the item, by its agreed fields."""
    kind = item.agreed.get("kind")
    if scope.kinds and (kind.value if kind and kind.value else Kind.TASK) not in scope.kinds:
        return False
    return all(_words(item, name) & wanted for name, wanted in scope.where.items())


def _words(item: ItemDraft, name: str) -> frozenset[str]:
    """The agreed value of a field or a group's part, as the words a condition compares."""
    agreed = item.agreed.get(field_of(name))
    value = agreed.value if agreed else None
    if isinstance(value, Progress | Schedule):
        value = getattr(value, name, None)
    if isinstance(value, frozenset):
        return frozenset(str(member) for member in value)
    return frozenset() if value is None else frozenset({str(value)})


def rescope(draft: Draft) -> None:
    """Move ties in and out of scope as the agreed fields now say."""
    for one in draft.replicas.values():
        if one.item is None or one.tie not in (Tie.TIED, Tie.OUT_OF_SCOPE) or one.item not in draft.items:
            continue
        view = draft.world.containers.get(one.place)
        if view is not None and one.item not in draft.skipped:
            inside = takes(view.policy.scope, draft.items[one.item])
            one.tie = Tie.TIED if inside else Tie.OUT_OF_SCOPE


def creations(draft: Draft) -> list[tuple[ItemDraft, ContainerView]]:
    """What is to be created where, in the containers' order."""
    by_connection: dict[str, list[ContainerView]] = defaultdict(list)
    for view in draft.world.containers.values():
        by_connection[view.place[0]].append(view)
    wanted, nameless = [], _nameless(draft)
    for item in draft.subjects():
        if (item.life or item.base.life) is Life.DELETED or LIFE in item.held:
            continue
        if item.base.id in draft.skipped or item.base.id in draft.left_out:
            continue
        for connection, views in by_connection.items():
            taker = next((view for view in views if takes(view.policy.scope, item)), None)
            if taker is None or not _may_create(draft, item, taker, views, connection):
                continue
            if connection in nameless:
                draft.later = True
            else:
                wanted.append((item, taker))
    return wanted


def _may_create(
    draft: Draft, item: ItemDraft, view: ContainerView, siblings: list[ContainerView], connection: str
) -> bool:
    identity = item.base.id
    if view.policy.creation is Creation.MATCH_ONLY or not view.capabilities.creates or not view.writable:
        return False
    if draft.holders(identity, connection) or (identity, connection) in draft.world.creating:
        return False
    if (identity, connection) in draft.waiting or not _still_there(draft, identity):
        return False
    if any(not sibling.listed or sibling.suspended for sibling in siblings):
        draft.warn(
            Grade.NOTE,
            f"Nothing is created in {connection} in this run: not all of its containers could be listed.",
            mend="The next run that lists them all creates what is missing.",
        )
        return False
    if _TITLE in item.held:  # what it is called is asked about first
        return False
    if _TITLE in view.lost:  # what is made without a title is known to nobody
        draft.later = True
        return False
    if view.policy.creation is Creation.MATCH_THEN_CREATE and item.base.made is not None:
        if draft.world.now < item.base.made + view.horizon:
            draft.later = True
            return False
    return True


def _nameless(draft: Draft) -> set[str]:
    """The connections in which a new record waits for the title that its container has lost: it may be any item."""
    lost = {place for place, view in draft.world.containers.items() if _TITLE in view.lost}
    if not lost:
        return set()
    return {one.place[0] for one in draft.replicas.values() if one.tie is Tie.UNTIED and one.place in lost}


def _still_there(draft: Draft, item: str) -> bool:
    """Some record of the item is surely there: an item whose only record is absent is created nowhere."""
    return any(
        one.tie in (Tie.TIED, Tie.OUT_OF_SCOPE) and one.base.absence is None for one in draft.of_item[item]
    )
