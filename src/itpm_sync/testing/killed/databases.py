"""Empty ledgers, many and quickly: each a copy of one that was made once, as a file or as a PostgreSQL database.

In: a folder, or a server. Out: addresses.
"""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path
from typing import Protocol

from itpm_sync.ledger import Ledger
from itpm_sync.testing.clocks import CountingIds, ManualClock
from itpm_sync.testing.killed.cutting import Cut, Cutting
from itpm_sync.testing.postgres import Postgres

KEY = b"the key of ledgers that are killed"


class Databases(Protocol):
    """Where ledgers come from."""

    def fresh(self) -> str:
        """The address of an empty ledger; the one before it goes."""
        ...

    def through(self, url: str) -> str:
        """The address as a process gets it that may lose its connection."""
        ...

    relay: Cutting | None

    def close(self) -> None: ...


def _make(url: str) -> None:
    clock = ManualClock()
    Ledger.open(url, clock=clock, ids=CountingIds(), key=KEY).close()


class Files:
    """SQLite files in a folder."""

    relay: Cutting | None = None

    def __init__(self, folder: Path) -> None:
        self.folder, self._numbers = folder, count(1)
        self._made = folder / "made.db"
        _make(f"sqlite:///{self._made}")

    def fresh(self) -> str:
        number = next(self._numbers)
        for old in self.folder.glob(f"ledger-{number - 1}.db*"):
            old.unlink()
        path = self.folder / f"ledger-{number}.db"
        shutil.copy(self._made, path)
        return f"sqlite:///{path}"

    def through(self, url: str) -> str:
        return url

    def close(self) -> None:
        """Nothing is open."""


class Server:
    """Databases on a PostgreSQL server, reached by whoever may be cut off through a relay."""

    def __init__(self, server: Postgres) -> None:
        self.server = server
        self.relay: Cutting | None = Cutting(server.port)
        self._made = server.create()
        self._last: str | None = None
        _make(server.url(self._made))

    def fresh(self) -> str:
        if self._last is not None:
            self.server.drop(self._last)
        self._last = self.server.create(like=self._made)
        return self.server.url(self._last)

    def through(self, url: str) -> str:
        assert self.relay is not None
        return url.replace(f":{self.server.port}/", f":{self.relay.port}/")

    def close(self) -> None:
        if self.relay is not None:
            self.relay.close()
        for name in (self._last, self._made):
            if name is not None:
                self.server.drop(name)


__all__ = ["KEY", "Cut", "Databases", "Files", "Server"]
