"""Stored rows as words, the last few kept.

In: the columns of a row, its document and hash. Out: replicas, agreed values. Most rows are the same in the next run,
and are looked at more than once in one: the same text, with the same hash, is the same word, and is unpacked once.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from itpm_sync.bases import Agreed, Replica
from itpm_sync.ledger.documents import agreed_of, replica_of, unseal

KEPT = 2048


@lru_cache(maxsize=KEPT)
def replica(
    identity: str,
    tool: str,
    container: str,
    native_id: str,
    item: str | None,
    tie: str,
    document: str | bytes,
    hashed: str,
) -> Replica:
    """The replica of a row of `replicas`. Raises Unreadable where its hash does not hold."""
    opened = unseal(document, hashed, f"record {native_id} of {tool}")
    return replica_of((identity, tool, container, native_id, item, tie), opened)


@lru_cache(maxsize=KEPT)
def agreed(item: str, document: str | bytes, hashed: str) -> Mapping[str, Agreed]:
    """The agreed values of a row of `items`. Raises Unreadable where its hash does not hold."""
    return agreed_of(unseal(document, hashed, f"item {item}"))


def forget() -> None:
    """Keep nothing: what was redacted leaves the memory, too."""
    replica.cache_clear()
    agreed.cache_clear()
