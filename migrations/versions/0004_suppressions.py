"""Suppressions.

What managers agreed to hide, and every alert that was hidden by it.

Revision ID: 0004_suppressions
Revises: 0003_rule_sets
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from migrations.columns import BIG, code, day, human, instant

revision = "0004_suppressions"
down_revision = "0003_rule_sets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "suppressions",
        sa.Column("suppression_id", code(64), nullable=False),
        sa.Column("rule", code(64), nullable=False),
        sa.Column("customer_id", code(80), nullable=False),
        sa.Column("account_id", code(64), nullable=True),
        sa.Column("reason", human(), nullable=False),
        sa.Column("covers_from", day(), nullable=False),
        sa.Column("covers_until", day(), nullable=False),
        sa.Column("state", code(16), nullable=False),
        sa.Column("severity_cap", sa.Integer(), nullable=False),
        sa.Column("state_event", BIG, nullable=False),
        sa.Column("proposed_by", code(64), nullable=False),
        sa.Column("proposed_at", instant(), nullable=False),
        sa.Column("decided_by", code(64), nullable=True),
        sa.Column("decided_at", instant(), nullable=True),
        sa.Column("decision_note", human(), nullable=False),
        sa.Column("ended_by", code(64), nullable=True),
        sa.Column("ended_at", instant(), nullable=True),
        sa.Column("end_reason", human(), nullable=False),
        sa.CheckConstraint(
            "state IN ('proposed', 'in force', 'rejected', 'ended')", name=op.f("ck_suppressions_state")
        ),
        sa.CheckConstraint("covers_from < covers_until", name=op.f("ck_suppressions_days")),
        sa.CheckConstraint("decided_by <> proposed_by", name=op.f("ck_suppressions_two_people")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name=op.f("fk_suppressions_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_suppressions_account_id_accounts")
        ),
        *(
            sa.ForeignKeyConstraint([column], ["users.user_id"], name=op.f(f"fk_suppressions_{column}_users"))
            for column in ("proposed_by", "decided_by", "ended_by")
        ),
        sa.PrimaryKeyConstraint("suppression_id", name=op.f("pk_suppressions")),
    )
    op.create_index("ix_suppressions_customer_id", "suppressions", ["customer_id"])
    op.create_table(
        "suppressed_alerts",
        sa.Column("suppression_id", code(64), nullable=False),
        sa.Column("alert_id", code(64), nullable=False),
        sa.Column("rule", code(64), nullable=False),
        sa.Column("customer_id", code(80), nullable=False),
        sa.Column("account_id", code(64), nullable=False),
        sa.Column("window_start", instant(), nullable=False),
        sa.Column("window_end", instant(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("amount_minor", BIG, nullable=False),
        sa.Column("transaction_count", sa.Integer(), nullable=False),
        sa.Column("transaction_ids", human(), nullable=False),
        sa.Column("sentence", human(1000), nullable=False),
        sa.Column("run_id", code(64), nullable=False),
        sa.Column("hidden_at", instant(), nullable=False),
        sa.Column("released_in", code(64), nullable=True),
        sa.ForeignKeyConstraint(
            ["suppression_id"],
            ["suppressions.suppression_id"],
            name=op.f("fk_suppressed_alerts_suppression_id_suppressions"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name=op.f("fk_suppressed_alerts_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_suppressed_alerts_account_id_accounts")
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], ["detection_runs.run_id"], name=op.f(f"fk_suppressed_alerts_{column}_detection_runs")
            )
            for column in ("run_id", "released_in")
        ),
        sa.PrimaryKeyConstraint("suppression_id", "alert_id", name=op.f("pk_suppressed_alerts")),
    )
    op.create_index("ix_suppressed_alerts_customer_id", "suppressed_alerts", ["customer_id"])


def downgrade() -> None:
    if op.get_context().as_sql:
        raise CommandError("This downgrade looks at the suppressions first, so it cannot be written out as SQL.")
    if op.get_bind().execute(sa.text("SELECT count(*) FROM suppressions")).scalar():
        raise CommandError("What was hidden, and who agreed to it, is not dropped; restore a backup instead.")
    op.drop_table("suppressed_alerts")
    op.drop_table("suppressions")
