"""What a sheet held when it was last listed, and whether it still does.

In: sheet ids and versions. Out: the sheet as it is now. A sheet that was listed before is asked for what is newer than
that; where nothing is, the answer is a few bytes, and the ids that were listed are the ids that are there: an idle
sheet is a complete listing too, without which no deletion could be believed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .reading import Reader
from .sheet import Shape


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A sheet at one version. `rows` is None where nothing changed since the version that was asked about."""

    version: int
    ids: frozenset[str]
    shape: Shape | None = None
    rows: Sequence[Mapping[str, Any]] | None = None
    steady: bool = True
    """Whether all rows are of that version; if not, something may be missing."""


class Follower:
    """Follows the sheets of one connection through their versions; remembers ids, never rows."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._listed: dict[str, Snapshot] = {}

    async def since(self, sheet: str, version: int | None) -> Snapshot:
        """The sheet as it is now; None asks for its rows in any case. Raises Gone, Denied, Unavailable, Unreadable."""
        known = self._listed.get(sheet)
        after = version if known is not None and known.version == version else None
        listing = await self._reader.listing(sheet, after=after)
        if listing is None:
            assert known is not None
            return known
        ids = frozenset(str(row.get("id")) for row in listing.rows)
        self._listed.pop(sheet, None)
        if listing.steady:
            self._listed[sheet] = Snapshot(listing.version, ids)
            if listing.version == version:
                return self._listed[sheet]
        return Snapshot(listing.version, ids, listing.shape, listing.rows, listing.steady)
