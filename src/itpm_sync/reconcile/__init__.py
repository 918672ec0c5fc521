"""From what every tool says to one plan: the decisions, the writes, and what a person must be asked. Pure.

In: a `World` (bases, readings, policy, lenses, the time). Out: a `Plan`. No clock, no chance, no network, no database:
the same world gives the same plan. The rules stand in the order in which they are applied; each has its own file.
"""

from __future__ import annotations

from dataclasses import replace

from itpm_sync.plan import Brake, Plan
from itpm_sync.reconcile.brakes import before_deciding, before_writing
from itpm_sync.reconcile.draft import Draft
from itpm_sync.reconcile.gone import bury, weigh_asked
from itpm_sync.reconcile.items import decide_items
from itpm_sync.reconcile.links import name_links
from itpm_sync.reconcile.pairing import pair
from itpm_sync.reconcile.paused import parted
from itpm_sync.reconcile.quarantined import over, poisoned
from itpm_sync.reconcile.rebuild import rebuild
from itpm_sync.reconcile.scope import rescope
from itpm_sync.reconcile.skipped import skip
from itpm_sync.reconcile.structure import circular, hold_parent_cycles
from itpm_sync.reconcile.world import ContainerView, World
from itpm_sync.reconcile.writes import work

__all__ = ["ContainerView", "World", "reconcile"]


def reconcile(world: World) -> Plan:
    """Decide one run of one project.

    A brake on a container suspends that container and the rest is decided anew without it; so the work is done once
    more for each container that stops, at most.
    """
    draft = Draft(world)
    stops = before_deciding(draft)
    free, more = _decided(draft)
    stops += more
    if any(not brake.connection for brake in stops):
        return replace(free, brakes=(*stops, *world.pauses))  # nothing of it is done: it is shown whole
    plan, shown = free, [*free.actions, *free.held]
    while (suspended := _suspend(world, stops)) is not None:
        world = suspended
        plan, more = _decided(Draft(world))
        shown += (*plan.actions, *plan.held)  # what a brake stopped here, nobody saw before
        stops += [brake for brake in more if _key(brake) not in {_key(stop) for stop in stops}]
    done = {action.identity for action in (*plan.actions, *plan.held)}
    waits = {action.identity: action for action in shown if action.identity not in done}
    proposed = {proposal.id for proposal in plan.proposals}
    waiting = tuple(proposal for proposal in free.proposals if proposal.id not in proposed)
    held = (*plan.held, *waits.values())
    return replace(plan, brakes=(*stops, *world.pauses), held=held, proposals=(*plan.proposals, *waiting))


def _decided(draft: Draft) -> tuple[Plan, list[Brake]]:
    world = draft.world
    rebuild(draft)
    pair(draft)
    skip(draft)
    doomed = set() if world.doubted else bury(draft)
    name_links(draft)
    decide_items(draft, [item for item in draft.subjects() if item.base.id not in draft.skipped])
    weigh_asked(draft)
    hold_parent_cycles(draft)
    rescope(draft)
    todo = work(draft, doomed, circular(draft))
    going, paused = parted(world, todo.actions)
    plan = Plan(
        world.project,
        draft.decisions(),
        going,
        todo.offers,
        tuple({conflict.id: conflict for conflict in draft.conflicts.values()}.values()),
        tuple(draft.proposals),
        tuple(dict.fromkeys(draft.warnings)),
        held=paused,
        skipped=tuple(draft.skips),
        refusals=poisoned(draft),
        over=over(draft),
        later=draft.later,
    )
    return plan, before_writing(draft, going)


def _key(brake: Brake) -> tuple[str, str, str]:
    return (brake.kind, brake.connection, brake.container)


def _suspend(world: World, stops: list[Brake]) -> World | None:
    """Containers that a brake stops sit this run out: their readings stay undecided. None: all of them do already."""
    stopped = {(brake.connection, brake.container): brake.says for brake in stops if brake.connection}
    fresh = {
        place for place in stopped if place in world.containers and not world.containers[place].suspended
    }
    if not fresh:
        return None
    views = {
        place: replace(view, suspended=view.suspended or stopped.get(place, ""))
        for place, view in world.containers.items()
    }
    return replace(world, containers=views)
