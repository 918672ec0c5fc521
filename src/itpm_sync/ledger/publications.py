"""Frozen copies of pages, and what was last put at the live addresses.

In: pages' digests and addresses. Out: numbers without a gap, live digests.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from itpm_sync.codec import Json
from itpm_sync.ledger import schema
from itpm_sync.ledger.database import Transaction
from itpm_sync.ledger.documents import pack, unpack
from itpm_sync.ledger.statements import insert_rows, upsert
from itpm_sync.ledger.words import LivePage, Publication

_table = schema.publications
_live = schema.live_pages


def next_number(connection: Connection, project: str) -> int:
    """The number of the next frozen copy; 1 for the first."""
    last = connection.execute(select(func.max(_table.c.number)).where(_table.c.project == project)).scalar()
    return (last or 0) + 1


def record(transaction: Transaction, number: int, *, title: str, document: Json) -> Publication:
    """Keep a frozen copy under its number. Raises ValueError where that or a later number is taken."""
    following = next_number(transaction.connection, transaction.project)
    if number < following:
        raise ValueError(f"publication {number} of {transaction.project}: the next number is {following}")
    row = {
        "project": transaction.project,
        "number": number,
        "at": transaction.now,
        "title": title,
        "document": pack(document),
    }
    insert_rows(transaction.connection, _table, [row])
    return Publication(number, transaction.now, title, document)


def listed(connection: Connection, project: str) -> list[Publication]:
    """The project's frozen copies, newest first."""
    rows = connection.execute(
        select(_table).where(_table.c.project == project).order_by(_table.c.number.desc())
    )
    return [Publication(row.number, row.at, row.title, unpack(row.document)) for row in rows]


def store_live(transaction: Transaction, pages: Sequence[LivePage]) -> None:
    """Say what stands at fixed addresses now."""
    upsert(
        transaction.connection,
        _live,
        [
            {
                "project": transaction.project,
                "publisher": page.publisher,
                "name": page.name,
                "digest": page.digest,
                "url": page.url,
                "at": page.at,
            }
            for page in pages
        ],
    )


def live(connection: Connection, project: str) -> list[LivePage]:
    """What stands at the project's fixed addresses, as far as we know."""
    rows = connection.execute(
        select(_live).where(_live.c.project == project).order_by(_live.c.publisher, _live.c.name)
    )
    return [LivePage(row.publisher, row.name, row.digest, row.url, row.at) for row in rows]
