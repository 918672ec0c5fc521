"""One batch of calls in one container: translate back, intend, call, settle.

In: the desk and actions of one kind in one container. Out: settlements in the ledger, notes on the desk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from itpm_sync.bases import NEVER, Intent, Replica
from itpm_sync.connector import Change, Operation, Outcome, Presence, Record, Status
from itpm_sync.errors import ItpmError, Refused, UnknownOutcome
from itpm_sync.ledger import Settlement
from itpm_sync.lens import Untranslatable
from itpm_sync.model import Kind, Value
from itpm_sync.plan import KEY, Action, FieldWrite
from itpm_sync.push.after import Written, form, kept
from itpm_sync.push.applying import apply
from itpm_sync.push.desk import Desk, Place, Site
from itpm_sync.push.natives import as_planned, put_back, told
from itpm_sync.push.outcomes import settlement
from itpm_sync.push.placing import apart, is_there, parents_of, placed, without_parent
from itpm_sync.push.still_gone import taken_back
from itpm_sync.push.traces import replaced_by

_NOT_AT_CREATION = "dependencies"
_LAGS = "its tool answered with an older record than before"


@dataclass(frozen=True, slots=True)
class _Call:
    action: Action
    intent: Intent
    change: Change

    @property
    def written(self) -> Written:
        return Written(self.intent, self.change.values, self.change.expected)


async def create(desk: Desk, place: Place, actions: Sequence[Action]) -> None:
    """Create records, each carrying our key. One whose parent is not there yet waits for a later run."""
    site = desk.sites[place]
    calls = []
    for action in actions:
        parent = next((write.new for write in action.writes if write.name == "parent"), None)
        if not is_there(site, parent):
            desk.note(action, "waits", "its parent is not there yet")
            continue
        writes = tuple(write for write in action.writes if write.name != _NOT_AT_CREATION)
        kind = next((write.new for write in writes if write.name == "kind"), _kind(desk, action))
        under = site.policy.under.get(kind) if isinstance(kind, Kind) else None
        values = site.connector.created_values(place[1], kind=str(kind), under=under)
        values.update(_put(desk, site, action, writes, values))
        calls.append(_call(desk, action, writes, Operation.CREATE, None, values))
    await _carry(desk, site, place, calls)


async def update(desk: Desk, place: Place, actions: Sequence[Action]) -> None:
    """Update records, in as many rounds as moves rely on each other. A move whose room was not made waits."""
    rest = placed(desk, place, actions)
    while rest:
        ready, later = apart(desk, place, rest)
        if not ready:
            ready, later = [without_parent(desk, one, "its parent still lies under it") for one in later], []
        await _update(desk, place, ready)
        rest = later


async def _update(desk: Desk, place: Place, actions: Sequence[Action]) -> None:
    """Re-read just before where the tool has no conditional writes, then write what differs."""
    site = desk.sites[place]
    known = _known(desk, place, actions)
    fresh: Mapping[str, Record | None] = {}
    if not site.connector.capabilities.conditional:
        fresh = await _reread(desk, site, place, [replica for _, replica in known])
    calls = []
    for action, replica in known:
        expected = fresh.get(replica.native_id, replica.current) if fresh else replica.current
        if expected is not None and _lags(site, replica, expected):
            desk.note(action, "waits", _LAGS)
            continue
        if expected is None:
            desk.note(action, "moved on", "it is not there any more")
            continue
        moved = _moved_on(site, action.writes, expected)
        if moved:
            desk.note(action, "moved on", f"{moved} was edited there meanwhile; the next run decides again")
            _remember(desk, site, replica, expected)
            continue
        values = _put(desk, site, action, action.writes, expected.values)
        wants_key = expected.key != action.item and any(write.name == KEY for write in action.writes)
        if values or wants_key:
            calls.append(_call(desk, action, action.writes, Operation.UPDATE, replica, values, expected))
        else:
            desk.note(action, "already so")
            _remember(desk, site, replica, expected)  # what is known of it says otherwise
    await _carry(desk, site, place, calls)


async def delete(desk: Desk, place: Place, actions: Sequence[Action]) -> None:
    """Delete records, as a person's deletion elsewhere asks; both are re-read first, like before a write."""
    site = desk.sites[place]
    back = await taken_back(desk, actions)
    for action in actions:
        if action.item in back:
            desk.note(action, "moved on", back[action.item])
    known = _known(desk, place, [action for action in actions if action.item not in back])
    under = parents_of(desk, place)
    fresh = await _reread(desk, site, place, [replica for _, replica in known])
    calls = []
    for action, replica in known:
        expected = fresh.get(replica.native_id)
        if expected is None:
            desk.note(action, "already so")
        elif _lags(site, replica, expected):
            desk.note(action, "waits", _LAGS)
        elif replica.native_id in under:
            desk.note(action, "waits", "there are still records under it")
        elif replica.seen is not None and expected.revision != replica.seen.revision:
            desk.note(action, "moved on", "it was edited there meanwhile; the next run decides again")
            _remember(desk, site, replica, expected)
        else:
            calls.append(_call(desk, action, (), Operation.DELETE, replica, {}, expected))
    await _carry(desk, site, place, calls)


