"""The second schema: what a run that came to rest left for the next one; who lifted a pause; the configuration that a
run took the place of; what waits, found without looking at all.

In: the first schema. Out: more columns, one more table, one more index.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is new."""
    op.add_column("leases", sa.Column("rest", sa.Text(), nullable=True))
    op.add_column("pauses", sa.Column("lifted_by", sa.Text(), nullable=True))
    op.create_index(
        "ix_replicas_waiting",
        "replicas",
        ["project"],
        unique=False,
        sqlite_where=sa.text("waits IS 1"),
        postgresql_where=sa.text("waits IS true"),
    )
    op.create_table(
        "replaced_bases",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("old_fingerprint", sa.Text(), nullable=True),
        sa.Column("old_document", sa.Text(), nullable=True),
        sa.Column("new_fingerprint", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["project"], ["projects.id"], name="fk_replaced_bases_project"),
        sa.PrimaryKeyConstraint("project", "run", name="pk_replaced_bases"),
    )
