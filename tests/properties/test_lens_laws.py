"""Every field of every shipped mapping obeys the lens laws, and a fault planted in a lens is found and named.

Values: the product's own generator, driven by Hypothesis, so that a broken law shrinks to a short story.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from itpm_sync.laws import lawful, not_after
from itpm_sync.lens import Lens, Untranslatable
from itpm_sync.mapping import build, lint
from itpm_sync.mapping.binding import Binder
from itpm_sync.mapping.generate import ZONES, Generator, MadeUpEnv
from itpm_sync.mapping.load import Mapping, read
from itpm_sync.mapping.proofs import Broken
from itpm_sync.model import (
    Day,
)
from itpm_sync.testing.described import JIRA, PLANNER

MAPPINGS = Path(__file__).parents[2] / "mappings"
SYSTEMS = ("jira", "m365", "msproject", "smartsheet")
TODAY = Day(date(2026, 5, 20))
ENV = MadeUpEnv()


@cache
def mapping(system: str) -> Mapping:
    return read(MAPPINGS / f"{system}.yaml")


@cache
def built(system: str, name: str, known: bool) -> tuple[Lens, Any, Binder]:
    info = {"jira": JIRA, "m365": PLANNER}.get(system) if known else None
    binder, described = Binder(info), mapping(system).model.described()[name]
    lens = build.lens(name, described, binder)
    assert lens is not None
    return lens, described, binder


def lens_of(system: str, name: str) -> Lens:
    return built(system, name, known=True)[0]


CASES = [
    pytest.param(system, name, known, id=f"{system}-{name}{'-known' if known else ''}")
    for system in SYSTEMS
    for known in ([False, True] if system in ("jira", "m365") else [False])
    for name in mapping(system).model.described()
]


@pytest.mark.parametrize(("system", "name", "known"), CASES)
@given(chance=st.randoms(use_true_random=False), zone=st.sampled_from(ZONES))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_field_obeys_the_lens_laws(
    system: str, name: str, known: bool, chance: random.Random, zone: str
) -> None:
    lens, described, binder = built(system, name, known)
    broken = lint.prove_case(lens, described, binder, Generator(chance), MadeUpEnv(zone=ZoneInfo(zone)))
    assert broken is None, str(broken)


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_products_own_check_finds_nothing_in_what_ships(system: str) -> None:
    assert list(lint.check_laws(mapping(system), cases=40)) == []


@given(chance=st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_made_up_groups_are_lawful(chance: random.Random) -> None:
    made = Generator(chance)
    for value in (made.progress(), made.schedule()):
        assert lawful(value), value
    assert not_after(*made.span())


def plant(system: str, name: str, **faults: Any) -> Broken | None:
    """The law that a lens breaks when some of its methods are exchanged."""
    lens, described, binder = built(system, name, known=False)
    broken: Any = SimpleNamespace()
    for attribute in ("get", "put", "form", "lift", "apply", "computed", "default", "keeps"):
        setattr(broken, attribute, faults.get(attribute, getattr(lens, attribute)))
    broken.name, broken.native = lens.name, lens.native
    return lint.prove(broken, described, binder, random.Random(7), cases=400)


def test_planted_faults_are_found_and_named() -> None:
    schedule, title = lens_of("m365", "schedule"), built("jira", "title", False)[0]

    def shifting(value: Any, values: Any, env: Any) -> dict[str, Any]:
        change = schedule.put(value, values, env)
        due = change.get("dueDateTime")
        late = due and (date.fromisoformat(due[:10]) + timedelta(days=1)).isoformat() + due[10:]
        return {**change, "dueDateTime": late} if due else change

    assert "n(v)" in str(plant("m365", "schedule", put=shifting))
    assert "{}" in str(
        plant("jira", "title", put=lambda value, values, env: {"summary": title.form(value, env)})
    )
    assert "n(get(r))" in str(plant("jira", "title", form=lambda value, env: f"{title.form(value, env)}!"))
    forgetful = plant("jira", "labels", lift=lambda form, agreed, env, edited=None: form)
    assert forgetful is not None and forgetful.law == "lift(n(a), a) = a"
    bare = plant("m365", "progress", lift=lambda form, agreed, env, edited=None: form)
    assert bare is not None and "lift" in bare.law


def test_an_unknown_value_is_told_with_its_exact_text() -> None:
    with pytest.raises(Untranslatable, match=r"Status: 'Verschoben'"):
        lens_of("smartsheet", "progress").get({"Status": "Verschoben"}, ENV)
    with pytest.raises(Untranslatable, match=r"Finish: 'TBD'"):
        lens_of("smartsheet", "schedule").get({"Finish": "TBD"}, ENV)
