"""What listens does so on this machine only, and a tool's odd answers cost its container, not the run."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from itpm_sync.cli.daemon import command as daemon
from itpm_sync.emulation import server
from itpm_sync.emulation.faults import Fault, When
from itpm_sync.errors import Unavailable
from itpm_sync.ports import SystemClock
from itpm_sync.registry import Catalogue, Emulators
from itpm_sync.registry.emulated import lock_now
from itpm_sync.testing.four_tools import JIRA, PLANNER, SHEETS
from itpm_sync.testing.hostile import Attacked, attacked


def listening() -> set[str]:
    """The addresses that TCP sockets of this machine listen on, in the kernel's own form, with their ports."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
            words = line.split()
            if words[3] == "0A":
                found.add(words[1])
    return found


_LOOPBACK = "0100007F"


def test_emulators_listen_on_this_machine_only(tmp_path: Path) -> None:
    with Emulators(Catalogue(), SystemClock()) as emulators:
        bases = [
            str(emulators.reach(kind, tmp_path / kind)["base_url"]) for kind in ("jira", "smartsheet", "m365")
        ]
        there = listening()
        for base in bases:
            port = f"{int(base.split(':')[2].split('/')[0]):04X}"
            assert {one.split(":")[0] for one in there if one.endswith(f":{port}")} == {_LOOPBACK}
    assert server.HOST == "127.0.0.1"
    assert "host" not in inspect.signature(server.serve).parameters


def test_health_is_answered_on_this_machine_unless_told_otherwise() -> None:
    (host,) = [each for each in daemon.params if each.name == "host"]
    assert host.default == "127.0.0.1"


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:80@evil.test",
        "http://127.0.0.1:80.evil.test",
        "http://127.0.0.1:80/../",
        "file:///etc/passwd",
        "",
    ],
)
def test_the_address_of_another_process_must_be_of_this_machine(tmp_path: Path, address: str) -> None:
    """It is read from a file that whoever writes into the folder can have written."""
    (tmp_path / ".jira.address").write_text(address, encoding="ascii")
    with (tmp_path / ".jira.lock").open("a+b") as lock:
        assert lock_now(lock)
        with Emulators(Catalogue(), SystemClock()) as emulators, pytest.raises(Unavailable):
            emulators.reach("jira", tmp_path)


# ── answers of a form that nobody foresaw ──


@pytest.fixture
def world(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Attacked]:
    with attacked(tmp_path, capsys, monkeypatch) as made:
        yield made


_ODD: Mapping[str, tuple[str, Any]] = {
    JIRA: (".*/search/jql", {"issues": [{"id": {}, "fields": 7}, None], "isLast": True}),
    SHEETS: (r".*/sheets/\d+", {"id": 1, "columns": [{"id": []}], "rows": [{"id": {}, "cells": [[]]}]}),
    PLANNER: (
        r".*/\$batch",
        {"responses": [{"id": "0", "status": 200, "headers": "x", "body": {"value": [5]}}]},
    ),
}


@pytest.mark.parametrize("tool", _ODD)
def test_an_odd_answer_costs_its_container_only(world: Attacked, tool: str) -> None:
    path, body = _ODD[tool]
    world.tools[tool].faults.add(Fault(path, status=200, body=body, times=-1))
    said = world.cli("plan", "--json")
    assert "nobody foresaw (" not in said.err
    plan = said.json
    left_out = {one["connection"] for one in plan["warnings"] if one["grade"] != "note"}
    assert left_out == {tool}
    reached = {one["connection"] for one in (*plan["actions"], *plan["held"])}
    assert reached >= {JIRA, SHEETS, PLANNER} - {tool} and tool not in reached
    assert world.cli("check").code in (0, 1)
    assert world.leaks() == []


def test_an_odd_answer_to_a_write_is_read_back_and_nothing_is_made_twice(world: Attacked) -> None:
    """The issues were made; what came back says nothing that can be read."""
    run = world.cli("plan", "--json").json["run"]
    world.tools[JIRA].faults.add(
        Fault(
            ".*/issue/bulk",
            "POST",
            When.AFTER,
            status=201,
            body={"issues": [7, None], "errors": "x"},
            times=1,
        )
    )
    world.cli("sync", "--approve", run)
    world.cli("sync")
    world.cli("sync")
    made = [issue.get("fields", issue)["summary"] for issue in world.tools[JIRA].state["issues"].values()]
    assert len(made) == len(set(made)) == 6
