"""Transitions, links and deletions: each a call of its own, and each may fail by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from itpm_sync.connector import Change, Operation, Presence, Status
from itpm_sync.emulation import Fault, Harm, When
from itpm_sync_jira.emulator import JiraEmulator

from .conftest import ANN, BOB, Jira, asked, new, update

Make = Callable[..., str]
ISSUE = r".*/issue/\d+"


def count(site: JiraEmulator, project: str = "NET") -> int:
    return sum(
        site.state["projects"][issue["project"]]["key"] == project for issue in site.state["issues"].values()
    )


class TestStatus:
    def test_a_transition_of_its_own_read_once_a_status(
        self, jira: Jira, make: Make, site: JiraEmulator
    ) -> None:
        numbers = [make(f"Task {n}") for n in range(5)]
        records = jira.records()
        site.requests.clear()
        outcomes = jira.apply(*(update(n, {"status": "10003"}, records[n], f"int-{n}") for n in numbers))
        assert {outcome.status for outcome in outcomes} == {Status.APPLIED}
        assert {outcome.record.values["status"] for outcome in outcomes if outcome.record} == {"10003"}
        transitions = [line for line in asked(site) if line.endswith("/transitions")]
        assert sum(line.startswith("POST") for line in transitions) == 5
        assert sum(line.startswith("GET") for line in transitions) <= 4  # as many as run side by side

    @pytest.fixture
    def strict(self, site: JiraEmulator) -> str:
        steps = [
            {"name": "Begin", "from": ["To Do"], "to": "In Progress"},
            {"name": "Close", "from": ["In Progress"], "to": "Done", "fields": {"duedate": True}},
        ]
        site.seed({"projects": [{"key": "STR", "workflow": {"initial": "To Do", "transitions": steps}}]})
        return "STR"

    def test_without_a_way_it_is_refused_with_the_reason_and_the_rest_is_done(
        self, jira: Jira, make: Make, site: JiraEmulator, strict: str
    ) -> None:
        number = make(project=strict)
        outcome = jira.apply(update(number, {"summary": "New", "status": "10003"}, None), container=strict)[0]
        assert (outcome.status, site.shown(number)["summary"]) == (Status.PARTLY, "New")
        assert "no transition from To Do to Done" in outcome.refused["status"]

    def test_a_screen_that_asks_for_more_is_named(self, jira: Jira, make: Make, strict: str) -> None:
        number = make(project=strict, status="In Progress")
        outcome = jira.apply(update(number, {"status": "10003"}, None), container=strict)[0]
        assert outcome.status is Status.REFUSED
        assert "duedate is required" in outcome.refused["status"]

    def test_a_workflow_that_changed_is_read_again(self, jira: Jira, make: Make, site: JiraEmulator) -> None:
        first, second = make(), make("Other")

        async def story(connector: Any) -> Any:
            await connector.apply("NET", [update(first, {"status": "10001"}, None)])
            site.state["projects"]["10000"]["workflow"]["transitions"][1]["id"] = "99"
            return await connector.apply("NET", [update(second, {"status": "10001"}, None)])

        assert [outcome.status for outcome in jira.run(story)] == [Status.APPLIED]

    def test_what_could_not_be_tried_for_now_is_for_a_later_run_and_no_refusal(
        self, jira: Jira, make: Make, site: JiraEmulator
    ) -> None:
        number = make()
        site.faults.add(Fault(r".*/transitions", "GET", When.AFTER, Harm.HTML))
        outcome = jira.update(number, {"summary": "New", "status": "10003"})
        assert (outcome.status, dict(outcome.refused)) == (Status.RETRY, {})
        assert outcome.record is not None
        assert outcome.record.values["summary"] == "New"

    def test_a_created_issue_is_told_whatever_fails_afterwards(self, jira: Jira, site: JiraEmulator) -> None:
        site.faults.add(Fault(r".*/transitions", "GET", When.AFTER, Harm.HTML))
        outcome = jira.apply(new({"summary": "New", "status": "10003"}))[0]
        assert (outcome.status, set(outcome.refused)) == (Status.PARTLY, {"status"})
        assert outcome.record is not None

    def test_a_lost_transition_is_unknown(self, jira: Jira, make: Make, site: JiraEmulator) -> None:
        number = make()
        site.faults.add(Fault(r".*/transitions", "POST", When.AFTER, Harm.DROP))
        outcome = jira.update(number, {"status": "10003"})
        assert (outcome.status, site.shown(number)["status"]["name"]) == (Status.UNKNOWN, "Done")


class TestLinks:
    def test_added_removed_and_others_left_alone(self, jira: Jira, make: Make, site: JiraEmulator) -> None:
        old, kept, new_one, number = (make(f"Task {n}") for n in range(4))
        site.edit_as(ANN, old, blocks=[number])
        site.edit_as(ANN, kept, blocks=[number])
        site.edit_as(ANN, number, blocks=[new_one])
        wanted = [{"id": kept, "type": "FS"}, {"id": new_one, "type": "FS"}]
        outcome = jira.update(number, {"issuelinks": wanted})
        assert outcome.status is Status.APPLIED
        assert outcome.record is not None
        assert outcome.record.values["issuelinks"] == wanted
        outward = [
            link["outwardIssue"]["id"] for link in site.shown(number)["issuelinks"] if "outwardIssue" in link
        ]
        assert outward == [new_one]

    def test_another_type_of_dependency_is_refused(self, jira: Jira, make: Make) -> None:
        first, number = make(), make("Other")
        outcome = jira.update(number, {"issuelinks": [{"id": first, "type": "SS"}]})
        assert outcome.status is Status.REFUSED
        assert "finish-to-start" in outcome.refused["issuelinks"]

    def test_a_link_to_an_issue_that_is_gone(self, jira: Jira, make: Make, site: JiraEmulator) -> None:
        number = make()
        outcome = jira.update(number, {"summary": "New", "issuelinks": [{"id": "999", "type": "FS"}]})
        assert (outcome.status, set(outcome.refused)) == (Status.PARTLY, {"issuelinks"})


class TestDelete:
    def delete(self, jira: Jira, number: str) -> Any:
        expected = jira.records()[number]
        return jira.apply(Change("int-1", Operation.DELETE, number, "item-1", {}, expected))[0]

    def test_it_is_gone(self, jira: Jira, make: Make) -> None:
        number = make()
        assert self.delete(jira, number).status is Status.APPLIED
        assert (
            jira.run(lambda connector: connector.read("NET", [number]))[0].presence is Presence.GONE_OR_HIDDEN
        )

    def test_one_with_subtasks_stays(self, jira: Jira, make: Make, site: JiraEmulator) -> None:
        number = make()
        make("Step", type="Sub-task", parent=number)
        outcome = self.delete(jira, number)
        assert (outcome.status, count(site)) == (Status.REFUSED, 2)
        assert "subtasks" in str(outcome.error)

    def test_one_that_was_edited_meanwhile_stays(self, jira: Jira, make: Make, site: JiraEmulator) -> None:
        number = make()
        expected = jira.records()[number]
        site.edit_as(BOB, number, summary="Still needed")
        outcome = jira.apply(Change("int-1", Operation.DELETE, number, "item-1", {}, expected))[0]
        assert (outcome.status, count(site)) == (Status.STALE, 1)

    def test_a_lost_answer_is_unknown(self, jira: Jira, make: Make, site: JiraEmulator) -> None:
        number = make()
        site.faults.add(Fault(ISSUE, "DELETE", When.AFTER, Harm.DROP))
        assert self.delete(jira, number).status is Status.UNKNOWN
        assert count(site) == 0
