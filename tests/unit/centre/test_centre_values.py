"""Values: their JSON, their digests, how people read them, and the laws of the two groups."""

from __future__ import annotations

import hashlib
from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest

from itpm_sync.codec import canonical, decode, digest, encode, show
from itpm_sync.laws import lawful, not_after
from itpm_sync.model import (
    Assignees,
    Block,
    BlockKind,
    Category,
    Day,
    Dependency,
    Duration,
    Kind,
    Link,
    LinkType,
    Progress,
    Rag,
    Schedule,
)

MAY, JUNE = Day(date(2026, 5, 1)), Day(date(2026, 6, 1))
NINE, TEN = Day(date(2026, 5, 1), time(9)), Day(date(2026, 5, 1), time(10))

# What the ledger and `--json` hold; ledgers that exist hold it too, so it never changes.
JSON: list[tuple[Any, Any]] = [
    (None, None),
    ("Rack", "Rack"),
    (3, 3),
    (True, True),
    (Kind.RISK, {"kind": "risk"}),
    (Rag.GREEN, {"rag": Rag.GREEN.value}),
    (Decimal("12.50"), {"number": "12.5"}),
    (Decimal("1E+3"), {"number": "1000"}),
    (Decimal("0.00"), {"number": "0"}),
    (MAY, {"day": "2026-05-01"}),
    (NINE, {"day": str(NINE)}),
    (Duration(90, True), {"duration": [90, True]}),
    (Duration(480), {"duration": [480, False]}),
    (Assignees(frozenset("edcba"), "b"), {"people": ["a", "b", "c", "d", "e"], "lead": "b"}),
    (frozenset(), {"set": []}),
    (frozenset("edcba"), {"set": ["a", "b", "c", "d", "e"]}),
    (
        frozenset({Dependency("i-2"), Dependency("i-1", LinkType.SS, Duration(5), "x")}),
        {
            "dependencies": [
                ["i-1", LinkType.SS.value, [5, False], "x"],
                ["i-2", LinkType.FS.value, None, None],
            ]
        },
    ),
    (frozenset(Link(f"u{n}") for n in range(5)), {"links": [[f"u{n}", ""] for n in range(5)]}),
    (
        (Block(BlockKind.PARAGRAPH, "Hello"), Block(BlockKind.OPAQUE, "t", 1, True, "jira", "{}")),
        {
            "blocks": [
                [BlockKind.PARAGRAPH.value, "Hello", 0, False, "", ""],
                [BlockKind.OPAQUE.value, "t", 1, True, "jira", "{}"],
            ]
        },
    ),
    (
        Progress(Category.DONE, "Closed", 100, MAY, JUNE),
        {"progress": ["done", "Closed", 100, "2026-05-01", "2026-06-01"]},
    ),
    (Progress(label="Odd"), {"progress": [None, "Odd", None, None, None]}),
    (Schedule(MAY, JUNE), {"schedule": ["2026-05-01", "2026-06-01", None]}),
    (Schedule(MAY, None, Duration(60)), {"schedule": ["2026-05-01", None, [60, False]]}),
]


@pytest.mark.parametrize(("value", "data"), JSON)
def test_a_value_is_stored_as_it_always_was_and_comes_back(value: Any, data: Any) -> None:
    assert encode(value) == data
    assert decode(data) == value
    assert type(decode(data)) is type(value)


def test_several_links_to_one_predecessor_are_stored_in_one_order() -> None:
    """An approval names an action by what it writes: by the same name in every process."""
    links = [Dependency("i-1", kind, lag) for kind in LinkType for lag in (None, Duration(5))]
    stored = encode(frozenset(links))
    assert stored["dependencies"] == sorted(stored["dependencies"], key=str)
    assert decode(stored) == frozenset(links)


def test_a_category_is_stored_as_its_word_and_comes_back_as_a_category() -> None:
    stored = encode(Progress(Category.TODO))
    assert type(stored["progress"][0]) is str
    again = decode(stored)
    assert isinstance(again, Progress)
    assert again.category is Category.TODO


def test_what_no_value_is_stored_as_is_refused() -> None:
    with pytest.raises(ValueError, match=r"not a canonical value: \['nonsense', 'what'\]"):
        decode({"what": 1, "nonsense": 2})


def test_the_same_content_has_the_same_text_and_digest() -> None:
    assert canonical({"b": 1, "a": [Kind.RISK, "ü", MAY]}) == '{"a":["risk","ü",{"day":"2026-05-01"}],"b":1}'
    assert canonical(Category.DONE) == '"done"'
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) != digest({"a": 1, "b": 3})
    assert digest("") == hashlib.sha256(b'""').hexdigest()
    assert len(digest("\ud800")) == 64  # half a letter, as a hostile tool may send


