"""The Jira project of the demo: epics for the sites, network tasks, and the registers.

In: pieces, a calendar. Out: the seed of the jira emulator.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from itpm_sync.demo.seeds.shown import said, told_in
from itpm_sync.demo.tale import cast
from itpm_sync.demo.tale.pieces import Calendar, Piece, Tool
from itpm_sync.model import Kind

_TYPES: Final = {
    Kind.SUMMARY: "Epic",
    Kind.TASK: "Task",
    Kind.MILESTONE: "Milestone",
    Kind.RISK: "Risk",
    Kind.ISSUE: "Issue",
    Kind.CHANGE: "Change",
    Kind.DECISION: "Decision",
    Kind.ACTION: "Action",
}
_FIELDS: Final = (
    {"name": "Site", "type": "text"},
    {"name": "Vendor", "type": "text"},
    {"name": "Gate", "type": "text"},
    {"name": "Probability", "type": "number"},
    {"name": "Impact", "type": "number"},
    {"name": "Response", "type": "paragraph"},
    {"name": "Promised date", "type": "date"},
    {"name": "Need by", "type": "date"},
)


def jira_seed(pieces: Iterable[Piece], calendar: Calendar) -> dict[str, Any]:
    """Search shows a change at once here; a real site takes seconds to minutes."""
    mine = list(told_in(Tool.JIRA, pieces))
    there = {piece.title for piece in mine}
    issues = [_issue(piece, calendar, there) for piece in mine]
    issues.sort(key=lambda issue: issue["type"] != "Epic")
    for issue in issues:
        issue["blocks"] = [piece.title for piece in mine if issue["ref"] in piece.after]
    return {
        "people": [{"mail": mail, "name": name} for mail, name in cast.PEOPLE.items()],
        "fields": _FIELDS,
        "projects": [
            {"key": cast.JIRA_KEY, "name": "Network refresh", "types": [*_TYPES.values(), "Sub-task"]}
        ],
        "issues": issues,
        "index_lag": 0.0,
    }


def _issue(piece: Piece, calendar: Calendar, there: set[str]) -> dict[str, Any]:
    status = "Done" if piece.done else "In Progress" if piece.begun else "To Do"
    return said(
        {
            "ref": piece.title,
            "project": cast.JIRA_KEY,
            "type": _TYPES[piece.kind],
            "summary": piece.title,
            "by": piece.people[0] if piece.people else cast.PRIYA,
            "status": status,
            "parent": piece.parent if piece.parent in there else "",
            "start": calendar.text(piece.start),
            "due": calendar.text(piece.finish),
            "assignee": piece.people[0] if piece.people else "",
            "labels": sorted(piece.labels),
            "description": piece.text,
            "priority": piece.priority,
            "Site": piece.site,
            "Vendor": piece.vendor,
            "Gate": piece.gate,
            "Probability": piece.probability,
            "Impact": piece.impact,
            "Response": piece.response,
        }
    )
