"""The health answer: whether every project's runs end in time.

In: the schedule. Out: `GET /health` with 200 or 503 and one JSON object; nothing secret, nothing of any item.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from itpm_sync.daemon.schedule import Schedule


def told(schedule: Schedule) -> tuple[bool, dict[str, Any]]:
    """Whether all is well, and each project's state."""
    now = schedule.workspace.clock.now()
    projects = {
        name: {
            "ok": state.ok and not state.late(now),
            "late": state.late(now),
            "last_run_ended": state.ended.isoformat() if state.ended else None,
            "every_seconds": int(state.every.total_seconds()),
            "runs": state.runs,
            "paused": paused_since(schedule, name),
        }
        for name, state in schedule.states.items()
    }
    well = not any(state.late(now) for state in schedule.states.values())
    return well, {"status": "ok" if well else "late", "projects": projects}


def paused_since(schedule: Schedule, name: str) -> str | None:
    """Since when a person has paused the project, or a connection of it; null: not. The reason is for `status`."""
    return min((one.since.isoformat() for one in schedule.pauses(name)), default=None)


def health_app(schedule: Schedule) -> Starlette:
    """The application that answers."""

    async def health(_request: Request) -> JSONResponse:
        well, document = told(schedule)
        return JSONResponse(document, status_code=200 if well else 503)

    return Starlette(routes=[Route("/health", health)])


class _Server(uvicorn.Server):
    """A server that leaves signals to the daemon."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def health_server(schedule: Schedule, host: str, port: int) -> uvicorn.Server:
    """The server, not started yet."""
    config = uvicorn.Config(
        health_app(schedule), host=host, port=port, log_config=None, access_log=False, lifespan="off"
    )
    return _Server(config)
