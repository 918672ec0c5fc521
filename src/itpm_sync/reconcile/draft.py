"""The run's decisions while they are being made. The only mutable thing in `reconcile`; it never leaves it.

In: a World. Out: per item its decision so far, the ties as they are becoming, warnings; at the end `decisions()`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from itpm_sync.bases import LIFE, Agreed, Conflict, ItemBase, Life, Offer, Replica, Tie, item_ids
from itpm_sync.plan import Decision, Grade, Loser, PairProposal, ReplicaChange, Skipped, Warning
from itpm_sync.reconcile.world import Place, World
from itpm_sync.ties import ContainerEnv


@dataclass(slots=True)
class ItemDraft:
    """One item's decision in the making."""

    base: ItemBase
    agreed: dict[str, Agreed]
    new: bool = False
    life: Life | None = None
    note: str = ""
    opened: list[Conflict] = field(default_factory=list)
    updated: list[Conflict] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    losers: list[Loser] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    """Fields with an open conflict after this run's decisions."""


@dataclass(slots=True)
class ReplicaDraft:
    """One replica's change in the making."""

    base: Replica
    item: str | None
    tie: Tie
    at: dict[str, int]
    offers: dict[str, tuple[Offer, ...]]
    undecided: frozenset[str]
    accept: bool = False
    fresh: bool = False
    """Tied in this run: no base yet."""
    drop: str | None = None
    unheard: set[str] = field(default_factory=set)
    """Fields whose edit here waits until whoever has the last word on them can be heard again."""
    seen_from: Place | None = None
    """Where `seen` was read, if not in this container (a record that moved)."""
    kept: dict[str, Any] = field(default_factory=dict)
    """Native values that a record that moved is taken to say still: its container has lost the fields."""

    @property
    def place(self) -> Place:
        """Where the record is."""
        return (self.base.connection, self.base.container)


def weighed(name: str) -> str:
    """Where a tombstone's `at` keeps the version of a field that its deletion was last asked about.

    The field's own `at` stays as it was: the record may be restored, and is judged by what it was told.
    """
    return f"{LIFE}.{name}"


def unweighed(at: Mapping[str, int]) -> dict[str, int]:
    """`at` of a record that is back."""
    return {name: version for name, version in at.items() if not name.startswith(weighed(""))}


