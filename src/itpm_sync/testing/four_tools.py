"""One project in four tools: the real connectors over HTTP emulators on real sockets, the real ledger in a file.

In: an empty folder, what the plan holds. Out: `FourTools`: sync, edit as a person, look into every tool. The
configuration is a file as a user writes it; all goes the way a command goes, but for the clock, which ticks by itself
and is moved by hand.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from itpm_sync.cycle import RunReport, Workspace, open_workspace, opening, resolve, run
from itpm_sync.emulation import Emulator
from itpm_sync.mapping.load import Mapping as Mapping_
from itpm_sync.mapping.load import read
from itpm_sync.ports import Clock, LocalFiles, SystemIds
from itpm_sync.registry import Catalogue, Emulators, Registry, is_gone, new_holder
from itpm_sync.settings import load
from itpm_sync.testing.checkout import shared_folder
from itpm_sync.testing.clocks import AheadClock, ManualClock, MiddleRandom
from itpm_sync.testing.shown import Shown, in_jira, in_plan, in_planner, in_sheets

PROJECT, ZONE = "refresh", "America/New_York"
PLANS, JIRA, SHEETS, PLANNER = "plans", "jira", "sheets", "planner"
TOOLS = (PLANS, JIRA, SHEETS, PLANNER)
KINDS = {PLANS: "msproject", JIRA: "jira", SHEETS: "smartsheet", PLANNER: "m365"}
PLAN_FILE, JIRA_KEY, SHEET, PLANNER_PLAN = (
    "refresh.xml",
    "NET",
    "1234567890123456",
    "PlanOfTheNetworkRefresh00001",
)
CONTAINERS = {PLANS: PLAN_FILE, JIRA: JIRA_KEY, SHEETS: SHEET, PLANNER: PLANNER_PLAN}

ANN, BEN, EVE = "ann@example.org", "ben@example.org", "eve@example.org"
PEOPLE = {ANN: "Ann Ames", BEN: "Ben Bolt", EVE: "Eve Eder"}
LABELS = ("cabling", "core", "wifi")


class TickingClock(ManualClock):
    """A millisecond passes at every look, so that no two edits of a tool have one time."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            self.move(milliseconds=1)
            return super().now()


MovedClock = ManualClock | AheadClock


# ── what the tools hold before the first sync ──

COLUMNS: list[dict[str, Any]] = [
    {"title": "Task Name", "primary": True},
    {"title": "Type", "type": "PICKLIST", "options": ["Task", "Milestone", "Phase", "Risk", "Issue"]},
    {"title": "Description"},
    {
        "title": "Status",
        "type": "PICKLIST",
        "options": ["Not Started", "In Progress", "On Hold", "Complete", "Cancelled"],
    },
    {"title": "% Complete"},
    {"title": "Start", "type": "DATE"},
    {"title": "Finish", "type": "DATE"},
    {"title": "Assigned To", "type": "MULTI_CONTACT_LIST"},
    {"title": "Labels", "type": "MULTI_PICKLIST", "options": list(LABELS)},
    {"title": "Site"},
]

PLAN: dict[str, Any] = {
    "title": "Network refresh",
    "guid": "6F9619FF-8B86-D011-B42D-00CF4FC964FF",
    "start": "2026-11-02T08:00:00",
    "saved": "2026-11-01T16:00:00",
    "aliases": {"Text5": "Site", "Text6": "Labels"},
    "resources": [{"name": name, "mail": mail} for mail, name in PEOPLE.items()],
    "tasks": [
        {"name": "North clinic"},
        {
            "name": "Survey",
            "level": 2,
            "Start": "2026-11-02",
            "Finish": "2026-11-06",
            "PercentComplete": 63,
            "ActualStart": "2026-11-02",
            "people": [ANN],
            "Text5": "North clinic",
            "Text6": "cabling",
            "Notes": "Both floors.",
        },
        {
            "name": "Install racks",
            "level": 2,
            "Start": "2026-11-09",
            "Finish": "2026-11-13",
            "after": ["Survey"],
            "people": [BEN],
            "Text6": "core",
        },
        {"name": "Cut-over", "level": 2, "milestone": True, "Start": "2026-11-13", "Finish": "2026-11-13"},
        {"name": "Training", "Start": "2026-11-16", "Finish": "2026-11-20", "Notes": "For the help desk."},
        {"name": "Spare parts", "Start": "2026-11-04", "Finish": "2026-11-05"},
    ],
}


