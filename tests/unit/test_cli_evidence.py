"""history, explain, status --as-of, audit, redact, drift, as a PMO analyst uses them: on two emulated tools."""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
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
    containers:
      - {connection: jira, container: NET}
      - {connection: sheets, container: 777, create: create}
"""
COLUMNS = [
    {"title": "Task Name", "type": "TEXT_NUMBER", "primary": True},
    {"title": "Status", "type": "PICKLIST", "options": ["Not Started", "In Progress", "Complete"]},
    {"title": "Start", "type": "DATE"},
    {"title": "Finish", "type": "DATE"},
]
CANARY = 'Zaunkönig 4711 "sings"'


def emulated(folder: Path, name: str) -> Any:
    """The account of a tool, as people use it between two commands."""
    return Catalogue().emulator(name)(folder=folder / "emulated")


def end_log() -> None:
    """A command's log ends with its process; here with its test."""
    root = logging.getLogger()
    for handler in [each for each in root.handlers if getattr(each, "itpm_sync", False)]:
        root.removeHandler(handler)
        handler.close()


@pytest.fixture(scope="module")
def synced_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two issues, carried over into an empty sheet. Copied for each test."""
    folder = tmp_path_factory.mktemp("evidence")
    issues = [
        {"project": "NET", "type": "Task", "summary": title, "by": ANN}
        for title in ("Order racks", "Pull cables")
    ]
    people = [{"mail": ANN, "name": "Ann Ames"}]
    emulated(folder, "jira").seed(
        {"people": people, "projects": [{"key": "NET", "name": "Network"}], "issues": issues}
    )
    sheet = {"name": "Plan", "id": 777, "columns": COLUMNS, "rows": [{"Task Name": "Kick-off"}]}
    emulated(folder, "smartsheet").seed({"people": {ANN: "Ann Ames"}, "sheets": [sheet]})
    (folder / "itpm-sync.yaml").write_text(CONFIGURATION, encoding="utf-8")
    config = ["--config", str(folder / "itpm-sync.yaml")]
    assert running.code_of([*config, "plan"]) == 3
    with sqlite3.connect(folder / ".itpm-sync" / "ledger.sqlite") as ledger:
        (run,) = ledger.execute("SELECT id FROM runs").fetchone()
    ledger.close()
    assert running.code_of([*config, "sync", "--approve", run]) == 0
    end_log()
    return folder


@pytest.fixture
def folder(synced_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    shutil.copytree(synced_once, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    end_log()


@pytest.fixture
def cli(folder: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run a command here: its exit code, what it printed, what it said beside it."""

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = running.code_of(list(arguments))
        return (code, *capsys.readouterr())

    return run


def parsed(result: tuple[int, str, str]) -> Any:
    return json.loads(result[1])


def renamed(folder: Path, cli: Cli, title: str) -> None:
    emulated(folder, "jira").edit_as(ANN, "10001", summary=title)
    assert cli("sync")[0] == 0


def row_with(folder: Path, title: str) -> str:
    rows = emulated(folder, "smartsheet").world.sheets[777].rows.values()
    [found] = [str(row.id) for row in rows if title in [cell.value for cell in row.cells.values()]]
    return found


def ledger_bytes(folder: Path) -> bytes:
    """Every byte of the ledger's files."""
    return b"".join(path.read_bytes() for path in sorted((folder / ".itpm-sync").glob("ledger.sqlite*")))


# ── looking back ──


def test_what_became_of_an_item_and_where_its_value_comes_from(folder: Path, cli: Cli) -> None:
    renamed(folder, cli, "Order 12 racks")
    by_key = parsed(cli("history", "NET-1", "--json"))
    assert (
        by_key
        == parsed(cli("history", by_key["item"], "--json"))
        == parsed(cli("history", "order 12 RACKS", "--json"))
    )
    kinds = [event["what"] for event in by_key["events"]]
    assert kinds[0] == "written", "newest first"
    assert kinds[-1] == "made"
    written, agreed = [event for event in by_key["events"] if event["field"] == "title"][:2]
    assert (written["connection"], written["new"]["text"], written["outcome"]) == (
        "sheets",
        "Order 12 racks",
        "update applied",
    )
    assert (agreed["connection"], agreed["version"]) == ("jira", 2)
    assert (agreed["old"]["text"], agreed["new"]["text"]) == ("Order racks", "Order 12 racks")
    assert agreed["run"] == written["run"]

    code, out, _ = cli("history", "NET-1", "--field", "title", "--limit", "1")
    assert (code, out.count("\n")) == (0, 3)
    assert "older (--limit N shows more)" in out

    told = parsed(cli("explain", "NET-1", "title", "--json"))
    [field] = told["fields"]
    assert (field["agreed"]["text"], field["agreed"]["connection"], field["agreed"]["version"]) == (
        "Order 12 racks",
        "jira",
        2,
    )
    assert field["decided"]["old"]["text"] == "Order racks"
    tools = {tool["connection"]: tool for tool in field["tools"]}
    assert (tools["sheets"]["in_step"], tools["sheets"]["version"]) == (True, 2)
    assert tools["sheets"]["told"]["what"] == "written"
    code, out, _ = cli("explain", "NET-1")
    assert code == 0
    assert "title: Order 12 racks (version 2)" in out
    assert "it replaced: Order racks" in out


