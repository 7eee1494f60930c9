"""Cases can be listed by expected value.

A number by which cases are ordered, and its index.

Revision ID: 0019_cases_by_value
Revises: 0018_advice
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import BIG, code, instant

revision = "0019_cases_by_value"
down_revision = "0018_advice"
branch_labels = None
depends_on = None

_CASES = sa.table(
    "cases",
    sa.column("case_id", code(64)),
    sa.column("severity", sa.Integer()),
    sa.column("amount_minor", BIG),
    sa.column("due_at", instant()),
    sa.column("value_rank", sa.Integer()),
)


def upgrade() -> None:
    op.add_column("cases", sa.Column("value_rank", sa.Integer(), nullable=False, server_default=sa.text("0")))
    if not op.get_context().as_sql:  # written out as SQL there is nothing to read yet
        _fill()
    op.create_index("ix_cases_queue_value", "cases", ["is_open", "value_rank", "due_at", "case_id"])


def _fill() -> None:
    """Compute the number of every case; as it is defined here it stays, whatever the desk makes of it later."""
    connection = op.get_bind()
    known = _CASES.c
    rows = connection.execute(sa.select(known.case_id, known.severity, known.amount_minor, known.due_at)).all()
    ranks = [
        {"of": row.case_id, "rank": 100 * row.due_at.toordinal() // 7 - ((weight**100).bit_length() - 1)}
        for row in rows
        for weight in (max(1, row.severity * row.amount_minor),)
    ]
    if ranks:
        change = sa.update(_CASES).where(known.case_id == sa.bindparam("of")).values(value_rank=sa.bindparam("rank"))
        connection.execute(change, ranks)


def downgrade() -> None:
    op.drop_index("ix_cases_queue_value", "cases")
    # SQL Server drops no column that a default hangs on
    op.drop_column("cases", "value_rank", mssql_drop_default=True)
