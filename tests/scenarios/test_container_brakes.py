"""A container that is not the one it was: nothing of it is stored or taken for deleted, until a person says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from itpm_sync.connector import Capabilities, ContainerInfo, Page
from itpm_sync.cycle.strange import strange
from itpm_sync.errors import Stopped, Unavailable
from itpm_sync.ledger import ContainerState
from itpm_sync.memory import MemoryConnector
from itpm_sync.plan import BrakeKind
from itpm_sync.policy import Limits
from itpm_sync.testing.bench import PROJECT, Bench, tool
from itpm_sync.testing.clocks import ManualClock
from itpm_sync.testing.lenses import PlainLens

KEYLESS = Capabilities(keys=False, history=True, edit_times=True, tells_hidden=True)


def started(count: int = 6, *, keys: bool = True, **policy: object) -> Bench:
    """Two tools in step."""
    clock = ManualClock()
    able = None if keys else KEYLESS
    made = {
        name: tool(clock, name, PlainLens("priority"), PlainLens("site"), capabilities=able)
        for name in ("a", "b")
    }
    one = Bench.of(clock, made, **policy)
    for number in range(count):
        made["a"].memory.create_as("ann", "main", kind="task", title=f"Rack {number}", priority=1)
    one.approve()
    one.clock.move(hours=1)
    assert one.sync().plan.actions == ()
    return one


def kinds(one: Bench) -> set[tuple[BrakeKind, str]]:
    return {(brake.kind, brake.connection) for brake in one.sync().plan.brakes}


def titles(one: Bench, name: str) -> list[str]:
    return sorted(row.values["title"] for row in one.tools[name].memory.rows.values())


def replaced(one: Bench, name: str, *, by: str = "another") -> None:
    """Somebody deletes the container and makes another under its name."""
    memory = one.tools[name].memory
    memory.rows.clear()
    memory.containers["main"] = by


CONTAINER_B = {(BrakeKind.CONTAINER, "b")}


def test_another_container_under_the_name_is_neither_read_nor_taken_for_a_deletion() -> None:
    one = started()
    before = one.ledger.load(PROJECT)
    replaced(one, "b")
    one.tools["b"].memory.create_as("bob", "main", kind="task", title="Somebody else's", priority=5)
    for _ in range(3):
        assert kinds(one) == CONTAINER_B
        one.clock.move(hours=1)
    after = one.ledger.load(PROJECT)
    assert (after.items, after.replicas) == (before.items, before.replicas)
    assert titles(one, "a") == [f"Rack {n}" for n in range(6)]
    assert titles(one, "b") == ["Somebody else's"]


def test_the_brake_says_which_container_it_was_and_is() -> None:
    one = started()
    replaced(one, "b")
    one.tools["b"].memory.titles["main"] = "Budget 2027"
    (brake,) = one.sync().plan.brakes
    assert brake.says.startswith("Budget 2027 in b is not the container that was read before under main")
    assert "sync --approve" in brake.mend


def test_a_renamed_title_is_the_same_container() -> None:
    one = started()
    one.tools["b"].memory.titles["main"] = "Network refresh, phase 2"
    assert kinds(one) == set()


def test_the_other_containers_of_the_project_go_on() -> None:
    clock = ManualClock()
    made = {name: tool(clock, name, PlainLens("priority")) for name in ("a", "b", "c")}
    one = Bench.of(clock, made)
    for number in range(6):
        made["a"].memory.create_as("ann", "main", kind="task", title=f"Rack {number}", priority=1)
    one.approve()
    one.clock.move(hours=1)
    replaced(one, "b")
    made["a"].memory.edit_as("ann", "000001", priority=2)
    assert kinds(one) == CONTAINER_B
    assert sorted(row.values["priority"] for row in made["c"].memory.rows.values()) == [1, 1, 1, 1, 1, 2]


def test_what_accepting_it_would_do_is_shown_and_an_approval_does_it() -> None:
    one = started()
    replaced(one, "b")
    one.tools["b"].memory.create_as("bob", "main", kind="task", title="New there", priority=5)
    report = one.sync()
    assert {(action.operation.value, action.title) for action in report.plan.held} == {
        *(("create", f"Rack {n}") for n in range(6)),
        ("create", "New there"),
        ("update", "New there"),  # it is given our key
    }
    one.sync(approve=report.run)
    one.clock.move(hours=1)
    assert kinds(one) == set()
    assert titles(one, "a") == titles(one, "b") == ["New there", *(f"Rack {n}" for n in range(6))]
    assert all(item.note == "" for item in one.ledger.load(PROJECT).items.values())


def test_records_of_a_copy_are_recognised_by_their_keys_and_differing_values_are_held() -> None:
    """A sheet was copied, our keys with it, the old one deleted: no record is made anew, no value overwritten."""
    one = started()
    memory = one.tools["b"].memory
    old = list(memory.rows.values())
    replaced(one, "b")
    for row in old:
        memory._make("main", dict(row.values), "bob", row.key)
    changed = next(iter(memory.rows.values()))
    memory.edit_as("bob", changed.native_id, priority=7)
    report = one.sync()
    assert report.plan.held == ()
    one.sync(approve=report.run)
    assert one.conflict_values("priority") == [1, 7]
    one.clock.move(hours=1)
    assert kinds(one) == set()
    assert len(memory.rows) == 6
    assert len(one.items()) == 6
    assert changed.values["priority"] == 7


def test_the_same_native_ids_in_another_container_are_not_believed_to_be_the_same_things() -> None:
    """A plan file replaced by another project's: task 3 there has nothing to do with task 3 here."""
    one = started(keys=False)
    memory = one.tools["b"].memory
    memory.containers["main"] = "another"
    for number, row in enumerate(memory.rows.values()):
        if number:  # the first has the same name under the same id
            row.values.update(title=f"Concrete {number}", priority=9)
            row.revision += 1000
    report = one.sync()
    assert {(brake.kind, brake.connection) for brake in report.plan.brakes} >= CONTAINER_B
    one.sync(approve=report.run)
    one.clock.move(hours=1)
    one.sync()
    assert len(one.items()) == 11
    assert set(titles(one, "a")) == {f"Rack {n}" for n in range(6)} | {f"Concrete {n}" for n in range(1, 6)}
    assert titles(one, "a").count("Rack 0") == titles(one, "b").count("Rack 0") == 1


