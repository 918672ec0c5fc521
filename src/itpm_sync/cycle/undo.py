"""The undo of a run: a run of its own that puts back what nobody has touched since. Planned first, like a first sync.

In: the workspace, the run, who asks, perhaps the run whose preview was approved. Out: a RunReport; its warnings name
what is left, with the reason. Raises Misconfigured (a run that cannot be undone), Stopped (an approval that does not
fit), Busy, Fenced. docs/decisions/011-undo.md says what is put back, asked, and left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from itpm_sync.codec import encode, show
from itpm_sync.cycle.past import look_back, run_to_undo
from itpm_sync.cycle.run import Running, project_of, under_lease
from itpm_sync.cycle.workspace import Progress, RunReport, Workspace, silent
from itpm_sync.errors import Misconfigured, Stopped
from itpm_sync.ledger import Lease, RunKind
from itpm_sync.plan_document import document
from itpm_sync.reconcile.past import Past
from itpm_sync.reconcile.undo import Back, Undone
from itpm_sync.reconcile.undo import undo as decide
from itpm_sync.translate import Project

UNDOES = "undoes"
"""Where a preview names the run that it is the undo of."""


async def undo(
    ws: Workspace,
    run: str,
    *,
    actor: str,
    approve: str | None = None,
    project: str | None = None,
    progress: Progress = silent,
) -> RunReport:
    """Show what the undo of `run` would do; with `approve` (the run of that preview) carry it out.

    `project`: the one that is meant, by default the run's own.
    """
    known = ws.ledger.run(run)  # before anything else: an unknown run is told as such
    its = project_of(ws, project or known.project).facts.id
    run_to_undo(ws, run, its)

    def running(ws: Workspace, project: Project, lease: Lease, name: str, progress: Progress) -> Running:
        return Undoing(ws, project, lease, name, progress, of=run, actor=actor)

    kind = RunKind.PLAN if approve is None else RunKind.UNDO
    return await under_lease(
        ws, its, running, kind=kind, carry_out=approve is not None, approve=approve, progress=progress
    )


class Undoing(Running):
    """One undo while it goes on."""

    def __init__(
        self,
        ws: Workspace,
        project: Project,
        lease: Lease,
        name: str,
        progress: Progress,
        *,
        of: str,
        actor: str,
    ) -> None:
        super().__init__(ws, project, lease, name, progress)
        self.of = self.undone = of
        self.actor = actor

    async def go(self, *, approve: str | None, carry_out: bool) -> RunReport:
        ws = self.ws
        run = run_to_undo(ws, self.undone, self.project.facts.id)
        approved = self._approved(approve)
        state, sight, basis, world = await self.look(approved)
        if world.other_ledger:
            raise Stopped(
                f"Run {self.of} is not undone: {world.other_ledger}", mend="Settle that first, with a sync."
            )
        past = await look_back(ws, run, basis)
        self.progress("deciding what can be put back")
        undone = decide(world, past, actor=self.actor)
        warnings = (*sight.warnings, *undone.plan.warnings)
        plan = replace(undone.plan, warnings=warnings)
        told = self._document(undone, past)
        shown = document(plan, run=self.name) | told
        self._is_covered(shown, approved, approve)
        if not carry_out or plan.brakes:
            return RunReport(self.name, plan, stopped=bool(plan.brakes), warnings=warnings, document=shown)
        if past.base:  # before any write: killed from here on, no run brings back what this one takes away
            ws.ledger.put_base_back(self.lease, self.undone, by=self.name)
        desk = await self._carry_out(plan, state, sight, approve)
        outcomes = {one.action.identity: (one.outcome, one.reason) for one in desk.carried}
        shown = document(plan, run=self.name, outcomes=outcomes) | told
        return RunReport(self.name, plan, tuple(desk.carried), warnings=warnings, document=shown)

    def _document(self, undone: Undone, past: Past) -> dict[str, Any]:
        """What a preview says beside the plan."""
        return {
            UNDOES: self.of,
            "agreed": [_told(one) for one in undone.back],
            "asked": [{"id": one.id} for each in undone.plan.decisions for one in each.opened],
            "already": undone.already,
            "configuration_back": past.base,
        }

    def _approved(self, approve: str | None) -> Mapping[str, Any] | None:
        found = None if approve is None else self.ws.ledger.plan_of(approve)
        if approve is not None and (found is None or found.get(UNDOES) != self.of):
            raise Misconfigured(
                f"Run {approve} is no preview of the undo of run {self.of}.",
                mend=f"Run: itpm-sync undo {self.of}",
            )
        return super()._approved(approve)

    def _is_covered(
        self, shown: Mapping[str, Any], approved: Mapping[str, Any] | None, approve: str | None
    ) -> None:
        """An approval covers an undo that does no more than its preview showed. Raises Stopped."""
        if approved is None:
            return
        new = [one for part in ("actions", "asked", "agreed") for one in _beyond(shown, approved, part)]
        if not new and bool(shown["configuration_back"]) <= bool(approved.get("configuration_back")):
            return
        self.ws.ledger.store_plan(self.lease, self.name, plan=dict(shown))
        raise Stopped(
            f"Since the preview of run {approve} was made, the undo of run {self.of} has come to more than it shows "
            f"({len(new) or 1} more). Nothing was written.",
            mend=f"Look at the new preview, run {self.name}, and approve that one.",
        )


def _beyond(shown: Mapping[str, Any], approved: Mapping[str, Any], part: str) -> Sequence[Mapping[str, Any]]:
    known = {one["id"] for one in approved.get(part, ())}
    return [one for one in shown[part] if one["id"] not in known]


def _told(one: Back) -> dict[str, Any]:
    return {
        "id": f"{one.item} {one.field} {one.old.version}",
        "item": one.item,
        "title": one.title,
        "field": one.field,
        "old": {"value": encode(one.old.value), "text": show(one.old.value)},
        "new": {"value": encode(one.new.value), "text": show(one.new.value)},
    }
