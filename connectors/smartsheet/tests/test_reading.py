"""Pulls, direct reads and searches for keys: what they say, and in how few requests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from itpm_sync.connector import Presence
from itpm_sync.emulation import Fault
from itpm_sync.errors import Gone
from itpm_sync.testing.clocks import ManualClock
from itpm_sync_smartsheet import reading
from itpm_sync_smartsheet.connector import SmartsheetConnector
from itpm_sync_smartsheet.emulated.world import Sheet
from itpm_sync_smartsheet.emulator import SmartsheetEmulator

from .conftest import ANN, BOT, KEY, MULTI, by_title, col, create, plan, pulled

Run = Callable[..., Any]


def calls(account: SmartsheetEmulator) -> list[tuple[str, str]]:
    return [(request.method, request.path.rpartition("/sheets")[2]) for request in account.requests]


class TestPull:
    def test_a_first_pull_is_one_request(self, run: Run, account: SmartsheetEmulator, sheet: Sheet) -> None:
        pages = run(lambda c: pulled(c, sheet))
        assert [len(page.records) for page in pages] == [4]
        assert (pages[-1].last, pages[-1].complete, pages[-1].cursor) == (True, True, str(sheet.version))
        assert len(account.requests) == 1

    def test_an_idle_pull_is_one_request_and_lists_the_ids(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet
    ) -> None:
        pages = run(lambda c: pulled(c, sheet, str(sheet.version)))
        assert [(list(p.records), p.last, p.complete, p.cursor) for p in pages] == [
            ([], True, False, str(sheet.version))
        ]
        assert len(account.requests) == 1

    def test_once_listed_an_idle_pull_is_a_few_bytes(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet
    ) -> None:
        async def work(c: SmartsheetConnector) -> Any:
            cursor = (await pulled(c, sheet))[-1].cursor
            return await pulled(c, sheet, cursor)

        (page,) = run(work)
        assert page.listed == {str(each) for each in sheet.order}
        assert [dict(r.query).get("ifVersionAfter") for r in account.requests] == [None, str(sheet.version)]

    def test_after_an_edit_everything_comes(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet
    ) -> None:
        before = str(sheet.version)
        account.edit_as(ANN, str(sheet.order[1]), Status="In progress")
        pages = run(lambda c: pulled(c, sheet, before))
        assert pages[-1].complete
        assert len(pages[-1].records) == 4

    def test_rows_by_column_id(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet, clock: ManualClock
    ) -> None:
        account.edit_as(ANN, str(sheet.order[3]), **{"% Complete": 0.63, "Done": True, "Owner": ANN})
        rows = run(lambda c: by_title(c, sheet))
        handover = rows["Handover"]
        assert handover.values == {
            "parent": None,
            col(sheet, "Task"): "Handover",
            col(sheet, "Status"): None,
            col(sheet, "Due"): "2026-06-30",
            col(sheet, "% Complete"): 0.63,
            col(sheet, "Done"): True,
            col(sheet, "Owner"): ANN,
        }
        assert rows["Survey"].values["parent"] == str(sheet.order[0])
        assert (handover.edited_by, handover.edited_at) == (ANN, clock.now())
        assert handover.name == "Handover"

    def test_blank_rows_are_no_items(self, run: Run, account: SmartsheetEmulator, sheet: Sheet) -> None:
        account.edit_as(ANN, container="Plan")
        pages = run(lambda c: pulled(c, sheet))
        assert (len(sheet.order), sum(len(page.records) for page in pages), pages[-1].complete) == (
            5,
            4,
            True,
        )

    def test_an_empty_cell_says_so(self, run: Run, account: SmartsheetEmulator, sheet: Sheet) -> None:
        account.edit_as(ANN, str(sheet.order[3]), Due="")
        assert run(lambda c: by_title(c, sheet))["Handover"].values[col(sheet, "Due")] is None

    def test_pages_make_one_listing(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reading, "PAGE", 3)
        pages = run(lambda c: pulled(c, sheet))
        assert sum(len(page.records) for page in pages) == 4
        assert pages[-1].complete
        assert [dict(r.query)["page"] for r in account.requests] == ["1", "2"]

    def test_a_sheet_that_moves_between_pages_is_begun_again(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reading, "PAGE", 2)
        last = str(sheet.order[3])
        account.faults.after(r".*/sheets/\d+", lambda call: account.edit_as(ANN, last, delete=True))
        pages = run(lambda c: pulled(c, sheet))
        assert sorted(r.native_id for p in pages for r in p.records) == sorted(
            str(each) for each in sheet.order
        )
        assert (pages[-1].complete, pages[-1].cursor) == (True, str(sheet.version))

    def test_one_that_never_rests_is_not_complete(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reading, "PAGE", 2)
        row = str(sheet.order[3])
        edits = iter(range(100))
        account.faults.after(
            r".*/sheets/\d+", lambda call: account.edit_as(ANN, row, Task=f"Again {next(edits)}"), times=-1
        )
        pages = run(lambda c: pulled(c, sheet))
        assert not pages[-1].complete
        assert int(pages[-1].cursor or "0") < sheet.version
        account.faults.clear()

    def test_a_sheet_that_is_not_shared_is_not_emptied(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet
    ) -> None:
        del sheet.access[BOT]
        with pytest.raises(Gone, match="not found"):
            run(lambda c: pulled(c, sheet))


class TestMulti:
    @pytest.fixture
    def wide(self, account: SmartsheetEmulator) -> Sheet:
        columns = [*plan()["columns"], *MULTI]
        rows = [{"Task": "Cable", "Team": [ANN, BOT], "Tags": ["wifi", "core"]}]
        account.seed({"sheets": [plan("Wide", columns=columns, rows=rows)]})
        return account.world.sheet_named("Wide")

    def test_several_people_and_options_come_whole(self, run: Run, wide: Sheet) -> None:
        cable = run(lambda c: by_title(c, wide))["Cable"]
        assert cable.values[col(wide, "Team")] == [ANN, BOT]
        assert cable.values[col(wide, "Tags")] == ["core", "wifi"]

    def test_a_write_to_another_cell_keeps_them(self, run: Run, wide: Sheet) -> None:
        async def work(c: SmartsheetConnector) -> Any:
            from .conftest import update

            cable = (await by_title(c, wide))["Cable"]
            return await c.apply(str(wide.id), [update(cable, wide, Status="Complete")])

        outcome = run(work)[0]
        assert outcome.record.values[col(wide, "Team")] == [ANN, BOT]
        assert outcome.record.values[col(wide, "Tags")] == ["core", "wifi"]


class TestRead:
    def test_present_and_gone(self, run: Run, account: SmartsheetEmulator, sheet: Sheet) -> None:
        there, gone = str(sheet.order[3]), str(sheet.order[2])
        account.edit_as(ANN, gone, delete=True)
        found = run(lambda c: c.read(str(sheet.id), [there, gone]))
        assert [s.presence for s in found] == [Presence.PRESENT, Presence.GONE]
        assert len(account.requests) == 1

    def test_a_sheet_out_of_sight_says_nothing_of_its_rows(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet
    ) -> None:
        row = str(sheet.order[3])
        del sheet.access[BOT]
        found = run(lambda c: c.read(str(sheet.id), [row]))
        assert [s.presence for s in found] == [Presence.GONE_OR_HIDDEN]

    def test_forbidden_is_hidden(self, run: Run, account: SmartsheetEmulator, sheet: Sheet) -> None:
        body = {"errorCode": 1004, "message": "You are not authorized to perform this action."}
        account.faults.add(
            Fault(r".*/sheets/\d+", status=403, body=body, headers={"content-type": "application/json"})
        )
        found = run(lambda c: c.read(str(sheet.id), [str(sheet.order[0])]))
        assert [s.presence for s in found] == [Presence.HIDDEN]
        assert "no permission" in found[0].reason

    def test_many_ids_are_few_requests(self, run: Run, account: SmartsheetEmulator, sheet: Sheet) -> None:
        ids = [str(10**15 + n) for n in range(700)]
        found = run(lambda c: c.read(str(sheet.id), ids))
        assert {s.presence for s in found} == {Presence.GONE}
        assert len(account.requests) == 3


class TestKeys:
    def test_found_in_every_sheet_with_copies(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet
    ) -> None:
        account.seed({"sheets": [plan("Other", columns=[*plan()["columns"], {"title": KEY}], rows=[])]})
        other = account.world.sheet_named("Other")

        async def work(c: SmartsheetConnector) -> Any:
            made = (await c.apply(str(sheet.id), [create("item-1", sheet, Task="Rack")]))[0].record
            assert made is not None
            account.edit_as(ANN, made.native_id, copy_to=str(other.id))
            since = c.tools.clock.now() - timedelta(seconds=61)
            return await c.find([str(sheet.id), str(other.id)], ["item-1", "item-2"], since)

        found = run(work)
        assert found.certain
        assert [container for container, _ in found.records["item-1"]] == [str(sheet.id), str(other.id)]
        assert "item-2" not in found.records

    def test_within_the_horizon_absence_is_not_certain(
        self, run: Run, sheet: Sheet, clock: ManualClock
    ) -> None:
        found = run(lambda c: c.find([str(sheet.id)], ["item-1"], clock.now()))
        assert (found.records, found.certain) == ({}, False)

    def test_a_moved_row_has_a_new_id_and_our_key(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet
    ) -> None:
        account.seed({"sheets": [plan("Other", columns=[*plan()["columns"], {"title": KEY}], rows=[])]})
        other = account.world.sheet_named("Other")

        async def work(c: SmartsheetConnector) -> Any:
            made = (await c.apply(str(sheet.id), [create("item-1", sheet, Task="Rack")]))[0].record
            assert made is not None
            account.edit_as(ANN, made.native_id, move_to="Other")
            gone = await c.read(str(sheet.id), [made.native_id])
            found = await c.find([str(other.id)], ["item-1"], c.tools.clock.now())
            return made.native_id, gone[0].presence, found.records["item-1"][0][1].native_id

        old, presence, new = run(work)
        assert presence is Presence.GONE
        assert new != old


class TestRevision:
    def test_it_stays_while_nothing_changes(self, run: Run, sheet: Sheet) -> None:
        async def work(c: SmartsheetConnector) -> Any:
            return await by_title(c, sheet), await by_title(c, sheet)

        one, two = run(work)
        assert {t: r.revision for t, r in one.items()} == {t: r.revision for t, r in two.items()}

    def test_a_value_put_back_within_one_second_shows(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet
    ) -> None:
        """The clock stands still here: only the sheet's version tells the second edit."""
        row = str(sheet.order[3])

        async def work(c: SmartsheetConnector) -> Any:
            account.edit_as(ANN, row, Status="Complete")
            one = (await by_title(c, sheet))["Handover"]
            account.edit_as(ANN, row, Status="In progress")
            account.edit_as(ANN, row, Status="Complete")
            return one, (await by_title(c, sheet))["Handover"]

        one, two = run(work)
        assert one.values == two.values
        assert one.revision != two.revision

    def test_a_move_shows_though_the_time_of_edit_stays(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet
    ) -> None:
        row = str(sheet.order[2])

        async def work(c: SmartsheetConnector) -> Any:
            one = (await by_title(c, sheet))["Install"]
            account.edit_as(ANN, row, under=None)
            return one, (await by_title(c, sheet))["Install"]

        one, two = run(work)
        assert one.edited_at == two.edited_at
        assert one.revision != two.revision


