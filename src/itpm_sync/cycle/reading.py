"""The first half of a run: pull, compile, look up people, recover; all that happens before deciding.

In: the workspace, the project, its state. Out: `Sight`: the state as it is after reading, and how each container fared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

from itpm_sync.bases import ItemBase, Replica, Tie
from itpm_sync.connector import Connector, ContainerInfo
from itpm_sync.cycle.guarded_lenses import guarded
from itpm_sync.cycle.people_brakes import held
from itpm_sync.cycle.strange import strange
from itpm_sync.cycle.workspace import Progress, Workspace
from itpm_sync.errors import ItpmError
from itpm_sync.ledger import Claimed, ContainerState, Lease, Ledger, Pause, Spot, State
from itpm_sync.lens import Lens
from itpm_sync.model import Assignees
from itpm_sync.plan import Grade, Warning
from itpm_sync.policy import ContainerPolicy
from itpm_sync.pull import Known, Listed, Memory, Pulled, pull_container, sweep
from itpm_sync.reconcile import ContainerView
from itpm_sync.ties import ContainerEnv, Directory
from itpm_sync.translate import Lenses, Project, noted, once, recalled, remembered, returned

Place = tuple[str, str]
_FEW = 200
"""So many records are looked up at once rather than page by page."""


@dataclass(slots=True)
class Sight:
    """What a run sees. Mutable while it is being put together."""

    items: dict[str, ItemBase]
    replicas: dict[str, Replica]
    containers: dict[Place, ContainerState]
    pulls: dict[Place, Pulled] = field(default_factory=dict)
    infos: dict[Place, ContainerInfo] = field(default_factory=dict)
    lenses: dict[Place, dict[str, Lens]] = field(default_factory=dict)
    lost: dict[Place, dict[str, Lens]] = field(default_factory=dict)
    """Lenses of mapped fields that a container does not have now, as it had them."""
    suspended: dict[Place, str] = field(default_factory=dict)
    warnings: list[Warning] = field(default_factory=list)
    directory: Directory = Directory()
    complete: bool = False
    """Whether `replicas` are all there are."""

    def left_out(self, place: Place, says: str, mend: str = "") -> None:
        self.warnings.append(Warning(Grade.LEFT_OUT, says, *place, mend=mend))


async def pull_all(ws: Workspace, project: Project, state: State, lease: Lease, progress: Progress) -> Sight:
    """Pull every container of the project. A connection that cannot be used suspends its containers, no more.

    The sight holds no items yet, and replicas only where they are few: what was read stands in the ledger.
    """
    sight = Sight({}, {}, dict(state.containers))
    few = sum(one.known for one in state.containers.values()) <= _FEW
    if few:
        sight.replicas, sight.complete = dict(ws.ledger.replicas(lease.project)), True
    by_connection: dict[str, list[ContainerPolicy]] = defaultdict(list)
    for policy in project.policy.containers:
        by_connection[policy.connection].append(policy)
    unchanged: list[ContainerState] = []
    for name, policies in by_connection.items():
        connector = ws.connections[name]
        try:
            await connector.open()
        except ItpmError as error:
            for policy in policies:
                _suspend(sight, (name, policy.container), error)
            continue
        known = Listed(sight.replicas, name) if few else _Stored(ws.ledger, lease.project, name)
        unchanged += await _pull_connection(ws, sight, connector, policies, known, lease, progress)
    ws.ledger.store_containers(lease, unchanged)
    return sight


async def _pull_connection(
    ws: Workspace,
    sight: Sight,
    connector: Connector,
    policies: Sequence[ContainerPolicy],
    known: Known,
    lease: Lease,
    progress: Progress,
) -> list[ContainerState]:
    """Returns the states of containers whose last page held no new reading: their cursors may move together, later."""
    memory = Memory(known)
    pulls = []
    unchanged: list[ContainerState] = []

    def store(changed: Sequence[Replica], container: ContainerState | None) -> None:
        if not changed and container is not None:
            unchanged.append(container)
            return
        try:
            ws.ledger.store_readings(lease, changed, container=container)
        except Claimed as error:  # a record belongs to one project: skipped and named, the others go on
            taken = {claim.native_id for claim in error.claims}
            memory.forget(taken)
            sight.warnings.append(Warning(Grade.LEFT_OUT, error.message, connector.name, mend=error.mend))
            kept = [replica for replica in changed if replica.native_id not in taken]
            ws.ledger.store_readings(lease, kept, container=container)

    for policy in policies:
        place = (connector.name, policy.container)
        progress(f"reading {policy.container} in {connector.name}")
        before = sight.containers.get(place)
        now = ws.clock.now()
        pulled = await pull_container(
            connector,
            policy.container,
            before=before,
            memory=memory,
            store=store,
            remembered=remembered,
            now=now,
            strange=strange,
            returned=returned,
            described=partial(_note, ws, sight, lease, place),
        )
        pulls.append(pulled)
        sight.pulls[place] = pulled
        for native, why in pulled.skipped:
            sight.left_out(place, f"{native} in {policy.container} ({connector.name}) is left out: {why}")
        if pulled.state is not None:
            sight.containers[place] = pulled.state
        if pulled.strange:  # nothing of it is used before a person accepted it
            sight.suspended[place] = pulled.strange
        elif pulled.info is not None:
            sight.infos[place] = pulled.info
    await sweep(connector, pulls, memory, store=store, now=ws.clock.now())
    for pulled in pulls:
        if pulled.error is not None:
            _suspend(sight, (pulled.connection, pulled.container), pulled.error)
    if sight.complete:
        sight.replicas.update(memory.changed)
    return unchanged


def _note(ws: Workspace, sight: Sight, lease: Lease, place: Place, info: ContainerInfo) -> None:
    """Keep what a container says of itself, whether or not it can be read then."""
    before = sight.containers.get(place)
    told = noted(info, before) if before is not None else None
    if told is not None:
        ws.ledger.store_containers(lease, [told])
        sight.containers[place] = told


@dataclass(frozen=True, slots=True)
class _Stored:
    """What the ledger holds of one connection's records."""

    ledger: Ledger
    project: str
    connection: str

    def replicas(self, natives: Collection[str]) -> Iterable[Replica]:
        return self.ledger.replicas_of(self.project, self.connection, natives)

    def spots(self) -> Sequence[Spot]:
        return self.ledger.spots(self.project, self.connection)


