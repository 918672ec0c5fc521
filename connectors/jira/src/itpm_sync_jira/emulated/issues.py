"""One issue at a time: read, create, edit, delete, transitions, links, properties; and creation in bulk.

In: calls under `/rest/api/3/issue` and `/issueLink`. Out: answers in Jira's shapes.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from itpm_sync.emulation import Answer, Call, Refusal, Route

from . import views, writing
from .refusals import bad, refusal
from .search import body_of, views_zone
from .world import Json, World

BULK_LIMIT = 50
PROPERTY_LIMIT = 32_768
KEY_LIMIT = 255


class Issues:
    """The routes of single issues."""

    def __init__(self, world: World) -> None:
        self.world = world

    def routes(self) -> list[Route]:
        issue = "/rest/api/3/issue"
        return [
            Route("POST", f"{issue}/bulk", self.create_many),
            Route("POST", issue, self.create),
            Route("GET", f"{issue}/{{name}}/transitions", self.transitions),
            Route("POST", f"{issue}/{{name}}/transitions", self.transition),
            Route("GET", f"{issue}/{{name}}/properties/{{key}}", self.property),
            Route("PUT", f"{issue}/{{name}}/properties/{{key}}", self.set_property),
            Route("GET", f"{issue}/{{name}}", self.read),
            Route("PUT", f"{issue}/{{name}}", self.edit),
            Route("DELETE", f"{issue}/{{name}}", self.delete),
            Route("POST", "/rest/api/3/issueLink", self.link),
            Route("DELETE", "/rest/api/3/issueLink/{id}", self.unlink),
        ]

    def read(self, call: Call) -> Answer:
        issue = self.world.issue(call.params["name"])
        return Answer(
            200, self._bean(issue, call, _listed(call, "fields") or ["*all"], _listed(call, "properties"))
        )

    def _bean(self, issue: Json, call: Call, fields: list[str], properties: list[str]) -> Json:
        return views.issue(self.world, issue, fields, properties, views_zone(self.world, call.person))

    # ── create ──

    def create(self, call: Call) -> Answer:
        return Answer(201, self._created(self._create(body_of(call), call.person)))

    def create_many(self, call: Call) -> Answer:
        updates = body_of(call).get("issueUpdates") or []
        if not updates or len(updates) > BULK_LIMIT:
            says = {
                "errorMessages": [f"Between 1 and {BULK_LIMIT} issues can be created at once."],
                "errors": {},
            }
            return Answer(400, {"issues": [], "errors": [{"status": 400, "elementErrors": says}]})
        made, errors = [], []
        for number, update in enumerate(updates):
            try:
                made.append(self._created(self._create(update, call.person)))
            except Refusal as no:
                told: Json = dict(no.answer.body)  # type: ignore[call-overload]
                errors.append(
                    {"status": no.answer.status, "elementErrors": told, "failedElementNumber": number}
                )
        return Answer(201 if made else 400, {"issues": made, "errors": errors})

    def _create(self, body: Json, by: str) -> Json:
        if body.get("update"):
            raise bad("This emulator sets fields by `fields` only.")
        properties = {entry["key"]: entry.get("value") for entry in body.get("properties") or ()}
        if len(properties) != len(body.get("properties") or ()):
            raise bad("Duplicate property keys.")
        fields = body.get("fields") or {}
        return writing.create(self.world, fields, by, properties=properties)

    def _created(self, issue: Json) -> Json:
        return {"id": issue["id"], "key": issue["key"], "self": f"{views.GATEWAY}/issue/{issue['id']}"}

    # ── change ──

    def edit(self, call: Call) -> Answer:
        issue, body = self.world.issue(call.params["name"]), body_of(call)
        fields, update = dict(body.get("fields") or {}), body.get("update") or {}
        if both := sorted(fields.keys() & update.keys()):
            raise bad(f"Field '{both[0]}' cannot be set by fields and by update in one request.")
        if not fields and not update and not body.get("properties"):
            raise bad("one of 'fields' or 'update' required")
        if issue.get("locked"):
            raise refusal(403, ["You do not have permission to edit issues in this project."])
        self._apply(issue, fields, update, body, call.person)
        if not call.flag("returnIssue"):
            return Answer(204)
        return Answer(200, self._bean(issue, call, ["*all"], []))

    def _apply(self, issue: Json, fields: Json, update: Mapping[str, Any], body: Json, by: str) -> None:
        for name, operations in update.items():
            fields[name] = self._operated(issue, name, operations)
        writing.edit(self.world, issue, fields, by, body.get("historyMetadata"))
        for entry in body.get("properties") or ():
            issue["properties"][entry["key"]] = entry.get("value")

    def _operated(self, issue: Json, name: str, operations: list[Json]) -> Any:
        """`set`, and `add` or `remove` on labels; the parent's own way to say none."""
        value = copy.deepcopy(issue["fields"].get(name))
        for operation in operations:
            verb, given = next(iter(operation.items()))
            if verb == "set":
                value = None if name == "parent" and given == {"none": True} else given
            elif name == "labels" and verb in ("add", "remove"):
                value = [label for label in value or () if label != given] + (
                    [given] if verb == "add" else []
                )
            else:
                raise refusal(400, (), {name: f"Field does not support operation '{verb}'"})
        return value

    def delete(self, call: Call) -> Answer:
        issue = self.world.issue(call.params["name"])
        subtasks = [c for c in self.world.children(issue["id"]) if self._level(c) < 0]
        if subtasks and not call.flag("deleteSubtasks"):
            raise bad(
                f"The issue '{issue['key']}' has subtasks. You must specify the 'deleteSubtasks' parameter."
            )
        for child in subtasks:
            self.world.remove(child, call.person)
        self.world.remove(issue, call.person)
        return Answer(204)

    def _level(self, issue: Json) -> int:
        return int(self.world.data["types"][issue["fields"]["issuetype"]]["hierarchyLevel"])

    # ── transitions ──

    def transitions(self, call: Call) -> Answer:
        issue = self.world.issue(call.params["name"])
        shown = [self._transition(one) for one in self.world.transitions(issue)]
        return Answer(200, {"expand": "transitions", "transitions": shown})

    def _transition(self, one: Json) -> Json:
        return {
            "id": one["id"],
            "name": one["name"],
            "to": views.status(self.world.data["statuses"][one["to"]]),
            "hasScreen": bool(one.get("fields")),
            "isGlobal": one["from"] is None,
            "isInitial": False,
            "isAvailable": True,
            "isConditional": False,
        }

    def transition(self, call: Call) -> Answer:
        issue, body = self.world.issue(call.params["name"]), body_of(call)
        number = str((body.get("transition") or {}).get("id", ""))
        if not number:
            raise bad("Missing 'transition' identifier")
        taken = next((one for one in self.world.transitions(issue) if one["id"] == number), None)
        if taken is None:
            raise bad(f"Transition id '{number}' is not valid for this issue.")
        allowed, fields = taken.get("fields", {}), body.get("fields") or {}
        wrong = {
            name: f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
            for name in fields
        }
        wrong = {name: says for name, says in wrong.items() if name not in allowed}
        wrong |= {
            name: f"{name} is required." for name, needed in allowed.items() if needed and name not in fields
        }
        if wrong:
            raise refusal(400, (), wrong)
        if fields:
            writing.edit(self.world, issue, fields, call.person, body.get("historyMetadata"))
        writing.move_status(self.world, issue, taken, call.person, body.get("historyMetadata"))
        return Answer(204)

    # ── links ──

    def link(self, call: Call) -> Answer:
        body = body_of(call)
        asked = body.get("type") or {}
        kinds = [
            k
            for k in self.world.data["link_types"]
            if asked.get("id") == k["id"] or asked.get("name") == k["name"]
        ]
        if not kinds:
            raise refusal(404, [f"No issue link type with name '{asked.get('name')}' found."])
        inward, outward = (self._end(body.get(side)) for side in ("inwardIssue", "outwardIssue"))
        if inward["id"] == outward["id"]:
            raise bad("You cannot link an issue to itself.")
        self.world.link(kinds[0], inward, outward, call.person)
        return Answer(201)

    def _end(self, asked: Any) -> Json:
        asked = asked if isinstance(asked, dict) else {}
        return self.world.issue(str(asked.get("id") or asked.get("key") or ""))

    def unlink(self, call: Call) -> Answer:
        link = self.world.data["links"].get(call.params["id"])
        if link is None:
            raise refusal(404, [f"No issue link with id '{call.params['id']}' exists."])
        self.world.unlink(link, call.person)
        return Answer(204)

    # ── entity properties: they do not move `updated` ──

    def property(self, call: Call) -> Answer:
        issue, key = self.world.issue(call.params["name"]), call.params["key"]
        if key not in issue["properties"]:
            raise refusal(404, [f"The property with key '{key}' does not exist."])
        return Answer(200, {"key": key, "value": issue["properties"][key]})

    def set_property(self, call: Call) -> Answer:
        issue, key = self.world.issue(call.params["name"]), call.params["key"]
        if len(key) > KEY_LIMIT or len(call.body) > PROPERTY_LIMIT:
            raise bad("The property key or its value is too long.")
        before, known = copy.deepcopy(issue), key in issue["properties"]
        issue["properties"][key] = call.json()
        self.world.feed(issue, before)
        return Answer(200 if known else 201, {})


def _listed(call: Call, name: str) -> list[str]:
    return [part for value in call.all(name) for part in value.split(",") if part]
