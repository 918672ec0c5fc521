"""Statements made once, that run in every run.

In: a statement with named parameters, a connection in a transaction. Out: its rows, by name and by place. On SQLite a
statement is compiled once, and goes to the driver as it is: what SQLAlchemy does for each execution takes longer there
than the database itself. PostgreSQL gets it through SQLAlchemy. Events and errors are the same on both ways.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import Executable, Select
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.types import TypeDecorator, TypeEngine

from itpm_sync.ledger.columns import Instant, Line, armoured, bare, stamp

Parameters: TypeAlias = Mapping[str, Any]
_Process: TypeAlias = Callable[[Any], Any]
_STREAMED: Mapping[str, Any] = {"yield_per": 2000}


class _Compiled:
    """A statement as SQLite takes it."""

    __slots__ = ("_always", "_named", "_names", "_read", "_written", "text")

    def __init__(self, statement: Any, dialect: Dialect, keys: Sequence[str] | None, many: int) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=keys)
        expanding = [name for name, bind in compiled.binds.items() if bind.expanding]
        types = {name: bind.type for name, bind in compiled.binds.items()}
        always = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        if expanding:
            (listed,) = expanding
            given = dict.fromkeys((name for name, bind in compiled.binds.items() if bind.required), "")
            whole = statement.params({**given, listed: [""] * many})
            compiled = whole.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
            types |= {f"{listed}_{number}": types[listed] for number in range(1, many + 1)}
        self.text = str(compiled)
        self._names = tuple(compiled.positiontup)
        self._always = {name: always[name] for name in self._names if name in always}
        written = ((place, _to_database(types[name], dialect)) for place, name in enumerate(self._names))
        self._written = tuple((place, process) for place, process in written if process is not None)
        columns = _columns(statement)
        self._named: Any = _row_type(tuple(name for name, _ in columns)) if columns else None
        read = ((place, _from_database(kind, dialect)) for place, (_, kind) in enumerate(columns))
        self._read = tuple((place, process) for place, process in read if process is not None)

    def values(self, parameters: Parameters) -> list[Any]:
        """The parameters in their places."""
        if self._always:
            parameters = {**self._always, **parameters}
        row = [parameters[name] for name in self._names]
        for place, process in self._written:
            if row[place] is not None:
                row[place] = process(row[place])
        return row

    def rows(self, found: Iterable[Sequence[Any]]) -> Iterator[Any]:
        """What was found, as it was stored."""
        make, read = self._named._make, self._read
        for raw in found:
            row = list(raw)
            for place, process in read:
                if row[place] is not None:
                    row[place] = process(row[place])
            yield make(row)


class Prepared:
    """A statement that is run again and again. One that lists ids names that parameter in `listed`."""

    __slots__ = ("_compiled", "_keys", "_listed", "statement")

    def __init__(
        self, statement: Executable, *, keys: Sequence[str] | None = None, listed: str | None = None
    ) -> None:
        self.statement: Any = statement
        self._keys, self._listed = keys, listed
        self._compiled: dict[int, _Compiled] = {}

    def all(self, connection: Connection, parameters: Parameters) -> Sequence[Any]:
        """Its rows."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self.statement, dict(parameters)).all()
        compiled, parameters = self._ready(connection, parameters)
        try:
            found = execute(connection, compiled.text, compiled.values(parameters)).fetchall()
        except sqlite3.Error as error:  # while rows are fetched
            raise _told(connection, compiled.text, error) from error
        return list(compiled.rows(found)) if found else found

    def each(self, connection: Connection, parameters: Parameters) -> Iterator[Any]:
        """Its rows, never all of them at once in memory."""
        if connection.dialect.name != "sqlite":
            yield from connection.execute(self.statement, dict(parameters), execution_options=_STREAMED)
            return
        compiled, parameters = self._ready(connection, parameters)
        try:
            yield from compiled.rows(execute(connection, compiled.text, compiled.values(parameters)))
        except sqlite3.Error as error:  # while rows are fetched
            raise _told(connection, compiled.text, error) from error

    def first(self, connection: Connection, parameters: Parameters) -> Any:
        """Its first row, or None."""
        for row in self.all(connection, parameters):
            return row
        return None

    def scalar(self, connection: Connection, parameters: Parameters) -> Any:
        """The first value of its first row, or None."""
        row = self.first(connection, parameters)
        return None if row is None else row[0]

    def run(self, connection: Connection, *rows: Parameters) -> None:
        """Run it once for each of `rows`."""
        if connection.dialect.name != "sqlite":
            connection.execute(self.statement, [dict(row) for row in rows] if rows[1:] else dict(rows[0]))
            return
        compiled, _ = self._ready(connection, rows[0])
        execute(connection, compiled.text, *map(compiled.values, rows))

    def _ready(self, connection: Connection, parameters: Parameters) -> tuple[_Compiled, Parameters]:
        many = 0
        if self._listed is not None:
            listed = parameters[self._listed]
            many = 1 << (len(listed) - 1).bit_length()  # few lengths, so that few are compiled
            ids = [*listed, *listed[-1:] * (many - len(listed))]
            parameters = {**parameters, **{f"{self._listed}_{n}": one for n, one in enumerate(ids, 1)}}
        found = self._compiled.get(many)
        if found is None:
            found = self._compiled[many] = _Compiled(self.statement, connection.dialect, self._keys, many)
        return found, parameters


