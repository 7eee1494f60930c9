"""What an alert was found as is read from an index alone.

A run upon the last one asks of every alert whether the last run found it just so.

Revision ID: 0024_findings_as_held
Revises: 0023_alerts_lapse
"""

from __future__ import annotations

from alembic import op

revision = "0024_findings_as_held"
down_revision = "0023_alerts_lapse"
branch_labels = None
depends_on = None

_NAME = "ix_detection_findings_alert_id"


def upgrade() -> None:
    op.create_index(_NAME, "detection_findings", ["alert_id", "gone_in", "first_at", "last_at"])


def downgrade() -> None:
    op.drop_index(_NAME, table_name="detection_findings")
