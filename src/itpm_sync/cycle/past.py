"""A run looked back at: what the ledger knows of it, as its undo takes it.

In: the workspace, a run's id. Out: `Past`. Raises Misconfigured, with the mend, for a run that cannot be undone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from itpm_sync import translate
from itpm_sync.bases import NEVER, Intent, Side
from itpm_sync.codec import Json, decode
from itpm_sync.connector import Operation, Status
from itpm_sync.cycle.workspace import Workspace
from itpm_sync.errors import ItpmError, Misconfigured
from itpm_sync.ledger import Entry, Run, RunKind
from itpm_sync.model import instant
from itpm_sync.plan import KEY
from itpm_sync.reconcile.past import FIRST_TIE, Key, Made, Moved, Past, Wrote, side_mark

_DONE = (Status.APPLIED.value, Status.PARTLY.value)
_DELETED = (*_DONE, "found")
_NOT_DONE = (
    Status.REFUSED.value,
    Status.STALE.value,
    Status.RETRY.value,
    "not applied",
    "record no longer known",
)
_WHOLE = ""


def run_to_undo(ws: Workspace, run: str, project: str) -> Run:
    """The run, if it can be undone. Raises Misconfigured."""
    found = ws.ledger.run(run)
    if found.project != project:
        raise Misconfigured(
            f"Run {run} is one of project {found.project}, not of {project}.",
            mend=f"See: itpm-sync runs list {project}",
        )
    if found.kind is RunKind.PLAN:
        by = found.approved_by
        raise Misconfigured(
            f"Run {run} only planned; nothing was written by it.",
            mend=f"Its plan was carried out by run {by}: undo that one."
            if by
            else "There is nothing to undo.",
        )
    if found.kind not in (RunKind.SYNC, RunKind.RESOLVE, RunKind.UNDO):
        raise Misconfigured(
            f"Run {run} ({found.kind.value}) wrote nothing in any tool.", mend="See: itpm-sync runs list"
        )
    return found


async def look_back(ws: Workspace, run: Run, basis: Mapping[str, Any]) -> Past:
    """Everything the run did. `basis`: what deciding rests on today."""
    entries = ws.ledger.history(run.project, run=run.id, limit=None)
    told = _Told()
    for entry in sorted(entries, key=lambda each: each.seq):
        told.take(entry, of_undo=run.kind is RunKind.UNDO)
    wrote: dict[Key, dict[str, Wrote]] = defaultdict(dict)
    unknown: set[Key] = set()
    made, deleted = [], []
    for one in ws.ledger.writes_since(run.project, run.started):
        intent, mine = one.intent, one.intent.run == run.id
        if intent.operation == Operation.UPDATE:
            for name in intent.new:
                key = (intent.item, name)
                moved = told.moved.get(key)
                if name == KEY or not (mine or (moved and moved.version == intent.versions.get(name))):
                    continue
                if one.outcome in _DONE and (intent.id, name) not in told.refused:
                    _join(wrote[key], _wrote(intent, name))
                elif one.outcome not in _NOT_DONE and one.outcome not in _DONE:
                    unknown.add(key)
        elif mine and one.outcome in _DELETED:
            known = Made(
                intent.item, intent.connection, intent.container, intent.native_id or "", intent.replica or ""
            )
            if intent.operation == Operation.DELETE:
                deleted.append(known)
            elif one.outcome in _DONE:
                made.append((known, intent.called or run.started))
        elif mine and one.outcome is None:
            unknown.add((intent.item, _WHOLE))
    replaced = ws.ledger.replaced_base(run.project, run.id)
    base = replaced is not None and (replaced.in_force or replaced.back)
    held = base and (
        replaced is not None
        and (replaced.fingerprint is None or bool(translate.changed(replaced.document or {}, basis)))
    )
    return Past(
        run.id,
        {key: tuple(each.values()) for key, each in wrote.items()},
        told.moved,
        {key: tuple(sides) for key, sides in told.lost.items()},
        told.opened,
        tuple(await _touched(ws, made)),
        tuple(deleted),
        frozenset(unknown),
        resolved=run.kind is RunKind.RESOLVE,
        undone=run.kind is RunKind.UNDO,
        base=base,
        held=held,
    )


def _wrote(intent: Intent, name: str) -> Wrote:
    pairs = intent.natives.get(name, {})
    version = intent.versions.get(name, NEVER)
    return Wrote(
        intent.item,
        name,
        intent.replica or "",
        intent.connection,
        intent.container,
        version,
        intent.was.get(name, version),
        {native: (pair[0], pair[1]) for native, pair in pairs.items() if len(pair) > 1},
        {native: pair[0] for native, pair in pairs.items() if len(pair) == 1},
    )


def _join(known: dict[str, Wrote], one: Wrote) -> None:
    """A field that was written twice: what stood before the first, what was sent last."""
    first = known.get(one.replica)
    if first is None or not first.natives or not one.natives:
        known[one.replica] = one
        return
    before = {name: first.natives.get(name, (old, None))[0] for name, (old, _) in one.natives.items()}
    natives = {name: (before[name], sent) for name, (_, sent) in one.natives.items()}
    known[one.replica] = replace(
        one, was=first.was, natives={**first.natives, **natives}, beside={**one.beside, **first.beside}
    )


@dataclass(slots=True)
class _Told:
    """What the history tells of a run, entry by entry."""

    moved: dict[Key, Moved] = field(default_factory=dict)
    lost: dict[Key, list[Side]] = field(default_factory=lambda: defaultdict(list))
    opened: dict[Key, frozenset[str]] = field(default_factory=dict)
    refused: set[tuple[str, str]] = field(default_factory=set)
    """(intent, field)."""

    def take(self, entry: Entry, *, of_undo: bool) -> None:
        document: Mapping[str, Any] = entry.document
        item = entry.item or ""
        for name, one in document.get("fields", {}).items():
            self.moved[item, name] = _later(self.moved.get((item, name)), _moved(one))
        for side in document.get("losers", ()):
            if not side.get("covered_by") and not _redacted(side["form"], side["value"]):
                self.lost[item, side["field"]].append(_side(side))
        for conflict in document.get("opened", ()) if of_undo else ():
            self.opened[item, conflict["field"]] = frozenset(
                side_mark(side["tool"], side["form"], side["version"]) for side in conflict["sides"]
            )
        for refusal in document.get("refusals", ()):
            self.refused.add((document.get("intent", ""), refusal["field"]))


def _moved(one: Mapping[str, Any]) -> Moved:
    old = one["old"]
    known = not _redacted(old)
    first = one.get("why") == FIRST_TIE
    return Moved(decode(old) if known else None, one["version"], one["was"] or NEVER, first, known)


def _later(before: Moved | None, one: Moved) -> Moved:
    if before is None:
        return one
    return replace(one, old=before.old, was=before.was, known=before.known, first=False)


def _redacted(*values: Json) -> bool:
    return any(isinstance(value, dict) and "redacted" in value for value in values)


def _side(side: Mapping[str, Any]) -> Side:
    actor = side.get("actor")
    return Side(
        side["tool"],
        decode(side["value"]),
        decode(side["form"]),
        side["version"],
        agreed=bool(side.get("agreed")),
        actor=actor if isinstance(actor, str) else None,
        edited=instant(side["edited"]) if side.get("edited") else None,
        lawful=bool(side.get("lawful", True)),
    )


async def _touched(ws: Workspace, made: Sequence[tuple[Made, datetime]]) -> Iterable[Made]:
    """The created records, each with what its tool's own history says of people since; it tells of fields that are
    not mapped too.
    """
    places: dict[tuple[str, str], list[tuple[Made, datetime]]] = defaultdict(list)
    for one, called in made:
        places[one.connection, one.container].append((one, called))
    found: list[Made] = []
    for (connection, container), mine in places.items():
        connector = ws.connections.get(connection)
        if connector is None or not connector.capabilities.history:
            found += [one for one, _ in mine]
            continue
        try:
            edits = await connector.history(
                container, [one.native_id for one, _ in mine], min(called for _, called in mine)
            )
        except ItpmError as error:
            why = f"{connection} cannot be asked who used it since: {error.message}"
            found += [replace(one, touched=why) for one, _ in mine]
            continue
        for one, called in mine:
            theirs = [e for e in edits.get(one.native_id, ()) if e.ours is None and e.at > called]
            why = f"it was edited there by {theirs[-1].by} since" if theirs else ""
            found.append(replace(one, touched=why))
    return found
