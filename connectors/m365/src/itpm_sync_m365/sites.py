"""Finding the SharePoint site and its Site Assets library.

In: the site's address or Graph id. Out: its ids. Nothing is created.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from itpm_sync.errors import Gone, Misconfigured

from .client import GraphClient
from .wire import Ask

SCOPE = "sharepoint"


@dataclass(frozen=True, slots=True)
class Site:
    """A site: `id` is `host,site collection,web`."""

    id: str
    url: str

    @property
    def collection(self) -> str:
        return self.id.split(",")[1]

    @property
    def web(self) -> str:
        return self.id.split(",")[2]


async def site_of(client: GraphClient, setting: str) -> Site:
    """The site of a setting. Raises Misconfigured where it names none, else what the client raises."""
    path = _path(setting)
    try:
        body = (await client.send(Ask("GET", path, f"SharePoint site {setting}", scope=SCOPE))).body
    except Gone as error:
        raise Misconfigured(
            f"There is no SharePoint site {setting}, or this application may not see it.",
            mend="Write the address as the browser shows it, https://…/sites/name.",
        ) from error
    site_id = str(body.get("id", ""))
    if site_id.count(",") != 2:
        raise Misconfigured(f"{setting} is not a SharePoint site that pages can be put on.")
    return Site(site_id, str(body.get("webUrl", "")))


def _path(setting: str) -> str:
    parts = urlsplit(setting)
    if parts.scheme == "https" and parts.hostname:
        path = "/".join(unquote(parts.path).strip("/").split("/")[:2])
        return f"/sites/{parts.hostname}:/{path}" if path else f"/sites/{parts.hostname}"
    if setting.count(",") == 2 and "/" not in setting:
        return f"/sites/{setting}"
    raise Misconfigured(
        "The setting `site` is neither an address nor a Graph id.",
        mend="Write the address as the browser shows it, https://…/sites/name.",
    )


async def assets_drive(client: GraphClient, site: Site, setting: str) -> str:
    """The id of the Site Assets library. Raises Misconfigured where there is none yet."""
    if setting:
        return setting
    query = {"$select": "id,name,webUrl,driveType,system"}
    ask = Ask(
        "GET", f"/sites/{site.id}/drives", f"document libraries of {site.url}", query=query, scope=SCOPE
    )
    for drive in await client.listing(ask):
        if unquote(str(drive.get("webUrl", ""))).rstrip("/").lower().endswith("/siteassets"):
            return str(drive["id"])
    raise Misconfigured(
        f"The site {site.url} has no Site Assets library yet.",
        mend="Add a picture to any page of the site once, which makes it; or set `assets_drive`.",
    )
