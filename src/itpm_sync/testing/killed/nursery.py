"""A process that syncs as often as it is told, each time in a fork that may be killed at any moment.

`python -m itpm_sync.testing.killed.nursery FOLDER`; in, a line a run: an `Order`, pickled, as base64. Out, a line when
the fork lives (its pid) and one when it has ended (the signal, or 0). Everything is imported and run once before the
first fork; the process opens nothing else and starts no thread.
"""

from __future__ import annotations

import base64
import gc
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg  # noqa: F401 - so that no fork has to import it
from sqlalchemy.engine.default import DefaultDialect

from itpm_sync.ledger import Ledger
from itpm_sync.memory import MemoryTool
from itpm_sync.policy import ProjectPolicy
from itpm_sync.testing.bench import Bench
from itpm_sync.testing.clocks import CountingIds, ManualClock
from itpm_sync.testing.killed.wire import RemoteConnector
from itpm_sync.testing.kills.picked import TALES
from itpm_sync.testing.kills.scene import Scene, tool_of, undue
from itpm_sync.testing.kills.tale import Tale


@dataclass(frozen=True, slots=True)
class Order:
    """One sync: of which tale, as it is configured now, on which ledger, when, and where the fork kills itself."""

    tale: Tale
    policy: ProjectPolicy
    url: str
    key: bytes
    now: datetime
    ids: int
    """The fork's ids begin above it."""
    approve: bool = False
    """Plan, and carry out exactly that."""
    commit: int = 0
    """At the so many-eth COMMIT; 0 never."""
    phase: str = ""
    """`before` or `after` it."""


class Commits:
    """Counts the COMMITs of a fork, and kills it at one."""

    def __init__(self, order: Order) -> None:
        self.order, self.count = order, 0
        self._whole: Callable[..., Any] = DefaultDialect.do_commit

    def commit(self, dialect: DefaultDialect, raw: Any) -> None:
        """Instead of `DefaultDialect.do_commit`."""
        self.count += 1
        self._die("before")
        self._whole(dialect, raw)
        self._die("after")

    def _die(self, phase: str) -> None:
        if (self.count, phase) == (self.order.commit, self.order.phase):
            os.kill(os.getpid(), signal.SIGKILL)


def fork(folder: Path, order: Order) -> int:
    """One sync, in the fork. What it did is told over the wire at its end."""
    commits = Commits(order)

    def counted(dialect: DefaultDialect, raw: Any) -> None:
        commits.commit(dialect, raw)

    DefaultDialect.do_commit = counted  # type: ignore[method-assign]
    told: dict[str, Any]
    try:
        RemoteConnector.reach(folder)
        told = _sync(order)
    except Exception:  # noqa: BLE001 - told to the test, whatever it is
        told = {"error": traceback.format_exc()}
    RemoteConnector.line.send(("", "", {**told, "commits": commits.count}))
    return 1 if "error" in told else 0


def _sync(order: Order) -> dict[str, Any]:
    clock, ids = ManualClock(order.now), CountingIds()
    ids._count = order.ids
    tools = {
        one.name: tool_of(one, MemoryTool(clock, one.able, one.containers), RemoteConnector)
        for one in order.tale.tools
    }
    with Ledger.open(order.url, clock=clock, ids=ids, key=order.key, wait=lambda _seconds: None) as ledger:
        bench = Bench(clock, tools, ledger, ids, policy=order.policy)
        report = bench.approve() if order.approve else bench.sync()
        braked = undue(report)
        if report.plan.brakes:
            report = bench.approve()
    return {"carried": len(report.carried), "undue": braked}


def main(folder: Path) -> None:
    """Fork as told, one run after the other."""
    Scene(TALES[0]).approve()  # imports, and compiles, what every sync needs
    print("ready", flush=True)  # noqa: T201 - the protocol
    for line in sys.stdin:
        order: Order = pickle.loads(base64.b64decode(line))
        gc.freeze()  # nothing of ours is collected in the fork, so its memory stays shared
        pid = os.fork()
        if pid == 0:
            os._exit(fork(folder, order))
        print(pid, flush=True)  # noqa: T201
        _, status = os.waitpid(pid, 0)
        print(os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, flush=True)  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