def test_an_open_conflict_is_told_by_explain_and_counted_as_drift(folder: Path, cli: Cli) -> None:
    emulated(folder, "jira").edit_as(ANN, "10001", summary="Order the racks")
    emulated(folder, "smartsheet").edit_as(
        ANN, row_with(folder, "Order racks"), **{"Task Name": "Order 9 racks"}
    )
    assert cli("sync")[0] == 4
    [field] = parsed(cli("explain", "NET-1", "title", "--json"))["fields"]
    assert {side["text"] for side in field["conflict"]["sides"]} >= {"Order the racks", "Order 9 racks"}
    assert {tool["why"] for tool in field["tools"]} == {"held by a conflict"}
    [opened] = [
        e for e in parsed(cli("history", "NET-1", "--json"))["events"] if e["what"] == "conflict opened"
    ]
    assert opened["conflict"] == field["conflict"]["id"]

    code, out, _ = cli("drift", "--json")
    [found] = json.loads(out)["projects"]
    assert (code, found["reasons"]) == (4, {"held by a conflict": 2})
    assert cli("conflicts", "resolve", field["conflict"]["id"], "sheets")[0] == 0
    events = parsed(cli("history", "NET-1", "--json"))["events"]
    assert [e["field"] for e in events if e["what"] == "conflict closed"] == ["title"]
    assert any(e["phase"] == "resolve" and e["what"] == "agreed" for e in events)


@pytest.mark.parametrize("command", [["history"], ["explain"], ["redact"]])
def test_an_item_that_is_not_clearly_named_is_told_with_those_it_may_be(command: list[str], cli: Cli) -> None:
    field = ["title"] if command == ["redact"] else []
    code, _, err = cli(*command, "e", *field)
    assert code == 2
    assert "'e' may be any of 2 items" in err
    assert err.count(f"itpm-sync {command[0]} i-") == 2
    assert "jira: NET-1 Order racks" in err
    assert cli(*command, "NET-999", *field)[0] == 2
    code, _, err = cli(*command[:1], "NET-1", *(["--field"] if command == ["history"] else []), "titel")
    assert (code, "Did you mean 'title'?" in err) == (2, True)


def test_status_as_it_was(folder: Path, cli: Cli) -> None:
    [now] = parsed(cli("status", "--json"))
    moment = datetime.now(UTC)
    emulated(folder, "jira").seed(
        {"issues": [{"project": "NET", "type": "Task", "summary": "Test", "by": ANN}]}
    )
    assert cli("sync")[0] == 0
    [later] = parsed(cli("status", "--json"))
    [then] = parsed(cli("status", "--as-of", moment.isoformat(), "--json"))
    assert (now["items"], later["items"], then["items"]) == (3, 4, 3)
    for name in ("counts", "reasons", "dimensions", "conflicts", "next_milestone", "title", "last_run"):
        assert then[name] == now[name], name
    assert then["pairs"] is None
    assert then["not_told"]
    [today] = parsed(cli("status", "--as-of", f"{moment:%Y-%m-%d}", "--json"))
    assert today["items"] == 4, "a day means its end"
    code, out, _ = cli("status", "--as-of", "2020-01-31")
    assert (code, "the history begins" in out) == (0, True)
    tomorrow = f"{moment + timedelta(days=2):%Y-%m-%d}"
    for wrong in ("yesterday", "2026-02-30", tomorrow):
        assert cli("status", "--as-of", wrong)[0] == 2


# ── proving ──


