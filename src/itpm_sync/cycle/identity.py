"""Containers that are not the ones they were: another sheet under the name, another plan file, an older copy put back.

In: what a container says of itself now, what the ledger remembers of it. Out: why it is strange; what it holds, read
but not stored, so that a plan can show what accepting it would do; once a person accepted it, the sight with it.
Of another container no record has a base: ties are kept where the key or the native id with the same name says so,
the others are let go and paired anew. Nothing is taken for deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from itpm_sync.bases import Replica, Tie
from itpm_sync.connector import ContainerInfo
from itpm_sync.cycle.reading import Place, Sight, views
from itpm_sync.cycle.workspace import Workspace
from itpm_sync.ledger import Adoption, ContainerState
from itpm_sync.plan import BrakeKind, Plan
from itpm_sync.pull import Listed, Memory, Pulled, pull_container
from itpm_sync.reconcile import World, reconcile
from itpm_sync.translate import Project, remembered


@dataclass(frozen=True, slots=True)
class Found:
    """What a strange container holds, as it would be stored."""

    says: str
    pulled: Pulled
    state: ContainerState
    info: ContainerInfo
    replicas: Mapping[str, Replica]
    let_go: tuple[tuple[str, str], ...] = ()
    """(replica, item) of each tie that ends."""


def whole(ws: Workspace, project: Project, sight: Sight) -> Sight:
    """The sight with every item and record of the project, not only those that anything was read of."""
    state = ws.ledger.load(project.facts.id)
    return replace(sight, items={**state.items, **sight.items}, replicas={**state.replicas, **sight.replicas})


async def look(ws: Workspace, project: Project, sight: Sight) -> dict[Place, Found]:
    """Read every strange container into memory. One that cannot be read stays strange and is named."""
    found: dict[Place, Found] = {}
    if not any(pulled.strange for pulled in sight.pulls.values()):
        return found
    sight = whole(ws, project, sight)
    for place, pulled in list(sight.pulls.items()):
        if not pulled.strange:
            continue
        older = _same_identity(sight, place, pulled)
        mine = [one for one in sight.replicas.values() if (one.connection, one.container) == place]
        known = sight.replicas if older else _without(sight.replicas, mine)
        memory = Memory(Listed(known, place[0]))
        read = await pull_container(
            ws.connections[place[0]],
            place[1],
            before=pulled.before if older else None,
            memory=memory,
            store=_nowhere,
            remembered=remembered,
            now=ws.clock.now(),
        )
        if read.error is not None or read.state is None or read.info is None:
            why = read.error.message if read.error else "it could not be read to its end."
            sight.left_out(place, f"What {place[1]} in {place[0]} holds now is not known: {why}")
            continue
        replicas = {one.id: one for one in memory.changed.values()}
        let_go = () if older else _let_go(mine, replicas)
        found[place] = Found(pulled.strange, read, read.state, read.info, replicas, let_go)
    return found


def _nowhere(_changed: Sequence[Replica], _state: ContainerState | None) -> None:
    """Readings that are shown before they are stored."""


def _same_identity(sight: Sight, place: Place, pulled: Pulled) -> bool:
    before = sight.containers.get(place)
    return before is not None and pulled.info is not None and before.fingerprint == pulled.info.fingerprint


def _without(replicas: Mapping[str, Replica], some: Iterable[Replica]) -> dict[str, Replica]:
    left = dict(replicas)
    for one in some:
        del left[one.id]
    return left


def _let_go(mine: Iterable[Replica], replicas: dict[str, Replica]) -> tuple[tuple[str, str], ...]:
    """What becomes of the ties of the container that was there. Returns those that end."""
    ended = []
    for old in mine:
        now = replicas.get(old.id)
        if now is None and old.tie is not Tie.TOMBSTONE:
            replicas[old.id] = Replica(old.id, old.connection, old.container, old.native_id, None, Tie.UNTIED)
        elif now is not None and old.item is not None and _recognised(old, now):
            replicas[old.id] = replace(now, item=old.item, tie=Tie.TIED)
            continue
        if old.item is not None and old.id in replicas:
            ended.append((old.id, old.item))
    return tuple(sorted(ended))


def _recognised(old: Replica, now: Replica) -> bool:
    """Whether the record under the same native id is the same thing: by our key, else by its name."""
    record, was = now.reading, old.current
    if record is None:
        return False
    if record.key is not None:
        return record.key == old.item
    return was is not None and bool(record.name) and record.name == was.name


def accepted(found: Mapping[Place, Found], approved: Mapping[str, Any] | None) -> dict[Place, Found]:
    """Those that a person accepted: the plan they approved showed this very container."""
    shown = {
        (brake["connection"], brake["container"]): str(brake["says"])
        for brake in (approved["brakes"] if approved else ())
        if brake["kind"] == BrakeKind.CONTAINER
    }
    return {place: one for place, one in found.items() if shown.get(place, "").startswith(one.says)}


def waived(
    said: frozenset[tuple[str, str, str]], found: Collection[Place], accepted: Collection[Place]
) -> frozenset[tuple[str, str, str]]:
    """What an approval lifts: of a container that became yet another one since the plan, nothing; of one that was
    accepted also the preview of what is read for the first time.
    """
    others = {(BrakeKind.CONTAINER.value, *place) for place in found if place not in accepted}
    return (said - others) | {(BrakeKind.FIRST_SYNC.value, *place) for place in accepted}


def adopted(ws: Workspace, project: Project, sight: Sight, found: Mapping[Place, Found]) -> Sight:
    """The sight as it is with these containers taken for what they are now. The other one stays as it was."""
    if not found:
        return sight
    sight = whole(ws, project, sight)
    replicas, containers = dict(sight.replicas), dict(sight.containers)
    for place, one in found.items():
        replicas.update(one.replicas)
        containers[place] = one.state
    after = replace(
        sight,
        replicas=replicas,
        containers=containers,
        pulls={**sight.pulls, **{place: one.pulled for place, one in found.items()}},
        infos={**sight.infos, **{place: one.info for place, one in found.items()}},
        lenses=dict(sight.lenses),
        lost={place: away for place, away in sight.lost.items() if place not in found},
        suspended={place: why for place, why in sight.suspended.items() if place not in found},
        warnings=list(sight.warnings),
    )
    for policy in project.policy.containers:
        place = (policy.connection, policy.container)
        if place in found:
            lenses = project.compile(policy, found[place].info)
            after.lenses[place] = dict(lenses.by_field)
            for says in lenses.left_out:
                after.left_out(place, f"{policy.container} in {policy.connection}: {says}")
    return after


def adoptions(sight: Sight, found: Mapping[Place, Found]) -> list[Adoption]:
    """As the ledger stores them."""
    return [
        Adoption(
            one.state,
            tuple(sight.replicas[name] for name in one.replicas),
            one.let_go,
            one.says,
        )
        for one in found.values()
    ]


def previewed(
    ws: Workspace,
    project: Project,
    sight: Sight,
    found: Mapping[Place, Found],
    accepted: Mapping[Place, Found],
    world: World,
) -> World | None:
    """The world as it would be with all strange containers accepted; None where none waits for that."""
    waiting = {place: one for place, one in found.items() if place not in accepted}
    if not waiting:
        return None
    shown = adopted(ws, project, sight, waiting)
    seen = views(ws, project, shown)
    there = {place: seen[place] if place in waiting else view for place, view in world.containers.items()}
    return replace(world, containers=there, items=shown.items, replicas=shown.replicas)


def with_preview(plan: Plan, world: World | None) -> Plan:
    """The plan, with what accepting the strange containers would do, and what would then be asked about them."""
    if world is None:
        return plan
    shown = reconcile(world)
    places = {
        (brake.connection, brake.container) for brake in plan.brakes if brake.kind is BrakeKind.CONTAINER
    }
    known = {action.identity for action in (*plan.actions, *plan.held)}
    held = [action for action in (*shown.actions, *shown.held) if action.identity not in known]
    brakes = [
        brake
        for brake in shown.brakes
        if (brake.connection, brake.container) in places
        and brake.kind is not BrakeKind.FIRST_SYNC
        and brake not in plan.brakes
    ]
    return replace(plan, held=(*plan.held, *held), brakes=(*plan.brakes, *brakes))


def kept_options(before: Mapping[str, Any], places: Collection[Place]) -> dict[str, Any]:
    """A basis without the names that lived in containers that are others now: those are accepted with them."""
    return {
        heading: said
        for heading, said in before.items()
        if not any(heading.endswith(f" in {container}") for _, container in places)
    }
