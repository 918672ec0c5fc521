"""The service: every project on its schedule, in one process, with a health answer; stops soon when asked to.

In: settings and a registry, or a ready workspace. Out: runs in the ledger, live pages. One process may hold a project
at a time (its lease); a second daemon waits for its turn.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

import structlog

from itpm_sync.cycle import open_workspace
from itpm_sync.daemon.health import health_server
from itpm_sync.daemon.schedule import Schedule
from itpm_sync.ports import SystemClock, SystemIds
from itpm_sync.registry import Registry, is_gone, new_holder
from itpm_sync.settings import Settings

GRACE = 8.0
"""Seconds a run may go on after a stop was asked for; then it is broken off, and the next run takes it up."""


def serve(settings: Settings, registry: Registry, *, host: str, port: int) -> int:
    """Run until SIGTERM or Ctrl-C. Returns 0."""
    clock = SystemClock()
    ids = SystemIds(clock)
    with open_workspace(
        settings, registry, clock=clock, ids=ids, holder=new_holder(), gone=is_gone
    ) as workspace:
        every = {name: project.every for name, project in settings.projects.items()}
        schedule = Schedule(workspace, every)
        asyncio.run(_served(schedule, registry, host, port))
    return 0


async def _served(schedule: Schedule, registry: Registry, host: str, port: int) -> None:
    log = structlog.get_logger()
    stop = asyncio.Event()
    _on_signals(stop.set)
    server = health_server(schedule, host, port)
    answering = asyncio.create_task(server.serve())
    running = asyncio.create_task(schedule.run(stop))
    log.info("daemon started", projects=sorted(schedule.states))
    try:
        await asyncio.wait(
            {asyncio.create_task(stop.wait()), answering, running}, return_when=asyncio.FIRST_COMPLETED
        )
        stop.set()
        done, late = await asyncio.wait({running}, timeout=GRACE)
        for task in late:
            task.cancel()
        await asyncio.gather(*done, *late, return_exceptions=True)
    finally:
        server.should_exit = True
        await asyncio.gather(answering, return_exceptions=True)
        await registry.close()
        log.info("daemon stopped")


def _on_signals(stop: Callable[[], None]) -> None:
    """Stop on SIGTERM and Ctrl-C, also where the event loop knows no signals (Windows)."""
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(name, stop)
        except NotImplementedError:
            signal.signal(name, lambda _number, _frame: loop.call_soon_threadsafe(stop))
