"""No credential shows anywhere: not when all goes well, not when tools fail, lie or repeat what they were sent."""

from __future__ import annotations

import base64
import html
import json
import logging
import pickle
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from itpm_sync.cli import logs
from itpm_sync.emulation.faults import Fault, Harm
from itpm_sync.errors import Misconfigured
from itpm_sync.kit.secret import Secret, on_the_wire, scrub, scrub_json
from itpm_sync.ports import SystemClock
from itpm_sync.registry import Catalogue
from itpm_sync.settings import load
from itpm_sync.testing.four_tools import JIRA, PLANNER, SHEETS, opened, run_once
from itpm_sync.testing.hostile import CANARIES, Attacked, attacked, disguises

TOOLS = (JIRA, SHEETS, PLANNER)


@pytest.fixture
def world(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Attacked]:
    with attacked(tmp_path, capsys, monkeypatch) as made:
        yield made


def echo(tool: str) -> object:
    """A refusal in the tool's own form that repeats the token wherever it can."""
    token = CANARIES[tool]
    return {
        JIRA: {
            "errorMessages": [f"token {token}", quote(token)],
            "errors": {"summary": f"{token}\r\nforged", "duedate": token, token: token},
        },
        SHEETS: {
            "errorCode": 1042,
            "message": f"token {token}",
            "refId": token,
            "detail": {"columnId": token},
        },
        PLANNER: {"error": {"code": f"Maximum{token}", "message": f"token {token}"}},
    }[tool]


def harmed(world: Attacked, tool: str, **fault: Any) -> None:
    world.tools[tool].faults.add(Fault(".*", times=-1, **fault))


def calm(world: Attacked) -> None:
    for tool in TOOLS:
        world.tools[tool].faults.clear()


def test_nothing_shows_when_all_goes_well(world: Attacked) -> None:
    assert world.cli("check").code == 0
    assert world.approved("--json").code == 0
    for command in (("-v", "sync"), ("status",), ("runs", "list")):
        assert world.cli(*command).code == 0, command
    assert world.pages() and world.log
    assert world.leaks() == []


def test_nothing_shows_when_every_call_is_refused_with_our_token(world: Attacked) -> None:
    for status in (401, 403, 500):
        for tool in TOOLS:
            harmed(world, tool, status=status, body=echo(tool))
        assert world.cli("check").code in (1, 2)
        assert world.cli("-v", "plan").code != 0
        calm(world)
    page = b"<html>" + " ".join(CANARIES.values()).encode()
    for tool in TOOLS:
        harmed(world, tool, status=200, body=page, headers={"content-type": "text/html"})
    world.cli("check")
    world.cli("plan", "--json")
    calm(world)
    for tool in TOOLS:
        harmed(world, tool, harm=Harm.DROP)
    world.cli("-v", "plan")
    assert [said.err for said in world.said if "nobody foresaw" in said.err] == []
    assert world.leaks() == []


def test_nothing_shows_when_writes_are_refused_with_our_token(world: Attacked) -> None:
    """Refusals of writes are kept in the ledger and shown: reasons by field, in the tool's own words."""
    run = world.cli("plan", "--json").json["run"]
    for tool, path in ((JIRA, ".*/issue/bulk"), (SHEETS, ".*/rows"), (PLANNER, ".*/planner/tasks.*")):
        world.tools[tool].faults.add(Fault(path, "POST|PUT|PATCH", status=400, body=echo(tool), times=-1))
    said = world.cli("sync", "--approve", run)
    assert "refused: " in said.out and "***" in said.out
    world.cli("quarantine", "list", "--json")
    assert world.leaks() == []
    assert "\r" not in said.out


def test_nothing_shows_of_a_wrong_token(world: Attacked) -> None:
    for tool in TOOLS:
        world.tools[tool].state["token"] = "another"
    world.tools[SHEETS].world.tokens.clear()
    world.tools[SHEETS].world.tokens["another"] = "ann@example.org"
    said = world.cli("-v", "check")
    assert said.code == 1 and said.out.count("WRONG") >= 3
    world.cli("plan")
    assert world.leaks() == []


