"""Pulls, direct reads, searches for our keys, people: what they say, and in how few requests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from itpm_sync.connector import Presence
from itpm_sync.emulation import Fault, Harm, When
from itpm_sync.errors import Denied, Gone, ItpmError, NotTheVendor
from itpm_sync.testing.clocks import ManualClock
from itpm_sync_jira.emulator import JiraEmulator

from .conftest import ANN, BOB, DAN, Jira, asked

Make = Callable[..., str]
DOC = {
    "type": "doc",
    "version": 1,
    "content": [{"type": "paragraph", "content": [{"type": "text", "text": "x"}]}],
}


class TestValues:
    def test_every_field_in_plain_values(self, jira: Jira, make: Make, site: JiraEmulator) -> None:
        epic, before = make("Site A", type="Epic"), make("Order rack")
        number = make(
            assignee=ANN,
            parent=epic,
            due="2026-05-08",
            start="2026-05-04",
            labels=["wan", "core"],
            priority="High",
            estimate="2d",
            description=DOC,
            status="In Progress",
        )
        site.edit_as(ANN, before, blocks=[number])
        record = jira.records()[number]
        ann = {"account": site.world.account(ANN), "mail": ANN}
        assert record.values == {
            "summary": "Install rack",
            "issuetype": "10101",
            "status": "10001",
            "statusCategory": "doing",
            "priority": "2",
            "assignee": ann,
            "reporter": ann,
            "labels": ["core", "wan"],
            "duedate": "2026-05-08",
            "customfield_10015": "2026-05-04",
            "customfield_10016": None,
            "description": DOC,
            "parent": epic,
            "issuelinks": [{"id": before, "type": "FS"}],
            "timeoriginalestimate": 2 * 8 * 3600,
        }
        assert (record.name, record.url) == ("NET-3 Install rack", f"{jira.base}/browse/NET-3")
        assert record.edited_at is not None

    def test_an_empty_issue_has_empty_values(self, jira: Jira, make: Make) -> None:
        number = make()
        values = jira.records()[number].values
        empty = {n for n, v in values.items() if v in (None, [])}
        assert {"assignee", "parent", "duedate", "labels", "issuelinks", "description"} <= empty

    def test_links_of_other_types_and_directions_are_no_predecessors(
        self, jira: Jira, make: Make, site: JiraEmulator
    ) -> None:
        first, second = make(), make("Second")
        site.edit_as(ANN, first, blocks=[second])
        assert jira.records()[first].values["issuelinks"] == []

    def test_revisions_sort_as_text(self, jira: Jira, make: Make, site: JiraEmulator) -> None:
        number = make()
        older = jira.records()[number].revision
        site.edit_as(ANN, number, summary="Newer")
        assert jira.records()[number].revision > older

    def test_the_container_describes_its_fields(self, jira: Jira, site: JiraEmulator) -> None:
        site.seed({"fields": [{"name": "Site", "type": "option", "options": ["North", "South"]}]})
        info = jira.run(lambda connector: connector.describe("NET"))
        fields = {one.title: one for one in info.fields}
        assert fields["Start date"].name == "customfield_10015"
        assert fields["Status"].options["10003"] == "Done"
        assert fields["Status category"].options["10003"] == "done"
        assert sorted(fields["Site"].options.values()) == ["North", "South"]
        assert fields["Priority"].options["1"] == "Highest"
        assert not fields["Status category"].writable

    def test_a_field_off_the_screen_is_not_writable(self, jira: Jira, site: JiraEmulator) -> None:
        site.seed({"projects": [{"key": "BARE", "off_screen": ["duedate", "Start date", "timetracking"]}]})
        info = jira.run(lambda connector: connector.describe("BARE"))
        writable = {one.name: one.writable for one in info.fields}
        assert (writable["duedate"], writable["timeoriginalestimate"]) == (False, False)
        assert "customfield_10015" not in writable

    def test_the_fingerprint_is_the_projects(self, jira: Jira) -> None:
        prints = [
            jira.run(lambda connector, key=key: connector.describe(key)).fingerprint for key in ("NET", "OPS")
        ]
        assert prints[0] != prints[1]

    def test_an_unknown_project_is_gone(self, jira: Jira) -> None:
        with pytest.raises(Gone, match="NIX"):
            jira.run(lambda connector: connector.describe("NIX"))

    @pytest.mark.parametrize("container", ["NET OR 1=1", 'NET" OR project = "OPS', "", "../OPS"])
    def test_nothing_but_a_key_reaches_a_query(self, jira: Jira, site: JiraEmulator, container: str) -> None:
        with pytest.raises(Gone, match="no Jira project key"):
            jira.pulled(container=container)
        assert site.requests == []


class TestPull:
    def test_a_first_pull_lists_all_and_only_its_own_project(self, jira: Jira, make: Make) -> None:
        numbers = {make(f"Task {count}") for count in range(3)}
        make(project="OPS")
        pages = jira.pulled()
        assert {record.native_id for page in pages for record in page.records} == numbers
        assert (pages[-1].last, pages[-1].complete) == (True, True)

    def test_pages_are_walked_to_the_last(self, jira: Jira, make: Make, site: JiraEmulator) -> None:
        numbers = [make(f"Task {count}") for count in range(7)]
        site.search.page_cap = 3
        pages = jira.pulled()
        assert [record.native_id for page in pages for record in page.records] == numbers
        assert asked(site).count("POST /search/jql") == 3

    def test_an_idle_incremental_pull_is_one_search(
        self, jira: Jira, make: Make, site: JiraEmulator, clock: ManualClock
    ) -> None:
        make()
        clock.move(3600)
        cursor = jira.pulled()[-1].cursor
        clock.move(60)
        site.requests.clear()
        pages = jira.pulled(cursor)
        assert [list(page.records) for page in pages] == [[], []]
        assert asked(site).count("POST /search/jql") == 1
        assert (pages[-1].complete, pages[-1].listed) == (False, None)

    def test_only_what_changed_comes_again(
        self, jira: Jira, make: Make, site: JiraEmulator, clock: ManualClock
    ) -> None:
        make()
        edited = make("Other")
        clock.move(3600)
        cursor = jira.pulled()[-1].cursor
        clock.move(60)
        site.edit_as(BOB, edited, summary="Edited")
        pages = jira.pulled(cursor)
        assert [record.name for page in pages for record in page.records] == ["NET-2 Edited"]

    def test_what_the_index_showed_late_is_not_missed(
        self, jira: Jira, make: Make, site: JiraEmulator, clock: ManualClock
    ) -> None:
        jira.more = {"overlap": 120.0}
        number = make()
        clock.move(3600)
        site.index_lag = 60
        site.edit_as(BOB, number, summary="Late")
        clock.move(30)
        first = jira.pulled(jira.pulled()[-1].cursor)
        assert [record.name for page in first for record in page.records] == []
        clock.move(40)
        second = jira.pulled(first[-1].cursor)
        assert [record.name for page in second for record in page.records] == ["NET-1 Late"]

    def test_now_and_then_all_ids_are_listed(self, jira: Jira, make: Make, clock: ManualClock) -> None:
        jira.more = {"sweep_every": 600.0}
        numbers = {make(), make("Other")}
        clock.move(3600)
        cursor = jira.pulled()[-1].cursor
        clock.move(601)
        last = jira.pulled(cursor)[-1]
        assert (last.complete, last.listed) == (False, numbers)
        clock.move(1)
        assert jira.pulled(last.cursor)[-1].listed is None

    def test_a_foreign_cursor_is_a_first_pull(self, jira: Jira, make: Make) -> None:
        make()
        assert jira.pulled('{"other": 1}')[-1].complete

    def test_an_unreadable_issue_is_named_and_the_others_come(
        self, jira: Jira, make: Make, site: JiraEmulator
    ) -> None:
        good, bad = make(), make("Broken")
        body: dict[str, Any] = {
            "issues": [
                {"id": bad, "key": "NET-2", "fields": {"updated": "yesterday"}},
                {"id": good, "key": "NET-1", "fields": {**site.shown(good)}},
            ],
            "isLast": True,
        }
        site.faults.add(Fault(r".*/search/jql", status=200, body=body))
        pages = jira.pulled()
        assert [record.native_id for page in pages for record in page.records] == [good]
        assert [number for page in pages for number, _ in page.skipped] == [bad]

    def test_a_repeated_page_token_ends_in_an_error(self, jira: Jira, make: Make, site: JiraEmulator) -> None:
        body = {"issues": [{"id": make()}], "isLast": False, "nextPageToken": "again"}
        site.faults.add(Fault(r".*/search/jql", status=200, body=body, times=-1))
        with pytest.raises(NotTheVendor, match="again and again"):
            jira.pulled()


class TestTrouble:
    @pytest.mark.parametrize("harm", [Harm.HTML, Harm.TRUNCATE])
    def test_what_is_no_answer_of_jira_is_an_outage_never_an_empty_project(
        self, jira: Jira, make: Make, site: JiraEmulator, harm: Harm
    ) -> None:
        make()
        site.faults.add(Fault(r".*/search/jql", when=When.AFTER, harm=harm))
        with pytest.raises(NotTheVendor):
            jira.pulled()

    def test_json_of_senseless_depth_is_refused(self, jira: Jira, site: JiraEmulator) -> None:
        body = b'{"issues": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
        told = {"content-type": "application/json"}
        site.faults.add(Fault(r".*/search/jql", status=200, headers=told, body=body))
        with pytest.raises(NotTheVendor, match="deep"):
            jira.pulled()

    def test_a_read_is_repeated_after_a_cut_connection(
        self, jira: Jira, make: Make, site: JiraEmulator
    ) -> None:
        number = make()
        site.faults.add(Fault(r".*/search/jql", when=When.AFTER, harm=Harm.CUT))
        assert list(jira.records()) == [number]

    @pytest.mark.parametrize(("header", "waited"), [("7", 7.0), ("Mon, 04 May 2026 09:00:09 GMT", 9.0)])
    def test_a_quota_is_waited_for(
        self, jira: Jira, make: Make, site: JiraEmulator, clock: ManualClock, header: str, waited: float
    ) -> None:
        number = make()
        told = {"Retry-After": header, "RateLimit-Reason": "jira-burst-based"}
        site.faults.add(Fault(r".*/search/jql", status=429, headers=told, body={}))
        assert list(jira.records()) == [number]
        assert [waited <= seconds <= waited + 1 for seconds in clock.slept] == [True]

    @pytest.mark.parametrize("body", [None, {"issues": []}])
    def test_a_login_that_failed_is_no_empty_project(self, jira: Jira, site: JiraEmulator, body: Any) -> None:
        told = {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}
        site.faults.add(Fault(r".*/search/jql", status=200, headers=told, body=body))
        with pytest.raises(Denied, match="token"):
            jira.pulled()

    def test_a_wrong_token_is_said_and_never_shown(self, jira: Jira) -> None:
        from itpm_sync.kit.secret import Secret

        jira.more = {"token": Secret("canary-4711-token")}
        with pytest.raises(Denied, match="token") as caught:
            jira.pulled()
        findings = jira.run(lambda connector: connector.check())
        assert [finding.ok for finding in findings] == [False]
        for text in (str(caught.value), repr(caught.value), repr(jira.settings()), str(findings)):
            assert "canary" not in text

    def test_a_redirect_to_another_host_is_not_followed(self, jira: Jira, site: JiraEmulator) -> None:
        site.faults.add(
            Fault(r".*/project/NET", status=302, headers={"Location": "http://elsewhere.invalid/"})
        )
        with pytest.raises(NotTheVendor, match=r"elsewhere\.invalid"):
            jira.pulled()

    def test_a_site_that_is_not_there(self, jira: Jira) -> None:
        jira.base = "http://127.0.0.1:1"
        with pytest.raises(ItpmError, match="connection"):
            jira.pulled()

    def test_an_outage_of_the_proxy_does_not_make_issues_look_deleted(
        self, jira: Jira, make: Make, site: JiraEmulator
    ) -> None:
        number = make()
        page = b"<html>not here</html>"
        told = {"content-type": "text/html"}
        site.faults.add(Fault(r".*/issue/bulkfetch", status=404, headers=told, body=page))
        with pytest.raises(NotTheVendor):
            jira.run(lambda connector: connector.read("NET", [number]))


class TestRead:
    def test_there_gone_hidden_and_moved(self, jira: Jira, make: Make, site: JiraEmulator) -> None:
        there, gone, hidden, moved = (make(f"Task {count}") for count in range(4))
        site.edit_as(ANN, gone, delete=True)
        site.edit_as(ANN, hidden, hidden=True)
        site.edit_as(ANN, moved, move_to="OPS")
        seen = jira.run(lambda connector: connector.read("NET", [moved, there, gone, hidden, "no number"]))
        assert [(one.native_id, one.presence) for one in seen] == [
            (moved, Presence.MOVED),
            (there, Presence.PRESENT),
            (gone, Presence.GONE_OR_HIDDEN),
            (hidden, Presence.GONE_OR_HIDDEN),
            ("no number", Presence.GONE_OR_HIDDEN),
        ]
        assert seen[0].container == "OPS"
        assert seen[0].record is not None

    def test_it_is_never_answered_from_the_lagging_index(
        self, jira: Jira, make: Make, site: JiraEmulator, clock: ManualClock
    ) -> None:
        clock.move(3600)
        site.index_lag = 600
        number = make()
        assert jira.records() == {}
        seen = jira.run(lambda connector: connector.read("NET", [number]))
        assert seen[0].presence is Presence.PRESENT

    def test_a_hundred_a_call(self, jira: Jira, site: JiraEmulator) -> None:
        jira.run(lambda connector: connector.read("NET", [str(number) for number in range(1, 251)]))
        assert asked(site).count("POST /issue/bulkfetch") == 3


class TestFind:
    def test_by_our_key_once_the_horizon_has_passed(
        self, jira: Jira, site: JiraEmulator, clock: ManualClock
    ) -> None:
        began = clock.now()
        mail = site.credentials[0]
        number = site.edit_as(
            mail, None, project="OPS", summary="Ours", properties={"itpm-sync": {"key": "item-7"}}
        )
        site.edit_as(
            ANN, None, project="NET", summary="A person's", properties={"itpm-sync": {"key": "item-7"}}
        )

        def find() -> Any:
            return jira.run(lambda connector: connector.find(["NET", "OPS"], ["item-7", "item-8"], began))

        found = find()
        assert [(place, record.native_id) for place, record in found.records["item-7"]] == [("OPS", number)]
        assert (found.certain, "item-8" in found.records) == (False, False)
        clock.move(60)
        assert find().certain


class TestPeople:
    def test_by_the_whole_mail_address(self, jira: Jira, site: JiraEmulator) -> None:
        site.seed({"people": [{"mail": "ann@example.org.test", "name": "Ann Else"}]})
        found = jira.run(lambda connector: connector.people([ANN, BOB, DAN, "nobody@example.org"]))
        assert [one.account for one in found[ANN]] == [site.world.account(ANN)]
        assert [one.account for one in found[BOB]] == [site.world.account(BOB)]
        assert [one.active for one in found[DAN]] == [False]
        assert found["nobody@example.org"] == []

    def test_several_hidden_profiles_are_all_told(self, jira: Jira, site: JiraEmulator) -> None:
        twin = {"mail": "bob@example.org.test", "name": "Bob Other", "hidden_mail": True}
        site.seed({"people": [twin]})
        found = jira.run(lambda connector: connector.people([BOB]))
        assert len(found[BOB]) == 2

    def test_an_app_is_nobody(self, jira: Jira, site: JiraEmulator) -> None:
        mail = site.credentials[0]
        assert jira.run(lambda connector: connector.people([mail])) == {mail: []}

    def test_a_hidden_mail_is_known_once_it_was_looked_up(
        self, jira: Jira, site: JiraEmulator, make: Make
    ) -> None:
        number = make(assignee=BOB)

        async def story(connector: Any) -> Any:
            await connector.people([BOB])
            return await connector.read("NET", [number])

        assert jira.run(story)[0].record.values["assignee"]["mail"] == BOB


class TestCheck:
    def test_all_well(self, jira: Jira) -> None:
        assert [finding.ok for finding in jira.run(lambda connector: connector.check())] == [True]

    def test_a_missing_permission_is_named(self, jira: Jira, site: JiraEmulator) -> None:
        site.state["denied"] = ["TRANSITION_ISSUES"]
        findings = jira.run(lambda connector: connector.check())
        assert [finding.says for finding in findings if not finding.ok] == [
            "The account may not change statuses in any project."
        ]


class TestHistory:
    def test_who_changed_what_when_and_which_was_us(
        self, jira: Jira, make: Make, site: JiraEmulator, clock: ManualClock
    ) -> None:
        number = make(due="2026-05-08")
        expected = jira.records()[number]
        clock.move(60)
        since = clock.now()
        jira.update(number, {"summary": "Ours"}, expected=expected)
        clock.move(60)
        site.edit_as(BOB, number, due=None, status="Done", assignee=ANN, labels=["b", "a"])
        edits = jira.run(lambda connector: connector.history("NET", [number], since))[number]
        assert [(edit.ours, edit.by) for edit in edits[:2]] == [
            ("int-1", "itpm-sync service"),
            (None, "Bob Example"),
        ]
        assert (edits[0].before, edits[0].after) == ({"summary": "Install rack"}, {"summary": "Ours"})
        theirs = {name: value for edit in edits[1:] for name, value in edit.after.items()}
        assert theirs["duedate"] is None
        assert theirs["status"] == "10003"
        assert theirs["assignee"] == {"account": site.world.account(ANN), "mail": None}
        assert theirs["labels"] == ["a", "b"]
        later = jira.run(
            lambda connector: connector.history("NET", [number], clock.now() + timedelta(hours=1))
        )
        assert later == {}
