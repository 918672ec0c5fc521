"""Time, ids and chance that a story moves by hand.

In: a start. Out: a Clock whose sleeps move it, Ids that count, a Random without chance.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta


class ManualClock:
    """A clock that stands still until it is moved; whoever sleeps moves it."""

    def __init__(self, start: datetime = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)) -> None:
        self._now = start
        self._started = start
        self.slept: list[float] = []
        """Seconds of every sleep so far."""

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return (self._now - self._started).total_seconds()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.move(seconds)
        await asyncio.sleep(0)  # others run meanwhile

    def move(self, seconds: float = 0.0, **amount: float) -> None:
        """Move on by seconds, or by a timedelta's arguments (`hours=1`)."""
        self._now += timedelta(seconds=seconds, **amount)


class CountingIds:
    """Ids that count up: `run-000001`."""

    def __init__(self) -> None:
        self._count = 0

    def new(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}-{self._count:026d}"


class MiddleRandom:
    """No chance: always the middle."""

    def uniform(self, low: float, high: float) -> float:
        return (low + high) / 2
