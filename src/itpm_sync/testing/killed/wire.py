"""Tools that live in another process: their calls go over a socket, and whoever serves them may kill the caller.

In: in the serving process the memory connectors; in the calling one a path. Out: `Served`, `RemoteConnector`.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any, ClassVar

from itpm_sync import errors
from itpm_sync.connector import (
    Account,
    Change,
    ContainerInfo,
    Edit,
    Found,
    Outcome,
    Page,
    Sighting,
)
from itpm_sync.errors import ItpmError
from itpm_sync.memory import MemoryConnector
from itpm_sync.simulator.bench import drive

SOCKET = "tools.sock"
_THERE = "there?"


class RemoteConnector(MemoryConnector):
    """A memory connector whose tool another process has."""

    line: ClassVar[Connection[Any, Any]]

    @classmethod
    def reach(cls, folder: Path) -> None:
        """Connect this process to the tools. Raises OSError."""
        cls.line = Client(str(folder / SOCKET), "AF_UNIX")

    def _ask(self, method: str, *args: Any) -> Any:
        self.line.send((self.name, method, args))
        kind, answer = self.line.recv()
        if kind == "raised":
            name, message, mend = answer
            raise getattr(errors, name)(message, mend=mend)
        return answer

    async def describe(self, container: str) -> ContainerInfo:
        found: ContainerInfo = self._ask("describe", container)
        return found

    async def pull(self, container: str, cursor: str | None, *, full: bool = False) -> AsyncIterator[Page]:
        for page in self._ask("pull", container, cursor):
            yield page

    async def read(self, container: str, native_ids: Sequence[str]) -> Sequence[Sighting]:
        found: Sequence[Sighting] = self._ask("read", container, list(native_ids))
        return found

    async def apply(self, container: str, changes: Sequence[Change]) -> Sequence[Outcome]:
        found: Sequence[Outcome] = self._ask("apply", container, list(changes))
        return found

    async def find(self, containers: Sequence[str], keys: Sequence[str], since: datetime) -> Found:
        if not self.capabilities.keys:
            return await super().find(containers, keys, since)
        found: Found = self._ask("find", list(containers), list(keys), since)
        return found

    async def history(
        self, container: str, native_ids: Sequence[str], since: datetime
    ) -> Mapping[str, Sequence[Edit]]:
        if not self.capabilities.history:
            return await super().history(container, native_ids, since)
        found: Mapping[str, Sequence[Edit]] = self._ask("history", container, list(native_ids), since)
        return found

    async def people(self, mails: Sequence[str]) -> Mapping[str, Sequence[Account]]:
        return dict.fromkeys(mails, ())


@dataclass(slots=True)
class Deadly:
    """At which call the caller dies: how many are to come, and whether that one takes effect."""

    number: int
    phase: str
    """`lost`, `arrived` or `answered`."""


class Served:
    """The tools of a scene, served to one process after the other."""

    def __init__(self, folder: Path) -> None:
        self.connectors: Mapping[str, MemoryConnector] = {}
        self.deadly: Deadly | None = None
        self.pid: Callable[[], int] = lambda: 0
        """Whom to kill; waits until it is known."""
        self.met = 0
        """Calls of the process now served."""
        self.last = ""
        """The call of it that came last."""
        self.told: Any = None
        """What it said at its end."""
        self._folder = folder
        self._listener = Listener(str(folder / SOCKET), "AF_UNIX")
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                line = self._listener.accept()
            except OSError:
                return
            try:
                while True:
                    self._answer(line, line.recv())
            except (EOFError, OSError):
                line.close()  # it is dead, or done

    def _answer(self, line: Connection[Any, Any], asked: Any) -> None:
        name, method, args = asked
        if name == "" and method == _THERE:
            line.send(method)
            return
        if name == "":
            self.told = args
            return
        self.met, self.last = self.met + 1, method
        deadly = self.deadly
        phase = deadly.phase if deadly is not None and self.met == deadly.number else ""
        if phase in ("lost", "arrived"):
            os.kill(self.pid(), signal.SIGKILL)
        if phase == "lost":
            return
        answer = self._done(name, method, args)
        if phase == "answered":
            os.kill(self.pid(), signal.SIGKILL)
            return
        line.send(answer)

    def _done(self, name: str, method: str, args: Sequence[Any]) -> tuple[str, Any]:
        connector = self.connectors[name]
        try:
            if method == "pull":
                return "done", drive(_pages(connector, *args))
            return "done", drive(getattr(connector, method)(*args))
        except ItpmError as error:
            return "raised", (type(error).__name__, error.message, error.mend)

    def settled(self) -> None:
        """Wait until every call of processes that have ended was carried out: one is served after the other."""
        with Client(str(self._folder / SOCKET), "AF_UNIX") as line:
            line.send(("", _THERE, ()))
            line.recv()

    def close(self) -> None:
        """Serve nobody any more."""
        self._listener.close()


async def _pages(connector: MemoryConnector, container: str, cursor: str | None) -> list[Page]:
    return [page async for page in connector.pull(container, cursor)]