def _known(desk: Desk, place: Place, actions: Sequence[Action]) -> list[tuple[Action, Replica]]:
    """The actions with the records they are for; one whose record is no longer tied here is left for the next run."""
    known = []
    for action in actions:
        replica = desk.replica_of(action.item, place)
        if replica is None:
            desk.note(action, "moved on", "its record is not tied here any more")
        else:
            known.append((action, replica))
    return known


async def _carry(desk: Desk, site: Site, place: Place, calls: Sequence[_Call]) -> None:
    """Intents, calls and settlements, in the connector's own batches."""
    size = max(1, site.connector.capabilities.batch)
    for start in range(0, len(calls), size):
        batch = calls[start : start + size]
        if (left := desk.suspended.get(place)) is not None:
            for call in batch:
                desk.note(call.action, "waits", left.message)
            continue
        called = desk.intend([call.intent for call in batch])
        batch = [replace(call, intent=replace(call.intent, called=called)) for call in batch]
        outcomes = await apply(desk, site, place, [call.change for call in batch])
        settled: list[Settlement] = []
        for call in batch:
            outcome = await _readable(site, place, call, outcomes[call.intent.id])
            reason = (
                outcome.error.message if outcome.error else "; ".join(sorted(set(outcome.refused.values())))
            )
            desk.note(call.action, outcome.status.value, reason)
            one = settlement(desk, site, call.written, outcome)
            if one is not None:
                settled.append(one)
        desk.settle(settled)
        desk.progress(f"{place[0]}: {sum(1 for one in settled if one.replica)} of {len(batch)} written")


def _unknown(call: _Call, error: UnknownOutcome) -> Outcome:
    return Outcome(call.intent.id, Status.UNKNOWN, error=error)


async def _readable(site: Site, place: Place, call: _Call, outcome: Outcome) -> Outcome:
    """The outcome with the record as it is now, read directly where the write's answer did not tell."""
    done = outcome.status in (Status.APPLIED, Status.PARTLY)
    if not done or outcome.record is not None or call.change.operation is Operation.DELETE:
        return outcome
    native = call.change.native_id
    try:
        sightings = await site.connector.read(place[1], [native]) if native else []
        replaced = await replaced_by(site, place[1], call.intent) if native else {}
    except ItpmError as error:
        return _unknown(call, UnknownOutcome(f"Written, but it could not be read back: {error.message}"))
    record = next((sighting.record for sighting in sightings if sighting.presence is Presence.PRESENT), None)
    if record is None:
        return _unknown(call, UnknownOutcome("Written, but it could not be read back."))
    outcome = replace(outcome, replaced={**replaced, **(outcome.replaced or {})})
    ignored = _ignored(call.change, record)
    if not ignored:
        return replace(outcome, record=record)
    refused = {**dict.fromkeys(ignored, "it says it was written, and it was not taken"), **outcome.refused}
    return replace(outcome, status=Status.PARTLY, record=record, refused=refused)


