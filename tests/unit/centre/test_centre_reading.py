"""Records as people and pairing see them: one field, a name, a day; and what counts as nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from itpm_sync.bases import Agreed
from itpm_sync.connector import Record
from itpm_sync.lens import Values
from itpm_sync.model import Day, Schedule, Value
from itpm_sync.reconcile.reading import day_of, is_default, name_of, peek, title_of
from itpm_sync.simulator.lenses import PlainLens
from itpm_sync.testing.small_items import BASE, LENSES, begun
from itpm_sync.testing.small_world import PLAIN, item, record, tied, view

FIRST, LAST = Day(date(2026, 5, 1)), Day(date(2026, 5, 9))


def test_one_field_of_a_record_is_empty_where_it_cannot_be_told() -> None:
    here = view("a", lenses=LENSES)
    env = begun(tied(BASE)).envs["a", "main"]
    assert peek(here, env, record("1", priority=3), "priority") == 3
    assert peek(here, env, record("1", priority="three"), "priority") is None
    assert peek(here, env, record("1", vendor="x"), "vendor") is None
    assert peek(here, env, None, "priority") is None


def test_a_record_is_called_as_its_tool_calls_it_or_by_its_title() -> None:
    def called(seen: Record | None, where: str = "a") -> str:
        draft = begun(tied(BASE, where, native="7", seen=seen))
        return name_of(draft, draft.replicas[f"{where}:7"].base)

    titled = record("7", title="Rack")
    assert called(replace(titled, name="NET-7 Rack")) == "NET-7 Rack"
    assert called(titled) == "Rack (7)"
    assert called(record("7")) == "7"
    assert called(None) == "7"
    assert called(titled, "gone") == "7"


def test_an_item_is_called_by_its_agreed_title() -> None:
    def called(**agreed: Agreed) -> str:
        draft = begun(items=(replace(item("1"), agreed=agreed),))
        return title_of(draft.items["1"])

    assert called(title=Agreed("Rack", 1)) == "Rack"
    assert called(title=Agreed(None, 1)) == called() == "(untitled)"


@pytest.mark.parametrize(
    ("values", "day"),
    [
        ({"schedule": Schedule(FIRST, LAST), "deadline": FIRST}, LAST),
        ({"schedule": Schedule(FIRST, None), "deadline": LAST}, FIRST),
        ({"schedule": Schedule(None, LAST)}, LAST),
        ({"schedule": Schedule(), "deadline": LAST}, LAST),
        ({"deadline": LAST}, LAST),
        ({"deadline": "soon"}, None),
        ({"schedule": "soon", "deadline": LAST}, LAST),
        ({}, None),
    ],
)
def test_the_day_of_a_record_is_its_finish_else_its_start_else_its_deadline(
    values: dict[str, Any], day: Day | None
) -> None:
    lenses = (*PLAIN, PlainLens("schedule"), PlainLens("deadline"))
    draft = begun(views=(view("a", lenses=lenses),))
    assert day_of(view("a", lenses=lenses), draft.envs["a", "main"], record("1", **values)) == day


class Five(PlainLens):
    """Its tool puts a 5 there by itself."""

    def default(self, values: Values) -> bool:
        return values.get(self.name) == 5


@pytest.mark.parametrize("value", [None, frozenset(), ()])
def test_nothing_is_nothing_whatever_its_type(value: Value) -> None:
    assert is_default(PlainLens("labels"), record("1"), value)


def test_what_a_tool_puts_there_by_itself_is_nothing_too() -> None:
    assert is_default(Five("priority"), record("1", priority=5), 5)
    assert not is_default(Five("priority"), record("1", priority=4), 4)
    values: list[Value] = [0, "", False, frozenset("x")]
    for value in values:
        assert not is_default(PlainLens("priority"), record("1"), value)
