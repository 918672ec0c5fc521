"""One container's pull while it goes on.

In: nothing. Out: the word `Pulled`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from itpm_sync.connector import ContainerInfo
from itpm_sync.errors import ItpmError
from itpm_sync.ledger import ContainerState


@dataclass(slots=True)
class Pulled:
    """One container's pull. Mutable while it goes on."""

    connection: str
    container: str
    info: ContainerInfo | None = None
    state: ContainerState | None = None
    """As stored; None where the pull did not come to its end."""
    before: ContainerState | None = None
    listed: frozenset[str] | None = None
    """Every native id that is there, where this pull listed them all."""
    skipped: list[tuple[str, str]] = field(default_factory=list)
    last_edit: datetime | None = None
    error: ItpmError | None = None
    complete: bool = False
    """Whether this pull read every record that is there."""
    recognised: int = 0
    """How many of the records that were read are tied, tombstones left out."""
    strange: str = ""
    """Why it is not the container it was; then nothing of it was read."""
    returned: frozenset[str] = frozenset()
    """Fields that it has again: every record is read, and what it says of them is heard whatever its revision."""

    @property
    def whole(self) -> bool:
        """Whether all that is there is known: listed now, or listed once and followed since."""
        return self.error is None and self.state is not None and self.state.last_complete is not None

    @property
    def unlike(self) -> bool:
        """Whether the list shows nothing of what was there: a filter, another account, an answer that was cut."""
        had = self.before.known if self.before is not None else 0
        return had > 0 and (self.listed == frozenset() or (self.complete and self.recognised == 0))
