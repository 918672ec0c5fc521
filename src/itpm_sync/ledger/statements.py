"""Statements that both databases know, told apart in one place.

In: tables and rows. Out: insert, insert-or-update, lists cut to what a database takes as parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, RowMapping, Table, insert
from sqlalchemy.dialects import postgresql, sqlite

from itpm_sync.ledger.prepared import Prepared

Row = dict[str, Any]
_T = TypeVar("_T")
_PARAMETERS = 500


@lru_cache(maxsize=128)
def _upsert(dialect: str, table: Table, columns: tuple[str, ...]) -> Prepared:
    keys = [column.name for column in table.primary_key.columns]
    made = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    changes = {name: made.excluded[name] for name in columns if name not in keys}
    if changes:
        return Prepared(made.on_conflict_do_update(index_elements=keys, set_=changes), keys=columns)
    return Prepared(made.on_conflict_do_nothing(index_elements=keys), keys=columns)


@lru_cache(maxsize=128)
def _keep(dialect: str, table: Table, columns: tuple[str, ...]) -> Prepared:
    made = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    return Prepared(made.on_conflict_do_nothing(), keys=columns)


def upsert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows; where one with the same primary key stands, set its other columns to the row's."""
    if rows:
        _upsert(connection.dialect.name, table, tuple(rows[0])).run(connection, *rows)


@lru_cache(maxsize=128)
def _insert(table: Table, columns: tuple[str, ...]) -> Prepared:
    return Prepared(insert(table), keys=columns)


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows that must not be there yet."""
    if rows:
        _insert(table, tuple(rows[0])).run(connection, *rows)


def insert_missing(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows that are not there yet; leave the others as they stand."""
    if rows:
        _keep(connection.dialect.name, table, tuple(rows[0])).run(connection, *rows)


def named(row: RowMapping) -> Row:
    """A row by column name."""
    return {str(name): value for name, value in row.items()}


def cut(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """`values` in pieces small enough for an IN list."""
    for start in range(0, len(values), _PARAMETERS):
        yield values[start : start + _PARAMETERS]
