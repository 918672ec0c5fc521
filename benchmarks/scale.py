"""How a run grows with the project: `python benchmarks/scale.py [--items N] [--projects P] [--changes C]`.

In: how many items a project has, in how many projects. Out: figures as JSON: seconds of CPU and peak memory of idle
runs and of runs with some changes, and their ratios to a project of 1,000 items. Times are of this machine; ratios
travel.

Three tools hold every item. They give deltas and answer at once, so that what is measured is the engine and its
ledger (SQLite, in a file). Each figure is taken in a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from itpm_sync.bases import Agreed, ItemBase, Replica, Tie, replica_id
from itpm_sync.connector import (
    Capabilities,
    Change,
    Connector,
    ContainerInfo,
    Finding,
    NativeField,
    Outcome,
    Page,
    Presence,
    Record,
    Sighting,
    Status,
    Tools,
)
from itpm_sync.cycle import Workspace, run
from itpm_sync.ledger import ContainerState, Decided, Ledger
from itpm_sync.model import Kind, ProjectFacts
from itpm_sync.plan import Decision, ReplicaChange
from itpm_sync.policy import ContainerPolicy, Limits, ProjectPolicy
from itpm_sync.ports import SystemClock, SystemIds
from itpm_sync.simulator.lenses import KindLens, ParentLens, PlainLens
from itpm_sync.testing.emulated import tools_on
from itpm_sync.translate import Lenses, Project

TOOLS = ("a", "b", "c")
LENSES = (KindLens("kind"), PlainLens("title"), ParentLens(), PlainLens("site"), PlainLens("priority"))
CHILDREN = 50
"""Items under one summary."""


def values_of(number: int, priority: int = 1) -> dict[str, Any]:
    """What every tool says of item `number`; every fiftieth is above the others."""
    above = number - number % CHILDREN
    return {
        "kind": "summary" if above == number else "task",
        "title": f"Replace the access switch in cabinet {number}, floor {number % 7}",
        "parent": None if above == number else native_of(above),
        "site": ("Nord", "Mitte", "Süd")[number % 3],
        "priority": priority,
    }


def native_of(number: int) -> str:
    return f"{number:07d}"


def record_of(number: int, key: str, *, revision: int = 1, priority: int = 1) -> Record:
    return Record(
        native_of(number), f"{revision:06d}", values_of(number, priority), key=key, name=native_of(number)
    )


class Feed(Connector):
    """A tool that gives deltas: nothing, or the records that were changed in it."""

    kind = "feed"
    capabilities = Capabilities(conditional=True, ordered=True)
    settings = "benchmarks.scale:Feed"

    def __init__(self, name: str, changed: Sequence[int], tools: Tools) -> None:
        super().__init__(name, None, tools)
        self.changed = changed

    async def check(self) -> Sequence[Finding]:
        return []

    async def describe(self, container: str) -> ContainerInfo:
        fields = [NativeField(lens.name, lens.name, "any") for lens in LENSES]
        return ContainerInfo(container, container, fields, "feed")

    async def pull(self, container: str, cursor: str | None, *, full: bool = False) -> AsyncIterator[Page]:
        step = 1 + int(cursor or "1")
        records = [record_of(n, f"i-{n}", revision=step, priority=step) for n in self.changed]
        yield Page(records, cursor=str(step), last=True)

    async def read(self, container: str, native_ids: Sequence[str]) -> Sequence[Sighting]:
        return [
            Sighting(one, Presence.PRESENT, record_of(int(one), f"i-{int(one)}"), container)
            for one in native_ids
        ]

    async def apply(self, container: str, changes: Sequence[Change]) -> Sequence[Outcome]:
        return [self._written(change) for change in changes]

    def _written(self, change: Change) -> Outcome:
        stood = change.expected
        assert stood is not None, "nothing is created here"
        after = Record(
            stood.native_id,
            f"{int(stood.revision) + 1:06d}",
            {**stood.values, **change.values},
            key=change.key,
        )
        return Outcome(change.intent, Status.APPLIED, after)


# ── the ledger as it is when everything is in step ──


def build(path: Path, items: int, projects: int) -> None:
    """A ledger of `projects` projects with `items` items each, every one in three tools and all in step."""
    clock = SystemClock()
    with Ledger.open(path, clock=clock, ids=SystemIds(clock)) as ledger:
        name = project_name(0)
        ledger.ensure_project(name, name)
        lease = ledger.acquire(name, "benchmark", seconds=86_400)
        at = {lens.name: 1 for lens in LENSES}
        for start in range(0, items, 500):
            some = range(start, min(items, start + 500))
            replicas = [_replica(tool, n, at) for n in some for tool in tools_of(0)]
            decided = [_decided(n, [one for one in replicas if one.item == f"i-{n}"]) for n in some]
            ledger.commit_decisions(lease, "run-0", decided)
        for tool in tools_of(0):
            ledger.store_readings(
                lease, [], container=ContainerState(tool, "main", cursor="1", fingerprint="feed")
            )
        ledger.release(lease)
    copies(path, projects)


def copies(path: Path, projects: int) -> None:
    """The other projects, row by row the same but for the names of project, tools and replicas."""
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA synchronous=OFF")
        columns = {
            table: [row[1] for row in raw.execute(f"PRAGMA table_info({table})")]
            for table in ("projects", "leases", "items", "replicas", "containers")
        }
        for number in range(1, projects):
            for table, names in columns.items():
                changes = (
                    {"id": f"'{project_name(number)}'"}
                    if table == "projects"
                    else {"project": f"'{project_name(number)}'"}
                )
                if table == "replicas":
                    changes |= {"id": f"id || '-{number}'", "connection": f"connection || '{number}'"}
                if table == "containers":
                    changes |= {"connection": f"connection || '{number}'"}
                wanted = ", ".join(changes.get(name, f'"{name}"') for name in names)
                where = "id" if table == "projects" else "project"
                raw.execute(
                    f"INSERT INTO {table} SELECT {wanted} FROM {table} WHERE {where} = '{project_name(0)}'"
                )
            raw.commit()


def project_name(number: int) -> str:
    return f"P{number}"


def tools_of(number: int) -> tuple[str, ...]:
    return tuple(f"{tool}{number or ''}" for tool in TOOLS)


def _replica(tool: str, number: int, at: Mapping[str, int]) -> Replica:
    record = record_of(number, f"i-{number}")
    name = replica_id(tool, record.native_id)
    return Replica(name, tool, "main", record.native_id, f"i-{number}", Tie.TIED, seen=record, at=at)


def _decided(number: int, replicas: Sequence[Replica]) -> Decided:
    above = number - number % CHILDREN
    values = values_of(number)
    agreed = {
        "kind": Kind(values["kind"]),
        "title": values["title"],
        "parent": None if above == number else f"i-{above}",
        "site": values["site"],
        "priority": 1,
    }
    item = ItemBase(f"i-{number}", {name: Agreed(value, 1, "a") for name, value in agreed.items()})
    changes = tuple(ReplicaChange(one.id, accept=True) for one in replicas)
    return Decided(Decision(item.id, item.agreed, changes, new=True), item, tuple(replicas))


# ── the runs ──


def workspace(ledger: Ledger, number: int, changed: Sequence[int]) -> Workspace:
    clock = SystemClock()
    handed = tools_on(clock)
    names = tools_of(number)
    policy = ProjectPolicy(
        tuple(ContainerPolicy(tool, "main") for tool in names), limits=Limits(changes_share=1.0)
    )
    lenses = {lens.name: lens for lens in LENSES}
    project = Project(ProjectFacts(project_name(number), "Scale"), policy, lambda *_: Lenses(lenses), {}, {})
    connections = {tool: Feed(tool, changed if tool == names[0] else (), handed) for tool in names}
    return Workspace(ledger, connections, {project.facts.id: project}, clock, SystemIds(clock), "benchmark")


def _measured(path: str, number: int, changed: Sequence[int], runs: int, approve: bool) -> dict[str, float]:
    """CPU seconds a run (the least of `runs`), peak memory in MB, what was written."""
    clock = SystemClock()
    with Ledger.open(path, clock=clock, ids=SystemIds(clock)) as ledger:
        taken, written = [], 0
        for _ in range(runs):
            ws = workspace(ledger, number, changed)
            before = time.process_time()
            report = asyncio.run(run(ws, project_name(number), carry_out=True))
            taken.append(time.process_time() - before)
            written = len(report.carried)
            if approve:
                plan = asyncio.run(run(ws, project_name(number), carry_out=False))
                asyncio.run(run(ws, project_name(number), carry_out=True, approve=plan.run))
    return {
        "cpu": min(taken),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "written": written,
    }


def measured(
    path: Path, number: int, changed: Sequence[int] = (), *, runs: int = 3, approve: bool = False
) -> Any:
    """`_measured` in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (str(path), number, changed, runs, approve))


