"""The configuration is read strictly: every problem at once, at its line, with what would be right."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from itpm_sync.errors import Misconfigured, Problem
from itpm_sync.kit.secret import Secret, SecretRef
from itpm_sync.settings import Settings, load


class ToolSettings(BaseModel):
    """A connector's own settings, as connectors declare them."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True
    )

    base_url: str
    token: SecretRef | Secret
    folder: Path | None = None
    rate: int = Field(10, ge=1, description="Calls a minute.")


class FolderSettings(BaseModel):
    """A connector whose world is a folder."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    folder: Path


class Kinds:
    """Two connectors, one of which publishes."""

    def names(self) -> Iterable[str]:
        return ["tool", "files"]

    def offered(self) -> Iterable[str]:
        return self.names()

    def settings_model(self, kind: str) -> type[BaseModel]:
        return {"tool": ToolSettings, "files": FolderSettings}[kind]

    def publishes(self, kind: str) -> bool:
        return kind == "tool"


CONNECTIONS = """\
connections:
  work:
    connector: tool
    base_url: https://tool.example.org
    token: env:TOOL_TOKEN
  plans:
    connector: files
    folder: plans
"""
PROJECT = """\
projects:
  net:
    title: Network refresh
    containers:
      - {connection: work, container: NET}
      - {connection: plans, container: net.xml}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "maps").mkdir()
    for name in ("tool", "files", "other"):
        (tmp_path / "maps" / f"{name}.yaml").write_text(f"system: {name}\n", encoding="utf-8")
    return tmp_path


def loaded(folder: Path, text: str) -> Settings:
    file = folder / "itpm-sync.yaml"
    file.write_text(f"mappings: maps\n{text}", encoding="utf-8")
    return load(file, Kinds())


def problems(folder: Path, text: str) -> list[Problem]:
    """What is wrong with it. Lines count from the text's own first one."""
    with pytest.raises(Misconfigured) as caught:
        loaded(folder, text)
    return [
        Problem(p.file, p.line - 1 if p.line else 0, p.column, p.message, p.mend)
        for p in caught.value.problems
    ]


def one(folder: Path, text: str) -> Problem:
    [problem] = problems(folder, text)
    return problem


# ── what comes out ──


def test_a_whole_configuration_is_read(folder: Path) -> None:
    settings = loaded(folder, CONNECTIONS + PROJECT)
    assert list(settings.projects) == ["net"]
    assert settings.connections["work"].options.token == SecretRef.parse("env:TOOL_TOKEN")
    assert settings.project("net").mappings["work", "NET"] == folder / "maps" / "tool.yaml"
    assert settings.project("net").connections == ("work", "plans")


def test_paths_start_at_the_configuration_and_not_where_the_command_runs(folder: Path) -> None:
    text = CONNECTIONS.replace("env:TOOL_TOKEN", "file:token.txt")
    settings = loaded(folder, text + "ledger: sqlite:///state/l.db\n")
    assert settings.connections["plans"].options.folder == folder / "plans"
    assert settings.connections["work"].options.token == SecretRef.parse(f"file:{folder / 'token.txt'}")
    assert settings.ledger == f"sqlite:///{folder / 'state' / 'l.db'}"


def test_the_ledger_lies_beside_the_configuration_by_default(folder: Path) -> None:
    assert loaded(folder, "").ledger == f"sqlite:///{folder / '.itpm-sync' / 'ledger.sqlite'}"


def test_an_absolute_ledger_stays_where_it_is(folder: Path) -> None:
    assert loaded(folder, f"ledger: sqlite:///{folder}/x.db\n").ledger == f"sqlite:///{folder}/x.db"


def test_a_sheet_number_may_stand_without_quotes(folder: Path) -> None:
    settings = loaded(folder, CONNECTIONS + PROJECT.replace("container: NET", "container: 1234567890123456"))
    assert settings.project("net").policy.containers[0].container == "1234567890123456"


def test_a_connection_in_mode_read_is_never_written(folder: Path) -> None:
    text = CONNECTIONS.replace("connector: tool", "connector: tool\n    mode: read")
    containers = loaded(folder, text + PROJECT).project("net").policy.containers
    assert [each.read_only for each in containers] == [True, False]


