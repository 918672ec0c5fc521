"""The way back from a bad mapping's run: put back what nobody touched since, list the rest; killed, again, and back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from itpm_sync.connector import Capabilities
from itpm_sync.cycle import undo
from itpm_sync.errors import Misconfigured, Stopped
from itpm_sync.ledger import Redaction, RunKind, RunStatus
from itpm_sync.plan import BrakeKind
from itpm_sync.simulator.bench import PROJECT, Bench, drive, tool
from itpm_sync.simulator.clocks import ManualClock
from itpm_sync.simulator.lenses import PlainLens
from itpm_sync.testing.undoing import (
    FREE,
    RIGHT,
    WHO,
    WRONG,
    Story,
    WordsLens,
    badly_mapped,
    edited,
    left,
    story,
)

# ── a bad mapping ──


@pytest.mark.parametrize(
    ("count", "mended_first"), [(500, True), (40, False)], ids=["mended first", "undone first"]
)
def test_a_bad_mappings_run_is_undone(count: int, *, mended_first: bool) -> None:
    one, bad = badly_mapped(count)
    before = {f"T{n}": "1" if n % 2 else "3" for n in range(count)}
    assert one.values("b") == {title: {"1": "3", "3": "1"}[word] for title, word in before.items()}
    # what people did since: some decided by a run in between, some not read yet
    one.edit("b", one.native("b", "T10"), priority="2")
    one.edit("a", one.native("a", "T11"), priority=2)
    one.edit("a", one.native("a", "T12"), priority=2)
    one.edit("b", one.native("b", "T12"), priority="3")
    one.bench.tools["b"].memory.delete_as("eve", one.native("b", "T13"))
    one.sync()
    one.sync()
    one.edit("b", one.native("b", "T14"), priority="2")
    one.edit("b", one.native("b", "T15"), title="T15 anew")
    if mended_first:
        one.map("b", WordsLens("priority", RIGHT), "as it was")
    preview = one.preview(bad)
    rest = left(preview)
    assert set(rest) == {"T10", "T11", "T12", "T13", "T14"}
    assert "agreed anew since (version 2, from b)" in rest["T10"]
    assert "agreed anew since (version 2, from a)" in rest["T11"]
    assert "conflict c-" in rest["T12"]
    assert "deleted" in rest["T13"]
    assert "edited in b by eve since" in rest["T14"]
    assert one.values("b")["T1"] == "3"  # nothing is written by a preview
    done = one.preview(bad, approve=preview.run)
    assert len(done.carried) == count - 5
    assert {carried.outcome for carried in done.carried} == {"applied"}
    there = one.values("b")
    touched = {"T10": "2", "T11": "2", "T12": "3", "T14": "2"}
    assert {title: there[title] for title in touched} == touched
    assert there["T15 anew"] == before["T15"]
    for title in before.keys() - touched.keys() - {"T13", "T15"}:
        assert there[title] == before[title], title
    assert one.values("a")["T16"] == 1
    assert one.bench.ledger.verify(PROJECT) is None
    one.map("b", WordsLens("priority", RIGHT), "as it was")
    one.sync()  # takes up what people did
    one.rests()
    assert one.values("b")["T1"] == "1"


def test_the_wrong_mapping_does_not_come_back_by_itself() -> None:
    one, bad = badly_mapped(6)
    one.undo(bad)
    assert one.values("b")["T1"] == "1"
    report = one.sync()  # it is still wrong
    assert {brake.kind for brake in report.plan.brakes} == {BrakeKind.CONFIGURATION}
    assert "mapping of priority was: turned round; is now" not in str(report.plan.brakes)
    assert one.values("b")["T1"] == "1"
    one.map("b", WordsLens("priority", RIGHT), "as it was")
    one.rests()


def test_a_wrong_mapping_that_was_accepted_again_since_is_left_to_people() -> None:
    one, bad = badly_mapped(6)
    one.map("b", WordsLens("priority", WRONG), "turned round, and described")
    one.approve()
    report = one.undo(bad)
    assert report.carried == ()
    assert "If a mapping was wrong, put it right first" in report.warnings[0].mend
    one.rests()


def test_a_field_mapped_to_the_wrong_column_is_as_if_it_had_never_been() -> None:
    clock = ManualClock()
    made = {"a": tool(clock, "a"), "b": tool(clock, "b", PlainLens("site"))}
    one = Story(Bench.of(clock, made, limits=FREE, seed=("a", "b")))
    for number in range(6):
        made["a"].memory.create_as("ann", "main", kind="task", title=f"T{number}", room=f"R{number}")
    one.approve()
    one.rests()
    for number in range(5):
        one.edit("b", one.native("b", f"T{number}"), site="Nord")
    one.sync()
    one.map("a", WordsLens("site", {f"R{n}": f"R{n}" for n in range(6)}, native="room"), "room", of="site")
    bad = one.approve().run
    assert one.values("b", "site") == {f"T{n}": f"R{n}" for n in range(6)}
    one.undo(bad)
    sites = {**{f"T{n}": "Nord" for n in range(5)}, "T5": None}
    assert one.values("b", "site") == sites
    assert one.sync().plan.brakes  # the wrong column is still mapped
    one.map("a", None, "as it was", of="site")
    one.rests()
    assert one.values("b", "site") == sites
    assert one.values("a", "room") == {f"T{n}": f"R{n}" for n in range(6)}
    assert {item.value("site") for item in one.bench.ledger.load(PROJECT).items.values()} == {"Nord", None}


@pytest.mark.parametrize("unmapped_first", [True, False])
def test_a_column_that_was_never_told_anything_is_a_first_tie_again(*, unmapped_first: bool) -> None:
    clock = ManualClock()
    made = {"a": tool(clock, "a"), "b": tool(clock, "b")}
    one = Story(Bench.of(clock, made, limits=FREE, seed=("a", "b")))
    made["a"].memory.create_as("ann", "main", kind="task", title="T0", room="R0")
    one.approve()
    one.edit("b", one.native("b", "T0"), place="Nord")
    one.sync()
    words = {"R0": "R0", "Nord": "Nord"}
    one.map("a", WordsLens("site", words, native="room"), "both", of="site")
    one.map("b", WordsLens("site", words, native="place"), "both", of="site")
    bad = one.approve().run
    assert one.values("b", "place") == {"T0": "R0"}
    if unmapped_first:
        one.map("a", None, "none", of="site")
        one.map("b", None, "none", of="site")
    one.undo(bad)
    assert one.values("b", "place") == {"T0": "Nord"}
    one.map("a", None, "b only", of="site")
    one.map("b", WordsLens("site", words, native="place"), "b only", of="site")
    one.approve()
    assert one.values("b", "place") == {"T0": "Nord"}
    assert one.bench.agreed(one.bench.items()[0], "site") == "Nord"
    one.rests()


def test_a_field_that_is_no_longer_mapped_is_put_back_as_it_stood() -> None:
    one = story(6)
    for native in one.bench.tools["b"].memory.rows:
        one.edit("b", native, notes="y")
    one.sync()
    one.map("b", WordsLens("priority", {"x": 3, "y": 1}, native="notes"), "into the notes")
    bad = one.approve().run
    assert set(one.values("b", "notes").values()) == {"x", "y"}
    one.map("b", None, "not at all")
    report = one.undo(bad)
    assert {carried.outcome for carried in report.carried} == {"applied"}
    assert set(one.values("b", "notes").values()) == {"y"}
    one.map("b", WordsLens("priority", RIGHT), "as it was")
    one.rests()
    assert one.values("b")["T1"] == "1"


# ── kills ──


def test_a_run_that_was_killed_half_way_is_undone() -> None:
    one = story(12)
    one.map("b", WordsLens("priority", WRONG), "turned round")
    approved = one.plan().run
    one.killed(lambda: one.sync(approved), "b", "apply update", "after", 5)
    bad = one.bench.ledger.runs(PROJECT)[0].id
    assert list(one.values("b").values()).count("3") == 6 + 2 - 3
    one.map("b", WordsLens("priority", RIGHT), "as it was")
    one.undo(bad)
    assert one.values("b") == {f"T{n}": "1" if n % 2 else "3" for n in range(12)}
    assert one.bench.ledger.run(bad).status is RunStatus.INTERRUPTED
    one.rests()


@pytest.mark.parametrize("history", [True, False], ids=["with a history", "without"])
@pytest.mark.parametrize("mended_first", [True, False], ids=["mended first", "undone first"])
@pytest.mark.parametrize(("phase", "occurrence"), [("before", 1), ("before", 4), ("after", 4), ("after", 8)])
def test_an_undo_that_was_killed_half_way_is_finished(
    phase: str, occurrence: int, *, mended_first: bool, history: bool
) -> None:
    able = Capabilities(history=history, edit_times=True, bin=True, tells_hidden=True)
    one, bad = badly_mapped(8, capabilities=able)
    if mended_first:
        one.map("b", WordsLens("priority", RIGHT), "as it was")
    approved = one.preview(bad).run
    one.killed(lambda: one.preview(bad, approve=approved), "b", "apply update", phase, occurrence)
    if not mended_first:
        assert one.sync().plan.brakes  # the wrong mapping does not come back meanwhile
    report = one.undo(bad)
    assert len(report.carried) <= 9 - occurrence
    assert one.values("b") == {f"T{n}": "1" if n % 2 else "3" for n in range(8)}
    one.map("b", WordsLens("priority", RIGHT), "as it was")
    one.sync()
    one.rests()


# ── again, and back again ──


def test_a_second_undo_has_nothing_to_do() -> None:
    one, bad = badly_mapped(6)
    one.undo(bad)
    again = one.preview(bad)
    assert again.plan.actions == ()
    assert again.document["already"] == 6
    assert left(again) == {}


def test_what_was_partly_undone_is_finished_when_it_can_be() -> None:
    one, bad = badly_mapped(6)
    stale = one.native("b", "T1")
    one.bench.tools["b"].memory.hide(stale)
    first = one.undo(bad)
    assert "hidden from us" in left(first)["T1"]
    one.bench.tools["b"].memory.hide(stale, hidden=False)
    second = one.undo(bad)
    assert len(second.carried) == 1
    one.map("b", WordsLens("priority", RIGHT), "as it was")
    one.rests()
    assert one.values("b")["T1"] == "1"


def test_the_undo_of_an_undo_brings_the_run_back() -> None:
    one, bad = badly_mapped(6)
    undone = one.undo(bad)
    again = one.undo(undone.run)
    assert len(again.carried) == 6
    assert one.values("b") == {f"T{n}": "3" if n % 2 else "1" for n in range(6)}
    one.rests()  # with the mapping as that run had it, which is the base again


def test_the_undo_of_an_undo_moves_an_agreed_value_forth_again() -> None:
    clock = ManualClock()
    made = {"a": tool(clock, "a"), "b": tool(clock, "b", PlainLens("site"))}
    one = Story(Bench.of(clock, made, limits=FREE, seed=("a", "b")))
    native = made["a"].memory.create_as("ann", "main", kind="task", title="T0", room="R0")
    one.approve()
    one.edit("b", one.native("b", "T0"), site="Nord")
    one.sync()
    one.map("a", WordsLens("site", {"R0": "R0"}, native="room"), "room", of="site")
    bad = one.approve().run
    undone = one.undo(bad).run
    (item,) = one.bench.items()
    assert one.bench.agreed(item, "site") == "Nord"
    again = one.undo(undone)
    assert one.bench.agreed(item, "site") == "R0"
    assert one.values("b", "site") == {"T0": "R0"}
    assert len(again.carried) == 1
    one.rests()
    assert one.bench.value("a", native, "room") == "R0"


def test_the_undo_of_an_undo_takes_its_question_back() -> None:
    one, carried = edited()
    undone = one.undo(carried)
    assert len(one.bench.ledger.conflicts(PROJECT)) == 1
    one.undo(undone.run)
    assert one.bench.ledger.conflicts(PROJECT) == []
    assert (one.values("a")["T1"], one.values("b")["T1"]) == (2, "2")
    one.rests()


# ── what cannot be undone ──


def test_runs_that_cannot_be_undone_are_refused_with_the_mend() -> None:
    one, bad = badly_mapped(6)
    plan = next(each for each in one.bench.ledger.runs(PROJECT) if each.kind is RunKind.PLAN)
    with pytest.raises(Misconfigured, match=f"was carried out by run {bad}: undo that one"):
        one.preview(plan.id)
    with pytest.raises(Misconfigured, match="There is nothing to undo"):
        one.preview(one.plan().run)
    with pytest.raises(Misconfigured, match="no run run-unknown"):
        one.preview("run-unknown")
    with pytest.raises(Misconfigured, match="There is no project 'other'"):
        one.preview(bad, project="other")
    ws = one.workspace()
    ws.ledger.ensure_project("other", "Another")
    its = ws.projects[PROJECT]
    other = replace(its, facts=replace(its.facts, id="other"))
    both = replace(ws, projects={**ws.projects, "other": other})
    with pytest.raises(Misconfigured, match="is one of project story, not of other"):
        drive(undo(both, bad, actor=WHO, project="other"))


def test_an_approval_is_of_that_undo_only() -> None:
    one, bad = badly_mapped(6)
    sync = one.sync().run
    with pytest.raises(Misconfigured, match="no preview of the undo"):
        one.preview(bad, approve=sync)
    preview = one.preview(bad).run
    with pytest.raises(Misconfigured, match=f"itpm-sync undo {bad} --approve {preview}"):
        one.sync(approve=preview)
    one.preview(bad, approve=preview)
    with pytest.raises(Misconfigured, match="was carried out by run"):
        one.preview(bad, approve=preview)


def test_an_undo_that_has_come_to_more_stops() -> None:
    one, bad = badly_mapped(6)
    b = one.bench.tools["b"].memory
    b.hide(one.native("b", "T1"))
    preview = one.preview(bad)
    b.hide(one.native("b", "T1"), hidden=False)
    with pytest.raises(Stopped, match="has come to more than it shows"):
        one.preview(bad, approve=preview.run)
    assert one.values("b")["T3"] == "3"


def test_a_person_who_is_faster_than_the_undo_is_not_overwritten() -> None:
    one, bad = badly_mapped(6)
    preview = one.preview(bad)
    native = one.native("b", "T1")
    one.bench.during("b", "read", "before", lambda: one.edit("b", native, priority="2"))
    done = one.preview(bad, approve=preview.run)
    assert [c.action.title for c in done.carried if c.outcome == "moved on"] == ["T1"]
    assert one.values("b")["T1"] == "2"


def test_a_container_that_sits_it_out_is_named() -> None:
    one, bad = badly_mapped(6)
    one.bench.tools["b"].memory.down.add("main")
    report = one.undo(bad)
    assert report.carried == ()
    assert all("sits this run out" in why for title, why in left(report).items() if title.startswith("T"))
    one.bench.tools["b"].memory.down.clear()
    one.undo(bad)
    assert one.values("b")["T1"] == "1"


def test_what_was_redacted_is_not_put_back() -> None:
    one, bad = badly_mapped(6)
    undone_item = next(
        item.id for item in one.bench.ledger.load(PROJECT).items.values() if item.value("title") == "T1"
    )
    ledger = one.bench.ledger
    lease = ledger.acquire(PROJECT, "dpo", seconds=60)
    redaction = ledger.begin_run(lease, RunKind.REDACT)
    ledger.redact(lease, redaction, Redaction(undone_item, "priority"))
    ledger.finish_run(lease, redaction, status=RunStatus.DONE, summary={})
    ledger.release(lease)
    report = one.undo(bad)
    assert "is not kept any more" in left(report)["T1"]
    assert len(report.carried) == 5
    assert ledger.verify(PROJECT) is None


def test_the_history_says_whose_undo_it_is() -> None:
    one, carried = edited()
    undone = one.undo(carried)
    entries = one.bench.ledger.history(PROJECT, run=undone.run, limit=None)
    assert [entry.document["opened"][0]["reason"] for entry in entries] == [f"undo of run {carried} by {WHO}"]
    assert one.bench.ledger.run(undone.run).kind is RunKind.UNDO


def test_a_redaction_takes_the_values_of_a_preview_too() -> None:
    clock = ManualClock()
    begun = clock.now()
    made = {"a": tool(clock, "a"), "b": tool(clock, "b", PlainLens("site"))}
    one = Story(Bench.of(clock, made, limits=FREE, seed=("a", "b")))
    made["a"].memory.create_as("ann", "main", kind="task", title="T0", room="Vault")
    one.approve()
    one.edit("b", one.native("b", "T0"), site="Nord")
    one.sync()
    one.map("a", WordsLens("site", {"Vault": "Vault"}, native="room"), "room", of="site")
    preview = one.preview(one.approve().run).run
    ledger, (item,) = one.bench.ledger, one.bench.items()
    assert "Nord" in str(ledger.plan_of(preview)) and "Vault" in str(ledger.plan_of(preview))
    lease = ledger.acquire(PROJECT, "dpo", seconds=60)
    ledger.redact(lease, ledger.begin_run(lease, RunKind.REDACT), Redaction(item, "site"))
    ledger.release(lease)
    kept = [each.intent.natives for each in ledger.writes_since(PROJECT, begun)]
    for text in (str(ledger.plan_of(preview)), str(kept)):
        assert "Nord" not in text
        assert "Vault" not in text
