"""The Smartsheet connector: what it declares, and the port's verbs put together from reader and writer.

In: settings and tools. Out: the port of `itpm_sync.connector`. No vendor library is imported here, so that looking at
the class stays cheap.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from itpm_sync.connector import (
    Account,
    Capabilities,
    Change,
    Connector,
    ContainerInfo,
    Edit,
    Finding,
    Found,
    Outcome,
    Page,
    Presence,
    Record,
    Sighting,
    Tools,
)
from itpm_sync.errors import Denied, Gone, ItpmError

if TYPE_CHECKING:
    from .client import Client
    from .following import Follower
    from .reading import Reader
    from .writing import Writer

RECORDS_PER_PAGE = 1_000


class SmartsheetConnector(Connector):
    """Sheets of one Smartsheet account. A container is a sheet, by its id; a record is a row."""

    kind: ClassVar[str] = "smartsheet"
    summary: ClassVar[str] = "Smartsheet sheets, through API 2.0"
    capabilities: ClassVar[Capabilities] = Capabilities(
        history=True,
        edit_times=True,
        ordered=False,
        moves_keep_id=False,
        tells_hidden=True,
        batch=500,
    )
    settings: ClassVar[str] = "itpm_sync_smartsheet.settings:SmartsheetSettings"
    emulator: ClassVar[str | None] = "itpm_sync_smartsheet.emulator:SmartsheetEmulator"

    def __init__(self, name: str, settings: Any, tools: Tools) -> None:
        super().__init__(name, settings, tools)
        self._client: Client | None = None
        self._reader_: Reader | None = None
        self._follower_: Follower | None = None
        self._writer_: Writer | None = None

    async def open(self) -> None:
        from .client import Client
        from .following import Follower
        from .reading import Reader
        from .writing import Writer

        if self._client is None:
            self._client = Client(self.options, self.tools)
            self._reader_ = Reader(self._client, self.options.key_column)
            self._follower_ = Follower(self._reader_)
            self._writer_ = Writer(self._client, self._reader_, self.options, self.tools.clock)
        await self._client.open()

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _reader(self) -> Reader:
        await self.open()
        assert self._reader_ is not None
        return self._reader_

    async def _follower(self) -> Follower:
        await self.open()
        assert self._follower_ is not None
        return self._follower_

    async def _writer(self) -> Writer:
        await self.open()
        assert self._writer_ is not None
        return self._writer_

    async def check(self) -> Sequence[Finding]:
        try:
            account = await (await self._reader()).me()
        except ItpmError as error:
            return [Finding(ok=False, says=error.message, mend=error.mend)]
        findings = [Finding(ok=True, says=f"Smartsheet answers; the account is {account}.")]
        if self.options.shared_account:
            findings.append(
                Finding(ok=True, says="People share the account: our own edits are not told from theirs.")
            )
        return findings

    async def describe(self, container: str) -> ContainerInfo:
        from .sheet import info_of

        shape = await (await self._reader()).shape(container, fresh=True)
        return info_of(shape, add_key=self.options.create_key_column)

    async def pull(self, container: str, cursor: str | None, *, full: bool = False) -> AsyncIterator[Page]:
        """All rows of a sheet whose version moved, none where it did not; row times alone prove nothing."""
        from .reading import records_of
        from .sheet import is_blank

        follower = await self._follower()
        after = None if full or cursor is None or not cursor.isdigit() else int(cursor)
        now = await follower.since(container, after)
        if now.rows is None or now.shape is None:
            yield Page((), cursor=cursor, last=True, listed=now.ids)
            return
        found = records_of(now.shape, now.rows)
        records = [record for record in found.records.values() if not is_blank(now.shape, record)]
        while len(records) > RECORDS_PER_PAGE:
            yield Page(records[:RECORDS_PER_PAGE])
            del records[:RECORDS_PER_PAGE]
        yield Page(
            records, cursor=str(now.version), last=True, complete=now.steady, skipped=tuple(found.skipped)
        )

    async def read(self, container: str, native_ids: Sequence[str]) -> Sequence[Sighting]:
        """A row that is not in its sheet is gone from it: moved rows get new ids, and are found by our key."""
        reader = await self._reader()
        try:
            found = await reader.rows(container, native_ids)
        except Gone as error:  # the sheet itself: deleted, or no longer shared with us
            return [Sighting(each, Presence.GONE_OR_HIDDEN, reason=error.message) for each in native_ids]
        except Denied as error:
            return [Sighting(each, Presence.HIDDEN, reason=error.message) for each in native_ids]
        (await self._writer()).just_read(container, native_ids, found)
        unreadable = dict(found.skipped)
        return [_sighting(each, found.records.get(each), unreadable.get(each)) for each in native_ids]

    async def apply(self, container: str, changes: Sequence[Change]) -> Sequence[Outcome]:
        return await (await self._writer()).apply(container, changes)

    async def find(self, containers: Sequence[str], keys: Sequence[str], since: datetime) -> Found:
        reader = await self._reader()
        wanted = frozenset(keys)
        records: dict[str, list[tuple[str, Record]]] = {}
        for container in containers:
            for record in await reader.keyed(container, wanted):
                records.setdefault(record.key or "", []).append((container, record))
        waited = (self.tools.clock.now() - since).total_seconds()
        return Found(records, certain=waited >= self.horizon)

    async def history(
        self, container: str, native_ids: Sequence[str], since: datetime
    ) -> Mapping[str, Sequence[Edit]]:
        """Edits of cells; of a row's place Smartsheet keeps no history. `since` is taken at the tool's own clock."""
        from .pasts import edits_of

        reader = await self._reader()
        found = await reader.rows(container, native_ids)
        me = "" if self.options.shared_account else await reader.me()
        there = reader.there(since)
        edits: dict[str, Sequence[Edit]] = {}
        for native_id, record in found.records.items():
            if record.edited_at is not None and record.edited_at < there:
                continue  # an edited cell is an edited row
            pasts = await reader.pasts(found.shape, record)
            fixed = {name: value for name, value in record.values.items() if name not in pasts}
            if of_row := edits_of(pasts, fixed, since=there, me=me):
                edits[native_id] = of_row
        return edits

    async def people(self, mails: Sequence[str]) -> Mapping[str, Sequence[Account]]:
        """Smartsheet takes any mail address as a contact: the address is the account."""
        return {mail: [Account(mail, mail, mail)] for mail in mails if "@" in mail}


def _sighting(native_id: str, record: Record | None, trouble: str | None) -> Sighting:
    if record is not None:
        return Sighting(native_id, Presence.PRESENT, record)
    if trouble is not None:
        return Sighting(native_id, Presence.UNKNOWN, reason=trouble)
    return Sighting(native_id, Presence.GONE, reason="The row is no longer in its sheet.")
