"""Re-parentings of one plan of which one makes room for the other: the second waits until the first has been made."""

from __future__ import annotations

from itpm_sync.errors import Refused
from itpm_sync.testing.stories import add, bench_of, native, quiet, settle, start


def test_what_still_lies_under_a_record_is_not_put_above_it() -> None:
    bench = bench_of("J", "S")
    upper = add(bench, "J", "Upper")
    lower = add(bench, "J", "Lower", parent=upper)
    start(bench)
    memory, in_j = bench.tools["S"].memory, bench.tools["J"].memory
    sent: list[tuple[str, object]] = []

    def refuses_the_first(call: str, phase: str) -> None:
        if (call, phase) == ("apply update", "before"):
            sent.append((call, memory.rows[native(bench, "S", "Lower")].values.get("parent")))
            if len(sent) == 1:
                raise Refused("S: not now.")

    memory.on_call = refuses_the_first
    in_j.edit_as("ann", lower, parent=None)
    in_j.edit_as("ann", upper, parent=lower)
    bench.sync()
    assert len(sent) == 1, "Lower still lies under Upper"
    settle(bench, 6)
    assert memory.rows[native(bench, "S", "Upper")].values["parent"] == native(bench, "S", "Lower")
    assert memory.rows[native(bench, "S", "Lower")].values.get("parent") is None
    assert quiet(bench)
