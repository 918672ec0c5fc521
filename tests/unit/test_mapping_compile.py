"""Binding a mapping to what a container says of itself: by id, by name, never by a guess."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from itpm_sync.connector import ContainerInfo, NativeField
from itpm_sync.kit.blocks import of_text
from itpm_sync.lens import Lens, Overlap, Untranslatable
from itpm_sync.mapping.compile import Compiled, compile_mapping
from itpm_sync.mapping.generate import MadeUpEnv
from itpm_sync.mapping.load import load
from itpm_sync.model import Category, Day, Kind, Progress, Rag, Schedule

ENV = MadeUpEnv()


def compiled(fields: str, *natives: NativeField, by_hand: bool = False) -> Compiled:
    info = ContainerInfo("s1", "Rollout sheet", natives, "f", by_hand=by_hand)
    return compile_mapping(load("x.yaml", f"system: x\nfields:\n{fields}\n"), info)


def one(fields: str, *natives: NativeField) -> Lens:
    found = compiled(fields, *natives)
    assert not found.left_out, found.left_out
    assert len(found.lenses) == 1
    return found.lenses[0]


def test_fields_are_found_by_id_title_or_either_without_case_and_signs() -> None:
    title = "  title: {field: [Task Name, Title], as: line}"
    named = [("Task Name", "x"), ("17", "Task Name"), ("17", "task_name"), ("17", "TITLE")]
    for native in (NativeField(name, shown, "t") for name, shown in named):
        assert one(title, native).native == {native.name}


def test_a_missing_field_is_left_out_with_a_sentence_and_the_others_go_on() -> None:
    found = compiled(
        "  title: {field: Name, as: line}\n  deadline: {field: Deadline, as: day}\n"
        "  site: {field: Site, as: line, optional: true}",
        NativeField("1", "Name", "t"),
        NativeField("2", "Dead line (plan)", "t"),
    )
    assert [lens.name for lens in found.lenses] == ["title"]
    assert [out.field for out in found.left_out] == ["deadline"]
    assert (
        "Rollout sheet has no field 'Deadline'. Did you mean 'Dead line (plan)'?" in found.left_out[0].reason
    )


def test_two_fields_of_one_name_are_never_guessed() -> None:
    found = compiled(
        "  deadline: {field: Due, as: day}", NativeField("11", "Due", "d"), NativeField("12", "Due", "d")
    )
    assert "2 fields called 'Due'" in found.left_out[0].reason and "11, 12" in found.left_out[0].reason


def test_options_are_bound_by_name_and_values_are_ids() -> None:
    options = {"7": "Red", "8": "amber", "9": "Green", "5": "Gray"}
    values = "{Green: green, Yellow: amber, Amber: amber, Red: red, Gray: grey}"
    text = f"  rag: {{field: Health, as: choice, values: {values}}}"
    lens = one(text, NativeField("h", "Health", "pick", options=options))
    assert lens.get({"h": "8"}, ENV) is Rag.AMBER
    assert lens.put(Rag.AMBER, {}, ENV) == {"h": "8"}  # Yellow comes first, but is no option here
    assert lens.put(Rag.AMBER, {"h": "8"}, ENV) == {}
    lost = compiled(text, NativeField("h", "Health", "pick", options={"7": "Red"}))
    assert "no option that means 'green'" in lost.left_out[0].reason


def test_a_kind_that_is_not_listed_is_the_other() -> None:
    lens = one(
        "  kind: {field: Type, as: choice, other: task, values: {Task: task, Risk: risk}}",
        NativeField("t", "Type", "type", options={"1": "Task", "2": "Story"}),
    )
    assert lens.get({"t": "2"}, ENV) is Kind.TASK
    assert lens.form(Kind.RISK, ENV) is Kind.TASK  # there is no Risk in this container
    assert lens.lift(Kind.TASK, Kind.RISK, ENV) is Kind.RISK


def test_statuses_that_are_not_listed_take_the_tools_own_category() -> None:
    text = (
        "  progress:\n    status:\n      field: status\n      others: by category\n"
        "      values: {To Do: todo, Doing: doing, Done: done}"
    )
    natives = (
        NativeField(
            "status", "Status", "status", options={"1": "To Do", "2": "Doing", "3": "Done", "4": "Triage"}
        ),
        NativeField(
            "statusCategory",
            "Status category",
            "c",
            options={"1": "todo", "2": "doing", "3": "done", "4": "todo"},
        ),
    )
    lens = one(text, *natives)
    assert lens.get({"status": "4"}, ENV) == Progress(Category.TODO, "Triage")
    assert lens.put(Progress(Category.TODO, "Triage", 0), {}, ENV) == {"status": "4"}
    assert lens.put(Progress(Category.TODO, "Later", 0), {}, ENV) == {"status": "1"}
    with pytest.raises(Untranslatable, match="'9'"):
        lens.get({"status": "9"}, ENV)
    renamed = (replace(natives[0], options={**natives[0].options, "4": "Intake"}), natives[1])
    assert compiled(text, *natives).fingerprint != compiled(text, *renamed).fingerprint


def test_what_may_be_written() -> None:
    deadline = "  deadline: {field: Due, as: day}"
    assert one(deadline, NativeField("d", "Due", "d")).writable
    assert not one(deadline, NativeField("d", "Due", "d", writable=False)).writable
    assert not one("  deadline: {field: Due, as: day, write: false}", NativeField("d", "Due", "d")).writable
    offered = compiled(deadline, NativeField("d", "Due", "d", writable=False), by_hand=True)
    assert offered.lenses[0].writable  # it is offered, not written: the mapping decides
    group = "  schedule:\n    start: {field: S, as: day}\n    finish: {field: F, as: day}"
    assert not one(group, NativeField("S", "S", "d"), NativeField("F", "F", "d", writable=False)).writable


def test_custom_fields_come_last_and_in_their_own_name() -> None:
    text = (
        "system: x\nfields:\n  title: {field: T, as: line}\ncustom:\n  cost_centre: {field: CC, as: line}\n"
    )
    found = compile_mapping(load("x.yaml", text))
    assert [lens.name for lens in found.lenses] == ["title", "custom.cost_centre"]
    assert found.lenses[1].get({"CC": "4711"}, ENV) == "4711"


def lens(fields: str) -> Lens:
    return compile_mapping(load("x.yaml", f"system: x\nfields:\n{fields}\n")).lenses[0]


@pytest.mark.parametrize(
    ("fields", "raw", "value"),
    [
        ("  work: {field: w, as: amount, unit: hours, decimals: 2}", 7.25, 435),
        ("  work: {field: w, as: amount, unit: seconds}", 90, 2),
        ("  work: {field: w, as: amount, unit: days, hours_per_day: 7.5, decimals: 2}", 2, 900),
        ("  work: {field: w, as: amount, unit: minutes}", 480, 480),
    ],
)
def test_efforts_in_the_tools_unit(fields: str, raw: Any, value: int) -> None:
    read = lens(fields).get({"w": raw}, ENV)
    assert getattr(read, "minutes", None) == value
    assert lens(fields).put(read, {"w": raw}, ENV) == {}


def test_defaults_of_a_tool_are_empty_at_a_first_tie() -> None:
    priority = lens("  priority: {field: p, as: integer, least: 0, most: 1000, empty: 500}")
    raws: list[Any] = [None, "", "(untitled)", "Rack", []]
    assert [priority.default({"p": raw}) for raw in (500, None, 700)] == [True, True, False]
    title = lens("  title: {field: t, as: line, never_empty: true}")
    assert [title.default({"t": raw}) for raw in raws] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert title.put(None, {}, ENV) == {"t": "(untitled)"}


def test_words_for_yes_and_no() -> None:
    flag = lens("  gate_mandatory: {field: g, as: flag, yes: Ja, no: Nein}")
    assert [flag.get({"g": raw}, ENV) for raw in ("ja", "NEIN", None, True)] == [True, False, None, True]
    assert flag.put(True, {}, ENV) == {"g": "Ja"}
    with pytest.raises(Untranslatable, match="neither yes nor no"):
        flag.get({"g": "vielleicht"}, ENV)


def test_a_percentage_alone_takes_no_start_back() -> None:
    percent = lens("  progress:\n    percent: {field: p, as: percent, full: 1}")
    began = Progress(Category.DOING, "In Progress", 30, actual_start=_day(4))
    assert percent.lift(percent.get({"p": 0}, ENV), began, ENV, edited=_day(9)) == replace(began, percent=0)
    done = Progress(Category.DONE, "Done", 100, _day(4), _day(9))
    assert percent.lift(percent.get({"p": 0.4}, ENV), done, ENV) == Progress(
        Category.DOING, None, 40, _day(4)
    )
    assert percent.lift(percent.get({"p": 1}, ENV), began, ENV, edited=_day(9)) == replace(done, label=None)
    assert percent.lift(percent.get({"p": 0}, ENV), None, ENV) == Progress(Category.TODO, None, 0)


def _day(number: int) -> Day:
    return Day(date(2026, 5, number))


def test_text_merges_by_block_and_holds_where_edits_meet() -> None:
    prose = lens("  description: {field: d, as: markdown}")
    base, mine, theirs = of_text("a\n\nb\n\nc"), of_text("A\n\nb\n\nc"), of_text("a\n\nb\n\nC")
    assert prose.apply(theirs, base, mine, ENV) == of_text("A\n\nb\n\nC")
    with pytest.raises(Overlap):
        prose.apply(of_text("x\n\nb\n\nc"), base, mine, ENV)


def test_sets_merge_by_element() -> None:
    labels = lens("  labels: {field: l, as: labels}")
    agreed, before, now = frozenset("abc"), frozenset("ab"), frozenset("a")
    assert labels.apply(agreed, before, now, ENV) == frozenset(
        "ac"
    )  # C12: its own removal of b holds, c stays
    planner = compiled(
        "  labels: {field: l, as: labels, only: options}",
        NativeField("l", "l", "o", options={"1": "a", "2": "b"}),
    ).lenses[0]
    held = planner.form(frozenset("ac"), ENV)
    assert held == frozenset("a")
    assert planner.apply(frozenset("ac"), held, frozenset("ab"), ENV) == frozenset(
        "abc"
    )  # C13: c is not removed


def test_options_of_lists_are_read_by_their_names() -> None:
    options = {"10": "North", "11": "Süd", "12": "3"}
    site = one("  site: {field: Site, as: line}", NativeField("s", "Site", "option", options=options))
    assert site.get({"s": "11"}, ENV) == "Süd"
    assert site.put("north", {}, ENV) == {"s": "10"}
    assert site.form("north", ENV) == "North"
    assert site.put("West", {}, ENV) == {
        "s": "West"
    }  # no such option: the tool refuses it, and says what it has
    impact = one(
        "  impact: {field: Impact, as: integer}", NativeField("i", "Impact", "option", options=options)
    )
    assert impact.get({"i": "12"}, ENV) == 3
    assert impact.put(3, {}, ENV) == {"i": "12"}
    labels = one("  labels: {field: L, as: labels}", NativeField("l", "L", "options", options=options))
    assert labels.get({"l": ["10", "new"]}, ENV) == frozenset({"North", "new"})
    assert labels.put(frozenset({"North", "new"}), {}, ENV) == {"l": ["10", "new"]}


@pytest.mark.parametrize(
    "raw", ["0001-01-01", "20226-05-04", "0026-05-04T08:00:00", "9999-12-31", "2026-02-30", 5]
)
@pytest.mark.parametrize("shape", ["day", "civil", "instant"])
def test_a_date_out_of_all_reason_is_told_not_reckoned_with(raw: object, shape: str) -> None:
    native = f"{raw}T10:00:00Z" if shape == "instant" else raw
    with pytest.raises(Untranslatable, match="no date"):
        lens(f"  deadline: {{field: d, as: {shape}}}").get({"d": native}, ENV)


def test_a_day_may_be_told_with_the_edge_of_its_day() -> None:
    schedule = lens("  schedule:\n    start: {field: S, as: day}\n    finish: {field: F, as: day}")
    read = schedule.get({"S": "2026-05-04T08:00:00", "F": "2026-05-10T00:00:00"}, ENV)
    assert read == Schedule(_day(4), _day(9))
    assert schedule.put(read, {"S": "2026-05-04T08:00:00", "F": "2026-05-10T00:00:00"}, ENV) == {}
