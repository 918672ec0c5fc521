"""S14, S16, S26: what the history says of all that happened.

In: a world at rest. Out: what is broken, in words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from itpm_sync.bases import Tie
from itpm_sync.ledger import Entry
from itpm_sync.simulator.bench import PROJECT
from itpm_sync.simulator.world import World


def chain(world: World) -> Iterator[str]:
    """S16: gapless and sealed; agreed versions rise; each call that took effect stands in it exactly once."""
    ledger = world.bench.ledger
    if (bad := ledger.verify(PROJECT)) is not None:
        yield f"S16: entry {bad} of the history does not hold"
    entries = sorted(ledger.history(PROJECT, limit=None), key=lambda entry: entry.seq)
    yield from _versions(entries)
    told = Counter(entry.document["intent"] for entry in entries if entry.phase == "write")
    open_ = {intent.id for intent in ledger.open_intents(PROJECT)}
    for name, tool in world.tools.items():
        for intent in tool.applied:
            if told[intent] != 1 and intent not in open_:
                yield f"S16: the write {intent} in {name} stands {told[intent]} times in the history"


def _versions(entries: list[Entry]) -> Iterator[str]:
    last: dict[tuple[str | None, str], int] = {}
    for entry in entries:
        for name, moved in entry.document.get("fields", {}).items():
            version = moved.get("version")
            if version is None:
                continue
            before = last.get((entry.item, name), 0)
            same = version == before and moved.get("new") == moved.get("old")
            if version <= before and not same:
                yield f"S16: {name} of {entry.item} went from version {before} to {version}"
            last[entry.item, name] = max(before, version)


def intents(world: World) -> Iterator[str]:
    """S14: none stays open, but of a record that is hidden: what our write replaced there cannot be looked up."""
    hidden = {r.id for r in world.bench.ledger.load(PROJECT).replicas.values() if r.tie is Tie.HIDDEN}
    for intent in world.bench.ledger.open_intents(PROJECT):
        if intent.replica not in hidden:
            yield f"S14: {intent.id}, to {intent.operation} {intent.item} in {intent.connection}, stays open"
