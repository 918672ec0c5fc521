"""Plan files and output folders that attack: a file costs itself at most, and nothing of a person is lost."""

from __future__ import annotations

import os
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from itpm_sync.cli.running import code_of
from itpm_sync.ports import LocalFiles

_SPACE = 'xmlns="http://schemas.microsoft.com/project"'
_TASK = "<Task><UID>1</UID><ID>1</ID><Name>{name}</Name><OutlineLevel>1</OutlineLevel>{more}</Task>"
_OLE = bytes.fromhex("D0CF11E0A1B11AE1")


def plan(body: str = "", *, name: str = "Survey", more: str = "", head: str = "") -> bytes:
    """A small plan of one task."""
    task = _TASK.format(
        name=name, more=more or "<Start>2027-02-01T08:00:00</Start><Finish>2027-02-02T17:00:00</Finish>"
    )
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<Project {_SPACE}><Tasks>{task}</Tasks>{body}</Project>'
    )
    return text.encode()


def phased() -> bytes:
    """A plan of one phase with one task: its page has a picture."""
    days = "<Start>2027-02-01T08:00:00</Start><Finish>2027-02-02T17:00:00</Finish>"
    phase = _TASK.format(name="North", more=f"<Summary>1</Summary>{days}")
    task = phase.replace("<UID>1", "<UID>2").replace("<ID>1", "<ID>2").replace("Level>1", "Level>2")
    return (
        plan()
        .replace(b"<Tasks>", b"<Tasks>" + phase.encode())
        .replace(
            _TASK.format(name="Survey", more=days).encode(), task.replace("<Summary>1", "<Summary>0").encode()
        )
    )


