"""One field of one item, taken back: put back, asked about, or left with the reason.

In: how every record stands where the run wrote the field, what it moved and decided against. Out: in the draft the
agreed value, conflicts and `at`; the native values to put back. A person's edit is never reverted: it is asked about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from itpm_sync.bases import NEVER, Agreed, Conflict, Life, Side, Tie
from itpm_sync.codec import digest, encode
from itpm_sync.lens import Lens, Unliftable, Untranslatable
from itpm_sync.model import Value
from itpm_sync.plan import FieldWrite, Grade, Loser, Warning
from itpm_sync.reconcile.draft import Draft, ItemDraft, ReplicaDraft
from itpm_sync.reconcile.forest import Forests
from itpm_sync.reconcile.past import Key, Moved, Past, Wrote, side_mark
from itpm_sync.reconcile.reading import title_of
from itpm_sync.reconcile.undo_stands import How, Stand, reads, stand
from itpm_sync.reconcile.world import ContainerView
from itpm_sync.ties import ContainerEnv

_HEARD = (Tie.TIED, Tie.OUT_OF_SCOPE)


def _lifted(
    lens: Lens, env: ContainerEnv, values: Mapping[str, Any], agreed: Agreed, *, tool: str, at: int
) -> list[Side]:
    """What values of a tool say, as one side of a conflict; none where they cannot be translated."""
    try:
        form = lens.get(values, env)
    except Untranslatable:
        return []
    try:
        return [Side(tool, lens.lift(form, agreed.value, env), form, at)]
    except Unliftable:
        return [Side(tool, form, form, at, lawful=False)]


@dataclass(slots=True)
class PutBack:
    """What is to be written in one record."""

    item: ItemDraft
    one: ReplicaDraft
    view: ContainerView
    writes: list[FieldWrite]


class Fields:
    """The fields that a run wrote or moved, one after the other."""

    def __init__(self, draft: Draft, past: Past, *, actor: str, going: set[str]) -> None:
        self.draft, self.past, self.actor, self.going = draft, past, actor, going
        self.why = f"undo of run {past.run} by {actor}"
        self.forests = Forests(draft)
        self.put: dict[str, PutBack] = {}
        self.already = 0
        """Fields that stand as before the run already."""

    def take_back(self, key: Key) -> None:
        """Decide one field."""
        item = self.draft.items.get(key[0])
        if item is None or self._closed_again(item, key):
            return
        name = key[1]
        wrote = [one for one in self.past.wrote.get(key, ()) if one.replica not in self.going]
        moved = self.past.moved.get(key)
        if not wrote and not (moved is not None and (self.past.resolved or self.past.undone)):
            return  # nothing was written anywhere
        problem = self._problem(item, name)
        if problem:
            self.left(item, name, wrote, *problem)
            return
        stands = [stand(self.draft, one) for one in wrote]
        agreed = item.agreed.get(name)
        now = agreed.version if agreed else NEVER
        if moved is not None and now == moved.version:
            self._moved(item, name, stands, moved)
        elif moved is not None and moved.known and agreed is not None and agreed.value == moved.old:
            self._form_only(item, name, stands, agreed)  # put back already, perhaps not everywhere yet
        elif moved is not None or any(one.version != now for one in wrote):
            who = f", from {agreed.origin}" if agreed and agreed.origin else ""
            self.left(item, name, wrote, f"it was agreed anew since (version {now}{who})")
        elif agreed is not None:
            self._written(item, name, stands, agreed)

    def _problem(self, item: ItemDraft, name: str) -> tuple[str, str] | None:
        """Why nothing of a field can be taken back, and the mend."""
        if item.base.life is Life.DELETED:
            return f"the item was deleted since ({item.base.note})", ""
        if item.base.id in self.draft.skipped:
            return "it carries the label by which people want it left alone", ""
        if (item.base.id, name) in self.past.unknown:
            return (
                "nobody can say whether the run wrote it",
                "The next sync treats what stands there as an edit.",
            )
        conflict = self.draft.conflicts.get((item.base.id, name))
        if conflict is not None:
            return (
                f"conflict {conflict.id} about it is open",
                f"See `itpm-sync conflicts show {conflict.id}`.",
            )
        pending = next((one for one in self._holders(item, name) if self._edited(one, name)), None)
        if pending is not None:
            reading = pending.base.reading
            who = f" by {reading.edited_by}" if reading and reading.edited_by else ""
            return f"it was edited in {pending.base.connection}{who} since", ""
        return None

    # ── the three ways ──

    def _written(self, item: ItemDraft, name: str, stands: Sequence[Stand], agreed: Agreed) -> None:
        """The agreed value did not move in the run."""
        lost = self.past.lost.get((item.base.id, name), ())
        asked: list[Side] = []
        plain: list[Stand] = []
        for one in stands:
            mine = [side for side in lost if side.tool == one.wrote.connection]
            first = one.wrote.was == NEVER and self.past.base and not self._rests(one, agreed.value)
            if one.how is How.LEFT and first:
                self._first_again(item, one)  # the mapping that joined them was the run's
            elif one.how is How.LEFT and mine:
                asked += mine  # an edit there that was put back
            elif one.how is How.LEFT and one.wrote.was != one.wrote.version:
                stood = self._as_side(one, agreed)  # a decision of an earlier run, carried out late
                if not stood:
                    self.left(
                        item, name, [one.wrote], f"what stood in {one.wrote.connection} cannot be read today"
                    )
                asked += stood
            else:
                plain.append(one)
        if asked:
            self._ask(item, name, asked, agreed)
            plain = [one for one in plain if one.how is not How.LEFT]
        self._form_only(item, name, plain, agreed)

    def _form_only(self, item: ItemDraft, name: str, stands: Sequence[Stand], agreed: Agreed) -> None:
        """What was agreed stays: records are written as before, each by itself."""
        for one in stands:
            if not self._told(item, one):
                continue
            if self._rests(one, agreed.value) or self.past.held:
                self._write(item, one, agreed.version)
            else:
                what = f"what stood in {one.wrote.connection} is not what is agreed, as it is read today"
                mend = "If a mapping was wrong, put it right first; else change the value in the tool."
                self.left(item, name, [one.wrote], what, mend)

    def _moved(self, item: ItemDraft, name: str, stands: Sequence[Stand], moved: Moved) -> None:
        """The agreed value is the run's still: back to the old one, or a question where somebody edited it."""
        agreed = item.agreed[name]
        if not moved.known:
            self.left(item, name, [one.wrote for one in stands], "its old value was redacted")
            return
        stop = next((one for one in stands if one.how in (How.TOUCHED, How.SHUT)), None)
        if stop is not None:
            self.left(item, name, [stop.wrote], stop.why, stop.mend)
            return
        ours = [one for one in stands if self._told(item, one)]
        if stands and not ours and all(one.how is How.AWAY for one in stands):
            return  # every record it was written in is gone
        nobodys = self.past.undone or (moved.first and self.past.base and moved.version == moved.was + 1)
        if nobodys and self._can_move_back(item, name, ours, moved):
            self._move_back(item, name, ours, moved)
            return
        lost = self.past.lost.get((item.base.id, name), ())
        old = Side(None, moved.old, moved.old, moved.was, actor=self.actor, edited=self.draft.world.now)
        self._ask(item, name, [old, *lost], agreed)

    # ── put back ──

    def _can_move_back(self, item: ItemDraft, name: str, ours: Sequence[Stand], moved: Moved) -> bool:
        """Whether the next run would write nothing on top: neither where the run wrote nor anywhere else."""
        if moved.first:
            return True  # whatever says otherwise is a first tie again
        mine = {one.wrote.replica for one in ours}
        others = [one for one in self._holders(item, name) if one.base.id not in mine]
        return all(self._rests(one, moved.old) or self.past.held for one in ours) and all(
            self._says(one, name, moved.old) or not self._view(one).writable for one in others
        )

    def _move_back(self, item: ItemDraft, name: str, ours: Sequence[Stand], moved: Moved) -> None:
        agreed = item.agreed[name]
        now = Agreed(moved.old, agreed.version + 1, None, self.actor, self.draft.world.now)
        item.agreed[name] = now
        item.reasons[name] = self.why
        if name == "parent":
            self.draft.note_parent(item)
        mine = {one.wrote.replica for one in ours}
        for other in self._holders(item, name):
            if other.base.id in mine:
                continue
            if self._says(other, name, moved.old):
                other.at[name] = now.version
            elif moved.first:
                other.at.pop(name, None)
            elif self._view(other).by_hand:
                says = f"it was typed by hand in {other.base.connection} and is offered back there"
                self.draft.warn(Grade.NOTE, f"{title_of(item)}: {name}: {says}.", other, field=name)
        for one in ours:
            if moved.first and (one.lens is None or not self._rests(one, moved.old)):
                self._first_again(item, one)
            else:
                self._write(item, one, now.version)

    def _first_again(self, item: ItemDraft, one: Stand) -> None:
        """Put back where nothing had ever been told to the record: it is as if it had never been."""
        if self._told(item, one):
            assert one.one is not None
            one.one.at.pop(one.wrote.field, None)
            self._write(item, one, NEVER)

    def _write(self, item: ItemDraft, one: Stand, version: int) -> None:
        assert one.one is not None and one.view is not None
        record, lens, name = one.record, one.lens, one.wrote.field
        env = self.draft.envs[one.view.place]
        natives = {native: (record.values.get(native), old) for native, (old, _) in one.wrote.natives.items()}
        if lens is None:  # not mapped any more: shown as it is there
            old, new = (str([pair[n] for pair in natives.values()]) for n in (0, 1))
            write = FieldWrite(name, old, new, version, self.why, natives)
        else:
            old_form, new_form = reads(lens, record.values, env), reads(lens, one.before, env)
            write = FieldWrite(name, old_form, new_form, version, self.why, natives)
        put = self.put.setdefault(one.one.base.id, PutBack(item, one.one, one.view, []))
        put.writes.append(write)

    # ── asked ──

    def _ask(self, item: ItemDraft, name: str, others: Sequence[Side], agreed: Agreed) -> None:
        """An open conflict of old and new; nothing of it is written."""
        new = self._agreed_side(item, name, agreed)
        sides: list[Side] = []
        for side in (*others, *self._read_today(item, name, agreed)):
            if all(side.value != known.value for known in (*sides, new)):
                sides.append(side)
        if not sides:
            self.already += 1  # it was the same all along
            return
        sides.append(new)
        named = [item.base.id, name, self.past.run, agreed.version, [encode(side.form) for side in sides]]
        conflict = Conflict(
            f"c-{digest(named)[:12]}", item.base.id, name, tuple(sides), self.draft.world.now, self.why
        )
        item.opened.append(conflict)
        item.held.add(name)
        self.draft.conflicts[item.base.id, name] = conflict

    def _agreed_side(self, item: ItemDraft, name: str, agreed: Agreed) -> Side:
        origin = next(
            (one for one in self._holders(item, name) if one.base.connection == agreed.origin), None
        )
        form = agreed.value
        if origin is not None:
            form = self._view(origin).lenses[name].form(agreed.value, self.draft.envs[origin.place])
        return Side(
            agreed.origin,
            agreed.value,
            form,
            agreed.version,
            agreed=True,
            actor=agreed.actor,
            edited=agreed.edited,
        )

    def _read_today(self, item: ItemDraft, name: str, agreed: Agreed) -> list[Side]:
        """What its own tool says, where today's mapping reads it as something else than the run did."""
        origin = next(
            (one for one in self._holders(item, name) if one.base.connection == agreed.origin), None
        )
        if origin is None or self._says(origin, name, agreed.value):
            return []
        lens, env, record = (
            self._view(origin).lenses[name],
            self.draft.envs[origin.place],
            origin.base.current,
        )
        assert record is not None
        side = _lifted(
            lens, env, record.values, agreed, tool=agreed.origin or "", at=origin.at.get(name, NEVER)
        )
        return [replace(one, actor=agreed.actor, edited=agreed.edited) for one in side]

    def _as_side(self, one: Stand, agreed: Agreed) -> list[Side]:
        """What stood in a record before, as a value to choose."""
        if one.lens is None or one.view is None:
            return []
        env = self.draft.envs[one.view.place]
        return _lifted(one.lens, env, one.before, agreed, tool=one.wrote.connection, at=one.wrote.was)

    def _closed_again(self, item: ItemDraft, key: Key) -> bool:
        """A conflict that an undo opened and nobody has touched closes with the undo of it: the agreed value stays."""
        conflict = self.draft.conflicts.get(key)
        opened = self.past.opened.get(key)
        if conflict is None or opened is None:
            return False
        marks = {side_mark(side.tool, encode(side.form), side.version) for side in conflict.sides}
        if marks != opened or any(self._edited(one, key[1]) for one in self._holders(item, key[1])):
            return False
        item.closed.append(conflict.id)
        item.held.discard(key[1])
        item.losers += [Loser(key[1], side, self.why) for side in conflict.sides if not side.agreed]
        del self.draft.conflicts[key]
        return True

    # ── looking ──

    def _holders(self, item: ItemDraft, name: str) -> list[ReplicaDraft]:
        """The item's records that hold a field now and whose edits are heard."""
        return [
            one
            for one in self.draft.of_item[item.base.id]
            if one.tie in _HEARD
            and one.base.current is not None
            and one.base.absence is None
            and one.base.id not in self.going
            and (view := self.draft.world.containers.get(one.place)) is not None
            and name in view.lenses
        ]

    def _view(self, one: ReplicaDraft) -> ContainerView:
        return self.draft.world.containers[one.place]

    def _says(self, one: ReplicaDraft, name: str, value: Value) -> bool:
        """Whether a record says what `value` is in its tool."""
        lens, env, record = self._view(one).lenses[name], self.draft.envs[one.place], one.base.current
        return record is not None and reads(lens, record.values, env) == lens.form(value, env)

    def _edited(self, one: ReplicaDraft, name: str) -> bool:
        """Whether a record was edited in a field, and nobody decided it yet."""
        seen, reading = one.base.seen, one.base.reading
        if seen is None or reading is None:
            return seen is None
        lens, env = self._view(one).lenses[name], self.draft.envs[one.place]
        return name in one.undecided or reads(lens, seen.values, env) != reads(lens, reading.values, env)

    def _rests(self, one: Stand, value: Value) -> bool:
        """Whether what stood there is what `value` is in that tool, as it is read today: no later run writes it."""
        if one.lens is None:
            return True
        assert one.view is not None
        env = self.draft.envs[one.view.place]
        return reads(one.lens, one.before, env) == one.lens.form(value, env)

    def _told(self, item: ItemDraft, one: Stand) -> bool:
        """Whether a record is to be written; the others are counted, or left with the reason."""
        if one.how is How.BACK:
            self.already += 1
            return False
        why, mend = (one.why, one.mend) if one.how is not How.LEFT else (self._no_parent(item, one), "")
        if why:
            self.left(item, one.wrote.field, [one.wrote], why, mend)
        return not why

    def _no_parent(self, item: ItemDraft, one: Stand) -> str:
        """Why a record cannot lie again under what it lay under before."""
        lens = one.lens
        if one.wrote.field != "parent" or lens is None or one.view is None:
            return ""
        native = lens.refers(one.before)
        above = self.draft.by_native.get((one.wrote.connection, native)) if native is not None else None
        if native is not None and (
            above is None or above.tie is Tie.TOMBSTONE or above.base.absence is not None
        ):
            return f"what it lay under in {one.wrote.connection} is no longer there"
        if not self.forests.move(one.view, item.base.id, above.item if above is not None else None):
            return f"it would lie under itself in {one.wrote.connection}"
        return ""

    def left(self, item: ItemDraft, name: str, wrote: Sequence[Wrote], why: str, mend: str = "") -> None:
        """Say what is not put back, where, and why."""
        places = ", ".join(dict.fromkeys(one.connection for one in wrote))
        where = f" in {places}" if places else ""
        place = (wrote[0].connection, wrote[0].container) if len(wrote) == 1 else ("", "")
        says = f"{title_of(item)}: {name}{where} is not put back: {why}."
        self.draft.warnings.append(Warning(Grade.LEFT_OUT, says, *place, item.base.id, name, mend))
