"""A field that somebody takes out of a container, and puts back: absent is not empty (F34)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from itpm_sync.connector import Page
from itpm_sync.errors import Unavailable
from itpm_sync.memory import MemoryConnector
from itpm_sync.testing.bench import PROJECT, Bench
from itpm_sync.testing.stories import add, bench_of, item, native, quiet, settle, start

LOSER = "S"


def told() -> tuple[Bench, str]:
    bench = bench_of("J", LOSER)
    mine = add(bench, "J", "Rack", priority=1, site="Nord")
    start(bench)
    return bench, mine


def lose(bench: Bench, name: str) -> None:
    bench.tools[LOSER].memory.lost["main"] = name


def put_back(bench: Bench) -> None:
    bench.tools[LOSER].memory.lost.clear()


def test_nothing_is_taken_for_emptied_and_the_other_fields_go_on() -> None:
    bench, mine = told()
    lose(bench, "priority")
    bench.tools[LOSER].memory.edit_as("bea", native(bench, LOSER, "Rack"), site="Sued")
    settle(bench)
    assert bench.value("J", mine, "priority") == 1
    assert bench.value("J", mine, "site") == "Sued"
    put_back(bench)
    settle(bench)
    assert bench.value(LOSER, native(bench, LOSER, "Rack"), "priority") == 1
    assert quiet(bench)


@pytest.mark.parametrize("own", [False, True], ids=["by a person", "by a write of ours"])
def test_a_record_that_was_read_without_it_is_no_edit_of_it_when_it_is_back(own: bool) -> None:
    bench, mine = told()
    lose(bench, "priority")
    if own:
        bench.tools["J"].memory.edit_as("ann", mine, site="Sued")
    else:
        bench.tools[LOSER].memory.edit_as("bea", native(bench, LOSER, "Rack"), site="Sued")
    settle(bench)
    bench.tools["J"].memory.edit_as("ann", mine, priority=2)
    settle(bench)
    put_back(bench)
    settle(bench)
    assert bench.value(LOSER, native(bench, LOSER, "Rack"), "priority") == 2
    assert bench.ledger.conflicts(PROJECT) == []
    assert quiet(bench)


def test_a_record_made_without_it_says_it_once_it_is_back_though_nobody_touched_the_record() -> None:
    bench, _ = told()
    lose(bench, "priority")
    memory = bench.tools[LOSER].memory
    made = memory.create_as("bea", "main", kind="task", title="Desk", priority=5)
    settle(bench)
    assert bench.value("J", native(bench, "J", "Desk"), "priority") is None
    assert memory.rows[made].values["priority"] == 5
    put_back(bench)
    settle(bench)
    assert bench.value("J", native(bench, "J", "Desk"), "priority") == 5
    assert quiet(bench)


def test_a_list_from_before_it_was_back_does_not_say_that_it_is_empty() -> None:
    bench, mine = told()
    lose(bench, "priority")
    settle(bench)
    bench.tools[LOSER].memory.lag("main", 1800)
    put_back(bench)
    settle(bench)
    assert bench.value("J", mine, "priority") == 1
    assert bench.value(LOSER, native(bench, LOSER, "Rack"), "priority") == 1
    assert quiet(bench)


class Emptied(MemoryConnector):
    """Its lists show nothing."""

    async def pull(self, container: str, cursor: str | None, *, full: bool = False) -> AsyncIterator[Page]:
        yield Page([], None, last=True, complete=True)


class Broken(MemoryConnector):
    """Its lists break off before their last page."""

    async def pull(self, container: str, cursor: str | None, *, full: bool = False) -> AsyncIterator[Page]:
        yield Page(self.tool.listing(container))
        raise Unavailable("S: 502.")


def test_what_a_list_that_breaks_off_told_without_a_field_is_asked_for_once_it_is_back() -> None:
    bench, mine = told()
    lose(bench, "priority")
    bench.tools[LOSER].memory.edit_as("bea", native(bench, LOSER, "Rack"), priority=5)
    bench.tools[LOSER].port = Broken
    bench.sync()
    bench.tools[LOSER].port = MemoryConnector
    put_back(bench)
    settle(bench)
    assert bench.value("J", mine, "priority") == 5
    assert bench.ledger.conflicts(PROJECT) == []
    assert quiet(bench)


def test_a_field_that_went_while_the_container_seemed_emptied_is_asked_for_once_it_is_back() -> None:
    bench, _ = told()
    add(bench, "J", "Desk", priority=5)
    bench.killed_at(LOSER, "apply create", "after")
    lose(bench, "priority")
    bench.tools[LOSER].port = Emptied
    bench.clock.move(hours=1)
    bench.sync()  # what the lost call made is found by its key, and read without the field
    bench.tools[LOSER].port = MemoryConnector
    put_back(bench)
    settle(bench)
    assert bench.value(LOSER, native(bench, LOSER, "Desk"), "priority") == 5
    assert quiet(bench)


@pytest.mark.parametrize("edited", [False, True], ids=["new", "edited meanwhile"])
def test_a_record_that_was_hidden_when_it_came_back_says_it_once_it_is_shown(edited: bool) -> None:
    bench, mine = told()
    memory = bench.tools[LOSER].memory
    there = native(bench, LOSER, "Rack")
    lose(bench, "priority")
    if edited:
        memory.edit_as("bea", there, priority=5)
    else:
        there = memory.create_as("bea", "main", kind="task", title="Desk", priority=5)
    settle(bench)
    memory.hide(there)
    put_back(bench)
    settle(bench)
    memory.hide(there, hidden=False)
    settle(bench)
    assert bench.value(LOSER, there, "priority") == 5
    assert bench.value("J", mine if edited else native(bench, "J", "Desk"), "priority") == 5
    assert quiet(bench)


def test_a_record_that_was_hidden_just_when_it_was_read_says_it_when_it_is_written() -> None:
    bench, mine = told()
    memory = bench.tools[LOSER].memory
    lose(bench, "priority")
    memory.edit_as("bea", native(bench, LOSER, "Rack"), site="Sued", priority=5)
    settle(bench)
    put_back(bench)
    bench.during(LOSER, "read", "before", lambda: memory.hide(native(bench, LOSER, "Rack")))
    bench.sync()
    memory.hide(native(bench, LOSER, "Rack"), hidden=False)
    bench.tools["J"].memory.edit_as("ann", mine, priority=5)
    settle(bench)
    assert bench.agreed(item(bench, "Rack"), "priority") == 5
    assert bench.ledger.conflicts(PROJECT) == []
    assert quiet(bench)