class Draft:
    """All drafts of a run, and the surroundings lenses ask about."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.warnings: list[Warning] = []
        self.later = False
        """Whether something waits for nothing but time."""
        self.proposals: list[PairProposal] = []
        self.replicas = {
            r.id: ReplicaDraft(r, r.item, r.tie, dict(r.at), dict(r.offers), r.undecided)
            for r in world.replicas.values()
        }
        self.by_native = {(d.base.connection, d.base.native_id): d for d in self.replicas.values()}
        self.items = {i.id: ItemDraft(i, dict(i.agreed)) for i in world.items.values()}
        self.of_item: dict[str, list[ReplicaDraft]] = defaultdict(list)
        for draft in self.replicas.values():
            if draft.item is not None:
                self.of_item[draft.item].append(draft)
        self.conflicts: dict[tuple[str, str], Conflict] = {}
        for conflict in world.conflicts.values():
            for item in (conflict.item, *conflict.also):
                self.conflicts[item, conflict.field] = conflict
                if item in self.items:
                    self.items[item].held.add(conflict.field)
        self.waiting: set[tuple[str, str]] = set()
        """(item, connection) for which a pairing waits for a person: nothing is created there meanwhile."""
        self.waiting_records: set[str] = set()
        """Untied replicas that wait for a person."""
        self.skipped: set[str] = set()
        """Items that a person wants left alone (the skip label)."""
        self.left_out: set[str] = set()
        """Items that could not be decided in this run: put back."""
        self.poisoned: dict[tuple[str, str, str, str], str] = {}
        """(item, connection, container, field) -> why translating it broke."""
        self.skips: list[Skipped] = []
        """The records that carry that label."""
        self.asked: list[ReplicaDraft] = []
        """Deleted records whose deletion met an edit in this run: a person is asked."""
        self.moving: set[str] = set()
        """Replicas whose record was moved, while a person is asked which of several it is now."""
        self.tied_now: set[tuple[str, str]] = set()
        """(connection, native id) of records that were tied in this run."""
        self.parents: dict[str, str | None] = {}
        self.envs: dict[Place, ContainerEnv] = {
            place: ContainerEnv(
                world.zone, place[0], world.directory, self.parents, whole=world.focus is None
            )
            for place in world.containers
        }
        for known in self.items.values():
            self.note_parent(known)
        for draft in self.replicas.values():
            self.note_tie(draft)

    def subjects(self) -> list[ItemDraft]:
        """The items that may change in this run."""
        focus = self.world.focus
        if focus is None:
            return list(self.items.values())
        return [item for name, item in self.items.items() if name in focus]

    def note_parent(self, item: ItemDraft) -> None:
        """Keep the agreed parents, as lenses see them, in step with an item's decision."""
        parent = item.agreed.get("parent")
        self.parents[item.base.id] = parent.value if parent and isinstance(parent.value, str) else None

    def note_tie(self, draft: ReplicaDraft) -> None:
        """Let the container's surroundings know of a tie. Hidden ones count: they are there, only not for us."""
        env = self.envs.get(draft.place)
        if env is None:
            return
        if draft.item is not None and draft.tie in (Tie.TIED, Tie.OUT_OF_SCOPE, Tie.HIDDEN):
            env.tie(draft.item, draft.base.native_id)
        else:
            env.strangers.add(draft.base.native_id)

    def holders(self, item: str, connection: str) -> list[ReplicaDraft]:
        """The item's replicas in a connection, in any state."""
        return [draft for draft in self.of_item[item] if draft.base.connection == connection]

    def tie(self, draft: ReplicaDraft, item: str) -> None:
        """Tie an untied record to an item, without a base."""
        draft.item, draft.tie, draft.fresh = item, Tie.TIED, True
        self.tied_now.add((draft.base.connection, draft.base.native_id))
        self.of_item[item].append(draft)
        self.note_tie(draft)

    def new_item(self, draft: ReplicaDraft, identity: str | None = None) -> ItemDraft:
        """A new item for an untied record. Its id follows from the record, so that every run names it alike."""
        base = draft.base
        if identity is None:
            names = item_ids(self.world.project, base.connection, base.native_id)
            identity = next(name for name in names if name not in self.items)
        item = ItemDraft(ItemBase(identity, made=self.world.now), {}, new=True)
        self.items[identity] = item
        self.parents[identity] = None
        self.tie(draft, identity)
        return item

    def revive(self, item: ItemDraft) -> None:
        """A record of the item is there again. The question about its deletion falls, unless somebody deleted another
        record too: an answer to what is true no longer would delete what was just restored.
        """
        item.life, item.note = Life.LIVE, ""
        asked = self.conflicts.get((item.base.id, LIFE))
        deleted = any(one.tie is Tie.TOMBSTONE and not one.base.ours for one in self.of_item[item.base.id])
        if asked is not None and asked.id in self.world.conflicts and not deleted:
            item.closed.append(asked.id)
            item.held.discard(LIFE)
            del self.conflicts[item.base.id, LIFE]

    def put_back(self, item: ItemDraft) -> None:
        """Forget what was decided of an item: it is left out of this run, and nothing is written of it."""
        base = item.base
        self.left_out.add(base.id)
        item.agreed = dict(base.agreed)
        for names in (item.opened, item.updated, item.closed, item.losers):
            names.clear()
        for draft in self.of_item[base.id]:
            draft.at, draft.offers = dict(draft.base.at), dict(draft.base.offers)
            draft.undecided, draft.accept = draft.base.undecided, False
        item.held = {*item.held, *(name for view in self.world.containers.values() for name in view.lenses)}
        self.note_parent(item)

    def warn(
        self, grade: Grade, says: str, draft: ReplicaDraft | None = None, *, field: str = "", mend: str = ""
    ) -> None:
        where = (draft.base.connection, draft.base.container, draft.item or "") if draft else ("", "", "")
        self.warnings.append(Warning(grade, says, *where, field, mend))

    # ── the result ──

    def decisions(self) -> tuple[Decision, ...]:
        """One decision for each item about which anything changed."""
        found = (self._decision(item) for item in self.items.values())
        return tuple(decision for decision in found if decision is not None)

    def _decision(self, item: ItemDraft) -> Decision | None:
        base = item.base
        moved = {name: agreed for name, agreed in item.agreed.items() if base.agreed.get(name) != agreed}
        changes = tuple(filter(None, (self._change(draft) for draft in self.of_item[base.id])))
        said = (item.new, moved, changes, item.opened, item.updated, item.closed, item.losers, item.life)
        if not any(said):
            return None
        return Decision(
            base.id,
            moved,
            changes,
            tuple(item.opened),
            tuple(item.updated),
            tuple(item.closed),
            tuple(item.losers),
            item.new,
            base.made if item.new else None,
            item.life,
            item.note,
            {
                name: reason
                for name, reason in item.reasons.items()
                if reason and (name in moved or name in item.held)
            },
        )

    def _change(self, draft: ReplicaDraft) -> ReplicaChange | None:
        base = draft.base
        change = ReplicaChange(
            base.id,
            draft.accept and base.reading is not None,
            draft.tie if draft.tie is not base.tie else None,
            draft.at if draft.at != base.at else None,
            draft.offers if draft.offers != base.offers else None,
            draft.undecided if draft.undecided != base.undecided else None,
            draft.item if draft.item != base.item else None,
            draft.drop,
            draft.kept,
        )
        return None if change == replace(_NOTHING, replica=base.id) else change


_NOTHING = ReplicaChange("", accept=False)