def test_an_emulated_connection_needs_no_address_and_no_token(folder: Path) -> None:
    settings = loaded(folder, "connections:\n  work: {connector: tool, emulator: there}\n")
    assert settings.connection("work").emulator == folder / "there"
    assert settings.connection("work").options is None


def test_an_emulated_connection_is_checked_in_what_it_says(folder: Path) -> None:
    problem = one(folder, "connections:\n  work: {connector: tool, emulator: there, rate: 0}\n")
    assert (problem.line, problem.message) == (2, "rate: this should be greater than or equal to 1.")


def test_aliases_are_kept_in_lower_case_where_they_are_mail_addresses(folder: Path) -> None:
    text = 'people: {aliases: {"Bob@Old.example.org": BOB@example.org, "work:AbC": bob@example.org}}\n'
    settings = loaded(folder, CONNECTIONS + text)
    assert settings.aliases == {"bob@old.example.org": "bob@example.org", "work:AbC": "bob@example.org"}


# ── what is refused, where, and with which mend ──


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="itpm-sync init"):
        load(tmp_path / "itpm-sync.yaml", Kinds())


def test_a_key_said_twice_is_refused(folder: Path) -> None:
    problem = one(folder, "connections: {}\nconnections: {}\n")
    assert problem.line == 2
    assert "connections" in problem.message


def test_text_that_is_not_utf8_is_refused_with_its_line(folder: Path) -> None:
    file = folder / "itpm-sync.yaml"
    file.write_bytes("projects: {}\n# München\n".encode("cp1252"))
    with pytest.raises(Misconfigured) as caught:
        load(file, Kinds())
    assert caught.value.problems[0].line == 2


def test_what_is_no_mapping_at_all_is_refused(folder: Path) -> None:
    file = folder / "itpm-sync.yaml"
    file.write_text("- a\n- b\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match="no configuration"):
        load(file, Kinds())


@pytest.mark.parametrize(
    ("wrong", "message", "mend"),
    [
        ("conections: {}", "'conections' is not known here.", "Did you mean 'connections'?"),
        ("ledger: mysql://db/x", "a ledger cannot lie there.", "sqlite:///FILE"),
        ("ledger: 7", "ledger: a text is wanted here.", "sqlite:///FILE"),
    ],
)
def test_a_wrong_word_at_the_top(folder: Path, wrong: str, message: str, mend: str) -> None:
    problem = one(folder, f"{wrong}\n")
    assert (problem.line, problem.message) == (1, message)
    assert mend in problem.mend


def test_everything_that_is_wrong_is_told_at_once_in_the_files_order(folder: Path) -> None:
    text = (
        CONNECTIONS.replace("base_url", "base_ulr").replace("connector: files", "connector: fils")
        + PROJECT.replace("title:", "titel:").replace("connection: work", "connection: wrok")
        + "people: {aliases: {bob: bob@example.org}}\n"
    )
    found = problems(folder, text)
    assert [p.line for p in found] == sorted(p.line for p in found)
    assert [p.message for p in found] == [
        "'base_url' is missing.",
        "'base_ulr' is not known here.",
        "there is no connector 'fils' installed.",
        "'title' is missing.",
        "'titel' is not known here.",
        "'bob' is no alias.",
    ]
    assert found[1].mend == "Did you mean 'base_url'?"
    assert found[2].mend == "Did you mean 'files'?"


def test_a_place_is_a_line_and_a_column(folder: Path) -> None:
    problem = one(folder, CONNECTIONS + "    colour: red\n")
    assert (problem.file, problem.line, problem.column) == ("itpm-sync.yaml", 9, 5)


def test_an_unknown_connection_is_told_with_the_one_that_was_meant(folder: Path) -> None:
    problem = one(folder, CONNECTIONS + PROJECT.replace("connection: work", "connection: wrok"))
    assert (problem.line, problem.message) == (13, "there is no connection 'wrok'.")
    assert problem.mend == "Did you mean 'work'?"


def test_a_connection_that_is_wrong_itself_is_not_told_again_as_unknown(folder: Path) -> None:
    problem = one(folder, CONNECTIONS.replace("connector: tool", "connector: tol") + PROJECT)
    assert problem.message == "there is no connector 'tol' installed."


def test_a_container_listed_twice_is_refused(folder: Path) -> None:
    text = PROJECT.replace("connection: plans, container: net.xml", "connection: work, container: NET")
    assert "listed twice" in one(folder, CONNECTIONS + text).message


def test_a_mapping_that_is_not_there_is_told_with_the_one_that_was_meant(folder: Path) -> None:
    problem = one(folder, CONNECTIONS + PROJECT.replace("container: NET", "container: NET, mapping: othr"))
    assert problem.message == "there is no mapping 'othr.yaml' in maps."
    assert problem.mend == "Did you mean 'other.yaml'?"


def test_names_that_windows_cannot_keep_apart_are_refused(folder: Path) -> None:
    other = PROJECT.replace("projects:\n", "").replace("net:", "NET:")
    assert "capital letters" in one(folder, CONNECTIONS + PROJECT + other).message


@pytest.mark.parametrize("name", ["con", "a b", "a:b", "../x", "nul"])
def test_a_name_that_cannot_be_a_file_name_is_refused(folder: Path, name: str) -> None:
    problem = one(folder, CONNECTIONS + PROJECT.replace("  net:", f'  "{name}":'))
    assert "cannot be a name here" in problem.message


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("zone: Berlin", "did you mean Europe/Berlin?"),
        ("zone: Mars/Olympus", "write an IANA name"),
        ("every: soon", "write a number and a unit"),
        ("every: 0 min", "write a number and a unit"),
        ("currency: Euro", "not written as it should be"),
        ("status_date: tomorrow", "a day is wanted here"),
        ("deletion: propogate", "this word is not known here"),
        ("calendar: {hours: ['17:00-08:00']}", "end after they begin"),
        ("calendar: {hours: ['08:00-12:00', '11:00-13:00']}", "overlap"),
        ("publish: [{folder: a, connection: work}]", "say either"),
        ("publish: [{connection: plans}]", "cannot publish"),
        ("publish: [{connection: wrok}]", "there is no connection"),
        ("seed: [wrok]", "no container of this project"),
        ("schedule_authorities: [jira]", "no container of this project"),
        ("status: {red_slipp: 5}", "is not known here"),
        ("status: {read_age: 24}", "no span of time"),
        ("limits: {deletions_percent: 200}", "less than or equal to 100"),
    ],
)
def test_a_wrong_line_of_a_project(folder: Path, line: str, message: str) -> None:
    problem = one(folder, CONNECTIONS + PROJECT + f"    {line}\n")
    assert problem.line == 15
    assert message in f"{problem.message} {problem.mend}"


