"""The tables of the ledger.

In: nothing. Out: `metadata` and its tables, for statements. The migrations make them; a test holds that both agree.

One row a replica and one an item, their fields in one document with a hash, never a row a field. History rows are
never changed (triggers refuse it); what can be redacted stands beside them in `history_values`.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from itpm_sync.ledger.columns import Instant, Line

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _project(*, primary: bool = False) -> Column[str]:
    return Column("project", Line, ForeignKey("projects.id"), primary_key=primary, nullable=False)


meta = Table(
    "meta",
    metadata,
    Column("name", Line, primary_key=True),
    Column("value", Line, nullable=False),
)

projects = Table(
    "projects",
    metadata,
    Column("id", Line, primary_key=True),
    Column("title", Line, nullable=False),
    Column("made", Instant, nullable=False),
    # the end of the project's chain
    Column("head_seq", BigInteger, nullable=False),
    Column("head_mac", Text, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    _project(primary=True),
    Column("holder", Line),
    Column("fence", BigInteger, nullable=False),
    Column("expires", Instant),
    # the key of the last transaction committed for this project: what a lost COMMIT is looked up by
    Column("last_commit", Line),
    # what a run that came to rest left for the next one; whoever takes the lease takes it away
    Column("rest", Text),
)

containers = Table(
    "containers",
    metadata,
    _project(primary=True),
    Column("connection", Line, primary_key=True),
    Column("container", Line, primary_key=True),
    Column("cursor", Line),
    Column("fingerprint", Line),
    Column("base", Line),
    Column("last_complete", Instant),
    Column("last_read", Instant),
    Column("last_edit", Instant),
    Column("document", Text, nullable=False),
)

items = Table(
    "items",
    metadata,
    _project(primary=True),
    Column("id", Line, primary_key=True),
    Column("life", Line, nullable=False),
    Column("note", Line, nullable=False),
    Column("made", Instant),
    Column("document", Text, nullable=False),
    Column("hash", Text, nullable=False),
)

replicas = Table(
    "replicas",
    metadata,
    Column("id", Line, primary_key=True),
    _project(),
    Column("connection", Line, nullable=False),
    Column("container", Line, nullable=False),
    Column("native_id", Line, nullable=False),
    Column("item", Line),
    Column("tie", Line, nullable=False),
    # whether something waits to be decided: a reading, an undecided field, an absence
    Column("waits", Boolean, nullable=False),
    Column("document", Text, nullable=False),
    Column("hash", Text, nullable=False),
    ForeignKeyConstraint(["project", "item"], ["items.project", "items.id"]),
    # a record belongs to one project
    UniqueConstraint("connection", "native_id"),
    Index(None, "project", "item"),
)
Index(
    "ix_replicas_waiting",
    replicas.c.project,
    sqlite_where=text("waits IS 1"),
    postgresql_where=text("waits IS true"),
)

history = Table(
    "history",
    metadata,
    _project(primary=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("run", Line, nullable=False),
    Column("item", Line),
    Column("phase", Line, nullable=False),
    Column("at", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("mac", Text, nullable=False),
    Index(None, "project", "item", "seq"),
    Index(None, "project", "run"),
)

history_values = Table(
    "history_values",
    metadata,
    _project(primary=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    # {digest: [salt, label, value]}; a redacted one is null
    Column("document", Text, nullable=False),
)

intents = Table(
    "intents",
    metadata,
    Column("id", Line, primary_key=True),
    _project(),
    Column("run", Line, nullable=False),
    Column("operation", Line, nullable=False),
    Column("item", Line, nullable=False),
    Column("connection", Line, nullable=False),
    Column("container", Line, nullable=False),
    Column("replica", Line),
    Column("native_id", Line),
    Column("key", Line, nullable=False),
    Column("document", Text, nullable=False),
    Column("made", Instant, nullable=False),
    Column("called", Instant),
    Column("closed", Instant),
    Column("closed_run", Line),
    Column("outcome", Line),
)
Index(
    "ix_intents_open",
    intents.c.project,
    sqlite_where=text("closed IS NULL"),
    postgresql_where=text("closed IS NULL"),
)

conflicts = Table(
    "conflicts",
    metadata,
    Column("id", Line, primary_key=True),
    _project(),
    Column("item", Line, nullable=False),
    Column("field", Line, nullable=False),
    Column("opened", Instant, nullable=False),
    Column("opened_run", Line, nullable=False),
    Column("reason", Line, nullable=False),
    # every side, whole
    Column("document", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("closed", Instant),
    Column("closed_run", Line),
    Index(None, "project", "item"),
)
Index(
    "uq_conflicts_open",
    conflicts.c.project,
    conflicts.c.item,
    conflicts.c.field,
    unique=True,
    sqlite_where=text("closed IS NULL"),
    postgresql_where=text("closed IS NULL"),
)

losers = Table(
    "losers",
    metadata,
    _project(primary=True),
    # the history entry that tells of it
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("run", Line, nullable=False),
    Column("item", Line, nullable=False),
    Column("field", Line, nullable=False),
    Column("at", Instant, nullable=False),
    Column("why", Line, nullable=False),
    Column("covered_by", Line),
    # the side, whole; null once redacted
    Column("document", Text),
    Index(None, "project", "item", "field"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Line, primary_key=True),
    _project(),
    Column("kind", Line, nullable=False),
    Column("holder", Line, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("started", Instant, nullable=False),
    Column("finished", Instant),
    Column("status", Line, nullable=False),
    # counts, calls and floors
    Column("summary", Text, nullable=False),
    # the run that carried this plan out
    Column("approved_by", Line),
    Index(None, "project", "started"),
)

plans = Table(
    "plans",
    metadata,
    Column("run", Line, ForeignKey("runs.id"), primary_key=True),
    _project(),
    Column("document", Text, nullable=False),
)

pairs = Table(
    "pairs",
    metadata,
    _project(primary=True),
    Column("id", Line, primary_key=True),
    Column("connection", Line, nullable=False),
    Column("container", Line, nullable=False),
    Column("native_id", Line, nullable=False),
    Column("title", Line, nullable=False),
    # candidates and why
    Column("document", Text, nullable=False),
    Column("state", Line, nullable=False),
    Column("item", Line),
    Column("actor", Line),
    Column("proposed", Instant, nullable=False),
    Column("decided", Instant),
)

refusals = Table(
    "refusals",
    metadata,
    _project(primary=True),
    Column("item", Line, primary_key=True),
    Column("connection", Line, primary_key=True),
    Column("container", Line, primary_key=True),
    Column("field", Line, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("reason", Line, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try", Instant, nullable=False),
)

config_bases = Table(
    "config_bases",
    metadata,
    _project(primary=True),
    Column("fingerprint", Line, nullable=False),
    # what the fingerprint was made of, so that a change can be shown
    Column("document", Text, nullable=False),
    Column("accepted", Instant, nullable=False),
    Column("run", Line),
)

replaced_bases = Table(
    "replaced_bases",
    metadata,
    _project(primary=True),
    Column("run", Line, primary_key=True),
    # the base before the run took another one (null: there was none), and the one it took (null: none again)
    Column("old_fingerprint", Line),
    Column("old_document", Text),
    Column("new_fingerprint", Line),
)

publications = Table(
    "publications",
    metadata,
    _project(primary=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("title", Line, nullable=False),
    # the pages: names, digests, addresses, figures
    Column("document", Text, nullable=False),
)

live_pages = Table(
    "live_pages",
    metadata,
    _project(primary=True),
    Column("publisher", Line, primary_key=True),
    Column("name", Line, primary_key=True),
    Column("digest", Line, nullable=False),
    Column("url", Line, nullable=False),
    Column("at", Instant, nullable=False),
)

rate_limits = Table(
    "rate_limits",
    metadata,
    Column("scope", Line, primary_key=True),
    # seconds since 1970 at which the bucket is empty again (GCRA), and until which nothing goes
    Column("due", Float, nullable=False),
    Column("pace", Float, nullable=False),
    Column("paused_until", Float, nullable=False),
)

pauses = Table(
    "pauses",
    metadata,
    Column("id", Line, primary_key=True),
    Column("project", Line, ForeignKey("projects.id")),
    Column("connection", Line),
    Column("reason", Line, nullable=False),
    Column("actor", Line),
    Column("since", Instant, nullable=False),
    Column("lifted", Instant),
    Column("lifted_by", Line),
)
