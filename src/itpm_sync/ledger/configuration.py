"""The configuration that deciding last rested on, and which one each run took the place of.

In: a fingerprint, what it was made of, the run that took it. Out: the base in force; the one before, put back by the
undo of the run that replaced it, so that a mapping nobody accepts any more stops the next run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from itpm_sync.codec import Json
from itpm_sync.ledger import schema
from itpm_sync.ledger.database import Transaction
from itpm_sync.ledger.documents import pack, unpack
from itpm_sync.ledger.prepared import Prepared
from itpm_sync.ledger.statements import insert_missing, upsert

_bases, _replaced = schema.config_bases, schema.replaced_bases
_BASE = Prepared(select(_bases).where(_bases.c.project == bindparam("its_project")))


@dataclass(frozen=True, slots=True)
class Replaced:
    """The base a run took the place of. `fingerprint` None: there was none, the project was never synced."""

    fingerprint: str | None
    document: Json
    in_force: bool
    """Whether the base that the run took is still the one in force."""
    back: bool
    """Whether the base before it is in force again."""


def accept(transaction: Transaction, fingerprint: str, *, document: Json, run: str | None) -> None:
    """Take a configuration as the new base, and keep the one before where it is another."""
    before = _row(transaction.connection, transaction.project)
    _keep(transaction, before, fingerprint, run)
    upsert(
        transaction.connection,
        _bases,
        [
            {
                "project": transaction.project,
                "fingerprint": fingerprint,
                "document": pack(document),
                "accepted": transaction.now,
                "run": run,
            }
        ],
    )


def in_force(connection: Connection, project: str) -> tuple[str | None, Json | None]:
    """The fingerprint of the base in force, and what it was made of; nothing where the project has none."""
    row = _row(connection, project)
    return (None, None) if row is None else (row.fingerprint, unpack(row.document))


def put_back(transaction: Transaction, run: str, *, by: str) -> bool:
    """Put the base before `run` back in force, if the one it took is (whether it was). `by`: the run that asks."""
    known = replaced(transaction.connection, transaction.project, run)
    if known is None or not known.in_force:
        return False
    if known.fingerprint is not None:
        accept(transaction, known.fingerprint, document=known.document, run=by)
        return True
    _keep(transaction, _row(transaction.connection, transaction.project), None, by)
    transaction.connection.execute(delete(_bases).where(_bases.c.project == transaction.project))
    return True


def replaced(connection: Connection, project: str, run: str) -> Replaced | None:
    """The base that `run` took the place of; None where it took none."""
    row = connection.execute(
        select(_replaced).where(_replaced.c.project == project, _replaced.c.run == run)
    ).first()
    if row is None:
        return None
    now = _row(connection, project)
    document = unpack(row.old_document) if row.old_document else None
    current = now.fingerprint if now is not None else None
    return Replaced(
        row.old_fingerprint,
        document,
        in_force=current == row.new_fingerprint,
        back=current == row.old_fingerprint,
    )


def _row(connection: Connection, project: str) -> Any:
    return _BASE.first(connection, {"its_project": project})


def _keep(transaction: Transaction, before: Any, fingerprint: str | None, run: str | None) -> None:
    old = before.fingerprint if before is not None else None
    if run is None or old == fingerprint:
        return
    row = {
        "project": transaction.project,
        "run": run,
        "old_fingerprint": old,
        "old_document": before.document if before is not None else None,
        "new_fingerprint": fingerprint,
    }
    insert_missing(transaction.connection, _replaced, [row])
