"""Exit codes, what is printed, what is logged: the rules that all commands share."""

from __future__ import annotations

import io
import itertools
import json
import logging
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from itpm_sync import errors
from itpm_sync.bases import Conflict
from itpm_sync.cli import app, logs, running, show, told
from itpm_sync.cli.exits import SERIOUS, Exit, of_error, of_report, worst
from itpm_sync.connector import Operation
from itpm_sync.cycle import RunReport
from itpm_sync.plan import Action, Brake, BrakeKind, Grade, Plan, Warning
from itpm_sync.push import Carried

# ── exit codes ──


def test_the_most_serious_code_wins_in_the_order_of_the_manual() -> None:
    assert [code.value for code in SERIOUS] == [2, 3, 1, 6, 5, 4, 10, 0]
    assert sorted(SERIOUS) == sorted(Exit)


@pytest.mark.parametrize(("more", "less"), [*itertools.combinations(SERIOUS, 2)])
def test_of_two_codes_the_more_serious_wins(more: Exit, less: Exit) -> None:
    assert worst([less, more]) is worst([more, less]) is more


def test_nothing_at_all_is_done() -> None:
    assert worst([]) is Exit.DONE


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.Misconfigured("x"), 2),
        (errors.Stopped("x"), 3),
        (errors.Busy("x"), 6),
        (errors.Denied("x"), 1),
        (errors.Moved("x"), 1),
        (errors.Fenced("x"), 1),
        (errors.Unreadable("x"), 1),
    ],
)
def test_an_error_has_its_code(error: errors.ItpmError, code: int) -> None:
    assert of_error(error) == code


ACTION = Action(Operation.UPDATE, "i-1", "jira", "NET", "1", "Order racks")
BRAKE = Brake(BrakeKind.FIRST_SYNC, "first", "approve")
CONFLICT = Conflict("c-1", "i-1", "title", (), None)  # type: ignore[arg-type]
LEFT_OUT = Warning(Grade.LEFT_OUT, "NET is left out")
NOTE = Warning(Grade.NOTE, "by the way")


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (RunReport("r", Plan("p")), 0),
        (RunReport("r", Plan("p", actions=(ACTION,))), 10),
        (RunReport("r", Plan("p", conflicts=(CONFLICT,), actions=(ACTION,))), 4),
        (RunReport("r", Plan("p", conflicts=(CONFLICT,)), warnings=(LEFT_OUT,)), 5),
        (RunReport("r", Plan("p"), warnings=(NOTE,)), 0),
        (RunReport("r", Plan("p"), (Carried(ACTION, "failed", "why"),), warnings=(LEFT_OUT,)), 1),
        (RunReport("r", Plan("p", brakes=(BRAKE,)), (Carried(ACTION, "failed", "why"),)), 3),
        (RunReport("r", Plan("p"), stopped=True), 3),
    ],
)
def test_a_run_ends_with_the_most_serious_of_what_happened(report: RunReport, code: int) -> None:
    assert of_report(report, changes=True) == code
    assert of_report(report) == (0 if code == 10 else code)


# ── what is printed ──


@given(st.text(max_size=60))
@example("\x1b[2J\x9b31m\u2028\u202edone\r\n")
def test_nothing_that_a_tool_wrote_can_move_the_cursor(text: str) -> None:
    shown = show.clean(text)
    assert [
        char for char in shown if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") if char not in "\n\t"
    ] == []
    assert not set(shown) & set("\x1b\x07\x08\r\u202e\u2066")


@pytest.mark.parametrize(
    "text", ["Kältemaschine prüfen", "网络更新", "Ünïcode – ½ 🦺", "ي", "می‌خواهم", "👩‍💻"]
)
def test_names_of_every_script_are_shown_as_they_are(text: str) -> None:
    assert show.clean(text) == text


def test_utf8_is_written_whatever_the_code_page_is(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="cp437"))
    show.utf8()
    show.line("网络 – Köln")
    show.data({"title": "网络 \ud800"})
    sys.stdout.flush()
    text = raw.getvalue().decode("utf-8")
    assert text.startswith("网络 – Köln\n")
    assert "\\ud800" in text


def test_a_table_has_columns(capsys: pytest.CaptureFixture[str]) -> None:
    show.table(["item", "field"], [["Order\nracks", "title"], ["x", 7]])
    assert capsys.readouterr().out.splitlines() == [
        "item         field",
        "Order racks  title",
        "x            7",
    ]


def test_progress_goes_beside_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    with show.Progress() as progress:
        progress("reading NET")
        progress("reading NET")
    assert capsys.readouterr() == ("", "… reading NET\n")


def document(**more: Any) -> dict[str, Any]:
    names = ("actions", "offers", "conflicts", "proposals", "warnings", "brakes")
    lists: dict[str, Any] = {name: [] for name in names}
    return {"project": "net", "run": "run-1", **lists, **more}


def action(number: int, **more: Any) -> dict[str, Any]:
    value = {"old": {"text": "A"}, "new": {"text": "B"}, "reason": "why"}
    return {
        "operation": "update",
        "title": f"Task {number}",
        "connection": "jira",
        "container": "NET",
        "record": str(number),
        "fields": [{"field": "title", **value}],
        "reason": "",
        **more,
    }


def test_a_plan_says_what_where_and_why() -> None:
    lines = list(told.lines(document(actions=[action(1)])))
    assert lines == [
        "net: run run-1",
        "  1 to change",
        "  NET in jira",
        "    change  Task 1 (1): title A → B (why)",
    ]


def test_a_long_plan_is_counted_and_not_listed() -> None:
    lines = list(told.lines(document(actions=[action(n) for n in range(100)]), most=3))
    assert len(lines) == 7
    assert "97 more" in lines[-1]


