"""What is quarantined, from deciding: records that could not be translated, and refusals that are over.

In: the draft after everything was decided. Out: refusals to keep, with a next try later and later, and places where
what was refused stands by now (a person typed it, or the agreed value came back to it).
"""

from __future__ import annotations

from collections.abc import Iterator

from itpm_sync.bases import UNREAD, Life, Refusal, Tie, next_try
from itpm_sync.lens import Untranslatable
from itpm_sync.reconcile.draft import Draft, ItemDraft, ReplicaDraft
from itpm_sync.reconcile.world import ContainerView

Spot = tuple[str, str, str, str]
"""(item, connection, container, field)."""


def poisoned(draft: Draft) -> tuple[Refusal, ...]:
    """A refusal for each item that was left out since nobody foresaw the form of a record; once it is due again."""
    known = {_spot(one): one for one in draft.world.refusals}
    found = []
    for spot, why in draft.poisoned.items():
        before = known.get(spot)
        attempts = before.attempts if before is not None and before.version == UNREAD else 0
        if before is not None and before.version == UNREAD and draft.world.now < before.next_try:
            continue
        found.append(Refusal(*spot, UNREAD, why, attempts + 1, next_try(draft.world.now, attempts)))
    return tuple(found)


def over(draft: Draft) -> tuple[Spot, ...]:
    """Refusals with nothing left to refuse."""
    return tuple(_spot(one) for one in draft.world.refusals if _over(draft, one))


def _over(draft: Draft, refusal: Refusal) -> bool:
    item = draft.items.get(refusal.item)
    view = draft.world.containers.get((refusal.connection, refusal.container))
    if item is None or view is None or view.suspended:
        return False
    if item.base.id in draft.skipped | draft.left_out:
        return False
    here = next((one for one in draft.of_item[item.base.id] if one.place == view.place), None)
    if here is None or here.tie is Tie.TOMBSTONE:
        return (item.life or item.base.life) is Life.DELETED
    if here.tie is not Tie.TIED or here.base.absence is not None or here.base.id in draft.world.pending:
        return False
    if (item.life or item.base.life) is Life.DELETED:
        return False
    names = [refusal.field] if refusal.field else list(_written(view))
    if refusal.version == UNREAD:  # the item was decided, so its records could be read
        return _spot(refusal) not in draft.poisoned
    return all(_stands(draft, item, here, view, name) for name in names)


def _written(view: ContainerView) -> Iterator[str]:
    return (name for name, lens in view.lenses.items() if lens.writable)


def _stands(draft: Draft, item: ItemDraft, one: ReplicaDraft, view: ContainerView, name: str) -> bool:
    """Whether the tool says what was agreed, or what was refused is no field of it any more."""
    lens, env, record = view.lenses.get(name), draft.envs[view.place], one.base.current
    agreed = item.agreed.get(name)
    if lens is None or agreed is None:
        return name not in ("", "key")
    if record is None or name in item.held or name in one.undecided:
        return False
    try:
        return lens.get(record.values, env) == lens.form(agreed.value, env)
    except Untranslatable:
        return False


def _spot(one: Refusal) -> Spot:
    return (one.item, one.connection, one.container, one.field)
