"""What a plan says of itself: its fields, its calendar, who manages it.

In: PlanRows. Out: ContainerInfo and ProjectFacts of the port.
"""

from __future__ import annotations

from datetime import datetime

from itpm_sync.connector import ContainerInfo, NativeField
from itpm_sync.model import STANDARD, Calendar, ProjectFacts
from itpm_sync_msproject.field_ids import IDS, KEY_FIELD, family
from itpm_sync_msproject.keys import key_field_of
from itpm_sync_msproject.rows import CalendarRow, FileKind, PlanRows

_FIELDS = (
    # name, what people see, type, whether it is ever written
    ("Name", "Task Name", "text", True),
    ("Kind", "Task, milestone or summary", "choice", True),
    ("Parent", "Summary Task", "parent", True),
    ("Notes", "Notes", "text", True),
    ("Start", "Start", "moment", True),
    ("Finish", "Finish", "moment", True),
    ("Duration", "Duration (minutes)", "number", True),
    ("DurationElapsed", "Duration is elapsed", "flag", True),
    ("Work", "Work (minutes)", "number", True),
    ("PercentComplete", "% Complete", "number", True),
    ("ActualStart", "Actual Start", "moment", True),
    ("ActualFinish", "Actual Finish", "moment", True),
    ("Inactive", "Inactive", "flag", True),
    ("Deadline", "Deadline", "moment", True),
    ("Priority", "Priority", "number", True),
    ("Assignments", "Resource Names", "people", True),
    ("Predecessors", "Predecessors", "links", True),
    ("Hyperlinks", "Hyperlink", "links", True),
    ("Manual", "Manually Scheduled", "flag", True),
    ("BaselineStart", "Baseline Start", "moment", False),
    ("BaselineFinish", "Baseline Finish", "moment", False),
    ("BaselineWork", "Baseline Work (minutes)", "number", False),
    ("BaselineCost", "Baseline Cost", "number", False),
    ("ActualWork", "Actual Work (minutes)", "number", False),
    ("Cost", "Cost", "number", False),
    ("ActualCost", "Actual Cost", "number", False),
    ("RemainingCost", "Remaining Cost", "number", False),
    ("WBS", "WBS", "text", False),
    ("UID", "Unique ID", "number", False),
    ("Estimated", "Estimated", "flag", False),
    ("Constraint", "Constraint Type", "choice", False),
    ("ConstraintDate", "Constraint Date", "moment", False),
    ("TotalSlack", "Total Slack (minutes)", "number", False),
    ("FreeSlack", "Free Slack (minutes)", "number", False),
    ("Critical", "Critical", "flag", False),
)
_TYPES = {
    "Text": "text",
    "OutlineCode": "text",
    "Flag": "flag",
    "Number": "number",
    "Cost": "number",
    "Duration": "number",
    "Date": "moment",
    "Start": "moment",
    "Finish": "moment",
}


def info_of(
    plan: PlanRows, container: str, *, wanted_key_field: str = KEY_FIELD, touched: datetime | None = None
) -> ContainerInfo:
    """The container as the port wants it. Files of other formats than XML take changes by hand.

    `touched` is the file's own time, aware. It stands for a last saving that the file does not tell, but not of XML:
    that file we write too.
    """
    key_field = key_field_of(plan, wanted_key_field)
    by_hand = plan.kind is not FileKind.MSPDI
    aliases = dict(plan.aliases)
    fields = [
        NativeField(name, title, kind, writable and not by_hand) for name, title, kind, writable in _FIELDS
    ]
    fields += [
        NativeField(name, aliases.get(name) or name, _TYPES[family(name)], not by_hand)
        for name in IDS
        if name != key_field
    ]
    fields += [
        NativeField(name, alias, "text", writable=False) for name, alias in aliases.items() if name not in IDS
    ]
    return ContainerInfo(
        container=container,
        title=title_of(plan, container),
        fields=fields,
        fingerprint=plan.project.guid or f"file {container}",
        by_hand=by_hand,
        keys=key_field is not None,
        limits={"Name": 255},
        facts=facts_of(plan, container),
        edited=plan.project.last_saved or (touched if by_hand else None),
    )


def title_of(plan: PlanRows, container: str) -> str:
    """The plan's title: the file's own, else its name without folder and suffix."""
    return (
        plan.project.title.strip()
        or container.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]
        or container
    )


def facts_of(plan: PlanRows, container: str) -> ProjectFacts:
    """What the file says of the project. It names no time zone; the configuration does."""
    project = plan.project
    return ProjectFacts(
        id=container,
        title=title_of(plan, container),
        manager=project.manager,
        currency=project.currency or project.currency_symbol,
        status_date=project.status_date.date() if project.status_date else None,
        calendar=calendar_of(plan.calendar()),
    )


def calendar_of(row: CalendarRow | None) -> Calendar:
    """A calendar in the model's words."""
    return STANDARD if row is None else Calendar(row.name or STANDARD.name, row.week, dict(row.exceptions))
