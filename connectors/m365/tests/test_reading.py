"""Reading the emulated tenant: plans, single tasks, people, and what `check` says."""

from __future__ import annotations

from typing import Any

import pytest

from itpm_sync.connector import Presence, Record
from itpm_sync.emulation import Fault, Harm
from itpm_sync.errors import Denied, Gone, NotTheVendor
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


@pytest.mark.parametrize("expands", [True, False])
@pytest.mark.parametrize("size", [1, 100])
def test_every_task_is_pulled_with_its_details(
    on: Any, emulator: M365Emulator, expands: bool, size: int
) -> None:
    emulator.seed({"switches": {"expand_details": expands, "page_size": size}})
    records = on(pulled)
    assert sorted(records) == ["Order racks", "Survey site A"]
    assert records["Order racks"].values == {
        "title": "Order racks",
        "bucketId": next(b["id"] for b in emulator.state["buckets"].values() if b["name"] == "To do"),
        "percentComplete": 50,
        "priority": 5,
        "startDateTime": "2026-03-02T10:00:00Z",
        "dueDateTime": "2026-03-06T10:00:00Z",
        "assignments": [
            {
                "account": records["Order racks"].values["assignments"][0]["account"],
                "mail": ANN,
                "name": "Ann Ames",
            }
        ],
        "appliedCategories": ["category1"],
        "description": "Two racks a site",
    }
    assert records["Survey site A"].values["description"] is None
    assert records["Order racks"].key is None


def test_an_idle_pull_costs_the_pages_and_who_people_are_is_asked_once(
    on: Any, emulator: M365Emulator
) -> None:
    async def work(connector: Any) -> None:
        await pulled(connector)
        emulator.requests.clear()
        await pulled(connector)

    on(work)
    assert [(r.method, r.path) for r in emulator.requests] == [("GET", f"/v1.0/planner/plans/{PLAN}/tasks")]


def test_a_description_alone_changes_the_revision(on: Any, emulator: M365Emulator) -> None:
    async def work(connector: Any) -> tuple[Record, Record]:
        first = (await pulled(connector))["Order racks"]
        emulator.edit_as(ANN, first.native_id, description="Three racks a site")
        return first, (await pulled(connector))["Order racks"]

    first, second = on(work)
    assert first.revision != second.revision
    assert second.values["description"] == "Three racks a site"


def test_a_page_that_fails_leaves_the_pull_incomplete(on: Any, emulator: M365Emulator) -> None:
    emulator.seed({"switches": {"page_size": 1}})
    emulator.faults.add(Fault(r"/v1.0/planner/plans/\w+/tasks", harm=Harm.HTML, skip=1))

    pages: list[Any] = []

    async def work(connector: Any) -> None:
        async for page in connector.pull(PLAN, None):
            pages.append(page)  # noqa: PERF401  # what came before the error is what is looked at

    with pytest.raises(NotTheVendor):
        on(work)
    assert [page.last for page in pages] == [False]


def test_details_that_are_not_there_yet_leave_the_task_out_by_name(on: Any, emulator: M365Emulator) -> None:
    emulator.seed({"switches": {"expand_details": False, "details_lag": 1}})
    made = emulator.edit_as(ANN, plan=PLAN, title="New")

    async def work(connector: Any) -> Any:
        return [page async for page in connector.pull(PLAN, None)]

    pages = on(work)
    assert [native for page in pages for native, _ in page.skipped] == [made]
    assert made not in {record.native_id for page in pages for record in page.records}


def test_a_plan_that_is_not_there_or_not_allowed_is_named(on: Any, emulator: M365Emulator) -> None:
    async def work(connector: Any) -> None:
        with pytest.raises(Gone, match="NoSuchPlan"):
            await connector.describe("NoSuchPlan")
        emulator.state["forbidden"].append(PLAN)
        with pytest.raises(Denied, match="permission"):
            await pulled(connector)

    on(work)


