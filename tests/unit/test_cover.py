"""Rule 4 by itself: who stays, who is dropped into whom, and in which order that is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from itpm_sync.bases import Side
from itpm_sync.lens import Untranslatable
from itpm_sync.model import Value
from itpm_sync.reconcile.sides import cover

FORMS: dict[str, dict[Value, Value]] = {
    "a": {63: 50, 70: 50, 60: 50, 50: 50},
    "b": {60: 60, 50: 60},
    "b2": {60: 60},
    "c": {63: 63},
    "d": {63: 50, 70: 50, 60: 50, 50: 50},
    "e": {70: 70},
}


def form_in(tool: str | None, value: Value) -> Value:
    return FORMS[tool].get(value) if tool in FORMS else value


def side(tool: str | None, value: Value, form: Value, hour: int | None = None) -> Side:
    edited = datetime(2026, 5, 20, hour, tzinfo=UTC) if hour is not None else None
    return Side(tool, value, form, 1, edited=edited)


def told(*sides: Side) -> tuple[list[str | None], list[tuple[str | None, str | None]]]:
    found = cover(sides, form_in)
    return [one.tool for one in found.stays], [(low.tool, high.tool) for low, high in found.dropped]


def test_of_several_that_cover_one_the_first_name_is_told() -> None:
    assert told(side("e", 70, 70), side("a", 50, 50), side("c", 63, 63)) == (["c", "e"], [("a", "c")])


def test_what_is_dropped_is_told_by_name_whichever_was_clear_first() -> None:
    found = told(side("a", 50, 50), side("b2", 60, 60), side("d", 50, 50))
    assert found == (["b2"], [("a", "b2"), ("d", "b2")])


def test_one_that_is_covered_only_by_what_is_dropped_stays() -> None:
    """100 is no 0 only because 50 lies between them."""
    assert told(side("a", 50, 50), side("c", 63, 63), side("b", 50, 60)) == (["b", "c"], [("a", "c")])


def test_a_value_that_a_person_set_here_comes_last() -> None:
    assert told(side(None, 1, 1), side("a", 50, 50)) == (["a", None], [])


def test_one_that_stays_takes_the_latest_time_of_those_dropped_into_it() -> None:
    found = cover([side("a", 50, 50, 9), side("c", 63, 63, 7), side("d", 50, 50, 8)], form_in)
    assert [(one.tool, one.edited and one.edited.hour) for one in found.stays] == [("c", 9)]
    untimed = cover([side("a", 50, 50), side("c", 63, 63, 7)], form_in)
    assert [(one.tool, one.edited and one.edited.hour) for one in untimed.stays] == [("c", 7)]


def test_two_values_that_people_set_here_are_two() -> None:
    assert told(side(None, 1, 1), side(None, 2, 2)) == ([None, None], [])


def strict(tool: str | None, value: Value) -> Value:
    """No tool holds this word but the one in which it stands."""
    if value == "odd":
        raise Untranslatable("It is odd.")
    return form_in(tool, value)


def test_words_that_cannot_be_translated_cover_what_says_the_very_same_and_nothing_else() -> None:
    odd = [Side(tool, "odd", "odd", 1, lawful=False) for tool in ("d", "a")]
    found = cover([*odd, side("c", 63, 63)], strict)
    assert [one.tool for one in found.stays] == ["a", "c"]
    assert [(low.tool, high.tool) for low, high in found.dropped] == [("d", "a")]


def test_a_value_that_means_something_has_a_form_in_every_tool() -> None:
    with pytest.raises(Untranslatable):
        cover([Side("a", "odd", "odd", 1), side("c", 63, 63)], strict)
