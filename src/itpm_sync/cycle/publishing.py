"""Pages of the projects of a workspace: live ones after a sync, numbered copies on request.

In: the workspace, project ids, what a run left out. Out: `Put`. Raises what publishers raise, Busy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from itpm_sync.cycle.workspace import Workspace
from itpm_sync.errors import Paused
from itpm_sync.ledger import LivePage, Pause
from itpm_sync.publish import Put, Showing, frozen, pages, put_frozen, put_live, snapshot, subject_of
from itpm_sync.publisher import Publisher
from itpm_sync.status.limits import Limits


def _showing(ws: Workspace, project: str, left_out: Sequence[str] = ()) -> Showing:
    one = ws.projects[project]
    return Showing(one.facts, one.policy, ws.limits.get(project, Limits()), tuple(left_out))


def _by_publisher(ws: Workspace, projects: Iterable[str]) -> dict[str, tuple[Publisher, list[str]]]:
    """Each place once, with the projects that are shown there."""
    found: dict[str, tuple[Publisher, list[str]]] = {}
    for project in projects:
        for name, publisher in ws.publishers.get(project, {}).items():
            found.setdefault(name, (publisher, []))[1].append(project)
    return found


async def publish_live(ws: Workspace, left_out: Mapping[str, Sequence[str]] | None = None) -> Put:
    """Refresh every live page: each project's where it is published, and the portfolio of each place.

    `left_out` by project: what the run just made could not read. Raises Paused, once the others were refreshed, where
    a place is a connection that is paused.
    """
    done = Put()
    paused: list[Pause] = []
    known = {project: ws.ledger.live_pages(project) for project in ws.projects if ws.publishers.get(project)}
    for name, (publisher, shown) in _by_publisher(ws, ws.projects).items():
        if (pause := _pause_of(ws, name, shown)) is not None:
            paused.append(pause)
            continue
        showings = [_showing(ws, project, (left_out or {}).get(project, ())) for project in shown]
        now = ws.clock.now()
        made = pages(ws.ledger, showings, now=now)
        await publisher.open()
        limits = showings[0].limits
        stands = [page for project in shown for page in known[project]]
        put = await put_live(made, {name: publisher}, stands, now=now, limits=limits)
        done.published += put.published
        for project, live in put.live.items():
            _remember(ws, shown[0] if project == "index" else project, live)
    if paused:
        raise Paused(f"{paused[0].says}. Pages there are not refreshed meanwhile.", mend=paused[0].mend)
    return done


def _pause_of(ws: Workspace, place: str, projects: Sequence[str]) -> Pause | None:
    """The pause of a connection that pages are put into, there or in any of these projects."""
    found = [one for one in ws.ledger.pauses() if one.connection == place]
    return next((one for one in found if one.project is None or one.project in projects), None)


def _remember(ws: Workspace, project: str, live: Sequence[LivePage]) -> None:
    lease = ws.ledger.acquire(project, ws.holder, seconds=ws.lease_seconds, gone=ws.gone)
    try:
        ws.ledger.store_live_pages(lease, live)
    finally:
        ws.ledger.release(lease)


async def publish_frozen(ws: Workspace, projects: Sequence[str]) -> tuple[int, Put]:
    """Freeze a numbered copy of the pages of these projects. Returns the number, one for all of them.

    Raises Paused, before anything is put anywhere, where a place is a connection that is paused.
    """
    for name, (_, shown) in _by_publisher(ws, projects).items():
        if (pause := _pause_of(ws, name, shown)) is not None:
            raise Paused(f"{pause.says}.", mend=pause.mend)
    for project in projects:
        ws.ledger.ensure_project(project, ws.projects[project].facts.title)
    number = max(ws.ledger.next_number(project) for project in projects)
    done = Put()
    for name, (publisher, shown) in _by_publisher(ws, projects).items():
        made = pages(
            ws.ledger,
            [_showing(ws, project) for project in shown],
            now=ws.clock.now(),
            edition=frozen(number),
        )
        await publisher.open()
        done.published += (await put_frozen(made, {name: publisher}, number)).published
    for project in projects:
        subject = subject_of(_showing(ws, project), ws.ledger.load(project))
        lease = ws.ledger.acquire(project, ws.holder, seconds=ws.lease_seconds, gone=ws.gone)
        try:
            title = ws.projects[project].facts.title
            ws.ledger.record_publication(lease, number, title=title, document=snapshot(subject))
        finally:
            ws.ledger.release(lease)
    return number, done