def test_single_reads_tell_present_gone_hidden_and_moved(on: Any, emulator: M365Emulator) -> None:
    async def work(connector: Any) -> Any:
        ids = [record.native_id for record in (await pulled(connector)).values()]
        moved = emulator.edit_as(ANN, plan=PLAN, title="Moved away")
        emulator.edit_as(ANN, moved, move_to=OTHER_PLAN)
        emulator.edit_as(ANN, ids[1], hidden=True)
        gone = emulator.edit_as(ANN, plan=PLAN, title="Short-lived")
        emulator.edit_as(ANN, gone, delete=True)
        return await connector.read(PLAN, [ids[0], ids[1], moved, gone, "../../users"])

    sightings = on(work)
    assert [s.presence for s in sightings] == [
        Presence.PRESENT,
        Presence.HIDDEN,
        Presence.MOVED,
        Presence.GONE,
        Presence.GONE,
    ]
    assert sightings[2].container == OTHER_PLAN
    assert sightings[0].record.values["title"] == "Order racks"


def test_a_plan_is_described_with_its_buckets_and_labels(on: Any, emulator: M365Emulator) -> None:
    async def work(connector: Any) -> Any:
        first = await connector.describe(PLAN)
        from itpm_sync_m365.emulated.people_edit import rename_category

        rename_category(emulator.world, PLAN, "category1", "Fibre")
        return first, await connector.describe(PLAN), await connector.describe(OTHER_PLAN)

    first, renamed, other = on(work)
    options = {field.name: dict(field.options) for field in first.fields}
    assert options["appliedCategories"] == {"category1": "Cabling", "category2": "Power"}
    assert sorted(options["bucketId"].values()) == ["Later", "To do"]
    assert (first.title, first.fingerprint) == ("Network refresh", renamed.fingerprint)
    assert first.fingerprint != other.fingerprint


def test_people_are_found_by_mail_and_alias_and_never_guessed(on: Any, emulator: M365Emulator) -> None:
    emulator.seed({"people": [{"name": "Ann Other", "mail": "ann.other@example.org", "upn": ANN}]})

    async def work(connector: Any) -> Any:
        return await connector.people(
            [ANN, "BEN@example.org", "benjamin@example.org", "no'body@example.org", ""]
        )

    found = on(work)
    assert sorted(a.name for a in found[ANN]) == ["Ann Ames", "Ann Other"]
    assert [a.name for a in found["BEN@example.org"]] == ["Ben Bolt"]
    assert [a.name for a in found["benjamin@example.org"]] == ["Ben Bolt"]
    assert found["no'body@example.org"] == found[""] == []


def test_a_disabled_person_is_inactive(on: Any, emulator: M365Emulator) -> None:
    emulator.seed({"people": [{"name": "Gone Person", "mail": "gone@example.org", "enabled": False}]})

    async def work(connector: Any) -> Any:
        return await connector.people(["gone@example.org"])

    assert [a.active for a in on(work)["gone@example.org"]] == [False]


def test_without_the_right_to_read_people_nobody_is_taken_for_somebody_else(
    on: Any, emulator: M365Emulator
) -> None:
    body = {"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges"}}
    emulator.faults.add(Fault("/v1.0/directoryObjects/getByIds", status=403, body=body))
    with pytest.raises(Denied, match=r"User\.ReadBasic\.All"):
        on(pulled)


def test_check_tells_what_is_fine_and_what_to_mend(on: Any, emulator: M365Emulator) -> None:
    group = next(iter(emulator.state["groups"]))

    async def work(connector: Any) -> Any:
        good = await connector.check()
        emulator.state["forbidden"].append(next(iter(emulator.state["sites"])))
        return good, await connector.check()

    good, bad = on(work, group_id=group)
    assert all(finding.ok for finding in good)
    assert "Network refresh" in " ".join(finding.says for finding in good)
    assert [(f.ok, "Sites.Selected" in f.mend) for f in bad if not f.ok] == [(False, True)]


def test_check_names_a_wrong_token_a_missing_site_and_never_raises(on: Any, emulator: M365Emulator) -> None:
    async def work(connector: Any) -> Any:
        emulator.state["token"] = "another"
        return await connector.check()

    findings = on(work, site="https://contoso.example/sites/none")
    assert [finding.ok for finding in findings] == [False, False]
    assert "credential" in findings[0].says

    async def check(connector: Any) -> Any:
        return await connector.check()

    emulator.state["token"] = "emulated-m365-token"
    findings = on(check, site="https://contoso.example/sites/none")
    assert "no SharePoint site" in findings[-1].says


def test_what_is_not_declared_refuses(on: Any) -> None:
    from itpm_sync.errors import Unsupported

    async def work(connector: Any) -> None:
        with pytest.raises(Unsupported):
            await connector.history(PLAN, [], connector.tools.clock.now())

    on(work)
