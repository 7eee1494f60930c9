"""Rule sets are proposed, checked and put in force.

Revision ID: 0003_rule_sets
Revises: 0002_runs_can_be_replayed
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from migrations.columns import code, human, instant

revision = "0003_rule_sets"
down_revision = "0002_runs_can_be_replayed"
branch_labels = None
depends_on = None

_STANDING = sa.text("state IN ('proposed', 'in force')")


def upgrade() -> None:
    op.create_table(
        "rule_sets",
        sa.Column("rule_set_id", code(64), nullable=False),
        sa.Column("state", code(16), nullable=False),
        sa.Column("base_id", code(64), nullable=False),
        sa.Column("content", human(), nullable=False),
        sa.Column("hash_before", code(64), nullable=False),
        sa.Column("hash_after", code(64), nullable=False),
        sa.Column("reason", human(), nullable=False),
        sa.Column("proposed_by", code(64), nullable=False),
        sa.Column("proposed_at", instant(), nullable=False),
        sa.Column("decided_by", code(64), nullable=True),
        sa.Column("decided_at", instant(), nullable=True),
        sa.Column("decision", human(), nullable=False),
        sa.Column("sheet", human(), nullable=False),
        sa.Column("sheet_sha256", code(64), nullable=False),
        sa.CheckConstraint(
            "state IN ('proposed', 'in force', 'superseded', 'rejected', 'withdrawn')", name=op.f("ck_rule_sets_state")
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> proposed_by OR state = 'withdrawn'", name=op.f("ck_rule_sets_duties")
        ),
        sa.ForeignKeyConstraint(["proposed_by"], ["users.user_id"], name=op.f("fk_rule_sets_proposed_by_users")),
        sa.ForeignKeyConstraint(["decided_by"], ["users.user_id"], name=op.f("fk_rule_sets_decided_by_users")),
        sa.PrimaryKeyConstraint("rule_set_id", name=op.f("pk_rule_sets")),
    )
    op.create_index(
        "ix_rule_sets_state",
        "rule_sets",
        ["state"],
        unique=True,
        sqlite_where=_STANDING,
        postgresql_where=_STANDING,
        mssql_where=_STANDING,
    )


def downgrade() -> None:
    if op.get_context().as_sql:
        raise CommandError("This downgrade looks at the rule sets first, so it cannot be written out as SQL.")
    if op.get_bind().execute(sa.text("SELECT count(*) FROM rule_sets")).scalar():
        raise CommandError("A rule set was proposed, and what was decided is not dropped; restore a backup instead.")
    op.drop_index("ix_rule_sets_state", "rule_sets")
    op.drop_table("rule_sets")
