"""The daemon as a process: it runs, publishes, answers, and is gone within ten seconds of SIGTERM."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

CONFIGURATION = """\
connections:
  jira: {connector: jira, emulator: emulated}
projects:
  net:
    title: Network refresh
    every: 15 min
    containers:
      - {connection: jira, container: NET}
    publish: [{folder: site}]
"""
PATIENCE = 60.0
"""Seconds a loaded machine may take to start; nothing waits longer than it needs."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(found: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + PATIENCE
    while not found():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "itpm-sync.yaml").write_text(CONFIGURATION, encoding="utf-8")
    return tmp_path


@pytest.fixture
def daemon(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "itpm_sync", "daemon", "--port", str(port)],
        cwd=folder,
        env={**os.environ, "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process, port
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_it_runs_publishes_answers_and_stops(folder: Path, daemon: tuple[subprocess.Popen[str], int]) -> None:
    process, port = daemon

    def answer() -> dict[str, object]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as reply:
                found: dict[str, object] = json.loads(reply.read())
                return found
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return {}

    def has_run() -> bool:
        projects = answer().get("projects")
        return isinstance(projects, dict) and projects["net"]["runs"] >= 1

    until(has_run, process)
    assert answer()["status"] == "ok"
    assert (folder / "site" / "index.html").is_file()
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=10)
    assert time.monotonic() - begun < 10
    assert process.returncode == 0, errors
