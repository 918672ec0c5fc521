"""How long a run waits for one connection in all: what a vendor asks for is kept, but not for ever (F06)."""

from __future__ import annotations

import asyncio

import pytest

from itpm_sync.errors import ItpmError, Retry, Unavailable
from itpm_sync.kit.limiter import LocalLimiter, Rate
from itpm_sync.kit.retry import retrying
from itpm_sync.testing.clocks import ManualClock, MiddleRandom

MINUTE = 60.0


class Throttled:
    """A call that is refused with each of these errors, then answered."""

    def __init__(self, *errors: ItpmError) -> None:
        self.errors = list(errors)
        self.calls = 0

    async def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def limited(clock: ManualClock, minutes: float = 15) -> LocalLimiter:
    return LocalLimiter(clock, Rate(1000, 1000), budget=minutes * MINUTE)


def called(call: Throttled, clock: ManualClock, limiter: LocalLimiter, scope: str = "search") -> str:
    return asyncio.run(retrying(call, clock=clock, random=MiddleRandom(), limiter=limiter, scope=scope))


def test_the_waits_of_all_calls_of_a_run_are_counted_together() -> None:
    clock = ManualClock()
    limiter = limited(clock)
    for _ in range(3):
        assert called(Throttled(Retry("busy", after=4 * MINUTE)), clock, limiter) == "done"
    call = Throttled(Retry("busy", after=4 * MINUTE))
    with pytest.raises(Unavailable, match="15 minutes in all"):
        called(call, clock, limiter)
    assert call.calls == 1
    assert 12 * MINUTE <= sum(clock.slept) < 15 * MINUTE


def test_after_that_nothing_more_is_sent_in_this_run_whatever_its_scope() -> None:
    clock = ManualClock()
    limiter = limited(clock, minutes=1)
    with pytest.raises(Unavailable):
        called(Throttled(Retry("busy", after=2 * MINUTE, scope="issue/7")), clock, limiter)
    another = Throttled()
    with pytest.raises(Unavailable, match="next run"):
        called(another, clock, limiter, "elsewhere")
    assert another.calls == 0


def test_the_next_run_begins_with_its_whole_budget() -> None:
    clock = ManualClock()
    limiter = limited(clock, minutes=5)
    with pytest.raises(Unavailable):
        called(Throttled(Retry("busy", after=6 * MINUTE)), clock, limiter)
    limiter.renew()
    clock.move(minutes=10)
    assert called(Throttled(Retry("busy", after=4 * MINUTE)), clock, limiter) == "done"


def test_two_calls_that_wait_at_the_same_time_wait_once() -> None:
    clock = ManualClock()
    limiter = limited(clock, minutes=10)
    limiter.spend(8 * MINUTE)
    limiter.spend(8 * MINUTE)
    limiter.spend(9 * MINUTE)
    with pytest.raises(Unavailable):
        limiter.spend(11 * MINUTE)


def test_waiting_for_the_pace_of_the_quota_is_no_wait_that_a_vendor_asked_for() -> None:
    clock = ManualClock()
    limiter = LocalLimiter(clock, Rate(0.01, 1), budget=MINUTE)

    async def paced() -> None:
        for _ in range(5):
            await limiter.acquire("search")

    asyncio.run(paced())
    assert sum(clock.slept) > 5 * MINUTE


def test_a_pause_is_waited_out_at_the_budgets_cost() -> None:
    clock = ManualClock()
    limiter = limited(clock, minutes=3)
    limiter.pause("", 2 * MINUTE)
    asyncio.run(limiter.acquire("search"))
    limiter.pause("", 2 * MINUTE)
    with pytest.raises(Unavailable):
        asyncio.run(limiter.acquire("search"))
    assert sum(clock.slept) == pytest.approx(2 * MINUTE)


def test_a_retry_after_beyond_fifteen_minutes_suspends_the_connection_and_is_kept_in_the_next_runs() -> None:
    clock = ManualClock()
    limiter = limited(clock)
    long = Unavailable("The system asks us to wait 50 minutes.", after=50 * MINUTE)
    with pytest.raises(Unavailable, match="50 minutes"):
        called(Throttled(long), clock, limiter)
    assert clock.slept == []
    for _ in range(2):  # another project's run, and the next of this one: both before its time
        limiter.renew()
        clock.move(minutes=15)
        early = Throttled()
        with pytest.raises(Unavailable):
            called(early, clock, limiter)
        assert early.calls == 0
    limiter.renew()
    clock.move(minutes=21)
    assert called(Throttled(), clock, limiter) == "done"
