"""The emulated account is as strict as Smartsheet: what it refuses, what it hides, what it keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from itpm_sync.emulation.server import serve
from itpm_sync.testing.clocks import ManualClock
from itpm_sync.testing.emulated import specs
from itpm_sync_smartsheet.emulated.world import Access, Sheet, dump
from itpm_sync_smartsheet.emulator import SmartsheetEmulator

from .conftest import ANN, BOT, EVE, MULTI, TOKEN, plan


def cell(sheet: Sheet, title: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"columnId": sheet.titled(title).id, "value": value, **more}


def row(sheet: Sheet, title: str = "New", **more: Any) -> dict[str, Any]:
    return {"toBottom": True, "cells": [cell(sheet, "Task", title)], **more}


class Raw:
    """Raw calls to one sheet."""

    def __init__(self, web: httpx.Client, sheet: Sheet) -> None:
        self.web, self.path = web, f"/sheets/{sheet.id}"

    def get(self, below: str = "", **query: Any) -> Any:
        return self.web.get(self.path + below, params=query).json()

    def post(self, *rows: dict[str, Any]) -> Any:
        return self.web.post(f"{self.path}/rows", json=list(rows)).json()

    def put(self, *rows: dict[str, Any]) -> Any:
        return self.web.put(f"{self.path}/rows", json=list(rows)).json()

    def delete(self, *ids: int, **query: Any) -> Any:
        return self.web.delete(f"{self.path}/rows", params={"ids": ",".join(map(str, ids)), **query}).json()


@pytest.fixture
def raw(web: httpx.Client, sheet: Sheet) -> Raw:
    return Raw(web, sheet)


class TestAccess:
    @pytest.mark.parametrize(("header", "code"), [("", 1001), ("Basic x", 1001), ("Bearer wrong", 1002)])
    def test_a_token_is_needed(self, base: str, header: str, code: int) -> None:
        answer = httpx.get(f"{base}/2.0/users/me", headers={"Authorization": header} if header else {})
        assert (answer.status_code, answer.json()["errorCode"]) == (401, code)

    def test_an_expired_token(self, web: httpx.Client, account: SmartsheetEmulator) -> None:
        account.world.expired.append(TOKEN)
        assert web.get("/users/me").json()["errorCode"] == 1003

    def test_a_sheet_that_is_not_shared_is_not_there(self, raw: Raw, sheet: Sheet) -> None:
        del sheet.access[BOT]
        assert raw.get()["errorCode"] == 1006
        assert raw.web.get("/sheets").json()["data"] == []

    @pytest.mark.parametrize("level", [Access.VIEWER, Access.COMMENTER])
    def test_who_only_looks_does_not_write(self, raw: Raw, sheet: Sheet, level: Access) -> None:
        sheet.access[BOT] = level
        assert raw.post(row(sheet))["errorCode"] == 1004

    def test_an_editor_adds_no_column(self, web: httpx.Client, raw: Raw, sheet: Sheet) -> None:
        sheet.access[BOT] = Access.EDITOR
        body = {"title": "Key", "type": "TEXT_NUMBER", "index": 0}
        assert web.post(f"{raw.path}/columns", json=body).json()["errorCode"] == 1004


class TestReading:
    def test_a_page_beyond_the_last_is_the_last(self, raw: Raw) -> None:
        two, nine = (raw.get(page=page, pageSize=3)["rows"] for page in (2, 9))
        assert [r["id"] for r in two] == [r["id"] for r in nine]
        assert len(two) == 1

    def test_an_unchanged_sheet_is_its_version(self, raw: Raw, sheet: Sheet) -> None:
        assert raw.get(ifVersionAfter=sheet.version) == {"version": sheet.version}
        assert raw.get(ifVersionAfter=sheet.version - 1)["rows"]
        assert raw.get("/version") == {"version": sheet.version}

    def test_an_empty_cell_has_no_value(self, raw: Raw, sheet: Sheet) -> None:
        due = sheet.titled("Due").id
        first = raw.get()["rows"][0]["cells"]
        assert {"columnId": due} in first
        slim = raw.get(exclude="nonexistentCells", columnIds=str(due))
        assert [len(r["cells"]) for r in slim["rows"]] == [0, 0, 0, 1]
        assert [c["id"] for c in slim["columns"]] == [due]

    def test_several_people_pose_as_text(self, account: SmartsheetEmulator, web: httpx.Client) -> None:
        rows = [{"Task": "Cable", "Team": [ANN, BOT]}]
        account.seed({"sheets": [plan("Wide", columns=[*plan()["columns"], *MULTI], rows=rows)]})
        raw = Raw(web, account.world.sheet_named("Wide"))

        def team(**query: Any) -> tuple[Any, Any, Any]:
            said = raw.get(**query)
            column = next(c for c in said["columns"] if c["title"] == "Team")
            shown = next(c for c in said["rows"][0]["cells"] if c["columnId"] == column["id"])
            return column["type"], shown["value"], shown.get("objectValue")

        assert team() == ("TEXT_NUMBER", "Ann Alder, Sync Account", None)
        assert team(level=2)[2] is None
        kind, _, whole = team(level=2, include="objectValue")
        assert kind == "MULTI_CONTACT_LIST"
        assert [each["email"] for each in whole["values"]] == [ANN, BOT]

    def test_rows_modified_since_tells_of_no_deletion(
        self, raw: Raw, account: SmartsheetEmulator, sheet: Sheet, clock: ManualClock
    ) -> None:
        since = clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        account.edit_as(ANN, str(sheet.order[3]), delete=True)
        account.edit_as(ANN, str(sheet.order[2]), under=None)
        account.edit_as(ANN, str(sheet.order[1]), Status="Complete", Due="2026-05-05")
        assert [r["id"] for r in raw.get(rowsModifiedSince=since)["rows"]] == [sheet.order[1]]

    def test_only_the_rows_asked_for(self, raw: Raw, sheet: Sheet) -> None:
        wanted = [sheet.order[3], sheet.order[0]]
        assert {r["id"] for r in raw.get(rowIds=",".join(map(str, wanted)))["rows"]} == set(wanted)
        assert [r["id"] for r in raw.get(rowNumbers="2")["rows"]] == [sheet.order[1]]

    def test_who_wrote_is_told_on_request(self, raw: Raw, account: SmartsheetEmulator, sheet: Sheet) -> None:
        account.edit_as(ANN, str(sheet.order[3]), Status="Complete")
        assert "modifiedBy" not in raw.get()["rows"][3]
        assert raw.get(include="writerInfo,objectValue")["rows"][3]["modifiedBy"]["email"] == ANN

    def test_an_unknown_include_is_refused(self, raw: Raw) -> None:
        assert raw.get(include="everything")["errorCode"] == 1018

    def test_history_newest_first(
        self, raw: Raw, account: SmartsheetEmulator, sheet: Sheet, clock: ManualClock
    ) -> None:
        due = sheet.titled("Due").id
        account.edit_as(ANN, str(sheet.order[3]), Due="2026-07-01")
        past = raw.get(f"/rows/{sheet.order[3]}/columns/{due}/history")
        assert [(e["value"], e["modifiedBy"]["email"]) for e in past["data"]] == [
            ("2026-07-01", ANN),
            ("2026-06-30", BOT),
        ]


class TestCells:
    @pytest.mark.parametrize(
        ("title", "value", "code"),
        [
            ("Status", "Blocked", 1042),
            ("Due", "next week", 1042),
            ("Due", "2026-02-30", 1042),
            ("Done", "true", 1042),
            ("Owner", "Ann", 1042),
            ("% Complete", True, 1042),
            ("% Complete", 2**60, 1148),
        ],
    )
    def test_strict_is_the_default(self, raw: Raw, sheet: Sheet, title: str, value: Any, code: int) -> None:
        said = raw.post(row(sheet), {"toBottom": True, "cells": [cell(sheet, title, value)]})
        assert (said["errorCode"], said["detail"]) == (code, {"index": 1})
        assert len(sheet.order) == 4

    def test_lenient_makes_it_text(self, raw: Raw, sheet: Sheet) -> None:
        said = raw.post({"toBottom": True, "cells": [cell(sheet, "Due", "next week", strict=False)]})
        assert said["result"][0]["cells"][2]["value"] == "next week"

    def test_a_long_text_is_cut_without_a_word(self, raw: Raw, sheet: Sheet) -> None:
        said = raw.post(row(sheet, "x" * 4001))
        assert (said["message"], len(said["result"][0]["cells"][0]["value"])) == ("SUCCESS", 4000)

    def test_an_equals_sign_makes_no_formula(self, raw: Raw, sheet: Sheet) -> None:
        shown = raw.post(row(sheet, "=1+1"))["result"][0]["cells"][0]
        assert (shown["value"], "formula" in shown) == ("=1+1", False)

    @pytest.mark.parametrize(
        ("raw_cell", "code"),
        [
            ({"value": "x"}, 1012),
            ({"columnId": 7, "value": "x"}, 1036),
            ({"columnId": "Task"}, 1012),
            ({"columnId": "Task", "formula": "1+1"}, 1162),
            (
                {"columnId": "Owner", "value": ANN, "objectValue": {"objectType": "CONTACT", "email": ANN}},
                1130,
            ),
            ({"columnId": "Owner", "objectValue": {"objectType": "MULTI_PICKLIST", "values": []}}, 1131),
        ],
    )
    def test_a_cell_must_be_well_made(
        self, raw: Raw, sheet: Sheet, raw_cell: dict[str, Any], code: int
    ) -> None:
        named = raw_cell.get("columnId")
        made = raw_cell | ({"columnId": sheet.titled(named).id} if isinstance(named, str) else {})
        assert raw.post({"toBottom": True, "cells": [made]})["errorCode"] == code

    def test_a_column_comes_once(self, raw: Raw, sheet: Sheet) -> None:
        twice = [cell(sheet, "Task", "a"), cell(sheet, "Task", "b")]
        assert raw.post({"toBottom": True, "cells": twice})["errorCode"] == 1037

    def test_system_and_formula_columns(self, account: SmartsheetEmulator, web: httpx.Client) -> None:
        more = [{"title": "No", "system": "AUTO_NUMBER", "prefix": "T-"}, {"title": "Sum", "formula": "=1"}]
        account.seed({"sheets": [plan("Numbered", columns=[*plan()["columns"], *more])]})
        numbered = account.world.sheet_named("Numbered")
        raw = Raw(web, numbered)
        assert raw.post({"toBottom": True, "cells": [cell(numbered, "No", "T-9")]})["errorCode"] == 1046
        assert raw.post({"toBottom": True, "cells": [cell(numbered, "Sum", 2)]})["errorCode"] == 1302
        shown = {c["columnId"]: c.get("value") for c in raw.post(row(numbered))["result"][0]["cells"]}
        assert shown[numbered.titled("No").id] == "T-5"


class TestPlaces:
    def test_all_rows_of_a_request_go_to_one_place(self, raw: Raw, sheet: Sheet) -> None:
        said = raw.post(row(sheet), row(sheet, toBottom=False, toTop=True))
        assert said["errorCode"] == 1123

    @pytest.mark.parametrize(
        ("place", "code"),
        [
            ({"parentId": 7}, 1063),
            ({"siblingId": 7}, 1064),
            ({"parentId": 7, "siblingId": 8}, 1062),
            ({"indent": 1}, 1062),
        ],
    )
    def test_a_place_must_be_there(self, raw: Raw, sheet: Sheet, place: dict[str, Any], code: int) -> None:
        body = {"cells": [cell(sheet, "Task", "x")], **place}
        assert raw.post(body)["errorCode"] == code

    def test_a_blank_row_has_no_children(self, raw: Raw, sheet: Sheet) -> None:
        blank = raw.post({"toBottom": True})["result"][0]["id"]
        assert raw.post({"parentId": blank, "cells": [cell(sheet, "Task", "x")]})["errorCode"] == 1185

    def test_top_bottom_above_below_and_under(self, raw: Raw, sheet: Sheet) -> None:
        site, survey, install, handover = sheet.order

        def add(title: str, **place: Any) -> int:
            made = raw.post({"cells": [cell(sheet, "Task", title)], **place})["result"][0]["id"]
            assert isinstance(made, int)
            return made

        first, last = add("first", toTop=True), add("last", toBottom=True)
        child, final = add("child", parentId=site), add("final", parentId=site, toBottom=True)
        below, above = add("below", siblingId=site), add("above", siblingId=survey, above=True)
        assert sheet.order == [first, site, child, above, survey, install, final, below, handover, last]
        numbers = {r["id"]: (r["rowNumber"], r.get("parentId")) for r in raw.get()["rows"]}
        assert numbers[final] == (7, site)

    def test_indent_and_outdent(self, raw: Raw, sheet: Sheet) -> None:
        site, _, install, handover = sheet.order
        assert raw.put({"id": handover, "indent": 1})["result"][0]["parentId"] == site
        assert "parentId" not in raw.put({"id": install, "outdent": 1})["result"][0]
        assert (
            "parentId" not in raw.post({"parentId": site, "cells": []})["result"][0]
        )  # though it stands there
        assert raw.put({"id": site, "outdent": 1})["errorCode"] == 1062

    def test_not_under_itself(self, raw: Raw, sheet: Sheet) -> None:
        assert raw.put({"id": sheet.order[0], "parentId": sheet.order[1]})["errorCode"] == 1062


class TestRows:
    def test_nothing_is_changed_where_one_row_is_refused(self, raw: Raw, sheet: Sheet) -> None:
        before, version = dump_of(sheet), sheet.version
        said = raw.put(
            {"id": sheet.order[3], "cells": [cell(sheet, "Task", "x")]},
            {"id": sheet.order[1], "cells": [cell(sheet, "Due", "soon")]},
        )
        assert said["detail"] == {"index": 1, "rowId": sheet.order[1]}
        assert (dump_of(sheet), sheet.version) == (before, version)

    @pytest.mark.parametrize(("body", "code"), [({"cells": []}, 1012), ({"id": 7}, 1034)])
    def test_a_row_must_be_named(self, raw: Raw, body: dict[str, Any], code: int) -> None:
        assert raw.put(body)["errorCode"] == code

    def test_501_rows_are_too_many(self, raw: Raw, sheet: Sheet) -> None:
        assert raw.post(*[row(sheet)] * 501)["errorCode"] == 1061

    def test_each_request_raises_the_version_by_one(self, raw: Raw, sheet: Sheet) -> None:
        before = sheet.version
        assert raw.post(row(sheet), row(sheet))["version"] == before + 1
        assert raw.delete(sheet.order[3])["version"] == before + 2

    def test_a_parent_takes_its_children_along(self, raw: Raw, sheet: Sheet) -> None:
        site, survey, install, handover = sheet.order
        assert raw.delete(site)["result"] == [site, survey, install]
        assert sheet.order == [handover]

    def test_a_missing_row_is_an_error_unless_ignored(self, raw: Raw, sheet: Sheet) -> None:
        last = sheet.order[3]
        assert raw.delete(7, last)["errorCode"] == 1006
        assert len(sheet.order) == 4
        assert raw.delete(7, last, ignoreRowsNotFound="true")["result"] == [last]

    def test_too_long_an_address(self, raw: Raw) -> None:
        ids = ",".join(str(10**15 + n) for n in range(1100))
        assert raw.web.delete(f"{raw.path}/rows", params={"ids": ids}).status_code == 414

    def test_partial_success_is_refused_by_name(self, raw: Raw, sheet: Sheet) -> None:
        said = raw.web.post(
            f"{raw.path}/rows", params={"allowPartialSuccess": "true"}, json=[row(sheet)]
        ).json()
        assert "allowPartialSuccess" in said["message"]

    def test_a_full_sheet(self, raw: Raw, sheet: Sheet, monkeypatch: pytest.MonkeyPatch) -> None:
        from itpm_sync_smartsheet.emulated import rows

        monkeypatch.setattr(rows, "MAX_ROWS", 5)
        assert raw.post(row(sheet), row(sheet))["errorCode"] == 5635
        assert raw.post(row(sheet))["message"] == "SUCCESS"


class TestDependencies:
    COLUMNS = (
        {"title": "Task", "primary": True},
        {"title": "Start", "type": "DATE", "tags": ["GANTT_START_DATE"]},
        {"title": "Finish", "type": "DATE", "tags": ["GANTT_END_DATE"]},
        {"title": "Duration", "type": "DURATION", "tags": ["GANTT_DURATION"]},
        {"title": "% Complete", "tags": ["GANTT_PERCENT_COMPLETE"]},
    )

    @pytest.fixture
    def gantt(self, account: SmartsheetEmulator) -> Sheet:
        rows = [
            {
                "Task": "Site",
                "children": [
                    {"Task": "Survey", "Start": "2026-05-04", "Duration": "3d", "% Complete": 1},
                    {"Task": "Install", "Start": "2026-05-08", "Duration": "2d", "% Complete": 0},
                ],
            }
        ]
        account.seed({"sheets": [plan("Gantt", columns=list(self.COLUMNS), rows=rows, dependencies=True)]})
        return account.world.sheet_named("Gantt")

    def test_parents_are_rolled_up_and_ends_computed(self, web: httpx.Client, gantt: Sheet) -> None:
        titles = [column.title for column in gantt.columns]
        shown = [[c.get("value") for c in r["cells"]] for r in Raw(web, gantt).get()["rows"]]
        assert [dict(zip(titles, each, strict=True)) for each in shown] == [
            {
                "Task": "Site",
                "Start": "2026-05-04",
                "Finish": "2026-05-11",
                "Duration": "6d",
                "% Complete": 0.5,
            },
            {
                "Task": "Survey",
                "Start": "2026-05-04",
                "Finish": "2026-05-06",
                "Duration": "3d",
                "% Complete": 1,
            },
            {
                "Task": "Install",
                "Start": "2026-05-08",
                "Finish": "2026-05-11",
                "Duration": "2d",
                "% Complete": 0,
            },
        ]

    @pytest.mark.parametrize(
        ("number", "title", "value", "code"),
        [
            (1, "Finish", "2026-05-20", 1080),
            (0, "Start", "2026-05-20", 1155),
            (0, "% Complete", 0.7, 1155),
            (1, "Duration", "soon", 1042),
        ],
    )
    def test_what_it_computes_is_not_written(
        self, web: httpx.Client, gantt: Sheet, number: int, title: str, value: Any, code: int
    ) -> None:
        said = Raw(web, gantt).put({"id": gantt.order[number], "cells": [cell(gantt, title, value)]})
        assert said["errorCode"] == code


class TestPeople:
    def test_a_moved_row_gets_a_new_id_a_copied_one_keeps_its_cells(
        self, account: SmartsheetEmulator, sheet: Sheet
    ) -> None:
        account.seed({"sheets": [plan("Other", rows=[])]})
        other = account.world.sheet_named("Other")
        site = str(sheet.order[0])
        copy = int(account.edit_as(ANN, site, copy_to="Other"))
        moved = int(account.edit_as(ANN, site, move_to="Other"))
        assert len({int(site), copy, moved}) == 3
        assert len(sheet.order) == 1
        assert [other.rows[each].parent for each in other.order] == [None, copy, copy, None, moved, moved]
        assert other.rows[copy].cells[other.titled("Task").id].value == "Site A"

    @pytest.mark.parametrize("word", ["restore", "hidden"])
    def test_there_is_no_bin_and_nothing_hidden(
        self, account: SmartsheetEmulator, sheet: Sheet, word: str
    ) -> None:
        with pytest.raises(ValueError, match=word):
            account.edit_as(ANN, str(sheet.order[0]), **{word: True})

    def test_people_type_what_they_like(self, account: SmartsheetEmulator, sheet: Sheet) -> None:
        made = account.edit_as(EVE, container="Plan", under=str(sheet.order[0]), Task="Typed", Due="soon")
        assert sheet.rows[int(made)].parent == sheet.order[0]
        assert sheet.rows[int(made)].cells[sheet.titled("Due").id].value == "soon"


def dump_of(sheet: Sheet) -> Any:
    from dataclasses import asdict

    return asdict(sheet)


def test_the_account_outlives_its_process(tmp_path: Path, clock: ManualClock) -> None:
    first = SmartsheetEmulator(folder=tmp_path, clock=clock, specs=specs())
    first.seed({"people": {ANN: "Ann"}, "tokens": {TOKEN: BOT}, "sheets": [plan()]})
    first.edit_as(ANN, str(first.world.sheet_named("Plan").order[3]), Status="Complete")
    second = SmartsheetEmulator(folder=tmp_path, clock=clock)
    assert dump(second.world) == dump(first.world)
    made = int(second.edit_as(ANN, container="Plan", Task="After the restart"))
    assert made not in first.world.sheet_named("Plan").rows


def test_an_account_without_a_seed_takes_any_token(clock: ManualClock) -> None:
    empty = SmartsheetEmulator(clock=clock)
    with serve(empty) as base:
        answer = httpx.get(f"{base}/2.0/users/me", headers={"Authorization": "Bearer anything"})
        assert answer.json()["email"] == SmartsheetEmulator.owner
        assert httpx.get(f"{base}/2.0/nothing").status_code == 404
        assert httpx.post(f"{base}/2.0/users/me").json()["errorCode"] == 1122


def test_what_the_description_does_not_know_is_a_violation(
    web: httpx.Client, account: SmartsheetEmulator, unchecked: list[str]
) -> None:
    if specs() is None:
        assert account.violations == []
        return
    unchecked.append("has no query parameter colour")
    assert web.get("/sheets", params={"colour": "red"}).status_code == 500
