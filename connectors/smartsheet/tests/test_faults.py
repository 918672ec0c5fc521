"""What goes wrong on the way: nothing is done twice, nothing is taken for empty, nothing secret is said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from itpm_sync.connector import Status
from itpm_sync.emulation import Fault, Harm, When
from itpm_sync.errors import Denied, ItpmError, NotTheVendor, Unavailable
from itpm_sync.kit.secret import Secret
from itpm_sync.testing.clocks import ManualClock
from itpm_sync_smartsheet.connector import SmartsheetConnector
from itpm_sync_smartsheet.emulated.world import Access, Sheet
from itpm_sync_smartsheet.emulator import SmartsheetEmulator

from .conftest import BOT, TOKEN, by_title, create, plan, pulled, update

Run = Callable[..., Any]
JSON = {"content-type": "application/json"}
SHEET, ROWS = r".*/sheets/\d+", r".*/sheets/\d+/rows"


def says(code: int, message: str = "") -> dict[str, Any]:
    return {"errorCode": code, "message": message or f"error {code}", "refId": "x"}


def fault(path: str, status: int, code: int, message: str = "", **more: Any) -> Fault:
    return Fault(
        path, status=status, body=says(code, message), headers={**JSON, **more.pop("headers", {})}, **more
    )


class TestQuota:
    def test_a_minute_is_waited_where_none_is_named(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet, clock: ManualClock
    ) -> None:
        account.faults.add(fault(SHEET, 429, 4003))
        assert run(lambda c: pulled(c, sheet))[-1].complete
        assert [60 <= seconds <= 61 for seconds in clock.slept] == [True]

    def test_a_named_wait_is_kept(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet, clock: ManualClock
    ) -> None:
        account.faults.add(fault(SHEET, 429, 4003, headers={"Retry-After": "7"}))
        run(lambda c: pulled(c, sheet))
        assert [7 <= seconds <= 8 for seconds in clock.slept] == [True]

    def test_html_429_counts_too(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet, clock: ManualClock
    ) -> None:
        account.faults.add(Fault(SHEET, status=429, body=b"<html>", headers={"content-type": "text/html"}))
        assert run(lambda c: pulled(c, sheet))[-1].complete
        assert len(clock.slept) == 1

    def test_a_write_refused_by_quota_is_sent_again(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet
    ) -> None:
        account.faults.add(fault(ROWS, 429, 4003, method="POST"))
        assert (
            run(lambda c: c.apply(str(sheet.id), [create("item-1", sheet, Task="Rack")]))[0].status
            is Status.APPLIED
        )
        assert len(sheet.order) == 5

    def test_the_emulators_own_quota(self, run: Run, account: SmartsheetEmulator, sheet: Sheet) -> None:
        account.limit(2)

        async def work(c: SmartsheetConnector) -> int:
            return sum([(await pulled(c, sheet))[-1].complete for _ in range(5)])

        assert run(work) == 5
        assert {r.status for r in account.requests} == {200, 429}


class TestUnknownOutcome:
    @pytest.mark.parametrize(
        "harm",
        [
            fault(
                ROWS,
                500,
                4002,
                "Server timeout exceeded. Request has failed.",
                method="POST",
                when=When.AFTER,
            ),
            Fault(ROWS, "POST", When.AFTER, Harm.DROP),
            Fault(ROWS, "POST", When.AFTER, Harm.CUT),
            Fault(ROWS, "POST", When.AFTER, Harm.TRUNCATE),
            Fault(ROWS, "POST", When.AFTER, Harm.HTML),
            Fault(
                ROWS, "POST", When.AFTER, status=502, body=b"<html>", headers={"content-type": "text/html"}
            ),
            Fault(ROWS, "POST", When.AFTER, status=200, body=[], headers=JSON),
        ],
        ids=["4002", "dropped", "cut", "truncated", "html", "bad gateway", "other JSON"],
    )
    def test_an_addition_is_never_sent_twice_and_found_by_its_key(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet, harm: Fault, clock: ManualClock
    ) -> None:
        harm.times = 1
        account.faults.add(harm)

        async def work(c: SmartsheetConnector) -> Any:
            (outcome,) = await c.apply(str(sheet.id), [create("item-1", sheet, Task="Rack")])
            return outcome, await c.find([str(sheet.id)], ["item-1"], clock.now() - timedelta(seconds=61))

        outcome, found = run(work)
        assert (outcome.status, outcome.record) == (Status.UNKNOWN, None)
        assert len(found.records["item-1"]) == 1
        assert len(sheet.order) == 5
        assert sum(r.method == "POST" and r.path.endswith("/rows") for r in account.requests) == 1

    def test_the_rest_goes_on(self, run: Run, account: SmartsheetEmulator, sheet: Sheet) -> None:
        """The first of two requests (one a parent) has an unknown outcome; the second is still made."""
        account.faults.add(Fault(ROWS, "POST", When.BEFORE, Harm.DROP))
        site = str(sheet.order[0])
        changes = [create("item-1", sheet, Task="A"), create("item-2", sheet, Task="B", parent=site)]
        outcomes = run(lambda c: c.apply(str(sheet.id), changes))
        assert [o.status for o in outcomes] == [Status.UNKNOWN, Status.APPLIED]

    def test_a_silent_server(self, run: Run, account: SmartsheetEmulator, sheet: Sheet) -> None:
        account.faults.add(Fault(ROWS, "POST", When.AFTER, Harm.DELAY, delay=30.0))
        outcome = run(lambda c: c.apply(str(sheet.id), [create("item-1", sheet, Task="Rack")]), timeout=0.3)[
            0
        ]
        assert outcome.status is Status.UNKNOWN

    def test_the_key_column_is_added_once(self, run: Run, account: SmartsheetEmulator, sheet: Sheet) -> None:
        account.faults.add(Fault(r".*/columns", "POST", When.AFTER, Harm.DROP))
        outcome = run(lambda c: c.apply(str(sheet.id), [create("item-1", sheet, Task="Rack")]))[0]
        assert outcome.status is Status.APPLIED
        assert len(sheet.columns) == 7


class TestReads:
    @pytest.mark.parametrize("harm", [Harm.HTML, Harm.TRUNCATE])
    def test_no_answer_of_smartsheets_is_no_empty_sheet(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet, harm: Harm
    ) -> None:
        account.faults.add(Fault(SHEET, harm=harm))
        with pytest.raises(NotTheVendor):
            run(lambda c: pulled(c, sheet))

    def test_an_html_404_is_no_deletion(self, run: Run, account: SmartsheetEmulator, sheet: Sheet) -> None:
        account.faults.add(Fault(SHEET, status=404, body=b"<html>", headers={"content-type": "text/html"}))
        with pytest.raises(NotTheVendor):
            run(lambda c: c.read(str(sheet.id), [str(sheet.order[0])]))

    @pytest.mark.parametrize(
        "harm",
        [
            fault(SHEET, 500, 4000),
            fault(SHEET, 503, 4001),
            Fault(SHEET, harm=Harm.DROP),
            fault(SHEET, 500, 4004),
        ],
    )
    def test_a_read_is_tried_again(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet, harm: Fault
    ) -> None:
        harm.times = 1
        account.faults.add(harm)
        assert run(lambda c: pulled(c, sheet))[-1].complete

    def test_a_redirect_is_not_followed(self, run: Run, account: SmartsheetEmulator, sheet: Sheet) -> None:
        account.faults.add(Fault(SHEET, status=302, headers={"Location": "https://elsewhere.example/"}))
        with pytest.raises(NotTheVendor, match=r"elsewhere\.example"):
            run(lambda c: pulled(c, sheet))

    def test_a_retired_version_is_not_a_deleted_sheet(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet
    ) -> None:
        account.faults.add(fault(SHEET, 410, 4005))
        with pytest.raises(Unavailable, match="retired"):
            run(lambda c: c.read(str(sheet.id), [str(sheet.order[0])]))

    def test_an_empty_sheet_is_a_complete_listing_of_nothing(
        self, run: Run, account: SmartsheetEmulator
    ) -> None:
        account.seed({"sheets": [plan("Empty", rows=[])]})
        pages = run(lambda c: pulled(c, account.world.sheet_named("Empty")))
        assert [(list(p.records), p.complete) for p in pages] == [([], True)]


class TestBusySheet:
    def test_two_writes_of_ours_wait_for_each_other(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet
    ) -> None:
        account.faults.add(Fault(ROWS, "POST", When.AFTER, Harm.DELAY, delay=0.2))

        async def work(c: SmartsheetConnector) -> Any:
            changes = [create("item-1", sheet, Task="A")], [create("item-2", sheet, Task="B")]
            return await asyncio.gather(*(c.apply(str(sheet.id), each) for each in changes))

        outcomes = run(work)
        assert [o.status for each in outcomes for o in each] == [Status.APPLIED] * 2
        assert 500 not in {r.status for r in account.requests}

    def test_somebody_elses_write_is_waited_for(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet
    ) -> None:
        busy = "Request failed because sheetId 1 is currently being updated by another request."
        account.faults.add(fault(ROWS, 500, 4004, busy, method="POST"))
        outcome = run(lambda c: c.apply(str(sheet.id), [create("item-1", sheet, Task="A")]))[0]
        assert outcome.status is Status.APPLIED
        assert len(sheet.order) == 5


class TestCredentials:
    def test_a_wrong_token(self, run: Run) -> None:
        (finding,) = run(lambda c: c.check(), token=Secret("wrong"))
        assert not finding.ok
        assert "credential" in finding.says
        assert "token" in finding.mend

    def test_an_expired_token(self, run: Run, account: SmartsheetEmulator, sheet: Sheet) -> None:
        account.world.expired.append(TOKEN)
        with pytest.raises(Denied, match="1003"):
            run(lambda c: pulled(c, sheet))

    def test_a_good_one(self, run: Run) -> None:
        (finding,) = run(lambda c: c.check())
        assert finding.ok
        assert BOT in finding.says

    def test_one_sheet_refused_others_go_on(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet
    ) -> None:
        account.seed({"sheets": [plan("Other")]})
        other = account.world.sheet_named("Other")
        sheet.access[BOT] = Access.VIEWER

        async def work(c: SmartsheetConnector) -> Any:
            change = update((await by_title(c, sheet))["Handover"], sheet, Status="Complete")
            with pytest.raises(Denied, match="1004"):
                await c.apply(str(sheet.id), [change])
            change = update((await by_title(c, other))["Handover"], other, Status="Complete")
            return await c.apply(str(other.id), [change])

        assert run(work)[0].status is Status.APPLIED

    def test_the_token_shows_nowhere(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("DEBUG")
        account.faults.add(
            Fault(SHEET, status=400, body=says(1018, f"bad header Bearer {TOKEN}"), headers=JSON)
        )

        async def work(c: SmartsheetConnector) -> str:
            with pytest.raises(ItpmError) as caught:
                await pulled(c, sheet)
            await pulled(c, sheet)
            return f"{caught.value!r} {caught.value} {c.options!r} {vars(c)}"

        text = run(work)
        assert TOKEN not in text
        assert TOKEN not in caplog.text


def test_our_writes_name_their_agent(run: Run, account: SmartsheetEmulator, sheet: Sheet) -> None:
    run(lambda c: c.apply(str(sheet.id), [create("item-1", sheet, Task="Rack")]))
    past = sheet.past(sheet.order[-1], sheet.titled("Task").id)
    assert [entry.agent for entry in past] == ["itpm-sync"]


def test_a_second_write_during_a_first_is_4004(
    web: httpx.Client, account: SmartsheetEmulator, sheet: Sheet
) -> None:
    """The emulator itself: a write whose answer is still out keeps the sheet busy."""
    body = [{"toBottom": True, "cells": [{"columnId": sheet.titled("Task").id, "value": "x"}]}]
    codes: list[int] = []

    def again(call: Any) -> None:
        codes.append(account.serve_one(call)[0].body["errorCode"])  # type: ignore[index]

    account.faults.before(ROWS, again, method="POST")
    assert web.post(f"/sheets/{sheet.id}/rows", json=body).status_code == 200
    assert codes == [4004]