def test_a_container_that_changes_once_more_between_plan_and_approval_is_asked_about_again() -> None:
    one = started()
    replaced(one, "b")
    plan = one.plan()
    replaced(one, "b", by="a third")
    report = one.sync(approve=plan.run)
    assert {(brake.kind, brake.connection) for brake in report.plan.brakes} == CONTAINER_B
    assert one.tools["b"].memory.rows == {}


def test_a_record_that_came_since_the_plan_is_not_covered_by_its_approval() -> None:
    one = started()
    replaced(one, "b")
    plan = one.plan()
    one.tools["b"].memory.create_as("bob", "main", kind="task", title="Surprise", priority=5)
    with pytest.raises(Stopped, match="Surprise"):
        one.sync(approve=plan.run)
    assert titles(one, "b") == ["Surprise"]
    assert kinds(one) == CONTAINER_B


def test_a_kill_after_it_was_accepted_loses_nothing_and_asks_anew() -> None:
    one = started()
    replaced(one, "b")
    plan = one.plan()

    def dead(_call: str, phase: str) -> None:
        if phase == "before" and _call == "apply create":
            raise KeyboardInterrupt

    one.tools["b"].memory.on_call = dead
    with pytest.raises(KeyboardInterrupt):
        one.sync(approve=plan.run)
    one.tools["b"].memory.on_call = lambda _call, _phase: None
    one.clock.move(hours=1)
    one.approve()
    one.clock.move(hours=1)
    assert kinds(one) == set()
    assert titles(one, "b") == titles(one, "a")


def test_the_history_tells_of_the_other_container() -> None:
    one = started()
    replaced(one, "b")
    one.approve()
    entries = [entry for entry in one.ledger.history(PROJECT, limit=None) if entry.phase == "adopt"]
    whole = [entry for entry in entries if entry.item is None]
    assert [(entry.document["connection"], entry.document["let_go"]) for entry in whole] == [("b", 6)]
    assert {entry.item for entry in entries} == {None, *one.items()}
    assert one.ledger.verify(PROJECT) is None


# ── an older copy (a plan file) ──


def test_an_older_copy_that_was_put_back_is_asked_about() -> None:
    one = started()
    memory = one.tools["b"].memory
    memory.saved = one.clock.now()
    one.sync()
    backup = {name: dict(row.values) for name, row in memory.rows.items()}
    one.tools["a"].memory.edit_as("ann", "000001", priority=3)
    one.clock.move(hours=1)
    memory.saved = one.clock.now()
    one.sync()
    memory.saved -= timedelta(minutes=30)
    for name, values in backup.items():
        memory.edit_as("bob", name, **values)
    report = one.sync()
    (brake,) = report.plan.brakes
    assert brake.kind is BrakeKind.CONTAINER
    assert "older copy" in brake.says
    assert one.tools["a"].memory.rows["000001"].values["priority"] == 3
    assert [(held.title, held.connection) for held in report.plan.held] == [("Rack 0", "a")]
    one.sync(approve=report.run)
    assert one.tools["a"].memory.rows["000001"].values["priority"] == 1
    one.clock.move(hours=1)
    assert kinds(one) == set()


def test_savings_with_and_without_a_zone_are_not_compared() -> None:
    now = ManualClock().now()
    state = ContainerState("b", "main", fingerprint="x", document={"edited": now.isoformat()})
    later = ContainerInfo("main", "main", [], "x", edited=now.replace(tzinfo=None) - timedelta(days=9))
    assert strange(state, later) == ""
    older = ContainerInfo("main", "main", [], "x", edited=now - timedelta(days=9))
    assert "older copy" in strange(state, older)


