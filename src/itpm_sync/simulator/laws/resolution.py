"""S30: a person's resolution writes exactly the chosen value, once, and is refused where a side moved since.

In: a bench, a conflict as a person saw it, the choice. Out: what is broken.
"""

from __future__ import annotations

from itpm_sync.bases import LIFE, Conflict
from itpm_sync.codec import encode
from itpm_sync.cycle import resolve
from itpm_sync.errors import Moved
from itpm_sync.ledger import sides_digest
from itpm_sync.simulator.bench import PROJECT, Bench


def settled(bench: Bench, conflict: Conflict, number: int, *, seen: Conflict) -> list[str]:
    """Settle `conflict` as it is now by its side `number`, by a person who looked at `seen`."""
    moved = sides_digest(seen) != sides_digest(conflict)
    before = bench.ledger.load(PROJECT).items
    side = conflict.sides[number - 1]
    try:
        resolve(bench.workspace(), conflict.id, str(number), actor="bea", sides_seen=sides_digest(seen))
    except Moved:
        return [] if moved else [f"S30: {conflict.id} is said to have moved, and has not"]
    if moved:
        return [f"S30: {conflict.id} was resolved though a side moved since it was looked at"]
    if conflict.field == LIFE:
        return []
    target = side.item or conflict.item
    agreed = bench.ledger.load(PROJECT).items[target].agreed[conflict.field]
    known = before[target].agreed.get(conflict.field)
    if encode(agreed.value) != encode(side.value) or agreed.version != (known.version if known else 0) + 1:
        return [f"S30: {conflict.id} was resolved to {side.value!r}, and {agreed.value!r} is agreed"]
    if any(one.id == conflict.id for one in bench.ledger.conflicts(PROJECT)):
        return [f"S30: {conflict.id} was resolved and is still open"]
    return []
