"""Additions, changes, moves and deletions: what is sent, what comes back, what is refused and stays whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from itpm_sync.connector import Change, Operation, Outcome, Status
from itpm_sync.emulation import Fault, When
from itpm_sync.errors import Denied
from itpm_sync_smartsheet.connector import SmartsheetConnector
from itpm_sync_smartsheet.emulated.world import Access, Cell, Sheet
from itpm_sync_smartsheet.emulator import SmartsheetEmulator

from .conftest import ANN, BOT, KEY, by_title, col, create, delete, pulled, update

Run = Callable[..., Any]


def writes(account: SmartsheetEmulator) -> list[tuple[str, Any]]:
    return [(r.method, r.json()) for r in account.requests if r.method != "GET"]


def at(sheet: Sheet, number: int) -> str:
    return str(sheet.order[number])


class TestCreate:
    def test_the_key_is_in_the_same_request_in_a_hidden_column(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet
    ) -> None:
        outcome = run(lambda c: c.apply(str(sheet.id), [create("item-1", sheet, Task="Rack")]))[0]
        assert outcome.status is Status.APPLIED
        assert outcome.record.key == "item-1"
        assert sheet.titled(KEY).hidden
        posts = [body for method, body in writes(account) if method == "POST"]
        assert len(posts) == 2  # the column once, the row with its key
        assert len(posts[1][0]["cells"]) == 2

    def test_the_record_of_the_answer_is_the_one_that_is_pulled(self, run: Run, sheet: Sheet) -> None:
        async def work(c: SmartsheetConnector) -> Any:
            made = (
                await c.apply(str(sheet.id), [create("item-1", sheet, Task="Rack", pct=0.5, Done=False)])
            )[0]
            return made.record, (await by_title(c, sheet))["Rack"]

        made, read = run(work)
        assert (made.values, made.key, made.computed) == (read.values, read.key, read.computed)

    def test_one_request_a_parent(self, run: Run, account: SmartsheetEmulator, sheet: Sheet) -> None:
        top, site = None, at(sheet, 0)
        changes = [create(f"item-{n}", sheet, Task=f"T{n}", parent=(top, site)[n % 2]) for n in range(6)]
        outcomes = run(lambda c: c.apply(str(sheet.id), changes))
        assert [o.status for o in outcomes] == [Status.APPLIED] * 6
        assert [o.record.key for o in outcomes] == [f"item-{n}" for n in range(6)]
        assert [o.record.values["parent"] for o in outcomes] == [(top, site)[n % 2] for n in range(6)]
        assert sum(method == "POST" for method, _ in writes(account)) == 3

    def test_600_rows_are_two_requests(self, run: Run, account: SmartsheetEmulator, sheet: Sheet) -> None:
        changes = [create(f"item-{n}", sheet, Task=f"T{n}") for n in range(600)]
        outcomes = run(lambda c: c.apply(str(sheet.id), changes))
        assert {o.status for o in outcomes} == {Status.APPLIED}
        assert [len(body) for method, body in writes(account) if isinstance(body, list)] == [500, 100]

    @pytest.mark.parametrize("named", ["Site A", "id"])
    def test_under_a_row_named_in_the_configuration(self, run: Run, sheet: Sheet, named: str) -> None:
        under = at(sheet, 0) if named == "id" else named
        outcome = run(lambda c: c.apply(str(sheet.id), [create("item-1", sheet, Task="Rack", under=under)]))[
            0
        ]
        assert outcome.record.values["parent"] == at(sheet, 0)

    def test_under_a_row_that_is_not_there_nothing_is_made(self, run: Run, sheet: Sheet) -> None:
        outcome = run(
            lambda c: c.apply(str(sheet.id), [create("item-1", sheet, Task="Rack", under="Site Z")])
        )[0]
        assert outcome.status is Status.REFUSED
        assert "Site Z" in str(outcome.error)
        assert len(sheet.order) == 4

    def test_without_leave_to_add_the_column(self, run: Run, sheet: Sheet) -> None:
        sheet.access[BOT] = Access.EDITOR
        outcome = run(lambda c: c.apply(str(sheet.id), [create("item-1", sheet, Task="Rack")]))[0]
        assert outcome.status is Status.REFUSED
        assert "key_column" in str(outcome.error)
        assert len(sheet.order) == 4

    def test_text_that_looks_like_a_formula_stays_text(self, run: Run, sheet: Sheet) -> None:
        texts = ["=SUM(1,2)", "+1", "-2", "@me", "\tx", "0042", "½ 🧯"]
        changes = [create(f"item-{n}", sheet, Task=text) for n, text in enumerate(texts)]
        outcomes = run(lambda c: c.apply(str(sheet.id), changes))
        assert [o.record.values[col(sheet, "Task")] for o in outcomes] == texts


class TestUpdate:
    def test_only_what_differs_is_sent(self, run: Run, account: SmartsheetEmulator, sheet: Sheet) -> None:
        async def work(c: SmartsheetConnector) -> Any:
            rows = await by_title(c, sheet)
            return await c.apply(
                str(sheet.id), [update(rows["Survey"], sheet, Status="Complete", Due="2026-05-09")]
            )

        outcome = run(work, create_key_column=False)[0]
        assert outcome.status is Status.APPLIED
        assert outcome.record.values[col(sheet, "Due")] == "2026-05-09"
        (method, body), *_ = writes(account)
        assert (method, [cell["columnId"] for cell in body[0]["cells"]]) == ("PUT", [sheet.titled("Due").id])

    def test_a_push_after_a_read_is_one_reading_and_one_writing(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet
    ) -> None:
        async def work(c: SmartsheetConnector) -> Any:
            rows = await by_title(c, sheet)
            account.requests.clear()
            changes = [update(row, sheet, Due="2026-05-09") for row in rows.values()]
            await c.read(str(sheet.id), [row.native_id for row in rows.values()])
            return await c.apply(str(sheet.id), changes)

        run(work, create_key_column=False)
        assert [r.method for r in account.requests] == ["GET", "PUT"]

    @pytest.mark.parametrize(
        ("title", "before", "empty"),
        [("Due", "2026-05-09", None), ("Status", "Complete", ""), ("Owner", ANN, None)],
    )
    def test_clearing(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet, title: str, before: str, empty: str | None
    ) -> None:
        account.edit_as(ANN, at(sheet, 3), **{title: before})

        async def work(c: SmartsheetConnector) -> Any:
            row = (await by_title(c, sheet))["Handover"]
            return await c.apply(str(sheet.id), [update(row, sheet, **{title: empty})])

        outcome = run(work)[0]
        assert outcome.status is Status.APPLIED
        assert outcome.record.values[col(sheet, title)] is None

    def test_nought_and_no_are_not_empty(self, run: Run, sheet: Sheet) -> None:
        async def work(c: SmartsheetConnector) -> Any:
            row = (await by_title(c, sheet))["Handover"]
            return await c.apply(str(sheet.id), [update(row, sheet, pct=0, Done=False)])

        record = run(work)[0].record
        assert record.values[col(sheet, "% Complete")] == 0
        assert record.values[col(sheet, "Done")] is False

    def test_a_moved_row_takes_its_children_along(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet
    ) -> None:
        async def work(c: SmartsheetConnector) -> Any:
            rows = await by_title(c, sheet)
            change = update(rows["Site A"], sheet, parent=rows["Handover"].native_id, Status="In progress")
            return await c.apply(str(sheet.id), [change]), await by_title(c, sheet)

        (outcome,), rows = run(work, create_key_column=False)
        assert outcome.status is Status.APPLIED
        assert rows["Site A"].values["parent"] == rows["Handover"].native_id
        assert rows["Survey"].values["parent"] == rows["Site A"].native_id
        assert [method for method, _ in writes(account)] == ["PUT"]

    def test_to_the_top_level(self, run: Run, sheet: Sheet) -> None:
        async def work(c: SmartsheetConnector) -> Any:
            return await c.apply(
                str(sheet.id), [update((await by_title(c, sheet))["Install"], sheet, parent=None)]
            )

        assert run(work)[0].record.values["parent"] is None

    def test_a_circle_is_refused(self, run: Run, sheet: Sheet) -> None:
        async def work(c: SmartsheetConnector) -> Any:
            rows = await by_title(c, sheet)
            change = update(rows["Site A"], sheet, parent=rows["Survey"].native_id)
            return await c.apply(str(sheet.id), [change])

        assert run(work)[0].status is Status.REFUSED

    def test_the_key_of_a_copy_is_overwritten(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet
    ) -> None:
        async def work(c: SmartsheetConnector) -> Any:
            made = (await c.apply(str(sheet.id), [create("item-1", sheet, Task="Rack")]))[0].record
            assert made is not None
            account.edit_as(ANN, made.native_id, copy_to=str(sheet.id))
            copy = next(
                r
                for p in await pulled(c, sheet)
                for r in p.records
                if r.key == "item-1" and r.native_id != made.native_id
            )
            await c.apply(str(sheet.id), [update(copy, sheet, key="item-2", Task="Rack 2")])
            return sorted(r.key or "" for p in await pulled(c, sheet) for r in p.records)

        assert run(work) == ["", "", "", "", "item-1", "item-2"]


class TestAnswersThatTellLess:
    def test_an_answer_with_fewer_cells_empties_nothing(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet
    ) -> None:
        row, due = sheet.order[3], sheet.titled("Due").id
        told = {"id": row, "rowNumber": 4, "cells": [{"columnId": due, "value": "2026-07-01"}]}
        said = {"message": "SUCCESS", "resultCode": 0, "version": sheet.version + 1, "result": [told]}
        less = Fault(
            r".*/rows", "PUT", When.AFTER, status=200, body=said, headers={"content-type": "application/json"}
        )
        account.faults.add(less)

        async def work(c: SmartsheetConnector) -> Any:
            handover = (await by_title(c, sheet))["Handover"]
            return await c.apply(str(sheet.id), [update(handover, sheet, Due="2026-07-01")])

        record = run(work, create_key_column=False)[0].record
        assert record.values[col(sheet, "Task")] == "Handover"
        assert record.values[col(sheet, "Due")] == "2026-07-01"

    def test_a_formula_in_the_row_stays_computed(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet
    ) -> None:
        percent = sheet.titled("% Complete").id
        sheet.rows[sheet.order[3]].cells[percent] = Cell(value=0.5, display="0.5", formula="=0.5")

        async def work(c: SmartsheetConnector) -> Any:
            handover = (await by_title(c, sheet))["Handover"]
            return handover, await c.apply(str(sheet.id), [update(handover, sheet, Due="2026-07-01")])

        before, (outcome,) = run(work)
        assert before.computed == outcome.record.computed == {str(percent)}


class TestSomebodyElse:
    def test_an_edit_before_our_reading_is_stale(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet
    ) -> None:
        async def work(c: SmartsheetConnector) -> Any:
            row = (await by_title(c, sheet))["Handover"]
            account.edit_as(ANN, row.native_id, Due="2026-07-15")
            return await c.apply(str(sheet.id), [update(row, sheet, Due="2026-07-01")])

        outcome = run(work)[0]
        assert outcome.status is Status.STALE
        assert outcome.record.values[col(sheet, "Due")] == "2026-07-15"
        assert sheet.rows[sheet.order[3]].cells[sheet.titled("Due").id].value == "2026-07-15"

    def test_an_edit_of_another_cell_is_not(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet
    ) -> None:
        async def work(c: SmartsheetConnector) -> Any:
            row = (await by_title(c, sheet))["Handover"]
            account.edit_as(ANN, row.native_id, Status="Complete")
            return await c.apply(str(sheet.id), [update(row, sheet, Due="2026-07-01")])

        outcome = run(work)[0]
        assert (outcome.status, outcome.replaced) == (Status.APPLIED, None)
        assert outcome.record.values[col(sheet, "Status")] == "Complete"

    def test_an_edit_between_our_reading_and_our_write_is_found(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet
    ) -> None:
        row = at(sheet, 3)
        account.faults.before(
            r".*/rows", lambda call: account.edit_as(ANN, row, Due="2026-07-15"), method="PUT"
        )

        async def work(c: SmartsheetConnector) -> Any:
            handover = (await by_title(c, sheet))["Handover"]
            return await c.apply(str(sheet.id), [update(handover, sheet, Due="2026-07-01")])

        outcome = run(work)[0]
        assert outcome.status is Status.APPLIED
        assert outcome.replaced == {col(sheet, "Due"): "2026-07-15"}

    def test_alone_in_the_sheet_no_history_is_read(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet
    ) -> None:
        async def work(c: SmartsheetConnector) -> Any:
            handover = (await by_title(c, sheet))["Handover"]
            return await c.apply(str(sheet.id), [update(handover, sheet, Due="2026-07-01")])

        assert run(work)[0].replaced is None
        assert not [r for r in account.requests if r.path.endswith("/history")]

    def test_a_row_that_is_gone_is_stale(self, run: Run, account: SmartsheetEmulator, sheet: Sheet) -> None:
        async def work(c: SmartsheetConnector) -> Any:
            row = (await by_title(c, sheet))["Handover"]
            account.edit_as(ANN, row.native_id, delete=True)
            return await c.apply(str(sheet.id), [update(row, sheet, Due="2026-07-01")])

        outcome = run(work)[0]
        assert (outcome.status, outcome.record) == (Status.STALE, None)


class TestRefusals:
    def work(self, sheet: Sheet, *changes: Callable[[Any], Change]) -> Callable[..., Any]:
        async def go(c: SmartsheetConnector) -> list[Outcome]:
            rows = await by_title(c, sheet)
            return list(await c.apply(str(sheet.id), [make(rows) for make in changes]))

        return go

    def test_one_bad_cell_leaves_the_others_written(self, run: Run, sheet: Sheet) -> None:
        outcome = run(
            self.work(sheet, lambda rows: update(rows["Handover"], sheet, Due="next week", Status="Complete"))
        )[0]
        assert outcome.status is Status.PARTLY
        assert "YYYY-MM-DD" in outcome.refused[col(sheet, "Due")]
        assert outcome.record.values[col(sheet, "Status")] == "Complete"

    @pytest.mark.parametrize(
        ("title", "value", "says"),
        [
            ("Status", "Blocked", "no option 'Blocked'"),
            ("Task", "x" * 4001, "4,000 characters"),
            ("Owner", "Ann Alder", "mail addresses"),
            ("Done", "yes", "yes or no"),
            ("% Complete", 2.0**60, "that large"),
        ],
    )
    def test_refused_before_it_is_sent(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet, title: str, value: Any, says: str
    ) -> None:
        make = lambda rows: update(rows["Handover"], sheet, **{title: value})  # noqa: E731
        outcome = run(self.work(sheet, make), create_key_column=False)[0]
        assert outcome.status is Status.REFUSED
        assert says in outcome.refused[col(sheet, title)]
        assert writes(account) == []

    def test_what_smartsheet_refuses_in_one_row_does_not_stop_the_rest(
        self, run: Run, account: SmartsheetEmulator, sheet: Sheet
    ) -> None:
        """The option is taken away between our reading and our write, so that only Smartsheet can refuse it."""
        options = sheet.titled("Status").options
        account.faults.before(r".*/rows", lambda call: options.remove("In progress"), method="PUT")
        outcomes = run(
            self.work(
                sheet,
                lambda rows: update(rows["Install"], sheet, Status="In progress", Due="2026-05-09"),
                lambda rows: update(rows["Survey"], sheet, Status="In progress"),
                lambda rows: update(rows["Handover"], sheet, Due="2026-07-01"),
            ),
            create_key_column=False,
        )
        assert [o.status for o in outcomes] == [Status.PARTLY, Status.REFUSED, Status.APPLIED]
        assert "1042" in outcomes[0].refused[col(sheet, "Status")]
        assert outcomes[0].record.values[col(sheet, "Due")] == "2026-05-09"

    def test_a_locked_row_alone_is_refused(self, run: Run, account: SmartsheetEmulator, sheet: Sheet) -> None:
        sheet.access[BOT] = Access.EDITOR
        sheet.rows[sheet.order[1]].locked = True
        outcomes = run(
            self.work(
                sheet,
                lambda rows: update(rows["Survey"], sheet, Due="2026-05-09"),
                lambda rows: update(rows["Handover"], sheet, Due="2026-07-01"),
            )
        )
        assert [o.status for o in outcomes] == [Status.REFUSED, Status.APPLIED]
        assert "Unlock the row" in str(outcomes[0].error)

    def test_a_locked_column_is_not_writable(self, run: Run, sheet: Sheet) -> None:
        sheet.access[BOT] = Access.EDITOR
        sheet.titled("Due").locked = True
        outcome = run(self.work(sheet, lambda rows: update(rows["Handover"], sheet, Due="2026-07-01")))[0]
        assert "locked" in outcome.refused[col(sheet, "Due")]

    def test_a_formula_cell_is_left_alone(self, run: Run, account: SmartsheetEmulator, sheet: Sheet) -> None:
        due = sheet.titled("Due").id
        sheet.rows[sheet.order[3]].cells[due] = Cell(value="2026-06-30", formula="=TODAY()")
        outcome = run(
            self.work(sheet, lambda rows: update(rows["Handover"], sheet, Due="2026-07-01")),
            create_key_column=False,
        )[0]
        assert "computed by Smartsheet" in outcome.refused[str(due)]
        assert writes(account) == []

    def test_no_permission_raises_before_anything_is_done(self, run: Run, sheet: Sheet) -> None:
        sheet.access[BOT] = Access.VIEWER
        with pytest.raises(Denied, match="Editor"):
            run(self.work(sheet, lambda rows: update(rows["Handover"], sheet, Due="2026-07-01")))


class TestDelete:
    def test_a_row(self, run: Run, sheet: Sheet) -> None:
        async def work(c: SmartsheetConnector) -> Any:
            row = (await by_title(c, sheet))["Handover"]
            return await c.apply(str(sheet.id), [delete(row)]), await c.read(str(sheet.id), [row.native_id])

        (outcome,), (sighting,) = run(work)
        assert outcome.status is Status.APPLIED
        assert sighting.record is None

    def test_again_does_no_harm(self, run: Run, sheet: Sheet) -> None:
        async def work(c: SmartsheetConnector) -> Any:
            row = (await by_title(c, sheet))["Handover"]
            return [(await c.apply(str(sheet.id), [delete(row)]))[0].status for _ in range(2)]

        assert run(work) == [Status.APPLIED, Status.APPLIED]

    def test_children_that_stay_are_not_taken_along(self, run: Run, sheet: Sheet) -> None:
        async def work(c: SmartsheetConnector) -> Any:
            rows = await by_title(c, sheet)
            return await c.apply(str(sheet.id), [delete(rows["Site A"]), delete(rows["Survey"])])

        outcomes = run(work)
        assert [o.status for o in outcomes] == [Status.REFUSED, Status.APPLIED]
        assert "would be deleted with it" in str(outcomes[0].error)
        assert len(sheet.order) == 3

    def test_a_whole_branch(self, run: Run, sheet: Sheet) -> None:
        async def work(c: SmartsheetConnector) -> Any:
            rows = await by_title(c, sheet)
            return await c.apply(str(sheet.id), [delete(rows[t]) for t in ("Survey", "Install", "Site A")])

        assert [o.status for o in run(work)] == [Status.APPLIED] * 3
        assert len(sheet.order) == 1

    def test_an_edited_row_survives(self, run: Run, account: SmartsheetEmulator, sheet: Sheet) -> None:
        async def work(c: SmartsheetConnector) -> Any:
            row = (await by_title(c, sheet))["Handover"]
            account.edit_as(ANN, row.native_id, Status="In progress")
            return await c.apply(str(sheet.id), [delete(row)])

        assert run(work)[0].status is Status.STALE
        assert len(sheet.order) == 4


def test_nothing_to_do_is_no_request(run: Run, account: SmartsheetEmulator, sheet: Sheet) -> None:
    assert run(lambda c: c.apply(str(sheet.id), [])) == []
    assert account.requests == []


def test_all_kinds_in_one_call(run: Run, sheet: Sheet) -> None:
    async def work(c: SmartsheetConnector) -> Any:
        rows = await by_title(c, sheet)
        changes = [
            delete(rows["Install"]),
            update(rows["Survey"], sheet, Due="2026-05-09"),
            create("item-1", sheet, Task="Rack", parent=rows["Site A"].native_id),
        ]
        return changes, await c.apply(str(sheet.id), changes)

    changes, outcomes = run(work)
    assert [o.intent for o in outcomes] == [c.intent for c in changes]
    assert [o.status for o in outcomes] == [Status.APPLIED] * 3
    assert [c.operation for c in changes] == [Operation.DELETE, Operation.UPDATE, Operation.CREATE]
