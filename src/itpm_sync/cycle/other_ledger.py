"""Whether the tools show what this ledger did not do: it was lost, or restored from a backup.

In: what was read, the ledger's own memory. Out: what it is that shows it, in plain words; "" nothing does. Two things
show it: keys on records that no item of this ledger has, and writes of ours in a tool's own history that this ledger
never made. The first costs nothing; the second is asked only of items that changed in two tools at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from itpm_sync.bases import Replica, Tie, is_item_id, item_ids
from itpm_sync.cycle.identity import whole
from itpm_sync.cycle.reading import Place, Sight
from itpm_sync.cycle.workspace import Workspace
from itpm_sync.errors import ItpmError
from itpm_sync.ledger import RunKind, RunStatus, State
from itpm_sync.translate import Project

_OURS = "itpm-sync"
_SKEW = timedelta(minutes=15)
"""How far a tool's clock may be from ours."""
_ASKED = 50
"""The most records of one container whose history is looked at."""
_CARRIED = (RunStatus.DONE, RunStatus.CONFLICTS, RunStatus.LEFT_OUT, RunStatus.FAILED)

LOST = (
    "{records} itpm-sync keys of a ledger that is not this one, which never synced this project: the project's ledger "
    "was lost, or another installation keeps these records in step."
)
RESTORED = (
    "{records} itpm-sync keys of a ledger that is not this one: this one was restored from a backup, and what was "
    "done since is not in it."
)
WRITTEN = (
    "The history of {where} holds writes of itpm-sync that are not of this ledger: it was restored from a backup, "
    "or another installation syncs the same records."
)


@dataclass(frozen=True, slots=True)
class Signs:
    """What was found."""

    says: str = ""
    elsewhere: frozenset[str] = frozenset()
    """Keys of items of other projects of this ledger: those records were moved or copied, and show nothing."""


async def signs(ws: Workspace, project: Project, state: State, sight: Sight) -> Signs:
    """Look for signs of another ledger."""
    name = project.facts.id
    untied = [one for one in sight.replicas.values() if one.tie is Tie.UNTIED and one.reading is not None]
    keys = {key for one in untied if (key := _key(one)) is not None}
    of = ws.ledger.projects_of(keys)
    elsewhere = frozenset(key for key, projects in of.items() if name not in projects)
    unknown = keys - of.keys()
    if state.fingerprint is None:
        carrying = [one for one in untied if _key(one) in unknown]
        return Signs(LOST.format(records=_records(carrying)) if carrying else "", elsewhere)
    known = {key for key, projects in of.items() if name in projects}
    carrying = _made_since(name, untied, unknown)
    carrying += _unheard(ws, project, state, sight, [one for one in untied if _key(one) in known])
    if carrying:
        return Signs(RESTORED.format(records=_records(carrying)), elsewhere)
    places = await _written(ws, name, sight)
    where = " and ".join(f"{container} in {connection}" for connection, container in places)
    return Signs(WRITTEN.format(where=where) if places else "", elsewhere)


def _key(one: Replica) -> str | None:
    key = one.reading.key if one.reading is not None else None
    return key if is_item_id(key) else None


def _records(carrying: list[Replica]) -> str:
    names = sorted({one.reading.name or one.native_id for one in carrying if one.reading is not None})
    some = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
    return f"1 record ({some}) carries" if len(carrying) == 1 else f"{len(carrying)} records ({some}) carry"


def _made_since(project: str, untied: Iterable[Replica], unknown: set[str]) -> list[Replica]:
    """Records whose unknown key follows from a record that is there: this project gave it, and this ledger forgot.

    A key that follows from none is of another project or installation (a row copied from its sheet), and no sign.
    """
    if not unknown:
        return []
    given = {
        name for one in untied for name in item_ids(project, one.connection, one.native_id, most=2)
    } & unknown
    return [one for one in untied if _key(one) in given]


def _unheard(
    ws: Workspace, project: Project, state: State, sight: Sight, keyed: list[Replica]
) -> list[Replica]:
    """Records that carry the key of an item which this ledger has never given to their tool."""
    if not keyed:
        return []
    held: dict[str, set[str]] = defaultdict(set)
    for other in whole(ws, project, sight).replicas.values():
        if other.item is not None:
            held[other.connection].add(other.item)
    # also one that was closed as not done: the vendor may carry it out long after its horizon
    creating = ws.ledger.created(project.facts.id, {key for one in keyed if (key := _key(one)) is not None})
    told = {(pair.connection, pair.native_id) for pair in state.proposals.values()} | state.accepted.keys()
    return [
        one
        for one in keyed
        if (key := _key(one)) not in held[one.connection]
        and (key, one.connection) not in creating
        and (one.connection, one.native_id) not in told  # a person says, or is asked, whose it is
        and not _new_there(sight, (one.connection, one.container))
    ]


def _new_there(sight: Sight, place: Place) -> bool:
    """A container that no plan has covered yet is previewed anyway."""
    known = sight.containers.get(place)
    return known is None or known.base is None


def suspicious(ws: Workspace, sight: Sight) -> bool:
    """Whether the tools' histories should be asked: an item changed in two tools since it was last decided."""
    return bool(_changed_twice(ws, sight))


async def _written(ws: Workspace, project: str, sight: Sight) -> list[Place]:
    """Places whose history holds writes of ours that the ledger does not know, of items that changed in two tools."""
    asked = _changed_twice(ws, sight)
    since = _last_carried(ws, project) if asked else None
    if since is None:
        return []
    calls = ws.ledger.called_since(project, since - _SKEW)
    made = {intent for intent, _, _ in calls}
    touched = {(connection, native) for _, connection, native in calls}
    found = []
    for place, natives in asked.items():
        connector = ws.connections[place[0]]
        try:
            edits = await connector.history(place[1], natives[:_ASKED], since)
        except ItpmError:
            continue  # no answer is no sign; what it keeps from us, the next run asks again
        unknown = any(
            edit.ours not in made
            if edit.ours != _OURS
            else edit.at > since + _SKEW and (place[0], native) not in touched
            for native, some in edits.items()
            for edit in some
            if edit.ours is not None
        )
        if unknown:
            found.append(place)
    return found


def _changed_twice(ws: Workspace, sight: Sight) -> dict[Place, list[str]]:
    """Records of items that changed in two tools since they were last decided, where the tool keeps a history."""
    changed: dict[str, list[Replica]] = defaultdict(list)
    for one in sight.replicas.values():
        if one.item is not None and one.tie is Tie.TIED and one.reading is not None and one.seen is not None:
            changed[one.item].append(one)
    found: dict[Place, list[str]] = defaultdict(list)
    for some in changed.values():
        if len(some) < 2:
            continue
        for one in some:
            place = (one.connection, one.container)
            if ws.connections[one.connection].capabilities.history and place not in sight.suspended:
                found[place].append(one.native_id)
    return found


def _last_carried(ws: Workspace, project: str) -> datetime | None:
    """When the last run began that carried its whole plan out."""
    for run in ws.ledger.runs(project, 200):
        ended_early = isinstance(run.summary, dict) and "error" in run.summary
        if run.kind is RunKind.SYNC and run.status in _CARRIED and not ended_early:
            return run.started
    return None
