"""Durations as MSPDI writes them (PT40H0M0S and a format code), and MSPDI's other codes.

In: text and codes of the file. Out: minutes, units and names; and back. Codes: Microsoft's MSPDI reference
(DurationFormat, LagFormat, ConstraintType, PredecessorLink/Type).
"""

from __future__ import annotations

import re

from itpm_sync_msproject.rows import Span

_PT = re.compile(
    r"^(-?)P(?:(\d+(?:\.\d+)?)Y)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$"
)
_MINUTES = (0.0, 0.0, 1440.0, 60.0, 1.0, 1 / 60)
"""Of a year, a month (never written by Project, not to be guessed), a day, an hour, a minute, a second."""

MAX_MINUTES = 1e9
"""Nineteen centuries: a longer duration is a broken one."""

UNITS = {3: "m", 5: "h", 7: "d", 9: "w", 11: "mo"}
"""Working-time format codes; one more is elapsed, 32 more is estimated."""

LINK_TYPES = ("FF", "FS", "SF", "SS")
CONSTRAINTS = ("ASAP", "ALAP", "MSO", "MFO", "SNET", "SNLT", "FNET", "FNLT")
PERCENT_FORMATS = frozenset({19, 20, 51, 52})
DAYS = 7
ELAPSED_DAYS = 8


def minutes_of(text: str | None) -> float | None:
    """Minutes of an ISO 8601 duration, None where there is none or it is no duration. Seconds count as parts."""
    match = _PT.match(text.strip()) if text else None
    if match is None:
        return None
    sign, *parts = match.groups()
    total = sum(float(part) * unit for part, unit in zip(parts, _MINUTES, strict=True) if part)
    if total > MAX_MINUTES:
        return None
    return -total if sign else total


def iso_of(minutes: float) -> str:
    """`minutes` as Project writes it: PT40H0M0S. Whole seconds; negative ones with a leading minus."""
    seconds = round(abs(minutes) * 60)
    hours, rest = divmod(seconds, 3600)
    return f"{'-' if minutes < 0 and seconds else ''}PT{hours}H{rest // 60}M{rest % 60}S"


def span_of(text: str | None, code: str | None) -> Span | None:
    """The span of a duration and its DurationFormat; days where the code is missing or unknown."""
    minutes = minutes_of(text)
    if minutes is None:
        return None
    unit, elapsed, estimated = read_format(code)
    return Span(minutes, unit, elapsed, estimated)


def read_format(code: str | None) -> tuple[str, bool, bool]:
    """Unit, whether elapsed, whether estimated, of a DurationFormat."""
    number = int(code) if code and code.strip().isdigit() else DAYS
    estimated = number >= 35
    number -= 32 if estimated else 0
    elapsed = number in {4, 6, 8, 10, 12}
    return UNITS.get(number - elapsed, "d"), elapsed, estimated
