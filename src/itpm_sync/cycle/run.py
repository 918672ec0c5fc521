"""One run of one project: pull, recover, reconcile, decide, push. The ledger is committed last at every step.

In: the workspace, a project's id, whether to carry out the plan, perhaps the run whose plan a person approved.
Out: a RunReport. Raises Busy, Misconfigured, Stopped (an approval that does not fit), Fenced.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from itpm_sync import translate
from itpm_sync.cycle import identity, narrow, other_ledger, people_brakes
from itpm_sync.cycle.reading import (
    Place,
    Sight,
    compile_all,
    envs,
    keyed_and_listed,
    look_up_people,
    pull_all,
    views,
)
from itpm_sync.cycle.workspace import Progress, RunReport, Workspace, silent
from itpm_sync.decided import decided_item, decided_replicas
from itpm_sync.errors import ItpmError, Misconfigured, Stopped
from itpm_sync.ledger import Decided, Lease, Pause, RunKind, RunStatus, State
from itpm_sync.ledger import Place as Spot
from itpm_sync.plan import BrakeKind, Grade, Plan
from itpm_sync.plan_document import document
from itpm_sync.push import Desk, Site, push
from itpm_sync.push.recover import recover
from itpm_sync.push.shown_again import shown_again
from itpm_sync.reconcile import World, reconcile
from itpm_sync.ties import Beyond
from itpm_sync.translate import Project


async def run(
    ws: Workspace,
    project_id: str,
    *,
    carry_out: bool,
    approve: str | None = None,
    progress: Progress = silent,
) -> RunReport:
    """Plan a project, and carry the plan out where asked and no brake holds it."""
    kind = RunKind.SYNC if carry_out else RunKind.PLAN
    return await under_lease(
        ws, project_id, Running, kind=kind, carry_out=carry_out, approve=approve, progress=progress
    )


async def under_lease(
    ws: Workspace,
    project_id: str,
    running: Callable[[Workspace, Project, Lease, str, Progress], Running],
    *,
    kind: RunKind,
    carry_out: bool,
    approve: str | None,
    progress: Progress,
) -> RunReport:
    """A run from its lease to its end. `running` makes it: a sync, or the undo of one."""
    project = project_of(ws, project_id)
    ws.ledger.ensure_project(project_id, project.facts.title)
    lease, name = ws.ledger.start_run(
        project_id, ws.holder, kind=kind, seconds=ws.lease_seconds, gone=ws.gone
    )
    one = running(ws, project, lease, name, progress)
    try:
        report = await one.go(approve=approve, carry_out=carry_out)
    except BaseException as error:
        ws.ledger.end_run(one.lease, name, status=RunStatus.FAILED, summary={"error": _named(error)})
        raise
    summary = _summary(report, ws.ledger.pauses(project_id) if report.paused else ())
    ws.ledger.end_run(
        one.lease, name, status=_status(report), summary=summary, plan=report.document, rest=one.rest
    )
    return report


def project_of(ws: Workspace, project_id: str) -> Project:
    """The configured project. Raises Misconfigured, naming those there are."""
    if project_id not in ws.projects:
        known = ", ".join(sorted(ws.projects)) or "none"
        raise Misconfigured(
            f"There is no project {project_id!r} in the configuration.", mend=f"Known: {known}."
        )
    return ws.projects[project_id]


class Running:
    """One run while it goes on."""

    of: str | None = None
    """The run that it is the undo of."""

    def __init__(self, ws: Workspace, project: Project, lease: Lease, name: str, progress: Progress) -> None:
        self.ws, self.project, self.lease, self.name, self.progress = ws, project, lease, name, progress
        self.strange: Mapping[Place, identity.Found] = {}
        """Containers that are not the ones they were; `accepted`: those that the approved plan showed."""
        self.accepted: Mapping[Place, identity.Found] = {}
        self.previewed: World | None = None
        self.unsure: Mapping[tuple[str, str], tuple[str, ...]] = {}
        """Untied records that may be what a lost call made, and the items a person is asked about."""
        self.rest: str | None = None
        """What it leaves for the next run, if it came to rest."""

    async def go(self, *, approve: str | None, carry_out: bool) -> RunReport:
        ws, project = self.ws, self.project
        approved = self._approved(approve)
        state, sight, basis, world = await self.look(approved, partly=approve is None)
        self.progress("deciding")
        found = self._narrowly(world) if world.focus is not None else reconcile(world)
        if found is None or (ws.doubt and world.focus is not None):
            state, sight, basis, world = await self.whole(state, sight, approved)
            found = _undoubted(found, reconcile(world))
        plan = identity.with_preview(found, self.previewed)
        warnings = (*sight.warnings, *plan.warnings)
        plan = replace(plan, warnings=warnings)
        self._fits(plan, approved, approve)
        if plan.proposals or state.proposals:  # a person may decide them before the first write
            ws.ledger.propose_pairs(self.lease, plan.proposals)
        stopped = any(not brake.connection and brake.kind is not BrakeKind.PAUSED for brake in plan.brakes)
        if not carry_out or stopped:
            # a change of shape that a plan saw (a record moved) need not wait as a reading: the next run looks at all
            self.rest = self.lease.rest if not stopped and narrow.simple(found, world) else None
            shown = document(plan, run=self.name)
            return RunReport(self.name, plan, stopped=stopped, warnings=warnings, document=shown)
        desk = await self._carry_out(plan, state, sight, approve)
        self._cover(plan, sight, basis)
        if approve is not None or translate.fingerprint(basis) != state.fingerprint:
            ws.ledger.accept_fingerprint(
                self.lease, translate.fingerprint(basis), document=basis, run=self.name
            )
        meanwhile = people_brakes.meanwhile(ws.ledger, desk, project.policy, plan.brakes)
        warnings = (*warnings, *people_brakes.suspended(desk))
        plan = replace(plan, brakes=(*plan.brakes, *meanwhile), warnings=warnings)
        outcomes = {one.action.identity: (one.outcome, one.reason) for one in desk.carried}
        shown = document(plan, run=self.name, outcomes=outcomes)
        self._leave_at_rest(
            replace(plan, warnings=plan.warnings[len(sight.warnings) :]), world, sight, basis, desk
        )
        return RunReport(self.name, plan, tuple(desk.carried), warnings=warnings, document=shown)

    def _narrowly(self, world: World) -> Plan | None:
        """The plan made from a part of the project; None where the whole has to be looked at after all."""
        try:
            plan = reconcile(world)
        except Beyond:
            return None
        return plan if narrow.simple(plan, world) else None

    def _leave_at_rest(
        self, plan: Plan, world: World, sight: Sight, basis: Mapping[str, Any], desk: Desk
    ) -> None:
        if world.focus is None:
            fingerprint = translate.fingerprint(basis)
            rest = narrow.at_rest(
                plan, world, sight, lambda: narrow.basis_of(self.ws, self.project, sight, fingerprint)
            )
        else:
            rest = narrow.still_at_rest(plan, sight, desk.carried, narrow.unpacked(self.lease.rest))
        self.rest = rest.packed() if rest is not None else None

    async def look(
        self, approved: Mapping[str, Any] | None, *, partly: bool = False
    ) -> tuple[State, Sight, Mapping[str, Any], World]:
        """All that comes before deciding: pulled, compiled, recovered. `partly`: a part of the project may do."""
        ws, project = self.ws, self.project
        rest = narrow.unpacked(self.lease.rest) if partly else None
        state = ws.ledger.glance(project.facts.id, counted=rest is None)
        if rest is not None:
            known = {
                place: replace(one, known=rest.had.get(place, 0)) for place, one in state.containers.items()
            }
            state = replace(state, containers=known)
        sight = await pull_all(ws, project, state, self.lease, self.progress)
        self._renew()
        compile_all(project, sight)
        basis = _basis(project, sight)
        if rest is not None and self._same_basis(rest, state, sight, basis):
            focus = narrow.part(ws, project, state, sight, rest)
            if focus is not None and not other_ledger.suspicious(ws, sight):
                world = self._world(state, sight, basis, frozenset(), frozenset(), approved)
                return state, sight, basis, replace(world, focus=focus, known=rest.known)
        return await self.whole(state, sight, approved)

    def _same_basis(self, rest: narrow.Rest, state: State, sight: Sight, basis: Mapping[str, Any]) -> bool:
        fingerprint = translate.fingerprint(basis)
        now = narrow.basis_of(self.ws, self.project, sight, fingerprint)
        return fingerprint == state.fingerprint and rest.basis == now

    async def whole(
        self, state: State, sight: Sight, approved: Mapping[str, Any] | None
    ) -> tuple[State, Sight, Mapping[str, Any], World]:
        """The whole project, after it was pulled."""
        ws, project = self.ws, self.project
        items = ws.ledger.items(project.facts.id)
        replicas = sight.replicas if sight.complete else ws.ledger.replicas(project.facts.id)
        sight = replace(sight, items=dict(items), replicas=dict(replicas), complete=True)
        await look_up_people(ws, project, sight, self.lease)
        back = _back(sight)
        creating, pending = await self._recover(state, sight, back=back)
        self.strange = await identity.look(ws, project, sight)
        self.accepted = identity.accepted(self.strange, approved)
        sight = identity.adopted(ws, project, sight, self.accepted)
        basis = _basis(project, sight)
        if state.intents or back:  # what recovery opened (an edit that our write replaced) counts from now on
            state = replace(
                state,
                conflicts={conflict.id: conflict for conflict in ws.ledger.conflicts(project.facts.id)},
                refusals=tuple(ws.ledger.refusals(project.facts.id)),
            )
        signs = await other_ledger.signs(ws, project, state, sight)
        if signs.says:
            sight = identity.whole(ws, project, sight)
        world = self._world(state, sight, basis, creating, pending, approved)
        waived = identity.waived(world.waived, self.strange, self.accepted)
        world = replace(world, waived=waived, other_ledger=signs.says, elsewhere=signs.elsewhere)
        self.previewed = identity.previewed(ws, project, sight, self.strange, self.accepted, world)
        return state, sight, basis, world

    def _cover(self, plan: Plan, sight: Sight, basis: Mapping[str, Any]) -> None:
        """Remember which containers a plan that was let go has covered: one that was never read is still to come."""
        stopped = {(brake.connection, brake.container) for brake in plan.brakes}
        newly = []
        for place, pulled in sight.pulls.items():
            known = sight.containers.get(place)
            if known is None or known.base is not None or pulled.error is not None or place in stopped:
                continue
            covered = replace(known, base=translate.fingerprint(basis))
            newly.append(covered)
            sight.containers[place] = covered
        self.ws.ledger.store_containers(self.lease, newly)

    def _renew(self) -> None:
        """Once half of the lease's time is gone."""
        half = timedelta(seconds=self.ws.lease_seconds / 2)
        if self.lease.expires - self.ws.clock.now() < half:
            self.lease = self.ws.ledger.renew(self.lease, self.ws.lease_seconds)

    # ── approval ──

    def _approved(self, approve: str | None) -> Mapping[str, Any] | None:
        if approve is None:
            return None
        run = self.ws.ledger.run(approve)
        plan = self.ws.ledger.plan_of(approve)
        if plan is None or run.project != self.project.facts.id:
            raise Misconfigured(
                f"Run {approve} holds no plan of project {self.project.facts.id}.",
                mend="See `itpm-sync runs list`.",
            )
        if run.approved_by is not None:
            raise Misconfigured(
                f"The plan of run {approve} was carried out by run {run.approved_by}.",
                mend="Make a new plan.",
            )
        if plan.get("undoes") != self.of:
            raise Misconfigured(
                f"Run {approve} shows the undo of run {plan.get('undoes')}; it is no plan of a sync.",
                mend=f"Run: itpm-sync undo {plan.get('undoes')} --approve {approve}",
            )
        found: Mapping[str, Any] = plan
        return found

    def _fits(self, plan: Plan, approved: Mapping[str, Any] | None, approve: str | None) -> None:
        """An approval covers a plan whose actions are a subset of the approved one. Raises Stopped."""
        if approved is None:
            return
        known = {action["id"] for action in (*approved["actions"], *approved["held"])}
        new = [action for action in plan.actions if action.identity not in known]
        if new:
            self.ws.ledger.store_plan(self.lease, self.name, plan=document(plan, run=self.name))
            first = f"{new[0].operation} {new[0].title!r} in {new[0].connection}"
            came = "1 action" if len(new) == 1 else f"{len(new)} actions"
            raise Stopped(
                f"Since the plan of run {approve} was made, {came} came up that it does not hold "
                f"(the first: {first}). Nothing was written.",
                mend=f"Look at the new plan, run {self.name}, and approve that one.",
            )

    # ── the steps ──

    async def _recover(
        self, state: State, sight: Sight, *, back: bool
    ) -> tuple[frozenset[tuple[str, str]], frozenset[str]]:
        """Settle the intents that an earlier run left open; what stays open holds its items back. `back`: records may
        hold what such a write brought, and say something new.
        """
        intents = state.intents
        if not intents and not back:
            return frozenset(), frozenset()
        if intents:
            self.progress(f"looking up {len(intents)} unfinished writes")
        desk = self._desk(sight, state)
        left = await recover(desk, intents)
        waiting = await shown_again(desk)
        self.lease = desk.lease
        self.unsure = dict(desk.unsure)
        sight.replicas = desk.replicas
        creating = frozenset(
            (intent.item, intent.connection) for intent in left if intent.operation == "create"
        )
        pending = frozenset(intent.replica for intent in left if intent.replica is not None)
        return creating, pending | waiting

    def _desk(self, sight: Sight, state: State) -> Desk:
        around = envs(self.project, sight)
        for env in around.values():  # what an answer shows may lie beyond the part that this run looks at
            env.whole = sight.complete
        sites = {
            (policy.connection, policy.container): Site(
                self.ws.connections[policy.connection],
                policy,
                sight.lenses[policy.connection, policy.container],
                around[policy.connection, policy.container],
                *keyed_and_listed(self.ws, sight, (policy.connection, policy.container)),
                lost=sight.lost.get((policy.connection, policy.container), {}),
            )
            for policy in self.project.policy.containers
            if (policy.connection, policy.container) not in sight.suspended
        }
        return Desk(
            self.ws.ledger,
            self.lease,
            self.name,
            self.ws.clock,
            self.ws.ids,
            sites,
            sight.items,
            sight.replicas,
            lease_seconds=self.ws.lease_seconds,
            progress=self.progress,
            refused_before={(r.item, r.connection, r.container, r.field): r.attempts for r in state.refusals},
            accepted=state.accepted,
            refused_pairs=state.refused_pairs,
        )

    def _world(
        self,
        state: State,
        sight: Sight,
        basis: Mapping[str, Any],
        creating: frozenset[tuple[str, str]],
        pending: frozenset[str],
        approved: Mapping[str, Any] | None,
    ) -> World:
        changed = ""
        if state.fingerprint is not None and translate.fingerprint(basis) != state.fingerprint:
            before = self.ws.ledger.accepted_configuration(self.project.facts.id) or {}
            changed = translate.changed(identity.kept_options(before, self.strange), basis)
        brakes = approved["brakes"] if approved else ()
        return World(
            project=self.project.facts.id,
            policy=self.project.policy,
            containers=views(self.ws, self.project, sight, state.pauses),
            items=sight.items,
            replicas=sight.replicas,
            now=self.ws.clock.now(),
            zone=ZoneInfo(self.project.facts.zone),
            conflicts=state.conflicts,
            refusals=tuple(state.refusals),
            creating=creating,
            pending=pending,
            accepted_pairs=state.accepted,
            refused_pairs=state.refused_pairs,
            directory=sight.directory,
            first_sync=state.fingerprint is None,
            waived=frozenset((b["kind"], b["connection"], b["container"]) for b in brakes),
            pauses=people_brakes.brakes(state.pauses, self.project.policy),
            configuration_changed=changed,
            unsure=self.unsure,
        )

    async def _carry_out(self, plan: Plan, state: State, sight: Sight, approve: str | None) -> Desk:
        """Commit the decisions, then write."""
        decided = []
        for decision in plan.decisions:
            item = decided_item(sight.items.get(decision.item), decision)
            changed = decided_replicas(sight.replicas, decision)
            decided.append(Decided(decision, item, tuple(changed)))
        self.ws.ledger.adopt(self.lease, self.name, identity.adoptions(sight, self.accepted))
        self.ws.ledger.commit_decisions(self.lease, self.name, decided)
        if plan.refusals:
            self.ws.ledger.add_refusals(self.lease, self.name, plan.refusals)
        if plan.over:
            self.ws.ledger.clear_refusals(self.lease, [Spot(*spot) for spot in plan.over])
        if approve is not None:
            self.ws.ledger.mark_approved(self.lease, approve, by=self.name)
        for one in decided:
            sight.items[one.item.id] = one.item
            sight.replicas.update({replica.id: replica for replica in one.replicas})
            for change in one.decision.replicas:
                if change.drop is not None:
                    sight.replicas.pop(change.drop, None)
        desk = self._desk(sight, state)
        await push(desk, plan.actions)
        self.lease = desk.lease
        return desk


