"""A project's whole state, as one run begins with it.

In: one snapshot of the database. Out: `State`. Documents are kept packed and unpacked when looked at: most items of
most runs are not, and 50,000 of them must fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Select, Table, bindparam, func, select

from itpm_sync.bases import Conflict, Intent, ItemBase, Life, Refusal, Replica, Tie
from itpm_sync.ledger import conflicts, intents, pairing, pauses, quarantine, schema, unpacked
from itpm_sync.ledger.documents import unpack
from itpm_sync.ledger.prepared import Prepared
from itpm_sync.ledger.words import ContainerState, PairState, Pause
from itpm_sync.plan import PairProposal

T = TypeVar("T")
Packed = tuple[Any, ...]
_LIVES = {life.value: life for life in Life}


class Rows(Mapping[str, T], Generic[T]):
    """Words by id, unpacked when looked at; the last few stay unpacked."""

    __slots__ = ("_fresh", "_packed", "_unpack")

    def __init__(self, packed: dict[str, Packed], unpack: Callable[[str, Packed], T]) -> None:
        self._packed = packed
        self._unpack = unpack
        self._fresh: dict[str, T] = {}

    def __getitem__(self, identity: str) -> T:
        found = self._fresh.get(identity)
        if found is None:
            found = self._unpack(identity, self._packed[identity])
            if len(self._fresh) >= unpacked.KEPT:
                self._fresh.clear()
            self._fresh[identity] = found
        return found

    def __contains__(self, identity: object) -> bool:
        return identity in self._packed

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)


@dataclass(frozen=True, slots=True)
class State:
    """Everything `reconcile` needs of the ledger, for one project."""

    project: str
    items: Mapping[str, ItemBase] = field(default_factory=dict)
    replicas: Mapping[str, Replica] = field(default_factory=dict)
    conflicts: Mapping[str, Conflict] = field(default_factory=dict)
    """The open ones, by id."""
    refusals: tuple[Refusal, ...] = ()
    accepted: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By (connection, native id): the item a person accepted it for."""
    refused_pairs: frozenset[tuple[str, str, str]] = frozenset()
    """(connection, native id, item) a person refused to pair; item "" where there was no candidate."""
    proposals: Mapping[str, PairProposal] = field(default_factory=dict)
    """Those that wait for a person, by id."""
    containers: Mapping[tuple[str, str], ContainerState] = field(default_factory=dict)
    """By (connection, container)."""
    of_item: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By item: its replicas' ids."""
    fingerprint: str | None = None
    """Of the configuration that was last accepted."""
    intents: tuple[Intent, ...] = ()
    """Those whose outcome is not known, in the order they were made."""
    pauses: tuple[Pause, ...] = ()
    """Those that stand: of the project, and of connections everywhere."""


def _of_project(table: Table, *columns: str) -> Select[Any]:
    """The project's rows of a table, these columns of them."""
    wanted = select(*(table.c[name] for name in columns)) if columns else select(table)
    return wanted.where(table.c.project == bindparam("its_project"))


# made once: they run in every run
_ITEMS = Prepared(
    _of_project(schema.items, "id", "life", "note", "made", "document", "hash").order_by(schema.items.c.id)
)
_REPLICAS = Prepared(
    _of_project(
        schema.replicas,
        *("id", "connection", "container", "native_id", "item", "tie", "document", "hash"),
    ).order_by(schema.replicas.c.id)
)
_CONTAINERS = Prepared(_of_project(schema.containers))
_COUNTS = Prepared(
    select(schema.replicas.c.connection, schema.replicas.c.container, func.count())
    .where(
        schema.replicas.c.project == bindparam("its_project"),
        schema.replicas.c.item.is_not(None),
        schema.replicas.c.tie != Tie.TOMBSTONE.value,
    )
    .group_by(schema.replicas.c.connection, schema.replicas.c.container)
)
_FINGERPRINT = Prepared(_of_project(schema.config_bases, "fingerprint"))


def load(connection: Connection, project: str) -> State:
    """The project's state."""
    replicas, of_item, known = _replicas(connection, project)
    return replace(
        glance(connection, project, counted=False),
        items=_items(connection, project),
        replicas=replicas,
        containers=_containers(connection, project, known),
        of_item=of_item,
    )


