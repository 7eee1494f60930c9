"""Runs can be replayed.

The order in which transactions and accounts came, what a run needs to be run again, and what each run found.

Revision ID: 0002_runs_can_be_replayed
Revises: 0001_the_desk_opens
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from migrations.columns import BIG, code, human

revision = "0002_runs_can_be_replayed"
down_revision = "0001_the_desk_opens"
branch_labels = None
depends_on = None

#: Table, column, and the index on it where there is one. What is there already has no place in the order.
_NUMBERS = (
    ("transactions", "arrival", "ix_transactions_arrival"),
    ("accounts", "arrival", ""),
    ("accounts", "changed", "ix_accounts_changed"),
    ("detection_runs", "ordinal", "ix_detection_runs_ordinal"),
)


def upgrade() -> None:
    for table, column, index in _NUMBERS:
        op.add_column(table, sa.Column(column, BIG, server_default=sa.text("0"), nullable=False))
        if index:
            op.create_index(index, table, [column])
    for name, kind in (("alerts_sha256", code(64)), ("record", human())):
        op.add_column("detection_runs", sa.Column(name, kind, server_default=sa.text("''"), nullable=False))
    op.create_table(
        "detection_findings",
        sa.Column("alert_id", code(64), nullable=False),
        sa.Column("digest", code(64), nullable=False),
        sa.Column("found_in", BIG, autoincrement=False, nullable=False),
        sa.Column("gone_in", BIG, nullable=True),
        sa.Column("rule", code(64), nullable=False),
        sa.Column("account_id", code(64), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "digest", "found_in", name=op.f("pk_detection_findings")),
    )
    op.create_index("ix_detection_findings_gone_in", "detection_findings", ["gone_in"])


def downgrade() -> None:
    if op.get_context().as_sql:
        raise CommandError("This downgrade looks at the runs first, so it cannot be written out as SQL.")
    if op.get_bind().execute(sa.text("SELECT count(*) FROM detection_runs WHERE ordinal > 0")).scalar():
        raise CommandError("A run holds what it takes to replay it, and that is not dropped; restore a backup instead.")
    op.drop_table("detection_findings")
    for name in ("record", "alerts_sha256"):
        op.drop_column("detection_runs", name, mssql_drop_default=True)
    for table, column, index in reversed(_NUMBERS):
        if index:
            op.drop_index(index, table)
        op.drop_column(table, column, mssql_drop_default=True)
