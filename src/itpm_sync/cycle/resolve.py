"""A person's word: which side of a conflict stays, which record is which item.

In: the workspace, the conflict or proposal as the person saw it, their choice. Out: durable; the next run writes.
Raises Moved where a side has moved since, Misconfigured for a choice that is not there, Busy.
"""

from __future__ import annotations

from itpm_sync.bases import LIFE, NEVER, Agreed, Conflict, ItemBase, Life, Side
from itpm_sync.cycle.workspace import Workspace
from itpm_sync.decided import decided_item
from itpm_sync.errors import Misconfigured
from itpm_sync.ledger import Lease, RunKind, RunStatus, sides_digest
from itpm_sync.plan import Decision, Loser

AGREED = "agreed"
"""The choice that keeps the agreed value."""


def choose(conflict: Conflict, choice: str) -> Side | None:
    """The side named by its tool, its number (1 first), or None for `agreed`. Raises Misconfigured."""
    wanted = choice.strip().lower()
    if wanted.isdigit() and 1 <= int(wanted) <= len(conflict.sides):
        return conflict.sides[int(wanted) - 1]
    by_tool = [side for side in conflict.sides if side.tool is not None and side.tool.lower() == wanted]
    if len(by_tool) == 1:
        return by_tool[0]
    if wanted == AGREED:
        return None
    names = [f"{number} ({side.tool or 'agreed'})" for number, side in enumerate(conflict.sides, 1)]
    raise Misconfigured(
        f"Conflict {conflict.id} has no side {choice!r}.",
        mend=f"Choose one of: {', '.join([*names, AGREED])}.",
    )


def resolve(
    ws: Workspace, conflict_id: str, choice: str, *, actor: str, sides_seen: str | None = None
) -> Conflict:
    """Settle a conflict. `sides_seen` is the digest of the sides the person looked at; by default those there now."""
    conflict = ws.ledger.conflict(conflict_id)
    project = _project_of(ws, conflict)
    side = choose(conflict, choice)
    lease = ws.ledger.acquire(project, ws.holder, seconds=ws.lease_seconds, gone=ws.gone)
    try:
        run = ws.ledger.begin_run(lease, RunKind.RESOLVE)
        items = ws.ledger.load(project).items
        target = items[side.item if side is not None and side.item else conflict.item]
        decision = _decision(ws, conflict, side, target, actor)
        ws.ledger.resolve(
            lease,
            run,
            conflict=conflict.id,
            sides_seen=sides_seen or sides_digest(conflict),
            decision=decision,
            item=decided_item(target, decision),
        )
        ws.ledger.finish_run(
            lease, run, status=RunStatus.DONE, summary={"conflict": conflict.id, "choice": choice}
        )
    finally:
        ws.ledger.release(lease)
    return conflict


def _decision(ws: Workspace, conflict: Conflict, side: Side | None, item: ItemBase, actor: str) -> Decision:
    why = f"resolved by {actor}"
    losers = tuple(Loser(conflict.field, other, why) for other in conflict.sides if other is not side)
    if conflict.field == LIFE:
        gone = side is not None and not side.agreed
        life, note = (Life.DELETED, f"deletion confirmed by {actor}") if gone else (Life.LIVE, "")
        return Decision(item.id, closed=(conflict.id,), life=life, note=note, losers=losers)
    if side is not None and not side.lawful:
        raise Misconfigured(
            f"What {side.tool} says cannot become the agreed value: it contradicts itself or cannot be translated.",
            mend="Correct it there, or choose another side.",
        )
    agreed = item.agreed.get(conflict.field)
    version = agreed.version if agreed else NEVER
    value = side.value if side is not None else (agreed.value if agreed else None)
    chosen = Agreed(value, version + 1, None, actor, ws.clock.now())
    return Decision(
        item.id, {conflict.field: chosen}, closed=(conflict.id,), losers=losers, reasons={conflict.field: why}
    )


def _project_of(ws: Workspace, conflict: Conflict) -> str:
    for project in ws.ledger.projects():
        if any(other.id == conflict.id for other in ws.ledger.conflicts(project)):
            return project
    raise Misconfigured(f"There is no open conflict {conflict.id}.", mend="See `itpm-sync conflicts list`.")


def decide_pair(ws: Workspace, project: str, pair: str, *, item: str | None, actor: str) -> None:
    """Accept a proposal for an item, or refuse it (None). The next run acts on it."""
    lease: Lease = ws.ledger.acquire(project, ws.holder, seconds=ws.lease_seconds, gone=ws.gone)
    try:
        if item is None:
            ws.ledger.refuse_pair(lease, pair, actor=actor)
        else:
            ws.ledger.accept_pair(lease, pair, item=item, actor=actor)
    finally:
        ws.ledger.release(lease)
