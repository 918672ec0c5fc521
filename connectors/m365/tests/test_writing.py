"""Writing to the emulated tenant, while people edit it and answers get lost."""

from __future__ import annotations

from typing import Any

import pytest

from itpm_sync.connector import Change, Operation, Outcome, Record, Status
from itpm_sync.emulation import Fault, Harm, When
from itpm_sync.errors import Denied, Gone, Refused, UnknownOutcome
from itpm_sync_m365.emulator import M365Emulator

PLAN, OTHER_PLAN = "PlanOfTheNetworkRefresh00001", "PlanOfSomethingElse000000002"
ANN, BEN = "ann@example.org", "ben@example.org"
TASK_PATH = r"/v1.0/planner/tasks/\w+"
DETAILS_PATH = r"/v1.0/planner/tasks/\w+/details"


async def pulled(connector: Any, plan: str = PLAN) -> dict[str, Record]:
    """The plan's records by title; the listing is complete."""
    pages = [page async for page in connector.pull(plan, None)]
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    assert pages[-1].complete
    assert [skip for page in pages for skip in page.skipped] == []
    return {record.values["title"]: record for page in pages for record in page.records}


def create(title: str = "Pull cables", key: str = "item-1", **values: Any) -> Change:
    return Change(f"intent-{key}", Operation.CREATE, None, key, {"title": title, **values})


def update(record: Record, key: str = "", **values: Any) -> Change:
    return Change("intent-u", Operation.UPDATE, record.native_id, key or record.key or "", values, record)


def delete(record: Record) -> Change:
    return Change("intent-d", Operation.DELETE, record.native_id, record.key or "", {}, record)


def applied(
    on: Any, emulator: M365Emulator, *makers: Any, before: Any = None, plan: str = PLAN
) -> list[Outcome]:
    """Pull, let `before` edit, then apply the changes that `makers` make of the records."""

    async def work(connector: Any) -> Any:
        records = await pulled(connector, plan)
        if before:
            before(records)
        return await connector.apply(plan, [make(records) for make in makers])

    outcomes: list[Outcome] = on(work)
    return outcomes


# ── creating ──


def test_a_new_task_carries_its_key_and_is_found_by_it(on: Any, emulator: M365Emulator, clock: Any) -> None:
    async def work(connector: Any) -> Any:
        ann = (await connector.people([ANN]))[ANN][0].account
        values = {
            "under": "later",
            "percentComplete": 30,
            "dueDateTime": "2026-04-01T10:00:00Z",
            "description": "In the ceiling",
            "assignments": [{"account": ann, "mail": ANN}],
            "appliedCategories": ["category2"],
        }
        since = clock.now()
        made = (await connector.apply(PLAN, [create(**values)]))[0]
        early = await connector.find([PLAN, OTHER_PLAN], ["item-1", "item-2"], since)
        clock.move(6)
        late = await connector.find([PLAN], ["item-1"], since)
        return made, (await pulled(connector))["Pull cables"], early, late

    made, record, early, late = on(work)
    assert made.status is Status.APPLIED
    assert made.record == record
    assert record.key == "item-1"
    assert record.values["percentComplete"] == 50
    assert [(c, r.native_id) for c, r in early.records["item-1"]] == [(PLAN, record.native_id)]
    assert (early.certain, late.certain) == (False, True)
    assert "item-2" not in early.records
    link = next(iter(emulator.state["details"][record.native_id]["references"]))
    assert link == "https%3A//itpm-sync%2Einvalid/item%23itpm=item-1"


@pytest.mark.parametrize("harm", [Harm.DROP, Harm.CUT, Harm.HTML, Harm.TRUNCATE])
def test_a_creation_whose_answer_is_lost_is_unknown_and_found_by_its_key(
    on: Any, emulator: M365Emulator, harm: Harm
) -> None:
    emulator.faults.add(Fault(r"/v1.0/\$batch", "POST", When.AFTER, harm))

    async def work(connector: Any) -> Any:
        since = connector.tools.clock.now()
        outcome = (await connector.apply(PLAN, [create()]))[0]
        return outcome, await connector.find([PLAN], ["item-1"], since)

    outcome, found = on(work)
    assert outcome.status is Status.UNKNOWN
    assert isinstance(outcome.error, UnknownOutcome)
    assert len(found.records["item-1"]) == 1


