"""The real clock, ids, randomness and files that the command line hands in."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from itpm_sync.ports import LocalFiles, SystemClock, SystemIds, SystemRandom


class StoppedClock(SystemClock):
    """A clock that shows what it was set to."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


class FullDisk(RuntimeError):
    """What a disk says in these tests when it is full."""


def test_the_clock_is_in_utc() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)


def test_monotonic_time_never_steps_back() -> None:
    clock = SystemClock()
    readings = [clock.monotonic() for _ in range(100)]
    assert readings == sorted(readings)


def test_a_wait_of_nothing_lets_others_run() -> None:
    order: list[str] = []

    async def other() -> None:
        order.append("other")

    async def waits() -> None:
        task = asyncio.ensure_future(other())
        await SystemClock().sleep(0)
        order.append("after the wait")
        await task

    asyncio.run(waits())
    assert order == ["other", "after the wait"]


def test_ids_sort_by_the_time_they_were_made() -> None:
    clock = StoppedClock(datetime(1999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC))
    ids = SystemIds(clock)
    made = []
    for step in (1, 10, 1_000, 86_400_000, 40 * 365 * 86_400_000):
        made.append(ids.new("run"))
        clock.moment += timedelta(milliseconds=step)
    made.append(ids.new("run"))
    assert made == sorted(made)


def test_ids_of_one_millisecond_differ() -> None:
    ids = SystemIds(StoppedClock(datetime(2026, 1, 1, tzinfo=UTC)))
    assert len({ids.new("item") for _ in range(1000)}) == 1000


def test_an_id_is_its_prefix_and_26_unmistakable_characters() -> None:
    prefix, _, rest = SystemIds().new("item").partition("-")
    assert prefix == "item"
    assert len(rest) == 26
    assert set(rest) <= set("0123456789abcdefghjkmnpqrstvwxyz")


def test_jitter_stays_within_its_bounds() -> None:
    chance = SystemRandom()
    assert all(2.0 <= chance.uniform(2.0, 3.0) <= 3.0 for _ in range(200))


def test_what_is_written_is_read_and_folders_are_made(tmp_path: Path) -> None:
    files, path = LocalFiles(), tmp_path / "Pläne" / "网络" / "index.html"
    files.write(path, b"one")
    files.write(path, b"two")
    assert files.read(path) == b"two"
    assert [found.name for found in path.parent.iterdir()] == ["index.html"]


def test_a_write_that_breaks_off_leaves_the_old_file_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, path = LocalFiles(), tmp_path / "index.html"
    files.write(path, b"old")

    def full(_descriptor: int) -> None:
        raise FullDisk

    monkeypatch.setattr("itpm_sync.ports.os.fsync", full)
    with pytest.raises(FullDisk):
        files.write(path, b"new, and longer than the old one")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_never_sees_a_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, path = LocalFiles(), tmp_path / "index.html"
    files.write(path, b"old")
    seen: list[bytes] = []
    monkeypatch.setattr("itpm_sync.ports.os.fsync", lambda _descriptor: seen.append(path.read_bytes()))
    files.write(path, b"new")
    assert seen == [b"old"]
    assert path.read_bytes() == b"new"


def test_reading_what_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing"):
        LocalFiles().read(tmp_path / "missing")


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no such permissions")
def test_a_replaced_file_keeps_its_permissions_and_a_new_one_is_not_hidden(tmp_path: Path) -> None:
    plain = tmp_path / "made.txt"
    plain.write_bytes(b"by anybody")
    LocalFiles().write(tmp_path / "new.txt", b"by us")
    assert (tmp_path / "new.txt").stat().st_mode == plain.stat().st_mode
    plain.chmod(0o640)
    LocalFiles().write(plain, b"replaced")
    assert plain.stat().st_mode & 0o777 == 0o640
