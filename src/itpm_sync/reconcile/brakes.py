"""When to stop before the first write and ask.

In: the draft and the actions. Out: brakes. A container's brake suspends that container, a project's the project.
Percentages count from `limits.floor` items on.
"""

from __future__ import annotations

from collections import Counter

from itpm_sync.bases import Tie
from itpm_sync.connector import Operation
from itpm_sync.plan import KEY, Action, Brake, BrakeKind
from itpm_sync.policy import Limits
from itpm_sync.reconcile.draft import Draft
from itpm_sync.reconcile.world import Place

_THERE = (Tie.TIED, Tie.OUT_OF_SCOPE)
_APPROVE = "Look at the plan, then `itpm-sync sync --approve RUN` with its run id."


def before_deciding(draft: Draft) -> list[Brake]:
    """Brakes that say a container's listing is not to be trusted in this run."""
    found = []
    known = _known(draft)
    absences = Counter(
        one.place
        for one in draft.replicas.values()
        if one.base.absence is not None and one.base.absence.confirmed and one.tie in _THERE
    )
    for place, view in draft.world.containers.items():
        name = view.name
        if view.listed and not view.suspended and view.had > 0 and view.has == 0:
            says = f"{name} had {view.had} records and now lists none; nothing is taken for deleted."
            found.append(Brake(BrakeKind.EMPTIED, says, "If it was emptied on purpose: " + _APPROVE, *place))
        if _too_many(draft.world.policy.limits, absences[place], known[place]):
            says = f"{absences[place]} of {known[place]} records of {name} seem to be deleted."
            found.append(Brake(BrakeKind.DELETIONS, says, _APPROVE, *place))
    return _unwaived(draft, found)


def before_writing(draft: Draft, actions: tuple[Action, ...]) -> list[Brake]:
    """Brakes on what would be written."""
    found = []
    world = draft.world
    if world.first_sync and (actions or world.replicas):
        says = "This is the project's first sync; it is always previewed."
        found.append(Brake(BrakeKind.FIRST_SYNC, says, _APPROVE))
    if world.first_sync:
        return _unwaived(draft, found)  # its preview covers everything
    if world.configuration_changed:
        says = f"The configuration changed since the last run: {world.configuration_changed}."
        found.append(Brake(BrakeKind.CONFIGURATION, says, _APPROVE))
    known = _known(draft)
    deletions = Counter((a.connection, a.container) for a in actions if a.operation is Operation.DELETE)
    changes = Counter((a.connection, a.container) for a in actions if _changes(a))
    creations = Counter((a.connection, a.container) for a in actions if a.operation is Operation.CREATE)
    for place, view in world.containers.items():
        name = view.name
        if view.first and not view.suspended and (view.has or creations[place]):
            says = f"{name} is read for the first time; what it holds is previewed."
            found.append(Brake(BrakeKind.FIRST_SYNC, says, _APPROVE, *place))
        if _too_many(world.policy.limits, deletions[place], known[place]):
            says = f"{deletions[place]} records of {name} would be deleted."
            found.append(Brake(BrakeKind.DELETIONS, says, _APPROVE, *place))
        share = world.policy.limits.changes_share
        if known[place] >= world.policy.limits.floor and changes[place] > share * known[place]:
            says = (
                f"{changes[place]} of {known[place]} records of {name} would change, more than {share:.0%}."
            )
            found.append(Brake(BrakeKind.CHANGES, says, _APPROVE, *place))
    return _unwaived(draft, found)


def _changes(action: Action) -> bool:
    """Whether an action changes what people see; our key alone is none of it."""
    return action.operation is Operation.UPDATE and any(write.name != KEY for write in action.writes)


def _unwaived(draft: Draft, found: list[Brake]) -> list[Brake]:
    waived = draft.world.waived
    return [brake for brake in found if (brake.kind.value, brake.connection, brake.container) not in waived]


def _too_many(limits: Limits, count: int, known: int) -> bool:
    return count > limits.deletions or (known >= limits.floor and count > limits.deletions_share * known)


def _known(draft: Draft) -> Counter[Place]:
    return Counter(one.place for one in draft.replicas.values() if one.base.tie in _THERE or one.fresh)
