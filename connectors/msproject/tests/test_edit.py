"""Edits of an MSPDI plan: what is written, what goes with it, and what Project would not let stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from itpm_sync_msproject import mspdi_custom, mspdi_outline
from itpm_sync_msproject.element_order import ASSIGNMENT, TASK
from itpm_sync_msproject.keys import key_field_of
from itpm_sync_msproject.mspdi_edit import Edit
from itpm_sync_msproject.mspdi_plan import MspdiPlan
from itpm_sync_msproject.mspdi_rows import rows_of
from itpm_sync_msproject.records import Records
from itpm_sync_msproject.rows import FileKind, LinkRow, PlanRows, TaskRow
from itpm_sync_msproject.worker import PlanWorker

SUMMARY, CABLING, SWITCHES, ACCEPTANCE, MANUAL, FREE = range(1, 7)

Apply = Callable[[int, Mapping[str, Any]], TaskRow]


@pytest.fixture
def plan(rollout: bytes) -> MspdiPlan:
    return MspdiPlan("rollout.xml", rollout)


@pytest.fixture
def apply(plan: MspdiPlan, worker: PlanWorker) -> Apply:
    """Edit, and read the new file again: by lxml and by MPXJ, which must agree."""

    def done(uid: int, values: Mapping[str, Any]) -> TaskRow:
        assert Edit(plan, uid, values).carry_out() == {}
        return reread(plan, worker).tasks[[one.uid for one in plan.rows.tasks].index(uid)]

    return done


def reread(plan: MspdiPlan, worker: PlanWorker) -> PlanRows:
    data = plan.to_bytes()
    rows = MspdiPlan("again", data).rows
    java = worker.read("again", data, FileKind.MSPDI)
    assert [comparable(one) for one in java.tasks] == [comparable(one) for one in rows.tasks]
    plan.refresh()
    assert plan.rows == rows
    for group, order in (("Tasks", TASK), ("Assignments", ASSIGNMENT)):
        for element in plan.doc.listed(group, group[:-1]):
            places = [order.index(tag) for tag, _ in plan.doc.fields(element)]
            assert places == sorted(places)
    return rows


def comparable(task: TaskRow) -> Any:
    """Two readers agree on everything that this connector writes; slack and costs they fill in on their own."""
    return (
        task.uid, task.id, task.guid, task.name, task.parent, task.summary, task.milestone, task.active, task.manual,
        task.start, task.finish, task.duration, task.percent, task.actual_start, task.actual_finish,
        task.actual_duration or 0, task.work or 0, task.deadline, task.priority, task.notes, task.constraint,
        task.constraint_date, task.links, task.custom, task.hyperlink,
        [(one.name, one.mail, one.work or 0) for one in task.assignments],
    )  # fmt: skip


def test_names_in_german_and_chinese_survive_both_readers(plan: MspdiPlan, worker: PlanWorker) -> None:
    rows = reread(plan, worker)
    assert [one.name for one in rows.tasks][:4] == [
        "Standort Köln",
        "Verkabelung prüfen",
        "安装交换机",
        "Abnahme",
    ]
    assert rows.project.title == "Netzerneuerung Süd – 网络更新"
    assert rows.tasks[1].notes == "Zeile 1\nZeile 2 <&> „quoted“"
    assert {one.name for one in rows.resources} == {"Ann Meier", "李雷", "Ohne Mail"}


def test_percent_is_written_with_durations_and_work(apply: Apply) -> None:
    task = apply(CABLING, {"PercentComplete": 63, "ActualStart": "2026-03-02"})
    assert (task.percent, task.actual_duration, task.remaining_duration) == (63, 1512, 888)
    assert (task.actual_work, task.remaining_work) == (1512, 888)
    assert [(one.actual_work, one.remaining_work) for one in task.assignments] == [(1512, 888)]
    assert str(task.actual_start) == "2026-03-02 08:00:00"
    assert task.actual_finish is None


def test_done_and_back_again(apply: Apply) -> None:
    done = apply(CABLING, {"PercentComplete": 100, "ActualStart": "2026-03-02", "ActualFinish": "2026-03-06"})
    assert (done.remaining_duration, done.remaining_work) == (0, 0)
    assert str(done.actual_finish) == "2026-03-06 17:00:00"
    undone = apply(CABLING, {"PercentComplete": 0, "ActualStart": None, "ActualFinish": None})
    assert (undone.percent, undone.actual_start, undone.actual_finish) == (0, None, None)
    assert (undone.actual_duration, undone.remaining_duration, undone.actual_work) == (0, 2400, 0)


def test_nothing_is_filled_in_from_the_plan(apply: Apply) -> None:
    """L10: what is read must not depend on what stood there."""
    assert apply(CABLING, {"PercentComplete": 100}).actual_finish is None


def test_the_start_of_an_automatic_task_is_held_by_a_constraint(apply: Apply) -> None:
    task = apply(FREE, {"Start": "2026-03-11", "Finish": "2026-03-13"})
    assert (task.constraint, str(task.constraint_date)) == ("SNET", "2026-03-11 08:00:00")
    assert task.duration is not None
    assert (task.duration.minutes, task.duration.elapsed) == (1440, False)


def test_a_finish_alone_becomes_a_duration_and_keeps_the_work(apply: Apply) -> None:
    before = apply(CABLING, {})
    task = apply(CABLING, {"Finish": "2026-03-13"})
    assert task.duration is not None
    assert task.duration.minutes == 4800
    assert task.work == before.work == 2400
    assert [one.units for one in task.assignments] == [50.0]
    assert task.constraint_date == before.constraint_date


def test_a_weekend_is_held_as_elapsed_time(apply: Apply) -> None:
    """L23: a task of Saturday and Sunday has no working minute."""
    task = apply(FREE, {"Start": "2026-03-14", "Finish": "2026-03-15"})
    assert (str(task.start), str(task.finish)) == ("2026-03-14 08:00:00", "2026-03-15 17:00:00")
    assert task.duration is not None
    assert task.duration.elapsed
    back = apply(FREE, {"Start": "2026-03-16", "Finish": "2026-03-17"})
    assert (str(back.start), str(back.finish)) == ("2026-03-16 08:00:00", "2026-03-17 17:00:00")


def test_a_manual_task_gets_manual_dates(plan: MspdiPlan, apply: Apply) -> None:
    task = apply(MANUAL, {"Start": "2026-03-18T13:00:00", "Finish": "2026-03-18"})
    assert task.constraint == "ASAP"
    element = plan.elements[MANUAL]
    assert plan.doc.text(element, "ManualStart") == "2026-03-18T13:00:00"
    assert plan.doc.text(element, "ManualFinish") == "2026-03-18T17:00:00"
    assert plan.doc.text(element, "ManualDuration") == "PT4H0M0S"


@pytest.mark.parametrize(
    ("uid", "values", "reason"),
    [
        (SWITCHES, {"Start": "2026-04-01"}, "predecessors"),
        (ACCEPTANCE, {"Finish": "2026-04-01"}, "predecessors"),
        (SUMMARY, {"PercentComplete": 50, "ActualStart": "2026-03-02"}, "rolled up"),
        (SUMMARY, {"Finish": "2026-04-01"}, "rolled up"),
        (SUMMARY, {"Work": 60}, "rolled up"),
        (FREE, {"PercentComplete": 101}, "no percentage"),
        (FREE, {"Priority": 1001}, "0 to 1000"),
        (FREE, {"Name": "  "}, "needs a name"),
        (FREE, {"Start": "soon"}, "soon"),
        (FREE, {"BaselineStart": "2026-03-01"}, "not written"),
        (FREE, {"Kind": "summary"}, "subtasks"),
        (FREE, {"Hyperlinks": [{"url": "https://a.test"}, {"url": "https://b.test"}]}, "one hyperlink"),
        (FREE, {"Predecessors": [LinkRow(FREE)]}, "own predecessor"),
        (CABLING, {"Predecessors": [LinkRow(SWITCHES)]}, "circle"),
        (CABLING, {"Predecessors": [LinkRow(SUMMARY)]}, "summary task and a task under it"),
        (FREE, {"Predecessors": [LinkRow(99)]}, "not in this plan"),
        (SUMMARY, {"Parent": CABLING}, "under itself"),
    ],
)
def test_what_project_would_undo_is_refused_and_nothing_is_changed(
    plan: MspdiPlan, rollout: bytes, uid: int, values: Mapping[str, Any], reason: str
) -> None:
    refused = Edit(plan, uid, values).carry_out()
    assert set(refused) == set(values)
    assert any(reason in one for one in refused.values())
    assert plan.to_bytes() == rollout


def test_a_started_task_keeps_its_start(plan: MspdiPlan) -> None:
    Edit(plan, FREE, {"PercentComplete": 10, "ActualStart": "2026-03-04"}).carry_out()
    plan.refresh()
    assert (
        "has started"
        in Edit(plan, FREE, {"Start": "2026-03-10", "Finish": "2026-03-11"}).carry_out()["Finish"]
    )
    assert Edit(plan, FREE, {"Finish": "2026-03-10"}).carry_out() == {}


def test_one_refused_value_leaves_the_others_alone(plan: MspdiPlan) -> None:
    refused = Edit(
        plan, SWITCHES, {"Finish": "2026-04-01", "Name": "Neu", "Deadline": "2026-04-02"}
    ).carry_out()
    assert set(refused) == {"Finish"}
    plan.refresh()
    assert (plan.tasks[SWITCHES].name, str(plan.tasks[SWITCHES].deadline)) == ("Neu", "2026-04-02 17:00:00")


def test_a_milestone_stays_an_instant(apply: Apply, plan: MspdiPlan) -> None:
    Edit(plan, ACCEPTANCE, {"Predecessors": []}).carry_out()
    plan.refresh()
    at = plan.tasks[ACCEPTANCE].start
    task = apply(ACCEPTANCE, {"Start": "2026-03-20", "Finish": "2026-03-20"})
    assert at is not None
    assert task.start == task.finish
    assert task.start is not None
    assert (str(task.start.date()), task.start.time()) == ("2026-03-20", at.time())
    assert task.duration is not None
    assert task.duration.minutes == 0
    record = Records(plan.rows, "rollout.xml").by_uid(ACCEPTANCE)
    assert (record.values["Start"], record.values["Finish"]) == ("2026-03-20T08:00:00", "2026-03-20T17:00:00")


def test_links_are_added_changed_and_removed(apply: Apply) -> None:
    links = [
        LinkRow(CABLING, "SS", 480),
        LinkRow(SWITCHES, "FF", -60),
        LinkRow(MANUAL, "SF", 1440, elapsed=True),
    ]
    assert apply(FREE, {"Predecessors": links}).links == tuple(links)
    assert apply(FREE, {"Predecessors": [LinkRow(SWITCHES, percent=50.0)]}).links == (
        LinkRow(SWITCHES, percent=50.0),
    )
    assert apply(FREE, {"Predecessors": []}).links == ()


def test_an_unchanged_link_is_not_touched(plan: MspdiPlan, rollout: bytes) -> None:
    Edit(plan, ACCEPTANCE, {"Predecessors": list(plan.tasks[ACCEPTANCE].links)}).carry_out()
    assert plan.to_bytes() == rollout


def test_people_come_and_go_and_the_work_stays(apply: Apply, plan: MspdiPlan) -> None:
    total = plan.tasks[SWITCHES].work

    def people(*accounts: str) -> dict[str, float | None]:
        task = apply(SWITCHES, {"Assignments": list(accounts)})
        assert task.work == total
        assert sum(one.work or 0 for one in task.assignments) == pytest.approx(total, abs=1)
        return {one.mail or one.name: one.work for one in task.assignments}

    assert set(people("lei@example.org", "Ohne Mail", "ann@example.org")) == {
        "lei@example.org", "Ohne Mail", "ann@example.org",
    }  # fmt: skip
    assert set(people("ann@example.org")) == {"ann@example.org"}
    assert set(people("new@example.org")) == {"new@example.org"}
    assert [one.mail for one in plan.rows.resources][-1] == "new@example.org"
    apply(SWITCHES, {"Assignments": []})
    assert plan.tasks[SWITCHES].assignments == ()


def test_a_stranger_is_refused_where_people_may_not_be_added(plan: MspdiPlan, rollout: bytes) -> None:
    edit = Edit(plan, FREE, {"Assignments": ["new@example.org"]}, may_add_people=False)
    assert "no resource of this plan" in edit.carry_out()["Assignments"]
    assert "no resource" in Edit(plan, FREE, {"Assignments": ["Somebody"]}).carry_out()["Assignments"]
    assert plan.to_bytes() == rollout


def test_work_is_shared_as_before(apply: Apply) -> None:
    task = apply(SWITCHES, {"Work": 2400})
    assert (task.work, [one.work for one in task.assignments]) == (2400, [1200, 1200])


def test_custom_fields_are_declared_and_written(apply: Apply) -> None:
    values = {
        "Text5": "Ulm <1>",
        "Number2": 12.5,
        "Flag3": True,
        "Date1": "2026-05-01",
        "Cost2": 99.9,
        "Duration1": 90,
    }
    found = {one.name: one.value for one in apply(FREE, values).custom}
    assert (found["Text5"], found["Number2"], found["Flag3"], found["Cost2"]) == ("Ulm <1>", 12.5, True, 99.9)
    assert str(found["Date1"]) == "2026-05-01 08:00:00"
    assert not apply(FREE, dict.fromkeys(values)).custom


def test_texts_that_xml_cannot_hold_lose_only_that(apply: Apply) -> None:
    assert apply(FREE, {"Name": "a\x00b\x1b c\ud800\uffff"}).name == "ab c\ufffd\ufffd"
    assert apply(FREE, {"Notes": "=1+1\t\u202eX\n👩‍🚀 \x07"}).notes == "=1+1\t\u202eX\n👩‍🚀 "


def test_a_new_task_has_a_new_uid_a_guid_and_our_key(plan: MspdiPlan, worker: PlanWorker) -> None:
    uid = mspdi_outline.create(plan, under=SUMMARY, name="Neu 新", key="item-1")
    mspdi_custom.write_key(plan, uid, "Text30", "item-1")
    assert Edit(plan, uid, {"Start": "2026-03-10", "Finish": "2026-03-11", "Text5": "Ulm"}).carry_out() == {}
    rows = reread(plan, worker)
    names = [one.name for one in rows.tasks]
    assert names == [
        "Standort Köln",
        "Verkabelung prüfen",
        "安装交换机",
        "Abnahme",
        "Neu 新",
        "Manuell geplant",
        "Frei",
    ]
    assert [one.id for one in rows.tasks] == [1, 2, 3, 4, 5, 6, 7]
    new = rows.tasks[4]
    assert (new.uid, new.parent, new.wbs, new.outline_level) == (7, SUMMARY, "1.4", 2)
    assert new.guid is not None
    assert ("Text30", "itpm key") in rows.aliases
    again = MspdiPlan("x", plan.to_bytes())
    other = mspdi_outline.create(again, under=None, name="Noch eine", key="item-2")
    assert other == 8
    assert again.tasks[other].guid != new.guid


def test_a_leaf_becomes_a_summary_and_a_leaf_again(plan: MspdiPlan, worker: PlanWorker) -> None:
    uid = mspdi_outline.create(plan, under=FREE, name="Unter Frei", key="k")
    rows = reread(plan, worker)
    assert rows.tasks[-2].summary
    assert Edit(plan, uid, {"Parent": None}).carry_out() == {}
    rows = reread(plan, worker)
    assert not rows.tasks[-2].summary
    assert rows.tasks[-1].parent is None


def test_a_block_moves_with_all_under_it(plan: MspdiPlan, worker: PlanWorker) -> None:
    before = plan.doc.canonical()
    assert Edit(plan, SUMMARY, {"Parent": FREE}).carry_out() == {}
    rows = reread(plan, worker)
    assert [one.name for one in rows.tasks] == [
        "Manuell geplant", "Frei", "Standort Köln", "Verkabelung prüfen", "安装交换机", "Abnahme",
    ]  # fmt: skip
    assert [one.outline_level for one in rows.tasks] == [1, 1, 2, 3, 3, 3]
    assert [one.wbs for one in rows.tasks][2:] == ["3.1", "3.1.1", "3.1.2", "3.1.3"]
    assert Edit(plan, SUMMARY, {"Parent": None}).carry_out() == {}
    assert len(plan.doc.canonical()) == pytest.approx(len(before), abs=40)


def test_the_key_stands_where_nobody_uses_the_field(plan: MspdiPlan) -> None:
    assert key_field_of(plan.rows) == "Text30"
    assert key_field_of(plan.rows, "Text20") == "Text20"
    assert key_field_of(plan.rows, "Text5") == "Text30"  # the plan's own Site
    Edit(plan, FREE, {"Text30": "theirs", "Text29": "too"}).carry_out()
    plan.refresh()
    assert key_field_of(plan.rows) == "Text28"
    mspdi_custom.write_key(plan, FREE, "Text28", "item-1")
    plan.refresh()
    assert key_field_of(plan.rows, "Text20") == "Text28"  # a plan that has one keeps it
    assert Records(plan.rows, "rollout.xml").by_uid(FREE).key == "item-1"


def test_dropped_is_inactive(apply: Apply) -> None:
    assert not apply(FREE, {"Inactive": True}).active
    assert apply(FREE, {"Inactive": False}).active


def test_a_hyperlink_with_a_place_in_the_page(apply: Apply) -> None:
    task = apply(FREE, {"Hyperlinks": [{"url": "https://pmo.example.org/p#risks", "title": "Risks"}]})
    assert (task.hyperlink, task.hyperlink_title) == ("https://pmo.example.org/p#risks", "Risks")
    assert apply(FREE, {"Hyperlinks": []}).hyperlink == ""


def test_a_plan_without_line_breaks_stays_one(rollout: bytes) -> None:
    flat = b"".join(line.strip() for line in rollout.replace(b"Zeile 1\n", b"Zeile 1 ").splitlines())
    plan = MspdiPlan("flat.xml", flat)
    Edit(plan, FREE, {"Deadline": "2026-05-01", "Text9": "x"}).carry_out()
    mspdi_outline.create(plan, under=FREE, name="Neu", key="k")
    assert b"\n" not in plan.to_bytes().strip().partition(b"?>")[2]
    assert rows_of(plan.doc).tasks[-1].name == "Neu"
