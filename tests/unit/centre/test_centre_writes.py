"""What is written where: one call a record with what differs there, in an order that tools can take."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from itpm_sync.bases import NEVER, Agreed, ItemBase, Refusal, Tie
from itpm_sync.connector import Operation
from itpm_sync.lens import Values
from itpm_sync.model import Dependency
from itpm_sync.plan import KEY, Action, FieldWrite, Grade
from itpm_sync.policy import FieldPolicy, Rule
from itpm_sync.reconcile.draft import Draft
from itpm_sync.reconcile.writes import Work
from itpm_sync.simulator.lenses import CutLens, NumberLens, PlainLens
from itpm_sync.testing.small_world import NOW, PLAIN, absent, item, record, tied, view
from itpm_sync.testing.small_writes import KEYS, one_write, planned, standing, written

# ── updates ──


def test_an_update_has_all_fields_of_a_record_that_differ() -> None:
    base = item("1", priority=2, title="New")
    done, _ = planned(
        view("a"),
        items=[base],
        replicas=[standing(base, priority=1, title="Old")],
        do=lambda draft: draft.items["1"].reasons.update(priority="newest"),
    )
    assert done.actions == (
        Action(
            Operation.UPDATE, "1", "a", "main", "1", "New",
            (FieldWrite("priority", 1, 2, 1, "newest"), FieldWrite("title", "Old", "New", 1, "as in a")),
            "as in a; newest", 0,
        ),
    )  # fmt: skip
    assert done.offers == ()
    assert written(view("a"), items=[base], replicas=[tied(base)]) == []


def test_a_value_that_no_tool_said_is_written_as_decided() -> None:
    base = item("1", origin=None, priority=2)
    done, _ = planned(view("a"), items=[base], replicas=[standing(base, priority=1)])
    assert [write.reason for write in done.actions[0].writes] == ["as decided"]


def test_what_is_held_undecided_computed_or_not_to_be_written_is_left() -> None:
    assert one_write() == {"priority": 2}
    assert one_write(do=lambda draft: draft.items["1"].held.add("priority")) == {}
    assert one_write(undecided=frozenset({"priority"})) == {}
    assert one_write(undecided=frozenset({"title"})) == {"priority": 2}
    assert one_write(computed=("priority",)) == {}
    assert one_write(computed=("title",)) == {"priority": 2}
    only_read = view("a", lenses=(*PLAIN[:3], PlainLens("priority", writable=False)))
    assert one_write(None, only_read) == {}


def test_an_item_that_is_left_alone_or_left_out_is_not_written() -> None:
    assert one_write(do=lambda draft: draft.skipped.add("1")) == {}
    assert one_write(do=lambda draft: draft.left_out.add("1")) == {}


def test_a_record_that_is_not_there_or_being_written_is_not_written() -> None:
    def away(draft: Draft) -> None:
        draft.replicas["a:1"].base = absent(draft.replicas["a:1"].base, confirmed=False)

    assert one_write(do=away) == {}
    assert one_write(pending=frozenset({"a:1"})) == {}
    for tie in (Tie.HIDDEN, Tie.OUT_OF_SCOPE, Tie.TOMBSTONE):
        assert one_write(tie=tie) == {}
    base = item("1", priority=2)
    assert written(view("b"), items=[base], replicas=[standing(base, priority=1), tied(base, "b")]) == []


@pytest.mark.parametrize("closed", [{"suspended": "It does not answer."}, {"policy": {"read_only": True}}])
def test_nothing_is_written_where_nothing_may_be(closed: dict[str, Any]) -> None:
    assert one_write(None, view("a", **closed)) == {}
    base = item("1", priority=2)
    _, draft = planned(view("a", **closed), items=[base], replicas=[standing(base, priority=1)])
    assert len(draft.warnings) == ("policy" in closed)


def test_each_item_and_each_record_is_looked_at() -> None:
    bases = [item(str(number), priority=2) for number in range(3)]

    def aside(draft: Draft) -> None:
        draft.skipped.add("0")
        draft.left_out.add("1")

    there = [standing(one, priority=1) for one in bases]
    assert [name for _, name, _ in written(view("a"), items=bases, replicas=there, do=aside)] == ["2"]
    one = bases[2]
    many = [
        standing(one, "gone", priority=1),
        standing(one, "a", priority=1),
        absent(standing(one, "b", priority=1)),
        standing(one, "c", priority=1, tie=Tie.HIDDEN),
        standing(one, "d", priority=1),
    ]
    views = tuple(view(name) for name in "abcd")
    done, _ = planned(*views, items=[one], replicas=many, pending=frozenset({"a:2"}))
    assert [act.connection for act in done.actions] == ["d"]


def test_a_record_that_was_never_read_is_not_written() -> None:
    base = item("1", priority=2)
    unread = replace(tied(base), seen=None)
    assert written(view("a", able=KEYS), items=[base], replicas=[unread]) == []


def test_what_is_held_is_not_told_as_refused() -> None:
    base = item("1", priority=2)
    refused = Refusal("1", "a", "main", "priority", 1, "Not allowed.", 1, NOW + timedelta(hours=1))
    _, draft = planned(
        view("a"),
        items=[base],
        replicas=[standing(base, priority=1)],
        refusals=(refused,),
        do=lambda draft: draft.items["1"].held.add("priority"),
    )
    assert draft.warnings == []


def test_a_title_that_reads_like_an_items_id_is_a_title() -> None:
    base, p = item("1", title="p"), item("p")
    there = [standing(base, title="Old"), absent(tied(p), confirmed=False)]
    assert written(view("a"), items=[base, p], replicas=there) == [("update", "1", {"title": "p"})]


def test_what_cannot_be_read_is_not_overwritten() -> None:
    assert one_write(None, view("a", lenses=(*PLAIN[:3], NumberLens("priority"))), priority="three") == {}


def test_a_form_that_stands_there_is_not_written_again() -> None:
    cut = view("a", lenses=(*PLAIN, CutLens("title", 4)))
    long = item("1", title="Rack in the cellar")
    assert one_write(long, cut, title="Rack") == {}
    assert one_write(long, cut, title="Rock") == {"title": "Rack"}


class Defaulted(PlainLens):
    """A tool that puts a 5 by itself."""

    def default(self, values: Values) -> bool:
        return values.get(self.name) == 5


def test_what_the_tool_puts_by_itself_is_not_taken_away() -> None:
    here = view("a", lenses=(*PLAIN[:3], Defaulted("priority")))
    none = item("1", priority=None)
    assert one_write(none, here, priority=5) == {}
    assert one_write(none, here, priority=4) == {"priority": None}
    assert one_write(item("1", priority=1), here, priority=5) == {"priority": 1}


def test_what_nobody_agreed_is_not_written() -> None:
    assert one_write(ItemBase("1", {"title": Agreed("Rack", 1)}), site="x") == {}


def test_records_are_given_our_key_where_they_have_a_place_for_it() -> None:
    keyed = view("a", able=KEYS)
    base = item("1")
    done, _ = planned(keyed, items=[base], replicas=[tied(base)])
    (write,) = done.actions[0].writes
    assert write == FieldWrite(KEY, None, "1", NEVER, "carries our key")
    assert one_write(base, keyed, key="1", priority=None) == {}
    assert one_write(base, keyed, key="other", priority=None) == {KEY: "1"}
    assert one_write(base, view("a"), priority=None) == {}
    by_hand, _ = planned(view("a", able=KEYS, by_hand=True), items=[base], replicas=[tied(base)])
    assert by_hand == Work((), ())


def test_an_owners_other_tools_may_be_left_as_they_are_until_the_owners_next_edit() -> None:
    owned = {"fields": {"priority": FieldPolicy(Rule.OWNER, ("z",), leave=True)}}
    assert one_write(policy=owned) == {}
    assert one_write(policy=owned, at={"priority": 0}) == {"priority": 2}
    assert one_write(policy=owned, at={}) == {"priority": 2}
    back = {"fields": {"priority": FieldPolicy(Rule.OWNER, ("z",))}}
    assert one_write(policy=back) == {"priority": 2}
    newest = {"fields": {"priority": FieldPolicy(Rule.NEWEST, leave=True)}}
    assert one_write(policy=newest) == {"priority": 2}


DEPENDS = (*PLAIN, PlainLens("dependencies"))


def test_dependencies_on_a_circle_are_written_nowhere() -> None:
    base = item("1", dependencies=frozenset({Dependency("1")}), priority=2)
    here = view("a", lenses=DEPENDS)
    there = replace(tied(base), seen=record("1", title="Rack 1", priority=1))
    assert written(here, items=[base], replicas=[there], circular={"1"}) == [("update", "1", {"priority": 2})]
    assert set(written(here, items=[base], replicas=[there], circular={"2"})[0][2]) == {
        "priority",
        "dependencies",
    }
    made = written(here, view("b", lenses=DEPENDS), items=[base], replicas=[tied(base)], circular={"1"})
    assert set(made[0][2]) == {"priority", "title"}
    made = written(here, view("b", lenses=DEPENDS), items=[base], replicas=[tied(base)])
    assert set(made[0][2]) == {"priority", "title", "dependencies"}


def test_differing_records_where_nothing_is_written_are_counted_and_told() -> None:
    def told(count: int, **policy: Any) -> list[str]:
        bases = [item(str(n), priority=2) for n in range(count)]
        here = view("a", title="Plan", policy={"read_only": True, **policy}, able=KEYS)
        _, draft = planned(
            here,
            items=[*bases, item("same")],
            replicas=[*(standing(one, priority=1) for one in bases), tied(item("same"))],
        )
        assert all(
            (one.grade, one.connection, one.container) == (Grade.NOTE, "a", "main") for one in draft.warnings
        )
        return [one.says for one in draft.warnings]

    rest = "something else than agreed in Plan in a, and nothing is written there:"
    assert told(0) == []
    assert told(1) == [f"1 record says {rest} the configuration says `read_only: true`."]
    assert told(2, why_read_only="`mode: read`") == [f"2 records say {rest} `mode: read`."]


# ── parents ──


def tree(**above: str | None) -> list[ItemBase]:
    return [item(name, parent=parent) for name, parent in above.items()]


def test_updates_go_from_the_top_down() -> None:
    bases = [
        replace(one, agreed={**one.agreed, "priority": Agreed(2, 1)})
        for one in tree(z="y", y="x", x=None, w="z")
    ]
    there = [standing(one, priority=1) for one in bases]
    assert [name for _, name, _ in written(view("a"), items=bases, replicas=there)] == ["x", "y", "z", "w"]


def test_a_cycle_among_agreed_parents_does_not_hang() -> None:
    bases = [
        replace(one, agreed={**one.agreed, "priority": Agreed(2, 1)}) for one in tree(x="y", y="x", w="x")
    ]
    there = [standing(one, priority=1) for one in bases]
    assert len(written(view("a"), items=bases, replicas=there)) == 3


def test_a_run_that_looks_at_a_part_writes_it_without_asking_for_the_rest() -> None:
    base = item("1", priority=2)
    found = written(view("a"), items=[base], replicas=[standing(base, priority=1)], focus=frozenset({"1"}))
    assert found == [("update", "1", {"priority": 2})]


def test_a_parent_that_is_not_there_is_waited_for() -> None:
    p, x = tree(p=None, x="p")
    there = standing(x, parent=None)
    assert written(view("a"), items=[p, x], replicas=[tied(p), there]) == [("update", "x", {"parent": "p"})]
    done, draft = planned(view("a"), items=[p, x], replicas=[absent(tied(p), confirmed=False), there])
    assert done.actions == ()
    assert [one.says for one in draft.warnings] == [
        "Rack x is not put under Rack p in a: that record is hidden there, or not believed gone yet."
    ]
    elsewhere = [tied(p), absent(tied(p, "b"), confirmed=False), there, tied(x, "b")]
    assert written(view("a"), view("b"), items=[p, x], replicas=elsewhere) == [
        ("update", "x", {"parent": "p"})
    ]
    in_step, draft = planned(view("a"), items=[p, x], replicas=[absent(tied(p), confirmed=False), tied(x)])
    assert (in_step.actions, draft.warnings) == ((), [])


def test_a_new_record_waits_for_a_parent_that_is_not_there() -> None:
    p, x = tree(p=None, x="p")
    there = [tied(p), tied(x), absent(tied(p, "b"), confirmed=False)]
    done, draft = planned(view("a"), view("b"), items=[p, x], replicas=there)
    assert done.actions == ()
    assert draft.envs["b", "main"].native_of("x") is None
    assert draft.warnings[0].says.startswith("Rack x is not put under Rack p in b")


def test_a_parent_that_would_close_a_cycle_over_a_held_one_is_not_written() -> None:
    x, y = tree(x="y", y=None)
    held = standing(y, parent="x")

    def hold(draft: Draft) -> None:
        draft.items["y"].held.add("parent")

    x = replace(x, agreed={**x.agreed, "priority": Agreed(2, 1)})
    there = [standing(x, parent=None, priority=1), held]
    done, draft = planned(view("a"), items=[x, y], replicas=there, do=hold)
    assert [[write.name for write in one.writes] for one in done.actions] == [["priority"]]
    (told,) = draft.warnings
    assert told.says == "Rack x is not put under Rack y: what stands in a would lie under itself."
    assert (told.field, told.mend, told.grade) == ("parent", "Settle the conflict over it.", Grade.NOTE)
    both = written(view("a"), items=[x, y], replicas=there)
    assert both[0] == ("update", "y", {"parent": None})
    assert both[1] == ("update", "x", {"parent": "y", "priority": 2})
