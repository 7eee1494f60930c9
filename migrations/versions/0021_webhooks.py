"""The desk calls others.

A table of the addresses that are called for each new alert, and one of what is on its way to them.

Revision ID: 0021_webhooks
Revises: 0020_findings_by_subject
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from migrations.columns import code, human, instant

revision = "0021_webhooks"
down_revision = "0020_findings_by_subject"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("hook_id", code(64), nullable=False),
        sa.Column("label", human(100), nullable=False),
        sa.Column("url", code(500), nullable=False),
        sa.Column("rules", code(2000), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("secret_sha256", code(64), nullable=False),
        sa.Column("created_by", code(64), nullable=False),
        sa.Column("created_at", instant(), nullable=False),
        sa.Column("disabled_by", code(64), nullable=True),
        sa.Column("disabled_at", instant(), nullable=True),
        sa.Column("upto", code(64), nullable=False),
        sa.PrimaryKeyConstraint("hook_id", name="pk_webhooks"),
        sa.CheckConstraint("severity BETWEEN 0 AND 100", name="ck_webhooks_severity"),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("delivery_id", code(64), nullable=False),
        sa.Column("hook_id", code(64), nullable=False),
        sa.Column("alert_id", code(64), nullable=False),
        sa.Column("created_at", instant(), nullable=False),
        sa.Column("state", code(16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", instant(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("problem", human(200), nullable=False),
        sa.Column("done_at", instant(), nullable=True),
        sa.Column("leased_by", code(64), nullable=True),
        sa.Column("leased_until", instant(), nullable=True),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_webhook_deliveries"),
        sa.ForeignKeyConstraint(["hook_id"], ["webhooks.hook_id"], name="fk_webhook_deliveries_hook_id_webhooks"),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.alert_id"], name="fk_webhook_deliveries_alert_id_alerts"),
        sa.UniqueConstraint("hook_id", "alert_id", name="uq_webhook_deliveries_hook_id_alert_id"),
        sa.CheckConstraint("state IN ('waiting', 'delivered', 'given up')", name="ck_webhook_deliveries_state"),
    )
    op.create_index("ix_webhook_deliveries_next_at", "webhook_deliveries", ["next_at"])


def downgrade() -> None:
    if op.get_context().as_sql:
        raise CommandError("This downgrade looks at the ledger first, so it cannot be written out as SQL.")
    if op.get_bind().execute(sa.text("SELECT count(*) FROM case_events WHERE action = 'webhook_created'")).scalar():
        raise CommandError("The ledger has webhooks that the desk before knows nothing of; restore a backup instead.")
    op.drop_table("webhook_deliveries")
    op.drop_table("webhooks")