def test_the_history_is_proven_and_a_cut_off_end_is_seen_by_an_anchor(folder: Path, cli: Cli) -> None:
    file = folder / "ledger.sqlite"
    live = folder / ".itpm-sync" / "ledger.sqlite"
    code, out, _ = cli("audit", "verify")
    assert (code, out.startswith("net: holds: ")) == (0, True)
    shutil.copy(live, file)
    renamed(folder, cli, "Order 12 racks")
    assert cli("audit", "anchor", "--out", "anchors.jsonl")[0] == 0
    assert cli("audit", "verify", "--anchor", "anchors.jsonl")[0] == 0
    printed = json.loads(cli("audit", "anchor")[1])
    summary = parsed(cli("runs", "list", "--json"))[0]["summary"]
    assert printed["heads"]["net"] == summary["head"]

    shutil.copy(file, live)  # as an old backup would be
    for name in ("-wal", "-shm"):
        live.with_name(live.name + name).unlink(missing_ok=True)
    assert cli("audit", "verify")[0] == 0, "by itself it cannot be seen"
    for anchors in ("anchors.jsonl", str(folder / ".itpm-sync" / "itpm-sync.log")):
        code, out, _ = cli("audit", "verify", "--anchor", anchors)
        assert (code, "are gone" in out) == (1, True), anchors
    found = parsed(cli("audit", "verify", "--anchor", "anchors.jsonl", "--json"))
    assert found["misfits"][0]["project"] == "net"

    line = (folder / "anchors.jsonl").read_text(encoding="utf-8")
    (folder / "forged.jsonl").write_text(line.replace('"seq": ', '"seq": 1'), encoding="utf-8")
    code, out, _ = cli("audit", "verify", "--anchor", "forged.jsonl")
    assert (code, "was not signed" in out) == (1, True)
    (folder / "none.jsonl").write_text("{}\n", encoding="utf-8")
    assert cli("audit", "verify", "--anchor", "none.jsonl")[0] == 2
    assert cli("audit", "verify", "--anchor", "nowhere")[0] == 2


def test_a_changed_agreed_value_is_noticed(folder: Path, cli: Cli) -> None:
    ledger = sqlite3.connect(folder / ".itpm-sync" / "ledger.sqlite")
    with ledger:
        ledger.execute("UPDATE intents SET outcome = 'refused' WHERE rowid = 1")
        ledger.execute("UPDATE items SET life = 'deleted' WHERE rowid = 1")
    ledger.close()
    code, out, _ = cli("audit", "verify")
    assert code == 1
    assert "its row says 'refused'" in out
    assert "is not what the history tells: life" in out


# ── redaction ──


def test_a_redacted_value_is_in_no_byte_of_the_ledger(folder: Path, cli: Cli) -> None:
    emulated(folder, "jira").edit_as(ANN, "10001", summary=CANARY)
    assert cli("plan")[0] == 0
    assert cli("sync")[0] == 0
    assert cli("publish", "--json")[0] in (0, 2)
    code, _, err = cli("redact", "NET-2", "title")
    assert (code, "is the present one" in err, "jira, sheets" in err) == (1, True, True)
    renamed(folder, cli, "Order racks again")
    assert "Zaunkönig 4711".encode() in ledger_bytes(folder)

    code, out, err = cli("redact", "NET-1", "title", "--as", "Ben Bold", "--reason", "a person's name")
    assert code == 0, err
    assert "What is agreed now stays, for it stands in jira, sheets: Order racks again" in out
    for form in ("Zaunkönig 4711", "Zaunk\\u00f6nig 4711", "Zaunk"):
        assert form.encode() not in ledger_bytes(folder)

    audit = parsed(cli("audit", "verify", "--json"))["projects"][0]
    assert audit["holds"]
    assert [each["field"] for each in audit["redactions"]] == ["title"]
    told = parsed(cli("history", "NET-1", "--json"))["events"]
    assert (told[0]["what"], told[0]["actor"], told[0]["why"]) == ("redacted", "Ben Bold", "a person's name")
    assert "(redacted)" in {event["old"]["text"] for event in told if "old" in event}
    assert "(redacted)" in cli("explain", "NET-1", "title")[1]
    assert cli("plan", "--exit-code")[0] == 0, "redacting moves nothing"
    assert cli("runs", "list")[0] == 0
    for run in parsed(cli("runs", "list", "--json")):
        assert cli("runs", "show", run["run"])[0] == 0
    code, out, _ = cli("redact", "NET-1", "title")
    assert (code, "removed all there was" in out) == (0, True), out


# ── drift ──


def test_drift_says_how_far_the_tools_are_apart(folder: Path, cli: Cli) -> None:
    code, out, _ = cli("drift")
    assert code == 0, out
    assert "100.0 % of fields in step" in out
    emulated(folder, "jira").edit_as(ANN, "10001", summary="Order 12 racks")
    emulated(folder, "jira").seed(
        {"issues": [{"project": "NET", "type": "Task", "summary": "New", "by": ANN}]}
    )
    before = parsed(cli("runs", "list", "--json"))
    code, out, _ = cli("drift", "--json")
    [found] = json.loads(out)["projects"]
    assert (code, found["reasons"]) == (4, {"edited and not yet decided": 1, "untied": 1})
    assert 90 < found["share"] < 100
    assert found["in_step"] == found["fields"] - 1
    after = parsed(cli("runs", "list", "--json"))
    assert [run["kind"] for run in after][:1] == ["drift"]
    assert len(after) == len(before) + 1
    (folder / "itpm-sync.yaml").write_text(CONFIGURATION.replace("777", "778"), encoding="utf-8")
    code, out, _ = cli("drift", "--all")
    assert (code, "could not be read whole" in out) == (5, True)
