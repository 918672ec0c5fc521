"""A person at Jira's own user interface.

In: a mail address, an issue's id or key (or none, to create), changes by name. Out: the changed world. A person obeys
the workflow, the hierarchy and the field rules; Refusal is raised where Jira's page would show an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import writing
from .refusals import bad, no_issue
from .world import Json, World

_NAMED = {"priority": "name", "issuetype": "name", "option": "value"}
_SHORT = {"type": "issuetype", "due": "duedate", "start": "Start date", "estimate": "timetracking"}


class Desk:
    """Edits in people's names."""

    def __init__(self, world: World) -> None:
        self.world = world

    def edit(self, mail: str, name: str | None, changes: Mapping[str, Any]) -> str:
        """Carry out `changes` and give the issue's id.

        Names: a field's id or name, or type, due, start, estimate; `status` by name (a transition must lead there);
        `blocks`, `unblocks` (lists of issues); `delete`, `hidden`, `locked`, `move_to`, `properties`.
        """
        by = self.world.account(mail)
        if by is None:
            raise bad(f"Nobody has the mail address {mail}.")
        left = dict(changes)
        special = {key: left.pop(key) for key in tuple(left) if key in _SPECIAL}
        if name is None:
            issue = self._create(by, left)
        else:
            found = self.world.any_issue(name)
            if found is None:
                raise no_issue()
            issue = found
            if left:
                writing.edit(self.world, issue, self._given(left), by)
        for key, value in special.items():
            _SPECIAL[key](self, issue, value, by)
        return str(issue["id"])

    def _create(self, by: str, left: dict[str, Any]) -> Json:
        project = self.world.project(left.pop("project"))
        given = self._given({"type": "Task", **left})
        return writing.create(self.world, {"project": {"id": project["id"]}, **given}, by, properties={})

    def _given(self, changes: Mapping[str, Any]) -> Json:
        """As a request's `fields`: what people write in the form that the API takes."""
        by_name = {field["name"]: field for field in self.world.data["fields"].values()}
        given: Json = {}
        for name, value in changes.items():
            name = _SHORT.get(name, name)  # noqa: PLW2901 - the same thing under Jira's name
            field = self.world.data["fields"].get(name) or by_name.get(name)
            if field is None:
                raise bad(f"There is no field {name}.")
            given[field["id"]] = self._typed(field, value)
        return given

    def _typed(self, field: Json, value: Any) -> Any:
        kind = field["schema"]["type"]
        custom = field["schema"].get("custom", "").rpartition(":")[2]
        if field["id"] == "timetracking":
            return {"originalEstimate": value}
        if value is None or isinstance(value, dict):
            return value
        if kind == "user":
            return {"accountId": self.world.account(value) or value}
        if kind in _NAMED:
            return {_NAMED[kind]: value}
        if field["id"] == "parent":
            return {"id": value} if value in self.world.data["issues"] else {"key": value}
        if custom == "multiselect":
            return [{"value": one} for one in value]
        if (field["id"] == "description" or custom == "textarea") and isinstance(value, str):
            return document(value)
        return value

    def force_status(self, name: str, status: str) -> None:
        """Put the issue into a status by whatever steps the workflow needs; for seeding."""
        issue, wanted = self.world.issue(name), self.world.find_status(status)["id"]
        for step in self._way(issue, wanted):
            writing.move_status(self.world, issue, step, issue["creator"])

    def _way(self, issue: Json, wanted: str) -> list[Json]:
        """The shortest row of transitions to a status; none where it stands there or no way leads there."""
        seen, ways = {issue["fields"]["status"]}, [(issue["fields"]["status"], list[Json]())]
        while ways:
            at, way = ways.pop(0)
            if at == wanted:
                return way
            for one in self.world.workflow(issue)["transitions"]:
                if (one["from"] is None or at in one["from"]) and one["to"] not in seen:
                    seen.add(one["to"])
                    ways.append((one["to"], [*way, one]))
        return []

    def _status(self, issue: Json, value: str, by: str) -> None:
        wanted = self.world.find_status(value)["id"]
        if wanted == issue["fields"]["status"]:
            return
        taken = next((one for one in self.world.transitions(issue) if one["to"] == wanted), None)
        if taken is None:
            raise bad(f"The workflow has no way from here to {value}.")
        writing.move_status(self.world, issue, taken, by)

    def _blocks(self, issue: Json, value: list[str], by: str) -> None:
        kind = next(kind for kind in self.world.data["link_types"] if kind["name"] == "Blocks")
        for name in value:
            self.world.link(kind, issue, self.world.issue(name), by)

    def _unblocks(self, issue: Json, value: list[str], by: str) -> None:
        gone = {self.world.issue(name)["id"] for name in value}
        for link in self.world.links_of(issue["id"]):
            if link["inward"] == issue["id"] and link["outward"] in gone:
                self.world.unlink(link, by)

    def _delete(self, issue: Json, value: bool, by: str) -> None:
        if value:
            self.world.remove(issue, by)

    def _flag(self, name: str) -> Any:
        def put(issue: Json, value: bool, by: str) -> None:
            with self.world.changing(issue, by):
                issue[name] = value

        return put

    def _properties(self, issue: Json, value: Json, by: str) -> None:
        with self.world.changing(issue, by):
            issue["properties"] |= value


_SPECIAL: dict[str, Any] = {
    "status": Desk._status,
    "blocks": Desk._blocks,
    "unblocks": Desk._unblocks,
    "hidden": lambda desk, issue, value, by: desk._flag("hidden")(issue, value, by),
    "locked": lambda desk, issue, value, by: desk._flag("locked")(issue, value, by),
    "properties": Desk._properties,
    "move_to": lambda desk, issue, value, by: writing.move_project(desk.world, issue, value, by),
    "delete": Desk._delete,
}


def document(text: str) -> Json:
    """Plain text as a document: a paragraph a line."""
    lines = [line for line in text.split("\n") if line.strip()]
    content = [{"type": "paragraph", "content": [{"type": "text", "text": line}]} for line in lines]
    return {"type": "doc", "version": 1, "content": content}
