"""The emulated tenant over HTTP: a strict subset of Microsoft Graph v1.0 on 127.0.0.1.

In: requests below `/v1.0`, as the SDK sends them; people's edits; a test's faults. Out: Graph's answers in Graph's
shapes. With a folder of descriptions, every accepted body and every answer is checked against Graph's own metadata.
Below `/reader`, without a token, it shows the published pages as a reader sees them.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from itpm_sync.emulation import calls, faults
from itpm_sync.emulation.emulator import Emulator
from itpm_sync.kit.secret import Secret
from itpm_sync.ports import Clock

from .emulated import directory, drives, people_edit, planner, seeding, sharepoint
from .emulated.batch import answer_batch
from .emulated.csdl import Metadata
from .emulated.wire import Answer, Call, GraphRefusal, bad, require_json
from .emulated.world import World, new_state

TOKEN = "emulated-m365-token"  # opens nothing but the emulator
VERSION = "/v1.0"

Behaviour = Callable[..., Answer]


class M365Emulator(Emulator):
    """One emulated tenant."""

    name: ClassVar[str] = "m365"

    def __init__(
        self,
        *,
        folder: Path | None = None,
        clock: Clock | None = None,
        seed: int = 0,
        specs: Path | None = None,
    ) -> None:
        super().__init__(folder=folder, clock=clock, seed=seed, specs=specs)
        self.metadata = Metadata.at(specs)

    @property
    def world(self) -> World:
        """The tenant's state with its behaviour."""
        return World(self.state, self.clock.now)

    # ── state ──

    def blank(self) -> dict[str, Any]:
        return {**new_state(), "token": TOKEN}

    def fill(self, data: Mapping[str, Any]) -> None:
        """See `emulated/seeding.py` for the form of `data`."""
        seeding.fill(self.world, data)

    def edit(self, person: str, native_id: str | None, changes: Mapping[str, Any]) -> str:
        """One edit by a person, named by mail, in Planner's own words or plainer ones.

        A task: `title`, `percent`, `start` and `due` as days, `bucket` and `labels` by name, `assignees` by mail,
        `priority`, `description`, `references`, `plan` for a new one; `delete`, `hidden`, `move_to`. A page, by its
        id: `title`, `html`, `open`. There is no recycle bin: `restore` raises ValueError.
        """
        world, actor = self.world, people_edit.user_of(self.world, person)
        if "restore" in changes:
            raise ValueError("Planner has no recycle bin; a deleted task cannot be restored.")
        if native_id is not None and "hidden" in changes:
            people_edit.set_hidden(world, native_id, hidden=bool(changes["hidden"]))
        elif native_id is not None and changes.get("delete"):
            people_edit.delete_task(world, actor, native_id)
        elif native_id is not None and "move_to" in changes:
            people_edit.move_task(world, native_id, changes["move_to"])
        elif native_id is not None and native_id in world.table("pages"):
            people_edit.edit_page(world, actor, native_id, changes)
        else:
            return people_edit.edit_task(world, actor, native_id, changes)
        return native_id

    def names(self) -> Iterable[tuple[str, Iterable[str]]]:
        for table in ("tasks", "pages"):
            for native, row in self.world.table(table).items():
                yield native, (row["title"],)

    def connection(self, base: str) -> Mapping[str, Any]:
        """Address and a token that is good here; a task is listed as soon as it was made."""
        return {
            "base_url": f"{base}{VERSION}",
            "credential": "token",
            "secret": Secret(self.state["token"]),
            "horizon": 0.0,
        }

    # ── HTTP ──

    def authenticate(self, call: calls.Call) -> str:
        if not call.path.startswith(VERSION):
            return ""
        given = call.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self.state['token']}".encode()):
            refusal = GraphRefusal(401, "InvalidAuthenticationToken", "Access token is empty or not valid.")
            raise calls.Refusal(self._out(refusal.answer(self.world.stamp())))
        return "app"

    def nowhere(self, call: calls.Call, methods: list[str]) -> calls.Answer:
        segment = call.path.rstrip("/").rpartition("/")[2]
        refusal = GraphRefusal(400, "BadRequest", f"Resource not found for the segment '{segment}'.")
        if methods:
            refusal = GraphRefusal(405, "Request_BadRequest", "Specified HTTP method is not allowed here.")
        return self._out(refusal.answer(self.world.stamp()))

    def too_many(self, call: calls.Call, retry_after: float) -> calls.Answer:
        wait = {"Retry-After": str(max(1, round(retry_after)))}
        refusal = GraphRefusal(429, "TooManyRequests", "Too many requests. Try again later.", wait)
        return self._out(refusal.answer(self.world.stamp()))

    def failed(self, call: calls.Call, reason: str) -> calls.Answer:
        return self._out(GraphRefusal(500, "generalException", reason).answer(self.world.stamp()))

    def routes(self) -> Iterable[calls.Route]:
        yield calls.Route("POST", f"{VERSION}/$batch", self._batch, writes=False)
        yield calls.Route("GET", "/reader/{path:path}", self._reader)
        for method, template, behaviour, takes, gives in _ROUTES:
            handler = self._handler(behaviour, takes, gives)
            # The first read of new details counts down their lag, so that read is saved too.
            writes = True if behaviour is planner.get_details else template not in _READS_BY_POST and None
            yield calls.Route(method, VERSION + template, handler, writes=writes)

    def _handler(self, behaviour: Behaviour, takes: str, gives: str) -> calls.Handler:
        def handle(call: calls.Call) -> calls.Answer:
            world = self.world
            try:
                inner = _graph_call(call)
                answer = behaviour(world, inner, **call.params)
            except GraphRefusal as refusal:
                return self._out(refusal.answer(world.stamp()))
            wrong = self._against_metadata(inner, answer, takes, gives)
            if wrong:
                self.violations += [f"{call.method} {call.path}: {each}" for each in wrong]
                return self.failed(call, wrong[0])
            return self._out(answer)

        return handle

    def _against_metadata(self, call: Call, answer: Answer, takes: str, gives: str) -> list[str]:
        """What an accepted request, or its answer, holds against Graph's metadata."""
        if self.metadata is None:
            return []
        wrong = self.metadata.faults(call.body, takes) if takes else []
        if gives and answer.body is not None:
            body = answer.body["value"] if gives.startswith("Collection(") else answer.body
            wrong += self.metadata.faults(body, gives)
        return wrong

    @staticmethod
    def _out(answer: Answer) -> calls.Answer:
        return calls.Answer(answer.status, answer.body, answer.headers)

    def _batch(self, outer: calls.Call) -> calls.Answer:
        """Answer each inner request as if it came alone, with its own faults and its own share of the quota."""

        def inner(method: str, url: str, headers: dict[str, str], body: Any) -> Answer:
            parts = urlsplit(url)
            call = calls.Call(
                method=method,
                path=VERSION + unquote(parts.path),
                query=_query(parts.query),
                headers={**headers, "authorization": outer.headers.get("authorization", "")},
                body=json.dumps(body).encode() if body is not None else b"",
                base=outer.base,
                raw_path=VERSION + parts.path,
            )
            answer, fault = self.serve_one(call)
            if fault is not None and fault.harm in (faults.Harm.DROP, faults.Harm.CUT, faults.Harm.DELAY):
                return GraphRefusal(504, "GatewayTimeout", "The inner request timed out.").answer(
                    self.world.stamp()
                )
            shown = answer.body.decode("utf-8", "replace") if isinstance(answer.body, bytes) else answer.body
            return Answer(answer.status, shown, answer.headers)

        try:
            return self._out(answer_batch(require_json(_graph_call(outer)), inner))
        except GraphRefusal as refusal:
            return self._out(refusal.answer(self.world.stamp()))

    def _reader(self, call: calls.Call) -> calls.Answer:
        """A published page or one of its pictures, for a person's browser."""
        world, path = self.world, "/" + call.params["path"]
        for host in {site["_host"] for site in world.table("sites").values()}:
            if (png := drives.reader_file(world, host, path)) is not None:
                return calls.Answer(200, base64.b64decode(png), {"content-type": "image/png"})
            if (page := sharepoint.reader_html(world, host, path)) is not None:
                here = page.replace(f'href="https://{host}/', 'href="/reader/')  # so that links stay in here
                html = f'<!doctype html><meta charset="utf-8">\n{here}'.encode()
                return calls.Answer(200, html, {"content-type": "text/html; charset=utf-8"})
        return calls.Answer(404, b"There is no published page here.", {"content-type": "text/plain"})


