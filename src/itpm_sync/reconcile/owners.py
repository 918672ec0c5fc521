"""Who has the last word on a field of an item, and whether they can be heard in this run.

In: the draft, what each tool says of the field. Out: the policy that it is decided by; None where whoever has the last
word holds the item and cannot be heard: their record is hidden, what our last call did there is not known yet (it may
have made the record), or what stands there cannot be translated. Then edits elsewhere wait, unwritten and undecided.
Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from itpm_sync.bases import Tie
from itpm_sync.policy import FieldPolicy, Rule
from itpm_sync.reconcile.draft import Draft, ItemDraft, ReplicaDraft
from itpm_sync.reconcile.verdict import Entry

_HOLDING = (Tie.TIED, Tie.OUT_OF_SCOPE, Tie.HIDDEN)


def policy_of(draft: Draft, item: ItemDraft, name: str, entries: Sequence[Entry]) -> FieldPolicy | None:
    """The configured policy; but while the first schedule authority that holds the item computes it, that one owns.

    An open conflict waits for nobody: a person decides it.
    """
    heard = {entry.tool: entry for entry in entries}
    silent = {} if (item.base.id, name) in draft.conflicts else _silent(draft, item, name, heard)
    for tool in draft.world.policy.authorities:
        if tool in silent and _computes(draft, silent[tool], name):
            return None
        if tool in heard and heard[tool].computed:
            return FieldPolicy(Rule.OWNER, (tool,))
        if tool in heard or tool in silent:
            break
    policy = draft.world.policy.of_field(name)
    if policy.rule is Rule.OWNER:
        asked = {*silent, *_being_made(draft, item, name, heard)}
        owner = next((tool for tool in policy.owners if tool in heard or tool in asked), None)
        if owner in asked:
            return None
    return FieldPolicy(Rule.HOLD) if draft.world.doubted else policy


def _silent(draft: Draft, item: ItemDraft, name: str, heard: Mapping[str, Entry]) -> dict[str, ReplicaDraft]:
    """By connection: records that hold the field, were brought to a version of it, and say nothing of it now."""
    return {
        one.base.connection: one
        for one in draft.of_item[item.base.id]
        if one.tie in _HOLDING
        and name in one.at
        and one.base.connection not in heard
        and (view := draft.world.containers.get(one.place)) is not None
        and name in view.lenses
    }


def _being_made(draft: Draft, item: ItemDraft, name: str, heard: Mapping[str, Entry]) -> set[str]:
    """Connections that may hold the item since our last run: the outcome of its creation there is not known yet."""
    if (item.base.id, name) in draft.conflicts:
        return set()
    return {tool for one, tool in draft.world.creating if one == item.base.id and tool not in heard}


def _computes(draft: Draft, one: ReplicaDraft, name: str) -> bool:
    """Whether the tool computed the field when it was last read."""
    record = one.base.current
    return record is not None and draft.world.containers[one.place].lenses[name].computed(record.computed)
