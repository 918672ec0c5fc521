"""What a stage asks of its ledger between the calls of a run, at as little cost as it can.

In: a ledger; for what is asked at every call, the one connection of a ledger in memory. Out: plain answers.
"""

from __future__ import annotations

import sqlite3

from itpm_sync.bases import Tie
from itpm_sync.ledger import Ledger
from itpm_sync.simulator.bench import PROJECT
from itpm_sync.simulator.ghosts import Spot, mark

_TIES = "SELECT connection, native_id, item FROM replicas WHERE item IS NOT NULL"
_TIED = "SELECT connection, container, native_id FROM replicas WHERE tie IN ('tied', 'out of scope')"
_INTENDED = "SELECT 1 FROM intents WHERE id = ? AND called IS NOT NULL AND closed IS NULL"


def ties(raw: sqlite3.Connection) -> dict[Spot, str]:
    """What each record is tied to now."""
    return {(connection, native): item for connection, native, item in raw.execute(_TIES)}


def tied(raw: sqlite3.Connection) -> dict[Spot, set[str]]:
    """By connection and container: the records that are tied there, as brakes count them."""
    found: dict[Spot, set[str]] = {}
    for connection, container, native in raw.execute(_TIED):
        found.setdefault((connection, container), set()).add(native)
    return found


def intended(raw: sqlite3.Connection, intent: str) -> bool:
    """Whether an intent is durable, was called and is open; and no transaction hides that it is not."""
    return raw.execute(_INTENDED, (intent,)).fetchone() is not None and not raw.in_transaction


def stored(ledger: Ledger, item: str) -> set[str]:
    """The marks of an item's titles that are kept as losers."""
    found = ledger.losers_of(PROJECT, item, field="title")
    return {mark(one.loser.side.form) for one in found if one.loser is not None}


def unfinished(ledger: Ledger) -> bool:
    """Whether any record is absent and not yet believed so, or an intent is open that can be looked up."""
    state = ledger.load(PROJECT)
    replicas = list(state.replicas.values())
    absent = [r.absence for r in replicas if r.absence is not None and r.tie is not Tie.TOMBSTONE]
    if any(not absence.confirmed for absence in absent):
        return True
    hidden = {r.id for r in replicas if r.tie is Tie.HIDDEN}
    asked = {(item, pair.connection) for pair in state.proposals.values() for item in pair.candidates}
    return any(one.replica not in hidden and (one.item, one.connection) not in asked for one in state.intents)