PEOPLE = Assignees(frozenset("edcba"), "e")
READ: list[tuple[Any, str]] = [
    (None, "(empty)"),
    (frozenset(), "(empty)"),
    ((), "(empty)"),
    ("Rack", "Rack"),
    (0, "0"),
    (True, "yes"),
    (False, "no"),
    (MAY, "1 May 2026"),
    (Day(date(2026, 12, 31), time(9, 5)), "31 Dec 2026 09:05"),
    (Day(date(2026, 1, 2)), "2 Jan 2026"),
    (Duration(90), "1.5 h"),
    (Duration(60, True), "1 h elapsed"),
    (PEOPLE, "a, b, c, d, e (lead)"),
    (Assignees(frozenset()), "(empty)"),
    (frozenset({"y", "x"}), "x, y"),
    (frozenset({Dependency("i-2"), Dependency("i-1", LinkType.SS)}), f"i-1 {LinkType.SS}, i-2 {LinkType.FS}"),
    (frozenset({Link("u2", "b"), Link("u1")}), "u1, u2"),
    (
        (Block(BlockKind.PARAGRAPH, "One"), Block(BlockKind.PARAGRAPH), Block(BlockKind.PARAGRAPH, "two")),
        "One / two",
    ),
    ((Block(BlockKind.PARAGRAPH, "x" * 300),), "x" * 200),
    (Progress(Category.DONE, None, 100, MAY, JUNE), "done, 100 %, started 1 May 2026, finished 1 Jun 2026"),
    (Progress(Category.DOING, "Half way", 0), "Half way, 0 %"),
    (Progress(None, None, 10), "10 %"),
    (Progress(), ""),
    (Schedule(MAY, JUNE), "1 May 2026 to 1 Jun 2026"),
    (Schedule(None, JUNE), "? to 1 Jun 2026"),
    (Schedule(MAY), "1 May 2026 to ?"),
]


@pytest.mark.parametrize(("value", "text"), READ)
def test_people_read_a_value_in_one_line(value: Any, text: str) -> None:
    assert show(value) == text


# ── laws ──


def test_days_are_compared_by_day_and_by_time_where_both_have_one() -> None:
    assert not_after(MAY, JUNE)
    assert not not_after(JUNE, MAY)
    assert not_after(MAY, MAY)
    assert not_after(NINE, TEN)
    assert not not_after(TEN, NINE)
    assert not_after(TEN, TEN)
    assert not_after(TEN, MAY)
    assert not_after(MAY, NINE)
    assert not not_after(Day(date(2026, 6, 1), time(8)), NINE)
    assert not_after(NINE, Day(date(2026, 6, 1), time(8)))
    assert not_after(None, MAY)
    assert not_after(JUNE, None)


TODO, DOING, DONE, DROPPED = Category.TODO, Category.DOING, Category.DONE, Category.DROPPED


@pytest.mark.parametrize(
    "value",
    [
        Progress(),
        Progress(TODO),
        Progress(TODO, None, 0),
        Progress(DOING, None, 0, MAY),
        Progress(DOING, None, 99, MAY),
        Progress(DONE, None, 100, MAY, JUNE),
        Progress(DONE, None, 100, MAY, MAY),
        Progress(DROPPED),
        Progress(DROPPED, None, 40, MAY),
        Schedule(),
        Schedule(MAY, JUNE),
        Schedule(MAY, MAY),
        Schedule(MAY, None, Duration(5)),
        Schedule(None, JUNE, Duration(5)),
        "anything else",
        None,
    ],
    ids=str,
)
def test_what_keeps_its_groups_law_is_lawful(value: Any) -> None:
    assert lawful(value) is True


@pytest.mark.parametrize(
    "value",
    [
        Progress(label="Odd"),
        Progress(None, None, 0),
        Progress(TODO, None, 1),
        Progress(TODO, None, 0, MAY),
        Progress(TODO, None, 0, None, MAY),
        Progress(DOING, None, None, MAY),
        Progress(DOING, None, -1, MAY),
        Progress(DOING, None, 100, MAY),
        Progress(DOING, None, 50),
        Progress(DOING, None, 50, MAY, JUNE),
        Progress(DONE, None, 99, MAY, JUNE),
        Progress(DONE, None, None, MAY, JUNE),
        Progress(DONE, None, 100, None, JUNE),
        Progress(DONE, None, 100, MAY),
        Progress(DONE, None, 100, JUNE, MAY),
        Progress(DROPPED, None, None, MAY, JUNE),
        Schedule(JUNE, MAY),
        Schedule(TEN, NINE),
        Schedule(MAY, JUNE, Duration(5)),
    ],
    ids=str,
)
def test_what_breaks_its_groups_law_is_not(value: Any) -> None:
    assert lawful(value) is False
