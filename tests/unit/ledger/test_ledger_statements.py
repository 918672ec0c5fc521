"""Statements made once: any number of ids, errors without values, a connection that nobody takes over half-done."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import bindparam, event, select
from sqlalchemy.exc import IntegrityError

from itpm_sync.errors import Unreadable
from itpm_sync.ledger import schema
from itpm_sync.ledger.prepared import Prepared
from itpm_sync.ledger.statements import insert_rows

_table = schema.replicas
NAMED = Prepared(
    select(_table.c.id).where(_table.c.id.in_(bindparam("its_ids", expanding=True))).order_by(_table.c.id),
    listed="its_ids",
)


@pytest.mark.parametrize("asked", [1, 2, 3, 5, 8, 9, 33, 500])
def test_as_many_rows_are_found_as_are_asked_for(asked: int, bench: Any) -> None:
    bench.ledger.store_readings(bench.lease, [bench.replica(n) for n in range(40)])
    wanted = [f"r-jira-{n}" for n in range(asked)]
    found = bench.ledger._read(lambda c: [row.id for row in NAMED.all(c, {"its_ids": wanted})])
    assert found == sorted(wanted[:40])


def test_an_error_names_no_value_and_says_its_kind(bench: Any) -> None:
    bench.ledger.store_readings(bench.lease, [bench.replica(1)])
    twice = {"project": "P", "id": "i-1", "life": "active", "note": "a secret note", "made": None}
    rows = [{**twice, "document": "{}", "hash": ""}]
    with bench.engine.begin() as connection:
        insert_rows(connection, schema.items, rows)
    with bench.engine.begin() as connection, pytest.raises(IntegrityError) as told:
        insert_rows(connection, schema.items, rows)
    assert "a secret note" not in str(told.value).replace(str(told.value.orig), "")


def test_whoever_listens_hears_of_every_statement(bench: Any) -> None:
    heard: list[str] = []

    def hear(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        heard.append(statement.split(maxsplit=1)[0])

    for moment in ("before_cursor_execute", "after_cursor_execute"):
        event.listen(bench.engine, moment, hear)
    bench.ledger.renew(bench.lease, 60)
    for moment in ("before_cursor_execute", "after_cursor_execute"):
        event.remove(bench.engine, moment, hear)
    assert heard.count("UPDATE") == 4  # the lease signed, its end moved; each before and after


def test_what_was_broken_off_is_seen_by_nobody(bench: Any) -> None:
    def killed(transaction: Any) -> None:
        transaction.connection.exec_driver_sql("UPDATE projects SET title = 'half'")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.ledger._write(bench.lease, killed)
    assert bench.ledger.projects() == {"P": "Network refresh"}
    bench.decide(bench.decided(1))
    assert list(bench.state.items) == ["i-1"]


@pytest.mark.parametrize("table", ["items", "replicas"])
def test_a_row_that_was_read_before_and_altered_since_is_not_taken_from_memory(
    table: str, bench: Any
) -> None:
    bench.decide(bench.decided(1))
    before = getattr(bench.state, table)
    assert list(before.values()) == list(getattr(bench.state, table).values())
    with bench.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {table} SET document = replace(document, '1', '2')")
    with pytest.raises(Unreadable, match="altered outside itpm-sync"):
        list(getattr(bench.state, table).values())
