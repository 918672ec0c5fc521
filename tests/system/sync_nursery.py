"""A process that syncs a project as often as it is told, each time in a fork that may be killed at any moment.

`python sync_nursery.py FOLDER`; in, a line of JSON a run: `carry_out`, `approve`, `ahead` (seconds that the clock is
ahead) and perhaps `kill` (`commit` or `file`, `phase`, `number`: where the fork kills itself). Out, a line when the
fork lives (its pid) and one when it has ended: how, and what it counted up to then.

Importing the engine and three vendors' libraries takes longer than many syncs. So this process imports them once (it
learns which from its first fork), opens nothing, starts no thread, and forks; everything that a sync has open, it
opened in the fork. A fork that is killed dies by SIGKILL, without any cleaning up: sockets, locks, transactions and
leases are left as they are.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

from itpm_sync import resources
from itpm_sync.testing.clocks import AheadClock
from itpm_sync.testing.four_tools import read_mapping, run_once


class Counter:
    """Counts the places where a sync makes something durable, and dies at one of them."""

    def __init__(self, kill: dict[str, Any] | None) -> None:
        self.kill, self.seen = kill or {}, {"commit": 0, "file": 0}

    def around(self, what: str, effect: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            self.seen[what] += 1
            self._die(what, "before")
            done = effect(*args, **kwargs)
            self._die(what, "after")
            return done

        return counted

    def _die(self, what: str, phase: str) -> None:
        if (what, phase, self.seen[what]) == tuple(
            self.kill.get(key) for key in ("where", "phase", "number")
        ):
            os.kill(os.getpid(), signal.SIGKILL)


def fork(folder: Path, order: dict[str, Any]) -> int:
    """One sync in the fork; what it counted and imported is written beside the ledger at its end."""
    counter = Counter(order.get("kill"))
    DefaultDialect.do_commit = counter.around("commit", DefaultDialect.do_commit)  # type: ignore[method-assign]
    Path.replace = counter.around("file", Path.replace)  # type: ignore[method-assign]
    told: dict[str, Any] = {}
    try:
        clock = AheadClock(order["ahead"])
        approve = order.get("approve")
        if approve == "plan":
            approve = run_once(folder, clock, carry_out=False).run
        report = run_once(folder, clock, carry_out=order["carry_out"], approve=approve)
        told = {
            "run": report.run,
            "actions": len(report.plan.actions),
            "conflicts": len(report.plan.conflicts),
            "brakes": [brake.says for brake in report.plan.brakes],
            "outcomes": sorted({one.outcome for one in report.carried}),
            "warnings": [warning.says for warning in report.warnings],
        }
    except BaseException:  # noqa: BLE001 - told to the test, whatever it is
        told = {"error": traceback.format_exc()}
    told |= {"seen": dict(counter.seen), "modules": sorted(sys.modules)}
    (folder / "told.json").write_text(json.dumps(told), encoding="utf-8")
    return 1 if "error" in told else 0


def main(folder: Path) -> None:
    """Fork as told, one run after the other."""
    for file in resources.mappings().glob("*.yaml"):
        read_mapping(file)  # once, for all forks
    print("ready", flush=True)
    for line in sys.stdin:
        told = folder / "told.json"
        told.unlink(missing_ok=True)
        gc.freeze()  # nothing of ours is collected in the fork, so its memory stays shared
        pid = os.fork()
        if pid == 0:
            os._exit(fork(folder, json.loads(line)))
        print(json.dumps({"pid": pid}), flush=True)
        _, status = os.waitpid(pid, 0)
        ended: dict[str, Any] = {"killed": os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL}
        if told.is_file() and not ended["killed"]:
            ended |= json.loads(told.read_text(encoding="utf-8"))
            for name in ended.pop("modules"):
                if name.partition(".")[0] not in ("__main__",) and name not in sys.modules:
                    learn(name)
        print(json.dumps(ended), flush=True)


def learn(name: str) -> None:
    """Import what a fork had to import, so that the next one need not."""
    try:
        importlib.import_module(name)
    except ImportError:
        pass  # a name that is in sys.modules though nobody can import it by that name


if __name__ == "__main__":
    main(Path(sys.argv[1]))
