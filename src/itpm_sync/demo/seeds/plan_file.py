"""The Microsoft Project plan of the demo: phases, sites, tasks with predecessors, people and a baseline.

In: pieces, a calendar. Out: the description that the msproject emulator writes as an MSPDI file.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from itpm_sync.demo.seeds.shown import said, told_in
from itpm_sync.demo.tale import cast
from itpm_sync.demo.tale.pieces import Calendar, Piece, Tool
from itpm_sync.model import Kind

_GUID: Final = "3B0C7A52-6C1D-4E55-9D0B-7A1C0E5D2F10"
_ALIASES: Final = {"Text5": "Site", "Text6": "Gate", "Text7": "Vendor", "Text8": "Labels"}
_PRIORITY: Final = {"High": 700, "Medium": 500, "Low": 300}


def plan_seed(pieces: Iterable[Piece], calendar: Calendar, *, saved: str) -> dict[str, Any]:
    """`saved`: when its manager last saved it, ISO and civil."""
    mine = list(told_in(Tool.PLAN, pieces))
    plan = {
        "title": cast.TITLE,
        "guid": _GUID,
        "manager": cast.PEOPLE[cast.INES],
        "company": "Alder Vale Health",
        "currency": "USD",
        "start": f"{calendar.text(min(p.start for p in mine if p.start is not None))}T08:00:00",
        "saved": saved,
        "aliases": _ALIASES,
        "resources": [{"name": name, "mail": mail} for mail, name in cast.PEOPLE.items()],
        "tasks": [_task(piece, calendar) for piece in mine],
    }
    return {"plans": {cast.PLAN_FILE: plan}}


def _task(piece: Piece, calendar: Calendar) -> dict[str, Any]:
    words = said(
        {
            "name": piece.title,
            "level": 2 if piece.parent else 1,
            "after": list(piece.after),
            "people": list(piece.people),
            "Notes": piece.text,
            "Priority": _PRIORITY.get(piece.priority),
            "Deadline": calendar.text(piece.deadline),
            "Text5": piece.site,
            "Text6": piece.gate,
            "Text7": piece.vendor,
            "Text8": ",".join(sorted(piece.labels)),
        }
    )
    if piece.kind is Kind.SUMMARY:
        return words
    start, finish = calendar.text(piece.start), calendar.text(piece.finish)
    words |= {"Start": start, "Finish": finish}
    if piece.kind is Kind.MILESTONE:
        words["milestone"] = True
    if piece.manual:
        words["manual"] = True
    if piece.hours:
        words["Work"] = piece.hours * 60
    if piece.baseline:
        words["baseline"] = tuple(calendar.text(each) for each in piece.baseline)
    if piece.begun:
        words |= {"PercentComplete": piece.percent, "ActualStart": start}
    if piece.done:
        words["ActualFinish"] = finish
    return words
