"""Where a ledger lies: a path, an SQLite URL or a PostgreSQL URL, made into an engine.

In: what the configuration says. Out: an engine set up for safety: SQLite with WAL, synchronous FULL, foreign keys
and a busy timeout; PostgreSQL through psycopg 3. Raises Misconfigured, Unavailable.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from itpm_sync.errors import Misconfigured
from itpm_sync.ledger.network import network_file_system
from itpm_sync.ledger.prepared import execute

BUSY_TIMEOUT = 10.0
"""Seconds SQLite waits for another process's transaction."""

WRITES = "itpm_writes"
"""Execution option of a connection: its transaction will write."""


def parsed(address: str) -> URL:
    """The URL of a ledger; a bare path is an SQLite file."""
    if "://" not in address:
        return URL.create("sqlite", database=address)
    try:
        url = make_url(address)
    except (ArgumentError, ValueError) as error:
        raise Misconfigured(
            "The ledger's address is no URL.", mend="Write sqlite:///FILE or postgresql://USER@HOST/DATABASE."
        ) from error
    if url.get_backend_name() == "sqlite":
        if (url.database or "").startswith("file:"):
            raise Misconfigured("SQLite's own file: addresses are not taken.", mend="Write sqlite:///FILE.")
        return url.set(drivername="sqlite")
    if url.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return url.set(drivername="postgresql+psycopg")
    raise Misconfigured(
        f"A ledger cannot lie in {url.drivername}.",
        mend="Write sqlite:///FILE or postgresql://USER@HOST/DATABASE.",
    )


def shown(url: URL) -> str:
    """The address as messages name it: a file's path, or a URL without its password."""
    if url.get_backend_name() == "sqlite":
        return url.database or "in memory"
    return url.set(query={}).render_as_string(hide_password=True)


def file_of(url: URL) -> Path | None:
    """The file of an SQLite ledger; None for one in memory or in PostgreSQL."""
    name = url.database
    if url.get_backend_name() != "sqlite" or not name or name == ":memory:":
        return None
    return Path(name)


def engine_of(
    url: URL, *, busy: float = BUSY_TIMEOUT, network: Callable[[Path], str | None] = network_file_system
) -> Engine:
    """An engine for `url`. Nothing is connected yet."""
    # values must never reach a message or a log
    common: dict[str, Any] = {"hide_parameters": True}
    if url.get_backend_name() != "sqlite":
        return _postgres(url, common)
    path = file_of(url)
    if path is None:
        return _memory(url, common)
    _refuse_network(path, network)
    engine = create_engine(url, connect_args={"timeout": busy}, **common)
    event.listen(engine, "connect", _prepare_file)
    event.listen(engine, "begin", _begin)
    return engine


class _Kept(sqlite3.Connection):
    """The one connection to a database in memory: closing it would lose everything, so it is only rolled back.

    SQLAlchemy closes a connection when whoever used it was killed (in a simulation, by an exception).
    """

    def close(self) -> None:
        if self.in_transaction:
            self.rollback()


def _memory(url: URL, common: dict[str, Any]) -> Engine:
    kept = sqlite3.connect(":memory:", factory=_Kept, check_same_thread=False)
    engine = create_engine(url, creator=lambda: kept, poolclass=StaticPool, **common)
    event.listen(engine, "connect", _prepare_memory)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "engine_disposed", lambda _: sqlite3.Connection.close(kept))
    return engine


def _postgres(url: URL, common: dict[str, Any]) -> Engine:
    try:
        return create_engine(url, pool_pre_ping=True, pool_size=4, **common)
    except ModuleNotFoundError as error:
        raise Misconfigured(
            "PostgreSQL's driver is not installed.", mend='Install it: pip install "itpm-sync[postgres]".'
        ) from error


def _refuse_network(path: Path, network: Callable[[Path], str | None]) -> None:
    kind = network(path)
    if kind:
        raise Misconfigured(
            f"The ledger {path} lies on a network file system ({kind}), where SQLite loses data.",
            mend="Put it on a local disk, or use PostgreSQL.",
        )


def _prepare_memory(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # we begin transactions ourselves
    connection.execute("PRAGMA foreign_keys=ON")


def _prepare_file(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    if mode != "wal":
        raise Misconfigured(
            f"SQLite cannot keep its write-ahead log here (journal mode {mode}).",
            mend="Put the ledger on a local disk, or use PostgreSQL.",
        )
    # NORMAL would lose the last commits at a power cut: intents and cursors among them
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _begin(connection: Connection) -> None:
    """Begin ourselves: a transaction that will write takes the write lock at once, so that it never deadlocks."""
    writes = connection.get_execution_options().get(WRITES, False)
    execute(connection, "BEGIN IMMEDIATE" if writes else "BEGIN")


def make_private(path: Path) -> None:
    """Make an SQLite file that only its owner reads, if there is none; its folder must be there."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError:  # it is there, or SQLite will say why it cannot be
        return
