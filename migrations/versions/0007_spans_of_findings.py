"""Spans of findings.

From when to when each thing reached that a run found, so that the next run can tell which of them something new may change.

Revision ID: 0007_spans_of_findings
Revises: 0006_policy_and_holds
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import instant

revision = "0007_spans_of_findings"
down_revision = "0006_policy_and_holds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("first_at", "last_at"):
        op.add_column("detection_findings", sa.Column(name, instant(), nullable=True))


def downgrade() -> None:
    for name in ("last_at", "first_at"):
        op.drop_column("detection_findings", name)