def test_one_inner_failure_does_not_touch_the_others(on: Any, emulator: M365Emulator) -> None:
    emulator.faults.add(Fault("/v1.0/planner/tasks", "POST", When.AFTER, status=504, body={}, skip=1))

    async def work(connector: Any) -> Any:
        return await connector.apply(PLAN, [create(f"Task {n}", f"item-{n}") for n in range(3)])

    outcomes = on(work)
    assert [o.status for o in outcomes] == [Status.APPLIED, Status.UNKNOWN, Status.APPLIED]
    assert [o.intent for o in outcomes] == ["intent-item-0", "intent-item-1", "intent-item-2"]


def test_an_inner_429_waits_as_asked_and_only_that_one_is_repeated(
    on: Any, emulator: M365Emulator, clock: Any
) -> None:
    body = {"error": {"code": "TooManyRequests", "message": "slow"}}
    emulator.faults.add(
        Fault("/v1.0/planner/tasks", "POST", status=429, headers={"Retry-After": "11"}, body=body)
    )

    async def work(connector: Any) -> Any:
        return await connector.apply(PLAN, [create(f"Task {n}", f"item-{n}") for n in range(2)])

    assert [o.status for o in on(work)] == [Status.APPLIED, Status.APPLIED]
    assert sum(clock.slept) >= 11
    posts = [r for r in emulator.requests if r.path == "/v1.0/planner/tasks"]
    assert [r.status for r in posts] == [429, 201, 201]


def test_details_that_do_not_come_with_the_creation_are_written_after_it(
    on: Any, emulator: M365Emulator
) -> None:
    def forget(_: Any) -> None:
        row = list(emulator.state["details"].values())[-1]
        row.update(references={}, description="")

    emulator.faults.after("/v1.0/planner/tasks", forget, method="POST")

    async def work(connector: Any) -> Any:
        made = (await connector.apply(PLAN, [create(description="In the ceiling")]))[0]
        return made, (await pulled(connector))["Pull cables"]

    made, record = on(work)
    assert made.status is Status.APPLIED
    assert (record.key, record.values["description"]) == ("item-1", "In the ceiling")
    assert made.record.key == "item-1"


def test_details_that_lag_behind_a_creation_do_not_fail_it(on: Any, emulator: M365Emulator) -> None:
    emulator.seed({"switches": {"details_lag": 1}})

    async def work(connector: Any) -> Any:
        return (await connector.apply(PLAN, [create()]))[0]

    made = on(work)
    assert made.status is Status.APPLIED
    assert made.record.native_id in emulator.state["tasks"]


def test_a_full_plan_refuses_creations_and_goes_on_with_updates(on: Any, emulator: M365Emulator) -> None:
    emulator.state["limits"]["MaximumActiveTasksInProject"] = 2
    outcomes = applied(on, emulator, lambda _: create(), lambda r: update(r["Order racks"], priority=1))
    assert [o.status for o in outcomes] == [Status.REFUSED, Status.APPLIED]
    assert "unfinished tasks" in str(outcomes[0].error)


def test_a_bucket_that_is_not_there_makes_no_task_elsewhere(on: Any, emulator: M365Emulator) -> None:
    outcome = applied(on, emulator, lambda _: create(under="Nowhere"))[0]
    assert outcome.status is Status.REFUSED
    assert "Later, To do" in outcome.refused["bucketId"]
    assert len(emulator.state["tasks"]) == 2


def test_an_assignee_who_is_refused_does_not_stop_the_creation(
    on: Any, tenant: Any, emulator: M365Emulator
) -> None:
    outsider = tenant.user("cas@example.org")
    outcome = applied(on, emulator, lambda _: create(assignments=[{"account": outsider, "mail": None}]))[0]
    assert outcome.status is Status.PARTLY
    assert list(outcome.refused) == ["assignments"]
    assert outcome.record is not None
    assert outcome.record.values["assignments"] == []


# ── updating ──


