"""Texts, blocks, Markdown, ADF, days: normal forms are stable and nothing typed gets lost on the way."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itpm_sync.kit import adf
from itpm_sync.kit.blocks import fit, tidy
from itpm_sync.kit.days import day_of, format_instant, instant_of, parse_day, parse_instant, parse_local
from itpm_sync.kit.markdown import MARKDOWN, PLAIN, Dialect
from itpm_sync.kit.text import cut, normal, one_line, same, utf16_length, whole, without_controls
from itpm_sync.model import Block, BlockKind

DIALECTS = pytest.mark.parametrize("dialect", [MARKDOWN, PLAIN], ids=["markdown", "plain"])

texts = st.text(
    st.one_of(
        st.sampled_from(list("ab -*+#1.)\\\n\t_`>|")),
        st.characters(codec="utf-8"),
        st.sampled_from(["\u0301", "\U0001f469", "\u200d", "\u202e", "\r", "\x00", "\u2028", "\xa0", "\x85"]),
    ),
    max_size=60,
)
lines = st.lists(
    st.sampled_from(
        [
            "- a",
            "  - b",
            "    1. c",
            "\t* d",
            "# h",
            "\\# no",
            "\\\\- no",
            "text",
            " more",
            "",
            "1) x",
            "-",
            "#x",
        ]
    ),
    max_size=12,
).map("\n".join)
blocks = st.lists(
    st.builds(
        Block,
        st.sampled_from([BlockKind.PARAGRAPH, BlockKind.HEADING, BlockKind.ITEM]),
        st.one_of(texts, lines),
        st.integers(0, 20),
        st.booleans(),
    )
    | st.builds(
        Block,
        st.just(BlockKind.OPAQUE),
        tool=st.sampled_from(["jira", "other"]),
        payload=st.just('{"type":"rule"}'),
    ),
    max_size=8,
)


@given(texts)
@settings(max_examples=150)
def test_text_forms_are_stable(text: str) -> None:
    for form in (normal, one_line, without_controls, whole):
        assert form(form(text)) == form(text)
    line = one_line(text)
    assert not any(unicodedata.category(c) in ("Cc", "Zl", "Zp") for c in line)
    assert same(text, normal(text))


@given(texts, st.integers(1, 40))
@settings(max_examples=150)
def test_cut_text_fits_keeps_its_start_and_is_stable(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert utf16_length(short) <= limit
    assert cut(short, limit) == short
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))
    assert whole(short) == short or whole(text) != text


def test_cutting_leaves_no_half_character() -> None:
    family = "\U0001f469\u200d\U0001f467"
    assert cut("ab" + family, 5) == "ab…"
    assert cut("aae\u0301\u0301b!", 5) == "aa…"
    assert cut("word and more", 6) == "word…"
    assert not same(None, "") and same("a\r\nb", "a\nb") and same("e\u0301", "\xe9")


@given(blocks)
@settings(max_examples=150)
def test_tidy_is_stable(given_blocks: list[Block]) -> None:
    once = tidy(given_blocks)
    assert tidy(once) == once


@DIALECTS
@given(text=st.one_of(texts, lines))
@settings(max_examples=200)
def test_what_is_read_is_written_so_that_it_reads_the_same(dialect: Dialect, text: str) -> None:
    read = dialect.parse(text)
    assert dialect.parse(dialect.render(read)) == read


@DIALECTS
@given(given_blocks=blocks, limit=st.integers(1, 120))
@settings(max_examples=200)
def test_forms_are_stable_also_when_cut(dialect: Dialect, given_blocks: list[Block], limit: int) -> None:
    form = dialect.form(tuple(given_blocks))
    assert dialect.form(form) == form
    short = fit(form, limit, dialect.render)
    assert utf16_length(dialect.render(short)) <= limit
    assert dialect.form(short) == short
    assert fit(short, limit, dialect.render) == short


@given(blocks)
@settings(max_examples=150)
def test_markdown_holds_every_block_but_opaque_ones(given_blocks: list[Block]) -> None:
    held = tidy(block for block in given_blocks if block.kind is not BlockKind.OPAQUE)
    assert MARKDOWN.parse(MARKDOWN.render(held)) == held


def test_what_stands_inside_a_line_is_never_touched() -> None:
    typed = "see \\\\server\\share and a_b_c *here* <b>\nC:\\temp [x](y) 2 * 3"
    assert MARKDOWN.parse(typed) == (Block(BlockKind.PARAGRAPH, typed),)
    assert MARKDOWN.render(MARKDOWN.parse(typed)) == typed


def test_line_starts_are_escaped_where_they_only_look_like_structure() -> None:
    block = Block(BlockKind.PARAGRAPH, "- no item\n1. none either\n# no heading\n\\# with a backslash")
    assert (
        MARKDOWN.render((block,)) == "\\- no item\n\\1. none either\n\\# no heading\n\\\\# with a backslash"
    )
    assert MARKDOWN.parse(MARKDOWN.render((block,))) == (block,)


def test_lists_with_depths_numbers_and_lines() -> None:
    text = "# Rollout\n\n- rack\n    1. mount\n    2. patch\n      twice\n- test\n\nDone."
    read = MARKDOWN.parse(text)
    item = BlockKind.ITEM
    assert read == (
        Block(BlockKind.HEADING, "Rollout", level=1),
        Block(item, "rack"),
        Block(item, "mount", level=1, ordered=True),
        Block(item, "patch\ntwice", level=1, ordered=True),
        Block(item, "test"),
        Block(BlockKind.PARAGRAPH, "Done."),
    )
    assert MARKDOWN.render(read) == text


@given(blocks)
@settings(max_examples=150)
def test_adf_holds_what_it_writes(given_blocks: list[Block]) -> None:
    document = adf.render(tuple(given_blocks), "jira")
    form = adf.form(tuple(given_blocks), "jira")
    assert adf.parse(json.loads(json.dumps(document)), "jira") == form
    assert adf.form(form, "jira") == form
    assert adf.render(form, "jira", old=document) == document


def test_an_edit_keeps_marks_and_opaque_nodes_of_the_other_blocks() -> None:
    bold = {"type": "paragraph", "content": [{"type": "text", "text": "keep", "marks": [{"type": "strong"}]}]}
    table: dict[str, Any] = {
        "type": "table",
        "attrs": {"layout": "default"},
        "content": [{"type": "tableRow"}],
    }
    plain = {"type": "paragraph", "content": [{"type": "text", "text": "x"}]}
    old = {"type": "doc", "version": 1, "content": [bold, table, plain]}
    read = adf.parse(old, "jira")
    assert [block.kind for block in read] == [BlockKind.PARAGRAPH, BlockKind.OPAQUE, BlockKind.PARAGRAPH]
    edited = (*read[:2], Block(BlockKind.PARAGRAPH, "new"))
    new = adf.render(edited, "jira", old=old)
    assert new is not None
    assert new["content"][:2] == [bold, table]
    assert adf.parse(new, "jira") == edited
    assert adf.parse(adf.render(edited, "smartsheet"), "jira") == (
        read[0],
        edited[2],
    )  # not another tool's to hold


def test_hostile_documents_are_read_without_harm() -> None:
    documents: list[Any] = [None, 5, [], {"content": "x"}, {"content": [None, {"type": 3}]}]
    for document in [*documents, {"content": [{"content": [{}]}]}]:
        adf.parse(document, "jira")
    deep: dict[str, Any] = {"type": "paragraph"}
    for _ in range(60):
        deep = {
            "type": "bulletList",
            "content": [{"type": "listItem", "content": [{"type": "paragraph"}, deep]}],
        }
    assert [block.kind for block in adf.parse({"content": [deep]}, "jira")] == [BlockKind.OPAQUE]


ZONES = [
    "UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Etc/GMT+12", "Pacific/Apia", "Pacific/Auckland",
    "Pacific/Chatham", "America/New_York", "America/Los_Angeles", "America/St_Johns", "Europe/Berlin",
    "Asia/Kolkata", "Asia/Shanghai", "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Casablanca",
]  # fmt: skip


@pytest.mark.parametrize("name", ZONES)
def test_no_day_ever_moves_as_an_instant(name: str) -> None:
    zone, day = ZoneInfo(name), date(2026, 1, 1)
    for _ in range(730):
        assert day_of(parse_instant(format_instant(instant_of(day, zone))), zone) == day
        day += timedelta(days=1)


def test_ten_oclock_where_it_shows_the_day_else_noon_there() -> None:
    day = date(2026, 3, 8)
    assert instant_of(day, ZoneInfo("Europe/Berlin")) == datetime(2026, 3, 8, 10, tzinfo=UTC)
    assert instant_of(day, ZoneInfo("Pacific/Auckland")) == datetime(2026, 3, 8, 10, tzinfo=UTC)
    assert instant_of(day, ZoneInfo("Pacific/Kiritimati")) == datetime(2026, 3, 7, 22, tzinfo=UTC)


def test_dates_are_read_strictly() -> None:
    assert parse_day("2026-03-08") == date(2026, 3, 8)
    gap = parse_local("2026-03-08T02:30:00.5")  # exists nowhere in New York: civil time
    assert gap == datetime.combine(date(2026, 3, 8), time(2, 30))
    assert parse_instant("2026-03-08T10:00:00.1234567Z").time() == time(10, 0, 0, 123456)
    for bad in ("2026-3-8", "20260308", "2026-02-30", "today"):
        with pytest.raises(ValueError):
            parse_day(bad)
    with pytest.raises(ValueError):
        parse_local("2026-03-08T08:00:00Z")
    with pytest.raises(ValueError):
        parse_instant("2026-03-08T08:00:00")
    with pytest.raises(ValueError):
        day_of(parse_local("2026-03-08T00:00:00"), ZoneInfo("UTC"))
