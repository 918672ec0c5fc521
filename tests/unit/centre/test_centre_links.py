"""Agreed dependencies on records that are items by now are named by the item."""

from __future__ import annotations

from dataclasses import replace

import pytest

from itpm_sync.bases import Agreed, ItemBase, Replica, Tie
from itpm_sync.model import Dependency
from itpm_sync.reconcile.draft import Draft
from itpm_sync.reconcile.links import name_links
from itpm_sync.testing.small_world import NOW, item, tied, view, world


def linked(*names: str) -> ItemBase:
    links = frozenset(Dependency(name) for name in names)
    return replace(item("1"), agreed={"dependencies": Agreed(links, 3, "a", "ann", NOW)})


def after(
    base: ItemBase, *others: Replica, here: tuple[Replica, ...] | None = None, held: bool = False
) -> Draft:
    """What is named once `x` is item 2."""
    two = tied(item("2"), native="x")
    draft = Draft(
        world(
            view("a"),
            view("a", "other"),
            view("b"),
            items=[base, item("0"), item("2")],
            replicas=[*(here or (tied(base),)), two, *others],
        )
    )
    if held:
        draft.items["1"].held.add("dependencies")
    name_links(draft)
    return draft


def names(draft: Draft) -> set[str]:
    value = draft.items["1"].agreed["dependencies"].value
    assert isinstance(value, frozenset)
    return {link.predecessor for link in value if isinstance(link, Dependency)}


def test_a_link_on_a_record_that_is_an_item_now_names_the_item() -> None:
    draft = after(linked("a:x", "a:never", "0"))
    assert names(draft) == {"2", "a:never", "0"}
    agreed = draft.items["1"].agreed["dependencies"]
    assert (agreed.version, agreed.origin, agreed.actor, agreed.edited) == (4, "a", "ann", NOW)
    assert draft.items["1"].reasons == {"dependencies": "what it names is an item now"}


def test_what_is_named_already_or_is_the_item_itself_stays() -> None:
    for same in (linked("a:x", "2"), linked("a:1"), linked("2"), linked("x"), linked("b:x")):
        draft = after(same)
        assert draft.items["1"].agreed == same.agreed
        assert draft.items["1"].reasons == {}


def test_a_held_field_and_one_without_links_stay() -> None:
    assert names(after(linked("a:x"), held=True)) == {"a:x"}
    bare = replace(item("1"), agreed={"dependencies": Agreed(None, 1)})
    assert after(bare).items["1"].agreed == bare.agreed
    assert after(item("1")).items["1"].agreed == item("1").agreed


def test_each_item_is_looked_at() -> None:
    base = linked("a:x")
    first = item("0")
    draft = Draft(
        world(view("a"), items=[first, base, item("2")], replicas=[tied(base), tied(item("2"), native="x")])
    )
    name_links(draft)
    assert names(draft) == {"2"}


@pytest.mark.parametrize(
    ("tie", "named"), [(Tie.TIED, "2"), (Tie.OUT_OF_SCOPE, "2"), (Tie.HIDDEN, "2"), (Tie.TOMBSTONE, "a:x")]
)
def test_the_link_stands_in_the_container_of_a_record_that_is_there(tie: Tie, named: str) -> None:
    base = linked("a:x")
    assert names(after(base, here=(tied(base, tie=tie),))) == {named}


def test_records_in_other_tools_and_containers_do_not_name_it() -> None:
    base = linked("a:x")
    other = tied(item("2"), "b", native="x")
    assert names(after(base, other, here=(tied(base, "b"), tied(base, "gone"), tied(base)))) == {"2"}
    assert names(after(base, other, here=(tied(base, "b"),))) == {"a:x"}
    assert names(after(base, here=(tied(base, "a", "other"),))) == {"a:x"}
    assert names(
        after(
            base, here=(tied(base, "a", "gone", native="z"), tied(base, "a", "other", native="y"), tied(base))
        )
    ) == {"2"}
