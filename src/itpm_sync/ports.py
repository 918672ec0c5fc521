"""What reaches the engine from outside: time, ids, randomness, waiting, files. Nothing else may.

In: nothing. Out: small protocols, and the real implementations that `cli` hands in. Tests, the demo and the
simulator hand in others.
"""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import shutil
import time as _time
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Time, as handed in."""

    def now(self) -> datetime:
        """The instant, always aware and in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never step back; for time-outs and waits only."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait. A test's clock moves itself instead."""
        ...


class Ids(Protocol):
    """New identities."""

    def new(self, prefix: str) -> str:
        """A fresh id, `prefix-` and 26 lower-case characters that sort by time of making."""
        ...


class Random(Protocol):
    """Chance for jitter only; no decision depends on it."""

    def uniform(self, low: float, high: float) -> float: ...


class Limiter(Protocol):
    """Keeps calls under a vendor's quota. One a connection in process; the ledger's row when workers share it."""

    async def acquire(self, scope: str, cost: float = 1.0) -> None:
        """Wait until `scope` (an endpoint class) may be called at this cost.

        Raises Unavailable where the vendor's waits of this run would be longer in all than they may be.
        """
        ...

    def pause(self, scope: str, seconds: float) -> None:
        """Let nothing through for `scope` before `seconds` from now (a Retry-After)."""
        ...

    def spend(self, seconds: float) -> None:
        """Count a wait from now on that the vendor asked for. Raises Unavailable where those of this run would be
        longer in all than they may be; then nothing goes through any more in this run.
        """
        ...

    def renew(self) -> None:
        """Another run begins: its waits are counted from none. Pauses that a vendor asked for stand."""
        ...


class Files(Protocol):
    """The file system, as far as publishing and plan files need it."""

    def read(self, path: Path) -> bytes: ...

    def write(self, path: Path, data: bytes) -> None:
        """Replace atomically: a reader sees the old bytes or the new, never a half."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return _time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_PAIRS = [high + low for high in _ALPHABET for low in _ALPHABET]
_SHIFTS = range(120, -1, -10)
"""26 digits of 5 bits, two at a time, the highest first."""


class SystemIds:
    """Ids from the clock and the system's randomness: 48 bits of milliseconds, 80 of chance."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()

    def new(self, prefix: str) -> str:
        number = (int(self._clock.now().timestamp() * 1000) << 80) | secrets.randbits(80)
        return f"{prefix}-{''.join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])}"


class SystemRandom:
    """Jitter from the standard generator; nothing secret is drawn here."""

    def uniform(self, low: float, high: float) -> float:
        return random.uniform(low, high)


class LocalFiles:
    """The local disk; writes go to a neighbour first and are then renamed over the old file.

    A replaced file keeps its permissions; a new one gets those the process gives by default.
    """

    def read(self, path: Path) -> bytes:
        return path.read_bytes()

    def write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".itpm-{secrets.token_hex(8)}.part")
        try:
            with part.open("xb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            if path.exists():
                shutil.copymode(path, part)
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
