"""What fails for good is quarantined with its reason, backs off, and holds up nothing else (S23, F11)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

from itpm_sync.cli.exits import Exit, of_report
from itpm_sync.connector import Change, Outcome, Status
from itpm_sync.errors import Refused, UnknownOutcome
from itpm_sync.lens import Env, Values
from itpm_sync.memory import MemoryConnector
from itpm_sync.model import Value
from itpm_sync.policy import Deletion, Limits
from itpm_sync.testing.bench import PROJECT, Bench, Tool, tool
from itpm_sync.testing.clocks import ManualClock
from itpm_sync.testing.lenses import PlainLens

LOOSE = Limits(changes_share=1.0, deletions_share=1.0)


def edit(one: Bench, name: str, native: str, **values: Any) -> None:
    one.clock.move(minutes=1)
    one.tools[name].memory.edit_as("ann", native, **values)


def titles(one: Bench, name: str) -> list[str]:
    return sorted(row.values["title"] for row in one.tools[name].memory.rows.values())


def one_native(one: Bench, name: str, title: str) -> str:
    """The record that is called so in a tool."""
    return next(n for n, row in one.tools[name].memory.rows.items() if row.values["title"] == title)


def other(one: Bench, native: str, name: str = "b") -> str:
    """The record in another tool of the item that record `native` of tool a is tied to."""
    replicas = one.ledger.load(PROJECT).replicas.values()
    item = next(r.item for r in replicas if (r.connection, r.native_id) == ("a", native))
    assert item is not None
    return one.native(name, item)


class Stubborn(MemoryConnector):
    """Refuses every change of a record whose title says so: alone, or (bulk) the whole call it comes in."""

    bulk = False

    async def apply(self, container: str, changes: Sequence[Change]) -> Sequence[Outcome]:
        bad = [change for change in changes if self._poison(change)]
        if bad and self.bulk:
            self._call("refused call", container)
            raise Refused("The request holds a row that cannot be taken.")
        good = await super().apply(container, [change for change in changes if change not in bad])
        refused = Refused("The row is locked.")
        for _ in bad:
            self._call("refused change", container)
        return [*good, *(Outcome(change.intent, Status.REFUSED, error=refused) for change in bad)]

    def _poison(self, change: Change) -> bool:
        row = self.tool.rows.get(change.native_id or "")
        title = str(change.values.get("title") or (row.values["title"] if row else ""))
        return "poison" in title


class Bulk(Stubborn):
    bulk = True


def stubborn(port: type[MemoryConnector], *titles: str) -> Bench:
    clock = ManualClock()
    made = {name: tool(clock, name, PlainLens("priority")) for name in ("a", "b")}
    made["b"] = _over(made["b"], port)
    one = Bench.of(clock, made, limits=LOOSE)
    for title in titles:
        made["a"].memory.create_as("ann", "main", kind="task", title=title, priority=1)
    one.approve()
    return one


def _over(made: Tool, port: type[MemoryConnector]) -> Tool:
    made.port = port
    return made


def refused(one: Bench) -> int:
    return sum(call.startswith("refused") for call in one.tools["b"].memory.calls)


def test_what_fails_for_good_is_quarantined_and_the_others_converge_in_the_same_number_of_runs() -> None:
    plain = stubborn(MemoryConnector, *[f"Rack {n}" for n in range(8)])
    one = stubborn(Stubborn, *[f"Rack {n}" for n in range(7)], "poison")
    assert len(titles(plain, "b")) == 8
    assert titles(one, "b") == [f"Rack {n}" for n in range(7)]
    (left,) = one.ledger.refusals(PROJECT)
    assert (left.reason, left.attempts, left.connection) == ("The row is locked.", 1, "b")


def test_attempts_back_off_from_an_hour_to_a_day() -> None:
    one = stubborn(Stubborn, "Rack", "poison")
    tried = []
    for _ in range(3 * 24 * 2):  # three days, a run every half hour
        before = refused(one)
        one.sync()
        if refused(one) > before:
            tried.append(one.clock.now())
        one.clock.move(minutes=30)
    waits = [(after - before) for before, after in pairwise(tried)]
    assert waits[0] >= timedelta(hours=1) and waits == sorted(waits)
    assert waits[-1] >= timedelta(hours=24) and len(tried) <= 9


def test_a_newer_agreed_version_is_tried_at_once_and_taken_out_of_quarantine() -> None:
    one = stubborn(Stubborn, "Rack", "poison")
    one.sync()
    one.sync()
    assert refused(one) <= 2
    edit(one, "a", one_native(one, "a", "poison"), title="Antidote")
    one.sync()
    assert titles(one, "b") == ["Antidote", "Rack"]
    assert one.ledger.refusals(PROJECT) == []


def test_a_newer_version_of_another_field_is_tried_at_once_too() -> None:
    one = stubborn(Stubborn, "Rack", "poison")
    one.sync()
    before = refused(one)
    edit(one, "a", one_native(one, "a", "poison"), priority=9)
    one.sync()
    assert refused(one) == before + 1
    one.sync()
    assert refused(one) == before + 1


def test_replay_tries_at_once() -> None:
    one = stubborn(Stubborn, "Rack", "poison")
    one.sync()
    before = refused(one)
    lease = one.ledger.acquire(PROJECT, "person", seconds=60)
    assert one.ledger.replay(lease) == 1
    one.ledger.release(lease)
    one.tools["b"].port = MemoryConnector  # the tool was mended
    one.sync()
    assert titles(one, "b") == ["Rack", "poison"]
    assert one.ledger.refusals(PROJECT) == []
    assert refused(one) == before


def test_a_poisoned_batch_is_halved_until_only_the_poison_row_is_quarantined() -> None:
    racks = [f"Rack {n:02}" for n in range(40)]
    one = stubborn(Bulk, *racks[:20], "poison", *racks[20:])
    one.sync()
    assert titles(one, "b") == racks
    (left,) = one.ledger.refusals(PROJECT)
    assert one.agreed(left.item, "title") == "poison"
    assert "cannot be taken" in left.reason
    assert refused(one) <= 7  # 41, 20, 10, 5, 3, 2, 1
    one.sync()
    assert refused(one) <= 7


def test_where_everything_is_refused_the_calls_of_a_batch_are_bounded() -> None:
    one = stubborn(Bulk, *[f"poison {n:02}" for n in range(50)])
    before = refused(one)
    one.sync()
    assert 0 < refused(one) - before <= 64
    assert titles(one, "b") == []


def test_a_refused_deletion_backs_off_too() -> None:
    one = stubborn(MemoryConnector, *[f"Rack {n}" for n in range(6)], "poison")
    one.policy = type(one.policy)(one.policy.containers, limits=LOOSE, deletion=Deletion.PROPAGATE)
    one.approve()
    one.sync()
    one.tools["b"].port = Stubborn
    one.tools["a"].memory.delete_as("ann", one_native(one, "a", "poison"))
    for _ in range(8):
        one.clock.move(minutes=5)
        one.sync()
    assert refused(one) == 1
    assert "poison" in titles(one, "b")


def test_what_a_person_types_where_it_was_refused_ends_the_quarantine() -> None:
    one = stubborn(MemoryConnector, "Rack", "poison")
    one.sync()
    one.tools["b"].port = Stubborn
    edit(one, "a", one_native(one, "a", "poison"), priority=9)
    one.sync()
    assert len(one.ledger.refusals(PROJECT)) == 1
    edit(one, "b", one_native(one, "b", "poison"), priority=9)
    one.sync()
    assert one.ledger.refusals(PROJECT) == []


class Brittle(PlainLens):
    """Breaks on a list, as nobody foresaw one."""

    def get(self, values: Values, env: Env) -> Value:
        value = values.get(self.name)
        if isinstance(value, list):
            raise TypeError("unhashable type: 'list'")
        return super().get(values, env)


def brittle(*titles: str) -> Bench:
    clock = ManualClock()
    made = {name: tool(clock, name, Brittle("priority")) for name in ("a", "b")}
    one = Bench.of(clock, made, limits=LOOSE)
    for title in titles:
        made["a"].memory.create_as("ann", "main", kind="task", title=title, priority=1)
    one.approve()
    one.clock.move(hours=1)
    one.sync()
    return one


def test_a_record_that_breaks_its_lens_is_quarantined_and_the_run_goes_on() -> None:
    one = brittle("Rack", "Cable")
    edit(one, "a", "000001", priority=["odd"], title="Rack one")
    cable = one_native(one, "a", "Cable")
    edit(one, "a", cable, priority=5)
    report = one.sync()
    assert one.value("b", other(one, cable), "priority") == 5
    assert one.value("b", other(one, "000001"), "title") == "Rack"
    assert of_report(report) is Exit.LEFT_OUT
    (left,) = one.ledger.refusals(PROJECT)
    assert (left.connection, left.field, left.attempts) == ("a", "priority", 1)
    assert "TypeError" in left.reason and "unhashable" not in left.reason
    one.sync()
    assert one.ledger.refusals(PROJECT) == [left]


def test_once_the_record_is_mended_nothing_of_it_is_lost() -> None:
    one = brittle("Rack", "Cable")
    edit(one, "a", "000001", priority=["odd"], title="Rack one")
    one.sync()
    edit(one, "a", "000001", priority=6)
    one.sync()
    b = other(one, "000001")
    assert (one.value("b", b, "priority"), one.value("b", b, "title")) == (6, "Rack one")
    assert one.ledger.refusals(PROJECT) == []


def test_a_new_record_that_breaks_its_lens_becomes_no_item_and_is_created_nowhere() -> None:
    one = brittle("Rack")
    odd = one.tools["a"].memory.create_as("ann", "main", kind="task", title="Odd", priority=["odd"])
    report = one.sync()
    assert titles(one, "b") == ["Rack"] and len(one.items()) == 1
    assert of_report(report) is Exit.LEFT_OUT
    edit(one, "a", odd, priority=2)
    one.sync()
    one.clock.move(hours=1)
    one.sync()
    assert titles(one, "b") == ["Odd", "Rack"]


class Mute(Stubborn):
    """Breaks off on every change of a record whose title says so, and tells nothing."""

    async def apply(self, container: str, changes: Sequence[Change]) -> Sequence[Outcome]:
        bad = [change for change in changes if self._poison(change)]
        good = await MemoryConnector.apply(self, container, [one for one in changes if one not in bad])
        for _ in bad:
            self._call("refused change", container)
        return [*good, *(Outcome(one.intent, Status.UNKNOWN, error=UnknownOutcome("502.")) for one in bad)]


def tries(one: Bench, *, runs: int, minutes: int) -> list[int]:
    """Run on: at which runs the poisoned record was tried."""
    found = []
    for number in range(runs):
        before = refused(one)
        one.clock.move(minutes=minutes)
        one.sync()
        if refused(one) > before:
            found.append(number)
    return found


def test_what_fails_for_ever_without_a_word_is_quarantined_too() -> None:
    one = stubborn(Mute, "Rack", "poison")
    assert refused(one) == 1
    assert tries(one, runs=9, minutes=10) == [0, 1, 8], "twice more at once, then after an hour"
    assert titles(one, "b") == ["Rack"]
    (left,) = one.ledger.refusals(PROJECT)
    assert "3 calls in a row" in left.reason and "b did not say why" in left.reason
    assert len(tries(one, runs=3 * 24 * 2, minutes=30)) <= 7, "later and later"


def test_a_change_that_fails_without_a_word_is_quarantined_too_and_over_when_it_was_taken() -> None:
    one = stubborn(MemoryConnector, "Rack", "poison")
    one.sync()
    one.tools["b"].port = Mute
    edit(one, "a", one_native(one, "a", "poison"), priority=9)
    assert len(tries(one, runs=5, minutes=10)) == 3
    edit(one, "a", one_native(one, "a", "poison"), priority=8)
    assert len(tries(one, runs=1, minutes=10)) == 1, "a newer version is tried at once"
    one.tools["b"].port = MemoryConnector
    assert tries(one, runs=13, minutes=60) == []
    assert one.value("b", one_native(one, "b", "poison"), "priority") == 8
    assert one.ledger.refusals(PROJECT) == []


def test_one_lost_answer_leaves_nothing_in_quarantine() -> None:
    one = stubborn(MemoryConnector, "Rack")
    one.tools["b"].port = Mute
    native = one_native(one, "a", "Rack")
    edit(one, "a", native, title="poison")
    one.sync()
    one.tools["b"].port = MemoryConnector
    one.sync()
    assert titles(one, "b") == ["poison"]
    assert one.ledger.refusals(PROJECT) == []