def execute(connection: Connection, text: str, *rows: Sequence[Any]) -> sqlite3.Cursor:
    """Run a statement on SQLite's own connection; whoever listens to the engine's statements hears of it."""
    heard: Any = connection.engine.dispatch
    cursor: sqlite3.Cursor = driver(connection).cursor()
    many = len(rows) > 1
    values: Any = rows if many else rows[0] if rows else ()
    for hear in heard.before_cursor_execute:
        hear(connection, cursor, text, values, None, many)
    try:
        if many:
            cursor.executemany(text, values)
        else:
            cursor.execute(text, values)
    except sqlite3.Error as error:
        raise _told(connection, text, error) from error
    for hear in heard.after_cursor_execute:
        hear(connection, cursor, text, values, None, many)
    return cursor


def driver(connection: Connection) -> sqlite3.Connection:
    """SQLite's own connection."""
    found: Any = connection.connection.driver_connection
    return found  # type: ignore[no-any-return]


def _told(connection: Connection, text: str, error: sqlite3.Error) -> DBAPIError:
    """The error as SQLAlchemy would have raised it: no value is in it."""
    made = DBAPIError.instance(
        text, None, error, sqlite3.Error, hide_parameters=True, dialect=connection.dialect
    )
    assert isinstance(made, DBAPIError)
    return made


def _columns(statement: Any) -> list[tuple[str, TypeEngine[Any]]]:
    """Name and type of each column that it gives."""
    if isinstance(statement, Select):
        return [(str(column.key), column.type) for column in statement.selected_columns]
    if isinstance(statement, UpdateBase):
        return [(str(one["name"]), one["type"]) for one in statement.returning_column_descriptions]
    return []


@lru_cache(maxsize=256)
def _row_type(names: tuple[str, ...]) -> Any:
    return namedtuple("Row", names, rename=True)


def _to_database(kind: TypeEngine[Any], dialect: Dialect) -> _Process | None:
    """What a value that is not None becomes on its way in; None: what it is."""
    if isinstance(kind, Line):
        return armoured
    if isinstance(kind, Instant):
        return stamp
    if isinstance(kind, TypeDecorator):
        return lambda value: kind.process_bind_param(value, dialect)
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _from_database(kind: TypeEngine[Any], dialect: Dialect) -> _Process | None:
    """What a value that is not None becomes on its way out; None: what it is."""
    if isinstance(kind, Line):
        return bare
    if isinstance(kind, Instant):
        return datetime.fromisoformat
    if isinstance(kind, TypeDecorator):
        return lambda value: kind.process_result_value(value, dialect)
    return kind.dialect_impl(dialect).result_processor(dialect, None)
