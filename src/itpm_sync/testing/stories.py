"""Short stories of items: a bench of alike tools, and words to ask what became of it.

In: names of tools. Out: `Bench`, titles and native ids by tool. Every tool holds a kept record, so that none is ever
emptied. A horizon is an hour.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from itpm_sync.connector import Capabilities
from itpm_sync.policy import Limits
from itpm_sync.testing.bench import PROJECT, Bench, Tool, tool
from itpm_sync.testing.clocks import ManualClock
from itpm_sync.testing.lenses import PlainLens

FREE = Limits(floor=10_000, deletions=10_000)
KEPT = "Kept"
SURE = Capabilities(history=True, edit_times=True, bin=True, tells_hidden=True)
NEW_IDS = replace(SURE, moves_keep_id=False)


def bench_of(*names: str, sheets: tuple[str, ...] = (), able: Capabilities = SURE, **policy: Any) -> Bench:
    """Tools with a title, a site and a priority; S has two containers if they are named."""
    clock = ManualClock()
    made: dict[str, Tool] = {}
    for name in names:
        containers = sheets if sheets and name == "S" else ("main",)
        fields = (PlainLens("site"), PlainLens("priority"))
        made[name] = tool(clock, name, *fields, capabilities=able, containers=containers, horizon=3600.0)
    return Bench.of(clock, made, limits=FREE, **policy)


def add(bench: Bench, name: str, title: str, container: str = "main", /, **values: Any) -> str:
    return bench.tools[name].memory.create_as("ann", container, kind="task", title=title, **values)


def settle(bench: Bench, runs: int = 4) -> None:
    """Run on, an hour apart."""
    for _ in range(runs):
        bench.sync()
        bench.clock.move(hours=1)


def start(bench: Bench) -> None:
    add(bench, "J", KEPT, site="Nord")
    bench.approve()
    bench.clock.move(hours=1)
    settle(bench)


def titles(bench: Bench, name: str) -> list[str]:
    found = [str(row.values.get("title")) for row in bench.tools[name].memory.rows.values()]
    return sorted(title for title in found if title != KEPT)


def native(bench: Bench, name: str, title: str) -> str:
    rows = bench.tools[name].memory.rows.values()
    (found,) = [row.native_id for row in rows if row.values.get("title") == title]
    return found


def item(bench: Bench, title: str) -> str:
    (found,) = [one.id for one in bench.ledger.load(PROJECT).items.values() if one.value("title") == title]
    return found


def quiet(bench: Bench) -> bool:
    """Whether one more run has nothing to do."""
    report = bench.sync()
    return not report.carried and not report.plan.decisions
