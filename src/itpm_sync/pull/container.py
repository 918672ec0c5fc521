"""What one container says now, compared with what was last read of it.

In: a connector, what is known of its records. Out: replicas with new readings, and how well the container was listed.
Readings are stored page by page; the cursor moves with the last one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from itpm_sync.bases import Replica, Tie, replica_id
from itpm_sync.connector import Capabilities, Connector, ContainerInfo, Page, Presence, Record
from itpm_sync.errors import ItpmError, Unavailable
from itpm_sync.ledger import ContainerState
from itpm_sync.pull.known import Memory
from itpm_sync.pull.pulled import Pulled

Store = Callable[[Sequence[Replica], ContainerState | None], None]
"""Make readings durable; with a container state, its cursor in the same transaction."""

Remembered = Callable[[ContainerInfo, ContainerState], Mapping[str, Any]]
"""What the ledger keeps of a container's description, beside what it kept before."""

Returned = Callable[[ContainerInfo, ContainerState | None], frozenset[str]]
"""Native names of fields that a container has again."""

Described = Callable[[ContainerInfo], None]
"""A container is about to be read: what its description says is kept whatever comes of that."""

Strange = Callable[[ContainerState | None, ContainerInfo], str]
"""Why a container is not the one that was read before; "" it is."""


def never(_before: ContainerState | None, _info: ContainerInfo) -> str:
    """Nothing is strange."""
    return ""


def nothing(_info: ContainerInfo) -> None:
    """Nothing is kept of it yet."""


def none(_info: ContainerInfo, _before: ContainerState | None) -> frozenset[str]:
    """No field came back."""
    return frozenset()


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
    described: Described = nothing,
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
        described(pulled.info)
        pulled.returned = returned(pulled.info, before)
        cursor = before.cursor if before else None
        seen: set[str] = set()
        async for page in connector.pull(container, cursor, full=bool(pulled.returned)):
            memory.recall([record.native_id for record in page.records])
            listed = [replace(record, position=place) for place, record in enumerate(page.records, len(seen))]
            if pulled.returned:
                listed = await _directly(connector, container, listed, memory)
            changed = [new for record in listed if (new := reading(connector, pulled, record, memory))]
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


async def _directly(
    connector: Connector, container: str, listed: Sequence[Record], memory: Memory
) -> list[Record]:
    """The records as direct reads tell them: what a list that lags says of a field that is there again may be from
    before. Raises Unavailable where a read lags too.
    """
    sightings = await connector.read(container, [record.native_id for record in listed]) if listed else []
    told = {one.native_id: one.record for one in sightings if one.presence is Presence.PRESENT}
    found = []
    for record in listed:
        known, now = memory.by_native.get(record.native_id), told.get(record.native_id)
        if now is None:
            continue
        if known is not None and known.knows_newer(now, ordered=connector.capabilities.ordered):
            raise Unavailable(
                f"{connector.name} answered with an older record than before; a later run reads on."
            )
        found.append(replace(now, position=record.position))
    return found


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
    # a container that seems to be emptied is asked about: nothing may pass over what it did not tell
    emptied = pulled.listed == frozenset() and before.known > 0
    if emptied and info is not None:
        info = replace(info, fields=[one for one in info.fields if one.name not in pulled.returned])
    return replace(
        before,
        cursor=before.cursor if emptied else page.cursor,
        last_read=now,
        last_complete=now if pulled.listed is not None else before.last_complete,
        last_edit=max(edits, default=None),
        fingerprint=before.fingerprint or (info.fingerprint if info else None),
        document={**(before.document or {}), **remembered(info, before)} if info else before.document,
    )


def reading(connector: Connector, pulled: Pulled, record: Record, memory: Memory) -> Replica | None:
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
    return record.completed(known.current, (one.name for one in pulled.info.fields))


def read_again(
    known: Replica,
    container: str,
    record: Record,
    capabilities: Capabilities,
    returned: frozenset[str] = frozenset(),
    *,
    directly: bool = False,
) -> Replica:
    """A known record read again, in whichever container it is now. `returned`: fields that nobody could hear before.

    `directly`: this is no list's word, so what it says differently at the revision that was decided is heard. A record
    that was away when fields returned is asked so once it is back: it stays away until then.
    """
    seen, moved = known.seen, known.container != container
    buried = known.tie is Tie.TOMBSTONE
    # not newer than what was decided: a lagging index must not revert our own write (rule 0)
    old = seen is not None and capabilities.ordered and record.revision <= seen.revision
    lags = known.knows_newer(record, ordered=capabilities.ordered)
    heard = record.values if directly else returned
    if not moved and (lags or (old and not _heard_again(seen, record, heard))):
        if known.absence is not None and _heard_again(seen, record, record.values):
            return known
        return known if buried else replace(known, absence=None)
    here = replace(known, container=container, absence=None)
    if seen is not None and same(seen, record) and not moved and not buried:
        return replace(here, seen=record, reading=None)
    return replace(here, reading=record)


def _heard_again(seen: Record | None, record: Record, names: Collection[str]) -> bool:
    """Whether the record, at the revision that was decided, says something else of these fields than it said then, or
    has left one to people that was computed, or the other way round.
    """
    return (
        seen is not None
        and record.revision == seen.revision
        and (
            any(record.values.get(name) != seen.values.get(name) for name in names)
            or not (record.computed ^ seen.computed).isdisjoint(names)
        )
    )


def same(one: Record, other: Record) -> bool:
    """Whether two readings of one record say the same; revisions and times apart."""
    return (one.values, one.computed, one.key) == (other.values, other.computed, other.key)
