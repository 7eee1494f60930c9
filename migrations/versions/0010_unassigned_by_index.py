"""The unassigned cases are counted from an index.

The index by owner holds the disposition too, which tells them from escalated ones.

Revision ID: 0010_unassigned_by_index
Revises: 0009_removable_texts
"""

from __future__ import annotations

from alembic import op

revision = "0010_unassigned_by_index"
down_revision = "0009_removable_texts"
branch_labels = None
depends_on = None

_NAME = "ix_cases_queue_owner"
_COLUMNS = ["owner", "is_open", "due_at", "risk_rank", "case_id"]


def upgrade() -> None:
    op.drop_index(_NAME, table_name="cases")
    op.create_index(_NAME, "cases", [*_COLUMNS, "disposition"])


def downgrade() -> None:
    op.drop_index(_NAME, table_name="cases")
    op.create_index(_NAME, "cases", _COLUMNS)
