"""The durable memory: items, replicas, agreed values, history, intents, conflicts, cursors, runs.

In: words, under a lease. Out: words. Read README.md beside this file first.
"""

from itpm_sync.ledger.deciding import Decided
from itpm_sync.ledger.documents import sides_digest
from itpm_sync.ledger.state import State
from itpm_sync.ledger.store import Ledger
from itpm_sync.ledger.words import (
    Claim,
    Claimed,
    ContainerState,
    Entry,
    Lease,
    LivePage,
    PairState,
    Place,
    Publication,
    Run,
    RunKind,
    RunStatus,
    Settlement,
    StoredLoser,
    StoredPair,
)

__all__ = [
    "Claim",
    "Claimed",
    "ContainerState",
    "Decided",
    "Entry",
    "Lease",
    "Ledger",
    "LivePage",
    "PairState",
    "Place",
    "Publication",
    "Run",
    "RunKind",
    "RunStatus",
    "Settlement",
    "State",
    "StoredLoser",
    "StoredPair",
    "sides_digest",
]
