"""One change of a Planner task while it is carried out, and what became of it. No calls are made here.

In: a `Change`, and what was answered to its parts. Out: its `Outcome`, with the record as the answers showed it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from itpm_sync.connector import Account, Change, Operation, Outcome, Record, Status
from itpm_sync.errors import ItpmError, Retry, Stale, Unavailable, UnknownOutcome

from . import planner
from .references import key_of, with_key
from .wire import Json, Reply


@dataclass(slots=True)
class Work:
    """One change while it is carried out."""

    change: Change
    body: Json = field(default_factory=dict)
    details: Json = field(default_factory=dict)
    task: Json | None = None
    """The task as the last answer showed it."""
    shown: Json | None = None
    """The details as the last answer showed them."""
    error: ItpmError | None = None
    refused: dict[str, str] = field(default_factory=dict)
    applied: bool = False
    silent: bool = False
    """Something was written and the answer did not show the thing as it is now."""

    @property
    def what(self) -> str:
        title = self.change.values.get("title") or (self.change.expected.name if self.change.expected else "")
        return f"Planner task {title or self.change.native_id or ''}".strip()[:200]

    @property
    def native_id(self) -> str:
        """The task's id, for a new one as the service gave it."""
        return self.change.native_id or str((self.task or {}).get("id", ""))

    @property
    def carried(self) -> str | None:
        """The key that stands on the task."""
        if self.shown is not None or self.change.expected is None:
            return key_of((self.shown or {}).get("references"))
        return self.change.expected.key

    @property
    def before(self) -> Mapping[str, Any]:
        """The values that the change starts from: as last read, {} for a new task."""
        if self.change.expected is not None:
            return self.change.expected.values
        return planner.record_of(self.task, self.shown, {}).values if self.task else {}

    @property
    def etags(self) -> tuple[str, str]:
        """Of task and details, to write with: those that were decided on, not newer ones.

        A newer one, met on the way, would carry a person's edit that nobody has seen yet: with the old one Planner
        merges what does not conflict and refuses what does.
        """
        if self.change.expected is not None:
            return planner.etags(self.change.expected.revision)
        return planner.etags(planner.revision(self.task or {}, self.shown))

    def moved(self) -> bool:
        """Whether the task, as just read, is another than the one that was decided on."""
        expected = self.change.expected
        return expected is not None and expected.revision != planner.revision(self.task or {}, self.shown)

    def took(self, result: Reply) -> None:
        """A task's own change was applied."""
        self.task, self.applied = result.body or self.task, True
        self.silent = self.silent or not result.body

    def took_details(self, result: Reply) -> None:
        """A change of its details was applied."""
        self.shown, self.applied = result.body or self.shown, True
        self.silent = self.silent or not result.body

    def refuse(self, names: Sequence[str], error: ItpmError) -> None:
        self.error = error
        self.refused |= dict.fromkeys(names, str(error))


def outcome(work: Work, people: Mapping[str, Account] | None) -> Outcome:
    """What became of it. `people` None: who anybody is could not be told, so no record that names somebody is."""
    return Outcome(
        intent=work.change.intent,
        status=_status(work),
        record=_record(work, people),
        refused=work.refused if work.error and not isinstance(work.error, UnknownOutcome) else {},
        error=work.error,
    )


def _record(work: Work, people: Mapping[str, Account] | None) -> Record | None:
    """The record after the write. Details that nobody wrote are as they were read before."""
    if work.change.operation is Operation.DELETE:
        return None
    expected = work.change.expected
    if work.silent or isinstance(work.error, UnknownOutcome):
        return None
    if work.task is None and work.shown is None:
        return expected if work.error is None else None
    task_etag, details_etag = planner.etags(expected.revision) if expected else ("", "")
    details = work.shown or {
        "@odata.etag": details_etag,
        "description": work.before.get("description"),
        "references": with_key("", expected.key) if expected and expected.key else {},
    }
    if work.task is not None:
        if people is None and planner.assigned([work.task]):
            return None
        return planner.record_of(work.task, details, people or {})
    if expected is None:
        return None
    values = {**expected.values, "description": details.get("description") or None}
    return Record(
        native_id=expected.native_id,
        revision=planner.revision({"@odata.etag": task_etag}, details),
        values=values,
        key=key_of(details.get("references")),
        name=expected.name,
        url=expected.url,
    )


def _status(work: Work) -> Status:
    error = work.error
    if error is None:
        return Status.APPLIED
    if isinstance(error, UnknownOutcome):
        return Status.UNKNOWN
    if work.applied:
        return Status.PARTLY
    if isinstance(error, Stale):
        return Status.STALE
    if isinstance(error, Retry | Unavailable):
        return Status.RETRY
    return Status.REFUSED
