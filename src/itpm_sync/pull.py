"""What each container says now, compared with what was last read of it.

In: a connector, what the ledger knows of its records. Out: replicas with new readings, absences and how well each
container was listed. Readings are stored page by page; the cursor moves with the last one. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from itpm_sync.bases import Absence, Replica, Tie, replica_id
from itpm_sync.connector import Capabilities, Connector, ContainerInfo, Page, Presence, Record, Sighting
from itpm_sync.errors import ItpmError
from itpm_sync.ledger import ContainerState, Spot

Store = Callable[[Sequence[Replica], ContainerState | None], None]
"""Make readings durable; with a container state, its cursor in the same transaction."""

Remembered = Callable[[ContainerInfo, ContainerState], Mapping[str, Any]]
"""What the ledger keeps of a container's description, beside what it kept before."""

Returned = Callable[[ContainerInfo, ContainerState | None], frozenset[str]]
"""Native names of fields that a container has again."""

Strange = Callable[[ContainerState | None, ContainerInfo], str]
"""Why a container is not the one that was read before; "" it is."""


def never(_before: ContainerState | None, _info: ContainerInfo) -> str:
    """Nothing is strange."""
    return ""


def none(_info: ContainerInfo, _before: ContainerState | None) -> frozenset[str]:
    """No field came back."""
    return frozenset()


_ABSENT = (Presence.GONE, Presence.GONE_OR_HIDDEN, Presence.HIDDEN, Presence.MOVED, Presence.BINNED)


@dataclass(slots=True)
class Pulled:
    """One container's pull. Mutable while it goes on."""

    connection: str
    container: str
    info: ContainerInfo | None = None
    state: ContainerState | None = None
    """As stored; None where the pull did not come to its end."""
    before: ContainerState | None = None
    listed: frozenset[str] | None = None
    """Every native id that is there, where this pull listed them all."""
    skipped: list[tuple[str, str]] = field(default_factory=list)
    last_edit: datetime | None = None
    error: ItpmError | None = None
    complete: bool = False
    """Whether this pull read every record that is there."""
    recognised: int = 0
    """How many of the records that were read are tied, tombstones left out."""
    strange: str = ""
    """Why it is not the container it was; then nothing of it was read."""
    returned: frozenset[str] = frozenset()
    """Fields that it has again: every record is read, and what it says of them is heard whatever its revision."""

    @property
    def whole(self) -> bool:
        """Whether all that is there is known: listed now, or listed once and followed since."""
        return self.error is None and self.state is not None and self.state.last_complete is not None


def _questionable(spot: Spot, listed: Collection[str], claimed: Collection[str], *, followed: bool) -> bool:
    """Whether a listing and what is known of a record may not agree, or somebody else claims to be it.

    Of a deleted one that is listed: it may have been restored while it was hidden, and changes alone do not tell.
    """
    if spot.tie is Tie.TOMBSTONE:
        return followed and spot.native_id in listed
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
        return [
            Spot(r.native_id, r.container, r.item, r.tie, r.absence is not None)
            for r in self._by_native.values()
        ]


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
                if (seen := listed.get(spot.container)) is not None
                and _questionable(spot, seen, claimed, followed=spot.container in followed)
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


