"""Words typed where a number belongs, just as we write there: kept as they were typed, and chosen by nobody."""

from __future__ import annotations

import pytest

from itpm_sync.cycle import resolve
from itpm_sync.errors import Misconfigured
from itpm_sync.simulator.lenses import NumberLens
from itpm_sync.testing.bench import PROJECT, Bench
from itpm_sync.testing.stories import add, bench_of, item, native, quiet, settle, start


def typed_over() -> tuple[Bench, str]:
    """Our 2 replaced "urgent!", typed in S after we had looked."""
    bench = bench_of("J", "S")
    for tool in bench.tools.values():
        tool.lenses = {**tool.lenses, "priority": NumberLens("priority")}
    mine = add(bench, "J", "Rack", priority=1)
    start(bench)
    memory, in_s = bench.tools["S"].memory, native(bench, "S", "Rack")
    bench.tools["J"].memory.edit_as("ann", mine, priority=2)

    def meets(call: str, phase: str) -> None:
        if (call, phase) == ("apply update", "before"):
            memory.on_call = lambda _call, _phase: None
            memory.edit_as("bea", in_s, priority="urgent!")

    memory.on_call = meets
    bench.sync()
    return bench, mine


def test_words_that_our_write_replaced_are_kept_as_they_were_typed() -> None:
    bench, _ = typed_over()
    assert "urgent!" in bench.losers(item(bench, "Rack"), "priority")
    assert bench.conflict_values("priority") == [2, "urgent!"]


def test_what_cannot_be_translated_cannot_become_the_agreed_value() -> None:
    bench, _ = typed_over()
    (conflict,) = bench.ledger.conflicts(PROJECT)
    with pytest.raises(Misconfigured, match="What S says cannot become the agreed value"):
        resolve(bench.workspace(), conflict.id, "S", actor="carl")


def test_the_item_goes_on_while_the_question_is_open() -> None:
    bench, mine = typed_over()
    bench.tools["J"].memory.edit_as("ann", mine, title="Rack 2")
    bench.tools["S"].memory.edit_as("bea", native(bench, "S", "Rack"), priority=3)
    settle(bench)
    assert native(bench, "S", "Rack 2")
    assert (
        bench.value("J", mine, "priority") == bench.value("S", native(bench, "S", "Rack 2"), "priority") == 3
    )
    assert bench.ledger.conflicts(PROJECT) == [], "whoever typed 3 knew both"
    assert quiet(bench)
