"""A project's section becomes the engine's words: policy, facts, brakes, and what a change of must be named."""

from __future__ import annotations

from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itpm_sync.errors import Misconfigured
from itpm_sync.model import FIELDS, STANDARD, Kind
from itpm_sync.policy import Creation, Deletion, FieldPolicy, Limits, Rule
from itpm_sync.registry import Catalogue
from itpm_sync.settings import ProjectSettings, basis, load
from itpm_sync.settings.words import span

HEAD = """\
connections:
  jira: {connector: jira, emulator: emulated}
  plans: {connector: msproject, folder: plans}
projects:
  net:
    title: Network refresh
    zone: America/New_York
"""
CONTAINERS = """\
    containers:
      - connection: jira
        container: NET
        takes: {kinds: [task, cost line], where: {site: [North, South]}}
        create: match-then-create
        under: {task: Story}
      - {connection: plans, container: net.xml, read_only: true}
"""


def project(tmp_path: Path, more: str = "", containers: str = CONTAINERS) -> ProjectSettings:
    file = tmp_path / "itpm-sync.yaml"
    file.write_text(HEAD + containers + more, encoding="utf-8")
    return load(file, Catalogue()).project("net")


def wrong(tmp_path: Path, more: str, containers: str = CONTAINERS) -> list[str]:
    with pytest.raises(Misconfigured) as caught:
        project(tmp_path, more, containers)
    return [f"{each.message} {each.mend}" for each in caught.value.problems]


def test_containers_say_what_they_take_and_what_is_created(tmp_path: Path) -> None:
    jira, plans = project(tmp_path).policy.containers
    assert jira.scope.kinds == {Kind.TASK, Kind.COST_LINE}
    assert jira.scope.where == {"site": frozenset({"North", "South"})}
    assert (jira.creation, jira.under) == (Creation.MATCH_THEN_CREATE, {Kind.TASK: "Story"})
    assert (plans.creation, plans.read_only) == (Creation.MATCH_ONLY, True)


def test_the_defaults_are_those_of_the_design(tmp_path: Path) -> None:
    made = project(tmp_path)
    assert made.policy.limits == Limits()
    assert made.policy.deletion is Deletion.MARK
    assert made.policy.fields == {}
    assert made.facts.calendar == STANDARD
    assert made.every is None


def test_limits_are_written_in_percent(tmp_path: Path) -> None:
    made = project(
        tmp_path, "    limits: {deletions: 3, deletions_percent: 5, changes_percent: 50, floor: 9}\n"
    )
    assert made.policy.limits == Limits(floor=9, deletions=3, deletions_share=0.05, changes_share=0.5)


def test_growth_notices_and_the_room_of_a_container_can_be_said(tmp_path: Path) -> None:
    roomy = CONTAINERS.replace("read_only: true", "room: {active records: 2400}")
    made = project(tmp_path, "    limits: {growth: 3, notices: 0}\n", roomy)
    assert (made.policy.limits.growth, made.policy.limits.notices) == (3, 0)
    assert [one.room for one in made.policy.containers] == [{}, {"active records": 2400}]
    assert wrong(tmp_path, "", CONTAINERS.replace("read_only: true", "room: {rows: 3}"))


def test_a_calendar_has_working_days_hours_and_holidays(tmp_path: Path) -> None:
    text = "    calendar: {working_days: [Mon, Sat], hours: ['07:30-11:30'], holidays: [2026-12-26]}\n"
    calendar = project(tmp_path, text).facts.calendar
    assert calendar.week[0] == calendar.week[5] == ((time(7, 30), time(11, 30)),)
    assert calendar.week[1] == calendar.week[6] == ()
    assert not calendar.works(date(2026, 12, 26))
    assert calendar.works(date(2026, 12, 19))


def test_only_what_the_configuration_says_itself_overrides_a_plan_file(tmp_path: Path) -> None:
    assert project(tmp_path, "    manager: ann@example.org\n").said == {"title", "zone", "manager"}


def test_pages_go_to_folders_beside_the_configuration(tmp_path: Path) -> None:
    [to] = project(tmp_path, "    publish: [{folder: site}]\n").publish
    assert to.folder == tmp_path / "site"


def test_limits_of_the_status_page(tmp_path: Path) -> None:
    limits = project(tmp_path, "    status: {red_slip: 7, read_age: 6 h, red_cost: 0.2}\n").limits
    assert (limits.red_slip, limits.read_age, limits.red_cost) == (7, timedelta(hours=6), 0.2)
    assert limits.amber_slip == 5


# ── fields ──


