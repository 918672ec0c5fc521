"""Where a run's writing is done: the ledger, the connections, and the ties as they are becoming.

In: what the cycle made ready. Out: `Desk`, shared by the files of this folder. Its replicas and items are those that
the ledger holds, kept in step with every settlement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from itpm_sync.bases import Intent, ItemBase, Refusal, Replica, Tie, next_try
from itpm_sync.connector import Connector
from itpm_sync.errors import ItpmError
from itpm_sync.ledger import Lease, Ledger, Settlement
from itpm_sync.lens import Lens
from itpm_sync.plan import Action, FieldWrite
from itpm_sync.policy import ContainerPolicy
from itpm_sync.ports import Clock, Ids
from itpm_sync.ties import ContainerEnv

Place = tuple[str, str]
"""(connection, container)."""


_LIVE = (Tie.TIED, Tie.OUT_OF_SCOPE)


@dataclass(frozen=True, slots=True)
class Site:
    """One container, as writing needs it."""

    connector: Connector
    policy: ContainerPolicy
    lenses: Mapping[str, Lens]
    env: ContainerEnv
    keys: bool = True
    """Whether its records can carry our key."""
    listed: bool = True
    """Whether every container of its connection is completely listed in this run."""
    lost: Mapping[str, Lens] = field(default_factory=dict)
    """Of fields that it had once and nobody can hear now (`ContainerView.lost`)."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of one action (or of one of its passes)."""

    action: Action
    outcome: str
    """A connector.Status; `waits` where something it needs is not there yet, `moved on` where a person was faster."""
    reason: str = ""


@dataclass(slots=True)
class Desk:
    ledger: Ledger
    lease: Lease
    run: str
    clock: Clock
    ids: Ids
    sites: Mapping[Place, Site]
    items: dict[str, ItemBase]
    replicas: dict[str, Replica]
    lease_seconds: float = 300.0
    progress: Callable[[str], None] = lambda _says: None
    carried: list[Carried] = field(default_factory=list)
    refused_before: dict[tuple[str, str, str, str], int] = field(default_factory=dict)
    """(item, connection, container, field) -> attempts so far."""
    accepted: Mapping[tuple[str, str], str] = field(default_factory=dict)
    refused_pairs: frozenset[tuple[str, str, str]] = frozenset()
    """What people said of untied records: (connection, native id) -> the item it is; the items it is not."""
    unsure: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """Untied records that may be what a lost call made: the items a person is asked about; none: they wait."""
    suspended: dict[Place, ItpmError] = field(default_factory=dict)
    """Containers (a whole connection: "") that are left alone for the rest of this run, and why."""
    _here: dict[tuple[str, Place], str] = field(default_factory=dict)
    """(item, place) -> the replica that may be written there."""

    def __post_init__(self) -> None:
        for replica in self.replicas.values():
            self._index(replica)

    def _index(self, replica: Replica) -> None:
        if replica.item is not None and replica.tie in _LIVE:
            self._here[replica.item, (replica.connection, replica.container)] = replica.id

    def replica_of(self, item: str, place: Place) -> Replica | None:
        """The item's record in a container, in scope or (to be moved out from under another) out of it."""
        found = self.replicas.get(self._here.get((item, place), ""))
        if found is None or found.tie not in _LIVE or found.item != item:
            return None
        return found if (found.connection, found.container) == place else None

    def note(self, action: Action, outcome: str, reason: str = "") -> None:
        self.carried.append(Carried(action, outcome, reason))

    def refuse(self, action: Action, write: FieldWrite, why: str) -> None:
        """A field that its tool cannot take: quarantined, and tried again later and later."""
        key = (action.item, action.connection, action.container, write.name)
        attempts, now = self.refused_before.get(key, 0), self.clock.now()
        refusal = Refusal(*key, write.version, why, attempts + 1, next_try(now, attempts))
        self.ledger.add_refusals(self.lease, self.run, [refusal])
        self.note(action, "refused", f"{write.name}: {why}")

    def intend(self, intents: Sequence[Intent]) -> datetime:
        """Make intents durable whose calls go out now. Raises Fenced where the lease is lost; Paused, by a person."""
        now = self.clock.now()
        called = [replace(intent, called=now) for intent in intents]
        self.lease = self.ledger.intend(self.lease, called, renew=self.lease_seconds)
        return now

    def go_on(self, connection: str) -> None:
        """Before another call for intents that are made already. Raises Fenced, Paused."""
        self.lease = self.ledger.go_on(self.lease, connection, seconds=self.lease_seconds)

    def settle(self, settlements: Sequence[Settlement]) -> None:
        """Close intents with what they changed, and keep our copy in step."""
        if not settlements:
            return
        self.ledger.settle(self.lease, self.run, settlements)
        for one in settlements:
            if one.replica is not None:
                self.keep(one.replica)

    def keep(self, replica: Replica) -> None:
        """A replica as the ledger now holds it."""
        self.replicas[replica.id] = replica
        self._index(replica)
        site = self.sites.get((replica.connection, replica.container))
        if site is not None and replica.item is not None:
            if replica.tie is Tie.TOMBSTONE:
                site.env.untie(replica.item)
            else:
                site.env.tie(replica.item, replica.native_id)