def test_all_fields_of_an_item_go_in_one_request_a_resource(
    on: Any, tenant: Any, emulator: M365Emulator
) -> None:
    values = {
        "title": "Order three racks",
        "percentComplete": 100,
        "priority": 1,
        "startDateTime": "2026-03-03T10:00:00Z",
        "dueDateTime": "2026-03-09T10:00:00Z",
        "appliedCategories": ["category2"],
        "assignments": [{"account": tenant.user(BEN), "mail": BEN}],
        "description": None,
    }
    outcome = applied(on, emulator, lambda r: update(r["Order racks"], **values))[0]
    assert outcome.status is Status.APPLIED
    patches = [r for r in emulator.requests if r.method == "PATCH"]
    assert [r.path.rpartition("/")[2] == "details" for r in patches] == [False, True]
    assert outcome.record is not None
    task = tenant.task("Order three racks")
    assert (list(task["assignments"]), task["appliedCategories"]) == ([tenant.user(BEN)], {"category2": True})
    assert outcome.record.values | {"assignments": 0} == values | {
        "bucketId": task["bucketId"],
        "assignments": 0,
    }


def test_nothing_to_do_writes_nothing(on: Any, emulator: M365Emulator) -> None:
    def same(records: Any) -> Change:
        record = records["Order racks"]
        values = {
            n: record.values[n]
            for n in ("percentComplete", "assignments", "appliedCategories", "description")
        }
        return update(record, **values)

    outcome = applied(on, emulator, same)[0]
    assert outcome.status is Status.APPLIED
    assert [r for r in emulator.requests if r.method in ("PATCH", "POST") and "batch" in r.path] == []


@pytest.mark.parametrize(
    ("stands", "wanted", "then"),
    [(30, 63, 30), (30, 50, 30), (30, 100, 100), (30, 0, 0), (0, 7, 50), (100, 99, 50)],
)
def test_a_percentage_is_written_only_where_the_band_differs(
    on: Any, tenant: Any, emulator: M365Emulator, stands: int, wanted: int, then: int
) -> None:
    emulator.edit_as(ANN, tenant.task()["id"], percent=stands)
    outcome = applied(on, emulator, lambda r: update(r["Order racks"], percentComplete=wanted))[0]
    assert outcome.status is Status.APPLIED
    assert tenant.task()["percentComplete"] == then


def test_dates_are_cleared_by_null(on: Any, tenant: Any, emulator: M365Emulator) -> None:
    applied(on, emulator, lambda r: update(r["Order racks"], startDateTime=None, dueDateTime=None))
    assert (tenant.task()["startDateTime"], tenant.task()["dueDateTime"]) == (None, None)


def test_an_edit_of_another_field_meanwhile_survives(on: Any, tenant: Any, emulator: M365Emulator) -> None:
    outcome = applied(
        on,
        emulator,
        lambda r: update(r["Order racks"], priority=1),
        before=lambda r: emulator.edit_as(ANN, r["Order racks"].native_id, title="Order many racks"),
    )[0]
    assert outcome.status is Status.APPLIED
    assert outcome.record is not None
    assert outcome.record.values["title"] == "Order many racks"
    assert tenant.task("Order many racks")["priority"] == 1


@pytest.mark.parametrize(
    ("edit", "ours", "stands"),
    [
        ({"title": "Theirs"}, {"title": "Ours"}, ("title", "Theirs")),
        ({"description": "Theirs"}, {"description": "Ours"}, ("description", "Theirs")),
    ],
)
def test_an_edit_of_the_same_field_meanwhile_is_stale_and_stands(
    on: Any, emulator: M365Emulator, edit: Any, ours: Any, stands: Any
) -> None:
    outcome = applied(
        on,
        emulator,
        lambda r: update(r["Order racks"], key="item-9", **ours),
        before=lambda r: emulator.edit_as(ANN, r["Order racks"].native_id, **edit),
    )[0]
    assert outcome.status is Status.STALE
    records = on(pulled)
    assert stands[1] in {record.values[stands[0]] for record in records.values()}


