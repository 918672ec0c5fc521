"""Native values kept with an intent, and put back as they were: what an undo rests on.

In: the writes of a call, the values it sends, the record as just read. Out: by field, what stood there and what was
sent; the values that put it back. Pure. A mapping may have changed meanwhile: native values mean the same ever after.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from itpm_sync.connector import Record
from itpm_sync.lens import Lens
from itpm_sync.plan import FieldWrite

Pairs = Mapping[str, tuple[Any, Any]]
"""By native name: what stands (or stood) there, and what is put there."""


def told(
    writes: Sequence[FieldWrite],
    values: Mapping[str, Any],
    expected: Record | None,
    lenses: Mapping[str, Lens],
) -> dict[str, dict[str, tuple[Any, ...]]]:
    """By field: the native values before a change, and as sent. Nothing of a creation: there was nothing before."""
    if expected is None:
        return {}
    found = {}
    for write in writes:
        lens = lenses.get(write.name)
        its = {*(write.natives or ()), *(lens.native if lens is not None else ())}
        if its.isdisjoint(values):
            continue
        found[write.name] = {
            name: (stood, values[name]) if name in values else (stood,)
            for name in sorted(its)
            if (stood := expected.values.get(name)) is not None or name in values
        }
    return found


def as_planned(pairs: Pairs, record: Record) -> bool:
    """Whether a record still holds what the plan saw (or what it is to hold), none of it computed there by now."""
    if not record.computed.isdisjoint(pairs):
        return False
    return all(record.values.get(name) in (stands, shall) for name, (stands, shall) in pairs.items())


def put_back(pairs: Pairs, values: Mapping[str, Any]) -> dict[str, Any]:
    """The native values to send so that the record holds the second of each pair; {} where it does."""
    return {name: shall for name, (_, shall) in pairs.items() if values.get(name) != shall}


def sent_with(natives: Mapping[str, Mapping[str, tuple[Any, ...]]]) -> dict[str, Any]:
    """The native values that an intent's call carried."""
    return {name: pair[1] for pairs in natives.values() for name, pair in pairs.items() if len(pair) > 1}
