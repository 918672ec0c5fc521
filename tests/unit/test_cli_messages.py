"""What a PMO analyst reads when something is mistyped: the thing, the mend, exit code 2, and nothing done."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from itpm_sync.cli import running

Cli = Callable[..., tuple[int, str]]
CONFIGURATION = """\
connections:
  plans: {connector: msproject, folder: plans}
projects:
  net:
    title: Network refresh
    containers: [{connection: plans, container: net.xml}]
"""


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """Run a command in a folder with a configuration: its exit code, and what it said on stderr."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "itpm-sync.yaml").write_text(CONFIGURATION, encoding="utf-8")

    def run(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        code = running.code_of(list(arguments))
        return code, capsys.readouterr().err

    yield run
    root = logging.getLogger()
    for handler in [each for each in root.handlers if getattr(each, "itpm_sync", False)]:
        root.removeHandler(handler)
        handler.close()


def test_a_wrong_mapping_is_said_once_and_no_plan_is_left_out_for_it(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text("system: msproject\nfields:\n  titel: {field: Name, as: line}\n")
    code, said = cli("report", "one.mpp", "two.mpp", "--mapping", "m.yaml", "--out", "site")
    assert code == 2
    assert said.count("m.yaml:3:3: 'titel' is not known here. Did you mean 'title'?") == 1
    assert not (tmp_path / "site").exists()


def test_a_mapping_that_is_not_there_is_named(cli: Cli) -> None:
    code, said = cli("report", "one.mpp", "--mapping", "other.yaml", "--out", "site")
    assert (code, "There is no mapping other.yaml." in said) == (2, True)


def test_a_folder_without_files_is_named(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "plans").mkdir()
    code, said = cli("report", "plans", "--out", "site")
    assert (code, "There is no plan file (.mpp, .mpt, .xml, .mpx, .xer) in plans." in said) == (2, True)


def test_an_item_that_is_not_left_out_cannot_be_tried_again(cli: Cli) -> None:
    code, said = cli("quarantine", "replay", "--item", "i-nowhere")
    assert (code, "i-nowhere is not left out" in said) == (2, True)
    assert "itpm-sync quarantine list" in said
    assert cli("quarantine", "replay")[0] == 0


def test_a_tool_without_an_address_is_not_served(cli: Cli) -> None:
    code, said = cli("emulate", "msproject", "--folder", "plans")
    assert (code, "--edit" in said) == (2, True)


def test_a_mistyped_zone_gets_one_question_mark(cli: Cli, tmp_path: Path) -> None:
    zoned = CONFIGURATION.replace("    title", "    zone: New York\n    title")
    (tmp_path / "itpm-sync.yaml").write_text(zoned, encoding="utf-8")
    code, said = cli("plan")
    assert code == 2
    assert "did you mean America/New_York?\n" in said
