"""Agreed dependencies on records that were no items when they were read, and are by now.

In: the draft after pairing. Out: such a link names the item from now on, under a new version with the same origin, so
that the other tools get it too. Nobody edited it: what stands in its own tool reads as the item already.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from itpm_sync.bases import Agreed, Tie
from itpm_sync.model import Dependency
from itpm_sync.reconcile.draft import Draft, ItemDraft

_FIELD: Final = "dependencies"
_HERE = (Tie.TIED, Tie.OUT_OF_SCOPE, Tie.HIDDEN)


def name_links(draft: Draft) -> None:
    """Name them. One whose item is linked already, and a field that is held, stay as they are."""
    for item in draft.subjects():
        agreed = item.agreed.get(_FIELD)
        if agreed is None or not isinstance(agreed.value, frozenset) or _FIELD in item.held:
            continue
        links = [link for link in agreed.value if isinstance(link, Dependency)]
        linked = {link.predecessor for link in links}
        named = {
            link: replace(link, predecessor=found)
            for link in links
            if ":" in link.predecessor
            and (found := _item(draft, item, link.predecessor)) is not None
            and found not in linked
        }
        if named:
            value = frozenset(named.get(link, link) for link in links)
            item.agreed[_FIELD] = Agreed(
                value, agreed.version + 1, agreed.origin, agreed.actor, agreed.edited
            )
            item.reasons[_FIELD] = "what it names is an item now"


def _item(draft: Draft, item: ItemDraft, name: str) -> str | None:
    """The item of the record that a tool's own link names, in the container in which the link stands."""
    tool, _, native = name.partition(":")
    for one in draft.of_item[item.base.id]:
        env = draft.envs.get(one.place)
        if env is None or one.base.connection != tool or one.tie not in _HERE:
            continue
        found = env.items.get(native)
        if found is not None and found != item.base.id:
            return found
    return None