class TestDescribe:
    def test_fields_by_id_with_titles_and_options(self, run: Run, sheet: Sheet) -> None:
        info = run(lambda c: c.describe(str(sheet.id)))
        fields = {field.title: field for field in info.fields}
        assert fields["Status"].name == col(sheet, "Status")
        assert list(fields["Status"].options.values()) == ["Not started", "In progress", "Complete"]
        assert info.limits["records"] == 20_000
        assert (info.limits["cells"], info.limits["cells a record"]) == (500_000, len(sheet.columns))

    def test_the_fingerprint_is_the_sheets_not_its_columns(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet
    ) -> None:
        async def work(c: SmartsheetConnector) -> Any:
            one = await c.describe(str(sheet.id))
            sheet.titled("Status").options.append("Blocked")
            return one, await c.describe(str(sheet.id))

        one, two = run(work)
        assert one.fingerprint == two.fingerprint
        assert one.fields != two.fields

    def test_our_column_and_system_columns(self, run: Run, account: SmartsheetEmulator) -> None:
        columns = [*plan()["columns"], {"title": KEY}, {"title": "No", "system": "AUTO_NUMBER"}]
        account.seed({"sheets": [plan("Numbered", columns=columns)]})
        info = run(lambda c: c.describe(str(account.world.sheet_named("Numbered").id)))
        writable = {field.title: field.writable for field in info.fields}
        assert KEY not in writable
        assert writable["No"] is False

    def test_a_name_is_no_id(self, run: Run) -> None:
        with pytest.raises(Gone, match="Sheet ID"):
            run(lambda c: c.describe("Plan"))