@pytest.mark.parametrize(
    "token", ["two\nlines-CANARY", "nul\0CANARY", "CANARY …", "spaced CANARY", "kanarienvogel-ü-CANARY"]
)
def test_a_token_that_fits_no_header_is_refused_unseen(
    world: Attacked, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    """A library that is given it quotes it in its error."""
    if "\0" not in token:
        monkeypatch.setenv("HOSTILE_JIRA", token)
    for tool in (SHEETS, PLANNER):
        (world.folder / f"{tool}.token").write_text(token, encoding="utf-8")
    said = world.cli("-v", "check")
    assert said.code == 2
    assert said.out.count("a character that no token has") == (3 if "\0" not in token else 2)
    left = b"".join(data for _, data in world.left_behind())
    assert b"CANARY" not in left


def test_a_stack_trace_in_the_log_has_no_secret(world: Attacked, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something nobody foresaw, with a token in its text, its cause and its arguments."""

    def broken(*_: object, **__: object) -> None:
        try:
            raise KeyError(CANARIES[JIRA], CANARIES[SHEETS])
        except KeyError as error:
            raise AssertionError(f"token {CANARIES[PLANNER]!r} {CANARIES['ledger key']}") from error

    world.cli("check")
    monkeypatch.setattr(sys.modules["itpm_sync.cycle.run"], "compile_all", broken)
    said = world.cli("-v", "plan")
    assert "nobody foresaw" in said.err
    assert "AssertionError" in world.log and "***" in world.log
    assert world.leaks() == []


def test_what_libraries_log_has_no_secret(world: Attacked) -> None:
    world.cli("check")
    try:
        raise ValueError(CANARIES[JIRA])
    except ValueError:
        logging.getLogger("urllib3").warning("retry %s", {"Authorization": CANARIES[SHEETS]}, exc_info=True)
    for handler in logging.getLogger().handlers:
        handler.flush()
    assert "retry" in world.log
    assert world.leaks() == []


def test_settings_and_connections_do_not_show_it(world: Attacked) -> None:
    settings = load(world.folder / "itpm-sync.yaml", Catalogue())
    with opened(world.folder, SystemClock()) as (workspace, registry):
        shown = [repr(settings), str(settings), repr(registry), repr(workspace)]
        for name in TOOLS:
            options = registry.options(name)
            shown += [repr(options), str(options), str(options.model_dump()), repr(registry.connection(name))]
            shown += [repr(registry.connection(name).__dict__), repr(registry.tools(name))]
            with pytest.raises(Exception) as caught:
                pickle.dumps(options)
            shown.append(repr(caught.value))
    text = "\n".join(shown).encode()
    assert [slot for slot, secret in CANARIES.items() for form in disguises(secret) if form in text] == []


def test_a_failed_sign_in_to_the_database_does_not_show_the_password(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody listens there; addresses of every form that a password could break."""
    pytest.importorskip("psycopg")
    monkeypatch.setattr("itpm_sync.ledger.database.WAITS", ())
    for address in (
        "postgresql://u@127.0.0.1:1/d",
        "postgresql://127.0.0.1:1/d",
        "postgresql://u@[::1]:1/d?sslmode=disable",
    ):
        here = tmp_path / str(len(list(tmp_path.iterdir())))
        ledger = f'ledger_password: env:HOSTILE_PASSWORD\nledger: "{address}"'
        with attacked(here, capsys, monkeypatch, ledger=ledger) as world:
            said = world.cli("-v", "plan")
            assert said.code == 1, said.err
            assert "nobody foresaw" not in said.err
            assert world.leaks() == []


def test_errors_of_a_run_do_not_show_it(world: Attacked) -> None:
    harmed(world, JIRA, status=401, body=echo(JIRA))
    report = run_once(world.folder, SystemClock(), carry_out=False)
    text = f"{report!r} {report.document}"
    assert [form for form in disguises(CANARIES[JIRA]) if form in text.encode()] == []


# ── the second line: what is blanked out, in whatever form it comes ──


@pytest.mark.parametrize("slot", CANARIES)
def test_every_disguise_is_blanked_out(slot: str) -> None:
    secret = Secret(CANARIES[slot])
    forms = disguises(CANARIES[slot])
    packed = [
        code(f"{before}{CANARIES[slot]}{after}".encode()).decode()
        for code in (base64.b64encode, base64.urlsafe_b64encode)
        for before in ("", "a", "ab", "bot@example.org:")
        for after in ("", "x", "xy", "xyz")
    ]
    quoted = [
        quote(CANARIES[slot]),
        html.escape(CANARIES[slot]),
        json.dumps(CANARIES[slot]),
        repr(CANARIES[slot]),
    ]
    for text in (CANARIES[slot], *packed, *quoted):
        left = scrub(f"before {text} after", [secret]).encode()
        assert "***" in left.decode() and [form for form in forms if form in left] == [], text
    deep = scrub_json({"a": [{CANARIES[slot]: [CANARIES[slot], 1, None]}]}, [secret])
    assert CANARIES[slot] not in str(deep)


def test_every_line_of_a_certificate_is_blanked_out() -> None:
    lines = [
        "-----BEGIN PRIVATE KEY-----",
        "MIIEvQIBADANBgkqhkiG9w0BAQ",
        "EFAASCBKcwggSjAgEAAoIBAQ",
        "-----END PRIVATE KEY-----",
    ]
    for line in lines[1:3]:
        assert line not in scrub(f"could not load {line}", [Secret("\n".join(lines))])


def test_a_token_for_a_header_is_printable_or_refused() -> None:
    assert on_the_wire(Secret("ATATT3x_-=~"), "Jira") == "ATATT3x_-=~"
    with pytest.raises(Misconfigured):
        on_the_wire(Secret(""), "Jira")
    for text in ("a b", "a\nb", "ü", "a\x7f"):
        with pytest.raises(Misconfigured) as caught:
            on_the_wire(Secret(text), "Jira")
        assert text not in "".join(traceback.format_exception(caught.value))


def test_the_next_log_file_is_private_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MOST_BYTES", 500)
    file = logs.configure(tmp_path, scrubber=logs.Scrubber())
    for number in range(20):
        logs.log().info("something", number=number, says="x" * 100)
    files = sorted(tmp_path.glob(f"{logs.NAME}*"))
    assert file in files and len(files) == logs.FILES
    assert [one.stat().st_mode & 0o077 for one in files] == [0] * len(files)
