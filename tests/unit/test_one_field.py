"""What the decision of one field says beside the values: reasons, days of edit, who edited, names of conflicts.

The values themselves are enumerated in `properties/test_decision_table.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from itpm_sync.bases import Agreed, Conflict, Side
from itpm_sync.lens import Env, Lens, Unliftable
from itpm_sync.model import Day, Schedule, Value
from itpm_sync.policy import FieldPolicy, Rule
from itpm_sync.reconcile.fields import decide
from itpm_sync.reconcile.verdict import Entry, Rules, Verdict
from itpm_sync.testing.lenses import PlainLens, ScaleLens, SetLens
from itpm_sync.testing.table import Teller
from itpm_sync.testing.table_lenses import FinishLens, LettersLens, SpanLens, ZeroLens

LATE = datetime(2026, 5, 20, 23, 30, tzinfo=UTC)
FINE = PlainLens("priority")


def rules(rule: Rule = Rule.HOLD, *owners: str, zone: str = "UTC", seed: tuple[str, ...] = ()) -> Rules:
    policy = FieldPolicy(rule, owners)
    return Rules("i-1", "priority", policy, seed, timedelta(minutes=15), ZoneInfo(zone), LATE)


def entry(tool: str, before: Value, now: Value, lens: Lens = FINE, **more: Any) -> Entry:
    said: dict[str, Any] = {
        "at": 2,
        "changed": before != now,
        "first": False,
        "empty": now is None,
        "computed": False,
        "taken": None,
        "edited": None,
        "actor": f"{tool}'s",
    }
    return Entry(f"r-{tool}", tool, lens, Teller(tool, lens).env, before, now, **(said | more))


def first(tool: str, now: Value, lens: Lens = FINE) -> Entry:
    return entry(tool, None, now, lens, at=0, changed=False, first=True)


AGREED = Agreed(10, 2, "a")


def told(*entries: Entry, by: Rules | None = None, agreed: Agreed | None = AGREED) -> Verdict:
    return decide(agreed, entries, by or rules(), None)


def held(verdict: Verdict) -> Conflict:
    assert verdict.conflict is not None
    return verdict.conflict


# ── why ──


def test_an_edit_says_where_it_was_made() -> None:
    assert told(entry("a", 10, 20), entry("b", 10, 10)).reason == "edited in a"


def test_the_newest_says_so_and_who_is_older() -> None:
    newer = entry("b", 10, 30, edited=LATE)
    older = entry("a", 10, 20, edited=LATE - timedelta(hours=1))
    verdict = told(older, newer, by=rules(Rule.NEWEST))
    assert (verdict.reason, [loser.why for loser in verdict.losers]) == ("newest", ["newer in b"])


def test_what_two_tools_did_to_a_set_says_that_it_was_merged() -> None:
    lens, agreed = SetLens("labels"), Agreed(frozenset("x"), 2, "a")
    mine = entry("a", frozenset("x"), frozenset("xy"), lens)
    other = entry("b", frozenset("x"), frozenset("xz"), lens)
    assert told(mine, other, by=rules(Rule.MERGE), agreed=agreed).reason == "merged"
    assert told(mine, by=rules(Rule.MERGE), agreed=agreed).reason == "edited in a"


def test_two_parts_of_a_group_say_that_they_were_joined() -> None:
    lens = SpanLens("schedule")
    days = [Day(date(2026, 5, day)) for day in (1, 2, 3, 4)]
    whole = Schedule(days[1], days[2])
    start, finish = replace(whole, start=days[0]), replace(whole, finish=days[3])
    mine = entry("a", whole, start, lens, edited=LATE - timedelta(hours=1))
    verdict = told(mine, entry("b", whole, finish, lens), agreed=Agreed(whole, 2, "a"))
    assert verdict.reason == "edits of different parts joined"
    assert verdict.agreed == Agreed(Schedule(days[0], days[3]), 3, "a", "a's", LATE - timedelta(hours=1))


def test_an_overruled_edit_says_who_has_the_last_word() -> None:
    verdict = told(entry("a", 10, 10), entry("b", 10, 20), by=rules(Rule.OWNER, "a"))
    assert [(loser.why, loser.side.actor) for loser in verdict.losers] == [("a has the last word", "b's")]


def test_a_stale_agreed_value_that_its_owner_overrules_says_so() -> None:
    verdict = told(entry("a", 5, 20, at=1), by=rules(Rule.OWNER, "a"), agreed=Agreed(10, 2, "b", "b's"))
    (loser,) = verdict.losers
    assert (loser.side.form, loser.side.actor, loser.why) == (10, "b's", "a has the last word")


def test_a_covered_edit_says_by_what() -> None:
    coarse = ScaleLens("priority", (0, 50, 100))
    (loser,) = told(entry("a", 0, 50, coarse), entry("b", 10, 63), agreed=Agreed(10, 2, "b")).losers
    assert (loser.why, loser.covered_by, loser.field) == ("the same, coarser, as in b", "b", "priority")


def test_a_first_tie_says_so() -> None:
    verdict = told(first("b", 20), by=rules(seed=("b",)))
    assert verdict.reason == "first tie"
    assert [loser.why for loser in verdict.losers] == ["first tie"]
    assert held(told(first("b", 20))).reason == "different values at the first tie"


def test_a_row_that_contradicts_itself_says_so() -> None:
    lens = SpanLens("schedule")
    wrong = Schedule(Day(date(2026, 5, 2)), Day(date(2026, 5, 1)))
    edited = told(entry("a", None, wrong, lens), agreed=Agreed(None, 2, "a"))
    assert held(edited).reason == held(told(first("a", wrong, lens), agreed=None)).reason
    assert held(edited).reason == "what stands there contradicts itself"
    assert [side.lawful for side in held(edited).sides] == [False]


def test_two_that_overlap_say_what_they_did() -> None:
    lens, agreed = LettersLens("title"), Agreed("ab", 2, "a")
    verdict = told(
        entry("a", "ab", "xb", lens), entry("b", "ab", "yb", lens), by=rules(Rule.MERGE), agreed=agreed
    )
    assert held(verdict).reason == "Two edits changed the same letter."


def test_sides_that_come_together_say_so() -> None:
    open_ = Conflict("c-1", "i-1", "priority", (Side("a", 20, 20, 2), Side("b", 30, 30, 2)), LATE)
    verdict = decide(AGREED, [entry("a", 20, 20), entry("b", 30, 20)], rules(), open_)
    assert (verdict.conflict, verdict.reason) == (None, "the sides came together")
    assert [(loser.side.form, loser.why) for loser in verdict.losers if not loser.covered_by] == [
        (30, "replaced by a further edit in b")
    ]


# ── names ──


def test_a_conflict_is_named_after_what_it_is_about() -> None:
    conflict = held(told(entry("a", 10, 20), entry("b", 10, 30)))
    assert (conflict.item, conflict.field, conflict.opened) == ("i-1", "priority", LATE)
    assert conflict.id.startswith("c-") and len(conflict.id) == 14
    assert conflict == held(told(entry("b", 10, 30), entry("a", 10, 20)))
    others = [
        held(told(entry("a", 10, 20), entry("b", 10, 40))),
        held(told(entry("a", 10, 20, at=1), entry("b", 10, 30))),
        held(told(entry("a", 10, 20), entry("c", 10, 30))),
        held(told(entry("a", 10, 20, at=3), entry("b", 10, 30, at=3), agreed=Agreed(10, 3, "a"))),
        held(told(entry("a", 10, 20), entry("b", 10, 30), by=replace(rules(), item="i-2"))),
        held(told(entry("a", 10, 20), entry("b", 10, 30), by=replace(rules(), name="work"))),
    ]
    assert len({conflict.id, *(other.id for other in others)}) == 7


def test_the_agreed_value_as_a_side_knows_its_author_and_time() -> None:
    agreed = Agreed(10, 2, "a", "ann", LATE - timedelta(hours=2))
    verdict = told(entry("a", 10, 10), entry("b", 5, 30, at=1), agreed=agreed)
    (side,) = [side for side in held(verdict).sides if side.agreed]
    assert (side.tool, side.actor, side.edited, side.version) == ("a", "ann", LATE - timedelta(hours=2), 2)


# ── the day of an edit ──


class Dated(PlainLens):
    """Lifts what it is told to the day on which it was edited."""

    def keeps(self, form: Value, agreed: Value, env: Env, edited: Day | None) -> Iterator[Value]:
        if form == 1 and edited is not None:
            yield Schedule(start=edited)

    def form(self, value: Value, env: Env) -> Value:
        return 1 if isinstance(value, Schedule) else value


@pytest.mark.parametrize(
    ("zone", "edited", "day"),
    [
        ("UTC", None, 20),
        ("Europe/Berlin", None, 21),
        ("Europe/Berlin", LATE - timedelta(hours=3), 20),
        ("America/New_York", LATE - timedelta(days=5), 15),
    ],
)
def test_an_edit_is_of_the_day_it_was_made_on_in_the_projects_zone(
    zone: str, edited: datetime | None, day: int
) -> None:
    verdict = told(entry("a", 10, 1, Dated("priority"), edited=edited), by=rules(zone=zone))
    assert verdict.agreed is not None
    assert verdict.agreed.value == Schedule(start=Day(date(2026, 5, day)))


def test_a_first_value_is_of_its_day_too() -> None:
    verdict = told(first("a", 1, Dated("priority")), agreed=None)
    assert verdict.agreed is not None
    assert verdict.agreed.value == Schedule(start=Day(date(2026, 5, 20)))


# ── first ties ──


def test_what_a_tool_also_shows_for_nothing_is_a_value_where_nothing_was_agreed() -> None:
    verdict = told(first("a", 0, ZeroLens("priority")), agreed=None)
    assert verdict.agreed == Agreed(0, 1, "a", "a's")


def test_but_not_from_a_tool_that_holds_a_part_only() -> None:
    lens = ZeroLens("priority")
    lens.whole = False
    assert told(first("a", 0, lens), agreed=None).agreed is None


class LastDigit(ZeroLens):
    """Holds the last digit only, and shows 0 where there is nothing."""

    whole = False

    def form(self, value: Value, env: Env) -> Value:
        return value % 10 if isinstance(value, int) else 0

    def keeps(self, form: Value, agreed: Value, env: Env, edited: Day | None) -> Iterator[Value]:
        if isinstance(form, int):
            yield from (11 + form, 20 + form)


def test_from_a_part_it_is_the_finest_value_that_reads_so() -> None:
    verdict = told(first("a", 0, LastDigit("priority")), agreed=None)
    assert verdict.agreed == Agreed(20, 1, "a", "a's")


def test_an_owner_that_says_nothing_leaves_a_first_tie_to_the_seed() -> None:
    quiet = entry("a", None, None, at=0)
    verdict = told(quiet, first("b", 20), first("c", 30), by=rules(Rule.OWNER, "a", seed=("c",)), agreed=None)
    assert verdict.agreed == Agreed(30, 1, "c", "c's")


def test_clearings_that_a_first_tie_fills_are_stored_once_each() -> None:
    verdict = told(entry("a", 10, None), entry("b", 10, None), first("c", 20))
    assert verdict.agreed is not None and verdict.agreed.value == 20
    assert [(loser.side.tool, loser.side.form, loser.covered_by) for loser in verdict.losers] == [
        ("b", None, None),
        ("a", None, None),
    ]


def test_a_clearing_that_still_reads_as_cleared_is_no_loser() -> None:
    start, finish = Schedule(start=Day(date(2026, 5, 1))), Schedule(finish=Day(date(2026, 5, 2)))
    cleared = entry("b", finish, None, FinishLens("schedule"))
    verdict = told(cleared, first("a", start, SpanLens("schedule")), agreed=Agreed(finish, 2, "b"))
    assert verdict.agreed == Agreed(start, 4, "a", "a's")
    assert verdict.losers == ()


def test_beside_a_conflict_too_what_a_tool_also_shows_for_nothing_is_a_value_at_its_first_tie_only() -> None:
    lens = ZeroLens("priority")
    open_ = Conflict("c-1", "i-1", "priority", (Side("a", 10, 10, 0), Side("c", 20, 20, 0)), LATE)
    new = decide(None, [first("b", 0, lens)], rules(), open_)
    edited = decide(None, [entry("b", 10, 0, lens, at=0)], rules(), open_)
    assert [side.value for side in held(new).sides if side.tool == "b"] == [0]
    assert [side.value for side in held(edited).sides if side.tool == "b"] == [None]


# ── what a lens cannot lift ──


def test_the_newest_edit_does_not_win_where_it_means_nothing() -> None:
    wrong = entry("a", 10, 13, Stubborn("priority"), edited=LATE)
    verdict = told(wrong, entry("b", 10, 20, edited=LATE - timedelta(hours=1)), by=rules(Rule.NEWEST))
    assert verdict.agreed == AGREED
    assert {(side.tool, side.lawful) for side in held(verdict).sides} == {("a", False), ("b", True)}


class Stubborn(PlainLens):
    """Lifts nothing that is 13."""

    def lift(self, form: Value, agreed: Value, env: Env, *, edited: Day | None = None) -> Value:
        if form == 13:
            raise Unliftable("No.")
        return form


def test_under_merge_too_a_single_edit_that_means_nothing_is_held() -> None:
    verdict = told(entry("a", 10, 13, Stubborn("priority")), by=rules(Rule.MERGE))
    assert [side.lawful for side in held(verdict).sides] == [False]
    assert verdict.agreed == AGREED


def test_one_side_left_that_means_nothing_keeps_the_conflict_open() -> None:
    open_ = Conflict("c-1", "i-1", "priority", (Side("a", 20, 20, 2),), LATE)
    verdict = decide(AGREED, [entry("a", 20, 13, Stubborn("priority"))], rules(), open_)
    assert [side.form for side in held(verdict).sides] == [13]


def test_a_first_value_that_means_nothing_is_no_other_value() -> None:
    lens = Stubborn("priority")
    verdict = told(first("a", 13, lens), first("b", 20), by=rules(seed=("a", "b")), agreed=None)
    assert {(side.tool, side.lawful) for side in held(verdict).sides} == {("a", False), ("b", True)}
