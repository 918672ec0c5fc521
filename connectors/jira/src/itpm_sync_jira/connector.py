"""The Jira connector: what it declares, and the port's verbs put together from reader and writer.

In: settings and tools. Out: the port of `itpm_sync.connector`. No vendor library is imported here, so that looking at
the class stays cheap.
"""

from __future__ import annotations

import json
import re
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
from itpm_sync.errors import Gone, ItpmError

if TYPE_CHECKING:
    from .client import Client
    from .reading import Reader
    from .writing import Writer

_ISSUE = re.compile(r"[A-Z][A-Z0-9_]*-\d+|\d+")
_PROJECT = re.compile(r"[A-Za-z][A-Za-z0-9_]*|\d+")
_PERMISSIONS = {
    "BROWSE_PROJECTS": "see issues",
    "CREATE_ISSUES": "create issues",
    "EDIT_ISSUES": "edit issues",
    "TRANSITION_ISSUES": "change statuses",
    "LINK_ISSUES": "link issues",
    "ASSIGN_ISSUES": "assign people",
    "USER_PICKER": "find people by mail address",
}


class JiraConnector(Connector):
    """Projects of one Jira Cloud site. A container is a project, by its key; a record is an issue."""

    kind: ClassVar[str] = "jira"
    summary: ClassVar[str] = "Jira Cloud projects, through REST API 3"
    capabilities: ClassVar[Capabilities] = Capabilities(
        history=True,
        edit_times=True,
        tells_people=True,  # `notifyUsers=false` asks for an administrator, and creations do not know it
        batch=50,
    )
    settings: ClassVar[str] = "itpm_sync_jira.settings:JiraSettings"
    emulator: ClassVar[str | None] = "itpm_sync_jira.emulator:JiraEmulator"

    def __init__(self, name: str, settings: Any, tools: Tools) -> None:
        super().__init__(name, settings, tools)
        self._client: Client | None = None
        self._reader_: Reader | None = None
        self._writer_: Writer | None = None

    async def open(self) -> None:
        from .client import Client
        from .reading import Reader
        from .writing import Writer

        if self._client is None:
            self._client = Client(self.options, self.tools)
            self._reader_ = Reader(self._client, self.options)
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

    async def _writer(self) -> Writer:
        await self.open()
        assert self._writer_ is not None
        return self._writer_

    async def check(self) -> Sequence[Finding]:
        try:
            reader = await self._reader()
            me = await reader.me()
            asked = {"permissions": ",".join(_PERMISSIONS)}
            told = await reader.client.get("The account's permissions", "/mypermissions", asked)
            await reader.ids("A search by time", f"updated >= {_milliseconds(self.tools.clock.now())}")
        except ItpmError as error:
            return [Finding(ok=False, says=error.message, mend=error.mend)]
        findings = [Finding(ok=True, says=f"Jira answers; the account is {me.get('displayName')}.")]
        given = told.get("permissions") if isinstance(told, Mapping) else {}
        for name, allows in _PERMISSIONS.items():
            if not ((given or {}).get(name) or {}).get("havePermission"):
                mend = f"Give it the permission {name} in the projects that are synchronised."
                findings.append(
                    Finding(ok=False, says=f"The account may not {allows} in any project.", mend=mend)
                )
        if self.options.shared_account:
            findings.append(
                Finding(ok=True, says="People share the account: links of ours are not told from theirs.")
            )
        return findings

    async def describe(self, container: str) -> ContainerInfo:
        from .shape import info_of

        return info_of(await (await self._reader()).shape(_project(container), fresh=True), self.options.site)

    async def pull(self, container: str, cursor: str | None, *, full: bool = False) -> AsyncIterator[Page]:
        """Issues updated since the cursor less the overlap (search lags), or all; now and then all ids too."""
        reader = await self._reader()
        shape = await reader.shape(_project(container))
        what, jql = f"Jira project {shape.key}", f"project = {shape.id}"
        since, swept = _cursor(None if full else cursor)
        began: datetime | None = None
        now = self.tools.clock.now()
        narrow = f"{jql} AND updated >= {since}" if since is not None else jql
        async for found in reader.search(what, narrow, shape):
            began = began or reader.client.server_time
            yield Page(list(found.records.values()), skipped=tuple(found.skipped))
        listed: frozenset[str] | None = None
        if since is not None and now.timestamp() - swept >= self.options.sweep_every:
            listed = await reader.ids(f"The ids of {what}", jql)
        if since is None or listed is not None:
            swept = now.timestamp()
        from_ = _milliseconds(began) - int(self.options.overlap * 1000) if began is not None else since
        told = json.dumps({"since": from_, "swept": swept})
        yield Page((), cursor=told, last=True, complete=since is None, listed=listed)

    async def read(self, container: str, native_ids: Sequence[str]) -> Sequence[Sighting]:
        """Jira says the same of a deleted issue and of one that is hidden from the account."""
        reader = await self._reader()
        shape = await reader.shape(_project(container))
        asked = [each for each in dict.fromkeys(native_ids) if each.isdigit()]
        found = await reader.fetch(shape, asked) if asked else None
        if found is not None:
            reader.remember(found, self.tools.clock.monotonic())
        unreadable = dict(found.skipped) if found else {}
        sightings = []
        for each in native_ids:
            record = found.records.get(each) if found else None
            if record is not None and found is not None:
                sightings.append(_sighting(shape.id, record, found.raw[each]))
            elif each in unreadable:
                sightings.append(Sighting(each, Presence.UNKNOWN, reason=unreadable[each]))
            else:
                says = "Jira does not show it: deleted, or hidden from the account."
                sightings.append(Sighting(each, Presence.GONE_OR_HIDDEN, reason=says))
        return sightings

    async def apply(self, container: str, changes: Sequence[Change]) -> Sequence[Outcome]:
        return await (await self._writer()).apply(_project(container), changes)

    async def find(self, containers: Sequence[str], keys: Sequence[str], since: datetime) -> Found:
        """Among the issues that our account made since then, whatever project they are in now."""
        from .reading import CREATE_MARGIN

        reader = await self._reader()
        wanted, records = frozenset(keys), dict[str, list[tuple[str, Record]]]()
        from_ = _milliseconds(since) - int(CREATE_MARGIN * 1000)
        for container in containers:
            shape = await reader.shape(_project(container))
            jql = f"project = {shape.id} AND creator = currentUser() AND created >= {from_}"
            async for found in reader.search(f"New issues of Jira project {shape.key}", jql, shape):
                for record in found.records.values():
                    if record.key in wanted:
                        records.setdefault(str(record.key), []).append((container, record))
        waited = (self.tools.clock.now() - since).total_seconds()
        return Found(records, certain=waited >= self.horizon)

    async def history(
        self, container: str, native_ids: Sequence[str], since: datetime
    ) -> Mapping[str, Sequence[Edit]]:
        reader = await self._reader()
        return await reader.edits(await reader.shape(_project(container)), native_ids, since)

    async def people(self, mails: Sequence[str]) -> Mapping[str, Sequence[Account]]:
        reader = await self._reader()
        return {mail: await reader.people(mail) for mail in dict.fromkeys(mails) if "@" in mail}

    def created_values(self, container: str, *, kind: str, under: str | None) -> dict[str, Any]:
        """The issue type of the kind; `under` is a parent issue (its key or id), or an issue type by name."""
        known = self._reader_.known(_project(container)) if self._reader_ is not None else None
        parent = under if under and _ISSUE.fullmatch(under) else None
        wanted = [under] if under and parent is None else self._types_for(kind)
        found = next((one for name in wanted if known and (one := known.type_named(name))), None)
        return {"issuetype": found.id if found else wanted[0]} | ({"parent": parent} if parent else {})

    def _types_for(self, kind: str) -> list[str]:
        """Names of issue types that may stand for a kind, best first."""
        said = self.options.issue_types.get(kind)
        return [said] if said else [kind.capitalize(), self.options.default_type]


def _project(container: str) -> str:
    """Raises Gone for what is no project key: nothing else may reach a query."""
    if not _PROJECT.fullmatch(container):
        raise Gone(
            f"{container!r} is no Jira project key.", mend="Name the container by its key, such as NET."
        )
    return container


def _sighting(project: str, record: Record, raw: Mapping[str, Any]) -> Sighting:
    now_in = (raw.get("fields") or {}).get("project") or {}
    if str(now_in.get("id")) == project:
        return Sighting(record.native_id, Presence.PRESENT, record)
    moved_to = str(now_in.get("key") or "") or None
    return Sighting(record.native_id, Presence.MOVED, record, container=moved_to)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _cursor(text: str | None) -> tuple[int | None, float]:
    """(epoch milliseconds to read from, when all ids were last listed). What is not ours reads as none."""
    try:
        told = json.loads(text or "null")
        since = told["since"]
        return (int(since) if since is not None else None), float(told["swept"])
    except (ValueError, TypeError, KeyError):
        return None, 0.0
