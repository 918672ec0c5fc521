"""The four shipped mappings in one project: a single edit anywhere is taken over by all, and then nothing moves.

The real decision (`reconcile.fields`), the real lenses, records as plain dictionaries. What S2, S4 and S5 of the
invariants ask of lenses is asked here of each field that more than one tool holds.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from itpm_sync.bases import Agreed
from itpm_sync.errors import Refused
from itpm_sync.laws import lawful
from itpm_sync.lens import Lens, Unliftable, Untranslatable
from itpm_sync.mapping import build, generate_native
from itpm_sync.mapping.binding import Binder
from itpm_sync.mapping.generate import ZONES, Generator, MadeUpEnv
from itpm_sync.mapping.load import Mapping, read
from itpm_sync.model import FIELDS, Value
from itpm_sync.policy import FieldPolicy, Rule
from itpm_sync.reconcile.fields import decide
from itpm_sync.reconcile.verdict import Entry, Rules, Verdict

MAPPINGS = Path(__file__).parents[2] / "mappings"
SYSTEMS = ("jira", "m365", "msproject", "smartsheet")
NOW = datetime(2026, 5, 20, 9, tzinfo=UTC)


@cache
def mapping(system: str) -> Mapping:
    return read(MAPPINGS / f"{system}.yaml")


@dataclass
class Tool:
    """One tool's record of one field, and the mapping's lens over it."""

    name: str
    described: Any
    lens: Lens
    env: MadeUpEnv
    record: dict[str, Any]
    seen: Value = None

    def write(self, value: Value) -> bool:
        """Bring the record to a value; whether anything was written."""
        change = self.lens.put(value, self.record, self.env)
        self.record |= change
        self.seen = self.lens.get(self.record, self.env)
        return bool(change)


def tools(name: str, zone: str) -> list[Tool]:
    found = []
    for system in SYSTEMS:
        described = mapping(system).model.described().get(name)
        lens = build.lens(name, described, Binder(None)) if described is not None else None
        if lens is not None:
            env = MadeUpEnv(zone=ZoneInfo(zone), tool=system)
            found.append(Tool(system, described, lens, env, {}))
    return found


def run(name: str, agreed: Agreed, every: list[Tool]) -> Verdict:
    """One decision over what stands in each tool now."""
    policy = FieldPolicy(Rule.MERGE if FIELDS[name].merges else Rule.HOLD)
    rules = Rules("i", name, policy, (), timedelta(minutes=15), ZoneInfo("UTC"), NOW)
    entries = []
    for tool in every:
        now = tool.lens.get(tool.record, tool.env)
        entries.append(
            Entry(
                tool.name,
                tool.name,
                tool.lens,
                tool.env,
                tool.seen,
                now,
                agreed.version,
                changed=now != tool.seen,
                first=False,
                empty=False,
                computed=False,
                taken=None,
                edited=None,
                actor=None,
            )
        )
    return decide(agreed, entries, rules, None)


SHARED = [
    name
    for name in FIELDS
    if sum(name in mapping(system).model.described() for system in SYSTEMS) > 1
    and name not in ("kind", "parent")
]


@pytest.mark.parametrize("name", SHARED)
@given(chance=st.randoms(use_true_random=False), zone=st.sampled_from(ZONES))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_single_edit_reaches_every_tool_and_comes_to_rest(
    name: str, chance: random.Random, zone: str
) -> None:
    made = Generator(chance)
    every = tools(name, zone)
    agreed = Agreed(made.value(name), 1)
    try:
        for tool in every:
            tool.write(agreed.value)
    except Refused:
        return  # a set that does not fit is not written there
    editor = chance.choice(every)
    typed = generate_native.record(editor.described, Binder(None), made, editor.env.zone)
    before = dict(editor.record)
    editor.record |= typed
    try:
        now = editor.lens.get(editor.record, editor.env)
        verdict = run(name, agreed, every)
    except Untranslatable:
        return  # suspended on that record, shown with its text
    if verdict.conflict is not None:
        with pytest.raises(Unliftable):  # a single edit is held only where no lawful value has its form
            editor.lens.lift(now, agreed.value, editor.env, edited=made.day())
        return
    assert verdict.agreed is not None
    value = verdict.agreed.value
    assert lawful(value)
    assert editor.lens.form(value, editor.env) == now, f"{before} became {editor.record}"
    try:
        written = {tool.name for tool in every if tool.write(value)}
    except Refused:
        return
    assert editor.name not in written  # no echo, S6
    again = run(name, verdict.agreed, every)
    assert again.agreed == verdict.agreed  # nothing that was written is taken for an edit, S2
    assert again.conflict is None
    assert not any(tool.write(value) for tool in every)


def test_63_percent_survives_planner_and_jira() -> None:
    """The plan says 63 %, Planner and Jira only know "in progress": nobody writes anything back."""
    every = tools("progress", "UTC")
    plan = next(tool for tool in every if tool.name == "msproject")
    typed = {
        "PercentComplete": 63,
        "ActualStart": "2026-05-04T08:00:00",
        "ActualFinish": None,
        "Inactive": False,
    }
    agreed = Agreed(plan.lens.lift(plan.lens.get(typed, plan.env), None, plan.env), 1)
    plan.record |= typed
    for tool in every:
        tool.write(agreed.value)
    for _ in range(5):
        verdict = run("progress", agreed, every)
        assert verdict.agreed == agreed and verdict.conflict is None
        assert not any(tool.write(agreed.value) for tool in every)
    assert plan.record["PercentComplete"] == 63
    assert next(tool.record for tool in every if tool.name == "smartsheet")["% Complete"] == 0.63
