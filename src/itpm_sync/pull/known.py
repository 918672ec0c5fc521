"""What is known of one connection's records while it is pulled: looked up as pages ask for it.

In: the ledger's records, or all of them by id. Out: `Memory`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from itpm_sync.bases import Replica, Tie
from itpm_sync.ledger import Spot
from itpm_sync.pull.pulled import Pulled


def _questionable(spot: Spot, listed: Collection[str], claimed: Collection[str], *, followed: bool) -> bool:
    """Whether a listing and what is known of a record may not agree, or somebody else claims to be it.

    Of a deleted one that is listed: it may have been restored while it was hidden, and changes alone do not tell. One
    that is not, and of which something waits, may have been restored and deleted again.
    """
    if spot.tie is Tie.TOMBSTONE:
        return followed if spot.native_id in listed else spot.waits
    return spot.native_id not in listed or spot.item in claimed or spot.waits or spot.tie is Tie.UNTIED


class Known(Protocol):
    """What is known of one connection's records, over all its containers."""

    def replicas(self, natives: Collection[str]) -> Iterable[Replica]:
        """The replicas of these records, as far as there are any."""
        ...

    def spots(self) -> Sequence[Spot]:
        """Where every record is."""
        ...


class Listed:
    """What a mapping of replicas holds of one connection's records."""

    def __init__(self, replicas: Mapping[str, Replica], connection: str) -> None:
        self._by_native = {r.native_id: r for r in replicas.values() if r.connection == connection}

    def replicas(self, natives: Collection[str]) -> Iterable[Replica]:
        return [self._by_native[native] for native in natives if native in self._by_native]

    def spots(self) -> Sequence[Spot]:
        return [Spot(r.native_id, r.container, r.item, r.tie, r.waits) for r in self._by_native.values()]


class Memory:
    """What is known of one connection's records while a pull goes on: by native id, over all its containers."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._asked: set[str] = set()
        self.by_native: dict[str, Replica] = {}
        """As far as they were recalled or kept."""
        self.changed: dict[str, Replica] = {}
        self.all: set[str] = set()
        """Every record that is known at all; filled by `unlisted`."""

    def recall(self, natives: Collection[str]) -> None:
        """Look up what is known of these records."""
        unasked = [native for native in natives if native not in self._asked]
        self._asked.update(unasked)
        for replica in self._known.replicas(unasked) if unasked else ():
            self.by_native.setdefault(replica.native_id, replica)

    def unlisted(self, pulls: Sequence[Pulled], *, keys: bool) -> None:
        """Recall the records that complete listings did not show. `keys`: and the untied ones, and all whose key
        one of those carries.
        """
        listed = {pulled.container: pulled.listed for pulled in pulls if pulled.listed is not None}
        spots = self._known.spots()
        if keys:
            self.recall([spot.native_id for spot in spots if spot.tie is Tie.UNTIED])
        claimed = self.claimed() if keys else set()
        followed = {pulled.container for pulled in pulls if not pulled.complete}
        self.recall(
            [
                spot.native_id
                for spot in spots
                if (
                    (seen := listed.get(spot.container)) is not None
                    and _questionable(spot, seen, claimed, followed=spot.container in followed)
                )
                or (
                    # restored and moved while it was hidden: changes alone tell of neither
                    spot.tie is Tie.TOMBSTONE
                    and any(spot.native_id in listed.get(place, ()) for place in followed - {spot.container})
                )
            ]
        )
        self.all = {spot.native_id for spot in spots} | self.by_native.keys()

    def claimed(self) -> set[str]:
        """Items whose key an untied record carries too: moved or copied, which a list that lags cannot tell."""
        return {
            replica.reading.key
            for replica in self.by_native.values()
            if replica.tie is Tie.UNTIED and replica.reading is not None and replica.reading.key is not None
        }

    def tied(self, native_id: str) -> bool:
        """Whether a record is an item's, as far as was recalled."""
        known = self.by_native.get(native_id)
        return known is not None and known.item is not None and known.tie is not Tie.TOMBSTONE

    def keep(self, replica: Replica) -> None:
        self.by_native[replica.native_id] = replica
        self.changed[replica.id] = replica

    def forget(self, native_ids: Collection[str]) -> None:
        """Records that turned out to be another project's."""
        for native in native_ids:
            replica = self.by_native.pop(native, None)
            if replica is not None:
                self.changed.pop(replica.id, None)
