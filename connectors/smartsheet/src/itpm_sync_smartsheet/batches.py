"""Requests of up to 500 rows, sent so that one bad row never stops the others.

In: drafts (a change with the row to send). Out: each draft with what became of it. Smartsheet refuses a whole request
for one row, and names the row, often the column: that cell (or row) is left out and the rest is sent again, which is
safe, as nothing was done. A request whose outcome is unknown is never sent again.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from itpm_sync.connector import Change, Status
from itpm_sync.errors import ItpmError, Refused, Retry, UnknownOutcome

from .answers import Rejected

MOST_ROWS: Final = 500
PLACES: Final = frozenset({1062, 1063, 1064, 1185})
"""Codes that speak of the place the rows were to go to: the same for all rows of a request."""

Send = Callable[[list[dict[str, Any]]], Awaitable[Mapping[str, Any]]]
"""Sends rows and gives the answer."""


@dataclass(slots=True)
class Draft:
    """A change on its way. `cells` by native name; `row` is what the row of the request has beside them."""

    change: Change
    row: dict[str, Any]
    cells: dict[str, dict[str, Any]]
    essential: frozenset[str] = frozenset()
    """Cells without which the row is not written at all (a new row's title and key)."""
    refused: dict[str, str] = field(default_factory=dict)
    status: Status | None = None
    error: ItpmError | None = None
    answer: Mapping[str, Any] | None = None
    """The row as the write's own answer tells it."""
    version: int = 0
    """The sheet's version that the write made, 0 where none was told."""
    alone: bool = True
    """Whether nobody else wrote to the sheet between our reading and this write: versions rise one by one."""

    @property
    def body(self) -> dict[str, Any]:
        return self.row | ({"cells": list(self.cells.values())} if self.cells else {})

    def finish(self, status: Status, error: ItpmError | None = None) -> None:
        self.status, self.error = status, error


class Batches:
    """Sends drafts of one sheet one request after the other. `version` is the sheet's as last known, 0 unknown."""

    def __init__(self, version: int) -> None:
        self.version = version
        self.alone = version > 0
        self.effects = False
        """Whether anything was, or may have been, done."""

    async def send(self, drafts: Sequence[Draft], send: Send) -> None:
        """All drafts, 500 at a time. Raises Denied, Gone, Unavailable or NotTheVendor before the first effect only."""
        for start in range(0, len(drafts), MOST_ROWS):
            await self._chunk(list(drafts[start : start + MOST_ROWS]), send)

    async def _chunk(self, drafts: list[Draft], send: Send) -> None:
        waiting = drafts
        while waiting:
            try:
                said = await send([draft.body for draft in waiting])
            except Rejected as error:
                if error.index is None and len(waiting) > 1 and error.code not in PLACES:
                    middle = len(waiting) // 2
                    await self._chunk(waiting[:middle], send)
                    await self._chunk(waiting[middle:], send)
                    return
                waiting = _without_culprit(waiting, error)
            except ItpmError as error:
                self.failed(waiting, error)
                return
            else:
                self._took(waiting, said)
                return

    def failed(self, drafts: Sequence[Draft], error: ItpmError) -> None:
        """What an error says of these drafts. Raises it where surely nothing at all was done and a retry is no use."""
        if isinstance(error, UnknownOutcome):
            self.effects = True
            _finish(drafts, Status.UNKNOWN, error)
        elif isinstance(error, Refused):
            _finish(drafts, Status.REFUSED, error)
        elif isinstance(error, Retry) or self.effects:
            _finish(drafts, Status.RETRY, error)
        else:  # no permission, no sheet, no connection
            raise error

    def _took(self, drafts: Sequence[Draft], said: Mapping[str, Any]) -> None:
        self.effects = True
        rows = said.get("result")
        rows = rows if isinstance(rows, list) and all(isinstance(row, Mapping) for row in rows) else []
        if len(rows) != len(drafts):
            words = "Smartsheet's answer does not name the rows it wrote; they are read back first."
            _finish(drafts, Status.UNKNOWN, UnknownOutcome(words))
            return
        version = said["version"] if isinstance(said.get("version"), int) else 0
        self.alone = self.alone and version == self.version + 1
        self.version = version
        by_id = {str(row.get("id")): row for row in rows}
        for place, draft in enumerate(drafts):
            native_id = draft.change.native_id
            draft.answer = rows[place] if native_id is None else by_id.get(native_id)
            draft.version, draft.alone = version, self.alone
            draft.finish(Status.PARTLY if draft.refused else Status.APPLIED)


def _finish(drafts: Sequence[Draft], status: Status, error: ItpmError) -> None:
    for draft in drafts:
        draft.finish(status, error)


def _without_culprit(drafts: list[Draft], error: Rejected) -> list[Draft]:
    """The drafts to send again. The refused cell is left out, or the row where nothing else is left of it."""
    if error.code in PLACES:
        _finish(drafts, Status.REFUSED, error)
        return []
    index = error.index if error.index is not None and error.index < len(drafts) else 0
    culprit = drafts[index]
    named = next((name for name in re.findall(r"\d{6,}", error.message) if name in culprit.cells), None)
    if named is not None:
        culprit.refused[named] = str(error)
        del culprit.cells[named]
        culprit.error = error
        moves = "toBottom" in culprit.row and culprit.change.native_id is not None
        if named not in culprit.essential and (culprit.cells or moves):
            return drafts
    culprit.finish(Status.REFUSED, error)
    return [draft for draft in drafts if draft is not culprit]
