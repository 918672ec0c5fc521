"""A run that looks at few items: those that changed, where all the others are known to be at rest.

In: what the run before left when it came to rest, what was pulled since. Out: the items that may change with their
surroundings, or None where the whole project has to be looked at; and what this run leaves for the next one.

A run comes to rest when it had looked at everything and found nothing to do, nothing to say and nothing to wait for.
From then on only what changed can lead to anything, as long as what changes are values: whatever touches the shape of
the project (ties, parents, links, scope, deletions), or meets anything unusual, is decided from the whole. Whoever
takes the project's lease for anything else takes the mark away, a killed run too.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cache
from importlib.metadata import version
from typing import Any

from itpm_sync.bases import ItemBase, Replica, Tie
from itpm_sync.codec import Json, canonical, digest
from itpm_sync.connector import Operation, Status
from itpm_sync.cycle.reading import Place, Sight, known_people
from itpm_sync.cycle.workspace import Workspace
from itpm_sync.ledger import State
from itpm_sync.model import Dependency, field_of
from itpm_sync.plan import Plan
from itpm_sync.push import Carried
from itpm_sync.reconcile import World
from itpm_sync.reconcile.brakes import known
from itpm_sync.translate import Project

MOST = 2_000
"""The most items that are worth looking at apart."""

_SHAPE = frozenset({"parent", "dependencies", "kind"})
_DONE = (Status.APPLIED.value, "already so")


@dataclass(frozen=True, slots=True)
class Rest:
    """What a run that came to rest leaves for the next one."""

    basis: str
    """The digest of all that deciding rests on beside items and records."""
    restless: frozenset[str] = frozenset()
    """Items that this run changed, or of which a record is away: looked at once more."""
    had: Mapping[Place, int] = field(default_factory=dict)
    known: Mapping[Place, int] = field(default_factory=dict)
    """Records in each container: as its listing is compared with, and as brakes count them."""
    accounts: Mapping[Place, str] = field(default_factory=dict)
    """(connection, mail) -> account, of everyone whom a record showed with both."""

    def packed(self) -> str:
        return canonical(
            {
                "basis": self.basis,
                "restless": sorted(self.restless),
                "had": [[*place, count] for place, count in sorted(self.had.items())],
                "known": [[*place, count] for place, count in sorted(self.known.items())],
                "accounts": [[*place, account] for place, account in sorted(self.accounts.items())],
            }
        )


def unpacked(text: str | None) -> Rest | None:
    """What `packed` gave."""
    if text is None:
        return None
    found = json.loads(text)
    had, counts, accounts = (
        {(one, other): said for one, other, said in found[name]} for name in ("had", "known", "accounts")
    )
    return Rest(found["basis"], frozenset(found["restless"]), had, counts, accounts)


def basis_of(ws: Workspace, project: Project, sight: Sight, fingerprint: str) -> str:
    """The digest of all that deciding rests on beside items and records: a change of it is decided from the whole."""
    connectors = {
        name: [_plain(connection.capabilities), connection.horizon]
        for name, connection in ws.connections.items()
    }
    infos = {
        f"{place[0]} {place[1]}": [info.keys, info.by_hand, _plain(info.limits)]
        for place, info in sight.infos.items()
    }
    return digest(
        [
            _version(),
            fingerprint,
            _plain(project.policy),
            _plain(project.facts),
            dict(project.aliases),
            connectors,
            infos,
        ]
    )


@cache
def _version() -> str:
    return version("itpm-sync")


def _plain(value: Any) -> Json:
    """Plain JSON that is the same in every process: sets in order."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(str(part) for part in value)
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value if isinstance(value, int | float | str | None) else str(value)


# ── before deciding ──


def part(ws: Workspace, project: Project, state: State, sight: Sight, rest: Rest) -> frozenset[str] | None:
    """Fill the sight with the items that may change and their surroundings. None: the whole has to be looked at."""
    if _unusual(project, state, sight):
        return None
    name = project.facts.id
    waiting = ws.ledger.waiting(name)
    if any(one.item is None and one.current is not None for one in waiting):
        return None
    if any(one.offers and not ws.connections[one.connection].capabilities.by_hand for one in waiting):
        return None  # what a lost call brought there is looked up first (`push/shown_again.py`)
    focus = frozenset(one.item for one in waiting if one.item is not None) | rest.restless
    if len(focus) > MOST:
        return None
    around = _Around(ws, name, sight)
    around.take(focus)
    if not focus <= around.items.keys():
        return None
    around.close(focus)
    sight.items, sight.complete = dict(sorted(around.items.items())), False
    sight.replicas = dict(sorted(around.replicas.items()))
    people = known_people(project, sight, rest.accounts)
    if people is None:
        return None
    sight.directory = people
    return focus


def _unusual(project: Project, state: State, sight: Sight) -> bool:
    """Whether anything is going on that a run should decide from the whole."""
    places = {(policy.connection, policy.container) for policy in project.policy.containers}
    return bool(
        state.intents
        or state.refusals
        or state.proposals
        or state.pauses
        or sight.suspended
        or sight.warnings
        or places != sight.pulls.keys()
    )