def seeds(plan: Mapping[str, Any] | bytes = PLAN) -> dict[str, dict[str, Any]]:
    """By tool: an account with the people of the project; only the plan has tasks."""
    return {
        PLANS: {"plans": {PLAN_FILE: plan}},
        JIRA: {
            "people": [{"mail": mail, "name": name} for mail, name in PEOPLE.items()],
            "projects": [{"key": JIRA_KEY, "name": "Network refresh"}],
        },
        SHEETS: {
            "people": PEOPLE,
            "sheets": [{"id": SHEET, "name": "Network refresh", "columns": COLUMNS}],
        },
        PLANNER: {
            "people": [{"name": name, "mail": mail} for mail, name in PEOPLE.items()],
            "groups": [{"name": "PMO", "members": list(PEOPLE)}],
            "plans": [
                {
                    "id": PLANNER_PLAN,
                    "title": "Network refresh",
                    "group": "PMO",
                    "categories": {f"category{n}": label for n, label in enumerate(LABELS, 1)},
                    "buckets": ["To do"],
                }
            ],
        },
    }


CONFIGURATION = """\
connections:
  plans: {connector: msproject, emulator: tools/plans}
  jira: {connector: jira, emulator: tools/jira}
  sheets: {connector: smartsheet, emulator: tools/sheets}
  planner: {connector: m365, emulator: tools/planner}
projects:
  refresh:
    title: Network refresh
    zone: America/New_York
    containers:
      - {connection: plans, container: refresh.xml, create: match-then-create}
      - {connection: jira, container: NET, create: CREATE, takes: {kinds: [task, milestone, summary]}}
      - {connection: sheets, container: "1234567890123456", create: CREATE}
      - {connection: planner, container: PlanOfTheNetworkRefresh00001, create: CREATE, under: {task: To do},
         takes: {kinds: [task]}}
    schedule_authorities: [plans]
    seed: [plans, jira, sheets, planner]
    limits: {changes_percent: 100}
"""


def configuration(create: str = "match-then-create", text: str = CONFIGURATION) -> str:
    """The configuration of the project in its four tools."""
    return text.replace("CREATE", create)


# ── the four tools ──


