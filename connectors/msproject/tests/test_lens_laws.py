"""The shipped mapping's lenses on this connector: the laws, with generated values, and through a real plan file.

The laws themselves are pure; what is shown here is that the *file* keeps them: what was put, and written, and read
again by a fresh reader, reads as n(v). Values that Project computes or refuses are outside the laws.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itpm_sync.connector import Change, Operation, Record, Status
from itpm_sync.errors import Refused
from itpm_sync.lens import Lens
from itpm_sync.model import (
    Assignees,
    Block,
    BlockKind,
    Category,
    Day,
    Dependency,
    Duration,
    Link,
    LinkType,
    Progress,
    Schedule,
    Value,
)
from itpm_sync.testing.mapped import Compiled, compiled
from itpm_sync_msproject.describing import info_of
from itpm_sync_msproject.emulated.building import build
from itpm_sync_msproject.mspdi import Mspdi
from itpm_sync_msproject.mspdi_rows import rows_of
from itpm_sync_msproject.records import Records
from itpm_sync_msproject.settings import MsProjectSettings
from itpm_sync_msproject.writing import PlanWriter

PLAN: dict[str, Any] = {
    "title": "Laws",
    "start": "2026-03-02T08:00:00",
    "aliases": {"Text5": "Site", "Text6": "Labels", "Text7": "Status", "Text8": "Gate", "Text9": "Vendor"},
    "resources": [{"name": "Ann", "mail": "ann@example.org"}, {"name": "Ohne Mail"}],
    "tasks": [
        {"name": "P", "Start": "2026-03-02", "Finish": "2026-03-03"},
        {"name": "Q", "Start": "2026-03-02", "Finish": "2026-03-03"},
        {
            "name": "R",
            "Start": "2026-03-02",
            "Finish": "2026-03-03",
            "people": ["ann@example.org"],
            "Work": 960,
        },
        {"name": "M", "Start": "2026-03-02", "Finish": "2026-03-03", "manual": True},
        {"name": "S", "milestone": True, "Start": "2026-03-04", "Finish": "2026-03-04"},
    ],
}
DATA = build("laws.xml", PLAN)
OPTIONS = MsProjectSettings(folder=".")  # type: ignore[arg-type]
RECORDS = list(Records(rows_of(Mspdi("laws.xml", DATA)), "laws.xml"))
P, Q, R, M, S = RECORDS
COMPILED: Compiled = compiled("msproject", info_of(rows_of(Mspdi("laws.xml", DATA)), "laws.xml"))


class Around:
    """The container: items p and q are its first two tasks; it knows Ann and Bob."""

    zone = ZoneInfo("Europe/Berlin")
    tool = "plan"
    natives: ClassVar = {"p": P.native_id, "q": Q.native_id}
    known: ClassVar = frozenset({"ann@example.org", "bob@example.org"})

    def item_of(self, native_id: str) -> str | None:
        return {native: item for item, native in self.natives.items()}.get(native_id)

    def native_of(self, item_id: str) -> str | None:
        return self.natives.get(item_id)

    def parent_here(self, item_id: str | None) -> str | None:
        return item_id if item_id in self.natives else None

    def person_of(self, account: str, mail: str | None) -> str:
        return mail or f"{self.tool}:{account}"

    def account_of(self, person: str) -> str | None:
        own, _, account = person.partition(":")
        return account if account and own == self.tool else person if person in self.known else None


ENV = Around()

# ── values ──

dates = st.dates(date(2026, 1, 1), date(2027, 12, 31))
clocks = st.none() | st.times().map(lambda at: time(at.hour, at.minute))
days = st.builds(Day, dates, clocks)
# XML holds every text but these two; they become U+FFFD.
lines = st.text(st.characters(exclude_characters="\ufffe\uffff"), min_size=1, max_size=40)


@st.composite
def schedules(draw: st.DrawFn) -> Value:
    start, length = draw(dates), draw(st.integers(0, 60))
    times = (
        (draw(clocks), draw(clocks)) if length else (None, None)
    )  # within one day the earlier time comes first
    one, other = Day(start, times[0]), Day(start + timedelta(days=length), times[1])
    kind = draw(st.integers(0, 3))
    minutes = Duration(draw(st.integers(0, 9600)), draw(st.booleans()))
    return (Schedule(one, other), Schedule(one, None, minutes), Schedule(None, other), None)[kind]


@st.composite
def progresses(draw: st.DrawFn) -> Value:
    begun = draw(days)
    ended = Day(begun.date + timedelta(days=draw(st.integers(1, 50))), draw(clocks))
    label = draw(st.none() | st.sampled_from(["In Review", "Blockiert", "等待"]))
    return draw(
        st.sampled_from(
            [
                Progress(Category.TODO, label, 0),
                Progress(Category.DOING, label, draw(st.integers(0, 99)), begun),
                Progress(Category.DONE, label, 100, begun, ended),
                Progress(Category.DROPPED, label, draw(st.integers(0, 100)), begun),
            ]
        )
    )


def lags(draw: st.DrawFn) -> Duration | None:
    minutes = draw(st.integers(-4800, 4800))
    return Duration(minutes, draw(st.booleans())) if minutes else None


@st.composite
def dependencies(draw: st.DrawFn) -> Value:
    found = {
        name: Dependency(name, draw(st.sampled_from(LinkType)), lags(draw))
        for name in draw(st.sets(st.sampled_from(["p", "q", "elsewhere"])))
    }
    return frozenset(found.values()) or None


paragraphs = st.lists(lines, max_size=3).map(
    lambda texts: tuple(Block(BlockKind.PARAGRAPH, one) for one in texts)
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "title": st.none() | lines,
    "description": paragraphs,
    "progress": progresses(),
    "schedule": schedules(),
    "deadline": st.none() | days,
    "work": st.none() | st.integers(0, 50_000).map(Duration),
    "priority": st.none() | st.integers(0, 1000),
    "assignees": st.none()
    | st.sets(
        st.sampled_from(["ann@example.org", "bob@example.org", "plan:Ohne Mail", "jira:77"]), min_size=1
    ).map(lambda people: Assignees(frozenset(people))),
    "parent": st.sampled_from([None, "p", "q", "elsewhere"]),
    "dependencies": dependencies(),
    "labels": st.none() | st.sets(lines, min_size=1, max_size=4).map(frozenset),
    "links": st.none()
    | st.builds(Link, st.sampled_from(["https://a.test/x", "https://a.test/x#y"]), lines).map(
        lambda one: frozenset({one})
    ),
    "site": st.none() | lines,
    "gate": st.none() | lines,
    "vendor": st.none() | lines,
}
WRITTEN = [lens for lens in COMPILED.lenses if lens.writable]


def lens(name: str) -> Lens:
    found = COMPILED.lens(name)
    assert found is not None
    return found


def written(record: Record, native: dict[str, Any]) -> Record:
    """The record after a write, as a fresh reader of the new file tells it."""
    writer = PlanWriter("laws.xml", DATA, OPTIONS)
    data = writer.carry_out([Change("i", Operation.UPDATE, record.native_id, "", native, record)])
    (outcome,) = writer.outcomes()
    assert outcome.status is Status.APPLIED, outcome.refused
    return next(
        one
        for one in Records(rows_of(Mspdi("laws.xml", data)), "laws.xml")
        if one.native_id == record.native_id
    )


def test_every_field_of_the_mapping_is_bound_and_has_values_here() -> None:
    assert COMPILED.left_out == ()
    assert {one.name for one in WRITTEN} == set(VALUES)
    assert {one.name for one in COMPILED.lenses} - set(VALUES) == {
        "kind", "baseline_start", "baseline_finish", "manual", "cost_budget", "cost_actual", "cost_forecast",
    }  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
@settings(max_examples=25)
@given(data=st.data())
def test_what_is_put_is_what_the_file_reads(name: str, data: st.DataObject) -> None:
    field, value = lens(name), data.draw(VALUES[name])
    try:
        form = field.form(value, ENV)
    except Refused:
        return  # a set that does not fit is not written at all
    assert field.form(form, ENV) == form
    record = data.draw(st.sampled_from([R, M] if name != "parent" else [R]))
    try:
        native = field.put(value, record.values, ENV)
    except Refused:
        return
    after = written(record, native)
    assert field.get(after.values, ENV) == form
    assert field.put(value, after.values, ENV) == {}
    if name not in {"schedule", "progress", "dependencies"}:  # the other lenses see nothing of it
        touched = {
            other.name for other in WRITTEN if other.get(after.values, ENV) != other.get(record.values, ENV)
        }
        assert touched <= {name}


@pytest.mark.parametrize("name", ["schedule", "progress"])
@settings(max_examples=25)
@given(data=st.data())
def test_a_group_leaves_every_other_field_as_it_was(name: str, data: st.DataObject) -> None:
    """Dates keep the work, progress keeps the dates: resources' units give way, which no field shows."""
    field, value = lens(name), data.draw(VALUES[name])
    record = data.draw(st.sampled_from([R, M]))
    after = written(record, field.put(value, record.values, ENV))
    others = [one for one in WRITTEN if one.name != name]
    assert [one.get(after.values, ENV) for one in others] == [one.get(record.values, ENV) for one in others]


