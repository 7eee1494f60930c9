"""Reports on their way, and the batches that carry them.

Revision ID: 0006_filings
Revises: 0005_line_samples
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from migrations.columns import BIG, code, human, instant

revision = "0006_filings"
down_revision = "0005_line_samples"
branch_labels = None
depends_on = None

_STATES = "'draft', 'approved', 'produced', 'transmitted', 'acknowledged', 'rejected'"


def upgrade() -> None:
    op.create_table(
        "batches",
        sa.Column("batch_id", code(64), nullable=False),
        sa.Column("produced_by", code(64), nullable=False),
        sa.Column("produced_at", instant(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("sha256", code(64), nullable=False),
        sa.Column("content", human(), nullable=False),
        sa.Column("tracking_id", code(64), nullable=False),
        sa.Column("transmitted_by", code(64), nullable=True),
        sa.Column("transmitted_at", instant(), nullable=True),
        sa.Column("answer", human(), nullable=False),
        sa.Column("answer_sha256", code(64), nullable=False),
        sa.Column("answered_by", code(64), nullable=True),
        sa.Column("answered_at", instant(), nullable=True),
        sa.CheckConstraint("reports > 0", name=op.f("ck_batches_reports")),
        sa.CheckConstraint(
            "answered_at IS NULL OR transmitted_at IS NOT NULL", name=op.f("ck_batches_transmitted_first")
        ),
        *(
            sa.ForeignKeyConstraint([name], ["users.user_id"], name=op.f(f"fk_batches_{name}_users"))
            for name in ("produced_by", "transmitted_by", "answered_by")
        ),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_batches")),
    )
    _unique_where_given("batches", "tracking_id")
    op.create_table(
        "filings",
        sa.Column("filing_id", code(64), nullable=False),
        sa.Column("case_id", code(64), nullable=False),
        sa.Column("state", code(16), nullable=False),
        sa.Column("state_event", BIG, nullable=False),
        sa.Column("kind", code(64), nullable=False),
        sa.Column("digest", code(64), nullable=False),
        sa.Column("content", human(), nullable=False),
        sa.Column("drafted_by", code(64), nullable=False),
        sa.Column("drafted_at", instant(), nullable=False),
        sa.Column("decision", BIG, nullable=False),
        sa.Column("approved_by", code(64), nullable=True),
        sa.Column("approved_at", instant(), nullable=True),
        sa.Column("batch_id", code(64), nullable=True),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("tracking_id", code(64), nullable=False),
        sa.Column("bsa_id", code(14), nullable=False),
        sa.Column("remarks", human(), nullable=False),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_filings_state")),
        sa.CheckConstraint("(batch_id IS NULL AND place = 0) OR place > 0", name=op.f("ck_filings_place")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_filings_case_id_cases")),
        sa.ForeignKeyConstraint(["drafted_by"], ["users.user_id"], name=op.f("fk_filings_drafted_by_users")),
        sa.ForeignKeyConstraint(["approved_by"], ["users.user_id"], name=op.f("fk_filings_approved_by_users")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.batch_id"], name=op.f("fk_filings_batch_id_batches")),
        sa.PrimaryKeyConstraint("filing_id", name=op.f("pk_filings")),
    )
    op.create_index("ix_filings_case_id", "filings", ["case_id"])
    op.create_index("ix_filings_state", "filings", ["state"])
    op.create_index("ix_filings_batch_id_place", "filings", ["batch_id", "place"])
    _unique_where_given("filings", "bsa_id")


def _unique_where_given(table: str, column: str) -> None:
    """Many reports have no number yet, and no two have the same."""
    given = sa.text(f"{column} <> ''")
    op.create_index(
        f"ix_{table}_{column}",
        table,
        [column],
        unique=True,
        sqlite_where=given,
        postgresql_where=given,
        mssql_where=given,
    )


def downgrade() -> None:
    if op.get_context().as_sql:
        raise CommandError("This downgrade looks at the reports first, so it cannot be written out as SQL.")
    if op.get_bind().execute(sa.text("SELECT count(*) FROM filings")).scalar():
        raise CommandError("A report was drafted, and that is not dropped; restore a backup instead.")
    op.drop_table("filings")
    op.drop_table("batches")
