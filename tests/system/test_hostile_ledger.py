"""A ledger that somebody meddled with, or cannot be had: it is found, it is said, and nothing is written."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from itpm_sync.cli.running import code_of
from itpm_sync.errors import Misconfigured
from itpm_sync.ledger import Ledger
from itpm_sync.ports import SystemClock, SystemIds
from itpm_sync.testing.four_tools import PROJECT, FourTools, four_tools, seeds

_ONE_TOOL = """\
connections:
  plans: {connector: msproject, folder: tools/plans}
projects:
  refresh:
    title: Network refresh
    containers: [{connection: plans, container: refresh.xml, create: match-only}]
    limits: {changes_percent: 100}
"""


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> FourTools:
    """A project with a history."""
    with four_tools(tmp_path_factory.mktemp("synced"), seeded=seeds(), text=_ONE_TOOL) as world:
        world.approve()
        return world


@pytest.fixture
def folder(synced: FourTools, tmp_path: Path) -> Path:
    """A copy of it, to be meddled with."""
    shutil.copytree(synced.folder, tmp_path / "copy")
    (tmp_path / "copy" / "itpm-sync.yaml").write_text(_ONE_TOOL, encoding="utf-8")
    return tmp_path / "copy"


def database(folder: Path) -> Path:
    return folder / ".itpm-sync" / "ledger.sqlite"


def key(folder: Path) -> Path:
    return folder / ".itpm-sync" / "ledger.sqlite.key"


class Cli:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, folder: Path, *arguments: str) -> tuple[int, str]:
        self._capsys.readouterr()
        code = code_of(["--config", str(folder / "itpm-sync.yaml"), *arguments])
        said = self._capsys.readouterr()
        assert "nobody foresaw" not in said.err, said.err
        return code, said.out + said.err


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


def meddled(folder: Path, *statements: str) -> None:
    with sqlite3.connect(database(folder)) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f'DROP TRIGGER "{name}"')
        for statement in statements:
            connection.execute(statement)
    connection.close()


@pytest.fixture
def opened(folder: Path) -> Iterator[Ledger]:
    clock = SystemClock()
    with Ledger.open(database(folder), clock=clock, ids=SystemIds(clock)) as ledger:
        yield ledger


_MEDDLING = {
    "a document": "UPDATE history SET document = replace(document, 'i-', 'j-') WHERE seq = 2",
    "a phase": "UPDATE history SET phase = 'write' WHERE seq = 2",
    "a time": "UPDATE history SET at = '2020-01-01T00:00:00+00:00' WHERE seq = 2",
    "a value": "UPDATE history_values SET document = replace(document, 'Survey', 'Nothing')",
    "values gone": "DELETE FROM history_values WHERE seq = 2",
    "an entry gone": "DELETE FROM history WHERE seq = 2",
    "the last gone": "DELETE FROM history WHERE seq = (SELECT max(seq) FROM history)",
    "two swapped": "UPDATE history SET seq = CASE seq WHEN 2 THEN -3 WHEN 3 THEN -2 END WHERE seq IN (2, 3)",
    "a mac": "UPDATE history SET mac = 'x' WHERE seq = 2",
    "an end": "UPDATE projects SET head_mac = 'x'",
}


def test_an_untouched_history_holds(opened: Ledger) -> None:
    assert opened.verify(PROJECT) is None
    assert opened.history(PROJECT)


@pytest.mark.parametrize("what", _MEDDLING)
def test_meddling_with_the_history_is_found(folder: Path, what: str) -> None:
    meddled(folder, "PRAGMA foreign_keys=OFF", _MEDDLING[what])
    if what == "two swapped":
        meddled(folder, "UPDATE history SET seq = -seq WHERE seq < 0")
    clock = SystemClock()
    with Ledger.open(database(folder), clock=clock, ids=SystemIds(clock)) as ledger:
        assert ledger.verify(PROJECT) is not None


def test_another_key_is_refused(folder: Path, cli: Cli) -> None:
    key(folder).write_text("0" * 64, encoding="ascii")
    code, said = cli(folder, "plan")
    assert code == 2
    assert "does not belong to the ledger" in said and "0" * 64 not in said


def test_a_lost_key_is_not_replaced_by_a_new_one(folder: Path, cli: Cli) -> None:
    key(folder).unlink()
    code, said = cli(folder, "plan")
    assert (code, key(folder).exists()) == (2, False)
    assert "Put it back from a backup" in said


@pytest.mark.parametrize("held", [b"", b"   \n", b"short", b"\0" * 8])
def test_a_key_that_is_none_is_refused(folder: Path, cli: Cli, held: bytes) -> None:
    key(folder).write_bytes(held)
    code, said = cli(folder, "plan")
    assert code == 2
    assert "needs 16 or more" in said


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes; SECURITY.md says so.")
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o606, 0o620])
def test_a_key_that_others_can_reach_is_refused(folder: Path, cli: Cli, mode: int) -> None:
    key(folder).chmod(mode)
    code, said = cli(folder, "plan")
    assert code == 2
    assert "chmod 600" in said


def test_what_we_make_is_for_its_owner_only(folder: Path, cli: Cli) -> None:
    cli(folder, "plan")
    state = folder / ".itpm-sync"
    open_to_others = [one.name for one in state.iterdir() if stat.S_IMODE(one.stat().st_mode) & 0o077]
    assert open_to_others == []


@pytest.mark.parametrize("version", ["0003", "9999", "zzzz", "0000", "'; DROP TABLE items"])
def test_a_ledger_of_another_version_is_left_alone(folder: Path, cli: Cli, version: str) -> None:
    with sqlite3.connect(database(folder)) as connection:
        connection.execute("UPDATE itpm_version SET version_num = ?", (version,))
    connection.close()
    before = _dump(folder)
    code, said = cli(folder, "plan")
    assert code == 2
    assert "newer itpm-sync" in said or "no itpm-sync ever made" in said
    assert _dump(folder) == before


def _dump(folder: Path) -> list[str]:
    connection = sqlite3.connect(database(folder))
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def test_a_ledger_that_another_process_locks_is_busy(
    folder: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(Ledger.open.__func__.__kwdefaults__, "busy", 0.05)  # type: ignore[attr-defined]
    connection = sqlite3.connect(database(folder), isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        code, said = cli(folder, "plan")
    finally:
        connection.close()
    assert code == 6
    assert "locked by another process" in said


def test_a_project_that_another_run_holds_is_busy(folder: Path, cli: Cli, opened: Ledger) -> None:
    lease = opened.acquire(PROJECT, "other-laptop pid 1 00000000-00000000", seconds=900)
    code, said = cli(folder, "sync")
    assert code == 6
    assert "other-laptop" in said
    opened.release(lease)


@pytest.mark.parametrize("held", [b"SQLite format 3\0" + b"\xff" * 4096, b"hello" * 1000, b"\0" * 5000])
def test_a_file_that_is_no_ledger_is_named(folder: Path, cli: Cli, held: bytes) -> None:
    for extra in folder.glob(".itpm-sync/ledger.sqlite-*"):
        extra.unlink()
    database(folder).write_bytes(held)
    code, said = cli(folder, "plan")
    assert code == 1
    assert str(database(folder)) in said
    assert database(folder).read_bytes() == held


_AS_NOBODY = """
import os, pathlib, sys
from itpm_sync.cli.running import code_of
folder = pathlib.Path(sys.argv[1])
state = folder / ".itpm-sync"
assert code_of(["--config", str(folder / "itpm-sync.yaml"), "plan"]) == 0  # all is loaded
for path in (*state.iterdir(), state):
    path.chmod(0o500 if path.is_dir() else 0o400)
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
if os.geteuid() == 0:
    os.seteuid(65534)
