"""One change on its way: what it wants, what was done of it, what was refused, and the outcome in the end.

In: a change and what stands in Jira now. Out: its Outcome. The steps of a change (edit, links, transition) fail one by
one; what one of them did stays done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from itpm_sync.connector import Change, Operation, Outcome, Record, Status
from itpm_sync.errors import ItpmError, NotTheVendor, Retry, Unavailable, UnknownOutcome

from .client import FieldRefusal
from .wire import Wanted


@dataclass(slots=True)
class Work:
    """A change in progress."""

    change: Change
    wanted: Wanted
    fresh: Record | None = None
    """The record as read just before."""
    raw: Mapping[str, Any] = field(default_factory=dict)
    """Its JSON."""
    native_id: str | None = None
    record: Record | None = None
    """The newest that is known of it."""
    applied: set[str] = field(default_factory=set)
    """Native names that were written."""
    refused: dict[str, str] = field(default_factory=dict)
    error: ItpmError | None = None
    stale: bool = False
    over: bool = False
    """Nothing more is to be tried."""
    later: bool = False
    """Something could not be tried for now; what was done stands in the record."""
    touched: bool = False
    """Changed by a call that does not tell the result: to be read again."""
    replaced: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.refused.update(self.wanted.refused)

    @property
    def made(self) -> bool:
        """Whether it is a creation that succeeded: that must be told, whatever failed afterwards."""
        return self.change.operation is Operation.CREATE and self.native_id is not None

    @property
    def title(self) -> str:
        """How messages call it."""
        seen = self.record or self.fresh or self.change.expected
        if seen is not None and seen.name:
            return f"Jira issue {seen.name.partition(' ')[0]}"
        return f"Jira issue {self.native_id}" if self.native_id else f"The new issue for {self.change.key}"

    def fails(self, error: ItpmError, names: set[str]) -> None:
        """A step that writes `names` failed."""
        self.error = self.error if isinstance(self.error, UnknownOutcome) else error
        if isinstance(error, UnknownOutcome):
            self.touched = self.over = True
            return
        if isinstance(error, Retry | Unavailable | NotTheVendor) and not self.made:
            self.later = True
            return
        told = error.__cause__ if isinstance(error.__cause__, FieldRefusal) else None
        for name in names:
            self.refused[name] = (told.fields.get(name) if told else None) or error.message

    def sees(self, record: Record, raw: Mapping[str, Any], *, key: str | None = None) -> None:
        """The record as an answer tells it; `key` where the answer does not tell of our key."""
        self.record = replace(record, key=key) if key is not None else record
        self.raw = raw

    def outcome(self) -> Outcome:
        status = self._status()
        return Outcome(
            self.change.intent,
            status,
            record=self.record or (self.fresh if status is not Status.UNKNOWN else None),
            refused=dict(self.refused),
            error=self.error,
            replaced=self.replaced or None,
        )

    def _status(self) -> Status:
        if self.stale:
            return Status.STALE
        if isinstance(self.error, UnknownOutcome):
            return Status.UNKNOWN
        if self.later:
            return Status.RETRY
        if not self.refused and self.error is None:
            return Status.APPLIED
        return Status.PARTLY if self.applied else Status.REFUSED
