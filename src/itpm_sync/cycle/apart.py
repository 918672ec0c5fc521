"""One field of one record beside what was agreed: in step, or apart and why.

In: a sight, what is held, refused and open. Out: `Compared`. Nothing is decided and nothing written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from itpm_sync.bases import NEVER, Agreed, Conflict, Intent, Refusal, Replica, Tie
from itpm_sync.connector import Record
from itpm_sync.cycle.reading import Place, Sight, envs
from itpm_sync.errors import ItpmError
from itpm_sync.model import Value
from itpm_sync.policy import ContainerPolicy, Rule
from itpm_sync.reconcile.reading import is_default
from itpm_sync.ties import ContainerEnv
from itpm_sync.translate import Project


class Apart(StrEnum):
    """Why a tool does not say what was agreed."""

    EDITED = "edited and not yet decided"
    HELD = "held by a conflict"
    COMPUTED = "computed there"
    OFFERED = "offered, to be typed by hand"
    OUT_OF_SCOPE = "out of scope"
    HIDDEN = "hidden"
    SKIPPED = "left alone, as its label asks"
    REFUSED = "refused by the tool"
    READ_ONLY = "read only"
    LEFT = "left alone there, as its owner's value stands elsewhere"
    UNKNOWN = "a write whose outcome is not known yet"
    UNREADABLE = "cannot be translated"
    WAITING = "to be written by the next sync"
    MISSING = "missing"
    """The whole record: it was not listed."""
    UNTIED = "untied"
    """The whole record: it belongs to no item yet."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What one tool says of one field, what the ledger believes it says, and what it should say, each in its form."""

    stands: Value
    seen: Value
    form: Value
    moved: bool = False
    """It is not what the ledger believes was there."""
    apart: Apart | None = None
    """None: in step."""
    says: str = ""
    """More on why, where there is more: the tool's own words, since when it is offered."""
    coarse: bool = False
    """In step, though what was agreed says more than this tool can hold."""


