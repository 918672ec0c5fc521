"""S14, S16, S26: what the history says of all that happened.

In: a stage at rest, its state, its history from the first entry on. Out: what is broken, in words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from itpm_sync.bases import Tie
from itpm_sync.ledger import Entry, State
from itpm_sync.simulator.bench import PROJECT
from itpm_sync.simulator.laws.stage import Stage


def chain(stage: Stage, state: State, entries: Sequence[Entry]) -> Iterator[str]:
    """S16: gapless and sealed; agreed versions rise; each call that took effect stands in it exactly once."""
    if (bad := stage.bench.ledger.verify(PROJECT)) is not None:
        yield f"S16: entry {bad} of the history does not hold"
    yield from _versions(entries)
    told = Counter(entry.document["intent"] for entry in entries if entry.phase == "write")
    open_ = {intent.id for intent in state.intents}
    for name, tool in stage.tools.items():
        for intent in tool.applied:
            if told[intent] != 1 and intent not in open_:
                yield f"S16: the write {intent} in {name} stands {told[intent]} times in the history"


def _versions(entries: Sequence[Entry]) -> Iterator[str]:
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


def intents(state: State) -> Iterator[str]:
    """S14: none stays open, but of a record that is hidden: what our write replaced there cannot be looked up; and but
    a creation of which a person is asked what it made.
    """
    asked = {(item, pair.connection) for pair in state.proposals.values() for item in pair.candidates}
    hidden = {r.id for r in state.replicas.values() if r.tie is Tie.HIDDEN}
    for intent in state.intents:
        if intent.replica not in hidden and (intent.item, intent.connection) not in asked:
            yield f"S14: {intent.id}, to {intent.operation} {intent.item} in {intent.connection}, stays open"
