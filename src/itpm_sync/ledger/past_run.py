"""What one run did, read back: its writes with what became of them.

In: a project, a run. Out: intents with their outcomes, those of the run and those of later runs, oldest first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from itpm_sync.bases import Intent
from itpm_sync.ledger import schema
from itpm_sync.ledger.documents import intent_of
from itpm_sync.ledger.statements import named


@dataclass(frozen=True, slots=True)
class Told:
    """An intent with what became of it; `outcome` None: it is not known yet."""

    intent: Intent
    outcome: str | None
    run: str | None
    """The run that closed it: its own, or one that recovered it."""


_table = schema.intents


def since(connection: Connection, project: str, moment: datetime) -> list[Told]:
    """Every write of a project that was intended at `moment` or later, oldest first."""
    wanted = select(_table).where(_table.c.project == project, _table.c.made >= moment)
    rows = connection.execute(wanted.order_by(_table.c.made, _table.c.id)).mappings()
    return [Told(intent_of(named(row)), row["outcome"], row["closed_run"]) for row in rows]
