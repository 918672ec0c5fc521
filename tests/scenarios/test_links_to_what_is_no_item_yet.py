"""A dependency that names a record before it is an item comes to the other tools once it is one."""

from __future__ import annotations

import pytest

from itpm_sync.cycle import decide_pair
from itpm_sync.mapping.sets import LinkStep, SetLens
from itpm_sync.model import Dependency, LinkType
from itpm_sync.testing.bench import PROJECT, Bench
from itpm_sync.testing.stories import add, bench_of, item, native, quiet, settle, start


@pytest.fixture
def bench() -> Bench:
    found = bench_of("J", "S")
    links = SetLens("dependencies", "links", LinkStep(frozenset(LinkType)))
    for tool in found.tools.values():
        tool.lenses = {**tool.lenses, "dependencies": links}
    add(found, "J", "Rack")
    start(found)
    return found


def link(bench: Bench, name: str, title: str, *natives: str) -> None:
    """A person sets the predecessors of a record."""
    bench.tools[name].memory.edit_as(
        "bea", native(bench, name, title), links=[{"id": one} for one in natives]
    )


def links(bench: Bench, name: str, title: str) -> list[str]:
    return sorted(one["id"] for one in bench.value(name, native(bench, name, title), "links") or ())


def waiting(bench: Bench) -> str:
    """A record in S that waits for a pairing, for its title is all that is known of it."""
    add(bench, "J", "Twin")
    twin = add(bench, "S", "Twin")
    bench.sync()
    assert [pair.proposal.native_id for pair in bench.ledger.pairs(PROJECT)] == [twin]
    return twin


def paired(bench: Bench) -> None:
    (pair,) = bench.ledger.pairs(PROJECT)
    decide_pair(bench.workspace(), PROJECT, pair.proposal.id, item=pair.proposal.candidates[0], actor="bea")


def test_a_link_to_a_record_that_waits_for_a_pairing_comes_to_the_other_tool(bench: Bench) -> None:
    twin = waiting(bench)
    link(bench, "S", "Rack", twin)
    settle(bench)
    assert bench.agreed(item(bench, "Rack"), "dependencies") == frozenset({Dependency(f"S:{twin}")})
    assert links(bench, "J", "Rack") == []
    paired(bench)
    settle(bench)
    assert bench.agreed(item(bench, "Rack"), "dependencies") == frozenset({Dependency(item(bench, "Twin"))})
    assert links(bench, "J", "Rack") == [native(bench, "J", "Twin")]
    assert links(bench, "S", "Rack") == [twin]
    assert bench.ledger.conflicts(PROJECT) == []
    assert quiet(bench)


def test_a_link_to_a_record_that_was_hidden_comes_to_the_other_tool_when_it_is_shown(bench: Bench) -> None:
    memory, desk = bench.tools["S"].memory, add(bench, "S", "Desk")
    memory.hide(desk)
    link(bench, "S", "Rack", desk)
    settle(bench)
    memory.hide(desk, hidden=False)
    settle(bench)
    assert links(bench, "J", "Rack") == [native(bench, "J", "Desk")]
    assert quiet(bench)


def test_a_link_added_elsewhere_meanwhile_is_joined_with_it(bench: Bench) -> None:
    twin = waiting(bench)
    link(bench, "S", "Rack", twin)
    desk = add(bench, "J", "Desk")
    settle(bench)
    paired(bench)
    link(bench, "J", "Rack", desk)
    settle(bench)
    assert bench.ledger.conflicts(PROJECT) == []
    assert links(bench, "J", "Rack") == sorted([desk, native(bench, "J", "Twin")])
    assert links(bench, "S", "Rack") == sorted([twin, native(bench, "S", "Desk")])
    assert quiet(bench)
