"""One host, called with patience: the limiter, repeating by class of error, and the circuit breaker around a call.

In: a call that raises the errors of `itpm_sync.errors`. Out: its result, or the last error.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from itpm_sync.kit.breaker import Breaker
from itpm_sync.kit.retry import retrying
from itpm_sync.ports import Clock, Limiter, Random

T = TypeVar("T")


class Means(Protocol):
    """What calls are made with; the `Tools` that a connector is given have it."""

    @property
    def clock(self) -> Clock: ...
    @property
    def random(self) -> Random: ...
    @property
    def limiter(self) -> Limiter: ...


class Host:
    """One connection's way to its host. Safe for concurrent tasks of one event loop."""

    def __init__(self, name: str, means: Means) -> None:
        self._name, self._means = name, means
        self._breaker = Breaker(means.clock)

    async def call(self, once: Callable[[], Awaitable[T]], *, scope: str = "") -> T:
        """Await `once()`, repeated as `retrying` does. Raises Unavailable while the host is left alone."""
        return await retrying(
            lambda: self._breaker.guarded(self._name, once),
            clock=self._means.clock,
            random=self._means.random,
            limiter=self._means.limiter,
            scope=scope,
        )
