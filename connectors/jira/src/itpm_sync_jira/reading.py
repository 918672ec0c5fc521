"""Everything that only reads: shapes, searches, bulk fetches, histories, people.

In: a client. Out: shapes, records, ids, edits, accounts. Search lags behind and is never taken for what is; whatever
must be sure is fetched by id.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from itpm_sync.connector import Account, Edit, Record
from itpm_sync.errors import NotTheVendor
from itpm_sync.kit.paging import PageOf, walk

from . import changelog
from .client import Client, segment
from .settings import JiraSettings
from .shape import Shape, shape_of
from .wire import Context, NoIssue, record_of

FIELD_PAGE: Final = 100
ID_PAGE: Final = 5000
BULK: Final = 100
HISTORY_ISSUES: Final = 1000
HISTORY_PAGE: Final = 1000
JUST_READ: Final = 5.0
"""Seconds for which a direct read need not be repeated before a write; the history tells what came between."""
HISTORY_MARGIN: Final = timedelta(minutes=5)
"""By so much may Jira's clock be behind ours: an entry that carries our intent counts from then on."""
CREATE_MARGIN: Final = 600.0
"""Seconds before an intent that its issue may seem to be made, where clocks differ."""


@dataclass(slots=True)
class Found:
    """Issues of a read: records, the raw JSON beside them, and those that cannot be read."""

    records: dict[str, Record] = field(default_factory=dict)
    raw: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    skipped: list[tuple[str, str]] = field(default_factory=list)

    def named(self, name: str) -> Record | None:
        """By id or key."""
        if name in self.records:
            return self.records[name]
        number = next((number for number, raw in self.raw.items() if raw.get("key") == name), "")
        return self.records.get(number)


