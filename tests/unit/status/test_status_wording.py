"""Dates, counts, hostile text, addresses, colours."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itpm_sync.model import Rag
from itpm_sync.status import palette
from itpm_sync.status.addresses import addresses
from itpm_sync.status.edition import Edition, Manner, banner
from itpm_sync.status.limits import Limits
from itpm_sync.status.wording import (
    SHAPES,
    WORDS,
    address,
    age,
    clean,
    day,
    of,
    person,
    signed,
    slip,
    together,
)

NOW = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("names", "says"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_names_are_listed_as_in_a_sentence(names: list[str], says: str) -> None:
    assert together(names) == says


def test_of_several_some_have_and_one_has() -> None:
    assert of(1, 5, "task") == "1 of 5 tasks has"
    assert of(2, 5, "task") == "2 of 5 tasks have"
    assert of(1, 1, "task") == "1 of 1 task has"


@pytest.mark.parametrize("limits", [Limits(), Limits(red_slip=1, float_days=1, medium_risks=1, issue_days=1)])
def test_rules_are_written_in_the_singular_where_the_limit_is_one(limits: Limits) -> None:
    rules = (limits.schedule_rule, limits.age_rule, limits.risk_rule, limits.issue_rule, limits.cost_rule)
    assert not [rule for rule in rules if re.search(r"\b1 (\w+ )?(days|hours|risks|periods)\b", rule)]


def test_dates_name_the_month() -> None:
    assert day(date(2026, 11, 22)) == "22 Nov 2026"
    assert day(None) == "–"


def test_slips_say_both_counts() -> None:
    assert slip(15, 21) == "15 working days late (21 calendar days)"
    assert slip(-1, -1) == "1 working day early (1 calendar day)"
    assert slip(0, 1) == "1 calendar day late"
    assert slip(0, 0) == "on its baseline"
    assert [signed(number) for number in (3, 0, -3)] == ["+3", "0", "−3"]


@pytest.mark.parametrize(
    ("span", "says"),
    [
        (timedelta(seconds=-5), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=5, minutes=59), "5 hours"),
        (timedelta(days=40), "40 days"),
        (timedelta(days=1500), "4 years"),
    ],
)
def test_ages_are_said_in_their_largest_unit(span: timedelta, says: str) -> None:
    assert age(span) == says


def test_text_that_would_turn_or_hide_its_surroundings_is_made_visible() -> None:
    assert clean("a\u202egpj.exe") == "a[U+202E]gpj.exe"
    assert clean("zero\u200bwidth\ufeff") == "zero[U+200B]width[U+FEFF]"
    assert clean("bell\x07 null\x00 escape\x1b") == "bell\u2407 null\u2400 escape\u241b"
    assert clean("half \ud83d") == "half \ufffd"
    assert clean("one\r\n two\tthree") == "one two three"


def test_names_in_any_script_stay_whole() -> None:
    for name in ("患者登録システム切替", "می\u200cخواهم", "Wärme­rückgewinnung", "👩‍🔧 Montage"):
        assert clean(name) == name


def test_people_are_called_by_their_mail_or_by_what_their_tool_calls_them() -> None:
    assert person("ada@example.org") == "ada@example.org"
    assert person("msproject:Ada Lindqvist") == "Ada Lindqvist"
    assert person("Team: North") == "Team: North"
    assert person("a b:c") == "a b:c"


@given(st.text(max_size=300))
def test_cleaned_text_is_one_short_line(text: str) -> None:
    line = clean(text, 40)
    assert len(line) <= 40
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", line)


def test_a_megabyte_of_title_is_cut() -> None:
    assert clean("word" * 300_000, 50) == "word" * 12 + "w…"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//host/x",
        "https://a b",
        "https://a\u202e",
        "",
    ],
)
def test_pages_link_only_where_links_are_harmless(url: str) -> None:
    assert address(url) == ""
    assert address("https://example.org/browse/NET-1") == "https://example.org/browse/NET-1"


def test_every_status_has_a_word_and_a_shape_of_its_own() -> None:
    assert len(set(WORDS.values())) == len(set(SHAPES.values())) == len(Rag)


def test_the_palette_keeps_the_contrast_that_readers_need() -> None:
    for one, other in palette.TEXT_PAIRS:
        assert palette.contrast(one, other) >= 4.5, (one, other)
    for one, other in palette.MARK_PAIRS:
        assert palette.contrast(one, other) >= 3, (one, other)
    assert palette.contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert palette.contrast("#FFB900", "#FFFFFF") == pytest.approx(
        1.72, abs=0.01
    )  # why amber marks are darker


def test_a_live_page_says_until_when_it_may_be_relied_on() -> None:
    says = banner(NOW, Edition(), zone="Europe/Copenhagen", limits=Limits())
    assert says == "Checked 14:00; after 18:00 do not rely on this page. (24 Nov 2026, Europe/Copenhagen)"
    late = banner(NOW.replace(hour=21), Edition(), zone="UTC", limits=Limits())
    assert "after 25 Nov 2026 01:00" in late


def test_a_frozen_page_says_its_number_and_a_report_that_it_stays_as_it_is() -> None:
    assert banner(NOW, Edition(Manner.FROZEN, 7), zone="UTC", limits=Limits()).startswith(
        "Report 007, made 24 Nov 2026"
    )
    assert "not refreshed" in banner(NOW, Edition(Manner.FILE), zone="UTC", limits=Limits())


def test_addresses_are_unique_readable_and_legal_on_windows() -> None:
    names = [
        "Plan",
        "plan",
        "PLAN.",
        "Überblick & Straße",
        "CON",
        "index",
        "nul",
        "患者登録",
        "",
        "a" * 300,
        "../../etc",
    ]
    found = addresses(names)
    assert found[:8] == [
        "plan",
        "plan-2",
        "plan-3",
        "ueberblick-strasse",
        "project-con",
        "project-index",
        "project-nul",
        found[7],
    ]
    assert found[7].startswith("project-")
    assert found[10] == "etc"
    assert len(set(found)) == len(names)


@given(st.lists(st.text(max_size=80), max_size=30))
def test_any_names_make_legal_addresses(names: list[str]) -> None:
    found = addresses(names)
    assert len({one.casefold() for one in found}) == len(names)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]{0,79}", one) and not one.endswith("-") for one in found)
    assert found == addresses(names)


def test_forty_copies_have_forty_addresses() -> None:
    assert len(set(addresses(["Plan"] * 40 + ["plan-2"]))) == 41
