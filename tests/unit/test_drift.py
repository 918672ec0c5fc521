"""How far tools are apart, and why: the full look of `drift`, and what `explain` says of it, on tools in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from itpm_sync.bases import Tie
from itpm_sync.connector import Capabilities
from itpm_sync.cycle.apart import Apart
from itpm_sync.cycle.drift import Drift, drift
from itpm_sync.cycle.explaining import Explained, explain
from itpm_sync.cycle.finding import find
from itpm_sync.cycle.redacting import redact
from itpm_sync.errors import Misconfigured, Refused, Unavailable
from itpm_sync.ledger import RunKind
from itpm_sync.policy import Creation
from itpm_sync.testing.bench import PROJECT, Bench, tool
from itpm_sync.testing.clocks import ManualClock
from itpm_sync.testing.lenses import PlainLens, ScaleLens, SetLens
from itpm_sync.testing.stories import FREE, add, item, native

FIELDS = 4
"""Fields of a record here: kind, parent, priority, title."""


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Two tools and a plan that takes changes by hand, in step; B knows three priorities only."""
    clock = ManualClock()
    hand = Capabilities(by_hand=True, keys=False, tells_hidden=True, edit_times=True)
    tools = {
        "A": tool(clock, "A", PlainLens("priority"), horizon=60.0),
        "B": tool(clock, "B", ScaleLens("priority", (0, 50, 100)), horizon=60.0),
        "H": tool(
            clock, "H", PlainLens("priority"), capabilities=hand, horizon=60.0, creation=Creation.MATCH_ONLY
        ),
    }
    made = Bench.of(clock, tools, limits=FREE, seed=("A", "B", "H"))
    for title in ("Racks", "Cables", "Tests"):
        add(made, "A", title, priority=63)
    made.approve()
    clock.move(minutes=5)
    made.sync()
    yield made
    made.ledger.close()


def look(bench: Bench) -> Drift:
    return asyncio.run(drift(bench.workspace(), PROJECT))


def of_title(bench: Bench, title: str, field: str) -> Explained:
    ws = bench.workspace()
    [told] = explain(ws, find(ws.ledger, title, command="explain ITEM"), [field])
    return told


def reasons(bench: Bench) -> dict[str, int]:
    return dict(look(bench).reasons)


def tables(bench: Bench) -> dict[str, list[str]]:
    """Every row, but for those of runs and leases."""
    from itpm_sync.ledger import schema

    found = {}
    with bench.ledger._database.engine.connect() as connection:
        for name in schema.metadata.tables:
            if name not in ("runs", "leases"):
                rows = connection.exec_driver_sql(f"SELECT * FROM {name}").all()
                found[name] = sorted(map(str, rows))
    return found


def test_tools_that_say_the_same_are_in_step_also_in_a_coarser_form(bench: Bench) -> None:
    found = look(bench)
    assert (found.in_step, found.unread, found.share) == (True, False, 100.0)
    assert [(one.records, one.fields) for one in found.containers] == [
        (3, 3 * FIELDS),
        (3, 3 * FIELDS),
        (0, 0),
    ]
    told = of_title(bench, "Racks", "priority")
    assert told.agreed is not None
    assert told.agreed.value == 63
    coarse = {one.connection: one.compared.coarse for one in told.shown if one.compared}
    assert coarse == {"A": False, "B": True}


def test_nothing_is_decided_written_or_stored_but_the_run(bench: Bench) -> None:
    bench.tools["B"].memory.edit_as("ann", native(bench, "B", "Racks"), title="Order racks")
    add(bench, "A", "New")
    before, calls = tables(bench), {name: len(one.memory.rows) for name, one in bench.tools.items()}
    runs = len(bench.ledger.runs(PROJECT))
    found = look(bench)
    assert not found.in_step
    assert tables(bench) == before
    assert {name: len(one.memory.rows) for name, one in bench.tools.items()} == calls
    newest = bench.ledger.runs(PROJECT)[0]
    assert (len(bench.ledger.runs(PROJECT)), newest.kind, newest.id) == (runs + 1, RunKind.DRIFT, found.run)
    assert newest.summary["share"] == found.share


