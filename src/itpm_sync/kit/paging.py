"""Walking the pages of a listing, with a guard against listings that never end.

In: a function that fetches one page by its token. Out: pages of rows, each row once. A repeated token, pages that
bring nothing new, or too many pages are `NotTheVendor`: the listing is not complete and must not be taken for it
(no item is missing because of it). Fault catalogue: F16, F17, F21.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from itpm_sync.errors import NotTheVendor

T = TypeVar("T")

_MOST_IDLE: Final = 50  # some vendors send empty pages with a next link; this many in a row are no accident


@dataclass(frozen=True, slots=True)
class PageOf(Generic[T]):
    """One page: its rows, and the token (or link, or offset as text) of the next page, None on the last."""

    rows: Sequence[T]
    next: str | None


async def walk(
    fetch: Callable[[str | None], Awaitable[PageOf[T]]],
    key: Callable[[T], Hashable],
    *,
    what: str,
    start: str | None = None,
    most_pages: int = 20_000,
    repeats: bool = False,
) -> AsyncIterator[PageOf[T]]:
    """Yield pages until the last. `key` is the row's immutable id; `what` names the listing in messages.

    A row already given is left out, unless `repeats` (a delta feed, whose last occurrence wins): then it is given
    again. Within a page the last occurrence wins. Raises NotTheVendor where the paging goes round in circles.
    """
    seen: set[Hashable] = set()
    tokens = {start}
    token, idle = start, 0
    for _ in range(most_pages):
        page = await fetch(token)
        rows = {key(row): row for row in page.rows}
        fresh = [row for name, row in rows.items() if repeats or name not in seen]
        idle = 0 if rows.keys() - seen else idle + 1
        seen.update(rows)
        if page.next is not None and page.next in tokens:
            raise NotTheVendor(f"{what}: the same page is offered again and again.", mend=_MEND)
        yield PageOf(fresh, page.next)
        if page.next is None:
            return
        if idle >= _MOST_IDLE:
            raise NotTheVendor(f"{what}: {idle} pages in a row brought nothing new.", mend=_MEND)
        token = page.next
        tokens.add(token)
    raise NotTheVendor(f"{what}: more than {most_pages} pages.", mend=_MEND)


_MEND: Final = "The listing is not complete and is not used as one; the next run reads it anew."


async def gather(pages: AsyncIterator[PageOf[T]], key: Callable[[T], Hashable]) -> list[T]:
    """All rows of all pages in one list, the last occurrence of each."""
    rows: dict[Hashable, T] = {}
    async for page in pages:
        for row in page.rows:
            rows[key(row)] = row
    return list(rows.values())
