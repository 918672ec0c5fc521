"""What can be asked of a ledger without a lease.

In: a project, an id. Out: words. Each question is answered from one snapshot. Raises the errors of `trouble`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, select

from itpm_sync.bases import Conflict, Intent, ItemBase, Refusal, Replica
from itpm_sync.codec import Json
from itpm_sync.ledger import (
    configuration,
    conflicts,
    history,
    intents,
    leases,
    outside,
    pairing,
    part,
    past_run,
    pauses,
    publications,
    quarantine,
    replicas,
    runs,
    schema,
    state,
)
from itpm_sync.ledger.database import Database
from itpm_sync.ledger.trouble import explained
from itpm_sync.ledger.words import (
    Claim,
    Entry,
    Lease,
    LivePage,
    PairState,
    Pause,
    Publication,
    Run,
    StoredLoser,
    StoredPair,
)

T = TypeVar("T")


class Reads:
    """The questions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def _read(self, work: Callable[[Connection], T]) -> T:
        with explained(self._database.shown):
            return self._database.read(work)

    def projects(self) -> Mapping[str, str]:
        """Titles by project id."""
        table = schema.projects
        return self._read(
            lambda c: {
                row.id: row.title for row in c.execute(select(table.c.id, table.c.title).order_by(table.c.id))
            }
        )

    def pauses(self, project: str | None = None) -> list[Pause]:
        """The pauses that stand: of a project and of connections everywhere, or all."""
        return self._read(lambda c: pauses.standing(c, project))

    def load(self, project: str) -> state.State:
        """The project's whole state; an unknown project is empty."""
        return self._read(lambda c: state.load(c, project))

    def glance(self, project: str, *, counted: bool) -> state.State:
        """The state without items and replicas; `counted`: with the number of records of each container."""
        return self._read(lambda c: state.glance(c, project, counted=counted))

    def items(self, project: str) -> Mapping[str, ItemBase]:
        """Every item of the project, by id."""
        return self._read(lambda c: state.items(c, project))

    def replicas(self, project: str) -> Mapping[str, Replica]:
        """Every replica of the project, by id."""
        return self._read(lambda c: state.replicas(c, project))

    def replicas_of(self, project: str, connection: str, natives: Collection[str]) -> list[Replica]:
        """The project's replicas of these records of a connection."""
        if not natives:
            return []
        return self._read(
            lambda c: list(part.replicas_of_natives(c, project, tool=connection, natives=natives))
        )

    def waiting(self, project: str) -> list[Replica]:
        """Replicas with something to decide: a reading, an undecided field, an absence."""
        return self._read(lambda c: list(part.waiting(c, project)))

    def some(self, project: str, items: Collection[str]) -> tuple[list[ItemBase], list[Replica]]:
        """These items, as far as they are there, and every replica of theirs."""
        if not items:
            return [], []
        return self._read(
            lambda c: (list(part.items(c, project, items)), list(part.replicas_of_items(c, project, items)))
        )

    def spots(self, project: str, connection: str) -> list[part.Spot]:
        """Where every record of a connection is."""
        return self._read(lambda c: list(part.spots(c, project, connection)))

    def damage(self) -> list[str]:
        """What SQLite finds wrong with the file, in its own words; nothing where it is sound, or in PostgreSQL."""

        def work(connection: Connection) -> list[str]:
            if connection.dialect.name != "sqlite":
                return []  # its server checks its own pages
            found = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA quick_check(10)")]
            loose = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            told = [f"a row of {row[0]} refers to a row of {row[2]} that is not there" for row in loose]
            return [words for words in found if words != "ok"] + sorted(set(told))

        return self._read(work)

    def holder(self, project: str) -> Lease | None:
        """The lease that holds the project now, or None."""
        with explained(self._database.shown):
            return leases.holder(self._database, project)

    def runs(self, project: str, limit: int = 20) -> Sequence[Run]:
        """The newest runs, newest first."""
        return self._read(lambda c: runs.listed(c, project, limit=limit))

    def run(self, run: str) -> Run:
        """The run of that id. Raises Misconfigured."""
        return self._read(lambda c: runs.one(c, run))

    def plan_of(self, run: str) -> Json | None:
        """The plan that run made, or None."""
        return self._read(lambda c: runs.plan_of(c, run))

    def claims(self, connection: str, native_ids: Sequence[str]) -> Sequence[Claim]:
        """Which of these records of a connection are held already, over all projects."""
        return self._read(lambda c: replicas.claims(c, connection, native_ids))

    def projects_of(self, keys: Collection[str]) -> Mapping[str, Collection[str]]:
        """By key: the projects of this ledger that have an item under it."""
        return self._read(lambda c: outside.projects_of(c, keys)) if keys else {}

    def called_since(self, project: str, since: datetime) -> list[tuple[str, str, str | None]]:
        """The project's writes whose call went out since: (intent, connection, native id)."""
        return self._read(lambda c: outside.called_since(c, project, since))

    def created(self, project: str, items: Collection[str]) -> set[tuple[str, str]]:
        """(item, connection) of every creation of these items whose call ever went out, whatever became of it."""
        return self._read(lambda c: outside.created(c, project, items))

    def open_intents(self, project: str) -> list[Intent]:
        """The intents whose outcome is not known, in the order they were made."""
        return self._read(lambda c: intents.still_open(c, project))

    def writes_since(self, project: str, moment: datetime) -> list[past_run.Told]:
        """Every write intended at `moment` or later with what became of it, oldest first."""
        return self._read(lambda c: past_run.since(c, project, moment))

    def replaced_base(self, project: str, run: str) -> configuration.Replaced | None:
        """The configuration that `run` took the place of; None where it took none."""
        return self._read(lambda c: configuration.replaced(c, project, run))

    def conflicts(self, project: str) -> list[Conflict]:
        """The open conflicts, oldest first."""
        return self._read(lambda c: conflicts.listed(c, project))

    def conflict(self, conflict: str) -> Conflict:
        """The open conflict of that id. Raises Misconfigured."""
        return self._read(lambda c: conflicts.one(c, conflict))

    def losers_of(self, project: str, item: str, *, field: str | None = None) -> list[StoredLoser]:
        """The stored losers of an item, newest first; of one field, where named."""
        return self._read(lambda c: conflicts.losers(c, project, item, field=field))

    def refusals(self, project: str) -> list[Refusal]:
        """What is quarantined."""
        return self._read(lambda c: quarantine.listed(c, project))

    def pairs(self, project: str, *, state: PairState | None = PairState.PROPOSED) -> list[StoredPair]:
        """Proposals in that state (None: in any), oldest first."""
        return self._read(lambda c: pairing.listed(c, project, state=state))

    def accepted_fingerprint(self, project: str) -> str | None:
        """The fingerprint of mapping, scope and owners that was last accepted."""
        return self._read(lambda c: configuration.in_force(c, project)[0])

    def accepted_configuration(self, project: str) -> Json | None:
        """What that fingerprint was made of, as it was handed over."""
        return self._read(lambda c: configuration.in_force(c, project)[1])

    def next_number(self, project: str) -> int:
        """The number of the next frozen copy of the pages."""
        return self._read(lambda c: publications.next_number(c, project))

    def publications(self, project: str) -> list[Publication]:
        """The frozen copies, newest first."""
        return self._read(lambda c: publications.listed(c, project))

    def live_pages(self, project: str) -> list[LivePage]:
        """What was last put at the fixed addresses."""
        return self._read(lambda c: publications.live(c, project))

    def history(
        self, project: str, item: str | None = None, *, run: str | None = None, limit: int | None = 100
    ) -> list[Entry]:
        """The newest entries, newest first; of one item or one run, where named."""
        return self._read(lambda c: history.entries(c, project, item=item, run=run, limit=limit))

    def verify(self, project: str) -> int | None:
        """The number of the first entry of the history that does not hold, or None."""
        key = self._database.key
        return self._read(lambda c: history.verify(c, project, key=key))
