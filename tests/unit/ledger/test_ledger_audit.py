"""What the audit proves beyond the chain, and what an anchor shows that the audit cannot."""

from __future__ import annotations

import json
from typing import Any

import pytest

from itpm_sync.ledger import RunStatus, Settlement
from itpm_sync.ledger.anchor import kept

COLUMNS = "project, run, operation, item, connection, container, key, document, made, closed"
TWICE = f"INSERT INTO intents (id, {COLUMNS}) SELECT 'n-x', {COLUMNS} FROM intents"


def tell(bench: Any, entries: int = 3) -> None:
    """Some agreed values of one item and a write."""
    for number in range(1, entries + 1):
        bench.decide(bench.decided(1, version=number, title=f"Title {number}"))
        bench.clock.pass_(10)
    bench.ledger.intend(bench.lease, [bench.intent(1)])
    bench.ledger.settle(bench.lease, bench.run, [Settlement("n-1", "applied")])


def change(bench: Any, *statements: str) -> None:
    """What somebody does who has the database, but not the key."""
    with bench.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            for name in ("history_no_update", "history_no_delete", "history_values_no_delete"):
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            for name in ("history", "history_values"):
                connection.exec_driver_sql(f"ALTER TABLE {name} DISABLE TRIGGER ALL")
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_a_history_that_holds(bench: Any) -> None:
    tell(bench)
    audit = bench.ledger.audit("P")
    assert (audit.entries, audit.writes, audit.findings, audit.holds) == (4, 1, (), True)
    assert audit.head == bench.ledger.head("P")
    assert audit.first is not None and audit.last is not None
    assert audit.first < audit.last
    assert bench.ledger.audit("nowhere").entries == 0


@pytest.mark.parametrize(
    ("statement", "says", "seq"),
    [
        ("UPDATE history SET document = '{}' WHERE seq = 2", "Entry 2 was changed", 2),
        ("DELETE FROM history WHERE seq = 2", "Entry 2 is missing: entry 3 follows 1.", 2),
        ("DELETE FROM history WHERE seq = 4", "ends with entry 3; the project's head says 4", 4),
        ("DELETE FROM history_values WHERE seq = 3", "A value of entry 3 is gone", 3),
        (
            "UPDATE history_values SET document = replace(document, 'Title 2', 'Title 9') WHERE seq = 2",
            "A value of entry 2 (title) was changed",
            2,
        ),
        ("DELETE FROM intents", "whose row is gone or open again", 4),
        ("UPDATE intents SET closed = NULL", "whose row is gone or open again", 4),
        ("UPDATE intents SET outcome = 'refused'", "says 'applied' of the write n-1", 4),
        (
            TWICE,
            "The write n-x was carried out and no entry tells of it.",
            None,
        ),
        ("UPDATE items SET life = 'deleted'", "is not what the history tells: life", None),
        ("UPDATE items SET document = '{}'", "altered outside itpm-sync", None),
    ],
)  # fmt: skip
def test_what_was_done_to_the_database_is_named(
    statement: str, says: str, seq: int | None, bench: Any
) -> None:
    tell(bench)
    change(bench, statement)
    findings = bench.ledger.audit("P").findings
    assert any(says in one.says and one.seq == seq for one in findings), [one.says for one in findings]
    assert all(one.mend for one in findings)


def test_a_break_says_since_when(bench: Any) -> None:
    tell(bench)
    second = bench.ledger.history("P")[2].at
    change(bench, "UPDATE history SET run = 'x' WHERE seq = 3")
    [finding] = bench.ledger.audit("P").findings
    assert (finding.seq, finding.since) == (3, second)
    assert "The 2 before it hold." in finding.says


def test_versions_that_fall_are_named(bench: Any) -> None:
    """Whoever has the key could chain anything: the audit reads what is told, too."""
    tell(bench, 2)
    chain = lambda t: t.chain.append(  # noqa: E731
        bench.run,
        "i-1",
        phase="decide",
        document={"fields": {"title": {"version": 1, "new": None}}},
        sealer=t.chain.sealer(),
    )
    bench.ledger._database.write(bench.lease, chain)
    says = [one.says for one in bench.ledger.audit("P").findings]
    assert "title of i-1: version 1 in entry 4 does not follow 2." in says


# ── anchors ──


def cut_off(bench: Any, seq: int) -> None:
    """Set the end of the history back, as an old backup would: without the key it can be done unnoticed."""
    [(mac,)] = bench.rows(f"SELECT mac FROM history WHERE seq = {seq}")
    change(
        bench,
        f"DELETE FROM history WHERE seq > {seq}",
        f"DELETE FROM history_values WHERE seq > {seq}",
        f"UPDATE projects SET head_seq = {seq}, head_mac = '{mac}'",
    )


def test_an_anchor_notices_what_was_cut_off(bench: Any) -> None:
    tell(bench, 3)
    anchor = bench.ledger.anchor()
    assert bench.ledger.misfits(anchor) == []
    bench.decide(bench.decided(1, version=4, title="more"))
    assert bench.ledger.misfits(anchor) == [], "what came since is no misfit"
    cut_off(bench, 2)
    assert bench.ledger.verify("P") is None, "the chain itself does not notice"
    [misfit] = bench.ledger.misfits(anchor)
    assert (misfit.project, misfit.seq) == ("P", 3)
    assert "2 of the entries that the anchor of 2030-05-06 07:08Z knows are gone" in misfit.says


def test_an_anchor_notices_a_history_that_went_on_from_an_older_copy(bench: Any) -> None:
    tell(bench, 2)
    anchor = bench.ledger.anchor()
    cut_off(bench, 2)
    change_back = [bench.decided(1, version=number, title=f"Other {number}") for number in (3, 4)]
    for one in change_back:
        bench.decide(one)
    [misfit] = bench.ledger.misfits(anchor)
    assert "entry 3 is not the one that the anchor" in misfit.says


@pytest.mark.parametrize(
    "change_it",
    [
        lambda a: a["heads"]["P"].update(seq=1),
        lambda a: a.update(made="2020-01-01T00:00:00+00:00"),
        lambda a: a.update(signature="0" * 64),
        lambda a: a.update(signature=None),
        lambda a: a.pop("signature"),
        lambda a: a.update(more=1),
    ],
)
def test_an_anchor_that_was_changed_is_not_believed(change_it: Any, bench: Any) -> None:
    tell(bench)
    anchor = bench.ledger.anchor()
    change_it(anchor)
    [misfit] = bench.ledger.misfits(anchor)
    assert (misfit.project, misfit.seq) == ("", 0)
    assert "was not signed with this ledger's key" in misfit.says


def test_every_run_names_the_end_of_the_history(bench: Any) -> None:
    tell(bench)
    bench.ledger.finish_run(bench.lease, bench.run, status=RunStatus.DONE, summary={"actions": 1})
    head = bench.ledger.head("P")
    assert bench.ledger.run(bench.run).summary == {"actions": 1, "head": {"seq": head.seq, "mac": head.mac}}


def test_anchors_are_found_among_other_lines() -> None:
    anchor = {"ledger": "l", "made": "m", "heads": {"P": {"seq": 1, "mac": "x"}}, "signature": "s"}
    lines = [
        "no JSON",
        json.dumps(anchor),
        json.dumps({"event": "history", "anchor": anchor}),
        '{"heads": 5}',
        '["heads"]',
        '{"heads": {',
        "[" * 100_000 + '"heads"',
    ]
    assert list(kept("\n".join(lines))) == [anchor, anchor]
