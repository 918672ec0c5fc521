"""Before a deletion is carried out elsewhere: whether its tool still says that the record is gone.

In: the desk, deletions. Out: why not, by item. A record may have been restored since its deletion was believed, and no
list shows it (it is hidden from us, the list lags); what a direct read says of it is kept, and the next run decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from itpm_sync.bases import Absence, Life, Replica, Tie
from itpm_sync.connector import Presence, Sighting
from itpm_sync.errors import ItpmError
from itpm_sync.plan import Action
from itpm_sync.push.after import kept
from itpm_sync.push.desk import Desk, Place

_GONE = (Presence.GONE, Presence.BINNED)


async def taken_back(desk: Desk, actions: Sequence[Action]) -> dict[str, str]:
    """One read for each container in which people deleted records of these items."""
    deleted = {action.item for action in actions if desk.items[action.item].life is Life.DELETED}
    asked: dict[Place, list[Replica]] = defaultdict(list)
    for one in desk.replicas.values():
        place = (one.connection, one.container)
        if one.item in deleted and one.tie is Tie.TOMBSTONE and not one.ours and place in desk.sites:
            asked[place].append(one)
    found: dict[str, str] = {}
    for place, records in asked.items():
        found |= await _read(desk, place, records)
    return found


async def _read(desk: Desk, place: Place, records: Sequence[Replica]) -> dict[str, str]:
    by_native = {one.native_id: one for one in records}
    try:
        sightings = await desk.sites[place].connector.read(place[1], list(by_native))
    except ItpmError as error:
        why = f"{place[0]}, where it was deleted, cannot be asked: {error.message}"
        return {one.item: why for one in records if one.item is not None}
    found, changed = {}, []
    told = {sighting.native_id: sighting for sighting in sightings}
    for native, one in by_native.items():
        sighting = told.get(native, Sighting(native, Presence.UNKNOWN))
        if sighting.presence in _GONE or one.item is None:
            continue
        found[one.item] = f"{place[0]}, where it was deleted, does not say any more that it is gone"
        if (after := _after(desk, one, sighting)) is not None:
            changed.append(after)
            desk.replicas[after.id] = after
    if changed:
        desk.ledger.store_readings(desk.lease, changed)
    return found


def _after(desk: Desk, one: Replica, sighting: Sighting) -> Replica | None:
    """What a direct read says of a record that was deleted: it is there again, or hidden from us."""
    if sighting.presence in (Presence.HIDDEN, Presence.GONE_OR_HIDDEN):
        return replace(one, absence=Absence(sighting.presence, desk.clock.now()))
    place = (one.connection, sighting.container or one.container)
    if sighting.record is None or place not in desk.sites:
        return None
    reading = kept(one, sighting.record, desk.sites[place].lenses)
    return replace(one, container=place[1], absence=None, reading=reading)
