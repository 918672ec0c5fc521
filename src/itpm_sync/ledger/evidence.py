"""What a ledger can prove and tell back: the past, the audit, anchors, redaction.

In: a project, a moment, kept anchors. Out: words of `as_of`, `audit`, `anchor`, `redaction`. Only `redact` writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from itpm_sync.codec import Json
from itpm_sync.ledger import redaction, runs, schema, unpacked
from itpm_sync.ledger.anchor import Head, Misfit, heads, ledger_id, misfits, signed
from itpm_sync.ledger.as_of import Past, past
from itpm_sync.ledger.audit import Audit, examine
from itpm_sync.ledger.reads import Reads
from itpm_sync.ledger.trouble import explained
from itpm_sync.ledger.words import Lease, Run


class Evidence(Reads):
    """The questions of those who look back, and the one answer that takes something away."""

    def as_of(self, project: str, moment: datetime | None = None) -> Past:
        """The project as agreed at `moment` (aware; None: now), from its history alone."""
        return self._read(lambda c: past(c, project, moment=moment))

    def runs_until(self, project: str, moment: datetime, *, limit: int = 50) -> list[Run]:
        """The runs that had begun at `moment`, newest first; as they ended, whenever that was."""
        table = schema.runs
        wanted = (
            select(table.c.id)
            .where(table.c.project == project, table.c.started <= moment)
            .order_by(table.c.started.desc(), table.c.fence.desc(), table.c.id.desc())
            .limit(limit)
        )
        return self._read(lambda c: [runs.one(c, row.id) for row in c.execute(wanted).all()])

    def audit(self, project: str) -> Audit:
        """Whether the project's history holds, and what of it does not."""
        key = self._database.key
        return self._read(lambda c: examine(c, project, key=key))

    def head(self, project: str) -> Head:
        """The newest entry of the project's history."""
        return self._read(lambda c: heads(c, [project])).get(project, Head(0, ""))

    def anchor(self, projects: Sequence[str] | None = None) -> dict[str, Json]:
        """The heads of these projects (None: of all), signed: to be kept outside the ledger."""
        ledger, found = self._read(lambda c: (ledger_id(c), heads(c, projects)))
        return signed(self._database.key, ledger, made=self._database.clock.now(), found=found)

    def misfits(self, kept: Mapping[str, Any], projects: Sequence[str] | None = None) -> list[Misfit]:
        """Where the ledger is not what a kept anchor says it was."""
        key = self._database.key
        return self._read(lambda c: misfits(c, key, kept, projects))

    def redact(self, lease: Lease, run: str, wanted: redaction.Redaction) -> redaction.Redacted:
        """Take the past values of one field of one item out of every table, in one transaction."""
        with explained(self._database.shown):
            return self._database.write(lease, lambda t: redaction.redact(t, run, wanted))

    def purge(self) -> None:
        """Overwrite what the database's files still hold of removed values. Raises Busy, Unavailable."""
        unpacked.forget()
        with explained(self._database.shown):
            redaction.purge(self._database)
