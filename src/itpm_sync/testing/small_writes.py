"""What is written in a small world: records beside what was agreed, and the work that follows.

In: items and views of `small_world`. Out: the work planned, and its writes as plain data.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from itpm_sync.bases import ItemBase, Replica
from itpm_sync.connector import Capabilities
from itpm_sync.model import Value
from itpm_sync.reconcile import ContainerView
from itpm_sync.reconcile.draft import Draft
from itpm_sync.reconcile.writes import Work, work
from itpm_sync.testing.small_world import item, record, tied, view, world

KEYS = Capabilities()


def standing(base: ItemBase, connection: str = "a", *, key: str | None = None, **said: Any) -> Replica:
    """The item's record, where something else stands in some fields; what else is given are parts of the replica."""
    names: dict[str, Any] = {name: agreed.value for name, agreed in base.agreed.items()}
    values: dict[str, Any] = {
        **names,
        **{name: said.pop(name) for name in ("title", "parent", "priority", "site") if name in said},
    }
    parts: dict[str, Any] = {
        name: said.pop(name) for name in tuple(said) if name in ("at", "tie", "undecided", "offers", "native")
    }
    native = parts.pop("native", base.id)
    seen = replace(record(native, key=key, **values), computed=frozenset(said.pop("computed", ())))
    return replace(tied(base, connection, native=native, **parts), seen=seen)


def planned(
    *views: ContainerView,
    doomed: set[str] | None = None,
    circular: set[str] | None = None,
    do: Any = None,
    **more: Any,
) -> tuple[Work, Draft]:
    draft = Draft(world(*views, **more))
    if do is not None:
        do(draft)
    return work(draft, doomed or set(), circular or set()), draft


def written(*views: ContainerView, **more: Any) -> list[tuple[str, str, dict[str, Value]]]:
    done, _ = planned(*views, **more)
    return [
        (one.operation.value, one.item, {write.name: write.new for write in one.writes})
        for one in done.actions
    ]


def one_write(
    base: ItemBase | None = None, here: ContainerView | None = None, /, **said: Any
) -> dict[str, Value]:
    """What is written in the record of an item with priority 2, where 1 stands."""
    base = base or item("1", priority=2)
    parts: dict[str, Any] = {
        name: said.pop(name) for name in ("do", "circular", "policy", "refusals", "pending") if name in said
    }
    found = written(
        here or view("a"), items=[base], replicas=[standing(base, **{"priority": 1, **said})], **parts
    )
    assert len(found) < 2
    return found[0][2] if found else {}
