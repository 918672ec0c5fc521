"""A ledger that is lost, or older than the tools: no base, no harm. It is rebuilt by the keys that records carry."""

from __future__ import annotations

import pytest

from itpm_sync.bases import item_ids
from itpm_sync.connector import Capabilities, Operation
from itpm_sync.cycle import resolve
from itpm_sync.errors import Refused, Stopped, UnknownOutcome, Unreadable
from itpm_sync.ledger import Ledger
from itpm_sync.ledger.in_memory import connection_of, image, put_back
from itpm_sync.plan import BrakeKind
from itpm_sync.policy import Deletion, FieldPolicy, Rule
from itpm_sync.testing.bench import PROJECT, Bench, tool
from itpm_sync.testing.clocks import CountingIds, ManualClock
from itpm_sync.testing.lenses import PlainLens

KEYLESS = Capabilities(keys=False, history=True, edit_times=True, tells_hidden=True)
MUTE = Capabilities(history=False, edit_times=False, bin=False, tells_hidden=True)


def bench(*, able: dict[str, Capabilities] | None = None, **policy: object) -> Bench:
    clock = ManualClock()
    made = {
        name: tool(clock, name, PlainLens("priority"), PlainLens("site"), capabilities=(able or {}).get(name))
        for name in ("a", "b")
    }
    return Bench.of(clock, made, **policy)


def add(one: Bench, name: str, *titles: str) -> list[str]:
    memory = one.tools[name].memory
    return [memory.create_as("ann", "main", kind="task", title=title, priority=1) for title in titles]


def later(one: Bench) -> Bench:
    """An hour later, and in step."""
    one.clock.move(hours=1)
    one.sync()
    one.clock.move(hours=1)
    assert one.sync().plan.actions == ()
    one.clock.move(hours=1)
    return one


def started(*titles: str, **how: object) -> Bench:
    one = bench(**how)  # type: ignore[arg-type]
    add(one, "a", *(titles or ("Rack", "Cable", "Switch")))
    one.approve()
    return later(one)


def lost(one: Bench) -> None:
    """The ledger is gone; a new, empty one takes its place."""
    one.ids = CountingIds()
    one.ledger = Ledger.open("sqlite://", clock=one.clock, ids=one.ids)


def rows(one: Bench, name: str) -> dict[str, tuple[object, ...]]:
    """What stands in a tool, by title: native id, revision, key, priority."""
    return {
        str(row.values["title"]): (row.native_id, row.revision, row.key, row.values.get("priority"))
        for row in one.tools[name].memory.rows.values()
    }


def brakes(one: Bench) -> set[BrakeKind]:
    return {brake.kind for brake in one.sync().plan.brakes}


# ── lost ──


def test_a_lost_ledger_is_recognised_by_the_keys_and_touches_nothing_before_it_was_seen() -> None:
    one = started()
    before = rows(one, "a"), rows(one, "b")
    lost(one)
    report = one.sync()
    assert report.stopped
    assert {brake.kind for brake in report.plan.brakes} == {BrakeKind.LEDGER, BrakeKind.FIRST_SYNC}
    says = next(brake.says for brake in report.plan.brakes if brake.kind is BrakeKind.LEDGER)
    assert says.startswith(
        "6 records (Cable, Rack, Switch) carry itpm-sync keys of a ledger that is not this one"
    )
    assert (rows(one, "a"), rows(one, "b")) == before


def test_a_lost_ledger_is_rebuilt_by_the_keys_without_a_write() -> None:
    one = started()
    items, before = one.items(), (rows(one, "a"), rows(one, "b"))
    lost(one)
    plan = one.plan()
    assert plan.plan.actions == ()
    one.sync(approve=plan.run)
    assert one.items() == items
    assert (rows(one, "a"), rows(one, "b")) == before
    assert later(one).sync().plan.brakes == ()
    one.tools["b"].memory.edit_as("bob", next(iter(one.tools["b"].memory.rows)), priority=5)
    one.sync()
    assert sorted(p for *_, p in rows(one, "a").values()) == [1, 1, 5]


def test_pairs_that_rules_would_not_find_are_found_by_their_keys() -> None:
    """The titles differ since: without the keys, both would be made anew in the other tool."""
    one = started("Rack")
    lost(one)
    one.tools["a"].memory.edit_as("ann", "000001", title="Rack 7 in hall 2")
    one.approve()
    assert len(one.tools["a"].memory.rows) == len(one.tools["b"].memory.rows) == 1
    assert one.conflict_values("title") == ["Rack", "Rack 7 in hall 2"]
    assert list(rows(one, "a")) == ["Rack 7 in hall 2"]
    assert list(rows(one, "b")) == ["Rack"]


