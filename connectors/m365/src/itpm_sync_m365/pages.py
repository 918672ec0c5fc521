"""The Publisher for SharePoint: status pages as site pages, charts as pictures in Site Assets.

In: finished pages. Out: where they are and whether anything was written. A page is written only where its content
changed, and then published, as readers see the published version only. Every page names its content in its last
line, so nothing has to be remembered here. A page that a person edited, has open, or made is left alone and said so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

from itpm_sync.connector import Tools
from itpm_sync.errors import Gone, Refused, Unavailable, UnknownOutcome
from itpm_sync.kit.answer import Expect
from itpm_sync.publisher import Picture, Published, Publisher, StatusPage

from .canvas import Stored, canvas, mark_in, mark_of, pictures_of
from .settings import M365Settings
from .sites import Site, assets_drive, site_of
from .wire import Ask, Json, seg

SCOPE = "sharepoint"
PAGE = "#microsoft.graph.sitePage"
CAST = "microsoft.graph.sitePage"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}")
_PNG = b"\x89PNG\r\n\x1a\n"


class SharePointPublisher(Publisher):
    """Puts pages on one SharePoint site."""

    def __init__(self, settings: M365Settings, tools: Tools) -> None:
        self._settings, self._tools = settings, tools
        self._site: Site | None = None
        self._drive = ""

    async def open(self) -> None:
        """Load the SDK and make the client; nothing is called yet."""
        from .client import GraphClient

        self._client = GraphClient(self._settings, self._tools)

    async def close(self) -> None:
        client = getattr(self, "_client", None)
        if client is not None:
            del self._client
            await client.close()

    async def publish(self, pages: Sequence[StatusPage], *, refresh: bool = False) -> Sequence[Published]:
        """See the port. Raises Misconfigured where the site cannot be found."""
        if not pages:
            return []
        site = self._site or await site_of(self._client, self._settings.site)
        self._site = site
        known = await self._names(site)
        done, first = [], None
        for page in pages:
            try:
                done.append(await self._publish(site, page, known.get(f"{page.name}.aspx".lower()), refresh))
            except (
                Refused,
                UnknownOutcome,
            ) as error:  # this page's own trouble: the others are written first
                first = first or error
        if first is not None:
            raise first
        return done

    async def _names(self, site: Site) -> dict[str, str]:
        """Page ids by file name, in lower case."""
        query = {"$select": "id,name"}
        ask = Ask("GET", f"/sites/{site.id}/pages", f"pages of {site.url}", query=query, scope=SCOPE)
        return {str(row.get("name", "")).lower(): str(row["id"]) for row in await self._client.listing(ask)}

    async def _publish(self, site: Site, page: StatusPage, page_id: str | None, refresh: bool) -> Published:
        if not _NAME.fullmatch(page.name):
            raise Refused(
                f"{page.name!r:.120} cannot be a page's address.", mend="Use letters, digits and hyphens."
            )
        there = await self._read(site, page, page_id) if page_id else None
        if there is None:
            return await self._create(site, page)
        url = str(there.get("webUrl", ""))
        if reason := self._hands_off(there):
            return Published(page.name, url, written=False, note=reason)
        if mark_in(there.get("canvasLayout")) == mark_of(page) and not refresh:
            return await self._finish(site, page, there)
        return await self._rewrite(site, page, there)

    async def _read(self, site: Site, page: StatusPage, page_id: str) -> Json | None:
        ask = Ask(
            "GET",
            f"/sites/{site.id}/pages/{seg(page_id)}/{CAST}",
            _what(page),
            query={"$expand": "canvasLayout"},
            scope=SCOPE,
        )
        try:
            return (await self._client.send(ask)).body
        except Gone:  # deleted since it was listed
            return None

    def _hands_off(self, there: Json) -> str:
        """Why the page is not ours to write, or "" where it is."""
        if mark_in(there.get("canvasLayout")) is None:
            return (
                "A page of this name is there that itpm-sync did not make, or whose last line somebody removed. "
                "Rename or delete it there, and ours is made."
            )
        holder = _person((there.get("publishingState") or {}).get("checkedOutBy"), self._settings.client_id)
        if holder:
            return f"{holder} has the page open; it is written when they are done."
        editor = _person(there.get("lastModifiedBy"), self._settings.client_id)
        if editor:
            return (
                f"{editor} edited the page since it was last written; it is left alone. "
                "Restore the version before, or delete the page, and it is written again."
            )
        return ""

    async def _finish(self, site: Site, page: StatusPage, there: Json) -> Published:
        """The content is there already; if a run was cut short before publishing, that is done now."""
        level = str((there.get("publishingState") or {}).get("level", "published"))
        if level == "published":
            return Published(page.name, str(there.get("webUrl", "")), written=False)
        return await self._go_live(site, page, there)

    async def _create(self, site: Site, page: StatusPage) -> Published:
        body = {
            "@odata.type": PAGE,
            "name": f"{page.name}.aspx",
            "title": page.title,
            "pageLayout": "article",
            "showComments": False,
            "showRecommendedPages": False,
            "titleArea": {"layout": "plain", "showAuthor": False, "showPublishedDate": True},
            "canvasLayout": canvas(page, site, await self._pictures(site, page)),
        }
        made = await self._client.send(
            Ask("POST", f"/sites/{site.id}/pages", _what(page), body=body, scope=SCOPE)
        )
        return await self._go_live(site, page, made.body)

    async def _rewrite(self, site: Site, page: StatusPage, there: Json) -> Published:
        stored = await self._pictures(site, page)
        if (
            stored
        ):  # uploading took a while: has somebody edited the page meanwhile? Graph takes no If-Match here
            again = await self._read(site, page, str(there["id"]))
            if again is None or again.get("eTag") != there.get("eTag"):
                note = "The page changed while it was written; the next run looks again."
                return Published(page.name, str(there.get("webUrl", "")), written=False, note=note)
        body = {"@odata.type": PAGE, "title": page.title, "canvasLayout": canvas(page, site, stored)}
        path = f"/sites/{site.id}/pages/{seg(there['id'])}/{CAST}"
        try:
            await self._client.send(
                Ask("PATCH", path, _what(page), body=body, expect=Expect.NOTHING, scope=SCOPE)
            )
        except Unavailable as error:  # 423: a person has opened it since
            return Published(page.name, str(there.get("webUrl", "")), written=False, note=str(error))
        return await self._go_live(site, page, there)

    async def _go_live(self, site: Site, page: StatusPage, there: Json) -> Published:
        path = f"/sites/{site.id}/pages/{seg(there['id'])}/{CAST}/publish"
        await self._client.send(Ask("POST", path, _what(page), expect=Expect.NOTHING, scope=SCOPE))
        return Published(page.name, str(there.get("webUrl", "")), written=True)

    # ── pictures ──

    async def _pictures(self, site: Site, page: StatusPage) -> dict[str, Stored]:
        """The page's pictures in Site Assets, those that are there already not uploaded again."""
        pictures = pictures_of(page.sections)
        if pictures and not self._drive:
            self._drive = await assets_drive(self._client, site, self._settings.assets_drive)
        return {digest: await self._stored(page, digest, picture) for digest, picture in pictures.items()}

    async def _stored(self, page: StatusPage, digest: str, picture: Picture) -> Stored:
        if not picture.png.startswith(_PNG):
            raise Refused(f"The picture {picture.name!r:.80} of {_what(page)} is no PNG.")
        path = (
            f"/drives/{seg(self._drive)}/root:/{self._settings.assets_folder}/{page.name}/{digest[:32]}.png"
        )
        what = f"picture {picture.name[:80]} of {_what(page)}"
        ask = Ask("GET", path, what, query={"$select": "id,webUrl,sharepointIds"}, scope=SCOPE)
        try:
            found = (await self._client.send(ask)).body
        except Gone:
            # Named by its content: putting it twice puts the same, so this write may be repeated.
            put = Ask(
                "PUT",
                f"{path}:/content",
                what,
                content=picture.png,
                content_type="image/png",
                reads=True,
                scope=SCOPE,
            )
            await self._client.send(put)
            found = (await self._client.send(ask)).body
        ids = found.get("sharepointIds") or {}
        where = unquote(urlsplit(str(found.get("webUrl", ""))).path)
        return Stored(where, str(ids.get("listId", "")), str(ids.get("listItemUniqueId", "")))


def _what(page: StatusPage) -> str:
    return f"SharePoint page {page.name}"


def _person(identities: object, client_id: str) -> str:
    """The person behind an identity set, "" where it is an application's (ours, or one we cannot tell from ours).

    An application's writes may carry a user without id or address ("SharePoint App"); people have one.
    """
    if not isinstance(identities, dict):
        return ""
    application = identities.get("application")
    if isinstance(application, dict) and application:
        other = client_id and application.get("id") and str(application["id"]).lower() != client_id.lower()
        return (
            f"The application {str(application.get('displayName') or application['id'])[:80]}"
            if other
            else ""
        )
    user = identities.get("user")
    if isinstance(user, dict) and (user.get("id") or user.get("email")):
        return str(user.get("displayName") or "Somebody")[:80]
    return ""