def _basis(project: Project, sight: Sight) -> dict[str, Any]:
    return translate.basis(project, sight.infos, sight.lenses, sight.lost, sight.containers)


def _back(sight: Sight) -> bool:
    """Whether a record says something new that may hold what a write of unknown outcome brought (`shown_again`)."""
    return any(one.offers and one.reading is not None for one in sight.replicas.values())


def _undoubted(narrowly: Plan | None, wholly: Plan) -> Plan:
    """The plan made from the whole project. Raises AssertionError where a part of it led to another."""
    if narrowly is not None and narrowly != wholly:
        raise AssertionError(f"a part of the project led to {narrowly}, the whole to {wholly}")
    return wholly


def _named(error: BaseException) -> str:
    """What is kept of an error. Of one that nobody foresaw only its kind: its text is a library's, and unscrubbed."""
    return str(error) if isinstance(error, ItpmError) else type(error).__name__


def _status(report: RunReport) -> RunStatus:
    if report.stopped or report.plan.brakes:
        return RunStatus.STOPPED
    if report.failed:
        return RunStatus.FAILED
    if any(warning.grade is Grade.LEFT_OUT for warning in report.warnings):
        return RunStatus.LEFT_OUT
    return RunStatus.CONFLICTS if report.plan.conflicts else RunStatus.DONE


def _summary(report: RunReport, pauses: Sequence[Pause]) -> dict[str, Any]:
    outcomes: dict[str, int] = {}
    for one in report.carried:
        outcomes[one.outcome] = outcomes.get(one.outcome, 0) + 1
    return {
        "actions": len(report.plan.actions),
        "decisions": len(report.plan.decisions),
        "conflicts": len(report.plan.conflicts),
        "offers": len(report.plan.offers),
        "brakes": [brake.says for brake in report.plan.brakes],
        "skipped": len({one.item or one.native_id for one in report.plan.skipped}),
        "paused": people_brakes.told(pauses),
        "outcomes": outcomes,
    }


__all__ = ["Place", "project_of", "run"]
