"""What is done at each of the six sites, from survey to early-life support, and how far each site is.

In: nothing. Out: pieces. A site's tasks are the same everywhere; a `Course` says when, and what went otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from itpm_sync.demo.tale import cast
from itpm_sync.demo.tale.pieces import Piece, Tool
from itpm_sync.model import Kind


@dataclass(frozen=True, slots=True)
class Step:
    """One task of the pattern. `begin` counts working days from the site's baseline go-live."""

    name: str
    begin: int
    days: int
    gate: str
    people: tuple[str, ...]
    vendor: str = ""
    after: tuple[str, ...] = ()
    label: str = ""
    hours: int = 0
    text: str = ""


PATTERN = (
    Step(
        "site survey",
        -60,
        3,
        "Survey",
        (cast.TOMAS, cast.DANA),
        hours=24,
        text="Walk every closet. Photograph racks, free outlets and cable routes.",
    ),
    Step("new circuit", -56, 30, "Circuit", (cast.MEI,), cast.FENNEC, ("site survey",), "network"),
    Step("closet power and cooling", -55, 10, "Power", (cast.DANA,), after=("site survey",), hours=40),
    Step(
        "cabling",
        -44,
        12,
        "Cabling",
        (cast.LUIS,),
        cast.COPPERLINE,
        ("closet power and cooling",),
        hours=160,
    ),
    Step(
        "switches installed",
        -26,
        4,
        "Hardware",
        (cast.TOMAS, cast.MEI),
        cast.FENNEC,
        ("cabling",),
        "network",
        hours=48,
        text="Rack, patch and label. Base configuration from the lab image.",
    ),
    Step(
        "Wi-Fi survey and access points",
        -22,
        6,
        "Wi-Fi",
        (cast.PRIYA,),
        cast.FENNEC,
        ("switches installed",),
        "network",
        hours=40,
    ),
    Step(
        "acceptance test",
        -12,
        3,
        "Test",
        (cast.PRIYA, cast.TOMAS),
        after=("new circuit", "Wi-Fi survey and access points"),
        label="network",
        hours=24,
        text="Medical devices first, then phones, then everything else.",
    ),
    Step("floor staff briefed", -9, 4, "Training", (cast.GRACE,), label="people"),
    Step(
        "cut-over night",
        0,
        1,
        "Cut-over",
        (cast.PRIYA, cast.TOMAS, cast.MEI),
        cast.FENNEC,
        ("acceptance test", "floor staff briefed"),
        "network",
        hours=30,
        text="Clinical lead on the phone bridge. Way back decided by 03:00.",
    ),
)
GO_LIVE, SUPPORT = "go-live", "early-life support"


@dataclass(frozen=True, slots=True)
class Course:
    """One site. `go_live` is the baseline's; `moved` and `percent` say by step what is otherwise."""

    site: str
    short: str
    go_live: int
    slip: int = 0
    """Working days that the go-live and what follows moved."""
    moved: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """By step: working days that its start and its finish moved."""
    percent: Mapping[str, int] = field(default_factory=dict)
    tools: frozenset[Tool] = frozenset()
    """Besides the plan: the tools that tell of this site already."""


COURSES = (
    Course(cast.TOLLGATE, "Tollgate", -27, 2, tools=frozenset({Tool.JIRA, Tool.SITES})),
    Course(cast.NORTHFIELD, "Northfield", -8, tools=frozenset({Tool.JIRA, Tool.SITES, Tool.PLANNER})),
    Course(
        cast.QUARRY,
        "Quarry Street",
        3,
        6,
        moved={
            "new circuit": (0, 22),
            "switches installed": (14, 14),
            "Wi-Fi survey and access points": (14, 15),
            "acceptance test": (11, 11),
            "floor staff briefed": (5, 5),
        },
        percent={"Wi-Fi survey and access points": 63, "floor staff briefed": 40, "new circuit": 90},
        tools=frozenset({Tool.JIRA, Tool.SITES, Tool.PLANNER}),
    ),
    Course(
        cast.RIVERBANK,
        "Riverbank",
        24,
        moved={
            "closet power and cooling": (0, 17),
            "cabling": (12, 12),
            "switches installed": (8, 8),
            "Wi-Fi survey and access points": (8, 8),
            "acceptance test": (4, 4),
        },
        percent={"closet power and cooling": 70, "cabling": 55, "new circuit": 100},
        tools=frozenset({Tool.JIRA, Tool.SITES, Tool.PLANNER}),
    ),
    Course(
        cast.HARBOR,
        "Harbor Point",
        43,
        moved={"cabling": (-1, 0)},
        percent={"new circuit": 35, "cabling": 5},
        tools=frozenset({Tool.SITES}),
    ),
    Course(
        cast.HOSPITAL,
        "Hospital",
        61,
        4,
        moved={"site survey": (-2, 0), "closet power and cooling": (4, 4), "cabling": (4, 4)},
        percent={"site survey": 50},
        tools=frozenset(),
    ),
)


