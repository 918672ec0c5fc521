"""A vendor's request quota: so many calls in so many seconds, for each scope.

In: calls with the emulator's clock. Out: None, or the seconds to wait that a 429 names.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class Quota:
    """A sliding window. `window` is in seconds; a refused call does not count against it."""

    calls: int
    window: float
    _seen: dict[str, deque[float]] = field(default_factory=dict)

    def admit(self, scope: str, now: float) -> float | None:
        """None where the call may pass, else the seconds until the next may. `now` never steps back."""
        seen = self._seen.setdefault(scope, deque())
        while seen and seen[0] <= now - self.window:
            seen.popleft()
        if len(seen) < self.calls:
            seen.append(now)
            return None
        return max(0.001, seen[0] + self.window - now) if seen else self.window