def test_an_edit_that_nobody_decided_yet(bench: Bench) -> None:
    bench.tools["B"].memory.edit_as("ann", native(bench, "B", "Racks"), title="Order racks")
    found = look(bench)
    assert found.reasons == {Apart.EDITED: 1}
    one = found.containers[1]
    assert (one.moved, one.apart, one.out, found.share) == (1, 1, 1, 95.8)
    [difference] = one.differences
    assert difference.compared is not None
    assert (difference.compared.stands, difference.compared.seen) == ("Order racks", "Racks")
    bench.sync()
    assert reasons(bench) == {}


def test_a_held_field_is_apart_in_every_tool_that_does_not_say_what_is_agreed(bench: Bench) -> None:
    for name in "AB":
        bench.tools[name].memory.edit_as("ann", native(bench, name, "Racks"), title=f"Racks {name}")
    bench.sync()
    assert reasons(bench) == {Apart.HELD: 2}
    told = of_title(bench, "Racks", "title")
    assert told.conflict is not None
    assert {one.compared.apart for one in told.shown if one.compared} == {Apart.HELD}


def test_what_a_tool_computes(bench: Bench) -> None:
    memory = bench.tools["B"].memory
    row = memory.rows[native(bench, "B", "Racks")]
    memory.edit_as("ann", row.native_id, priority=100)
    row.computed = frozenset({"priority"})
    bench.sync()
    assert reasons(bench) == {Apart.COMPUTED: 1}


def test_what_waits_to_be_typed_by_hand(bench: Bench) -> None:
    add(bench, "H", "Racks", priority=63)
    bench.sync()
    for pair in bench.ledger.pairs(PROJECT):
        lease = bench.ledger.acquire(PROJECT, "me", seconds=60)
        bench.ledger.accept_pair(lease, pair.proposal.id, item=pair.proposal.candidates[0])
        bench.ledger.release(lease)
    bench.sync()
    bench.tools["A"].memory.edit_as("ann", native(bench, "A", "Racks"), priority=80)
    bench.sync()
    assert reasons(bench) == {Apart.OFFERED: 1}
    [hand] = [one for one in of_title(bench, "Racks", "priority").shown if one.connection == "H"]
    assert hand.compared is not None
    assert (hand.compared.apart, hand.compared.says[:6]) == (Apart.OFFERED, "since ")


def test_records_that_are_missing_and_records_of_no_item(bench: Bench) -> None:
    bench.tools["B"].memory.delete_as("ann", native(bench, "B", "Racks"))
    add(bench, "B", "New")
    found = look(bench)
    assert found.reasons == {Apart.MISSING: 1, Apart.UNTIED: 1}
    assert found.out == FIELDS, "every field of what is missing"
    assert {one.item is None for one in found.containers[1].differences} == {True, False}


def test_what_was_refused_is_told_with_the_tools_own_words(bench: Bench) -> None:
    memory = bench.tools["B"].memory
    fits = memory.unfit
    memory.unfit = lambda *_: "B takes no title of that kind"  # type: ignore[method-assign]
    bench.tools["A"].memory.edit_as("ann", native(bench, "A", "Racks"), title="Racks!")
    bench.sync()
    memory.unfit = fits  # type: ignore[method-assign]
    found = look(bench)
    assert found.reasons == {Apart.REFUSED: 1}
    assert "B takes no title of that kind" in found.containers[1].differences[0].says


