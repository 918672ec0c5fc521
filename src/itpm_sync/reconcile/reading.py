"""Records seen through their container's lenses.

In: a record, the container's view and surroundings. Out: canonical forms, and what could not be translated. Pure.
"""

from __future__ import annotations

from itpm_sync.bases import Replica
from itpm_sync.codec import show
from itpm_sync.connector import Record
from itpm_sync.lens import Env, Lens, Untranslatable
from itpm_sync.model import Day, Schedule, Value
from itpm_sync.reconcile.draft import Draft, ItemDraft
from itpm_sync.reconcile.world import ContainerView


def peek(view: ContainerView, env: Env, record: Record | None, name: str) -> Value:
    """One field of a record for pairing and messages; None where it is empty, not held or not translatable."""
    lens = view.lenses.get(name)
    if lens is None or record is None:
        return None
    try:
        return lens.get(record.values, env)
    except Untranslatable:
        return None


def name_of(draft: Draft, replica: Replica) -> str:
    """How people call a record, for messages."""
    record = replica.current
    if record is not None and record.name:
        return record.name
    view = draft.world.containers.get((replica.connection, replica.container))
    title = peek(view, draft.envs[view.place], record, "title") if view else None
    return f"{show(title)} ({replica.native_id})" if title else replica.native_id


def title_of(item: ItemDraft) -> str:
    """An item's agreed title, for messages."""
    title: Value = item.agreed["title"].value if "title" in item.agreed else None
    return show(title) if title else "(untitled)"


def day_of(view: ContainerView, env: Env, record: Record | None) -> Day | None:
    """The day by which two records of the same thing are told alike: finish, else start, else deadline."""
    schedule = peek(view, env, record, "schedule")
    if isinstance(schedule, Schedule) and (schedule.finish or schedule.start):
        return schedule.finish or schedule.start
    deadline = peek(view, env, record, "deadline")
    return deadline if isinstance(deadline, Day) else None


def is_default(lens: Lens, record: Record, value: Value) -> bool:
    """Whether nothing stands there, or only what the tool puts there by itself."""
    return value is None or value == frozenset() or value == () or lens.default(record.values)