def _suspend(sight: Sight, place: Place, error: ItpmError) -> None:
    sight.suspended[place] = error.message
    sight.left_out(place, f"{place[1]} in {place[0]} is left out of this run: {error.message}", error.mend)


def compile_all(project: Project, sight: Sight) -> None:
    """Lenses for every container that was ever described. Raises Misconfigured where a mapping does not fit."""
    for policy in project.policy.containers:
        place = (policy.connection, policy.container)
        info = sight.infos.get(place)
        if info is None and place in sight.containers:
            info = recalled(sight.containers[place])
            if info is not None:
                sight.infos[place] = info
        found = project.compile(policy, info) if info is not None else Lenses({})
        sight.lenses[place] = guarded(found.by_field, place)
        before = (
            once(info, sight.containers[place]) if info is not None and place in sight.containers else None
        )
        if before is not None:
            had = guarded(project.compile(policy, before).by_field, place)
            sight.lost[place] = {name: lens for name, lens in had.items() if name not in found.by_field}
        for says in found.left_out:
            sight.left_out(place, f"{policy.container} in {policy.connection}: {says}")


def envs(project: Project, sight: Sight) -> dict[Place, ContainerEnv]:
    """What is tied where, as the ledger has it now."""
    zone = ZoneInfo(project.facts.zone)
    parents: dict[str, str | None] = {}
    for item in sight.items.values():
        parent = item.value("parent")
        parents[item.id] = parent if isinstance(parent, str) else None
    found = {place: ContainerEnv(zone, place[0], sight.directory, parents) for place in sight.lenses}
    for replica in sight.replicas.values():
        env = found.get((replica.connection, replica.container))
        if (
            env is not None
            and replica.item is not None
            and replica.tie in (Tie.TIED, Tie.OUT_OF_SCOPE, Tie.HIDDEN)
        ):
            env.tie(replica.item, replica.native_id)
    return found


def keyed_and_listed(ws: Workspace, sight: Sight, place: Place) -> tuple[bool, bool]:
    """Whether records of a container can carry our key; whether its whole connection is listed in this run, by lists
    that show what was there: what an empty one does not show may be there all the same.
    """
    info, pulls = sight.infos.get(place), [one for at, one in sight.pulls.items() if at[0] == place[0]]
    keys = ws.connections[place[0]].capabilities.keys and (info is None or info.keys)
    suspended = any(at[0] == place[0] for at in sight.suspended)
    return keys, bool(pulls) and all(one.whole and not one.unlike for one in pulls) and not suspended


def views(
    ws: Workspace, project: Project, sight: Sight, pauses: Sequence[Pause] = ()
) -> dict[Place, ContainerView]:
    """Every container as `reconcile` sees it in this run; `pauses`: those that stand."""
    found = {}
    for policy in project.policy.containers:
        place = (policy.connection, policy.container)
        connector, pulled = ws.connections[policy.connection], sight.pulls.get(place)
        info = sight.infos.get(place)
        capabilities = connector.capabilities
        if info is not None and not info.keys:
            capabilities = replace(capabilities, keys=False)
        had = pulled.before.known if pulled and pulled.before else 0
        found[place] = ContainerView(
            policy,
            capabilities,
            sight.lenses[place],
            sight.lost.get(place, {}),
            horizon=timedelta(seconds=connector.horizon),
            listed=pulled is not None and pulled.whole,
            suspended=sight.suspended.get(place, ""),
            paused=held(pauses, policy.connection),
            by_hand=connector.capabilities.by_hand or (info is not None and info.by_hand),
            title=info.title if info is not None else "",
            first=place not in sight.containers or sight.containers[place].base is None,
            had=had,
            has=len(pulled.listed) if pulled is not None and pulled.listed is not None else had,
            recognised=pulled.recognised if pulled is not None and pulled.complete else None,
            strange=pulled.strange if pulled is not None else "",
            limits={**(info.limits if info is not None else {}), **policy.room},
        )
    return found


