"""Civil days and the instants of tools that only know instants.

In: days of the project's one zone. Out: the instant to write and the day to read (counterexample L2), and the edges
of a working day that mean "no time" (lenses.md, Schedule). No calendar is in here: working days are not our business.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

_TEN: Final = time(10, 0, tzinfo=UTC)
START_EDGES: Final = frozenset({time(8, 0)})
"""A start at one of these times is a start with no time: a tool's own beginning of the day."""
FINISH_EDGES: Final = frozenset({time(17, 0), time(16, 59, 59)})
"""A finish at one of these times is a finish with no time: a tool's own end of the day."""
_DAY: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)")


def instant_of(day: date, zone: ZoneInfo) -> datetime:
    """The instant that stands for a day where only instants are held: 10:00Z if the zone then shows the day.

    Elsewhere the zone's noon of that day. Source: counterexample L2 (0 of 27,500 days shifted, all zones).
    """
    ten = datetime.combine(day, _TEN)
    if ten.astimezone(zone).date() == day:
        return ten
    return datetime.combine(day, time(12), tzinfo=zone).astimezone(UTC)


def day_of(instant: datetime, zone: ZoneInfo) -> date:
    """The day that the project's zone shows at an instant. Raises ValueError for an instant without a zone."""
    if instant.tzinfo is None:
        raise ValueError("an instant without a zone names no day")
    return instant.astimezone(zone).date()


def parse_instant(text: str) -> datetime:
    """An ISO 8601 instant (with `Z` or an offset), in UTC. Raises ValueError for anything else."""
    instant = datetime.fromisoformat(_short_fraction(text))
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no zone")
    return instant.astimezone(UTC)


def format_instant(instant: datetime) -> str:
    """As the web's APIs like it: `2026-03-08T10:00:00Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_day(text: str) -> date:
    """`2026-03-08`, strictly. Raises ValueError."""
    match = _DAY.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no day (YYYY-MM-DD)")
    return date(int(match[1]), int(match[2]), int(match[3]))


def parse_local(text: str) -> datetime:
    """A civil date and time without a zone: `2026-03-08T08:00:00`. Raises ValueError where a zone is given."""
    local = datetime.fromisoformat(_short_fraction(text))
    if local.tzinfo is not None:
        raise ValueError(f"{text!r} has a zone; a civil time has none")
    return local.replace(microsecond=0)


def _short_fraction(text: str) -> str:
    """Graph sends seven digits of a second; Python reads at most six."""
    return re.sub(r"(\.\d{6})\d+", r"\1", text)
