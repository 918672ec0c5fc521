"""What a status page is made of: the words handed to `figures`.

In: nothing. Out: a project's items as agreed, its sources with their two ages, its open conflicts, what was left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

from itpm_sync.bases import Conflict
from itpm_sync.model import Item, Link, ProjectFacts

FILE_BASELINE = "from the file, not approved"
"""How the baseline is labelled wherever no baseline was approved in this product."""


@dataclass(frozen=True, slots=True)
class Source:
    """One place the figures come from, with its two ages. Instants are aware; None: not known."""

    name: str
    read: datetime | None = None
    """When we last read all of it."""
    edited: datetime | None = None
    """When it was last edited there; None also where its tool does not tell."""
    url: str = ""
    note: str = ""
    """Why it could not be read, if it could not."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Everything one project's page tells of."""

    facts: ProjectFacts
    items: Sequence[Item]
    sources: Sequence[Source] = ()
    conflicts: Sequence[Conflict] = ()
    left_out: Sequence[str] = ()
    """One line for each thing that could not be read or mapped: what, why, the mend."""
    baseline: str = FILE_BASELINE
    """How the baseline is labelled."""
    places: Mapping[str, Sequence[Link]] = field(default_factory=dict)
    """By item id: links to its records."""


def zone_of(name: str) -> tzinfo:
    """The time zone called `name`; UTC where no such zone is known (plan files name what they like)."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC


def status_day(facts: ProjectFacts, now: datetime) -> date:
    """T: the plan's own status date if it has one, else the run's date in the project's zone."""
    return facts.status_date or now.astimezone(zone_of(facts.zone)).date()
