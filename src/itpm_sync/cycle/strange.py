"""Whether a container is the one that was read before.

In: what the ledger remembers of it, what it says of itself now. Out: why it is not, in plain words; "" it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from itpm_sync.codec import digest
from itpm_sync.connector import ContainerInfo
from itpm_sync.ledger import ContainerState
from itpm_sync.model import instant


def strange(before: ContainerState | None, info: ContainerInfo) -> str:
    """Why a container is not the one that was read before; "" it is, or none was read. Its title may change freely."""
    if before is None or not before.fingerprint:
        return ""
    known = before.document or {}
    title, was = info.title or info.container, known.get("title") or before.container
    there = f"{title} in {before.connection}"
    if info.fingerprint != before.fingerprint:
        mark = digest([info.fingerprint])[:8]
        called = "" if was == title else f", which was called {was}"
        return f"{there} is not the container that was read before under {before.container}{called} (it is {mark} now)."
    saved = _saved(known)
    if _older(info.edited, saved):
        now, then = f"{info.edited:%Y-%m-%d %H:%M}", f"{saved:%Y-%m-%d %H:%M}"
        return f"{there} is an older copy: it was saved at {now}, the one read before at {then}."
    return ""


def _saved(known: Mapping[str, Any]) -> datetime | None:
    text = known.get("edited")
    if not isinstance(text, str):
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is None else instant(text)


def _older(now: datetime | None, before: datetime | None) -> bool:
    """Whether a saving came before the one that was read; times with and without a zone are not compared."""
    if now is None or before is None or (now.tzinfo is None) != (before.tzinfo is None):
        return False
    return now < before
