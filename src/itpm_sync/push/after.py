"""What is known after a write: seen, reading and `at` of the replica, refusals, and edits that we overwrote.

In: the write as intended, the record as expected and as answered. Out: the replica, conflicts, losers, refusals.
Pure. "seen comes from the write's own answer; anything else in it is an edit that knew the new version."
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from itpm_sync.bases import NEVER, Conflict, Intent, ItemBase, Refusal, Replica, Side, next_try
from itpm_sync.codec import canonical, digest, encode
from itpm_sync.connector import Record
from itpm_sync.lens import Lens, Unliftable, Untranslatable
from itpm_sync.model import Kind, Value
from itpm_sync.plan import Loser
from itpm_sync.ties import Beyond, ContainerEnv


@dataclass(frozen=True, slots=True)
class Written:
    """One write as it went out."""

    intent: Intent
    sent: Mapping[str, Any]
    """Native values that were sent."""
    expected: Record | None
    """The record as last read before it; None for a creation."""


def form(lens: Lens, values: Mapping[str, Any], env: ContainerEnv) -> Value:
    """What a record's values read as; the exact native values where they cannot be translated, or name a record that
    lies beyond the part of the project which the run looks at.
    """
    try:
        return lens.get(values, env)
    except (Untranslatable, Beyond):
        return digest([values.get(name) for name in sorted(lens.native)])


def kept(replica: Replica, record: Record, lenses: Mapping[str, Lens]) -> Record:
    """The record with what the replica said before of values that nobody reads now: absent is not empty (F34)."""
    return record.completed(replica.seen, (native for lens in lenses.values() for native in lens.native))


def after_write(
    replica: Replica,
    written: Written,
    record: Record,
    lenses: Mapping[str, Lens],
    env: ContainerEnv,
    *,
    lost: Iterable[Lens] = (),
) -> Replica:
    """The replica after a write that was carried out, as far as `written.sent` goes. `lost`: fields nobody hears now.

    What was decided plus what we sent is believed seen; anything else in the answer is an edit, also one that the
    re-read before the write showed already, or that its tool no longer computes: nobody has decided it.
    """
    record = kept(replica, record, lenses)
    decided = replica.seen or record
    believed = {**decided.values, **written.sent}
    left_to_people = not decided.computed <= record.computed
    strange = (
        left_to_people
        or any(
            form(lens, believed, env) != form(lens, record.values, env)
            for lens in lenses.values()
            if not lens.computed(record.computed)
        )
        or any(believed.get(name) != record.values.get(name) for lens in lost for name in lens.native)
    )
    brought = {
        name: version
        for name, version in written.intent.versions.items()
        # NEVER: an undo puts back what was never told anything, and is to be a first tie again
        if version != NEVER and name in lenses and not lenses[name].native.isdisjoint(written.sent)
    }
    at = {**replica.at, **brought}
    if not brought.keys().isdisjoint(replica.offers):  # what an earlier write may have brought stands no more
        offers = {name: those for name, those in replica.offers.items() if name not in brought}
        replica = replace(replica, offers=offers)
    if strange:
        seen = replace(decided, values=believed, key=record.key)
        return replace(replica, seen=seen, reading=record, at=at, absence=None)
    return replace(replica, seen=record, reading=None, at=at, absence=None)


def created(replica: Replica, item: ItemBase, lenses: Mapping[str, Lens], env: ContainerEnv) -> Replica:
    """A new record's base: brought to the agreed version of all it holds in its form, to none of the rest.

    What stands there though we did not send it (a person was fast, or the tool fills it in) has no base: its first
    tie is still to be decided. A kind nobody ever said is made as a task: reading it back is no news.
    """
    at: dict[str, int] = {}
    for name, lens in lenses.items():
        agreed = item.agreed.get(name)
        stands = form(lens, replica.seen.values, env) if replica.seen else None
        made = Kind.TASK if agreed is None and name == "kind" else None
        if _agreed_form(lens, agreed.value if agreed else made, env) == stands:
            at[name] = agreed.version if agreed else NEVER
        elif name in replica.at or stands is None or (replica.seen and lens.default(replica.seen.values)):
            at[name] = replica.at.get(name, NEVER)
    return replace(replica, at=at)


def overwritten(
    replaced: Mapping[str, Any],
    written: Written,
    item: ItemBase,
    replica: Replica,
    lenses: Mapping[str, Lens],
    env: ContainerEnv,
) -> tuple[list[Conflict], list[Loser]]:
    """Edits that nobody had seen and our write replaced: each becomes a conflict, its value kept in full.

    One that knew the agreed value is none: it was put back, as its owner's last word bids; kept in full all the same.
    """
    conflicts, losers = [], []
    before = written.expected.values if written.expected else {}
    for name in written.intent.new:
        lens, agreed = lenses.get(name), item.agreed.get(name)
        if lens is None or agreed is None or lens.native.isdisjoint(replaced):
            continue
        stood = {**before, **replaced}
        if form(lens, stood, env) in (written.intent.old.get(name), written.intent.new[name]):
            continue
        edit = _said(replica, name, lens, stood, agreed=agreed.value, env=env)
        losers.append(Loser(name, edit, f"edited in {replica.connection} while we wrote there"))
        if edit.version == agreed.version:
            continue
        held = Side(
            tool=agreed.origin,
            value=agreed.value,
            form=_agreed_form(lens, agreed.value, env),
            version=agreed.version,
            agreed=True,
            actor=agreed.actor,
            edited=agreed.edited,
        )
        identity = f"c-{digest([item.id, name, written.intent.id, encode(edit.form)])[:12]}"
        why = f"edited in {replica.connection} while we wrote there"
        made = written.intent.called or written.intent.made
        assert made is not None, "an intent that was carried out was called"
        conflicts.append(Conflict(identity, item.id, name, (edit, held), made, why))
    return conflicts, losers


def _agreed_form(lens: Lens, value: Value, env: ContainerEnv) -> Value:
    """n(v); the value itself where finding it broke: the write was made, and has to be settled all the same."""
    try:
        return lens.form(value, env)
    except Untranslatable:
        return value


def _said(
    replica: Replica, name: str, lens: Lens, values: Mapping[str, Any], *, agreed: Value, env: ContainerEnv
) -> Side:
    """What a person typed into a replica. In the tool's own words where it cannot be translated: they are evidence."""
    at = replica.at.get(name, NEVER)
    try:
        stood = lens.get(values, env)
    except (Untranslatable, Beyond):
        words = [values.get(native) for native in sorted(lens.native)]
        text = words[0] if len(words) == 1 and isinstance(words[0], str) else canonical(words)
        return Side(replica.connection, text, text, at, lawful=False)
    try:
        return Side(replica.connection, lens.lift(stood, agreed, env), stood, at)
    except (Unliftable, Untranslatable):
        return Side(replica.connection, stood, stood, at, lawful=False)


def refusals(
    written: Written,
    refused: Mapping[str, str],
    lenses: Mapping[str, Lens],
    *,
    attempts: Mapping[str, int],
    now: datetime,
) -> list[Refusal]:
    """One refusal for each field of which the tool did not take a native value; it is tried again later and later."""
    found = []
    for name, version in written.intent.versions.items():
        lens = lenses.get(name)
        reasons = [why for native, why in refused.items() if lens is not None and native in lens.native]
        if reasons:
            found.append(
                refusal(written.intent, name, version, reasons[0], attempts=attempts.get(name, 0), now=now)
            )
    return found


def refusal(intent: Intent, name: str, version: int, why: str, *, attempts: int, now: datetime) -> Refusal:
    """A refusal with its next try."""
    place = (intent.item, intent.connection, intent.container)
    return Refusal(*place, name, version, why, attempts + 1, next_try(now, attempts))
