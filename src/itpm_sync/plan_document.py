"""A plan as one JSON object: what `plan --json` prints, what a run keeps, what an approval is compared with.

In: a Plan, and what became of its actions where it was carried out. Out: plain JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from itpm_sync.bases import Conflict
from itpm_sync.codec import encode, show
from itpm_sync.model import Value
from itpm_sync.plan import Action, Brake, BrakeKind, OfferedField, PairProposal, Plan, Skipped, Warning


def document(
    plan: Plan, *, run: str, outcomes: Mapping[str, tuple[str, str]] | None = None
) -> dict[str, Any]:
    """`outcomes` by action identity: (outcome, reason), for a plan that was carried out."""
    return {
        "project": plan.project,
        "run": run,
        "actions": [_action(action, outcomes) for action in plan.actions],
        "held": [_held(action, plan.brakes) for action in plan.held],
        "offers": [_offer(offer) for offer in plan.offers],
        "conflicts": [conflict_document(conflict) for conflict in plan.conflicts],
        "proposals": [_proposal(proposal) for proposal in plan.proposals],
        "warnings": [_warning(warning) for warning in plan.warnings],
        "brakes": [_brake(brake) for brake in plan.brakes],
        "skipped": [_skipped(skipped) for skipped in plan.skipped],
        "new_items": sum(1 for decision in plan.decisions if decision.new),
    }


def _value(value: Value) -> dict[str, Any]:
    return {"value": encode(value), "text": show(value)}


def _action(action: Action, outcomes: Mapping[str, tuple[str, str]] | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": action.identity,
        "operation": action.operation.value,
        "item": action.item,
        "title": action.title,
        "connection": action.connection,
        "container": action.container,
        "record": action.native_id,
        "fields": [
            {"field": write.name, "old": _value(write.old), "new": _value(write.new), "reason": write.reason}
            for write in action.writes
        ],
        "reason": action.reason,
    }
    if outcomes is not None:
        found["outcome"], found["outcome_reason"] = outcomes.get(action.identity, ("not reached", ""))
    return found


def _held(action: Action, brakes: Sequence[Brake]) -> dict[str, Any]:
    """An action with the brake that holds it: its container's, else the pause of its connection or project."""
    near = [b for b in brakes if (b.connection, b.container) == (action.connection, action.container)]
    wide = [b for b in brakes if not b.container and b.connection in ("", action.connection)]
    brake = next(iter([*near, *wide]), None)
    return {
        **_action(action, None),
        "paused": brake is not None and brake.kind is BrakeKind.PAUSED,
        "held_by": brake.says if brake is not None else "",
    }


def _skipped(skipped: Skipped) -> dict[str, Any]:
    return {
        "item": skipped.item,
        "title": skipped.title,
        "connection": skipped.connection,
        "container": skipped.container,
        "record": skipped.native_id,
    }


def _offer(offer: OfferedField) -> dict[str, Any]:
    return {
        "item": offer.item,
        "title": offer.title,
        "connection": offer.connection,
        "container": offer.container,
        "record": offer.native_id,
        "field": offer.name,
        "old": _value(offer.old),
        "new": _value(offer.new),
        "since": offer.since.isoformat(),
    }


def conflict_document(conflict: Conflict) -> dict[str, Any]:
    """A conflict with every side, as people choose from it."""
    return {
        "id": conflict.id,
        "item": conflict.item,
        "field": conflict.field,
        "opened": conflict.opened.isoformat(),
        "reason": conflict.reason,
        "sides": [
            {
                "tool": side.tool,
                **_value(side.value),
                "agreed": side.agreed,
                "actor": side.actor,
                "edited": side.edited.isoformat() if side.edited else None,
                "item": side.item or conflict.item,
            }
            for side in conflict.sides
        ],
    }


def _proposal(proposal: PairProposal) -> dict[str, Any]:
    return {
        "id": proposal.id,
        "connection": proposal.connection,
        "container": proposal.container,
        "record": proposal.native_id,
        "title": proposal.title,
        "candidates": list(proposal.candidates),
        "why": proposal.why,
    }


def _warning(warning: Warning) -> dict[str, Any]:
    return {
        "grade": warning.grade.value,
        "says": warning.says,
        "mend": warning.mend,
        "connection": warning.connection,
        "container": warning.container,
        "item": warning.item,
        "field": warning.field,
    }


def _brake(brake: Brake) -> dict[str, Any]:
    return {
        "kind": brake.kind.value,
        "says": brake.says,
        "mend": brake.mend,
        "connection": brake.connection,
        "container": brake.container,
    }
