"""The way back: a plan that puts back what a run wrote and nobody has touched since. Pure, like every plan.

In: today's world, what the run did, who asks. Out: a plan (its warnings are what is left, with the reason), and the
agreed values that move back with it. Decided in `undo_fields.py` and `undo_records.py`; docs/decisions/011-undo.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from itpm_sync.bases import Agreed
from itpm_sync.connector import Operation
from itpm_sync.plan import Action, Grade, Plan, Warning
from itpm_sync.reconcile import undo_records
from itpm_sync.reconcile.draft import Draft
from itpm_sync.reconcile.past import Key, Past
from itpm_sync.reconcile.reading import title_of
from itpm_sync.reconcile.skipped import skip
from itpm_sync.reconcile.undo_fields import Fields
from itpm_sync.reconcile.world import World


@dataclass(frozen=True, slots=True)
class Back:
    """An agreed value that moves back."""

    item: str
    title: str
    field: str
    old: Agreed
    new: Agreed


@dataclass(frozen=True, slots=True)
class Undone:
    """The plan of an undo."""

    plan: Plan
    back: tuple[Back, ...] = ()
    already: int = 0
    """Fields that stand as before the run already."""


def undo(world: World, past: Past, *, actor: str) -> Undone:
    """Plan the undo of a run. `actor` asks for it, for the history."""
    draft = Draft(world)
    skip(draft)
    made = undo_records.going(draft, past)
    fields = Fields(draft, past, actor=actor, going=set(made))
    for key in _ordered(draft, past):
        fields.take_back(key)
    moved = {name for name, put in fields.put.items() if any(write.name == "parent" for write in put.writes)}
    made = undo_records.free(draft, made, moved)
    undo_records.lost(draft, past)
    for item, field in sorted(past.unknown):
        if not field:
            _unknown(draft, item)
    actions = (*_updates(fields), *undo_records.deletions(draft, made, fields.why))
    plan = Plan(
        world.project,
        draft.decisions(),
        actions,
        conflicts=tuple({conflict.id: conflict for conflict in draft.conflicts.values()}.values()),
        warnings=tuple(dict.fromkeys(draft.warnings)),
        brakes=tuple(undo_records.brakes(draft, actions)),
    )
    return Undone(plan, tuple(_back(draft)), fields.already)


def _ordered(draft: Draft, past: Past) -> Iterator[Key]:
    """Parents first, as `parent` of others may rest on them; each item's fields by name."""
    keys = past.wrote.keys() | past.moved.keys() | past.opened.keys() | {k for k in past.unknown if k[1]}

    def level(item: str) -> int:
        visited, at = {item}, draft.parents.get(item)
        while at is not None and at not in visited:
            visited.add(at)
            at = draft.parents.get(at)
        return len(visited)

    levels = {item: level(item) for item in {key[0] for key in keys}}
    yield from sorted(keys, key=lambda key: (key[1] != "parent", levels[key[0]], key))


def _updates(fields: Fields) -> Iterator[Action]:
    for put in fields.put.values():
        yield Action(
            Operation.UPDATE,
            put.item.base.id,
            *put.view.place,
            put.one.base.native_id,
            title_of(put.item),
            tuple(put.writes),
            fields.why,
        )


def _back(draft: Draft) -> Iterator[Back]:
    for item in draft.items.values():
        for name, new in item.agreed.items():
            old = item.base.agreed.get(name)
            if old is not None and old != new:
                yield Back(item.base.id, title_of(item), name, old, new)


def _unknown(draft: Draft, item: str) -> None:
    known = draft.items.get(item)
    title = title_of(known) if known is not None else item
    says = f"{title}: nobody can say yet what became of a record that the run was to create or delete."
    mend = "The next sync looks it up; then undo the run again."
    draft.warnings.append(Warning(Grade.LEFT_OUT, says, item=item, mend=mend))
