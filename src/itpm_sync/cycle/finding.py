"""Which item somebody means: by its id, by what a tool calls its record, or by its title.

In: the ledger, a word or words. Out: the item and its project. Raises Misconfigured where none or several are meant,
naming those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from itpm_sync.bases import ItemBase, Replica
from itpm_sync.codec import show
from itpm_sync.errors import Misconfigured
from itpm_sync.ledger import Ledger, State

_MOST = 10


@dataclass(frozen=True, slots=True)
class Found:
    """An item, with its project's state."""

    project: str
    item: ItemBase
    state: State

    @property
    def title(self) -> str:
        value = self.item.value("title")
        return show(value) if value else "(untitled)"

    @property
    def replicas(self) -> list[Replica]:
        """Its records, in the order of connections."""
        found = [self.state.replicas[name] for name in self.state.of_item.get(self.item.id, ())]
        return sorted(found, key=lambda one: (one.connection, one.container, one.native_id))


def find(ledger: Ledger, word: str, *, command: str) -> Found:
    """The one item meant by `word`: an id, a record's id or key (NET-12), a title.

    `command` is shown in the mend, with the item's id in the place of ITEM.
    """
    wanted = _plain(word)
    states = [ledger.load(project) for project in ledger.projects()]
    by_id = [Found(state.project, state.items[word], state) for state in states if word in state.items]
    if by_id:
        return by_id[0]
    for matches in (_called, _titled, _holding):
        found = {one.item.id: one for state in states for one in matches(state, wanted)}
        if len(found) == 1:
            return next(iter(found.values()))
        if found:
            raise Misconfigured(
                f"{word!r} may be any of {len(found)} items.", mend=_candidates(list(found.values()), command)
            )
    if any(replica.item is None for state in states for replica in _records(state, wanted)):
        raise Misconfigured(
            f"The record {word} belongs to no item yet.",
            mend="See `itpm-sync pair list`, or run a sync first.",
        )
    raise Misconfigured(
        f"There is no item {word!r} in the ledger.",
        mend="Name it by its title, by what a tool calls it (NET-12), or by its id.",
    )


def _candidates(found: list[Found], command: str) -> str:
    lines = [
        f"  itpm-sync {command.replace('ITEM', one.item.id)}    {one.title} ({one.project}"
        + "".join(f"; {replica.connection}: {_name(replica)}" for replica in one.replicas[:4])
        + ")"
        for one in found[:_MOST]
    ]
    more = [f"  … and {len(found) - _MOST} more"] if len(found) > _MOST else []
    return "\n".join(["Say which one:", *lines, *more])


def _name(replica: Replica) -> str:
    record = replica.current
    return (record.name if record else "") or replica.native_id


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _records(state: State, wanted: str) -> Iterator[Replica]:
    """Records that a tool calls so: by id, by key, by the last part of their address, by their whole name."""
    for replica in state.replicas.values():
        record = replica.current
        names = [replica.native_id]
        if record is not None:
            name = _plain(record.name)
            names += [name, name.partition(" ")[0], record.url.rpartition("/")[2]]
        if wanted in (_plain(one) for one in names if one):
            yield replica


def _called(state: State, wanted: str) -> Iterator[Found]:
    for replica in _records(state, wanted):
        if replica.item is not None and replica.item in state.items:
            yield Found(state.project, state.items[replica.item], state)


def _by_title(state: State, fits: Callable[[str], bool]) -> Iterator[Found]:
    for item in state.items.values():
        title = item.value("title")
        if isinstance(title, str) and fits(_plain(title)):
            yield Found(state.project, item, state)


def _titled(state: State, wanted: str) -> Iterator[Found]:
    return _by_title(state, lambda title: title == wanted)


def _holding(state: State, wanted: str) -> Iterator[Found]:
    return _by_title(state, lambda title: wanted in title)
