"""The emulated SharePoint: drafts, publishing, locks, and what a page may hold."""

from __future__ import annotations

from typing import Any

import pytest

from itpm_sync_m365.emulator import M365Emulator

TEXT = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
IMAGE = "d1d91016-032f-456d-98a4-721247c305e8"
PAGE = "#microsoft.graph.sitePage"


def text(html: str = "<p>Fine</p>", part_id: str = TEXT) -> dict[str, Any]:
    return {"@odata.type": "#microsoft.graph.textWebPart", "id": part_id, "innerHtml": html}


def layout(
    *parts: Any, width: int = 12, kind: str = "oneColumn", section: str = "1", column: str = "1"
) -> Any:
    columns = [{"id": column, "width": width, "webparts": list(parts)}]
    return {"horizontalSections": [{"id": section, "layout": kind, "emphasis": "none", "columns": columns}]}


def body(canvas: Any = None, **more: Any) -> dict[str, Any]:
    made = {"@odata.type": PAGE, "name": "refresh.aspx", "title": "Network refresh", "pageLayout": "article"}
    return {**made, **({"canvasLayout": canvas} if canvas else {}), **more}


@pytest.fixture
def site(emulator: M365Emulator) -> str:
    return next(iter(emulator.state["sites"]))


@pytest.fixture
def page(tenant: Any, site: str) -> str:
    made = tenant.ask("POST", f"/sites/{site}/pages", body(layout(text())))
    assert made.status == 201
    return f"/sites/{site}/pages/{made.body['id']}"


CAST = "microsoft.graph.sitePage"


def reader(emulator: M365Emulator) -> str:
    """What a browser without any token gets."""
    from itpm_sync.emulation import Call

    path = "/reader/sites/pmo/SitePages/refresh.aspx"
    answer = emulator.handle(Call("GET", path, raw_path=path))
    assert isinstance(answer.body, bytes)
    return answer.body.decode() if answer.status == 200 else ""


def test_a_site_is_found_by_its_address(tenant: Any, site: str) -> None:
    assert tenant.ask("GET", "/sites/contoso.example:/sites/pmo").body["id"] == site
    assert tenant.ask("GET", f"/sites/{site}").body["displayName"] == "PMO"
    assert tenant.ask("GET", "/sites/contoso.example:/sites/none").status == 404


def test_readers_see_the_published_version_only(tenant: Any, emulator: M365Emulator, page: str) -> None:
    assert reader(emulator) == ""
    assert tenant.ask("POST", f"{page}/{CAST}/publish").status == 204
    assert "<p>Fine</p>" in reader(emulator)
    changed = {"@odata.type": PAGE, "canvasLayout": layout(text("<p>Late</p>"))}
    assert tenant.ask("PATCH", f"{page}/{CAST}", changed).status == 200
    assert "<p>Fine</p>" in reader(emulator)
    draft = tenant.ask("GET", f"{page}/{CAST}?$expand=canvasLayout").body
    assert draft["publishingState"]["level"] == "checkout"
    tenant.ask("POST", f"{page}/{CAST}/publish")
    assert "<p>Late</p>" in reader(emulator)


def test_with_approval_publishing_waits(tenant: Any, emulator: M365Emulator, page: str) -> None:
    emulator.seed({"switches": {"page_approval": True}})
    assert tenant.ask("POST", f"{page}/{CAST}/publish").status == 204
    assert reader(emulator) == ""


def test_the_layout_is_not_on_the_base_type(tenant: Any, page: str) -> None:
    assert tenant.ask("GET", f"{page}?$expand=canvasLayout").status == 400
    assert "canvasLayout" not in tenant.ask("GET", page).body


def test_a_page_that_somebody_has_open_is_locked(tenant: Any, emulator: M365Emulator, page: str) -> None:
    tenant.ask("POST", f"{page}/{CAST}/publish")
    emulator.edit_as("ann@example.org", page.rpartition("/")[2], html="<p>Mine</p>", open=True)
    answer = tenant.ask("PATCH", f"{page}/{CAST}", {"@odata.type": PAGE, "title": "x"})
    assert tenant.code(answer) == (423, "resourceLocked")
    assert tenant.ask("POST", f"{page}/{CAST}/publish").status == 423
    assert tenant.ask("DELETE", page).status == 423


def test_two_pages_of_one_name_cannot_be(tenant: Any, site: str, page: str) -> None:
    assert tenant.ask("POST", f"/sites/{site}/pages", body(name="REFRESH.aspx")).status == 409


