"""The shipped mapping over this connector's own values: the lens laws, and the same laws through the emulated Planner.

What a lens promises of a dictionary must also hold for a task that Planner stored: `put` becomes a request, the
request changes the tenant, and the record read back has the form that was promised.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itpm_sync.connector import Account, ContainerInfo
from itpm_sync.errors import Refused
from itpm_sync.lens import Lens
from itpm_sync.model import Assignees, Category, Day, Progress, Schedule
from itpm_sync.testing.mapped import (
    ZONES,
    Generator,
    MadeUpEnv,
    check_lift,
    check_record,
    check_value,
    compiled,
    shipped,
)
from itpm_sync_m365 import planner
from itpm_sync_m365.connector import M365Connector
from itpm_sync_m365.emulated import directory
from itpm_sync_m365.emulated import planner as emulated
from itpm_sync_m365.emulated.wire import Call
from itpm_sync_m365.emulated.world import World, new_state

CATEGORIES = {"category1": "bug", "category2": "Größe", "category5": "Bug "}
NAMES = list(shipped("m365").model.described())
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
JSON = {"content-type": "application/json"}


def info(categories: dict[str, str] = CATEGORIES) -> ContainerInfo:
    return ContainerInfo("p", "Plan", planner.fields_of({"b": "To do"}, categories), "f")


COMPILED = compiled("m365", info())


def lens_of(name: str) -> Lens:
    found = COMPILED.lens(name)
    assert found is not None
    return found


def test_every_field_of_the_mapping_is_held_here() -> None:
    assert COMPILED.left_out == ()
    used = frozenset().union(*(lens.native for lens in COMPILED.lenses))
    assert used <= planner.WRITABLE
    assert used == planner.WRITABLE - {"bucketId"}


INSTANTS = st.one_of(
    st.none(),
    st.builds(
        lambda day, clock: f"{day.isoformat()}T{clock}Z",
        st.dates(date(2011, 12, 29), date(2028, 12, 31)),
        st.sampled_from(["00:00:00", "10:00:00", "12:00:00", "23:30:00", "10:00:00.0000000"]),
    ),
)
PEOPLE = st.lists(
    st.sampled_from(
        [
            {"account": "ann@example.org", "mail": "ann@example.org", "name": "Ann"},
            {"account": "bob@example.org", "mail": "Bob@Example.org", "name": "Bob"},
            {"account": "u7", "mail": None, "name": ""},
        ]
    ),
    unique_by=lambda person: person["account"],
)
RECORDS = st.fixed_dictionaries(
    {
        "title": st.text(min_size=1, max_size=300),
        "bucketId": st.none() | st.just("b"),
        "percentComplete": st.integers(0, 100),
        "priority": st.integers(0, 10),
        "startDateTime": INSTANTS,
        "dueDateTime": INSTANTS,
        "assignments": PEOPLE,
        "appliedCategories": st.lists(st.sampled_from(planner.CATEGORIES), unique=True, max_size=5),
        "description": st.none() | st.text(max_size=60),
    }
)
CHANCE = st.randoms(use_true_random=False)
ENVS = st.sampled_from(ZONES).map(lambda zone: MadeUpEnv(zone=ZoneInfo(zone)))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=80)
@given(record=RECORDS, other=RECORDS, chance=CHANCE, env=ENVS)
def test_the_laws_hold_for_every_field(
    name: str, record: Any, other: Any, chance: Any, env: MadeUpEnv
) -> None:
    lens, made = lens_of(name), Generator(chance)
    agreed = made.value(name)
    assert check_record(lens, env, record) is None
    assert check_value(lens, env, agreed, record) is None
    assert check_value(lens, env, lens.get(other, env), record) is None
    assert check_lift(lens, env, record, agreed, made.day()) is None


class Env(MadeUpEnv):
    """Its people have object ids, as in Entra: an id holds no @."""

    def account_of(self, person: str) -> str | None:
        found = super().account_of(person)
        return found.replace("@", "-at-") if found else None


class Tenant:
    """Planner without a wire: one plan, the people of the made-up environment, one task."""

    def __init__(self) -> None:
        self.world = World(new_state(), lambda: NOW)
        for mail in ("ann@example.org", "bob@example.org", "dan@example.org", "u7"):
            made, wanted = directory.new_user(self.world, mail, mail), mail.replace("@", "-at-")
            users = self.world.table("users")
            users[wanted] = users.pop(made) | {"id": wanted}
        self.plan = emulated.new_plan(self.world, "Plan", group="g", categories=dict(CATEGORIES))
        body = {"planId": self.plan, "title": "x"}
        self.task = emulated.post_task(self.world, Call("POST", "", headers=JSON, body=body)).body["id"]

    def record(self) -> Any:
        task = emulated.get_task(self.world, Call("GET", ""), self.task).body
        details = emulated.get_details(self.world, Call("GET", ""), self.task).body
        users = self.world.table("users").values()
        people = {u["id"]: Account(u["id"], u["mail"] if "@" in u["mail"] else None, "") for u in users}
        return planner.record_of(task, details, people)

    def write(self, values: dict[str, Any]) -> None:
        """As the connector does: a body with the changes only, on the etags of the record as read."""
        record = self.record()
        task_tag, details_tag = planner.etags(record.revision)
        body = planner.task_body(values, record.values)
        if body:
            call = Call("PATCH", "", headers={**JSON, "if-match": task_tag}, body=body)
            assert emulated.patch_task(self.world, call, self.task).status == 204
        if "description" in values:
            change = {"description": values["description"] or ""}
            call = Call("PATCH", "", headers={**JSON, "if-match": details_tag}, body=change)
            assert emulated.patch_details(self.world, call, self.task).status == 204


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40)
@given(
    chances=st.lists(CHANCE, min_size=1, max_size=3),
    env=st.sampled_from(ZONES).map(lambda z: Env(zone=ZoneInfo(z))),
)
def test_what_is_written_into_planner_reads_as_its_form(name: str, chances: Any, env: MadeUpEnv) -> None:
    lens, tenant = lens_of(name), Tenant()
    for chance in chances:
        value = Generator(chance).value(name)
        try:
            tenant.write(lens.put(value, tenant.record().values, env))
        except Refused:  # refused whole, never cut (L7)
            continue
        record = tenant.record()
        assert lens.get(record.values, env) == lens.form(value, env)
        assert lens.put(value, record.values, env) == {}
        tenant.write({})
        assert tenant.record().revision == record.revision


# ── the counterexamples of the design that Planner can show ──


@given(st.sampled_from(ZONES), st.dates(date(2011, 12, 29), date(2028, 1, 1)), st.integers(0, 40))
def test_l2_a_day_is_the_same_day_in_every_zone(zone: str, start: date, length: int) -> None:
    lens, env, tenant = lens_of("schedule"), MadeUpEnv(zone=ZoneInfo(zone)), Tenant()
    finish = start + timedelta(days=length)
    if zone == "Pacific/Apia" and date(2011, 12, 30) in (start, finish):
        return  # a day that was not: nobody can plan for it there
    value = Schedule(Day(start), Day(finish))
    tenant.write(lens.put(value, tenant.record().values, env))
    assert lens.get(tenant.record().values, env) == value


@pytest.mark.parametrize("percent", [1, 30, 50, 63, 99])
def test_l14_planners_50_is_doing_and_never_50_percent(percent: int) -> None:
    lens, env, tenant = lens_of("progress"), MadeUpEnv(), Tenant()
    agreed = Progress(Category.DOING, "In Arbeit", percent, Day(date(2026, 3, 2)))
    tenant.write(lens.put(agreed, tenant.record().values, env))
    record = tenant.record()
    assert record.values["percentComplete"] == 50
    assert lens.lift(lens.get(record.values, env), agreed, env, edited=Day(date(2026, 3, 3))) == agreed
    done = {**record.values, "percentComplete": 100}
    lifted = lens.lift(lens.get(done, env), agreed, env, edited=Day(date(2026, 3, 3)))
    assert lifted == Progress(Category.DONE, lifted.label, 100, Day(date(2026, 3, 2)), Day(date(2026, 3, 3)))  # type: ignore[union-attr]


def test_l12_the_time_of_completion_is_no_value() -> None:
    env, tenant = MadeUpEnv(), Tenant()
    tenant.write({"percentComplete": 100})
    assert tenant.record().values.keys() == planner.WRITABLE
    read_back = lens_of("progress").get(tenant.record().values, env)
    assert isinstance(read_back, Progress)
    assert read_back.actual_finish is None


def test_l7_twenty_one_assignees_are_refused_not_cut() -> None:
    lens = lens_of("assignees")
    people = frozenset(f"person{number}@example.org" for number in range(21))
    env = MadeUpEnv(known=people)
    with pytest.raises(Refused, match="20"):
        lens.put(Assignees(people), {"assignments": []}, env)


def test_l3_who_is_known_only_here_stays_and_who_is_unknown_here_is_not_removed() -> None:
    lens, env, tenant = lens_of("assignees"), Env(), Tenant()
    agreed = Assignees(frozenset({"ann@example.org", "tool:u7", "eve@example.org"}))
    tenant.write(lens.put(agreed, tenant.record().values, env))
    shown = lens.get(tenant.record().values, env)
    assert shown == Assignees(frozenset({"ann@example.org", "tool:u7"}))
    assert lens.lift(shown, agreed, env) == agreed


def test_l20_a_renamed_category_changes_the_fingerprint_and_no_task() -> None:
    renamed = compiled("m365", info({**CATEGORIES, "category1": "defect"}))
    assert renamed.fingerprint != COMPILED.fingerprint
    values = {"appliedCategories": ["category1"]}
    now = renamed.lens("labels")
    assert now is not None
    assert now.get(values, MadeUpEnv()) == frozenset({"defect"})
    assert now.put(now.get(values, MadeUpEnv()), values, MadeUpEnv()) == {}


def test_an_unnamed_category_stays_with_planner() -> None:
    lens, env = lens_of("labels"), MadeUpEnv()
    values = {"appliedCategories": ["category1", "category9"]}
    assert lens.get(values, env) == frozenset({"bug", "tool:category9"})
    assert lens.put(frozenset({"tool:category9", "elsewhere"}), values, env) == {
        "appliedCategories": ["category9"]
    }


def test_planners_own_priority_counts_as_empty() -> None:
    lens = lens_of("priority")
    assert [priority for priority in range(11) if lens.default({"priority": priority})] == [5]


def test_the_connector_says_what_the_laws_need() -> None:
    assert M365Connector.capabilities.keys
    assert M365Connector.capabilities.conditional
    assert not M365Connector.capabilities.edit_times
