"""The chain (S16): gapless, never changed, and verifiable also after a value was redacted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from itpm_sync.ledger import Decided, Redaction, Settlement


def tell(bench: Any, entries: int = 4) -> None:
    """A history: titles of one item, each longer than the last."""
    for number in range(1, entries + 1):
        bench.decide(bench.decided(1, version=number, title=f"secret {number}"))


def change(bench: Any, statement: str) -> None:
    """What somebody does who has the database, but not the key: the triggers are no obstacle to them."""
    with bench.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            for name in ("history_no_update", "history_no_delete", "history_values_no_delete"):
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            connection.exec_driver_sql("ALTER TABLE history DISABLE TRIGGER ALL")
            connection.exec_driver_sql("ALTER TABLE history_values DISABLE TRIGGER ALL")
        connection.exec_driver_sql(statement)


def test_entries_are_numbered_without_gaps_in_each_project(bench: Any) -> None:
    bench.ledger.ensure_project("Q", "Another")
    other = bench.ledger.acquire("Q", "me", seconds=60)
    tell(bench, 2)
    decided = bench.decided(7)
    bench.ledger.commit_decisions(other, "run-q", [Decided(decided.decision, decided.item, ())])
    bench.decide(bench.decided(2))
    assert [entry.seq for entry in bench.ledger.history("P")] == [3, 2, 1]
    assert [entry.seq for entry in bench.ledger.history("Q")] == [1]
    assert bench.ledger.verify("P") is None
    assert bench.ledger.verify("Q") is None


def test_an_empty_history_holds(bench: Any) -> None:
    assert bench.ledger.verify("P") is None


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE history SET document = '{}' WHERE seq = 2", 2),
        ("UPDATE history SET run = 'run-x' WHERE seq = 3", 3),
        ("UPDATE history SET item = 'i-2' WHERE seq = 3", 3),
        ("UPDATE history SET phase = 'write' WHERE seq = 1", 1),
        ("UPDATE history SET at = '2030-05-06T07:08:10.000000+00:00' WHERE seq = 4", 4),
        ("UPDATE history SET mac = (SELECT mac FROM history h WHERE h.seq = 1) WHERE seq = 2", 2),
        ("DELETE FROM history WHERE seq = 2", 2),
        ("DELETE FROM history WHERE seq = 4", 4),
        ("DELETE FROM history WHERE seq = 1", 1),
        ("DELETE FROM history", 1),
        ("UPDATE history_values SET document = replace(document, 'secret 3', 'secret 9') WHERE seq = 3", 3),
        ("DELETE FROM history_values WHERE seq = 3", 3),
        ("UPDATE history_values SET document = '{}' WHERE seq = 2", 2),
        ("UPDATE projects SET head_mac = 'x'", 5),
    ],
)
def test_every_change_is_noticed(statement: str, broken: int, bench: Any) -> None:
    tell(bench)
    assert bench.ledger.verify("P") is None
    change(bench, statement)
    assert bench.ledger.verify("P") == broken


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE history SET document = '{}'",
        "DELETE FROM history",
        "DELETE FROM history_values",
    ],
)
def test_the_database_itself_refuses_to_change_the_history(statement: str, bench: Any) -> None:
    tell(bench)
    with pytest.raises(DBAPIError, match="never changed"):
        with bench.engine.begin() as connection:
            connection.exec_driver_sql(statement)
    assert bench.ledger.verify("P") is None


def test_values_stand_outside_the_chain(bench: Any) -> None:
    tell(bench)
    bench.ledger.intend(bench.lease, [bench.intent(1)])
    bench.ledger.settle(
        bench.lease, bench.run, [Settlement("n-1", "applied", reason="word", actor="bob@example.org")]
    )
    chained = "".join(row[0] for row in bench.rows("SELECT document FROM history"))
    for value in ("secret", "ann@example.org", "bob@example.org", "before", "after", "an edit"):
        assert value not in chained


def test_a_redacted_value_is_gone_and_the_chain_still_verifies(bench: Any) -> None:
    tell(bench)
    bench.decide(bench.decided(2, title="another item"))
    # old and new of four versions, of which the first had no old one; and four reasons
    done = bench.ledger.redact(bench.lease, bench.run, Redaction("i-1", "title"))
    assert done.places["history_values"] == 11
    kept = "".join(row[0] for row in bench.rows("SELECT document FROM history_values"))
    assert "secret" not in kept
    assert "another item" in kept
    assert bench.ledger.verify("P") is None
    told = bench.ledger.history("P")[0]
    assert (told.phase, told.item, told.document["field"], len(told.document["digests"])) == (
        "redact",
        "i-1",
        "title",
        11,
    )
    oldest = bench.ledger.history("P", "i-1")[-1].document["fields"]["title"]
    assert list(oldest["new"]) == ["redacted"]
    assert oldest["actor"] == "ann@example.org"


def test_a_redacted_value_cannot_be_guessed_from_its_neighbours(bench: Any) -> None:
    """Each value has a salt of its own, so that those that stay tell nothing of the one that went."""
    tell(bench)
    salts = [
        kept[0]
        for row in bench.rows("SELECT document FROM history_values")
        for kept in json.loads(row[0]).values()
    ]
    assert len(set(salts)) == len(salts) > 10


def test_redacting_nothing_tells_nothing(bench: Any) -> None:
    tell(bench, 1)
    for item, field in (("i-1", "labels"), ("i-9", "title")):
        done = bench.ledger.redact(bench.lease, bench.run, Redaction(item, field))
        assert (done.seq, done.places) == (None, {})
    assert len(bench.ledger.history("P")) == 1


def test_a_redaction_is_not_believed_for_other_values(bench: Any) -> None:
    tell(bench)
    bench.ledger.redact(bench.lease, bench.run, Redaction("i-1", "labels"))
    change(bench, "UPDATE history_values SET document = '{}' WHERE seq = 3")
    assert bench.ledger.verify("P") == 3


def test_a_long_history_verifies_piece_by_piece(file_bench: Any) -> None:
    file_bench.decide(*(file_bench.decided(n) for n in range(1, 2101)))
    assert file_bench.ledger.verify("P") is None
    assert len(file_bench.ledger.history("P", limit=None)) == 2100
    change(file_bench, "UPDATE history SET document = '{}' WHERE seq = 2050")
    assert file_bench.ledger.verify("P") == 2050
