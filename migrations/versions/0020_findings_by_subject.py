"""Findings are read by account and by rule, and alerts by rule.

A run upon the last one asks of few accounts, and of all accounts by the few rules that follow paths.

Revision ID: 0020_findings_by_subject
Revises: 0019_cases_by_value
"""

from __future__ import annotations

from alembic import op

revision = "0020_findings_by_subject"
down_revision = "0019_cases_by_value"
branch_labels = None
depends_on = None

_INDEXES = (
    ("ix_detection_findings_account_id", "detection_findings", ["account_id"]),
    ("ix_detection_findings_rule", "detection_findings", ["rule"]),
    ("ix_alerts_rule", "alerts", ["rule"]),
)


def upgrade() -> None:
    for name, table, columns in _INDEXES:
        op.create_index(name, table, columns)


def downgrade() -> None:
    for name, table, _ in _INDEXES:
        op.drop_index(name, table_name=table)
