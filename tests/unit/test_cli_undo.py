"""`itpm-sync undo`, as a PMO analyst uses it: a preview, its approval, what is left, what is refused."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from itpm_sync.cli import running
from itpm_sync.cli.undo import lines
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
    containers:
      - {connection: jira, container: NET}
      - {connection: sheets, container: 777, create: create}
"""
COLUMNS = [{"title": "Task Name", "type": "TEXT_NUMBER", "primary": True}]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """Run a command in a folder with two tools in step; one issue was created in the sheet by the last run."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = running.code_of(list(arguments))
        return (code, *capsys.readouterr())

    account("jira", tmp_path).seed(
        {
            "people": [{"mail": ANN, "name": "Ann Ames"}],
            "projects": [{"key": "NET", "name": "Network"}],
            "issues": [{"project": "NET", "type": "Task", "summary": "Order racks", "by": ANN}],
        }
    )
    sheet = {"name": "Plan", "id": 777, "columns": COLUMNS, "rows": []}
    account("smartsheet", tmp_path).seed({"people": {ANN: "Ann Ames"}, "sheets": [sheet]})
    (tmp_path / "itpm-sync.yaml").write_text(CONFIGURATION, encoding="utf-8")
    yield run
    root = logging.getLogger()
    for handler in [each for each in root.handlers if getattr(each, "itpm_sync", False)]:
        root.removeHandler(handler)
        handler.close()


def account(name: str, folder: Path) -> Any:
    return Catalogue().emulator(name)(folder=folder / "emulated")


def rows(folder: Path) -> list[Any]:
    return [row for sheet in account("smartsheet", folder).world.sheets.values() for row in sheet.rows]


def test_a_run_is_undone_after_its_preview(cli: Cli, tmp_path: Path) -> None:
    plan = json.loads(cli("plan", "--json")[1])["run"]
    code, out, err = cli("sync", "--approve", plan, "--json")
    assert code == 0, err
    run = json.loads(out)["run"]
    assert len(rows(tmp_path)) == 1

    code, out, err = cli("undo", plan)
    assert code == 2
    assert "undo that one" in err

    code, out, err = cli("undo", run, "--as", "pia")
    assert code == 0, err
    assert f"undo of run {run}" in out
    assert "1 to delete" in out
    preview = out.split()[2].rstrip(",")
    assert f"itpm-sync undo {run} --approve {preview}" in out
    assert len(rows(tmp_path)) == 1

    code, out, err = cli("undo", run, "--approve", preview, "--json", "--as", "pia")
    assert code == 0, err
    told = json.loads(out)
    assert (told["undoes"], [action["outcome"] for action in told["actions"]]) == (run, ["applied"])
    assert rows(tmp_path) == []

    runs = json.loads(cli("runs", "list", "--json")[1])
    assert runs[0]["kind"] == "undo"
    assert cli("undo", "run-nowhere")[0] == 2
    code, out, _ = cli("sync")
    assert code == 3  # as before the first sync: it is previewed
    assert rows(tmp_path) == []


def test_what_moves_back_without_a_write_is_told() -> None:
    document = {
        "project": "net",
        "run": "run-2",
        "undoes": "run-1",
        "actions": [],
        "offers": [],
        "conflicts": [],
        "proposals": [],
        "warnings": [],
        "brakes": [],
        "agreed": [
            {
                "id": "1",
                "title": "Order racks",
                "field": "site",
                "old": {"text": "R1"},
                "new": {"text": ""},
            }
        ],
        "asked": [],
        "already": 2,
        "configuration_back": True,
    }
    text = "\n".join(lines(document, most=30, carried_out=False))
    assert "Order racks: site R1 → (empty)" in text
    assert "2 values stand as before the run already" in text
    assert "counts again" in text
    assert text.endswith("itpm-sync undo run-1 --approve run-2")
    nothing = "\n".join(lines({**document, "agreed": []}, most=30, carried_out=False))
    assert "Nothing to put back." in nothing
    assert "--approve" not in nothing
