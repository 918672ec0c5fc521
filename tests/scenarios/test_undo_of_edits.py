"""An undo never reverts a person's edit: it asks. What a run created goes to the bin, unless somebody uses it."""

from __future__ import annotations

from typing import Any

import pytest

from itpm_sync.connector import Capabilities
from itpm_sync.cycle import resolve
from itpm_sync.ledger import RunKind
from itpm_sync.plan import BrakeKind
from itpm_sync.policy import Deletion, FieldPolicy, Limits, Rule
from itpm_sync.simulator.bench import PROJECT
from itpm_sync.testing.undoing import RIGHT, WHO, Story, WordsLens, edited, left, story

# ── people's edits ──


def test_a_persons_edit_is_asked_about_and_never_reverted() -> None:
    one, carried = edited()
    report = one.undo(carried)
    assert report.carried == ()
    (conflict,) = one.bench.ledger.conflicts(PROJECT)
    assert [(side.tool, side.value, side.agreed) for side in conflict.sides] == [
        (None, 3, False),
        ("a", 2, True),
    ]
    assert conflict.reason == f"undo of run {carried} by {WHO}"
    one.rests()
    assert (one.values("a")["T1"], one.values("b")["T1"]) == (2, "2")


@pytest.mark.parametrize(("choice", "value", "word"), [("1", 3, "1"), ("a", 2, "2"), ("agreed", 2, "2")])
def test_the_answer_is_carried_out(choice: str, value: int, word: str) -> None:
    one, carried = edited()
    one.undo(carried)
    (conflict,) = one.bench.ledger.conflicts(PROJECT)
    resolve(one.workspace(), conflict.id, choice, actor=WHO)
    one.sync()
    assert (one.values("a")["T1"], one.values("b")["T1"]) == (value, word)
    one.rests()


def test_an_edit_read_by_a_wrong_mapping_is_offered_as_it_reads_today() -> None:
    one = story(6)
    one.map("b", WordsLens("priority", {"1": 3, "2": 1, "3": 1}), "two became one")
    one.edit("b", one.native("b", "T1"), priority="2")
    bad = one.approve().run
    one.map("b", WordsLens("priority", RIGHT), "as it was")
    one.undo(bad)
    (conflict,) = (each for each in one.bench.ledger.conflicts(PROJECT) if each.field == "priority")
    assert [(side.tool, side.value) for side in conflict.sides] == [(None, 3), ("b", 2), ("b", 1)]
    assert one.values("b")["T1"] == "2"


def test_an_edit_that_its_owner_overruled_is_asked_about() -> None:
    one = story(6, fields={"priority": FieldPolicy(Rule.OWNER, ("a",))})
    one.edit("b", one.native("b", "T1"), priority="2")
    report = one.sync()
    assert one.values("b")["T1"] == "1"
    one.undo(report.run)
    (conflict,) = one.bench.ledger.conflicts(PROJECT)
    assert sorted(str(side.value) for side in conflict.sides) == ["2", "3"]
    one.rests()


def test_what_an_earlier_run_decided_and_this_one_carried_out_is_asked_about() -> None:
    one = story(6)
    one.edit("a", one.native("a", "T1"), priority=2)
    one.killed(one.sync, "b", "apply update", "before")
    report = one.sync()
    assert one.values("b")["T1"] == "2"
    one.undo(report.run)
    (conflict,) = one.bench.ledger.conflicts(PROJECT)
    assert [side.value for side in conflict.sides] == [3, 2]


def test_an_edit_that_no_run_has_read_yet_is_left_alone() -> None:
    one, carried = edited()
    one.edit("a", one.native("a", "T1"), priority=1)
    report = one.undo(carried)
    assert "it was edited in a by eve since" in left(report)["T1"]
    assert one.bench.ledger.conflicts(PROJECT) == []
    one.sync()
    assert one.values("b")["T1"] == "3"
    one.rests()