def test_what_runs_is_stripped_from_a_text(tenant: Any, page: str) -> None:
    html = (
        '<p onclick="x()" style="color:red">A<script>alert(1)</script><img src="x"></p>'
        '<a href="javascript:x">no</a><a href="https://example.org">yes</a>'
        '<table class="wild"><tr><th scope="col">H</th></tr></table>'
    )
    tenant.ask("PATCH", f"{page}/{CAST}", {"@odata.type": PAGE, "canvasLayout": layout(text(html))})
    canvas = tenant.ask("GET", f"{page}/{CAST}?$expand=canvasLayout").body["canvasLayout"]
    kept = canvas["horizontalSections"][0]["columns"][0]["webparts"][0]["innerHtml"]
    assert kept == (
        '<p>A</p><a>no</a><a href="https://example.org">yes</a><table><tr><th scope="col">H</th></tr></table>'
    )


@pytest.mark.parametrize(
    "canvas",
    [
        {"horizontalSections": "none"},
        layout(text(), width=6),
        layout(text(), kind="fourColumns"),
        layout(text(), section="one"),
        layout(text(), column="2"),
        layout(text(), text()),
        layout(text(part_id="1")),
        layout({**text(), "@odata.type": "#microsoft.graph.listWebPart"}),
        layout(
            {"@odata.type": "#microsoft.graph.standardWebPart", "id": TEXT, "webPartType": OTHER, "data": {}}
        ),
        layout(
            {"@odata.type": "#microsoft.graph.standardWebPart", "id": TEXT, "webPartType": IMAGE, "data": {}}
        ),
        {**layout(text()), "footer": {}},
    ],
)
def test_a_canvas_has_exactly_its_shape(tenant: Any, site: str, canvas: Any) -> None:
    assert tenant.ask("POST", f"/sites/{site}/pages", body(canvas)).status == 400


@pytest.mark.parametrize(
    "more",
    [
        {"@odata.type": "#microsoft.graph.page"},
        {"name": "refresh"},
        {"name": "a/b.aspx"},
        {"title": ""},
        {"pageLayout": "wiki"},
        {"webUrl": "https://example.org"},
    ],
)
def test_a_page_has_exactly_its_properties(tenant: Any, site: str, more: dict[str, Any]) -> None:
    assert tenant.ask("POST", f"/sites/{site}/pages", body(layout(text()), **more)).status == 400


def test_a_picture_is_put_into_site_assets_and_shown(
    tenant: Any, emulator: M365Emulator, site: str, page: str
) -> None:
    assert [d["name"] for d in tenant.ask("GET", f"/sites/{site}/drives").body["value"]] == ["Documents"]
    drives = tenant.ask("GET", f"/sites/{site}/drives?$select=id,name,system").body["value"]
    drive = next(d["id"] for d in drives if d["name"] == "Site Assets")
    path = f"/drives/{drive}/root:/itpm/refresh/a.png"
    assert tenant.ask("GET", path).status == 404
    assert tenant.ask("PUT", f"{path}:/content", b"\x89PNG", content_type="image/png").status == 201
    assert tenant.ask("PUT", f"{path}:/content", b"\x89PNG", content_type="image/png").status == 200
    assert "sharepointIds" not in tenant.ask("GET", path).body
    ids = tenant.ask("GET", f"{path}?$select=id,webUrl,sharepointIds").body["sharepointIds"]
    image = {
        "@odata.type": "#microsoft.graph.standardWebPart",
        "id": OTHER,
        "webPartType": IMAGE,
        "data": {
            "dataVersion": "1.9",
            "properties": {
                "imageSourceType": 2,
                "altText": "Two late",
                "siteid": ids["siteId"],
                "webid": ids["webId"],
                "listid": ids["listId"],
                "uniqueid": ids["listItemUniqueId"],
            },
            "serverProcessedContent": {
                "imageSources": [{"key": "imageSource", "value": "/sites/pmo/SiteAssets/itpm/refresh/a.png"}]
            },
        },
    }
    change = {"@odata.type": PAGE, "canvasLayout": layout(text(), image)}
    assert tenant.ask("PATCH", f"{page}/{CAST}", change).status == 200
    tenant.ask("POST", f"{page}/{CAST}/publish")
    assert '<img src="/reader/sites/pmo/SiteAssets/itpm/refresh/a.png" alt="Two late">' in reader(emulator)
    image["data"]["properties"]["uniqueid"] = TEXT
    assert tenant.ask("PATCH", f"{page}/{CAST}", change).status == 400