async def pull_container(
    connector: Connector,
    container: str,
    *,
    before: ContainerState | None,
    memory: Memory,
    store: Store,
    remembered: Remembered,
    now: datetime,
    strange: Strange = never,
    returned: Returned = none,
) -> Pulled:
    """Pull one container. Errors of the tool end up in `error`; what came before is good and stays stored.

    One that is not the container it was is not read: `strange` says why. One that has a field again is read whole.
    """
    pulled = Pulled(connector.name, container, before=before)
    try:
        pulled.info = await connector.describe(container)
        pulled.strange = strange(before, pulled.info)
        if pulled.strange:
            return pulled
        pulled.returned = returned(pulled.info, before)
        cursor = before.cursor if before else None
        seen: set[str] = set()
        async for page in connector.pull(container, cursor, full=bool(pulled.returned)):
            memory.recall([record.native_id for record in page.records])
            listed = [replace(record, position=place) for place, record in enumerate(page.records, len(seen))]
            changed = [new for record in listed if (new := _reading(connector, pulled, record, memory))]
            pulled.recognised += sum(memory.tied(record.native_id) for record in page.records)
            seen.update(record.native_id for record in page.records)
            seen.update(native for native, _ in page.skipped)
            pulled.skipped.extend(page.skipped)
            edits = [record.edited_at for record in page.records if record.edited_at is not None]
            pulled.last_edit = max([*edits, *([pulled.last_edit] if pulled.last_edit else [])], default=None)
            for replica in changed:
                memory.keep(replica)
            state = _finished(pulled, page, seen, remembered, now) if page.last else None
            if changed or state is not None:
                store(changed, state)
            pulled.state = state
    except ItpmError as error:
        pulled.error = error
    return pulled


def _finished(
    pulled: Pulled, page: Page, seen: set[str], remembered: Remembered, now: datetime
) -> ContainerState:
    """The container's state after its last page."""
    before = pulled.before or ContainerState(pulled.connection, pulled.container)
    info = pulled.info
    pulled.complete = page.complete
    if page.complete:
        pulled.listed = frozenset(seen)
    elif page.listed is not None:
        pulled.listed = page.listed
    edits = [moment for moment in (pulled.last_edit, before.last_edit) if moment is not None]
    return replace(
        before,
        # a container that seems to be emptied is asked about: its cursor must not pass over what it did not tell
        cursor=before.cursor if pulled.listed == frozenset() and before.known else page.cursor,
        last_read=now,
        last_complete=now if pulled.listed is not None else before.last_complete,
        last_edit=max(edits, default=None),
        fingerprint=before.fingerprint or (info.fingerprint if info else None),
        document={**(before.document or {}), **remembered(info, before)} if info else before.document,
    )


def _reading(connector: Connector, pulled: Pulled, record: Record, memory: Memory) -> Replica | None:
    """The replica with this record as its reading; None where it says nothing new (rules 0 and 1)."""
    known, container = memory.by_native.get(record.native_id), pulled.container
    if known is None:
        fresh = replica_id(connector.name, record.native_id)
        return Replica(fresh, connector.name, container, record.native_id, None, Tie.UNTIED, reading=record)
    after = read_again(
        known, container, filled(known, pulled, record), connector.capabilities, pulled.returned
    )
    return None if after == known else after


def filled(known: Replica, pulled: Pulled, record: Record) -> Record:
    """The record with what it said before of fields that its container does not have now: absent is not empty (F34)."""
    if pulled.info is None:
        return record
    return record.completed(known.seen, (one.name for one in pulled.info.fields))


def read_again(
    known: Replica,
    container: str,
    record: Record,
    capabilities: Capabilities,
    returned: frozenset[str] = frozenset(),
) -> Replica:
    """A known record read again, in whichever container it is now. `returned`: fields that nobody could hear before."""
    seen, moved = known.seen, known.container != container
    buried = known.tie is Tie.TOMBSTONE
    old = seen is not None and not moved and capabilities.ordered and record.revision <= seen.revision
    if old and not _heard_again(seen, record, returned):
        # not newer than what was decided: a lagging index must not revert our own write (rule 0)
        return known if buried else replace(known, absence=None)
    here = replace(known, container=container, absence=None)
    if seen is not None and same(seen, record) and not moved and not buried:
        return replace(here, seen=record, reading=None)
    return replace(here, reading=record)


def _heard_again(seen: Record | None, record: Record, returned: frozenset[str]) -> bool:
    """Whether the record, as it was decided, says something of a field that was not there then."""
    return (
        seen is not None
        and record.revision == seen.revision
        and any(record.values.get(name) != seen.values.get(name) for name in returned)
    )