class Report:
    """`itpm-sync report` of files in a folder."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.site, self._capsys = folder / "plans", folder / "site", capsys
        self.folder.mkdir()

    def file(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        return path

    def run(self, *files: Path | str) -> tuple[int, str]:
        """The exit code and all that was printed."""
        self._capsys.readouterr()
        code = code_of(["report", *map(str, files or [self.folder]), "--out", str(self.site)])
        said = self._capsys.readouterr()
        return code, said.out + said.err

    def left_out(self, name: str, data: bytes) -> str:
        """Why a file is left out; a good one beside it is reported all the same."""
        self.file("good.xml", plan())
        bad = self.file(name, data)
        code, said = self.run()
        assert "nobody foresaw" not in said, said
        assert (code, "good.html" in [each.name for each in self.site.iterdir()]) == (5, True), said
        bad.unlink()
        (line,) = [line for line in said.splitlines() if line.startswith("left out")]
        assert name in line
        return line


@pytest.fixture
def report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Report:
    return Report(tmp_path, capsys)


_LAUGHS = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))
_BOMBS = {
    "doctype": (plan(head="<!DOCTYPE Project [<!ENTITY l0 'ha'>" + _LAUGHS + "]>", name="&l9;"), "DOCTYPE"),
    "external": (plan(head='<!DOCTYPE Project SYSTEM "http://127.0.0.1:9/x.dtd">'), "DOCTYPE"),
    "file": (
        plan(head='<!DOCTYPE Project [<!ENTITY x SYSTEM "file:///etc/passwd">]>', name="&x;"),
        "DOCTYPE",
    ),
    "utf16": (
        plan(head='<!DOCTYPE Project [<!ENTITY x "y">]>')
        .decode()
        .replace("UTF-8", "UTF-16")
        .encode("utf-16"),
        "DOCTYPE",
    ),
    "deep": (plan("<a>" * 100_000), "damaged"),
    "cut": (plan()[:-40], "damaged"),
    "encoding": (plan().replace(b"UTF-8", b"UTF-7"), "encoding"),
}


@pytest.mark.parametrize("bomb", _BOMBS)
def test_xml_that_attacks_is_refused_in_one_line(report: Report, bomb: str) -> None:
    data, says = _BOMBS[bomb]
    began = time.monotonic()
    assert says in report.left_out("bomb.xml", data)
    assert time.monotonic() - began < 10
    assert not any("root:" in page.read_text(encoding="utf-8") for page in report.site.glob("*.html"))


def test_files_that_are_something_else_are_named(report: Report, tmp_path: Path) -> None:
    packed = tmp_path / "bomb.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x", b"\0" * 50_000_000)
    others = {
        "empty.mpp": b"",
        "zip.mpp": packed.read_bytes(),
        "page.mpp": b"<!DOCTYPE html><html><body>Sign in</body></html>",
        "picture.mpp": b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
        "text.xml": b"hello",
        "other.xml": b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>",
        "空.mpp": b"\0",
    }
    for name, data in others.items():
        report.file(name, data)
    report.file("good.xml", plan())
    code, said = report.run()
    assert code == 5
    assert [name for name in others if f"left out  {name}" not in said] == []


def test_no_file_is_waited_for_or_read_for_ever(report: Report) -> None:
    report.file("good.xml", plan())
    pipe, endless = report.folder / "pipe.mpp", report.folder / "endless.mpp"
    os.mkfifo(pipe)
    endless.symlink_to("/dev/zero")
    (report.folder / "folder.mpp").mkdir()
    code, said = report.run(report.folder / "good.xml", pipe, endless)
    assert code == 5
    assert "pipe.mpp: " in said and "endless.mpp: " in said
    assert report.run()[0] == 0  # in a folder they are no files


_ODD: dict[str, dict[str, Any]] = {
    "first year": {"more": "<Start>0001-01-01T00:00:00</Start><Finish>0001-01-02T00:00:00</Finish>"},
    "all of time": {"more": "<Start>0001-01-01T00:00:00</Start><Finish>9999-12-31T23:59:59</Finish>"},
    "no date": {"more": "<Start>2027-13-45T99:00:00</Start><Finish>soon</Finish>"},
    "endless": {"more": "<Duration>PT99999999999999H0M0S</Duration><PercentComplete>-5</PercentComplete>"},
    "numbers": {"more": f"<PercentComplete>{'9' * 5000}</PercentComplete><Priority>1e999</Priority>"},
    "itself": {
        "more": "<PredecessorLink><PredecessorUID>1</PredecessorUID><Type>1</Type></PredecessorLink>"
        "<PredecessorLink><PredecessorUID>99</PredecessorUID><Type>7</Type><LinkLag>x</LinkLag></PredecessorLink>"
    },
    "calendar": {
        "body": "<Calendars><Calendar><UID>1</UID><IsBaseCalendar>1</IsBaseCalendar><Exceptions><Exception>"
        "<TimePeriod><FromDate>0001-01-01T00:00:00</FromDate><ToDate>9999-12-31T23:59:00</ToDate></TimePeriod>"
        "<DayWorking>0</DayWorking></Exception></Exceptions></Calendar></Calendars><CalendarUID>1</CalendarUID>"
    },
    "level": {"more": "<OutlineLevel>999999999</OutlineLevel>"},
}


@pytest.mark.parametrize("odd", _ODD)
def test_values_that_no_plan_has_end_no_report(report: Report, odd: str) -> None:
    report.file("good.xml", plan())
    report.file("odd.xml", plan(**_ODD[odd]))
    began = time.monotonic()
    code, said = report.run()
    assert code in (0, 5)
    assert "nobody foresaw" not in said
    assert (report.site / "good.html").is_file()
    assert time.monotonic() - began < 10


def test_a_plan_that_is_replaced_while_it_is_read_is_read_whole(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = report.file("plan.xml", plan(name="Before"))
    real = Path.read_bytes

    def racing(self: Path) -> bytes:
        data = real(self)
        if self == path:
            path.write_bytes(plan(name="After")[:-50])
        return data

    monkeypatch.setattr(Path, "read_bytes", racing)
    code, _ = report.run()
    assert code == 0
    assert "Before" in (report.site / "plan.html").read_text(encoding="utf-8")


# ── output folders ──


def test_nothing_of_a_persons_is_overwritten(report: Report) -> None:
    report.site.mkdir()
    notes = {
        "good.html": "<p>my own page</p>",
        "index.html": "<!-- itpm-sync 0 0 -->",
        "notes.txt": "keep",
        "site.css": "x",
    }
    for name, text in notes.items():
        (report.site / name).write_text(text, encoding="utf-8")
    report.file("good.xml", plan())
    _, said = report.run()
    assert {name: (report.site / name).read_text(encoding="utf-8") for name in notes} == notes
    assert said.count("left alone") == 2


def test_a_picture_of_a_persons_is_not_overwritten(report: Report) -> None:
    report.file("good.xml", phased())
    report.run()
    (picture,) = report.site.glob("good-*.svg")
    (report.site / "good.html").unlink()
    picture.write_text("a person's drawing", encoding="utf-8")
    _, said = report.run()
    assert picture.read_text(encoding="utf-8") == "a person's drawing"
    assert f"{picture.name} is there and not ours" in said
    picture.unlink()
    report.run()
    assert (report.site / "good.html").is_file() and picture.is_file()


def test_a_report_cut_short_is_finished_by_the_next(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between the page and its picture: what lies there is ours, and is not taken for a person's."""
    report.file("good.xml", phased())
    real = LocalFiles.write

    def dying(self: LocalFiles, path: Path, data: bytes) -> None:
        if path.suffix == ".svg":
            raise OSError(28, "No space left on device")
        real(self, path, data)

    with monkeypatch.context() as patch:
        patch.setattr(LocalFiles, "write", dying)
        code, said = report.run()
        assert code == 1 and "cannot be written" in said
    assert report.run()[0] == 0
    assert list(report.site.glob("good-*.svg"))


