"""Values as people type them, in tools that hold them by the shipped mappings: a bench for the machine of values.

In: which vendors' mappings. Out: a bench of one tool that holds everything and of tools in memory that hold what those
mappings hold; what stands in a tool as a canonical value; how a person types one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from itpm_sync.bases import Replica, Tie
from itpm_sync.connector import Capabilities
from itpm_sync.lens import Lens
from itpm_sync.memory import Row
from itpm_sync.model import FIELDS, Type, Value, spec_of
from itpm_sync.policy import Limits
from itpm_sync.testing.bench import PROJECT, Bench, Tool, tool
from itpm_sync.testing.clocks import ManualClock
from itpm_sync.testing.described import JIRA, PLANNER
from itpm_sync.testing.lenses import PlainLens
from itpm_sync.testing.mapped import compiled
from itpm_sync.ties import ContainerEnv, Directory

SYSTEMS = ("jira", "m365", "msproject", "smartsheet")
WHOLE = "whole"
"""The tool that holds every field as it is."""
FREE = Limits(floor=10_000, deletions=10_000)
_INFOS = {"jira": JIRA, "m365": PLANNER}
_LEFT_OUT = {"kind", "title", "parent", "dependencies", "assignees", "baseline_start", "baseline_finish"}
"""What needs other items, accounts or a tool's own hand; title is told by tokens, in a lens of its own."""
NAMES = tuple(name for name in FIELDS if name not in _LEFT_OUT)
ABLE = Capabilities(history=True, edit_times=True, bin=True, tells_hidden=True)


@cache
def lenses(system: str) -> Mapping[str, Lens]:
    """What a vendor's tool holds of an item, by the mapping that ships; the whole tool holds all of it."""
    if system == WHOLE:
        return {name: PlainLens(name) for name in NAMES}
    found = compiled(system, _INFOS.get(system)).lenses
    return {lens.name: lens for lens in found if lens.writable and lens.name in (*NAMES, "title")}


def bench(systems: tuple[str, ...], **policy: Any) -> Bench:
    """These tools over one ledger, each with a record that nobody touches, so that none is ever emptied."""
    clock = ManualClock()
    made: dict[str, Tool] = {
        name: tool(clock, name, *lenses(name).values(), capabilities=ABLE, horizon=600.0)
        for name in (WHOLE, *systems)
    }
    found = Bench.of(clock, made, limits=FREE, seed=(WHOLE, *systems), **policy)
    made[WHOLE].memory.create_as("ann", "main", kind="task", title="t0 kept")
    found.approve()
    return found


class Desk:
    """A person's view of a bench: rows, what stands in them, and typing into them."""

    def __init__(self, over: Bench) -> None:
        self.bench = over

    def env(self, name: str) -> ContainerEnv:
        return ContainerEnv(ZoneInfo("UTC"), name, Directory(), {})

    def rows(self, name: str) -> list[Row]:
        """The records a person may touch, in the order they were made."""
        rows = self.bench.tools[name].memory.rows
        return [row for _, row in sorted(rows.items()) if "kept" not in self.title(name, row)]

    def title(self, name: str, row: Row) -> str:
        return str(self.stands(name, row, "title") or "")

    def stands(self, name: str, row: Row, field: str) -> Value:
        """What a field of a record reads as."""
        return self.bench.tools[name].lenses[field].get(row.values, self.env(name))

    def blank(self, name: str, row: Row, field: str) -> bool:
        """Whether nothing stands there but what the tool may have put there by itself."""
        lens = self.bench.tools[name].lenses[field]
        return self.stands(name, row, field) in (None, frozenset(), ()) or lens.default(row.values)

    def form(self, name: str, field: str, value: Value) -> Value:
        return self.bench.tools[name].lenses[field].form(value, self.env(name))

    def type(self, name: str, row: Row, field: str, value: Value) -> Value:
        """A person types a value, as far as the tool can hold it. Returns how it stands there."""
        lens = self.bench.tools[name].lenses[field]
        change = lens.put(value, row.values, self.env(name))
        self.bench.tools[name].memory.edit_as("ann", row.native_id, **change)
        return self.stands(name, row, field)

    def tied(self) -> Iterator[tuple[Replica, Row]]:
        """Every record that is tied and there, with its replica."""
        for replica in self.bench.ledger.load(PROJECT).replicas.values():
            row = self.bench.tools[replica.connection].memory.rows.get(replica.native_id)
            if replica.tie is Tie.TIED and row is not None and not row.hidden:
                yield replica, row

    def writes(self) -> int:
        tools = self.bench.tools.values()
        return sum(call.startswith("apply") for one in tools for call in one.memory.calls)


def typeable(field: str, value: Value) -> bool:
    """Whether a value is one the field may have: a line has no control characters and is not empty."""
    if spec_of(field).type is not Type.LINE or not isinstance(value, str):
        return True
    controls = any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in value)
    return bool(value.strip()) and not controls
