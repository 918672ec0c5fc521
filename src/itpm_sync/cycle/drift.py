"""How far the tools are from what was agreed, by a full look: nothing is decided, nothing written, nothing stored.

In: the workspace, a project. Out: `Drift`: each container's differences with their reasons, and the share of fields in
step. Only its run is entered in the ledger. Raises Busy, Misconfigured, Fenced.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from itpm_sync.bases import Replica, Tie
from itpm_sync.codec import show
from itpm_sync.connector import Connector, Record
from itpm_sync.cycle.apart import Apart, Compared, Comparer
from itpm_sync.cycle.reading import Place, Sight, compile_all
from itpm_sync.cycle.recalled import directory
from itpm_sync.cycle.run import project_of
from itpm_sync.cycle.workspace import Progress, Workspace, silent
from itpm_sync.errors import ItpmError
from itpm_sync.ledger import Lease, RunKind, RunStatus, State
from itpm_sync.pull import read_again
from itpm_sync.translate import Project


@dataclass(frozen=True, slots=True)
class Difference:
    """One field (or, without a field, one record) that is not in step."""

    connection: str
    container: str
    record: str
    name: str
    """How people call the record."""
    item: str | None
    field: str
    reason: Apart
    compared: Compared | None = None
    says: str = ""


@dataclass(slots=True)
class ContainerDrift:
    """What was found in one container. Mutable while it is being compared."""

    connection: str
    container: str
    title: str
    records: int = 0
    fields: int = 0
    """Fields compared; those of a missing record among them."""
    moved: int = 0
    """Fields that are not what the ledger believes was there."""
    apart: int = 0
    """Fields that are not in the form of what was agreed; those of a missing record among them."""
    out: int = 0
    """Fields that are either."""
    differences: list[Difference] = field(default_factory=list)
    error: str = ""
    """Why it could not be read, or not whole."""
    mend: str = ""

    @property
    def reasons(self) -> Mapping[str, int]:
        """Differences by reason, the most frequent first."""
        return dict(Counter(one.reason.value for one in self.differences).most_common())


@dataclass(frozen=True, slots=True)
class Drift:
    """One project's drift."""

    run: str
    project: str
    containers: tuple[ContainerDrift, ...]

    @property
    def fields(self) -> int:
        return sum(one.fields for one in self.containers)

    @property
    def out(self) -> int:
        return sum(one.out for one in self.containers)

    @property
    def share(self) -> float | None:
        """Per cent of fields in step, cut to one decimal: 100 only where all are. None where none was compared."""
        return (1000 * (self.fields - self.out) // self.fields) / 10 if self.fields else None

    @property
    def reasons(self) -> Mapping[str, int]:
        found: Counter[str] = Counter()
        for one in self.containers:
            found.update(one.reasons)
        return dict(found.most_common())

    @property
    def unread(self) -> bool:
        """Whether a container could not be read whole."""
        return any(one.error for one in self.containers)

    @property
    def in_step(self) -> bool:
        return not any(one.differences for one in self.containers)


async def drift(ws: Workspace, project_id: str, *, progress: Progress = silent) -> Drift:
    """Compare everything that the project's containers list now with what was agreed."""
    project = project_of(ws, project_id)
    ws.ledger.ensure_project(project_id, project.facts.title)
    lease, run = ws.ledger.start_run(
        project_id, ws.holder, kind=RunKind.DRIFT, seconds=ws.lease_seconds, gone=ws.gone
    )
    try:
        looked = _Look(ws, project, lease, progress)
        found = Drift(run, project_id, tuple(await looked.whole()))
        lease = looked.lease
    except BaseException as error:
        says = str(error) if isinstance(error, ItpmError) else type(error).__name__
        ws.ledger.end_run(lease, run, status=RunStatus.FAILED, summary={"error": says})
        raise
    status = RunStatus.LEFT_OUT if found.unread else RunStatus.DONE
    summary = {"fields": found.fields, "out": found.out, "share": found.share, "reasons": found.reasons}
    ws.ledger.end_run(lease, run, status=status, summary=summary)
    return found


class _Look:
    """One look at a project."""

    def __init__(self, ws: Workspace, project: Project, lease: Lease, progress: Progress) -> None:
        self.ws, self.project, self.lease, self.progress = ws, project, lease, progress
        self.state: State = ws.ledger.load(project.facts.id)
        self.sight = Sight(dict(self.state.items), dict(self.state.replicas), dict(self.state.containers))
        self.records: dict[Place, dict[str, Record]] = {}
        self.skipped: dict[Place, dict[str, str]] = {}

    async def whole(self) -> list[ContainerDrift]:
        found = {}
        for policy in self.project.policy.containers:
            place = (policy.connection, policy.container)
            self.progress(f"reading {policy.container} in {policy.connection}")
            found[place] = await self._read(place)
            self.lease = self.ws.ledger.renew(self.lease, self.ws.lease_seconds)
        compile_all(self.project, self.sight)
        self.progress("comparing")
        self._note_people()
        project = self.project.facts.id
        comparer = Comparer.of(
            self.project,
            self.sight,
            conflicts=self.state.conflicts.values(),
            refusals=self.state.refusals,
            intents=self.ws.ledger.open_intents(project),
            by_hand={place for place in found if self.ws.connections[place[0]].capabilities.by_hand},
        )
        for place, one in found.items():
            self._compare(place, one, comparer)
        return list(found.values())

    async def _read(self, place: Place) -> ContainerDrift:
        connector = self.ws.connections[place[0]]
        one = ContainerDrift(*place, title=place[1])
        try:
            await connector.open()
            info = await connector.describe(place[1])
            self.sight.infos[place] = info
            one.title = info.title or place[1]
            one.error = await self._list(connector, place)
        except ItpmError as error:
            one.error, one.mend = error.message, error.mend
            self.records.pop(place, None)
        return one

    async def _list(self, connector: Connector, place: Place) -> str:
        """List a container whole; says why it is not, if it is not."""
        records, skipped = self.records.setdefault(place, {}), self.skipped.setdefault(place, {})
        complete = False
        async for page in connector.pull(place[1], None, full=True):
            records.update({record.native_id: record for record in page.records})
            skipped.update(page.skipped)
            complete = complete or (page.last and page.complete)
        if not complete:
            return "The tool did not list all of it."
        return f"{next(iter(skipped))} could not be read: {next(iter(skipped.values()))}" if skipped else ""

    def _note_people(self) -> None:
        """Whom the records show with account and mail is known, as in a run that would read them."""
        by_native = {(one.connection, one.native_id): one for one in self.sight.replicas.values()}
        fresh = dict(self.sight.replicas)
        for place, records in self.records.items():
            for native, record in records.items():
                known = by_native.get((place[0], native))
                if known is not None and known.tie is not Tie.TOMBSTONE:
                    after = read_again(known, place[1], record, self.ws.connections[place[0]].capabilities)
                    fresh[known.id] = after
        self.sight.replicas = fresh
        self.sight.directory = directory(self.project, self.sight)

    def _compare(self, place: Place, one: ContainerDrift, comparer: Comparer) -> None:
        records = self.records.get(place)
        if records is None:
            return
        one.records = len(records)
        elsewhere = {
            native for other, found in self.records.items() if other[0] == place[0] for native in found
        }
        tied = {}
        for replica in self.sight.replicas.values():
            if (replica.connection, replica.container) != place or replica.item is None:
                continue
            if replica.tie is Tie.TOMBSTONE:
                continue
            tied[replica.native_id] = replica
        for native, replica in sorted(tied.items()):
            if native in records:
                self._fields(place, one, replica, comparer)
            elif native not in elsewhere and not one.error and replica.tie is not Tie.HIDDEN:
                lost = len(comparer.fields(place))
                one.fields, one.apart, one.out = one.fields + lost, one.apart + lost, one.out + lost
                one.differences.append(self._whole(place, native, replica.current, replica, Apart.MISSING))
        for native in sorted(records.keys() - tied.keys()):
            one.differences.append(self._whole(place, native, records[native], None, Apart.UNTIED))

    def _fields(self, place: Place, one: ContainerDrift, replica: Replica, comparer: Comparer) -> None:
        record = replica.current
        if record is None:
            return
        for name in comparer.fields(place):
            compared = comparer.compare(replica, name, record)
            one.fields += 1
            if compared.apart is None:
                continue
            one.out += 1
            one.moved += compared.moved
            one.apart += compared.stands != compared.form
            one.differences.append(
                Difference(
                    *place,
                    replica.native_id,
                    _name(record, replica.native_id),
                    replica.item,
                    name,
                    compared.apart,
                    compared,
                    compared.says,
                )
            )

    def _whole(
        self, place: Place, native: str, record: Record | None, replica: Replica | None, reason: Apart
    ) -> Difference:
        item = replica.item if replica else None
        title = self.sight.items[item].value("title") if item in self.sight.items else None
        name = _name(record, show(title) if title else native)
        return Difference(*place, native, name, item, "", reason)


def _name(record: Record | None, other: str) -> str:
    return (record.name if record else "") or other
