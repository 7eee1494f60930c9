"""The audit trail and its head."""

from __future__ import annotations

import sqlalchemy as sa

from casedesk.store.tables.metadata import BIG, EVENT_ID, ID, metadata
from casedesk.store.types import code, human

#: Rare events that are looked up by what they are; the condition of the index on them, word for word as queries repeat it.
GOVERNING = "action IN ('cases_purged', 'hold_lifted', 'hold_placed', 'policy_put_in_force')"

case_events = sa.Table(
    "case_events",
    metadata,
    sa.Column("event_id", EVENT_ID, primary_key=True, autoincrement=False),
    sa.Column("case_id", code(ID), nullable=False),  # no foreign key: the stream DESK is not a case
    sa.Column("case_seq", sa.Integer, nullable=False),
    sa.Column("ts", code(27), nullable=False),  # canonical text, because what is hashed is what is stored
    sa.Column("user", code(ID), nullable=False),
    sa.Column("action", code(ID), nullable=False),
    sa.Column("notes", human(), nullable=False),
    sa.Column("meta", human(), nullable=False),
    sa.Column("prev_hash", code(64), nullable=False),
    sa.Column("event_hash", code(64), nullable=False),
    sa.Column("nonce", code(32), nullable=False),
    sa.Column("format", code(32), nullable=False),
    sa.Column("salt", code(64), nullable=False, server_default=sa.text("''")),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("case_id", "case_seq"),
    sa.UniqueConstraint("case_id", "prev_hash"),
    sa.Index(
        "ix_case_events_governing",
        "action",
        "event_id",
        sqlite_where=sa.text(GOVERNING),
        postgresql_where=sa.text(GOVERNING),
        mssql_where=sa.text(GOVERNING),
    ),
    # the table has triggers, and SQL Server refuses OUTPUT without INTO on such a table
    implicit_returning=False,
)

ledger_head = sa.Table(
    "ledger_head",
    metadata,
    sa.Column("head_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", BIG, nullable=False),
    sa.Column("root", code(64), nullable=False),
    sa.Column("frontier", human(), nullable=False),
    sa.Column("locks", BIG, nullable=False),  # counted up by whoever takes the lock
    sa.CheckConstraint("head_id = 1", name="single_row"),
)

counters = sa.Table(
    "counters",
    metadata,
    sa.Column("name", code(ID), primary_key=True),
    sa.Column("value", BIG, nullable=False),
)
