"""Records that are not there any more, in a small world: what becomes of them, and of their item's other records.

In: the records of `small_items`, some of them absent. Out: the draft once absences are decided, and the items whose
other records are to be deleted too.
"""

from __future__ import annotations

from typing import Any

from itpm_sync.bases import LIFE, ItemBase, Replica, Tie
from itpm_sync.policy import Deletion
from itpm_sync.reconcile import ContainerView
from itpm_sync.reconcile.draft import Draft
from itpm_sync.reconcile.gone import bury
from itpm_sync.testing.small_items import begun
from itpm_sync.testing.small_world import item, tied

PROPAGATED: dict[str, Any] = {"deletion": Deletion.PROPAGATE}
EDITED = item("1", version=2, origin="b", priority=2)
"""Edited in `b`, and brought to nobody yet: whoever deletes its record elsewhere did not know."""


def buried(
    *replicas: Replica,
    views: tuple[ContainerView, ...] = (),
    items: tuple[ItemBase, ...] = (),
    propagate: bool = False,
    do: Any = None,
    **more: Any,
) -> tuple[Draft, set[str]]:
    """Absences decided. `do` is done to the draft before."""
    said: dict[str, Any] = {"items": items} if items else {}
    if propagate:
        said["policy"] = PROPAGATED
    draft = begun(*replicas, views=views, **said, **more)
    if do is not None:
        do(draft)
    return draft, bury(draft)


def tie(draft: Draft, name: str = "a:1") -> Tie:
    return draft.replicas[name].tie


def said(draft: Draft) -> list[str]:
    return [warning.says for warning in draft.warnings]


def asked(draft: Draft, of: str = "1") -> str:
    """What a person is asked of the item's life; "" nothing."""
    conflict = draft.conflicts.get((of, LIFE))
    return conflict.reason if conflict is not None else ""


def tombstone(base: ItemBase, connection: str = "a", **more: Any) -> Replica:
    return tied(base, connection, tie=Tie.TOMBSTONE, **more)
