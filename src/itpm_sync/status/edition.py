"""How a page is issued, and its first line: until when it may be relied on.

In: the instant of making, the manner, limits. Out: one sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from itpm_sync.status.limits import Limits
from itpm_sync.status.subject import zone_of
from itpm_sync.status.wording import day, moment


class Manner(StrEnum):
    """How a page comes to be, which its first line says."""

    LIVE = "live"  # refreshed by every sync, at a fixed address
    FROZEN = "frozen"  # a numbered copy that never changes
    FILE = "file"  # made from a plan file, once


@dataclass(frozen=True, slots=True)
class Edition:
    """How a page is issued. `number` counts frozen copies."""

    manner: Manner = Manner.LIVE
    number: int = 0


def banner(now: datetime, edition: Edition, *, zone: str, limits: Limits) -> str:
    """`Checked 14:00; after 18:00 do not rely on this page`, in the project's zone, and the day."""
    place = zone_of(zone)
    here = now.astimezone(place)
    checked = moment(now, place)
    if edition.manner is Manner.FROZEN:
        return f"Report {edition.number:03d}, made {checked} ({zone}). It does not change; newer figures may exist."
    if edition.manner is Manner.FILE:
        return f"Made {checked} ({zone}) from plan files as they were then; it is not refreshed."
    until = (now + limits.valid_for).astimezone(place)
    end = f"{until:%H:%M}" if until.date() == here.date() else moment(until, place)
    return f"Checked {here:%H:%M}; after {end} do not rely on this page. ({day(here.date())}, {zone})"
