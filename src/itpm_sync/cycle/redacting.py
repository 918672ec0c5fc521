"""Redaction of the past values of one field of one item, as a person orders it.

In: the workspace (its mappings read), an item, a field, who and why. Out: what was removed, what stays because it
still stands in a tool. A value that still stands is refused: the tools would tell it anew with the next run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from itpm_sync.bases import NEVER, Agreed, Replica, Tie
from itpm_sync.codec import show
from itpm_sync.cycle.apart import Comparer
from itpm_sync.cycle.finding import Found
from itpm_sync.cycle.recalled import recall
from itpm_sync.cycle.run import project_of
from itpm_sync.cycle.workspace import Workspace
from itpm_sync.errors import ItpmError, Misconfigured, Refused
from itpm_sync.ledger import Redacted, Redaction, RunKind, RunStatus, State
from itpm_sync.ledger.redaction import empty, stands
from itpm_sync.lens import Lens
from itpm_sync.model import Value


@dataclass(frozen=True, slots=True)
class Removed:
    """What a redaction did."""

    run: str
    redacted: Redacted
    stays: Value
    """The agreed value, which still stands."""
    shown_in: tuple[str, ...]
    """Connections that show it."""
    cleared: bool
    """The last agreed value went too: no tool has the item any more."""


def redact(ws: Workspace, found: Found, name: str, *, actor: str, reason: str = "") -> Removed:
    """Remove the past values of a field from the whole ledger. Raises Refused where none is past, Busy."""
    project = project_of(ws, found.project)
    lease, run = ws.ledger.start_run(
        found.project, ws.holder, kind=RunKind.REDACT, seconds=ws.lease_seconds, gone=ws.gone
    )
    try:
        # read again under the lease: nothing moves from here on
        state = ws.ledger.load(found.project)
        found = Found(found.project, state.items[found.item.id], state)
        _refuse_open(ws, found, name)
        sight = recall(project, state)
        comparer = Comparer.of(project, sight)
        agreed = found.item.agreed.get(name)
        living = [one for one in found.replicas if one.tie is not Tie.TOMBSTONE]
        forms = _standing(comparer, living, name, agreed, found)
        gone = {
            one.id: lens.native if (lens := _lens(comparer, one, name)) else frozenset[str]()
            for one in found.replicas
            if one.tie is Tie.TOMBSTONE
        }
        has = agreed is not None and agreed.value is not None
        clear = has and not living
        wanted = Redaction(
            found.item.id,
            name,
            stands() if clear else stands(*forms),
            gone,
            empty(agreed.version if agreed else NEVER, ws.clock.now(), actor) if clear else None,
            actor,
            reason,
        )
        done = ws.ledger.redact(lease, run, wanted)
        if done.seq is None and done.before is None:
            raise _nothing(found, name, agreed, living)
        ws.ledger.purge()
    except BaseException as error:
        says = error.message if isinstance(error, ItpmError) else type(error).__name__
        ws.ledger.end_run(lease, run, status=RunStatus.FAILED, summary={"error": says})
        raise
    summary = {"item": found.item.id, "field": name, "entry": done.seq, "places": dict(done.places)}
    ws.ledger.end_run(lease, run, status=RunStatus.DONE, summary=summary)
    stays = agreed.value if agreed and not clear else None
    return Removed(run, done, stays, tuple(sorted({one.connection for one in living})), clear)


def _lens(comparer: Comparer, replica: Replica, name: str) -> Lens | None:
    return comparer.sight.lenses.get((replica.connection, replica.container), {}).get(name)


def _refuse_open(ws: Workspace, found: Found, name: str) -> None:
    """What is not decided yet still stands somewhere, though it may not be what is agreed."""
    state: State = found.state
    for conflict in state.conflicts.values():
        if conflict.field == name and found.item.id in (conflict.item, *conflict.also):
            raise Refused(
                f"{name} of {found.title} is in an open conflict: each side still stands in a tool.",
                mend=f"Settle it first: itpm-sync conflicts show {conflict.id}",
            )
    if any(intent.item == found.item.id for intent in ws.ledger.open_intents(found.project)):
        raise Refused(
            f"A write to {found.title} is not finished yet.", mend=f"First: itpm-sync sync {found.project}"
        )
    for one in found.replicas:
        if one.reading is not None and one.tie is not Tie.TOMBSTONE:
            raise Refused(
                f"What {one.connection} says of {found.title} was read and not decided yet.",
                mend=f"First: itpm-sync sync {found.project}",
            )


def _standing(
    comparer: Comparer, living: Sequence[Replica], name: str, agreed: Agreed | None, found: Found
) -> list[Value]:
    """Every value that stands: the agreed one, its form in each tool, what each tool shows."""
    values: list[Value] = [agreed.value] if agreed else []
    for one in living:
        place, record = (one.connection, one.container), one.current
        if record is None or _lens(comparer, one, name) is None:
            # a record whose container has no mapping any more: whatever text stands in it, stands
            values += [text for text in (record.values.values() if record else ()) if isinstance(text, str)]
            continue
        try:
            values.append(comparer.reading(place, name, record))
            values.append(comparer.form(place, name, agreed.value if agreed else None))
        except ItpmError as error:
            raise Refused(
                f"What {one.connection} says of {name} cannot be translated, so nobody can say whether it stands: "
                f"{error.message}",
                mend="Correct it there, sync, then redact.",
            ) from error
    return values


def _nothing(found: Found, name: str, agreed: Agreed | None, living: Sequence[Replica]) -> ItpmError:
    if agreed is None or agreed.value is None:
        return Misconfigured(f"The ledger holds no value of {name} of {found.title}.")
    where = ", ".join(sorted({one.connection for one in living}))
    text = " ".join(show(agreed.value).split())
    return Refused(
        f"The only value of {name} of {found.title} that the ledger holds is the present one, which stands in {where}: "
        f"{text[:60]}",
        mend=f"Change or clear it there, run `itpm-sync sync {found.project}`, then redact: past values leave the "
        "ledger, present ones would be read again.",
    )
