"""A plan synced to Jira, Smartsheet and Planner and back: real connectors, real sockets, the real ledger in a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from itpm_sync.plan import BrakeKind
from itpm_sync.testing.checkout import shared_folder
from itpm_sync.testing.four_tools import (
    ANN,
    BEN,
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

_SHARED = shared_folder()
REAL_PLANS = sorted((_SHARED / "data" / "plans").glob("*.xml")) if _SHARED else []


# ── first sync, and the second run that writes nothing ──


@pytest.mark.parametrize("create", ["create", "match-then-create"])
def test_a_plan_reaches_three_tools_and_the_second_run_writes_nothing(tmp_path: Path, create: str) -> None:
    with four_tools(tmp_path, text=configuration(create)) as world:
        world.mark()
        plan = world.plan()
        assert BrakeKind.FIRST_SYNC in {brake.kind for brake in plan.plan.brakes}
        assert world.sync().stopped  # nobody has approved it
        assert world.writes() == []
        done = world.sync(approve=plan.run)
        assert {one.outcome for one in done.carried} == {"applied"}
        assert world.writes() != []
        world.mark()
        second = world.sync()
        assert (second.carried, second.plan.actions, second.plan.conflicts) == ((), (), ())
        assert world.writes() == []
        names = [task["name"] for task in PLAN["tasks"]]
        assert world.titles(PLANS) == sorted(names)
        tasks = {name for name in names if name not in ("North clinic", "Cut-over")}
        assert world.titles(JIRA) == world.titles(SHEETS) == sorted(names)
        assert world.titles(PLANNER) == sorted(tasks)
        for name in names:
            for tool in TOOLS if name in tasks else (PLANS, JIRA, SHEETS):
                there = world.shown(tool, name)
                assert there.key == world.items()[name]
                assert (there.start, there.finish) == (
                    world.shown(PLANS, name).start,
                    world.shown(PLANS, name).finish,
                )


def test_what_exists_in_four_tools_is_tied_and_not_created_again(tmp_path: Path) -> None:
    seeded = seeds()
    day = {"start": "2026-11-16", "due": "2026-11-20"}
    seeded[JIRA]["issues"] = [{"project": "NET", "type": "Task", "summary": "Training", "by": ANN, **day}]
    seeded[SHEETS]["sheets"][0]["rows"] = [
        {"Task Name": "Training", "Start": "2026-11-16", "Finish": "2026-11-20"}
    ]
    seeded[PLANNER]["plans"][0]["tasks"] = [{"title": "Training", "bucket": "To do", **day}]
    with four_tools(tmp_path, seeded=seeded) as world:
        assert world.approve().plan.conflicts == ()
        world.settle()
        for tool in TOOLS:
            assert world.titles(tool).count("Training") == 1, tool
            assert world.shown(tool, "Training").description == "For the help desk."


@pytest.mark.shared
@pytest.mark.parametrize("file", REAL_PLANS, ids=lambda file: file.name)
def test_a_real_plan_goes_to_three_tools_and_back(tmp_path: Path, file: Path) -> None:
    with four_tools(tmp_path, seeded=seeds(file.read_bytes())) as world:
        done = world.approve()
        assert {one.outcome for one in done.carried} <= {"applied", "partly"}
        world.settle()
        world.mark()
        for _ in range(2):
            again = world.sync()
            assert again.plan.actions == ()
            # held, not spread: a task of the file that contradicts itself (0 %, and an actual finish)
            assert all(not side.lawful for conflict in again.plan.conflicts for side in conflict.sides)
        assert world.writes() == []
        names = [name for name in world.titles(PLANS) if name]
        assert len(world.records(SHEETS)) == len(world.records(PLANS))
        assert len(world.records(JIRA)) == len(names)


# ── every tool's edit of every field ──


@dataclass(frozen=True, slots=True)
class Field:
    """One field: how a person changes it in each tool, and how each tool then shows it."""

    name: str
    edits: dict[str, dict[str, Any]]
    shows: Any
    """The member of `Shown` and its value."""
    value: Any
    holders: tuple[str, ...] = TOOLS


FIELDS = [
    Field(
        "title",
        {
            PLANS: {"Name": "Renamed {}"},
            JIRA: {"summary": "Renamed {}"},
            SHEETS: {"Task Name": "Renamed {}"},
            PLANNER: {"title": "Renamed {}"},
        },
        "title",
        "Renamed {}",
    ),
    Field(
        "start",
        {
            PLANS: {"Start": "2026-11-10"},
            JIRA: {"start": "2026-11-10"},
            SHEETS: {"Start": "2026-11-10"},
            PLANNER: {"start": "2026-11-10"},
        },
        "start",
        "2026-11-10",
    ),
    Field(
        "finish",
        {
            PLANS: {"Finish": "2026-11-24"},
            JIRA: {"due": "2026-11-24"},
            SHEETS: {"Finish": "2026-11-24"},
            PLANNER: {"due": "2026-11-24"},
        },
        "finish",
        "2026-11-24",
    ),
    Field(
        "done",
        {
            PLANS: {"PercentComplete": 100},
            JIRA: {"status": "Done"},
            SHEETS: {"Status": "Complete", "% Complete": 1},
            PLANNER: {"percent": 100},
        },
        "category",
        "done",
    ),
    Field(
        "begun",
        {
            PLANS: {"PercentComplete": 30},
            JIRA: {"status": "In Progress"},
            SHEETS: {"Status": "In Progress"},
            PLANNER: {"percent": 50},
        },
        "category",
        "doing",
    ),
    Field(
        "assignee",
        {
            PLANS: {"Assignments": [BEN]},
            JIRA: {"assignee": BEN},
            SHEETS: {"Assigned To": [BEN]},
            PLANNER: {"assignees": [BEN]},
        },
        "people",
        frozenset({BEN}),
        holders=(PLANS, SHEETS, PLANNER),  # Jira holds the lead only, and only Jira says who leads
    ),
    Field(
        "labels",
        {
            PLANS: {"Text6": "wifi, core"},
            JIRA: {"labels": ["wifi", "core"]},
            SHEETS: {"Labels": ["wifi", "core"]},
            PLANNER: {"labels": ["wifi", "core"]},
        },
        "labels",
        frozenset({"wifi", "core"}),
    ),
    Field(
        "description",
        {
            PLANS: {"Notes": "Bring a ladder."},
            JIRA: {"description": "Bring a ladder."},
            SHEETS: {"Description": "Bring a ladder."},
            PLANNER: {"description": "Bring a ladder."},
        },
        "description",
        "Bring a ladder.",
    ),
]
CASES = [(tool, field) for field in FIELDS for tool in TOOLS]


def subject(tool: str, field: Field) -> str:
    return f"{field.name} from {tool}"


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FourTools]:
    """One task a case, each edited in its one tool by one person; then synced and settled."""
    dates = {"Start": "2026-11-16", "Finish": "2026-11-20"}
    tasks = [{"name": subject(tool, field), **dates} for tool, field in CASES]
    with four_tools(
        tmp_path_factory.mktemp("edited"),
        seeded=seeds({**PLAN, "tasks": tasks}),
        text=configuration("create"),
    ) as world:
        world.approve()
        world.settle()
        natives = {(tool, field.name): world.native(tool, subject(tool, field)) for tool, field in CASES}
        for tool, field in CASES:
            said = {
                name: value.format(tool) if isinstance(value, str) else value
                for name, value in field.edits[tool].items()
            }
            world.tools[tool].edit_as(EVE, natives[tool, field.name], **said)
        world.clock.move(minutes=1)
        assert world.sync().plan.conflicts == ()
        world.settle()
        yield world


@pytest.mark.parametrize(
    ("tool", "field"), CASES, ids=lambda case: case if isinstance(case, str) else case.name
)
def test_an_edit_in_any_tool_reaches_the_others(edited: FourTools, tool: str, field: Field) -> None:
    title = f"Renamed {tool}" if field.name == "title" else subject(tool, field)
    wanted = field.value.format(tool) if isinstance(field.value, str) else field.value
    for other in dict.fromkeys((*field.holders, tool)):
        assert getattr(edited.shown(other, title), field.shows) == wanted, f"in {other}"


def test_no_edit_made_a_conflict_or_a_second_record(edited: FourTools) -> None:
    assert edited.conflicts() == []
    for tool in TOOLS:
        assert len(edited.records(tool)) == len(CASES), tool


def test_nobody_took_an_edit_back(edited: FourTools) -> None:
    """Three further runs after the edits were spread: nothing is written."""
    edited.mark()
    for _ in range(3):
        assert edited.sync().plan.actions == ()
    assert edited.writes() == []