print("--- now", flush=True)
sys.exit(code_of(["--config", str(folder / "itpm-sync.yaml"), "plan"]))
"""


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes.")
def test_a_ledger_that_may_not_be_written_is_said(folder: Path) -> None:
    """As a user whom the file system refuses; root is refused nothing, so as root the process becomes nobody."""
    above = [place for place in folder.parents if place.is_relative_to(tempfile.gettempdir())][:-1]
    for place in (*above, folder, *folder.rglob("*")):
        if ".itpm-sync" not in place.parts:
            place.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY, str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr and "nobody foresaw" not in done.stderr
    assert "read-only" in done.stderr or "may not be" in done.stderr or "cannot be" in done.stderr


def test_an_address_that_hides_a_password_is_not_repeated(tmp_path: Path, cli: Cli) -> None:
    for address in (
        "postgresql://u:CANARY@h/d",
        "postgresql://h/d?password=CANARY",
        "mysql://u:CANARY@h/d",
        "CANARY://",
    ):
        (tmp_path / "itpm-sync.yaml").write_text(f"ledger: {address}\n", encoding="utf-8")
        code, said = cli(tmp_path, "check")
        assert code == 2
        assert "CANARY" not in said and "itpm-sync.yaml:1:" in said


def test_a_key_in_a_secret_is_not_repeated_where_it_is_too_short(tmp_path: Path) -> None:
    clock = SystemClock()
    with pytest.raises(Misconfigured) as caught:
        Ledger.open(tmp_path / "l.sqlite", clock=clock, ids=SystemIds(clock), key=b"CANARY")
    assert "CANARY" not in str(caught.value)
