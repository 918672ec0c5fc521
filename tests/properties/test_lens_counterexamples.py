"""The counterexamples L1–L24 to earlier rules of translation come out right with the mappings that ship."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, time
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itpm_sync.errors import Misconfigured, Refused
from itpm_sync.laws import lawful
from itpm_sync.lens import Lens, Unliftable
from itpm_sync.mapping.compile import compile_mapping
from itpm_sync.mapping.generate import ZONES, Generator, MadeUpEnv
from itpm_sync.mapping.load import load
from itpm_sync.model import (
    Assignees,
    Block,
    BlockKind,
    Category,
    Day,
    Dependency,
    Duration,
    LinkType,
    Progress,
    Schedule,
)
from itpm_sync.reconcile.merge import merge_group
from itpm_sync.testing.described import JIRA, PLANNER
from itpm_sync.testing.mapped import compiled

MAPPINGS = Path(__file__).parents[2] / "mappings"
SYSTEMS = ("jira", "m365", "msproject", "smartsheet")
TODAY = Day(date(2026, 5, 20))
ENV = MadeUpEnv()


@cache
def lens_of(system: str, name: str) -> Lens:
    info = {"jira": JIRA, "m365": PLANNER}.get(system)
    lens = compiled(system, info).lens(name)
    assert lens is not None
    return lens


def after(lens: Lens, record: dict[str, Any], value: Any, env: MadeUpEnv = ENV) -> dict[str, Any]:
    return {**record, **lens.put(value, record, env)}


def test_l1_civil_time_is_never_converted() -> None:
    lens = lens_of("msproject", "schedule")
    for zone, text in (("America/New_York", "2026-03-08T02:30:00"), ("Europe/Berlin", "2026-03-29T02:30:00")):
        env = MadeUpEnv(zone=ZoneInfo(zone))
        record = {"Start": text, "Finish": None, "Duration": 60, "DurationElapsed": False}
        read_value = lens.get(record, env)
        assert isinstance(read_value, Schedule)
        assert read_value.start == Day(date.fromisoformat(text[:10]), time(2, 30))
        assert lens.put(read_value, record, env) == {}
        assert lens.put(read_value, {}, env)["Start"] == text


@given(
    day=st.dates(date(2011, 1, 1), date(2030, 12, 31)),
    zone=st.sampled_from(
        [*ZONES, "Pacific/Auckland", "Pacific/Chatham", "Etc/GMT+12", "Etc/GMT-14", "Asia/Kolkata"]
    ),
)
@settings(max_examples=300, deadline=None)
def test_l2_a_day_in_planner_never_shifts(day: date, zone: str) -> None:
    if (day, zone) == (date(2011, 12, 30), "Pacific/Apia"):
        return  # that day did not exist there
    lens = lens_of("m365", "schedule")
    value = Schedule(Day(day), Day(day))
    assert lens.form(value, MadeUpEnv(zone=ZoneInfo(zone))) == value


def test_l3_an_unknown_assignee_is_shown_and_can_be_removed() -> None:
    lens = lens_of("m365", "assignees")
    record = {"assignments": [{"account": "u7", "mail": None, "name": "Guest"}]}
    assert lens.get(record, ENV) == Assignees(frozenset({"tool:u7"}))
    assert lens.get(after(lens, record, None), ENV) is None


def test_l4_a_label_that_is_missing_moves_the_status_to_the_categorys_first() -> None:
    lens = lens_of("jira", "progress")
    blocked = Progress(Category.DOING, "Blocked", 30, TODAY)
    assert lens.form(blocked, ENV) == Progress(Category.DOING, "In Progress")
    assert lens.put(blocked, {"status": "12"}, ENV) == {"status": "11"}
    assert lens.put(blocked, {"status": "11"}, ENV) == {}
    assert lens.form(replace(blocked, label="waiting"), ENV) == Progress(
        Category.DOING, "Waiting"
    )  # by Jira's category


def test_l5_clearing_the_jira_assignee_leaves_the_others() -> None:
    lens = lens_of("jira", "assignees")
    agreed = Assignees(frozenset({"bob@example.org", "dan@example.org"}), "bob@example.org")
    assert lens.form(replace(agreed, lead=None), ENV) is None  # no lead is made up from a bare set
    lifted = lens.lift(None, agreed, ENV)
    assert lifted == Assignees(frozenset({"dan@example.org"}))
    assert lens.form(lifted, ENV) is None
    new = lens.lift(Assignees(frozenset({"ann@example.org"}), "ann@example.org"), agreed, ENV)
    assert new == Assignees(frozenset({"ann@example.org", "dan@example.org"}), "ann@example.org")


def test_l6_an_opaque_node_does_not_depend_on_what_stands_there() -> None:
    lens = lens_of("jira", "description")
    table = {"type": "table", "content": [{"type": "tableRow"}]}
    record = {"description": {"type": "doc", "version": 1, "content": [table]}}
    value = lens.get(record, ENV)
    assert lens.form(value, ENV) == value
    assert lens.put(value, {}, ENV)["description"]["content"] == [table]
    elsewhere = lens_of("smartsheet", "description")
    assert elsewhere.form(value, ENV) is None
    edited = elsewhere.lift((Block(BlockKind.PARAGRAPH, "Text"),), value, ENV)
    assert isinstance(edited, tuple) and value is not None and set(edited) > set(value)  # type: ignore[arg-type]


def test_l7_what_does_not_fit_is_refused_not_cut() -> None:
    people = frozenset(f"p{number}@example.org" for number in range(21))
    env = MadeUpEnv(known=people)
    lens = lens_of("m365", "assignees")
    with pytest.raises(Refused, match="21 people"):
        lens.put(Assignees(people), {"assignments": []}, env)
    assert len(lens.put(Assignees(frozenset(sorted(people)[:20])), {}, env)["assignments"]) == 20
    labels = frozenset(f"label number {number}" for number in range(40))
    with pytest.raises(Refused, match="40 labels"):
        lens_of("msproject", "labels").put(labels, {}, ENV)


def test_l8_start_and_finish_are_written_as_one_group() -> None:
    lens = lens_of("msproject", "schedule")
    record = {
        "Start": "2026-05-04T08:00:00",
        "Finish": "2026-05-08T17:00:00",
        "Duration": 2400,
        "DurationElapsed": False,
    }
    moved = Schedule(Day(date(2026, 5, 6)), Day(date(2026, 5, 8)))
    assert lens.put(moved, record, ENV) == {
        "Start": "2026-05-06T08:00:00"
    }  # the finish is held, the duration derived
    assert lens.get(after(lens, record, moved), ENV) == moved


def test_l9_a_group_is_computed_as_soon_as_one_of_its_values_is() -> None:
    lens = lens_of("msproject", "schedule")
    assert lens.computed(frozenset({"Start"})) and not lens.computed(frozenset({"Work"}))


def test_l10_done_is_written_with_its_actual_finish() -> None:
    lens = lens_of("msproject", "progress")
    done = Progress(Category.DONE, None, 100, Day(date(2026, 5, 4)), TODAY)
    written = lens.put(done, {}, ENV)
    assert written["ActualFinish"] == "2026-05-20T17:00:00"
    assert lens.get(written, ENV) == done
    with pytest.raises(Unliftable):
        lens.lift(lens.get({**written, "ActualFinish": None}, ENV), done, ENV, edited=TODAY)


def test_l11_a_day_moved_in_a_tool_without_times_drops_times_that_would_contradict() -> None:
    lens = lens_of("jira", "schedule")
    agreed = Schedule(Day(date(2026, 5, 5), time(13)), Day(date(2026, 5, 6), time(12)))
    later = lens.lift(Schedule(Day(date(2026, 5, 5)), Day(date(2026, 5, 8))), agreed, ENV)
    assert later == Schedule(Day(date(2026, 5, 5), time(13)), Day(date(2026, 5, 8), time(12)))
    same = lens.lift(Schedule(Day(date(2026, 5, 8)), Day(date(2026, 5, 8))), agreed, ENV)
    assert same == Schedule(Day(date(2026, 5, 8)), Day(date(2026, 5, 8)))


@pytest.mark.parametrize("native", ["completedDateTime", "resolutiondate", "Resolved", "Modified"])
def test_l12_a_time_of_edit_is_no_actual_finish(native: str) -> None:
    text = f"system: x\nfields:\n  progress:\n    actual_finish: {{field: {native}, as: civil}}\n"
    with pytest.raises(Misconfigured, match="time of an edit"):
        load("x.yaml", text)


def test_l13_closing_an_issue_at_63_percent_closes_the_whole_group() -> None:
    agreed = Progress(Category.DOING, "In Progress", 63, Day(date(2026, 5, 4)))
    lens = lens_of("jira", "progress")
    done = lens.lift(lens.get({"status": "13"}, ENV), agreed, ENV, edited=TODAY)
    assert done == Progress(Category.DONE, "Done", 100, Day(date(2026, 5, 4)), TODAY)
    back = lens.lift(lens.get({"status": "10"}, ENV), done, ENV, edited=TODAY)
    assert back == Progress(Category.TODO, "To Do", 0)
    again = lens.lift(lens.get({"status": "12"}, ENV), done, ENV, edited=TODAY)
    assert again == Progress(Category.DOING, "In Review", 50, Day(date(2026, 5, 4)))


@given(chance=st.randoms(use_true_random=False), status=st.sampled_from(["10", "11", "12", "13", "14", "15"]))
@settings(max_examples=200, deadline=None)
def test_l13_no_single_status_edit_is_ever_a_conflict(chance: random.Random, status: str) -> None:
    agreed = Generator(chance).value("progress")
    jira = lens_of("jira", "progress")
    for lens, record in (
        (jira, {"status": status}),
        (lens_of("m365", "progress"), {"percentComplete": int(status) * 5}),
    ):
        lifted = lens.lift(lens.get(record, ENV), agreed, ENV, edited=TODAY)
        assert lawful(lifted)
        assert lens.form(lifted, ENV) == lens.get(record, ENV)


def test_l14_doing_at_zero_percent_is_at_rest_in_planner() -> None:
    lens = lens_of("m365", "progress")
    agreed = Progress(Category.DOING, None, 0, TODAY)
    record = after(lens, {"percentComplete": 0}, agreed)
    assert record == {"percentComplete": 50}
    for _ in range(10):
        assert lens.put(agreed, record, ENV) == {}
        assert lens.lift(lens.get(record, ENV), agreed, ENV, edited=TODAY) == agreed
    assert lens.put(replace(agreed, percent=63), {"percentComplete": 30}, ENV) == {}  # 63 % survives


@pytest.mark.parametrize(("status", "percent"), [("Complete", 0), ("Not Started", 0.3), ("In Progress", 1)])
def test_l15_a_row_that_contradicts_itself_is_held(status: str, percent: float) -> None:
    lens = lens_of("smartsheet", "progress")
    agreed = Progress(Category.DOING, "In Progress", 63, TODAY)
    with pytest.raises(Unliftable):
        lens.lift(lens.get({"Status": status, "% Complete": percent}, ENV), agreed, ENV, edited=TODAY)


def test_l17_l18_a_duration_is_stored_only_where_a_date_is_missing() -> None:
    lens = lens_of("msproject", "schedule")
    both = {
        "Start": "2026-05-04T08:00:00",
        "Finish": "2026-05-08T17:00:00",
        "Duration": 2400,
        "DurationElapsed": False,
    }
    value = lens.get(both, ENV)
    assert isinstance(value, Schedule) and value.duration is None
    assert lens.get({**both, "Duration": 2250}, ENV) == value  # another calendar's arithmetic is no edit
    open_end = lens.get({**both, "Finish": None}, ENV)
    assert isinstance(open_end, Schedule)
    assert open_end == Schedule(Day(date(2026, 5, 4)), None, Duration(2400))
    jira = lens_of("jira", "schedule")
    assert jira.lift(Schedule(Day(date(2026, 5, 5))), open_end, ENV) == replace(
        open_end, start=Day(date(2026, 5, 5))
    )
    dated = jira.lift(Schedule(Day(date(2026, 5, 4)), Day(date(2026, 5, 9))), open_end, ENV)
    assert dated == Schedule(Day(date(2026, 5, 4)), Day(date(2026, 5, 9)))


def test_l19_two_edits_that_cross_do_not_merge() -> None:
    day = [Day(date(2026, 5, number)) for number in range(10)[1:]]
    base = Schedule(day[3], day[4])
    assert (
        merge_group(base, [(base, replace(base, start=day[4])), (base, replace(base, finish=day[3]))]) is None
    )


def test_l20_a_renamed_category_is_no_edit() -> None:
    renamed = replace(
        PLANNER, fields=[*PLANNER.fields[:-1], replace(PLANNER.fields[-1], options={"category1": "defect"})]
    )
    record = {"appliedCategories": ["category1"]}
    before, now = compiled("m365", PLANNER), compiled("m365", renamed)
    assert now.fingerprint != before.fingerprint  # so the run stops and asks
    lens = now.lens("labels")
    assert lens is not None
    assert lens.get(record, ENV) == frozenset(
        {"defect"}
    )  # seen and reading are both read through today's mapping
    assert lens.get({"appliedCategories": ["category9"]}, ENV) == frozenset(
        {"tool:category9"}
    )  # unnamed: Planner's own


def test_l21_a_blocks_link_replaces_another_type_on_the_same_pair() -> None:
    lens = lens_of("jira", "dependencies")
    agreed = frozenset({Dependency("i-1", LinkType.SS), Dependency("i-2", LinkType.FS, Duration(480))})
    assert lens.form(agreed, ENV) == frozenset({Dependency("i-2")})
    form = frozenset({Dependency("i-1"), Dependency("i-2")})
    lifted = lens.lift(form, agreed, ENV)
    assert lifted == frozenset({Dependency("i-1"), Dependency("i-2", LinkType.FS, Duration(480))})
    kept = lens.apply(agreed, frozenset({Dependency("i-2")}), frozenset(), ENV)
    assert kept == frozenset(
        {Dependency("i-1", LinkType.SS)}
    )  # what Jira does not hold, its edit does not remove


def test_l22_an_edit_of_a_cut_title_replaces_the_whole() -> None:
    lens = lens_of("jira", "title")
    agreed = "Install " + "very long " * 60
    form = lens.form(agreed, ENV)
    assert isinstance(form, str) and form.endswith("…") and len(form) <= 255
    assert lens.lift(form, agreed, ENV) == agreed
    assert lens.lift("Install racks", agreed, ENV) == "Install racks"


@pytest.mark.parametrize("system", SYSTEMS)
def test_l23_a_weekend_task_comes_back_unchanged(system: str) -> None:
    lens = lens_of(system, "schedule")
    agreed = Schedule(Day(date(2026, 5, 9)), Day(date(2026, 5, 10)))  # Saturday to Sunday
    record = after(lens, {}, agreed)
    assert lens.lift(lens.get(record, ENV), agreed, ENV) == agreed


def test_l24_a_due_day_before_the_agreed_start_is_held_and_the_start_stays() -> None:
    text = "system: x\nfields:\n  schedule:\n    finish: {field: duedate, as: day}\n"
    lens = compile_mapping(load("x.yaml", text)).lens("schedule")
    assert lens is not None
    agreed = Schedule(Day(date(2026, 5, 5)), Day(date(2026, 5, 8)))
    with pytest.raises(Unliftable):
        lens.lift(lens.get({"duedate": "2026-05-04"}, ENV), agreed, ENV)
    moved = lens.lift(lens.get({"duedate": "2026-05-05"}, ENV), agreed, ENV)
    assert moved == Schedule(Day(date(2026, 5, 5)), Day(date(2026, 5, 5)))


# ── the generator, and the checks themselves ──
