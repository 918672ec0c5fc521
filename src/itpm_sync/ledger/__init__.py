"""The durable memory: items, replicas, agreed values, history, intents, conflicts, cursors, runs.

In: words, under a lease. Out: words. Read README.md beside this file first.
"""

from itpm_sync.ledger.anchor import Head, Misfit
from itpm_sync.ledger.as_of import Past
from itpm_sync.ledger.audit import Audit, Finding
from itpm_sync.ledger.deciding import Decided
from itpm_sync.ledger.documents import sides_digest
from itpm_sync.ledger.events import Event, What
from itpm_sync.ledger.outside import Adoption
from itpm_sync.ledger.part import Spot
from itpm_sync.ledger.redaction import Redacted, Redaction
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
    Pause,
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
    "Adoption",
    "Audit",
    "Claim",
    "Claimed",
    "ContainerState",
    "Decided",
    "Entry",
    "Event",
    "Finding",
    "Head",
    "Lease",
    "Ledger",
    "LivePage",
    "Misfit",
    "PairState",
    "Past",
    "Pause",
    "Place",
    "Publication",
    "Redacted",
    "Redaction",
    "Run",
    "RunKind",
    "RunStatus",
    "Settlement",
    "Spot",
    "State",
    "StoredLoser",
    "StoredPair",
    "What",
    "sides_digest",
]
