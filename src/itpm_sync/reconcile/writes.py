"""What is to be written where (rule 7), and what is offered to a tool that takes changes by hand.

In: the draft after everything is decided. Out: actions and offers. An action has all fields of one record in one call.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from itpm_sync.bases import NEVER, Offer, Tie, edition
from itpm_sync.connector import Operation
from itpm_sync.lens import Poisoned, Untranslatable
from itpm_sync.model import Value
from itpm_sync.plan import KEY, Action, FieldWrite, Grade, OfferedField, Warning
from itpm_sync.policy import Rule
from itpm_sync.reconcile.draft import Draft, ItemDraft, ReplicaDraft
from itpm_sync.reconcile.forest import Forests
from itpm_sync.reconcile.leaving import leaving, unhindered
from itpm_sync.reconcile.limits import fitting, short_enough
from itpm_sync.reconcile.reading import is_default, peek, title_of
from itpm_sync.reconcile.scope import creations
from itpm_sync.reconcile.world import ContainerView, Place


@dataclass(frozen=True, slots=True)
class Work:
    actions: tuple[Action, ...]
    offers: tuple[OfferedField, ...]


def work(draft: Draft, doomed: set[str], circular: set[str]) -> Work:
    """Creations first by depth, then updates, then deletions deepest first."""
    writer = _Writer(draft, circular)
    creating = _creations(draft, writer)
    gone = [one for one in leaving(draft, doomed) if writer.may_go(*one)]
    offers: list[OfferedField] = []
    updates: list[Action] = []
    moved: set[str] = set()
    going = {one.base.id for _, one, _ in gone}
    only_read: Counter[Place] = Counter()
    for item in sorted(draft.subjects(), key=writer.level):
        if item.base.id in draft.skipped or item.base.id in draft.left_out:
            continue
        for one in draft.of_item[item.base.id]:
            here = draft.world.containers.get(one.place)
            if here is None or one.base.id in going or one.base.id in draft.world.pending:
                continue
            if one.base.absence is not None:  # not there now
                continue
            if one.tie is Tie.TIED:
                writes = writer.writes(item, one, here)
            elif one.tie is Tie.OUT_OF_SCOPE and draft.envs[here.place].leaving:
                writes = writer.move_out(item, one, here)
            else:
                continue
            writes = writer.rooted(item, here, writes)
            if here.by_hand:
                offers += writer.offer(item, one, here, writes)
            elif writes and here.writable:
                fits = short_enough(draft, writer.update(item, one, here, writes))
                updates += [fits] if fits is not None else []
                moved |= {one.base.id for write in writes if write.name == "parent"}
            elif here.policy.read_only and any(write.name != KEY for write in writes):
                only_read[here.place] += 1
    _tell_only_read(draft, only_read)
    gone.sort(key=lambda one: (-writer.depth(one[0], one[2]), one[2].place[0], one[0].base.id))
    deletions = [writer.deletion(*one) for one in unhindered(draft, gone, moved)]
    return Work((*creating, *updates, *deletions), tuple(offers))


def _tell_only_read(draft: Draft, differing: Counter[Place]) -> None:
    """Records that say something else than agreed where nothing is written: said, once a container."""
    for place, number in differing.items():
        view = draft.world.containers[place]
        records = "1 record says" if number == 1 else f"{number} records say"
        why = view.policy.why_read_only or "the configuration says `read_only: true`"
        says = f"{records} something else than agreed in {view.name}, and nothing is written there: {why}."
        draft.warnings.append(Warning(Grade.NOTE, says, *place))


def _creations(draft: Draft, writer: _Writer) -> list[Action]:
    """Parents first, then in their source's order."""
    wanted = creations(draft)
    for item, view in wanted:  # so that children see the parents that are created with them
        draft.envs[view.place].tie(item.base.id, f"new:{item.base.id}")
    found = []
    for item, view in sorted(wanted, key=lambda one: writer.depth(*one)):
        action = writer.creation(item, view)
        fits = short_enough(draft, action) if action is not None else None
        if fits is None:
            draft.envs[view.place].untie(item.base.id)
        else:
            found.append(fits)
    places = _positions(draft)
    found.sort(key=lambda one: (one.depth, one.connection, one.container, places[one.item], one.item))
    kept = fitting(draft, found)
    created = {(action.connection, action.item) for action in kept}
    for action in found:
        if (action.connection, action.item) not in created:
            draft.envs[action.connection, action.container].untie(action.item)
    return kept


