"""Clocks can be listed.

Every due date besides that of a report, with the event it runs from, the rule and the version of the policy.

Revision ID: 0011_clocks
Revises: 0010_unassigned_by_index
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import BIG, code, day, human, instant

revision = "0011_clocks"
down_revision = "0010_unassigned_by_index"
branch_labels = None
depends_on = None

_KINDS = "'continuing review', 'continuing report', 'currency report', 'retention'"


def upgrade() -> None:
    op.create_table(
        "clocks",
        sa.Column("case_id", code(64), nullable=False),
        sa.Column("kind", code(24), nullable=False),
        sa.Column("source_event", BIG, autoincrement=False, nullable=False),
        sa.Column("source", human(200), nullable=False),
        sa.Column("started_on", day(), nullable=False),
        sa.Column("due_at", instant(), nullable=False),
        sa.Column("rule", code(64), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("stands", sa.Boolean(), nullable=False),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_clocks_kind")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_clocks_case_id_cases")),
        sa.PrimaryKeyConstraint("case_id", "kind", "source_event", name=op.f("pk_clocks")),
    )
    op.create_index("ix_clocks_due", "clocks", ["kind", "stands", "due_at", "case_id"])


def downgrade() -> None:
    op.drop_table("clocks")
