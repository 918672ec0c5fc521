"""Where the reader finds an item: the link to its record.

In: an item, its subject. Out: an address that a page may link to, or nothing.
"""

from __future__ import annotations

from itpm_sync.model import Item
from itpm_sync.status.subject import Subject
from itpm_sync.status.wording import address


def place_of(item: Item, subject: Subject) -> str:
    """The first usable link to one of its records."""
    return next(filter(None, (address(link.url) for link in subject.places.get(item.id, ()))), "")