def test_a_link_in_the_output_folder_leads_nowhere(report: Report, tmp_path: Path) -> None:
    report.site.mkdir()
    target = tmp_path / "diary.txt"
    target.write_text("private", encoding="utf-8")
    (report.site / "index.html").symlink_to(target)
    (report.site / "good.html").symlink_to(tmp_path / "not there yet")
    report.file("good.xml", plan())
    report.run()
    assert target.read_text(encoding="utf-8") == "private"
    assert not (tmp_path / "not there yet").exists()


def test_files_of_one_name_and_of_names_in_any_script_have_pages_of_their_own(report: Report) -> None:
    longest = "計" * 80
    names = [
        "a b.xml",
        "A-B.xml",
        "a_b.xml",
        "CON.xml",
        "..xml",
        f"{longest}.xml",
        "-rf.xml",
        "a\nb\x1b[31m.xml",
    ]
    other = report.folder / "other"
    other.mkdir()
    files = [report.file(name, plan()) for name in names]
    files.append(other / "a b.xml")
    files[-1].write_bytes(plan())
    code, said = report.run(*files)
    pages = [page.name for page in report.site.glob("*.html")]
    assert code == 0, said
    assert len({page.casefold() for page in pages}) == len(files) + 1
    assert max(map(len, pages)) < 100
    assert "\x1b" not in said


def test_a_name_that_is_no_text_is_reported_all_the_same(report: Report) -> None:
    raw = os.fsencode(report.folder) + b"/caf\xe9.xml"
    with open(raw, "wb") as stream:  # noqa: PTH123 - a name that is no UTF-8
        stream.write(plan())
    code, said = report.run()
    assert (code, "nobody foresaw" in said) == (0, False)


def test_a_title_of_any_length_makes_a_page(report: Report) -> None:
    report.file("good.xml", plan(f"<Title>{'T' * 300}</Title>", name="W" * 1_000_000))
    code, said = report.run("--series", report.folder)
    assert code == 0, said
    assert all(page.stat().st_size < 1_000_000 for page in report.site.glob("*.html"))


def test_an_output_folder_that_is_a_file_is_said(report: Report) -> None:
    report.file("good.xml", plan())
    report.site.write_text("mine", encoding="utf-8")
    code, said = report.run()
    assert code == 2
    assert str(report.site) in said and report.site.read_text(encoding="utf-8") == "mine"