@settings(max_examples=25)
@given(day=dates)
def test_a_milestone_moves_by_days(day: date) -> None:
    value = Schedule(Day(day), Day(day))
    after = written(S, lens("schedule").put(value, S.values, ENV))
    assert lens("schedule").get(after.values, ENV) == value
    assert after.values["Kind"] == "milestone"
    assert after.values["Duration"] == 0


@pytest.mark.parametrize("name", VALUES)
def test_putting_what_is_read_changes_nothing(name: str) -> None:
    for record in RECORDS:
        assert lens(name).put(lens(name).get(record.values, ENV), record.values, ENV) == {}


def test_l8_a_finish_is_written_as_the_duration_that_reaches_it() -> None:
    """L8: the duration depends on the start; as a group it is known."""
    field = lens("schedule")
    for start, minutes in ((date(2026, 5, 4), 2400), (date(2026, 5, 6), 1440)):
        value = Schedule(Day(start), Day(date(2026, 5, 8)))
        after = written(R, field.put(value, R.values, ENV))
        assert (field.get(after.values, ENV), after.values["Duration"]) == (value, minutes)


def test_l9_a_start_beside_a_new_predecessor_is_projects_to_compute() -> None:
    """L9: once the link is there, the dates are computed and no longer written."""
    linked = written(R, lens("dependencies").put(frozenset({Dependency("p")}), R.values, ENV))
    assert lens("schedule").computed(linked.computed)
    assert not lens("schedule").computed(R.computed)


