"""What a database says when it cannot, in the house's words.

In: errors of SQLAlchemy's drivers. Out: errors of `errors`, naming the ledger and the mend; no value, no password.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from itpm_sync.errors import Busy, Denied, ItpmError, Unavailable, Unreadable

_AGAIN = (
    "40001",  # serialisation failure: rolled back whole
    "40P01",  # deadlock: likewise
    "57P01",  # the server shuts down, or an administrator ended the session
    "57P02",  # the server crashed
    "57P03",  # the server is starting
)


def may_repeat(error: DBAPIError) -> bool:
    """Whether the transaction may be tried again: the connection broke, or the server rolled it back for another's."""
    return bool(error.connection_invalidated) or _state(error) in _AGAIN or _unreachable(error)


def _unreachable(error: DBAPIError) -> bool:
    """Whether no connection could be made: libpq then gives no SQLSTATE, whatever the reason."""
    return isinstance(error, OperationalError) and not _sqlite(error) and not _state(error)


def _state(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", None) or "")


def _sqlite(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlite_errorname", None) or "")


def explain(error: SQLAlchemyError, ledger: str) -> ItpmError:
    """The house's error for what a driver raised; `ledger` is its address without a password."""
    if isinstance(error, PoolTimeout):
        return Unavailable(f"The ledger {ledger} has no connection free.", mend="Run again.")
    if not isinstance(error, DBAPIError):  # a mistake of ours, not of the database
        raise error
    name = _sqlite(error)
    if name:
        return _of_sqlite(name, ledger)
    state = _state(error)
    for starts, made in _POSTGRES.items():
        if state.startswith(starts):
            kind, says, mend = made
            return kind(f"The ledger {ledger} {says}.", mend=mend)
    if error.connection_invalidated or not state:
        return Unavailable(
            f"The ledger {ledger} cannot be reached: its server is down, or refuses the user or the database's name.",
            mend="Check that the server runs and that the ledger's address is right; nothing was half stored.",
        )
    return Unavailable(f"The ledger {ledger} refused a statement (SQLSTATE {state}).")


_POSTGRES: dict[str, tuple[type[ItpmError], str, str]] = {
    "53100": (Unavailable, "has no disk space left", "Free space, then run again: nothing was half stored."),
    "53": (Unavailable, "has no room for another connection or statement", "Raise the database's limits."),
    "25006": (Unavailable, "is read-only (a standby?)", "Point the ledger's address to the primary server."),
    "42501": (Denied, "does not let this user make or write tables", "Grant the user rights on its schema."),
    "55P03": (Busy, "is locked by another process", "Run again once the other is done."),
    "XX001": (Unreadable, "is damaged", "Restore it from a backup."),
    "XX002": (Unreadable, "is damaged", "Restore it from a backup."),
}

_SQLITE: dict[str, tuple[type[ItpmError], str, str]] = {
    "SQLITE_BUSY": (Busy, "is locked by another process", "Run again once the other is done."),
    "SQLITE_LOCKED": (Busy, "is locked by another process", "Run again once the other is done."),
    "SQLITE_FULL": (
        Unavailable,
        "cannot grow: the disk is full",
        "Free space, then run again: nothing was half stored.",
    ),
    "SQLITE_READONLY": (
        Unavailable,
        "cannot be written: the file or its folder is read-only",
        "Make it writable, then run again.",
    ),
    "SQLITE_CANTOPEN": (
        Unavailable,
        "cannot be opened: its folder does not exist or may not be written",
        "Create the folder, or correct the ledger's path.",
    ),
    "SQLITE_PERM": (Unavailable, "may not be opened by this user", "Correct the file's rights."),
    "SQLITE_CORRUPT": (
        Unreadable,
        "is damaged",
        "Restore it from a backup; the tools themselves are untouched.",
    ),
    "SQLITE_NOTADB": (
        Unreadable,
        "is not a ledger: the file is of another kind",
        "Correct the ledger's path.",
    ),
    "SQLITE_IOERR": (
        Unavailable,
        "cannot be read or written: the disk reports an error",
        "Check the disk; a ledger must lie on a local one.",
    ),
}


def _of_sqlite(name: str, ledger: str) -> ItpmError:
    for starts, (kind, says, mend) in _SQLITE.items():
        if name.startswith(starts):
            return kind(f"The ledger {ledger} {says}.", mend=mend)
    return Unavailable(f"The ledger {ledger} refused a statement ({name}).")


class _Explained:
    """`explained`. A class: it is entered for every transaction."""

    __slots__ = ("_ledger",)

    def __init__(self, ledger: str) -> None:
        self._ledger = ledger

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, SQLAlchemyError):
            raise explain(error, self._ledger) from error


def explained(ledger: str) -> AbstractContextManager[None]:
    """Let no driver's error out of this block."""
    return _Explained(ledger)
