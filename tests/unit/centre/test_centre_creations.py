"""What is made and deleted where, what is offered by hand, and what waits since it was refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from itpm_sync.bases import ItemBase, Offer, Refusal, Tie
from itpm_sync.connector import Operation, Room
from itpm_sync.lens import Env, Poisoned
from itpm_sync.model import Value
from itpm_sync.plan import KEY, Action, FieldWrite, Grade, OfferedField
from itpm_sync.policy import Creation
from itpm_sync.reconcile import ContainerView
from itpm_sync.reconcile.draft import Draft
from itpm_sync.simulator.lenses import PlainLens, SetLens
from itpm_sync.testing.small_world import NOW, PLAIN, item, tied, untied, view
from itpm_sync.testing.small_writes import KEYS, one_write, planned, standing, written


def tree(**above: str | None) -> list[ItemBase]:
    return [item(name, parent=parent) for name, parent in above.items()]


# ── creations ──


def created(base: ItemBase, here: ContainerView | None = None, **more: Any) -> dict[str, Value]:
    found = written(view("a"), here or view("b"), items=[base], replicas=[tied(base)], **more)
    return found[0][2] if found else {}


def test_a_new_record_has_what_is_agreed_and_can_be_written() -> None:
    base = item("1", priority=2, site="x", parent=None)
    assert created(base) == {"priority": 2, "title": "Rack 1"}
    only_read = view("b", lenses=(*PLAIN[:3], PlainLens("priority", writable=False)))
    assert created(base, only_read) == {"title": "Rack 1"}
    assert created(base, do=lambda draft: draft.items["1"].held.add("priority")) == {"title": "Rack 1"}
    words = item("1", labels=frozenset({"x"}))
    assert created(words, view("b", lenses=(*PLAIN, SetLens("labels", ["y"])))) == {"title": "Rack 1"}


def test_a_creation_says_where_the_item_is_known_from() -> None:
    base = item("1", priority=2)
    done, _ = planned(view("a"), view("b", title="Sheet"), items=[base], replicas=[tied(base)])
    (act,) = done.actions
    assert act == Action(
        Operation.CREATE, "1", "b", "main", None, "Rack 1",
        (FieldWrite("priority", None, 2, 1), FieldWrite("title", None, "Rack 1", 1)),
        "taken by Sheet, known from a", 0,
    )  # fmt: skip
    plain, _ = planned(view("a"), view("b"), items=[base], replicas=[tied(base)])
    assert plain.actions[0].reason == "taken by main, known from a"


def test_new_records_lie_under_new_parents_and_come_after_them() -> None:
    bases = tree(x="y", y="z", z=None)
    done, draft = planned(view("a"), view("b"), items=bases, replicas=[tied(one) for one in bases])
    told = [
        (one.item, one.depth, {write.name: write.new for write in one.writes}.get("parent"))
        for one in done.actions
    ]
    assert told == [("z", 0, None), ("y", 1, "z"), ("x", 2, "y")]
    assert draft.envs["b", "main"].native_of("z") == "new:z"


def test_new_records_come_in_the_order_of_the_first_container_that_has_them() -> None:
    bases = [item(name) for name in "wxyz"]
    places = {"w": ("b", 0), "x": ("a", 2), "y": ("a", 1), "z": ("b", 1)}
    there = []
    for one in bases:
        tool, position = places[one.id]
        known = tied(one, tool)
        assert known.seen is not None
        there.append(replace(known, seen=replace(known.seen, position=position)))
    no = {"creation": Creation.MATCH_ONLY}
    views = (view("a", policy=no), view("b", policy=no), view("c"))
    assert [name for _, name, _ in written(*views, items=bases, replicas=there)] == ["y", "x", "w", "z"]
    strangers = [*there, untied("gone", "s"), tied(bases[0], "gone")]
    assert [name for _, name, _ in written(*views, items=bases, replicas=strangers)] == ["y", "x", "w", "z"]


def test_what_finds_no_room_is_no_parent_for_others() -> None:
    bases = tree(x=None, y="x")
    full = view("b", limits={Room.RECORDS: 0})
    done, draft = planned(view("a"), full, items=bases, replicas=[tied(one) for one in bases])
    assert done.actions == ()
    assert draft.envs["b", "main"].natives == {}


def test_a_new_record_whose_title_is_too_long_is_not_made() -> None:
    base = item("1")
    done, draft = planned(view("a"), view("b", limits={Room.TEXT: 3}), items=[base], replicas=[tied(base)])
    assert done.actions == ()
    assert draft.envs["b", "main"].natives == {}


def test_what_would_lie_under_a_record_whose_title_is_too_long_is_made_without_it() -> None:
    bases = [item("x", title="A", parent="y"), item("y", title="Too long", parent=None)]
    done, _ = planned(
        view("a"), view("b", limits={"title": 3}), items=bases, replicas=[tied(one) for one in bases]
    )
    assert [(one.item, {write.name: write.new for write in one.writes}) for one in done.actions] == [
        ("x", {"title": "A"})
    ]


def test_a_text_that_is_too_long_is_not_written_in_an_update() -> None:
    assert one_write(None, view("a", limits={Room.TEXT: 3}), title="Old", priority=2) == {}


# ── deletions ──


def test_deletions_come_last_the_deepest_first() -> None:
    bases = tree(x=None, y="x", z=None)
    there = [tied(one, tool) for tool in ("b", "a") for one in bases]

    def noted(draft: Draft) -> None:
        draft.items["y"].note = "deleted in c"

    done, _ = planned(view("b"), view("a"), items=bases, replicas=there, doomed={"x", "y", "z"}, do=noted)
    assert [(one.connection, one.item, one.depth) for one in done.actions] == [
        ("a", "y", 1),
        ("b", "y", 1),
        ("a", "x", 0),
        ("a", "z", 0),
        ("b", "x", 0),
        ("b", "z", 0),
    ]
    assert done.actions[0] == Action(Operation.DELETE, "y", "a", "main", "y", "Rack y", (), "deleted in c", 1)
    assert done.actions[2].reason == "deleted in another tool"
    z = item("z")
    named = (view("b", "list"), view("a", "plan"))
    apart, _ = planned(*named, items=[z], replicas=[tied(z, *one.place) for one in named], doomed={"z"})
    assert [one.connection for one in apart.actions] == ["a", "b"]


def test_what_lies_under_a_deletion_is_moved_out_first() -> None:
    g, x, y = tree(g=None, x="g", y="g")
    under = [tied(g), tied(x), standing(y, parent="x")]
    found = written(view("a"), items=[g, x, y], replicas=under, doomed={"x"})
    assert found == [("update", "y", {"parent": "g"}), ("delete", "x", {})]


def test_also_what_is_out_of_scope_is_moved_out_and_nothing_else_of_it_is_written() -> None:
    g, x, y = tree(g=None, x="g", y="g")
    out = standing(y, parent="x", title="Old", tie=Tie.OUT_OF_SCOPE)
    found = written(view("a"), items=[g, x, y], replicas=[tied(g), tied(x), out], doomed={"x"})
    assert found == [("update", "y", {"parent": "g"}), ("delete", "x", {})]
    aside = standing(y, parent=None, title="Old", tie=Tie.OUT_OF_SCOPE)
    assert written(view("a"), items=[g, x, y], replicas=[tied(g), tied(x), aside], doomed={"x"}) == [
        ("delete", "x", {})
    ]


def test_a_record_that_is_deleted_is_not_written() -> None:
    base = item("1", priority=2)
    assert written(view("a"), items=[base], replicas=[standing(base, priority=1)], doomed={"1"}) == [
        ("delete", "1", {})
    ]


# ── by hand ──


def offered(*before: Offer) -> tuple[OfferedField, ...]:
    base = item("1", priority=2)
    there = standing(base, priority=1, offers={"priority": before} if before else {})
    done, draft = planned(view("a", by_hand=True), items=[base], replicas=[there])
    assert done.actions == ()
    offers = draft.replicas["a:1"].offers["priority"]
    assert offers == (*before, *(() if 1 in [one.version for one in before] else (Offer(1, 2, NOW),)))
    return done.offers


def test_changes_by_hand_are_offered_with_the_time_of_their_first_offer() -> None:
    told = OfferedField("1", "a", "main", "1", "Rack 1", "priority", 1, 2, 1, NOW)
    assert offered() == (told,)
    old = NOW - timedelta(days=1)
    assert offered(Offer(1, 2, old)) == (replace(told, since=old),)
    assert offered(Offer(0, 7, old)) == (told,)


# ── refused ──


def refusal(field: str, version: int = 1, *, due: bool = False) -> Refusal:
    wait = timedelta(0) if due else timedelta(seconds=1)
    return Refusal("1", "a", "main", field, version, "Not allowed.", 1, NOW + wait)


def test_a_refused_write_waits_for_its_next_try_or_a_newer_version() -> None:
    assert one_write(refusals=(refusal("priority"),)) == {}
    assert one_write(refusals=(refusal("priority", due=True),)) == {"priority": 2}
    assert one_write(refusals=(refusal("priority", 7),)) == {"priority": 2}
    assert one_write(refusals=(replace(refusal("priority"), container="other"),)) == {"priority": 2}
    assert one_write(refusals=(refusal("title"),)) == {"priority": 2}


def test_a_refused_key_waits_whatever_the_version() -> None:
    keyed = view("a", able=KEYS)
    assert one_write(None, keyed) == {"priority": 2, KEY: "1"}
    assert one_write(None, keyed, refusals=(refusal(KEY, 99),)) == {"priority": 2}


def test_a_refused_record_is_left_whole_until_any_field_of_it_is_newer() -> None:
    assert one_write(refusals=(refusal("", 2),)) == {}  # title and priority, each at version 1
    assert one_write(refusals=(refusal("", 1),)) == {"priority": 2}


def test_a_refused_creation_and_deletion_wait() -> None:
    base = item("1", priority=2)
    refused = (replace(refusal("", 2), connection="b"),)
    assert created(base, refusals=refused) == {}
    gone, draft = planned(
        view("a"), items=[base], replicas=[tied(base)], doomed={"1"}, refusals=(refusal("", 2),)
    )
    assert gone.actions == ()
    assert draft.envs["a", "main"].leaving == set()


def test_what_is_left_out_for_a_refusal_is_told_in_every_run() -> None:
    base = item("1", priority=2)
    both = (refusal("priority"), replace(refusal("", 2), connection="b"))
    _, draft = planned(
        view("a"), view("b"), items=[base], replicas=[standing(base, priority=1)], refusals=both
    )
    assert [(one.grade, one.says, one.field, one.mend) for one in draft.warnings] == [
        (Grade.LEFT_OUT, "Rack 1 is left out in b: Not allowed.", "", "See `itpm-sync quarantine list`."),
        (
            Grade.LEFT_OUT,
            "priority of Rack 1 is left out in a: Not allowed.",
            "priority",
            "See `itpm-sync quarantine list`.",
        ),
    ]


class Breaking(PlainLens):
    """Breaks on what was agreed."""

    def form(self, value: Value, env: Env) -> Value:
        if value == 2:
            raise Poisoned("It broke.", field=self.name, place=("a", "main"))
        return super().form(value, env)


def test_a_form_that_cannot_be_found_is_quarantined_and_the_rest_is_written() -> None:
    base = item("1", priority=2, title="New")
    here = view("a", lenses=(*PLAIN[:3], Breaking("priority")))
    there = standing(base, priority=1, title="Old")
    done, draft = planned(here, items=[base], replicas=[there])
    assert [[write.name for write in one.writes] for one in done.actions] == [["title"]]
    assert draft.poisoned == {("1", "a", "main", "priority"): "It broke."}
    assert draft.items["1"].held == {"priority"}
    (told,) = draft.warnings
    assert (told.grade, told.says, told.field) == (
        Grade.LEFT_OUT,
        "priority of New is left out in a: It broke.",
        "priority",
    )
    assert told.mend == "Correct the record there, or send the log along with a report."


class Odd(PlainLens):
    """Holds 5 where nothing was said, and nothing of what it does not know."""

    def form(self, value: Value, env: Env) -> Value:
        return {None: 5, "unknown": None}.get(value, value) if isinstance(value, str | None) else value


def test_what_a_new_record_has_by_itself_or_cannot_hold_is_not_written() -> None:
    here = view("b", lenses=(*PLAIN[:3], Odd("priority")))
    assert created(item("1", priority=5), here) == {"title": "Rack 1"}
    assert created(item("1", priority="unknown"), here) == {"title": "Rack 1"}
    assert created(item("1", priority=7), here) == {"title": "Rack 1", "priority": 7}
    assert created(item("1", priority=None), here) == {"title": "Rack 1"}


def test_what_would_lie_under_a_record_that_cannot_be_made_is_made_above_it() -> None:
    x, y = item("x", parent="y", title="x"), item("y", title="much too long")
    views = (view("a"), view("b", limits={Room.TEXT: 3}))
    found = written(*views, items=[x, y], replicas=[tied(x), tied(y)])
    assert found == [("create", "x", {"title": "x"})]


def test_new_records_have_no_place_where_none_is_known() -> None:
    bases = [item("x"), item("y")]
    there = [replace(tied(bases[0]), seen=None), tied(bases[1])]
    assert [name for _, name, _ in written(view("a"), view("b"), items=bases, replicas=there)] == ["y", "x"]


def test_a_deleted_record_under_one_that_is_deleted_is_not_moved_out() -> None:
    g, x, y = tree(g=None, x="g", y="g")
    there = [tied(g), tied(x), standing(y, parent="x", tie=Tie.TOMBSTONE)]
    assert written(view("a"), items=[g, x, y], replicas=there, doomed={"x"}) == [("delete", "x", {})]


def test_a_record_over_one_that_is_written_and_not_moved_stays() -> None:
    g, x, y = tree(g=None, x="g", y="g")

    def hold(draft: Draft) -> None:
        draft.items["y"].held.add("parent")

    under = [tied(g), tied(x), standing(y, parent="x", title="Old")]
    found = written(view("a"), items=[g, x, y], replicas=under, doomed={"x"}, do=hold)
    assert found == [("update", "y", {"title": "Rack y"})]
