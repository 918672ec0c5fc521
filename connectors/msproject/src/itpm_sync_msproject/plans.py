"""The plans of one folder as the port wants them: read, looked up, written.

In: settings and the file system handed in. Out: what `connector.py` passes on. Files are read and written in a
thread of their own, one call at a time, so that no event loop waits for a disk or for Java.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from itpm_sync.connector import (
    Account,
    Change,
    ContainerInfo,
    Finding,
    Found,
    Outcome,
    Presence,
    Record,
    Sighting,
    Status,
)
from itpm_sync.errors import ItpmError, Retry, Stale, Unavailable, Unsupported
from itpm_sync.kit.threads import Threads
from itpm_sync.ports import Files
from itpm_sync_msproject.describing import info_of
from itpm_sync_msproject.mspdi_people import account_of
from itpm_sync_msproject.plan_folder import Content, PlanFolder
from itpm_sync_msproject.reading import read_plan
from itpm_sync_msproject.records import Records
from itpm_sync_msproject.rows import FileKind, PlanRows
from itpm_sync_msproject.settings import MsProjectSettings, Older
from itpm_sync_msproject.sniff import sniff
from itpm_sync_msproject.worker import PlanWorker
from itpm_sync_msproject.writing import PlanWriter, everywhere, record_of

RECORDS_VERSION = "1"
"""Part of every cursor: a connector that reads more of a file reads the same file again."""
OLDER_BY = timedelta(days=1)
"""A file's time of saving has no zone: only a clear difference says that an older copy was put back."""
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Listing:
    records: Records
    cursor: str


