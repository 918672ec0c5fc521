"""A workbench: the real engine and a real ledger over tools in memory, with a clock moved by hand and kills at will.

In: tools by connection name, their lenses, a policy. Out: `Bench`: run, edit, kill, run again. Stories, conformance
and simulator are told on it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from itpm_sync.connector import Capabilities, ContainerInfo, Tools
from itpm_sync.cycle import RunReport, Workspace, run
from itpm_sync.kit.limiter import NoLimit
from itpm_sync.ledger import Ledger
from itpm_sync.lens import Lens
from itpm_sync.memory import MemoryConnector, MemorySettings, MemoryTool
from itpm_sync.model import ProjectFacts, Value
from itpm_sync.policy import ContainerPolicy, Creation, FieldPolicy, ProjectPolicy
from itpm_sync.ports import LocalFiles
from itpm_sync.simulator.clocks import CountingIds, ManualClock, MiddleRandom
from itpm_sync.simulator.lenses import KindLens, ParentLens, PlainLens
from itpm_sync.translate import Lenses, Project

PROJECT = "story"

T = TypeVar("T")


def drive(work: Coroutine[Any, Any, T]) -> T:
    """Run to its end what never waits for anything outside: no event loop, so that one run may go on inside another."""
    try:
        while True:
            work.send(None)
    except StopIteration as ended:
        found: T = ended.value
        return found


class Killed(BaseException):
    """The process died here."""


@dataclass(slots=True)
class Tool:
    """One connection of a bench: the tool, its lenses, its containers' policies."""

    memory: MemoryTool
    lenses: Mapping[str, Lens]
    containers: Sequence[ContainerPolicy]
    horizon: float = 0.0
    port: type[MemoryConnector] = MemoryConnector


