"""A small world for `reconcile`, by hand: a few containers and items in short words, no engine around them.

In: views, items and records by name. Out: a `World`, and what stands in it. Everything agreed is at version 1, every
record has been seen and brought to it, unless a test says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from itpm_sync.bases import Absence, Agreed, ItemBase, Replica, Tie
from itpm_sync.codec import encode
from itpm_sync.connector import Capabilities, Operation, Presence, Record
from itpm_sync.lens import Lens
from itpm_sync.model import Value
from itpm_sync.plan import Action, Brake, FieldWrite
from itpm_sync.policy import ContainerPolicy, Creation, ProjectPolicy
from itpm_sync.reconcile import ContainerView, World
from itpm_sync.reconcile.draft import Draft
from itpm_sync.simulator.lenses import KindLens, ParentLens, PlainLens

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
PLAIN: tuple[Lens, ...] = (KindLens("kind"), PlainLens("title"), ParentLens(), PlainLens("priority"))


def view(
    connection: str = "a",
    container: str = "main",
    *,
    lenses: Iterable[Lens] = PLAIN,
    able: Capabilities | None = None,
    policy: Mapping[str, Any] | None = None,
    **more: Any,
) -> ContainerView:
    """One container; `policy` are parts of its `ContainerPolicy`, the rest parts of the view."""
    said = {"creation": Creation.CREATE, **(policy or {})}
    return ContainerView(
        ContainerPolicy(connection, container, **said),
        able or Capabilities(keys=False),
        {lens.name: lens for lens in lenses},
        **more,
    )


def item(name: str, /, *, version: int = 1, origin: str | None = "a", **values: Value) -> ItemBase:
    """An item with these agreed values."""
    known = {"title": f"Rack {name}", **values}
    return ItemBase(name, {field: Agreed(value, version, origin) for field, value in known.items()})


def record(native: str, /, *, key: str | None = None, revision: str = "1", **values: Value) -> Record:
    """A record as pulled."""
    return Record(native, revision, {name: encode(value) for name, value in values.items()}, key=key)


def tied(
    base: ItemBase, connection: str = "a", container: str = "main", *, native: str = "", **more: Any
) -> Replica:
    """The item's record in a container, in step with it."""
    native = native or base.id
    values: dict[str, Any] = {name: agreed.value for name, agreed in base.agreed.items()}
    at = dict.fromkeys((*values, "kind", "title", "parent", "priority", "site"), 1)
    at |= {name: 0 for name in at if name not in values}
    seen = record(native, **values)
    said = {"item": base.id, "tie": Tie.TIED, "seen": seen, "at": at, **more}
    return Replica(f"{connection}:{native}", connection, container, native, **said)


def untied(
    connection: str, native: str, /, *, container: str = "main", key: str | None = None, **values: Any
) -> Replica:
    """A record that was just read and is no item's yet."""
    found = record(native, key=key, **values)
    return Replica(f"{connection}:{native}", connection, container, native, None, Tie.UNTIED, reading=found)


def absent(
    one: Replica, presence: Presence = Presence.GONE, *, confirmed: bool = True, **more: Any
) -> Replica:
    """The record is not there any more."""
    return replace(one, absence=Absence(presence, NOW, confirmed), **more)


def world(
    *views: ContainerView,
    items: Iterable[ItemBase] = (),
    replicas: Iterable[Replica] = (),
    policy: Mapping[str, Any] | None = None,
    **more: Any,
) -> World:
    """One project; `policy` are parts of its `ProjectPolicy`, the rest parts of the world."""
    return World(
        "story",
        ProjectPolicy(tuple(one.policy for one in views), **(policy or {})),
        {one.place: one for one in views},
        {one.id: one for one in items},
        {one.id: one for one in replicas},
        NOW,
        ZoneInfo("UTC"),
        **more,
    )


def racks(count: int, *views: ContainerView, **more: Any) -> World:
    """So many items, in step in each of these containers."""
    items = [item(str(number)) for number in range(count)]
    replicas = [tied(one, *each.place, native=f"{each.place[1]}-{one.id}") for each in views for one in items]
    return world(*views, items=items, replicas=replicas, **more)


def draft(*views: ContainerView, **more: Any) -> Draft:
    """The beginning of a decision."""
    return Draft(world(*views, **more))


def action(
    operation: Operation, of: str, connection: str = "a", container: str = "main", **writes: Value
) -> Action:
    """Work on the record of an item; `writes` name the fields and what is to stand there."""
    native = None if operation is Operation.CREATE else of
    told = tuple(FieldWrite(name, None, new, 1) for name, new in writes.items())
    return Action(operation, of, connection, container, native, f"Rack {of}", told)


def stopped(brakes: Iterable[Brake]) -> set[tuple[str, str]]:
    """Which brakes stop which connection ("" the project)."""
    return {(brake.kind.value, brake.connection) for brake in brakes}
