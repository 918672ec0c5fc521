"""Connections lent for one transaction each.

In: an engine, whether the transaction will write. Out: a connection in a transaction, committed or rolled back at the
end. SQLite's connection stays open for the next one; PostgreSQL's goes back to its pool, which looks whether it lives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine

from itpm_sync.ledger.address import WRITES

T = TypeVar("T")


class Lent:
    """The connections of one engine."""

    __slots__ = ("_idle", "engine")

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._idle: list[Connection] = []

    def within(self, work: Callable[[Connection], T], *, writes: bool) -> T:
        """Do `work` within a transaction. One that reads only sees one snapshot."""
        if self.engine.dialect.name == "postgresql":
            options = {WRITES: True} if writes else {"isolation_level": "REPEATABLE READ"}
            with self.engine.connect().execution_options(**options) as connection, connection.begin():
                return work(connection)
        try:
            connection = self._idle.pop()
        except IndexError:  # the first one, or a transaction goes on elsewhere
            connection = self.engine.connect()
        if connection.get_execution_options().get(WRITES, False) != writes:
            connection.execution_options(**{WRITES: writes})
        try:
            with connection.begin():
                done = work(connection)
        except BaseException:
            connection.close()  # whatever state it is in: the pool rolls it back
            raise
        self._idle.append(connection)
        return done

    def close(self) -> None:
        """Let go of all connections."""
        while self._idle:
            self._idle.pop().close()
        self.engine.dispose()
