"""The Microsoft 365 tenant of the demo: one Planner plan, one SharePoint site, the people.

In: pieces, a calendar. Out: the seed of the m365 emulator.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit

from itpm_sync.demo.seeds.shown import said, told_in
from itpm_sync.demo.tale import cast
from itpm_sync.demo.tale.pieces import Calendar, Piece, Tool

BUCKETS: Final = ("To do", "Doing", "Done")


def tenant_seed(pieces: Iterable[Piece], calendar: Calendar) -> dict[str, Any]:
    """Planner tells of what concerns people; its tasks carry the category `people`."""
    site = urlsplit(cast.SHAREPOINT)
    return {
        "people": [{"name": name, "mail": mail} for mail, name in cast.PEOPLE.items()],
        "groups": [{"name": "Network refresh", "members": list(cast.PEOPLE)}],
        "plans": [
            {
                "id": cast.PLANNER_PLAN,
                "title": "Network refresh: people",
                "group": "Network refresh",
                "categories": {"category1": "people"},
                "buckets": list(BUCKETS),
                "tasks": [_task(piece, calendar) for piece in told_in(Tool.PLANNER, pieces)],
            }
        ],
        "sites": [{"host": site.netloc, "path": site.path.strip("/"), "title": "Alder Vale PMO"}],
    }


def _task(piece: Piece, calendar: Calendar) -> dict[str, Any]:
    """Planner knows three states of progress."""
    bucket = BUCKETS[2] if piece.done else BUCKETS[1] if piece.begun else BUCKETS[0]
    return said(
        {
            "title": piece.title,
            "by": piece.people[0],
            "bucket": bucket,
            "start": calendar.text(piece.start),
            "due": calendar.text(piece.finish),
            "percent": 100 if piece.done else 50 if piece.begun else None,
            "assignees": list(piece.people),
            "labels": sorted(piece.labels),
            "description": piece.text,
        }
    )
