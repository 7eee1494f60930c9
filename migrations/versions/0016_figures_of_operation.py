"""Figures of operation.

When each batch was received, when each run was done, and when each key was last seen.

Revision ID: 0016_figures_of_operation
Revises: 0015_announced_alerts
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import BIG, code, instant

revision = "0016_figures_of_operation"
down_revision = "0015_announced_alerts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "receipts",
        sa.Column("arrival", BIG, nullable=False, autoincrement=False),
        sa.Column("import_id", code(64), nullable=False),
        sa.Column("received_at", instant(), nullable=False),
        sa.PrimaryKeyConstraint("arrival", name="pk_receipts"),
        sa.ForeignKeyConstraint(["import_id"], ["imports.import_id"], name="fk_receipts_import_id_imports"),
    )
    op.create_table(
        "api_key_uses",
        sa.Column("key_id", code(64), nullable=False),
        sa.Column("used_at", instant(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name="pk_api_key_uses"),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.key_id"], name="fk_api_key_uses_key_id_api_keys"),
    )
    op.add_column("detection_runs", sa.Column("finished_at", instant(), nullable=True))
    op.create_index("ix_alerts_raised_at", "alerts", ["raised_at"])
    op.create_index("ix_imports_started_at", "imports", ["started_at"])


def downgrade() -> None:
    op.drop_index("ix_imports_started_at", "imports")
    op.drop_index("ix_alerts_raised_at", "alerts")
    op.drop_column("detection_runs", "finished_at")
    op.drop_table("api_key_uses")
    op.drop_table("receipts")
