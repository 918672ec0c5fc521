"""The decision table of one field, complete: two to four tools, a few values, every agreed value, at, seen and reading.

Every row goes through the real `reconcile`. What is enumerated stands in `itpm_sync.testing.table_parts`; each row is
held against laws (`table_laws`), against the rules written once more from the design's text (`table_model`), against
the silence of the next run, and where tools are alike against the same story under other names.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import replace

import pytest

from itpm_sync.bases import Agreed, Side
from itpm_sync.testing.table import Case, Says, Setting, Table
from itpm_sync.testing.table_check import check
from itpm_sync.testing.table_laws import LAWS, Row
from itpm_sync.testing.table_parts import COARSE, FINE, HOLD, NEWEST, PARTS, Part, owner, sides, tools
from itpm_sync.testing.table_rows import HOURS, held, named

ROWS = 97_183


@pytest.fixture(autouse=True)
def _without_looking_for_garbage() -> Iterator[None]:
    """A world of thousands of items is thrown away whole."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_every_row_is_decided_as_the_laws_and_the_text_say(part: Part) -> None:
    assert check(part) == part.count


def test_the_table_is_whole() -> None:
    assert sum(part.count for part in PARTS) == ROWS
    assert len({part.name for part in PARTS}) == len(PARTS)
    bell = [1, 2, 5, 15, 52, 203, 877]  # ways to partition n + 1 things: n values and the empty one
    assert [len(list(named(count))) for count in range(7)] == bell


def one(setting: Setting, case: Case) -> tuple[Case, object]:
    (answer,) = Table(setting, [case]).answers()
    return case, answer


# ── the laws can fail ──

TWO = Setting(tools(FINE, FINE), HOLD)
EDITED = Case(Agreed(10, 2, "a"), (Says(10, 20, 2), Says(10, 10, 2)))


def test_a_law_sees_what_is_lost() -> None:
    _, answer = one(TWO, EDITED)
    row = Row(TWO, EDITED, replace(answer, agreed=EDITED.agreed))  # type: ignore[type-var]
    broken = {law.__name__ for law in LAWS if list(law(row))}
    assert {"what_was_typed_is_kept", "at_moves_where_it_stands", "writes_are_where_they_are_due"} <= broken


def test_a_law_sees_a_version_without_a_value() -> None:
    case = replace(EDITED, says=(Says(10, 10, 2), Says(10, 10, 2)))
    _, answer = one(TWO, case)
    row = Row(TWO, case, replace(answer, agreed=Agreed(10, 3, "a")))  # type: ignore[type-var]
    assert {"nothing_said_nothing_moves", "a_version_is_a_value"} <= {
        law.__name__ for law in LAWS if list(law(row))
    }


# ── what the table found ──


def test_a_first_tie_while_a_conflict_is_open_is_one_more_side() -> None:
    case = Case(Agreed(60, 2, "a"), (Says(60, 60, 2), Says(30, 30, 1), Says(None, 77, None)))
    (case,) = held([case], sides(("b", 30), agreed=60))
    setting = Setting(tools(FINE, FINE, FINE), HOLD)
    (answer,) = Table(setting, [case]).answers()
    assert answer.conflict is not None
    assert {side.form for side in answer.conflict.sides} == {60, 30, 77}


def test_a_first_tie_in_the_run_in_which_edits_meet_is_one_more_side() -> None:
    case = Case(Agreed(60, 2, "a"), (Says(60, 20, 2), Says(60, 30, 2), Says(None, 77, None)))
    (answer,) = Table(Setting(tools(FINE, FINE, FINE), HOLD), [case]).answers()
    assert answer.conflict is not None
    assert {side.form for side in answer.conflict.sides} == {20, 30, 77}


def test_a_coarse_value_that_a_newer_clearing_overrules_is_stored_in_full() -> None:
    says = (
        Says(0, 63, 2, edited=HOURS[0]),
        Says(0, 50, 2, edited=HOURS[0]),
        Says(0, None, 2, edited=HOURS[2]),
    )
    setting = Setting(tools(FINE, COARSE, FINE), NEWEST)
    (answer,) = Table(setting, [Case(Agreed(0, 2, "a"), says)]).answers()
    assert answer.agreed == Agreed(None, 3, "c", "c", HOURS[2])
    assert {(lost.side.tool, lost.side.form, lost.covered_by) for lost in answer.losers} == {
        ("a", 63, None),
        ("b", 50, None),
    }


def test_a_clearing_that_a_first_tie_fills_in_the_same_run_is_stored() -> None:
    case = Case(Agreed(10, 2, "a"), (Says(10, None, 2), Says(None, 10, None)))
    (answer,) = Table(TWO, [case]).answers()
    assert answer.value == 10
    assert [(lost.side.tool, lost.side.form) for lost in answer.losers] == [("a", None)]


def test_an_edit_that_is_left_alone_is_not_put_back() -> None:
    case = Case(Agreed(10, 2, "a"), (Says(10, 10, 2), Says(10, 30, 2)))
    (answer,) = Table(Setting(tools(FINE, FINE), owner("a", leave=True)), [case]).answers()
    assert not answer.writes
    assert [lost.side.form for lost in answer.losers] == [30]


def test_a_tool_that_was_not_brought_to_the_owners_value_yet_is_not_left_alone() -> None:
    case = Case(Agreed(10, 2, "a"), (Says(10, 10, 2), Says(30, 30, 1)))
    (answer,) = Table(Setting(tools(FINE, FINE), owner("a", leave=True)), [case]).answers()
    assert {tool: write.new for tool, write in answer.writes.items()} == {"b": 10}


def test_the_agreed_value_of_a_tool_is_no_side_of_its_first_tie() -> None:
    """What stood there before a field was tied anew knew nothing of what the same tool once said."""
    case = Case(Agreed(60, 2, "a"), (Says(None, 20, None), Says(50, 30, 1)))
    (case,) = held([case], (Side("b", 30, 30, 1), Side("a", 60, 60, 2, agreed=True)))
    (answer,) = Table(TWO, [case]).answers()
    assert answer.conflict is not None
    assert {side.form for side in answer.conflict.sides} == {60, 30, 20}
