"""Held values: an item with an open conflict, as each side would have it.

In: items and open conflicts. Out: every version of an item that its sides make; the figures take the worse one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product

from itpm_sync.bases import LIFE, Conflict
from itpm_sync.model import Item, Value

_MOST = 64
"""Versions of one item that are looked at; more sides than this make no page clearer."""


def by_item(conflicts: Sequence[Conflict]) -> Mapping[str, Mapping[str, Conflict]]:
    """Open conflicts by item and field."""
    found: dict[str, dict[str, Conflict]] = defaultdict(dict)
    for conflict in conflicts:
        found[conflict.item][conflict.field] = conflict
    return found


def versions(item: Item, held: Mapping[str, Conflict]) -> Iterator[Item]:
    """The item as agreed, then as each combination of its conflicts' sides would have it.

    A conflict about whether the item lives at all leaves it as it is: it counts until that is settled.
    """
    fields = [name for name in sorted(held) if name != LIFE and held[name].sides]
    yield item
    choices: list[list[Value]] = [[side.value for side in held[name].sides] for name in fields]
    if not fields:
        return
    for values in islice(product(*choices), _MOST):
        yield Item(item.id, {**item.values, **dict(zip(fields, values, strict=True))})
