"""Where a field's value comes from, and why each tool shows what it shows. From the ledger alone.

In: the workspace (its mappings read), an item, a field. Out: `Explained`. No tool is asked: what a tool shows is what
was last read there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches

from itpm_sync.bases import NEVER, Absence, Agreed, Conflict, Replica, Tie
from itpm_sync.cycle.apart import Apart, Compared, Comparer
from itpm_sync.cycle.finding import Found
from itpm_sync.cycle.people_brakes import held
from itpm_sync.cycle.reading import Place
from itpm_sync.cycle.recalled import recall
from itpm_sync.cycle.run import project_of
from itpm_sync.cycle.workspace import Workspace
from itpm_sync.errors import Misconfigured
from itpm_sync.ledger import Event, StoredLoser, What
from itpm_sync.ledger.events import events
from itpm_sync.model import FIELDS, field_of
from itpm_sync.plan import BrakeKind


@dataclass(frozen=True, slots=True)
class Shown:
    """One tool's record of the item, as last read."""

    connection: str
    container: str
    native_id: str
    name: str
    url: str
    tie: Tie
    absence: Absence | None = None
    read: datetime | None = None
    """When its container was last read."""
    compared: Compared | None = None
    """None: this container's mapping has no such field, or the record is no more."""
    computed: bool = False
    at: int = NEVER
    """The agreed version it was last brought to."""
    told: Event | None = None
    """The write, or the edit of its own, by which it got there."""
    braked: str = ""
    """What stops writing there, as the last run found it."""


@dataclass(frozen=True, slots=True)
class Explained:
    """One field of one item."""

    found: Found
    field: str
    agreed: Agreed | None
    origin: Event | None
    """The entry by which the value became the agreed one."""
    conflict: Conflict | None
    losers: Sequence[StoredLoser]
    shown: Sequence[Shown]
    redacted: Event | None = None
    """The newest redaction of the field."""


def field_named(name: str) -> str:
    """The field, or the group that a part belongs to. Raises Misconfigured, naming those there are."""
    wanted = field_of(name.strip())
    if wanted in FIELDS or (wanted.startswith("custom.") and len(wanted) > 7) or wanted == "lifecycle":
        return wanted
    near = get_close_matches(wanted, FIELDS, n=1)
    mend = f"Did you mean {near[0]!r}?" if near else f"One of: {', '.join(sorted(FIELDS))}."
    raise Misconfigured(f"There is no field {name!r}.", mend=mend)


def explain(ws: Workspace, found: Found, names: Sequence[str] = ()) -> list[Explained]:
    """These fields of an item; without names, each that was ever agreed, opened as a conflict or is held somewhere."""
    project = project_of(ws, found.project)
    state = found.state
    sight = recall(project, state)
    comparer = Comparer.of(
        project,
        sight,
        conflicts=state.conflicts.values(),
        refusals=state.refusals,
        intents=ws.ledger.open_intents(found.project),
    )
    told = events(ws.ledger.history(found.project, found.item.id, limit=None))
    open_ = {one.field: one for one in state.conflicts.values() if found.item.id in (one.item, *one.also)}
    brakes = _brakes(ws, found.project)
    wanted = list(names) or sorted({*found.item.agreed, *open_})
    result = []
    for name in wanted:
        its = [event for event in told if event.field == name]
        agreed = found.item.agreed.get(name)
        shown = []
        for replica in found.replicas:
            place = (replica.connection, replica.container)
            known = state.containers.get(place)
            one = _shown(comparer, replica, name, its, known.last_read if known else None)
            stops = held(state.pauses, replica.connection) or brakes.get(place) or brakes.get(("", ""))
            shown.append(_with_brake(one, stops or ""))
        result.append(
            Explained(
                found,
                name,
                agreed,
                _origin(its, agreed),
                open_.get(name),
                ws.ledger.losers_of(found.project, found.item.id, field=name),
                shown,
                next((one for one in reversed(its) if one.what is What.REDACTED), None),
            )
        )
    return result


def _origin(its: Sequence[Event], agreed: Agreed | None) -> Event | None:
    """The entry that made this version; later ones of the same version only corrected who said it."""
    if agreed is None:
        return None
    return next((one for one in its if one.what is What.AGREED and one.version == agreed.version), None)


def _brakes(ws: Workspace, project: str) -> dict[Place, str]:
    """What stopped the newest run that planned: by container, under ("", "") for the whole project."""
    for run in ws.ledger.runs(project, limit=10):
        plan = ws.ledger.plan_of(run.id)
        if isinstance(plan, dict) and "brakes" in plan:
            return {
                (one["connection"], one["container"]): str(one["says"])
                for one in plan["brakes"]
                if one["kind"] != BrakeKind.PAUSED
            }
    return {}


def _shown(
    comparer: Comparer, replica: Replica, name: str, its: Sequence[Event], read: datetime | None
) -> Shown:
    place, record = (replica.connection, replica.container), replica.current
    lens = comparer.sight.lenses.get(place, {}).get(name)
    compared, computed = None, False
    if lens is not None and record is not None and replica.tie is not Tie.TOMBSTONE:
        compared, computed = comparer.compare(replica, name, record), lens.computed(record.computed)
    at = replica.at.get(name, NEVER)
    return Shown(
        *place,
        replica.native_id,
        (record.name if record else "") or replica.native_id,
        record.url if record else "",
        replica.tie,
        replica.absence,
        read,
        compared,
        computed,
        at,
        _told(its, replica, at),
    )


def _told(its: Sequence[Event], replica: Replica, at: int) -> Event | None:
    """How this record came to version `at`: the write that brought it, else the edit in it that became it."""
    if at == NEVER:
        return None
    written = [
        one
        for one in its
        if one.what is What.WRITTEN
        and (one.tool, one.record) == (replica.connection, replica.native_id)
        and one.version == at
    ]
    if written:
        return written[-1]
    return next((one for one in its if one.what is What.AGREED and one.version == at), None)


def _with_brake(shown: Shown, says: str) -> Shown:
    waits = shown.compared is not None and shown.compared.apart is Apart.WAITING
    return replace(shown, braked=says) if says and waits else shown
