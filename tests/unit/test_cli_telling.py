"""What commands tell a PMO analyst: names instead of ids, one of a kind in the singular, no token without need."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from itpm_sync.cli import running, show, status, told
from itpm_sync.cli.app import COMMANDS, app

Cli = Callable[..., tuple[int, str, str]]
CONFIGURATION = """\
connections:
  jira: {connector: jira, base_url: "https://x.example.org", email: me@example.org, token: "env:NOT_SET"}
projects:
  net:
    title: Network refresh
    containers: [{connection: jira, container: NET}]
    publish: [{folder: site}]
"""


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Cli]:
    """Run a command in a folder with a configuration whose tool needs a token that nobody has."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NOT_SET", raising=False)
    (tmp_path / "itpm-sync.yaml").write_text(CONFIGURATION, encoding="utf-8")

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = running.code_of(list(arguments))
        return (code, *capsys.readouterr())

    yield run
    root = logging.getLogger()
    for handler in [each for each in root.handlers if getattr(each, "itpm_sync", False)]:
        root.removeHandler(handler)
        handler.close()


# ── tokens ──


def test_pages_are_published_without_the_tokens_of_tools_they_are_not_put_into(
    cli: Cli, tmp_path: Path
) -> None:
    code, out, err = cli("publish")
    assert (code, "Report 001 is published." in out) == (0, True), err
    assert (tmp_path / "site" / "reports" / "001" / "net.html").is_file()
    assert "NOT_SET" in cli("plan")[2]


def test_a_secret_in_a_vault_says_what_to_do_instead(cli: Cli, tmp_path: Path) -> None:
    text = CONFIGURATION.replace("env:NOT_SET", "keyvault:jira-token")
    (tmp_path / "itpm-sync.yaml").write_text(text, encoding="utf-8")
    code, _, err = cli("plan")
    assert code == 2
    assert "keyvault:jira-token" in err
    assert "keyvault: is not fetched yet" in err
    assert "write env:NAME" in err
    assert "azure extra" not in err


# ── mistypings ──


def test_a_mistyped_word_is_told_where_it_stands_though_others_are_allowed_there(
    cli: Cli, tmp_path: Path
) -> None:
    text = CONFIGURATION.replace("connector: jira", "conector: jira")
    (tmp_path / "itpm-sync.yaml").write_text(text, encoding="utf-8")
    code, _, err = cli("plan")
    assert code == 2
    says = "itpm-sync.yaml:2:10: 'conector' is not known here, and 'connector' is missing. Did you mean 'connector'?"
    assert says in err


def test_a_missing_word_with_nothing_like_it_is_said_to_be_missing(cli: Cli, tmp_path: Path) -> None:
    text = CONFIGURATION.replace("connector: jira, ", "")
    (tmp_path / "itpm-sync.yaml").write_text(text, encoding="utf-8")
    assert "'connector' is missing. It says: jira, smartsheet" in cli("plan")[2]


def test_an_unknown_connector_is_told_with_those_that_somebody_would_configure(
    cli: Cli, tmp_path: Path
) -> None:
    text = CONFIGURATION.replace("connector: jira", "connector: xyz")
    (tmp_path / "itpm-sync.yaml").write_text(text, encoding="utf-8")
    err = cli("plan")[2]
    assert "Possible: jira, m365, msproject, smartsheet." in err


def test_a_configuration_without_projects_says_where_an_example_is(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "itpm-sync.yaml").write_text(CONFIGURATION.partition("projects:")[0], encoding="utf-8")
    code, _, err = cli("plan")
    assert (code, "itpm-sync init DIR" in err) == (2, True)
    assert "example.yaml" not in err


# ── connectors and stand-ins ──


def test_the_connector_for_tests_is_not_offered(cli: Cli) -> None:
    table = cli("connectors", "list")[1]
    assert {line.split()[0] for line in table.splitlines()[1:]} == {"jira", "m365", "msproject", "smartsheet"}
    found = {each["name"]: each["for_tests"] for each in json.loads(cli("connectors", "list", "--json")[1])}
    assert (found["memory"], found["jira"]) == (True, False)


def test_a_tool_of_files_needs_no_stand_in_and_nothing_is_made_for_one(cli: Cli, tmp_path: Path) -> None:
    code, out, err = cli("emulate", "msproject", "--folder", "plans")
    assert (code, out) == (2, "")
    assert "msproject needs no stand-in: its plans are files in a folder." in err
    assert not (tmp_path / "plans").exists()
    assert "There are: jira, m365, smartsheet." in cli("emulate", "lotus")[2]


# ── report ──


def test_a_report_without_a_readable_file_has_no_page_to_open(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "broken.mpp").write_bytes(b"")
    code, out, _ = cli("report", "broken.mpp", "gone.mpp", "--out", "site")
    assert code == 1
    assert "left out  gone.mpp: is not there. Check the name." in out
    assert out.endswith("No page of a project: no file could be read.\n")
    assert "open file:" not in out


# ── numbers ──


def test_one_is_told_in_the_singular() -> None:
    assert [show.counted(number, "field") for number in (0, 1, 2, 1200)] == [
        "0 fields",
        "1 field",
        "2 fields",
        "1,200 fields",
    ]
    assert show.counted(1, "field fits", "fields fit") == "1 field fits"


