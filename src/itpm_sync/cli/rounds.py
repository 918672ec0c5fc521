"""Runs of several projects, one after another: what `plan` and `sync` share.

In: a workspace, projects, whether to carry out, approvals. Out: one round a project; an error of one leaves the others
alone. All rounds together are one JSON object and one exit code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from itpm_sync.cli import show, told
from itpm_sync.cli.exits import Exit, of_error, of_report, worst
from itpm_sync.errors import ItpmError

if TYPE_CHECKING:
    from itpm_sync.cycle import Put, RunReport, Workspace

_LISTS = ("actions", "held", "offers", "conflicts", "proposals", "warnings", "brakes", "skipped")


@dataclass(frozen=True, slots=True)
class Round:
    """One project's run, or why there was none."""

    project: str
    report: RunReport | None = None
    error: ItpmError | None = None

    def code(self, *, changes: bool = False) -> Exit:
        """How it ended."""
        if self.error is not None:
            return of_error(self.error)
        return of_report(self.report, changes=changes) if self.report else Exit.DONE


async def rounds(
    workspace: Workspace,
    projects: Sequence[str],
    *,
    carry_out: bool,
    approved: Mapping[str, str],
    tell: Callable[[str], None],
) -> list[Round]:
    """Run each project. `approved`: by project, the run whose plan a person approved."""
    from itpm_sync.cli import logs
    from itpm_sync.cycle import run

    found = []
    for project in projects:
        tell(f"{project}: beginning")
        try:
            report = await run(
                workspace, project, carry_out=carry_out, approve=approved.get(project), progress=tell
            )
        except ItpmError as error:
            logs.log().warning("run ended", project=project, error=str(error))
            found.append(Round(project, error=error))
            continue
        logs.log().info("run", project=project, run=report.run, summary=told.summary(report.document))
        logs.log().info("history", anchor=workspace.ledger.anchor([project]))
        document = named(workspace, project, report.document)
        found.append(Round(project, replace(report, document=document)))
    return found


def named(workspace: Workspace, project: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """A plan's document in people's words: each conflict with its item's title, each action with its record's name."""
    lists = {name: _entries(document, name) for name in ("actions", "held", "conflicts")}
    if not any(lists.values()):
        return dict(document)
    state = workspace.ledger.load(project)
    titles = {each["item"]: each["title"] for name in ("actions", "held") for each in lists[name]}
    titles |= {
        item.id: title for item in state.items.values() if isinstance(title := item.value("title"), str)
    }
    names = {
        (each.connection, each.native_id): each.current.name
        for each in state.replicas.values()
        if each.current
    }
    told: dict[str, Any] = {
        name: [{**each, "name": names.get((each["connection"], each["record"]), "")} for each in lists[name]]
        for name in ("actions", "held")
    }
    told["conflicts"] = [
        {**each, "title": titles.get(each["item"], each["item"])} for each in lists["conflicts"]
    ]
    return {**document, **told}


@dataclass(frozen=True, slots=True)
class Pages:
    """The live pages as they were refreshed, or why they were not."""

    put: Put | None = None
    error: ItpmError | None = None


async def refreshed(workspace: Workspace, found: Sequence[Round], tell: Callable[[str], None]) -> Pages:
    """Refresh the live pages after these rounds. What a run could not read stands on its page."""
    from itpm_sync.cli import logs
    from itpm_sync.cycle import publish_live
    from itpm_sync.plan import Grade

    ran = [each.report for each in found if each.report]
    if not ran or not any(workspace.publishers.values()):
        return Pages()
    left_out = {
        each.project: [str(w.says) for w in each.report.warnings if w.grade is Grade.LEFT_OUT]
        for each in found
        if each.report
    }
    tell("refreshing the status pages")
    try:
        return Pages(put=await publish_live(workspace, left_out))
    except ItpmError as error:
        logs.log().warning("pages not refreshed", error=str(error))
        return Pages(error=error)


def combined(found: Sequence[Round]) -> dict[str, Any]:
    """All rounds as one object: each list holds the entries of every project, each entry names its project."""
    runs = {each.project: each.report.run for each in found if each.report}
    whole: dict[str, Any] = {"run": next(iter(runs.values())) if len(runs) == 1 else None, "runs": runs}
    for name in _LISTS:
        whole[name] = [
            {"project": each.project, **entry}
            for each in found
            if each.report
            for entry in _entries(each.report.document, name)
        ]
    whole["errors"] = [
        {"project": each.project, "says": each.error.message, "mend": each.error.mend}
        for each in found
        if each.error
    ]
    return whole


def _entries(document: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = document.get(name, ())
    return found


def tell_rounds(
    found: Sequence[Round], *, as_json: bool, every: bool = False, pages: Pages | None = None
) -> None:
    """Print all rounds and what was done with the pages; errors go to stderr in any case."""
    from itpm_sync.cli import publish

    put = pages.put if pages else None
    if as_json:
        more = {"published": publish.published(put) if put else []} if pages else {}
        show.data(combined(found) | more)
    for each in found:
        if each.report and not as_json:
            for text in told.lines(each.report.document, most=1_000_000 if every else told.MOST):
                show.line(text)
        if each.error:
            show.note(f"{each.project}:")
            show.trouble(each.error)
    for text in publish.lines(put) if put and not as_json else ():
        show.line(text)
    if pages and pages.error:
        show.note("The status pages were not refreshed:")
        show.trouble(pages.error)


def ended(found: Sequence[Round], *, changes: bool = False) -> Exit:
    """The code of all rounds together."""
    return worst([each.code(changes=changes) for each in found])
