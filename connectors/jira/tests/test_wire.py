"""What is written reads back the same, for every field and any value; hostile JSON is named, never guessed at."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from itpm_sync.kit import adf
from itpm_sync.kit.secret import Secret, SecretRef
from itpm_sync.kit.text import one_line, utf16_length
from itpm_sync.model import Block, BlockKind
from itpm_sync_jira import changelog, wire
from itpm_sync_jira.client import FieldRefusal, refusal_of
from itpm_sync_jira.settings import JiraSettings

from .conftest import ANN, Desk

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
LINE = TEXT.map(one_line).filter(lambda text: 0 < utf16_length(text) <= 255)


def _blocks() -> st.SearchStrategy[tuple[Block, ...]]:
    table = {
        "type": "table",
        "content": [{"type": "tableRow", "content": [{"type": "tableCell", "content": []}]}],
    }
    opaque = st.just(
        Block(BlockKind.OPAQUE, tool="jira", payload=json.dumps(table, sort_keys=True, separators=(",", ":")))
    )
    heading = st.builds(Block, st.just(BlockKind.HEADING), TEXT, st.integers(1, 6))
    item = st.builds(Block, st.just(BlockKind.ITEM), TEXT, st.integers(0, 4), st.booleans())
    return st.lists(
        st.one_of(st.builds(Block, st.just(BlockKind.PARAGRAPH), TEXT), heading, item, opaque)
    ).map(tuple)


PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "Summary": LINE,
    "Due date": st.none() | st.dates(date(1900, 1, 1), date(2999, 12, 31)).map(date.isoformat),
    "Start date": st.none() | st.dates().map(date.isoformat),
    "Labels": st.sets(
        st.from_regex(r"[^\s\x00-\x1f\x7f-\x9f]{1,40}", fullmatch=True).filter(str.isprintable)
    ).map(sorted),
    "Original estimate": st.none() | st.integers(0, 10**6).map(lambda minutes: minutes * 60),
    "Priority": st.sampled_from(["1", "2", "3", "4", "5"]),
    "Vendor": st.none() | LINE,
    "Units": st.none() | st.floats(-1e9, 1e9),
    "Tags": st.sets(st.sampled_from(["a", "b", "ü", "🙂"])).map(sorted),
}


@pytest.mark.parametrize("title", sorted(PLAIN))
def test_a_value_reads_back_as_written(desk: Desk, title: str) -> None:
    @given(PLAIN[title])
    def law(value: Any) -> None:
        assert desk.write({desk.ids[title]: value}).values[desk.ids[title]] == value

    law()


@given(data=st.data())
def test_options_people_and_parents_read_back_as_written(desk: Desk, data: st.DataObject) -> None:
    options = st.sampled_from(sorted(desk.shape.fields[desk.ids["Site"]].options))
    several = st.sampled_from(sorted(desk.shape.fields[desk.ids["Skills"]].options))
    account = st.none() | st.just({"account": desk.site.world.account(ANN), "mail": ANN})
    values = {
        desk.ids["Site"]: data.draw(st.none() | options),
        desk.ids["Skills"]: data.draw(st.lists(several, unique=True)),
        "assignee": data.draw(account),
        desk.ids["Sponsor"]: data.draw(account),
        "parent": data.draw(st.none() | st.sampled_from(desk.epics)),
    }
    record = desk.write(values)
    assert {name: record.values[name] for name in values} == values


@given(blocks=_blocks())
@example(
    blocks=(Block(BlockKind.ITEM, "a"), Block(BlockKind.ITEM, "b", 1, True), Block(BlockKind.ITEM, "c", 1))
)
@example(blocks=(Block(BlockKind.PARAGRAPH, "two\nlines"), Block(BlockKind.HEADING, "🙂", 3)))
def test_a_document_made_of_blocks_is_one_that_jira_takes_and_gives_back(
    desk: Desk, blocks: tuple[Block, ...]
) -> None:
    for title in ("Description", "Response"):
        record = desk.write({desk.ids[title]: adf.render(blocks, "jira")})
        assert adf.parse(record.values[desk.ids[title]], "jira") == adf.form(blocks, "jira")


def test_an_edit_of_one_block_keeps_the_marks_of_the_others(desk: Desk) -> None:
    bold = {"type": "text", "text": "bold", "marks": [{"type": "strong"}]}
    mention = {"type": "mention", "attrs": {"id": "x", "text": "@Ann"}}
    first = {"type": "paragraph", "content": [bold, {"type": "text", "text": " and "}, mention]}
    second = {"type": "paragraph", "content": [{"type": "text", "text": "old"}]}
    before = desk.write({"description": {"type": "doc", "version": 1, "content": [first, second]}})
    old = before.values["description"]
    blocks = (*adf.parse(old, "jira")[:1], Block(BlockKind.PARAGRAPH, "new"))
    after = desk.write({"description": adf.render(blocks, "jira", old=old)})
    assert after.values["description"]["content"][0] == first


WHOLE = {
    "summary": "Install rack",
    "status": {"id": "10000"},
    "issuetype": {"id": "10101"},
    "project": {"id": "10000"},
    "updated": "2026-05-04T09:00:00.000+0000",
}
WRONG_FIELDS: list[Any] = [
    None,
    {},
    {**WHOLE, "updated": "2026-05-04T09:00:00"},
    {**WHOLE, "updated": None},
    {**WHOLE, "assignee": "ann"},
    {**WHOLE, "status": []},
    {**WHOLE, "status": None},
    {**WHOLE, "issuelinks": [{}]},
    {**WHOLE, "duedate": {"a": 1}},
    {**WHOLE, "description": 5},
]


@pytest.mark.parametrize("fields", WRONG_FIELDS)
def test_what_is_no_issue_is_named(desk: Desk, fields: Any) -> None:
    context = wire.Context(desk.shape, "https://site.example", "itpm-sync")
    assert wire.record_of(context, {"id": "1", "key": "NET-1", "fields": WHOLE}).name == "NET-1 Install rack"
    with pytest.raises(wire.NoIssue):
        wire.record_of(context, {"id": "1", "key": "NET-1", "fields": fields})


@pytest.mark.parametrize("told", ["item-1", {"key": 5}, {"key": ""}, ["item-1"], None, 7])
def test_a_property_that_is_not_ours_is_no_key(desk: Desk, told: Any) -> None:
    context = wire.Context(desk.shape, "https://site.example", "itpm-sync")
    assert wire.key_of(context, {"properties": {"itpm-sync": told}}) is None


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-05-04T18:00:00.123+0900", "2026-05-04T09:00:00.123+00:00"),
        ("2026-03-29T01:30:00.000Z", "2026-03-29T01:30:00+00:00"),
    ],
)
def test_times_are_instants_whatever_the_callers_zone(text: str, at: str) -> None:
    assert datetime.fromtimestamp(wire.milliseconds(text) / 1000, UTC) == datetime.fromisoformat(at)


@pytest.mark.parametrize(
    "told", [None, [], {"errors": [], "errorMessages": 5}, {"message": 3}, "text", {"errors": {}}]
)
def test_an_error_of_any_form_can_be_told(told: Any) -> None:
    assert isinstance(refusal_of(told), FieldRefusal | None)


@pytest.mark.parametrize(
    "entry",
    [{}, {"created": "never"}, {"created": "2026-05-04T09:00:00.000+0000", "items": [None]}, {"created": 5}],
)
def test_a_history_entry_that_says_nothing_is_none(desk: Desk, entry: Any) -> None:
    assert changelog.edit_of(desk.shape, entry, "me") is None


class TestSettings:
    def test_a_token_in_the_configuration_is_refused_and_not_repeated(self) -> None:
        with pytest.raises(ValidationError) as caught:
            JiraSettings(base_url="https://site.example", token="ATATT-canary")  # type: ignore[arg-type]
        assert "canary" not in str(caught.value)

    @pytest.mark.parametrize(
        "url",
        ["http://site.example", "ftp://x", "site.example", "https://u:p@site.example", "https://x/?a=1"],
    )
    def test_an_unsafe_address_is_refused(self, url: str) -> None:
        with pytest.raises(ValidationError):
            JiraSettings(base_url=url, token=Secret("t"))

    def test_the_address_for_people_may_differ(self) -> None:
        reference = SecretRef.parse("env:JIRA_TOKEN")
        gateway = "https://api.atlassian.com/ex/jira/1"
        settings = JiraSettings(base_url=f"{gateway}/", browse_url="https://site.example", token=reference)
        assert (settings.base_url, settings.site) == (gateway, "https://site.example")
