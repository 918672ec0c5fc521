"""Whether a canvasLayout is one that SharePoint takes, and what it makes of it.

In: the `canvasLayout` of a request. Out: the layout as kept (text web parts sanitised), or a `GraphRefusal`. Graph
answers mistakes here with a bare 400, without saying which; the message is ours. Source: sitepage-create in the Graph
reference, its table of standard web parts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .markup import kept
from .wire import Json, bad

WIDTHS: dict[str, tuple[int, ...]] = {
    "oneColumn": (12,),
    "twoColumns": (6, 6),
    "threeColumns": (4, 4, 4),
    "oneThirdLeftColumn": (4, 8),
    "oneThirdRightColumn": (8, 4),
    "fullWidth": (12,),
}
EMPHASES = frozenset({"none", "neutral", "soft", "strong"})
STANDARD = {
    "e377ea37-9047-43b9-8cdb-a761be2f8e09": "Bing Maps",
    "0f087d7f-520e-42b7-89c0-496aaf979d58": "Button",
    "df8e44e7-edd5-46d5-90da-aca1539313b8": "Call to action",
    "2161a1c6-db61-4731-b97c-3cdb303f7cbb": "Divider",
    "b7dd04e1-19ce-4b24-9132-b60a1c2b910d": "Document embed",
    "d1d91016-032f-456d-98a4-721247c305e8": "Image",
    "af8be689-990e-492a-81f7-ba3e4cd3ed9c": "Image gallery",
    "6410b3b6-d440-4663-8744-378976dc041e": "Link preview",
    "e84a8ca2-f63c-4fb9-bc0b-d8eef5ccb22b": "Organization chart",
    "7f718435-ee4d-431c-bdbf-9c4ff326f46e": "People",
    "c70391ea-0b10-4ee9-b2b4-006d3fcad0cd": "Quick links",
    "8654b779-4886-46d4-8ffb-b5ed960ee986": "Spacer",
    "544dd15b-cf3c-441b-96da-004d5a8cea1d": "YouTube",
    "cbe7b0a9-3504-44dd-a3a3-0e5cacd07788": "Title area",
}
IMAGE = "d1d91016-032f-456d-98a4-721247c305e8"
TEXT_PART, STANDARD_PART = "microsoft.graph.textWebPart", "microsoft.graph.standardWebPart"

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
FileExists = Callable[[str], bool]
"""Whether a file of this listItemUniqueId lies in the site."""


def check_layout(layout: object, file_exists: FileExists) -> Json:
    """The layout as SharePoint keeps it."""
    if not isinstance(layout, dict) or not isinstance(layout.get("horizontalSections"), list):
        raise bad("Invalid request: canvasLayout needs horizontalSections.")
    _names(layout, {"horizontalSections", "verticalSection"}, "canvasLayout")
    seen: set[str] = set()
    made: Json = {
        "horizontalSections": [
            _section(section, number, seen, file_exists)
            for number, section in enumerate(layout["horizontalSections"], 1)
        ]
    }
    if layout.get("verticalSection"):
        vertical = layout["verticalSection"]
        _names(vertical, {"emphasis", "webparts"}, "verticalSection")
        parts = [_part(part, seen, file_exists) for part in vertical.get("webparts", [])]
        made["verticalSection"] = {"emphasis": vertical.get("emphasis", "none"), "webparts": parts}
    return made


def _names(value: object, allowed: set[str], what: str) -> None:
    if not isinstance(value, dict):
        raise bad(f"Invalid request: {what} must be an object.")
    extra = {name for name in value if "@odata." not in name} - allowed
    if extra:
        raise bad(f"Invalid request: {what} has no property '{sorted(extra)[0]}'.")


def _section(section: Any, number: int, seen: set[str], file_exists: FileExists) -> Json:
    _names(section, {"id", "layout", "emphasis", "columns"}, "a horizontal section")
    if section.get("id") != str(number):
        raise bad(f"Invalid request: horizontal section {number} must have the id '{number}'.")
    if section.get("emphasis", "none") not in EMPHASES:
        raise bad("Invalid request: the emphasis of a section does not exist.")
    widths = WIDTHS.get(section.get("layout", ""))
    columns = section.get("columns")
    if widths is None or not isinstance(columns, list):
        raise bad(f"Invalid request: the layout of section {number} does not exist or it has no columns.")
    if tuple(column.get("width") for column in columns if isinstance(column, dict)) != widths:
        raise bad(f"Invalid request: the columns of section {number} must have the widths {widths}.")
    made = [_column(column, place, seen, file_exists) for place, column in enumerate(columns, 1)]
    emphasis = section.get("emphasis", "none")
    return {"layout": section["layout"], "id": str(number), "emphasis": emphasis, "columns": made}


def _column(column: Any, number: int, seen: set[str], file_exists: FileExists) -> Json:
    _names(column, {"id", "width", "webparts"}, "a column")
    if column.get("id") != str(number):
        raise bad(f"Invalid request: column {number} must have the id '{number}'.")
    parts = [_part(part, seen, file_exists) for part in column.get("webparts", [])]
    return {"id": str(number), "width": column["width"], "webparts": parts}


def _part(part: Any, seen: set[str], file_exists: FileExists) -> Json:
    if not isinstance(part, dict):
        raise bad("Invalid request: a web part must be an object.")
    kind = str(part.get("@odata.type", "")).removeprefix("#")
    part_id = part.get("id")
    if not isinstance(part_id, str) or not _GUID.fullmatch(part_id) or part_id.lower() in seen:
        raise bad("Invalid request: every web part needs a GUID of its own as id.")
    seen.add(part_id.lower())
    if kind == TEXT_PART:
        _names(part, {"id", "innerHtml"}, "a text web part")
        if not isinstance(part.get("innerHtml"), str):
            raise bad("Invalid request: a text web part needs innerHtml.")
        return {"@odata.type": f"#{kind}", "id": part_id, "innerHtml": kept(part["innerHtml"])}
    if kind == STANDARD_PART:
        return _standard(part, file_exists)
    raise bad(f"Invalid request: the web part type '{kind}' is not supported.")


def _standard(part: Json, file_exists: FileExists) -> Json:
    _names(part, {"id", "webPartType", "data", "containerTextWebPartId"}, "a standard web part")
    if part.get("webPartType") not in STANDARD:
        raise bad(f"Invalid request: the web part '{part.get('webPartType')}' cannot be used through Graph.")
    data = part.get("data")
    _names(
        data,
        {"dataVersion", "description", "title", "properties", "serverProcessedContent"},
        "a web part's data",
    )
    if part["webPartType"] == IMAGE:
        _image(data or {}, file_exists)
    return part


def _image(data: Json, file_exists: FileExists) -> None:
    properties = data.get("properties") or {}
    missing = [
        n for n in ("imageSourceType", "siteid", "webid", "listid", "uniqueid") if not properties.get(n)
    ]
    if missing:
        raise bad(f"Invalid request: an Image web part needs properties.{missing[0]}.")
    if not file_exists(properties["uniqueid"]):
        raise bad("Invalid request: the picture of an Image web part is not in the site.")
    sources = (data.get("serverProcessedContent") or {}).get("imageSources")
    if not isinstance(sources, list) or not sources or sources[0].get("key") != "imageSource":
        raise bad("Invalid request: an Image web part needs serverProcessedContent.imageSources.")
