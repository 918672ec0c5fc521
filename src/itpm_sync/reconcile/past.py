"""What one run did, as its undo looks at it: plain data, read from the ledger by the cycle.

In: nothing. Out: the words `Past`, `Wrote`, `Moved`, `Made`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from itpm_sync.bases import Side
from itpm_sync.codec import Json, canonical
from itpm_sync.model import Value

Key = tuple[str, str]
"""(item, field)."""

FIRST_TIE = "first tie"
"""The reason by which the history tells that nobody edited what moved."""


@dataclass(frozen=True, slots=True)
class Wrote:
    """One field of one record, as the run wrote it."""

    item: str
    field: str
    replica: str
    connection: str
    container: str
    version: int
    """The agreed version it was brought to."""
    was: int
    """The one it was at before: the same where only the form changed (another mapping, another parent)."""
    natives: Mapping[str, tuple[Any, Any]]
    """By native name: what stood there, and what was sent. Empty where it is not known any more."""
    beside: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """What stood in the field's native values that the tool sets itself when the others are written."""


@dataclass(frozen=True, slots=True)
class Moved:
    """An agreed value that the run moved."""

    old: Value
    version: int
    """The version it made."""
    was: int
    """The version before it; NEVER where there was none."""
    first: bool = False
    """By a first tie alone: nobody edited anything; records were joined, or a field was mapped for the first time."""
    known: bool = True
    """False: the old value was redacted."""


@dataclass(frozen=True, slots=True)
class Made:
    """A record that the run created, or deleted."""

    item: str
    connection: str
    container: str
    native_id: str
    replica: str
    touched: str = ""
    """Why somebody has used it since, where the tool's own history tells; "" nothing is known of it."""


def side_mark(tool: str | None, form: Json, version: int) -> str:
    """What one side of a conflict is known by; `form` encoded."""
    return canonical([tool, form, version])


@dataclass(frozen=True, slots=True)
class Past:
    """One run, looked back at."""

    run: str
    wrote: Mapping[Key, tuple[Wrote, ...]] = dataclasses.field(default_factory=dict)
    moved: Mapping[Key, Moved] = dataclasses.field(default_factory=dict)
    lost: Mapping[Key, tuple[Side, ...]] = dataclasses.field(default_factory=dict)
    """Edits that it decided against, as their tools held them."""
    opened: Mapping[Key, frozenset[str]] = dataclasses.field(default_factory=dict)
    """The sides of the conflicts that it opened (`side_mark`); only of a run that was itself an undo."""
    made: tuple[Made, ...] = ()
    deleted: tuple[Made, ...] = ()
    unknown: frozenset[Key] = frozenset()
    """Fields of which nobody can say whether the run wrote them; of a creation or deletion, with the field ""."""
    resolved: bool = False
    """It was a person's word over a conflict."""
    undone: bool = False
    """It was itself an undo: what it moved was nobody's edit."""
    base: bool = False
    """The configuration it took in place of another is no longer the base afterwards: that one is."""
    held: bool = False
    """And today's is not that one either: the next sync stops and asks before it writes anything."""
