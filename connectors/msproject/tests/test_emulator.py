"""The person at Microsoft Project: what Project fills in, computes and refuses when a plan is edited by hand."""

from __future__ import annotations

from typing import Any

import pytest

from itpm_sync.connector import Record
from itpm_sync_msproject.emulator import MsProjectEmulator
from itpm_sync_msproject.mspdi import Mspdi
from itpm_sync_msproject.mspdi_rows import rows_of
from itpm_sync_msproject.records import Records
from itpm_sync_msproject.rows import FileKind
from itpm_sync_msproject.worker import PlanWorker

ANN = "ann@example.org"


def tasks(emulator: MsProjectEmulator, container: str = "rollout.xml") -> dict[str, Record]:
    rows = rows_of(Mspdi(container, (emulator.folder / container).read_bytes()))
    return {one.values["Name"]: one for one in Records(rows, container)}


def values(emulator: MsProjectEmulator, name: str) -> dict[str, Any]:
    return dict(tasks(emulator)[name].values)


def test_done_gets_its_actual_dates_from_the_plan(emulator: MsProjectEmulator) -> None:
    emulator.edit_as(ANN, tasks(emulator)["Frei"].native_id, PercentComplete=100)
    said = values(emulator, "Frei")
    assert (said["ActualStart"], said["ActualFinish"]) == ("2026-03-04T08:00:00", "2026-03-05T17:00:00")


def test_successors_and_summaries_follow(emulator: MsProjectEmulator) -> None:
    emulator.edit_as(ANN, tasks(emulator)["Verkabelung prüfen"].native_id, Finish="2026-03-10")
    assert values(emulator, "安装交换机")["Start"] == "2026-03-11T08:00:00"
    assert values(emulator, "安装交换机")["Finish"] == "2026-03-17T17:00:00"
    assert values(emulator, "Standort Köln")["Finish"] == values(emulator, "Abnahme")["Finish"]


def test_percent_rolls_up_by_duration(emulator: MsProjectEmulator) -> None:
    emulator.edit_as(ANN, tasks(emulator)["Verkabelung prüfen"].native_id, PercentComplete=50)
    said = values(emulator, "Standort Köln")
    assert (said["PercentComplete"], said["ActualStart"]) == (25, "2026-03-02T08:00:00")


def test_a_new_task_a_deleted_one_and_one_moved_to_another_plan(
    emulator: MsProjectEmulator, worker: PlanWorker
) -> None:
    emulator.seed({"plans": {"other.xml": {"title": "Other", "tasks": [{"name": "Alone", "manual": True}]}}})
    parent = tasks(emulator)["Standort Köln"].native_id
    new = {"Parent": parent, "Name": "Neu", "Start": "2026-03-09", "Finish": "2026-03-09"}
    made = emulator.edit_as(ANN, container="rollout.xml", **new)
    assert tasks(emulator)["Neu"].native_id == made
    moved = emulator.edit_as(ANN, made, move_to="other.xml")
    assert moved.startswith("other.xml#")
    assert "Neu" not in tasks(emulator)
    assert tasks(emulator, "other.xml")["Neu"].native_id == moved
    emulator.edit_as(ANN, parent, delete=True)
    assert set(tasks(emulator)) == {"Manuell geplant", "Frei"}
    rows = worker.read("rollout.xml", (emulator.folder / "rollout.xml").read_bytes(), FileKind.MSPDI)
    assert [one.name for one in rows.tasks] == ["Manuell geplant", "Frei"]


def test_what_project_cannot_do_is_refused(emulator: MsProjectEmulator) -> None:
    found = tasks(emulator)
    with pytest.raises(ValueError, match="no recycle bin"):
        emulator.edit_as(ANN, found["Frei"].native_id, restore=True)
    with pytest.raises(ValueError, match="rolled up"):
        emulator.edit_as(ANN, found["Standort Köln"].native_id, Start="2026-03-01")
    with pytest.raises(ValueError, match="circle"):
        emulator.edit_as(
            ANN, found["Verkabelung prüfen"].native_id, Predecessors=[found["Abnahme"].native_id]
        )


def test_every_save_is_later_than_the_one_before(emulator: MsProjectEmulator) -> None:
    saved = []
    for percent in (10, 20, 30):
        emulator.edit_as(ANN, tasks(emulator)["Frei"].native_id, PercentComplete=percent)
        rows = rows_of(Mspdi("rollout.xml", (emulator.folder / "rollout.xml").read_bytes()))
        saved.append(rows.project.last_saved)
    assert saved == sorted(set(saved), key=str)


def test_a_plan_saved_again_by_hand_stays_as_it_is(emulator: MsProjectEmulator) -> None:
    emulator.recalculate("rollout.xml")
    before = tasks(emulator)
    emulator.recalculate("rollout.xml")
    assert tasks(emulator) == before


def test_without_a_folder_it_has_one_of_its_own() -> None:
    emulator = MsProjectEmulator()
    emulator.seed({"plans": {"a.xml": {"tasks": [{"name": "A", "manual": True}]}}})
    assert (emulator.folder / "a.xml").is_file()
    assert emulator.connection("")["folder"] == emulator.folder.resolve()
