"""When to stop before the first write and ask.

In: the draft and the actions. Out: brakes. A container's brake suspends that container, a project's the project.
Percentages count from `limits.floor` items on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from itpm_sync.bases import Replica, Tie
from itpm_sync.connector import Operation
from itpm_sync.plan import KEY, Action, Brake, BrakeKind
from itpm_sync.policy import Limits
from itpm_sync.reconcile.draft import Draft
from itpm_sync.reconcile.limits import told
from itpm_sync.reconcile.pairing import claimed
from itpm_sync.reconcile.world import ContainerView, Place

_THERE = (Tie.TIED, Tie.OUT_OF_SCOPE)
_APPROVE = "Look at the plan, then `itpm-sync sync --approve RUN` with its run id."
_MEANT = "If that is meant: look at the plan, then `itpm-sync sync --approve RUN` with its run id."


def before_deciding(draft: Draft) -> list[Brake]:
    """Brakes that say a container's listing is not to be trusted in this run."""
    found = []
    known = _known(draft)
    moved = claimed(draft)  # followed, or asked about: not taken for deleted
    absences = Counter(
        one.place
        for one in draft.replicas.values()
        if one.base.absence is not None
        and one.base.absence.confirmed
        and one.tie in _THERE
        and (one.base.connection, one.item) not in moved
    )
    for place, view in draft.world.containers.items():
        name = view.name
        if view.suspended and view.strange:
            says = f"{view.strange} Nothing of it was stored, nothing is taken for deleted."
            mend = (
                "If it was replaced on purpose: look at what is held for it, then `itpm-sync sync --approve RUN`; "
                "its records are then paired anew."
            )
            found.append(Brake(BrakeKind.CONTAINER, says, mend, *place))
        if view.suspended or not view.listed:
            continue
        if view.had > 0 and view.has == 0:
            says = f"{name} had {view.had} records and now lists none; nothing is taken for deleted."
            found.append(Brake(BrakeKind.EMPTIED, says, "If it was emptied on purpose: " + _APPROVE, *place))
        elif view.had >= max(draft.world.policy.limits.floor, 1):
            found += _unlike(view, growth=draft.world.policy.limits.growth)
    for place, view in draft.world.containers.items():
        if _too_many(draft.world.policy.limits, absences[place], known[place]):
            says = f"{absences[place]} of {known[place]} records of {view.name} seem to be deleted."
            found.append(Brake(BrakeKind.DELETIONS, says, _APPROVE, *place))
    return _unwaived(draft, found)


def _unlike(view: ContainerView, *, growth: float) -> list[Brake]:
    """A list that cannot be the container's: another tenant's, a filter that was lost."""
    if view.recognised == 0:
        says = f"{view.name} lists {view.has} records, and none of the {view.had} it had."
        mend = f"Check the connection's address, account and container. {_MEANT}"
        return [Brake(BrakeKind.STRANGERS, says, mend, *view.place)]
    if view.has > growth * view.had:
        says = f"{view.name} had {view.had} records and now lists {view.has}, more than {growth:g} times as many."
        return [Brake(BrakeKind.GROWTH, says, _MEANT, *view.place)]
    return []


def before_writing(draft: Draft, actions: tuple[Action, ...]) -> list[Brake]:
    """Brakes on what would be written."""
    found = []
    world = draft.world
    if world.other_ledger:
        found.append(Brake(BrakeKind.LEDGER, world.other_ledger, _of_ledger(first=world.first_sync)))
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
    notices = told(world.containers, actions)
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
        if notices[place] > world.policy.limits.notices:
            says = f"{notices[place]} assignments in {name} would each send a notice to the person assigned."
            found.append(Brake(BrakeKind.NOTICES, says, _APPROVE, *place))
    return _unwaived(draft, found)


def _of_ledger(*, first: bool) -> str:
    """What a person may do about a ledger that is not the last one."""
    others = "Restore the newest backup of the ledger if there is a better one; stop any other installation."
    then = (
        "the records are paired by their keys"
        if first
        else "where two tools differ, a conflict is opened, nothing is deleted in that run"
    )
    return f"{others} Else look at the plan, then `itpm-sync sync --approve RUN`: {then}."


def _changes(action: Action) -> bool:
    """Whether an action changes what people see; our key alone is none of it."""
    return action.operation is Operation.UPDATE and any(write.name != KEY for write in action.writes)


def _unwaived(draft: Draft, found: list[Brake]) -> list[Brake]:
    waived = draft.world.waived
    return [brake for brake in found if (brake.kind.value, brake.connection, brake.container) not in waived]


def _too_many(limits: Limits, count: int, known: int) -> bool:
    return count > limits.deletions or (known >= limits.floor and count > limits.deletions_share * known)


def _known(draft: Draft) -> Counter[Place]:
    if draft.world.known is not None:
        return Counter(draft.world.known)
    return known(draft.world.replicas.values()) + Counter(
        one.place for one in draft.replicas.values() if one.fresh and one.base.tie not in _THERE
    )


def known(replicas: Iterable[Replica]) -> Counter[Place]:
    """Records in each container, as the percentages of brakes count them."""
    return Counter((one.connection, one.container) for one in replicas if one.tie in _THERE)
