"""Real plans by others: every one is read, on both Javas; twins agree; the broken ones are refused with a reason."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from itpm_sync.errors import Unreadable
from itpm_sync_msproject.mspdi import Mspdi
from itpm_sync_msproject.mspdi_edit import Edit
from itpm_sync_msproject.mspdi_plan import MspdiPlan
from itpm_sync_msproject.mspdi_rows import rows_of
from itpm_sync_msproject.reader import PlanReader
from itpm_sync_msproject.records import Records
from itpm_sync_msproject.rows import FileKind, PlanRows
from itpm_sync_msproject.sniff import sniff
from itpm_sync_msproject.worker import PlanWorker, WorkerLimits

PLANS = (
    Path(os.environ.get("ITPM_SHARED") or Path(__file__).resolve().parents[4] / "shared") / "data" / "plans"
)
GOOD = sorted(one for one in PLANS.glob("*.*") if not one.name.startswith("refuse-"))
REFUSED = sorted(PLANS.glob("refuse-*"))
XML = [one for one in GOOD if one.suffix == ".xml"]


@pytest.fixture(scope="module", params=["system", "bundled"])
def java(request: pytest.FixtureRequest) -> Iterator[PlanWorker]:
    """A worker on each Java. Where the machine has no Java, both are the bundled one."""
    with PlanWorker(WorkerLimits(jvm="auto" if request.param == "system" else "bundled")) as worker:
        yield worker


def read(worker: PlanWorker, path: Path) -> PlanRows:
    data = path.read_bytes()
    return worker.read(path.name, data, sniff(path.name, data, limit=10**9))


def test_there_are_plans() -> None:
    assert len(GOOD) >= 15
    assert len(REFUSED) >= 3


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_every_plan_is_read_on_both_javas(java: PlanWorker, path: Path) -> None:
    rows = read(java, path)
    assert rows.tasks
    uids = [task.uid for task in rows.tasks]
    assert len(set(uids)) == len(uids)
    assert all(task.parent is None or task.parent in uids for task in rows.tasks)
    assert any(task.name for task in rows.tasks)
    assert rows.calendar() is not None
    records = list(Records(rows, path.name))
    assert len({one.native_id for one in records}) == len(records)


@pytest.mark.parametrize("path", XML, ids=lambda path: path.name)
def test_mpxj_and_our_own_reader_agree_on_everything(java: PlanWorker, path: Path) -> None:
    theirs, ours = read(java, path), rows_of(Mspdi(path.name, path.read_bytes()))
    for part in fields(PlanRows):
        if part.name != "tasks":
            assert getattr(theirs, part.name) == getattr(ours, part.name), part.name
    assert [task.uid for task in theirs.tasks] == [task.uid for task in ours.tasks]
    for one, other in zip(theirs.tasks, ours.tasks, strict=True):
        assert one == other


@pytest.mark.parametrize("path", XML, ids=lambda path: path.name)
def test_an_untouched_plan_is_the_same_file(path: Path) -> None:
    data = path.read_bytes()
    doc = Mspdi(path.name, data)
    doc.changed = True  # written anew, as after an edit
    assert doc.to_bytes() == data
    assert Mspdi(path.name, doc.to_bytes()).canonical() == Mspdi(path.name, data).canonical()


@pytest.mark.parametrize("path", XML, ids=lambda path: path.name)
def test_writing_what_a_plan_says_already_changes_nothing(path: Path) -> None:
    plan = MspdiPlan(path.name, path.read_bytes())
    for record in Records(plan.rows, path.name):
        names = {"Name", "Notes", "Priority", "Deadline", "Inactive", "Hyperlinks"}
        values = {name: value for name, value in record.values.items() if name in names}
        assert Edit(plan, record.values["UID"], values).carry_out() == {}
    assert plan.doc.canonical() == Mspdi(path.name, path.read_bytes()).canonical()


@pytest.mark.parametrize("path", XML, ids=lambda path: path.name)
def test_progress_written_into_a_real_plan_is_read_by_mpxj(java: PlanWorker, path: Path) -> None:
    plan = MspdiPlan(path.name, path.read_bytes())
    leaf = next(task for task in plan.rows.tasks if not task.summary and task.start and task.duration)
    assert leaf.start is not None
    start = leaf.start.isoformat()
    values = {"PercentComplete": 63, "ActualStart": start, "ActualFinish": None, "Deadline": "2031-05-01"}
    assert Edit(plan, leaf.uid, values).carry_out() == {}
    again = java.read(path.name, plan.doc.to_bytes(), FileKind.MSPDI)
    task = next(one for one in again.tasks if one.uid == leaf.uid)
    assert (task.percent, task.actual_start, str(task.deadline)[:10]) == (63, leaf.start, "2031-05-01")
    others = [
        (one, other) for one, other in zip(again.tasks, plan.rows.tasks, strict=True) if one.uid != leaf.uid
    ]
    assert all(one == other for one, other in others)


def test_the_versions_of_one_plan_are_the_same_project() -> None:
    reader = PlanReader()
    contents = [reader.read(path) for path in sorted(PLANS.glob("series-*.mpp"))]
    reader.close()
    assert len({one.info.fingerprint for one in contents}) == 1
    assert len({one.records[0].native_id for one in contents}) == len(
        contents
    )  # another file, another container


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.name)
def test_a_broken_plan_is_refused_in_one_line_that_names_it(java: PlanWorker, path: Path) -> None:
    with pytest.raises(Unreadable) as refused:
        read(java, path)
    said = str(refused.value)
    assert path.name in said
    assert "\n" not in said
    assert "java" not in said.lower()
    assert refused.value.mend


def test_the_reasons_are_the_true_ones() -> None:
    reader = PlanReader()
    reasons = {}
    for path in REFUSED:
        with pytest.raises(Unreadable) as refused:
            reader.read(path)
        reasons[path.name] = str(refused.value)
    reader.close()
    assert "empty" in reasons["refuse-empty.mpp"]
    assert "password" in reasons["refuse-password.mpp"]
    assert "damaged" in reasons["refuse-unrecognised.mpp"]


def test_umlauts_of_a_german_plan() -> None:
    reader = PlanReader()
    content = reader.read(PLANS / "ad-accounts-de.mpp")
    reader.close()
    assert any("löschen" in str(one.values["Name"]) for one in content.records)
    assert content.info.by_hand
    assert content.info.facts is not None
    assert content.info.facts.currency == "CHF"


def test_cross_project_links_are_kept_and_shown(worker: PlanWorker) -> None:
    rows = read(worker, PLANS / "cross-project.mpp")
    assert all(not link.external or link.predecessor for task in rows.tasks for link in task.links)


def test_custom_fields_by_their_aliases(worker: PlanWorker) -> None:
    rows = read(worker, PLANS / "custom-fields.mpp")
    assert ("Text1", "Custom Text Field") in rows.aliases
    assert {one.alias: one.value for one in rows.tasks[2].custom}["Custom Text Field"] == "Three"