def at_sites() -> Iterator[Piece]:
    """Every site's summary with its tasks."""
    for course in COURSES:
        yield _summary(course)
        for step in PATTERN:
            yield _task(course, step)
        yield from _live(course)


def _summary(course: Course) -> Piece:
    return Piece(
        course.site,
        frozenset({Tool.PLAN, *(course.tools & {Tool.JIRA, Tool.SITES})}),
        Kind.SUMMARY,
        site=course.site,
        labels=frozenset({"network"}),
    )


def _task(course: Course, step: Step) -> Piece:
    slipped = (course.slip, course.slip) if step.name == "cut-over night" else (0, 0)
    later = course.moved.get(step.name, slipped)
    based = (course.go_live + step.begin, course.go_live + step.begin + step.days - 1)
    start, finish = based[0] + later[0], based[1] + later[1]
    return Piece(
        f"{course.short}: {step.name}",
        _told_in(course, step.label),
        start=start,
        finish=finish,
        baseline=based,
        percent=course.percent.get(step.name, so_far(start, finish)),
        parent=course.site,
        site=course.site,
        vendor=step.vendor,
        gate=step.gate,
        mandatory=step.gate in {"Power", "Circuit"},
        people=step.people,
        labels=frozenset({step.label} - {""}),
        after=tuple(f"{course.short}: {name}" for name in step.after),
        manual=step.name == "cut-over night",
        text=step.text,
        hours=step.hours,
        priority="High" if step.name == "cut-over night" else "",
    )


def _told_in(course: Course, label: str) -> frozenset[Tool]:
    """Jira tells of network work, Planner of what concerns people, the sheet of everything at the site."""
    found = {Tool.PLAN} | (course.tools & {Tool.SITES})
    if label == "network":
        found |= course.tools & {Tool.JIRA}
    if label == "people":
        found |= course.tools & {Tool.PLANNER}
    return frozenset(found)


def _live(course: Course) -> Iterator[Piece]:
    day = course.go_live + course.slip
    around = {"parent": course.site, "site": course.site, "labels": frozenset({"network", "key"})}
    told = frozenset({Tool.PLAN, *(course.tools & {Tool.JIRA, Tool.SITES})})
    yield Piece(
        f"{course.short}: {GO_LIVE}",
        told,
        Kind.MILESTONE,
        start=day,
        finish=day,
        baseline=(course.go_live, course.go_live),
        percent=100 if day < 0 else 0,
        gate="Go-live",
        people=(cast.INES,),
        after=(f"{course.short}: cut-over night",),
        **around,  # type: ignore[arg-type]
    )
    begin, end = day + 1, day + 10
    yield Piece(
        f"{course.short}: {SUPPORT}",
        frozenset({Tool.PLAN, *(course.tools & {Tool.SITES})}),
        start=begin,
        finish=end,
        baseline=(course.go_live + 1, course.go_live + 10),
        percent=so_far(begin, end),
        parent=course.site,
        site=course.site,
        gate="Hypercare",
        people=(cast.TOMAS,),
        after=(f"{course.short}: {GO_LIVE}",),
        hours=20,
    )


def so_far(start: int, finish: int) -> int:
    """Percent complete of a task that goes as planned, in steps of five."""
    if finish < 0:
        return 100
    if start >= 0:
        return 0
    return max(5, min(95, 5 * round(20 * -start / (finish - start + 1))))
