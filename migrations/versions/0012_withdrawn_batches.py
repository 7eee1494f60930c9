"""Batches can be taken back.

Revision ID: 0012_withdrawn_batches
Revises: 0011_clocks
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from migrations.columns import BIG, code, instant

revision = "0012_withdrawn_batches"
down_revision = "0011_clocks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "withdrawn_batches",
        sa.Column("batch_id", code(64), nullable=False),
        sa.Column("withdrawn_by", code(64), nullable=False),
        sa.Column("withdrawn_at", instant(), nullable=False),
        sa.Column("event", BIG, nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.batch_id"], name=op.f("fk_withdrawn_batches_batch_id_batches")),
        sa.ForeignKeyConstraint(
            ["withdrawn_by"], ["users.user_id"], name=op.f("fk_withdrawn_batches_withdrawn_by_users")
        ),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_withdrawn_batches")),
    )


def downgrade() -> None:
    if op.get_context().as_sql:
        raise CommandError("This downgrade looks at the batches first, so it cannot be written out as SQL.")
    if op.get_bind().execute(sa.text("SELECT count(*) FROM withdrawn_batches")).scalar():
        raise CommandError("A batch was taken back, which the desk before does not know; restore a backup instead.")
    op.drop_table("withdrawn_batches")
