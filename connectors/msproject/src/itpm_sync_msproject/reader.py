"""Plan files for `itpm-sync report`: no account, no configuration.

In: a path. Out: its records and what it says of the project. Several files need one worker process only.
"""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

from itpm_sync.connector import FileContent, FileReader
from itpm_sync.errors import Unreadable
from itpm_sync_msproject.describing import info_of
from itpm_sync_msproject.mspdi import MAX_BYTES
from itpm_sync_msproject.reading import read_plan
from itpm_sync_msproject.records import Records
from itpm_sync_msproject.settings import jvm_choice
from itpm_sync_msproject.sniff import check_size, kind_of
from itpm_sync_msproject.worker import PlanWorker, WorkerLimits

SUFFIXES = frozenset({".mpp", ".mpt", ".mpx", ".xer"})
"""A file of such a name is ours even if its content is broken: then `read` says how."""


class PlanReader(FileReader):
    """Reads .mpp, .mpt, .mpx, .xer and Microsoft Project's .xml."""

    def __init__(self, limits: WorkerLimits | None = None) -> None:
        self._worker = PlanWorker(limits or WorkerLimits(jvm=jvm_choice()))

    def accepts(self, path: Path, head: bytes) -> bool:
        return kind_of(head) is not None or path.suffix.lower() in SUFFIXES

    def read(self, path: Path) -> FileContent:
        name = path.name
        try:
            check_size(name, path.stat().st_size, limit=MAX_BYTES)
            data = path.read_bytes()
        except FileNotFoundError:
            raise Unreadable(f"{name} is not there.", mend="Check the path.") from None
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise Unreadable(
                f"{name} cannot be opened: {reason}.",
                mend="Close it in other programs, or check its permissions.",
            ) from None
        rows = read_plan(name, data, self._worker)
        return FileContent(
            info=info_of(rows, name),
            records=list(Records(rows, name)),
            warnings=[f"{name}: {warning}" for warning in rows.warnings],
            # A plan names no zone. UTC is at most half a day off, and the age is only shown and held against weeks.
            saved=rows.project.last_saved.replace(tzinfo=UTC) if rows.project.last_saved else None,
        )

    def close(self) -> None:
        self._worker.close()
