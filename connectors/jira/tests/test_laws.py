"""The lens laws through the wire: what the shipped mapping writes, Jira stores, and reads back, for any value.

The laws of the lenses themselves, without Jira, are proved by `itpm-sync mappings check`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itpm_sync.lens import Lens
from itpm_sync.model import Assignees, Block, BlockKind, Category, Day, Progress
from itpm_sync.testing.mapped import Compiled, Generator, MadeUpEnv, compiled, shipped
from itpm_sync_jira.shape import info_of
from itpm_sync_jira.wire import wanted_of

from .conftest import ANN, BOB, Desk

FIELDS = [name for name in shipped("jira").model.described() if name != "kind"]


@dataclass(frozen=True)
class SiteEnv(MadeUpEnv):
    """The first items are tied to the desk's epics; Ann is known here."""

    tool: str = "jira"
    natives: tuple[str, ...] = ()
    ann: str = ""

    def item_of(self, native_id: str) -> str | None:
        return f"i-{self.natives.index(native_id)}" if native_id in self.natives else None

    def native_of(self, item_id: str) -> str | None:
        place = int(item_id.removeprefix("i-")) if item_id.removeprefix("i-").isdigit() else 99
        return self.natives[place] if place < len(self.natives) else None

    def parent_here(self, item_id: str | None) -> str | None:
        while item_id is not None and self.native_of(item_id) is None:
            item_id = self.parents.get(item_id)
        return item_id

    def account_of(self, person: str) -> str | None:
        return self.ann if person == ANN else None


@pytest.fixture(scope="module")
def lenses(desk: Desk) -> Compiled:
    return compiled("jira", info_of(desk.shape, "https://site.example"))


@pytest.fixture(scope="module")
def env(desk: Desk) -> SiteEnv:
    return SiteEnv(natives=tuple(desk.epics), ann=desk.site.world.account(ANN) or "")


def lens_of(lenses: Compiled, name: str) -> Lens:
    lens = lenses.lens(name)
    assert lens is not None
    return lens


def test_every_field_of_the_mapping_is_held_here(lenses: Compiled) -> None:
    assert lenses.left_out == ()
    assert sorted([*FIELDS, "kind"]) == sorted(lens.name for lens in lenses.lenses)
    assert [lens.name for lens in lenses.lenses if not lens.writable] == ["kind"]


@pytest.mark.parametrize("name", FIELDS)
def test_what_is_written_reads_as_its_form(desk: Desk, lenses: Compiled, env: SiteEnv, name: str) -> None:
    lens = lens_of(lenses, name)

    @given(st.integers(0, 2**32))
    def law(seed: int) -> None:
        chance = random.Random(seed)
        value = chance.choice(["North", "South", None]) if name == "site" else Generator(chance).value(name)
        before = desk.read().values
        after = desk.write(lens.put(value, before, env)).values
        assert lens.get(after, env) == lens.form(value, env)
        assert lens.put(value, after, env) == {}
        assert {n: v for n, v in after.items() if n not in lens.native and n != "statusCategory"} == {
            n: v for n, v in before.items() if n not in lens.native and n != "statusCategory"
        }

    law()


def test_l4_a_label_that_jira_lacks_is_the_first_of_its_category(
    desk: Desk, lenses: Compiled, env: SiteEnv
) -> None:
    lens = lens_of(lenses, "progress")
    in_review = desk.write({"status": "10002"})
    blocked = Progress(Category.DOING, "Blocked", 40)
    after = desk.write(lens.put(blocked, in_review.values, env))
    assert after.values["status"] == "10001"
    assert lens.get(after.values, env) == lens.form(blocked, env)


def test_l5_clearing_the_assignee_brings_nobody_else_in(desk: Desk, lenses: Compiled, env: SiteEnv) -> None:
    lens = lens_of(lenses, "assignees")
    agreed = Assignees(frozenset({ANN, BOB}), ANN)
    assert desk.write(lens.put(agreed, desk.read().values, env)).values["assignee"]["account"] == env.ann
    cleared = lens.get(desk.write({"assignee": None}).values, env)
    assert lens.lift(cleared, agreed, env) == Assignees(frozenset({BOB}), None)


def test_l6_an_opaque_node_is_written_whole_also_where_the_issue_has_none(
    desk: Desk, lenses: Compiled, env: SiteEnv
) -> None:
    lens = lens_of(lenses, "description")
    rule: dict[str, Any] = {"type": "rule"}
    paragraph = {"type": "paragraph", "content": [{"type": "text", "text": "before"}]}
    value = lens.get(
        desk.write({"description": {"type": "doc", "version": 1, "content": [paragraph, rule]}}).values, env
    )
    emptied = desk.write({"description": None})
    assert lens.get(desk.write(lens.put(value, emptied.values, env)).values, env) == value
    other = (Block(BlockKind.OPAQUE, tool="smartsheet", payload="{}"),)
    assert lens.form(other, env) is None


def test_l13_done_in_jira_is_one_lawful_edit(desk: Desk, lenses: Compiled, env: SiteEnv) -> None:
    lens = lens_of(lenses, "progress")
    monday = Day(date(2026, 5, 4))
    agreed = lens.lift(lens.get(desk.write({"status": "10001"}).values, env), None, env, edited=monday)
    done = lens.lift(lens.get(desk.write({"status": "10003"}).values, env), agreed, env, edited=monday)
    assert isinstance(done, Progress)
    assert (done.category, done.percent) == (Category.DONE, 100)


def test_without_progress_an_issue_is_to_do(desk: Desk, lenses: Compiled, env: SiteEnv) -> None:
    lens = lens_of(lenses, "progress")
    assert lens.form(None, env) == Progress(Category.TODO, "To Do")
    done = desk.write({"status": "10003"})
    after = desk.write(lens.put(None, done.values, env))
    assert (after.values["status"], lens.get(after.values, env)) == ("10000", lens.form(None, env))
    assert lens.lift(lens.get(after.values, env), None, env) is None


def test_a_status_cannot_be_cleared(desk: Desk, lenses: Compiled, env: SiteEnv) -> None:
    assert "always has a status" in wanted_of(desk.shape, {"status": None}).refused["status"]


def test_a_value_that_a_list_lacks_is_refused_with_what_it_has(
    desk: Desk, lenses: Compiled, env: SiteEnv
) -> None:
    change = lens_of(lenses, "site").put("East", desk.read().values, env)
    assert list(wanted_of(desk.shape, change).refused.values()) == [
        "Site has no value 'East' here. It has: North, South."
    ]
