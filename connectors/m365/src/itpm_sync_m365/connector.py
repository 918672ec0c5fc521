"""The Microsoft 365 connector: what it is called, what it can do, and the port over one tenant's Planner plans.

In: settings and tools. Out: plans as containers, tasks as records. A container is the id of a basic Planner plan.
Importing this module loads neither the Graph SDK nor azure-identity: `open` does. Premium plans (Planner on Project
for the web) are not on this API.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
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
    Record,
    Sighting,
)
from itpm_sync.errors import Unavailable

if TYPE_CHECKING:
    from .client import GraphClient
    from .pulling import Puller
    from .settings import M365Settings
    from .users import Directory


class M365Connector(Connector):
    """One application in one Microsoft 365 tenant."""

    kind: ClassVar[str] = "m365"
    summary: ClassVar[str] = "Microsoft 365: Planner plans, SharePoint status pages, people in Entra ID"
    capabilities: ClassVar[Capabilities] = Capabilities(
        conditional=True,  # If-Match; Planner merges a change that touches nothing that was changed meanwhile
        history=False,
        edit_times=False,  # v1.0 has no last-modified
        ordered=False,  # two etags, a task's and its details': they tell same from different
        bin=False,
        moves_keep_id=True,
        tells_people=True,  # Planner mails whoever is assigned
        tells_hidden=True,  # 403 for what may not be seen, 404 for what is gone
        batch=200,  # ten $batch calls of twenty
    )
    settings: ClassVar[str] = "itpm_sync_m365.settings:M365Settings"
    emulator: ClassVar[str | None] = "itpm_sync_m365.emulator:M365Emulator"
    publisher: ClassVar[str | None] = "itpm_sync_m365.pages:SharePointPublisher"

    def __init__(self, name: str, settings: Any, tools: Any) -> None:
        super().__init__(name, settings, tools)
        self._settings: M365Settings = settings
        self._client: GraphClient | None = None
        self._people: Directory | None = None
        self._puller: Puller | None = None

    async def open(self) -> None:
        """Load the SDK and make the client; nothing is called yet. Raises Misconfigured for an unusable secret."""
        if self._client is not None:
            return
        from .client import GraphClient
        from .pulling import Puller
        from .users import Directory

        self._client = GraphClient(self._settings, self.tools)
        self._people = Directory(self._client)
        self._puller = Puller(self._client, self._people, self._settings.details)

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    @property
    def _opened(self) -> tuple[GraphClient, Directory, Puller]:
        if self._client is None or self._people is None or self._puller is None:
            raise Unavailable(f"The connection {self.name} is not open.", mend="Open it first.")
        return self._client, self._people, self._puller

    async def check(self) -> Sequence[Finding]:
        from .checking import findings

        client, _, _ = self._opened
        return await findings(client, self._settings)

    async def describe(self, container: str) -> ContainerInfo:
        """The plan, its buckets and its categories by native id; a renamed category changes an option, no field."""
        from . import planner

        _, _, puller = self._opened
        plan, buckets, categories = await puller.plan(container)
        made = {name: plan.get(name) for name in ("id", "createdDateTime", "owner")}
        return ContainerInfo(
            container=container,
            title=str(plan.get("title") or container),
            fields=planner.fields_of(buckets, categories),
            fingerprint=hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()[:32],
            url=f"https://planner.cloud.microsoft/webui/plan/{container}",
            limits=planner.LIMITS,
        )

    async def pull(self, container: str, cursor: str | None, *, full: bool = False) -> AsyncIterator[Page]:
        """All tasks of the plan, each time: v1.0 tells no changes, and a full list is the floor (one page a call)."""
        _, _, puller = self._opened
        async for page in puller.pages(container):
            yield page

    async def read(self, container: str, native_ids: Sequence[str]) -> Sequence[Sighting]:
        _, _, puller = self._opened
        return await puller.sightings(container, native_ids)

    async def apply(self, container: str, changes: Sequence[Change]) -> Sequence[Outcome]:
        from .pushing import Pusher

        client, people, puller = self._opened
        placed = any(change.values.keys() & {"under", "bucketId"} for change in changes)
        buckets = await puller.buckets(container) if placed else {}
        return await Pusher(client, people, container, buckets, self._settings.item_link).apply(changes)

    async def find(self, containers: Sequence[str], keys: Sequence[str], since: datetime) -> Found:
        """Read the plans in full and look for our references; `since` is when the first of them was made."""
        _, _, puller = self._opened
        wanted = frozenset(keys)
        found: dict[str, list[tuple[str, Record]]] = {}
        for container in containers:
            async for page in puller.pages(container):
                for record in page.records:
                    if record.key in wanted and record.key is not None:
                        found.setdefault(record.key, []).append((container, record))
        certain = self.tools.clock.now() - since >= timedelta(seconds=self.horizon)
        return Found(found, certain)

    async def people(self, mails: Sequence[str]) -> Mapping[str, Sequence[Account]]:
        _, people, _ = self._opened
        return await people.by_mail(mails)

    def created_values(self, container: str, *, kind: str, under: str | None) -> dict[str, Any]:
        """`under` is a bucket, by name or id."""
        return {"under": under} if under else {}
