"""The demo, as a newcomer runs it: one command in an empty place, then the folder it leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from itpm_sync.demo import has_screen, working_folder
from itpm_sync.demo.tale import Tool, whole
from itpm_sync.demo.tale.pieces import Calendar
from itpm_sync.errors import Misconfigured
from itpm_sync.ports import SystemClock

CUT_OVER = "Riverbank: cut-over night"
NOTED = "Old circuits cancelled"


def itpm_sync(*arguments: str, at: Path) -> subprocess.CompletedProcess[str]:
    """A command in a fresh process, as people type it there; no Java can be found."""
    environment = {**os.environ, "PATH": str(Path(sys.executable).parent), "PYTHONUTF8": "1"}
    environment.pop("JAVA_HOME", None)
    return subprocess.run(
        [sys.executable, "-c", "from itpm_sync.cli import main; main()", *arguments],
        cwd=at,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


def data(*arguments: str, at: Path) -> Any:
    done = itpm_sync(*arguments, at=at)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    at = tmp_path_factory.mktemp("newcomer")
    return at / "demo", itpm_sync("demo", "--dir", "demo", "--no-browser", at=at)


@pytest.fixture(scope="module")
def folder(told: tuple[Path, subprocess.CompletedProcess[str]]) -> Path:
    place, done = told
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return place


def test_it_ends_well_and_tells_what_it_does(
    told: tuple[Path, subprocess.CompletedProcess[str]], folder: Path
) -> None:
    text = told[1].stdout
    for command in ("check", "plan", "sync --approve run-", "pair accept", "conflicts resolve", "publish"):
        assert f"$ itpm-sync {command}" in text
    assert "Traceback" not in text + told[1].stderr


def test_the_project_has_at_least_120_items_in_four_tools(folder: Path) -> None:
    found = data("status", "--json", at=folder)
    assert found[0]["items"] >= 120
    assert len(found[0]["sources"]) == 5
    assert all(source["read"] for source in found[0]["sources"])


def test_a_plan_in_a_fresh_process_holds_no_action(folder: Path) -> None:
    plan = data("plan", "--json", at=folder)
    waiting = {name: plan[name] for name in ("actions", "held", "offers", "conflicts", "proposals", "brakes")}
    assert not any(waiting.values()), waiting


def test_the_conflict_is_settled_in_every_tool_that_holds_the_item(folder: Path) -> None:
    assert data("conflicts", "list", "--json", at=folder) == []
    said = {
        kind: _shown(folder, kind)
        for kind in ("msproject", "jira", "smartsheet")
    }  # fmt: skip
    assert len(set(said.values())) == 1, said


def _shown(folder: Path, kind: str) -> str:
    """The day of the cut-over night, as the tool itself holds it."""
    from itpm_sync.registry import Catalogue

    place = folder / (working_folder.PLANS if kind == "msproject" else working_folder.EMULATED)
    tool: Any = Catalogue().emulator(kind)(folder=place)
    native = tool.find(CUT_OVER)
    if kind == "jira":
        return str(tool.shown(native)["duedate"])
    if kind == "smartsheet":
        sheet = next(tool.world.find_row(int(native)))
        return str(sheet.rows[int(native)].cells[sheet.titled("Finish").id].value)
    text = (place / "network-refresh.xml").read_text(encoding="utf-8")
    task = next(part for part in text.split("<Task>") if f"<Name>{CUT_OVER}</Name>" in part)
    return task.partition("<Finish>")[2][:10]


def test_the_pages_stand_and_report_001_is_frozen(folder: Path) -> None:
    for page in ("index.html", "network-refresh.html", "reports/001/index.html"):
        assert "Alder Vale Health" in (folder / "site" / page).read_text(encoding="utf-8")


def test_a_persons_edit_in_one_tool_reaches_the_others(folder: Path) -> None:
    edit = itpm_sync(
        *("emulate", "msproject", "--folder", "plans", "--as", "ines.okafor@example.org"),
        *("--edit", NOTED, f"Name={NOTED} and credited"),
        at=folder,
    )
    assert edit.returncode == 0, edit.stderr
    assert itpm_sync("sync", at=folder).returncode == 0
    from itpm_sync.registry import Catalogue

    sheets = Catalogue().emulator("smartsheet")(folder=folder / working_folder.EMULATED)
    assert sheets.find(f"{NOTED} and credited")
    assert data("plan", "--json", at=folder)["actions"] == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--as", "grace.aldous@example.org", "--edit", "No such task", "percent=100"), "No such task"),
        (("--as", "nobody@example.org", "--edit", "Quick guide for floor staff", "percent=1"), "nobody"),
        (
            ("--as", "grace.aldous@example.org", "--edit", "Quick guide for floor staff", "percent"),
            "FIELD=VALUE",
        ),
        (("--edit", "Quick guide for floor staff", "percent=100"), "--as MAIL"),
    ],
)
def test_an_edit_that_cannot_be_is_named(folder: Path, arguments: tuple[str, ...], says: str) -> None:
    done = itpm_sync("emulate", "m365", "--folder", "emulated", *arguments, at=folder)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_demo_moves_the_first_aside_whole(tmp_path: Path) -> None:
    place = tmp_path / "demo"
    assert working_folder.prepare(place, clock=SystemClock()) is None
    (place / "mine.txt").write_text("kept", encoding="utf-8")
    moved = working_folder.prepare(place, clock=SystemClock())
    assert moved is not None and moved.parent == tmp_path
    assert (moved / "mine.txt").read_text(encoding="utf-8") == "kept"
    assert not (place / "mine.txt").exists()


def test_a_folder_of_somebody_elses_is_refused_and_not_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(Misconfigured, match="no demo made it"):
        working_folder.prepare(tmp_path, clock=SystemClock())
    assert [each.name for each in tmp_path.iterdir()] == ["thesis.txt"]


def test_every_piece_has_a_title_of_its_own_and_a_place() -> None:
    pieces = whole()
    assert len({piece.title for piece in pieces}) == len(pieces) >= 120
    assert {tool for piece in pieces for tool in piece.tools} == set(Tool)
    assert all(piece.tools for piece in pieces)


def test_no_browser_is_opened_in_a_terminal_without_a_screen() -> None:
    assert not has_screen("linux", {"TERM": "xterm"})
    assert has_screen("linux", {"WAYLAND_DISPLAY": "wayland-0"})
    assert has_screen("win32", {})


def test_days_are_working_days_whatever_the_day_of_the_run() -> None:
    from datetime import date

    for day in range(1, 15):
        calendar = Calendar(date(2027, 2, day))
        days = [calendar.day(offset) for offset in range(-12, 13)]
        assert days == sorted(set(days))
        assert all(each.weekday() < 5 for each in days)
