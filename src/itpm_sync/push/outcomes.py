"""Outcomes of calls as settlements: what the ledger is to know of each.

In: the desk, a write and its outcome. Out: a Settlement, or None where the outcome is unknown and the intent stays
open until a later run recovers it.
"""

from __future__ import annotations

from dataclasses import replace

from itpm_sync.bases import Refusal, Replica, Tie, edition, replica_id
from itpm_sync.connector import Operation, Outcome, Record, Status
from itpm_sync.ledger import Place, Settlement
from itpm_sync.push.after import Written, after_write, created, kept, overwritten, refusal, refusals
from itpm_sync.push.desk import Desk, Site


def settlement(desk: Desk, site: Site, written: Written, outcome: Outcome) -> Settlement | None:
    """What follows from an outcome. UNKNOWN closes nothing: a later run looks what became of it."""
    match outcome.status:
        case Status.APPLIED | Status.PARTLY:
            return _applied(desk, site, written, outcome)
        case Status.REFUSED:
            return _refused(desk, site, written, outcome)
        case Status.STALE | Status.RETRY:
            return Settlement(
                written.intent.id, outcome.status, replica=_fresh(desk, site, written, outcome.record)
            )
        case Status.UNKNOWN:
            return None


def _applied(desk: Desk, site: Site, written: Written, outcome: Outcome) -> Settlement:
    intent = written.intent
    if intent.operation == Operation.DELETE:
        return Settlement(intent.id, outcome.status, replica=_deleted(desk, written))
    if outcome.record is None:
        raise AssertionError("push reads a record back where the write's answer does not hold it")
    refused = dict(outcome.refused)
    went = replace(written, sent={name: value for name, value in written.sent.items() if name not in refused})
    if intent.operation == Operation.CREATE:
        replica = adopted(desk, site, went, outcome.record)
    else:
        assert intent.replica is not None
        known, lost = desk.replicas[intent.replica], site.lost.values()
        replica = after_write(known, went, outcome.record, site.lenses, site.env, lost=lost)
    item = desk.items[intent.item]
    conflicts, losers = (
        overwritten(outcome.replaced, went, item, desk.replicas[replica.id], site.lenses, site.env)
        if outcome.replaced and replica.id in desk.replicas
        else ([], [])
    )
    return Settlement(
        intent.id,
        outcome.status,
        replica=replica,
        losers=tuple(losers),
        conflicts=tuple(conflicts),
        refusals=tuple(_refusals(desk, site, written, refused)),
        cleared=tuple(
            Place(intent.item, intent.connection, intent.container, name)
            for name in (*intent.versions, "")
            if (intent.item, intent.connection, intent.container, name) in desk.refused_before
            and not any(
                native in refused for native in (site.lenses[name].native if name in site.lenses else ())
            )
        ),
    )


def adopted(desk: Desk, site: Site, written: Written, record: Record) -> Replica:
    """The replica of a record that we made."""
    intent = written.intent
    fresh = Replica(
        replica_id(intent.connection, record.native_id),
        intent.connection,
        intent.container,
        record.native_id,
        intent.item,
        Tie.TIED,
    )
    site.env.tie(intent.item, record.native_id)
    replica = after_write(fresh, replace(written, expected=None), record, site.lenses, site.env)
    return created(replica, desk.items[intent.item], site.lenses, site.env)


def _deleted(desk: Desk, written: Written) -> Replica:
    assert written.intent.replica is not None
    return replace(desk.replicas[written.intent.replica], tie=Tie.TOMBSTONE, ours=True, reading=None)


def _fresh(desk: Desk, site: Site, written: Written, record: Record | None) -> Replica | None:
    """The replica with what stands there now as its reading: the next run decides again."""
    known = desk.replicas.get(written.intent.replica or "")
    if known is None or record is None:
        return None
    return replace(known, reading=kept(known, record, site.lenses))


def _refused(desk: Desk, site: Site, written: Written, outcome: Outcome) -> Settlement:
    why = (
        outcome.error.message
        if outcome.error
        else "; ".join(sorted(set(outcome.refused.values()))) or "refused"
    )
    found = _refusals(desk, site, written, dict(outcome.refused))
    if not found:
        intent = written.intent
        known = desk.refused_before.get((intent.item, intent.connection, intent.container, ""), 0)
        version = edition(desk.items[intent.item].agreed, site.lenses)
        found = [refusal(intent, "", version, why, attempts=known, now=desk.clock.now())]
    replica = _fresh(desk, site, written, outcome.record)
    return Settlement(written.intent.id, outcome.status, replica=replica, refusals=tuple(found), reason=why)


def _refusals(desk: Desk, site: Site, written: Written, refused: dict[str, str]) -> list[Refusal]:
    intent = written.intent
    attempts = {
        name: desk.refused_before.get((intent.item, intent.connection, intent.container, name), 0)
        for name in intent.versions
    }
    return refusals(written, refused, site.lenses, attempts=attempts, now=desk.clock.now())
