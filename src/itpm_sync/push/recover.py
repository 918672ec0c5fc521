"""Intents that a kill or an unknown outcome left open: what became of each, before anything else is done.

In: the desk. Out: settlements. Never by repeating the call: a creation is looked up by its key, an update by the
tool's own history, and where there is none what stands there counts as an edit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from itpm_sync.bases import Absence, Intent, Replica, Tie
from itpm_sync.connector import Edit, Operation, Presence, Record, Sighting
from itpm_sync.errors import ItpmError
from itpm_sync.ledger import Settlement
from itpm_sync.push.after import Written, form, kept
from itpm_sync.push.desk import Desk, Place, Site
from itpm_sync.push.in_vain import NOT_APPLIED, came_to_nothing
from itpm_sync.push.keyless import keyless
from itpm_sync.push.outcomes import settlement
from itpm_sync.push.traces import applied, called, elapsed, natives_of, ours_in, sent_by
from itpm_sync.push.vanished import vanished

_UNSEEN = (Presence.HIDDEN, Presence.GONE_OR_HIDDEN)


async def recover(desk: Desk, intents: Sequence[Intent]) -> list[Intent]:
    """Settle what can be settled. Returns the intents that stay open: their items wait for a later run."""
    desk.settle(
        [
            Settlement(intent.id, NOT_APPLIED, reason="never sent")
            for intent in intents
            if intent.called is None
        ]
    )
    sent = [intent for intent in intents if intent.called is not None]
    left: list[Intent] = []
    creations: dict[str, list[Intent]] = defaultdict(list)
    unkeyed: dict[str, list[Intent]] = defaultdict(list)
    others: dict[Place, list[Intent]] = defaultdict(list)
    for intent in sent:
        if (intent.connection, intent.container) not in desk.sites:
            left.append(intent)
        elif intent.operation == Operation.CREATE:
            keys = desk.sites[intent.connection, intent.container].keys
            (creations if keys else unkeyed)[intent.connection].append(intent)
        else:
            others[intent.connection, intent.container].append(intent)
    for connection, mine in creations.items():
        left += await _guarded(desk, connection, mine, _creations)
    for connection, mine in unkeyed.items():
        left += await _guarded(desk, connection, mine, keyless)
    for place, mine in others.items():
        left += await _guarded(desk, place[0], mine, _changes)
    return left


async def _guarded(desk: Desk, connection: str, intents: list[Intent], settle: Any) -> list[Intent]:
    try:
        found: list[Intent] = await settle(desk, intents)
    except ItpmError as error:
        desk.progress(f"{connection}: {len(intents)} unfinished writes cannot be looked up yet. {error}")
        return intents
    return found


# ── creations ──


async def _creations(desk: Desk, intents: list[Intent]) -> list[Intent]:
    """Look for our keys in every container of the connection and its bin."""
    connection = intents[0].connection
    connector = desk.sites[connection, intents[0].container].connector
    containers = [container for name, container in desk.sites if name == connection]
    since = min(called(intent) for intent in intents)
    found = await connector.find(containers, [intent.key for intent in intents], since)
    left = []
    # one that this run's pull brought already, and that nobody has decided yet, is found like any other
    tied = {r.native_id for r in desk.replicas.values() if r.connection == connection and r.item is not None}
    listed = _listed(desk, connection, {intent.key for intent in intents})
    for intent in intents:
        shown = {record.native_id: (place, record) for place, record in found.records.get(intent.key, ())}
        copies = [one for native, one in {**listed[intent.key], **shown}.items() if native not in tied]
        if any(r.item == intent.item and r.connection == connection for r in desk.replicas.values()):
            # by its key, before it could be looked up: whatever else carries that key by now is a copy of it
            desk.settle([Settlement(intent.id, "found", reason="tied meanwhile")])
        elif copies:
            container, record = min(copies, key=lambda copy: (copy[0] != intent.container, copy[1].native_id))
            site = desk.sites[connection, container]
            here = replace(intent, container=container)
            gone = await _gone(desk, site, container, record)
            one = settlement(desk, site, Written(here, sent_by(site, intent), None), applied(intent, record))
            if one is not None and one.replica is not None and gone is not None:
                one = replace(one, replica=replace(one.replica, absence=gone))
            desk.settle([one] if one else [])
            tied.add(record.native_id)
        elif found.certain and elapsed(desk, intent) >= connector.horizon:
            desk.settle([came_to_nothing(desk, intent, "not found by its key after the horizon")])
        else:
            left.append(intent)
    return left


def _listed(desk: Desk, connection: str, keys: set[str]) -> Mapping[str, dict[str, tuple[str, Record]]]:
    """By key and native id: the untied records that lists showed, with where. One that was hidden from us
    since then is not found any more, and was made by us all the same.
    """
    shown: dict[str, dict[str, tuple[str, Record]]] = {key: {} for key in keys}
    for one in desk.replicas.values():
        here = one.connection == connection and (connection, one.container) in desk.sites
        if here and one.item is None and one.absence is None and one.reading is not None:
            if one.reading.key in shown:
                shown[one.reading.key][one.native_id] = (one.container, one.reading)
    return shown


async def _gone(desk: Desk, site: Site, container: str, record: Record) -> Absence | None:
    """Where what we made was found, if it is not in its container any more: somebody may have deleted it already, and
    it lies in the bin. Nothing is put under it.
    """
    for sighting in await site.connector.read(container, [record.native_id]):
        if sighting.presence is not Presence.PRESENT:
            return Absence(sighting.presence, desk.clock.now())
    return None


# ── updates and deletions ──


async def _changes(desk: Desk, intents: list[Intent]) -> list[Intent]:
    place = (intents[0].connection, intents[0].container)
    site = desk.sites[place]
    natives = [intent.native_id for intent in intents if intent.native_id is not None]
    sightings = {one.native_id: one for one in await site.connector.read(place[1], natives)}
    edits: Mapping[str, Sequence[Edit]] = {}
    if site.connector.capabilities.history:
        edits = await site.connector.history(place[1], natives, min(called(intent) for intent in intents))
    left = []
    for intent in intents:
        known = desk.replicas.get(intent.replica or "")
        sighting = sightings.get(intent.native_id or "")
        if known is None:
            desk.settle([Settlement(intent.id, "record no longer known")])
        elif sighting is None or sighting.presence is Presence.UNKNOWN:
            left.append(intent)
        elif intent.operation == Operation.UPDATE and sighting.presence in _UNSEEN:
            left.append(intent)  # what our write replaced there can be looked up only when it is shown again
        elif intent.operation == Operation.DELETE:
            desk.settle([_deletion(desk, intent, known, sighting)])
        elif sighting.record is None:
            desk.settle([await vanished(desk, site, intent, known)])
        elif known.knows_newer(sighting.record, ordered=site.connector.capabilities.ordered):
            left.append(intent)  # a copy that lags: what became of our write a later run knows
        else:
            one = _update(desk, site, intent, known, sighting.record, edits.get(known.native_id))
            desk.settle([one])
    return left


def _deletion(desk: Desk, intent: Intent, known: Replica, sighting: Sighting) -> Settlement:
    if sighting.presence in (Presence.GONE, Presence.BINNED, Presence.GONE_OR_HIDDEN):
        return Settlement(
            intent.id, "found", replica=replace(known, tie=Tie.TOMBSTONE, ours=True, reading=None)
        )
    after = replace(known, reading=sighting.record or known.reading)
    return came_to_nothing(desk, intent, "the record is still there", replica=after)


def _update(
    desk: Desk, site: Site, intent: Intent, known: Replica, record: Record, edits: Sequence[Edit] | None
) -> Settlement:
    old_stands = all(_stands(site, record, name, value) for name, value in intent.old.items())
    if old_stands and record.revision == intent.expected_revision:
        return came_to_nothing(desk, intent, "nothing changed there", replica=_read(site, known, record))
    if site.connector.capabilities.history:
        ours = ours_in(site, intent, edits or ())
        if ours is None:
            after = _read(site, known, record)
            return came_to_nothing(desk, intent, "not in the tool's history", replica=after)
        expected = known.seen
        natives = natives_of(site, intent)
        sent = {name: value for name, value in ours.after.items() if name in natives} or sent_by(site, intent)
        replaced = {name: value for name, value in ours.before.items() if name in natives}
        written = Written(intent, sent, expected)
        one = settlement(desk, site, written, applied(intent, record, replaced))
        assert one is not None, "an applied outcome always settles"
        return one
    # No history: what stands there is an edit, also where it equals what was seen (somebody may have put it back).
    names = {name for name in intent.new if name in site.lenses}
    unsure = {n for n in names if known.seen is None or _same_as_seen(site, known.seen, record, n)}
    new_stands = all(
        _stands(site, record, name, value) for name, value in intent.new.items() if name in names
    )
    undecided = known.undecided if new_stands else known.undecided | unsure
    after = replace(_read(site, known, record), undecided=undecided)
    return Settlement(intent.id, "unknown; what stands there counts as an edit", replica=after)


def _read(site: Site, known: Replica, record: Record) -> Replica:
    record = kept(known, record, site.lenses)
    return known if record == known.seen else replace(known, reading=record)


def _stands(site: Site, record: Record, name: str, value: object) -> bool:
    lens = site.lenses.get(name)
    return lens is None or form(lens, record.values, site.env) == value


def _same_as_seen(site: Site, seen: Record, record: Record, name: str) -> bool:
    lens = site.lenses[name]
    return form(lens, seen.values, site.env) == form(lens, record.values, site.env)
