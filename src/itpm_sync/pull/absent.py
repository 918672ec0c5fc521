"""Records that complete listings did not show, and those shown again: read directly.

In: a connector, its containers' pulls, what the ledger knows of its records. Out: replicas with absences, confirmed one
horizon later, and with readings of what came back. An absence is no deletion: `reconcile` decides that.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from itpm_sync.bases import Absence, Replica, Tie
from itpm_sync.connector import Connector, Presence, Sighting
from itpm_sync.errors import ItpmError
from itpm_sync.pull.container import Store, filled, read_again, reading
from itpm_sync.pull.known import Memory
from itpm_sync.pull.pulled import Pulled

_ABSENT = (Presence.GONE, Presence.GONE_OR_HIDDEN, Presence.HIDDEN, Presence.MOVED, Presence.BINNED)


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
            if _astray(replica, pulled, pulled.listed, claimed)
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
                asked = replace(sighting, container=_where(sighting, pulled))
                after = _sighted(connector, known, asked, pulls, complete=complete, now=now)
            else:
                after = _shown(connector, pulled, sighting, memory)
            if after is not None and after != known:
                memory.keep(after)
                changed.append(after)
        if changed:
            store(changed, None)


def _astray(
    replica: Replica, pulled: Pulled, listed: Collection[str], claimed: Collection[str | None]
) -> bool:
    """Whether a complete listing and what is known of a record do not agree.

    A record that is listed though it was away may only have been shown again: no pull of changes tells of it. Nor of
    a deleted one that was restored while it was hidden (`followed`: the listing told changes only), nor of where it
    was moved meanwhile. One that was seen to be restored, and is not listed before a run could decide it, may be
    deleted again.
    """
    followed = not pulled.complete
    if replica.container != pulled.container:
        return followed and replica.tie is Tie.TOMBSTONE and replica.native_id in listed
    if replica.tie is Tie.TOMBSTONE:
        if replica.native_id not in listed:
            return replica.reading is not None and replica.absence is None
        # it may still hold what no run had decided when it went
        return followed and (replica.reading is None or replica.absence is not None)
    if replica.native_id in listed:
        return replica.item in claimed or replica.absence is not None or replica.current is None
    return replica.current is not None


def _shown(connector: Connector, pulled: Pulled, sighting: Sighting, memory: Memory) -> Replica | None:
    """A record that came into sight without having been changed (a permission): no pull of changes tells of it."""
    if sighting.presence is not Presence.PRESENT or sighting.record is None:
        return None
    return reading(connector, pulled, sighting.record, memory)


def _where(sighting: Sighting, pulled: Pulled) -> str | None:
    """The container of a record that was asked for in this one."""
    return sighting.container if sighting.presence is Presence.MOVED else pulled.container


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
    place = ours.get(sighting.container or "")
    if (sighting.presence is Presence.PRESENT or moved) and sighting.record is not None and place is not None:
        record = filled(known, place, sighting.record)
        return read_again(
            known, place.container, record, connector.capabilities, place.returned, directly=True
        )
    if sighting.presence not in _ABSENT:
        return known
    if known.tie is Tie.TOMBSTONE:
        return replace(known, absence=known.absence or Absence(sighting.presence, now))
    if known.tie is Tie.UNTIED:
        return replace(known, reading=None, seen=None)
    old = known.absence
    if old is None or old.presence is not sighting.presence:
        old = Absence(sighting.presence, now)
    late = now - old.first >= timedelta(seconds=connector.horizon)
    return replace(known, absence=replace(old, confirmed=complete and late and known.absence is not None))
