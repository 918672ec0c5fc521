"""Small texts of the configuration made into values: times, spans, calendars, names.

In: what an admin writes (`15 min`, `08:00-12:00`, `Mon`). Out: values, or ValueError with what would be right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time, timedelta
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

_UNITS: Final[Mapping[str, str]] = {
    "s": "seconds", "sec": "seconds", "second": "seconds", "seconds": "seconds",
    "min": "minutes", "minute": "minutes", "minutes": "minutes",
    "h": "hours", "hour": "hours", "hours": "hours",
    "d": "days", "day": "days", "days": "days",
    "w": "weeks", "week": "weeks", "weeks": "weeks",
}  # fmt: skip
_SPAN: Final = re.compile(r"(\d{1,6}) ?([a-z]+)", re.IGNORECASE)
_SPAN_MEND: Final = "write a number and a unit: 15 min, 4 h, 14 days"
DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_RESERVED: Final = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")


def span(text: Any) -> timedelta:
    """A span of time from `15 min`; more than zero. Raises ValueError."""
    if isinstance(text, timedelta):
        return text
    match = _SPAN.fullmatch(text.strip()) if isinstance(text, str) else None
    unit = _UNITS.get(match[2].lower()) if match else None
    if not match or not unit or int(match[1]) == 0:
        raise ValueError(f"this is no span of time; {_SPAN_MEND}")
    return timedelta(**{unit: int(match[1])})


Span = Annotated[
    timedelta,
    BeforeValidator(span),
    WithJsonSchema(
        {"type": "string", "pattern": r"^\d+ ?[A-Za-z]+$", "examples": ["15 min", "4 h", "14 days"]}
    ),
]


def hours(text: Any) -> tuple[time, time]:
    """A working span of one day from `08:00-12:00`. Raises ValueError."""
    try:
        start, _, end = str(text).partition("-")
        found = time.fromisoformat(start.strip()), time.fromisoformat(end.strip())
    except ValueError:
        raise ValueError("write working hours as 08:00-12:00") from None
    if found[0] >= found[1]:
        raise ValueError("working hours end after they begin, as 08:00-12:00")
    return found


Hours = Annotated[
    tuple[time, time],
    BeforeValidator(lambda given: given if isinstance(given, tuple) else hours(given)),
    WithJsonSchema({"type": "string", "pattern": r"^\d\d:\d\d ?- ?\d\d:\d\d$", "examples": ["08:00-12:00"]}),
]


def zone(name: str) -> str:
    """An IANA time zone that this machine knows. Raises ValueError."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        near = _near_zone(name)
        mend = f"did you mean {near}?" if near else "write an IANA name, as Europe/Berlin or America/New_York"
        raise ValueError(f"no such time zone is known; {mend}") from None
    return name


def _near_zone(name: str) -> str:
    from difflib import get_close_matches
    from zoneinfo import available_timezones

    known = {each.casefold(): each for each in available_timezones()}
    cities = {each.rpartition("/")[2].casefold(): each for each in sorted(known.values(), reverse=True)}
    folded = name.casefold().replace(" ", "_")
    if folded in known or folded in cities:
        return known.get(folded) or cities[folded]
    near = get_close_matches(folded, list(known), n=1, cutoff=0.75)
    return known[near[0]] if near else ""


Zone = Annotated[str, AfterValidator(zone)]


def short_name(name: str) -> str:
    """A name that may stand in file names and addresses, on Windows too. Raises ValueError."""
    if not _NAME.fullmatch(name) or _RESERVED.fullmatch(name):
        raise ValueError(
            "use letters, digits, hyphens and underscores, at most 63, and no name that Windows reserves"
        )
    return name


ShortName = Annotated[
    str, AfterValidator(short_name), WithJsonSchema({"type": "string", "pattern": f"^{_NAME.pattern}$"})
]


def _as_text(given: Any) -> Any:
    """Sheet numbers and the like are often written without quotes."""
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else given


Text = Annotated[
    str,
    BeforeValidator(_as_text),
    Field(min_length=1, max_length=1000),
    WithJsonSchema({"type": ["string", "integer"]}),
]
"""A text that YAML may take for a whole number."""
