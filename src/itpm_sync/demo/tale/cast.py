"""The people, sites and vendors of the demo, all invented.

In: nothing. Out: names, and mail addresses below example.org.
"""

from __future__ import annotations

from typing import Final

PROJECT: Final = "network-refresh"
TITLE: Final = "Alder Vale Health: network refresh"
ZONE: Final = "America/New_York"
SHAREPOINT: Final = "https://aldervale.example.org/sites/pmo"

INES: Final = "ines.okafor@example.org"
PRIYA: Final = "priya.raman@example.org"
TOMAS: Final = "tomas.lind@example.org"
DANA: Final = "dana.whitcomb@example.org"
LUIS: Final = "luis.ferro@example.org"
MEI: Final = "mei.tan@example.org"
GRACE: Final = "grace.aldous@example.org"
OMAR: Final = "omar.haddad@example.org"

PEOPLE: Final = {
    INES: "Ines Okafor",
    PRIYA: "Priya Raman",
    TOMAS: "Tomas Lind",
    DANA: "Dana Whitcomb",
    LUIS: "Luis Ferro",
    MEI: "Mei Tan",
    GRACE: "Grace Aldous",
    OMAR: "Omar Haddad",
}
"""Project manager, network lead, engineer, facilities, both vendors' leads, training, communications."""

COPPERLINE: Final = "Copperline Cabling"
FENNEC: Final = "Fennec Networks"
VENDORS: Final = (COPPERLINE, FENNEC)

TOLLGATE: Final = "Tollgate Data Center"
NORTHFIELD: Final = "Northfield Clinic"
QUARRY: Final = "Quarry Street Clinic"
RIVERBANK: Final = "Riverbank Rehabilitation"
HARBOR: Final = "Harbor Point Surgery"
HOSPITAL: Final = "Alder Vale Hospital"
SITES: Final = (TOLLGATE, NORTHFIELD, QUARRY, RIVERBANK, HARBOR, HOSPITAL)
"""In the order of their go-live."""

PLAN_FILE: Final = "network-refresh.xml"
JIRA_KEY: Final = "NET"
SITES_SHEET: Final = 4100000000000001
VENDORS_SHEET: Final = 4100000000000002
PLANNER_PLAN: Final = "AlderValeNetworkRefresh00001"