class Plans:
    """See the module. Every method may be called from one event loop only."""

    def __init__(self, options: MsProjectSettings, files: Files) -> None:
        self._options = options
        self._limit = options.max_megabytes * 1_000_000
        self._folder = PlanFolder(options.folder, files, limit=self._limit)
        self._worker = PlanWorker(options.limits)
        self._threads = Threads(1, name="itpm-plans")
        self._last: dict[str, tuple[str, PlanRows]] = {}
        """By container: digest and rows of the file as last read."""

    async def open(self) -> None:
        """Raises Unavailable where the folder is not there."""
        await self._threads.run(self._folder.listing)

    async def close(self) -> None:
        self._threads.close()
        self._worker.close()

    async def check(self) -> Sequence[Finding]:
        return await self._threads.run(self._check)

    async def describe(self, container: str) -> ContainerInfo:
        content, rows = await self._threads.run(self._read, container)
        return info_of(rows, container, wanted_key_field=self._options.key_field, touched=content.touched)

    async def listing(self, container: str, cursor: str | None, *, since: str | None) -> Listing | None:
        """The records, or None where the file is the one of `cursor`. Raises Unavailable for an older copy."""
        return await self._threads.run(self._list, container, cursor, since)

    async def sightings(self, container: str, native_ids: Sequence[str]) -> Sequence[Sighting]:
        return await self._threads.run(self._sight, container, native_ids)

    async def apply(self, container: str, changes: Sequence[Change]) -> Sequence[Outcome]:
        return await self._threads.run(self._apply, container, changes)

    async def find(self, containers: Sequence[str], keys: Sequence[str]) -> Found:
        return await self._threads.run(self._find, containers, keys)

    async def people(self, mails: Sequence[str]) -> Mapping[str, Sequence[Account]]:
        known = {
            account_of(one): one.name for _, rows in self._last.values() for one in rows.resources if one.mail
        }
        wanted = {mail: mail.strip().lower() for mail in mails}
        return {
            mail: [Account(lower, lower, known.get(lower, lower))]
            for mail, lower in wanted.items()
            if "@" in lower and (self._options.add_people or lower in known)
        }

    # ── in the thread ──

    def _read(self, container: str) -> tuple[Content, PlanRows]:
        content = self._folder.read(container)
        digest, rows = self._last.get(container, ("", None))
        if rows is None or digest != content.digest:
            rows = read_plan(container, content.data, self._worker, limit=self._limit)
            self._last[container] = (content.digest, rows)
        return content, rows

    def _records(self, container: str) -> Records:
        _, rows = self._read(container)
        return Records(rows, container)

    def _list(self, container: str, cursor: str | None, since: str | None) -> Listing | None:
        content = self._folder.read(container)
        if cursor is not None and cursor.split(" ")[:2] == [RECORDS_VERSION, content.digest]:
            return None
        _, rows = self._read(container)
        self._refuse_older(container, rows, since)
        saved = rows.project.last_saved
        stamp = f" {saved.isoformat()}" if saved else ""
        return Listing(
            Records(rows, container),
            f"{RECORDS_VERSION} {self._last[container][0]}{stamp}",
        )

    def _refuse_older(self, container: str, rows: PlanRows, since: str | None) -> None:
        parts = (since or "").split(" ")
        saved = rows.project.last_saved
        if self._options.older_copies is Older.ACCEPT or len(parts) < 3 or saved is None:
            return
        try:
            before = datetime.fromisoformat(parts[2])
        except ValueError:
            return
        if saved < before - OLDER_BY:
            raise Unavailable(
                f"The plan {container} was saved {saved:%d %b %Y %H:%M}, before the one that was read last "
                f"({before:%d %b %Y %H:%M}): an older copy seems to have been put back.",
                mend="Put the newer one back, or set `older_copies: accept` for this connection if it is meant.",
            )

    def _sight(self, container: str, native_ids: Sequence[str]) -> list[Sighting]:
        records = self._records(container)
        found = [(native, record_of(records, native)) for native in native_ids]
        return [
            Sighting(
                native, Presence.PRESENT if record else Presence.GONE, record, container if record else None
            )
            for native, record in found
        ]

    def _apply(self, container: str, changes: Sequence[Change]) -> list[Outcome]:
        content = self._folder.read(container)
        if sniff(container, content.data, limit=self._limit) is not FileKind.MSPDI:
            error = Unsupported(
                f"{container} takes changes by hand only: Microsoft Project alone writes this format.",
                mend="Type them in Microsoft Project, or keep the plan as XML.",
            )
            return everywhere(changes, Status.REFUSED, error)
        for _ in range(_TRIES):
            writer = PlanWriter(container, content.data, self._options)
            data = writer.carry_out(changes)
            try:
                if data != content.data:
                    self._folder.replace(content, data)
                return writer.outcomes()
            except Stale:
                content = self._folder.read(container)
            except Retry as error:
                return everywhere(changes, Status.RETRY, error)
        return everywhere(
            changes, Status.STALE, Stale(f"The plan {container} is being saved again and again.")
        )

    def _find(self, containers: Sequence[str], keys: Sequence[str]) -> Found:
        wanted, certain = set(keys), True
        found: dict[str, list[tuple[str, Record]]] = {}
        for container in containers:
            try:
                records = self._records(container)
            except ItpmError:
                certain = False
                continue
            for record in records:
                if record.key in wanted and record.key is not None:
                    found.setdefault(record.key, []).append((container, record))
        return Found(found, certain)

    def _check(self) -> list[Finding]:
        try:
            names = self._folder.listing()
        except ItpmError as error:
            return [Finding(ok=False, says=error.message, mend=error.mend)]
        findings = [Finding(ok=True, says=f"Plan files in {self._folder.folder.name!r}: {len(names)}.")]
        for name in names:
            try:
                _, rows = self._read(name)
            except ItpmError as error:
                findings.append(Finding(ok=False, says=error.message, mend=error.mend))
                continue
            hand = "" if rows.kind is FileKind.MSPDI else "; it takes changes by hand"
            number = len(rows.tasks)
            tasks = f"{number} task{'' if number == 1 else 's'}"
            findings.append(Finding(ok=True, says=f"{name}: {tasks}{hand}."))
        if self._worker.jvm:
            findings.append(Finding(ok=True, says=f"Java: {self._worker.jvm}."))
        return findings
