"""What a target can still take: which creations wait, which texts are too long, and how many people are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from itpm_sync.bases import Tie
from itpm_sync.connector import Capabilities, Operation, Room
from itpm_sync.lens import Env, Values
from itpm_sync.model import Assignees, Block, BlockKind, Category, Day, Progress, Value
from itpm_sync.plan import Action, Grade, Warning
from itpm_sync.reconcile.draft import Draft
from itpm_sync.reconcile.limits import fitting, short_enough, told
from itpm_sync.simulator.lenses import PlainLens
from itpm_sync.testing.small_world import PLAIN, absent, action, item, record, tied, untied, view, world

DONE = Progress(Category.DONE, None, 100, Day(date(2026, 5, 1)), Day(date(2026, 5, 2)))
TODO = Progress(Category.TODO)
LENSES = (*PLAIN, PlainLens("progress"), PlainLens("description"))


def full(limits: dict[str, int], *said: Any, **more: Any) -> Draft:
    """A container with these limits, and records in it by their progress."""
    here, elsewhere = view("a", lenses=LENSES, limits=limits, title="Sheet"), view("b", lenses=LENSES)
    bases = [item(f"old-{number}", progress=one) for number, one in enumerate(said)]
    replicas = [replace(tied(one), **more) for one in bases] + [tied(one, "b") for one in bases]
    return Draft(world(here, elsewhere, items=bases, replicas=replicas))


def create(of: str, connection: str = "a", **writes: Any) -> Action:
    return action(Operation.CREATE, of, connection, **writes)


def kept(draft: Draft, *actions: Action) -> list[str]:
    return [one.item for one in fitting(draft, actions)]


def test_where_nothing_is_limited_everything_is_made() -> None:
    assert kept(full({}), create("1"), create("2")) == ["1", "2"]
    assert kept(full({Room.TEXT: 1}), create("1")) == ["1"]


def test_a_container_takes_so_many_records_and_the_first_come_first() -> None:
    draft = full({Room.RECORDS: 3}, TODO)
    assert kept(draft, create("1"), create("2"), create("3"), create("4"), create("5", "b")) == [
        "1",
        "2",
        "5",
    ]
    assert draft.warnings == [
        Warning(
            Grade.LEFT_OUT,
            "2 items (the first: Rack 3) are not created in Sheet in a: it takes 3 records at most. Changes go on.",
            "a",
            "main",
            mend="Archive what is done there, or take less into it (`takes:`).",
        )
    ]


def test_one_that_is_left_out_is_told_by_name() -> None:
    draft = full({Room.RECORDS: 1000}, *[TODO] * 1000)
    assert kept(draft, create("1")) == []
    assert (
        draft.warnings[0].says
        == "Rack 1 is not created in Sheet in a: it takes 1,000 records at most. Changes go on."
    )


@pytest.mark.parametrize("more", [{"tie": Tie.TOMBSTONE}, {"seen": None}])
def test_records_that_are_no_more_take_no_room(more: dict[str, Any]) -> None:
    assert kept(full({Room.RECORDS: 1}, TODO, **more), create("1"), create("2")) == ["1"]
    assert kept(full({Room.RECORDS: 2}, TODO, tie=Tie.HIDDEN), create("1"), create("2")) == ["1"]


def test_absent_records_take_no_room_and_strangers_do() -> None:
    draft = full({Room.RECORDS: 2}, TODO)
    draft.replicas["a:old-0"].base = absent(draft.replicas["a:old-0"].base)
    assert kept(draft, create("1"), create("2"), create("3")) == ["1", "2"]
    strangers = Draft(
        world(view("a", limits={Room.RECORDS: 2}), replicas=[untied("a", "x"), untied("a", "y")])
    )
    assert kept(strangers, create("1")) == []


def test_what_is_done_takes_no_room_among_the_active() -> None:
    draft = full({Room.ACTIVE: 2}, TODO, DONE, DONE, DONE)
    acts = [create("1", progress=DONE), create("2", progress=TODO), create("3"), create("4", progress=DONE)]
    assert kept(draft, *acts) == ["1", "2", "4"]
    assert draft.warnings[0].says.endswith("it takes 2 active records at most. Changes go on.")


def test_cells_are_shared_out_among_the_records() -> None:
    draft = full({Room.CELLS: 50, Room.CELLS_EACH: 20}, TODO)
    assert kept(draft, create("1"), create("2")) == ["1"]
    assert draft.warnings[0].says.endswith("it takes 50 cells at most. Changes go on.")
    assert kept(full({Room.CELLS: 2}, TODO), create("1"), create("2")) == ["1"]
    assert kept(full({Room.CELLS: 2, Room.CELLS_EACH: 0}, TODO), create("1"), create("2")) == ["1"]
    assert kept(full({Room.RECORDS: 3, Room.CELLS_EACH: 20}, TODO), create("1"), create("2")) == ["1", "2"]


def test_the_limit_that_is_reached_is_the_one_that_is_told() -> None:
    draft = full({Room.RECORDS: 9, Room.ACTIVE: 1}, TODO)
    assert kept(draft, create("1")) == []
    assert [one.says for one in draft.warnings] == [
        "Rack 1 is not created in Sheet in a: it takes 1 active records at most. Changes go on."
    ]


def test_what_would_lie_under_one_that_waits_waits_too() -> None:
    draft = full({Room.ACTIVE: 1}, TODO)
    under = [create("1", parent="up"), create("2", parent="1", progress=DONE), create("3", progress=DONE)]
    assert kept(draft, *under) == ["3"]
    assert draft.warnings[0].says.startswith("2 items (the first: Rack 1) are not created")
    elsewhere = [create("1"), create("2", "b", parent="1")]
    assert kept(full({Room.ACTIVE: 1}, TODO), *elsewhere) == ["2"]


# ── texts ──


def short(limits: dict[str, int], act: Action, **more: Any) -> tuple[list[str] | None, list[str]]:
    """The fields that are written, None where nothing is; and what is said."""
    draft = Draft(world(view("a", lenses=LENSES, limits=limits, title="Sheet", **more)))
    found = short_enough(draft, act)
    return (None if found is None else [write.name for write in found.writes]), [
        one.says for one in draft.warnings
    ]


def update(**writes: Any) -> Action:
    return action(Operation.UPDATE, "1", **writes)


def test_a_text_that_is_too_long_is_left_out_and_the_rest_is_written() -> None:
    names, says = short({"description": 4}, update(description="x" * 5, priority=2))
    assert names == ["priority"]
    assert says == ["description of Rack 1 is not written in Sheet in a: 5 characters, it holds 4."]
    assert short({"description": 5}, update(description="x" * 5)) == (["description"], [])
    assert short({}, update(description="x" * 5)) == (["description"], [])


def test_the_warning_names_the_item_and_the_field_and_the_mend() -> None:
    draft = Draft(world(view("a", lenses=LENSES, limits={Room.TEXT: 1})))
    assert short_enough(draft, update(description="xx")) is None
    (one,) = draft.warnings
    assert (one.grade, one.connection, one.container, one.item, one.field) == (
        Grade.LEFT_OUT,
        "a",
        "main",
        "1",
        "description",
    )
    assert (
        one.mend
        == "Shorten it, or give the field a `limit` in the mapping: then it is cut there, and only there."
    )


def test_a_limit_of_a_field_comes_before_that_of_all_texts() -> None:
    assert short({Room.TEXT: 3}, update(description="xxxx"))[0] is None
    assert short({Room.TEXT: 3, "description": 9}, update(description="xxxx"))[0] == ["description"]
    assert short({"title": 3}, update(description="xxxx"))[0] == ["description"]


def test_characters_beyond_the_basic_plane_count_twice() -> None:
    """UTF-16 units, as vendors count."""
    assert short({Room.TEXT: 5}, update(description="🚀🚀🚀"))[0] is None
    assert short({Room.TEXT: 6}, update(description="🚀🚀🚀"))[0] == ["description"]
    assert short({Room.TEXT: 4}, update(description="\ud83d" * 5))[0] is None


def test_only_texts_are_measured() -> None:
    assert short({Room.TEXT: 1}, update(priority=1000, key="x" * 99, unmapped="x" * 99))[0] == [
        "priority",
        "key",
        "unmapped",
    ]


class Prose(PlainLens):
    """Blocks, joined into one text of two native values."""

    def __init__(self) -> None:
        super().__init__("description")
        self.native = frozenset({"description", "summary"})

    def put(self, value: Value, values: Values, env: Env) -> dict[str, Any]:
        text = "".join(one.text for one in value) if isinstance(value, tuple) else value
        return {"summary": None, "description": text}


def test_prose_is_measured_as_it_is_written() -> None:
    blocks = (Block(BlockKind.PARAGRAPH, "xxx"), Block(BlockKind.PARAGRAPH, "yyy"))
    draft = Draft(world(view("a", lenses=(*PLAIN, Prose()), limits={Room.TEXT: 5})))
    assert short_enough(draft, update(description=blocks)) is None
    assert "6 characters, it holds 5." in draft.warnings[0].says


def test_a_new_record_without_its_title_is_not_made() -> None:
    assert short({"title": 3}, create("1", title="xxxx", priority=1))[0] is None
    assert short({"description": 3}, create("1", title="xxxx", description="xxxx"))[0] == ["title"]
    assert short({"title": 3}, update(title="xxxx", priority=1))[0] == ["priority"]


def test_a_deletion_writes_no_text() -> None:
    gone = action(Operation.DELETE, "1", description="xxxx")
    assert short({Room.TEXT: 1}, gone)[0] == ["description"]


# ── notices ──


def notices(*actions: Action) -> dict[str, int]:
    telling = Capabilities(tells_people=True)
    views = {one.place: one for one in (view("a", able=telling), view("b"))}
    return {place[0]: count for place, count in told(views, actions).items()}


def people(*names: str) -> Assignees:
    return Assignees(frozenset(names))


def test_each_person_who_is_newly_assigned_is_told() -> None:
    assert notices(update(assignees=people("x", "y"), title="xxx"), create("2", assignees=people("x"))) == {
        "a": 3
    }
    assert notices(update(assignees=None)) == {}
    assert notices(action(Operation.UPDATE, "1", "b", assignees=people("x"))) == {}


def test_who_was_assigned_already_is_told_nothing() -> None:
    act = update(assignees=people("x", "y"))
    before = replace(act, writes=(replace(act.writes[0], old=people("x", "z")),))
    assert notices(before) == {"a": 1}


def test_the_place_of_records_is_read_through_their_own_lens() -> None:
    odd = replace(tied(item("old")), seen=record("old", progress="what?"))
    draft = Draft(
        world(view("a", lenses=LENSES, limits={Room.ACTIVE: 1}), items=[item("old")], replicas=[odd])
    )
    assert kept(draft, create("1")) == []


def test_only_a_parent_that_waits_is_waited_for() -> None:
    draft = full({Room.ACTIVE: 1}, TODO)
    acts = [
        create("1"),
        create("2", title="1", progress=DONE),
        create("3", title="x", parent="1", progress=DONE),
    ]
    assert kept(draft, *acts) == ["2"]


def test_what_is_done_takes_its_room_among_all_records() -> None:
    assert kept(full({Room.RECORDS: 1}, DONE), create("1")) == []
    assert kept(full({Room.RECORDS: 1}, TODO), create("1", progress=DONE)) == []


def test_a_number_is_no_text_whatever_it_is_written_as() -> None:
    class Written(PlainLens):
        def put(self, value: Value, values: Values, env: Env) -> dict[str, Any]:
            return {self.name: str(value)}

    draft = Draft(world(view("a", lenses=(*PLAIN[:3], Written("priority")), limits={Room.TEXT: 1})))
    assert short_enough(draft, update(priority=1000)) is not None


def test_people_are_told_of_assignments_only_and_in_any_order() -> None:
    elsewhere = action(Operation.UPDATE, "1", "b", assignees=people("x"))
    assert notices(elsewhere, update(assignees=people("x"))) == {"a": 1}
    assert notices(update(vendor=people("x"))) == {}
