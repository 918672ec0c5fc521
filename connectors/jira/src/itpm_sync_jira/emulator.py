"""A Jira Cloud site on 127.0.0.1: REST v3, as strict as the real one where a connector could notice.

In: HTTP requests, people's edits. Out: Jira's answers. `emulated/` holds its parts. Search lags behind writes
by `index_lag` seconds of the emulator's clock; there is no recycle bin; nothing is conditional.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from itpm_sync.emulation import Answer, Call, Document, Emulator, Exemption, Refusal, Route
from itpm_sync.kit.secret import Secret
from itpm_sync.ports import Clock

from .emulated import defaults, seeding, views
from .emulated.catalogue import Catalogue
from .emulated.issues import Issues
from .emulated.search import Search
from .emulated.ui import Desk
from .emulated.world import World, blank


class JiraEmulator(Emulator):
    """One site. A fresh one has the service account `itpm-sync@example.org` and no project.

    `seed` takes `people` (mail, name, active, hidden_mail, zone), `service` (a mail), `token`, `statuses`
    (name -> new, indeterminate or done), `fields` (name, type, id, options), `projects` (key, name, types,
    workflow, required, off_screen), `issues` (ref, project, type, summary, by, status, parent, blocks, and any
    field by id or name) and `index_lag` (seconds). `refs` then has the ids of the seeded issues.
    """

    name = "jira"
    spec_file = "jira-cloud-v3.2026-04.json"
    exemptions = (
        Exemption("GET|POST", "/rest/api/3/search", "request", "removed; it answers 410 whatever is asked"),
    )

    def __init__(
        self,
        *,
        folder: Path | None = None,
        clock: Clock | None = None,
        seed: int = 0,
        specs: Path | None = None,
    ) -> None:
        super().__init__(folder=folder, clock=clock, seed=seed, specs=specs)
        self.desk = Desk(self.world)
        self.refs: dict[str, str] = {}
        if not self.state["service"]:
            self.state["service"] = seeding.add_person(
                self.world, {"mail": defaults.SERVICE_MAIL, "name": defaults.SERVICE_NAME, "type": "app"}
            )

    @property
    def credentials(self) -> tuple[str, str]:
        """The service account's mail address and API token."""
        return self.state["people"][self.state["service"]]["mail"], self.state["token"]

    def connection(self, base: str) -> Mapping[str, Any]:
        """Address, service account, and a horizon as long as search really lags here."""
        mail, token = self.credentials
        return {
            "base_url": base,
            "email": mail,
            "token": Secret(token),
            "horizon": self.index_lag,
            "overlap": self.index_lag + 2.0,
            "sweep_every": 0.0,
            "per_second": 100.0,
        }

    @property
    def index_lag(self) -> float:
        """Seconds until search shows a change."""
        return float(self.state["index_lag"])

    @index_lag.setter
    def index_lag(self, seconds: float) -> None:
        self.state["index_lag"] = seconds

    def blank(self) -> Document:
        return blank()

    def routes(self) -> Iterable[Route]:
        # One world for all parts; here, as the state is loaded by now and the routes are asked for once.
        self.world = World(lambda: self.state, self.clock, self.next_number)
        self.search = Search(self.world)
        return [*Catalogue(self.world).routes(), *self.search.routes(), *Issues(self.world).routes()]

    def fill(self, data: Mapping[str, Any]) -> None:
        self.refs |= seeding.fill(self.world, self.desk, data)

    def edit(self, person: str, native_id: str | None, changes: Mapping[str, Any]) -> str:
        return self.desk.edit(person, native_id, changes)

    def names(self) -> Iterable[tuple[str, Iterable[str]]]:
        for issue in self.state["issues"].values():
            yield str(issue["id"]), (issue["key"], issue["fields"]["summary"])

    def shown(self, name: str) -> dict[str, Any]:
        """An issue's fields as the API shows them, by id or key, hidden or not; KeyError where it is gone."""
        issue = self.world.any_issue(name)
        if issue is None:
            raise KeyError(name)
        fields: dict[str, Any] = views.issue(self.world, issue, ["*all"], [], "UTC")["fields"]
        return fields

    # ── Jira's shapes around every route ──

    def authenticate(self, call: Call) -> str:
        """The service account by mail and API token; there is no other login."""
        given = call.headers.get("authorization", "").removeprefix("Basic ")
        wanted = base64.b64encode(":".join(self.credentials).encode()).decode()
        if given != wanted:
            words = {"message": "Client must be authenticated to access this resource.", "status-code": 401}
            raise Refusal(Answer(401, words, {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}))
        return str(self.state["service"])

    def nowhere(self, call: Call, methods: list[str]) -> Answer:
        if methods:
            return Answer(405, {"message": "HTTP 405 Method Not Allowed", "status-code": 405})
        return Answer(404, {"message": "null for uri: " + call.path, "status-code": 404})

    def too_many(self, call: Call, retry_after: float) -> Answer:
        headers = {
            "Retry-After": str(max(1, round(retry_after))),
            "RateLimit-Reason": "jira-burst-based",
            "X-RateLimit-Remaining": "0",
        }
        return Answer(429, {"errorMessages": ["Rate limit exceeded."], "errors": {}}, headers)

    def quota_scope(self, call: Call) -> str:
        return f"{call.method} {call.path.split('/')[4] if call.path.count('/') >= 4 else call.path}"

    def failed(self, call: Call, reason: str) -> Answer:
        return Answer(500, {"errorMessages": [reason], "errors": {}})
