"""What the plan holds beside the sites: start and design, supply, people, close.

In: nothing. Out: pieces.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from itpm_sync.demo.tale import cast
from itpm_sync.demo.tale.at_sites import so_far
from itpm_sync.demo.tale.pieces import Piece, Tool
from itpm_sync.model import Kind

DESIGN, SUPPLY, PEOPLE, CLOSE = "Start and design", "Supply", "People", "Close"
_BOTH = frozenset({Tool.PLAN, Tool.VENDORS})
_CROWD = frozenset({Tool.PLAN, Tool.PLANNER})
_ONLY = frozenset({Tool.PLAN})


def phase_before() -> Iterator[Piece]:
    """Start and design, and supply: they stand before the sites in the plan."""
    yield Piece(DESIGN, _ONLY, Kind.SUMMARY)
    yield _mark("Business case approved", DESIGN, -118, people=(cast.INES,), labels=_words("key"))
    yield _task(
        "Network design", DESIGN, -117, -98, people=(cast.PRIYA,), hours=120, labels=_words("network")
    )
    yield _task(
        "Security review of the design",
        DESIGN,
        -97,
        -90,
        slip=2,
        people=(cast.PRIYA,),
        after=("Network design",),
        labels=_words("network"),
    )
    yield _mark("Vendors selected", DESIGN, -92, people=(cast.INES,))
    yield _mark(
        "Contracts signed with both vendors",
        DESIGN,
        -87,
        slip=4,
        people=(cast.INES,),
        labels=_words("contract"),
    )
    yield _task(
        "Lab build and proof", DESIGN, -86, -74, people=(cast.TOMAS,), hours=80, labels=_words("network")
    )
    yield _task("Order of the sites agreed with the clinical leads", DESIGN, -85, -81, people=(cast.INES,))
    yield _task("Change freeze calendar agreed", DESIGN, -80, -76, people=(cast.OMAR,))
    yield Piece(SUPPLY, _ONLY, Kind.SUMMARY)
    yield from _supply()


def _supply() -> Iterator[Piece]:
    fennec: dict[str, Any] = {"vendor": cast.FENNEC, "people": (cast.MEI,), "tools": _BOTH}
    copperline: dict[str, Any] = {"vendor": cast.COPPERLINE, "people": (cast.LUIS,), "tools": _BOTH}
    yield _task("Core routers delivered", SUPPLY, -75, -60, promised=-60, need_by=-55, **fennec)
    yield _task("Switches delivered, batch 1", SUPPLY, -70, -56, promised=-56, need_by=-50, **fennec)
    yield _task("Switches delivered, batch 2", SUPPLY, -40, -22, slip=3, promised=-22, need_by=-20, **fennec)
    yield _task(
        "Switches delivered, batch 3",
        SUPPLY,
        -15,
        4,
        slip=2,
        promised=9,
        need_by=4,
        percent=40,
        text="Harbor Point and the hospital wait for this one.",
        **fennec,
    )
    yield _task("Access points delivered", SUPPLY, -20, -3, percent=80, promised=2, need_by=5, **fennec)
    yield _task("Patch panels and fiber delivered", SUPPLY, -45, -35, promised=-35, need_by=-30, **copperline)
    yield _task(
        "Crew roster confirmed for the hospital", SUPPLY, 6, 10, promised=10, need_by=20, **copperline
    )


def phase_after() -> Iterator[Piece]:
    """People, and close: they stand after the sites."""
    crowd: dict[str, Any] = {"tools": _CROWD, "labels": _words("people")}
    yield Piece(PEOPLE, _ONLY, Kind.SUMMARY)
    yield _task("Clinic managers told what changes", PEOPLE, -64, -58, people=(cast.OMAR,), **crowd)
    yield _task("Quick guide for floor staff", PEOPLE, -40, -31, people=(cast.GRACE,), **crowd)
    yield _task("Champions named at each site", PEOPLE, -20, 2, percent=63, people=(cast.GRACE,), **crowd)
    yield _task(
        "Help desk trained on the new network", PEOPLE, -6, -2, percent=75, people=(cast.GRACE,), **crowd
    )
    yield _task(
        "Downtime procedure rehearsed at the hospital",
        PEOPLE,
        38,
        41,
        people=(cast.GRACE, cast.OMAR),
        **crowd,
    )
    yield _task(
        "Go-live notices written",
        PEOPLE,
        -4,
        6,
        percent=30,
        people=(cast.OMAR,),
        differs={Tool.PLANNER: {"finish": 8}},
        **crowd,
    )
    yield Piece(CLOSE, _ONLY, Kind.SUMMARY)
    yield _task("Old circuits cancelled", CLOSE, 70, 79, people=(cast.MEI,), vendor=cast.FENNEC)
    yield _task(
        "Old switches wiped and recycled", CLOSE, 68, 82, people=(cast.TOMAS,), labels=_words("network")
    )
    yield _task(
        "As-built drawings handed over",
        CLOSE,
        72,
        76,
        people=(cast.LUIS,),
        vendor=cast.COPPERLINE,
        promised=76,
    )
    yield _task("Lessons learned workshop", CLOSE, 80, 80, people=(cast.INES,))
    yield _mark(
        "Handed over to operations",
        CLOSE,
        84,
        slip=2,
        deadline=95,
        people=(cast.PRIYA,),
        labels=_words("key"),
        after=("Hospital: early-life support", "Old switches wiped and recycled"),
    )
    yield _mark(
        "Project closed",
        CLOSE,
        90,
        people=(cast.INES,),
        after=("Handed over to operations", "Lessons learned workshop"),
    )


def _words(*labels: str) -> frozenset[str]:
    return frozenset(labels)


def _task(title: str, parent: str, start: int, finish: int, slip: int = 0, **more: Any) -> Piece:
    """`slip`: working days that its finish moved from the baseline."""
    given: dict[str, Any] = {"tools": _ONLY, "percent": so_far(start, finish), **more}
    return Piece(title, start=start, finish=finish, baseline=(start, finish - slip), parent=parent, **given)


def _mark(title: str, parent: str, day: int, slip: int = 0, **more: Any) -> Piece:
    given: dict[str, Any] = {"tools": _ONLY, "percent": 100 if day < 0 else 0, **more}
    based = (day - slip, day - slip)
    return Piece(title, kind=Kind.MILESTONE, start=day, finish=day, baseline=based, parent=parent, **given)
