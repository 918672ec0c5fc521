"""A relay to PostgreSQL that takes the connection away at a COMMIT.

In: the server's port. Out: another port; `cut` says at which COMMIT, and whether the server still gets it.
"""

from __future__ import annotations

import socket
import threading
from enum import StrEnum

_COMMIT = b"COMMIT\x00"
"""The client's command, and the end of the server's CommandComplete. BEGIN … READ COMMITTED is none."""


class Cut(StrEnum):
    """What becomes of the COMMIT at which the connection is lost."""

    LOST = "lost"
    """The server never gets it."""
    SENT = "sent"
    """The server gets it; nobody waits until it is done."""
    DONE = "done"
    """The server does it; its answer is lost."""


class Cutting:
    """Hands everything on, but for the COMMIT it is told to cut at."""

    def __init__(self, port: int) -> None:
        self.server = port
        self.cuts = 0
        self._how: Cut | None = None
        self._number = 0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._ends: list[socket.socket] = [self._listener]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def cut(self, how: Cut, number: int = 1) -> None:
        """Cut at the so many-eth COMMIT from now."""
        with self._lock:
            self._how, self._number = how, number

    def calm(self) -> None:
        """Cut no more."""
        with self._lock:
            self._how = None

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.server))
            self._ends += client, server
            pair = _Pair(self, client, server)
            for work in (pair.outward, pair.inward):
                thread = threading.Thread(target=work, daemon=True)
                self._threads.append(thread)
                thread.start()

    def _meets_commit(self) -> Cut | None:
        """Whether this COMMIT is the one."""
        with self._lock:
            if self._how is None:
                return None
            self._number -= 1
            if self._number > 0:
                return None
            how, self._how = self._how, None
            self.cuts += 1
            return how

    def close(self) -> None:
        """Hang up everywhere."""
        for end in self._ends:
            _hang_up(end)
        for thread in self._threads:
            thread.join(5)
        for end in self._ends:
            end.close()


class _Pair:
    """One client's connection and ours to the server."""

    def __init__(self, relay: Cutting, client: socket.socket, server: socket.socket) -> None:
        self.relay, self.client, self.server = relay, client, server
        self._swallow = False

    def outward(self) -> None:
        while data := _received(self.client):
            how = self.relay._meets_commit() if _COMMIT in data else None
            if how is Cut.LOST:
                break
            self._swallow = how is Cut.DONE
            if not _sent(self.server, data):
                break
            if how is Cut.SENT:
                _hang_up(self.client)  # the client hears nothing more; the server goes on
                return
        _hang_up(self.client)
        _hang_up(self.server)

    def inward(self) -> None:
        heard = b""
        while data := _received(self.server):
            if self._swallow:
                heard += data
                if _COMMIT in heard:
                    break
            elif not _sent(self.client, data):
                break
        _hang_up(self.client)
        _hang_up(self.server)


def _received(end: socket.socket) -> bytes:
    try:
        return end.recv(65536)
    except OSError:
        return b""


def _sent(end: socket.socket, data: bytes) -> bool:
    try:
        end.sendall(data)
    except OSError:
        return False
    return True


def _hang_up(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is down already
