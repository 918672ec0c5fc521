"""The emulated Jira site as data: issues, links, history, and the search index that lags behind.

In: the emulator's JSON document and clock. Out: look-ups and changes; every change of an issue goes through `changing`,
which moves `updated`, writes the history and feeds the index. Times are epoch milliseconds.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from itpm_sync.emulation import Document
from itpm_sync.ports import Clock

from . import defaults
from .refusals import bad_field, no_issue, no_project

Json = dict[str, Any]


def blank() -> Document:
    """A site with one service account and no project."""
    return {
        "people": {},
        "service": "",
        "token": defaults.TOKEN,
        "statuses": {status["id"]: status for status in copy.deepcopy(defaults.STATUSES)},
        "types": {kind["id"]: kind for kind in copy.deepcopy(defaults.ISSUE_TYPES)},
        "priorities": copy.deepcopy(defaults.PRIORITIES),
        "link_types": copy.deepcopy(defaults.LINK_TYPES),
        "fields": {field["id"]: field for field in copy.deepcopy(defaults.FIELDS)},
        "projects": {},
        "issues": {},
        "links": {},
        "history": {},
        "index": {},
        "index_lag": 0,
    }


class World:
    """Look-ups and changes over the document."""

    def __init__(
        self, document: Callable[[], Document], clock: Clock, next_number: Callable[[str, int], int]
    ) -> None:
        self._document = document
        self._clock = clock
        self._next_number = next_number
        self._linked: dict[str, list[Json]] | None = None

    @property
    def data(self) -> Document:
        return self._document()

    def number(self, kind: str, first: int = 1) -> int:
        return self._next_number(kind, first)

    def now(self) -> int:
        return int(self._clock.now().timestamp() * 1000)

    # ── look-ups ──

    def project(self, name: str) -> Json:
        """By id or key, an old key too. Raises Refusal (404)."""
        for project in self.data["projects"].values():
            if name in (project["id"], project["key"]) or name in project["old_keys"]:
                return project  # type: ignore[no-any-return]
        raise no_project(name)

    def any_issue(self, name: str) -> Json | None:
        """By id or key (an old key too), whether or not the service account may see it."""
        issues = self.data["issues"]
        if name in issues:
            found: Json = issues[name]
            return found
        for issue in issues.values():
            if name == issue["key"] or name in issue["old_keys"]:
                return issue  # type: ignore[no-any-return]
        return None

    def issue(self, name: str) -> Json:
        """One that the service account may see. Raises Refusal (404)."""
        issue = self.any_issue(name)
        if issue is None or issue["hidden"]:
            raise no_issue()
        return issue

    def person(self, account: str | None) -> Json | None:
        return self.data["people"].get(account) if account else None

    def account(self, mail: str) -> str | None:
        """The account behind a mail address, in whatever case."""
        for account, person in self.data["people"].items():
            if person["mail"].lower() == mail.lower():
                return str(account)
        return None

    def status(self, issue: Json) -> Json:
        found: Json = self.data["statuses"][issue["fields"]["status"]]
        return found

    def workflow(self, issue: Json) -> Json:
        found: Json = self.data["projects"][issue["project"]]["workflow"]
        return found

    def transitions(self, issue: Json) -> list[Json]:
        """Those that may be taken from where the issue stands now."""
        at = issue["fields"]["status"]
        return [t for t in self.workflow(issue)["transitions"] if t["from"] is None or at in t["from"]]

    def children(self, issue_id: str) -> list[Json]:
        return [i for i in self.data["issues"].values() if i["fields"].get("parent") == issue_id]

    def links_of(self, issue_id: str) -> list[Json]:
        if self._linked is None:
            self._linked = {}
            for link in self.data["links"].values():
                for side in ("inward", "outward"):
                    self._linked.setdefault(link[side], []).append(link)
        return list(self._linked.get(issue_id, ()))

    # ── changes ──

    @contextmanager
    def changing(self, issue: Json, by: str, metadata: Json | None = None) -> Iterator[None]:
        """Change the issue inside. What differs afterwards is its history; nothing differs, nothing happened."""
        before = copy.deepcopy(issue)
        yield
        items = [
            {"field": name, "from": before["fields"].get(name), "to": issue["fields"].get(name)}
            for name in sorted({*before["fields"], *issue["fields"]})
            if before["fields"].get(name) != issue["fields"].get(name)
        ]
        if before["key"] != issue["key"]:
            items.append({"field": "Key", "from": before["key"], "to": issue["key"]})
        if items:
            self.record(issue, by, items, metadata)
        if items or before != issue:
            self.feed(issue, before)

    def record(self, issue: Json, by: str, items: list[Json], metadata: Json | None = None) -> None:
        """One entry of the history; `updated` moves, always forward."""
        issue["updated"] = max(self.now(), issue["updated"] + 1)
        entry = {"id": str(self.number("history", 10000)), "at": issue["updated"], "by": by, "items": items}
        if metadata:
            entry["metadata"] = metadata
        self.data["history"].setdefault(issue["id"], []).append(entry)

    def feed(self, issue: Json, before: Json | None) -> None:
        """Tell the index; it will show it `index_lag` seconds from now."""
        lag, index = self.data["index_lag"], self.data["index"]
        if lag <= 0:
            index.pop(issue["id"], None)
            return
        entries = index.setdefault(issue["id"], [{"at": 0, "issue": before}])
        entries.append({"at": self.now(), "issue": copy.deepcopy(issue)})
        horizon = self.now() - lag * 1000
        while len(entries) > 1 and entries[1]["at"] <= horizon:
            entries.pop(0)

    def add(self, issue: Json) -> None:
        self.data["issues"][issue["id"]] = issue
        self.feed(issue, None)

    def remove(self, issue: Json, by: str) -> None:
        """Delete for good (Jira has no bin): its links and its place as a parent go with it."""
        for link in self.links_of(issue["id"]):
            self.unlink(link, by)
        for child in self.children(issue["id"]):
            with self.changing(child, by):
                child["fields"]["parent"] = None
        del self.data["issues"][issue["id"]]
        self.data["history"].pop(issue["id"], None)
        index = self.data["index"]
        if self.data["index_lag"] > 0:
            index.setdefault(issue["id"], [{"at": 0, "issue": copy.deepcopy(issue)}]).append(
                {"at": self.now(), "issue": None}
            )

    def link(self, kind: Json, inward: Json, outward: Json, by: str, metadata: Json | None = None) -> None:
        """`inward` [outward name: blocks] `outward`. One that is there already is no second one."""
        wanted = {"type": kind["id"], "inward": inward["id"], "outward": outward["id"]}
        for link in self.data["links"].values():
            if all(link[name] == value for name, value in wanted.items()):
                return
        number = str(self.number("link", 20000))
        self.data["links"][number] = {"id": number, **wanted}
        self._linked = None
        self._link_history(kind, inward, outward, by, gone=False)

    def unlink(self, link: Json, by: str) -> None:
        kind = next(kind for kind in self.data["link_types"] if kind["id"] == link["type"])
        inward, outward = (self.data["issues"].get(link[side]) for side in ("inward", "outward"))
        del self.data["links"][link["id"]]
        self._linked = None
        if inward is not None and outward is not None:
            self._link_history(kind, inward, outward, by, gone=True)

    def _link_history(self, kind: Json, inward: Json, outward: Json, by: str, *, gone: bool) -> None:
        for issue, other, says in ((inward, outward, kind["outward"]), (outward, inward, kind["inward"])):
            before = copy.deepcopy(issue)
            text = f"This issue {says} {other['key']}"
            item = {
                "field": "Link",
                "from": other["key"] if gone else None,
                "to": None if gone else other["key"],
            }
            item |= {"from_text": text if gone else None, "to_text": None if gone else text}
            self.record(issue, by, [item])
            self.feed(issue, before)

    def indexed(self) -> list[Json]:
        """Every issue as the search index shows it now."""
        horizon = self.now() - self.data["index_lag"] * 1000
        index = self.data["index"]
        shown = [issue for number, issue in self.data["issues"].items() if number not in index]
        for entries in index.values():
            seen = [entry for entry in entries if entry["at"] <= horizon]
            if seen and seen[-1]["issue"] is not None:
                shown.append(seen[-1]["issue"])
        return shown

    def find_status(self, name: str) -> Json:
        for status in self.data["statuses"].values():
            if status["name"].lower() == name.lower() or status["id"] == name:
                return dict(status)
        raise bad_field("status", f"There is no status {name}.")
