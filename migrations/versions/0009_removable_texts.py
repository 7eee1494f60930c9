"""Texts can be removed.

A salt beside each text that a person wrote on a case, and a guard that lets both become empty.

Revision ID: 0009_removable_texts
Revises: 0008_filings
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from migrations import append_only, removable
from migrations.columns import code

revision = "0009_removable_texts"
down_revision = "0008_filings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("case_events", sa.Column("salt", code(64), nullable=False, server_default=sa.text("''")))
    for statement in removable.let_texts_go(op.get_context().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    if op.get_context().as_sql:
        raise CommandError("This downgrade looks at the ledger first, so it cannot be written out as SQL.")
    if op.get_bind().execute(sa.text("SELECT count(*) FROM case_events WHERE format = 'casedesk.event/2'")).scalar():
        raise CommandError(
            "The ledger has texts that can be removed, and an audit trail is not dropped; restore a backup instead."
        )
    dialect = op.get_context().dialect.name
    for statement in removable.unguard(dialect):
        op.execute(statement)
    op.drop_column("case_events", "salt", mssql_drop_default=True)
    for statement in append_only.guard(dialect):
        op.execute(statement)