def test_an_edit_between_two_parts_of_our_own_write_is_not_overwritten(
    on: Any, tenant: Any, emulator: M365Emulator
) -> None:
    """The whole is refused for its assignee; before it is tried in parts, a person changes the title."""
    outsider = tenant.user("cas@example.org")
    emulator.faults.after(
        TASK_PATH, lambda _: emulator.edit_as(ANN, tenant.task()["id"], title="Theirs"), method="PATCH"
    )
    outcome = applied(
        on,
        emulator,
        lambda r: update(r["Order racks"], title="Ours", priority=1, assignments=[{"account": outsider}]),
    )[0]
    assert outcome.status is Status.PARTLY
    assert set(outcome.refused) == {"title", "assignments"}
    assert tenant.task("Theirs")["priority"] == 1


def test_one_refused_assignee_does_not_hold_up_a_date(on: Any, tenant: Any, emulator: M365Emulator) -> None:
    outsider = tenant.user("cas@example.org")
    outcome = applied(
        on,
        emulator,
        lambda r: update(
            r["Order racks"], dueDateTime="2026-03-20T10:00:00Z", assignments=[{"account": outsider}]
        ),
    )[0]
    assert outcome.status is Status.PARTLY
    assert list(outcome.refused) == ["assignments"]
    assert tenant.task()["dueDateTime"] == "2026-03-20T10:00:00Z"


def test_too_many_assignees_are_refused_not_cut(on: Any, tenant: Any, emulator: M365Emulator) -> None:
    many = [{"account": f"person-{number}"} for number in range(21)]
    outcome = applied(on, emulator, lambda r: update(r["Order racks"], priority=1, assignments=many))[0]
    assert outcome.status is Status.PARTLY
    assert "20" in outcome.refused["assignments"]
    assert (tenant.task()["priority"], len(tenant.task()["assignments"])) == (1, 1)


def test_an_update_without_the_record_reads_it_first(on: Any, tenant: Any, emulator: M365Emulator) -> None:
    change = Change(
        "intent-x", Operation.UPDATE, tenant.task()["id"], "item-7", {"appliedCategories": ["category2"]}
    )
    outcome = applied(on, emulator, lambda _: change)[0]
    assert outcome.status is Status.APPLIED
    assert tenant.task()["appliedCategories"] == {"category2": True}


def test_an_unknown_field_is_refused_by_name_and_the_others_go_on(
    on: Any, tenant: Any, emulator: M365Emulator
) -> None:
    outcome = applied(on, emulator, lambda r: update(r["Order racks"], priority=1, effort=5))[0]
    assert (outcome.status, list(outcome.refused)) == (Status.PARTLY, ["effort"])
    assert tenant.task()["priority"] == 1


def test_a_tied_record_is_given_our_key_and_a_copy_another(on: Any, emulator: M365Emulator) -> None:
    async def work(connector: Any) -> Any:
        record = (await pulled(connector))["Order racks"]
        first = (await connector.apply(PLAN, [update(record, key="item-1")]))[0]
        again = (await connector.apply(PLAN, [update(first.record, key="item-1")]))[0]
        other = (await connector.apply(PLAN, [update(again.record, key="item-2")]))[0]
        return first, again, other, (await pulled(connector))["Order racks"]

    first, again, other, record = on(work)
    assert [o.record.key for o in (first, again, other)] == ["item-1", "item-1", "item-2"]
    assert record.key == "item-2"
    assert len(emulator.state["details"][record.native_id]["references"]) == 1
    assert len([r for r in emulator.requests if r.method == "PATCH"]) == 2


def test_references_of_people_stay(on: Any, tenant: Any, emulator: M365Emulator) -> None:
    entry = {"@odata.type": "#microsoft.graph.plannerExternalReference", "alias": "Order", "type": "Word"}
    theirs = "https%3A//example%2Eorg/order%2Edocx"
    emulator.edit_as(ANN, tenant.task()["id"], references={theirs: entry})
    applied(on, emulator, lambda r: update(r["Order racks"], key="item-1"))
    assert theirs in emulator.state["details"][tenant.task()["id"]]["references"]