class TestComputed:
    def test_formulas_and_parents_with_dependencies(self, run: Run, account: SmartsheetEmulator) -> None:
        columns = [
            {"title": "Task", "primary": True},
            {"title": "Start", "type": "DATE", "tags": ["GANTT_START_DATE"]},
            {"title": "Finish", "type": "DATE", "tags": ["GANTT_END_DATE"]},
            {"title": "Sum", "formula": "=1+1"},
        ]
        rows = [{"Task": "Site", "children": [{"Task": "Survey", "Start": "2026-05-04"}]}]
        account.seed({"sheets": [plan("Gantt", columns=columns, rows=rows, dependencies=True)]})
        gantt = account.world.sheet_named("Gantt")
        found = run(lambda c: by_title(c, gantt))
        start, finish, total = (col(gantt, t) for t in ("Start", "Finish", "Sum"))
        assert found["Site"].computed == {start, finish, total}
        assert found["Survey"].computed == {finish, total}
        assert found["Site"].values[start] == "2026-05-04"
        again = run(lambda c: c.read(str(gantt.id), [found["Site"].native_id]))
        assert again[0].record.computed == found["Site"].computed


class TestHistory:
    def test_who_changed_what(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet, clock: ManualClock
    ) -> None:
        row = str(sheet.order[3])
        since = clock.now()
        account.edit_as(ANN, row, Due="2026-07-01")
        clock.move(5)
        account.edit_as(BOT, row, Due="2026-07-02")
        edits = run(lambda c: c.history(str(sheet.id), [row, str(sheet.order[0])], since))
        due = col(sheet, "Due")
        assert list(edits) == [row]
        assert [(e.by, e.ours, e.before[due], e.after[due]) for e in edits[row]] == [
            (ANN, None, "2026-06-30", "2026-07-01"),
            (BOT, "itpm-sync", "2026-07-01", "2026-07-02"),
        ]
        assert edits[row][0].after[col(sheet, "Task")] == "Handover"

    def test_one_write_of_several_cells_is_one_edit(self, run: Run, sheet: Sheet, clock: ManualClock) -> None:
        from .conftest import update

        async def work(c: SmartsheetConnector) -> Any:
            row = (await by_title(c, sheet))["Handover"]
            since = clock.now()
            await c.apply(str(sheet.id), [update(row, sheet, Due="2026-07-02", Status="Complete")])
            return (await c.history(str(sheet.id), [row.native_id], since))[row.native_id]

        (edit,) = run(work)
        assert edit.ours
        assert (edit.after[col(sheet, "Due")], edit.after[col(sheet, "Status")]) == ("2026-07-02", "Complete")

    def test_a_shared_account_marks_nothing_as_ours(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet, clock: ManualClock
    ) -> None:
        row, since = str(sheet.order[3]), clock.now()
        account.edit_as(BOT, row, Due="2026-07-02")
        edits = run(lambda c: c.history(str(sheet.id), [row], since), shared_account=True)
        assert [edit.ours for edit in edits[row]] == [None]

    def test_a_clock_that_goes_ahead_of_smartsheets(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet, clock: ManualClock
    ) -> None:
        """Ours says five minutes more than the server's: the edit is later than `since` all the same."""
        row, since = str(sheet.order[3]), clock.now() + timedelta(minutes=5)
        account.edit_as(BOT, row, Due="2026-07-02")

        async def work(c: SmartsheetConnector) -> Any:
            real = clock.now
            clock.now = lambda: real() + timedelta(minutes=5)  # type: ignore[method-assign]
            account.clock = ManualClock(real())
            return await c.history(str(sheet.id), [row], since)

        assert len(run(work)[row]) == 1

    def test_people_are_their_addresses(self, run: Run) -> None:
        found = run(lambda c: c.people([ANN, "nobody"]))
        assert {mail: [a.account for a in accounts] for mail, accounts in found.items()} == {ANN: [ANN]}