def test_an_outcome_stands_behind_its_action() -> None:
    [line] = [
        each
        for each in told.lines(document(actions=[action(1, outcome="refused", outcome_reason="403")]))
        if "Task 1" in each
    ]
    assert line.endswith("[refused: 403]")


def test_a_stop_names_the_run_to_approve() -> None:
    brake = {"says": "First sync.", "mend": "Say `sync --approve RUN`."}
    assert "--approve run-1`" in list(told.lines(document(brakes=[brake])))[-1]


def test_what_a_brake_holds_is_shown_before_anybody_approves_it() -> None:
    lines = list(told.lines(document(held=[action(1)])))
    assert lines[1:3] == ["  1 held until approved", "  NET in jira, held until it is approved"]
    assert "Task 1 (1): title A → B" in lines[3]


def test_an_empty_plan_says_so_only_where_everything_was_seen() -> None:
    assert "every tool says the same" in told.summary(document())
    left = {"grade": "left out", "says": "", "mend": ""}
    assert "every tool says the same" not in told.summary(document(warnings=[left]))


# ── errors ──


@pytest.fixture
def fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """A command that raises what the test wants, in a home of its own."""
    monkeypatch.setattr(Path, "home", staticmethod(lambda: tmp_path))

    def run(error: BaseException) -> int:
        @click.command()
        def command() -> None:
            raise error

        monkeypatch.setattr(app.Lazy, "get_command", lambda self, ctx, name: command)
        return running.code_of(["plan"])

    return run


def test_an_error_is_its_message_and_its_mend(fails: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert fails(errors.Busy("Another run holds net.", mend="Wait until it ends.")) == 6
    assert capsys.readouterr() == ("", "Another run holds net.\nWait until it ends.\n")


def test_what_nobody_foresaw_is_one_line_and_a_place_in_the_log(
    fails: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fails(ZeroDivisionError("Bearer abcdefgh12345678")) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    file = tmp_path / ".itpm-sync" / logs.NAME
    assert str(file) in err
    [entry] = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert "ZeroDivisionError" in entry["exception"]
    assert "abcdefgh12345678" not in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_ctrl_c_ends_without_a_trace(
    fails: Any, error: BaseException, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fails(error) == 1
    assert "Stopped" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["plann"], "Did you mean 'plan'?"),
        (["xyz"], "There is no command 'xyz'"),
        (["--no-such"], "No such option"),
        (["plan", "--no-such"], "No such option"),
        (["report", "x.mpp"], "--out"),
        (["emulate", "lotus"], "There is no stand-in for 'lotus'"),
    ],
)
def test_wrong_usage_ends_with_2(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert running.code_of(arguments) == 2
    assert says in capsys.readouterr().err


# ── start ──

HEAVY = {
    "pydantic",
    "sqlalchemy",
    "rich",
    "structlog",
    "asyncio",
    "ruamel",
    "httpx",
    "uvicorn",
    "altair",
    "jinja2",
}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["plan", "--help"], ["report", "--help"]])
def test_help_loads_nothing_that_it_does_not_need(arguments: list[str]) -> None:
    """What makes `--help` answer at once."""
    script = (
        "import sys; from itpm_sync.cli.running import code_of; code = code_of(sys.argv[1:]);"
        "print(*sys.modules, file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert HEAVY & set(done.stderr.split()) == set()


def test_output_is_utf8_in_a_c_locale() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from itpm_sync.cli import main; main(['--help'])"],
        capture_output=True,
        timeout=60,
        check=False,
        env={"PATH": "", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "cp437"},
    )
    assert done.returncode == 0
    assert "itpm-sync" in done.stdout.decode("utf-8")


# ── the log ──


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[tuple[Path, logs.Scrubber]]:
    scrubber = logs.Scrubber()
    yield logs.configure(tmp_path, level="debug", scrubber=scrubber), scrubber
    for handler in [each for each in logging.getLogger().handlers if getattr(each, "itpm_sync", False)]:
        logging.getLogger().removeHandler(handler)
        handler.close()


def entries(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_an_event_is_one_json_object(log_file: tuple[Path, logs.Scrubber]) -> None:
    logs.log().info("run", project="netz-köln", actions=3)
    [entry] = entries(log_file[0])
    assert (entry["event"], entry["project"], entry["actions"], entry["level"]) == (
        "run",
        "netz-köln",
        3,
        "info",
    )


def test_secrets_are_blanked_out_however_deep(log_file: tuple[Path, logs.Scrubber]) -> None:
    file, scrubber = log_file
    scrubber.learn(lambda text: text.replace("s3cr3t", "***"))
    logs.log().info("call s3cr3t", url="https://x/?t=s3cr3t", more={"deep": ["s3cr3t", Path("s3cr3t")]})
    logging.getLogger("urllib3").warning("header Authorization: Basic %s", "dXNlcjpwYXNzd29yZA==")
    try:
        raise ValueError("token s3cr3t was refused")
    except ValueError:
        logs.log().exception("failed")
    text = file.read_text(encoding="utf-8")
    assert "s3cr3t" not in text
    assert "dXNlcjpwYXNzd29yZA" not in text
    assert len(entries(file)) == 3


def test_the_log_is_for_its_owner_only(log_file: tuple[Path, logs.Scrubber]) -> None:
    if sys.platform != "win32":
        assert log_file[0].stat().st_mode & 0o077 == 0


def test_a_log_for_people_is_no_json(tmp_path: Path, log_file: tuple[Path, logs.Scrubber]) -> None:
    file = logs.configure(tmp_path / "text", console=True, scrubber=log_file[1])
    logs.log().info("run", project="net")
    assert "project=net" in file.read_text(encoding="utf-8")