def _query(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (each.partition("=") for each in text.split("&") if each)
    return tuple(
        (unquote(name.replace("+", " ")), unquote(value.replace("+", " "))) for name, _, value in pairs
    )


def _graph_call(call: calls.Call) -> Call:
    """The request without server and version; a body that is called JSON and is not is refused."""
    body: Any = call.body or None
    if "json" in call.headers.get("content-type", "") and call.body:
        try:
            body = call.json()
        except ValueError as error:
            raise bad("Unable to read JSON request payload.") from error
    path = (call.raw_path or call.path).removeprefix(f"{VERSION}/")
    return Call(call.method, path, dict(call.query), call.headers, body, f"{call.base}{VERSION}")


def _at_site(behaviour: Behaviour) -> Behaviour:
    """A drive named below its site: the site adds nothing."""

    def handle(world: World, call: Call, site_id: str, **params: str) -> Answer:
        return behaviour(world, call, **params)

    return handle


_PAGE, _PAGES = "graph.sitePage", "Collection(graph.baseSitePage)"
_READS_BY_POST = ("/directoryObjects/getByIds",)
# Method, path, behaviour, type of the body, type of the answer. Fixed paths before patterns.
_ROUTES: tuple[tuple[str, str, Behaviour, str, str], ...] = (
    ("POST", "/planner/tasks", planner.post_task, "graph.plannerTask", "graph.plannerTask"),
    ("GET", "/planner/tasks/{task_id}", planner.get_task, "", "graph.plannerTask"),
    ("PATCH", "/planner/tasks/{task_id}", planner.patch_task, "graph.plannerTask", "graph.plannerTask"),
    ("DELETE", "/planner/tasks/{task_id}", planner.delete_task, "", ""),
    ("GET", "/planner/tasks/{task_id}/details", planner.get_details, "", "graph.plannerTaskDetails"),
    (
        "PATCH",
        "/planner/tasks/{task_id}/details",
        planner.patch_details,
        "graph.plannerTaskDetails",
        "graph.plannerTaskDetails",
    ),
    ("POST", "/planner/buckets", planner.post_bucket, "graph.plannerBucket", "graph.plannerBucket"),
    ("GET", "/planner/plans/{plan_id}", planner.get_plan, "", "graph.plannerPlan"),
    ("GET", "/planner/plans/{plan_id}/details", planner.get_plan_details, "", "graph.plannerPlanDetails"),
    ("GET", "/planner/plans/{plan_id}/tasks", planner.list_tasks, "", "Collection(graph.plannerTask)"),
    ("GET", "/planner/plans/{plan_id}/buckets", planner.list_buckets, "", "Collection(graph.plannerBucket)"),
    ("GET", "/groups/{group_id}/planner/plans", planner.group_plans, "", "Collection(graph.plannerPlan)"),
    ("GET", "/groups/{group_id}/members", directory.group_members, "", "Collection(graph.user)"),
    ("GET", "/users", directory.list_users, "", "Collection(graph.user)"),
    ("GET", "/users/{name}", directory.get_user, "", "graph.user"),
    ("POST", "/directoryObjects/getByIds", directory.get_by_ids, "", "Collection(graph.user)"),
    ("GET", "/sites/{site_id}/drives", drives.list_drives, "", "Collection(graph.drive)"),
    ("GET", "/sites/{site_id}/pages", sharepoint.list_pages, "", _PAGES),
    ("POST", "/sites/{site_id}/pages", sharepoint.post_page, _PAGE, _PAGE),
    ("GET", "/sites/{site_id}/pages/{page_id}", sharepoint.get_page, "", _PAGE),
    ("DELETE", "/sites/{site_id}/pages/{page_id}", sharepoint.delete_page, "", ""),
    ("GET", "/sites/{site_id}/pages/{page_id}/microsoft.graph.sitePage", sharepoint.get_site_page, "", _PAGE),
    (
        "PATCH",
        "/sites/{site_id}/pages/{page_id}/microsoft.graph.sitePage",
        sharepoint.patch_page,
        _PAGE,
        _PAGE,
    ),
    (
        "POST",
        "/sites/{site_id}/pages/{page_id}/microsoft.graph.sitePage/publish",
        sharepoint.publish_page,
        "",
        "",
    ),
    ("PUT", "/drives/{drive_id}/root:/{path:path}:/content", drives.put_file, "", "graph.driveItem"),
    ("GET", "/drives/{drive_id}/root:/{path:path}", drives.get_file, "", "graph.driveItem"),
    (
        "PUT",
        "/sites/{site_id}/drives/{drive_id}/root:/{path:path}:/content",
        _at_site(drives.put_file),
        "",
        "graph.driveItem",
    ),
    (
        "GET",
        "/sites/{site_id}/drives/{drive_id}/root:/{path:path}",
        _at_site(drives.get_file),
        "",
        "graph.driveItem",
    ),
    ("GET", "/sites/{host}:/{path:path}", sharepoint.site_by_path, "", "graph.site"),
    ("GET", "/sites/{site_id}", sharepoint.get_site, "", "graph.site"),
)
