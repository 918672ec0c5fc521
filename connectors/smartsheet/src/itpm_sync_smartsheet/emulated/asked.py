"""What a reader asked for, from the query of a GET.

In: a way to look up a query parameter. Out: a Wish, or a refusal (1018) that names the parameter.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from .views import Wish, integers
from .world import ApiError

One = Callable[[str], str]
"""The value of a query parameter, empty where it is absent."""
INCLUDES = frozenset(
    {
        "attachments",
        "columnType",
        "crossSheetReferences",
        "discussions",
        "filters",
        "filterDefinitions",
        "format",
        "ganttConfig",
        "objectValue",
        "ownerInfo",
        "rowPermalink",
        "source",
        "writerInfo",
    }
)


def stamp(moment: datetime) -> str:
    """A time as Smartsheet says it: UTC, whole seconds."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def wish_of(one: One) -> Wish:
    include = frozenset(part for part in one("include").split(",") if part)
    if unknown := include - INCLUDES:
        raise ApiError(400, 1018, f"The value {sorted(unknown)[0]} was not valid for the parameter include.")
    return Wish(
        level=integer(one, "level", 0),
        include=include,
        exclude=frozenset(one("exclude").split(",")),
        columns=integers(one("columnIds"), "columnIds") if one("columnIds") else None,
        rows=integers(one("rowIds"), "rowIds") if one("rowIds") else None,
        numbers=integers(one("rowNumbers"), "rowNumbers") if one("rowNumbers") else None,
        since=_since(one("rowsModifiedSince")),
        page=integer(one, "page", 1) if one("page") else None,
        size=integer(one, "pageSize", 100) if one("pageSize") else None,
    )


def _since(text: str) -> str:
    if not text:
        return ""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ApiError(
            400, 1018, f"The value {text} was not valid for the parameter rowsModifiedSince."
        ) from error
    return stamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def integer(one: One, name: str, default: int) -> int:
    text = one(name)
    if not text:
        return default
    if not text.isdigit() or (name in ("page", "pageSize") and int(text) < 1):
        raise ApiError(400, 1018, f"The value {text} was not valid for the parameter {name}.")
    return int(text)
