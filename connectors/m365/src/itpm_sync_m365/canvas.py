"""A status page as a SharePoint canvas: text parts, pictures, and a last line that says what the page holds.

In: sections, and where their pictures lie. Out: a `canvasLayout` for Graph; and from one read back, the mark of what
was published. Only text parts and the Image part are used: what Graph takes is a short list. Ids are made from the
page's name, so that the same page gives the same layout.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from itpm_sync.publisher import Picture, Section, StatusPage

from .markup import subset, text_of
from .sites import Site
from .wire import Json

IMAGE_PART = "d1d91016-032f-456d-98a4-721247c305e8"
LAYOUT = "1"
"""Part of the mark: raised when pages are laid out differently, so that they are written once more."""
_MARK = re.compile(r"itpm-sync content ([0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class Stored:
    """A picture in the site's Site Assets library."""

    path: str
    """Server-relative, as in /sites/pmo/SiteAssets/itpm/x.png."""
    list_id: str
    unique_id: str


def mark_of(page: StatusPage) -> str:
    """What the last line of the page names; the same content has the same mark."""
    return hashlib.sha256(f"{LAYOUT}\n{page.title}\n{page.digest}".encode("utf-8", "replace")).hexdigest()[
        :32
    ]


def mark_in(layout: object) -> str | None:
    """The mark of a page as read back, None where itpm-sync did not write it."""
    for text in _texts(layout):
        if found := _MARK.search(text_of(text)):
            return found[1]
    return None


def _texts(layout: object) -> list[str]:
    found: list[str] = []
    sections = layout.get("horizontalSections") if isinstance(layout, dict) else None
    for section in sections if isinstance(sections, list) else []:
        for column in section.get("columns") or []:
            found += [
                str(part["innerHtml"]) for part in column.get("webparts") or [] if part.get("innerHtml")
            ]
    return found


def canvas(page: StatusPage, site: Site, pictures: Mapping[str, Stored]) -> Json:
    """The whole layout of a page. `pictures` by their SHA-256 in hex."""
    parts = [_part(page, number, section, site, pictures) for number, section in enumerate(page.sections)]
    parts.append(_text(page, len(parts), f"<p>itpm-sync content {mark_of(page)}</p>"))
    column = {"id": "1", "width": 12, "webparts": parts}
    section = {"id": "1", "layout": "oneColumn", "emphasis": "none", "columns": [column]}
    return {"horizontalSections": [section]}


def _part(
    page: StatusPage, number: int, section: Section, site: Site, pictures: Mapping[str, Stored]
) -> Json:
    if section.picture is None:
        return _text(page, number, subset(section.html, f"{site.url}/SitePages/"))
    return _image(page, number, section.picture, site, pictures[digest_of(section.picture)])


def digest_of(picture: Picture) -> str:
    """What a picture is called by: the same bytes are stored once."""
    return hashlib.sha256(picture.png).hexdigest()


def pictures_of(sections: Sequence[Section]) -> dict[str, Picture]:
    """The pictures of a page by digest."""
    return {digest_of(s.picture): s.picture for s in sections if s.picture is not None}


def _id(page: StatusPage, number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"itpm-sync:{page.name}:{number}"))


def _text(page: StatusPage, number: int, html: str) -> Json:
    return {"@odata.type": "#microsoft.graph.textWebPart", "id": _id(page, number), "innerHtml": html}


def _image(page: StatusPage, number: int, picture: Picture, site: Site, stored: Stored) -> Json:
    """The Image part, as the Graph reference's example has it."""
    where = {
        "siteid": site.collection,
        "webid": site.web,
        "listid": stored.list_id,
        "uniqueid": stored.unique_id,
    }
    size = {"width": str(picture.width), "height": str(picture.height)}
    return {
        "@odata.type": "#microsoft.graph.standardWebPart",
        "id": _id(page, number),
        "webPartType": IMAGE_PART,
        "data": {
            "dataVersion": "1.9",
            "title": "Image",
            "description": picture.alt[:500],
            "properties": {
                "imageSourceType": 2,
                "altText": picture.alt,
                "imgWidth": picture.width,
                "imgHeight": picture.height,
                "fixAspectRatio": False,
                "captionText": "",
                "alignment": "Center",
                **where,
            },
            "serverProcessedContent": {
                "imageSources": [{"key": "imageSource", "value": stored.path}],
                "customMetadata": [{"key": "imageSource", "value": {**where, **size}}],
            },
        },
    }