@dataclass(slots=True)
class Comparer:
    """The surroundings of comparing, for one project."""

    project: Project
    sight: Sight
    held: Collection[tuple[str, str]] = frozenset()
    """(item, field) of open conflicts."""
    refused: Mapping[tuple[str, str, str, str], Refusal] = field(default_factory=dict)
    pending: Collection[str] = frozenset()
    """Replicas with an open intent."""
    by_hand: Collection[Place] = frozenset()
    skipped: set[str] = field(default_factory=set)
    """Items that people want left alone."""
    _envs: Mapping[Place, ContainerEnv] = field(default_factory=dict)
    _policies: Mapping[Place, ContainerPolicy] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        project: Project,
        sight: Sight,
        *,
        conflicts: Iterable[Conflict] = (),
        refusals: Iterable[Refusal] = (),
        intents: Iterable[Intent] = (),
        by_hand: Collection[Place] = frozenset(),
    ) -> Comparer:
        """With everything that may keep a field apart."""
        held = {(item, one.field) for one in conflicts for item in (one.item, *one.also)}
        refused = {(one.item, one.connection, one.container, one.field): one for one in refusals}
        pending = {one.replica for one in intents if one.replica is not None}
        policies = {(one.connection, one.container): one for one in project.policy.containers}
        hands = {place for place, info in sight.infos.items() if info.by_hand}
        around = envs(project, sight)
        found = cls(
            project, sight, held, refused, pending, {*hands, *by_hand}, _envs=around, _policies=policies
        )
        found.skipped |= {one.item for one in sight.replicas.values() if one.item and found._labelled(one)}
        return found

    def _labelled(self, replica: Replica) -> bool:
        """Whether a record carries the label by which people say: leave it alone."""
        place, record = (replica.connection, replica.container), replica.current
        lens, label = self.sight.lenses.get(place, {}).get("labels"), self.project.policy.skip_label
        if not label or lens is None or record is None or replica.tie in (Tie.HIDDEN, Tie.TOMBSTONE):
            return False
        if not any(record.values.get(name) for name in lens.native):
            return False
        try:
            labels = self.reading(place, "labels", record)
        except ItpmError:
            return False
        return isinstance(labels, frozenset) and label.casefold() in {str(one).casefold() for one in labels}

    def fields(self, place: Place) -> list[str]:
        """What a container holds of an item."""
        return sorted(self.sight.lenses.get(place, ()))

    def form(self, place: Place, name: str, value: Value) -> Value:
        """`value` as this container can hold it. Raises what a lens raises."""
        return self.sight.lenses[place][name].form(value, self._envs[place])

    def reading(self, place: Place, name: str, record: Record) -> Value:
        """What a record says of a field. Raises Untranslatable."""
        return self.sight.lenses[place][name].get(record.values, self._envs[place])

    def compare(self, replica: Replica, name: str, record: Record) -> Compared:
        """One field of a tied record as it stands (`record`), beside its item's agreed value."""
        place = (replica.connection, replica.container)
        lens = self.sight.lenses[place][name]
        item = self.sight.items.get(replica.item or "")
        agreed = item.agreed.get(name) if item else None
        value = agreed.value if agreed else None
        try:
            stands = self.reading(place, name, record)
            seen = self.reading(place, name, replica.seen) if replica.seen else None
            form = self.form(place, name, value)
        except ItpmError as error:
            return Compared(None, None, None, apart=Apart.UNREADABLE, says=error.message)
        moved = replica.seen is None or seen != stands or name in replica.undecided
        same = stands == form or (value is None and is_default(lens, record, stands))
        if same and not moved:
            return Compared(stands, seen, form, coarse=form != value and value is not None)
        why, says = self._why(replica, name, agreed, moved=moved, computed=lens.computed(record.computed))
        return Compared(stands, seen, form, moved, why, says)

    def _why(
        self, replica: Replica, name: str, agreed: Agreed | None, *, moved: bool, computed: bool
    ) -> tuple[Apart, str]:
        if computed:
            return Apart.COMPUTED, ""
        if replica.tie is Tie.HIDDEN:
            return Apart.HIDDEN, ""
        if replica.item in self.skipped:
            return Apart.SKIPPED, ""
        if moved:
            return Apart.EDITED, ""
        if (replica.item, name) in self.held:
            return Apart.HELD, "See: itpm-sync conflicts list"
        if replica.tie is Tie.OUT_OF_SCOPE:
            return Apart.OUT_OF_SCOPE, ""
        return self._unwritten(replica, name, agreed)

    def _unwritten(self, replica: Replica, name: str, agreed: Agreed | None) -> tuple[Apart, str]:
        """Why it was not written yet, though it is decided."""
        place = (replica.connection, replica.container)
        version = agreed.version if agreed else NEVER
        policy, lens = self._policies.get(place), self.sight.lenses[place][name]
        if policy is None or policy.read_only:
            return Apart.READ_ONLY, "nothing is ever written there" if policy else "no longer configured"
        if not lens.writable:
            return Apart.READ_ONLY, "its mapping reads this field only"
        offer = next((one for one in replica.offers.get(name, ()) if one.version == version), None)
        if offer is not None or place in self.by_hand:
            return Apart.OFFERED, f"since {offer.since:%Y-%m-%d}" if offer else ""
        for key in (name, ""):
            refusal = self.refused.get((replica.item or "", *place, key))
            if refusal is not None and (not key or refusal.version == version):
                return Apart.REFUSED, f"{refusal.reason} (next try {refusal.next_try:%Y-%m-%d %H:%M}Z)"
        rule = self.project.policy.of_field(name)
        if rule.rule is Rule.OWNER and rule.leave and agreed is not None and agreed.origin in rule.owners:
            return Apart.LEFT, ""
        if replica.id in self.pending:
            return Apart.UNKNOWN, "the next run looks what became of it"
        return Apart.WAITING, ""
