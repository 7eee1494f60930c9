"""Announced alerts.

How far alerts were announced outside the desk.

Revision ID: 0015_announced_alerts
Revises: 0014_copies_for_runs
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import code, instant

revision = "0015_announced_alerts"
down_revision = "0014_copies_for_runs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "announcements",
        sa.Column("place", code(260), nullable=False),
        sa.Column("alert_id", code(64), nullable=False),
        sa.Column("moved_at", instant(), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_announcements")),
    )


def downgrade() -> None:
    op.drop_table("announcements")
