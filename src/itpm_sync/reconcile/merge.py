"""Two edits of one group that changed different members of it: both survive, if the law allows.

In: the agreed group and, for each edit, the whole group as it was and as it is (both lifted). Out: the merged group,
or None where the edits meet or the law would break. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from itpm_sync.laws import lawful
from itpm_sync.model import Progress, Schedule, Value


def merge_group(agreed: Value, edits: Sequence[tuple[Value, Value]]) -> Progress | Schedule | None:
    """`edits` are (before, after) of each candidate. A member changed twice to different values merges not."""
    kind = next((type(after) for _, after in edits if isinstance(after, Progress | Schedule)), None)
    if kind is None:
        return None
    base: Any = agreed if agreed is not None else kind()
    changed: dict[str, Any] = {}
    for before, after in edits:
        for name in (part.name for part in fields(kind)):
            old, new, held = (getattr(group or kind(), name) for group in (before, after, base))
            if old == new:
                continue
            if held not in (old, new) or changed.get(name, new) != new:
                return None
            changed[name] = new
    merged: Progress | Schedule = replace(base, **changed)
    return merged if lawful(merged) else None
