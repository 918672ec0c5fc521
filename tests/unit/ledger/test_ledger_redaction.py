"""Redaction: a past value is in no byte of the database any more, and everything else stands as it stood."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from itpm_sync.bases import Agreed, Conflict, Offer, Refusal, Side, Tie
from itpm_sync.codec import encode
from itpm_sync.errors import Busy
from itpm_sync.ledger import Decided, Redaction, RunStatus, Settlement, schema
from itpm_sync.ledger.address import WRITES
from itpm_sync.ledger.needles import GONE, Needles
from itpm_sync.ledger.redaction import empty, stands
from itpm_sync.ledger.redaction_tables import TABLES
from itpm_sync.model import Assignees, Block, BlockKind, Link, Value
from itpm_sync.plan import Decision, Loser, PairProposal

CANARY = 'Zaunkönig "4711"\\Käfig'
FORMS = (
    CANARY,
    json.dumps(CANARY)[1:-1],
    json.dumps(CANARY, ensure_ascii=False)[1:-1],
    json.dumps(json.dumps(CANARY))[1:-1],
    repr(CANARY)[1:-1],
    base64.b64encode(CANARY.encode()).decode(),
    CANARY.encode().hex(),
    "Zaunk",
)
NOW = "Order racks"
AGREED = stands(NOW)


def poisoned(b: Any) -> None:
    """A ledger in which the canary was the title of item 1 once, and is quoted wherever something can be quoted."""
    ledger, lease, run = b.ledger, b.lease, b.run
    b.decide(b.decided(1, title=CANARY), b.decided(2, title="Pull cables"))
    side = Side("jira", CANARY, CANARY, 1, actor="ann@example.org")
    conflict = Conflict(
        "c-1",
        "i-1",
        "title",
        (side, Side("planner", "Racks", "Racks", 1)),
        b.clock.now(),
        f"{CANARY!r} and Racks",
    )
    item = b.item(1, version=1, title=CANARY)
    one = b.decided(1, title=CANARY).replicas[0]
    loser = Loser("title", side, f"newer than {CANARY}")
    other = Loser("labels", Side("jira", frozenset({"x"}), frozenset({"x"}), 1), f"as {CANARY} says")
    b.decide(Decided(Decision("i-1", opened=(conflict,), losers=(loser, other)), item, (one,)))
    intent = b.intent(
        1, old={"title": None}, new={"title": CANARY, "labels": frozenset({"x"})}, versions={"title": 1}
    )
    refused = Refusal(
        "i-1", "jira", "NET", "title", 1, f'{{"title": {json.dumps(CANARY)}}} is too long', 1, b.clock.now()
    )
    ledger.intend(lease, [intent])
    ledger.settle(
        lease,
        run,
        [Settlement("n-1", "refused", reason=f"400: {CANARY}", refusals=(refused,), closed=("c-1",))],
    )
    ledger.add_refusals(
        lease, run, [Refusal("i-2", "jira", "NET", "", 1, f"depends on “{CANARY}”", 1, b.clock.now())]
    )
    value = {"value": CANARY, "text": CANARY}
    empty_ = {"value": None, "text": "(empty)"}
    action = {
        "id": "a" * 64,
        "operation": "update",
        "item": "i-1",
        "title": CANARY,
        "fields": [{"field": "title", "old": empty_, "new": value, "reason": f"says {CANARY}"}],
        "reason": "",
    }
    plan = {
        "actions": [action],
        "held": [action],
        "offers": [{"item": "i-1", "title": CANARY, "field": "title", "old": empty_, "new": value}],
        "conflicts": [
            {
                "id": "c-1",
                "item": "i-1",
                "field": "title",
                "reason": CANARY,
                "sides": [{**value, "tool": "jira"}],
            }
        ],
        "proposals": [{"id": "p-1", "title": CANARY, "why": "same title"}],
        "warnings": [{"says": f"Pull cables is not put under {CANARY}: hidden.", "item": ""}],
        "brakes": [],
    }
    ledger.store_plan(lease, run, plan=plan)
    ledger.propose_pairs(
        lease, [PairProposal("p-1", "sheets", "777", "77", CANARY, ("i-1",), f"like {CANARY}")]
    )
    ledger.record_publication(
        lease, 1, title="Week 1", document={"i-1": {"title": CANARY}, "i-2": {"title": "Pull cables"}}
    )
    with b.engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
        pause = {"id": "h-1", "project": "P", "reason": f"wait for {CANARY}", "since": b.clock.now()}
        connection.execute(insert(schema.pauses).values(**pause))
    offers = {"title": (Offer(1, CANARY, b.clock.now()), Offer(2, NOW, b.clock.now()))}
    shown = b.record("10001", summary=NOW, other="x")
    lives = replace(one, seen=shown, offers=offers)
    buried = b.replica(
        9,
        tool="sheets",
        item="i-1",
        tie=Tie.TOMBSTONE,
        reading=None,
        seen=replace(b.record("10009", name=CANARY, note=f"see {CANARY}", keep="kept"), name=f"7 {CANARY}"),
    )
    after = replace(b.item(1, version=2, title=NOW), note=f"{CANARY} was deleted in sheets")
    decision = Decision("i-1", after.agreed, note=f"{CANARY} was deleted", reasons={"title": f"not {CANARY}"})
    b.decide(Decided(decision, after, (lives, buried)))
    ledger.finish_run(
        lease, run, status=RunStatus.DONE, summary={"brakes": [f"{CANARY} would go"], "error": CANARY}
    )


def wanted(**more: Any) -> Redaction:
    given = {
        "stands": AGREED,
        "gone": {"r-sheets-9": frozenset({"name"})},
        "actor": "ben",
        "reason": "asked for",
    }
    return Redaction("i-1", "title", **(given | more))


def dump(b: Any) -> str:
    """Everything that stands in any table."""
    return str(b.everything())


def test_the_canary_was_everywhere(bench: Any) -> None:
    """Else the next test would prove nothing."""
    poisoned(bench)
    holding = {name for name, rows in bench.everything() if "Zaunk" in str(rows)}
    assert holding == {
        "conflicts",
        "history_values",
        "intents",
        "items",
        "losers",
        "pairs",
        "pauses",
        "plans",
        "publications",
        "refusals",
        "replicas",
        "runs",
    }


def test_a_past_value_leaves_every_table(bench: Any) -> None:
    poisoned(bench)
    before = dump(bench)
    done = bench.ledger.redact(bench.lease, bench.run, wanted())
    bench.ledger.purge()
    after = dump(bench)
    assert [form for form in FORMS if form in after] == []
    assert set(done.places) == {
        "conflicts", "history_values", "intents", "items", "losers", "pairs", "pauses", "plans", "publications",
        "refusals", "replicas", "runs",
    }  # fmt: skip
    audit = bench.ledger.audit("P")
    assert audit.findings == ()
    assert [(one.seq, one.item, one.field) for one in audit.redactions] == [(done.seq, "i-1", "title")]
    assert bench.ledger.verify("P") is None
    assert "Pull cables" in before and "Pull cables" in after
    again = bench.ledger.redact(bench.lease, bench.run, wanted())
    assert (again.seq, again.places, again.before) == (None, {}, done.seq)


def test_what_stands_stays_as_it_was(bench: Any) -> None:
    poisoned(bench)
    before = bench.state
    bench.ledger.redact(bench.lease, bench.run, wanted())
    after = bench.state
    assert after.items["i-1"].agreed == before.items["i-1"].agreed
    assert after.items["i-2"] == before.items["i-2"]
    lives = after.replicas["r-jira-1"]
    assert lives.seen == before.replicas["r-jira-1"].seen
    assert [offer.form for offer in lives.offers["title"]] == [NOW]
    buried = after.replicas["r-sheets-9"].seen
    assert buried is not None
    assert dict(buried.values) == {"note": f"see {GONE}", "keep": "kept"}
    kept = bench.ledger.losers_of("P", "i-1")
    assert {one.field: one.loser is None for one in kept} == {"title": True, "labels": False}
    [told] = [one for one in bench.ledger.history("P", "i-1") if one.phase == "redact"]
    assert (told.document["actor"], told.document["reason"]) == ("ben", "asked for")
    past = bench.ledger.as_of("P")
    assert past.items["i-1"].agreed == before.items["i-1"].agreed
    assert past.unknown == {}


def test_the_past_says_that_it_does_not_know(bench: Any) -> None:
    bench.decide(bench.decided(1, title=CANARY))
    moment = bench.clock.now()
    bench.clock.pass_(60)
    bench.decide(bench.decided(1, version=2, title=NOW))
    bench.ledger.redact(bench.lease, bench.run, wanted(gone={}))
    past = bench.ledger.as_of("P", moment)
    assert past.unknown == {"i-1": frozenset({"title"})}
    agreed = past.items["i-1"].agreed["title"]
    assert (agreed.value, agreed.version) == (None, 1)


def test_the_last_value_goes_where_no_tool_has_the_item_any_more(bench: Any) -> None:
    bench.decide(bench.decided(1, title=CANARY))
    buried = replace(bench.replica(1, item="i-1", reading=None), seen=bench.record("10001", name=CANARY))
    bench.ledger.store_readings(bench.lease, [replace(buried, tie=Tie.TOMBSTONE)])
    cleared = empty(1, bench.clock.now(), "ben")
    gone = {"r-jira-1": frozenset({"name"})}
    bench.ledger.redact(bench.lease, bench.run, wanted(stands=(), gone=gone, cleared=cleared))
    bench.ledger.purge()
    assert "Zaunk" not in dump(bench)
    assert bench.state.items["i-1"].agreed["title"] == Agreed(None, 2, None, "ben", bench.clock.now())
    assert bench.ledger.audit("P").findings == ()
    assert bench.ledger.as_of("P").items["i-1"].agreed == bench.state.items["i-1"].agreed


def test_no_byte_of_the_files_holds_it(file_bench: Any, tmp_path: Path) -> None:
    """Free pages and the write-ahead log included."""
    poisoned(file_bench)
    file_bench.decide(*(file_bench.decided(n, title=f"Item {n}") for n in range(3, 200)))

    def found() -> list[str]:
        data = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.suffix != ".key")
        return [form for form in FORMS if form.encode() in data]

    assert len(found()) > 2
    file_bench.ledger.redact(file_bench.lease, file_bench.run, wanted())
    file_bench.ledger.purge()
    assert found() == []
    assert file_bench.ledger.damage() == []


def test_a_process_that_reads_keeps_the_files_from_being_cleaned_and_is_told_of(file_bench: Any) -> None:
    poisoned(file_bench)
    other = file_bench.open(busy=0.1)
    with other._database.engine.connect() as reading, reading.begin():
        reading.exec_driver_sql("SELECT count(*) FROM plans").all()
        third = file_bench.open(busy=0.1)
        third.redact(file_bench.lease, file_bench.run, wanted())
        with pytest.raises(Busy, match="another process uses the ledger"):
            third.purge()
    file_bench.ledger.purge()


def test_every_table_is_thought_of() -> None:
    """A new table needs a word in TABLES: what redaction does there, or why nothing."""
    assert sorted(TABLES) == sorted(schema.metadata.tables)


# ── what is looked for in words ──


def test_a_text_goes_out_of_sentences_but_not_out_of_longer_words_and_names_that_stand() -> None:
    needles = Needles(["Rack", "Order racks"], ["Order racks again"])
    assert needles.text("Rack is not put under Order racks.") == f"{GONE} is not put under {GONE}."
    assert needles.text("Racks and Trackers stay") == "Racks and Trackers stay"
    assert needles.text("Order racks again: Order racks") == f"Order racks again: {GONE}"


def test_what_a_person_typed_is_found_in_every_kind_of_value() -> None:
    block = Block(BlockKind.PARAGRAPH, "call 555-1234 first")
    values: list[Value] = [
        (block,),
        Assignees(frozenset({"ann@example.org"}), None),
        frozenset({Link("https://example.org/secret", "The secret")}),
        frozenset({"secret label"}),
    ]
    needles = Needles([encode(value) for value in values], [])
    for text in (
        "so: call 555-1234 first.",
        "ann@example.org is unknown",
        "https://example.org/secret",
        "labelled secret label",
    ):
        assert GONE in needles.text(text)


def test_days_and_numbers_are_no_words() -> None:
    assert not Needles([5, True, {"day": "2026-11-24"}, {"rag": "red"}], [])