# ── people ──

_ASSIGNEES, _PEOPLE = "assignees", "people"


async def look_up_people(ws: Workspace, project: Project, sight: Sight, lease: Lease) -> None:
    """Accounts for everyone who is assigned anywhere, asked of each tool once and remembered.

    Unknown and ambiguous people are reported; nobody is guessed, nobody is replaced by the service account.
    """
    # Whom a record shows with account and mail is known there, also where a search would not find them (a guest, a
    # hidden mail, somebody who left): we must never un-assign them because of it.
    accounts = shown_accounts(sight)
    wanted = _assigned(project, sight)
    for place, lenses in sight.lenses.items():
        lens = lenses.get(_ASSIGNEES)
        state = sight.containers.get(place)
        if lens is None or not lens.writable or state is None:
            continue
        known: dict[str, str | None] = dict((state.document or {}).get(_PEOPLE, {}))
        # Whom a tool did not know is asked for in every run, and named in every run until they are found.
        found_before = {person for person, account in known.items() if account}
        missing = sorted(one for one in wanted - found_before if (place[0], one) not in accounts)
        if missing and place not in sight.suspended:
            learned = {**known, **await _asked(ws.connections[place[0]], place, missing, sight)}
            if learned != known:
                known = learned
                state = replace(state, document={**(state.document or {}), _PEOPLE: known})
                ws.ledger.store_readings(lease, [], container=state)
                sight.containers[place] = state
        found = {(place[0], mail): account for mail, account in known.items() if account}
        accounts = {**found, **accounts}
    sight.directory = Directory(accounts, project.aliases)


def known_people(project: Project, sight: Sight, accounts: Mapping[Place, str]) -> Directory | None:
    """Who is who, from accounts learned before and what the sight's records show. None: somebody is to be looked up."""
    accounts = {**accounts, **shown_accounts(sight)}
    wanted = _assigned(project, sight)
    for place, lenses in sight.lenses.items():
        lens = lenses.get(_ASSIGNEES)
        if lens is None or not lens.writable:
            continue
        if any((place[0], person) not in accounts for person in wanted):
            return None
    return Directory(accounts, project.aliases)


def shown_accounts(sight: Sight) -> dict[tuple[str, str], str]:
    """(connection, mail) -> account, of everyone whom a record shows with both."""
    found: dict[tuple[str, str], str] = {}
    for replica in sight.replicas.values():
        lens = sight.lenses.get((replica.connection, replica.container), {}).get(_ASSIGNEES)
        if lens is None:
            continue
        for record in (replica.seen, replica.reading):
            if record is not None:
                found.update(
                    {(replica.connection, mail): account for account, mail in lens.seen(record.values)}
                )
    return found


async def _asked(connector: Connector, place: Place, mails: list[str], sight: Sight) -> dict[str, str | None]:
    try:
        found = await connector.people(mails)
    except ItpmError as error:
        sight.left_out(place, f"People could not be looked up in {place[0]}: {error.message}", error.mend)
        return {}
    known: dict[str, str | None] = {}
    for mail in mails:
        active = [one for one in found.get(mail, ()) if one.active]
        known[mail] = active[0].account if len(active) == 1 else None
        if len(active) != 1:
            why = "unknown" if not active else f"ambiguous ({len(active)} accounts)"
            mend = "Add an alias for this person under `people:` in the configuration."
            sight.warnings.append(
                Warning(Grade.NOTE, f"{mail} is {why} in {place[0]}; not assigned there.", *place, mend=mend)
            )
    return known


def _assigned(project: Project, sight: Sight) -> set[str]:
    """The mails of everyone assigned to an item, as agreed or as read and not yet decided."""
    directory = Directory({}, project.aliases)
    blank = {
        place: ContainerEnv(ZoneInfo(project.facts.zone), place[0], directory, {}) for place in sight.lenses
    }
    people: set[str] = set()
    for item in sight.items.values():
        value = item.value(_ASSIGNEES)
        if isinstance(value, Assignees):
            people |= value.people
    for replica in sight.replicas.values():
        place = (replica.connection, replica.container)
        lens = sight.lenses.get(place, {}).get(_ASSIGNEES)
        if lens is None or replica.reading is None:
            continue
        try:
            value = lens.get(replica.reading.values, blank[place])
        except ItpmError:
            continue
        if isinstance(value, Assignees):
            people |= value.people
    return {person for person in people if "@" in person and ":" not in person}
