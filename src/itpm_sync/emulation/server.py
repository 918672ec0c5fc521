"""An emulator on a real socket of 127.0.0.1, in a thread of this process.

In: an emulator (or any ASGI application with faults of its own). Out: the base URL, while the `with` block lasts.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from .emulator import Emulator

HOST = "127.0.0.1"
START_LIMIT = 10.0
"""Seconds after which a server that has not started is given up."""


@contextmanager
def serve(emulator: Emulator, port: int = 0) -> Iterator[str]:
    """Serve until the block ends; port 0 takes a free one. Raises OSError where the port is taken."""
    listener = listen(port)
    server = Server(config(emulator))
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name=f"{emulator.name}-emulator", daemon=True
    )
    thread.start()
    try:
        if not server.ready.wait(START_LIMIT):
            raise OSError(f"The {emulator.name} emulator did not start within {START_LIMIT:g} s.")
        yield f"http://{HOST}:{listener.getsockname()[1]}"
    finally:
        server.stop()
        thread.join(START_LIMIT)
        listener.close()


def listen(port: int = 0) -> socket.socket:
    """A listening socket: callers may connect at once and are answered when the server runs."""
    # Named, not 0: asyncio switches Nagle off only for sockets that say TCP, else each answer waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def config(emulator: Emulator) -> uvicorn.Config:
    """The plainest server: no log, no lifespan, no headers of its own, connections that can be reset."""
    return uvicorn.Config(
        emulator.app,
        http=Protocol,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=1,
    )


class Server(uvicorn.Server):
    """uvicorn that says when it listens and stops at once, instead of looking ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._stopping = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """At once: callers of an emulator that ends are as cut off as those of a vendor that fails."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for task in list(self.server_state.tasks):
            task.cancel()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)

    def stop(self) -> None:
        """From any thread. Does nothing where the server never ran or has ended."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopping.set)


class Protocol(H11Protocol):
    """Hands the application a way to reset the connection, which ASGI has none for."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        inner = self.app

        async def with_reset(scope: Any, receive: Any, send: Any) -> None:
            extensions = {**scope.get("extensions", {}), "itpm.reset": transport.abort}
            await inner({**scope, "extensions": extensions}, receive, send)

        self.app = with_reset
