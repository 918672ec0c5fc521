"""Repeating, limiting, breaking, threads, paging: under a clock that moves itself, nothing sleeps."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from itpm_sync.errors import Gone, NotTheVendor, Refused, Retry, Stale, Unavailable, UnknownOutcome
from itpm_sync.kit.answer import Outage
from itpm_sync.kit.breaker import Breaker
from itpm_sync.kit.limiter import LocalLimiter, NoLimit, Rate
from itpm_sync.kit.paging import PageOf, gather, walk
from itpm_sync.kit.retry import retrying
from itpm_sync.kit.threads import Threads


@dataclass
class TestClock:
    """Waiting moves it; several waiters see time in the order they asked."""

    __test__ = False
    at: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.at)

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


class Highest:
    def uniform(self, low: float, high: float) -> float:
        return high


@dataclass
class Flaky:
    """Raises what it is given, one a call, then answers."""

    errors: list[Exception]
    calls: int = 0

    async def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def run_retrying(flaky: Flaky, clock: TestClock, limiter: LocalLimiter | NoLimit | None = None) -> str:
    return asyncio.run(
        retrying(flaky, clock=clock, random=Highest(), limiter=limiter or NoLimit(), scope="search")
    )


def test_only_what_was_not_processed_is_repeated() -> None:
    clock, flaky = TestClock(), Flaky([Retry("busy"), Outage("down"), Retry("busy")])
    assert run_retrying(flaky, clock) == "done"
    assert flaky.calls == 4
    assert clock.slept == [1.0, 2.0, 4.0]  # full jitter, at its highest
    for error in (
        UnknownOutcome("?"),
        Refused("no"),
        Stale("old"),
        Gone("gone"),
        Unavailable("off"),
        KeyError("x"),
    ):
        flaky = Flaky([error])
        with pytest.raises(type(error)):
            run_retrying(flaky, clock)
        assert flaky.calls == 1


def test_at_most_four_tries_and_the_last_error_is_told() -> None:
    flaky = Flaky([Retry(str(number)) for number in range(9)])
    with pytest.raises(Retry, match="3"):
        run_retrying(flaky, TestClock())
    assert flaky.calls == 4


def test_retry_after_is_waited_for_and_its_scope_paused() -> None:
    clock = TestClock()
    limiter = LocalLimiter(clock, Rate(1000, 1000))
    flaky = Flaky([Retry("busy", after=30, scope="issue/7")])
    assert run_retrying(flaky, clock, limiter) == "done"
    assert clock.slept[0] >= 30


def test_a_pause_holds_its_scope_and_what_lies_beneath_and_nothing_else() -> None:
    clock = TestClock()
    limiter = LocalLimiter(clock, Rate(1000, 1000))
    limiter.pause("issue/7", 30)
    asyncio.run(limiter.acquire("issue/8"))
    asyncio.run(limiter.acquire("issue/77"))
    assert clock.at == 1000
    asyncio.run(limiter.acquire("issue/7/transitions"))
    assert clock.at == 1030
    limiter.pause("", 5)
    asyncio.run(limiter.acquire("search"))
    assert clock.at == 1035


def test_waits_beyond_fifteen_minutes_suspend() -> None:
    clock, flaky = TestClock(), Flaky([Retry("busy", after=600), Retry("busy", after=600)])
    with pytest.raises(Unavailable, match="15 minutes"):
        run_retrying(flaky, clock)
    assert flaky.calls == 2 and clock.at < 1000 + 900


def test_an_unknown_outcome_after_a_retry_is_not_repeated() -> None:
    flaky = Flaky([Retry("busy"), UnknownOutcome("lost"), Retry("never reached")])
    with pytest.raises(UnknownOutcome):
        run_retrying(flaky, TestClock())
    assert flaky.calls == 2


async def take(limiter: LocalLimiter, count: int, scope: str = "x") -> None:
    for _ in range(count):
        await limiter.acquire(scope)


def test_the_rate_is_kept_after_the_burst() -> None:
    clock = TestClock()
    limiter = LocalLimiter(clock, Rate(per_second=10, burst=5))
    asyncio.run(take(limiter, 5))
    assert clock.at == pytest.approx(1000)
    asyncio.run(take(limiter, 20))
    assert clock.at == pytest.approx(1002)
    clock.at += 60
    start = clock.at
    asyncio.run(take(limiter, 5))
    assert clock.at == pytest.approx(start)  # the burst is there again, and no more than that
    asyncio.run(take(limiter, 1))
    assert clock.at == pytest.approx(start + 0.1)


def test_costs_count_and_scopes_have_their_own_rate() -> None:
    clock = TestClock()
    limiter = LocalLimiter(clock, Rate(10, 10), rates={"bulk": Rate(1, 1)})
    asyncio.run(limiter.acquire("other", cost=10))
    asyncio.run(limiter.acquire("bulk/create"))
    assert clock.at == 1000
    asyncio.run(limiter.acquire("bulk/edit"))
    assert clock.at == pytest.approx(1001)
    asyncio.run(limiter.acquire("history", cost=10))
    asyncio.run(limiter.acquire("history", cost=10))
    assert clock.at == pytest.approx(1002)


def test_after_a_pause_the_pace_is_halved_and_grows_back() -> None:
    clock = TestClock()
    limiter = LocalLimiter(clock, Rate(10, 1))
    asyncio.run(take(limiter, 1))
    limiter.pause("x", 5)
    asyncio.run(take(limiter, 1))
    assert clock.at == pytest.approx(1005)
    before = clock.at
    asyncio.run(take(limiter, 1))
    slow = clock.at - before
    assert slow == pytest.approx(0.2)
    asyncio.run(take(limiter, 60))
    before = clock.at
    asyncio.run(take(limiter, 1))
    assert clock.at - before == pytest.approx(0.1)


def test_a_pause_that_comes_while_we_wait_is_kept() -> None:
    clock = TestClock()
    limiter = LocalLimiter(clock, Rate(1, 1))

    async def sleep(seconds: float) -> None:
        clock.at += seconds
        if clock.at < 1010:
            limiter.pause("", 20)

    clock.sleep = sleep  # type: ignore[method-assign]
    asyncio.run(take(limiter, 2))
    assert clock.at >= 1021


def test_the_breaker_opens_probes_and_closes() -> None:
    clock = TestClock()
    breaker = Breaker(clock, failures=3, seconds=60)

    def through(error: Exception | None, host: str = "a") -> int:
        flaky = Flaky([error] if error else [])
        with contextlib.suppress(Retry, UnknownOutcome, NotTheVendor, Unavailable):
            asyncio.run(breaker.guarded(host, flaky))
        return flaky.calls

    for sick in (Outage("x"), UnknownOutcome("x"), NotTheVendor("x")):
        assert through(sick) == 1
    assert through(None) == 0  # open: nothing is sent
    assert through(None, host="b") == 1
    clock.at += 61
    assert through(Outage("x")) == 1  # the probe fails: open again
    assert through(None) == 0
    clock.at += 61
    assert through(None) == 1
    assert [through(Outage("x")), through(Outage("x")), through(Retry("quota")), through(None)] == [
        1,
        1,
        1,
        1,
    ]
    assert not breaker.is_open("a")


def test_only_one_probe_at_a_time() -> None:
    async def scene() -> None:
        clock = TestClock()
        breaker = Breaker(clock, failures=1, seconds=10)
        with pytest.raises(Outage):
            await breaker.guarded("a", Flaky([Outage("x")]))
        clock.at += 11
        gate = asyncio.Event()

        async def probe() -> str:
            await gate.wait()
            return "well"

        running = asyncio.create_task(breaker.guarded("a", probe))
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await breaker.guarded("a", Flaky([]))
        gate.set()
        assert await running == "well"
        assert await breaker.guarded("a", Flaky([])) == "done"

    asyncio.run(scene())


def test_threads_are_bounded_and_results_and_errors_come_back() -> None:
    async def scene() -> None:
        lock, now, most = threading.Lock(), [0], [0]
        together = threading.Barrier(2, timeout=10)

        def work(number: int) -> int:
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            together.wait()
            with lock:
                now[0] -= 1
            if number == 3:
                raise Refused("three")
            return number * 2

        async with Threads(2) as threads:
            got = await asyncio.gather(*(threads.run(work, n) for n in range(6)), return_exceptions=True)
        assert [one for one in got if isinstance(one, int)] == [0, 2, 4, 8, 10]
        assert isinstance(got[3], Refused)
        assert most[0] == 2
        with pytest.raises(RuntimeError):
            await threads.run(work, 1)

    asyncio.run(scene())


def test_a_cancelled_wait_returns_at_once_and_what_had_not_begun_never_does() -> None:
    async def scene() -> None:
        begun, free, second = threading.Event(), threading.Event(), threading.Event()

        def hang() -> None:
            begun.set()
            free.wait(10)

        async with Threads(1) as threads:
            running = asyncio.create_task(threads.run(hang))
            waiting = asyncio.create_task(threads.run(second.set))
            await asyncio.get_running_loop().run_in_executor(None, begun.wait, 10)
            for task in (running, waiting):
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            free.set()
            assert await threads.run(lambda: "alive") == "alive"
        assert not second.is_set()

    asyncio.run(scene())


Row = tuple[str, int]
Rows = list[Row]


def listing(
    pages: dict[str | None, tuple[Rows, str | None]], *, repeats: bool = False, most_pages: int = 1000
) -> AsyncIterator[PageOf[Row]]:
    async def fetch(token: str | None) -> PageOf[Row]:
        rows, following = pages[token]
        return PageOf(rows, following)

    return walk(fetch, lambda row: row[0], what="Sheet Rollout", repeats=repeats, most_pages=most_pages)


async def rows_of(pages: AsyncIterator[PageOf[Row]]) -> list[Rows]:
    return [list(page.rows) async for page in pages]


def test_pages_are_walked_and_rows_given_once() -> None:
    pages: dict[str | None, tuple[Rows, str | None]] = {
        None: ([("a", 1), ("b", 1), ("a", 2)], "t1"),
        "t1": ([], "t2"),
        "t2": ([("b", 9), ("c", 1)], None),
    }
    assert asyncio.run(rows_of(listing(pages))) == [[("a", 2), ("b", 1)], [], [("c", 1)]]
    assert asyncio.run(rows_of(listing(pages, repeats=True)))[2] == [("b", 9), ("c", 1)]
    last = asyncio.run(gather(listing(pages, repeats=True), lambda row: row[0]))
    assert last == [("a", 2), ("b", 9), ("c", 1)]


def test_paging_in_circles_is_an_error_not_a_listing() -> None:
    circle: dict[str | None, tuple[Rows, str | None]] = {None: ([("a", 1)], "t"), "t": ([("b", 1)], "t")}
    with pytest.raises(NotTheVendor, match="Sheet Rollout"):
        asyncio.run(rows_of(listing(circle)))
    endless: dict[str | None, tuple[Rows, str | None]] = {None: ([("a", 1)], "0")}
    endless |= {str(n): ([("a", 1)], str(n + 1)) for n in range(200)}
    with pytest.raises(NotTheVendor, match="nothing new"):
        asyncio.run(rows_of(listing(endless)))
    many: dict[str | None, tuple[Rows, str | None]] = {None: ([("a", 1)], "0")}
    many |= {str(n): ([(str(n), 1)], str(n + 1)) for n in range(20)}
    with pytest.raises(NotTheVendor, match="more than 5"):
        asyncio.run(rows_of(listing(many, most_pages=5)))
