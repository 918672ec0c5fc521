"""The ledger: the durable memory of all projects, in SQLite or PostgreSQL.

In: words, under a lease. Out: words. Every writing method is one short transaction, done wholly or not at all, that
checks the lease's fence inside it. A connection lost during COMMIT is looked up, never guessed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.exc import IntegrityError

from itpm_sync.bases import Intent, ItemBase, Refusal, Replica
from itpm_sync.codec import Json
from itpm_sync.ledger import (
    address,
    configuration,
    conflicts,
    deciding,
    history,
    intents,
    leases,
    opening,
    pairing,
    pauses,
    publications,
    quarantine,
    replicas,
    runs,
    schema,
)
from itpm_sync.ledger.database import Database, Transaction
from itpm_sync.ledger.deciding import BATCH, Decided
from itpm_sync.ledger.evidence import Evidence
from itpm_sync.ledger.lending import Lent
from itpm_sync.ledger.outside import Adoption, store_adoptions
from itpm_sync.ledger.prepared import Prepared
from itpm_sync.ledger.statements import insert_missing
from itpm_sync.ledger.trouble import explained
from itpm_sync.ledger.words import (
    ContainerState,
    Lease,
    LivePage,
    Pause,
    Place,
    Publication,
    RunKind,
    RunStatus,
    Settlement,
    StoredPair,
)
from itpm_sync.plan import Decision, PairProposal
from itpm_sync.ports import Clock, Ids

T = TypeVar("T")

_IN_MEMORY_KEY = b"a ledger in memory keeps no secret"
_DECIDE, _RESOLVE = "decide", "resolve"


_TITLE = Prepared(
    select(schema.projects.c.title)
    .join(schema.leases, schema.leases.c.project == schema.projects.c.id)
    .where(schema.projects.c.id == bindparam("its_project"))
)


def _known(connection: Connection, project: str) -> str | None:
    """The title of a project that has its lease row; None where it has not."""
    title: str | None = _TITLE.scalar(connection, {"its_project": project})
    return title


class Ledger(Evidence):
    """One ledger. Use it as a context, or `close` it."""

    @classmethod
    def open(
        cls,
        url: str | Path,
        *,
        clock: Clock,
        ids: Ids,
        key: bytes | Path | None = None,
        wait: Callable[[float], None] = time.sleep,
        busy: float = address.BUSY_TIMEOUT,
    ) -> Ledger:
        """Open the ledger at `url` (a path, sqlite:/// or postgresql://), making or migrating it as needed.

        `key`: the key of the history's chain, or the file it lies in; by default a file beside an SQLite ledger,
        made with mode 0600 on first use. `wait`: blocks for seconds before a new attempt after a lost connection.
        `busy`: seconds to wait while another process writes an SQLite ledger.
        Raises Misconfigured, Unavailable, Unreadable, Denied, Busy (locked).
        """
        where = address.parsed(str(url))
        shown = address.shown(where)
        path = address.file_of(where)
        engine = address.engine_of(where, busy=busy)
        if path is not None:
            address.make_private(path)
        elif engine.dialect.name == "sqlite" and key is None:
            key = _IN_MEMORY_KEY
        try:
            with explained(shown):
                found = opening.prepare(engine, shown, ids=ids, key=key, beside=path)
        except BaseException:
            engine.dispose()
            raise
        return cls(Database(Lent(engine), shown, clock, ids, found, wait))

    def again(self, *, clock: Clock | None = None, ids: Ids | None = None) -> Ledger:
        """The same database through a new Ledger, as a restarted process finds it. For simulations in memory."""
        old = self._database
        return Ledger(Database(old.lent, old.shown, clock or old.clock, ids or old.ids, old.key, old.wait))

    def close(self) -> None:
        """Let go of all connections."""
        self._database.lent.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, lease: Lease, work: Callable[[Transaction], T], *, live: bool = False) -> T:
        with explained(self._database.shown):
            return self._database.write(lease, work, live=live)

    def _claiming(self, lease: Lease, claimed: Sequence[Replica], work: Callable[[Transaction], T]) -> T:
        """Write what may claim a record that another project holds. Raises Claimed."""
        with explained(self._database.shown):
            try:
                return self._database.write(lease, work)
            except IntegrityError:
                error = self._database.read(lambda c: replicas.refused_claim(c, lease.project, claimed))
                if error is None:
                    raise
                raise error from None

    # ── projects, leases, runs ────────────────────────────────────────────────────────────────────────────

    def ensure_project(self, project: str, title: str) -> None:
        """Make the project known, or correct its title."""
        now = self._database.clock.now()
        row = {"id": project, "title": title, "made": now, "head_seq": 0, "head_mac": history.START}

        def work(connection: Connection) -> None:
            insert_missing(connection, schema.projects, [row])
            table = schema.projects
            connection.execute(table.update().where(table.c.id == project).values(title=title))
            insert_missing(connection, schema.leases, [{"project": project, "fence": 0}])

        with explained(self._database.shown):
            if self._database.read(lambda c: _known(c, project)) != title:
                self._database.write_again(work)

    def acquire(
        self, project: str, holder: str, *, seconds: float, gone: Callable[[str], bool] | None = None
    ) -> Lease:
        """Take the project for `seconds`. Raises Busy, naming the holder and when its lease ends.

        `gone` may say that a holder surely is no more (its process died here), so that nobody waits for its lease.
        """
        with explained(self._database.shown):
            return leases.acquire(self._database, project, holder, seconds=seconds, gone=gone)

    def renew(self, lease: Lease, seconds: float) -> Lease:
        """The same lease, ending `seconds` from now. Raises Fenced."""
        with explained(self._database.shown):
            return leases.renew(self._database, lease, seconds)

    def release(self, lease: Lease) -> None:
        """Give the lease back; one that was taken over stays with its new holder."""
        with explained(self._database.shown):
            leases.release(self._database, lease)

    def pause(self, project: str | None, connection: str | None, *, reason: str, actor: str | None) -> Pause:
        """A person's brake on a project, a connection, or both: no call goes out after this, in any process.

        No lease is asked for. Returns the pause that stands: an older one where the same place is paused already.
        """
        wanted = Pause(
            self._database.ids.new("pause"), project, connection, reason, actor, self._database.clock.now()
        )
        with explained(self._database.shown):
            return self._database.write_again(lambda c: pauses.pause(c, wanted))

    def resume(self, project: str | None, connection: str | None, *, actor: str | None) -> list[Pause]:
        """Lift the pause of exactly this place. Returns it; nothing where none stood."""
        now = self._database.clock.now()
        with explained(self._database.shown):
            return self._database.write_again(
                lambda c: pauses.resume(c, project, connection, actor=actor, now=now)
            )

    def start_run(
        self,
        project: str,
        holder: str,
        *,
        kind: RunKind,
        seconds: float,
        gone: Callable[[str], bool] | None = None,
    ) -> tuple[Lease, str]:
        """`acquire` and `begin_run` as one transaction. Returns the lease and the run's id. Raises Busy."""
        run = self._database.ids.new("run")
        with explained(self._database.shown):
            lease = leases.acquire(
                self._database,
                project,
                holder,
                seconds=seconds,
                gone=gone,
                then=lambda t, lease: runs.begin(t, lease, run=run, kind=kind),
            )
        return lease, run

    def end_run(
        self,
        lease: Lease,
        run: str,
        *,
        status: RunStatus,
        summary: Json,
        plan: Json | None = None,
        rest: str | None = None,
    ) -> None:
        """`store_plan`, `finish_run` and `release` as one transaction. Raises Fenced: the lease is another's then.

        `rest`: what the next run finds in its lease, unless somebody takes the project before.
        """

        def work(transaction: Transaction) -> None:
            if plan is not None:
                runs.store_plan(transaction, run, plan=plan)
            runs.finish(transaction, run, status=status, summary=summary)
            leases.give_back(transaction, lease, rest)

        self._write(lease, work)

    def begin_run(self, lease: Lease, kind: RunKind) -> str:
        """Begin a run and return its id; runs that a kill left open are closed as interrupted."""
        run = self._database.ids.new("run")
        self._write(lease, lambda t: runs.begin(t, lease, run=run, kind=kind), live=True)
        return run

    def finish_run(self, lease: Lease, run: str, *, status: RunStatus, summary: Json) -> None:
        """Say how the run ended: counts, calls and floors in `summary`."""
        self._write(lease, lambda t: runs.finish(t, run, status=status, summary=summary))

    def store_plan(self, lease: Lease, run: str, *, plan: Json) -> None:
        """Keep the run's plan, as data."""
        self._write(lease, lambda t: runs.store_plan(t, run, plan=plan))

    def mark_approved(self, lease: Lease, plan_run: str, *, by: str) -> None:
        """Say that run `by` carried out the plan that `plan_run` made."""
        self._write(lease, lambda t: runs.mark_approved(t, plan_run, by=by))

    # ── reading and deciding ──────────────────────────────────────────────────────────────────────────────

    def store_readings(
        self,
        lease: Lease,
        pulled: Sequence[Replica],
        *,
        container: ContainerState | None = None,
        forgotten: Sequence[str] = (),
    ) -> None:
        """Store what was pulled; with `container`, its cursor moves in the same transaction.

        `forgotten`: ids of untied replicas whose record is gone; a tied one is never forgotten.
        Raises Claimed where a record belongs to another project or replica: nothing was stored.
        """

        def work(transaction: Transaction) -> None:
            replicas.forget_replicas(transaction, forgotten)
            replicas.store_replicas(transaction, pulled)
            if container is not None:
                replicas.store_containers(transaction, [container])

        self._claiming(lease, pulled, work)

    def store_containers(self, lease: Lease, containers: Sequence[ContainerState]) -> None:
        """Store what is known of containers, their cursors among it; the readings up to them are stored already."""
        if containers:
            self._write(lease, lambda t: replicas.store_containers(t, containers))

    def adopt(self, lease: Lease, run: str, adoptions: Sequence[Adoption]) -> None:
        """Take containers for what they are now, as a person accepted it. Raises Claimed: nothing was stored."""
        if not adoptions:
            return
        claimed = [replica for one in adoptions for replica in one.replicas]
        self._claiming(lease, claimed, lambda t: store_adoptions(t, run, adoptions))

    def commit_decisions(self, lease: Lease, run: str, decided: Sequence[Decided]) -> None:
        """Store decisions, up to 500 in one transaction. Raises Claimed: the batch it is in was not stored."""
        for start in range(0, len(decided), BATCH):
            self._commit_batch(lease, run, decided[start : start + BATCH])

    def _commit_batch(self, lease: Lease, run: str, batch: Sequence[Decided]) -> None:
        claimed = [replica for one in batch for replica in one.replicas]
        self._claiming(lease, claimed, lambda t: deciding.store_decided(t, run, phase=_DECIDE, batch=batch))

    def resolve(
        self,
        lease: Lease,
        run: str,
        *,
        conflict: str,
        sides_seen: str,
        decision: Decision,
        item: ItemBase,
        replicas: Sequence[Replica] = (),
    ) -> None:
        """Store a person's resolution. `sides_seen`: `sides_digest` of the conflict they looked at.

        Raises Moved where a side has moved since, or the conflict is closed: nothing was stored.
        """
        one = Decided(decision, item, tuple(replicas))

        def work(transaction: Transaction) -> None:
            conflicts.unmoved(transaction, conflict, sides_seen=sides_seen)
            deciding.store_decided(transaction, run, phase=_RESOLVE, batch=[one])

        self._claiming(lease, one.replicas, work)

    # ── writing ───────────────────────────────────────────────────────────────────────────────────────────

    def intend(self, lease: Lease, made: Sequence[Intent], *, renew: float | None = None) -> Lease:
        """Make intents durable, before any call; with `renew`, the lease ends so many seconds from now.

        Raises Fenced where the lease was taken over, and without `renew` also where it has run out; Paused where a
        person's pause stands: then no call may be made.
        """

        def work(transaction: Transaction) -> Lease:
            pauses.unpaused(transaction, [intent.connection for intent in made])
            intents.store(transaction, made)
            return lease if renew is None else leases.extend(transaction, lease, renew)

        return self._write(lease, work, live=renew is None)

    def go_on(self, lease: Lease, connection: str, *, seconds: float) -> Lease:
        """Before another call for intents that are made already: the lease, ending `seconds` from now.

        Raises Fenced; Paused where a person's pause stands: then no call may be made.
        """

        def work(transaction: Transaction) -> Lease:
            pauses.unpaused(transaction, [connection])
            return leases.extend(transaction, lease, seconds)

        return self._write(lease, work)

    def settle(self, lease: Lease, run: str, settlements: Sequence[Settlement]) -> None:
        """Close intents with what they changed, in one transaction."""
        changed = [one.replica for one in settlements if one.replica]
        self._claiming(lease, changed, lambda t: intents.settle(t, run, settlements))

    # ── refusals, pairs, configuration, pages ─────────────────────────────────────────────────────────────

    def add_refusals(self, lease: Lease, run: str, refusals: Sequence[Refusal]) -> None:
        """Quarantine what failed without a call; a refusal of the same place takes the older one's."""
        self._write(lease, lambda t: quarantine.add_refusals(t, run, refusals))

    def clear_refusals(self, lease: Lease, places: Sequence[Place]) -> None:
        """Take out of quarantine."""
        self._write(lease, lambda t: quarantine.clear_refusals(t, places))

    def replay(self, lease: Lease, item: str | None = None) -> int:
        """Let what is quarantined (of one item, or all) be tried in the next run. Returns how many."""
        return self._write(lease, lambda t: quarantine.replay(t, item))

    def propose_pairs(self, lease: Lease, proposals: Sequence[PairProposal]) -> None:
        """Keep a run's proposals; those it no longer makes go, decided ones stay."""
        self._write(lease, lambda t: pairing.propose(t, proposals))

    def accept_pair(self, lease: Lease, pair: str, *, item: str, actor: str | None = None) -> StoredPair:
        """A person says: this record is that item. Raises Misconfigured."""
        return self._write(lease, lambda t: pairing.decide(t, pair, item=item, actor=actor))

    def refuse_pair(self, lease: Lease, pair: str, *, actor: str | None = None) -> StoredPair:
        """A person says: this record is none of those items. Raises Misconfigured."""
        return self._write(lease, lambda t: pairing.decide(t, pair, item=None, actor=actor))

    def accept_fingerprint(
        self, lease: Lease, fingerprint: str, *, document: Json = None, run: str | None = None
    ) -> None:
        """Take a configuration as the new base; `document` is what the fingerprint was made of."""
        self._write(lease, lambda t: configuration.accept(t, fingerprint, document=document, run=run))

    def put_base_back(self, lease: Lease, run: str, *, by: str) -> bool:
        """Put the base back in force that `run` took the place of, if the one it took is in force; whether it was."""
        return self._write(lease, lambda t: configuration.put_back(t, run, by=by))

    def record_publication(self, lease: Lease, number: int, *, title: str, document: Json) -> Publication:
        """Keep a frozen copy under its number, which must be new and the highest."""
        return self._write(lease, lambda t: publications.record(t, number, title=title, document=document))

    def store_live_pages(self, lease: Lease, pages: Sequence[LivePage]) -> None:
        """Say what stands at fixed addresses now."""
        self._write(lease, lambda t: publications.store_live(t, pages))
