"""What the site consists of: who one is, fields, projects, types, statuses, priorities, link types, people.

In: GET calls. Out: answers in Jira's shapes, paged where Jira pages.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from itpm_sync.emulation import Answer, Call, Route

from . import defaults, views
from .refusals import bad
from .world import Json, World


class Catalogue:
    """The read-only side of the site."""

    def __init__(self, world: World) -> None:
        self.world = world

    def routes(self) -> list[Route]:
        api = "/rest/api/3"
        return [
            Route("GET", f"{api}/myself", self.myself),
            Route("GET", f"{api}/serverInfo", self.server_info),
            Route("GET", f"{api}/mypermissions", self.permissions),
            Route("GET", f"{api}/field", self.fields),
            Route("GET", f"{api}/project/search", self.projects),
            Route("GET", f"{api}/project/{{name}}/statuses", self.statuses),
            Route("GET", f"{api}/project/{{name}}", self.project),
            Route("GET", f"{api}/issue/createmeta/{{name}}/issuetypes/{{type}}", self.create_fields),
            Route("GET", f"{api}/issue/createmeta/{{name}}/issuetypes", self.create_types),
            Route("GET", f"{api}/priority", self.priorities),
            Route("GET", f"{api}/issueLinkType", self.link_types),
            Route("GET", f"{api}/user/search", self.find_people),
            Route("GET", f"{api}/user/bulk", self.people),
        ]

    def myself(self, call: Call) -> Answer:
        return Answer(200, views.person(self.world, call.person, whole=True))

    def server_info(self, call: Call) -> Answer:
        return Answer(
            200,
            {
                "baseUrl": call.base,
                "version": "1001.0.0-SNAPSHOT",
                "versionNumbers": [1001, 0, 0],
                "deploymentType": "Cloud",
                "buildNumber": 100300,
                "serverTime": views.moment(self.world.now()),
                "serverTitle": "Jira",
            },
        )

    def permissions(self, call: Call) -> Answer:
        if call.one("projectKey"):
            self.world.project(call.one("projectKey"))
        asked = [name for name in call.one("permissions").split(",") if name]
        if not asked:
            raise bad("The 'permissions' query parameter is required.")
        if unknown := [name for name in asked if name not in defaults.PERMISSIONS]:
            raise bad(f"Unrecognized permission '{unknown[0]}'")
        denied = self.world.data.get("denied", [])
        return Answer(200, {"permissions": {name: _permission(name, name not in denied) for name in asked}})

    def fields(self, call: Call) -> Answer:
        return Answer(200, [_field(field) for field in self.world.data["fields"].values()])

    def projects(self, call: Call) -> Answer:
        found = list(self.world.data["projects"].values())
        if call.all("keys"):
            found = [project for project in found if project["key"] in call.all("keys")]
        return Answer(200, _page(call, found, views.project, most=100))

    def project(self, call: Call) -> Answer:
        found = self.world.project(call.params["name"])
        types = [views.issue_type(self.world.data["types"][number]) for number in found["types"]]
        return Answer(
            200, {**views.project(found), "issueTypes": types, "style": "classic", "isPrivate": False}
        )

    def statuses(self, call: Call) -> Answer:
        found = self.world.project(call.params["name"])
        flow = found["workflow"]
        numbers = dict.fromkeys([flow["initial"], *(one["to"] for one in flow["transitions"])])
        shown = [views.status(self.world.data["statuses"][number]) for number in numbers]
        kinds = [views.issue_type(self.world.data["types"][number]) for number in found["types"]]
        names = ("id", "name", "self", "subtask")
        return Answer(200, [{**{name: kind[name] for name in names}, "statuses": shown} for kind in kinds])

    def create_types(self, call: Call) -> Answer:
        found = self.world.project(call.params["name"])
        types = [views.issue_type(self.world.data["types"][number]) for number in found["types"]]
        page = _page(call, types, lambda one: one, most=200)
        return Answer(200, {**_bounds(page), "issueTypes": page["values"]})

    def create_fields(self, call: Call) -> Answer:
        found = self.world.project(call.params["name"])
        if call.params["type"] not in found["types"]:
            raise bad(f"Issue type with id {call.params['type']} is not in the project.")
        required = {"summary", "issuetype", "project", *found["required"]}
        names = [name for name in ("project", *found["screen"]) if name in self.world.data["fields"]]
        page = _page(call, names, lambda name: self._create_field(name, name in required), most=200)
        return Answer(200, {**_bounds(page), "fields": page["values"]})

    def _create_field(self, name: str, required: bool) -> Json:
        field = self.world.data["fields"][name]
        shown: Json = {
            "fieldId": name,
            "key": name,
            "name": field["name"],
            "required": required,
            "hasDefaultValue": name in ("priority", "reporter"),
            "operations": ["set"],
            "schema": field["schema"],
        }
        if name == "priority":
            shown["allowedValues"] = [views.priority(one) for one in self.world.data["priorities"]]
        if "options" in field:
            shown["allowedValues"] = field["options"]
        return shown

    def priorities(self, call: Call) -> Answer:
        shown = [views.priority(one) for one in self.world.data["priorities"]]
        return Answer(200, [{**one, "isDefault": one["id"] == defaults.DEFAULT_PRIORITY} for one in shown])

    def link_types(self, call: Call) -> Answer:
        kinds = self.world.data["link_types"]
        shown = [{**kind, "self": f"{views.GATEWAY}/issueLinkType/{kind['id']}"} for kind in kinds]
        return Answer(200, {"issueLinkTypes": shown})

    def find_people(self, call: Call) -> Answer:
        """By the beginning of a name or mail address: a hidden address is found, and not shown."""
        query = call.one("query").lower()
        if not query:
            raise bad("The query parameter must be provided.")
        words = [
            account
            for account, person in self.world.data["people"].items()
            if any(
                text.lower().startswith(query)
                for text in (person["name"], *person["name"].split(), person["mail"])
            )
        ]
        start, size = int(call.one("startAt", "0")), min(int(call.one("maxResults", "50")), 1000)
        return Answer(200, [views.person(self.world, account) for account in words[start : start + size]])

    def people(self, call: Call) -> Answer:
        found = [account for account in call.all("accountId") if account in self.world.data["people"]]
        return Answer(
            200, _page(call, found, lambda account: views.person(self.world, account), most=200, usual=10)
        )


def _permission(name: str, given: bool) -> Json:
    said = {"id": "0", "key": name, "name": defaults.PERMISSIONS[name], "type": "PROJECT", "description": ""}
    return {**said, "havePermission": given}


def _field(field: Json) -> Json:
    return {
        "id": field["id"],
        "key": field["id"],
        "name": field["name"],
        "custom": field["custom"],
        "orderable": True,
        "navigable": True,
        "searchable": True,
        "clauseNames": [field["id"]],
        "schema": field["schema"],
    }


def _page(call: Call, rows: list[Any], show: Callable[[Any], Any], *, most: int, usual: int = 50) -> Json:
    start, size = int(call.one("startAt", "0")), min(int(call.one("maxResults", str(usual))), most)
    shown = [show(row) for row in rows[start : start + size]]
    last = start + size >= len(rows)
    return {"startAt": start, "maxResults": size, "total": len(rows), "isLast": last, "values": shown}


def _bounds(page: Json) -> Json:
    return {name: page[name] for name in ("startAt", "maxResults", "total")}
