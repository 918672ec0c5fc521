"""The words in which one field of one item is decided: what a tool says of it, what rules bear on it, the verdict.

In: nothing. Out: Entry, Rules, Verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from itpm_sync.bases import Agreed, Conflict
from itpm_sync.lens import Env, Lens
from itpm_sync.model import Value
from itpm_sync.plan import Loser
from itpm_sync.policy import FieldPolicy


@dataclass(frozen=True, slots=True)
class Entry:
    """What one tool says of one field."""

    replica: str
    tool: str
    lens: Lens
    env: Env
    before: Value
    """The form of what was seen; None where nothing was."""
    now: Value
    """The form of what stands there."""
    at: int
    changed: bool
    """What stands there is an edit: it differs from what was seen, or was never decided."""
    first: bool
    """No base: this field's first tie."""
    empty: bool
    """Nothing stands there, or only the tool's default."""
    computed: bool
    taken: int | None
    """The reading is this offered version, taken by hand."""
    edited: datetime | None
    actor: str | None


@dataclass(frozen=True, slots=True)
class Rules:
    """What of the configuration bears on one field of one item."""

    item: str
    name: str
    policy: FieldPolicy
    seed: tuple[str, ...]
    margin: timedelta
    zone: ZoneInfo
    now: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision. `conflict` is the one open afterwards, if any; one that was open before and is not is closed."""

    agreed: Agreed | None
    losers: tuple[Loser, ...] = ()
    conflict: Conflict | None = None
    reason: str = ""
