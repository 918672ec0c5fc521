"""What a simulation may do to a ledger in memory: take its image, put one back, look inside, hear of its commits.

In: a ledger opened at `sqlite://`. Out: bytes of the whole database; the one connection; its engine. No run uses this.
"""

from __future__ import annotations

import sqlite3

from sqlalchemy import Engine

from itpm_sync.ledger.store import Ledger


def engine_of(ledger: Ledger) -> Engine:
    """The engine, for its events `begin` and `commit`."""
    return ledger._database.engine


def connection_of(ledger: Ledger) -> sqlite3.Connection:
    """The one connection to the database, for questions that must cost nothing."""
    found = engine_of(ledger).raw_connection().driver_connection
    if not isinstance(found, sqlite3.Connection):
        raise TypeError("only a ledger in memory has one connection")
    return found


def image(ledger: Ledger) -> bytes:
    """The whole database as it is: a backup."""
    return connection_of(ledger).serialize()


def put_back(ledger: Ledger, data: bytes) -> None:
    """The database as it was in `image`; every Ledger over it sees that."""
    connection_of(ledger).deserialize(data)
