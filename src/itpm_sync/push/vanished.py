"""An update whose outcome nobody knows, of a record that is not there any more: moved or deleted before we looked.

In: the desk, the intent, the replica. Out: its settlement. A record that got a new id by being moved is asked what our
write did there, in the tool's own history. Where nothing can tell, what we sent is remembered like an offer: a record
that comes back and says exactly that was brought to that version, and is no edit of anybody (`shown_again.py`).
"""

from __future__ import annotations

from dataclasses import replace

from itpm_sync.bases import NEVER, Intent, Offer, Replica, Tie
from itpm_sync.connector import Edit
from itpm_sync.ledger import Settlement
from itpm_sync.push.after import Written
from itpm_sync.push.desk import Desk, Site
from itpm_sync.push.outcomes import settlement
from itpm_sync.push.traces import applied, called, natives_of, ours_in, sent_by


async def vanished(desk: Desk, site: Site, intent: Intent, known: Replica) -> Settlement:
    """Settle it. Raises what the tool's history raises."""
    moved = _moved(desk, site, intent)
    if moved is not None and moved[1].connector.capabilities.history:
        there, its = moved
        found = await its.connector.history(there.container, [there.native_id], called(intent))
        edit = ours_in(site, intent, found.get(there.native_id, ()))
        if edit is not None:
            return _written(desk, site, intent, known, edit)
        return Settlement(intent.id, "not applied", reason="not in the tool's history")
    where = "it was moved" if moved is not None else "it is not there any more"
    return Settlement(intent.id, f"unknown; {where}", replica=_offered(intent, known))


def _moved(desk: Desk, site: Site, intent: Intent) -> tuple[Replica, Site] | None:
    """The one untied record of the connection that carries the key, where moved records get new ids."""
    if site.connector.capabilities.moves_keep_id:
        return None
    found = [
        one
        for one in desk.replicas.values()
        if one.tie is Tie.UNTIED
        and one.connection == intent.connection
        and one.reading is not None
        and one.reading.key == intent.key
        and (one.connection, one.container) in desk.sites
    ]
    return (found[0], desk.sites[found[0].connection, found[0].container]) if len(found) == 1 else None


def _written(desk: Desk, site: Site, intent: Intent, known: Replica, edit: Edit) -> Settlement:
    """Our write is in the history of the moved record: it had been done, and the tie moves with its base."""
    assert known.seen is not None, "what was written to was seen before"
    natives = natives_of(site, intent)
    taken = {name: value for name, value in edit.after.items() if name in natives} or sent_by(site, intent)
    replaced = {name: value for name, value in edit.before.items() if name in natives}
    record = replace(known.seen, values={**known.seen.values, **taken})
    one = settlement(desk, site, Written(intent, taken, known.seen), applied(intent, record, replaced))
    assert one is not None and one.replica is not None, "an applied outcome always settles"
    return replace(one, replica=replace(one.replica, reading=known.reading, absence=known.absence))


def _offered(intent: Intent, known: Replica) -> Replica:
    """The replica with what may have been written to it, by field."""
    offers = dict(known.offers)
    for name, version in intent.versions.items():
        if name in intent.new and version != NEVER and intent.called is not None:
            offers[name] = (*offers.get(name, ()), Offer(version, intent.new[name], intent.called))
    return replace(known, offers=offers)
