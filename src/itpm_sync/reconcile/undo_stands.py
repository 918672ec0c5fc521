"""What stands now where a run wrote: as the run left it, put back already, touched since, or out of reach.

In: the draft of today's world, one field of one record as the run wrote it. Out: a `Stand`, with the reason in words.
Compared are native values first (a mapping may have changed meanwhile), and their forms where a tool writes the same
thing in other letters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from itpm_sync.bases import Tie
from itpm_sync.codec import digest
from itpm_sync.connector import Presence, Record
from itpm_sync.lens import Lens, Untranslatable
from itpm_sync.model import Value
from itpm_sync.reconcile.draft import Draft, ReplicaDraft
from itpm_sync.reconcile.past import Wrote
from itpm_sync.reconcile.world import ContainerView
from itpm_sync.ties import ContainerEnv


class How(StrEnum):
    """How a field of a record stands, seen from the run that wrote it."""

    LEFT = "as the run left it"
    BACK = "as before the run"
    TOUCHED = "touched since"
    AWAY = "no longer there"
    SHUT = "out of reach"


@dataclass(frozen=True, slots=True)
class Stand:
    """One field of one record, now. `one` and `view` are there where it can be looked at."""

    wrote: Wrote
    how: How
    why: str = ""
    """In words, where it is neither as the run left it nor as before."""
    mend: str = ""
    one: ReplicaDraft | None = None
    view: ContainerView | None = None

    @property
    def lens(self) -> Lens | None:
        """Today's lens of the field there; None where it is not mapped any more."""
        return self.view.lenses.get(self.wrote.field) if self.view is not None else None

    @property
    def record(self) -> Record:
        assert self.one is not None and self.one.base.current is not None, "looked at only where it stands"
        return self.one.base.current

    @property
    def before(self) -> dict[str, Any]:
        """The record's values as they would be with the field put back."""
        old = {name: old for name, (old, _) in self.wrote.natives.items()}
        return {**self.record.values, **self.wrote.beside, **old}


def stand(draft: Draft, wrote: Wrote) -> Stand:
    """What stands there now."""
    one = draft.replicas.get(wrote.replica)
    away = _away(one, wrote)
    if away:
        return Stand(wrote, How.AWAY, away)
    assert one is not None
    view = draft.world.containers.get(one.place)
    shut = _shut(draft, one, view, wrote)
    if shut is not None:
        return Stand(wrote, How.SHUT, *shut)
    assert view is not None
    found = Stand(wrote, How.LEFT, one=one, view=view)
    env = draft.envs[view.place]
    reading, seen = one.base.reading, one.base.seen
    if reading is not None and seen is not None and _differ(found, env, reading.values, seen.values):
        # nobody has decided it yet
        who = f" by {reading.edited_by}" if reading.edited_by else ""
        return Stand(wrote, How.TOUCHED, f"it was edited in {wrote.connection}{who} since")
    sent = {name: new for name, (_, new) in wrote.natives.items()}
    if not _differ(found, env, found.record.values, {**found.record.values, **sent}):
        return found
    if not _differ(found, env, found.record.values, found.before):
        return Stand(wrote, How.BACK, one=one, view=view)
    return Stand(wrote, How.TOUCHED, f"something else stands in {wrote.connection} since")


def _away(one: ReplicaDraft | None, wrote: Wrote) -> str:
    where = wrote.connection
    if one is None or one.item != wrote.item or one.base.current is None:
        return f"its record in {where} is no longer tied to it"
    if one.base.container != wrote.container:
        return f"its record in {where} was moved to {one.base.container} since"
    match one.tie:
        case Tie.TOMBSTONE:
            return f"its record in {where} was deleted since"
        case Tie.HIDDEN:
            return f"its record in {where} is hidden from us now"
        case Tie.OUT_OF_SCOPE:
            return f"{where} does not take it any more"
    absence = one.base.absence
    if absence is None:
        return ""
    if absence.presence is Presence.HIDDEN:
        return f"its record in {where} is hidden from us now"
    gone = absence.presence in (Presence.GONE, Presence.BINNED)
    return f"its record in {where} {'was deleted since' if gone else 'is not to be found there now'}"


def _shut(
    draft: Draft, one: ReplicaDraft, view: ContainerView | None, wrote: Wrote
) -> tuple[str, str] | None:
    """Why nothing can be put back there in this run, and the mend."""
    again = "Undo the run again when that is over."
    if view is None:
        return f"{wrote.container} in {wrote.connection} is no longer part of the project", ""
    reason = unwritable(view)
    if reason:
        return reason, again
    if one.base.id in draft.world.pending:
        return f"what became of a write in {wrote.connection} is not known yet", again
    if not wrote.natives:
        return f"what stood in {wrote.connection} is not kept any more", "Put it right by hand."
    record = one.base.current
    assert record is not None
    lens = view.lenses.get(wrote.field)
    if lens is None and not wrote.natives.keys() <= record.values.keys():
        return f"{wrote.connection} is not asked for it any more", "Map the field again, then undo."
    if lens is not None and not lens.writable:
        return f"the mapping of {wrote.connection} does not let it be written", ""
    computed = not record.computed.isdisjoint(wrote.natives)
    return (f"{wrote.connection} computes it now", "") if computed else None


def unwritable(view: ContainerView) -> str:
    """Why nothing may be changed in a container in this run; "" it may."""
    if view.suspended or view.paused:
        return f"{view.name} sits this run out: {view.suspended or view.paused}"
    if view.by_hand:
        return f"{view.name} takes changes by hand only"
    return "" if view.writable else f"nothing is written in {view.name}"


def _differ(found: Stand, env: ContainerEnv, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two sets of values differ in the field, natively and (where it is mapped) in what they read as."""
    if all(one.get(name) == other.get(name) for name in found.wrote.natives):
        return False
    return found.lens is None or reads(found.lens, one, env) != reads(found.lens, other, env)


def reads(lens: Lens, values: Mapping[str, Any], env: ContainerEnv) -> Value:
    """What values read as; the exact native values where they cannot be translated."""
    try:
        return lens.get(values, env)
    except Untranslatable:
        return digest([values.get(name) for name in sorted(lens.native)])
