"""Policy and holds are found.

An index on the few events that put policy values in force, place or lift holds, or purge cases.

Revision ID: 0006_policy_and_holds
Revises: 0005_line_samples
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0006_policy_and_holds"
down_revision = "0005_line_samples"
branch_labels = None
depends_on = None

_GOVERNING = sa.text("action IN ('cases_purged', 'hold_lifted', 'hold_placed', 'policy_put_in_force')")


def upgrade() -> None:
    op.create_index(
        "ix_case_events_governing",
        "case_events",
        ["action", "event_id"],
        sqlite_where=_GOVERNING,
        postgresql_where=_GOVERNING,
        mssql_where=_GOVERNING,
    )


def downgrade() -> None:
    if op.get_context().as_sql:
        raise CommandError("This downgrade looks at the ledger first, so it cannot be written out as SQL.")
    if op.get_bind().execute(sa.text(f"SELECT count(*) FROM case_events WHERE {_GOVERNING}")).scalar():
        raise CommandError(
            "The ledger has policy values, holds or purges that the desk before knows nothing of; restore a backup."
        )
    op.drop_index("ix_case_events_governing", table_name="case_events")