def items(connection: Connection, project: str) -> Mapping[str, ItemBase]:
    """Every item of the project, by id."""
    return _items(connection, project)


def replicas(connection: Connection, project: str) -> Mapping[str, Replica]:
    """Every replica of the project, by id."""
    return _replicas(connection, project)[0]


def glance(connection: Connection, project: str, *, counted: bool = True) -> State:
    """The project's state without its items and replicas. `counted`: with the number of records of each container."""
    known: dict[tuple[str, str], int] = {}
    if counted:
        known = {(row[0], row[1]): row[2] for row in _COUNTS.all(connection, {"its_project": project})}
    accepted: dict[tuple[str, str], str] = {}
    refused: set[tuple[str, str, str]] = set()
    proposals: dict[str, PairProposal] = {}
    for pair in pairing.listed(connection, project):
        one = pair.proposal
        if pair.state is PairState.PROPOSED:
            proposals[one.id] = one
        elif pair.item is not None:
            accepted[one.connection, one.native_id] = pair.item
        else:
            refused |= {(one.connection, one.native_id, item) for item in one.candidates or ("",)}
    return State(
        project,
        conflicts={conflict.id: conflict for conflict in conflicts.listed(connection, project)},
        refusals=tuple(quarantine.listed(connection, project)),
        accepted=accepted,
        refused_pairs=frozenset(refused),
        proposals=proposals,
        containers=_containers(connection, project, known),
        fingerprint=_FINGERPRINT.scalar(connection, {"its_project": project}),
        intents=tuple(intents.still_open(connection, project)),
        pauses=tuple(pauses.standing(connection, project)),
    )


def _items(connection: Connection, project: str) -> Rows[ItemBase]:
    found = _ITEMS.each(connection, {"its_project": project})
    packed: dict[str, Packed] = {}
    for identity, life, note, made, document, hashed in found:
        packed[identity] = (_LIVES[life], note, made, document.encode(), bytes.fromhex(hashed))
    return Rows(packed, _item)


def _item(identity: str, packed: Packed) -> ItemBase:
    life, note, made, document, hashed = packed
    return ItemBase(identity, unpacked.agreed(identity, document, hashed.hex()), life, note, made)


def _replicas(
    connection: Connection, project: str
) -> tuple[Rows[Replica], dict[str, tuple[str, ...]], dict[tuple[str, str], int]]:
    found = _REPLICAS.each(connection, {"its_project": project})
    packed: dict[str, Packed] = {}
    of_item: dict[str, tuple[str, ...]] = {}
    known: dict[tuple[str, str], int] = {}
    same: dict[str, str] = {}
    for identity, read_tool, read_container, native_id, item, tie, document, hashed in found:
        # one object a name, not one a row
        tool, container = (
            same.setdefault(read_tool, read_tool),
            same.setdefault(read_container, read_container),
        )
        packed[identity] = (
            tool,
            container,
            native_id,
            item,
            same.setdefault(tie, tie),
            document.encode(),
            bytes.fromhex(hashed),
        )
        if item is not None:
            of_item[item] = (*of_item.get(item, ()), identity)
            if tie != Tie.TOMBSTONE.value:
                known[tool, container] = known.get((tool, container), 0) + 1
    return Rows(packed, _replica), of_item, known


def _replica(identity: str, packed: Packed) -> Replica:
    *columns, hashed = packed
    return unpacked.replica(identity, *columns, hashed.hex())


def _containers(
    connection: Connection, project: str, known: Mapping[tuple[str, str], int]
) -> dict[tuple[str, str], ContainerState]:
    return {
        (row.connection, row.container): ContainerState(
            row.connection,
            row.container,
            cursor=row.cursor,
            fingerprint=row.fingerprint,
            base=row.base,
            last_complete=row.last_complete,
            last_read=row.last_read,
            last_edit=row.last_edit,
            document=unpack(row.document),
            known=known.get((row.connection, row.container), 0),
        )
        for row in _CONTAINERS.all(connection, {"its_project": project})
    }