@dataclass(slots=True)
class FourTools:
    """A folder with a configuration; its emulators run in this process."""

    folder: Path
    clock: MovedClock
    emulators: Emulators
    tools: Mapping[str, Any]
    """By connection: its emulator."""
    specs: Path | None
    reports: list[RunReport] = field(default_factory=list)
    _marks: dict[str, int] = field(default_factory=dict)
    _plan: str = ""

    # ── running ──

    @contextmanager
    def workspace(self, *, connect: bool = True) -> Iterator[tuple[Workspace, Registry]]:
        """What a command has; a process of its own could have it too."""
        with opened(self.folder, self.clock, connect=connect) as both:
            yield both

    def run(self, *, carry_out: bool, approve: str | None = None) -> RunReport:
        """One run, as a fresh process makes it."""
        report = run_once(self.folder, self.clock, carry_out=carry_out, approve=approve)
        self.clock.move(minutes=1)
        return report

    def plan(self) -> RunReport:
        return self.run(carry_out=False)

    def sync(self, approve: str | None = None) -> RunReport:
        report = self.run(carry_out=True, approve=approve)
        self.reports.append(report)
        return report

    def approve(self) -> RunReport:
        """Plan, and carry out exactly that."""
        return self.sync(approve=self.plan().run)

    def settle(self, most: int = 6) -> None:
        """Sync until a run writes nothing. Fails where it never comes to rest."""
        for _ in range(most):
            self.mark()
            report = self.sync()
            if not self.writes() and not report.plan.actions:
                return
        raise AssertionError(
            f"still writing after {most} runs: {self.writes()} {self.reports[-1].plan.actions}"
        )

    def resolve(self, conflict: str, choice: str) -> None:
        with self.workspace(connect=False) as (ws, _):
            resolve(ws, conflict, choice, actor=ANN)

    # ── people ──

    def edit(self, tool: str, title: str, person: str = ANN, /, **changes: Any) -> None:
        """An edit in a tool's own user interface, in that tool's own words."""
        self.tools[tool].edit_as(person, self.native(tool, title), **changes)
        self.clock.move(minutes=1)

    def add(self, tool: str, person: str = ANN, /, **values: Any) -> str:
        """A new record in a tool's own user interface."""
        native: str = self.tools[tool].edit_as(person, None, **values)
        self.clock.move(minutes=1)
        return native

    # ── looking ──

    def items(self) -> dict[str, str]:
        """Item ids by agreed title."""
        with self.workspace(connect=False) as (ws, _):
            items = ws.ledger.load(PROJECT).items.values()
            return {str(item.value("title")): item.id for item in items}

    def agreed(self, title: str, name: str) -> Any:
        with self.workspace(connect=False) as (ws, _):
            items = ws.ledger.load(PROJECT).items.values()
            return next(item.value(name) for item in items if item.value("title") == title)

    def native(self, tool: str, title: str) -> str:
        """The record of the item that is agreed to have this title."""
        with self.workspace(connect=False) as (ws, _):
            state = ws.ledger.load(PROJECT)
            wanted = {item.id for item in state.items.values() if item.value("title") == title}
            found = [r for r in state.replicas.values() if r.connection == tool and r.item in wanted]
        assert len(found) == 1, f"{title} has {len(found)} records in {tool}"
        return found[0].native_id

    def conflicts(self) -> Sequence[Any]:
        with self.workspace(connect=False) as (ws, _):
            return list(ws.ledger.conflicts(PROJECT))

    def losers(self) -> list[Any]:
        """Every value that was stored because it did not become the agreed one: its form, as its tool held it."""
        with self.workspace(connect=False) as (ws, _):
            return [
                stored.loser.side
                for item in ws.ledger.load(PROJECT).items
                for stored in ws.ledger.losers_of(PROJECT, item)
                if stored.loser is not None
            ]

    def shown(self, tool: str, title: str) -> Shown:
        """What a person sees in a tool of the item that is agreed to have this title."""
        return self.shown_of(tool, self.native(tool, title))

    def shown_of(self, tool: str, native: str) -> Shown:
        """What a person sees of one record."""
        match tool:
            case "plans":
                return self.everything(PLANS)[native]
            case "jira":
                return in_jira(self.tools[JIRA], native)
            case "sheets":
                return in_sheets(self.tools[SHEETS], native)
            case _:
                return in_planner(self.tools[PLANNER], native, ZONE)

    def records(self, tool: str) -> list[str]:
        """The native ids of everything that is in a tool's container now."""
        match tool:
            case "plans":
                return list(self.everything(PLANS))
            case "jira":
                return list(self.tools[JIRA].state["issues"])
            case "sheets":
                return [str(row) for sheet in self.tools[SHEETS].world.sheets.values() for row in sheet.rows]
            case _:
                return list(self.tools[PLANNER].state["tasks"])

    def everything(self, tool: str) -> dict[str, Shown]:
        """By native id: every record that is in a tool's container now."""
        if tool == PLANS:
            tasks = in_plan(self.folder / "tools" / PLANS / PLAN_FILE)
            return {f"{PLAN_FILE}#{name}": shown for name, shown in tasks.items()}
        return {native: self.shown_of(tool, native) for native in self.records(tool)}

    def titles(self, tool: str) -> list[str]:
        """The titles of everything that is in a tool's container now, sorted."""
        return sorted(shown.title for shown in self.everything(tool).values())

    # ── counting ──

    def mark(self) -> None:
        """Count writes from here on."""
        for tool, emulator in self.tools.items():
            self._marks[tool] = len(emulator.requests)
        self._plan = self._digest()

    def writes(self) -> list[str]:
        """Every request since `mark` that could write, and the plan files where their bytes changed."""
        found = [
            f"{tool}: {one.method} {one.path} {one.status}"
            for tool, emulator in self.tools.items()
            for one in emulator.requests[self._marks.get(tool, 0) :]
            if emulator.writes(one)
        ]
        return found + (["plans: the file changed"] if self._digest() != self._plan else [])

    def _digest(self) -> str:
        folder = self.folder / "tools" / PLANS
        files = sorted(path for path in folder.iterdir() if path.suffix == ".xml")
        return "".join(hashlib.sha256(path.read_bytes()).hexdigest() for path in files)

    def violations(self) -> list[str]:
        """What any emulator found wrong with a request, or with its own answer."""
        return [f"{tool}: {wrong}" for tool, emulator in self.tools.items() for wrong in emulator.violations]


