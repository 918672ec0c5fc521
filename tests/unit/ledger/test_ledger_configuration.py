"""Which configuration each run took the place of, and how the one before is put back."""

from __future__ import annotations

from typing import Any


def base(bench: Any) -> tuple[str | None, Any]:
    ledger = bench.ledger
    return ledger.accepted_fingerprint(bench.project), ledger.accepted_configuration(bench.project)


def accept(bench: Any, fingerprint: str, run: str) -> None:
    bench.ledger.accept_fingerprint(bench.lease, fingerprint, document={"says": fingerprint}, run=run)


def test_the_base_before_a_run_is_put_back(bench: Any) -> None:
    accept(bench, "one", "run-1")
    accept(bench, "two", "run-2")
    replaced = bench.ledger.replaced_base(bench.project, "run-2")
    assert (replaced.fingerprint, replaced.document) == ("one", {"says": "one"})
    assert (replaced.in_force, replaced.back) == (True, False)
    assert bench.ledger.put_base_back(bench.lease, "run-2", by="run-3")
    assert base(bench) == ("one", {"says": "one"})
    replaced = bench.ledger.replaced_base(bench.project, "run-2")
    assert (replaced.in_force, replaced.back) == (False, True)
    assert not bench.ledger.put_base_back(bench.lease, "run-2", by="run-4")  # it is back already


def test_putting_back_can_be_taken_back_too(bench: Any) -> None:
    accept(bench, "one", "run-1")
    accept(bench, "two", "run-2")
    bench.ledger.put_base_back(bench.lease, "run-2", by="run-3")
    assert bench.ledger.put_base_back(bench.lease, "run-3", by="run-4")
    assert base(bench) == ("two", {"says": "two"})


def test_before_the_first_there_was_none(bench: Any) -> None:
    accept(bench, "one", "run-1")
    assert bench.ledger.put_base_back(bench.lease, "run-1", by="run-2")
    assert base(bench) == (None, None)
    assert bench.ledger.put_base_back(bench.lease, "run-2", by="run-3")
    assert base(bench)[0] == "one"


def test_one_that_another_run_has_replaced_since_is_left(bench: Any) -> None:
    accept(bench, "one", "run-1")
    accept(bench, "two", "run-2")
    accept(bench, "three", "run-3")
    assert not bench.ledger.put_base_back(bench.lease, "run-2", by="run-4")
    assert base(bench)[0] == "three"


def test_a_run_that_accepted_the_same_again_replaced_nothing(bench: Any) -> None:
    accept(bench, "one", "run-1")
    accept(bench, "one", "run-2")
    assert bench.ledger.replaced_base(bench.project, "run-2") is None
    assert not bench.ledger.put_base_back(bench.lease, "run-2", by="run-3")