def test_the_undo_of_a_resolution_asks_again() -> None:
    one = story(6)
    one.edit("a", one.native("a", "T1"), priority=2)
    one.edit("b", one.native("b", "T1"), priority="3")
    one.sync()
    (conflict,) = one.bench.ledger.conflicts(PROJECT)
    resolve(one.workspace(), conflict.id, "a", actor=WHO)
    resolution = one.bench.ledger.runs(PROJECT)[0]
    assert resolution.kind is RunKind.RESOLVE
    one.sync()
    one.undo(resolution.id)
    (again,) = one.bench.ledger.conflicts(PROJECT)
    assert {side.value for side in again.sides} >= {3, 2}
    one.rests()


# ── created and deleted ──


def created(count: int, **more: Any) -> tuple[Story, str]:
    """A run created `count` records in b, for what Ann made in a."""
    one = story(6, **more)
    for number in range(count):
        one.bench.tools["a"].memory.create_as("ann", "main", kind="task", title=f"New {number}", priority=2)
    return one, one.approve().run


def test_created_records_go_to_the_bin_and_are_not_made_again() -> None:
    one, made = created(3)
    one.undo(made)
    b = one.bench.tools["b"].memory
    assert len(b.bin) == 3
    assert [title for title in one.values("b") if title.startswith("New")] == []
    assert len(one.values("a")) == 9
    one.rests()


def test_more_deletions_than_the_limit_are_named_in_the_preview() -> None:
    one, made = created(5, limits=Limits(floor=5, deletions=3, changes_share=1.0))
    preview = one.preview(made)
    assert {brake.kind for brake in preview.plan.brakes} == {BrakeKind.DELETIONS}
    assert len(one.values("b")) == 11
    done = one.preview(made, approve=preview.run)
    assert done.plan.brakes == ()
    assert len(one.values("b")) == 6
    one.rests()


def test_a_created_record_that_somebody_used_since_stays() -> None:
    one, made = created(4)
    one.edit("b", one.native("b", "New 0"), colour="red")  # nothing that is mapped
    one.bench.tools["b"].memory.create_as(
        "eve", "main", kind="task", title="Below", parent=one.native("b", "New 1")
    )
    one.bench.tools["a"].memory.delete_as("ann", one.native("a", "New 2"))
    report = one.undo(made)
    rest = left(report)
    assert set(rest) == {"New 0", "New 1", "New 2"}
    assert "it was edited there by eve since" in rest["New 0"]
    assert "1 record lies under it" in rest["New 1"]
    assert "only record left" in rest["New 2"]
    assert sorted(title for title in one.values("b") if title.startswith("New")) == [
        "New 0",
        "New 1",
        "New 2",
    ]


def test_a_tool_that_deletes_nothing_keeps_what_was_created() -> None:
    able = Capabilities(history=True, edit_times=True, bin=True, tells_hidden=True, deletes=False)
    one, made = created(1, capabilities=able)
    report = one.undo(made)
    assert "b deletes nothing through its interface" in left(report)["New 0"]
    one.rests()


def test_a_parent_written_for_a_created_record_goes_back_before_it() -> None:
    one = story(6)
    a = one.bench.tools["a"].memory
    phase = a.create_as("ann", "main", kind="summary", title="Phase")
    a.edit_as("ann", one.native("a", "T1"), parent=phase)
    made = one.sync().run
    b = one.bench.tools["b"].memory
    assert b.rows[one.native("b", "T1")].values["parent"] == one.native("b", "Phase")
    report = one.undo(made)
    (conflict,) = one.bench.ledger.conflicts(PROJECT)
    assert conflict.field == "parent"  # ann put it there
    assert "1 record lies under it" in left(report)["Phase"]
    one.rests()


def test_what_the_run_deleted_is_for_people_to_restore() -> None:
    one = story(6, deletion=Deletion.PROPAGATE)
    one.bench.tools["a"].memory.delete_as("ann", one.native("a", "T1"))
    one.sync()
    gone = one.sync()
    assert "T1" not in one.values("b")
    report = one.undo(gone.run)
    assert "not brought back" in left(report)["T1"]
    assert "Restore it from the recycle bin of b" in report.warnings[0].mend
    one.rests()
    one.bench.tools["b"].memory.restore_as("eve", next(iter(one.bench.tools["b"].memory.bin)))
    one.sync()
    assert left(one.preview(gone.run)) == {}
