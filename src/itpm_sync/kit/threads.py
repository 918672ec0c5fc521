"""Blocking SDKs in worker threads: a bounded pool that neither blocks the loop nor the end of the process.

In: a function and its arguments. Out: its result, awaited. A cancelled wait returns at once: what has not begun is
dropped, what is running ends by its own time-out and its result is thrown away (its intent stays open and is looked
up later). The threads are daemons, so that a stop is not held up by a hanging socket (F60).
"""

from __future__ import annotations

import asyncio
import contextvars
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Job:
    work: Callable[[], Any]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    context: contextvars.Context


class Threads:
    """At most `size` calls at a time; further ones wait their turn. Close it with `close()` or `async with`."""

    def __init__(self, size: int = 4, *, name: str = "itpm-sync") -> None:
        if size < 1:
            raise ValueError("a pool needs at least one thread")
        self._size, self._name = size, name
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._busy = 0
        self._closed = False

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `function` in a worker thread and await its result. Raises what it raises."""
        if self._closed:
            raise RuntimeError("the thread pool is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._jobs.put(_Job(lambda: function(*args, **kwargs), future, loop, contextvars.copy_context()))
        self._busy += 1
        if len(self._threads) < min(self._size, self._busy):
            self._start()
        try:
            return await future
        finally:
            self._busy -= 1

    def close(self) -> None:
        """Take no more work and let the threads end; does not wait for them."""
        if not self._closed:
            self._closed = True
            for _ in self._threads:
                self._jobs.put(None)

    async def __aenter__(self) -> Threads:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> None:
        thread = threading.Thread(target=self._work, name=f"{self._name}-{len(self._threads)}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            if job.future.cancelled():  # nobody waits any more, and nothing was sent
                continue
            _finish(job, *_outcome(job))


def _outcome(job: _Job) -> tuple[Any, BaseException | None]:
    try:
        return job.context.run(job.work), None
    except BaseException as error:  # noqa: BLE001 - carried over to the one who waits
        return None, error


def _finish(job: _Job, result: Any, error: BaseException | None) -> None:
    def tell() -> None:
        if job.future.done():
            return
        if error is not None:
            job.future.set_exception(error)
        else:
            job.future.set_result(result)

    try:
        job.loop.call_soon_threadsafe(tell)
    except RuntimeError:  # the loop has ended: nobody is left to tell
        pass
