"""Samples below a line.

Which episodes below a rule's thresholds were drawn, and which alerts stand for them.

Revision ID: 0005_line_samples
Revises: 0004_suppressions
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from migrations.columns import code, human, instant

revision = "0005_line_samples"
down_revision = "0004_suppressions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "line_tests",
        sa.Column("test_id", code(64), nullable=False),
        sa.Column("rule", code(64), nullable=False),
        sa.Column("drawn_at", instant(), nullable=False),
        sa.Column("drawn_by", code(64), nullable=False),
        sa.Column("population_size", sa.Integer(), nullable=False),
        sa.Column("data_fingerprint", code(128), nullable=False),
        sa.Column("seed", code(64), nullable=False),
        sa.Column("record", human(), nullable=False),
        sa.PrimaryKeyConstraint("test_id", name=op.f("pk_line_tests")),
    )
    op.create_table(
        "line_test_picks",
        sa.Column("test_id", code(64), nullable=False),
        sa.Column("band", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("episode", code(64), nullable=False),
        sa.Column("alert_id", code(64), nullable=False),
        sa.Column("placement", code(8), nullable=False),
        sa.Column("rank", code(64), nullable=False),
        sa.CheckConstraint("placement IN ('opened', 'joined', 'known')", name=op.f("ck_line_test_picks_placement")),
        sa.ForeignKeyConstraint(
            ["test_id"], ["line_tests.test_id"], name=op.f("fk_line_test_picks_test_id_line_tests")
        ),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"], name=op.f("fk_line_test_picks_alert_id_alerts")),
        sa.PrimaryKeyConstraint("test_id", "band", "place", name=op.f("pk_line_test_picks")),
    )
    op.create_index("ix_line_test_picks_alert_id", "line_test_picks", ["alert_id"])


def downgrade() -> None:
    if op.get_context().as_sql:
        raise CommandError("This downgrade looks at the samples first, so it cannot be written out as SQL.")
    if op.get_bind().execute(sa.text("SELECT count(*) FROM line_tests")).scalar():
        raise CommandError("A sample below a line was drawn, and that is not dropped; restore a backup instead.")
    op.drop_table("line_test_picks")
    op.drop_table("line_tests")
