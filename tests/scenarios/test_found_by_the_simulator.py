"""Stories that the simulator found, told again in short: a tool that is followed by cursor, and what its lists hide.

S tells changes only, and which records are there; J tells everything, each time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from itpm_sync.bases import Life
from itpm_sync.connector import Page
from itpm_sync.errors import Unavailable
from itpm_sync.memory import MemoryConnector
from itpm_sync.testing.bench import PROJECT, Bench
from itpm_sync.testing.stories import add, bench_of, item, native, quiet, settle, start, titles


class Followed(MemoryConnector):
    """The reference connector, with a cursor."""

    empty = False
    """Whether the next list is somebody else's: nothing in it is ours, and its cursor neither."""

    async def pull(self, container: str, cursor: str | None, *, full: bool = False) -> AsyncIterator[Page]:
        self._call("pull", container)
        shown = [] if Followed.empty else self.tool.listing(container)
        newest = f"{self.tool._count:010d}"
        changed = [record for record in shown if cursor is None or record.revision > cursor]
        there = frozenset(record.native_id for record in shown)
        yield Page(changed, newest, last=True, complete=cursor is None, listed=there if cursor else None)


@pytest.fixture
def bench() -> Bench:
    found = bench_of("J", "S")
    found.tools["S"].port = Followed
    add(found, "J", "Rack", priority=1)
    start(found)
    return found


def test_a_record_that_is_shown_again_is_heard_of_though_nobody_changed_it(bench: Bench) -> None:
    memory, in_s = bench.tools["S"].memory, native(bench, "S", "Rack")
    memory.hide(in_s)
    settle(bench)
    memory.hide(in_s, hidden=False)
    settle(bench)
    bench.tools["J"].memory.edit_as("ann", native(bench, "J", "Rack"), priority=2)
    settle(bench)
    assert bench.value("S", in_s, "priority") == 2


def test_a_record_that_was_hidden_when_it_was_made_is_heard_of_when_it_is_shown(bench: Bench) -> None:
    memory = bench.tools["S"].memory
    made = add(bench, "S", "Desk")
    memory.hide(made)
    settle(bench)
    add(bench, "S", "Cable")  # the cursor goes on
    settle(bench)
    memory.hide(made, hidden=False)
    settle(bench)
    assert titles(bench, "J") == ["Cable", "Desk", "Rack"]
    assert quiet(bench)


def test_a_record_hidden_before_it_was_tied_is_heard_of_when_it_is_shown(bench: Bench) -> None:
    memory = bench.tools["S"].memory
    made = add(bench, "S", "Desk")
    bench.plan()  # read, and not decided
    memory.hide(made)
    settle(bench)
    memory.hide(made, hidden=False)
    settle(bench)
    assert titles(bench, "J") == ["Desk", "Rack"]


def test_an_edit_is_not_lost_behind_the_cursor_of_an_empty_list(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, in_s = bench.tools["S"].memory, native(bench, "S", "Rack")
    memory.edit_as("bea", in_s, priority=7)
    monkeypatch.setattr(Followed, "empty", True)

    def fails(call: str, phase: str) -> None:
        if (call, phase) == ("read", "before"):
            raise Unavailable("S does not answer.")

    memory.on_call = fails
    bench.sync()
    memory.on_call = lambda _call, _phase: None
    monkeypatch.setattr(Followed, "empty", False)
    settle(bench)
    assert bench.agreed(item(bench, "Rack"), "priority") == 7
    assert bench.value("J", native(bench, "J", "Rack"), "priority") == 7
    assert bench.ledger.conflicts(PROJECT) == []


def revived_once_shown(bench: Bench, in_s: str) -> None:
    """A hidden record is deleted, restored and edited out of our sight, then shown."""
    memory = bench.tools["S"].memory
    memory.delete_as("bea", in_s)
    settle(bench)
    assert bench.ledger.load(PROJECT).items[item(bench, "Rack")].life is Life.DELETED
    memory.restore_as("bea", in_s)
    memory.edit_as("bea", in_s, priority=4)
    add(bench, "S", "Desk")  # the cursor goes on
    settle(bench)
    memory.hide(in_s, hidden=False)
    settle(bench)
    assert bench.ledger.load(PROJECT).items[item(bench, "Rack")].life is Life.LIVE
    assert bench.value("J", native(bench, "J", "Rack"), "priority") == 4
    assert quiet(bench)


def test_a_record_restored_while_it_was_hidden_is_revived_when_it_is_shown(bench: Bench) -> None:
    memory, in_s = bench.tools["S"].memory, native(bench, "S", "Rack")
    memory.hide(in_s)
    settle(bench)
    revived_once_shown(bench, in_s)


def test_a_record_that_went_before_its_edit_was_decided_is_revived_when_it_is_shown(bench: Bench) -> None:
    memory, in_s = bench.tools["S"].memory, native(bench, "S", "Rack")
    memory.edit_as("bea", in_s, priority=3)
    bench.plan()  # read, and not decided
    memory.hide(in_s)
    settle(bench)
    revived_once_shown(bench, in_s)


def test_a_record_restored_and_moved_while_it_was_hidden_is_revived_where_it_is_shown() -> None:
    bench = bench_of("J", "S", sheets=("s1", "s2"))
    bench.tools["S"].port = Followed
    add(bench, "S", "Lamp", "s2", priority=1)
    mine = add(bench, "S", "Rack", "s1", priority=1)
    start(bench)
    memory = bench.tools["S"].memory
    memory.hide(mine)
    settle(bench)
    memory.delete_as("bea", mine)
    settle(bench)
    memory.restore_as("bea", mine)
    memory.move_as("bea", mine, "s2")
    add(bench, "S", "Desk", "s2")  # the cursor goes on
    settle(bench)
    memory.hide(mine, hidden=False)
    settle(bench)
    assert bench.ledger.load(PROJECT).items[item(bench, "Rack")].life is Life.LIVE
    bench.tools["J"].memory.edit_as("ann", native(bench, "J", "Rack"), priority=2)
    settle(bench)
    assert bench.value("S", mine, "priority") == 2
    assert quiet(bench)
