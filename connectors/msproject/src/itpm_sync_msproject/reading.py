"""A plan file read, whichever format it has.

In: its bytes and a name for messages. Out: PlanRows. MSPDI is read here, the other formats in the worker process.
"""

from __future__ import annotations

from itpm_sync_msproject.mspdi import MAX_BYTES, Mspdi
from itpm_sync_msproject.mspdi_rows import rows_of
from itpm_sync_msproject.rows import FileKind, PlanRows
from itpm_sync_msproject.sniff import sniff
from itpm_sync_msproject.worker import PlanWorker


def read_plan(name: str, data: bytes, worker: PlanWorker, *, limit: int = MAX_BYTES) -> PlanRows:
    """The plan. Raises Unreadable with one line that names the file and the mend; Misconfigured without any Java."""
    kind = sniff(name, data, limit=limit)
    if kind is FileKind.MSPDI:
        return rows_of(Mspdi(name, data))
    return worker.read(name, data, kind)