def _positions(draft: Draft) -> dict[str, tuple[int, int]]:
    """By item: where its first record stands, containers in the configuration's order."""
    found: dict[str, tuple[int, int]] = defaultdict(lambda: (len(draft.world.containers), 0))
    order = {place: number for number, place in enumerate(draft.world.containers)}
    for one in draft.replicas.values():
        record = one.base.current
        if one.item is not None and record is not None and one.place in order:
            found[one.item] = min(found[one.item], (order[one.place], record.position))
    return found


class _Writer:
    def __init__(self, draft: Draft, circular: set[str]) -> None:
        self.draft, self.circular = draft, circular
        self.forests = Forests(draft)
        self.refused = {(r.item, r.connection, r.container, r.field): r for r in draft.world.refusals}

    def creation(self, item: ItemDraft, view: ContainerView) -> Action | None:
        if self._refused_whole(item, view):
            return None
        above = self.draft.envs[view.place].parent_here(self.draft.parents.get(item.base.id))
        if above is not None and self._absent(above, view):
            self._waits(item, above, view)
            return None
        env = self.draft.envs[view.place]
        writes = []
        for name, lens in sorted(view.lenses.items()):
            agreed = item.agreed.get(name)
            if agreed is None or agreed.value is None or not lens.writable or name in item.held:
                continue
            if name == "dependencies" and item.base.id in self.circular:
                continue
            form = self._form(item, view, name, agreed.value)
            if form is not None and form != lens.form(None, env):
                writes.append(FieldWrite(name, None, form, agreed.version))
        origin = next((one.base.connection for one in self.draft.of_item[item.base.id]), "")
        taker = view.title or view.place[1]
        reason = f"taken by {taker}, known from {origin}" if origin else f"taken by {taker}"
        depth = self.depth(item, view)
        return Action(
            Operation.CREATE, item.base.id, *view.place, None, title_of(item), tuple(writes), reason, depth
        )

    def deletion(self, item: ItemDraft, one: ReplicaDraft, view: ContainerView) -> Action:
        reason = item.note or "deleted in another tool"
        depth, native = self.depth(item, view), one.base.native_id
        return Action(Operation.DELETE, item.base.id, *view.place, native, title_of(item), (), reason, depth)

    def update(
        self, item: ItemDraft, one: ReplicaDraft, view: ContainerView, writes: list[FieldWrite]
    ) -> Action:
        reasons = sorted({write.reason for write in writes if write.reason})
        return Action(
            Operation.UPDATE,
            item.base.id,
            *view.place,
            one.base.native_id,
            title_of(item),
            tuple(writes),
            "; ".join(reasons),
            self.depth(item, view),
        )

    def writes(self, item: ItemDraft, one: ReplicaDraft, view: ContainerView) -> list[FieldWrite]:
        """The fields where n(agreed) is not what stands there and which may be written."""
        found: list[FieldWrite] = []
        if self._refused_whole(item, view):
            return found
        for name, lens in sorted(view.lenses.items()):
            if lens.writable and name not in item.held and name not in one.undecided:
                write = self._write(item, one, view, name)
                if write is not None:
                    found.append(write)
        record = one.base.current
        wants_key = (
            record is not None and view.capabilities.keys and not view.by_hand and record.key != item.base.id
        )
        if wants_key and record is not None and not self._refused(item.base.id, view, KEY, NEVER):
            found.append(FieldWrite(KEY, record.key, item.base.id, NEVER, "carries our key"))
        return found

    def move_out(self, item: ItemDraft, one: ReplicaDraft, view: ContainerView) -> list[FieldWrite]:
        """Out from under a record that is about to be deleted, though the item is out of scope here."""
        env, record = self.draft.envs[view.place], one.base.current
        above = peek(view, env, record, "parent")
        write = self._write(item, one, view, "parent") if above in env.leaving else None
        return [write] if write is not None else []

    def _write(self, item: ItemDraft, one: ReplicaDraft, view: ContainerView, name: str) -> FieldWrite | None:
        lens, env, record = view.lenses[name], self.draft.envs[view.place], one.base.current
        agreed = item.agreed.get(name)
        if (
            record is None
            or lens.computed(record.computed)
            or (name == "dependencies" and item.base.id in self.circular)
        ):
            return None
        if agreed is None or self._refused(item.base.id, view, name, agreed.version):
            return None
        policy = self.draft.world.policy.of_field(name)
        if policy.rule is Rule.OWNER and policy.leave and one.at.get(name, NEVER) == agreed.version:
            return None  # it was brought there and differs: an edit of its own, left alone until the owner's next
        try:
            stands = lens.get(record.values, env)
        except Untranslatable:
            return None
        form = self._form(item, view, name, agreed.value)
        if name in item.held:  # it could not be told
            return None
        if name == "parent" and isinstance(form, str) and form != stands and self._absent(form, view):
            self._waits(item, form, view)
            return None
        if form == stands or (agreed.value is None and is_default(lens, record, stands)):
            return None
        reason = item.reasons.get(name) or (f"as in {agreed.origin}" if agreed.origin else "as decided")
        return FieldWrite(name, stands, form, agreed.version, reason)

    def offer(
        self, item: ItemDraft, one: ReplicaDraft, view: ContainerView, writes: list[FieldWrite]
    ) -> list[OfferedField]:
        """Remember what is offered, and since when; earlier offers stay remembered until a reading changes."""
        offered = []
        for write in writes:
            known = one.offers.get(write.name, ())
            same = next((o for o in known if o.version == write.version), None)
            if same is None:
                same = Offer(write.version, write.new, self.draft.world.now)
                one.offers = {**one.offers, write.name: (*known, same)}
            offered.append(
                OfferedField(
                    item=item.base.id,
                    connection=view.place[0],
                    container=view.place[1],
                    native_id=one.base.native_id,
                    title=title_of(item),
                    name=write.name,
                    old=write.old,
                    new=write.new,
                    version=write.version,
                    since=same.since,
                )
            )
        return offered

    def may_go(self, item: ItemDraft, one: ReplicaDraft, view: ContainerView) -> bool:
        """Whether a deletion may be tried now; one that is not keeps what lies under it."""
        if not self._refused_whole(item, view):
            return True
        self.draft.envs[view.place].leaving.discard(item.base.id)
        return False

    def _form(self, item: ItemDraft, view: ContainerView, name: str, value: Value) -> Value:
        """n(agreed); a field whose form cannot be found is quarantined and held in this run."""
        try:
            return view.lenses[name].form(value, self.draft.envs[view.place])
        except Poisoned as error:
            self.draft.poisoned[item.base.id, *view.place, name] = error.message
            says = f"{name} of {title_of(item)} is left out in {view.place[0]}: {error.message}"
            self.draft.warn(Grade.LEFT_OUT, says, field=name, mend=error.mend)
            item.held.add(name)
            return None

    def _refused_whole(self, item: ItemDraft, view: ContainerView) -> bool:
        """Whether the whole record was refused as it is agreed now; a newer version of any field is tried at once."""
        return self._refused(item.base.id, view, "", edition(item.agreed, view.lenses))

    def _refused(self, item: str, view: ContainerView, name: str, version: int) -> bool:
        """Whether this very write was refused for good and its next try is not due; told again in every run."""
        refusal = self.refused.get((item, *view.place, name))
        if refusal is None or (name != KEY and refusal.version != version):
            return False
        if self.draft.world.now >= refusal.next_try:
            return False
        what = f"{name} of " if name else ""
        says = f"{what}{title_of(self.draft.items[item])} is left out in {view.place[0]}: {refusal.reason}"
        self.draft.warn(Grade.LEFT_OUT, says, field=name, mend="See `itpm-sync quarantine list`.")
        return True

    def rooted(self, item: ItemDraft, view: ContainerView, writes: list[FieldWrite]) -> list[FieldWrite]:
        """The writes without a parent that would close a cycle over what stands there (an edge that is held)."""
        kept = []
        for write in writes:
            parent = write.new if isinstance(write.new, str) else None
            if write.name != "parent" or self.forests.move(view, item.base.id, parent):
                kept.append(write)
                continue
            says = f"{title_of(item)} is not put under {title_of(self.draft.items[parent or item.base.id])}"
            why = f"what stands in {view.place[0]} would lie under itself"
            self.draft.warn(
                Grade.NOTE, f"{says}: {why}.", field="parent", mend="Settle the conflict over it."
            )
        return kept

    def level(self, item: ItemDraft) -> int:
        """Levels below the top, by agreed parents."""
        level, at = 0, self.draft.parents.get(item.base.id)
        visited = {item.base.id}
        while at is not None and at not in visited:
            visited.add(at)
            level, at = level + 1, self.draft.parents.get(at)
        return level

    def _waits(self, item: ItemDraft, above: str, view: ContainerView) -> None:
        says = f"{title_of(item)} is not put under {title_of(self.draft.items[above])} in {view.place[0]}"
        why = "that record is hidden there, or not believed gone yet"
        self.draft.warn(Grade.NOTE, f"{says}: {why}.")

    def _absent(self, item: str, view: ContainerView) -> bool:
        return any(
            one.base.absence is not None for one in self.draft.of_item[item] if one.place == view.place
        )

    def depth(self, item: ItemDraft, view: ContainerView) -> int:
        env, depth, at = self.draft.envs[view.place], 0, self.draft.parents.get(item.base.id)
        visited = {item.base.id}
        while at is not None and at not in visited:
            visited.add(at)
            depth += env.native_of(at) is not None
            at = self.draft.parents.get(at)
        return depth
