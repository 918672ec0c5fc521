"""SharePoint: a site and its pages, as Microsoft Graph v1.0 behaves; its files are in `drives`.

In: a `Call`. Out: an `Answer`. A page written by Graph is a draft until it is published; what readers see is
`published`. A page that a person has open is locked. Facts: sitepage-create, -update, -publish in the Graph reference.
"""

from __future__ import annotations

import base64
import copy
import re
from html import escape
from urllib.parse import quote, unquote

from .canvas import check_layout
from .drives import file_exists, open_part, site_of
from .wire import Answer, Call, GraphRefusal, Json, allow_query, bad, require_json, selected
from .world import World

PAGE_TYPE = "#microsoft.graph.sitePage"
LAYOUTS = frozenset({"article", "home"})
SETTABLE = frozenset(
    "@odata.type name title pageLayout showComments showRecommendedPages titleArea canvasLayout promotionKind "
    "thumbnailWebUrl description".split()
)
_PAGE_NAME = re.compile(r"[^\\/:*?\"<>|#%]{1,120}\.aspx")


def new_site(world: World, host: str, path: str, title: str) -> str:
    """Add a site at `https://host/path` with a Documents and a Site Assets library. Returns its Graph id."""
    collection, web = world.guid("site"), world.guid("web")
    site_id = f"{host},{collection},{web}"
    url = f"https://{host}/{path.strip('/')}"
    world.table("sites")[site_id] = {
        "id": site_id,
        "name": path.rstrip("/").rpartition("/")[2],
        "displayName": title,
        "webUrl": url,
        "createdDateTime": world.stamp(),
        "lastModifiedDateTime": world.stamp(),
        "_host": host,
        "_path": f"/{path.strip('/')}",
    }
    for name, folder in (("Documents", "Shared Documents"), ("Site Assets", "SiteAssets")):
        drive_id = "b!" + base64.urlsafe_b64encode(world.guid("drive").encode()).decode().rstrip("=")
        world.table("drives")[drive_id] = {
            "id": drive_id,
            "name": name,
            "driveType": "documentLibrary",
            "webUrl": f"{url}/{quote(folder)}",
            "_site": site_id,
            "_list": world.guid("list"),
            "_folder": folder,
        }
    return site_id


def get_site(world: World, call: Call, site_id: str) -> Answer:
    allow_query(call, "$select")
    return Answer(200, selected(open_part(site_of(world, site_id)), call.query))


def site_by_path(world: World, call: Call, host: str, path: str) -> Answer:
    allow_query(call, "$select")
    for site in world.table("sites").values():
        if (site["_host"].lower(), site["_path"].lower()) == (host.lower(), f"/{path.strip('/').lower()}"):
            return get_site(world, call, site["id"])
    raise GraphRefusal(404, "itemNotFound", "Requested site could not be found")


def list_pages(world: World, call: Call, site_id: str) -> Answer:
    """All pages, without layout, in pages of the tenant's page size."""
    allow_query(call, "$select", "$skiptoken")
    site_of(world, site_id)
    pages = [page for page in world.table("pages").values() if page["_site"] == site_id]
    start, size = int(call.query.get("$skiptoken", 0)), world.switch("page_size")
    body: Json = {"value": [selected(_shown(page), call.query) for page in pages[start : start + size]]}
    if len(pages) > start + size:
        options = "".join(f"{name}={value}&" for name, value in call.query.items() if name != "$skiptoken")
        body["@odata.nextLink"] = f"{call.base}/{call.path}?{options}$skiptoken={start + size}"
    return Answer(200, body)


def _shown(page: Json, *, layout: bool = False) -> Json:
    shown = {"@odata.type": PAGE_TYPE} | open_part(page)
    if layout:
        shown["canvasLayout"] = copy.deepcopy(page["_layout"])
    return shown


def _page(world: World, site_id: str, page_id: str) -> Json:
    site_of(world, site_id)
    page: Json | None = world.table("pages").get(page_id)
    if page is None or page["_site"] != site_id:
        raise GraphRefusal(404, "itemNotFound", "The specified page could not be found.")
    world.check_allowed(page_id)
    return page


def get_page(world: World, call: Call, site_id: str, page_id: str) -> Answer:
    """As baseSitePage, which has no layout: `$expand=canvasLayout` without the cast fails."""
    allow_query(call, "$select", "$expand")
    if "$expand" in call.query:
        raise bad("Could not find a property named 'canvasLayout' on type 'microsoft.graph.baseSitePage'.")
    return Answer(200, selected(_shown(_page(world, site_id, page_id)), call.query))


def get_site_page(world: World, call: Call, site_id: str, page_id: str) -> Answer:
    """As sitePage: the latest draft, which is what an editor sees."""
    allow_query(call, "$select", "$expand")
    if call.query.get("$expand", "canvasLayout") != "canvasLayout":
        raise bad(f"'{call.query['$expand']}' cannot be expanded.")
    return Answer(200, _shown(_page(world, site_id, page_id), layout="$expand" in call.query))


def _check_body(body: Json, *, creating: bool) -> None:
    if body.get("@odata.type", "").removeprefix("#") != PAGE_TYPE.removeprefix("#"):
        raise bad('Invalid request: "@odata.type" must be "#microsoft.graph.sitePage".')
    if unknown := sorted(set(body) - SETTABLE):
        raise bad(f"Invalid request: the property '{unknown[0]}' cannot be set on a page.")
    if creating and not _PAGE_NAME.fullmatch(str(body.get("name", ""))):
        raise bad("Invalid request: 'name' must be a file name that ends in .aspx.")
    if (creating or "title" in body) and not str(body.get("title") or "").strip():
        raise bad("Invalid request: a page needs a 'title'.")
    if (creating or "pageLayout" in body) and body.get("pageLayout") not in LAYOUTS:
        raise bad("Invalid request: 'pageLayout' must be article or home.")