def figures(items: int, projects: int, changes: int, told: Callable[[str], None]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "small.db"), Path(folder, "large.db")
        told(f"building a ledger of {projects} x {items} items, each in {len(TOOLS)} tools")
        build(small, 1_000, 1)
        build(large, items, projects)
        told("looking at the whole of a project, once")
        whole = {
            name: measured(path, 0, runs=1, approve=True)
            for name, path in (("small", small), ("large", large))
        }
        told("idle runs")
        for number in range(1, projects):
            measured(large, number, runs=1, approve=True)
        idle_small = measured(small, 0)
        idle = [measured(large, number) for number in range(projects)]
        told(f"{changes} changes")
        step = max(1, 1_000 // changes)
        some = [n + 1 for n in range(0, 1_000, step)][:changes]
        changed_small = measured(small, 0, some)
        changed_large = measured(large, projects - 1, some)
        return {
            "items": items * projects,
            "projects": projects,
            "tools": len(TOOLS),
            "ledger_mb": round(large.stat().st_size / 1e6),
            "whole_project": whole["large"],
            "whole_project_of_1000": whole["small"],
            "idle_all_projects_cpu": sum(one["cpu"] for one in idle),
            "idle_memory_mb": max(one["memory"] for one in idle),
            "idle_of_1000_cpu": idle_small["cpu"],
            "changes": changes,
            "changes_cpu": changed_large["cpu"],
            "changes_cpu_of_1000": changed_small["cpu"],
            "changes_written": changed_large["written"],
            "ratio_of_changes": changed_large["cpu"] / changed_small["cpu"],
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--items", type=int, default=50_000, help="items of a project")
    parser.add_argument("--projects", type=int, default=20)
    parser.add_argument("--changes", type=int, default=100)
    chosen = parser.parse_args()
    found = figures(
        chosen.items, chosen.projects, chosen.changes, lambda says: print(says, file=sys.stderr, flush=True)
    )
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
