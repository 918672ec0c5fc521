"""The kinds of tools that a story can have: what each can do, and how each is met.

In: nothing. Out: `KINDS` by name. A seed picks a few of them (swarm testing: what is always on hides what is not).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from itpm_sync.connector import Capabilities


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of tool."""

    name: str
    able: Capabilities
    follows: bool = False
    """Its lists go on from a cursor, and sweep the ids."""
    minutes: bool = False
    """Its times of edit are told to the minute."""


def _kinds(*kinds: Kind) -> dict[str, Kind]:
    return {kind.name: kind for kind in kinds}


KINDS: Final = _kinds(
    Kind("able", Capabilities(history=True, edit_times=True, bin=True, tells_hidden=True), follows=True),
    Kind("conditional", Capabilities(conditional=True, tells_hidden=True, moves_keep_id=False, batch=2)),
    Kind(
        "unordered",
        Capabilities(history=True, edit_times=True, ordered=False, bin=True),
        minutes=True,
    ),
    Kind(
        "new ids",
        Capabilities(history=True, bin=True, tells_hidden=True, moves_keep_id=False, batch=1),
        follows=True,
    ),
    Kind(
        "by hand",
        Capabilities(creates=False, updates=False, deletes=False, by_hand=True, tells_hidden=True),
    ),
    Kind("bare", Capabilities()),
    Kind("no keys", Capabilities(keys=False, history=True, bin=True, tells_hidden=True)),
    Kind("no deletions", Capabilities(deletes=False, history=True, tells_hidden=True, edit_times=True)),
)