def same(one: Record, other: Record) -> bool:
    """Whether two readings of one record say the same; revisions and times apart."""
    return (one.values, one.computed, one.key) == (other.values, other.computed, other.key)


async def sweep(
    connector: Connector, pulls: Sequence[Pulled], memory: Memory, *, store: Store, now: datetime
) -> None:
    """Read directly what complete listings did not show. An absence is confirmed one horizon after its first
    sighting, and only while every container of the connection was listed completely. An error of the tool ends up
    in the `error` of that container's pull.
    """
    complete = all(pulled.listed is not None for pulled in pulls)
    keys = not connector.capabilities.moves_keep_id
    if any(pulled.listed is not None for pulled in pulls):
        memory.unlisted(pulls, keys=keys)
    claimed = memory.claimed() if keys else set()
    for pulled in pulls:
        if pulled.listed is None:
            continue
        missing = [
            replica
            for replica in memory.by_native.values()
            if replica.container == pulled.container
            and _astray(replica, pulled.listed, claimed, followed=not pulled.complete)
        ]
        wanted = [replica.native_id for replica in missing]
        wanted += sorted(pulled.listed - memory.all - {native for native, _ in pulled.skipped})
        if not wanted:
            continue
        try:
            sightings = await connector.read(pulled.container, wanted)
        except ItpmError as error:
            pulled.error = error
            continue
        changed = []
        for sighting in sightings:
            known = memory.by_native.get(sighting.native_id)
            after: Replica | None
            if known is not None:
                after = _sighted(connector, known, sighting, pulls, complete=complete, now=now)
            else:
                after = _shown(connector, pulled, sighting, memory)
            if after is not None and after != known:
                memory.keep(after)
                changed.append(after)
        if changed:
            store(changed, None)


def _astray(
    replica: Replica, listed: Collection[str], claimed: Collection[str | None], *, followed: bool
) -> bool:
    """Whether a complete listing and what is known of a record do not agree.

    A record that is listed though it was away may only have been shown again: no pull of changes tells of it. Nor of
    a deleted one that was restored while it was hidden (`followed`: the listing told changes only).
    """
    if replica.tie is Tie.TOMBSTONE:
        # it may still hold what no run had decided when it went
        unread = replica.reading is None or replica.absence is not None
        return followed and replica.native_id in listed and unread
    if replica.native_id in listed:
        return replica.item in claimed or replica.absence is not None or replica.current is None
    return replica.current is not None


def _shown(connector: Connector, pulled: Pulled, sighting: Sighting, memory: Memory) -> Replica | None:
    """A record that came into sight without having been changed (a permission): no pull of changes tells of it."""
    if sighting.presence is not Presence.PRESENT or sighting.record is None:
        return None
    return _reading(connector, pulled, sighting.record, memory)


def _sighted(
    connector: Connector,
    known: Replica,
    sighting: Sighting,
    pulls: Sequence[Pulled],
    *,
    complete: bool,
    now: datetime,
) -> Replica:
    """A record that was not listed, after it was read directly."""
    ours = {pulled.container: pulled for pulled in pulls}
    moved = sighting.presence is Presence.MOVED
    place = ours.get((sighting.container if moved else known.container) or "")
    if (sighting.presence is Presence.PRESENT or moved) and sighting.record is not None and place is not None:
        record = filled(known, place, sighting.record)
        return read_again(known, place.container, record, connector.capabilities, place.returned)
    if sighting.presence not in _ABSENT or known.tie is Tie.TOMBSTONE:
        return known
    if known.tie is Tie.UNTIED:
        return replace(known, reading=None, seen=None)
    old = known.absence
    if old is None or old.presence is not sighting.presence:
        old = Absence(sighting.presence, now)
    late = now - old.first >= timedelta(seconds=connector.horizon)
    return replace(known, absence=replace(old, confirmed=complete and late and known.absence is not None))