class _Around:
    """Items and what lies around them: above them, and what their links name."""

    def __init__(self, ws: Workspace, project: str, sight: Sight) -> None:
        self.ws, self.project, self.lenses = ws, project, sight.lenses
        self.items: dict[str, ItemBase] = {}
        self.replicas: dict[str, Replica] = {}
        self._asked: set[str] = set()
        self._natives: set[tuple[str, str]] = set()

    def take(self, items: Collection[str]) -> list[Replica]:
        """Items with every replica of theirs. Returns the replicas that are new here."""
        wanted = set(items) - self._asked
        self._asked |= wanted
        some, replicas = self.ws.ledger.some(self.project, wanted)
        self.items.update({one.id: one for one in some})
        self._keep(replicas)
        return replicas

    def _keep(self, replicas: Iterable[Replica]) -> None:
        self.replicas.update({one.id: one for one in replicas})

    def close(self, focus: Collection[str]) -> None:
        """Take what the focus links to, and all above any of it, as agreed and as it stands in each tool."""
        linked = {
            link.predecessor
            for name in focus
            for link in _links(self.items[name])
            if isinstance(link, Dependency) and not link.opaque
        }
        self.take(linked)
        fresh: Iterable[Replica] = list(self.replicas.values())
        while True:
            found = self._above(fresh)
            parents = {
                parent for item in self.items.values() if isinstance(parent := item.value("parent"), str)
            }
            above = parents | {one.item for one in found if one.item is not None}
            fresh = [*found, *self.take(above)]
            if not fresh:
                return

    def _above(self, replicas: Iterable[Replica]) -> list[Replica]:
        """The records that these name as the one above them."""
        wanted: dict[str, set[str]] = {}
        for one in replicas:
            lens = self.lenses.get((one.connection, one.container), {}).get("parent")
            for record in (one.seen, one.reading):
                native = lens.refers(record.values) if lens is not None and record is not None else None
                if native is not None and (one.connection, native) not in self._natives:
                    self._natives.add((one.connection, native))
                    wanted.setdefault(one.connection, set()).add(native)
        found = []
        for connection, natives in wanted.items():
            found += self.ws.ledger.replicas_of(self.project, connection, natives)
        self._keep(found)
        return found


def _links(item: ItemBase) -> Iterable[Any]:
    value = item.value("dependencies")
    return value if isinstance(value, frozenset) else ()


# ── after deciding ──


def simple(plan: Plan, world: World) -> bool:
    """Whether a plan made from a part is what the whole would lead to: values only, nothing of the project's shape."""
    empty = _empty_but(plan, "decisions", "actions", "conflicts")
    return (
        empty and not _shaping(plan, world) and all(one.operation is Operation.UPDATE for one in plan.actions)
    )


def _empty_but(plan: Plan, *names: str) -> bool:
    told = ("project", *names)
    return not any(getattr(plan, one.name) for one in fields(plan) if one.name not in told)


def _shaping(plan: Plan, world: World) -> bool:
    """Whether a decision or a write is about more than values."""
    scopes = {field_of(name) for one in world.policy.containers for name in one.scope.where}
    shape = _SHAPE | scopes
    for decision in plan.decisions:
        ties = any(change.tie or change.item or change.drop for change in decision.replicas)
        if ties or decision.new or decision.life is not None or shape & decision.agreed.keys():
            return True
        if any(one.field in shape for one in (*decision.opened, *decision.updated)):
            return True
    return any(write.name in _SHAPE for action in plan.actions for write in action.writes)


def at_rest(plan: Plan, world: World, sight: Sight, basis: Callable[[], str]) -> Rest | None:
    """What a run that looked at the whole leaves for the next one; None: there is something left to do or to say."""
    if sight.warnings or not _empty_but(plan, "conflicts"):
        return None
    replicas = world.replicas.values()
    accounts = dict(sight.directory.accounts)
    return Rest(basis(), _away(replicas), had=_had(replicas), known=known(replicas), accounts=accounts)


def still_at_rest(plan: Plan, sight: Sight, carried: Iterable[Carried], before: Rest | None) -> Rest | None:
    """What a run that looked at a part leaves for the next one: what it changed is looked at once more."""
    if before is None or any(one.outcome not in _DONE for one in carried):
        return None
    changed = {decision.item for decision in plan.decisions} | {action.item for action in plan.actions}
    accounts = {**before.accounts, **sight.directory.accounts}
    return replace(before, restless=frozenset(changed) | _away(sight.replicas.values()), accounts=accounts)


def _away(replicas: Iterable[Replica]) -> frozenset[str]:
    """Items with a record that is away. One that is back as it was says nothing new, and may have to be deleted now."""
    away = (one for one in replicas if one.absence is not None and one.tie is not Tie.TOMBSTONE)
    return frozenset(one.item for one in away if one.item is not None)


def _had(replicas: Iterable[Replica]) -> Mapping[Place, int]:
    """As `ContainerState.known` counts."""
    return Counter(
        (one.connection, one.container)
        for one in replicas
        if one.item is not None and one.tie is not Tie.TOMBSTONE
    )
