"""Pages in a folder: written atomically at fixed addresses, never over a person's work, frozen under numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from itpm_sync.errors import Denied, Refused, Unavailable
from itpm_sync.folder import FolderPublisher, seal, sealed_digest
from itpm_sync.ports import LocalFiles
from itpm_sync.publisher import Published, StatusPage


def page(name: str = "index", says: str = "one", **pictures: bytes) -> StatusPage:
    files = {f"{key}.svg": data for key, data in pictures.items()}
    digest = format(hash(says) & (2**256 - 1), "064x")
    return StatusPage(name, "Title", (), digest, f"<!DOCTYPE html><p>{says} · 患者</p>\n", files)


def put(folder: Path, *pages: StatusPage, refresh: bool = False) -> Sequence[Published]:
    return asyncio.run(FolderPublisher(folder).publish(pages, refresh=refresh))


def test_a_page_and_its_pictures_are_written_as_utf_8(tmp_path: Path) -> None:
    (done,) = put(tmp_path / "new" / "site", page(chart=b"<svg/>"))
    assert done.written
    assert done.url.startswith("file://")
    assert "患者" in (tmp_path / "new/site/index.html").read_text(encoding="utf-8")
    assert (tmp_path / "new/site/chart.svg").read_bytes() == b"<svg/>"


def test_a_page_that_says_the_same_is_written_only_to_refresh_it(tmp_path: Path) -> None:
    put(tmp_path, page())
    assert [one.written for one in put(tmp_path, page())] == [False]
    assert [one.written for one in put(tmp_path, page(), refresh=True)] == [True]
    assert [one.written for one in put(tmp_path, page(says="two"))] == [True]


def test_a_lost_picture_is_written_again(tmp_path: Path) -> None:
    put(tmp_path, page(chart=b"<svg/>"))
    (tmp_path / "chart.svg").unlink()
    assert [one.written for one in put(tmp_path, page(chart=b"<svg/>"))] == [True]


@pytest.mark.parametrize("refresh", [False, True])
def test_a_page_that_a_person_edited_is_left_alone_and_named(tmp_path: Path, refresh: bool) -> None:
    put(tmp_path, page())
    path = tmp_path / "index.html"
    path.write_text(path.read_text(encoding="utf-8").replace("one", "my words"), encoding="utf-8")
    (done,) = put(tmp_path, page(says="two"), refresh=refresh)
    assert not done.written
    assert "index.html was edited by hand" in done.note
    assert "my words" in path.read_text(encoding="utf-8")


def test_a_file_that_was_never_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<p>my own site</p>", encoding="utf-8")
    assert [one.written for one in put(tmp_path, page())] == [False]


def test_changed_line_ends_are_no_edit(tmp_path: Path) -> None:
    put(tmp_path, page())
    path = tmp_path / "index.html"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert [one.written for one in put(tmp_path, page(says="two"))] == [True]


def test_a_seal_holds_for_its_own_page_only() -> None:
    sealed = seal("<p>one</p>\n", "a" * 64)
    assert sealed_digest(sealed) == "a" * 64
    assert sealed_digest(sealed.replace(b"one", b"two")) is None
    assert sealed_digest(b"") is None


@pytest.mark.parametrize("name", ["../up", "a/b", "CON", "con", "lpt1", "", "a.b", "ä", "-x", "a" * 81])
def test_a_name_that_is_no_file_name_everywhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused):
        put(tmp_path, page(name))
    assert list(tmp_path.iterdir()) == []


def test_a_picture_outside_the_folder_is_refused(tmp_path: Path) -> None:
    bad = StatusPage("index", "T", (), "0" * 64, "x", {"../evil.svg": b""})
    with pytest.raises(Refused):
        put(tmp_path, bad)
    assert list(tmp_path.iterdir()) == []


def test_copies_are_numbered_and_stand(tmp_path: Path) -> None:
    publisher = FolderPublisher(tmp_path)
    pages = [page("net"), page(chart=b"<svg/>")]
    done = asyncio.run(publisher.freeze(pages, 1))
    assert [one.written for one in done] == [True, True]
    assert all(one.url.endswith(f"/reports/001/{one.name}.html") for one in done)
    asyncio.run(publisher.freeze(pages, 2))
    assert sorted(one.name for one in (tmp_path / "reports/001").iterdir()) == [
        "chart.svg",
        "index.html",
        "net.html",
    ]
    with pytest.raises(Refused, match="Report 001 already exists"):
        asyncio.run(publisher.freeze([page(says="other")], 1))


class Broken(LocalFiles):
    def __init__(self, error: OSError) -> None:
        self.error = error

    def write(self, path: Path, data: bytes) -> None:
        raise self.error


@pytest.mark.parametrize(
    ("error", "expected"),
    [(PermissionError(13, "no"), Denied), (OSError(28, "No space left on device"), Unavailable)],
)
def test_a_disk_that_refuses_is_named(tmp_path: Path, error: OSError, expected: type[Exception]) -> None:
    publisher = FolderPublisher(tmp_path, Broken(error))
    with pytest.raises(expected, match=r"index\.html"):
        asyncio.run(publisher.publish([page()]))
