"""The state of an emulated tenant: one JSON document, with ids, versions and time drawn from it alone.

In: a dictionary (as persisted) and a clock. Out: the same dictionary, changed in place. Ids and etags come from one
counter, so that the same calls give the same tenant again.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from .wire import GraphRefusal, Json

TABLES = tuple("users groups plans plan_details buckets tasks details sites drives files pages".split())

DEFAULT_LIMITS = {
    # Planner's own names, which it answers as error.code with 403. Source: planner-overview, limits.
    "MaximumTasksInProject": 9000,
    "MaximumActiveTasksInProject": 3000,
    "MaximumBucketsInProject": 200,
    "MaximumAssigneesInTasks": 20,
    "MaximumReferencesOnTask": 15,
    "MaximumChecklistItemsOnTask": 20,
}

DEFAULT_SWITCHES: Json = {
    "page_size": 100,
    "expand_details": True,  # $expand=details on a task list; off, Graph answers 400
    "details_lag": 0,  # reads of /details that answer 404 after a task was created
    "page_approval": False,  # publish leaves the page waiting for an approver
}


def new_state() -> Json:
    """An empty tenant."""
    state: Json = {name: {} for name in TABLES}
    state.update(serial=0, limits=dict(DEFAULT_LIMITS), switches=dict(DEFAULT_SWITCHES), forbidden=[])
    return state


class World:
    """An emulated tenant. All time is UTC."""

    def __init__(self, state: Json, now: Callable[[], datetime]) -> None:
        self.state = state
        self._now = now
        for name, value in new_state().items():
            state.setdefault(name, value)
        for name, value in DEFAULT_SWITCHES.items():
            state["switches"].setdefault(name, value)

    def table(self, name: str) -> Json:
        found: Json = self.state[name]
        return found

    def switch(self, name: str) -> int:
        return int(self.state["switches"][name])

    def limit(self, name: str) -> int:
        return int(self.state["limits"][name])

    def stamp(self) -> str:
        """Now, as Graph writes it: UTC with seven decimals."""
        return self._now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"

    def tick(self) -> int:
        """The next number of the one counter."""
        self.state["serial"] += 1
        return int(self.state["serial"])

    def planner_id(self, kind: str) -> str:
        """A new 28-character Planner id; case matters in it."""
        digest = hashlib.sha256(f"{kind}:{self.tick()}".encode()).digest()
        return base64.urlsafe_b64encode(digest).decode()[:28].replace("-", "_")

    def guid(self, kind: str) -> str:
        """A new GUID."""
        return str(uuid.UUID(bytes=hashlib.sha256(f"{kind}:{self.tick()}".encode()).digest()[:16], version=4))

    def identity(self, actor: str) -> Json:
        """An identitySet for who acts: a person, or the application when empty."""
        if actor:
            name = self.table("users").get(actor, {}).get("displayName", "")
            return {"user": {"id": actor, "displayName": name}}
        return {"application": {"id": "11111111-2222-4333-8444-555555555555", "displayName": "itpm-sync"}}

    def check_allowed(self, *ids: str) -> None:
        """403 where a test or the demo has taken away the application's right to one of these."""
        if any(each in self.state["forbidden"] for each in ids):
            raise GraphRefusal(
                403, "AccessDenied", "You do not have the required permissions to access this item."
            )
