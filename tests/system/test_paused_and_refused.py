"""People's brakes and the quarantine as a PMO analyst meets them: the commands, over emulated Jira and Smartsheet."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from itpm_sync.cli import running
from itpm_sync.registry import Catalogue

Cli = Callable[..., tuple[int, str, str]]
ANN = "ann@example.org"
CONFIGURATION = """\
connections:
  jira: {connector: jira, emulator: emulated}
  sheets: {connector: smartsheet, emulator: emulated}
projects:
  net:
    title: Network refresh
    limits: {changes_percent: 100}
    containers:
      - {connection: jira, container: NET}
      - {connection: sheets, container: 777, create: create}
    publish: [{folder: site}]
"""
COLUMNS = [
    {"title": "Task Name", "type": "TEXT_NUMBER", "primary": True},
    {"title": "Labels", "type": "TEXT_NUMBER"},
    {"title": "Start", "type": "DATE"},
]
RACKS = ("Rack A", "Rack B", "Rack C")


def end_log() -> None:
    root = logging.getLogger()
    for handler in [each for each in root.handlers if getattr(each, "itpm_sync", False)]:
        root.removeHandler(handler)
        handler.close()


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = running.code_of(list(arguments))
    return (code, *capsys.readouterr())


def emulated(folder: Path, name: str) -> Any:
    """The account of a tool, as people use it between two commands."""
    return Catalogue().emulator(name)(folder=folder / "emulated")


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three issues in Jira, their rows in a sheet; nothing waits. Copied for each test."""
    folder = tmp_path_factory.mktemp("begun")
    issues = [{"project": "NET", "type": "Task", "summary": each, "by": ANN} for each in RACKS]
    people, projects = [{"mail": ANN, "name": "Ann Ames"}], [{"key": "NET", "name": "Network"}]
    emulated(folder, "jira").seed({"people": people, "projects": projects, "issues": issues})
    sheet = {"name": "Plan", "id": 777, "columns": COLUMNS, "rows": []}
    emulated(folder, "smartsheet").seed({"people": {ANN: "Ann Ames"}, "sheets": [sheet]})
    (folder / "itpm-sync.yaml").write_text(CONFIGURATION, encoding="utf-8")
    config = ["--config", str(folder / "itpm-sync.yaml")]
    assert running.code_of([*config, "plan"]) == 3
    from itpm_sync.ledger import Ledger
    from itpm_sync.ports import SystemClock, SystemIds

    path = folder / ".itpm-sync" / "ledger.sqlite"
    with Ledger.open(path, clock=SystemClock(), ids=SystemIds()) as ledger:
        run = ledger.runs("net")[0].id
    assert running.code_of([*config, "sync", "--approve", run]) in (0, 5)
    end_log()
    return folder


