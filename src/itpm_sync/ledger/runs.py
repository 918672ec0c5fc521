"""Runs and their plans.

In: when a run begins, its plan, how it ended. Out: runs, newest first. A run found unfinished by the next one was
interrupted: the lease lets only one go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from itpm_sync.codec import Json
from itpm_sync.errors import Misconfigured
from itpm_sync.ledger import schema
from itpm_sync.ledger.database import Transaction
from itpm_sync.ledger.documents import pack, unpack
from itpm_sync.ledger.prepared import Prepared
from itpm_sync.ledger.statements import insert_rows, upsert
from itpm_sync.ledger.words import Lease, Run, RunKind, RunStatus

_table = schema.runs

# made once: they run in every run
_INTERRUPTED = Prepared(
    update(_table)
    .where(_table.c.project == bindparam("its_project"), _table.c.status == RunStatus.RUNNING.value)
    .values(status=RunStatus.INTERRUPTED.value, finished=bindparam("its_end"))
)
_FINISHED = Prepared(
    update(_table)
    .where(_table.c.id == bindparam("its_run"), _table.c.project == bindparam("its_project"))
    .values(status=bindparam("its_status"), finished=bindparam("its_end"), summary=bindparam("its_summary"))
)

_NEWEST = Prepared(
    select(_table)
    .where(_table.c.project == bindparam("its_project"))
    .order_by(_table.c.started.desc(), _table.c.fence.desc(), _table.c.id.desc())
    .limit(bindparam("its_limit"))
)
_ONE = Prepared(select(_table).where(_table.c.id == bindparam("its_run")))


def begin(transaction: Transaction, lease: Lease, *, run: str, kind: RunKind) -> None:
    """Begin a run, and close those that a kill left open."""
    _INTERRUPTED.run(transaction.connection, {"its_project": lease.project, "its_end": transaction.now})
    insert_rows(
        transaction.connection,
        _table,
        [
            {
                "id": run,
                "project": lease.project,
                "kind": kind.value,
                "holder": lease.holder,
                "fence": lease.fence,
                "started": transaction.now,
                "status": RunStatus.RUNNING.value,
                "summary": "{}",
            }
        ],
    )


def finish(transaction: Transaction, run: str, *, status: RunStatus, summary: Json) -> None:
    """Say how the run ended. A summary also names the end of the history, so that any copy of it is an anchor."""
    if isinstance(summary, dict):
        seq, mac = transaction.chain.head()
        summary = {**summary, "head": {"seq": seq, "mac": mac}}
    ended = {
        "its_run": run,
        "its_project": transaction.project,
        "its_status": status.value,
        "its_end": transaction.now,
        "its_summary": pack(summary),
    }
    _FINISHED.run(transaction.connection, ended)


def mark_approved(transaction: Transaction, plan: str, *, by: str) -> None:
    """Say that run `by` carried out the plan of run `plan`."""
    transaction.connection.execute(
        update(_table)
        .where(_table.c.id == plan, _table.c.project == transaction.project)
        .values(approved_by=by)
    )


def store_plan(transaction: Transaction, run: str, *, plan: Json) -> None:
    """Keep the run's plan, as data."""
    upsert(
        transaction.connection,
        schema.plans,
        [{"run": run, "project": transaction.project, "document": pack(plan)}],
    )


def plan_of(connection: Connection, run: str) -> Json | None:
    """The plan of a run, or None where it made none."""
    text = connection.execute(select(schema.plans.c.document).where(schema.plans.c.run == run)).scalar()
    return unpack(text) if text else None


def listed(connection: Connection, project: str, *, limit: int) -> Sequence[Run]:
    """The newest runs of a project, newest first."""
    return [_run(row) for row in _NEWEST.all(connection, {"its_project": project, "its_limit": limit})]


def one(connection: Connection, run: str) -> Run:
    """The run of that id. Raises Misconfigured."""
    row = _ONE.first(connection, {"its_run": run})
    if row is None:
        raise Misconfigured(f"There is no run {run}.", mend="See: itpm-sync runs list")
    return _run(row)


def _run(row: Any) -> Run:
    return Run(
        row.id,
        row.project,
        RunKind(row.kind),
        row.holder,
        row.started,
        row.finished,
        RunStatus(row.status),
        unpack(row.summary),
        row.approved_by,
    )