# ── the wrong tenant, a lost filter ──


def test_a_list_with_none_of_the_known_records_is_not_believed() -> None:
    one = started()
    memory = one.tools["b"].memory
    memory.rows.clear()
    for number in range(6):
        memory.create_as("eve", "main", kind="task", title=f"Payroll {number}", priority=1)
    for _ in range(3):
        assert (BrakeKind.STRANGERS, "b") in kinds(one)
        one.clock.move(hours=1)
    assert titles(one, "a") == [f"Rack {n}" for n in range(6)]
    assert len(one.items()) == 6


def test_a_list_that_is_suddenly_ten_times_as_long_is_asked_about() -> None:
    one = started()
    for number in range(55):
        one.tools["b"].memory.create_as("bob", "main", kind="task", title=f"Import {number}", priority=1)
    report = one.sync()
    assert {(brake.kind, brake.connection) for brake in report.plan.brakes} == {(BrakeKind.GROWTH, "b")}
    assert len(one.tools["a"].memory.rows) == 6
    one.sync(approve=report.run)
    assert len(one.tools["a"].memory.rows) == 61
    one.clock.move(hours=1)
    assert kinds(one) == set()


def test_an_import_of_less_than_that_and_a_small_container_go_on() -> None:
    one = started()
    for number in range(54):
        one.tools["b"].memory.create_as("bob", "main", kind="task", title=f"Import {number}", priority=1)
    assert kinds(one) == set()
    small = started(4)
    for number in range(60):
        small.tools["b"].memory.create_as("bob", "main", kind="task", title=f"Import {number}", priority=1)
    assert kinds(small) == set()


def test_the_factor_is_a_setting() -> None:
    one = started(limits=Limits(growth=2))
    for number in range(7):
        one.tools["b"].memory.create_as("bob", "main", kind="task", title=f"Import {number}", priority=1)
    assert kinds(one) == {(BrakeKind.GROWTH, "b")}


# ── names that live in the tool ──


def test_a_renamed_or_lost_option_of_a_mapped_field_stops_the_project_and_is_named() -> None:
    one = bench_with_options()
    options = one.tools["b"].memory.options
    for change, says in (
        (lambda: options["site"].update({"1": "Halle 1"}), "'Hall 1' became 'Halle 1'"),
        (lambda: options["site"].pop("2"), "'Hall 2' is gone"),
    ):
        change()
        one.tools["a"].memory.edit_as("ann", "000001", priority=2)
        report = one.sync()
        assert report.stopped
        (brake,) = report.plan.brakes
        assert brake.kind is BrakeKind.CONFIGURATION
        assert f"options of site in main of b ({says})" in brake.says
        one.sync(approve=report.run)
        one.clock.move(hours=1)
        assert kinds(one) == set()


def test_a_new_option_and_options_of_fields_that_are_not_mapped_stop_nothing() -> None:
    one = bench_with_options()
    options = one.tools["b"].memory.options
    options["site"]["3"] = "Hall 3"
    options["colour"]["1"] = "crimson"
    assert kinds(one) == set()


def bench_with_options() -> Bench:
    one = started()
    options = one.tools["b"].memory.options
    options.update(site={"1": "Hall 1", "2": "Hall 2"}, colour={"1": "red"})
    one.sync()
    one.clock.move(hours=1)
    return one


def test_containers_of_one_name_in_two_tools_are_told_apart() -> None:
    one = bench_with_options()
    one.tools["a"].memory.options = {"site": dict(one.tools["b"].memory.options["site"])}
    one.sync(approve=one.plan().run)
    one.clock.move(hours=1)
    one.tools["a"].memory.options["site"]["1"] = "Halle 1"
    report = one.sync()
    assert report.stopped
    assert "options of site in main of a ('Hall 1' became 'Halle 1')" in report.plan.brakes[0].says


class Silent(MemoryConnector):
    """Says what it is, and lists nothing; then it says nothing at all."""

    mute = False

    async def describe(self, container: str) -> ContainerInfo:
        if Silent.mute:
            raise Unavailable("b does not answer.")
        return await super().describe(container)

    async def pull(self, container: str, cursor: str | None, *, full: bool = False) -> AsyncIterator[Page]:
        yield Page([])
        raise Unavailable("b does not answer.")


def test_a_renamed_option_still_stops_the_project_when_its_tool_answers_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = bench_with_options()
    one.tools["b"].memory.options["site"]["1"] = "Halle 1"
    one.tools["a"].memory.edit_as("ann", "000001", priority=2)
    one.tools["b"].port = Silent
    assert one.sync().stopped
    monkeypatch.setattr(Silent, "mute", True)
    one.clock.move(hours=1)
    report = one.sync()
    assert report.stopped
    assert "'Hall 1' became 'Halle 1'" in report.plan.brakes[0].says