def read_mapping(file: Path) -> Mapping_:
    """The mapping in `file`, parsed only if these bytes never were."""
    return _parsed(file, file.read_bytes())


@cache
def _parsed(file: Path, _: bytes) -> Mapping_:
    return read(file)


@contextmanager
def opened(folder: Path, clock: Clock, *, connect: bool = True) -> Iterator[tuple[Workspace, Registry]]:
    """The configuration in `folder`, opened. Emulators that another process or registry serves are used as they are.

    Mapping files are parsed once a process, which is half of the time of a run over a handful of items.
    """
    catalogue = Catalogue()
    settings = load(folder / "itpm-sync.yaml", catalogue)
    registry = Registry(
        settings, catalogue, clock=clock, random=MiddleRandom(), files=LocalFiles(), environ=os.environ
    )
    with registry, patch.object(opening, "read", read_mapping):
        with open_workspace(
            settings,
            registry,
            clock=clock,
            ids=SystemIds(clock),
            holder=new_holder(),
            gone=is_gone,
            connect=connect,
        ) as workspace:
            yield workspace, registry


def run_once(folder: Path, clock: Clock, *, carry_out: bool, approve: str | None = None) -> RunReport:
    """One run of the project in `folder`."""

    async def whole() -> RunReport:
        with opened(folder, clock) as (workspace, registry):
            try:
                return await run(workspace, PROJECT, carry_out=carry_out, approve=approve)
            finally:
                await registry.close()

    return asyncio.run(whole())


@contextmanager
def four_tools(
    folder: Path,
    *,
    seeded: Mapping[str, Mapping[str, Any]] | None = None,
    text: str | None = None,
    clock: MovedClock | None = None,
) -> Iterator[FourTools]:
    """A project in `folder`, its four tools served until the block ends; then none may have seen a violation."""
    clock = clock or TickingClock()
    shared = shared_folder()
    specs = shared / "specs" if shared else None
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "itpm-sync.yaml").write_text(text or configuration(), encoding="utf-8")
    with ExitStack() as stack:
        emulators = stack.enter_context(Emulators(Catalogue(), clock, specs=specs))
        tools: dict[str, Emulator] = {}
        for tool, kind in KINDS.items():
            place = folder / "tools" / tool
            emulators.reach(kind, place)
            tools[tool] = emulators.mine[kind, place.absolute()]
            tools[tool].seed((seeded or seeds())[tool])
        world = FourTools(folder, clock, emulators, tools, specs)
        yield world
        assert world.violations() == []
