"""Alembic's environment: one connection, handed in, inside its owner's transaction."""

from __future__ import annotations

from alembic import context

from itpm_sync.ledger import schema
from itpm_sync.ledger.opening import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata,
    version_table=VERSION_TABLE,
    transaction_per_migration=False,
)
context.run_migrations()