def test_the_key_counts_wherever_the_item_was_first_seen() -> None:
    one = bench()
    add(one, "b", "Rack")
    one.approve()
    later(one)
    (item,) = one.items()
    (native,) = one.tools["a"].memory.rows
    lost(one)
    one.tools["a"].memory.edit_as("ann", native, title="Rack 7 in hall 2")
    one.approve()
    assert one.items() == [item]
    assert len(one.tools["a"].memory.rows) == len(one.tools["b"].memory.rows) == 1


def test_the_key_counts_too_where_the_first_record_is_no_more() -> None:
    clock = ManualClock()
    one = Bench.of(clock, {name: tool(clock, name, PlainLens("priority")) for name in ("a", "b", "c")})
    (native,) = add(one, "a", "Rack")
    one.approve()
    later(one)
    (item,) = one.items()
    one.tools["a"].memory.delete_as("ann", native)
    lost(one)
    one.tools["c"].memory.edit_as("cem", next(iter(one.tools["c"].memory.rows)), title="Rack 7")
    one.approve()
    assert one.items() == [item]
    assert [len(each.memory.rows) for each in one.tools.values()] == [0, 1, 1], "what is it called?"
    (conflict,) = one.ledger.conflicts(PROJECT)
    resolve(one.workspace(), conflict.id, "c", actor="dan")
    later(one)
    assert one.items() == [item]
    assert rows(one, "a").keys() == rows(one, "b").keys() == rows(one, "c").keys() == {"Rack 7"}


def test_the_seed_order_settles_an_accepted_rebuilding_and_the_loser_is_kept() -> None:
    one = started("Rack", seed=("a",))
    lost(one)
    one.tools["b"].memory.edit_as("bob", next(iter(one.tools["b"].memory.rows)), priority=8)
    plan = one.sync()
    assert plan.stopped
    assert [write.new for action in plan.plan.actions for write in action.writes] == [1]
    one.sync(approve=plan.run)
    (item,) = one.items()
    assert one.losers(item, "priority") == [8]


def test_a_tool_without_a_place_for_keys_is_paired_by_the_record_that_gave_the_key() -> None:
    one = bench(able={"a": KEYLESS})
    add(one, "a", "Rack")
    one.approve()
    later(one)
    (item,) = one.items()
    lost(one)
    one.tools["a"].memory.edit_as("ann", "000001", title="Renamed since")
    one.approve()
    assert one.items() == [item]
    assert len(one.tools["a"].memory.rows) == len(one.tools["b"].memory.rows) == 1


def test_of_two_records_with_one_key_a_person_says_which() -> None:
    one = started("Rack")
    copy = one.tools["b"].memory.copy_as("bob", one.native("b", one.items()[0]))
    lost(one)
    one.approve()
    proposals = one.ledger.pairs(PROJECT)
    assert {pair.proposal.native_id for pair in proposals} >= {copy}
    assert len(one.tools["a"].memory.rows) == 1
    assert len(one.tools["b"].memory.rows) == 2
    assert BrakeKind.LEDGER not in brakes(one)


def test_a_first_sync_of_records_without_keys_is_no_lost_ledger() -> None:
    one = bench()
    add(one, "a", "Rack")
    one.tools["a"].memory.rows["000001"].key = "NET-12"  # somebody's own number
    assert brakes(one) == {BrakeKind.FIRST_SYNC}


def test_keys_of_another_project_of_this_ledger_are_no_sign() -> None:
    """A sheet was copied as a template, our keys in it: its rows are new things."""
    one = started("Rack")
    (item,) = one.items()
    lease = one.ledger.acquire(PROJECT, "test", seconds=60)
    one.ledger.release(lease)
    connection_of(one.ledger).execute(
        "INSERT INTO projects (id, title, made, head_seq, head_mac) SELECT 'other', title, made, 0, '' FROM projects"
    )
    foreign = next(item_ids("other", "x", "1"))
    connection_of(one.ledger).execute(
        "INSERT INTO items (project, id, life, note, made, document, hash) "
        "SELECT 'other', ?, life, note, made, document, hash FROM items WHERE id = ?",
        (foreign, item),
    )
    connection_of(one.ledger).commit()
    (native,) = add(one, "a", "From the template")
    one.tools["a"].memory.rows[native].key = foreign
    assert brakes(one) == set()
    assert one.tools["a"].memory.rows[native].key != foreign


# ── restored from a backup ──


