"""Search, bulk reads and histories, as Jira Cloud answers them.

In: calls of `/search/jql`, `/issue/bulkfetch`, `/changelog/bulkfetch`, `/issue/{id}/changelog` and the removed
`/search`. Out: answers. Search shows the lagging index; the bulk reads show what is.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from itpm_sync.emulation import Answer, Call, Route

from . import jql, views
from .refusals import bad, refusal
from .world import Json, World

ID_PAGE = 5000
FIELD_PAGE = 100
BULK_LIMIT = 100
RECONCILE_LIMIT = 50
PROPERTIES_LIMIT = 5
HISTORY_ISSUES_LIMIT = 1000
HISTORY_FIELDS_LIMIT = 10
TOKEN_LIFE = 7 * 86_400_000
REMOVED = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "
    "A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)


class Search:
    """The read side that works on many issues at once."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.page_cap = FIELD_PAGE
        """The most issues of a page with fields; a test lowers it to have many short pages."""

    def routes(self) -> list[Route]:
        return [
            Route("POST", "/rest/api/3/search/jql", self.post, writes=False),
            Route("GET", "/rest/api/3/search/jql", self.get),
            *(Route(method, "/rest/api/3/search", self.removed, writes=False) for method in ("GET", "POST")),
            *(Route(method, "/rest/api/2/search", self.removed, writes=False) for method in ("GET", "POST")),
            Route("POST", "/rest/api/3/issue/bulkfetch", self.bulk_fetch, writes=False),
            Route("POST", "/rest/api/3/changelog/bulkfetch", self.bulk_history, writes=False),
            Route("GET", "/rest/api/3/issue/{name}/changelog", self.history),
        ]

    def removed(self, call: Call) -> Answer:
        return Answer(410, {"errorMessages": [REMOVED], "errors": {}})

    def get(self, call: Call) -> Answer:
        asked: Json = {
            name: value for name, value in call.query if name in ("jql", "nextPageToken", "expand")
        }
        for name in ("fields", "properties"):
            if call.all(name):
                asked[name] = [part for value in call.all(name) for part in value.split(",")]
        if call.one("maxResults"):
            asked["maxResults"] = int(call.one("maxResults"))
        if call.all("reconcileIssues"):
            asked["reconcileIssues"] = [int(value) for value in call.all("reconcileIssues")]
        return self.search(asked, call.person)

    def post(self, call: Call) -> Answer:
        return self.search(body_of(call), call.person)

    def search(self, asked: Json, caller: str) -> Answer:
        fields, properties = asked.get("fields") or ["id"], asked.get("properties") or []
        if len(properties) > PROPERTIES_LIMIT:
            raise bad(f"The maximum number of properties is {PROPERTIES_LIMIT}.")
        zone = views_zone(self.world, caller)
        query = jql.parse(self.world, asked.get("jql") or "", zone, caller)
        after = self._after(asked)
        shown = self._shown(asked.get("reconcileIssues") or [])
        hits = sorted((jql.sort_key(self.world, query, i), i["id"], i) for i in shown if query.test(i))
        hits = [hit for hit in hits if after is None or hit[0] > after]
        bare = set(fields) <= {"id", "key"} and not properties
        size = min(asked.get("maxResults") or 50, ID_PAGE if bare else self.page_cap)
        page, more = hits[:size], len(hits) > size
        names = [name for name in fields if name not in ("id", "key")]
        answer: Json = {
            "issues": [views.issue(self.world, hit[2], names, properties, zone) for hit in page],
            "isLast": not more,
        }
        if set(fields) == {"id"}:
            answer["issues"] = [{"id": hit[1]} for hit in page]
        if more:
            answer["nextPageToken"] = self._token(asked, page[-1][0])
        return Answer(200, answer)

    def _shown(self, reconcile: list[int]) -> list[Json]:
        if len(reconcile) > RECONCILE_LIMIT:
            raise bad(f"The maximum number of issues to reconcile is {RECONCILE_LIMIT}.")
        fresh = {str(number) for number in reconcile}
        shown = [issue for issue in self.world.indexed() if issue["id"] not in fresh]
        shown += [issue for number, issue in self.world.data["issues"].items() if number in fresh]
        issues = self.world.data["issues"]
        return [issue for issue in shown if not (issues.get(issue["id"]) or issue)["hidden"]]

    def _token(self, asked: Json, key: list[Any]) -> str:
        text = json.dumps({"k": key, "q": _fingerprint(asked), "t": self.world.now()})
        return base64.urlsafe_b64encode(text.encode()).decode()

    def _after(self, asked: Json) -> list[Any] | None:
        token = asked.get("nextPageToken")
        if not token:
            return None
        try:
            told = json.loads(base64.urlsafe_b64decode(token))
        except ValueError:
            raise bad("The provided next page token is invalid or expired.") from None
        if told["q"] != _fingerprint(asked) or told["t"] < self.world.now() - TOKEN_LIFE:
            raise bad("The provided next page token is invalid or expired.")
        key: list[Any] = told["k"]
        return key

    def bulk_fetch(self, call: Call) -> Answer:
        asked = body_of(call)
        names = asked["issueIdsOrKeys"]
        if not names or len(names) > BULK_LIMIT:
            raise bad(f"issueIdsOrKeys must contain between 1 and {BULK_LIMIT} issues.")
        found = {i["id"]: i for name in names if (i := self.world.any_issue(name)) and not i["hidden"]}
        fields, properties = asked.get("fields") or ["*navigable"], asked.get("properties") or []
        zone = views_zone(self.world, call.person)
        in_order = sorted(found.values(), key=lambda issue: int(issue["id"]))
        shown = [views.issue(self.world, issue, fields, properties, zone) for issue in in_order]
        return Answer(200, {"issues": shown, "issueErrors": []})

    def bulk_history(self, call: Call) -> Answer:
        asked = body_of(call)
        names, fields = asked["issueIdsOrKeys"], asked.get("fieldIds") or []
        if not names or len(names) > HISTORY_ISSUES_LIMIT:
            raise bad(f"issueIdsOrKeys must contain between 1 and {HISTORY_ISSUES_LIMIT} issues.")
        if len(fields) > HISTORY_FIELDS_LIMIT:
            raise bad(f"fieldIds must contain at most {HISTORY_FIELDS_LIMIT} fields.")
        found = sorted(
            {i["id"] for name in names if (i := self.world.any_issue(name)) and not i["hidden"]}, key=int
        )
        rows = [(number, entry) for number in found for entry in self._entries(number, fields)]
        start, size = int(asked.get("nextPageToken") or 0), asked.get("maxResults") or 1000
        zone = views_zone(self.world, call.person)
        grouped: dict[str, list[Json]] = {}
        for number, entry in rows[start : start + size]:
            grouped.setdefault(number, []).append(views.history_entry(self.world, entry, zone))
        shown = [{"issueId": number, "changeHistories": entries} for number, entries in grouped.items()]
        answer: Json = {"issueChangeLogs": shown}
        if start + size < len(rows):
            answer["nextPageToken"] = str(start + size)
        return Answer(200, answer)

    def _entries(self, number: str, fields: list[str]) -> list[Json]:
        entries: list[Json] = self.world.data["history"].get(number, [])
        if not fields:
            return entries
        chosen = [{**e, "items": [i for i in e["items"] if i["field"] in fields]} for e in entries]
        return [entry for entry in chosen if entry["items"]]

    def history(self, call: Call) -> Answer:
        issue = self.world.issue(call.params["name"])
        start, size = int(call.one("startAt", "0")), min(int(call.one("maxResults", "100")), 100)
        entries, zone = self._entries(issue["id"], []), views_zone(self.world, call.person)
        shown = [views.history_entry(self.world, entry, zone) for entry in entries[start : start + size]]
        return Answer(
            200,
            {
                "startAt": start,
                "maxResults": size,
                "total": len(entries),
                "isLast": start + size >= len(entries),
                "values": shown,
            },
        )


def _fingerprint(asked: Json) -> str:
    same = {name: value for name, value in asked.items() if name not in ("nextPageToken", "maxResults")}
    return hashlib.sha256(json.dumps(same, sort_keys=True).encode()).hexdigest()[:16]


def views_zone(world: World, account: str) -> str:
    """The caller's profile time zone, in which Jira writes date-times and reads dates in JQL."""
    return str((world.person(account) or {}).get("zone", "UTC"))


def body_of(call: Call) -> Json:
    """The body as an object. Raises Refusal (400) where it is none."""
    try:
        body = call.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise refusal(400, ["Invalid request payload. Refer to the REST API documentation and try again."])
    return body
