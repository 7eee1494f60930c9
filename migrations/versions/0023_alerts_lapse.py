"""An alert knows which run no longer found it.

Revision ID: 0023_alerts_lapse
Revises: 0022_models
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from migrations.columns import code

revision = "0023_alerts_lapse"
down_revision = "0022_models"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("alerts", sa.Column("lapsed_in", code(64), nullable=True))


def downgrade() -> None:
    if op.get_context().as_sql:
        raise CommandError("This downgrade looks at the alerts first, so it cannot be written out as SQL.")
    if op.get_bind().execute(sa.text("SELECT count(*) FROM alerts WHERE lapsed_in IS NOT NULL")).scalar():
        raise CommandError("An alert has lapsed, and what the ledger tells of is not dropped; restore a backup.")
    op.drop_column("alerts", "lapsed_in")
