"""A connection whose answers may be of any form: what a connector stumbles over costs its container, not the run.

In: a connector. Out: the same port. An exception that the port does not name (a list where an object should be) becomes
`NotTheVendor`, an outage, and is kept for the log; after a write it is an `UnknownOutcome`, which is read back first.
A connection in `mode: read` is given no changes.
Fault catalogue: F14, F84.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from itpm_sync.connector import (
    Account,
    Change,
    Connector,
    ContainerInfo,
    Edit,
    Finding,
    Found,
    Outcome,
    Page,
    Sighting,
)
from itpm_sync.errors import ItpmError, NotTheVendor, UnknownOutcome
from itpm_sync.kit.wall import denied
from itpm_sync.publisher import Published, Publisher, StatusPage

STUMBLES = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What reading an answer of a wrong form raises. Anything else (no memory, a mistake of assertion) goes through."""
_MEND = "Run again; if it stays so, send the log along with a report."

_LOG = logging.getLogger("itpm_sync.registry")


@contextmanager
def _formed(name: str, asked: str, kind: type[ItpmError] = NotTheVendor) -> Iterator[None]:
    try:
        yield
    except STUMBLES as error:
        _LOG.exception("%s: %s", name, asked)
        says = f"{name}: an answer of a form that nobody foresaw came to {asked} ({type(error).__name__})."
        raise kind(says, mend=_MEND) from error


class GuardedConnector(Connector):
    """Hands everything on to the connector that it is made of. Capabilities and options are that one's."""

    def __init__(self, inner: Connector) -> None:
        super().__init__(inner.name, inner.options, inner.tools)
        self.inner = inner
        self.kind, self.capabilities = inner.kind, inner.capabilities  # type: ignore[misc] # the inner class's

    @property
    def horizon(self) -> float:
        return self.inner.horizon

    def _at(self, asked: str, kind: type[ItpmError] = NotTheVendor) -> Any:
        return _formed(self.name, asked, kind)

    async def open(self) -> None:
        self.tools.limiter.renew()  # another run: its waits are counted anew
        await self.inner.open()

    async def close(self) -> None:
        await self.inner.close()

    async def check(self) -> Sequence[Finding]:
        with self._at("the check of the connection"):
            return await self.inner.check()

    async def describe(self, container: str) -> ContainerInfo:
        with self._at(f"the description of {container}"):
            return await self.inner.describe(container)

    async def pull(self, container: str, cursor: str | None, *, full: bool = False) -> AsyncIterator[Page]:
        pages = self.inner.pull(container, cursor, full=full)
        try:
            while True:
                with self._at(f"the records of {container}"):
                    try:
                        page = await anext(pages)
                    except StopAsyncIteration:
                        return
                yield page  # outside: what its user stumbles over is no answer of the tool's
        finally:
            close = getattr(pages, "aclose", None)
            if close is not None:
                await close()

    async def read(self, container: str, native_ids: Sequence[str]) -> Sequence[Sighting]:
        with self._at(f"records of {container}"):
            return await self.inner.read(container, native_ids)

    async def apply(self, container: str, changes: Sequence[Change]) -> Sequence[Outcome]:
        if self.tools.reads_only:
            raise denied(
                self.name,
                f"{len(changes)} changes of {container}" if len(changes) != 1 else f"A change of {container}",
            )
        with self._at(f"changes of {container}", UnknownOutcome):
            return await self.inner.apply(container, changes)

    async def find(self, containers: Sequence[str], keys: Sequence[str], since: datetime) -> Found:
        with self._at("the search for records that carry our keys"):
            return await self.inner.find(containers, keys, since)

    async def history(
        self, container: str, native_ids: Sequence[str], since: datetime
    ) -> Mapping[str, Sequence[Edit]]:
        with self._at(f"the history of {container}"):
            return await self.inner.history(container, native_ids, since)

    async def people(self, mails: Sequence[str]) -> Mapping[str, Sequence[Account]]:
        with self._at("the question who people are"):
            return await self.inner.people(mails)

    def created_values(self, container: str, *, kind: str, under: str | None) -> dict[str, Any]:
        return self.inner.created_values(container, kind=kind, under=under)


class GuardedPublisher(Publisher):
    """The same for somewhere pages are put. A page whose fate is unknown is looked at by the next run."""

    def __init__(self, name: str, inner: Publisher) -> None:
        self.inner, self._name = inner, name

    async def open(self) -> None:
        await self.inner.open()

    async def close(self) -> None:
        await self.inner.close()

    async def publish(self, pages: Sequence[StatusPage], *, refresh: bool = False) -> Sequence[Published]:
        with _formed(self._name, "a status page", UnknownOutcome):
            return await self.inner.publish(pages, refresh=refresh)

    async def freeze(self, pages: Sequence[StatusPage], number: int) -> Sequence[Published]:
        with _formed(self._name, "a numbered status page", UnknownOutcome):
            return await self.inner.freeze(pages, number)
