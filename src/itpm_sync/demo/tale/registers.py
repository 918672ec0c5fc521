"""What only one of the tools tells of: risks, issues, changes and decisions in Jira, deliverables and costs in the
vendors' sheet, errands in the sites' sheet and in Planner.

In: nothing. Out: pieces.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from itpm_sync.demo.tale import cast
from itpm_sync.demo.tale.at_sites import so_far
from itpm_sync.demo.tale.pieces import Piece, Tool
from itpm_sync.model import Kind

_JIRA = frozenset({Tool.JIRA})
_VENDORS = frozenset({Tool.VENDORS})
_NETWORK = frozenset({"network"})


def only_jira() -> Iterator[Piece]:
    """Risks, issues, changes, decisions and small network actions."""
    yield from _risks()
    yield from _issues()
    at = {"site": cast.HOSPITAL}
    yield _jira("Move the change freeze at the hospital by a week", Kind.CHANGE, -6, 8, cast.INES, 20, **at)
    yield _jira("Add a second access point to each ward corridor", Kind.CHANGE, -12, 5, cast.PRIYA, 30)
    yield _jira("Guest Wi-Fi leaves through a separate circuit", Kind.CHANGE, -50, -41, cast.PRIYA, 100)
    yield _jira("Keep the old core as a way back for 30 days", Kind.DECISION, -30, -26, cast.PRIYA, 100)
    yield _jira("Cut over the hospital in two nights or in one", Kind.DECISION, -3, 7, cast.INES, 20, **at)
    yield _jira("Who pays for power at Riverbank", Kind.DECISION, -9, -1, cast.INES, 50, site=cast.RIVERBANK)
    for title, start, finish, percent in (
        ("VLAN plan for medical devices", -70, -62, 100),
        ("Lab image for access switches", -68, -57, 100),
        ("Monitoring for the new core", -34, -25, 100),
        ("Firewall rules carried over, wave 2", -8, 3, 60),
        ("Firewall rules carried over, wave 3", 12, 21, 0),
        ("Old phone gateways listed", -5, -2, 40),
        ("Nurse call over the new network tried in the lab", 2, 9, 0),
    ):
        yield _jira(title, Kind.ACTION, start, finish, cast.TOMAS, percent)


def _jira(title: str, kind: Kind, start: int, finish: int, who: str, percent: int = 0, **more: Any) -> Piece:
    return Piece(title, _JIRA, kind, start, finish, percent=percent, people=(who,), labels=_NETWORK, **more)


def _risks() -> Iterator[Piece]:
    def risk(title: str, who: str, chance: int, harm: int, due: int, response: str, **more: Any) -> Piece:
        return _jira(
            title, Kind.RISK, -40, due, who, 10, probability=chance, impact=harm, response=response, **more
        )

    yield risk(
        "Batch 3 of the switches comes too late for Harbor Point",
        cast.MEI,
        4,
        4,
        6,
        "Lend four switches from the lab stock; Fennec confirms a date each Friday.",
        vendor=cast.FENNEC,
    )
    yield risk(
        "Infusion pumps lose Wi-Fi while roaming",
        cast.PRIYA,
        2,
        5,
        14,
        "Test with the pump maker in the lab before each site.",
    )
    yield risk(
        "Not enough power in the Riverbank closets",
        cast.DANA,
        4,
        3,
        9,
        "Electrician booked; a portable unit is ready.",
        site=cast.RIVERBANK,
    )
    yield risk(
        "One crew for two sites in the same week",
        cast.LUIS,
        3,
        3,
        12,
        "Second crew on call from the start of hospital cabling.",
        vendor=cast.COPPERLINE,
    )
    yield risk(
        "Winter storm stops the night work",
        cast.INES,
        2,
        3,
        30,
        "A spare night is booked for each site.",
    )
    yield risk(
        "Asbestos found behind old panels",
        cast.DANA,
        2,
        4,
        25,
        "Survey first; the remediation firm is under contract.",
        site=cast.HOSPITAL,
    )
    yield risk("Key engineer leaves before the hospital", cast.PRIYA, 1, 4, 40, "Two people know every site.")


def _issues() -> Iterator[Piece]:
    def issue(
        title: str, who: str, opened: int, due: int, harm: int, percent: int, response: str, vendor: str = ""
    ) -> Piece:
        more: dict[str, Any] = {"impact": harm, "response": response, "vendor": vendor}
        return _jira(title, Kind.ISSUE, opened, due, who, percent, **more)

    yield issue(
        "Quarry Street circuit handed over without a test record",
        cast.MEI,
        -5,
        3,
        5,
        50,
        "Fennec asks the carrier for the record each morning; our own test stands by.",
        cast.FENNEC,
    )
    yield issue(
        "Two outlets in the Riverbank gym are dead",
        cast.LUIS,
        -8,
        -2,
        2,
        30,
        "Cable to be pulled anew.",
        cast.COPPERLINE,
    )
    yield issue(
        "Badge readers at Northfield restart at night",
        cast.TOMAS,
        -4,
        5,
        3,
        30,
        "Power budget of the closet switch raised; watched for a week.",
    )
    yield issue(
        "Label printer profile is wrong after cut-over", cast.TOMAS, -12, -9, 2, 100, "Profile corrected."
    )
    yield issue(
        "Invoice 2 of Copperline names the wrong site",
        cast.INES,
        -10,
        4,
        1,
        30,
        "Sent back; a corrected one is promised.",
        cast.COPPERLINE,
    )


def only_vendors() -> Iterator[Piece]:
    """Deliverables with promised dates, and the costs."""
    for title, vendor, who, finish, promised, need in (
        ("Low-level design document", cast.FENNEC, cast.MEI, -80, -80, -78),
        ("Fiber test records, Riverbank", cast.COPPERLINE, cast.LUIS, 5, 6, 8),
        ("As-built drawings, Northfield", cast.COPPERLINE, cast.LUIS, -3, -3, 5),
        ("Run book for the hospital cut-over", cast.FENNEC, cast.MEI, 40, 44, 50),
        ("Spare parts list for operations", cast.FENNEC, cast.MEI, 60, 60, 75),
    ):
        yield Piece(
            title,
            _VENDORS,
            Kind.DELIVERABLE,
            finish - 9,
            finish,
            percent=so_far(finish - 9, finish),
            vendor=vendor,
            people=(who,),
            promised=promised,
            need_by=need,
        )
    for title, vendor, budget, actual, committed, forecast in (
        ("Switches and routers", cast.FENNEC, 612_000, 388_500, 221_000, 618_000),
        ("Access points and Wi-Fi survey", cast.FENNEC, 214_000, 92_300, 104_000, 221_500),
        ("Circuits, first year", cast.FENNEC, 96_000, 30_200, 61_000, 96_000),
        ("Cabling and outlets", cast.COPPERLINE, 438_000, 171_900, 268_000, 451_000),
        ("Closet power and cooling works", cast.COPPERLINE, 127_000, 74_600, 49_000, 139_000),
    ):
        money = {"Budget": budget, "Actual Cost": actual, "Commitment": committed, "Forecast": forecast}
        yield Piece(title, _VENDORS, Kind.COST_LINE, vendor=vendor, money=money)


def only_sites() -> Iterator[Piece]:
    """Errands of the people at the sites."""
    for title, site, start, finish, percent in (
        ("Badges for the night crew, Riverbank", cast.RIVERBANK, -6, 1, 50),
        ("Ceiling tiles stored, Quarry Street", cast.QUARRY, -10, -7, 100),
        ("Loading dock booked, Harbor Point", cast.HARBOR, 8, 9, 0),
        ("Closet keys for Copperline, Harbor Point", cast.HARBOR, -5, -4, 100),
    ):
        yield Piece(
            title, frozenset({Tool.SITES}), Kind.ACTION, start, finish, percent=percent, parent=site, site=site,
            people=(cast.DANA,),
        )  # fmt: skip


def only_planner() -> Iterator[Piece]:
    """What the people side does for itself."""
    for title, start, finish, percent, who in (
        ("Photos of the pilot for the intranet", -6, -4, 100, cast.OMAR),
        ("Intranet story: why the network is new", -3, 4, 40, cast.OMAR),
        ("Coffee with the night nurses at Riverbank", 10, 10, 0, cast.GRACE),
        ("Survey of floor staff after go-live", 16, 22, 0, cast.GRACE),
        ("Thank-you cards for the champions", 78, 80, 0, cast.OMAR),
    ):
        yield Piece(
            title,
            frozenset({Tool.PLANNER}),
            start=start,
            finish=finish,
            percent=percent,
            people=(who,),
            labels=frozenset({"people"}),
        )
