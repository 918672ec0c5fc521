"""Where a plan keeps our key of an item: a custom text field, known by the name that Project shows for it.

In: PlanRows. Out: the field, and the keys that stand in it. A plan that has such a field keeps it; else it is the
configured one, or where that is used for something else, the highest text field that nobody uses.
"""

from __future__ import annotations

from itpm_sync_msproject.field_ids import KEY_ALIAS, KEY_FIELD
from itpm_sync_msproject.rows import CustomRow, PlanRows, TaskRow

TEXTS = tuple(f"Text{number}" for number in range(30, 0, -1))


def is_key(one: CustomRow) -> bool:
    """Whether a custom value is our key."""
    return one.alias == KEY_ALIAS


def key_of(task: TaskRow) -> str | None:
    """The key on a task."""
    return next((str(one.value) for one in task.custom if is_key(one)), None)


def key_field_of(plan: PlanRows, wanted: str = KEY_FIELD) -> str | None:
    """The field that keeps the keys, or would; None where every text field is used for something else."""
    aliases = dict(plan.aliases)
    own = next((name for name, alias in plan.aliases if alias == KEY_ALIAS), None)
    if own is not None:
        return own
    used = {name for name, alias in aliases.items() if alias}
    used |= {one.name for task in plan.tasks for one in task.custom}
    return next((name for name in (wanted, *TEXTS) if name not in used), None)