# ── secrets ──

TOKEN = "ATATT3xFfGF0-not-to-be-seen"


@pytest.mark.parametrize(
    "text",
    [
        CONNECTIONS.replace("env:TOOL_TOKEN", TOKEN),
        CONNECTIONS.replace("env:TOOL_TOKEN", f"'token: {TOKEN}'"),
        CONNECTIONS + f"    folder: {TOKEN}\n    tokn: {TOKEN}\n",
        f"ledger_key: {TOKEN}\n",
        f"ledger: postgresql://itpm:{TOKEN}@db/itpm\n",
        f"ledger: postgresql://db/itpm?password={TOKEN}\n",
        CONNECTIONS + PROJECT + f"    zone: {TOKEN}\n    every: {TOKEN}\n    deletion: {TOKEN}\n",
    ],
)
def test_a_secret_written_out_is_refused_and_never_repeated(folder: Path, text: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        loaded(folder, text)
    assert TOKEN not in str(caught.value)
    assert TOKEN not in repr(caught.value)


def test_a_secret_written_out_is_told_once_with_its_mend(folder: Path) -> None:
    problem = one(folder, CONNECTIONS.replace("env:TOOL_TOKEN", TOKEN))
    assert problem.line == 5
    assert "env:NAME" in problem.message


def test_aliases_of_aliases_cannot_fill_the_memory(folder: Path) -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for old, new in zip("abcdefghi", "bcdefghij", strict=True):
        lines.append(f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]")
    assert "aliases" in one(folder, "\n".join(lines)).message


def test_an_alias_that_holds_itself_is_refused(folder: Path) -> None:
    assert problems(folder, "connections: &a\n  x: *a\n")
