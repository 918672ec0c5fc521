"""Pair proposals, and what people decided on them.

In: a run's proposals, a person's word. Out: proposals; which record was accepted for which item, which were refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, select, update

from itpm_sync.errors import Misconfigured
from itpm_sync.ledger import schema
from itpm_sync.ledger.database import Transaction
from itpm_sync.ledger.documents import pack, proposal_document, proposal_of
from itpm_sync.ledger.prepared import Prepared
from itpm_sync.ledger.statements import Row, cut, named, upsert
from itpm_sync.ledger.words import PairState, StoredPair
from itpm_sync.plan import PairProposal

_table = schema.pairs
_LISTED = Prepared(
    select(_table)
    .where(_table.c.project == bindparam("its_project"))
    .order_by(_table.c.proposed, _table.c.id)
)


def propose(transaction: Transaction, proposals: Sequence[PairProposal]) -> None:
    """Keep a run's proposals: new ones are added, those no longer made go, decided ones stay as they are."""
    open_ = _table.c.project == transaction.project, _table.c.state == PairState.PROPOSED.value
    ids = {one.id for one in proposals}
    known = transaction.connection.execute(
        select(_table.c.id, _table.c.state, _table.c.proposed).where(_table.c.project == transaction.project)
    ).all()
    for some in cut([row.id for row in known if row.state == PairState.PROPOSED.value and row.id not in ids]):
        transaction.connection.execute(delete(_table).where(*open_, _table.c.id.in_(some)))
    decided = {row.id for row in known if row.state != PairState.PROPOSED.value}
    since = {row.id: row.proposed for row in known}
    rows = [
        {
            "project": transaction.project,
            "id": one.id,
            "connection": one.connection,
            "container": one.container,
            "native_id": one.native_id,
            "title": one.title,
            "document": pack(proposal_document(one)),
            "state": PairState.PROPOSED.value,
            "proposed": since.get(one.id, transaction.now),
        }
        for one in proposals
        if one.id not in decided
    ]
    upsert(transaction.connection, _table, rows)


def decide(transaction: Transaction, pair: str, *, item: str | None, actor: str | None) -> StoredPair:
    """Accept a proposal for `item`, or refuse it (None). Raises Misconfigured."""
    found = one(transaction.connection, transaction.project, pair)
    if item is not None and found.proposal.candidates and item not in found.proposal.candidates:
        raise Misconfigured(
            f"Item {item} is no candidate of {pair}.",
            mend=f"Its candidates: {', '.join(found.proposal.candidates)}.",
        )
    state = PairState.REFUSED if item is None else PairState.ACCEPTED
    transaction.connection.execute(
        update(_table)
        .where(_table.c.project == transaction.project, _table.c.id == pair)
        .values(state=state.value, item=item, actor=actor, decided=transaction.now)
    )
    return StoredPair(found.proposal, state, item, actor, transaction.now)


def listed(connection: Connection, project: str, *, state: PairState | None = None) -> list[StoredPair]:
    """The project's proposals in one state, or all, oldest first."""
    rows = _LISTED.all(connection, {"its_project": project})
    return [_pair(row._asdict()) for row in rows if state is None or row.state == state.value]


def one(connection: Connection, project: str, pair: str) -> StoredPair:
    """The proposal of that id. Raises Misconfigured."""
    wanted = select(_table).where(_table.c.project == project, _table.c.id == pair)
    row = connection.execute(wanted).mappings().first()
    if row is None:
        raise Misconfigured(f"There is no proposal {pair}.", mend="See: itpm-sync pair list")
    return _pair(named(row))


def _pair(row: Row) -> StoredPair:
    return StoredPair(proposal_of(row), PairState(row["state"]), row["item"], row["actor"], row["decided"])