def test_a_restored_ledger_is_recognised_by_what_was_made_since_and_makes_nothing_twice() -> None:
    one = started()
    backup = image(one.ledger)
    add(one, "a", "New since")
    add(one, "b", "New in b")
    later(one)
    before = rows(one, "a"), rows(one, "b")
    items = one.items()
    put_back(one.ledger, backup)
    report = one.sync()
    assert report.stopped
    assert {brake.kind for brake in report.plan.brakes} == {BrakeKind.LEDGER}
    assert "New in b" in report.plan.brakes[0].says
    assert report.plan.actions == ()
    one.sync(approve=report.run)
    assert one.items() == items
    assert (rows(one, "a"), rows(one, "b")) == before
    assert later(one).sync().plan.brakes == ()


def test_a_record_of_a_known_item_that_the_ledger_never_made_shows_it_too() -> None:
    """The item was there at the time of the backup, its record in the other tool was not."""
    one = started()
    one.tools["b"].memory.down.add("main")
    add(one, "a", "Fourth")
    one.sync()
    backup = image(one.ledger)
    one.tools["b"].memory.down.clear()
    later(one)
    put_back(one.ledger, backup)
    assert brakes(one) == {BrakeKind.LEDGER}
    one.approve()
    assert len(one.tools["b"].memory.rows) == 4
    assert later(one).sync().plan.brakes == ()


def test_a_creation_that_its_vendor_carries_out_long_after_is_no_sign_of_another_ledger() -> None:
    one = started("Rack")
    add(one, "a", "Desk")
    memory = one.tools["b"].memory

    def fails(call: str, phase: str) -> None:
        if (call, phase) == ("apply create", "before"):
            raise UnknownOutcome("b: time-out.")

    memory.on_call = fails
    one.sync()
    (intent,) = one.ledger.open_intents(PROJECT)
    memory.on_call = _refuse
    one.clock.move(hours=1)
    one.sync()  # not found past the horizon: decided anew, and refused this time
    assert one.ledger.open_intents(PROJECT) == []
    memory.on_call = lambda _call, _phase: None
    made = memory.create_as("itpm-sync", "main", kind="task", title="Desk")
    memory.rows[made].key = intent.key
    assert BrakeKind.LEDGER not in brakes(one)
    assert one.native("b", intent.item) == made


def _refuse(call: str, phase: str) -> None:
    if (call, phase) == ("apply create", "before"):
        raise Refused("b wants a field.")


def test_writes_in_a_tools_history_that_are_not_of_this_ledger_show_it() -> None:
    one = started()
    backup = image(one.ledger)
    one.tools["a"].memory.edit_as("ann", "000001", priority=2)
    later(one)
    put_back(one.ledger, backup)
    report = one.sync()
    assert {brake.kind for brake in report.plan.brakes} == {BrakeKind.LEDGER}
    assert "holds writes of itpm-sync that are not of this ledger" in report.plan.brakes[0].says
    one.sync(approve=report.run)
    assert {p for *_, p in rows(one, "b").values()} == {1, 2}
    assert later(one).sync().plan.brakes == ()


def test_two_people_who_edit_the_same_thing_are_no_sign() -> None:
    one = started()
    (native,) = [n for n in one.tools["b"].memory.rows if one.value("b", n, "title") == "Rack"]
    one.tools["a"].memory.edit_as("ann", "000001", priority=2)
    one.tools["b"].memory.edit_as("bob", native, priority=3)
    assert brakes(one) == set()
    assert one.conflict_values("priority") == [2, 3]


@pytest.mark.parametrize("rule", [Rule.NEWEST, Rule.OWNER])
def test_in_doubt_two_edits_are_never_settled_by_rule(rule: Rule) -> None:
    """What was decided since the backup is not known: a person says which value stands, even under newest or owner."""
    one = started(fields={"priority": FieldPolicy(rule, ("b",) if rule is Rule.OWNER else ())})
    (native,) = [n for n in one.tools["b"].memory.rows if one.value("b", n, "title") == "Rack"]
    backup = image(one.ledger)
    one.tools["b"].memory.edit_as("bob", native, priority=2)
    add(one, "a", "New since")
    later(one)
    one.tools["a"].memory.edit_as("ann", "000001", priority=7)
    put_back(one.ledger, backup)
    report = one.sync()
    assert report.stopped
    one.sync(approve=report.run)
    assert one.conflict_values("priority") == [2, 7]
    assert one.value("a", "000001", "priority") == 7
    assert one.value("b", native, "priority") == 2


