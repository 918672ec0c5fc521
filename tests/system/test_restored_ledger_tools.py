"""The four real connectors and a ledger file that is lost, or put back from a backup; a plan file that is replaced."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from itpm_sync.plan import BrakeKind, Plan
from itpm_sync.testing.four_tools import (
    BEN,
    JIRA,
    PLAN,
    PLANNER,
    PLANS,
    SHEETS,
    TOOLS,
    FourTools,
    configuration,
    four_tools,
    seeds,
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[FourTools]:
    """The plan in its four tools, settled."""
    with four_tools(tmp_path, text=configuration("create")) as made:
        made.approve()
        made.settle()
        yield made


def backup(world: FourTools) -> Path:
    """A copy of the ledger's folder, as a backup makes it."""
    return Path(shutil.copytree(world.folder / ".itpm-sync", world.folder / "backup"))


def put_back(world: FourTools, kept: Path | None) -> None:
    """The ledger as the backup has it; None: there is none."""
    shutil.rmtree(world.folder / ".itpm-sync")
    if kept is not None:
        shutil.copytree(kept, world.folder / ".itpm-sync")


def brakes(plan: Plan) -> set[BrakeKind]:
    return {brake.kind for brake in plan.brakes}


def counts(world: FourTools) -> dict[str, int]:
    return {tool: len(world.records(tool)) for tool in TOOLS}


def test_a_lost_ledger_is_rebuilt_by_the_keys_without_a_second_copy(world: FourTools) -> None:
    before, items = counts(world), world.items()
    put_back(world, None)
    world.mark()
    report = world.sync()
    assert report.stopped
    assert brakes(report.plan) == {BrakeKind.LEDGER, BrakeKind.FIRST_SYNC}
    assert world.writes() == []
    world.sync(approve=report.run)
    world.settle()
    assert counts(world) == before
    assert world.items() == items


def test_a_restored_ledger_makes_nothing_twice_and_overwrites_nobody(world: FourTools) -> None:
    kept = backup(world)
    world.add(JIRA, BEN, project="NET", summary="Order cables")
    world.edit(PLANNER, "Training", BEN, description="In the library.")
    world.sync()
    world.settle()
    before, items = counts(world), world.items()
    assert "Order cables" in items
    put_back(world, kept)
    world.edit(JIRA, "Training", BEN, summary="Training, day 1")
    world.mark()
    report = world.sync()
    assert report.stopped
    assert BrakeKind.LEDGER in brakes(report.plan)
    assert world.writes() == []
    assert {action.operation.value for action in report.plan.actions} <= {"update"}
    world.sync(approve=report.run)
    world.settle()
    assert counts(world) == before
    assert set(world.items().values()) == set(items.values())
    for tool in TOOLS:
        assert world.shown(tool, "Training, day 1").description == "In the library.", tool


def test_another_projects_plan_file_under_the_name_changes_nothing(world: FourTools) -> None:
    titles = {tool: world.titles(tool) for tool in (JIRA, SHEETS, PLANNER)}
    other = copy.deepcopy(PLAN)
    other.update(guid="00112233-4455-6677-8899-AABBCCDDEEFF", title="Payroll")
    for number, task in enumerate(other["tasks"]):
        task.update(name=f"Payroll {number}")
        task.pop("after", None)
    world.tools[PLANS].seed(seeds(other)[PLANS])
    for _ in range(3):
        report = world.sync()
        assert brakes(report.plan) == {BrakeKind.CONTAINER}
        assert "Payroll in plans is not the container that was read before" in report.plan.brakes[0].says
    assert {tool: world.titles(tool) for tool in (JIRA, SHEETS, PLANNER)} == titles
