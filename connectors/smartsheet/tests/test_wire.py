"""Values to cells and back: what is written reads as written; nothing is cut, guessed or turned into another type."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itpm_sync_smartsheet.emulated import cells, views
from itpm_sync_smartsheet.emulated import world as emulated
from itpm_sync_smartsheet.wire import (
    MAX_CONTACTS,
    MAX_TEXT,
    Column,
    Unwritable,
    cell_of,
    column_of,
    plain,
    value_of,
)

OPTIONS = ("Not started", "In progress", "Größe", "a, b", "=x")
WORLD = emulated.World(people={"ann@example.org": "Ann Alder"})
WISH = views.Wish(level=2, include=frozenset({"objectValue"}))

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
mails = st.builds(
    "{}@example.{}".format, st.text("abcdefxyz.-+", min_size=1, max_size=12), st.sampled_from(["org", "test"])
)
numbers = st.one_of(st.integers(-(2**53), 2**53), st.floats(-1e9, 1e9, allow_nan=False))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "TEXT_NUMBER": st.one_of(texts, numbers),
    "CHECKBOX": st.booleans(),
    "DATE": st.dates(date(1, 1, 1), date(9999, 12, 31)).map(date.isoformat),
    "PICKLIST": st.sampled_from(OPTIONS),
    "CONTACT_LIST": mails,
    "MULTI_PICKLIST": st.lists(st.sampled_from(OPTIONS), min_size=1, unique=True).map(sorted),
    "MULTI_CONTACT_LIST": st.lists(mails, min_size=1, max_size=MAX_CONTACTS, unique=True).map(sorted),
}


def column(kind: str) -> Column:
    return Column("7", "Column", kind, options=OPTIONS)


def through(kind: str, value: Any) -> Any:
    """The value after Smartsheet took it and gave it back."""
    there = emulated.Column(7, "Column", emulated.Type(kind), options=list(OPTIONS))
    cell = cells.parse(WORLD, there, cell_of(column(kind), value))
    return value_of(column(kind), views.cell_view(cell, there, WISH))


@pytest.mark.parametrize("kind", VALUES)
def test_what_is_written_is_read(kind: str) -> None:
    @given(VALUES[kind])
    @settings(max_examples=60)
    def holds(value: Any) -> None:
        read = through(kind, value)
        assert read == value
        assert isinstance(read, bool) == isinstance(value, bool)

    holds()


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("empty", [None, "", []])
def test_empty_is_empty(kind: str, empty: Any) -> None:
    assert through(kind, empty) is None


@pytest.mark.parametrize("value", [0, False, "0", " ", "-"])
def test_what_looks_empty_is_not(value: Any) -> None:
    kind = "CHECKBOX" if value is False else "TEXT_NUMBER"
    assert through(kind, value) == value


@pytest.mark.parametrize("text", ["=SUM(A1)", "+1", "-1", "@x", "\t=1", "\r=1", "'=1"])
def test_no_text_becomes_a_formula(text: str) -> None:
    cell = cell_of(column("TEXT_NUMBER"), text)
    assert cell == {"columnId": 7, "value": text}
    assert through("TEXT_NUMBER", text) == text


@given(
    st.one_of(
        texts, numbers, st.booleans(), st.lists(st.one_of(texts, numbers)), st.none(), st.just({"a": 1})
    )
)
@settings(max_examples=200)
def test_a_value_is_taken_or_refused_here(value: Any) -> None:
    """Whatever a mapping puts: the emulated Smartsheet never refuses a cell that we let through."""
    for kind in VALUES:
        try:
            cell = cell_of(column(kind), value)
        except Unwritable:
            continue
        else:
            cells.parse(WORLD, emulated.Column(7, "Column", emulated.Type(kind), options=list(OPTIONS)), cell)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("TEXT_NUMBER", "x" * (MAX_TEXT + 1)),
        ("TEXT_NUMBER", float("inf")),
        ("TEXT_NUMBER", True),
        ("DATE", "5/4/2026"),
        ("DATE", "2026-05-04T08:00:00"),
        ("DATE", 20260504),
        ("CHECKBOX", 1),
        ("PICKLIST", "Blocked"),
        ("CONTACT_LIST", "Ann Alder"),
        ("MULTI_CONTACT_LIST", [f"p{n}@example.org" for n in range(MAX_CONTACTS + 1)]),
        ("MULTI_PICKLIST", ["Not started", "Blocked"]),
        ("DURATION", "5d"),
        ("PREDECESSOR", "12FS"),
    ],
)
def test_refused_here_and_not_cut_there(kind: str, value: Any) -> None:
    with pytest.raises(Unwritable, match="'Column'"):
        cell_of(column(kind), value)


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [
        ("CONTACT_LIST", ["ann@example.org"], "ann@example.org"),
        ("MULTI_CONTACT_LIST", "ann@example.org", ["ann@example.org"]),
        ("MULTI_PICKLIST", ["In progress", "Größe", "Not started"], ["Größe", "In progress", "Not started"]),
        ("TEXT_NUMBER", 2.0, 2),
    ],
)
def test_one_of_one_and_several_in_order(kind: str, value: Any, read: Any) -> None:
    assert through(kind, value) == read
    assert plain(column(kind), value) == read


def test_two_people_do_not_fit_a_column_for_one() -> None:
    with pytest.raises(Unwritable, match="holds one person"):
        cell_of(column("CONTACT_LIST"), ["ann@example.org", "bob@example.org"])


def test_a_number_in_a_dropdown_is_its_text() -> None:
    assert cell_of(Column("7", "Impact", "PICKLIST", options=("1", "2")), 2) == {"columnId": 7, "value": "2"}


def test_a_long_text_just_fits() -> None:
    assert through("TEXT_NUMBER", "ü" * MAX_TEXT) == "ü" * MAX_TEXT


def test_a_contact_without_an_address_goes_by_name() -> None:
    cell = {
        "value": "Ann, Vendor",
        "objectValue": {"values": [{"name": "Vendor"}, {"email": "ann@example.org"}]},
    }
    assert value_of(column("MULTI_CONTACT_LIST"), cell) == ["Vendor", "ann@example.org"]


def test_predecessors_by_row_never_by_row_number() -> None:
    cell = {"value": "12FS", "objectValue": {"predecessors": [{"rowId": 99, "rowNumber": 12, "type": "FS"}]}}
    assert value_of(column("PREDECESSOR"), cell) == [{"id": "99", "type": "FS"}]


def test_a_broken_column_is_no_column() -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        column_of({"title": "No id"})


@pytest.mark.parametrize(
    ("more", "writable"),
    [
        ({}, True),
        ({"systemColumnType": "AUTO_NUMBER"}, False),
        ({"formula": "=1+1"}, False),
        ({"lockedForUser": True}, False),
        ({"locked": True, "lockedForUser": False}, True),
        ({"tags": ["BASELINE_END_DATE"]}, False),
        ({"type": "DURATION"}, False),
    ],
)
def test_which_columns_are_written(more: dict[str, Any], writable: bool) -> None:
    raw = {"id": 7, "title": "Column", "type": "TEXT_NUMBER", **more}
    assert column_of(raw).writable(dependencies=False) is writable
