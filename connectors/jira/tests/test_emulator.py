"""The emulated site is as strict as Jira Cloud: what it refuses, what it hides, what lags."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from itpm_sync.emulation import Quota
from itpm_sync.testing.clocks import ManualClock
from itpm_sync_jira.emulator import JiraEmulator

from .conftest import ANN, BOB, DAN, SITE

Make = Callable[..., str]
DOC = {
    "type": "doc",
    "version": 1,
    "content": [{"type": "paragraph", "content": [{"type": "text", "text": "x"}]}],
}


def new(**fields: Any) -> dict[str, Any]:
    given = {"project": {"key": "NET"}, "issuetype": {"name": "Task"}, "summary": "Install rack", **fields}
    return {"fields": {name: value for name, value in given.items() if value is not ...}}


def found(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [issue["id"] for issue in answer.json()["issues"]]


def search(web: httpx.Client, jql: str = "project = NET", **asked: Any) -> httpx.Response:
    return web.post("/search/jql", json={"jql": jql, **asked})


def test_a_wrong_token_is_401(web: httpx.Client) -> None:
    answer = web.get("/myself", auth=("itpm-sync@example.org", "wrong"))
    assert (answer.status_code, answer.headers["x-seraph-loginreason"]) == (401, "AUTHENTICATED_FAILED")


def test_the_old_search_is_gone(web: httpx.Client) -> None:
    answer = web.get("/search", params={"jql": "project = NET"})
    assert answer.status_code == 410
    assert "search/jql" in answer.json()["errorMessages"][0]


class TestSearch:
    def test_without_fields_only_ids_come(self, web: httpx.Client, make: Make) -> None:
        number = make()
        assert search(web).json() == {"issues": [{"id": number}], "isLast": True}

    @pytest.mark.parametrize("jql", ["", "order by key desc"])
    def test_it_must_be_bounded(self, web: httpx.Client, jql: str) -> None:
        answer = search(web, jql)
        assert answer.status_code == 400
        assert "Unbounded" in answer.json()["errorMessages"][0]

    @pytest.mark.parametrize(
        "jql",
        [
            "project = NIX",
            "colour = red",
            "project ~ NET",
            "project = NET AND",
            "updated >= soon",
            "project = NET)",
        ],
    )
    def test_what_it_does_not_understand_it_refuses(self, web: httpx.Client, jql: str) -> None:
        assert search(web, jql).status_code == 400

    def test_more_than_seven_orders_are_refused(self, web: httpx.Client) -> None:
        assert search(web, "project = NET ORDER BY " + ",".join(["id"] * 8)).status_code == 400

    def test_clauses(self, web: httpx.Client, make: Make) -> None:
        first, second = make(labels=["wan"]), make("Order switches", assignee=ANN)
        elsewhere = make(project="OPS")
        assert found(search(web, "project in (NET, OPS)")) == [first, second, elsewhere]
        assert found(search(web, 'project = "NET" AND NOT labels = wan')) == [second]
        assert found(search(web, "(key = NET-1 OR key = OPS-1) ORDER BY id DESC")) == [elsewhere, first]
        assert found(search(web, "project = NET AND assignee is not EMPTY")) == [second]
        assert found(search(web, "project = NET AND creator = currentUser()")) == []

    def test_pages_have_a_token_and_no_total(self, web: httpx.Client, make: Make) -> None:
        numbers = [make(f"Task {count}") for count in range(5)]
        first = search(web, maxResults=2).json()
        assert (first["isLast"], "total" in first, "startAt" in first) == (False, False, False)
        second = search(web, maxResults=4, nextPageToken=first["nextPageToken"]).json()
        assert [issue["id"] for issue in first["issues"] + second["issues"]] == numbers
        assert (second["isLast"], "nextPageToken" in second) == (True, False)

    def test_a_token_belongs_to_its_query_and_to_its_week(
        self, web: httpx.Client, make: Make, clock: ManualClock
    ) -> None:
        make()
        make()
        token = search(web, maxResults=1).json()["nextPageToken"]
        assert search(web, "project = OPS", nextPageToken=token).status_code == 400
        clock.move(8 * 86400)
        assert search(web, nextPageToken=token).status_code == 400

    def test_with_fields_a_page_has_100_at_most(self, web: httpx.Client, make: Make) -> None:
        for count in range(101):
            make(f"Task {count}")
        assert len(found(search(web, maxResults=5000, fields=["summary"]))) == 100
        assert len(found(search(web, maxResults=5000, fields=["id"]))) == 101

    def test_search_lags_and_a_direct_read_does_not(
        self, site: JiraEmulator, web: httpx.Client, make: Make, clock: ManualClock
    ) -> None:
        old = make("Before")
        clock.move(3600)
        site.index_lag = 60
        number = make("Fresh")
        site.edit_as(ANN, old, summary="After")
        assert found(search(web)) == [old]
        assert search(web, fields=["summary"]).json()["issues"][0]["fields"]["summary"] == "Before"
        assert web.get(f"/issue/{old}", params={"fields": "summary"}).json()["fields"]["summary"] == "After"
        assert found(search(web, reconcileIssues=[int(number)])) == [old, number]
        clock.move(60)
        assert found(search(web)) == [old, number]

    def test_a_deleted_issue_stays_in_the_index_for_a_while(
        self, site: JiraEmulator, web: httpx.Client, make: Make, clock: ManualClock
    ) -> None:
        number = make()
        clock.move(3600)
        site.index_lag = 60
        site.edit_as(ANN, number, delete=True)
        assert found(search(web)) == [number]
        assert found(search(web, reconcileIssues=[int(number)])) == []
        clock.move(61)
        assert found(search(web)) == []

    def test_dates_are_epoch_milliseconds_or_minutes_in_the_callers_zone(
        self, site: JiraEmulator, web: httpx.Client, make: Make, clock: ManualClock
    ) -> None:
        site.seed({"people": [{"mail": site.credentials[0], "zone": "Asia/Tokyo"}]})
        number = make()
        ms = int(clock.now().timestamp() * 1000)
        assert found(search(web, f"project = NET AND updated >= {ms}")) == [number]
        assert found(search(web, f"project = NET AND updated >= {ms + 1}")) == []
        assert found(search(web, 'project = NET AND updated >= "2026-05-04 18:00"')) == [number]
        assert found(search(web, 'project = NET AND updated >= "2026-05-04 18:01"')) == []
        fields = web.get(f"/issue/{number}", params={"fields": "updated"}).json()["fields"]
        assert fields["updated"] == "2026-05-04T18:00:00.000+0900"


class TestBulkRead:
    def test_in_order_of_ids_and_what_is_not_there_is_just_missing(
        self, site: JiraEmulator, web: httpx.Client, make: Make
    ) -> None:
        first, second, gone, hidden = (make(f"Task {count}") for count in range(4))
        site.edit_as(ANN, gone, delete=True)
        site.edit_as(ANN, hidden, hidden=True)
        site.edit_as(ANN, first, move_to="OPS")
        asked = {"issueIdsOrKeys": [second, gone, hidden, "NET-1", "999"], "fields": ["summary"]}
        answer = web.post("/issue/bulkfetch", json=asked).json()
        assert [(issue["id"], issue["key"]) for issue in answer["issues"]] == [
            (first, "OPS-1"),
            (second, "NET-2"),
        ]
        assert answer["issueErrors"] == []

    def test_more_than_100_are_refused(self, web: httpx.Client) -> None:
        asked = {"issueIdsOrKeys": [str(number) for number in range(101)]}
        assert web.post("/issue/bulkfetch", json=asked).status_code == 400


class TestCreate:
    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"summary": ...}, "summary"),
            ({"summary": " "}, "summary"),
            ({"summary": "two\nlines"}, "summary"),
            ({"summary": "🙂" * 128}, "summary"),
            ({"summary": 5}, "summary"),
            ({"project": {"key": "NIX"}}, "project"),
            ({"issuetype": {"name": "Story"}}, "issuetype"),
            ({"issuetype": {"name": "Sub-task"}}, "parent"),
            ({"parent": {"key": "NET-99"}}, "parent"),
            ({"description": "plain"}, "description"),
            ({"labels": ["two words"]}, "labels"),
            ({"duedate": "4.5.2026"}, "duedate"),
            ({"priority": "High"}, "priority"),
            ({"priority": {"name": "Huge"}}, "priority"),
            ({"assignee": {"accountId": "nobody"}}, "assignee"),
            ({"assignee": "ann"}, "assignee"),
            ({"status": {"name": "Done"}}, "status"),
            ({"customfield_99999": 1}, "customfield_99999"),
            ({"customfield_10016": "5"}, "customfield_10016"),
            ({"timetracking": {"originalEstimate": "soon"}}, "timetracking"),
        ],
    )
    def test_a_wrong_field_is_named(self, web: httpx.Client, fields: dict[str, Any], field: str) -> None:
        answer = web.post("/issue", json=new(**fields))
        assert answer.status_code == 400
        assert list(answer.json()["errors"]) == [field]

    def test_summary_may_have_255_utf16_units(self, web: httpx.Client) -> None:
        assert web.post("/issue", json=new(summary="🙂" * 127 + "x")).status_code == 201

    @pytest.mark.parametrize(
        "content",
        [
            [{"type": "paragraph", "content": [{"type": "text", "text": ""}]}],
            [{"type": "text", "text": "not in a paragraph"}],
            [{"type": "heading", "attrs": {"level": 7}, "content": []}],
            [{"type": "bulletList", "content": []}],
            [{"type": "bulletList", "content": [{"type": "paragraph"}]}],
            [{"type": "marquee"}],
            [{"type": "paragraph", "content": [{"type": "text", "text": "x", "marks": [{"type": "blink"}]}]}],
        ],
    )
    def test_an_invalid_document_is_invalid_input(self, web: httpx.Client, content: list[Any]) -> None:
        answer = web.post("/issue", json=new(description={"type": "doc", "version": 1, "content": content}))
        assert (answer.status_code, answer.json()["errorMessages"]) == (400, ["INVALID_INPUT"])

    def test_an_inactive_person_is_not_assigned(self, site: JiraEmulator, web: httpx.Client) -> None:
        account = site.world.account(DAN)
        assert web.post("/issue", json=new(assignee={"accountId": account})).status_code == 400

    def test_the_parent_is_one_level_up(self, web: httpx.Client, make: Make) -> None:
        epic, task = make("Site A", type="Epic"), make("Survey")
        assert web.post("/issue", json=new(parent={"id": epic})).status_code == 201
        assert list(web.post("/issue", json=new(parent={"id": task})).json()["errors"]) == ["parentId"]
        assert (
            web.post("/issue", json=new(issuetype={"name": "Sub-task"}, parent={"id": task})).status_code
            == 201
        )

    def test_properties_come_in_the_same_request(self, web: httpx.Client) -> None:
        extra = {"properties": [{"key": "itpm-sync", "value": {"key": "item-1"}}]}
        web.post("/issue", json=new() | extra)
        asked = search(web, properties=["itpm-sync"], fields=["summary"]).json()
        assert asked["issues"][0]["properties"] == {"itpm-sync": {"key": "item-1"}}

    def test_in_bulk_one_bad_element_fails_alone(self, web: httpx.Client) -> None:
        updates = [new(), new(summary=" "), new(summary="Third")]
        answer = web.post("/issue/bulk", json={"issueUpdates": updates})
        assert answer.status_code == 201
        assert [issue["key"] for issue in answer.json()["issues"]] == ["NET-1", "NET-2"]
        error = answer.json()["errors"][0]
        assert (error["failedElementNumber"], list(error["elementErrors"]["errors"])) == (1, ["summary"])

    def test_in_bulk_all_bad_is_400_and_51_are_too_many(self, web: httpx.Client) -> None:
        assert web.post("/issue/bulk", json={"issueUpdates": [new(summary=" ")]}).status_code == 400
        assert web.post("/issue/bulk", json={"issueUpdates": [new()] * 51}).status_code == 400


class TestEdit:
    def test_204_or_the_issue(self, web: httpx.Client, make: Make) -> None:
        number = make()
        assert web.put(f"/issue/{number}", json={"fields": {"duedate": "2026-05-08"}}).status_code == 204
        answer = web.put(f"/issue/{number}?returnIssue=true", json={"fields": {"duedate": None}})
        assert (answer.status_code, answer.json()["fields"]["duedate"]) == (200, None)

    def test_status_is_no_field_to_edit(self, web: httpx.Client, make: Make) -> None:
        answer = web.put(f"/issue/{make()}", json={"fields": {"status": {"id": "10003"}}})
        assert "status" in answer.json()["errors"]

    def test_nothing_is_changed_where_one_field_is_wrong(
        self, site: JiraEmulator, web: httpx.Client, make: Make
    ) -> None:
        number = make()
        assert (
            web.put(f"/issue/{number}", json={"fields": {"summary": "New", "duedate": 1}}).status_code == 400
        )
        assert site.shown(number)["summary"] == "Install rack"

    def test_fields_and_update_may_not_name_the_same(self, web: httpx.Client, make: Make) -> None:
        body = {"fields": {"labels": ["a"]}, "update": {"labels": [{"add": "b"}]}}
        assert web.put(f"/issue/{make()}", json=body).status_code == 400

    def test_the_parent_goes_by_its_own_word(self, site: JiraEmulator, web: httpx.Client, make: Make) -> None:
        number = make(parent=make("Site A", type="Epic"))
        body = {"update": {"parent": [{"set": {"none": True}}]}}
        assert web.put(f"/issue/{number}", json=body).status_code == 204
        assert "parent" not in site.shown(number)

    def test_updated_moves_with_edits_and_not_with_properties(
        self, site: JiraEmulator, web: httpx.Client, make: Make
    ) -> None:
        number = make()
        before = site.shown(number)["updated"]
        web.put(f"/issue/{number}", json={"fields": {"summary": "Install rack"}})
        assert web.put(f"/issue/{number}/properties/itpm-sync", json={"key": "item-1"}).status_code == 201
        assert web.put(f"/issue/{number}/properties/itpm-sync", json={"key": "item-2"}).status_code == 200
        assert site.shown(number)["updated"] == before
        web.put(f"/issue/{number}", json={"fields": {"summary": "Install racks"}})
        assert site.shown(number)["updated"] > before
        assert web.get(f"/issue/{number}/properties/itpm-sync").json()["value"] == {"key": "item-2"}

    def test_the_history_says_who_and_from_what_to_what(
        self, site: JiraEmulator, web: httpx.Client, make: Make
    ) -> None:
        number = make()
        site.edit_as(BOB, number, summary="Install two racks", assignee=ANN)
        entry = web.get(f"/issue/{number}/changelog").json()["values"][0]
        assert entry["author"]["displayName"] == "Bob Example"
        summary = next(item for item in entry["items"] if item["field"] == "summary")
        assert (summary["fromString"], summary["toString"]) == ("Install rack", "Install two racks")

    def test_history_metadata_lands_in_the_history(self, web: httpx.Client, make: Make) -> None:
        number = make()
        told = {"type": "itpm-sync", "extraData": {"intent": "int-1"}}
        web.put(f"/issue/{number}", json={"fields": {"summary": "New"}, "historyMetadata": told})
        history = web.post("/changelog/bulkfetch", json={"issueIdsOrKeys": [number]}).json()
        entry = history["issueChangeLogs"][0]["changeHistories"][0]
        assert entry["historyMetadata"]["extraData"] == {"intent": "int-1"}

    @pytest.mark.parametrize("change", [{"delete": True}, {"hidden": True}])
    def test_gone_and_hidden_look_the_same(
        self, site: JiraEmulator, web: httpx.Client, make: Make, change: dict[str, bool]
    ) -> None:
        number = make()
        site.edit_as(ANN, number, **change)
        answers = [
            web.get(f"/issue/{number}"),
            web.put(f"/issue/{number}", json={"fields": {"summary": "x"}}),
            web.delete(f"/issue/{number}"),
            web.get(f"/issue/{number}/transitions"),
        ]
        assert {(a.status_code, a.json()["errorMessages"][0][:20]) for a in answers} == {
            (404, "Issue does not exist")
        }

    def test_a_locked_issue_is_403(self, site: JiraEmulator, web: httpx.Client, make: Make) -> None:
        number = make()
        site.edit_as(ANN, number, locked=True)
        assert web.put(f"/issue/{number}", json={"fields": {"summary": "x"}}).status_code == 403


class TestTransitions:
    @pytest.fixture
    def site(self, site: JiraEmulator) -> JiraEmulator:
        steps = [
            {"name": "Begin", "from": ["To Do"], "to": "In Progress"},
            {"name": "Close", "from": ["In Progress"], "to": "Done", "fields": {"duedate": True}},
        ]
        site.seed({"projects": [{"key": "STR", "workflow": {"initial": "To Do", "transitions": steps}}]})
        return site

    def test_only_those_from_here_are_offered_and_taken(self, web: httpx.Client, make: Make) -> None:
        number = make(project="STR")
        offered = web.get(f"/issue/{number}/transitions").json()["transitions"]
        assert [(one["name"], one["to"]["name"]) for one in offered] == [("Begin", "In Progress")]
        assert web.post(f"/issue/{number}/transitions", json={"transition": {"id": "21"}}).status_code == 400
        taken = web.post(f"/issue/{number}/transitions", json={"transition": {"id": offered[0]["id"]}})
        assert taken.status_code == 204

    def test_a_screen_wants_its_field_and_done_sets_the_resolution(
        self, site: JiraEmulator, web: httpx.Client, make: Make
    ) -> None:
        number = make(project="STR", status="In Progress")
        closing = {"transition": {"id": "21"}}
        assert web.post(f"/issue/{number}/transitions", json=closing).status_code == 400
        closing |= {"fields": {"duedate": "2026-05-08"}}
        assert web.post(f"/issue/{number}/transitions", json=closing).status_code == 204
        shown = site.shown(number)
        assert (shown["status"]["name"], shown["resolution"]["name"]) == ("Done", "Done")
        assert shown["resolutiondate"]


class TestLinks:
    def test_direction_idempotence_and_no_id_back(
        self, site: JiraEmulator, web: httpx.Client, make: Make
    ) -> None:
        first, second = make(), make("Mount switches")
        body = {"type": {"name": "Blocks"}, "inwardIssue": {"id": first}, "outwardIssue": {"id": second}}
        answers = [web.post("/issueLink", json=body) for _ in range(2)]
        assert [(a.status_code, a.content) for a in answers] == [(201, b"")] * 2
        assert [link["outwardIssue"]["id"] for link in site.shown(first)["issuelinks"]] == [second]
        assert [link["inwardIssue"]["id"] for link in site.shown(second)["issuelinks"]] == [first]
        link = site.shown(first)["issuelinks"][0]["id"]
        assert web.delete(f"/issueLink/{link}").status_code == 204
        assert site.shown(second)["issuelinks"] == []
        assert web.delete(f"/issueLink/{link}").status_code == 404

    def test_a_link_to_nothing_is_404(self, web: httpx.Client, make: Make) -> None:
        body = {"type": {"name": "Blocks"}, "inwardIssue": {"id": make()}, "outwardIssue": {"id": "999"}}
        assert web.post("/issueLink", json=body).status_code == 404


class TestSite:
    def test_people_are_found_by_the_beginning_of_a_name_or_mail(self, web: httpx.Client) -> None:
        hidden = web.get("/user/search", params={"query": BOB}).json()
        assert [("emailAddress" in person, person["displayName"]) for person in hidden] == [
            (False, "Bob Example")
        ]
        assert len(web.get("/user/search", params={"query": "exam"}).json()) == 3
        assert web.get("/user/search", params={"query": "nn@"}).json() == []
        accounts = [
            person["accountId"] for person in web.get("/user/search", params={"query": "exam"}).json()
        ]
        assert len(web.get("/user/bulk", params={"accountId": accounts}).json()["values"]) == 3

    def test_the_catalogue(self, web: httpx.Client) -> None:
        assert web.get("/myself").json()["timeZone"] == "UTC"
        assert web.get("/serverInfo").json()["deploymentType"] == "Cloud"
        assert {"duedate", "customfield_10015"} <= {field["id"] for field in web.get("/field").json()}
        assert {kind["name"] for kind in web.get("/project/NET").json()["issueTypes"]} >= {"Epic", "Task"}
        assert web.get("/project/NIX").status_code == 404
        assert web.get("/project/NET/statuses").json()[0]["statuses"][0]["statusCategory"]["key"] == "new"
        assert [project["key"] for project in web.get("/project/search").json()["values"]] == ["NET", "OPS"]
        kinds = web.get("/issue/createmeta/NET/issuetypes").json()["issueTypes"]
        fields = web.get(f"/issue/createmeta/NET/issuetypes/{kinds[0]['id']}").json()["fields"]
        assert {f["fieldId"] for f in fields if f["required"]} == {"project", "issuetype", "summary"}
        assert web.get("/priority").json()[0]["name"] == "Highest"
        assert web.get("/issueLinkType").json()["issueLinkTypes"][0]["inward"] == "is blocked by"
        asked = web.get("/mypermissions", params={"projectKey": "NET", "permissions": "EDIT_ISSUES"}).json()
        assert asked["permissions"]["EDIT_ISSUES"]["havePermission"] is True

    def test_the_quota_names_its_reason(self, site: JiraEmulator, web: httpx.Client) -> None:
        site.quota = Quota(1, 10)
        answers = [web.get("/myself"), web.get("/myself"), web.get("/field")]
        assert [a.status_code for a in answers] == [200, 429, 200]
        assert answers[1].headers["ratelimit-reason"] == "jira-burst-based"

    def test_a_restart_goes_on(self, tmp_path: Path, clock: ManualClock) -> None:
        first = JiraEmulator(folder=tmp_path, clock=clock)
        first.seed(SITE)
        number = first.edit_as(ANN, None, project="NET", summary="Grüße 🙂")
        second = JiraEmulator(folder=tmp_path, clock=clock)
        assert second.shown(number)["summary"] == "Grüße 🙂"
        assert second.edit_as(ANN, None, project="NET", summary="Next") == str(int(number) + 1)
