"""The Microsoft Project connector: what it declares, and the port's verbs on a folder of plan files.

In: settings and tools. Out: the port of `itpm_sync.connector`. No vendor library and no Java is loaded here, so that
looking at the class stays cheap. A container is a file; a record is a task. Files of other formats than Microsoft
Project's XML are read only and take changes by hand.
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
    Finding,
    Found,
    Outcome,
    Page,
    Sighting,
    Tools,
)

if TYPE_CHECKING:
    from itpm_sync_msproject.plans import Plans

RECORDS_PER_PAGE = 1_000


class MsProjectConnector(Connector):
    """Plan files of one folder: .mpp, .mpt, .mpx and .xer are read, Microsoft Project's .xml is read and written."""

    kind: ClassVar[str] = "msproject"
    summary: ClassVar[str] = (
        "Microsoft Project plans in a folder (.mpp, .mpt, .mpx, .xer read; .xml read and written)"
    )
    capabilities: ClassVar[Capabilities] = Capabilities(
        deletes=False,
        conditional=True,
        ordered=False,
        moves_keep_id=False,
        tells_hidden=True,
        batch=500,
    )
    settings: ClassVar[str] = "itpm_sync_msproject.settings:MsProjectSettings"
    emulator: ClassVar[str | None] = "itpm_sync_msproject.emulator:MsProjectEmulator"
    reader: ClassVar[str | None] = "itpm_sync_msproject.reader:PlanReader"

    def __init__(self, name: str, settings: Any, tools: Tools) -> None:
        super().__init__(name, settings, tools)
        self._plans_: Plans | None = None

    @property
    def _plans(self) -> Plans:
        if self._plans_ is None:
            from itpm_sync_msproject.plans import Plans

            self._plans_ = Plans(self.options, self.tools.files)
        return self._plans_

    async def open(self) -> None:
        await self._plans.open()

    async def close(self) -> None:
        plans, self._plans_ = self._plans_, None
        if plans is not None:
            await plans.close()

    async def check(self) -> Sequence[Finding]:
        return await self._plans.check()

    async def describe(self, container: str) -> ContainerInfo:
        return await self._plans.describe(container)

    async def pull(self, container: str, cursor: str | None, *, full: bool = False) -> AsyncIterator[Page]:
        """All tasks of a file whose bytes changed, none of one whose bytes did not."""
        listing = await self._plans.listing(container, None if full else cursor, since=cursor)
        if listing is None:
            yield Page((), cursor=cursor, last=True)
            return
        records = list(listing.records)
        while len(records) > RECORDS_PER_PAGE:
            yield Page(records[:RECORDS_PER_PAGE])
            del records[:RECORDS_PER_PAGE]
        yield Page(records, cursor=listing.cursor, last=True, complete=True)

    async def read(self, container: str, native_ids: Sequence[str]) -> Sequence[Sighting]:
        """A task that is not in its file is gone from it. Raises Gone where the file itself is not there."""
        return await self._plans.sightings(container, native_ids)

    async def apply(self, container: str, changes: Sequence[Change]) -> Sequence[Outcome]:
        """All changes in one new file, which replaces the old one only if that is still the one they were made from."""
        return await self._plans.apply(container, changes)

    async def find(self, containers: Sequence[str], keys: Sequence[str], since: datetime) -> Found:
        """The tasks that carry our keys. Certain where every file could be read: there is no index that lags."""
        return await self._plans.find(containers, keys)

    async def people(self, mails: Sequence[str]) -> Mapping[str, Sequence[Account]]:
        """With `add_people`, everybody with a mail address can be a resource; else those of the plans read so far."""
        return await self._plans.people(mails)

    def created_values(self, container: str, *, kind: str, under: str | None) -> dict[str, Any]:
        """`under` is a summary task of the plan: its WBS code, its name, or its native id."""
        values: dict[str, Any] = {"Kind": kind if kind in {"milestone", "summary"} else "task"}
        return values | ({"under": under} if under else {})
