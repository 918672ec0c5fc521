"""People at work in the four tools, each as in that tool's own user interface.

In: the working folder, the calendar. Out: what they did, in sentences; the tools' states changed. The service account
takes no part in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from itpm_sync.demo.tale import cast
from itpm_sync.demo.tale.pieces import Calendar
from itpm_sync.demo.working_folder import EMULATED, PLANS
from itpm_sync.registry import Catalogue

CUT_OVER = "Riverbank: cut-over night"
"""What two people move, each to another day."""
DONE_IN_PLANNER = "Quarry Street: floor staff briefed"
SAID_TWICE = "Quarry Street: acceptance test"


class Hands:
    """Opens a tool, edits, leaves. Nothing runs meanwhile."""

    def __init__(self, folder: Path, calendar: Calendar) -> None:
        self._folder, self._calendar = folder, calendar
        self._catalogue = Catalogue()

    def _tool(self, kind: str) -> Any:
        place = PLANS if kind == "msproject" else EMULATED
        return self._catalogue.emulator(kind)(folder=self._folder / place)

    def _edit(self, kind: str, who: str, record: str, **changes: Any) -> None:
        tool = self._tool(kind)
        tool.edit_as(who, tool.find(record), **changes)

    def everywhere(self) -> Iterator[str]:
        """A working day: edits in each tool, two of them of one field of one item."""
        yield from self._in_the_plan()
        yield from self._in_jira()
        yield from self._in_the_sheets()
        yield from self._in_planner()

    def _in_the_plan(self) -> Iterator[str]:
        day = self._day(27)
        self._edit("msproject", cast.INES, CUT_OVER, Start=day, Finish=day)
        yield f"MS Project   Ines moves “{CUT_OVER}” to {day}, and Project moves what follows"
        tool = self._tool("msproject")
        tool.edit_as(
            cast.INES,
            None,
            container=cast.PLAN_FILE,
            Parent=tool.find(cast.HOSPITAL),
            Name="Hospital: second cut-over night",
            Manual=True,
            Start=self._day(70),
            Finish=self._day(70),
            Assignments=[cast.PRIYA, cast.TOMAS],
            Text5=cast.HOSPITAL,
            Text6="Cut-over",
            Text8="network",
        )
        yield "MS Project   Ines adds a task: “Hospital: second cut-over night”"

    def _in_jira(self) -> Iterator[str]:
        self._edit("jira", cast.PRIYA, SAID_TWICE, priority="Highest")
        yield f"Jira         Priya gives “{SAID_TWICE}” the highest priority"
        self._tool("jira").edit_as(
            cast.TOMAS,
            None,
            project=cast.JIRA_KEY,
            type="Issue",
            summary="Switch stack at Riverbank restarts under load",
            assignee=cast.TOMAS,
            start=self._day(0),
            due=self._day(5),
            labels=["network"],
            Site=cast.RIVERBANK,
            Vendor=cast.FENNEC,
            Impact=4,
        )
        yield "Jira         Tomas raises an issue: “Switch stack at Riverbank restarts under load”"

    def _in_the_sheets(self) -> Iterator[str]:
        day = self._day(29)
        self._edit("smartsheet", cast.DANA, CUT_OVER, Start=day, Finish=day)
        yield f"Smartsheet   Dana, who knows nothing of it, moves “{CUT_OVER}” to {day}"
        self._edit("smartsheet", cast.TOMAS, SAID_TWICE, Description="Phones first: the ward asked for it.")
        yield f"Smartsheet   Tomas changes the description of “{SAID_TWICE}”"
        self._edit("smartsheet", cast.MEI, "Switches delivered, batch 3", **{"% Complete": 0.6})
        yield "Smartsheet   Mei says that 60 % of “Switches delivered, batch 3” is done"

    def _in_planner(self) -> Iterator[str]:
        self._edit("m365", cast.GRACE, DONE_IN_PLANNER, percent=100)
        yield f"Planner      Grace ticks off “{DONE_IN_PLANNER}”"
        self._edit("m365", cast.GRACE, "Champions named at each site", due=self._day(4))
        yield "Planner      Grace gives “Champions named at each site” two days more"

    def recalculate(self) -> None:
        """Ines opens the plan in Microsoft Project and saves it: Project computes every date anew."""
        tool = self._tool("msproject")
        tool.recalculate(cast.PLAN_FILE)

    def _day(self, offset: int) -> str:
        return self._calendar.day(offset).isoformat()
