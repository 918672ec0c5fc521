"""The two Smartsheet sheets of the demo: sites and vendors.

In: pieces, a calendar. Out: the seed of the smartsheet emulator.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from itpm_sync.demo.seeds.shown import said, told_in
from itpm_sync.demo.tale import cast
from itpm_sync.demo.tale.pieces import Calendar, Piece, Tool
from itpm_sync.model import Kind

Column = dict[str, Any]
SERVICE: Final = "itpm-sync@example.org"
TOKEN: Final = "emulated-smartsheet-token"  # opens nothing but the emulator
_TYPES: Final = {
    Kind.SUMMARY: "Phase",
    Kind.TASK: "Task",
    Kind.MILESTONE: "Milestone",
    Kind.DELIVERABLE: "Deliverable",
    Kind.COST_LINE: "Cost line",
    Kind.RISK: "Risk",
    Kind.ISSUE: "Issue",
    Kind.ACTION: "Action",
}


def _dates(*titles: str) -> list[Column]:
    return [{"title": title, "type": "DATE"} for title in titles]


def _choice(title: str, *options: str) -> Column:
    return {"title": title, "type": "PICKLIST", "options": list(options)}


_COMMON: Final[list[Column]] = [
    {"title": "Task", "primary": True},
    _choice("Type", *_TYPES.values()),
    _choice("Status", "Not Started", "In Progress", "On Hold", "Complete", "Cancelled"),
    {"title": "% Complete"},
    *_dates("Start", "Finish", "Actual Start", "Actual Finish"),
    {"title": "Assigned To", "type": "MULTI_CONTACT_LIST"},
    _choice("Priority", "High", "Medium", "Low"),
    {"title": "Description"},
]
_SITE_COLUMNS: Final[list[Column]] = [
    *_COMMON,
    {"title": "Site"},
    {"title": "Gate"},
    {"title": "Gate Mandatory", "type": "CHECKBOX"},
    {"title": "Vendor"},
    {"title": "Work (h)"},
]
_VENDOR_COLUMNS: Final[list[Column]] = [
    *_COMMON,
    {"title": "Vendor"},
    {"title": "Site"},
    *_dates("Promised", "Need By"),
    {"title": "Probability"},
    {"title": "Impact"},
    {"title": "Response"},
    *({"title": title} for title in ("Budget", "Actual Cost", "Commitment", "Forecast")),
]


def sheets_seed(pieces: Iterable[Piece], calendar: Calendar) -> dict[str, Any]:
    """Dana keeps the sites, Ines the vendors; the service account may add its key column."""
    known = list(pieces)
    access = {SERVICE: "ADMIN", **dict.fromkeys((cast.LUIS, cast.MEI, cast.TOMAS), "EDITOR")}
    return {
        "people": {**cast.PEOPLE, SERVICE: "itpm-sync service"},
        "tokens": {TOKEN: SERVICE},
        "sheets": [
            {
                "id": cast.SITES_SHEET,
                "name": "Network refresh: sites",
                "owner": cast.DANA,
                "access": access,
                "columns": _SITE_COLUMNS,
                "rows": _rows(list(told_in(Tool.SITES, known)), calendar, _SITE_COLUMNS),
            },
            {
                "id": cast.VENDORS_SHEET,
                "name": "Network refresh: vendors",
                "owner": cast.INES,
                "access": access,
                "columns": _VENDOR_COLUMNS,
                "rows": _rows(list(told_in(Tool.VENDORS, known)), calendar, _VENDOR_COLUMNS),
            },
        ],
    }


def _rows(pieces: list[Piece], calendar: Calendar, columns: Sequence[Column]) -> list[dict[str, Any]]:
    titles = {column["title"] for column in columns}
    there = {piece.title for piece in pieces}
    return [
        _row(piece, calendar, titles)
        | {"children": [_row(each, calendar, titles) for each in pieces if each.parent == piece.title]}
        for piece in pieces
        if piece.parent not in there
    ]


def _row(piece: Piece, calendar: Calendar, titles: set[str]) -> dict[str, Any]:
    start, finish = calendar.text(piece.start), calendar.text(piece.finish)
    begun = piece.begun and piece.kind is not Kind.SUMMARY  # what is under it says how far it is
    cells: dict[str, Any] = {
        "Task": piece.title,
        "Type": _TYPES[piece.kind],
        "Start": start,
        "Finish": finish,
        "Actual Start": start if begun else None,
        "Actual Finish": finish if begun and piece.done else None,
        "Assigned To": list(piece.people),
        "Priority": piece.priority,
        "Description": piece.text,
        "Site": piece.site,
        "Gate": piece.gate,
        "Gate Mandatory": piece.mandatory or None,
        "Vendor": piece.vendor,
        "Promised": calendar.text(piece.promised),
        "Need By": calendar.text(piece.need_by),
        **piece.money,
    }
    if piece.start is not None and piece.kind is not Kind.SUMMARY:
        cells["Status"] = "Complete" if piece.done else "In Progress" if piece.begun else "Not Started"
        cells["% Complete"] = piece.percent / 100
    return {title: value for title, value in said(cells).items() if title in titles}
