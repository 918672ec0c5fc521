"""The shipped mapping on a sheet: the lens laws, and what was put, sent and read again reads as n(v).

Values come from the product's own generator, driven by Hypothesis; cells go through the emulated Smartsheet's own
rules. Where the sheet cannot take a value (a label without an option), it is refused in words, never cut.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itpm_sync.errors import Refused
from itpm_sync.lens import Lens, Unliftable
from itpm_sync.model import Assignees, Category, Day, Progress, Schedule
from itpm_sync.testing.mapped import (
    ZONES,
    Generator,
    MadeUpEnv,
    check_lift,
    check_record,
    check_value,
    compiled,
)
from itpm_sync_smartsheet.emulated import cells, views
from itpm_sync_smartsheet.emulated.edits import fill
from itpm_sync_smartsheet.emulated.world import World
from itpm_sync_smartsheet.sheet import PARENT, info_of, shape_of
from itpm_sync_smartsheet.wire import cell_of, value_of

BOT = "bot@example.org"
STATUSES = ["Not Started", "In Progress", "On Hold", "Complete", "Cancelled"]
KINDS = [
    "Task",
    "Milestone",
    "Phase",
    "Risk",
    "Issue",
    "Change",
    "Decision",
    "Deliverable",
    "Action",
    "Cost line",
]
COLUMNS: list[dict[str, Any]] = [
    {"title": "Task Name", "primary": True},
    {"title": "Type", "type": "PICKLIST", "options": KINDS},
    {"title": "Status", "type": "PICKLIST", "options": STATUSES},
    {"title": "Priority", "type": "PICKLIST", "options": ["High", "Medium", "Low"]},
    {"title": "RAG", "type": "PICKLIST", "options": ["Green", "Yellow", "Red", "Gray"]},
    {"title": "Assigned To", "type": "MULTI_CONTACT_LIST"},
    {"title": "Labels", "type": "MULTI_PICKLIST", "options": ["core", "Größe", "a b", "x_y"]},
    {"title": "Gate Mandatory", "type": "CHECKBOX"},
    *(
        {"title": title, "type": "DATE"}
        for title in ("Start", "Finish", "Actual Start", "Actual Finish", "Deadline", "Promised", "Need By")
    ),
    *(
        {"title": title}
        for title in (
            "Description",
            "Response",
            "% Complete",
            "Work (h)",
            "Site",
            "Gate",
            "Vendor",
            "RAG Reason",
        )
    ),
    *({"title": title} for title in ("Probability", "Impact", "Budget", "Actual Cost", "Quantity Done")),
]


def described(world: World) -> Any:
    (sheet,) = world.sheets.values()
    return shape_of(views.sheet_view(world, sheet, BOT, views.Wish(level=2)), "itpm-sync ID")


def world_with(columns: list[dict[str, Any]]) -> World:
    world = World()
    fill(world, {"sheets": [{"name": "Plan", "owner": BOT, "columns": columns}]}, "2026-05-04T09:00:00Z")
    return world


WORLD = world_with(COLUMNS)
(SHEET,) = WORLD.sheets.values()
SHAPE = described(WORLD)
COMPILED = compiled("smartsheet", info_of(SHAPE))
NAMES = [lens.name for lens in COMPILED.lenses]
ENV = MadeUpEnv(zone=ZoneInfo("Europe/Berlin"), tool="sheets")
WISH = views.Wish(level=2, include=frozenset({"objectValue"}))


def lens(name: str) -> Lens:
    found = COMPILED.lens(name)
    assert found is not None
    return found


def sent(change: dict[str, Any]) -> dict[str, Any]:
    """The values that stand in the row after Smartsheet took this change. Raises Refused where it is not sent."""
    there: dict[str, Any] = {}
    for native, value in change.items():
        column, kept = SHAPE.column(native), SHEET.column(int(native))
        assert column is not None
        assert kept is not None
        cell = cells.parse(WORLD, kept, cell_of(column, value))
        there[native] = value_of(column, views.cell_view(cell, kept, WISH))
    return there


def native(column: str, made: random.Random) -> Any:
    """What might stand in such a cell, free text in a date among it."""
    kept = next(each for each in COLUMNS if each["title"] == column)
    return {
        "PICKLIST": lambda: made.choice([None, *kept["options"], "typed by hand"]),
        "MULTI_PICKLIST": lambda: made.choice([None, ["core"], ["Größe", "a b"], ["typed by hand"]]),
        "MULTI_CONTACT_LIST": lambda: made.choice(
            [None, ["ann@example.org"], ["Vendor", "bob@example.org"], ["new@example.org"]]
        ),
        "CHECKBOX": lambda: made.choice([None, True, False]),
        "DATE": lambda: made.choice([None, "2026-03-29", "2026-05-04", "2026-05-08", "soon"]),
    }.get(
        kept.get("type", ""),
        lambda: made.choice([None, "text", "=1+1", 0, 0.63, 1, 7.25, "# a\n\n- b", " x  y "]),
    )()


def row(made: random.Random) -> dict[str, Any]:
    """A row's values, as the connector gives them."""
    values = {column.id: native(column.title, made) for column in SHAPE.columns}
    return values | {PARENT: made.choice([None, "n-0", "n-3", "n-99"])}