@pytest.fixture
def folder(begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    end_log()


@pytest.fixture
def cli(folder: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    return lambda *arguments: command(capsys, *arguments)


def row_of(folder: Path, title: str) -> Any:
    rows = emulated(folder, "smartsheet").world.sheets[777].rows.values()
    [found] = [row for row in rows if title in [cell.value for cell in row.cells.values()]]
    return found


def rename(folder: Path, title: str, new: str) -> None:
    """Ann renames a row of the sheet."""
    emulated(folder, "smartsheet").edit_as(ANN, str(row_of(folder, title).id), **{"Task Name": new})


def summaries(folder: Path) -> dict[str, str]:
    """What Jira says, by number."""
    return {
        n: issue["fields"]["summary"] for n, issue in emulated(folder, "jira").world.data["issues"].items()
    }


def number_of(folder: Path, summary: str) -> str:
    return next(number for number, said in summaries(folder).items() if said == summary)


def test_a_paused_project_is_not_written_and_says_so_everywhere(folder: Path, cli: Cli) -> None:
    code, _, err = cli("pause", "net")
    assert (code, "needs a reason" in err) == (2, True)
    code, out, _ = cli("pause", "net", "--reason", "Migration weekend", "--as", "Ann")
    assert code == 0 and "The project net is paused" in out and "itpm-sync resume net" in out
    rename(folder, "Rack A", "Rack one")
    code, out, _ = cli("sync")
    assert code == 3
    assert "1 held while paused" in out and "held while it is paused" in out and "Migration weekend" in out
    assert sorted(summaries(folder).values()) == list(RACKS)
    [told] = json.loads(cli("pause", "list", "--json")[1])
    assert (told["project"], told["by"], told["reason"]) == ("net", "Ann", "Migration weekend")
    assert "by Ann: Migration weekend" in cli("status")[1]
    assert "Migration weekend" in (folder / "site" / "net.html").read_text(encoding="utf-8")
    code, out, _ = cli("resume", "net", "--as", "Ben")
    assert (code, "goes on" in out) == (0, True)
    assert cli("sync")[0] == 0
    assert sorted(summaries(folder).values()) == ["Rack B", "Rack C", "Rack one"]
    assert cli("pause", "list")[1] == "Nothing is paused.\n"


def test_a_connection_is_paused_by_its_name_and_must_be_resumed_by_it(folder: Path, cli: Cli) -> None:
    assert cli("pause", "--connection", "nowhere", "--reason", "x")[0] == 2
    assert cli("pause", "--connection", "jira", "--reason", "Licence audit")[0] == 0
    rename(folder, "Rack A", "Rack one")
    assert cli("sync")[0] == 3
    code, out, _ = cli("resume", "net")
    assert code == 0 and "was not paused" in out and "Still: The connection jira is paused" in out
    assert cli("resume", "--connection", "jira")[0] == 0
    assert cli("sync")[0] == 0
    assert "Rack one" in summaries(folder).values()


def test_a_connection_in_read_mode_is_never_written(folder: Path, cli: Cli) -> None:
    text = CONFIGURATION.replace("jira, emulator: emulated}", "jira, emulator: emulated, mode: read}")
    (folder / "itpm-sync.yaml").write_text(text, encoding="utf-8")
    rename(folder, "Rack A", "Rack one")
    run = json.loads(cli("plan", "--json")[1])["run"]
    code, out, _ = cli("sync", "--approve", run)
    assert code == 0
    assert "nothing is written there: the connection jira is in `mode: read`" in out
    assert sorted(summaries(folder).values()) == list(RACKS)


def test_a_labelled_item_is_left_alone_until_the_label_is_gone(folder: Path, cli: Cli) -> None:
    number = number_of(folder, "Rack A")
    emulated(folder, "jira").edit_as(ANN, number, labels=["itpm-skip"])
    rename(folder, "Rack A", "Rack one")
    rename(folder, "Rack B", "Rack two")
    code, out, _ = cli("sync")
    assert code == 0
    assert "1 left alone" in out and "Rack A" in out
    assert sorted(summaries(folder).values()) == ["Rack A", "Rack C", "Rack two"]
    assert "left alone (skip label): 1 item" in cli("status")[1]
    emulated(folder, "jira").edit_as(ANN, number, labels=[])
    assert cli("sync")[0] == 0
    assert sorted(summaries(folder).values()) == ["Rack C", "Rack one", "Rack two"]


def test_an_issue_that_refuses_is_quarantined_and_the_others_are_written(folder: Path, cli: Cli) -> None:
    locked = number_of(folder, "Rack A")
    emulated(folder, "jira").edit_as(ANN, locked, locked=True)
    for old, new in (("Rack A", "Rack one"), ("Rack B", "Rack two"), ("Rack C", "Rack three")):
        rename(folder, old, new)
    assert cli("sync")[0] == 1
    assert sorted(summaries(folder).values()) == ["Rack A", "Rack three", "Rack two"]
    [left] = json.loads(cli("quarantine", "list", "--json")[1])
    assert (left["title"], left["connection"], left["attempts"]) == ("Rack one", "jira", 1)
    assert "permission" in left["reason"]
    assert cli("sync")[0] == 5  # said, and not tried again within the hour
    [left] = json.loads(cli("quarantine", "list", "--json")[1])
    assert left["attempts"] == 1
    emulated(folder, "jira").edit_as(ANN, locked, locked=False)
    assert cli("quarantine", "replay")[0] == 0
    assert cli("sync")[0] == 0
    assert sorted(summaries(folder).values()) == ["Rack one", "Rack three", "Rack two"]
    assert json.loads(cli("quarantine", "list", "--json")[1]) == []
