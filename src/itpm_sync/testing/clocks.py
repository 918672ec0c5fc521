"""Time and ids that a test moves by hand: those of the simulator, and a clock for processes that cannot share one.

In: a start. Out: Clocks that are moved, Ids that count.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from itpm_sync.ports import SystemClock
from itpm_sync.simulator.clocks import CountingIds, ManualClock, MiddleRandom

__all__ = ["AheadClock", "CountingIds", "ManualClock", "MiddleRandom"]


class AheadClock(SystemClock):
    """The machine's clock, moved ahead by hand: for processes that cannot share one that stands still."""

    def __init__(self, ahead: float = 0.0) -> None:
        self.ahead = ahead
        """Seconds."""
        self._last = datetime.min.replace(tzinfo=UTC)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Never the same millisecond twice: no two edits of a tool have one time."""
        with self._lock:
            real = super().now() + timedelta(seconds=self.ahead)
            self._last = max(real, self._last + timedelta(milliseconds=1))
            return self._last

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead

    def move(self, **amount: float) -> None:
        """Move on by a timedelta's arguments (`hours=1`)."""
        self.ahead += timedelta(**amount).total_seconds()
