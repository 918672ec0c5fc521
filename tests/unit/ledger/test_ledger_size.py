"""A project of 50,000 items, the most there is, loads within bounded memory (F68). Told from 10,000: it is linear."""

from __future__ import annotations

import tracemalloc
from itertools import islice
from typing import Any

TIMES = 100
SOWN = 100
ITEMS = SOWN * TIMES
WALKED = 10_000

MULTIPLY = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {last})
INSERT INTO {table} ({names}) SELECT {values} FROM {table}, n
"""


def multiply(bench: Any, table: str, **changed: str) -> None:
    """Make the rows of a table many, as SQL does it fastest."""
    with bench.engine.begin() as connection:
        names = [row[1] for row in connection.exec_driver_sql(f"PRAGMA table_info({table})")]
        values = ", ".join(changed.get(name, name) for name in names)
        connection.exec_driver_sql(
            MULTIPLY.format(table=table, names=", ".join(names), values=values, last=TIMES - 1)
        )


def test_a_full_project_loads_within_bounded_memory(file_bench: Any) -> None:
    bench = file_bench
    bench.decide(*(bench.decided(n) for n in range(SOWN)))
    bench.ledger.store_readings(
        bench.lease,
        [
            bench.replica(n, tool=tool, item=f"i-{n}")
            for n in range(SOWN)
            for tool in ("smartsheet", "planner")
        ],
    )
    multiply(bench, "items", id="id || '.' || i")
    multiply(
        bench, "replicas", id="id || '.' || i", native_id="native_id || '.' || i", item="item || '.' || i"
    )
    [(stored,)] = bench.rows(
        "SELECT (SELECT sum(length(document)) FROM items) + (SELECT sum(length(document)) FROM replicas)"
    )

    tracemalloc.start()
    state = bench.state
    loaded, peak = tracemalloc.get_traced_memory()
    walked = sum(replica.item is not None for replica in islice(state.replicas.values(), WALKED))
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()

    assert (len(state.items), len(state.replicas), walked) == (ITEMS, 3 * ITEMS, WALKED)
    assert len(state.of_item) == ITEMS
    # beside the documents themselves, a row costs its ids, its hash and its places in tables
    overhead = (loaded - stored) / ITEMS
    assert overhead < 2500, f"{overhead:.0f} bytes an item with three replicas, documents left out"
    assert peak - loaded < 20_000_000, "loading needs little more than what it leaves"
    # looking at each one does not keep each one unpacked
    assert after - loaded < 10_000_000
