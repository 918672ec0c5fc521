"""Creations and edits: what happens, in how few requests, and what faults leave behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from itpm_sync.connector import Status
from itpm_sync.emulation import Call, Fault, Harm, When
from itpm_sync.errors import Denied, Gone, Retry, UnknownOutcome
from itpm_sync.testing.clocks import ManualClock
from itpm_sync_jira.emulator import JiraEmulator

from .conftest import ANN, BOB, Jira, asked, new, update

Make = Callable[..., str]
BULK = r".*/issue/bulk"
ISSUE = r".*/issue/\d+"


def count(site: JiraEmulator, project: str = "NET") -> int:
    return sum(
        site.state["projects"][issue["project"]]["key"] == project for issue in site.state["issues"].values()
    )


class TestCreate:
    def test_many_in_one_call_each_with_our_key(self, jira: Jira, site: JiraEmulator) -> None:
        outcomes = jira.apply(
            *(new({"summary": f"Task {n}", "duedate": "2026-05-08"}, f"item-{n}") for n in range(50))
        )
        assert {outcome.status for outcome in outcomes} == {Status.APPLIED}
        records = [outcome.record for outcome in outcomes]
        assert [record.key for record in records if record] == [f"item-{n}" for n in range(50)]
        assert [record.values["summary"] for record in records if record] == [f"Task {n}" for n in range(50)]
        writes = [line for line in asked(site) if not line.startswith("GET")]
        assert writes == ["POST /issue/bulk", "POST /issue/bulkfetch"]

    def test_all_fields_with_status_and_links(self, jira: Jira, make: Make, site: JiraEmulator) -> None:
        epic, before = make("Site A", type="Epic"), make("Order rack")
        doc = {"type": "doc", "version": 1, "content": [{"type": "rule"}]}
        values = {
            "summary": "Install rack",
            "status": "10001",
            "priority": "2",
            "assignee": {"account": site.world.account(ANN), "mail": ANN},
            "labels": ["wan"],
            "duedate": "2026-05-08",
            "customfield_10015": "2026-05-04",
            "parent": epic,
            "description": doc,
            "timeoriginalestimate": 7200,
            "issuelinks": [{"id": before, "type": "FS"}],
        }
        outcome = jira.apply(new(values))[0]
        assert (outcome.status, dict(outcome.refused)) == (Status.APPLIED, {})
        assert outcome.record is not None
        assert {name: outcome.record.values[name] for name in values} == values

    def test_one_that_is_refused_leaves_the_others_alone(self, jira: Jira) -> None:
        outcomes = jira.apply(
            new({"summary": "A"}, "a"), new({"summary": "x" * 256}, "b"), new({"summary": "C"}, "c")
        )
        assert [outcome.status for outcome in outcomes] == [Status.APPLIED, Status.REFUSED, Status.APPLIED]
        assert [o.record.values["summary"] for o in outcomes if o.record] == ["A", "C"]
        assert "255" in outcomes[1].refused["summary"]
        assert "255" in str(outcomes[1].error)

    def test_a_field_that_jira_refuses_is_left_out_and_told(self, jira: Jira, site: JiraEmulator) -> None:
        outcome = jira.apply(
            new({"summary": "A", "assignee": {"account": "nobody"}, "duedate": "2026-05-08"})
        )[0]
        assert outcome.status is Status.PARTLY
        assert "nobody" in outcome.refused["assignee"]
        assert outcome.record is not None
        assert outcome.record.values["duedate"] == "2026-05-08"
        assert count(site) == 1

    def test_what_the_create_screen_demands_is_said_in_jiras_words(
        self, jira: Jira, site: JiraEmulator
    ) -> None:
        site.seed({"projects": [{"key": "STR", "required": ["duedate"]}]})
        outcome = jira.apply(new({"summary": "A"}), container="STR")[0]
        assert (outcome.status, count(site, "STR")) == (Status.REFUSED, 0)
        assert "Due date is required" in str(outcome.error)

    def test_under_a_task_it_is_a_subtask(self, jira: Jira, make: Make) -> None:
        task = make()
        outcome = jira.apply(new({"summary": "Step", "parent": task}))[0]
        assert outcome.record is not None
        assert (outcome.record.values["issuetype"], outcome.record.values["parent"]) == ("10104", task)

    def test_where_the_levels_do_not_fit_it_has_no_parent(self, jira: Jira, make: Make) -> None:
        epic = make(type="Epic")
        outcome = jira.apply(new({"summary": "Phase", "issuetype": "Epic", "parent": epic}))[0]
        assert outcome.status is Status.PARTLY
        assert "cannot stand under" in outcome.refused["parent"]

    def test_an_unknown_issue_type_names_those_there_are(self, jira: Jira) -> None:
        outcome = jira.apply(new({"summary": "A", "issuetype": "Saga"}))[0]
        assert (outcome.status, outcome.record) == (Status.REFUSED, None)
        assert "Milestone" in outcome.refused["issuetype"]

    def test_the_type_follows_the_kind(self, jira: Jira, site: JiraEmulator) -> None:
        site.seed({"projects": [{"key": "FEW", "types": ["Task", "Epic"]}]})

        async def story(connector: Any) -> list[dict[str, Any]]:
            for container in ("NET", "FEW"):
                await connector.describe(container)
            wanted = [("NET", "milestone", None), ("FEW", "milestone", None), ("NET", "summary", None)]
            wanted += [("NET", "task", "Risk"), ("NET", "task", "NET-1")]  # type: ignore[list-item]
            return [connector.created_values(place, kind=kind, under=under) for place, kind, under in wanted]

        assert jira.run(story) == [
            {"issuetype": "10102"},
            {"issuetype": "10101"},
            {"issuetype": "10100"},
            {"issuetype": "10103"},
            {"issuetype": "10101", "parent": "NET-1"},
        ]

    @pytest.mark.parametrize("harm", [Harm.DROP, Harm.CUT, Harm.TRUNCATE, Harm.HTML])
    def test_an_answer_that_is_lost_is_never_asked_for_again(
        self, jira: Jira, site: JiraEmulator, clock: ManualClock, harm: Harm
    ) -> None:
        began = clock.now()
        site.faults.add(Fault(BULK, "POST", When.AFTER, harm))
        outcome = jira.apply(new({"summary": "Once"}, "item-9"))[0]
        assert (outcome.status, count(site)) == (Status.UNKNOWN, 1)
        assert isinstance(outcome.error, UnknownOutcome)
        found = jira.run(lambda connector: connector.find(["NET"], ["item-9"], began))
        assert len(found.records["item-9"]) == 1

    def test_a_timeout_after_the_effect_makes_no_second_issue(self, jira: Jira, site: JiraEmulator) -> None:
        jira.more = {"timeout": 0.2}
        site.faults.add(Fault(BULK, "POST", When.AFTER, Harm.DELAY, delay=10))
        assert jira.apply(new({"summary": "Once"}))[0].status is Status.UNKNOWN
        assert (count(site), asked(site).count("POST /issue/bulk")) == (1, 1)

    @pytest.mark.parametrize("status", [500, 502, 504])
    def test_a_doubtful_status_is_not_repeated(self, jira: Jira, site: JiraEmulator, status: int) -> None:
        site.faults.add(Fault(BULK, "POST", When.AFTER, status=status, body={}))
        assert jira.apply(new({"summary": "Once"}))[0].status is Status.UNKNOWN
        assert count(site) == 1

    def test_what_was_not_processed_is_repeated(
        self, jira: Jira, site: JiraEmulator, clock: ManualClock
    ) -> None:
        site.faults.add(Fault(BULK, "POST", status=429, headers={"Retry-After": "3"}, body={}, times=2))
        assert jira.apply(new({"summary": "Once"}))[0].status is Status.APPLIED
        assert (count(site), [3 <= seconds <= 4 for seconds in clock.slept]) == (1, [True, True])

    def test_a_quota_without_end_is_for_a_later_run(self, jira: Jira, site: JiraEmulator) -> None:
        site.faults.add(Fault(BULK, "POST", status=429, headers={"Retry-After": "2"}, body={}, times=-1))
        outcome = jira.apply(new({"summary": "Once"}))[0]
        assert (outcome.status, count(site)) == (Status.RETRY, 0)
        assert isinstance(outcome.error, Retry)

    def test_a_batch_refused_as_a_whole_is_halved_until_the_one_is_found(
        self, jira: Jira, site: JiraEmulator
    ) -> None:
        def poison(call: Call) -> None:
            if b"poison" in call.body:
                body = {"errorMessages": ["INVALID_INPUT"], "errors": {}}
                site.faults.add(Fault(BULK, "POST", status=400, body=body))

        site.faults.before(BULK, poison, method="POST", times=-1)
        names = ["a", "b", "poison", "d"]
        outcomes = jira.apply(*(new({"summary": name}, name) for name in names))
        assert [o.status for o in outcomes] == [
            Status.APPLIED,
            Status.APPLIED,
            Status.REFUSED,
            Status.APPLIED,
        ]
        assert count(site) == 3


class TestUpdate:
    def test_many_fields_in_one_call_and_the_answer_is_the_record(
        self, jira: Jira, make: Make, site: JiraEmulator
    ) -> None:
        number = make(labels=["wan"], parent=make("Site A", type="Epic"))
        expected = jira.records()[number]
        site.requests.clear()
        values = {
            "summary": "New",
            "duedate": "2026-05-08",
            "labels": [],
            "parent": None,
            "timeoriginalestimate": 3600,
        }
        outcome = jira.apply(update(number, values, expected))[0]
        assert outcome.status is Status.APPLIED
        assert outcome.record is not None
        assert {name: outcome.record.values[name] for name in values} == values
        assert outcome.record.key == "item-1"
        assert asked(site).count(f"PUT /issue/{number}") == 1
        assert len([line for line in asked(site) if line.startswith("GET /issue/" + number)]) == 0

    def test_a_hundred_edits_need_two_bulk_reads(self, jira: Jira, make: Make, site: JiraEmulator) -> None:
        numbers = [make(f"Task {n}") for n in range(50)]
        records = jira.records()
        site.requests.clear()
        jira.apply(*(update(n, {"summary": "New"}, records[n], f"int-{n}") for n in numbers))
        lines = asked(site)
        assert (lines.count("POST /issue/bulkfetch"), lines.count("POST /changelog/bulkfetch")) == (1, 1)
        assert sum(line.startswith("PUT") for line in lines) == 50

    def test_a_direct_read_just_before_is_not_repeated(
        self, jira: Jira, make: Make, site: JiraEmulator
    ) -> None:
        number = make()

        async def story(connector: Any) -> Any:
            seen = await connector.read("NET", [number])
            return await connector.apply("NET", [update(number, {"summary": "New"}, seen[0].record)])

        assert jira.run(story)[0].status is Status.APPLIED
        assert asked(site).count("POST /issue/bulkfetch") == 1

    def test_our_key_is_written_with_the_edit_and_alone(
        self, jira: Jira, make: Make, site: JiraEmulator
    ) -> None:
        first, second = make(), make("Other")
        assert jira.update(first, {"summary": "New"}).status is Status.APPLIED
        outcome = jira.update(second, {})
        assert (outcome.status, outcome.record.key if outcome.record else None) == (Status.APPLIED, "item-1")
        assert {record.key for record in jira.records().values()} == {"item-1"}
        assert asked(site).count(f"PUT /issue/{second}/properties/itpm-sync") == 1

    def test_what_stands_there_already_is_not_sent(self, jira: Jira, make: Make, site: JiraEmulator) -> None:
        number = make(assignee=ANN)
        jira.update(number, {})
        expected = jira.records()[number]
        site.requests.clear()
        account = {"account": site.world.account(ANN), "mail": None}
        outcome = jira.update(number, {"summary": "Install rack", "assignee": account}, expected=expected)
        assert outcome.status is Status.APPLIED
        assert not [line for line in asked(site) if line.startswith("PUT")]

    def test_a_field_that_moved_meanwhile_is_stale_and_not_written(
        self, jira: Jira, make: Make, site: JiraEmulator
    ) -> None:
        number = make()
        expected = jira.records()[number]
        site.edit_as(BOB, number, summary="Bob's")
        outcome = jira.update(number, {"summary": "Ours"}, expected=expected)
        assert (outcome.status, site.shown(number)["summary"]) == (Status.STALE, "Bob's")
        assert outcome.record is not None
        assert outcome.record.values["summary"] == "Bob's"

    def test_another_field_that_moved_is_no_hindrance(
        self, jira: Jira, make: Make, site: JiraEmulator
    ) -> None:
        number = make()
        expected = jira.records()[number]
        site.edit_as(BOB, number, due="2026-06-01")
        outcome = jira.update(number, {"summary": "Ours"}, expected=expected)
        assert (outcome.status, outcome.replaced) == (Status.APPLIED, None)
        assert site.shown(number)["duedate"] == "2026-06-01"

    def test_an_edit_between_our_reading_and_our_writing_is_told(
        self, jira: Jira, make: Make, site: JiraEmulator
    ) -> None:
        number = make()

        def bob(call: Call) -> None:
            site.edit_as(BOB, number, summary="Bob's", due="2026-06-01")

        site.faults.before(ISSUE, bob, method="PUT")
        outcome = jira.update(number, {"summary": "Ours"})
        assert (outcome.status, outcome.replaced) == (Status.APPLIED, {"summary": "Bob's"})

    def test_an_edit_after_ours_is_no_replaced_one(self, jira: Jira, make: Make, site: JiraEmulator) -> None:
        number = make()

        def bob(call: Call) -> None:
            site.edit_as(BOB, number, summary="Bob's, later")

        site.faults.before(r".*/transitions", bob, method="POST")
        outcome = jira.update(number, {"summary": "Ours", "status": "10003"})
        assert (outcome.status, outcome.replaced) == (Status.APPLIED, None)
        assert outcome.record is not None
        assert outcome.record.values["summary"] == "Bob's, later"

    def test_a_status_that_somebody_set_between_is_told(
        self, jira: Jira, make: Make, site: JiraEmulator
    ) -> None:
        number = make()

        def bob(call: Call) -> None:
            site.edit_as(BOB, number, status="In Review")

        site.faults.before(r".*/transitions", bob, method="POST")
        assert jira.update(number, {"status": "10003"}).replaced == {"status": "10002"}

    def test_an_issue_in_another_project_is_stale(self, jira: Jira, make: Make, site: JiraEmulator) -> None:
        number = make()
        expected = jira.records()[number]
        site.edit_as(ANN, number, move_to="OPS")
        assert jira.update(number, {"summary": "Ours"}, expected=expected).status is Status.STALE
        assert site.shown(number)["summary"] == "Install rack"

    @pytest.mark.parametrize("change", [{"delete": True}, {"hidden": True}])
    def test_one_that_is_not_there_is_refused(
        self, jira: Jira, make: Make, site: JiraEmulator, change: dict[str, bool]
    ) -> None:
        number, other = make(), make("Other")
        records = jira.records()
        site.edit_as(ANN, number, **change)
        outcomes = jira.apply(
            update(number, {"summary": "x"}, records[number], "a"),
            update(other, {"summary": "y"}, records[other], "b"),
        )
        assert [outcome.status for outcome in outcomes] == [Status.REFUSED, Status.APPLIED]
        assert isinstance(outcomes[0].error, Gone)

    def test_one_that_may_not_be_edited_is_refused_alone(
        self, jira: Jira, make: Make, site: JiraEmulator
    ) -> None:
        number, other = make(), make("Other")
        records = jira.records()
        site.edit_as(ANN, number, locked=True)
        outcomes = jira.apply(
            update(number, {"summary": "x"}, records[number], "a"),
            update(other, {"summary": "y"}, records[other], "b"),
        )
        assert [outcome.status for outcome in outcomes] == [Status.REFUSED, Status.APPLIED]
        assert isinstance(outcomes[0].error, Denied)
        assert "NET-1" in str(outcomes[0].error)

    def test_one_refused_field_does_not_hold_up_the_others(
        self, jira: Jira, make: Make, site: JiraEmulator
    ) -> None:
        number = make()
        outcome = jira.update(
            number, {"summary": "New", "labels": ["two words"], "nonsense": 1, "statusCategory": "done"}
        )
        assert (outcome.status, site.shown(number)["summary"]) == (Status.PARTLY, "New")
        assert set(outcome.refused) == {"labels", "nonsense", "statusCategory"}
        assert "spaces" in outcome.refused["labels"]

    @pytest.mark.parametrize("harm", [Harm.DROP, Harm.CUT, Harm.HTML])
    def test_a_lost_answer_is_unknown_and_the_history_knows(
        self, jira: Jira, make: Make, site: JiraEmulator, clock: ManualClock, harm: Harm
    ) -> None:
        number = make()
        clock.move(60)
        since = clock.now()
        site.faults.add(Fault(ISSUE, "PUT", When.AFTER, harm))
        assert jira.update(number, {"summary": "Ours"}).status is Status.UNKNOWN
        edits = jira.run(lambda connector: connector.history("NET", [number], since))
        assert [edit.ours for edit in edits[number]] == ["int-1"]

    def test_a_connection_refused_before_anything_raises(
        self, jira: Jira, make: Make, site: JiraEmulator
    ) -> None:
        number = make()
        expected = jira.records()[number]
        site.faults.add(Fault(r".*/issue/bulkfetch", status=500, body={}, times=-1))
        with pytest.raises(Retry):
            jira.apply(update(number, {"summary": "x"}, expected))

    def test_a_history_that_cannot_be_read_leaves_the_outcome_open(
        self, jira: Jira, make: Make, site: JiraEmulator
    ) -> None:
        number = make()
        site.faults.add(Fault(r".*/changelog/bulkfetch", status=500, body={}, times=-1))
        assert jira.update(number, {"summary": "Ours"}).status is Status.UNKNOWN
