"""Every word comes back from the ledger as it went in, whatever text stands in it."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from itpm_sync.bases import (
    Absence,
    Agreed,
    Conflict,
    Intent,
    ItemBase,
    Life,
    Offer,
    Refusal,
    Replica,
    Side,
    Tie,
)
from itpm_sync.connector import Presence, Record
from itpm_sync.ledger import (
    ContainerState,
    Decided,
    LivePage,
    Publication,
    Run,
    RunKind,
    RunStatus,
)
from itpm_sync.ledger.columns import Line, stamp
from itpm_sync.ledger.documents import pack, unpack
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
from itpm_sync.plan import Decision, Loser, PairProposal

WHEN = datetime(2031, 2, 3, 4, 5, 6, 7, tzinfo=timezone(timedelta(hours=-7)))
HOSTILE = [
    "",
    "Gerät 网络 🚀",
    "a\0b",
    "\ud800 half",
    "\x1bjson:",
    '\x1bjson:"x"',
    "'; DROP TABLE items; --",
    "\u2028\r\n\t",
]

VALUES: dict[str, Any] = {
    "nothing": None,
    "line": "Rack \0 \udfff",
    "integer": 7,
    "flag": True,
    "number": Decimal("12.50"),
    "kind": Kind.COST_LINE,
    "rag": Rag.AMBER,
    "day": Day(date(2030, 3, 31), time(2, 30)),
    "duration": Duration(-90, elapsed=True),
    "assignees": Assignees(frozenset({"ann@example.org", "jira:77"}), "jira:77"),
    "labels": frozenset({"x", "网"}),
    "no_labels": frozenset(),
    "dependencies": frozenset(
        {Dependency("i-2", LinkType.SS, Duration(60), None), Dependency("jira:9", opaque="10%")}
    ),
    "links": frozenset({Link("https://example.org", "doc")}),
    "blocks": (Block(BlockKind.OPAQUE, "p", 1, True, "jira", '{"a":1}'),),
    "progress": Progress(Category.DOING, "In work", 63, Day(date(2030, 1, 1)), None),
    "schedule": Schedule(Day(date(2030, 1, 1)), None, Duration(480)),
}

RECORD = Record(
    "10001",
    "7",
    {"summary": "x", "n": [1, 2.5, None, {"deep": [True]}], "": ""},
    computed=frozenset({"b", "a"}),
    key="",
    name="NET-1",
    url="https://example.org/NET-1",
    edited_at=WHEN,
    edited_by="",
    position=3,
)
SIDE = Side("jira", VALUES["schedule"], VALUES["blocks"], 3, True, "ann", WHEN, lawful=False, item="i-9")
AGREED = {name: Agreed(value, 3, "jira", "ann", WHEN) for name, value in VALUES.items()}
ITEM = ItemBase("i-1", AGREED, Life.DELETED, "deleted in Jira", WHEN)
REPLICA = Replica(
    "r-1",
    "jira",
    "NET",
    "10001",
    "i-1",
    Tie.TOMBSTONE,
    seen=RECORD,
    reading=dataclasses.replace(RECORD, revision="8", key="i-1"),
    at={"title": 3},
    offers={"title": (Offer(2, VALUES["day"], WHEN), Offer(3, None, WHEN))},
    undecided=frozenset({"labels"}),
    absence=Absence(Presence.GONE_OR_HIDDEN, WHEN, confirmed=True),
    ours=True,
)
CONFLICT = Conflict(
    "c-1", "i-1", "schedule", (SIDE, Side(None, None, None, 1)), WHEN, "two edits", also=("i-2",)
)
LOSER = Loser("schedule", SIDE, "older", "planner")
INTENT = Intent(
    "n-1",
    "run",
    "update",
    "i-1",
    "jira",
    "NET",
    "r-1",
    "10001",
    "i-1",
    old=VALUES,
    new=VALUES,
    versions={"title": 3},
    expected_revision="7",
    made=WHEN,
    called=WHEN,
    was={"title": 2},
    natives={"title": {"summary": ("Rack", "Racks"), "category": ("new",)}},
)
REFUSAL = Refusal("i-1", "jira", "NET", "title", 3, "too long", 4, WHEN)
PAIR = PairProposal("p-1", "jira", "NET", "10001", "Rack", ("i-2", "i-1"), "same title")
CONTAINER = ContainerState(
    "jira", "NET", "cursor", "print", "base", WHEN, WHEN, WHEN, {"limits": {"rows": 3}}, 1
)
LIVE = LivePage("folder", "index", "digest", "file:///index.html", WHEN)

WORDS = [RECORD, SIDE, AGREED["day"], ITEM, REPLICA, CONFLICT, LOSER, INTENT, REFUSAL, PAIR, CONTAINER, LIVE]


@pytest.mark.parametrize("word", WORDS, ids=lambda word: type(word).__name__)
def test_the_examples_leave_no_field_at_its_default(word: Any) -> None:
    """So that a field added to a word is missed by the ledger only once."""
    for field in dataclasses.fields(word):
        made = field.default_factory() if callable(field.default_factory) else field.default
        assert getattr(word, field.name) != made, field.name


def test_items_replicas_and_containers(bench: Any) -> None:
    bench.decide(Decided(Decision("i-1", agreed=AGREED, new=True), ITEM))
    bare = Replica("r-2", "jira", "NET", "10002", None, Tie.UNTIED)
    tied = dataclasses.replace(REPLICA, id="r-3", native_id="10003", tie=Tie.TIED)
    bench.ledger.store_readings(bench.lease, [REPLICA, bare, tied], container=CONTAINER)
    state = bench.state
    assert dict(state.items) == {"i-1": ITEM}
    assert dict(state.replicas) == {"r-1": REPLICA, "r-2": bare, "r-3": tied}
    assert state.containers == {("jira", "NET"): CONTAINER}
    assert state.of_item == {"i-1": ("r-1", "r-3")}


def test_empty_is_told_from_absent(bench: Any) -> None:
    """F58: "" and None are two things, on a record and in a value."""
    records = [Record("1", "1", {"a": ""}), Record("2", "1", {"a": None}), Record("3", "1", {})]
    pulled = [
        Replica(f"r-{r.native_id}", "jira", "NET", r.native_id, None, Tie.UNTIED, reading=r) for r in records
    ]
    bench.ledger.store_readings(bench.lease, pulled)
    assert [replica.reading for replica in bench.state.replicas.values()] == records


def test_conflicts_and_losers(bench: Any) -> None:
    bench.decide(Decided(Decision("i-1", opened=(CONFLICT,), losers=(LOSER, LOSER)), ITEM))
    assert bench.ledger.conflicts("P") == [CONFLICT]
    assert bench.ledger.conflict("c-1") == CONFLICT
    assert bench.state.conflicts == {"c-1": CONFLICT}
    assert [kept.loser for kept in bench.ledger.losers_of("P", "i-1")] == [LOSER, LOSER]
    assert [kept.field for kept in bench.ledger.losers_of("P", "i-1", field="schedule")] == [
        "schedule",
        "schedule",
    ]
    assert bench.ledger.losers_of("P", "i-1", field="title") == []


def test_intents_and_refusals(bench: Any) -> None:
    creation = dataclasses.replace(
        INTENT, id="n-0", operation="create", replica=None, native_id=None, called=None
    )
    bench.ledger.intend(bench.lease, [INTENT, creation])
    bench.ledger.add_refusals(bench.lease, bench.run, [REFUSAL])
    assert bench.ledger.open_intents("P") == [creation, INTENT]
    assert bench.ledger.refusals("P") == [REFUSAL]
    assert bench.state.refusals == (REFUSAL,)


def test_pairs(bench: Any) -> None:
    bench.ledger.propose_pairs(bench.lease, [PAIR])
    assert [pair.proposal for pair in bench.ledger.pairs("P")] == [PAIR]
    assert bench.state.proposals == {"p-1": PAIR}


def test_publications_and_live_pages(bench: Any) -> None:
    assert bench.ledger.next_number("P") == 1
    made = bench.ledger.record_publication(bench.lease, 1, title="Week 1", document={"pages": [1]})
    bench.ledger.store_live_pages(bench.lease, [LIVE])
    assert made == Publication(1, bench.clock.now(), "Week 1", {"pages": [1]})
    assert bench.ledger.publications("P") == [made]
    assert bench.ledger.next_number("P") == 2
    assert bench.ledger.live_pages("P") == [LIVE]


def test_a_publications_number_is_never_used_twice(bench: Any) -> None:
    bench.ledger.record_publication(bench.lease, 1, title="Week 1", document={})
    bench.ledger.record_publication(bench.lease, 3, title="Week 3", document={})
    for taken in (1, 2, 3):
        with pytest.raises(ValueError, match="next number is 4"):
            bench.ledger.record_publication(bench.lease, taken, title="Another", document={})
    assert [kept.title for kept in bench.ledger.publications("P")] == ["Week 3", "Week 1"]


def test_runs_and_plans(bench: Any) -> None:
    started = bench.clock.now()
    bench.ledger.store_plan(bench.lease, bench.run, plan={"actions": ["网"]})
    bench.clock.pass_(5)
    bench.ledger.finish_run(
        bench.lease, bench.run, status=RunStatus.CONFLICTS, summary={"calls": 12, "floor": 10}
    )
    second = bench.ledger.begin_run(bench.lease, RunKind.PLAN)
    bench.ledger.mark_approved(bench.lease, bench.run, by=second)
    first = Run(bench.run, "P", RunKind.SYNC, "first", started, bench.clock.now(), RunStatus.CONFLICTS,
                {"calls": 12, "floor": 10, "head": {"seq": 0, "mac": ""}}, second)  # fmt: skip
    assert bench.ledger.run(bench.run) == first
    assert [run.id for run in bench.ledger.runs("P")] == [second, bench.run]
    assert [run.id for run in bench.ledger.runs("P", 1)] == [second]
    assert bench.ledger.plan_of(bench.run) == {"actions": ["网"]}
    assert bench.ledger.plan_of(second) is None


def test_a_killed_run_is_found_interrupted_by_the_next(bench: Any) -> None:
    second = bench.ledger.begin_run(bench.lease, RunKind.SYNC)
    assert bench.ledger.run(bench.run).status is RunStatus.INTERRUPTED
    assert bench.ledger.run(second).status is RunStatus.RUNNING


def test_accepted_configuration(bench: Any) -> None:
    assert bench.ledger.accepted_fingerprint("P") is None
    assert bench.ledger.accepted_configuration("P") is None
    bench.ledger.accept_fingerprint(bench.lease, "one")
    bench.ledger.accept_fingerprint(bench.lease, "two", document={"owners": ["jira"]}, run=bench.run)
    assert bench.ledger.accepted_fingerprint("P") == "two"
    assert bench.ledger.accepted_configuration("P") == {"owners": ["jira"]}
    assert bench.state.fingerprint == "two"


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_comes_back_as_it_was(text: str, bench: Any) -> None:
    item = ItemBase(f"i-{text}", {"title": Agreed(text, 1, text, text)}, note=text)
    record = Record(f"n{text}", text, {text: text}, name=text, edited_by=text)
    replica = Replica(f"r-{text}", "jira", text, f"n{text}", item.id, Tie.TIED, reading=record)
    bench.decide(
        Decided(Decision(item.id, agreed=item.agreed, note=text, reasons={"title": text}), item, (replica,))
    )
    state = bench.state
    assert dict(state.items) == {item.id: item}
    assert dict(state.replicas) == {replica.id: replica}
    assert [claim.native_id for claim in bench.ledger.claims("jira", [f"n{text}"])] == [f"n{text}"]
    assert bench.ledger.history("P", item.id)[0].document["fields"]["title"]["new"] == text
    assert bench.ledger.verify("P") is None


any_text = st.text(st.characters(exclude_categories=()))
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
)


@settings(max_examples=60, deadline=None)
@given(any_text)
@example("\x1bjson:")
def test_any_text_survives_a_column(text: str) -> None:
    line, dialect = Line(), sqlite.dialect()
    bound = line.process_bind_param(text, dialect)
    assert bound is not None
    assert "\0" not in bound
    bound.encode("utf-8")
    assert line.process_result_value(bound, dialect) == text


@settings(max_examples=60, deadline=None)
@given(any_json)
def test_any_document_survives_packing(document: Any) -> None:
    text = pack(document)
    assert "\0" not in text
    text.encode("utf-8")
    assert unpack(text) == document
    assert pack(unpack(text)) == text


def test_stamps_sort_as_the_moments_they_stand_for() -> None:
    moments = [WHEN, datetime(2031, 2, 3, 11, 5, 6, tzinfo=UTC), datetime(2029, 12, 31, tzinfo=UTC)]
    assert sorted(map(stamp, moments)) == [stamp(moment) for moment in sorted(moments)]
    with pytest.raises(ValueError, match="names no time zone"):
        stamp(WHEN.replace(tzinfo=None))
