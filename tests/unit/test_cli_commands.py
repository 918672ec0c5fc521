"""The commands, as a PMO analyst uses them: on two emulated tools, each command a process's worth of work."""

from __future__ import annotations

import json
import logging
import shutil
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from itpm_sync import resources
from itpm_sync.cli import connectors, emulate, running
from itpm_sync.ledger import Ledger
from itpm_sync.ports import SystemClock, SystemIds
from itpm_sync.registry import Catalogue
from itpm_sync.settings import load

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
    publish: [{folder: site}]
"""
COLUMNS = [
    {"title": "Task Name", "type": "TEXT_NUMBER", "primary": True},
    {"title": "Status", "type": "PICKLIST", "options": ["Not Started", "In Progress", "Complete"]},
    {"title": "Start", "type": "DATE"},
    {"title": "Finish", "type": "DATE"},
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    end_log()


def end_log() -> None:
    """A command's log ends with its process; here with its test."""
    root = logging.getLogger()
    for handler in [each for each in root.handlers if getattr(each, "itpm_sync", False)]:
        root.removeHandler(handler)
        handler.close()


@pytest.fixture
def cli(folder: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run a command here: its exit code, what it printed, what it said beside it."""

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = running.code_of(list(arguments))
        return (code, *capsys.readouterr())

    return run


def emulated(folder: Path, name: str) -> Any:
    """The account of a tool, as people use it between two commands."""
    return Catalogue().emulator(name)(folder=folder / "emulated")


def seeded(folder: Path) -> None:
    """Two issues in Jira; a sheet that has one of them by title."""
    emulated(folder, "jira").seed(
        {
            "people": [{"mail": ANN, "name": "Ann Ames"}],
            "projects": [{"key": "NET", "name": "Network"}],
            "issues": [
                {"project": "NET", "type": "Task", "summary": "Order racks", "by": ANN},
                {"project": "NET", "type": "Task", "summary": "Kabel ziehen 网络", "by": ANN},
            ],
        }
    )
    rows = [{"Task Name": "Order racks", "Status": "Not Started"}]
    sheet = {"name": "Plan", "id": 777, "columns": COLUMNS, "rows": rows}
    emulated(folder, "smartsheet").seed({"people": {ANN: "Ann Ames"}, "sheets": [sheet]})
    (folder / "itpm-sync.yaml").write_text(CONFIGURATION, encoding="utf-8")


@pytest.fixture
def world(folder: Path) -> Path:
    """Two tools that were never synced."""
    seeded(folder)
    return folder


@pytest.fixture(scope="module")
def once_synced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both tools say the same; nothing waits. Copied for each test that begins here."""
    folder = tmp_path_factory.mktemp("synced")
    seeded(folder)
    config = ["--config", str(folder / "itpm-sync.yaml")]
    assert running.code_of([*config, "plan"]) == 3
    assert running.code_of([*config, "pair", "accept", "--all"]) == 0
    assert running.code_of([*config, "plan"]) == 3
    ledger = Ledger.open(folder / ".itpm-sync" / "ledger.sqlite", clock=SystemClock(), ids=SystemIds())
    with ledger:
        run = ledger.runs("net")[0].id
    assert running.code_of([*config, "sync", "--approve", run]) == 0
    assert running.code_of([*config, "plan", "--exit-code"]) == 0
    end_log()
    return folder


@pytest.fixture
def synced(once_synced: Path, folder: Path) -> Path:
    shutil.copytree(once_synced, folder, dirs_exist_ok=True)
    return folder


def sheet_row(folder: Path, title: str) -> str:
    """The id of the row with that title."""
    rows = emulated(folder, "smartsheet").world.sheets[777].rows.values()
    [found] = [str(row.id) for row in rows if title in [cell.value for cell in row.cells.values()]]
    return found


def parsed(result: tuple[int, str, str]) -> Any:
    return json.loads(result[1])


# ── the whole way ──


def test_from_the_first_plan_to_an_empty_one(world: Path, cli: Cli) -> None:
    code, out, _ = cli("check")
    assert code == 0, out

    code, out, err = cli("plan", "--json")
    plan = json.loads(out)
    assert code == 3
    assert [b["kind"] for b in plan["brakes"]] == ["first sync"]
    assert all(
        isinstance(plan[name], list) for name in ("actions", "offers", "conflicts", "warnings", "brakes")
    )
    assert {"create", "update"} == {a["operation"] for a in plan["actions"]}
    assert "Kabel ziehen 网络" in {a["title"] for a in plan["actions"]}
    assert "reading NET" in err

    [pair] = parsed(cli("pair", "list", "--json"))
    assert (pair["title"], pair["why"]) == ("Order racks", "only the title agrees")

    code, out, _ = cli("sync")
    assert code == 3
    assert "--approve run-" in out

    code, out, _ = cli("sync", "--approve", plan["run"], "--json")
    assert code == 0, out
    done = json.loads(out)
    assert done["run"].startswith("run-")
    assert {a["outcome"] for a in done["actions"]} == {"applied"}
    assert [p["name"] for p in done["published"]] == ["net", "index"]
    assert (world / "site" / "index.html").is_file()

    assert cli("pair", "accept", pair["id"], "--as", "Ann")[0] == 0
    assert cli("plan", "--exit-code")[0] == 10
    assert cli("sync")[0] == 0
    code, out, _ = cli("plan", "--exit-code")
    assert (code, "every tool says the same" in out) == (0, True)
    assert parsed(cli("plan", "--json"))["actions"] == []


def test_two_edits_of_one_field_become_a_conflict_that_a_person_settles(synced: Path, cli: Cli) -> None:
    emulated(synced, "jira").edit_as(ANN, "10001", summary="Order the racks")
    emulated(synced, "smartsheet").edit_as(
        ANN, sheet_row(synced, "Order racks"), **{"Task Name": "Order 12 racks"}
    )

    code, out, _ = cli("sync")
    assert code == 4, out
    [conflict] = parsed(cli("conflicts", "list", "--json"))
    assert (conflict["project"], conflict["field"]) == ("net", "title")
    shown = parsed(cli("conflicts", "show", conflict["id"], "--json"))
    assert {s["text"] for s in shown["sides"]} >= {"Order the racks", "Order 12 racks"}

    emulated(synced, "jira").edit_as(ANN, "10001", summary="Order all racks")
    assert cli("sync")[0] == 4
    code, _, err = cli("conflicts", "resolve", conflict["id"], "sheets", "--seen", shown["seen"])
    assert code == 1, "a side moved since it was looked at"
    assert err

    assert cli("conflicts", "resolve", conflict["id"], "nobody")[0] == 2
    now = parsed(cli("conflicts", "show", conflict["id"], "--json"))
    assert cli("conflicts", "resolve", conflict["id"], "sheets", "--seen", now["seen"])[0] == 0
    assert cli("sync")[0] == 0
    assert emulated(synced, "jira").shown("10001")["summary"] == "Order 12 racks"
    assert cli("conflicts", "list")[1] == "No open conflict.\n"


def test_what_happened_can_be_looked_up(synced: Path, cli: Cli) -> None:
    runs = parsed(cli("runs", "list", "--json"))
    assert [run["kind"] for run in runs][-3:] == ["sync", "plan", "plan"]
    sync = next(run for run in runs if run["kind"] == "sync")
    shown = parsed(cli("runs", "show", sync["run"], "--json"))
    assert {a["outcome"] for a in shown["plan"]["actions"]} == {"applied"}
    assert next(run for run in runs if run["approved_by"])["approved_by"] == sync["run"]
    assert "sync of net" in cli("runs", "show", sync["run"])[1]
    assert len(parsed(cli("runs", "list", "--json", "--limit", "1"))) == 1


def test_status_says_how_a_project_stands_and_how_old_the_data_is(synced: Path, cli: Cli) -> None:
    code, out, _ = cli("status")
    assert code == 0
    assert "Network refresh (net): Not known" in out
    assert out.count("last edited there") == 2
    [standing] = parsed(cli("status", "--json"))
    assert (standing["items"], standing["conflicts"]) == (2, 0)
    assert standing["last_run"]["kind"] == "plan"


def test_published_copies_are_numbered_and_stay(synced: Path, cli: Cli) -> None:
    assert "Report 001" in cli("publish")[1]
    first = (synced / "site" / "reports" / "001" / "net.html").read_bytes()
    assert parsed(cli("publish", "--json"))["number"] == 2
    assert (synced / "site" / "reports" / "001" / "net.html").read_bytes() == first


def test_nothing_is_quarantined_where_nothing_failed(synced: Path, cli: Cli) -> None:
    assert parsed(cli("quarantine", "list", "--json")) == []
    assert parsed(cli("quarantine", "replay", "--json")) == {"replayed": {"net": 0}}


def test_a_pair_that_is_refused_is_not_proposed_again(world: Path, cli: Cli) -> None:
    cli("plan")
    assert cli("pair", "refuse", "--all")[0] == 0
    cli("plan")
    assert parsed(cli("pair", "list", "--json")) == []


# ── when something is in the way ──


def test_another_run_that_holds_the_project_ends_with_6(world: Path, cli: Cli) -> None:
    cli("status")
    with Ledger.open(world / ".itpm-sync" / "ledger.sqlite", clock=SystemClock(), ids=SystemIds()) as ledger:
        ledger.ensure_project("net", "Network refresh")
        lease = ledger.acquire("net", "another laptop", seconds=60)
        code, out, err = cli("plan", "--json")
        ledger.release(lease)
    assert (code, json.loads(out)["errors"][0]["project"]) == (6, "net")
    assert "another laptop" in err


def test_a_container_that_is_not_there_is_left_out_and_named(world: Path, cli: Cli) -> None:
    (world / "itpm-sync.yaml").write_text(CONFIGURATION.replace("NET", "NOT"), encoding="utf-8")
    code, out, _ = cli("check")
    assert code == 1
    assert "WRONG  NOT in jira" in out
    plan = parsed(cli("plan", "--json"))
    assert "NOT in jira" in plan["warnings"][0]["says"]


def test_a_changed_scope_stops_and_says_what_changed(synced: Path, cli: Cli) -> None:
    text = CONFIGURATION.replace("container: NET}", "container: NET, takes: {kinds: [task]}}")
    (synced / "itpm-sync.yaml").write_text(text, encoding="utf-8")
    code, out, _ = cli("plan", "--json")
    [brake] = json.loads(out)["brakes"]
    assert (code, brake["kind"]) == (3, "changed configuration")
    assert "jira: NET was: takes every kind; " in brake["says"]
    assert "is now: takes task; " in brake["says"]


def test_an_approval_of_another_project_is_refused(synced: Path, cli: Cli) -> None:
    assert cli("sync", "--approve", "run-nowhere")[0] == 2
    run = parsed(cli("runs", "list", "--json", "--limit", "1"))[0]["run"]
    other = CONFIGURATION + CONFIGURATION[CONFIGURATION.index("  net:") :].replace("net", "lan", 1)
    (synced / "itpm-sync.yaml").write_text(other, encoding="utf-8")
    code, _, err = cli("sync", "lan", "--approve", run)
    assert (code, "itpm-sync sync net --approve" in err) == (2, True)


def test_a_project_that_is_not_there_is_told_with_the_one_that_was_meant(world: Path, cli: Cli) -> None:
    code, _, err = cli("plan", "nett")
    assert (code, "Did you mean 'net'?" in err) == (2, True)


def test_every_problem_of_a_configuration_is_printed_with_its_place(folder: Path, cli: Cli) -> None:
    wrong = CONFIGURATION.replace("title:", "titel:").replace("connector: jira", "connector: jria")
    (folder / "itpm-sync.yaml").write_text(wrong, encoding="utf-8")
    code, out, err = cli("check")
    assert (code, out) == (2, "")
    assert "itpm-sync.yaml:2:" in err
    assert "itpm-sync.yaml:6:5: 'titel' is not known here." in err


@pytest.mark.parametrize(
    "arguments", [["check"], ["plan"], ["sync"], ["status"], ["daemon"], ["runs", "list"]]
)
def test_without_a_configuration_every_command_says_how_to_get_one(arguments: list[str], cli: Cli) -> None:
    code, out, err = cli(*arguments)
    assert (code, out) == (2, "")
    assert "itpm-sync init" in err


def test_the_configuration_may_be_named_before_or_after_the_command(world: Path, cli: Cli) -> None:
    (world / "itpm-sync.yaml").rename(world / "other.yaml")
    assert cli("--config", "other.yaml", "status")[0] == 0
    assert cli("status", "--config", "other.yaml")[0] == 0


# ── beginning ──


@pytest.mark.parametrize("profile", [None, "plan-and-jira", "read-only", "emulated"])
def test_init_makes_a_folder_that_is_sound(profile: str | None, cli: Cli, folder: Path) -> None:
    assert cli("init", "pmo", *(["--profile", profile] if profile else []))[0] == 0
    copies = {path.name for path in (folder / "pmo" / "mappings").glob("*.yaml")}
    assert copies == {path.name for path in resources.mappings().glob("*.yaml")}
    settings = load(folder / "pmo" / "itpm-sync.yaml", Catalogue())
    assert settings.mappings == folder / "pmo" / "mappings"


def test_init_never_overwrites(cli: Cli, folder: Path) -> None:
    cli("init", "pmo")
    (folder / "pmo" / "itpm-sync.yaml").write_text("mine", encoding="utf-8")
    (folder / "pmo" / "mappings" / "jira.yaml").unlink()
    code, out, _ = cli("init", "pmo")
    assert code == 0
    assert "kept     " + str(Path("pmo") / "itpm-sync.yaml") in out
    assert (folder / "pmo" / "itpm-sync.yaml").read_text(encoding="utf-8") == "mine"
    assert (folder / "pmo" / "mappings" / "jira.yaml").is_file()


def test_an_unknown_profile_is_told_with_those_there_are(cli: Cli) -> None:
    code, _, err = cli("init", "pmo", "--profile", "huge")
    assert (code, "read-only" in err) == (2, True)


# ── mappings, connectors, emulators ──


def test_a_mapping_with_a_typo_is_told_with_line_and_column(cli: Cli, folder: Path) -> None:
    text = (resources.mappings() / "jira.yaml").read_text(encoding="utf-8").replace("as: line", "as: lien")
    (folder / "jira.yaml").write_text(text, encoding="utf-8")
    code, out, _ = cli("mappings", "check", "jira.yaml")
    line = text[: text.index("as: lien")].count("\n") + 1
    assert code == 2
    assert f"jira.yaml:{line}:" in out


def test_the_mappings_that_ship_are_checked_where_there_is_no_configuration(cli: Cli) -> None:
    code, out, _ = cli("mappings", "check")
    assert (code, out.count(": good")) == (0, len(list(resources.mappings().glob("*.yaml"))))


def test_the_schema_of_mappings_is_json(cli: Cli) -> None:
    assert "properties" in parsed(cli("mappings", "schema"))


def test_the_installed_connectors_are_listed(cli: Cli) -> None:
    found = {each["name"]: each for each in parsed(cli("connectors", "list", "--json"))}
    assert {"jira", "smartsheet", "msproject", "m365"} <= set(found)
    assert "publish" in found["m365"]["can"]
    assert "read files" in found["msproject"]["can"]


def test_a_new_connector_is_the_template_under_its_name(tmp_path: Path) -> None:
    source = tmp_path / "_template" / "src" / "itpm_sync_template"
    source.mkdir(parents=True)
    (source / "connector.py").write_text(
        'class TemplateConnector:\n    kind = "template"\n', encoding="utf-8"
    )
    [made] = connectors.copied(tmp_path / "_template", tmp_path / "asana", "asana")
    assert made == tmp_path / "asana" / "src" / "itpm_sync_asana" / "connector.py"
    assert made.read_text(encoding="utf-8") == 'class AsanaConnector:\n    kind = "asana"\n'


@pytest.mark.parametrize("name", ["Jira", "a b", "../x", "jira"])
def test_a_name_that_cannot_be_a_connectors_is_refused(
    name: str, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "connectors" / "_template").mkdir(parents=True)
    (tmp_path / "connectors" / "jira").mkdir()
    monkeypatch.setattr(resources, "checkout", lambda: tmp_path)
    assert cli("connectors", "new", name)[0] == 2
    assert {path.name for path in (tmp_path / "connectors").iterdir()} == {"_template", "jira"}


def test_a_new_connector_needs_a_checkout(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "checkout", lambda: None)
    code, _, err = cli("connectors", "new", "asana")
    assert (code, "checkout" in err) == (2, True)


def test_emulate_serves_until_it_is_stopped(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stop = threading.Event()
    served = threading.Thread(
        target=emulate.serve, args=("smartsheet", 0, folder / "e"), kwargs={"until": stop}
    )
    served.start()
    address = folder / "e" / ".smartsheet.address"
    try:
        while not address.exists():
            assert served.is_alive()
        base = address.read_text(encoding="ascii")
        request = urllib.request.Request(f"{base}/2.0/users/me", headers={"Authorization": "Bearer x"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200
    finally:
        stop.set()
        served.join(10)
    assert "connector: smartsheet" in capsys.readouterr().out
    assert not address.exists()


# ── report ──


def plan_file(name: str, title: str) -> str:
    """A small plan as Microsoft Project saves XML."""
    task = "<Task><UID>{0}</UID><ID>{0}</ID><Name>{1}</Name><OutlineLevel>1</OutlineLevel></Task>"
    tasks = task.format(1, title) + task.format(2, "Übergabe prüfen")
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Project xmlns="http://schemas.microsoft.com/project">'
        f"<Name>{name}</Name><Title>{name}</Title><Tasks>{tasks}</Tasks></Project>"
    )


def test_report_makes_a_site_and_says_why_a_file_is_left_out(cli: Cli, folder: Path) -> None:
    for number in range(3):
        (folder / f"plan-{number}.xml").write_text(plan_file("Netz", "机房布线"), encoding="utf-8")
    (folder / "broken.mpp").write_bytes(b"not a plan")
    (folder / "notes.txt").write_text("hello", encoding="utf-8")
    code, out, err = cli("report", *sorted(path.name for path in folder.iterdir()), "--out", "site", "--json")
    made = json.loads(out)
    assert (code, made["projects"]) == (5, 3)
    assert {Path(each["file"]).name for each in made["left_out"]} == {"broken.mpp", "notes.txt"}
    assert all("\n" not in each["reason"] for each in made["left_out"])
    page = (folder / "site" / "plan-0.html").read_text(encoding="utf-8")
    assert "机房布线" in page
    assert "Übergabe prüfen" in page
    assert "reading plan-0.xml" in err


def test_report_takes_patterns_and_folders_as_windows_users_type_them(cli: Cli, folder: Path) -> None:
    (folder / "plans").mkdir()
    for number in range(2):
        (folder / "plans" / f"p{number}.xml").write_text(plan_file("P", "x"), encoding="utf-8")
    assert parsed(cli("report", "plans/*.xml", "--out", "a", "--json"))["projects"] == 2
    assert parsed(cli("report", "plans", "--out", "b", "--json"))["projects"] == 2
    assert cli("report", "nothing/*.xml", "--out", "c")[0] == 2


def test_a_report_of_nothing_readable_has_failed(cli: Cli, folder: Path) -> None:
    (folder / "broken.mpp").write_bytes(b"")
    assert cli("report", "broken.mpp", "missing.xml", "--out", "site")[0] == 1


def test_versions_of_one_plan_are_one_project(cli: Cli, folder: Path) -> None:
    for number in range(2):
        (folder / f"v{number}.xml").write_text(plan_file("Netz", "x"), encoding="utf-8")
    assert parsed(cli("report", "v0.xml", "v1.xml", "--out", "site", "--series", "--json"))["projects"] == 1
