"""An undo, by hand: one item in two tools, of which a run wrote one field.

In: what stands there now, what the run did. Out: the undo's plan, in short.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from itpm_sync.bases import Agreed, ItemBase, Replica
from itpm_sync.model import Value
from itpm_sync.plan import Grade
from itpm_sync.reconcile import ContainerView
from itpm_sync.reconcile.past import Moved, Past, Wrote
from itpm_sync.reconcile.undo import Undone, undo
from itpm_sync.simulator.lenses import NumberLens, PlainLens
from itpm_sync.testing.small_world import NOW, PLAIN, item, tied, view, world

# The run wrote priority 2 over 1 in b; 2 is agreed since before, or was moved to by the run.
BASE = item("1", priority=2)
LENSES = (*PLAIN[:3], NumberLens("priority"), PlainLens("site"))
WROTE = Wrote("1", "priority", "b:1", "b", "main", 1, 1, {"priority": (1, 2)})


def there(connection: str = "b", base: ItemBase = BASE, **more: Any) -> Replica:
    return tied(base, connection, **more)


def says(one: Replica, **values: Value) -> Replica:
    """What stands there, seen and decided."""
    assert one.seen is not None
    return replace(one, seen=replace(one.seen, values={**one.seen.values, **values}))


def read(one: Replica, by: str | None = None, **values: Value) -> Replica:
    """What was read there since, and not decided."""
    assert one.seen is not None
    news = replace(one.seen, revision="2", values={**one.seen.values, **values}, edited_by=by)
    return replace(one, reading=news)


VIEWS = (view("a", lenses=LENSES), view("b", lenses=LENSES))
WHY = "undo of run r-1 by pia"


def undone(
    *wrote: Wrote,
    moved: Moved | None = None,
    replicas: tuple[Replica, ...] | None = None,
    base: ItemBase = BASE,
    views: tuple[ContainerView, ...] = VIEWS,
    items: tuple[ItemBase, ...] = (),
    field: str = "priority",
    past: dict[str, Any] | None = None,
    **more: Any,
) -> Undone:
    key = ("1", field)
    told = Past("r-1", {key: wrote} if wrote else {}, {key: moved} if moved else {}, **(past or {}))
    given = replicas if replicas is not None else (there("a", base), there("b", base))
    return undo(world(*views, items=[base, *items], replicas=given, **more), told, actor="pia")


def put(found: Undone) -> dict[tuple[str, str], tuple[Value, Value]]:
    return {
        (one.connection, write.name): (write.old, write.new)
        for one in found.plan.actions
        for write in one.writes
    }


def left(found: Undone) -> list[str]:
    return [one.says for one in found.plan.warnings if one.grade is Grade.LEFT_OUT]


def sides(found: Undone) -> list[tuple[str | None, Value, bool]]:
    (conflict,) = found.plan.conflicts
    assert (conflict.field, conflict.reason, conflict.opened) == ("priority", WHY, NOW)
    return [(side.tool, side.value, side.agreed) for side in conflict.sides]


def nothing(found: Undone) -> bool:
    return not (
        found.plan.actions
        or found.plan.decisions
        or found.plan.conflicts
        or found.plan.warnings
        or found.back
    )


WAS_ONE = replace(BASE, agreed={**BASE.agreed, "priority": Agreed(2, 2, "a", "ann", NOW)})
NOW_TWO = replace(WROTE, version=2, was=1)
MOVED = Moved(1, 2, 1)