class Reader:
    """The reads of one connection."""

    def __init__(self, client: Client, settings: JiraSettings) -> None:
        self.client = client
        self.settings = settings
        self.mails: dict[str, str] = {}
        self._shapes: dict[str, Shape] = {}
        self._me: Mapping[str, Any] | None = None
        self._just: dict[str, tuple[float, Record, Mapping[str, Any]]] = {}

    # ── what there is ──

    async def me(self) -> Mapping[str, Any]:
        """Our own account; asked once."""
        if self._me is None:
            told = await self.client.get("The account", "/myself")
            if not isinstance(told, Mapping) or not told.get("accountId"):
                raise NotTheVendor(
                    "The account: the answer is not what Jira gives.", mend="Check the address."
                )
            self._me = told
        return self._me

    async def shape(self, container: str, *, fresh: bool = False) -> Shape:
        """The project behind a container, looked at once unless `fresh`. Raises Gone, Denied."""
        if fresh or container not in self._shapes:
            self._shapes[container] = await self._look(container)
        return self._shapes[container]

    def known(self, container: str) -> Shape | None:
        """The project if it was looked at before."""
        return self._shapes.get(container)

    async def _look(self, container: str) -> Shape:
        what, path = f"Jira project {container}", f"/project/{segment(container)}"
        project = await self.client.get(what, path)  # first, alone: whether it is there at all
        statuses, fields, priorities = await asyncio.gather(
            self.client.get(f"Statuses of {what}", f"{path}/statuses"),
            self.client.get("Jira's fields", "/field"),
            self.client.get("Jira's priorities", "/priority"),
        )
        try:
            kinds = [str(kind["id"]) for kind in project["issueTypes"]]
            screens = await asyncio.gather(*(self._screen(what, project["key"], kind) for kind in kinds))
            entries = [entry for screen in screens for entry in screen]
            return shape_of(project, entries, fields, statuses, priorities, self.settings.link_type)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise NotTheVendor(
                f"{what}: the answer is not what Jira gives ({type(error).__name__}).",
                mend="Check the address.",
            ) from None

    async def _screen(self, what: str, project: str, kind: str) -> list[Mapping[str, Any]]:
        """The fields of a create screen, all pages."""
        path = f"/issue/createmeta/{segment(project)}/issuetypes/{segment(kind)}"
        entries: list[Mapping[str, Any]] = []
        while True:
            page = await self.client.get(
                f"Create screen of {what}", path, {"startAt": len(entries), "maxResults": 200}
            )
            listed = page.get("fields") or page.get("results") or []
            entries.extend(listed)
            if not listed or len(entries) >= int(page.get("total", 0)):
                return entries

    def context(self, shape: Shape) -> Context:
        return Context(shape, self.settings.site, self.settings.property_key, self.mails)

    # ── search ──

    async def search(self, what: str, jql: str, shape: Shape) -> AsyncIterator[Found]:
        """Pages of issues, each once. `jql` ends without an order."""
        asked = {
            "jql": f"{jql} ORDER BY key ASC",
            "fields": shape.wanted,
            "properties": [self.settings.property_key],
            "maxResults": FIELD_PAGE,
        }
        async for page in self._pages(what, asked):
            yield self.found(shape, page.rows)

    async def ids(self, what: str, jql: str) -> frozenset[str]:
        """All ids, 5,000 a page."""
        asked = {"jql": f"{jql} ORDER BY key ASC", "fields": ["id"], "maxResults": ID_PAGE}
        return frozenset([str(row["id"]) async for page in self._pages(what, asked) for row in page.rows])

    async def _pages(self, what: str, asked: dict[str, Any]) -> AsyncIterator[PageOf[Mapping[str, Any]]]:
        async def fetch(token: str | None) -> PageOf[Mapping[str, Any]]:
            body = asked if token is None else {**asked, "nextPageToken": token}
            told = await self.client.ask(what, "/search/jql", body, scope="POST search")
            rows = told.get("issues") if isinstance(told, Mapping) else None
            if not isinstance(rows, list) or not all(isinstance(r, Mapping) and r.get("id") for r in rows):
                raise NotTheVendor(f"{what}: the answer is not what Jira gives.", mend="Check the address.")
            more = told.get("nextPageToken")
            return PageOf(rows, str(more) if more and not told.get("isLast") else None)

        async for page in walk(fetch, lambda row: str(row["id"]), what=what):
            yield page

    def found(self, shape: Shape, rows: Iterable[Mapping[str, Any]]) -> Found:
        """Issues as records; one that cannot be read is named and left out."""
        found, context = Found(), self.context(shape)
        for row in rows:
            number = str(row.get("id"))
            try:
                found.records[number] = record_of(context, row)
                found.raw[number] = row
            except NoIssue as wrong:
                found.skipped.append((number, str(wrong)))
        return found

    # ── by id ──

    async def fetch(self, shape: Shape, native_ids: Sequence[str]) -> Found:
        """What is there now, whatever project it is in; 100 a call. Who is missing is gone, hidden or never was."""
        chunks = [native_ids[at : at + BULK] for at in range(0, len(native_ids), BULK)]
        answers = await asyncio.gather(*(self._fetch(shape, chunk) for chunk in chunks))
        whole = Found()
        for found in answers:
            whole.records |= found.records
            whole.raw |= found.raw
            whole.skipped += found.skipped
        return whole

    async def _fetch(self, shape: Shape, chunk: Sequence[str]) -> Found:
        body = {
            "issueIdsOrKeys": list(chunk),
            "fields": shape.wanted,
            "properties": [self.settings.property_key],
        }
        what = f"{len(chunk)} issues of Jira project {shape.key}"
        told = await self.client.ask(what, "/issue/bulkfetch", body, scope="POST bulkfetch")
        rows = told.get("issues") if isinstance(told, Mapping) else None
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            raise NotTheVendor(f"{what}: the answer is not what Jira gives.", mend="Check the address.")
        return self.found(shape, rows)

    def remember(self, found: Found, now: float) -> None:
        """What a direct read just showed; `now` is monotonic."""
        self._just = {number: entry for number, entry in self._just.items() if now - entry[0] <= JUST_READ}
        self._just |= {number: (now, found.records[number], found.raw[number]) for number in found.records}

    async def just(self, shape: Shape, expected: Mapping[str, str], now: float) -> Found:
        """What is there now, by id with the revision that the caller saw: not asked again where it was just read."""
        kept = Found()
        for number, revision in expected.items():
            at, record, raw = self._just.pop(number, (0.0, None, {}))
            if record is not None and record.revision == revision and now - at <= JUST_READ:
                kept.records[number], kept.raw[number] = record, raw
        asked = [number for number in expected if number not in kept.records]
        if not asked:
            return kept
        found = await self.fetch(shape, asked)
        return Found(kept.records | found.records, {**kept.raw, **found.raw}, found.skipped)

    # ── history ──

    async def edits(self, shape: Shape, native_ids: Sequence[str], since: datetime) -> dict[str, list[Edit]]:
        """Edits since (to the millisecond, inclusive), oldest first, by issue."""
        mine = "" if self.settings.shared_account else str((await self.me())["accountId"])
        edits: dict[str, list[Edit]] = {}
        for at in range(0, len(native_ids), HISTORY_ISSUES):
            async for number, entry in self._histories(native_ids[at : at + HISTORY_ISSUES]):
                edit = changelog.edit_of(shape, entry, mine)
                if edit is not None and (edit.at >= since or _marked(edit, since)):
                    edits.setdefault(number, []).append(edit)
        for listed in edits.values():
            listed.sort(key=lambda edit: edit.at)
        return edits

    async def _histories(self, chunk: Sequence[str]) -> AsyncIterator[tuple[str, Mapping[str, Any]]]:
        what = f"The history of {len(chunk)} Jira issues"

        async def fetch(token: str | None) -> PageOf[tuple[str, Mapping[str, Any]]]:
            body: dict[str, Any] = {"issueIdsOrKeys": list(chunk), "maxResults": HISTORY_PAGE}
            if token is not None:
                body["nextPageToken"] = token
            told = await self.client.ask(what, "/changelog/bulkfetch", body, scope="POST changelog")
            try:
                rows = [
                    (str(log["issueId"]), entry)
                    for log in told["issueChangeLogs"]
                    for entry in log["changeHistories"]
                ]
                more = told.get("nextPageToken")
            except (KeyError, TypeError, AttributeError):
                raise NotTheVendor(
                    f"{what}: the answer is not what Jira gives.", mend="Check the address."
                ) from None
            return PageOf(rows, str(more) if more else None)

        async for page in walk(fetch, lambda row: (row[0], str(row[1].get("id"))), what=what):
            for row in page.rows:
                yield row

    # ── people ──

    async def people(self, mail: str) -> list[Account]:
        """The accounts that carry the mail address. A profile that hides it counts only where no other shows it."""
        told = await self.client.get(
            f"The person {mail}", "/user/search", {"query": mail, "maxResults": 50}, scope="GET user"
        )
        hits = [one for one in told if isinstance(one, Mapping) and one.get("accountId")] if told else []
        open_, closed = [], []
        for hit in hits:
            if hit.get("accountType", "atlassian") == "app":
                continue  # nobody's work is assigned to an app
            shown = str(hit.get("emailAddress") or "").lower()
            account = Account(
                str(hit["accountId"]), mail, str(hit.get("displayName") or ""), bool(hit.get("active"))
            )
            if shown == mail.lower():
                open_.append(account)
            elif not shown:
                closed.append(account)
        accounts = open_ or closed
        if len(accounts) == 1:
            self.mails[accounts[0].account] = mail.lower()
        return accounts


def _marked(edit: Edit, since: datetime) -> bool:
    """Whether it is surely ours, and not much older than `since` by Jira's clock."""
    return edit.ours not in (None, changelog.OURS) and edit.at >= since - HISTORY_MARGIN
