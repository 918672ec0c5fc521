"""The hand that starts syncs of a tale as processes, and kills them.

In: a scene, an address, where to kill. Out: how the process ended, and what it did up to then.
"""

from __future__ import annotations

import base64
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from itpm_sync.memory import MemoryConnector
from itpm_sync.simulator.tools import SimTool
from itpm_sync.testing.killed.nursery import Order
from itpm_sync.testing.killed.wire import Deadly, Served
from itpm_sync.testing.kills.scene import Scene

LIFETIME = 100_000
"""Ids of one process."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where a process is to die; nowhere by default."""

    call: int = 0
    commit: int = 0
    seconds: float = 0.0
    phase: str = ""
    """Of a call: `lost`, `arrived`, `answered`; of a COMMIT: `before`, `after`."""

    @property
    def kind(self) -> str:
        return "call" if self.call else "commit" if self.commit else "timer" if self.seconds else ""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended: killed, or with what it told."""

    killed: bool
    calls: int
    told: dict[str, Any]


class Hand:
    """One nursery, one process at a time."""

    def __init__(self, process: subprocess.Popen[str], served: Served) -> None:
        self.process, self.served = process, served
        self._pid, self._known = 0, threading.Event()
        served.pid = self._whom

    def _whom(self) -> int:
        self._known.wait(10)
        return self._pid

    def serve(self, scene: Scene) -> None:
        """These are the tools from now on."""
        for name, tool in scene.tools.items():
            tool.on_call = partial(_reads, scene, name)
        found = scene.bench.workspace().connections
        self.served.connectors = {
            name: one for name, one in found.items() if isinstance(one, MemoryConnector)
        }

    def run(self, order: Order, where: Where = Where()) -> Ended:
        """One sync. Raises AssertionError where the process dies by anything but our hand."""
        served = self.served
        served.met, served.told = 0, None
        served.deadly = Deadly(where.call, where.phase) if where.call else None
        if where.commit:
            order = replace(order, commit=where.commit, phase=where.phase)
        self._known.clear()
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None and stdout is not None
        stdin.write(base64.b64encode(pickle.dumps(order)).decode() + "\n")
        stdin.flush()
        self._pid = int(stdout.readline())
        self._known.set()
        timer = threading.Timer(where.seconds, _stop, [self._pid]) if where.seconds else None
        if timer is not None:
            timer.start()
        ended = int(stdout.readline())
        if timer is not None:
            timer.cancel()
        served.settled()
        assert ended in (0, signal.SIGKILL), f"the process died of signal {ended}"
        return Ended(ended == signal.SIGKILL, served.met, served.told or {})


def _reads(scene: Scene, name: str, call: str, phase: str) -> None:
    if (call, phase) == ("read", "before"):
        scene.ghosts.read[name] = scene.ghosts.tick()


def _stop(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # it had just ended by itself


@contextmanager
def hand(folder: Path) -> Iterator[Hand]:
    """A nursery that lives until the block ends."""
    served = Served(folder)
    command = [sys.executable, "-m", "itpm_sync.testing.killed.nursery", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
            yield Hand(process, served)
        finally:
            process.kill()
            served.close()
            for tool in served.connectors.values():
                assert isinstance(tool.tool, SimTool)
                tool.tool.on_call = lambda _call, _phase: None
