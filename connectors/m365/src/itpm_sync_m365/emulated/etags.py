"""Planner's weak etags and what an old one still allows.

In: an entity's row with its version and, for each property, the version that last touched it. Out: the etag; or the
refusal of a conditional write. Planner merges a change made on an older etag where nobody touched the same
properties since; else it answers 409. Source: planner-overview, "Planner resource versioning".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from .wire import GraphRefusal, Json, bad

_TAG = re.compile(r'W/"(?P<kind>[A-Za-z]{3,10})(?P<version>\d{16})"')


def etag(kind: str, row: Json) -> str:
    """`W/"..."`; of one resource, a later version sorts later by ordinal comparison."""
    return f'W/"{kind}{row["_version"]:016d}"'


def version_of(kind: str, tag: str) -> int:
    """The version an etag names. Raises GraphRefusal: 400 for no etag, 412 for one of another kind of resource."""
    found = _TAG.fullmatch(tag.strip())
    if not found:
        raise bad("The If-Match header value is not a valid etag.")
    if found["kind"] != kind:
        raise GraphRefusal(412, "PreconditionFailed", "The etag supplied does not match this resource.")
    return int(found["version"])


def check_match(kind: str, row: Json, headers: Mapping[str, str], touched: Iterable[str]) -> None:
    """Refuse a write without `If-Match`, with an etag from nowhere, or in conflict with a newer change."""
    tag = headers.get("if-match")
    if not tag:
        raise bad("The If-Match header must be specified for this request.")
    known = version_of(kind, tag)
    if known > row["_version"]:
        raise GraphRefusal(412, "PreconditionFailed", "The etag supplied is not one of this resource's.")
    newer = sorted(name for name in touched if row["_touched"].get(name, 0) > known)
    if newer:
        raise GraphRefusal(
            409, "Conflict", f"The resource was changed since: {', '.join(newer)}. Read it again."
        )


def touch(row: Json, version: int, names: Iterable[str]) -> None:
    """Note that `version` changed these properties."""
    row["_version"] = version
    row["_touched"].update(dict.fromkeys(names, version))


def public(kind: str, row: Json) -> Json:
    """The row as Graph shows it: its etag first, nothing of ours."""
    return {"@odata.etag": etag(kind, row)} | {
        name: value for name, value in row.items() if not name.startswith("_")
    }