@pytest.mark.parametrize(("number", "says"), [(1, "1 open conflict"), (2, "2 open conflicts")])
def test_conflicts_are_counted_in_words(number: int, says: str) -> None:
    side = {"tool": "jira", "text": "A"}
    conflicts = [{"id": "c", "field": "title", "item": "i", "sides": [side]}] * number
    assert told.summary(document(conflicts=conflicts)) == says


def test_what_is_not_left_out_is_not_tried_again(cli: Cli) -> None:
    assert cli("quarantine", "replay")[1] == "net: nothing is left out.\n"
    code, _, err = cli("quarantine", "replay", "--item", "nosuch")
    assert (code, err) == (2, "nosuch is not left out of this project.\nSee `itpm-sync quarantine list`.\n")


# ── names ──


def document(**more: Any) -> dict[str, Any]:
    names = ("actions", "offers", "conflicts", "proposals", "warnings", "brakes")
    return {"project": "net", "run": "run-1", **{name: [] for name in names}, **more}


@pytest.mark.parametrize(
    ("record", "name", "says"),
    [
        ("10001", "NET-12 Order racks", "NET-12 Order racks"),
        ("rollout.xml#6F9619FF-8B86-D011-B42D-00CF4FC964FF", "1.2 Order racks", "1.2 Order racks"),
        ("7012345678901234", "Order racks", "Order racks"),
        ("10001", "NET-12 Order 12 racks", "Order racks (NET-12 Order 12 racks)"),
        ("rollout.xml#6F9619FF-8B86-D011-B42D-00CF4FC964FF", "", "Order racks (rollout.xml#6F9619F…)"),
        (None, "", "Order racks"),
    ],
)
def test_a_record_is_called_as_people_call_it(record: str | None, name: str, says: str) -> None:
    value = {"old": {"text": "A"}, "new": {"text": "B"}, "reason": ""}
    action = {
        "operation": "update",
        "title": "Order racks",
        "connection": "jira",
        "container": "NET",
        "record": record,
        "name": name,
        "fields": [{"field": "owner", **value}],
        "reason": "",
    }
    assert f"    change  {says}: owner A → B" in list(told.lines(document(actions=[action])))


# ── status ──


def standing(**more: Any) -> dict[str, Any]:
    found = {
        "title": "Network refresh",
        "project": "net",
        "verdict": "At risk",
        "reasons": ["“Go-live” slips", "2 tasks are overdue"],
        "also": ["cost"],
        "items": 1,
        "counts": {"Overdue": 1},
        "next_milestone": {"title": "Go-live", "forecast": "2026-12-01", "slip_working_days": 1},
        "conflicts": 1,
        "pairs": 0,
        "left_out": 0,
        "sources": [
            {"name": "Rollout (m365)", "read": "2026-11-24T13:00:00+00:00", "edited": None, "note": ""},
            {"name": "NET (jira)", "read": None, "edited": None, "note": "never read"},
        ],
        "last_run": None,
    }
    return found | more


def test_status_tells_every_reason_and_counts_in_words() -> None:
    assert list(status._lines(standing())) == [
        "Network refresh (net): At risk",
        "  “Go-live” slips.",
        "  2 tasks are overdue.",
        "  Also cost.",
        "  1 item: 1 overdue",
        "  next milestone: Go-live, 2026-12-01, 1 working day after its baseline",
        "  waiting for you: 1 open conflict",
        "  Rollout (m365): read 2026-11-24 13:00Z, the tool does not tell when it was last edited",
        "  NET (jira): never read",
        "  no run yet",
    ]


def test_many_reasons_are_counted_and_the_page_is_named() -> None:
    lines = list(status._lines(standing(reasons=[f"reason {number}" for number in range(6)], also=[])))
    assert lines[6] == "  And 1 more reason: see the status page."


def test_status_points_to_nothing_that_is_not_printed(cli: Cli) -> None:
    code, out, _ = cli("status")
    assert (code, "below" in out) == (0, False)
    [found] = json.loads(cli("status", "--json")[1])
    assert found["reasons"][0] == "the plan holds no task and no milestone"
    for reason in found["reasons"]:
        assert f"  {reason[:1].upper()}{reason[1:]}.\n" in out


# ── help ──


def groups() -> Iterator[tuple[str, click.Group]]:
    context = click.Context(app)
    for name in COMMANDS:
        command = app.get_command(context, name)
        if isinstance(command, click.Group):
            yield name, command


@pytest.mark.parametrize(
    ("name", "group"), list(groups()), ids=lambda each: each if isinstance(each, str) else ""
)
def test_no_line_of_a_list_of_commands_is_cut(name: str, group: click.Group) -> None:
    text = group.get_help(click.Context(group, info_name=f"itpm-sync {name}", terminal_width=80))
    assert "..." not in text.partition("Commands:")[2]


def test_the_first_help_tells_the_exit_codes(cli: Cli) -> None:
    text = " ".join(cli("--help")[1].split())
    assert [int(code) for code in re.findall(r"(\d+) [a-z]", text[text.index("Exit codes") :])] == [
        2, 3, 1, 6, 5, 4, 10, 0,
    ]  # fmt: skip