def post_page(world: World, call: Call, site_id: str) -> Answer:
    """Create a draft, checked out to the caller."""
    site = site_of(world, site_id)
    body = require_json(call)
    _check_body(body, creating=True)
    names = {page["name"].lower() for page in world.table("pages").values() if page["_site"] == site_id}
    if body["name"].lower() in names:
        raise GraphRefusal(409, "nameAlreadyExists", "A page with this name already exists.")
    page_id = world.guid("page")
    page: Json = {
        "id": page_id,
        "name": body["name"],
        "webUrl": f"{site['webUrl']}/SitePages/{quote(body['name'])}",
        "title": body["title"],
        "pageLayout": body["pageLayout"],
        "promotionKind": "page",
        "showComments": body.get("showComments", True),
        "showRecommendedPages": body.get("showRecommendedPages", False),
        "titleArea": body.get("titleArea") or {"layout": "imageAndTitle"},
        "createdDateTime": world.stamp(),
        "createdBy": world.identity(call.actor),
        "_site": site_id,
        "_layout": {"horizontalSections": []},
        "_published": None,
        "_version": [0, 0],
    }
    if "canvasLayout" in body:
        page["_layout"] = check_layout(
            body["canvasLayout"], lambda unique: file_exists(world, site_id, unique)
        )
    _note_edit(world, page, call.actor, level="checkout")
    world.table("pages")[page_id] = page
    return Answer(201, _shown(page))


def _note_edit(world: World, page: Json, actor: str, *, level: str) -> None:
    major, minor = page["_version"]
    page["_version"] = [major, minor + 1]
    page["eTag"] = f'"{{{page["id"].upper()}}},{world.tick()}"'
    page["lastModifiedDateTime"] = world.stamp()
    page["lastModifiedBy"] = world.identity(actor)
    page["publishingState"] = {"level": level, "versionId": f"{major}.{minor + 1}"}
    if level == "checkout":
        page["publishingState"]["checkedOutBy"] = world.identity(actor)


def _check_lock(page: Json, world: World, actor: str) -> None:
    holder = page["publishingState"].get("checkedOutBy")
    if holder is not None and holder != world.identity(actor):
        raise GraphRefusal(423, "resourceLocked", "The page is checked out for editing by another user.")


def patch_page(world: World, call: Call, site_id: str, page_id: str) -> Answer:
    page = _page(world, site_id, page_id)
    body = require_json(call)
    _check_body(body, creating=False)
    _check_lock(page, world, call.actor)
    if body.get("promotionKind", page["promotionKind"]) != page["promotionKind"] == "newsPost":
        raise bad("Invalid request: a news post cannot become a page again.")
    layout = page["_layout"]
    if "canvasLayout" in body:
        layout = check_layout(body["canvasLayout"], lambda unique: file_exists(world, site_id, unique))
    page.update({n: v for n, v in body.items() if n not in ("canvasLayout", "@odata.type")}, _layout=layout)
    _note_edit(world, page, call.actor, level="checkout")
    return Answer(200, _shown(page))


def publish_page(world: World, call: Call, site_id: str, page_id: str) -> Answer:
    """Check in and show to readers; with page approval it waits, and readers go on seeing the old one."""
    page = _page(world, site_id, page_id)
    _check_lock(page, world, call.actor)
    page["publishingState"].pop("checkedOutBy", None)
    if world.switch("page_approval"):
        page["publishingState"]["level"] = "draft"
        return Answer(204)
    page["_version"] = [page["_version"][0] + 1, 0]
    page["eTag"] = f'"{{{page["id"].upper()}}},{world.tick()}"'
    page["publishingState"] = {"level": "published", "versionId": f"{page['_version'][0]}.0"}
    page["_published"] = {"title": page["title"], "layout": copy.deepcopy(page["_layout"])}
    return Answer(204)


def delete_page(world: World, call: Call, site_id: str, page_id: str) -> Answer:
    _check_lock(_page(world, site_id, page_id), world, call.actor)
    del world.table("pages")[page_id]
    return Answer(204)


def published(world: World, site_id: str, name: str) -> Json | None:
    """What a reader sees at a page's address: title and layout, or None where nothing was ever published."""
    for page in world.table("pages").values():
        if page["_site"] == site_id and page["name"].lower() == name.lower():
            seen: Json | None = page["_published"]
            return seen
    return None


def reader_html(world: World, host: str, path: str) -> str | None:
    """The published page at `https://host/path` as plain HTML, for a person who looks at the emulator."""
    for page in world.table("pages").values():
        if unquote(page["webUrl"]).lower() == f"https://{host}{path}".lower() and page["_published"]:
            shown = page["_published"]
            columns = [c for s in shown["layout"]["horizontalSections"] for c in s["columns"]]
            parts = [_reader_part(part) for column in columns for part in column["webparts"]]
            return (
                f"<title>{escape(shown['title'])}</title>\n<h1>{escape(shown['title'])}</h1>\n"
                + "\n".join(parts)
            )
    return None


def _reader_part(part: Json) -> str:
    if "innerHtml" in part:
        return str(part["innerHtml"])
    data = part.get("data", {})
    sources = (data.get("serverProcessedContent") or {}).get("imageSources") or [{}]
    alt = escape(str(data.get("properties", {}).get("altText", "")))
    return f'<img src="/reader{escape(str(sources[0].get("value", "")))}" alt="{alt}">'
