"""Statements that both databases know, told apart in one place.

In: tables and rows. Out: insert, insert-or-update, lists cut to what a database takes as parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, RowMapping, Table, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import Executable

Row = dict[str, Any]
_T = TypeVar("_T")
_PARAMETERS = 500


@lru_cache(maxsize=128)
def _upsert(dialect: str, table: Table, keys: tuple[str, ...], columns: tuple[str, ...]) -> Executable:
    made = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    changes = {name: made.excluded[name] for name in columns if name not in keys}
    if changes:
        return made.on_conflict_do_update(index_elements=list(keys), set_=changes)
    return made.on_conflict_do_nothing(index_elements=list(keys))


@lru_cache(maxsize=128)
def _keep(dialect: str, table: Table) -> Executable:
    made = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    return made.on_conflict_do_nothing()


def upsert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows; where one with the same primary key stands, set its other columns to the row's."""
    if rows:
        keys = tuple(column.name for column in table.primary_key.columns)
        connection.execute(_upsert(connection.dialect.name, table, keys, tuple(rows[0])), list(rows))


@lru_cache(maxsize=128)
def _insert(table: Table) -> Executable:
    return insert(table)


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows that must not be there yet."""
    if rows:
        connection.execute(_insert(table), list(rows))


def insert_missing(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows that are not there yet; leave the others as they stand."""
    if rows:
        connection.execute(_keep(connection.dialect.name, table), list(rows))


def named(row: RowMapping) -> Row:
    """A row by column name."""
    return {str(name): value for name, value in row.items()}


def cut(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """`values` in pieces small enough for an IN list."""
    for start in range(0, len(values), _PARAMETERS):
        yield values[start : start + _PARAMETERS]
