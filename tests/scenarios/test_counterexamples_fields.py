"""The histories C1 to C16 on the real engine and ledger: what must come out, each a named test.

a, b, c hold any value, `coarse` 0, 50 and 100, `bin` 0 and 100; the value begins as 60 everywhere.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from itpm_sync.connector import Capabilities
from itpm_sync.lens import Lens
from itpm_sync.policy import FieldPolicy, Limits, Rule
from itpm_sync.testing.bench import Bench, Killed, Tool, tool
from itpm_sync.testing.clocks import ManualClock
from itpm_sync.testing.lenses import PlainLens, ScaleLens, SetLens

FULL = Capabilities(history=True, edit_times=True, bin=True, tells_hidden=True)
FREE = Limits(floor=10_000)


def story(
    tools: dict[str, Lens],
    *,
    start: object = 60,
    able: dict[str, Capabilities] | None = None,
    **policy: object,
) -> tuple[Bench, str]:
    """One item, the same value in every tool, first sync done."""
    clock = ManualClock()
    field = next(iter(tools.values())).name
    made: dict[str, Tool] = {
        name: tool(clock, name, lens, capabilities=(able or {}).get(name, FULL))
        for name, lens in tools.items()
    }
    bench = Bench.of(clock, made, limits=FREE, **policy)
    first = next(iter(tools))
    made[first].memory.create_as("ann", "main", kind="task", title="Rack", **{field: start})
    bench.approve()
    bench.sync()
    (item,) = bench.items()
    assert bench.plan().plan.actions == ()
    clock.move(hours=1)
    return bench, item


def say(bench: Bench, item: str, name: str, value: object, field: str = "priority") -> None:
    bench.tools[name].memory.edit_as("ann", bench.native(name, item), **{field: value})
    bench.clock.move(minutes=1)


def says(bench: Bench, item: str, name: str, field: str = "priority") -> object:
    return bench.value(name, bench.native(name, item), field)


def fine(*names: str) -> dict[str, Lens]:
    return {name: PlainLens("priority") for name in names}


def owner(*names: str) -> dict[str, FieldPolicy]:
    return {"priority": FieldPolicy(Rule.OWNER, names)}


def test_c1_the_owner_has_the_last_word() -> None:
    bench, item = story(fine("a", "b"), fields=owner("a"))
    say(bench, item, "b", 30)
    bench.sync()
    assert bench.agreed(item, "priority") == 60
    assert bench.losers(item, "priority") == [30]
    assert says(bench, item, "b") == 60


def test_c2_the_editor_knows_what_was_decided_of_its_own_edit() -> None:
    bench, item = story(fine("a", "b"))
    say(bench, item, "a", 30)
    bench.killed_at("b", "apply update", "before")
    say(bench, item, "a", 63)
    report = bench.sync()
    assert bench.agreed(item, "priority") == 63
    assert report.plan.conflicts == ()


class LowerScale(ScaleLens):
    """The nearest step, the lower one of two: 50 is 0 in `bin`, so that 50 covers 0 there and 63 does not."""

    def _step(self, value: int) -> int:
        return min(self.steps, key=lambda step: (abs(step - value), step))


def test_c3_a_dropped_side_covers_nothing() -> None:
    tools = {
        "bin": LowerScale("priority", (0, 100)),
        "coarse": ScaleLens("priority", (0, 50, 100)),
        "fine": PlainLens("priority"),
    }
    bench, item = story(tools, start=100)
    say(bench, item, "bin", 0)
    say(bench, item, "coarse", 50)
    say(bench, item, "fine", 63)
    bench.sync()
    assert bench.conflict_values("priority") == [0, 63]


def newest() -> dict[str, FieldPolicy]:
    return {"priority": FieldPolicy(Rule.NEWEST)}


def test_c4_a_covered_edit_does_not_come_back_as_news() -> None:
    tools: dict[str, Lens] = {
        "coarse": ScaleLens("priority", (0, 50, 100)),
        "fine1": PlainLens("priority"),
        "fine2": PlainLens("priority"),
    }
    bench, item = story(tools, fields=newest(), start=0)
    for name, value in (("coarse", 50), ("fine1", 63), ("fine2", 100)):
        say(bench, item, name, value)
        bench.clock.move(hours=1)
    bench.sync()
    assert bench.agreed(item, "priority") == 100
    bench.sync()
    assert bench.agreed(item, "priority") == 100


def test_c5_the_finest_form_of_what_was_said_last() -> None:
    tools: dict[str, Lens] = {
        "coarse": ScaleLens("priority", (0, 50, 100)),
        "fine1": PlainLens("priority"),
        "fine2": PlainLens("priority"),
    }
    bench, item = story(tools, fields=newest(), start=0)
    say(bench, item, "fine1", 63)
    bench.clock.move(hours=4)
    say(bench, item, "fine2", 100)
    bench.clock.move(hours=4)
    say(bench, item, "coarse", 50)
    bench.sync()
    assert bench.agreed(item, "priority") == 63


def test_c6_two_tools_come_to_the_same_value() -> None:
    bench, item = story(fine("a", "b", "c"))
    say(bench, item, "a", 30)
    bench.killed_at("c", "apply update", "before")
    say(bench, item, "a", 100)
    say(bench, item, "c", 100)
    report = bench.sync()
    assert bench.agreed(item, "priority") == 100
    assert report.plan.conflicts == ()


def test_c7_a_further_edit_replaces_its_own_side() -> None:
    bench, item = story(fine("a", "b"))
    say(bench, item, "a", 30)
    bench.killed_at("b", "apply update", "before")
    say(bench, item, "b", 100)
    bench.sync()
    assert bench.conflict_values("priority") == [100, 30]
    say(bench, item, "a", 0)
    bench.sync()
    assert bench.conflict_values("priority") == [0, 100]
    assert 30 in bench.losers(item, "priority")


def test_c8_a_conflict_closes_when_its_sides_come_together() -> None:
    tools: dict[str, Lens] = {"coarse": ScaleLens("priority", (0, 50, 100)), "fine": PlainLens("priority")}
    bench, item = story(tools, start=63)
    say(bench, item, "coarse", 100)
    say(bench, item, "fine", 0)
    bench.sync()
    assert bench.conflict_values("priority") == [0, 100]
    say(bench, item, "fine", 63)
    say(bench, item, "coarse", 50)
    report = bench.sync()
    assert report.plan.conflicts == ()
    assert bench.agreed(item, "priority") == 63


def test_c9_a_schedule_authority_that_computes_the_field_owns_it() -> None:
    bench, item = story(fine("a", "b"), authorities=("a",))
    bench.tools["a"].memory.rows[bench.native("a", item)].computed = frozenset({"priority"})
    bench.tools["a"].memory.edit_as("ann", bench.native("a", item))
    bench.sync()
    say(bench, item, "b", 30)
    bench.sync()
    assert says(bench, item, "b") == 60
    assert bench.losers(item, "priority") == [30]
    assert bench.plan().plan.actions == ()


@pytest.fixture
def hand() -> tuple[Bench, str]:
    return _hand(PlainLens("priority"), 60)


def _hand(lens: Lens, start: int) -> tuple[Bench, str]:
    """A tool that takes changes by hand holds the item from the start: nothing is created there."""
    clock = ManualClock()
    able = Capabilities(by_hand=True, keys=False, tells_hidden=True, edit_times=True)
    made = {"a": tool(clock, "a", PlainLens("priority")), "h": tool(clock, "h", lens, capabilities=able)}
    bench = Bench.of(clock, made, limits=FREE)
    made["h"].memory.create_as("ann", "main", kind="task", title="Rack", priority=start)
    bench.approve()
    bench.sync()
    (item,) = bench.items()
    clock.move(hours=1)
    return bench, item


def test_c10_an_earlier_offer_is_taken_by_hand(hand: tuple[Bench, str]) -> None:
    bench, item = hand
    say(bench, item, "a", 30)
    assert [offer.new for offer in bench.sync().plan.offers] == [30]
    say(bench, item, "a", 100)
    assert [offer.new for offer in bench.sync().plan.offers] == [100]
    say(bench, item, "h", 30)
    report = bench.sync()
    assert report.plan.conflicts == ()
    assert bench.agreed(item, "priority") == 100
    assert [offer.new for offer in report.plan.offers] == [100]


def test_c11_an_old_offer_taken_is_no_edit() -> None:
    bench, item = _hand(ScaleLens("priority", (0, 50, 100)), 50)
    say(bench, item, "a", 0)
    assert [offer.new for offer in bench.sync().plan.offers] == [0]
    say(bench, item, "h", 0)
    say(bench, item, "a", 30)
    bench.sync()
    bench.sync()
    assert bench.agreed(item, "priority") == 30
    assert says(bench, item, "a") == 30


def sets(*names: str, **alphabets: str) -> dict[str, Lens]:
    return {name: SetLens("labels", alphabets.get(name)) for name in names}


def test_c12_each_tools_own_change_of_a_set() -> None:
    bench, item = story(sets("a", "b"), start=["a"])
    say(bench, item, "b", ["a", "c"], "labels")
    say(bench, item, "a", ["a", "b"], "labels")
    bench.killed_at("a", "apply update", "before")
    assert bench.agreed(item, "labels") == {"a", "b", "c"}
    say(bench, item, "a", ["a"], "labels")
    bench.sync()
    assert bench.agreed(item, "labels") == {"a", "c"}
    assert says(bench, item, "a", "labels") == ["a", "c"]


def test_c13_what_a_tool_cannot_hold_is_not_removed() -> None:
    bench, item = story(sets("full", "narrow", narrow="ab"), start=["a", "c"])
    say(bench, item, "narrow", ["a", "b"], "labels")
    bench.sync()
    assert bench.agreed(item, "labels") == {"a", "b", "c"}


@pytest.mark.parametrize("history", [True, False])
def test_c14_a_value_put_back_after_our_unrecorded_write_is_an_edit(*, history: bool) -> None:
    able = {"b": Capabilities(history=history, edit_times=True, tells_hidden=True)}
    bench, item = story(fine("a", "b"), able=able)
    say(bench, item, "a", 30)
    bench.killed_at("b", "apply update", "after")
    assert says(bench, item, "b") == 30
    say(bench, item, "b", 60)
    bench.sync()
    bench.sync()
    assert says(bench, item, "b") == 60
    if history:
        assert bench.agreed(item, "priority") == 60
        assert says(bench, item, "a") == 60
    else:
        assert bench.conflict_values("priority") == [30, 60]


def test_c15_an_edit_between_our_re_read_and_our_write_is_found() -> None:
    bench, item = story(fine("a", "b"))
    say(bench, item, "a", 30)
    native = bench.native("b", item)
    tool_b = bench.tools["b"].memory

    # The person edits after the re-read, the process dies after the write: only the history still tells.
    def on_call(call: str, phase: str) -> None:
        if call == "apply update" and phase == "before":
            tool_b.edit_as("bea", native, priority=100)
        if call == "apply update" and phase == "after":
            raise Killed

    tool_b.on_call = on_call
    with pytest.raises(Killed):
        bench.sync()
    tool_b.on_call = lambda _call, _phase: None
    bench.sync()
    assert bench.conflict_values("priority") == [100, 30]
    assert 100 in bench.losers(item, "priority")


@pytest.mark.parametrize("killed", [True, False])
def test_c16_a_coarse_edit_and_its_finer_form(*, killed: bool) -> None:
    tools: dict[str, Lens] = {
        "coarse": ScaleLens("priority", (0, 50, 100)),
        "fine": PlainLens("priority"),
    }
    bench, item = story(tools, start=0)
    say(bench, item, "coarse", 50)
    if killed:
        bench.killed_at("fine", "apply update", "before")
    say(bench, item, "fine", 63)
    report = bench.sync()
    assert report.plan.conflicts == ()
    assert bench.agreed(item, "priority") == 63
    assert bench.sync().plan.actions == ()


def test_the_margin_of_newest_is_a_quarter_of_an_hour() -> None:
    bench, item = story(fine("a", "b"), fields=newest(), newest_margin=timedelta(minutes=15))
    say(bench, item, "a", 30)
    say(bench, item, "b", 100)
    bench.sync()
    assert bench.conflict_values("priority") == [100, 30]