def test_in_doubt_nothing_is_deleted_even_when_it_was_approved() -> None:
    """A deletion that was confirmed before the backup is weighed anew in the next run, under the usual brakes."""
    one = started(*(f"Rack {n}" for n in range(12)), deletion=Deletion.PROPAGATE)
    one.tools["a"].memory.delete_as("ann", "000001")
    one.sync()
    backup = image(one.ledger)
    add(one, "a", "New since")
    one.clock.move(hours=1)
    one.tools["b"].memory.down.add("main")
    one.sync()
    one.tools["b"].memory.down.clear()
    put_back(one.ledger, backup)
    report = one.sync()
    assert report.stopped
    assert [action.operation for action in report.plan.actions] == [Operation.CREATE]
    one.sync(approve=report.run)
    assert {f"Rack {n}" for n in range(12)} < rows(one, "b").keys()
    assert brakes(one) == set()
    assert "Rack 0" not in rows(one, "b")


def test_between_plan_and_approval_the_world_may_not_move() -> None:
    one = started()
    lost(one)
    plan = one.plan()
    add(one, "a", "Surprise")
    with pytest.raises(Stopped, match="Surprise"):
        one.sync(approve=plan.run)
    assert len(one.tools["b"].memory.rows) == 3
    assert one.items() == []


def test_a_ledger_that_is_in_step_is_not_doubted_after_kills() -> None:
    """What a kill left open is found and settled; it is this ledger's own."""
    one = started()
    add(one, "a", "Fourth")
    one.killed_at("b", "apply create", "after")
    one.clock.move(hours=1)
    assert BrakeKind.LEDGER not in brakes(one)
    one.tools["a"].memory.edit_as("ann", "000001", priority=4)
    one.killed_at("b", "apply update", "after")
    one.tools["b"].memory.edit_as("bob", one.native("b", one.items()[0]), site="Hall 2")
    one.clock.move(hours=1)
    assert BrakeKind.LEDGER not in brakes(one)


# ── a damaged row, an upgrade ──


def test_a_row_that_was_altered_outside_is_named_and_nothing_is_written() -> None:
    one = started()
    before = rows(one, "b")
    one.tools["a"].memory.edit_as("ann", "000001", priority=9)
    connection_of(one.ledger).execute("UPDATE replicas SET document = replace(document, 'Rack', 'Wreck')")
    connection_of(one.ledger).commit()
    with pytest.raises(Unreadable, match="altered outside itpm-sync") as caught:
        one.sync()
    assert "backup" in str(caught.value)
    assert rows(one, "b") == before


class Tidied(PlainLens):
    """A newer version reads spaces at the ends as nothing."""

    def get(self, values: object, env: object) -> object:  # type: ignore[override]
        found = super().get(values, env)  # type: ignore[arg-type]
        return found.strip() if isinstance(found, str) else found


def test_an_upgrade_that_reads_values_otherwise_rewrites_nothing() -> None:
    """What was seen is kept as the tool said it, and read through today's lens: no edit comes of an upgrade."""
    one = bench()
    one.tools["a"].memory.create_as("ann", "main", kind="task", title="Rack", site=" Hall 2 ")
    one.approve()
    later(one)
    before = rows(one, "a"), rows(one, "b")
    for each in one.tools.values():
        each.lenses = {**each.lenses, "site": Tidied("site")}
    assert one.sync().plan.actions == ()
    assert (rows(one, "a"), rows(one, "b")) == before
    one.tools["b"].memory.edit_as("bob", one.native("b", one.items()[0]), site="Hall 3")
    one.sync()
    assert one.value("a", "000001", "site") == "Hall 3"


def test_a_tool_that_was_down_while_the_ledger_was_rebuilt_is_taken_up_by_the_same_keys() -> None:
    one = started()
    items, before = one.items(), rows(one, "b")
    lost(one)
    one.tools["b"].memory.down.add("main")
    one.approve()
    assert one.items() == items
    one.tools["b"].memory.down.clear()
    one.clock.move(hours=1)
    report = one.sync()
    assert {(brake.kind, brake.connection) for brake in report.plan.brakes} == {(BrakeKind.FIRST_SYNC, "b")}
    assert report.plan.held == ()
    one.sync(approve=report.run)
    assert one.items() == items
    assert rows(one, "b") == before
    assert later(one).sync().plan.brakes == ()


def test_a_row_copied_from_a_sheet_of_another_installation_stops_nothing() -> None:
    """Its key follows from no record that is here: it is a new thing, and gets a key of its own."""
    one = started()
    (native,) = add(one, "a", "From their sheet")
    foreign = next(item_ids("theirs", "sheets", "77"))
    one.tools["a"].memory.rows[native].key = foreign
    assert brakes(one) == set()
    assert one.tools["a"].memory.rows[native].key in one.items()
    assert foreign not in one.items()