def test_a_task_that_is_gone_or_hidden_is_refused_and_the_others_go_on(
    on: Any, tenant: Any, emulator: M365Emulator
) -> None:
    def before(records: Any) -> None:
        emulator.edit_as(ANN, records["Order racks"].native_id, delete=True)
        emulator.edit_as(ANN, records["Survey site A"].native_id, hidden=True)

    third = emulator.edit_as(ANN, plan=PLAN, title="Third")
    outcomes = applied(
        on,
        emulator,
        lambda r: update(r["Order racks"], priority=1),
        lambda r: update(r["Survey site A"], priority=1),
        lambda r: update(r["Third"], priority=1),
        before=before,
    )
    assert [o.status for o in outcomes] == [Status.REFUSED, Status.REFUSED, Status.APPLIED]
    assert [type(o.error) for o in outcomes[:2]] == [Gone, Denied]
    assert emulator.state["tasks"][third]["priority"] == 1


def test_a_write_whose_answer_is_lost_is_unknown_and_sent_once(
    on: Any, tenant: Any, emulator: M365Emulator
) -> None:
    emulator.faults.add(Fault(r"/v1.0/\$batch", "POST", When.AFTER, Harm.DROP))
    outcome = applied(on, emulator, lambda r: update(r["Order racks"], key="item-1", title="Ours"))[0]
    assert outcome.status is Status.UNKNOWN
    assert outcome.record is None
    assert tenant.task("Ours")
    assert len([r for r in emulator.requests if r.method == "PATCH"]) == 1


def test_a_busy_service_is_a_retry_and_nothing_was_done(on: Any, tenant: Any, emulator: M365Emulator) -> None:
    body = {"error": {"code": "UnknownError", "message": "busy"}}
    emulator.faults.add(
        Fault(r"/v1.0/\$batch", "POST", status=429, headers={"Retry-After": "1"}, body=body, times=16)
    )
    outcome = applied(on, emulator, lambda r: update(r["Order racks"], title="Ours"))[0]
    emulator.faults.clear()
    assert outcome.status is Status.RETRY
    assert tenant.task("Order racks")


def test_when_people_cannot_be_told_after_a_write_no_record_is_made_up(
    on: Any, tenant: Any, emulator: M365Emulator
) -> None:
    emulator.faults.add(Fault("/v1.0/directoryObjects/getByIds", status=403, body={}, skip=1))
    ben = {"account": tenant.user(BEN), "mail": BEN}
    outcome = applied(on, emulator, lambda r: update(r["Order racks"], assignments=[ben]))[0]
    assert (outcome.status, outcome.record) == (Status.APPLIED, None)


def test_buckets_are_read_only_where_something_is_put_into_one(on: Any, emulator: M365Emulator) -> None:
    applied(on, emulator, lambda r: update(r["Order racks"], key="item-1", priority=1))
    assert [r.path for r in emulator.requests if r.path.endswith("/buckets")] == []


# ── deleting ──


def test_a_task_is_deleted_and_one_that_is_gone_already_is_fine(on: Any, emulator: M365Emulator) -> None:
    outcomes = applied(
        on,
        emulator,
        lambda r: delete(r["Order racks"]),
        lambda r: delete(r["Survey site A"]),
        before=lambda r: emulator.edit_as(ANN, r["Survey site A"].native_id, delete=True),
    )
    assert [o.status for o in outcomes] == [Status.APPLIED, Status.APPLIED]
    assert emulator.state["tasks"] == {}


@pytest.mark.parametrize("edit", [{"title": "Still needed"}, {"description": "Still needed"}])
def test_a_task_that_was_edited_since_is_not_deleted(on: Any, emulator: M365Emulator, edit: Any) -> None:
    outcome = applied(
        on,
        emulator,
        lambda r: delete(r["Order racks"]),
        before=lambda r: emulator.edit_as(ANN, r["Order racks"].native_id, **edit),
    )[0]
    assert outcome.status is Status.STALE
    assert len(emulator.state["tasks"]) == 2


def test_a_refused_value_names_the_thing(on: Any, emulator: M365Emulator) -> None:
    outcome = applied(on, emulator, lambda r: update(r["Order racks"], title="x" * 300))[0]
    assert outcome.status is Status.REFUSED
    assert isinstance(outcome.error, Refused)
    assert "255" in outcome.refused["title"]