@dataclass(slots=True)
class Bench:
    """Several tools, one project, one ledger."""

    clock: ManualClock
    tools: dict[str, Tool]
    ledger: Ledger
    ids: CountingIds
    fields: Mapping[str, FieldPolicy] = field(default_factory=dict)
    authorities: tuple[str, ...] = ()
    seed: tuple[str, ...] = ()
    policy: ProjectPolicy = field(default_factory=lambda: ProjectPolicy(()))
    reports: list[RunReport] = field(default_factory=list)
    gone: Callable[[str], bool] | None = lambda _holder: True
    """Whether a holder of the lease surely is no more."""
    doubt: bool = True
    """Whether runs that look at few items are compared with what the whole project would have led to."""
    _told: tuple[ProjectPolicy, str] | None = None

    @classmethod
    def of(
        cls,
        clock: ManualClock,
        tools: Mapping[str, Tool],
        *,
        ledger: Ledger | None = None,
        **policy: Any,
    ) -> Bench:
        ids = CountingIds()
        ledger = ledger or Ledger.open("sqlite://", clock=clock, ids=ids)
        containers = tuple(policy_ for tool in tools.values() for policy_ in tool.containers)
        return cls(clock, dict(tools), ledger, ids, policy=ProjectPolicy(containers, **policy))

    # ── running ──

    def workspace(self) -> Workspace:
        """A fresh process over the same ledger and tools."""
        handed = Tools(clock=self.clock, random=MiddleRandom(), limiter=NoLimit(), files=LocalFiles())
        connections = {
            name: tool.port(name, MemorySettings(tool.memory, tool.horizon), handed)
            for name, tool in self.tools.items()
        }
        project = Project(
            ProjectFacts(PROJECT, "Story"), self.policy, self._lenses, {}, {"policy": self._policy_text()}
        )
        ledger = self.ledger.again()
        holder = self.ids.new("holder")
        return Workspace(
            ledger=ledger,
            connections=connections,
            projects={PROJECT: project},
            clock=self.clock,
            ids=self.ids,
            holder=holder,
            doubt=self.doubt,
            gone=self.gone,
        )

    def _policy_text(self) -> str:
        if self._told is None or self._told[0] is not self.policy:
            self._told = (self.policy, repr(self.policy))
        return self._told[1]

    def _lenses(self, policy: ContainerPolicy, info: ContainerInfo) -> Lenses:
        tool = self.tools[policy.connection]
        memory, place = tool.memory, policy.container
        lost = memory.lost.get(place) or memory.renamed.get(place)
        if lost is None or any(lost == field.title for field in info.fields):
            return Lenses(tool.lenses)
        kept = {name: lens for name, lens in tool.lenses.items() if lost not in lens.native}
        return Lenses(kept, [f"{lost} is not in {policy.container} any more."])

    def plan(self) -> RunReport:
        """A plan, written nowhere."""
        return drive(run(self.workspace(), PROJECT, carry_out=False))

    def sync(self, approve: str | None = None) -> RunReport:
        """One run, carried out."""
        return self.run(self.workspace(), approve)

    def run(self, ws: Workspace, approve: str | None = None) -> RunReport:
        """One run of that process, carried out."""
        report = drive(run(ws, PROJECT, carry_out=True, approve=approve))
        self.reports.append(report)
        return report

    def approve(self) -> RunReport:
        """Plan, and carry out exactly that: what a first sync and a brake ask for."""
        return self.sync(approve=self.plan().run)

    def killed_at(self, tool: str, call: str, phase: str, occurrence: int = 1) -> None:
        """One run that dies at a call of a tool: before it, or after its effect and before it is recorded."""
        memory, left = self.tools[tool].memory, occurrence

        def on_call(name: str, when: str) -> None:
            nonlocal left
            if name == call and when == phase:
                left -= 1
                if left == 0:
                    raise Killed

        memory.on_call = on_call
        try:
            self.sync()
        except Killed:
            return
        finally:
            memory.on_call = _nothing
        raise AssertionError(f"the run never came to {phase} {call} of {tool}")

    def during(self, tool: str, call: str, phase: str, edit: Callable[[], None]) -> None:
        """Let a person edit once, between the call and its answer (or just before it)."""
        memory = self.tools[tool].memory
        done = False

        def on_call(name: str, when: str) -> None:
            nonlocal done
            if not done and name == call and when == phase:
                done = True
                edit()

        memory.on_call = on_call

    # ── looking ──

    def busy(self) -> bool:
        """Whether somebody holds the project's lease who may still be at work."""
        lease = self.ledger.holder(PROJECT)
        return lease is not None and (self.gone is None or not self.gone(lease.holder))

    def value(self, tool: str, native_id: str, name: str) -> Any:
        """What stands in a tool, as its own JSON."""
        return self.tools[tool].memory.rows[native_id].values.get(name)

    def agreed(self, item: str, name: str) -> Value:
        return self.ledger.load(PROJECT).items[item].value(name)

    def items(self) -> list[str]:
        return list(self.ledger.load(PROJECT).items)

    def native(self, tool: str, item: str) -> str:
        """The item's record in a tool."""
        found = [
            r for r in self.ledger.load(PROJECT).replicas.values() if r.connection == tool and r.item == item
        ]
        assert len(found) == 1, f"{item} has {len(found)} records in {tool}"
        return found[0].native_id

    def losers(self, item: str, name: str) -> list[Value]:
        """Every loser stored in full, newest first."""
        stored = self.ledger.losers_of(PROJECT, item, field=name)
        return [
            one.loser.side.form for one in stored if one.loser is not None and one.loser.covered_by is None
        ]

    def conflict_values(self, name: str) -> list[Value]:
        """The values of the one open conflict of a field, in order."""
        found = [conflict for conflict in self.ledger.conflicts(PROJECT) if conflict.field == name]
        assert len(found) == 1, f"{len(found)} conflicts of {name} are open"
        return sorted((side.value for side in found[0].sides), key=str)


def _nothing(_call: str, _phase: str) -> None:
    return None


def tool(
    clock: ManualClock,
    name: str,
    *lenses: Lens,
    capabilities: Capabilities | None = None,
    containers: Sequence[str] = ("main",),
    creation: Creation = Creation.CREATE,
    horizon: float = 0.0,
    **policy: Any,
) -> Tool:
    """A tool in memory with the given lenses beside kind, title and parent."""
    able = capabilities or Capabilities(history=True, edit_times=True, bin=True, tells_hidden=True)
    known: list[Lens] = [KindLens("kind"), PlainLens("title"), ParentLens(), *lenses]
    policies = [ContainerPolicy(name, container, creation=creation, **policy) for container in containers]
    return Tool(MemoryTool(clock, able, containers), {lens.name: lens for lens in known}, policies, horizon)


def without(able: Capabilities, **changes: Any) -> Capabilities:
    """Other capabilities."""
    return replace(able, **changes)