def test_a_container_that_cannot_be_read_is_named_and_the_others_are_compared(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from itpm_sync.memory import MemoryConnector

    describe = MemoryConnector.describe

    async def failing(self: Any, container: str) -> Any:
        if self.name == "B":
            raise Unavailable("B is down.")
        return await describe(self, container)

    monkeypatch.setattr(MemoryConnector, "describe", failing)
    found = look(bench)
    assert found.unread
    assert [one.error for one in found.containers] == ["", "B is down.", ""]
    assert found.fields == 3 * FIELDS
    assert found.in_step


# ── redaction, as far as it looks at the tools ──


def test_what_is_not_decided_is_not_redacted(bench: Bench) -> None:
    ws = bench.workspace()
    bench.tools["A"].memory.edit_as("ann", native(bench, "A", "Racks"), title="Racks for Bob")
    bench.plan()
    with pytest.raises(Refused, match="was read and not decided yet"):
        redact(ws, find(ws.ledger, "Racks", command="redact ITEM title"), "title", actor="ben")
    bench.tools["B"].memory.edit_as("ann", native(bench, "B", "Racks"), title="Racks B")
    bench.sync()
    with pytest.raises(Refused, match="is in an open conflict"):
        redact(ws, find(ws.ledger, "Racks", command="redact ITEM title"), "title", actor="ben")
    with pytest.raises(Misconfigured, match="holds no value of labels"):
        redact(ws, find(ws.ledger, "Cables", command="redact ITEM labels"), "labels", actor="ben")
    assert bench.ledger.audit(PROJECT).holds


def test_a_value_that_a_tool_still_shows_stays_though_it_is_not_the_agreed_one(bench: Bench) -> None:
    """A coarser form is no past value; a value that a tool could not be told otherwise still stands there."""
    bench.tools["A"].memory.edit_as("ann", native(bench, "A", "Racks"), priority=80)
    bench.sync()
    ws = bench.workspace()
    done = redact(ws, find(ws.ledger, "Racks", command=""), "priority", actor="ben")
    assert done.stays == 80
    told = ws.ledger.history(PROJECT, item(bench, "Racks"), limit=None)
    kept = [
        one.document["fields"]["priority"]["new"]
        for one in told
        if "priority" in one.document.get("fields", {})
    ]
    assert [isinstance(value, dict) for value in kept] == [False, True], "80 stays, 63 went"
    assert not bench.sync().carried


def test_the_last_value_goes_with_the_last_record(bench: Bench) -> None:
    for name in "AB":
        bench.tools[name].memory.delete_as("ann", native(bench, name, "Racks"))
    for _ in range(4):
        bench.sync()
        bench.clock.move(minutes=5)
    ws = bench.workspace()
    found = find(ws.ledger, "Racks", command="redact ITEM title")
    assert {one.tie for one in found.replicas} == {Tie.TOMBSTONE}
    done = redact(ws, found, "title", actor="ben")
    assert (done.cleared, done.stays) == (True, None)
    assert "Racks" not in str(tables(bench))
    assert bench.ledger.audit(PROJECT).holds
    assert not bench.sync().carried, "and comes back nowhere"
    bench.tools["A"].memory.restore_as("ann", found.replicas[0].native_id)
    for _ in range(3):
        bench.sync()
        bench.clock.move(minutes=5)
    assert bench.agreed(found.item.id, "title") == "Racks", "a person restored it: it stands in a tool again"
    assert bench.ledger.audit(PROJECT).holds


# ── which item ──


def test_an_item_is_found_by_what_people_call_it(bench: Bench) -> None:
    racks = item(bench, "Racks")
    for word in (racks, "Racks", " racks ", "Rac", native(bench, "A", "Racks")):
        assert find(bench.ledger, word, command="x").item.id == racks
    add(bench, "A", "Racks")
    bench.sync()
    with pytest.raises(Misconfigured, match="may be any of 2 items") as error:
        find(bench.ledger, "racks", command="history ITEM")
    assert f"itpm-sync history {racks}    Racks (story; A: " in error.value.mend


def test_an_item_that_people_want_left_alone_and_a_tool_that_is_paused() -> None:
    clock = ManualClock()
    tools = {name: tool(clock, name, SetLens("labels"), PlainLens("priority")) for name in "AB"}
    bench = Bench.of(clock, tools, limits=FREE)
    for title in ("Racks", "Cables"):
        add(bench, "A", title, priority=10)
    bench.approve()
    tools["A"].memory.edit_as("ann", native(bench, "A", "Racks"), labels=["itpm-skip"], priority=20)
    tools["A"].memory.edit_as("ann", native(bench, "A", "Cables"), priority=20)
    bench.ledger.pause(connection="B", project=PROJECT, reason="licence audit", actor="ann")
    bench.sync()
    assert reasons(bench) == {Apart.SKIPPED: 2, Apart.WAITING: 1}
    [there] = [one for one in of_title(bench, "Cables", "priority").shown if one.connection == "B"]
    assert "licence audit" in there.braked
    bench.ledger.close()
