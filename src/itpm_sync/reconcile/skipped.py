"""Items that people want left alone: those with a record that carries the skip label (`itpm-skip`), in any tool.

In: the draft. Out: which records carry the label, which items are left alone. Such an item is not written, not created
elsewhere, not deleted, and its edits are not decided: readings stay where they are, so that taking the label away takes
the item up again as if the runs in between had not been. What is tied where is still followed (a moved record, a record
paired with the item), for else a second copy would be made.

A record that is hidden, or believed gone, says nothing any more: nobody could take its label away.
"""

from __future__ import annotations

from itpm_sync.bases import Tie
from itpm_sync.plan import Skipped
from itpm_sync.reconcile.draft import Draft, ReplicaDraft
from itpm_sync.reconcile.reading import name_of, peek, title_of

LABELS = "labels"
_GONE = (Tie.HIDDEN, Tie.TOMBSTONE)


def labelled(draft: Draft, one: ReplicaDraft) -> bool:
    """Whether the record carries the skip label, by what was last read of it; capital letters do not matter."""
    label, base = draft.world.policy.skip_label, one.base
    view = draft.world.containers.get(one.place)
    lens = view.lenses.get(LABELS) if view is not None else None
    record = base.current
    if not label or view is None or lens is None or record is None:
        return False
    if not any(record.values.get(name) for name in lens.native):
        return False
    if base.absence is not None and (base.absence.confirmed or one.tie in _GONE):
        return False
    if one.tie is Tie.TOMBSTONE and base.reading is None:  # else it is there again
        return False
    found = peek(view, draft.envs[view.place], record, LABELS)
    return isinstance(found, frozenset) and label.casefold() in {str(each).casefold() for each in found}


def skip(draft: Draft) -> None:
    """Note in the draft which items are left alone, once it is known which record is whose."""
    for one in draft.replicas.values():
        if labelled(draft, one):
            if one.item is not None:
                draft.skipped.add(one.item)
            draft.skips.append(_told(draft, one))


def _told(draft: Draft, one: ReplicaDraft) -> Skipped:
    item = draft.items.get(one.item) if one.item is not None else None
    known = item is not None and "title" in item.agreed
    title = title_of(item) if item is not None and known else name_of(draft, one.base)
    return Skipped(one.item, *one.place, one.base.native_id, title)