def test_every_field_that_the_sheet_has_is_held() -> None:
    assert set(NAMES) >= {
        "kind",
        "title",
        "description",
        "progress",
        "schedule",
        "priority",
        "assignees",
        "labels",
        "rag",
    }
    left = {each.field for each in COMPILED.left_out}
    assert left == set()


@pytest.mark.parametrize("name", NAMES)
def test_the_laws(name: str) -> None:
    @given(st.integers(0, 2**32), st.sampled_from(ZONES))
    @settings(max_examples=60)
    def hold(seed: int, zone: str) -> None:
        made = random.Random(seed)
        generator, env = Generator(made), replace(ENV, zone=ZoneInfo(zone))
        here, agreed = row(made), generator.value(name)
        assert check_record(lens(name), env, here) is None
        assert check_value(lens(name), env, agreed, here) is None
        assert check_lift(lens(name), env, here, agreed, generator.day()) is None

    hold()


@pytest.mark.parametrize("name", [each for each in NAMES if each != "parent"])
def test_what_was_put_and_sent_reads_as_its_form(name: str) -> None:
    taken = 0

    @given(st.integers(0, 2**32))
    @settings(max_examples=60)
    def holds(seed: int) -> None:
        nonlocal taken
        value = Generator(random.Random(seed)).value(name)
        try:
            there = sent(lens(name).put(value, {}, ENV))
        except Refused:
            return
        taken += 1
        assert lens(name).get(there, ENV) == lens(name).form(value, ENV)
        assert lens(name).put(value, there | dict.fromkeys(lens(name).native - there.keys()), ENV) == {}

    holds()
    assert taken > 10


def by_title(**values: Any) -> dict[str, Any]:
    titles = {"status": "Status", "percent": "% Complete", "start": "Start", "finish": "Finish"}
    return {
        next(c.id for c in SHAPE.columns if c.title == titles[name]): value for name, value in values.items()
    }


def test_l7_more_people_than_a_cell_holds_are_not_cut() -> None:
    crowd = Assignees(frozenset(f"p{number}@example.org" for number in range(21)))
    with pytest.raises(Refused, match="21 people"):
        lens("assignees").put(crowd, {}, ENV)


def test_l11_a_moved_day_keeps_the_agreed_time_where_it_may() -> None:
    agreed = Schedule(Day(date(2026, 5, 5), time(13)), Day(date(2026, 5, 6), time(12)))
    for finish, times in (("2026-05-09", (time(13), time(12))), ("2026-05-08", (None, None))):
        form = lens("schedule").get(by_title(start="2026-05-08", finish=finish), ENV)
        lifted = lens("schedule").lift(form, agreed, ENV)
        assert lifted == Schedule(Day(date(2026, 5, 8), times[0]), Day(date.fromisoformat(finish), times[1]))


def test_l15_a_row_that_contradicts_itself_is_held() -> None:
    form = lens("progress").get(by_title(status="Complete", percent=0), ENV)
    with pytest.raises(Unliftable):
        lens("progress").lift(
            form, Progress(Category.DOING, "In Progress", 40), ENV, edited=Day(date(2026, 5, 8))
        )


def test_l20_a_renamed_option_changes_the_fingerprint_not_the_sheet() -> None:
    renamed = [
        {**column, "options": ["core", "Size", "a b", "x_y"]} if column["title"] == "Labels" else column
        for column in COLUMNS
    ]
    other = compiled("smartsheet", info_of(described(world_with(renamed))))
    assert other.fingerprint != COMPILED.fingerprint
    assert compiled("smartsheet", info_of(described(world_with(COLUMNS)))).fingerprint == COMPILED.fingerprint


def test_l24_a_finish_before_the_agreed_start_is_held() -> None:
    only = compiled(
        "smartsheet", info_of(described(world_with([c for c in COLUMNS if c["title"] != "Start"])))
    )
    held = only.lens("schedule")
    assert held is not None
    agreed = Schedule(Day(date(2026, 5, 5)), Day(date(2026, 5, 6)))
    with pytest.raises(Unliftable):
        held.lift(Schedule(finish=Day(date(2026, 5, 1))), agreed, ENV)


def test_63_percent_goes_there_and_back() -> None:
    value = Progress(Category.DOING, "In Progress", 63, Day(date(2026, 5, 4)), None)
    there = sent(lens("progress").put(value, {}, ENV))
    assert by_title(percent=0.63).items() <= there.items()
    assert lens("progress").lift(lens("progress").get(there, ENV), value, ENV) == value
