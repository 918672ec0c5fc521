"""A decision carried out on the bases: what the ledger is to remember after it.

In: an item's base, its replicas, the decision about it. Out: the new ones. Pure; the ledger stores exactly this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from itpm_sync.bases import ItemBase, Replica, Tie
from itpm_sync.plan import Decision, ReplicaChange


def decided_item(item: ItemBase | None, decision: Decision) -> ItemBase:
    """The item after the decision; None before it where the decision makes it."""
    base = item or ItemBase(decision.item, made=decision.made)
    if decision.life is None:
        return replace(base, agreed={**base.agreed, **decision.agreed})
    return replace(base, agreed={**base.agreed, **decision.agreed}, life=decision.life, note=decision.note)


def decided_replicas(replicas: Mapping[str, Replica], decision: Decision) -> list[Replica]:
    """The replicas that the decision changes, as they are after it. One that takes over another has its base."""
    return [_changed(replicas[change.replica], replicas, change) for change in decision.replicas]


def _changed(replica: Replica, replicas: Mapping[str, Replica], change: ReplicaChange) -> Replica:
    seen, reading = replica.seen, replica.reading
    if change.drop is not None:
        seen = replicas[change.drop].seen
    if change.accept and reading is not None:
        seen, reading = reading, None
        if change.kept:
            seen = replace(seen, values={**change.kept, **seen.values})
    tie = replica.tie if change.tie is None else change.tie
    return replace(
        replica,
        item=change.item or replica.item,
        tie=tie,
        seen=seen,
        reading=reading,
        at=replica.at if change.at is None else change.at,
        offers=replica.offers if change.offers is None else change.offers,
        undecided=replica.undecided if change.undecided is None else change.undecided,
        ours=replica.ours and tie is Tie.TOMBSTONE,
    )
