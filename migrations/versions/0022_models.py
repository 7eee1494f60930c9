"""Versions of the model are proposed, checked and put in force, and what they score is kept.

Revision ID: 0022_models
Revises: 0021_webhooks
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from migrations.columns import BIG, code, human, instant

revision = "0022_models"
down_revision = "0021_webhooks"
branch_labels = None
depends_on = None

_STANDING = sa.text("state IN ('proposed', 'in force')")


def upgrade() -> None:
    op.create_table(
        "model_versions",
        sa.Column("version_id", code(64), nullable=False),
        sa.Column("state", code(16), nullable=False),
        sa.Column("base_id", code(64), nullable=False),
        sa.Column("name", human(100), nullable=False),
        sa.Column("model_id", code(64), nullable=False),
        sa.Column("card_sha256", code(64), nullable=False),
        sa.Column("reason", human(), nullable=False),
        sa.Column("proposed_by", code(64), nullable=False),
        sa.Column("proposed_at", instant(), nullable=False),
        sa.Column("decided_by", code(64), nullable=True),
        sa.Column("decided_at", instant(), nullable=True),
        sa.Column("decision", human(), nullable=False),
        sa.CheckConstraint(
            "state IN ('proposed', 'in force', 'superseded', 'rejected', 'withdrawn')",
            name=op.f("ck_model_versions_state"),
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> proposed_by OR state = 'withdrawn'",
            name=op.f("ck_model_versions_duties"),
        ),
        sa.ForeignKeyConstraint(["proposed_by"], ["users.user_id"], name=op.f("fk_model_versions_proposed_by_users")),
        sa.ForeignKeyConstraint(["decided_by"], ["users.user_id"], name=op.f("fk_model_versions_decided_by_users")),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_model_versions")),
    )
    op.create_index(
        "ix_model_versions_state",
        "model_versions",
        ["state"],
        unique=True,
        sqlite_where=_STANDING,
        postgresql_where=_STANDING,
        mssql_where=_STANDING,
    )
    op.create_table(
        "model_files",
        sa.Column("version_id", code(64), nullable=False),
        sa.Column("name", code(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["model_versions.version_id"], name=op.f("fk_model_files_version_id_model_versions")
        ),
        sa.PrimaryKeyConstraint("version_id", "name", name=op.f("pk_model_files")),
    )
    op.create_table(
        "model_runs",
        sa.Column("model_run_id", code(64), nullable=False),
        sa.Column("version_id", code(64), nullable=False),
        sa.Column("model_id", code(64), nullable=False),
        sa.Column("ran_at", instant(), nullable=False),
        sa.Column("transactions", BIG, nullable=False),
        sa.Column("accounts", BIG, nullable=False),
        sa.Column("drift", human(), nullable=False),
        sa.Column("scores_sha256", code(64), nullable=False),
        sa.PrimaryKeyConstraint("model_run_id", name=op.f("pk_model_runs")),
    )
    op.create_table(
        "model_scores",
        sa.Column("model_run_id", code(64), nullable=False),
        sa.Column("account_id", code(64), nullable=False),
        sa.Column("score", BIG, nullable=False),
        sa.Column("band", code(8), nullable=False),
        sa.Column("transaction_id", code(64), nullable=False),
        sa.Column("parts", human(), nullable=False),
        sa.CheckConstraint("band IN ('High', 'Medium', 'Low', 'Minimal')", name=op.f("ck_model_scores_band")),
        sa.CheckConstraint("score >= 0 AND score <= 1000000", name=op.f("ck_model_scores_score")),
        sa.ForeignKeyConstraint(
            ["model_run_id"], ["model_runs.model_run_id"], name=op.f("fk_model_scores_model_run_id_model_runs")
        ),
        sa.PrimaryKeyConstraint("model_run_id", "account_id", name=op.f("pk_model_scores")),
    )


def downgrade() -> None:
    if op.get_context().as_sql:
        raise CommandError("This downgrade looks at the models first, so it cannot be written out as SQL.")
    for table in ("model_versions", "model_runs"):
        if op.get_bind().execute(sa.text(f"SELECT count(*) FROM {table}")).scalar():
            raise CommandError(
                "A model was proposed or scored, and what the ledger tells of is not dropped; restore a backup."
            )
    for table in ("model_scores", "model_runs", "model_files"):
        op.drop_table(table)
    op.drop_index("ix_model_versions_state", "model_versions")
    op.drop_table("model_versions")
