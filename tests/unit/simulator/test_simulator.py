"""The simulator itself: told twice it comes out the same; a planted violation is seen and made short."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from click.testing import CliRunner

from itpm_sync.cli.app import app
from itpm_sync.connector import Change, Operation
from itpm_sync.memory import Row
from itpm_sync.simulator import table
from itpm_sync.simulator.faults import FAULTS
from itpm_sync.simulator.laws import CHECKED
from itpm_sync.simulator.many import simulate, store
from itpm_sync.simulator.people import DEEDS
from itpm_sync.simulator.shrink import law_of, shrink
from itpm_sync.simulator.story import KILL, REST, RUN, Step, Story, draw
from itpm_sync.simulator.telling import tell
from itpm_sync.simulator.tools import SimTool

SEED = 2


def test_a_story_told_twice_comes_out_the_same() -> None:
    one, other = (tell(draw(SEED), store(), aloud=True) for _ in range(2))
    assert one.mark == other.mark
    assert one.said == other.said
    assert one.runs == other.runs


def test_another_seed_is_another_story() -> None:
    assert tell(draw(SEED), store(), aloud=True).mark != tell(draw(SEED + 1), store(), aloud=True).mark


def test_the_result_does_not_depend_on_how_many_processes_tell() -> None:
    alone, shared = simulate(60, SEED, jobs=1), simulate(60, SEED, jobs=2)
    assert (alone.runs, alone.broken, alone.cells) == (shared.runs, shared.broken, shared.cells)


def test_a_run_has_tools_items_edits_and_faults_in_the_median() -> None:
    found = simulate(200, SEED, jobs=1)
    medians = found.figures()["medians"]
    assert medians["remotes"] >= 3
    assert medians["items"] >= 5
    assert medians["edits"] >= 2
    assert medians["faults_and_kills"] >= 1


# ── a planted violation ──


@pytest.fixture
def doubling(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tool in which every second record that we make is made twice: as a connector that repeats a POST would."""
    write = SimTool.write

    def twice(tool: SimTool, change: Change, container: str) -> Row:
        made = write(tool, change, container)
        if change.operation is Operation.CREATE and tool.name == "b":
            write(tool, change, container)
        return made

    monkeypatch.setattr(SimTool, "write", twice)


@pytest.mark.usefixtures("doubling")
def test_a_repeated_creation_is_seen() -> None:
    found = simulate(200, SEED, jobs=1, shorten=0)
    assert {law_of(laws) for laws in found.broken.values()} == {"S7"}


@pytest.mark.usefixtures("doubling")
def test_a_failing_story_is_made_short() -> None:
    seed = next(iter(simulate(200, SEED, jobs=1, shorten=0).broken))

    def fails(story: Story) -> bool:
        return law_of(tell(story, store()).broken) == "S7"

    short = shrink(draw(seed), fails)
    assert fails(short)
    assert len(short.steps) <= 3  # something is made, and a run


def test_shrinking_keeps_only_what_is_needed() -> None:
    kill = Step(KILL, point=3)
    long = Story(
        1,
        tuple(Step("retitle", n) for n in range(40))
        + (Step(RUN, meanwhile=(Step("move"), kill)), Step(REST)),
    )

    def fails(story: Story) -> bool:
        return any(kill in step.meanwhile for step in story.steps) and Step("retitle", 17) in story.steps

    assert shrink(long, fails).steps == (Step("retitle", 17), Step(RUN, meanwhile=(kill,)))


# ── the table ──


def test_every_fault_of_the_catalogue_is_exercised_or_says_why_not() -> None:
    known = {fault.number for fault in FAULTS.values()} | {"F24", "F59", "F60", "F65"}
    told = known | set(table.DEEDS) | set(table.ELSEWHERE)
    assert told == {f"F{number:02d}" for number in range(1, 85)}
    assert not known & set(table.ELSEWHERE)


def test_a_cell_that_was_never_exercised_is_named() -> None:
    cells = Counter(dict.fromkeys(table.wanted(), 1))
    cells.update({("F59", place, ""): 1 for place in ("commit before", "commit after")})
    cells.update({(number, "commit before", ""): 1 for number in ("F61", "F62", "F64")})
    left = table.missing(cells)
    assert all(place.startswith("commit") for _, place, _ in left)
    del cells["F01", "apply update before", "able"]
    assert ("F01", "apply update before", "able") in table.missing(cells)
    assert any("never" in line for line in table.lines(cells))


def test_every_invariant_of_the_engine_says_where_it_is_checked() -> None:
    assert set(CHECKED) == {f"S{number}" for number in range(1, 31) if number != 29}


def test_every_deed_is_one_that_people_can_do() -> None:
    from itpm_sync.simulator.people import People

    assert all(callable(getattr(People, deed)) for deed in DEEDS)


# ── the command ──


def test_the_command_prints_figures() -> None:
    ended = CliRunner().invoke(
        app, ["simulate", "--runs", "40", "--seed", str(SEED), "--jobs", "1", "--json"]
    )
    found = json.loads(ended.stdout)
    assert found["runs"] >= 40
    assert found["violations"] == 0
    assert found["failed_seeds"] == {}
    assert {"seconds", "kills", "faults", "medians"} <= found.keys()


@pytest.mark.usefixtures("doubling")
def test_the_command_fails_where_a_law_is_broken() -> None:
    ended = CliRunner().invoke(
        app, ["simulate", "--runs", "80", "--seed", str(SEED), "--jobs", "1"], standalone_mode=False
    )
    assert ended.return_value == 1
    assert "S7" in ended.stdout


def test_the_command_tells_one_story() -> None:
    ended = CliRunner().invoke(app, ["simulate", "--story", str(SEED), "--json"], standalone_mode=False)
    story = json.loads(ended.stdout)
    assert story["broken"] == []
    assert "everybody goes home" in story["story"]