def _ignored(change: Change, record: Record) -> list[str]:
    """Native values that stand as before our write, though the tool said that it took ours: no edit of anybody."""
    before = change.expected.values if change.expected is not None else None
    if before is None:
        return []
    return [
        name
        for name, sent in change.values.items()
        if record.values.get(name) == before.get(name) and record.values.get(name) != sent
    ]


async def _reread(
    desk: Desk, site: Site, place: Place, replicas: Sequence[Replica]
) -> dict[str, Record | None]:
    """The records as they are now, by native id; None where one is not here. Raises what reading raises."""
    if not replicas:
        return {}
    sightings = await site.connector.read(place[1], [replica.native_id for replica in replicas])
    return {one.native_id: one.record if one.presence is Presence.PRESENT else None for one in sightings}


def _lags(site: Site, replica: Replica, record: Record) -> bool:
    return replica.knows_newer(record, ordered=site.connector.capabilities.ordered)


def _moved_on(site: Site, writes: Sequence[FieldWrite], record: Record) -> str:
    """The first field that no longer stands as the plan saw it (and not as it shall be either)."""
    for write in writes:
        if write.natives is not None:
            if not as_planned(write.natives, record):
                return write.name
            continue
        lens = site.lenses.get(write.name)
        if lens is None:
            continue
        stands = form(lens, record.values, site.env)
        if stands not in (write.old, write.new):
            return write.name
        if lens.computed(record.computed):
            return write.name
    return ""


def _remember(desk: Desk, site: Site, replica: Replica, record: Record) -> None:
    """Keep what the re-read showed as a reading; the next run decides from it."""
    after = replace(replica, reading=kept(replica, record, site.lenses))
    desk.ledger.store_readings(desk.lease, [after])
    desk.keep(after)


def _put(
    desk: Desk, site: Site, action: Action, writes: Sequence[FieldWrite], values: Mapping[str, Any]
) -> dict[str, Any]:
    """The native values to send: each field put onto the record as it is, one after the other.

    What the tool cannot hold whole (21 assignees of 20) is not cut: that field is refused and named, the others go.
    """
    sent: dict[str, Any] = {}
    for write in writes:
        if write.natives is not None:
            sent.update(put_back(write.natives, values))
            continue
        lens = site.lenses.get(write.name)
        if lens is None:
            continue
        try:
            sent.update(lens.put(write.new, {**values, **sent}, site.env))
        except (Refused, Untranslatable) as error:
            desk.refuse(action, write, str(error))
    return sent


def _kind(desk: Desk, action: Action) -> Value:
    return desk.items[action.item].value("kind") or Kind.TASK


def _call(
    desk: Desk,
    action: Action,
    writes: Sequence[FieldWrite],
    operation: Operation,
    replica: Replica | None,
    values: Mapping[str, Any],
    expected: Record | None = None,
) -> _Call:
    native = replica.native_id if replica else None
    intent = Intent(
        id=desk.ids.new("intent"),
        run=desk.run,
        operation=operation.value,
        item=action.item,
        connection=action.connection,
        container=action.container,
        replica=replica.id if replica else None,
        native_id=native,
        key=action.item,
        old={write.name: write.old for write in writes},
        new={write.name: write.new for write in writes},
        versions={write.name: write.version for write in writes},
        expected_revision=expected.revision if expected else None,
        made=desk.clock.now(),
        was={write.name: replica.at.get(write.name, NEVER) for write in writes} if replica else {},
        natives=told(writes, values, expected, desk.sites[action.connection, action.container].lenses),
    )
    return _Call(action, intent, Change(intent.id, operation, native, action.item, values, expected))
