"""Fixed addresses of pages: file names that every system takes.

In: any names. Out: unique lower-case names of letters, digits and hyphens, legal on Windows (no reserved device name,
no trailing dot), never `index`. The same names in the same order give the same addresses.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from itpm_sync.codec import digest

_LONGEST = 60
_RESERVED = frozenset({"con", "prn", "aux", "nul", "index", "pictures", "reports"}) | {
    f"{device}{number}" for device in ("com", "lpt") for number in range(10)
}
_FOLDED = str.maketrans(
    {"ß": "ss", "æ": "ae", "ø": "o", "å": "a", "ä": "ae", "ö": "oe", "ü": "ue", "đ": "d", "ł": "l"}
)


def address_of(name: str) -> str:
    """One name as an address. A name without any Latin letter or digit gets one from its hash."""
    lowered = unicodedata.normalize("NFC", name[: 4 * _LONGEST].casefold()).translate(_FOLDED)
    plain = unicodedata.normalize("NFKD", lowered).encode("ascii", "ignore").decode("ascii")
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST].strip("-")
    if not slug:
        return f"project-{digest(name)[:8]}"
    return f"project-{slug}" if slug in _RESERVED else slug


def addresses(names: Sequence[str]) -> list[str]:
    """An address for each name, in order; equal ones are numbered `-2`, `-3`."""
    taken: set[str] = set()
    found: list[str] = []
    for name in names:
        slug = address_of(name)
        unique, number = slug, 1
        while unique in taken:
            number += 1
            unique = f"{slug}-{number}"
        taken.add(unique)
        found.append(unique)
    return found
