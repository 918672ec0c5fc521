"""`itpm-sync report` on plans that the tests write, and its pages in a browser."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from itpm_sync.cli.running import code_of
from itpm_sync.testing.browser import Browser

_TASK = """<Task><UID>{uid}</UID><ID>{uid}</ID><Name>{name}</Name><OutlineLevel>1</OutlineLevel>
<Start>{day}T08:00:00</Start><Finish>{day}T17:00:00</Finish><Duration>PT8H0M0S</Duration>
<DurationFormat>7</DurationFormat><Milestone>0</Milestone><Summary>0</Summary><PercentComplete>0</PercentComplete>
<Baseline><Number>0</Number><Start>{day}T08:00:00</Start><Finish>{day}T17:00:00</Finish></Baseline></Task>"""
_NAMES = ("机房布线", "交换机安装 & 调试", "Übergabe an die Klinik", "پذیرش بیماران", "Пуск")


def plan(path: Path, *names: str, title: str = "医院网络改造") -> Path:
    """A small MSPDI file."""
    days = (f"2027-02-{number:02}" for number in range(1, 28))
    tasks = "".join(
        _TASK.format(uid=uid, name=name.replace("&", "&amp;"), day=day)
        for uid, (name, day) in enumerate(zip(names, days, strict=False), 1)
    )
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?><Project xmlns="http://schemas.microsoft.com/project">'
        f"<SaveVersion>14</SaveVersion><Name>{path.name}</Name><Title>{title}</Title>"
        f"<CalendarUID>1</CalendarUID><Tasks>{tasks}</Tasks></Project>",
        encoding="utf-8",
    )
    return path


def report(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, Any]]:
    code = code_of(["report", *map(str, arguments), "--json"])
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, said


def test_names_in_any_script_are_on_the_pages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = report(capsys, plan(tmp_path / "计划.xml", *_NAMES), "--out", tmp_path / "site")
    assert code == 0
    (page,) = [one["name"] for one in said["pages"] if one["name"] != "index"]
    text = (tmp_path / "site" / f"{page}.html").read_text(encoding="utf-8")
    assert all(name.replace("&", "&amp;") in text for name in (*_NAMES, "医院网络改造"))
    assert "医院网络改造" in (tmp_path / "site" / "index.html").read_text(encoding="utf-8")


def test_file_names_are_legal_on_windows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [plan(tmp_path / f"{name}.xml", "t") for name in ("CON", "計画", "a b", "A B")]
    report(capsys, *files, "--out", tmp_path / "site")
    names = [path.name for path in (tmp_path / "site").rglob("*") if path.is_file()]
    assert len(names) == len({name.casefold() for name in names}) >= 5
    assert all(name.partition(".")[0] not in ("con", "nul") and name.isascii() for name in names)


def test_a_page_that_a_person_changed_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, site = plan(tmp_path / "plan.xml", "t"), tmp_path / "site"
    report(capsys, file, "--out", site)
    (site / "plan.html").write_text("my notes", encoding="utf-8")
    _, said = report(capsys, file, "--out", site)
    assert "my notes" in (site / "plan.html").read_text(encoding="utf-8")
    assert any("plan.html" in one["note"] for one in said["pages"])


@pytest.fixture
def served(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[str]:
    """The site on a loopback address."""
    wide = "W" * 500
    report(capsys, plan(tmp_path / "plan.xml", *_NAMES, wide, title=wide), "--out", tmp_path)
    handler = partial(_Quiet, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@pytest.mark.parametrize("page", ["index", "plan"])
def test_at_320_pixels_nothing_scrolls_sideways(
    served: str, browser: Browser, tmp_path: Path, page: str
) -> None:
    (tmp_path / "frame.html").write_text(
        f'<iframe id="f" src="{page}.html" style="width:335px;height:600px;border:0"></iframe><p id="p"></p>'
        "<script>f.onload = () => { const root = f.contentDocument.documentElement;"
        " p.textContent = `measured ${root.clientWidth} ${root.scrollWidth}`; };</script>",
        encoding="utf-8",
    )
    document = browser.document(f"{served}/frame.html")
    _, _, told = document.partition("measured ")
    client, scroll = map(int, told.partition("<")[0].split())
    assert client <= 335
    assert scroll <= client
