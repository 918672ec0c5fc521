"""An in-process Limiter: keeps calls under a vendor's quota, a bucket a scope (GCRA), with pauses.

In: rates a scope, a clock, how long a vendor's waits may take together in one run. Out: `acquire` waits, `pause` makes
a scope wait (a Retry-After). After a pause the rate is halved and grows back call by call (F05). Waits beyond the
budget are `Unavailable`: the connection sits the rest of the run out (F06), and a pause still stands in the next one.
Waiting for the quota's own pace is not counted. Single event loop; deterministic under a test's clock.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from itpm_sync.errors import Unavailable
from itpm_sync.ports import Clock

_SLOWEST: Final = 1 / 16
_GROWTH: Final = 1 / 64
_TICK: Final = 1e-9  # seconds; less is the rounding of the sums above, not a wait


@dataclass(frozen=True, slots=True)
class Rate:
    """A quota: calls a second on average, and how many may come at once."""

    per_second: float
    burst: float = 1.0

    def __post_init__(self) -> None:
        if not (self.per_second > 0 and self.burst >= 1):
            raise ValueError("a rate needs more than 0 calls a second and a burst of at least 1")


@dataclass(slots=True)
class _Bucket:
    rate: Rate
    due: float = 0.0
    """When the bucket is empty again (the theoretical arrival time)."""
    pace: float = 1.0
    """The share of the rate used at present."""

    def reserve(self, now: float, cost: float) -> float:
        """Take `cost` and say how many seconds to wait first."""
        step = 1 / (self.rate.per_second * self.pace)
        start = max(now, self.due)
        self.due = start + cost * step
        self.pace = min(1.0, self.pace + _GROWTH)
        return max(0.0, self.due - now - step * max(self.rate.burst, cost))


class LocalLimiter:
    """A Limiter for one process. Scopes without a rate of their own share the default one.

    A scope is a path: `pause("issue")` holds `issue/10042` too, `pause("")` the whole connection.
    """

    def __init__(
        self,
        clock: Clock,
        default: Rate,
        *,
        rates: Mapping[str, Rate] | None = None,
        budget: float = math.inf,
    ) -> None:
        """`budget`: seconds that the waits a vendor asks for may take together until `renew`."""
        self._clock = clock
        self._budget = budget
        self._spent = 0.0
        self._counted = 0.0
        """Until when waiting is counted already: two calls that wait at once wait once."""
        self._over = False
        self._default = _Bucket(default)
        self._buckets = {scope: _Bucket(rate) for scope, rate in (rates or {}).items()}
        self._until: dict[str, float] = {}

    async def acquire(self, scope: str, cost: float = 1.0) -> None:
        """Wait until `scope` may be called at this cost; calls are let through in the order they asked."""
        if self._over:
            raise self._spent_out()
        await self._wait_out(scope)
        wait = self._bucket(scope).reserve(self._clock.monotonic(), cost)
        if wait > _TICK:
            await self._clock.sleep(wait)
            await self._wait_out(scope)  # a pause may have come while we waited

    def pause(self, scope: str, seconds: float) -> None:
        """Let nothing through for `scope` and what lies beneath it before `seconds` from now."""
        now = self._clock.monotonic()
        self._until = {name: until for name, until in self._until.items() if until > now}
        self._until[scope] = max(self._until.get(scope, 0.0), now + seconds)
        bucket = self._bucket(scope)
        bucket.pace = max(_SLOWEST, bucket.pace / 2)

    def spend(self, seconds: float) -> None:
        """Count a wait from now on. Raises Unavailable beyond the budget, and from then on until `renew`."""
        now = self._clock.monotonic()
        more = max(0.0, now + seconds - max(now, self._counted))
        if self._over or math.isinf(more) or self._spent + more > self._budget:
            self._over = True
            raise self._spent_out()
        self._spent += more
        self._counted = max(self._counted, now + seconds)

    def renew(self) -> None:
        """Count from none again."""
        self._spent, self._over = 0.0, False

    def _spent_out(self) -> Unavailable:
        most = f" ({self._budget / 60:.0f} minutes in all)" if math.isfinite(self._budget) else ""
        return Unavailable(
            f"The system asks us to wait longer than a run may{most}.",
            mend="The rest waits for the next run; `wait_at_most` of the connection allows more.",
        )

    async def _wait_out(self, scope: str) -> None:
        while (wait := self._paused(scope)) > 0:
            self.spend(wait)
            await self._clock.sleep(wait)

    def _paused(self, scope: str) -> float:
        """Seconds that the scope, or one above it, is still paused."""
        now = self._clock.monotonic()
        return max((until - now for name, until in self._until.items() if _covers(name, scope)), default=0.0)

    def _bucket(self, scope: str) -> _Bucket:
        while scope and scope not in self._buckets:
            scope = scope.rpartition("/")[0]
        return self._buckets.get(scope, self._default)


def _covers(above: str, scope: str) -> bool:
    return above in ("", scope) or scope.startswith(f"{above}/")


class NoLimit:
    """A Limiter that never waits: for folders, and for tests of other things."""

    async def acquire(self, scope: str, cost: float = 1.0) -> None:
        return None

    def pause(self, scope: str, seconds: float) -> None:
        return None

    def spend(self, seconds: float) -> None:
        return None

    def renew(self) -> None:
        return None
