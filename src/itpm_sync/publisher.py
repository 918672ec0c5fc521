"""The second, smaller port: put a page somewhere that people read.

In: finished pages. Out: where they are, and whether anything was written. A page's HTML is the safe subset that a
SharePoint text part keeps (h2-h4, p, ul, ol, li, table, thead, tbody, tr, th, td, a, strong, em, br, span); charts
are PNG pictures with an alternative text.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart: PNG bytes, its size in pixels and the sentence that says what it shows."""

    name: str
    png: bytes
    alt: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Section:
    """One block of a page: HTML, or a picture standing on its own line."""

    html: str = ""
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class StatusPage:
    """A page ready to be put somewhere.

    `name` is its fixed address without suffix (letters, digits, hyphens). `digest` is the hash of what it says, ages
    left out: a publisher that holds a page of the same digest writes only where `refresh` is asked.
    """

    name: str
    title: str
    sections: Sequence[Section]
    digest: str
    standalone: str = ""
    """The whole page as one HTML document, for publishers that hold files; pictures by relative name."""
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    """By file name: what `standalone` refers to."""


@dataclass(frozen=True, slots=True)
class Published:
    name: str
    url: str
    written: bool
    note: str = ""


class Publisher(ABC):
    """Somewhere pages are put."""

    async def open(self) -> None:
        """Connect lazily. Raises Denied, Unavailable."""

    async def close(self) -> None:
        """Let go. Never raises."""

    @abstractmethod
    async def publish(self, pages: Sequence[StatusPage], *, refresh: bool = False) -> Sequence[Published]:
        """Put each page at its address, an unchanged one only with `refresh`. Raises Denied, Refused, Unavailable.

        A page that a person edited there since our last write is left alone and named in its note.
        """

    async def freeze(self, pages: Sequence[StatusPage], number: int) -> Sequence[Published]:
        """Put a numbered copy that never changes. Raises Refused where that number exists already.

        By default the number becomes part of the address.
        """
        return await self.publish([replace(page, name=f"{page.name}-{number:03d}") for page in pages])
