"""Column types that hold the same on SQLite and PostgreSQL.

In: text of any kind, aware datetimes. Out: text both databases take, and the same values back.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator

_ARMOUR = "\x1bjson:"


def sound(text: str) -> bool:
    """Whether both databases take `text` as it is: UTF-8, and no NUL (which PostgreSQL refuses)."""
    if "\0" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # half a surrogate pair, out of hostile JSON
        return False
    return True


def armoured(value: str | None) -> str | None:
    """Text as it is stored."""
    if value is None or (value.isascii() and value.isprintable()):
        return value
    if sound(value) and not value.startswith(_ARMOUR):
        return value
    return _ARMOUR + json.dumps(value)


def bare(stored: str) -> str:
    """The text that `armoured` stored."""
    return str(json.loads(stored[len(_ARMOUR) :])) if stored.startswith(_ARMOUR) else stored


class Line(TypeDecorator[str]):
    """Text from outside: ids, titles, reasons. What a database would refuse is kept armoured as JSON."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return armoured(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else bare(value)


class Instant(TypeDecorator[datetime]):
    """An aware datetime as UTC text of one width, so that text order is time order."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else stamp(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


def stamp(moment: datetime) -> str:
    """`moment` in UTC, to the microsecond. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} names no time zone")
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")
