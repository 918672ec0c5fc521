"""The emulated Planner refuses what Planner refuses, and keeps what it keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from itpm_sync.emulation import Quota
from itpm_sync_m365.emulator import M365Emulator

PLAN = "PlanOfTheNetworkRefresh00001"
ASSIGNMENT = {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}


def patch(tenant: Any, task: Any, body: Any, **headers: str) -> Any:
    return tenant.ask("PATCH", f"/planner/tasks/{task['id']}", body, **headers)


def test_a_wrong_token_is_refused_in_graphs_shape(tenant: Any) -> None:
    answer = tenant.ask("GET", f"/planner/plans/{PLAN}", token="other")
    assert tenant.code(answer) == (401, "InvalidAuthenticationToken")
    assert set(answer.body["error"]) == {"code", "message", "innerError"}


def test_an_unknown_plan_is_not_found_and_a_forbidden_one_denied(tenant: Any, emulator: M365Emulator) -> None:
    assert tenant.ask("GET", "/planner/plans/none").status == 404
    emulator.state["forbidden"].append(PLAN)
    assert tenant.ask("GET", f"/planner/plans/{PLAN}").status == 403
    assert tenant.ask("GET", f"/planner/plans/{PLAN}/tasks").status == 403


def test_a_write_needs_an_etag(tenant: Any) -> None:
    task = tenant.task()
    assert patch(tenant, task, {"title": "x"}).status == 400
    assert patch(tenant, task, {"title": "x"}, if_match="*").status == 400
    assert tenant.ask("DELETE", f"/planner/tasks/{task['id']}").status == 400


def test_an_etag_of_the_details_does_not_fit_the_task(tenant: Any) -> None:
    task = tenant.task()
    tag = tenant.details(task["id"])["@odata.etag"]
    assert tenant.code(patch(tenant, task, {"title": "x"}, if_match=tag)) == (412, "PreconditionFailed")


def test_an_old_etag_is_merged_where_nothing_conflicts_and_refused_where_it_does(tenant: Any) -> None:
    task = tenant.task()
    old = task["@odata.etag"]
    assert patch(tenant, task, {"title": "Order three racks"}, if_match=old).status == 204
    assert patch(tenant, task, {"priority": 1}, if_match=old).status == 204
    assert tenant.code(patch(tenant, task, {"title": "Order racks now"}, if_match=old)) == (409, "Conflict")
    now = tenant.task("Order three racks")
    assert (now["priority"], now["@odata.etag"] > old) == (1, True)


def test_two_people_are_assigned_at_once_without_conflict(tenant: Any) -> None:
    task, tag = tenant.task(), tenant.task()["@odata.etag"]
    ann, ben = tenant.user("ann@example.org"), tenant.user("ben@example.org")
    assert patch(tenant, task, {"assignments": {ben: ASSIGNMENT}}, if_match=tag).status == 204
    assert patch(tenant, task, {"assignments": {ann: None}}, if_match=tag).status == 204
    assert set(tenant.task()["assignments"]) == {ben}


def test_the_changed_task_comes_back_only_on_request(tenant: Any) -> None:
    task = tenant.task()
    silent = patch(tenant, task, {"priority": 1}, if_match=task["@odata.etag"])
    assert (silent.status, silent.body) == (204, None)
    told = patch(tenant, task, {"priority": 9}, if_match=task["@odata.etag"], prefer="return=representation")
    assert told.status == 409  # the old etag: priority was touched since
    tag = tenant.task()["@odata.etag"]
    told = patch(tenant, task, {"priority": 9}, if_match=tag, prefer="return=representation")
    assert (told.status, told.body["priority"]) == (200, 9)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"due_date_time": None}, "due_date_time"),
        ({"hasDescription": True}, "read-only"),
        ({"id": "x"}, "read-only"),
        ({"planId": "x"}, "read-only"),
        ({"nonsense": 1}, "does not exist"),
        ({"@odata.etag": "x"}, "not allowed"),
        ({"title": ""}, "title"),
        ({"title": "x" * 256}, "255"),
        ({"title": "😀" * 128}, "255"),
        ({"percentComplete": 101}, "percentComplete"),
        ({"percentComplete": "50"}, "percentComplete"),
        ({"priority": 11}, "priority"),
        ({"dueDateTime": "2026-03-06T10:00:00"}, "DateTimeOffset"),
        ({"dueDateTime": "2026-03-06"}, "DateTimeOffset"),
        ({"startDateTime": "2026-03-09T10:00:00Z"}, "later than its due date"),
        ({"dueDateTime": "2026-03-01T10:00:00Z"}, "later than its due date"),
        ({"appliedCategories": {"category26": True}}, "category26"),
        ({"appliedCategories": {"category3": None}}, "category3"),
        ({"bucketId": "elsewhere"}, "bucket"),
        ({"orderHint": "8585"}, "order hint"),
    ],
)
def test_what_planner_does_not_take(tenant: Any, body: dict[str, Any], says: str) -> None:
    task = tenant.task()
    answer = patch(tenant, task, body, if_match=task["@odata.etag"])
    assert answer.status == 400
    assert says in answer.body["error"]["message"]
    assert tenant.task() == task


def test_a_fetched_task_cannot_be_sent_back(tenant: Any) -> None:
    task = tenant.task()
    whole = {name: value for name, value in task.items() if not name.startswith("@")}
    assert patch(tenant, task, whole, if_match=task["@odata.etag"]).status == 400


def test_both_dates_move_in_one_request(tenant: Any) -> None:
    task = tenant.task()
    body = {"startDateTime": "2026-04-01T10:00:00Z", "dueDateTime": "2026-04-02T10:00:00Z"}
    assert patch(tenant, task, body, if_match=task["@odata.etag"]).status == 204


def test_a_bucket_of_another_plan_is_refused(tenant: Any, emulator: M365Emulator) -> None:
    other = next(b["id"] for b in emulator.state["buckets"].values() if b["name"] == "Only")
    task = tenant.task()
    assert patch(tenant, task, {"bucketId": other}, if_match=task["@odata.etag"]).status == 400


def test_done_sets_the_time_of_completion_and_undone_clears_it(tenant: Any) -> None:
    task = tenant.task()
    patch(tenant, task, {"percentComplete": 100}, if_match=task["@odata.etag"])
    done = tenant.task()
    assert done["completedDateTime"] == "2026-05-04T09:00:00.0000000Z"
    patch(tenant, done, {"percentComplete": 50}, if_match=done["@odata.etag"])
    assert (tenant.task()["completedDateTime"], tenant.task()["completedBy"]) == (None, None)


@pytest.mark.parametrize("entry", [{"orderHint": " !"}, {**ASSIGNMENT, "assignedDateTime": None}, True])
def test_an_assignment_has_exactly_its_shape(tenant: Any, entry: Any) -> None:
    task = tenant.task()
    body = {"assignments": {tenant.user("ben@example.org"): entry}}
    assert patch(tenant, task, body, if_match=task["@odata.etag"]).status == 400


def test_who_is_not_in_the_group_or_not_there_at_all_is_not_assigned(tenant: Any) -> None:
    task, tag = tenant.task(), tenant.task()["@odata.etag"]
    outsider = tenant.user("cas@example.org")
    assert patch(tenant, task, {"assignments": {outsider: ASSIGNMENT}}, if_match=tag).status == 403
    assert patch(tenant, task, {"assignments": {"nobody": ASSIGNMENT}}, if_match=tag).status == 400


def test_limits_are_403_with_their_name(tenant: Any, emulator: M365Emulator) -> None:
    emulator.state["limits"]["MaximumActiveTasksInProject"] = 2
    answer = tenant.ask("POST", "/planner/tasks", {"planId": PLAN, "title": "One too many"})
    assert tenant.code(answer) == (403, "MaximumActiveTasksInProject")
    done = tenant.ask("POST", "/planner/tasks", {"planId": PLAN, "title": "Done", "percentComplete": 100})
    assert done.status == 201
    emulator.state["limits"]["MaximumAssigneesInTasks"] = 1
    body = {"assignments": {tenant.user("ben@example.org"): ASSIGNMENT}}
    answer = patch(tenant, tenant.task(), body, if_match=tenant.task()["@odata.etag"])
    assert tenant.code(answer) == (403, "MaximumAssigneesInTasks")


def test_details_have_an_etag_of_their_own_and_encoded_references(tenant: Any) -> None:
    task = tenant.task()
    details = tenant.details(task["id"])
    path, tag = f"/planner/tasks/{task['id']}/details", details["@odata.etag"]
    entry = {"@odata.type": "#microsoft.graph.plannerExternalReference", "alias": "A", "type": "Other"}
    raw = {"references": {"https://example.org/a": entry}}
    assert tenant.ask("PATCH", path, raw, if_match=tag).status == 400
    assert tenant.ask("PATCH", path, {"description": "x"}, if_match=task["@odata.etag"]).status == 412
    encoded = {"references": {"https%3A//example%2Eorg/a": entry}}
    assert tenant.ask("PATCH", path, encoded, if_match=tag).status == 204
    assert tenant.task()["referenceCount"] == 1
    tag = tenant.details(task["id"])["@odata.etag"]
    gone = {"references": {"https%3A//example%2Eorg/a": None}}
    assert tenant.ask("PATCH", path, gone, if_match=tag).status == 204
    assert tenant.details(task["id"])["references"] == {}


def test_a_list_comes_in_pages_with_links(tenant: Any, emulator: M365Emulator) -> None:
    emulator.seed({"switches": {"page_size": 1}})
    first = tenant.ask("GET", f"/planner/plans/{PLAN}/tasks?$expand=details").body
    link = first["@odata.nextLink"]
    assert link.startswith(f"http://127.0.0.1:1/v1.0/planner/plans/{PLAN}/tasks?")
    second = tenant.ask("GET", link.removeprefix("http://127.0.0.1:1/v1.0")).body
    assert [page["value"][0]["details"]["id"] for page in (first, second)] == [
        page["value"][0]["id"] for page in (first, second)
    ]
    assert "@odata.nextLink" not in second


def test_details_are_expanded_only_where_the_tenant_takes_it(tenant: Any, emulator: M365Emulator) -> None:
    emulator.seed({"switches": {"expand_details": False}})
    assert tenant.ask("GET", f"/planner/plans/{PLAN}/tasks?$expand=details").status == 400
    assert tenant.ask("GET", f"/planner/plans/{PLAN}/tasks?$top=5").status == 400


def test_a_quota_is_429_with_the_seconds_to_wait(tenant: Any, emulator: M365Emulator) -> None:
    emulator.quota = Quota(1, 10.0)
    assert tenant.ask("GET", f"/planner/plans/{PLAN}").status == 200
    answer = tenant.ask("GET", f"/planner/plans/{PLAN}")
    assert tenant.code(answer) == (429, "TooManyRequests")
    assert int(answer.headers["Retry-After"]) == 10


def batch(tenant: Any, *requests: Any) -> Any:
    return tenant.ask("POST", "/$batch", {"requests": list(requests)})


def test_a_batch_answers_each_request_by_itself_and_in_any_order(tenant: Any) -> None:
    task = tenant.task()
    change = {
        "id": "b",
        "method": "PATCH",
        "url": f"/planner/tasks/{task['id']}",
        "headers": {"Content-Type": "application/json", "If-Match": task["@odata.etag"]},
        "body": {"priority": 1},
    }
    answer = batch(tenant, {"id": "a", "method": "GET", "url": "/planner/tasks/none"}, change)
    assert answer.status == 200
    by_id = {each["id"]: each for each in answer.body["responses"]}
    assert (by_id["a"]["status"], by_id["b"]["status"]) == (404, 204)
    assert [each["id"] for each in answer.body["responses"]] == ["b", "a"]
    assert tenant.task()["priority"] == 1


def test_a_failed_dependency_fails_what_depends_on_it(tenant: Any) -> None:
    first = {"id": "1", "method": "GET", "url": "/planner/tasks/none"}
    second = {"id": "2", "method": "GET", "url": f"/planner/plans/{PLAN}", "dependsOn": ["1"]}
    statuses = {r["id"]: r["status"] for r in batch(tenant, first, second).body["responses"]}
    assert statuses == {"1": 404, "2": 424}


def get(each: str = "1", url: str = f"/planner/plans/{PLAN}", **more: Any) -> dict[str, Any]:
    return {"id": each, "method": "GET", "url": url, **more}


@pytest.mark.parametrize(
    "requests",
    [
        [],
        [get(str(number)) for number in range(21)],
        [get("a"), get("A")],
        [get(url=f"/v1.0/planner/plans/{PLAN}")],
        [get(url=f"http://127.0.0.1:1/planner/plans/{PLAN}")],
        [get(depends_on=["1"])],
        [{**get(), "method": "PATCH", "body": {}}],
        [{**get(), "id": 1}],
    ],
)
def test_a_batch_has_exactly_its_shape(tenant: Any, requests: list[Any]) -> None:
    assert batch(tenant, *requests).status == 400


def test_people_edit_in_plain_words(tenant: Any, emulator: M365Emulator) -> None:
    made = emulator.edit_as(
        "ann@example.org",
        plan=PLAN,
        title="Pull cables",
        bucket="Later",
        due="2026-05-04",
        assignees=["ben@example.org"],
    )
    emulator.edit_as("ben@example.org", made, percent=50, labels=["Power"], description="In the ceiling")
    task = tenant.task("Pull cables")
    assert (task["percentComplete"], task["appliedCategories"], task["hasDescription"]) == (
        50,
        {"category2": True},
        True,
    )
    assert task["createdBy"]["user"]["displayName"] == "Ann Ames"
    emulator.edit_as("ben@example.org", made, hidden=True)
    assert tenant.ask("GET", f"/planner/tasks/{made}").status == 403
    emulator.edit_as("ben@example.org", made, hidden=False)
    emulator.edit_as("ben@example.org", made, move_to="Something else")
    assert tenant.ask("GET", f"/planner/tasks/{made}").body["bucketId"] is None
    emulator.edit_as("ben@example.org", made, delete=True)
    assert tenant.ask("GET", f"/planner/tasks/{made}").status == 404
    with pytest.raises(ValueError, match="recycle bin"):
        emulator.edit_as("ben@example.org", made, restore=True)


def test_the_tenant_is_there_again_after_a_restart(tmp_path: Path, clock: Any) -> None:
    first = M365Emulator(folder=tmp_path, clock=clock)
    first.seed({"people": [{"name": "Ann Ames", "mail": "ann@example.org"}], "plans": [{"title": "Refresh"}]})
    made = first.edit_as("ann@example.org", title="Order racks")
    second = M365Emulator(folder=tmp_path, clock=clock)
    assert second.state["tasks"][made]["title"] == "Order racks"
    assert second.edit_as("ann@example.org", title="Order more") != made
