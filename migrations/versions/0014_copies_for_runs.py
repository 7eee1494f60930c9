"""Copies for runs.

A copy, in columns, of what the runs read, so that a run upon the last one need not read every row again.

Revision ID: 0014_copies_for_runs
Revises: 0013_api_keys
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import BIG, code

revision = "0014_copies_for_runs"
down_revision = "0013_api_keys"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "run_copies",
        sa.Column("what", code(16), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("upto", BIG, nullable=False),
        sa.Column("row_count", BIG, nullable=False),
        sa.Column("sha256", code(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("what", "place", name=op.f("pk_run_copies")),
    )


def downgrade() -> None:
    op.drop_table("run_copies")
