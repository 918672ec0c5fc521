"""People who edit the same item at the same time in several tools; what a tool cannot hold; items nobody takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from itpm_sync.testing.four_tools import (
    ANN,
    BEN,
    CONFIGURATION,
    EVE,
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

FURTHER_RUNS = 5
DATES = {"Start": "2026-11-16", "Finish": "2026-11-20"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[FourTools]:
    """The plan in its four tools, settled."""
    with four_tools(tmp_path, text=configuration("create")) as made:
        made.approve()
        made.settle()
        yield made


def nothing_bounces(world: FourTools, conflicts: int) -> None:
    """Five further runs write nothing, and ask nobody anything new."""
    before = sorted(conflict.id for conflict in world.conflicts())
    assert len(before) == conflicts
    world.mark()
    for _ in range(FURTHER_RUNS):
        assert world.sync().plan.actions == ()
        assert sorted(conflict.id for conflict in world.conflicts()) == before
    assert world.writes() == []


# ── different fields ──


def test_edits_of_different_fields_of_one_item_all_survive(world: FourTools) -> None:
    world.edit(PLANS, "Training", ANN, Finish="2026-11-25")
    world.edit(JIRA, "Training", BEN, labels=["wifi"], status="In Progress")
    world.edit(SHEETS, "Training", EVE, **{"Assigned To": [EVE]})
    world.edit(PLANNER, "Training", BEN, description="In the library.")
    world.sync()
    world.settle()
    for tool in TOOLS:
        there = world.shown(tool, "Training")
        assert (there.finish, there.category) == ("2026-11-25", "doing"), tool
        assert there.labels == {"wifi"}, tool
        assert there.description == "In the library.", tool
        assert tool == JIRA or there.people == frozenset({EVE}), tool
    nothing_bounces(world, conflicts=0)


def test_one_moves_the_start_and_another_the_finish(world: FourTools) -> None:
    world.edit(PLANNER, "Training", BEN, start="2026-11-17")
    world.edit(SHEETS, "Training", EVE, Finish="2026-11-24")
    world.sync()
    world.settle()
    for tool in TOOLS:
        there = world.shown(tool, "Training")
        assert (there.start, there.finish) == ("2026-11-17", "2026-11-24"), tool
    nothing_bounces(world, conflicts=0)


def test_labels_that_two_people_add_are_both_kept(world: FourTools) -> None:
    world.edit(JIRA, "Survey", BEN, labels=["cabling", "core"])
    world.edit(PLANNER, "Survey", EVE, labels=["cabling", "wifi"])
    world.sync()
    world.settle()
    for tool in TOOLS:
        assert world.shown(tool, "Survey").labels == {"cabling", "core", "wifi"}, tool
    nothing_bounces(world, conflicts=0)


def test_the_same_edit_in_two_tools_is_no_conflict(world: FourTools) -> None:
    world.edit(JIRA, "Training", BEN, due="2026-11-26")
    world.edit(PLANNER, "Training", EVE, due="2026-11-26")
    world.sync()
    world.settle()
    assert {world.shown(tool, "Training").finish for tool in TOOLS} == {"2026-11-26"}
    nothing_bounces(world, conflicts=0)


# ── the same field ──

TITLES: dict[str, Any] = {PLANS: "Name", JIRA: "summary", SHEETS: "Task Name", PLANNER: "title"}
FINISHES: dict[str, Any] = {PLANS: "Finish", JIRA: "due", SHEETS: "Finish", PLANNER: "due"}
PAIRS = [(one, other) for place, one in enumerate(TOOLS) for other in TOOLS[place + 1 :]]
DAYS = {PLANS: "2026-11-23", JIRA: "2026-11-24", SHEETS: "2026-11-25", PLANNER: "2026-11-26"}


@pytest.fixture(scope="module")
def meetings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FourTools]:
    """For every two tools one task whose title, and one whose finish, both changed between two runs."""
    names = [f"{what} in {one} and {other}" for what in ("title", "finish") for one, other in PAIRS]
    plan = {**PLAN, "tasks": [{"name": name, **DATES} for name in names]}
    folder = tmp_path_factory.mktemp("meetings")
    with four_tools(folder, seeded=seeds(plan), text=configuration("create")) as made:
        made.approve()
        made.settle()
        for one, other in PAIRS:
            for tool, person in ((one, BEN), (other, EVE)):
                made.edit(tool, f"title in {one} and {other}", person, **{TITLES[tool]: f"Now from {tool}"})
                made.edit(tool, f"finish in {one} and {other}", person, **{FINISHES[tool]: DAYS[tool]})
        made.mark()
        made.sync()
        assert made.writes() == []  # touch none, ask
        yield made


def test_edits_of_the_same_field_are_one_conflict_each_and_resolvable(meetings: FourTools) -> None:
    nothing_bounces(meetings, conflicts=2 * len(PAIRS))
    ids = meetings.items()
    asked = {(conflict.item, conflict.field): conflict for conflict in meetings.conflicts()}
    known: list[tuple[str, dict[str, str], str]] = []
    for number, (one, other) in enumerate(PAIRS):
        title = asked[ids[f"title in {one} and {other}"], "title"]
        finish = asked[ids[f"finish in {one} and {other}"], "schedule"]
        assert {side.tool for side in title.sides} == {side.tool for side in finish.sides} == {one, other}
        assert {str(side.value) for side in title.sides} == {f"Now from {one}", f"Now from {other}"}
        natives = {tool: meetings.native(tool, f"title in {one} and {other}") for tool in TOOLS}
        winner = (one, other)[number % 2]
        meetings.resolve(title.id, winner)
        meetings.resolve(finish.id, winner)
        known.append((winner, natives, f"finish in {one} and {other}"))
    meetings.sync()
    meetings.settle()
    for winner, natives, name in known:
        for tool in TOOLS:
            assert meetings.shown_of(tool, natives[tool]).title == f"Now from {winner}", tool
            assert meetings.shown(tool, name).finish == DAYS[winner], tool
    losers = [str(side.form) for side in meetings.losers()]
    for number, (one, other) in enumerate(PAIRS):
        assert f"Now from {(other, one)[number % 2]}" in losers
    nothing_bounces(meetings, conflicts=0)


def test_the_agreed_value_can_be_kept_and_is_put_back(world: FourTools) -> None:
    world.edit(JIRA, "Training", BEN, summary="Workshop")
    world.edit(PLANNER, "Training", EVE, title="Lessons")
    world.sync()
    (conflict,) = world.conflicts()
    world.resolve(conflict.id, "agreed")
    world.sync()
    world.settle()
    assert {world.shown(tool, "Training").title for tool in TOOLS} == {"Training"}
    assert {str(side.form) for side in world.losers()} >= {"Workshop", "Lessons"}
    nothing_bounces(world, conflicts=0)


def test_other_fields_of_an_item_in_conflict_go_on(world: FourTools) -> None:
    world.edit(JIRA, "Training", BEN, summary="Workshop")
    world.edit(PLANNER, "Training", EVE, title="Lessons")
    world.sync()
    world.edit(SHEETS, "Training", ANN, Finish="2026-11-27")
    world.sync()
    world.settle()
    assert {world.shown(tool, "Training").finish for tool in TOOLS} == {"2026-11-27"}
    assert world.shown(JIRA, "Training").title == "Workshop"
    assert world.shown(PLANNER, "Training").title == "Lessons"
    nothing_bounces(world, conflicts=1)


# ── what Planner cannot hold ──


def test_63_percent_in_the_plan_survives_planner(world: FourTools) -> None:
    assert world.shown(PLANNER, "Survey").percent == 50  # "in progress"
    world.edit(PLANNER, "Survey", BEN, title="Survey the site", due="2026-11-09", percent=50)
    world.sync()
    world.settle()
    assert world.shown(PLANS, "Survey the site").percent == 63
    assert world.shown(SHEETS, "Survey the site").percent == 63
    world.edit(PLANNER, "Survey the site", BEN, percent=100)
    world.sync()
    world.settle()
    assert world.shown(PLANS, "Survey the site").percent == 100
    assert world.shown(JIRA, "Survey the site").category == "done"
    world.edit(PLANNER, "Survey the site", BEN, percent=50)
    world.sync()
    world.settle()
    assert world.shown(PLANS, "Survey the site").category == "doing"
    nothing_bounces(world, conflicts=0)


# ── scope ──

NOWHERE = CONFIGURATION.replace("match-then-create}", "create, takes: {where: {site: [Nowhere]}}}")
NOWHERE = NOWHERE.replace("create: CREATE}", "create: CREATE, takes: {where: {site: [Nowhere]}}}")
NOWHERE = NOWHERE.replace(
    "[task, milestone, summary]}", "[task, milestone, summary], where: {site: [Nowhere]}}"
)
NOWHERE = NOWHERE.replace("{kinds: [task]}", "{kinds: [task], where: {site: [Nowhere]}}")


def test_500_items_that_no_container_takes_create_nothing_anywhere(tmp_path: Path) -> None:
    assert NOWHERE.count("Nowhere") == len(TOOLS)
    seeded = seeds({**PLAN, "tasks": [{"name": "Hall", "Text5": "South clinic"}]})
    rows = [
        {"Task Name": f"Somewhere {n}", "Site": "North clinic", "Finish": "2026-11-20"} for n in range(499)
    ]
    seeded[SHEETS]["sheets"][0]["rows"] = rows
    with four_tools(tmp_path, seeded=seeded, text=NOWHERE.replace("CREATE", "create")) as world:
        world.mark()
        plan = world.plan()
        assert len(plan.plan.decisions) == 500
        assert (plan.plan.actions, plan.plan.held) == ((), ())
        world.sync(approve=plan.run)
        world.sync()
        assert world.writes() == []
        assert (len(world.records(JIRA)), len(world.records(PLANNER)), len(world.records(SHEETS))) == (
            0,
            0,
            499,
        )
        assert world.titles(PLANS) == ["Hall"]
