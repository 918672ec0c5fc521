"""Who has the last word on a field of an item, and whether they can be heard in this run.

In: the draft, what each tool says of the field. Out: the policy that it is decided by; None where whoever has the last
word holds the item and cannot be heard: their record is hidden, what our last call did there is not known yet (it may
have made the record), what stands there cannot be translated, or its container has lost the field. Then edits elsewhere
wait, unwritten and undecided.
Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from itpm_sync.bases import Tie
from itpm_sync.connector import Presence
from itpm_sync.policy import FieldPolicy, Rule
from itpm_sync.reconcile.draft import Draft, ItemDraft, ReplicaDraft
from itpm_sync.reconcile.verdict import Entry

_HOLDING = (Tie.TIED, Tie.OUT_OF_SCOPE, Tie.HIDDEN)


def policy_of(draft: Draft, item: ItemDraft, name: str, entries: Sequence[Entry]) -> FieldPolicy | None:
    """The configured policy; but while the first schedule authority that holds the item computes it, that one owns.

    An open conflict waits for nobody: a person decides it.
    """
    heard = {entry.tool: entry for entry in entries if not _missing(draft.replicas[entry.replica])}
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


def said_again(draft: Draft, item: ItemDraft, one: ReplicaDraft) -> frozenset[str]:
    """Fields on which the tool of a record that is back has the last word: what stands there is said again, whatever
    was agreed while nobody had it; of a field that its container has lost, once that is back.
    """
    view = draft.world.containers[one.place]
    there = {other.base.connection for other in draft.of_item[item.base.id] if other.tie in _HOLDING}
    return frozenset(
        name
        for name in (*view.lenses, *view.lost)
        if (policy := draft.world.policy.of_field(name)).rule is Rule.OWNER
        and next((tool for tool in policy.owners if tool in there), None) == one.base.connection
    )


def _missing(one: ReplicaDraft) -> bool:
    """Whether the record is hidden or gone for all we know, not believed yet: what it said is no word of now."""
    return one.base.absence is not None and one.base.absence.presence is not Presence.MOVED


def _silent(draft: Draft, item: ItemDraft, name: str, heard: Mapping[str, Entry]) -> dict[str, ReplicaDraft]:
    """By connection: records that hold the field, were brought to a version of it, and say nothing of it now."""
    return {
        one.base.connection: one
        for one in draft.of_item[item.base.id]
        if one.tie in _HOLDING
        and name in one.at
        and one.base.connection not in heard
        and (view := draft.world.containers.get(one.place)) is not None
        and (name in view.lenses or name in view.lost)
    }


def _being_made(draft: Draft, item: ItemDraft, name: str, heard: Mapping[str, Entry]) -> set[str]:
    """Connections that may hold the item since our last run: the outcome of its creation there is not known yet."""
    if (item.base.id, name) in draft.conflicts:
        return set()
    return {tool for one, tool in draft.world.creating if one == item.base.id and tool not in heard}


def _computes(draft: Draft, one: ReplicaDraft, name: str) -> bool:
    """Whether the tool computed the field when it was last read."""
    record, view = one.base.current, draft.world.containers[one.place]
    lens = view.lenses.get(name) or view.lost[name]
    return record is not None and lens.computed(record.computed)