def test_l10_done_without_an_actual_finish_is_not_filled_in() -> None:
    field = lens("progress")
    value = Progress(Category.DONE, None, 100, Day(date(2026, 3, 2)), None)
    after = written(R, field.put(value, R.values, ENV))
    assert field.get(after.values, ENV) == field.form(value, ENV)
    assert after.values["ActualFinish"] is None


def test_l17_equal_minutes_are_not_carried_between_calendars() -> None:
    """L17: in a plan of 7.5 h days the same dates are other minutes; the dates are what is kept."""
    short = build("short.xml", {**PLAN, "hours": (("08:00", "12:00"), ("13:00", "16:30"))})
    record = next(
        one for one in Records(rows_of(Mspdi("short.xml", short)), "short.xml") if one.values["Name"] == "Q"
    )
    value = Schedule(Day(date(2026, 5, 4)), Day(date(2026, 5, 8)))
    writer = PlanWriter("short.xml", short, OPTIONS)
    writer.carry_out(
        [Change("i", Operation.UPDATE, record.native_id, "", lens("schedule").put(value, record.values, ENV))]
    )
    (outcome,) = writer.outcomes()
    assert outcome.record is not None
    assert lens("schedule").get(outcome.record.values, ENV) == value
    assert outcome.record.values["Duration"] == 5 * 450


def test_l23_a_weekend_task_comes_back_unchanged() -> None:
    value = Schedule(Day(date(2026, 5, 9)), Day(date(2026, 5, 10)))
    after = written(R, lens("schedule").put(value, R.values, ENV))
    assert lens("schedule").get(after.values, ENV) == value


def test_63_percent_is_63_percent() -> None:
    value = Progress(Category.DOING, None, 63, Day(date(2026, 3, 2)))
    after = written(R, lens("progress").put(value, R.values, ENV))
    assert lens("progress").get(after.values, ENV) == value
