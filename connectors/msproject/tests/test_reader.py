"""Plan files without any account, for `report`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from itpm_sync.errors import Unreadable
from itpm_sync_msproject.emulator import MsProjectEmulator
from itpm_sync_msproject.reader import PlanReader
from itpm_sync_msproject.settings import Jvm, jvm_choice


@pytest.fixture
def reader() -> Iterator[PlanReader]:
    made = PlanReader()
    yield made
    made.close()


def test_a_plan_is_accepted_by_its_first_bytes_whatever_its_name(
    reader: PlanReader, emulator: MsProjectEmulator
) -> None:
    head = (emulator.folder / "rollout.xml").read_bytes()[:4096]
    assert reader.accepts(Path("rollout.txt"), head)
    assert reader.accepts(Path("broken.mpp"), b"")
    assert not reader.accepts(Path("other.xml"), b"<html>")
    assert not reader.accepts(Path("notes.docx"), b"PK\x03\x04")


def test_copies_of_one_plan_share_no_record(reader: PlanReader, emulator: MsProjectEmulator) -> None:
    data = (emulator.folder / "rollout.xml").read_bytes()
    seen: set[str] = set()
    for number in range(40):
        path = emulator.folder / f"copy-{number}.xml"
        path.write_bytes(data)
        content = reader.read(path)
        ids = {one.native_id for one in content.records}
        assert len(ids) == 6
        assert not ids & seen
        assert content.info.facts is not None
        assert content.info.facts.id == path.name
        seen |= ids


def test_a_file_that_is_not_there_or_is_a_folder(reader: PlanReader, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"gone\.mpp is not there"):
        reader.read(tmp_path / "gone.mpp")
    with pytest.raises(Unreadable, match="cannot be opened"):
        reader.read(tmp_path)


def test_the_environment_has_the_last_word_on_java(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ITPM_JVM", raising=False)
    assert jvm_choice(Jvm.SYSTEM) == "system"
    monkeypatch.setenv("ITPM_JVM", "bundled")
    assert jvm_choice(Jvm.SYSTEM) == "bundled"
    monkeypatch.setenv("ITPM_JVM", "nonsense")
    assert jvm_choice() == "auto"