@pytest.mark.parametrize(
    ("text", "name", "policy"),
    [
        ("schedule: {owner: [plans, jira]}", "schedule", FieldPolicy(Rule.OWNER, ("plans", "jira"))),
        ("percent: {owner: plans, leave: true}", "progress", FieldPolicy(Rule.OWNER, ("plans",), leave=True)),
        ("finish: newest", "schedule", FieldPolicy(Rule.NEWEST)),
        ("labels: merge", "labels", FieldPolicy(Rule.MERGE)),
        ("custom.wbs: hold", "custom.wbs", FieldPolicy(Rule.HOLD)),
        ("{start: hold, finish: hold}", "schedule", FieldPolicy(Rule.HOLD)),
    ],
)
def test_a_part_speaks_for_its_group(tmp_path: Path, text: str, name: str, policy: FieldPolicy) -> None:
    text = text if text.startswith("{") else f"{{{text}}}"
    assert project(tmp_path, f"    fields: {text}\n").policy.of_field(name) == policy


def test_two_policies_in_one_group_are_refused(tmp_path: Path) -> None:
    [says] = wrong(tmp_path, "    fields: {percent: newest, actual_start: hold}\n")
    assert "belong to the group 'progress' and must have one rule" in says


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{titel: hold}", "Did you mean 'title'?"),
        ("{custom.: hold}", "there is no field"),
        ("{title: merge}", "cannot be merged"),
        ("{title: latest}", "this word is not known here"),
        ("{title: {owner: [jria]}}", "Did you mean 'jira'?"),
        ("{title: {owner: []}}", "at least one connection"),
        ("{title: {rule: hold}}", "write the word alone"),
        ("{title: {owner: [jira], leve: true}}", "Did you mean 'leave'?"),
    ],
)
def test_a_wrong_rule_of_a_field(tmp_path: Path, text: str, message: str) -> None:
    [says] = wrong(tmp_path, f"    fields: {text}\n")
    assert message in says


@pytest.mark.parametrize("name", sorted(name for name, spec in FIELDS.items() if spec.merges))
def test_texts_and_sets_may_be_merged(tmp_path: Path, name: str) -> None:
    assert project(tmp_path, f"    fields: {{{name}: merge}}\n").policy.of_field(name).rule is Rule.MERGE


# ── containers that do not fit ──


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("kinds: [task", "kinds: [taks", "Did you mean 'task'?"),
        ("{site: [", "{sit: [", "Did you mean 'site'?"),
        ("{site: [", "{schedule: [", "no field 'schedule' to ask for words"),
        ("match-then-create", "match-and-create", "Did you mean 'match-then-create'?"),
        ("read_only: true", "read_only: true, create: create", "nothing can be created"),
        ("under: {task:", "under: {tsk:", "task"),
    ],
)
def test_a_wrong_line_of_a_container(tmp_path: Path, before: str, after: str, message: str) -> None:
    [says] = wrong(tmp_path, "", CONTAINERS.replace(before, after))
    assert message in says


# ── what a change of must be named ──


def test_the_basis_says_scope_and_owners_in_plain_words(tmp_path: Path) -> None:
    made = project(tmp_path, "    fields: {schedule: {owner: [plans]}}\n    schedule_authorities: [plans]\n")
    assert made.basis == {
        "jira: NET": "takes cost line, task and site North or South; creates: match-then-create; task under Story; "
        "mapping jira.yaml",
        "plans: net.xml": "takes every kind; creates: match-only; read only; mapping msproject.yaml",
        "field schedule": "owner plans",
        "schedule authorities": "plans",
        "deletion": "mark",
    }


def test_a_difference_names_what_was_and_what_is(tmp_path: Path) -> None:
    before = project(tmp_path, "    fields: {schedule: {owner: [plans]}}\n").basis
    now = project(tmp_path, "    fields: {title: hold}\n", CONTAINERS.replace("North, ", "")).basis
    assert basis.difference(before, now) == [
        "field schedule is no longer there (it was: owner plans)",
        "field title is new (hold)",
        f"jira: NET was: {before['jira: NET']}; is now: {now['jira: NET']}",
    ]


@pytest.mark.parametrize("more", ["    manager: x\n", "    every: 5 min\n", "    status: {rows: 3}\n"])
def test_what_decides_nothing_is_not_in_the_basis(tmp_path: Path, more: str) -> None:
    assert project(tmp_path, more).basis == project(tmp_path).basis


# ── spans ──


@given(
    st.integers(1, 999_999),
    st.sampled_from([("min", 60), ("h", 3600), (" days", 86400), (" Weeks", 604_800)]),
)
def test_a_span_is_a_number_and_a_unit(number: int, unit: tuple[str, int]) -> None:
    assert span(f"{number}{unit[0]}") == timedelta(seconds=number * unit[1])


@given(st.one_of(st.text(max_size=8), st.integers(), st.none()))
def test_anything_else_is_refused_with_an_example(value: Any) -> None:
    said = ""
    try:
        found = span(value)
    except ValueError as error:
        found, said = timedelta(1), str(error)
    assert found > timedelta(0)
    assert "15 min" in said or not said


def test_pages_are_not_put_where_nothing_may_be_written(tmp_path: Path) -> None:
    head = HEAD.replace("projects:", "  office: {connector: m365, emulator: emulated, mode: read}\nprojects:")
    file = tmp_path / "itpm-sync.yaml"
    file.write_text(head + CONTAINERS + "    publish: [{connection: office}]\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match="mode: read"):
        load(file, Catalogue())
