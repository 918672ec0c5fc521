"""The histories of a row's cells, put together to edits of the row.

In: each cell's values with time and person, oldest first. Out: edits in order, each with the row's values before and
after it. Smartsheet keeps a history a cell and whole seconds: what one person changed within one second is one edit;
two people within one second are put in an order that agrees with every cell's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from itpm_sync.connector import Edit

OURS = "itpm-sync"


@dataclass(frozen=True, slots=True)
class Was:
    """One past value of a cell."""

    at: datetime
    by: str
    value: Any


def edits_of(
    pasts: Mapping[str, Sequence[Was]], fixed: Mapping[str, Any], *, since: datetime, me: str
) -> list[Edit]:
    """Edits since then, oldest first. `fixed` are the row's values without a history; `me` is our account, or ""."""
    state: dict[str, Any] = {**fixed, **dict.fromkeys(pasts)}
    found = []
    for step in _steps({name: list(past) for name, past in pasts.items()}):
        before = dict(state)
        state.update({name: was.value for name, was in step.items()})
        first = next(iter(step.values()))
        if first.at >= since:
            ours = OURS if me and first.by == me else None
            found.append(Edit(first.at, first.by, ours, before, dict(state)))
    return found


def _steps(waiting: dict[str, list[Was]]) -> Iterator[dict[str, Was]]:
    """What was changed together, step by step: by column, the new value."""
    while any(waiting.values()):
        at = min(past[0].at for past in waiting.values() if past)
        heads = {name: past[0] for name, past in waiting.items() if past and past[0].at == at}
        who = _next(heads, waiting, at)
        step = {name: was for name, was in heads.items() if was.by == who}
        for name in step:
            waiting[name].pop(0)
        yield step


def _next(heads: Mapping[str, Was], waiting: Mapping[str, list[Was]], at: datetime) -> str:
    """Whose turn it is: somebody who comes first in every cell that they changed within this second."""
    for was in heads.values():
        later = {
            each.by
            for past in waiting.values()
            for each in past[1:]
            if past[0].by != was.by and each.at == at
        }
        if was.by not in later:
            return was.by
    return next(iter(heads.values())).by
