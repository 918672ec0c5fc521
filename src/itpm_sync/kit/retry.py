"""Repeating calls, a policy a class of error.

In: a call that raises the errors of `itpm_sync.errors`. Out: its result, or the last error. Only `Retry` (refused
before processing, or a read that failed) is ever repeated; an `UnknownOutcome` never is. All waiting goes through
the clock that is handed in, so a test's clock does not sleep.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from itpm_sync.errors import ItpmError, Retry, Unavailable
from itpm_sync.kit.retry_after import SUSPEND_BEYOND
from itpm_sync.ports import Clock, Limiter, Random

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Policy:
    """How often a class of error is tried in all, and how its waits grow (seconds)."""

    tries: int
    base: float = 1.0
    cap: float = 60.0


NEVER: Final = Policy(tries=1)
POLICIES: Final[dict[type[ItpmError], Policy]] = {Retry: Policy(tries=4)}
"""What is not named here, or in a base class that is named here, is never repeated."""


def policy_of(error: BaseException | None) -> Policy:
    """The policy of the nearest class that has one."""
    return next((POLICIES[kind] for kind in type(error).__mro__ if kind in POLICIES), NEVER)


async def retrying(
    call: Callable[[], Awaitable[T]], *, clock: Clock, random: Random, limiter: Limiter, scope: str
) -> T:
    """Await `call()`, at most four times, each behind the limiter.

    Waits at least a Retry-After, else a random part of 1, 2, 4 … seconds (full jitter, at most 60 s); the scope that
    the error names is paused for everyone meanwhile. Raises the last error; Unavailable where the waits of this call
    would together pass 15 minutes, or those of the run what the limiter allows. After a Retry-After beyond 15 minutes
    nothing more of the connection goes through in this run, and that scope not before its time in the next ones.
    """
    waited = 0.0

    def wait(state: RetryCallState) -> float:
        nonlocal waited
        error = state.outcome.exception() if state.outcome else None
        seconds = _wait(error, state.attempt_number, random)
        waited += seconds
        if waited > SUSPEND_BEYOND:
            raise Unavailable(
                "The system asks us to wait for more than 15 minutes in all.",
                mend="Its containers sit this run out; the next run tries again.",
            ) from error
        if isinstance(error, Retry):
            limiter.pause(error.scope or scope, seconds)
        limiter.spend(seconds)
        return seconds

    async def once() -> T:
        await limiter.acquire(scope)
        try:
            return await call()
        except Unavailable as error:
            if error.after is not None:
                limiter.pause(error.scope or scope, error.after)
                with suppress(Unavailable):
                    limiter.spend(math.inf)
            raise

    repeat = AsyncRetrying(
        sleep=clock.sleep,
        stop=_stop,
        wait=wait,
        retry=retry_if_exception(lambda error: policy_of(error) is not NEVER),
        reraise=True,
    )
    return await repeat(once)


def _stop(state: RetryCallState) -> bool:
    error = state.outcome.exception() if state.outcome else None
    return stop_after_attempt(policy_of(error).tries)(state)


def _wait(error: BaseException | None, attempt: int, random: Random) -> float:
    policy = policy_of(error)
    after = error.after if isinstance(error, Retry) else None
    if after is not None:
        return after + random.uniform(0.0, min(1.0, after))  # spread: not all workers at the same instant
    return random.uniform(0.0, min(policy.cap, policy.base * 2.0 ** (attempt - 1)))
