"""What is asked of Graph, and what it answers.

In: nothing. Out: frozen words between the client and those who use it, and how Graph's error bodies are read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from itpm_sync.errors import Denied, ItpmError, NotTheVendor, Refused
from itpm_sync.kit.answer import Answer, Call, Expect

Json = dict[str, Any]
_LIMITS: Mapping[str, str] = {
    "MaximumTasksInProject": "the plan holds as many tasks as Planner allows",
    "MaximumActiveTasksInProject": "the plan holds as many unfinished tasks as Planner allows",
    "MaximumBucketsInProject": "the plan holds as many buckets as Planner allows",
    "MaximumAssigneesInTasks": "the task has as many assignees as Planner allows",
    "MaximumReferencesOnTask": "the task has as many attachments as Planner allows",
    "MaximumTasksCreatedByUser": "this account has created as many tasks as Planner allows",
    "MaximumTasksAssignedToUser": "that person has as many tasks as Planner allows",
    "MaximumProjectsOwnedByUser": "this account owns as many plans as Planner allows",
}
_LONGEST_CODE = 60
"""Letters; what is longer, or holds anything else, is no code and is not repeated."""
_LIMIT_MEND = "Close or move finished work there, or let another plan take the rest."


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `path` is below the version (`/planner/tasks/x`), or a whole link that Graph gave us."""

    method: str
    path: str
    what: str
    """The thing, for messages: `Planner task Order racks`."""
    query: Mapping[str, str] = field(default_factory=dict)
    body: Json | None = None
    content: bytes | None = None
    """A file's bytes instead of a body."""
    content_type: str = "application/octet-stream"
    etag: str = ""
    """Sent as If-Match."""
    returns: bool = False
    """Ask for the changed thing in the answer to a PATCH."""
    reads: bool | None = None
    """None: GET reads, all else writes. A POST that only searches says True."""
    expect: Expect = Expect.JSON
    scope: str = "graph"
    """Who waits on a 429: planner, sharepoint or directory."""

    @property
    def is_read(self) -> bool:
        return self.method == "GET" if self.reads is None else self.reads

    def call(self, url: str) -> Call:
        return Call(
            what=self.what,
            url=url,
            reads=self.is_read,
            expect=self.expect,
            conditional=bool(self.etag),
            scope=self.scope,
        )

    def headers(self) -> dict[str, str]:
        """Without Authorization, which only the adapter adds."""
        made = {"accept": "application/json"}
        if self.body is not None:
            made["content-type"] = "application/json"
        if self.content is not None:
            made["content-type"] = self.content_type
        if self.etag:
            made["if-match"] = self.etag
        if self.returns:
            made["prefer"] = "return=representation"
        return made


@dataclass(frozen=True, slots=True)
class Reply:
    """A good answer. `body` is {} where there was none."""

    status: int
    body: Json


def seg(native_id: object) -> str:
    """An id as one segment of a path, whatever it holds. Raises NotTheVendor for what is no id."""
    if str(native_id) in ("", ".", ".."):  # a path of its own, which a library or a proxy would walk
        raise NotTheVendor(f"{str(native_id)!r} is no id of anything in Microsoft 365.")
    return quote(str(native_id), safe="!,-_")


def error_of(answer: Answer) -> tuple[str, str]:
    """Graph's error code and message, or two empty texts."""
    try:
        error = json.loads(answer.body)["error"]
        return str(error["code"]), str(error["message"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return "", ""


def refine(call: Call, answer: Answer, problem: ItpmError) -> ItpmError:
    """What Graph says more exactly than its status: a limit that answers 403 is no lack of permission (F32)."""
    code, _ = error_of(answer)
    if isinstance(problem, Denied) and answer.status == 403 and code.startswith("Maximum"):
        named = f" ({code})" if code.isascii() and code.isalpha() and len(code) <= _LONGEST_CODE else ""
        reason = _LIMITS.get(code, f"a limit of Planner is reached{named}")
        return Refused(f"{call.what}: {reason}.", mend=_LIMIT_MEND)
    return problem
