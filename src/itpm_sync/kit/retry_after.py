"""The Retry-After header, from an honest vendor or not.

In: the header's text and the present instant. Out: seconds to wait, clamped, or None where the header is missing
or senseless. Fault catalogue: F04, F06.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

SHORTEST: Final = 1.0
LONGEST: Final = 3600.0
SUSPEND_BEYOND: Final = 900.0
"""Seconds; a longer wait suspends the connection for this run instead of blocking it."""

_NUMBER: Final = re.compile(r"[+-]?\d{1,20}(\.\d{1,9})?")


def retry_after(header: str | None, *, now: datetime) -> float | None:
    """Seconds, within 1 s to 1 h. `now` is aware. None: no header, or one that says nothing readable."""
    if header is None:
        return None
    text = header.strip()
    if _NUMBER.fullmatch(text):
        return _clamp(float(text))
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    # "-0000" says: no zone known; the header's dates are GMT by definition (RFC 9110, 5.6.7)
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return _clamp((at - now).total_seconds())


def _clamp(seconds: float) -> float:
    return min(LONGEST, max(SHORTEST, seconds)) if math.isfinite(seconds) else LONGEST
