"""A direct read that is answered from a copy of the tool's database that lags behind our own write (F23): what is older
than what is known says nothing, and nothing is written or settled by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from itpm_sync.connector import Record, Sighting
from itpm_sync.errors import UnknownOutcome
from itpm_sync.memory import MemoryConnector
from itpm_sync.policy import Deletion
from itpm_sync.testing.bench import PROJECT, Bench
from itpm_sync.testing.stories import add, bench_of, native, quiet, settle, start, titles

LAGGING = "S"


class Lag:
    """The copy that direct reads of a tool are answered from while it lags."""

    def __init__(self, bench: Bench) -> None:
        self.memory = bench.tools[LAGGING].memory
        self.copies: dict[str, Record] = {}
        copies = self.copies

        class Copied(MemoryConnector):
            async def read(self, container: str, native_ids: Sequence[str]) -> Sequence[Sighting]:
                found = await super().read(container, native_ids)
                return [replace(one, record=copies.get(one.native_id, one.record)) for one in found]

        bench.tools[LAGGING].port = Copied

    def begins(self) -> None:
        self.copies |= {name: self.memory.record(row) for name, row in self.memory.rows.items()}

    def ends(self) -> None:
        self.copies.clear()


def started(**policy: Any) -> tuple[Bench, str, Lag]:
    bench = bench_of("J", LAGGING, **policy)
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    return bench, mine, Lag(bench)


def test_an_update_waits_and_what_the_copy_says_is_nobodys_edit() -> None:
    bench, mine, lag = started()
    bench.tools["J"].memory.edit_as("ann", mine, priority=2)
    lag.begins()
    bench.sync()
    bench.tools["J"].memory.edit_as("ann", mine, priority=3)
    report = bench.sync()
    assert [(one.outcome, one.reason) for one in report.carried] == [
        ("waits", "its tool answered with an older record than before")
    ]
    settle(bench)
    assert bench.value("J", mine, "priority") == 3
    lag.ends()
    settle(bench)
    assert bench.value(LAGGING, native(bench, LAGGING, "Rack"), "priority") == 3
    assert bench.ledger.conflicts(PROJECT) == []
    assert quiet(bench)


def test_a_deletion_waits_for_what_stands_there_now() -> None:
    bench, mine, lag = started(deletion=Deletion.PROPAGATE)
    lag.begins()
    bench.tools["J"].memory.edit_as("ann", mine, priority=2)
    settle(bench)
    bench.tools["J"].memory.delete_as("ann", mine)
    settle(bench)
    assert titles(bench, LAGGING) == ["Rack"]
    lag.ends()
    settle(bench)
    assert titles(bench, LAGGING) == []
    assert quiet(bench)


def test_a_write_of_unknown_outcome_is_not_settled_by_a_copy_from_before_the_one_before_it() -> None:
    bench, mine, lag = started()
    lag.begins()
    before = dict(lag.copies)
    bench.tools["J"].memory.edit_as("ann", mine, priority=2)
    settle(bench)
    lag.ends()
    memory = lag.memory

    def times_out(call: str, phase: str) -> None:
        if (call, phase) == ("apply update", "after"):
            memory.on_call = lambda _call, _phase: None
            lag.copies |= before
            raise UnknownOutcome("S: time-out.")

    memory.on_call = times_out
    bench.tools["J"].memory.edit_as("ann", mine, priority=3)
    settle(bench)
    assert bench.ledger.open_intents(PROJECT), "what became of it cannot be told from an older record"
    lag.ends()
    settle(bench)
    assert bench.value("J", mine, "priority") == 3
    assert bench.value(LAGGING, native(bench, LAGGING, "Rack"), "priority") == 3
    assert bench.ledger.conflicts(PROJECT) == []
    assert quiet(bench)
